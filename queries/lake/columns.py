"""Parsing columns of a delivery, keeping count of what cannot be read.

A value that is there but cannot be read rejects its row; a value that is not there is missing.
"""

import polars as pl

from queries.lake.rows import ROW, Rows

REASONS = {
    "number": "is not a number",
    "whole": "is not a whole number",
    "date": "is not a date",
    "time": "is not a point in time",
    "boolean": "is neither true nor false",
}
TRUE = ("true", "yes", "1", "1.0", "t", "y")
FALSE = ("false", "no", "0", "0.0", "f", "n")


class Columns:
    """Reads the columns of a file one by one. `rejected` holds `__row`, `code` and `reason`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows.frame
        self._rejected: list[pl.DataFrame] = []

    @property
    def rejected(self) -> pl.DataFrame:
        empty = pl.DataFrame(schema={ROW: pl.Int64, "code": pl.String, "reason": pl.String})
        return pl.concat([empty, *self._rejected])

    @property
    def row(self) -> pl.Series:
        return self._rows[ROW]

    def has(self, name: str) -> bool:
        return name in self._rows.columns

    def text(self, name: str, missing: tuple[str, ...] = ()) -> pl.Series:
        """Text without blanks around it; empty text and the `missing` words are null."""
        if not self.has(name):
            return pl.Series(name, [None] * self._rows.height, dtype=pl.String)
        trimmed = pl.col(name).cast(pl.String).str.strip_chars()
        absent = trimmed.is_in(["", *missing])
        return self._rows.select(pl.when(~absent).then(trimmed).alias(name))[name]

    def whole(self, name: str, missing: tuple[str, ...] = ()) -> pl.Series:
        """Whole numbers; `10.0` is one, `10.5` is not."""
        if self.has(name) and self._rows[name].dtype.is_signed_integer():
            return self._rows[name].cast(pl.Int64)
        given = self.text(name, missing)
        exact = given.cast(pl.Int64, strict=False)
        loose = given.cast(pl.Float64, strict=False)
        rounded = pl.select(
            pl.when(loose.is_finite() & (loose == loose.round()) & (loose.abs() < 2**53))
            .then(loose)
            .cast(pl.Int64)
        ).to_series()
        return self.keep(name, given, exact.fill_null(rounded), "whole")

    def number(self, name: str, missing: tuple[str, ...] = ()) -> pl.Series:
        """Finite numbers."""
        given = self.text(name, missing)
        parsed = given.cast(pl.Float64, strict=False)
        finite = pl.select(pl.when(parsed.is_finite()).then(parsed)).to_series()
        return self.keep(name, given, finite, "number")

    def boolean(self, name: str, missing: tuple[str, ...] = ()) -> pl.Series:
        given = self.text(name, missing)
        low = given.str.to_lowercase()
        parsed = pl.select(
            pl.when(low.is_in(TRUE)).then(pl.lit(value=True))
            .when(low.is_in(FALSE)).then(pl.lit(value=False))
        ).to_series()  # fmt: skip
        return self.keep(name, given, parsed, "boolean")

    def date(self, name: str, missing: tuple[str, ...] = ()) -> pl.Series:
        """ISO dates, with or without a time of day, and `20220425`."""
        if self.has(name) and self._rows[name].dtype == pl.Date:
            return self._rows[name]
        given = self.text(name, missing)
        compact = given.str.to_date("%Y%m%d", strict=False)
        parsed = given.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).fill_null(compact)
        return self.keep(name, given, parsed, "date")

    def time(self, name: str, missing: tuple[str, ...] = ()) -> pl.Series:
        """Points in time as UTC without a zone; text without a zone is taken as UTC."""
        values = self._rows[name] if self.has(name) else None
        if values is not None and isinstance(values.dtype, pl.Datetime):
            utc = values.dt.convert_time_zone("UTC") if values.dtype.time_zone else values
            return utc.dt.replace_time_zone(None).dt.cast_time_unit("us")
        given = self.text(name, missing)
        plain = given.str.replace(r"^(\d{4}-\d\d-\d\d)T", "${1} ").str.replace(
            r" ?(Z|UTC)$", "+00:00"
        )
        plain = plain.str.replace(r"(\d{2}:\d{2}.*[+-]\d{2})$", "${1}:00")
        zoned = plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%:z", time_unit="us", strict=False)
        local = plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
        short = plain.str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", strict=False)
        day = plain.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
        parsed = local.fill_null(zoned.dt.replace_time_zone(None)).fill_null(short).fill_null(day)
        return self.keep(name, given, parsed, "time")

    def reject(self, bad: pl.Series, code: str, reason: str) -> None:
        """Reject the rows where `bad` is true. Null is not."""
        numbers = self._rows[ROW].filter(bad.fill_null(value=False))
        if numbers.len():
            self._rejected.append(
                pl.DataFrame({ROW: numbers, "code": code, "reason": reason}).cast({ROW: pl.Int64})
            )

    def keep(self, name: str, given: pl.Series, parsed: pl.Series, kind: str) -> pl.Series:
        """The parsed values; rows whose value was given and lost in parsing are rejected."""
        lost = given.is_not_null() & parsed.is_null()
        if lost.any():
            shown = given.filter(lost).str.slice(0, 60)
            reason = pl.format(f"{name}: “{{}}” {REASONS[kind]}.", shown)
            self._rejected.append(
                pl.select(
                    self._rows[ROW].filter(lost).alias(ROW),
                    code=pl.lit(f"unreadable_{kind}"),
                    reason=reason,
                )
            )
        return parsed.alias(name)
