"""What the columns of an unknown file are: numbers, dates, truth values or text.

A column is what all its values are; where nearly all are, the few that are not reject their rows.
Inferring never fails: in doubt a column is text, and its name becomes a name that can be asked for.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

import polars as pl

from queries.lake.columns import Columns
from queries.lake.rows import Rows

MISSING = ("NA", "N/A", "n/a", "null", "NULL", "None", "none", "nan", "NaN", "-", "NaT")
NEARLY_ALL = 0.99
#: Columns of an answer, and what a link says about a page: a dimension of such a name could not be
#: told from them.
RESERVED = frozenset(
    (
        *("bucket", "incomplete", "small", "value", "rows", "date"),
        *("period", "compare", "grain", "clock", "v", "saved"),
        *("dataset", "metric", "by", "pivot", "order", "limit", "open", "find", "with"),
    )
)
LONGEST = 48
DAY_NAME = re.compile(r"date|day|(^|_)dt$")


def typed(rows: Rows, columns: Columns) -> pl.DataFrame:
    """Every column of a file with its type, in the file's order. Nested columns are left out."""
    found = [_typed(rows.frame[name], columns) for name in rows.columns]
    return pl.DataFrame([s for s in found if s is not None])


def slugs(names: Sequence[str], taken: Iterable[str] = RESERVED) -> list[str]:
    """A name in lower_snake_case for each name, none twice, none of the `taken`."""
    used = set(taken)
    found: list[str] = []
    for position, name in enumerate(names, 1):
        plain = slug(name) or f"column_{position}"
        made, number = plain, 2
        while made in used:
            made, number = f"{plain}_{number}", number + 1
        used.add(made)
        found.append(made)
    return found


def slug(name: str) -> str:
    """A name in lower_snake_case, or nothing where no letter or digit is left."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", ascii_only)
    words = re.findall(r"[a-z0-9]+", parted.lower())
    joined = "_".join(words)[:LONGEST].strip("_")
    return f"c_{joined}" if joined[:1].isdigit() else joined


def _typed(values: pl.Series, columns: Columns) -> pl.Series | None:
    kind = values.dtype
    if kind.is_nested() or isinstance(kind, pl.Binary | pl.Object):
        return None
    if isinstance(kind, pl.Boolean | pl.Date):
        return values
    if kind.is_integer():
        return _compact_days(values.cast(pl.Int64, strict=False))
    if isinstance(kind, pl.Datetime):
        utc = values.dt.convert_time_zone("UTC") if kind.time_zone else values
        return utc.dt.replace_time_zone(None).dt.cast_time_unit("us")
    if kind.is_numeric():
        plain = values.cast(pl.Float64)
        return pl.select(pl.when(plain.is_finite()).then(plain).alias(values.name)).to_series()
    if isinstance(kind, pl.Duration):
        return values.dt.total_milliseconds() / 1000
    return _read(values.name, columns)


def _read(name: str, columns: Columns) -> pl.Series:
    given = columns.text(name, missing=MISSING)
    filled = given.len() - given.null_count()
    if not filled:
        return given
    for fits, read in _readers(name, given, columns):
        if fits.sum() >= NEARLY_ALL * filled:
            return read()
    return given


def _compact_days(values: pl.Series) -> pl.Series:
    """`20260103` in a column called a date is one."""
    if not DAY_NAME.search(values.name.lower()):
        return values
    days = values.cast(pl.String).str.to_date("%Y%m%d", strict=False)
    return values if days.null_count() > values.null_count() else days


def _days(given: pl.Series) -> pl.Series:
    """Dates as people write them. `03/04/2026` is one only where another value shows the order."""
    month = given.str.contains(r"^\d{4}-\d\d$").fill_null(value=False)
    whole = pl.select(pl.when(month).then(given + "-01").otherwise(given)).to_series()
    for style in ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y"):
        found = whole.str.to_date(style, strict=False)
        if found.null_count() < found.len():
            return found
    american, european = (given.str.to_date(s, strict=False) for s in ("%m/%d/%Y", "%d/%m/%Y"))
    if american.null_count() == european.null_count():
        return pl.Series(given.name, [None] * given.len(), dtype=pl.Date)
    return american if american.null_count() < european.null_count() else european


def _readers(
    name: str, given: pl.Series, columns: Columns
) -> Iterable[tuple[pl.Series, Callable[[], pl.Series]]]:
    low = given.str.to_lowercase()
    yield low.is_in(["true", "false", "yes", "no"]), lambda: columns.boolean(name, MISSING)
    padded = given.str.contains(r"^[+-]?0\d").sum() > 0
    if not padded:
        whole = given.str.contains(r"^[+-]?\d{1,18}$")
        yield whole, lambda: _compact_days(columns.whole(name, MISSING))
        number = given.str.contains(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$")
        yield number, lambda: columns.number(name, MISSING)
    day = _days(given)
    yield day.is_not_null(), lambda: columns.keep(name, given, day, "date")
    time = given.str.contains(r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d")
    yield time, lambda: columns.time(name, MISSING)
