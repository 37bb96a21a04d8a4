"""Home and rankers: what recommendations bring, and which row earns its place."""

from portal.page import Page, Place, Section
from portal.tiles import (
    Breakdown,
    CatalogueSize,
    Findings,
    FirstPlay,
    Headline,
    Lines,
    Lorenz,
    Options,
    RankerRates,
    Ranking,
    Scorecard,
    ScrollDepth,
    SlotRates,
)
from portal.tiles.rankers import RATES

PAGE = Page(
    path="/rankers",
    title="Home & rankers",
    question="What share comes from recommendations, which row earns its place, how far do "
    "people scroll?",
    unit="product",
    datasets=(
        "playback",
        "impressions",
        "visits",
        "audience",
        "page_tops",
        "page_rows",
        "exposures",
    ),
    filters=("country", "device", "plan", "ranker", "row_band"),
    options=(RATES.name,),
    sections=(
        Section(
            tiles=(
                Findings(
                    only=(
                        "recommendation_share",
                        "impressions.take_rate",
                        "visits.quick_play_rate",
                        "visits.scroll_depth",
                    ),
                    by=("country", "device", "plan", "ranker"),
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
                Options(options=(RATES,)),
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
                        note="Rows from the top, columns from the left; a click keeps one slot",
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
                        span=5,
                        height=420,
                        dataset="impressions",
                    ),
                ),
                Breakdown(
                    metrics=("seen_impressions", "take_rate"),
                    by="title",
                    rows=8,
                    place=Place(
                        title="Which titles stand there?",
                        note="What was seen of the slots and rankers kept, with 95 % interval",
                        span=7,
                        height=420,
                        dataset="impressions",
                    ),
                ),
            ),
        ),
        Section(
            title="Does each row do what it is for?",
            tiles=(
                Headline(
                    metric="personal_size_uplift",
                    has_line=False,
                    place=Place(note="PVR and similar: a wider catalogue", span=3, height=96),
                ),
                Headline(
                    metric="trending_lift",
                    place=Place(
                        note="Trending: what draws now", span=3, height=96, dataset="impressions"
                    ),
                ),
                Headline(
                    metric="resume_rate",
                    place=Place(
                        note="Continue watching: back to what was left",
                        span=3,
                        height=96,
                        dataset="audience",
                    ),
                ),
                Headline(
                    metric="similar_row_relevance",
                    place=Place(
                        note="Similar: played two minutes or more",
                        span=3,
                        height=96,
                        dataset="impressions",
                    ),
                ),
            ),
        ),
        Section(
            title="Where do the hours begin?",
            tiles=(
                Scorecard(
                    metrics=(
                        "recommendation_share",
                        "search_share",
                        "autoplay_share",
                        "short_play_rate",
                    ),
                    place=Place(
                        title="Rows, searches, or the next episode by itself?",
                        note="Recommendations are of the hours that no autoplay began; the others "
                        "of all",
                        span=6,
                        height=280,
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
                Headline(
                    metric="browse_abandonment",
                    place=Place(span=4, height=118, dataset="visits"),
                ),
                Headline(
                    metric="impressions_per_play",
                    place=Place(span=4, height=118, dataset="impressions"),
                ),
                Headline(
                    metric="play_position",
                    place=Place(
                        note="Six columns a row", span=4, height=118, dataset="impressions"
                    ),
                ),
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
