"""Title scorecard: is the launch on curve, who starts, who stays."""

from dataclasses import replace

from portal.page import Page, Place, Section
from portal.tiles import (
    Abandonment,
    Breakdown,
    Findings,
    Headline,
    Launch,
    Options,
    Ranking,
    Scorecard,
    Trend,
)
from portal.tiles.efficiency import Efficiency
from portal.tiles.funnel import Funnel
from portal.tiles.launch import AGAINST, WITHOUT
from portal.tiles.launch_comparables import LaunchComparables
from portal.tiles.launch_list import LaunchList
from portal.tiles.launch_standing import LaunchStanding
from portal.tiles.reach import LaunchReach, LaunchScorecard
from portal.view import View
from queries.catalog import Catalog


def sections(_catalog: Catalog, view: View) -> tuple[Section, ...]:
    """All titles to pick from, or one of them in depth."""
    return _ONE if view.values("title") else _ALL


_ALL = (
    Section(tiles=(Findings(why=("title_age",)),)),
    Section(
        tiles=(
            Breakdown(
                metrics=(
                    "hours_viewed",
                    "starters",
                    "watcher_rate",
                    "finisher_rate",
                    "early_drop_rate",
                ),
                by="title",
                rows=25,
                place=Place(
                    title="Which title?", note="Choose one for its scorecard", span=12, height=560
                ),
            ),
            LaunchList(
                place=Place(
                    title="Which launches are on curve?",
                    note="The newest first; choose one for its curve",
                    span=12,
                    height=320,
                )
            ),
            Launch(
                place=Place(
                    title="How do launches go?",
                    note="Views since release, cumulated",
                    span=8,
                    height=320,
                )
            ),
            Abandonment(
                place=Place(
                    title="Where do people leave?", note="Plays of any title still going", span=4
                )
            ),
            Efficiency(
                place=Place(
                    title="Which launches earn their cost?",
                    note="Share of adjusted hours over share of cost, against reach",
                    span=8,
                    height=360,
                    dataset="title_value",
                )
            ),
            LaunchReach(
                metric="mean_reach",
                by="genre",
                rows=12,
                place=Place(
                    title="How far do launches reach?",
                    note="Starters in 28 days, mean over launches",
                    span=4,
                    height=360,
                    dataset="launch_reach",
                ),
            ),
            Breakdown(
                metrics=("views", "cost_per_view", "completers", "cost_per_completer"),
                by="title",
                has_interval=False,
                place=Place(
                    title="What does a view cost?",
                    note="Launches whose 28 days are over; each was counted: no interval",
                    span=12,
                    height=360,
                    dataset="launches",
                ),
            ),
        )
    ),
)
_ONE = (
    # Not of views: of one title they are its hours again.
    Section(
        tiles=(Findings(only=("hours_viewed", "starters", "finisher_rate"), why=("title_age",)),)
    ),
    Section(
        tiles=(
            Headline(metric="hours_viewed"),
            Headline(metric="views"),
            Headline(metric="starters"),
            Headline(metric="finisher_rate"),
        )
    ),
    Section(
        title="Is the launch on curve?",
        tiles=(
            Options(options=(AGAINST,)),
            LaunchStanding(
                place=Place(
                    title="Where does it stand?",
                    note="By its last complete day, and forecasts with 80 % intervals",
                    span=12,
                    height=84,
                )
            ),
            Launch(
                place=Place(
                    title="Since release",
                    note="Cumulated; days to come are dashed",
                    span=8,
                    height=320,
                )
            ),
            Funnel(
                metrics=("starters", "watchers", "finishers"),
                of="accounts",
                note="Started: two minutes of it. Watched, finished: 70 and 90 % of the film or of "
                "an episode.",
                place=Place(
                    title="Who starts, watches, finishes?",
                    note="Accounts in the period, of those who start",
                    span=4,
                    height=320,
                ),
            ),
            Scorecard(
                metrics=("starters", "watchers", "finishers", "watcher_rate", "finisher_rate"),
                place=Place(
                    title="And against before?", note="Accounts in the period", span=12, height=84
                ),
            ),
            LaunchComparables(
                place=Place(
                    title="Which launches is it held against?",
                    note="The most alike first; choose one to leave it out",
                    span=12,
                    height=320,
                    dataset="launches",
                )
            ),
        ),
    ),
    Section(
        title="How far does it reach, and does it earn its cost?",
        tiles=(
            LaunchReach(
                by="country",
                rows=12,
                place=Place(
                    title="Where did most start it?",
                    note="Of the accounts active in its first 28 days",
                    span=4,
                    height=400,
                    dataset="launch_reach",
                ),
            ),
            Efficiency(
                place=Place(
                    title="Efficiency against reach",
                    note="Among all launches whose 28 days are over",
                    span=8,
                    height=400,
                    dataset="title_value",
                )
            ),
            LaunchScorecard(
                metrics=("views", "cost_per_view", "completers", "cost_per_completer"),
                place=Place(
                    title="What does a view cost?",
                    note="In its first 28 days",
                    span=8,
                    height=84,
                    dataset="launches",
                ),
            ),
            Scorecard(
                metrics=("travel_share", "subtitled_share"),
                place=Place(title="Does it travel?", note="Of the hours viewed", span=4, height=84),
            ),
        ),
    ),
    Section(
        title="Who stays?",
        tiles=(
            Scorecard(
                metrics=("completion_rate", "episodes_per_starter", "binge_rate", "days_to_finish"),
                leads=("/inside", "/inside", "/inside", "/inside"),
                pending="Nobody who began it has had 28 days yet.",
                place=Place(
                    title="Do they finish it?",
                    note="Within 28 days of the first play; a click on a name opens the inside",
                    span=12,
                    height=84,
                    dataset="audience",
                ),
            ),
            Abandonment(
                place=Place(
                    title="Where do people leave?",
                    note="Plays still going, by position",
                    height=300,
                )
            ),
            Ranking(
                metric="finisher_rate",
                by="device",
                shape="dot",
                place=Place(
                    title="On which device do they finish?",
                    note="Finishers per starter",
                    span=6,
                    height=300,
                ),
            ),
            Trend(
                metric="hours_viewed",
                place=Place(title="Day by day", note="Hours viewed", span=8),
            ),
            Ranking(
                metric="hours_viewed",
                by="country",
                place=Place(title="Where?", note="Hours viewed", span=4, height=280),
            ),
        ),
    ),
)


def one_title(page: Page, query: str, _catalog: Catalog) -> Page:
    """The page of one title carries its name."""
    chosen = View.from_url(query, ("title",)).values("title")
    if len(chosen) != 1:
        return page
    return replace(page, title=chosen[0])


PAGE = Page(
    path="/titles",
    title="Title scorecard",
    question="Is the launch on curve, who starts, who watches, who finishes?",
    unit="content",
    datasets=("playback", "title_value", "launch_reach", "launches", "audience"),
    filters=("title", "country", "device", "genre"),
    options=(AGAINST.name, WITHOUT),
    arrange=sections,
    become=one_title,
    arranged_by=("title",),
    period="last 84 days",
    order=30,
)
