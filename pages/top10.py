"""Top 10: the lists as published, when they are loaded."""

from portal.page import Page, Place, Section
from portal.tiles import Breakdown, CountryMap, Headline, Lines, Trend

PAGE = Page(
    path="/top10",
    title="Top 10",
    question="What leads the published weekly lists, for how long, and where?",
    unit="content",
    datasets=("top10",),
    filters=("category", "kind", "language", "country"),
    period="last 12 weeks",
    grain="week",
    sections=(
        Section(
            tiles=(
                Headline(metric="hours_viewed"),
                Headline(metric="views"),
                Headline(metric="hours_per_view"),
                Headline(metric="titles"),
            )
        ),
        Section(
            tiles=(
                Breakdown(
                    metrics=(
                        "hours_viewed",
                        "views",
                        "hours_per_view",
                        "weeks",
                        "countries",
                        "best_rank",
                    ),
                    by="show",
                    rows=25,
                    place=Place(
                        title="What leads?",
                        note="Worldwide hours while listed; countries in whose lists it was",
                        span=12,
                        height=480,
                    ),
                ),
                Trend(
                    metric="hours_viewed",
                    place=Place(
                        title="How much do the lists carry?", note="Hours viewed a week", span=6
                    ),
                ),
                Lines(
                    metric="hours_viewed",
                    by="category",
                    shares=True,
                    place=Place(
                        title="Films or shows, English or not?", note="Share of hours", span=6
                    ),
                ),
                CountryMap(
                    metric="titles",
                    place=Place(
                        title="Where do lists turn over most?",
                        note="Different titles in a country’s lists",
                        span=12,
                        height=420,
                    ),
                ),
            ),
        ),
    ),
    order=34,
)
