"""Parts: the rows of a change's explanation, as the browser draws them."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

from portal.components import format as written
from queries.analyses.cluster import Estimate
from queries.analyses.decomposition import Decomposition, Part
from queries.analyses.laid_out import FEWEST_ACCOUNTS
from queries.condition import Dimension
from queries.dataset import Metric
from queries.model import Result

FEWEST_SHOWN = 10


def parts_of(found: Decomposition, dimension: Dimension) -> dict[str, Any]:
    """The change first, then what each group makes of it; mix and rate apart for ratios."""
    metric = found.metric
    shown = [p for p in found.parts if not p.accounts < FEWEST_SHOWN or p.merged]
    rows = [_row(part, found, dimension) for part in shown]
    ends = [e for p in shown for e in _ends(p.contribution)] + _ends(found.change)
    return {
        "dimension": dimension.label,
        "total": _moved(found.change, metric)
        | {
            "before": written.number(found.before, metric),
            "now": written.number(found.now, metric),
            "mix": _moved(found.mix, metric) if found.mix else None,
            "rate": _moved(found.rate, metric) if found.rate else None,
        },
        "has_mix": found.mix is not None,
        "unit": written.unit(metric),
        "rows": rows,
        "from": min(0.0, *ends),
        "to": max(0.0, *ends),
        "banner": _banner(found, dimension),
        "is_noisy": found.is_noisy,
    }


def refused(
    result: Result, metric: Metric, dimension: Dimension, said: tuple[str, str]
) -> dict[str, Any]:
    """The change of each group for itself, where the changes of groups make no whole."""
    name = metric.name
    found = [r for r in result.frame.iter_rows(named=True) if r.get(f"{name}__delta") is not None]
    found.sort(key=lambda r: -abs(r[f"{name}__delta"]))
    rows: list[dict[str, Any]] = []
    for row in found:
        low, high = row[f"{name}__delta_low"], row[f"{name}__delta_high"]
        unknown = float("nan")
        change = Estimate(
            row[f"{name}__delta"],
            unknown if low is None else low,
            unknown if high is None else high,
        )
        rows.append(
            _moved(change, metric)
            | {
                "label": written.value_label(row[dimension.name], dimension),
                "filter": _filter(row[dimension.name]),
                "before": written.number(row[f"{name}__previous"], metric),
                "now": written.number(row[name], metric),
                "of_change": "",
                "is_few": False,
            }
        )
    ends = [e for row in rows for e in (row["value"], row["low"], row["high"]) if e is not None]
    return {
        "dimension": dimension.label,
        "total": None,
        "has_mix": False,
        "unit": written.unit(metric),
        "rows": rows,
        "from": min(0.0, *ends, 0.0),
        "to": max(0.0, *ends, 0.0),
        "banner": {
            "tone": "refused",
            "text": said[0],
            "hint": f"{said[1]}{_lacking(rows, metric)}",
        },
        "is_noisy": False,
    }


def _lacking(rows: Sequence[Mapping[str, Any]], metric: Metric) -> str:
    """Why changes have no interval, where some have none."""
    if all(row["interval"] for row in rows):
        return ""
    if metric.interval == "none":
        return " It has no interval, by its definition."
    return " One without an interval is of too few for one: read nothing into it."


def _row(part: Part, found: Decomposition, dimension: Dimension) -> dict[str, Any]:
    metric, change = found.metric, found.change.value
    label = written.small_groups(part.merged)
    is_told = bool(change) and not found.is_noisy
    return _moved(part.contribution, metric) | {
        "label": label or written.value_label(part.value, dimension),
        "filter": None if part.merged else _filter(part.value),
        "is_merged": part.merged > 0,
        "before": written.number(part.before, metric),
        "now": written.number(part.now, metric),
        "share": f"{part.share:.0%}",
        "of_change": _of(part.contribution.value / change) if is_told else "",
        "mix": _moved(part.mix, metric) if part.mix else None,
        "rate": _moved(part.rate, metric) if part.rate else None,
        "is_few": part.accounts < FEWEST_ACCOUNTS,
    }


def _of(share: float) -> str:
    text = f"{abs(share):.0%}"
    return f"−{text}" if share < 0 and text != "0%" else text


def _filter(value: object) -> str | None:
    return None if value is None else str(value)


def _ends(estimate: Estimate) -> list[float]:
    return [e for e in (estimate.value, estimate.low, estimate.high) if not isnan(e)]


def _moved(estimate: Estimate, metric: Metric) -> dict[str, Any]:
    """A change in the metric's unit, with its interval; grey where that spans zero."""
    has_interval = not isnan(estimate.low)
    ends = [written.change(e, metric, relative=False) for e in (estimate.low, estimate.high)]
    tone = written.tone(metric, estimate.low, estimate.high) if has_interval else "moved"
    return {
        "value": estimate.value,
        "low": estimate.low if has_interval else None,
        "high": estimate.high if has_interval else None,
        "text": written.change(estimate.value, metric, relative=False),
        "interval": f"{ends[0]} to {ends[1]}" if has_interval else "",
        "tone": tone,
    }


def _banner(found: Decomposition, dimension: Dimension) -> dict[str, str]:
    metric = found.metric
    total = written.change(found.change.value, metric, relative=False)
    if found.is_noisy:
        around = _moved(found.change, metric)["interval"]
        return {
            "tone": "noisy",
            "text": f"Too noisy to say: {total} (95 % {around}) may be chance.",
            "hint": "The parts below add up to it; each has an interval of its own.",
        }
    if not found.is_reversed or found.rate is None:
        return {}
    within = written.change(found.rate.value, metric, relative=False)
    way = "rose" if found.change.value < 0 else "fell"
    nearly = f"Groups that are {found.against:.0%} of it {way}"
    inside = f"{nearly}; taken together they make {within}" if found.against else within
    return {
        "tone": "reversed",
        "text": f"Simpson’s paradox: the total moved {total}, the groups the other way. {inside}.",
        "hint": f"What turned it round is how much each {dimension.label.lower()} weighs (mix).",
    }
