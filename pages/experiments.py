"""Experiments: is the test healthy, did it work, for whom, and what follows."""

from dataclasses import replace

from portal.page import Page, Place, Section
from portal.tiles import (
    ExperimentDays,
    ExperimentEffects,
    ExperimentGuardrails,
    ExperimentList,
    ExperimentOptions,
    ExperimentPower,
    ExperimentRatio,
    ExperimentSegments,
    ExperimentVerdict,
    Findings,
    SegmentsAfter,
)
from portal.tiles.experiment import HORIZON, OPTIONS
from portal.view import View
from queries.catalog import Catalog


def sections(_catalog: Catalog, view: View) -> tuple[Section, ...]:
    """Experiments to pick from, or the one that is picked in depth."""
    if len(view.values("experiment")) != 1:
        return _ALL
    return (*_ONE, _for_whom(SegmentsAfter if view.option(HORIZON.name) else ExperimentSegments))


def _for_whom(segments: type[ExperimentSegments | SegmentsAfter]) -> Section:
    """Segments of all days, or as they stood after so many."""
    dataset = "experiment_days" if segments is SegmentsAfter else "experiments"
    return Section(
        title="For whom?",
        note="What accounts are split by was so before they were allocated.",
        tiles=(
            segments(
                by=("tenure", "prior_viewing", "signup_channel"),
                place=Place(
                    title="By what they were before",
                    note="Tenure, viewing in the 28 days before, sign-up channel",
                    span=6,
                    height=460,
                    dataset=dataset,
                ),
            ),
            segments(
                by=("country",),
                place=Place(
                    title="By country",
                    note="Home country of the account",
                    span=6,
                    height=460,
                    dataset=dataset,
                ),
            ),
        ),
    )


_FINDINGS = Section(tiles=(Findings(changes=False),))
_ALL = (
    _FINDINGS,
    Section(
        tiles=(
            ExperimentList(
                place=Place(
                    title="What came of them?",
                    note="The newest first. Choose one to see why",
                    span=12,
                    height=300,
                )
            ),
        )
    ),
)
_ONE = (
    _FINDINGS,
    Section(
        tiles=(
            ExperimentVerdict(
                place=Place(
                    title="What to do?",
                    note="By rules that were there before the result",
                    span=7,
                    height=280,
                )
            ),
            ExperimentRatio(
                place=Place(
                    title="Is it healthy?",
                    note="Accounts by cell, against the plan",
                    span=5,
                    height=280,
                )
            ),
        )
    ),
    Section(
        title="Did it work?",
        note="Relative to the control, with accounts that did nothing counted as zeros.",
        tiles=(
            ExperimentOptions(),
            ExperimentEffects(
                place=Place(
                    title="Effect on every metric",
                    note="With and without adjusting by what accounts did before (CUPED)",
                    span=7,
                    height=420,
                )
            ),
            ExperimentPower(
                place=Place(
                    title="How small an effect can it find?",
                    note="Smallest effect found with a chance of 80 %",
                    span=5,
                    height=420,
                )
            ),
            ExperimentDays(
                place=Place(
                    title="How did it come about?",
                    note="Effect on the primary metric up to each day",
                    span=6,
                    height=340,
                    dataset="experiment_days",
                )
            ),
            ExperimentGuardrails(
                place=Place(
                    title="Did a guardrail get worse?",
                    note="What must not, with Holm’s correction over all of them",
                    span=6,
                    height=340,
                )
            ),
        ),
    ),
)


def one_experiment(page: Page, query: str, _catalog: Catalog) -> Page:
    """The page of one experiment carries its name."""
    chosen = View.from_url(query, ("experiment",)).values("experiment")
    return replace(page, title=chosen[0]) if len(chosen) == 1 else page


PAGE = Page(
    path="/experiments",
    title="Experiments",
    question="Is the test healthy, did it work, for whom, and what follows?",
    unit="all",
    datasets=("experiments", "experiment_days"),
    filters=("experiment", "country", "signup_channel", "tenure", "prior_viewing"),
    options=OPTIONS,
    arrange=sections,
    become=one_experiment,
    arranged_by=("experiment", HORIZON.name),
    period="all",
    compare="none",
    compares=False,
    has_period=False,
    order=60,
)
