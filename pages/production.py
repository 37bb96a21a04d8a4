"""Production and post: what is late, what will be late, where work waits."""

from portal.page import Page, Place, Section
from portal.tiles import (
    AgeingWork,
    Breakdown,
    CumulativeFlow,
    CycleTimes,
    Deliveries,
    EarnedValue,
    Findings,
    Headline,
    Option,
    Options,
    QueueWaits,
    Ranking,
    ScheduleSlip,
    Scorecard,
    Trend,
)
from portal.tiles.deliveries import CAPACITY, STAGE

_CAPACITY = Option(
    name=CAPACITY.name,
    label="What if capacity were",
    choices=(("", "as it is"), ("1.25", "1.25 times"), ("1.5", "1.5 times"), ("2", "2 times")),
)
_STAGES = Option(
    name=STAGE,
    label="at",
    choices=(
        ("", "VFX"),
        ("editorial", "Editorial"),
        ("sound", "Sound"),
        ("colour", "Colour"),
        ("localisation", "Localisation"),
        ("qc", "QC"),
        ("delivery", "Delivery"),
    ),
)

PAGE = Page(
    path="/production",
    title="Production & post",
    question="What is late, what will be late, and where does work wait?",
    unit="studio",
    datasets=("post_production", "shooting", "productions"),
    filters=("stage", "vendor", "production", "kind"),
    options=(CAPACITY.name, STAGE),
    sections=(
        Section(tiles=(Findings(changes=False),)),
        Section(
            tiles=(
                Headline(metric="wait_share"),
                Headline(metric="flow_efficiency"),
                Headline(metric="rework_rate"),
                Headline(metric="finished"),
            )
        ),
        Section(
            title="Where does work wait?",
            tiles=(
                QueueWaits(
                    place=Place(
                        title="Which vendor keeps work waiting?",
                        note="Days in the queue before a stage, mean of finished tasks",
                        span=8,
                        height=262,
                    )
                ),
                Ranking(
                    metric="wait_share",
                    by="stage",
                    ordered=True,
                    shape="dot",
                    place=Place(
                        title="Which stage is mostly waiting?",
                        note="Queue wait over cycle time, finished tasks, with 95 % interval",
                        span=4,
                        height=262,
                    ),
                ),
            ),
        ),
        Section(
            title="When will it be delivered?",
            tiles=(
                Options(options=(_CAPACITY, _STAGES)),
                Deliveries(
                    place=Place(
                        title="Delivery of what is in post",
                        note="Forecast with 80 % interval, against the planned day",
                        span=12,
                        height=420,
                    )
                ),
            ),
        ),
        Section(
            title="How does work flow?",
            tiles=(
                CumulativeFlow(
                    place=Place(
                        title="Cumulative flow",
                        note="Tasks by stage at the end of each day (UTC)",
                        span=8,
                        height=340,
                    )
                ),
                AgeingWork(
                    place=Place(
                        title="What is getting old?",
                        note="Open tasks at the end of the period",
                        span=4,
                        height=340,
                    )
                ),
                CycleTimes(
                    place=Place(
                        title="How long does a task take?",
                        note="Finished tasks by day, queue to end",
                        span=8,
                        height=340,
                    )
                ),
                Trend(
                    metric="work_in_progress",
                    place=Place(
                        title="Work in progress",
                        note="Open tasks at the end of a day",
                        span=4,
                        height=340,
                    ),
                ),
            ),
        ),
        Section(
            title="Do shoots keep to cost and schedule?",
            note="Earned value in pages of the script, since the first day of every shoot.",
            tiles=(
                EarnedValue(
                    place=Place(
                        title="Planned, earned, spent",
                        note="Cumulated, US dollars",
                        span=8,
                        height=340,
                        dataset="shooting",
                    )
                ),
                Scorecard(
                    metrics=("budget_variance", "pages_per_day", "overtime_share", "weather_loss"),
                    place=Place(
                        title="Shoot days in the period",
                        note="Intervals cluster by production",
                        span=4,
                        height=340,
                        dataset="shooting",
                    ),
                ),
                Breakdown(
                    metrics=("cost_usd", "cpi", "spi", "budget_variance", "cost_per_day"),
                    by="production",
                    rows=12,
                    has_interval=False,
                    place=Place(
                        title="Which shoot?",
                        note="Shoot days in the period; one production has no interval",
                        span=12,
                        height=460,
                        dataset="shooting",
                    ),
                ),
            ),
        ),
        Section(
            title="Do we deliver on time?",
            tiles=(
                ScheduleSlip(
                    place=Place(
                        title="How late are deliveries?",
                        note="Share not delivered yet, by days after the planned delivery",
                        span=12,
                        height=320,
                        dataset="productions",
                    )
                ),
                Scorecard(
                    metrics=("on_time", "slip", "estimate_usd", "overrun"),
                    place=Place(
                        title="Productions due in the period",
                        note="By planned delivery; what is not delivered is late",
                        span=12,
                        height=130,
                        dataset="productions",
                    ),
                ),
            ),
        ),
    ),
    period="last 182 days",
    compare="none",
    order=51,
)
