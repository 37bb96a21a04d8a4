"""Home and rankers: what recommendations bring, and which row earns its place."""

from portal.page import Page, Place, Section
from portal.tiles import (
    CatalogueSize,
    Findings,
    FirstPlay,
    Headline,
    Lines,
    Lorenz,
    RankerRates,
    Ranking,
    ScrollDepth,
    SlotRates,
)

PAGE = Page(
    path="/rankers",
    title="Home & rankers",
    question="What share comes from recommendations, which row earns its place, how far do "
    "people scroll?",
    unit="product",
    datasets=("playback", "impressions", "visits", "page_tops", "page_rows", "exposures"),
    filters=("country", "device", "plan", "ranker"),
    options=("rates",),
    sections=(
        Section(
            tiles=(
                Findings(
                    only=(
                        "recommendation_share",
                        "impressions.take_rate",
                        "visits.quick_play_rate",
                        "visits.scroll_depth",
                    )
                ),
            )
        ),
        Section(
            tiles=(
                Headline(metric="recommendation_share"),
                Headline(
                    metric="take_rate", place=Place(span=3, height=118, dataset="impressions")
                ),
                Headline(
                    metric="quick_play_rate", place=Place(span=3, height=118, dataset="visits")
                ),
                Headline(metric="scroll_depth", place=Place(span=3, height=118, dataset="visits")),
            )
        ),
        Section(
            title="Which row earns its place?",
            note="A row near the top is taken because it is near the top. Where titles are shown "
            "at random, that effect can be measured and taken out.",
            tiles=(
                RankerRates(
                    place=Place(
                        title="Take rate by ranker",
                        note="Plays of what was seen, with 95 % interval",
                        height=320,
                        dataset="impressions",
                    )
                ),
                SlotRates(
                    place=Place(
                        title="Take rate by row and column",
                        note="Rows from the top, columns from the left",
                        height=320,
                        dataset="impressions",
                    )
                ),
                Lines(
                    metric="take_rate",
                    by="ranker",
                    place=Place(
                        title="Is it changing?",
                        note="Take rate by ranker, as it is",
                        dataset="impressions",
                    ),
                ),
                Ranking(
                    metric="recommendation_share",
                    by="country",
                    shape="dot",
                    place=Place(
                        title="Where do recommendations carry most?",
                        note="Share of hours that began on a recommended row",
                        span=6,
                        height=280,
                    ),
                ),
            ),
        ),
        Section(
            title="How much of the catalogue do they reach?",
            tiles=(
                CatalogueSize(
                    place=Place(
                        title="Effective catalogue size", note="By hours viewed", span=4, height=260
                    )
                ),
                Lorenz(
                    place=Place(
                        title="How uneven is viewing?", note="Lorenz curve", span=4, height=260
                    )
                ),
                Ranking(
                    metric="hours_viewed",
                    by="title",
                    place=Place(
                        title="Which titles carry it?", note="Hours viewed", span=4, height=260
                    ),
                ),
            ),
        ),
        Section(
            title="Do they surprise, do they wear out?",
            note="Repeats describe, they do not prove: what suits somebody is shown to them again.",
            tiles=(
                Headline(
                    metric="personalisation",
                    place=Place(
                        note="How unlike two pages are", span=4, height=118, dataset="page_tops"
                    ),
                ),
                Headline(
                    metric="serendipity",
                    place=Place(
                        note="Played though not popular", span=4, height=118, dataset="page_rows"
                    ),
                ),
                Headline(
                    metric="exposure_decay",
                    place=Place(
                        note="Log-odds of a play, by how often seen",
                        span=4,
                        height=118,
                        dataset="exposures",
                    ),
                ),
            ),
        ),
        Section(
            title="How soon do they play, how far do they scroll?",
            tiles=(
                FirstPlay(
                    place=Place(
                        title="Time to first play",
                        note="Share of visits with a play by then; the rest is kept as censored",
                        height=300,
                        dataset="visits",
                    )
                ),
                ScrollDepth(
                    place=Place(
                        title="How far down do they look?",
                        note="Share of visits that see a row",
                        height=300,
                        dataset="visits",
                    ),
                ),
            ),
        ),
    ),
    order=20,
)
