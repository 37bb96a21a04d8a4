"""Derived tables, declared once: one YAML file a table beside this module.

A file gives the grain, the key and the one SELECT that makes the table of its inputs. The key is
unique, and rows that belong to an account carry its `bucket`, so that intervals go on working.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from queries.catalog.format import Name, Text
from queries.catalog.yaml_text import parse_yaml
from queries.dataset import DerivedTable, OptionalInput
from queries.errors import InvalidQuery

_FOLDER = Path(__file__).parent


ColumnType = Literal["VARCHAR", "BOOLEAN", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP"]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    description: Text
    grain: Text
    key: tuple[Name, ...] = Field(min_length=1)
    inputs: tuple[Name, ...] = Field(min_length=1)
    optional: dict[Name, dict[Name, ColumnType]] = Field(default_factory=dict)
    sliced: tuple[Name, ...] = ()
    day: str = ""
    follow_up_days: int = Field(default=1, ge=1)
    select: str = Field(min_length=1)


@cache
def declared() -> Mapping[str, DerivedTable]:
    """Every derived table by name, those it is made of before it."""
    files = sorted(_FOLDER.glob("*.yaml"))
    return read_derived({f.name: f.read_text(encoding="utf-8") for f in files})


def read_derived(texts: Mapping[str, str]) -> Mapping[str, DerivedTable]:
    """The tables that YAML texts describe, by the texts' origins.

    Raises InvalidQuery where a text is wrong or tables are made of each other.
    """
    written = {w.name: w for w in (_read(text, origin) for origin, text in texts.items())}
    made: dict[str, DerivedTable] = {}
    while len(made) < len(written):
        ready = [
            w
            for w in written.values()
            if w.name not in made and all(i in made or i not in written for i in w.inputs)
        ]
        if not ready:
            names = ", ".join(n for n in written if n not in made)
            raise InvalidQuery(f"Made of each other: {names}.", code="invalid_catalog")
        made |= {w.name: _table(w, made) for w in ready}
    return made


def needed(names: Iterable[str]) -> tuple[DerivedTable, ...]:
    """The derived tables among `names` and those below them, in the order they are built."""
    wanted = {d.name for name in names if name in declared() for d in _below(declared()[name])}
    return tuple(d for d in declared().values() if d.name in wanted)


def _below(derived: DerivedTable) -> Iterable[DerivedTable]:
    yield derived
    for one in derived.over:
        yield from _below(one)


def _table(written: _Written, made: Mapping[str, DerivedTable]) -> DerivedTable:
    over = tuple(made[name] for name in written.inputs if name in made)
    optional = tuple(OptionalInput(n, tuple(c.items())) for n, c in written.optional.items())
    fields = written.model_dump(exclude={"optional"})
    return DerivedTable(**fields, over=over, optional=optional)


def _read(text: str, origin: str) -> _Written:
    try:
        written = _Written.model_validate(parse_yaml(text, origin))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = " ".join(str(step) for step in first["loc"])
        raise InvalidQuery(f"{origin}: {place}: {first['msg']}.", code="invalid_catalog") from error
    if unknown := set(written.sliced) - set(written.inputs):
        raise InvalidQuery(
            f"{origin}: sliced: {min(unknown)} is not an input.", code="invalid_catalog"
        )
    return written
