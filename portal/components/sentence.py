"""A finding in words, by rule: what changed, by how much, since when, and what makes it.

Each class of evidence has word lists of its own. Only what was randomised, or nearly, may be said
to be caused; a change that was looked at and nothing else has no cause in its sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.components import format as written
from queries.analyses.cluster import Estimate
from queries.analyses.decomposition import Decomposition, spans_zero
from queries.analyses.findings import Candidate, Evidence, Explanation
from queries.condition import Condition, Dimension, Scalar, conjuncts
from queries.dataset import Metric

_EVEN = 0.1
_TINY = 5e-4


@dataclass(frozen=True, slots=True)
class Words:
    """How one class of evidence speaks: of a rise, of a fall, and of what a group makes of it."""

    rose: str
    fell: str
    makes: str


_SEEN = Words("rose", "fell", "makes")
_CAUSED = Words("was raised", "was lowered", "drives")
WORDS: Mapping[Evidence, Words] = {
    "randomised": _CAUSED,
    "quasi-experiment": _CAUSED,
    "forecast": Words("is expected to rise", "is expected to fall", "makes"),
    "descriptive": _SEEN,
}
CAUSAL = ("because", "drives", "drove", "lost", "caused", "was raised", "was lowered", "due to")


def subject(claim: Candidate) -> str:
    """The metric, and the slice where it is of one."""
    if claim.dimension is None:
        return claim.metric.label
    return f"{claim.metric.label} {slice_of(claim.dimension, claim.value)}"


def slice_of(dimension: Dimension, value: Scalar | None) -> str:
    """A value within a sentence; one of several plain words, such as “over a year”, in quotes."""
    said = written.value_label(value, dimension)
    if isinstance(value, str) and " " in value and value[0].islower():
        said = f"“{value}”"
    if dimension.role == "country":
        return f"in {said}"
    if dimension.name == "device":
        return f"on {said}"
    return f"for {written.lowered(dimension.label)} {said}"


def in_words(condition: Condition | None) -> str:
    """The rows that a condition keeps; nothing of all rows."""
    parts = conjuncts(condition)
    return " and ".join(" or ".join(f.sentence for f in part.filters()) for part in parts)


def amount(claim: Candidate) -> tuple[str, str]:
    """How large the change is, and its interval: in per cent, of shares in points; unsigned.

    A change of a share that is nothing in rounded points is in per cent too.
    """
    change, metric = claim.change, claim.metric
    is_tiny = abs(change.value) < _TINY
    is_relative = (metric.format != "percent" or is_tiny) and claim.before > 0
    scale = claim.before if is_relative else 1.0
    ends = [written.change(e / scale, metric, relative=is_relative) for e in _ends(change)]
    size = written.change(abs(change.value) / scale, metric, relative=is_relative)
    return size.removeprefix("+"), f"95 % {ends[0]} to {ends[1]}"


def verb(claim: Candidate, evidence: Evidence) -> str:
    words = WORDS[evidence]
    return words.rose if claim.change.value > 0 else words.fell


def reason(claim: Candidate, found: Explanation | None, evidence: Evidence) -> str:
    """What makes the change, by the dimension that explains most; mix and rate apart for ratios."""
    if found is None:
        return ""
    parts, dimension = found.parts, found.dimension
    name = written.lowered(dimension.label)
    split = _split(parts, claim.metric)
    size = abs(parts.change.value)
    first = parts.parts[0] if parts.parts else None
    if first is None or not size:
        return ""
    if parts.explained < _EVEN * size or first.merged or spans_zero(first.contribution):
        return f"No {name} stands out beyond noise.{split}"
    share = abs(first.contribution.value) / size
    label = written.value_label(first.value, dimension)
    makes = WORDS[evidence].makes
    how = written.change(first.contribution.value, claim.metric, relative=False)
    if first.contribution.value * parts.change.value < 0:
        return f"By {name}, {label} moved the other way ({how}).{split}"
    if share > 1 + _EVEN:
        rest = written.change(
            parts.change.value - first.contribution.value, claim.metric, relative=False
        )
        return f"By {name}, {label} {makes} {how}, all others together {rest}.{split}"
    return f"By {name}, {label} {makes} {min(share, 1):.0%} of it ({how}).{split}"


def silence(largest: Candidate | None, analyses: int = 0) -> str:
    """That nothing may be said, and what the largest change is."""
    if largest is None:
        return "Nothing is beyond doubt here." if analyses else "Nothing can be compared here."
    size, around = amount(largest)
    sign = "+" if largest.change.value > 0 else "−"
    return (
        f"Nothing moved beyond noise; the largest change is {subject(largest)}, "
        f"{sign}{size} ({around})."
    )


def _split(parts: Decomposition, metric: Metric) -> str:
    if parts.mix is None or parts.rate is None:
        return ""
    mix, rate = (written.change(e.value, metric, relative=False) for e in (parts.mix, parts.rate))
    turned = " The groups moved the other way than the total (Simpson’s paradox)."
    return f" Mix {mix}, rate {rate}.{turned if parts.is_reversed else ''}"


def _ends(estimate: Estimate) -> tuple[float, float]:
    return estimate.low, estimate.high
