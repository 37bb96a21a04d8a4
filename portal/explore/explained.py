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
from queries.errors import InvalidQuery, QueryError, UnsafeQuestion
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

    Raises the errors of `queries.errors`: each refusal as it was made, UnsafeQuestion
    (`adds_distinct`) where the parts would not add up.
    """
    whole = answer(question, warehouse, access)
    if whole.query.compare is None:
        raise InvalidQuery(
            "Nothing is compared, so nothing changed.",
            "Compare a period with the previous one, with last-year, or with another.",
        )
    check_enough(whole)
    asked = whole.query.metrics[0]
    dimensions = [whole.query.dataset.dimension(by)] if by else _dimensions(whole, asked)
    groups = [answer(_cut(question, d, asked), warehouse, access) for d in dimensions]
    ranked = rank(asked, [whole, *groups])
    if not ranked:
        raise UnsafeQuestion(
            f"No dimension can split {asked.label}.",
            "Ask for its change as a whole.",
            code="dimension_not_allowed",
        )
    best = ranked[0]
    if best.found is None:
        raise _refused(question, best)
    return Explained(whole, tuple(ranked), best.found)


def _refused(question: Question, reason: Reason) -> QueryError:
    """Why there are no parts, with what is to be asked instead from a terminal."""
    assert reason.refusal is not None  # noqa: S101  # `rank` gives parts, or a refusal
    if reason.refusal.code != "adds_distinct":
        return reason.refusal
    return UnsafeQuestion(
        reason.refusal.message,
        f"playhead ask {question.dataset} {question.metrics[0]} --by {reason.dimension.name} "
        f"--compare {question.compare} has the change of each group.",
        code=reason.refusal.code,
    )


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
