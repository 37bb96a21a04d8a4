"""By which campaign, regions, days and outcome a page reads what spend caused: controls."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import geo_experiment as shared
from portal.tiles.options import Option, controls
from queries.analyses.geo_experiment import GeoExperiment, read
from queries.analyses.geo_outcome import OUTCOMES, USUAL
from queries.model import Query, Result

_WEEKS = (28, 21, 14, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoOptions:
    """What is offered is what the campaign has; what the view cannot have is said."""

    place: Place = field(
        default_factory=lambda: Place(span=12, height=44, dataset="campaign_regions", is_bare=True)
    )
    metrics: tuple[str, ...] = ()

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = shared.chosen(results, context)
        if found is None:
            return controls((), context)
        campaigns = [c.campaign for c in read(results[0].frame)]
        several = len(campaigns) > 1
        options = [
            *([_campaigns(campaigns, found)] if several else []),
            Option(
                name=shared.OUTCOME,
                label="Outcome",
                choices=tuple(("" if n == USUAL else n, o.label) for n, o in OUTCOMES.items()),
            ),
            _days(shared.DURING, "Days of it", found.length, "all"),
            _days(shared.BEFORE, "Days before", found.before, "all"),
            _regions(found, context),
        ]
        return controls(options, context, " ".join(shared.not_taken(found, context)))


def _campaigns(campaigns: Sequence[str], found: GeoExperiment) -> Option:
    rest = [c for c in campaigns if c != found.campaign]
    return Option(
        name=shared.HOLDOUT,
        label="Campaign",
        choices=tuple((c, c) for c in (found.campaign, *rest)),
    )


def _days(name: str, label: str, most: int, whole: str) -> Option:
    shorter = tuple((str(n), f"{n}") for n in _WEEKS if n < most)
    return Option(name=name, label=label, choices=(("", f"{whole} {most}"), *shorter))


def _regions(found: GeoExperiment, context: Context) -> Option:
    """Each choice is the whole text that the URL would have: one region more, or one fewer."""
    out = shared.left_out(context)
    now = (context.view.option(shared.WITHOUT), ", ".join(out) if out else "none")
    kinds = dict(zip(found.regions, found.treated.tolist(), strict=True))
    back = [(",".join(r for r in out if r != name), f"take {name} back") for name in out]
    more = [
        (",".join((*out, name)), f"{name} ({'treated' if kinds[name] else 'held out'})")
        for name in found.regions
        if name not in out
    ]
    every = [("", "take all back")] if len(out) > 1 else []
    return Option(name=shared.WITHOUT, label="Leave out", choices=(now, *every, *back, *more))
