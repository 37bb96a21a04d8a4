"""Metrics & data health: whether a number can be trusted."""

from functools import partial

from portal.page import Page, Place, Section
from portal.routing import discover
from portal.tiles import (
    AnomalyLog,
    AnomalyMap,
    Findings,
    Headline,
    InvariantResults,
    Lateness,
    LevelShifts,
    MetricCatalog,
    MissingDays,
    TableStates,
    Trend,
)

WATCHED = (
    "hours_viewed",
    "plays",
    "start_failure_rate",
    "rebuffering_ratio",
    "mean_startup_seconds",
)

PAGE = Page(
    path="/health",
    title="Metrics & data health",
    question="Can I trust this number?",
    datasets=("playback", "visits", "searches"),
    filters=("country", "device"),
    options=("find", "unit"),
    period="last 84 days",
    compare="none",
    order=61,
    sections=(
        Section(tiles=(Findings(changes=False),)),
        Section(
            title="Is the data there?",
            tiles=(
                Headline(
                    metric="arrived_by_midnight",
                    place=Place(
                        title="Plays there by midnight",
                        note="UTC, at the day’s end",
                        span=4,
                        height=118,
                    ),
                ),
                Headline(metric="lateness_hours_p95", place=Place(span=4, height=118)),
                Headline(
                    metric="late_share", place=Place(note="Later than a day", span=4, height=118)
                ),
                TableStates(
                    place=Place(
                        title="How do the tables stand?",
                        note="Tables that were loaded, then those derived from them",
                        span=12,
                        height=420,
                    )
                ),
            ),
        ),
        Section(
            title="Which days are missing?",
            tiles=(
                MissingDays(
                    place=Place(
                        title="Plays",
                        note="Countries without any on a day, of the period",
                        span=12,
                        height=140,
                    )
                ),
            ),
        ),
        Section(
            title="How late does it come?",
            tiles=(
                *(
                    Lateness(
                        place=Place(
                            title=title,
                            note="Share that had arrived, by hours after the event",
                            span=4,
                            height=240,
                            dataset=dataset,
                        )
                    )
                    for dataset, title in (
                        ("playback", "Plays"),
                        ("visits", "Visits"),
                        ("searches", "Searches"),
                    )
                ),
                Trend(
                    metric="arrived_by_midnight",
                    from_zero=False,
                    place=Place(title="Plays there by midnight, day by day", span=12, height=220),
                ),
            ),
        ),
        Section(
            title="Does what must hold, hold?",
            tiles=(
                InvariantResults(
                    place=Place(
                        title="Invariants",
                        note="Tried on every load; a broken one marks every number of its table",
                        span=12,
                        height=360,
                    )
                ),
            ),
        ),
        Section(
            title="Which days are out of line?",
            note=(
                "Each day against a forecast made the day before, from 56 days of its own past. "
                "What is told is described, not explained."
            ),
            tiles=(
                AnomalyLog(
                    metrics=WATCHED,
                    by="country",
                    place=Place(title="Anomaly log", note="By country", span=7, height=360),
                ),
                AnomalyMap(
                    metrics=WATCHED,
                    by="country",
                    place=Place(title="All errors", note="By country", span=5, height=360),
                ),
                LevelShifts(
                    metrics=WATCHED,
                    by="country",
                    place=Place(
                        title="Which levels moved?",
                        note="By country; since when it stands elsewhere, and stays there",
                        span=12,
                        height=240,
                    ),
                ),
            ),
        ),
        Section(
            title="What does it mean?",
            tiles=(
                MetricCatalog(
                    pages=partial(discover, "pages"),
                    place=Place(
                        title="Every metric",
                        note="Open one for its definition and where it is shown",
                        span=12,
                        height=640,
                    ),
                ),
            ),
        ),
    ),
)
