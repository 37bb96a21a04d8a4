"""Numbers, dates and names as people read them. The only place that decides how a value is written.

Signs are real minus signs; digits are grouped by thin spaces; an en dash joins a range.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.components.languages import LANGUAGES
from portal.countries import names
from queries.condition import Dimension, Scalar
from queries.dataset import SMALL, Metric
from queries.period import Grain, Period
from queries.small_cells import FEW

NOTHING = "–"
_THIN = "\u2009"
# Units that say thousands by themselves: no `k kbit/s`.
_THOUSANDS = frozenset({"kbit/s"})
_LARGE = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_ACRONYMS = {
    "tv": "TV",
    "pvr": "PVR",
    "cdn": "CDN",
    "qa": "QA",
    "ebvs": "EBVS",
    "vsf": "VSF",
    "vfx": "VFX",
    "qc": "QC",
    "top10": "Top 10",
}
_PLAIN_WORD = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
_PLAIN_WORDS = re.compile(r"^[a-z]+( [a-z]+)+$")
_BEFORE_PER_CENT = re.compile(r"(?<=\d) (?=%)")
_ANY_DIGIT = re.compile(r"[1-9]")
_MINUTE = 60
_HUNDRED = 100
_ROUNDED_HUNDRED = 99.95
_ROUNDED_TEN = 9.995
_MANIFOLD = 3
_ALMOST = 0.9995


def number(value: float | None, metric: Metric) -> str:
    """A value as it stands alone: short enough to read at a glance, with its unit."""
    if value is None or not math.isfinite(value):
        return NOTHING
    match metric.format:
        case "percent":
            return _signed(f"{abs(value) * 100:.{_percent_places(value)}f}%", value)
        case "seconds":
            return _signed(_seconds(abs(value)), value)
        case "usd":
            return _signed(f"${_money(abs(value))}", value)
        case "ratio":
            return _signed(f"{abs(value):.2f}×", value)
        case "decimal":
            places = 2 if abs(value) < _ROUNDED_HUNDRED else 1
            return _signed(f"{abs(value):,.{places}f}".replace(",", _THIN), value)
        case _ if metric.unit in _THOUSANDS:
            return _signed(grouped(abs(value)), value)
        case _:
            return _signed(_short(abs(value)), value)


def grouped(value: float) -> str:
    """A whole number with all its digits."""
    return f"{value:,.0f}".replace(",", _THIN)


def exact(value: float | None, metric: Metric) -> str:
    """A value in a table or a tooltip: every digit that matters."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if metric.format == "percent":
        return _signed(f"{abs(value) * 100:.{max(2, _percent_places(value))}f}%", value)
    if metric.format in ("number", "usd"):
        places = 0 if float(value).is_integer() or abs(value) >= _HUNDRED else 2
        text = f"{abs(value):,.{places}f}".replace(",", _THIN)
        return _signed(f"${text}" if metric.format == "usd" else text, value)
    return number(value, metric)


def unit(metric: Metric) -> str:
    """The unit to print beside a number, where the number does not carry it already."""
    carried = ("percent", "seconds", "usd", "ratio")
    if (
        metric.format in carried
        or metric.unit in {"%", "0..1"}
        or metric.unit in metric.label.lower().split()
    ):
        return ""
    return metric.unit


def count(value: float | None, noun: str = "") -> str:
    text = NOTHING if value is None else _short(abs(value))
    return f"{text} {noun}".strip()


def small_groups(merged: int) -> str:
    """What so many groups are called that are one part; none is not called anything."""
    return {0: "", 1: "One small group"}.get(merged, f"{merged} small groups")


def change(value: float | None, metric: Metric, *, relative: bool) -> str:
    """A delta with its sign: in points for shares, in per cent where `relative`, else in units."""
    if value is None or not math.isfinite(value):
        return NOTHING
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    size = abs(value)
    if relative and size >= _MANIFOLD:
        return f"×{1 + value:.1f}"
    if relative:
        text = f"{size * 100:.{_change_places(size)}f}%"
    elif metric.format == "percent":
        text = f"{size * 100:.{_point_places(size)}f} pt"
    else:
        text = number(size, metric)
    return f"{sign if _ANY_DIGIT.search(text) else '±'}{text}"


def probability(p: float) -> str:
    """A p or q value with the digits that matter."""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"  # noqa: PLR2004  # below it none does


def chance(p: float | None) -> str:
    """How likely something is by so many draws, so never said to be certain."""
    if p is None or not math.isfinite(p):
        return NOTHING
    if p >= _ALMOST:
        return "> 99.9%"
    return "< 0.1%" if p <= 1 - _ALMOST else f"{p:.1%}"


def is_few(row: Mapping[str, Any]) -> bool:
    """Whether a value is of so few accounts that little can be read into it."""
    return row.get(SMALL) == FEW


def tone(metric: Metric, low: float | None, high: float | None) -> str:
    """`good`, `bad`, `moved` (no direction is better) or `flat`: the interval spans zero."""
    if low is None or high is None or low <= 0 <= high:
        return "flat"
    if metric.better == "none":
        return "moved"
    return "good" if (low > 0) == (metric.better == "up") else "bad"


@dataclass(frozen=True, slots=True)
class Delta:
    """A change as it is read: the size, its 95 % interval, and whether that is good news."""

    text: str
    interval: str
    tone: str


