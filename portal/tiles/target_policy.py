"""The policy that a page of off-policy values asks about: the URL's, else the newest of the log.

Tiles ask first which policies the log has probabilities for, then by the one chosen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.components import format as written
from portal.components.problem import NO_ROWS
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.options import Option, controls
from portal.tiles.rankers import scope
from queries.analyses import offpolicy
from queries.errors import InvalidQuery, UnsafeQuestion
from queries.model import Query, Result

POLICY, CLIP, CUT_OFF, VIEWPORT = "policy", "tau", "k", "viewport"
OPTIONS = (POLICY, CLIP, CUT_OFF, VIEWPORT)
CUT_OFFS = ("10", "5", "20")
VIEWPORTS = ("3x4", "2x3", "4x6")
_CLIPS = ("10", "2", "5", "20", "50")
_NO_POLICY = "The log of this view holds no probabilities of another policy."


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOptions:
    """Controls: the target policy, where weights are clipped, k and the viewport."""

    place: Place = field(default_factory=lambda: Place(span=12, height=44, is_bare=True))
    metrics: tuple[str, ...] = ("snips_value",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (offpolicy.policies_question(scope(context)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = offpolicy.policies(results[0].frame)
        now = chosen(results[0], context) if found else ""
        policies = [now, *(p for p in found if p != now)] if found else []
        clips = dict.fromkeys((context.view.option(CLIP) or f"{offpolicy.THRESHOLD:g}", *_CLIPS))
        options = [
            Option(
                name=POLICY,
                label="Had the titles been chosen by",
                choices=tuple((p, p) for p in policies),
            ),
            Option(
                name=CLIP,
                label="clip weights at",
                choices=tuple((t, f"τ = {t}") for t in clips),
            ),
            Option(
                name=CUT_OFF,
                label="ranking to",
                choices=tuple((k, f"k = {k}") for k in CUT_OFFS),
            ),
            Option(
                name=VIEWPORT,
                label="in view",
                choices=tuple((v, v.replace("x", " rows × ")) for v in VIEWPORTS),
            ),
        ]
        shown = options if policies else options[2:]
        is_silent = bool(policies) or results[0].frame.is_empty()
        said = "" if is_silent else _NO_POLICY
        return controls(shown, context, said)


def chosen(result: Result, context: Context) -> str:
    """The policy asked about. Raises UnsafeQuestion where the log has none, or not that one."""
    found = offpolicy.policies(result.frame)
    if result.frame.is_empty():
        raise _nothing_left(context)
    if not found:
        raise offpolicy.Refusal(
            "no_probabilities", "The log holds no probabilities of another policy."
        ).error
    asked = context.view.option(POLICY)
    if asked and asked not in found:
        raise UnsafeQuestion(
            f"The log holds no probabilities of “{asked}”.",
            f"It has those of {', '.join(found)}.",
            code="no_probabilities",
        )
    return asked or found[0]


def _nothing_left(context: Context) -> UnsafeQuestion:
    if context.condition is None:
        return UnsafeQuestion("No rows in this period.", "Try a longer one.", code=NO_ROWS)
    return UnsafeQuestion("No rows for these filters.", "Take one of them away:", code=NO_ROWS)


def threshold(context: Context) -> float:
    """Where weights are clipped. Raises InvalidQuery where the view says no such number."""
    text = context.view.option(CLIP)
    try:
        value = float(text or offpolicy.THRESHOLD)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        said = f"“{text}” is nothing that weights can be clipped at."
        raise InvalidQuery(said, "Write a number above 0, as tau=10, or leave it out.")
    return value


def asked(results: Sequence[Result], context: Context) -> Query:
    """Every estimator of the chosen policy, once its name is known."""
    return offpolicy.question(
        scope(context), chosen(results[0], context), threshold=threshold(context)
    )


def one_of(context: Context, name: str, known: Sequence[str]) -> str:
    """An option of a fixed list, the first where the view says nothing of it.

    Raises InvalidQuery for what is not in the list.
    """
    return Option(name=name, label="", choices=tuple((n, n) for n in known)).read(context.view)


def ends(estimate: offpolicy.Estimate, text: str = "{:.2%}") -> str:
    """An estimate's interval in words."""
    if math.isnan(estimate.low):
        return "no interval"
    return f"{text.format(estimate.low)} to {text.format(estimate.high)}"


def signed(value: float) -> str:
    return f"{value:+.1%}".replace("-", "−")


def share(value: float) -> str:
    return written.NOTHING if math.isnan(value) else f"{value:.1%}"
