"""Marketing: what did spend cause, what do channels claim, which creatives work."""

from portal.page import Page, Place, Section
from portal.tiles import (
    Breakdown,
    CampaignOutcome,
    Findings,
    GeoAttribution,
    GeoEffect,
    GeoOptions,
    GeoPlacebo,
    Headline,
    Ranking,
    SpendReturns,
)
from portal.tiles.geo_experiment import NAMES

PAGE = Page(
    path="/marketing",
    title="Marketing",
    question="What did spend cause, what do channels claim, and which creatives work?",
    unit="marketing",
    datasets=("marketing", "campaign_regions", "campaign_outcomes", "signups"),
    filters=("campaign", "country", "channel", "creative_kind"),
    options=NAMES,
    period="last 84 days",
    grain="week",
    sections=(
        Section(tiles=(Findings(changes=False),)),
        Section(
            title="What did it cause?",
            note="The newest campaign in view that left regions out, whatever the period. Regions "
            "are compared, so intervals cluster by them. Leaving some out by hand is a check.",
            tiles=(
                GeoOptions(),
                GeoEffect(
                    place=Place(
                        title="What a campaign brought",
                        note="Difference in differences, treated regions against those held out",
                        span=7,
                        height=270,
                        dataset="campaign_regions",
                    )
                ),
                GeoAttribution(
                    place=Place(
                        title="Claimed against brought",
                        note="Sign-ups, with 95 % interval",
                        span=5,
                        height=270,
                        dataset="campaign_regions",
                    )
                ),
                CampaignOutcome(
                    place=Place(
                        title="Was it worth it?",
                        note="What one sign-up more cost and is worth, with 95 % interval",
                        span=12,
                        height=118,
                        dataset="campaign_outcomes",
                    )
                ),
                GeoPlacebo(
                    place=Place(
                        title="When did it show?",
                        note="Treated less held out, week by week",
                        span=7,
                        height=320,
                        dataset="campaign_regions",
                    )
                ),
                SpendReturns(
                    place=Place(
                        title="Do returns diminish?",
                        note="Weeks of a campaign in a region, against its usual",
                        span=5,
                        height=320,
                        dataset="marketing",
                    )
                ),
            ),
        ),
        Section(
            title="What was spent, what is claimed?",
            tiles=(
                Headline(metric="spend"),
                Headline(metric="attributed_cpa"),
                Headline(metric="attributed_signups"),
                Headline(metric="paid_share", place=Place(span=3, height=118, dataset="signups")),
                Ranking(
                    metric="spend",
                    by="campaign",
                    place=Place(title="Where does it go?", note="Spend", span=6, height=300),
                ),
                Ranking(
                    metric="attributed_cpa",
                    by="campaign",
                    shape="dot",
                    place=Place(
                        title="What does a claimed sign-up cost?",
                        note="Spend over attributed sign-ups",
                        span=6,
                        height=300,
                    ),
                ),
            ),
        ),
        Section(
            title="Which creatives work?",
            note="Trailers are watched to the end or not; stills, thumbnails and texts are not "
            "videos. Kinds were not shown at random: they describe, they do not prove.",
            tiles=(
                Breakdown(
                    metrics=(
                        "spend",
                        "impressions",
                        "cpm",
                        "click_rate",
                        "completes_per_thousand",
                        "attributed_cpa",
                    ),
                    by="creative_kind",
                    place=Place(
                        title="By kind of creative",
                        note="Trailers, stills, thumbnails, search texts",
                        span=12,
                        height=240,
                    ),
                ),
                Breakdown(
                    metrics=("spend", "click_rate", "completes_per_thousand", "attributed_cpa"),
                    by="creative",
                    rows=15,
                    place=Place(
                        title="By creative", note="The 15 with most spend", span=12, height=560
                    ),
                ),
            ),
        ),
    ),
    order=44,
)
