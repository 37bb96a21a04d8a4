"""What may be asked of a dataset, so that Explore never offers what has no right answer."""

from collections.abc import Iterable, Sequence

from queries.condition import Dimension
from queries.dataset import Dataset, Key, Metric, TimeBucket
from queries.estimation import Estimation
from queries.period import Grain

MOST_LEADERBOARDS = 12


def leading(dataset: Dataset) -> tuple[Dimension, ...]:
    """The dimensions worth a leaderboard each, those asked for most first.

    The dataset names some; then come titles, then whatever has few values, words before numbers.
    """
    named = len(dataset.leading)

    def rank(dimension: Dimension) -> int:
        if dimension.name in dataset.leading:
            return dataset.leading.index(dimension.name)
        return named + (0 if dimension.role == "title" else 1 if dimension.kind == "text" else 2)

    useful = [d for d in dataset.dimensions if d.role == "title" or not d.is_wide]
    found = sorted(useful or dataset.dimensions, key=rank)
    return tuple(found[:MOST_LEADERBOARDS])


def others(dataset: Dataset) -> tuple[Dimension, ...]:
    """The dimensions without a leaderboard: looked into one at a time."""
    shown = {d.name for d in leading(dataset)}
    return tuple(d for d in dataset.dimensions if d.name not in shown)


def grains(dataset: Dataset, metrics: Iterable[Metric]) -> tuple[Grain, ...]:
    """The grains that all of the metrics may be cut at, finest first."""
    finest = [dataset.smallest_grain, *(m.smallest_grain for m in metrics if m.smallest_grain)]
    order = list(Grain)
    return tuple(order[max(order.index(grain) for grain in finest) :])


def why_not(key: Key, metrics: Sequence[Metric], dataset: Dataset) -> str:
    """Why the metrics cannot be broken down by a key; empty where they can."""
    if isinstance(key, TimeBucket):
        allowed = grains(dataset, metrics)
        if key.grain in allowed:
            return ""
        return f"{dataset.label} has nothing finer than a {allowed[0].value}."
    inside = [m for m in metrics if not _groups_by(m, key.name)]
    if inside:
        return f"{inside[0].label} is worked out over {key.label}: a single one of it has none."
    refusing = [m for m in metrics if m.dimensions and key.name not in m.dimensions]
    if not refusing:
        return ""
    names = ", ".join(m.label for m in refusing)
    cuts = [dataset.dimension(name).label for name in refusing[0].dimensions]
    return f"{names} has no breakdown by {key.label}. It can be cut by {', '.join(cuts)}."


def why_not_alone(dimension: Dimension, metrics: Sequence[Metric], dataset: Dataset) -> str:
    """The same where the dimension is the only key."""
    missing = [name for name in asked(metrics) if name != dimension.name]
    if missing:
        return f"It is of a single {dataset.dimension(missing[0]).label}."
    return why_not(dimension, metrics, dataset)


def asked(metrics: Iterable[Metric]) -> tuple[str, ...]:
    """The dimensions without which some of the metrics have no number."""
    found = (m.formula.asked for m in metrics if isinstance(m.formula, Estimation))
    return tuple(dict.fromkeys(name for names in found for name in names))


def _groups_by(metric: Metric, name: str) -> bool:
    return not isinstance(metric.formula, Estimation) or metric.formula.groups_by(name)


def adds_up(metric: Metric, keys: Sequence[Key], dataset: Dataset) -> bool:
    """Whether the parts of a breakdown make a whole that one may have a share of."""
    if metric.kind not in ("additive", "semi-additive"):
        return False
    return not overlaps(keys, dataset)


def overlaps(keys: Sequence[Key], dataset: Dataset) -> bool:
    """Whether groups share rows (a county lies in its state), so that a total means nothing."""
    return any(key.name == dataset.exclusive for key in keys)
