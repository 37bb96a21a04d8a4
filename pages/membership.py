"""Membership: who joins, stays, leaves and returns."""

from portal.page import Page, Place, Section
from portal.tiles import (
    Churn,
    CohortOptions,
    CohortTriangle,
    Findings,
    Hazard,
    Headline,
    MemberFlow,
    PriceChurn,
    Ranking,
    TenureCurves,
)
from portal.tiles.cohort_options import NAMES

PAGE = Page(
    path="/membership",
    title="Membership",
    question="Who joins, stays, leaves, returns, and what do prices do to it?",
    unit="membership",
    datasets=("churn", "billing", "memberships", "cohorts", "prices"),
    filters=("country", "plan", "signup_channel"),
    options=NAMES,
    sections=(
        Section(tiles=(Findings(),)),
        Section(
            tiles=(
                Headline(metric="members"),
                Headline(metric="monthly_revenue_usd"),
                Headline(metric="gross_churn"),
                Headline(metric="net_churn"),
            )
        ),
        Section(
            tiles=(
                MemberFlow(
                    place=Place(
                        title="Who came, who left?",
                        note="Accounts, over the period",
                        span=6,
                        height=320,
                        dataset="churn",
                    )
                ),
                Churn(
                    place=Place(
                        title="How many leave?",
                        note="Gross and net churn a month",
                        span=6,
                        height=320,
                        dataset="churn",
                    )
                ),
            ),
        ),
        Section(
            title="Who stays?",
            tiles=(
                CohortOptions(),
                CohortTriangle(
                    place=Place(
                        title="Of those who joined together, who is still there?",
                        note="Share still member, by months since joining",
                        span=12,
                        height=560,
                        dataset="cohorts",
                    )
                ),
                TenureCurves(
                    by="plan",
                    place=Place(
                        title="Which plan keeps them?",
                        note="Share still member, all memberships since the first",
                        span=6,
                        height=420,
                        dataset="memberships",
                    ),
                ),
                TenureCurves(
                    by="signup_channel",
                    place=Place(
                        title="Which channel brings those who stay?",
                        note="Share still member, all memberships since the first",
                        span=6,
                        height=420,
                        dataset="memberships",
                    ),
                ),
            ),
        ),
        Section(
            title="Who leaves, and why?",
            tiles=(
                Hazard(
                    place=Place(
                        title="When do they leave?",
                        note="Of those who reach a month, the share that leaves in it",
                        span=6,
                        height=300,
                        dataset="cohorts",
                    )
                ),
                PriceChurn(
                    place=Place(
                        title="What did the last price change do?",
                        note="Voluntary churn a month",
                        span=6,
                        height=300,
                        dataset="churn",
                    )
                ),
                Ranking(
                    metric="gross_churn",
                    by="signup_channel",
                    shape="dot",
                    place=Place(title="By sign-up channel", note="Gross churn a month", span=4),
                ),
                Ranking(
                    metric="gross_churn",
                    by="country",
                    shape="dot",
                    place=Place(title="By country", note="Gross churn a month", span=4),
                ),
                Ranking(
                    metric="cancels",
                    by="reason",
                    place=Place(
                        title="What they say", note="Cancels by reason", span=4, dataset="billing"
                    ),
                ),
            ),
        ),
        Section(
            title="Who is won back?",
            tiles=(
                Headline(
                    metric="payment_recovery",
                    place=Place(span=3, height=118, dataset="billing"),
                ),
                Headline(
                    metric="involuntary_share",
                    place=Place(span=3, height=118, dataset="billing"),
                ),
                Headline(metric="rejoin_rate"),
                Headline(
                    metric="first_renewal_rate",
                    place=Place(span=3, height=118, dataset="memberships"),
                ),
            ),
        ),
    ),
    period="last 12 months",
    grain="month",
    order=40,
)
