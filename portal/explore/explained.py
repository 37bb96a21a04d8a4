"""The change of one number, split: asked in words, answered in plain form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import isnan
from typing import Any

from portal.explore.askable import leading, why_not
from portal.explore.explain import Reason, rank
from queries.analyses.cluster import Estimate
from queries.analyses.decomposition import Decomposition, check_enough
from queries.analyses.laid_out import MOST_GROUPS
from queries.answer import provenance
from queries.condition import Dimension
from queries.dataset import Access, Metric
from queries.errors import UnsafeQuestion
from queries.model import Result
from queries.question import Question
from queries.question import ask as answer
from queries.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Explained:
    """The change as a whole, and what each dimension explains of it, the best first."""

    whole: Result
    ranked: tuple[Reason, ...]
    found: Decomposition

    @property
    def dimension(self) -> Dimension:
        return self.ranked[0].dimension


def explained(question: Question, by: str, warehouse: Warehouse, access: Access) -> Explained:
    """Split the change of the question's metric by a dimension, or by the one that explains most.

    Raises the errors of `queries.errors`, UnsafeQuestion where the parts would not add up.
    """
    whole = answer(question, warehouse, access)
    check_enough(whole)
    asked = whole.query.metrics[0]
    dimensions = [whole.query.dataset.dimension(by)] if by else _dimensions(whole, asked)
    groups = [answer(_cut(question, d, asked), warehouse, access) for d in dimensions]
    ranked = rank(asked, [whole, *groups])
    best = ranked[0] if ranked else None
    if best is None or best.found is None:
        name = best.dimension.name if best else "DIMENSION"
        raise UnsafeQuestion(
            best.why if best else f"No dimension can split {asked.label}.",
            f"playhead ask {question.dataset} {asked.name} --by {name} --compare "
            f"{question.compare} has the change of each group.",
            code="adds_distinct",
        )
    return Explained(whole, tuple(ranked), best.found)


def plain(answered: Explained) -> Mapping[str, Any]:
    """What the API and the command line say of it; numbers that are not known are null."""
    found, ranked = answered.found, answered.ranked
    return {
        "metric": found.metric.name,
        "by": answered.dimension.name,
        "before": found.before,
        "now": found.now,
        "change": _ends(found.change),
        "mix": _ends(found.mix),
        "rate": _ends(found.rate),
        "is_noisy": found.is_noisy,
        "is_reversed": found.is_reversed,
        "parts": [
            {
                "value": part.value,
                "small_groups": part.merged,
                "before": _known(part.before),
                "now": _known(part.now),
                "share": part.share,
                "part": _ends(part.contribution),
                "mix": _ends(part.mix),
                "rate": _ends(part.rate),
            }
            for part in found.parts
        ],
        "explains_at_least": {r.dimension.name: r.share for r in ranked if r.is_known},
        **provenance(answered.whole),
        "notes": [*answered.whole.doubts, *answered.whole.notes],
    }


def _dimensions(whole: Result, metric: Metric) -> list[Dimension]:
    dataset = whole.query.dataset
    return [d for d in leading(dataset) if not why_not(d, [metric], dataset)]


def _cut(question: Question, dimension: Dimension, metric: Metric) -> Question:
    by = replace(question, by=(dimension.name,))
    return replace(by, order=metric.name, limit=MOST_GROUPS) if dimension.is_wide else by


def _ends(estimate: Estimate | None) -> dict[str, float | None] | None:
    if estimate is None:
        return None
    return {name: _known(value) for name, value in asdict(estimate).items()}


def _known(value: float) -> float | None:
    return None if isnan(value) else value
