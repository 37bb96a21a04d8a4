"""Playback quality: where playback is bad, since when, and how much viewing is at risk."""

from portal.page import Page, Place, Section
from portal.tiles import (
    Canary,
    CountryMap,
    Failures,
    Findings,
    Headline,
    Matrix,
    Outages,
    PeakConcurrency,
    QuantileDifference,
    QuantileFunctions,
    Ranking,
    Scorecard,
    SplitOptions,
    StandingOut,
    Trend,
)

PAGE = Page(
    path="/quality",
    title="Playback quality",
    question="Where is playback bad, and how much viewing is at risk?",
    unit="platform",
    datasets=("playback", "open_streams"),
    filters=("country", "device", "app_version", "cdn", "isp"),
    options=("split", "arm", "measure"),
    sections=(
        Section(
            tiles=(
                Findings(
                    only=(
                        "start_failure_rate",
                        "mean_startup_seconds",
                        "rebuffering_ratio",
                        "bitrate_kbps",
                    )
                ),
            )
        ),
        Section(
            tiles=(
                Headline(metric="startup_seconds"),
                Headline(metric="startup_seconds_p95"),
                Headline(metric="rebuffering_ratio"),
                Headline(metric="bitrate_kbps"),
            ),
        ),
        Section(
            title="Does it start, and does it last?",
            tiles=(
                Failures(
                    place=Place(title="What fails?", note="Share of attempts", span=7, height=300)
                ),
                Outages(
                    place=Place(
                        title="Where was an outage?",
                        note="Failed starts against the same place on other days",
                        span=5,
                        height=300,
                    )
                ),
            ),
        ),
        Section(
            title="Who starts slower than the others?",
            note="One value of a dimension against all others, over the whole distribution. "
            "Versions of the app roll out over time and to some devices: read it as a "
            "description, unless the split was randomised.",
            tiles=(
                SplitOptions(),
                QuantileFunctions(
                    place=Place(
                        title="The whole distribution",
                        note="With 95 % bands for all levels at once",
                        span=4,
                        height=320,
                    )
                ),
                QuantileDifference(
                    place=Place(
                        title="How far apart are they?",
                        note="Its quantiles less those of the others",
                        span=4,
                        height=320,
                    )
                ),
                Canary(
                    place=Place(
                        title="Would a monitor have stopped it?",
                        note="Canary: the largest gap, looked at daily",
                        span=4,
                        height=320,
                    )
                ),
                StandingOut(
                    place=Place(
                        title="What stands out?",
                        note="Each value against all others on the same devices",
                        span=12,
                        height=360,
                    )
                ),
            ),
        ),
        Section(
            title="On which network?",
            tiles=(
                Matrix(
                    metric="mean_startup_seconds",
                    rows="isp",
                    columns=("cdn", "device"),
                    place=Place(
                        title="Internet provider by delivery network and device",
                        note="Mean startup time, the largest providers",
                        span=12,
                        height=440,
                    ),
                ),
                CountryMap(
                    metric="startup_seconds_p95",
                    place=Place(
                        title="Where is the start slowest?",
                        note="Startup time that 95 % of plays stay below",
                        span=8,
                        height=380,
                    ),
                ),
                Ranking(
                    metric="abandoned_start_rate",
                    by="country",
                    rows=12,
                    shape="dot",
                    place=Place(
                        title="Where do viewers not wait for it?",
                        note="Left before the start, of all attempts",
                        span=4,
                        height=380,
                    ),
                ),
            ),
        ),
        Section(
            title="How much viewing is at risk?",
            note="An estimate with an outside assumption: Krishnan & Sitaraman 2012 found that "
            "viewers leave at 5.8% a second beyond two seconds of startup. It was not measured "
            "here.",
            tiles=(
                Headline(metric="hours_at_risk", place=Place(span=4, height=118)),
                Headline(metric="good_play_rate", place=Place(span=4, height=118)),
                Headline(metric="rebuffers_per_hour", place=Place(span=4, height=118)),
                Trend(
                    metric="hours_at_risk",
                    place=Place(
                        title="Day by day",
                        note="Hours at risk from slow starts",
                        span=8,
                        height=260,
                    ),
                ),
                Ranking(
                    metric="hours_at_risk",
                    by="app_version",
                    place=Place(
                        title="In which version?",
                        note="Hours at risk from slow starts",
                        span=4,
                        height=260,
                    ),
                ),
                PeakConcurrency(
                    place=Place(
                        title="How many streams at once?",
                        note="The fullest minute of each hour, UTC",
                        span=8,
                        height=260,
                    )
                ),
                Headline(
                    metric="peak_concurrency",
                    place=Place(
                        note="All streams at a full minute, whatever is filtered",
                        span=4,
                        height=118,
                        dataset="open_streams",
                    ),
                ),
                Scorecard(
                    metrics=("lateness_hours_p95", "late_share"),
                    place=Place(
                        title="Does the data arrive?",
                        note="From the start of a play to its arrival",
                        span=12,
                        height=118,
                    ),
                ),
            ),
        ),
    ),
    order=55,
)