def delta(row: Mapping[str, Any], metric: Metric) -> Delta:
    """The change that a row of an answer reports: relative, and in points for shares.

    In units where there is no relative one, as across zero.
    """
    name = metric.name
    has_ratio = row.get(f"{name}__relative") is not None or row.get(f"{name}__previous") == 0
    relative = metric.format != "percent" and has_ratio
    part = "relative" if relative else "delta"
    value = row.get(f"{name}__{part}")
    low, high = row.get(f"{name}__{part}_low"), row.get(f"{name}__{part}_high")
    absolute = (row.get(f"{name}__delta_low"), row.get(f"{name}__delta_high"))
    if value is None and row.get(f"{name}__previous") == 0:
        return Delta("new", "", "moved")
    text = change(value, metric, relative=relative)
    if low is None or high is None:
        return Delta(text, "", "unsure" if value is not None else "flat")
    ends = [change(end, metric, relative=relative) for end in (low, high)]
    return Delta(text, f"{ends[0]} to {ends[1]}", tone(metric, *absolute))


def interval(row: Mapping[str, Any], metric: Metric) -> str:
    """The 95 % interval of a value; empty where it has none."""
    low, high = row.get(f"{metric.name}__low"), row.get(f"{metric.name}__high")
    if low is None or high is None:
        return ""
    return f"{number(low, metric)} to {number(high, metric)}"


def day(value: date, *, year: bool = True) -> str:
    return f"{value.day} {value:%b %Y}" if year else f"{value.day} {value:%b}"


def moment(value: datetime) -> str:
    """`27 Nov 2026, 09:11 UTC`."""
    return f"{day(value)}, {value:%H:%M} UTC"


def period(value: Period) -> str:
    """`27 Oct – 23 Nov 2026`: no word twice."""
    start, end = value.start, value.end
    if start == end:
        return day(end)
    if start.year != end.year:
        return f"{day(start)} – {day(end)}"
    if start.month != end.month:
        return f"{day(start, year=False)} – {day(end)}"
    return f"{start.day}–{day(end)}"


def bucket(start: date, grain: Grain) -> str:
    """A time bucket in words."""
    match grain:
        case Grain.DAY:
            return f"{start:%a} {day(start)}"
        case Grain.WEEK:
            return f"Week of {day(start)}"
        case Grain.MONTH:
            return f"{start:%B %Y}"
        case Grain.QUARTER:
            return f"Q{(start.month + 2) // 3} {start.year}"
        case Grain.YEAR:
            return str(start.year)


def value_label(value: Scalar | None, dimension: Dimension) -> str:
    """A value of a dimension as a person would write it."""
    if value is None:
        return "(missing)"
    if dimension.role == "country":
        return names().get(str(value), str(value))
    if dimension.role == "hour":
        return f"{int(float(str(value))):02d}:00"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, date):
        return day(value)
    text = str(value)
    if dimension.role == "language":
        return LANGUAGES.get(text, text)
    is_words = not dimension.is_wide and _PLAIN_WORDS.match(text)
    if dimension.role == "title" or not (is_words or _PLAIN_WORD.match(text)):
        return text
    return readable(text)


def plain(value: object) -> str:
    """A value of no metric in particular, with the digits that matter."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if isinstance(value, float):
        digits = ",.0f" if abs(value) >= 1000 else ",.4g"  # noqa: PLR2004  # never as 1e+04
        return _signed(f"{abs(value):{digits}}".replace(",", _THIN), value)
    return str(value)


def kept(text: str) -> str:
    """A text whose numbers stay on one line with their per cent sign, as assets/dom.js does it."""
    return _BEFORE_PER_CENT.sub("\u00a0", text)


def lowered(label: str) -> str:
    """A label within a sentence; an acronym stays as it is."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def readable(word: str) -> str:
    """`continue_watching` as `Continue watching`; known acronyms in capitals."""
    words = [_ACRONYMS.get(part, part) for part in word.split("_")]
    first = words[0]
    return " ".join([first if first.isupper() else first.capitalize(), *words[1:]])


def _short(size: float) -> str:
    for scale, letter in _LARGE:
        if size >= scale * 0.9995:
            return f"{size / scale:.{_places(size / scale)}f}{_THIN}{letter}"
    if float(size).is_integer():
        return f"{size:.0f}"
    return f"{size:.{_places(size)}f}"


def _money(size: float) -> str:
    """Cents where there are some and they are seen: $12.10, $427, $1.2 k."""
    is_cents = size < _ROUNDED_HUNDRED and not float(size).is_integer()
    return f"{size:.2f}" if is_cents else _short(size)


def _places(size: float) -> int:
    """Of three digits in all, as the number will be rounded: 9.998 has one, 10.0."""
    return 0 if size >= _ROUNDED_HUNDRED else 1 if size >= _ROUNDED_TEN else 2


def _percent_places(share: float) -> int:
    size = abs(share)
    return 1 if size >= 0.01 or size == 0 else 2 if size >= 0.001 else 3  # noqa: PLR2004


def _change_places(share: float) -> int:
    return 1 if share >= 0.001 or share == 0 else 2  # noqa: PLR2004


def _point_places(share: float) -> int:
    """Two digits of a small change, since a small rate may have changed by much of itself."""
    for places in (1, 2, 3):
        if share >= 10.0 ** -(places + 2):
            return places
    return 4 if share else 1


def _seconds(size: float) -> str:
    if size < _MINUTE:
        return f"{size:.2f} s"
    minutes, seconds = divmod(round(size), _MINUTE)
    if minutes < _MINUTE:
        return f"{minutes} min {seconds:02d} s"
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours} h {minutes:02d} min"


def _signed(text: str, value: float) -> str:
    return f"−{text}" if value < 0 else text
