"""Shelves: the metrics, rows and columns of the breakdown, and what else may stand there."""

from typing import Any

from portal.explore.askable import grains, why_not
from portal.explore.choices import Choices
from queries.condition import Dimension
from queries.dataset import Key, TimeBucket


def shelves(choices: Choices) -> dict[str, Any]:
    """What is chosen as a URL writes it, and `keys`: every key with `why` it cannot stand there."""
    return {
        "metrics": [{"value": m.name, "label": m.label} for m in choices.metrics],
        "by": [_written(key) for key in choices.by],
        "by_default": choices.is_by_default,
        "pivot": _written(choices.pivot) if choices.pivot is not None else "",
        "keys": _offered(choices),
    }


def _offered(choices: Choices) -> list[dict[str, Any]]:
    dataset = choices.dataset
    allowed = grains(dataset, choices.metrics)
    times = [TimeBucket(dataset.time, grain) for grain in allowed]
    keys: list[Key] = [*dataset.dimensions, *times]
    return [
        {
            "value": _written(key),
            "label": key.label,
            "is_wide": isinstance(key, Dimension) and key.is_wide,
            "why": why_not(key, choices.metrics, dataset),
        }
        for key in keys
    ]


def _written(key: Key) -> str:
    return f"{key.name}:{key.grain}" if isinstance(key, TimeBucket) else key.name
