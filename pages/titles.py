"""Title scorecard: is the launch on curve, who starts, who stays."""

from dataclasses import replace

from portal.page import Page, Place, Section
from portal.tiles import (
    Abandonment,
    Breakdown,
    Findings,
    Headline,
    Launch,
    Ranking,
    Scorecard,
    Trend,
)
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
            Launch(
                place=Place(
                    title="How do launches go?",
                    note="Hours viewed since release",
                    span=8,
                    height=320,
                )
            ),
            Abandonment(
                place=Place(
                    title="Where do people leave?", note="Plays of any title still going", span=4
                )
            ),
        )
    ),
)
_ONE = (
    Section(tiles=(Findings(why=("title_age",)),)),
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
            Launch(
                place=Place(
                    title="Since release",
                    note="Hours viewed, cumulated, among all launches",
                    span=8,
                    height=320,
                )
            ),
            Scorecard(
                metrics=("starters", "watchers", "finishers", "watcher_rate", "finisher_rate"),
                place=Place(
                    title="Who starts, watches, finishes?",
                    note="Accounts in the period",
                    span=4,
                    height=320,
                ),
            ),
        ),
    ),
    Section(
        title="Who stays?",
        tiles=(
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
    datasets=("playback",),
    filters=("title", "country", "device", "genre"),
    arrange=sections,
    become=one_title,
    arranged_by=("title",),
    period="last 84 days",
    order=30,
)
