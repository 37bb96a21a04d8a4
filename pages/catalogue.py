"""Catalogue and licences: which windows end, what they are worth, what is unused."""

from portal.page import Page, Place, Section
from portal.tiles import Breakdown, Findings, Ranking, Scorecard
from portal.tiles.genre_gap import GenreGap
from portal.tiles.licences import (
    CHOICES,
    HORIZON,
    THRESHOLD,
    EndingCosts,
    EndingTitles,
    EndingVerdict,
)
from portal.tiles.unwatched import Unwatched
from portal.tiles.window_ends import WindowEnds

PAGE = Page(
    path="/catalogue",
    title="Catalogue & licences",
    question="Which windows end, what are they worth, and what is unused?",
    unit="content",
    datasets=("licences", "licensed_viewing"),
    filters=("country", "genre", "kind", "title", "ends_week"),
    options=(HORIZON, THRESHOLD),
    sections=(
        Section(tiles=(Findings(changes=False),)),
        Section(
            tiles=(
                CHOICES,
                EndingVerdict(
                    place=Place(
                        title="What ends soon?",
                        note="Licence windows by title and country",
                        span=5,
                        height=320,
                    )
                ),
                WindowEnds(
                    place=Place(
                        title="When do windows end?",
                        note="As high as the hours at stake; click a week",
                        span=7,
                        height=320,
                    )
                ),
            )
        ),
        Section(
            title="Renew or drop?",
            tiles=(
                EndingTitles(
                    rows=12,
                    place=Place(
                        title="Titles that end",
                        note="The most watched first",
                        span=12,
                        height=490,
                    ),
                ),
                EndingCosts(
                    rows=16,
                    place=Place(
                        title="What does an hour cost, here and in its place?",
                        note="The dearest against their substitutes; fees spread over the window",
                        span=7,
                        height=480,
                    ),
                ),
                Ranking(
                    metric="licence_value",
                    by="genre",
                    rows=13,
                    shape="dot",
                    place=Place(
                        title="Hours per licence dollar",
                        note="All licensed windows; intervals cluster by title",
                        span=5,
                        height=480,
                    ),
                ),
            ),
        ),
        Section(
            title="What is unused, and what is missing?",
            tiles=(
                Scorecard(
                    metrics=("utilisation", "coverage", "idle_fee_share", "licence_value"),
                    place=Place(
                        title="Of what could be played",
                        note="In the last 28 complete days; used by a member, inside a window",
                        span=12,
                        height=80,
                    ),
                ),
                Unwatched(
                    place=Place(
                        title="Paid for, not watched",
                        note="Licensed titles without an hour, by four weeks' fees",
                        span=7,
                        height=420,
                    )
                ),
                GenreGap(
                    place=Place(
                        title="Do we offer what is watched?",
                        note="Share of hours against share of what could be played",
                        span=5,
                        height=420,
                    )
                ),
                Breakdown(
                    metrics=("hours_28_days", "titles", "fee_usd", "utilisation"),
                    by="fee",
                    place=Place(
                        title="Is the fee known?",
                        note="Titles of our own have none",
                        span=6,
                        height=150,
                    ),
                ),
                Breakdown(
                    metrics=("hours_28_days", "titles", "fee_usd", "utilisation"),
                    by="release",
                    place=Place(
                        title="Is the release date known?",
                        note="Those without one are kept, not dropped",
                        span=6,
                        height=150,
                    ),
                ),
                Ranking(
                    metric="utilisation",
                    by="country",
                    rows=14,
                    shape="dot",
                    place=Place(
                        title="Where is the catalogue used?",
                        note="Titles with a play, of those that could be played there",
                        span=6,
                        height=400,
                    ),
                ),
                Ranking(
                    metric="utilisation",
                    by="genre",
                    rows=14,
                    shape="dot",
                    place=Place(
                        title="Which genres are used?",
                        note="Titles with a play, of those that could be played",
                        span=6,
                        height=400,
                    ),
                ),
            ),
        ),
    ),
    period="all",
    compare="none",
    compares=False,
    has_period=False,
    order=33,
)
