"""Inside the title: where people leave, pause, go back and skip, and whether they go on."""

from dataclasses import replace

from portal.page import Page, Place, Section
from portal.tiles import (
    Breakdown,
    Cohorts,
    EpisodeCurves,
    Findings,
    HazardMap,
    Headline,
    Ladder,
    Option,
    Options,
    Scenes,
    ScenesOfTitles,
    Scorecard,
    Timeline,
)
from portal.tiles.comparable_titles import ComparableTitles
from portal.tiles.episodes import SCENE
from portal.tiles.in_scene import InScene
from portal.view import View
from queries.catalog import Catalog


def sections(_catalog: Catalog, view: View) -> tuple[Section, ...]:
    """All titles to pick from, or the inside of one."""
    return _ONE if view.values("title") else _ALL


_TENTHS = range(0, 100, 10)
_COHORT = Option(
    name="cohort",
    label="Cohorts by",
    choices=(
        ("", "Device"),
        ("country", "Country"),
        ("plan", "Plan"),
        ("tenure", "Tenure"),
        ("signup_channel", "Sign-up channel"),
        ("source", "Source"),
        ("title_age", "Time since release"),
    ),
)
_SCENE = Option(
    name=SCENE,
    label="Scene",
    choices=(
        ("", "The one that loses most"),
        ("0-100", "All of it"),
        *((f"{at}-{at + 10}", f"{at}% to {at + 10}%") for at in _TENTHS),
    ),
)
_ALL = (
    Section(tiles=(Findings(changes=False),)),
    Section(
        tiles=(
            ScenesOfTitles(
                place=Place(
                    title="Which scene loses viewers?",
                    note="Seasons, against the same episode of all others; choose one",
                    span=12,
                    height=200,
                )
            ),
            Breakdown(
                metrics=(
                    "plays",
                    "early_drop_rate",
                    "pauses_per_hour",
                    "rewinds_per_hour",
                    "rewatch_share",
                    "fast_forward_share",
                ),
                by="title",
                rows=20,
                place=Place(
                    title="Which title?", note="Choose one to look inside", span=12, height=560
                ),
            ),
        )
    ),
)
_ONE = (
    Section(tiles=(Findings(),)),
    Section(
        tiles=(
            Headline(metric="early_drop_rate"),
            Headline(metric="pauses_per_hour"),
            Headline(metric="rewatch_share"),
            Headline(metric="fast_forward_share"),
        )
    ),
    Section(
        tiles=(
            Scorecard(
                metrics=("completion_rate", "episodes_per_starter", "binge_rate", "days_to_finish"),
                leads=("/titles", "/titles", "/titles", "/titles"),
                pending="Nobody who began it has had 28 days yet.",
                place=Place(
                    title="How many get to the end?",
                    note="Within 28 days of the first play; a click on a name opens the scorecard",
                    span=12,
                    height=84,
                    dataset="audience",
                ),
            ),
        )
    ),
    Section(
        title="Where do people leave?",
        tiles=(
            Options(options=(_SCENE,)),
            EpisodeCurves(
                place=Place(
                    title="Still watching, by position",
                    note="One episode with its 95 % band; dashed: comparables; drag marks a scene",
                    span=7,
                    height=340,
                )
            ),
            Scenes(
                place=Place(
                    title="Which scene loses viewers?",
                    note="Against the same episode of other titles",
                    span=5,
                    height=340,
                )
            ),
            InScene(
                place=Place(
                    title="What happens in the scene?",
                    note="Of those who come to it; a drag over a curve marks another one",
                    span=12,
                    height=96,
                )
            ),
            HazardMap(
                place=Place(
                    title="In which part of which episode?",
                    note="Of those who come to it, the share that leaves in it",
                    span=7,
                    height=280,
                )
            ),
            Ladder(
                place=Place(
                    title="Do they go on?",
                    note="Next episode within 28 days, of those who finished one",
                    span=5,
                    height=280,
                    dataset="episodes",
                )
            ),
        ),
    ),
    Section(
        title="Who leaves?",
        tiles=(
            Options(options=(_COHORT,)),
            Cohorts(
                place=Place(
                    title="By cohort",
                    note="Still watching, by position",
                    span=12,
                    height=400,
                )
            ),
        ),
    ),
    Section(
        title="What do they do on the way?",
        tiles=(
            Timeline(
                place=Place(
                    title="Pauses, rewinds, scenes watched twice, skips",
                    note="By position, of the episodes that are filtered to; drag marks a scene",
                    span=12,
                    height=400,
                    dataset="interactions",
                )
            ),
        ),
    ),
    Section(
        title="How do titles like it do?",
        tiles=(
            ComparableTitles(
                place=Place(
                    title="Comparable titles",
                    note="Those most like it and why; choose one to look inside",
                    span=12,
                    height=400,
                )
            ),
        ),
    ),
)


def one_title(page: Page, query: str, _catalog: Catalog) -> Page:
    """The page of one title carries its name."""
    chosen = View.from_url(query, ("title",)).values("title")
    if len(chosen) != 1:
        return page
    return replace(page, title=f"Inside {chosen[0]}")


PAGE = Page(
    path="/inside",
    title="Inside the title",
    question="Where do people leave, pause, rewind, rewatch and skip?",
    unit="content",
    datasets=("playback", "interactions", "episodes", "audience"),
    filters=("title", "episode", "country", "device", "plan"),
    options=(_COHORT.name, SCENE),
    arrange=sections,
    become=one_title,
    arranged_by=("title",),
    period="last 84 days",
    order=31,
)
