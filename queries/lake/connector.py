"""What a connector is: a function from the rows of one file to rows of the lake's tables.

Connectors read one file at a time and know nothing of what the lake holds, so deliveries may come
in any order, together or apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from queries.lake.delivery import Delivery
from queries.lake.errors import LakeError, UnknownConnector
from queries.lake.rows import Rows, read_rows


@dataclass(frozen=True, slots=True)
class Option:
    """Something a delivery does not say about itself. A file option names a second file."""

    name: str
    about: str
    required: bool = False
    is_file: bool = False


@dataclass(frozen=True)
class Request:
    """One file to read: its options, those that are files already staged."""

    delivery: Delivery
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, Delivery] = field(default_factory=dict[str, Delivery])


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a connector made of a file.

    Frames of `tables` carry `__row`, the source row they are from; null for rows that describe
    the file as a whole. A source row is accepted with all the rows made of it, or not at all.
    `fresh` tables are replaced whole; `days` names the day column of tables without a contract,
    `datasets` the YAML texts of datasets that come with the file.
    """

    rows: Rows
    tables: Mapping[str, pl.DataFrame]
    rejected: pl.DataFrame
    notes: tuple[str, ...] = ()
    fresh: frozenset[str] = frozenset()
    days: Mapping[str, str] = field(default_factory=dict[str, str])
    datasets: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Connector:
    """`read` may raise RefusedFile for a file that is not what the connector reads.

    A `single` connector takes one file a call, and that file replaces the last of its name.
    """

    name: str
    about: str
    read: Callable[[Request, Rows], Reading]
    options: tuple[Option, ...] = ()
    open: Callable[[Delivery], Rows] = read_rows
    single: bool = False

    def checked(self, options: Mapping[str, str]) -> dict[str, str]:
        """Options by their names with underscores. Raises for unknown and for missing ones."""
        given = {k.replace("-", "_"): v for k, v in options.items() if v}
        known = {o.name: o for o in self.options}
        for name in given:
            if name not in known:
                raise UnknownConnector("option", name, known)
        if missing := [o for o in self.options if o.required and o.name not in given]:
            raise LakeError(
                f"“{self.name}” needs --{missing[0].name.replace('_', '-')}.",
                missing[0].about,
                code="missing_option",
            )
        return given


def ignored(rows: Rows, known: frozenset[str]) -> tuple[str, ...]:
    """A note on columns that the connector does not use."""
    extra = [c for c in rows.columns if c not in known]
    if not extra:
        return ()
    shown = ", ".join(extra[:20]) + (", ..." if len(extra) > 20 else "")  # noqa: PLR2004
    return (f"{len(extra)} further columns are not used: {shown}.",)
