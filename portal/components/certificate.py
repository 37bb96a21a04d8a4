"""A certificate to look at: who stands for a metric's definition, or that it was edited since."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.components import format as written
from portal.store.certificate import Certificate
from queries.dataset import Dataset, Metric
from queries.fingerprint import fingerprint

Held = Mapping[tuple[str, str], Certificate]
"""Those that count, by dataset and metric."""


def described(metric: Metric, dataset: Dataset, held: Held) -> dict[str, Any] | None:
    """The certificate of a metric; `holds` until its definition is edited. None without one."""
    one = held.get((dataset.name, metric.name))
    if one is None:
        return None
    day = written.day(one.created_at.date())
    holds = one.fingerprint == fingerprint(metric, dataset)
    said = f"certified by {one.certified_by} on {day}"
    return {
        "id": one.id,
        "holds": holds,
        "by": one.certified_by,
        "on": str(one.created_at.date()),
        "text": said if holds else f"{said}, edited since",
    }


def mark(metrics: Sequence[Metric], dataset: Dataset, held: Held) -> dict[str, Any] | None:
    """What a tile of these metrics bears: it is certified where every one of them is.

    Where one was edited since, that is said; where one was never certified, nothing.
    """
    found = [described(metric, dataset, held) for metric in metrics]
    known = [(m, one) for m, one in zip(metrics, found, strict=True) if one]
    if len(known) < len(metrics) or not known:
        return None
    texts = (one["text"] if len(known) == 1 else f"{m.label}: {one['text']}" for m, one in known)
    return {"holds": all(one["holds"] for _, one in known), "text": "; ".join(dict.fromkeys(texts))}


def with_certificates(card: dict[str, Any], dataset: Dataset, held: Held) -> dict[str, Any]:
    """What is said of a dataset to programs, with who stands for each of its metrics."""
    told = ("holds", "by", "on", "text")

    def of(name: str) -> dict[str, Any] | None:
        found = described(dataset.metric(name), dataset, held)
        return found and {key: found[key] for key in told}

    listed = [metric | {"certificate": of(metric["name"])} for metric in card["metrics"]]
    return {**card, "metrics": listed}
