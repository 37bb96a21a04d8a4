"""Search: whether searches succeed, and what people want that is not there."""

from portal.page import Page, Place, Section
from portal.tiles import Findings, Headline, Ranking, Trend
from portal.tiles.covering import Covering
from portal.tiles.funnel import Funnel
from portal.tiles.searching import Queries, QueryFlows
from portal.tiles.spellings import SPELLING, SPELLINGS, Spellings

PAGE = Page(
    path="/search",
    title="Search",
    question="Do searches succeed, and what do people want that is not there?",
    unit="product",
    datasets=("searches", "visits", "playback"),
    filters=("country", "device", "language", "intent", "plan"),
    options=(SPELLING,),
    sections=(
        Section(
            tiles=(
                Findings(
                    only=(
                        "search_success_rate",
                        "zero_result_rate",
                        "reformulation_rate",
                        "visits.searches_per_thousand_visits",
                        "click_rate",
                        "mean_reciprocal_rank",
                    ),
                    covering=(
                        Covering(
                            "zero_result_rate", "searches_in_vain", by="query", noun="queries"
                        ),
                    ),
                ),
            )
        ),
        Section(
            tiles=(
                Headline(metric="search_success_rate"),
                Headline(metric="zero_result_rate"),
                Headline(metric="reformulation_rate"),
                Headline(
                    metric="searches_per_thousand_visits",
                    place=Place(span=3, height=118, dataset="visits"),
                ),
            )
        ),
        Section(
            title="What do people want that is not there?",
            tiles=(
                SPELLINGS,
                Queries(
                    metrics=("searches_in_vain", "rows", "zero_result_rate"),
                    rows=12,
                    place=Place(
                        title="Unmet demand",
                        note="Queries by searches that found nothing, with 95 % interval",
                        span=7,
                        height=640,
                    ),
                ),
                Ranking(
                    metric="zero_result_rate",
                    by="language",
                    rows=20,
                    shape="dot",
                    place=Place(
                        title="In which language, and where is it growing?",
                        note="Searches without a result, of all, and how that changed",
                        span=5,
                        height=640,
                    ),
                ),
                Trend(
                    metric="unmet_demand_index",
                    place=Place(
                        title="Unmet demand over time",
                        note="Searches without a result per thousand",
                        span=6,
                    ),
                ),
                Ranking(
                    metric="zero_result_rate",
                    by="country",
                    shape="dot",
                    place=Place(
                        title="Where are searches in vain?",
                        note="Searches without a result, of all",
                        span=6,
                    ),
                ),
            ),
        ),
        Section(
            title="Do searches succeed?",
            tiles=(
                Funnel(
                    metrics=(
                        "rows",
                        "searches_found",
                        "searches_clicked",
                        "searches_played",
                        "searches_succeeded",
                    ),
                    of="searches",
                    first="Searched",
                    note="Searches, not accounts.",
                    place=Place(
                        title="From a search to a play",
                        note="Share of all searches that reach each step",
                        span=6,
                        height=300,
                    ),
                ),
                Ranking(
                    metric="search_success_rate",
                    by="query_length",
                    ordered=True,
                    shape="dot",
                    place=Place(
                        title="Does a longer query help?",
                        note="Searches with a play of two minutes, by keys typed",
                        span=6,
                        height=300,
                    ),
                ),
                Headline(metric="click_rate"),
                Headline(
                    metric="mean_reciprocal_rank",
                    place=Place(note="1: always the first result", span=3, height=118),
                ),
                Headline(metric="click_seconds", has_line=False),
                Headline(
                    metric="search_share", place=Place(span=3, height=118, dataset="playback")
                ),
                Ranking(
                    metric="search_success_rate",
                    by="intent",
                    shape="dot",
                    place=Place(
                        title="What do they succeed at?",
                        note="Searches with a play of two minutes, by what the query is after",
                        height=240,
                    ),
                ),
                Ranking(
                    metric="search_success_rate",
                    by="language",
                    shape="dot",
                    place=Place(
                        title="In which language?",
                        note="Searches with a play of two minutes",
                        height=240,
                    ),
                ),
            ),
        ),
        Section(
            title="Which queries, and where do they lead?",
            tiles=(
                Queries(
                    metrics=("rows", "search_success_rate", "reformulation_rate"),
                    rows=12,
                    place=Place(
                        title="Most typed",
                        note="Queries by searches, with 95 % interval",
                        span=6,
                        height=640,
                    ),
                ),
                QueryFlows(
                    place=Place(
                        title="From query to title",
                        note="Searches with a play of two minutes; a flow is a query and its title",
                        span=6,
                        height=640,
                    ),
                ),
                Spellings(
                    place=Place(
                        title="How are they spelled?",
                        note="The queries typed most in several ways, unfolded",
                        span=12,
                        height=420,
                    ),
                ),
            ),
        ),
    ),
    order=22,
)
