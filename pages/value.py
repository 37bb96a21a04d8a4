"""Value & LTV: what a membership is worth, and when it has paid for itself."""

from portal.page import Page, Place, Section
from portal.tiles import (
    BidCaps,
    Breakdown,
    Findings,
    Headline,
    LifetimeFit,
    LifetimeValue,
    Payback,
    ValueApart,
    ValueOptions,
)
from portal.tiles.value_groups import NAMES

PAGE = Page(
    path="/value",
    title="Value & LTV",
    question="What is a membership worth, and when has it paid for itself?",
    unit="membership",
    datasets=("churn", "cohorts", "acquisition"),
    filters=("country", "plan", "signup_channel"),
    options=NAMES,
    sections=(
        Section(tiles=(Findings(),)),
        Section(
            tiles=(
                ValueOptions(),
                LifetimeValue(
                    place=Place(
                        title="What is a membership worth?",
                        note="Discounted margin in US dollars, cumulated",
                        span=12,
                        height=380,
                        dataset="cohorts",
                    )
                ),
            )
        ),
        Section(
            tiles=(
                ValueApart(
                    place=Place(
                        title="Whose memberships are worth more, and why?",
                        note="Value, pay a month and discounted months, as times the one held "
                        "against",
                        span=12,
                        height=320,
                        dataset="cohorts",
                    )
                ),
                LifetimeFit(
                    place=Place(
                        title="Does the curve fit?",
                        note="Share still member, observed and by the model",
                        span=6,
                        height=320,
                        dataset="cohorts",
                    )
                ),
                Payback(
                    place=Place(
                        title="When has a sign-up paid for itself?",
                        note="Discounted margin over the cost of a sign-up",
                        span=6,
                        height=320,
                        dataset="cohorts",
                    )
                ),
            )
        ),
        Section(
            title="What may a sign-up cost?",
            tiles=(
                BidCaps(
                    place=Place(
                        title="Bid caps",
                        note="What a sign-up of a paid channel is worth against what it costs",
                        span=12,
                        height=170,
                        dataset="cohorts",
                    )
                ),
            ),
        ),
        Section(
            title="What do they pay?",
            tiles=(
                Headline(metric="revenue_per_member_usd"),
                Headline(metric="net_revenue_retention"),
                Headline(
                    metric="cost_per_signup_usd",
                    place=Place(span=3, height=118, dataset="acquisition"),
                ),
                Headline(
                    metric="spend_usd", place=Place(span=3, height=118, dataset="acquisition")
                ),
                Breakdown(
                    metrics=("members", "revenue_per_member_usd", "gross_churn", "rejoin_rate"),
                    by="signup_channel",
                    rows=10,
                    place=Place(title="By sign-up channel", span=12, height=240),
                ),
                Breakdown(
                    metrics=("members", "revenue_per_member_usd", "gross_churn", "rejoin_rate"),
                    by="plan",
                    rows=10,
                    place=Place(title="By plan", span=12, height=210),
                ),
            ),
        ),
    ),
    period="last 12 months",
    grain="month",
    order=41,
)
