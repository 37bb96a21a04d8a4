"""Ranker lab: what another policy would have earned on this log, and how well pages are ranked."""

from portal.page import Page, Place, Section
from portal.tiles import Breakdown, Findings, Ranking
from portal.tiles.policy_value import (
    EffectiveSample,
    GainBySegment,
    PolicyLadder,
)
from portal.tiles.policy_verdict import PolicyVerdict
from portal.tiles.policy_weights import PolicyWeights
from portal.tiles.ranker_lists import OPTIONS as SIDES
from portal.tiles.ranker_lists import QualityTradeOff, RankersSideBySide, SideOptions
from portal.tiles.ranking_quality import CalibrationRanking, RankerTradeOff, RankingQuality
from portal.tiles.slate_value import SlateValue
from portal.tiles.target_policy import OPTIONS, PolicyOptions

PAGE = Page(
    path="/ranker-lab",
    title="Ranker lab",
    question="What would another policy have earned on this log, and may the log say so?",
    unit="product",
    datasets=("impressions", "page_requests", "page_rows", "calibration", "ranker_calibration"),
    filters=("country", "device", "plan", "tenure", "ranker", "explore"),
    options=(*OPTIONS, *SIDES),
    compare="none",
    sections=(
        Section(tiles=(Findings(changes=False),)),
        Section(
            tiles=(
                PolicyOptions(),
                PolicyVerdict(
                    place=Place(
                        title="What may be concluded?",
                        note="Estimated from the log, not tried: an experiment decides",
                        span=12,
                        height=120,
                    )
                ),
            )
        ),
        Section(
            title="What would it have earned?",
            tiles=(
                PolicyLadder(
                    place=Place(
                        title="The ladder of estimators",
                        note="Reward per seen slot, 95 % interval; dotted: what the log earned",
                        span=8,
                        height=360,
                    )
                ),
                EffectiveSample(
                    place=Place(
                        title="How much of the log counts?",
                        note="Effective sample size",
                        span=4,
                        height=150,
                    )
                ),
                PolicyWeights(
                    place=Place(
                        title="Which rows carry it?",
                        note="Share of seen rows by weight; beyond the clip in colour",
                        span=8,
                        height=300,
                    )
                ),
                SlateValue(
                    place=Place(
                        title="And whole pages?",
                        note="Plays per page, 95 % interval",
                        span=4,
                        height=200,
                        dataset="page_requests",
                    )
                ),
                GainBySegment(
                    by="device",
                    place=Place(
                        title="On which device does it gain?",
                        note="Over the log, 95 % interval; exploratory",
                        height=280,
                    ),
                ),
                GainBySegment(
                    by="ranker",
                    place=Place(
                        title="In which row does it gain?",
                        note="Over the log, 95 % interval; exploratory",
                        height=280,
                    ),
                ),
            ),
        ),
        Section(
            title="How well does each ranker order its rows?",
            tiles=(
                SideOptions(),
                RankersSideBySide(
                    place=Place(
                        title="Rankers side by side",
                        note="Lists are rows; k and viewport as chosen above",
                        span=12,
                        height=420,
                        dataset="page_rows",
                    )
                ),
                QualityTradeOff(
                    place=Place(
                        title="What is given up for what?",
                        note="Quality of the order against what the rows are like",
                        height=340,
                        dataset="page_rows",
                    )
                ),
                RankerTradeOff(
                    place=Place(
                        title="What does a row earn, and how much does it show?",
                        note="Take index with position taken out, against how evenly it shows",
                        height=340,
                    )
                ),
                Breakdown(
                    metrics=("titles_seen", "exposure_gini"),
                    by="ranker",
                    place=Place(
                        title="How much of the catalogue does it cover?",
                        note="Different titles seen, a count without an interval, and their Gini",
                        height=300,
                    ),
                ),
                CalibrationRanking(
                    metric="ranker_miscalibration",
                    by="ranker",
                    shape="dot",
                    place=Place(
                        title="Which shows genres as they are watched?",
                        note="C_KL in nats at ten titles each, natural logarithm, α = 0.01; all "
                        "whole months, one account in eight",
                        height=300,
                        dataset="ranker_calibration",
                    ),
                ),
            ),
        ),
        Section(
            title="How well are whole pages ranked?",
            tiles=(
                RankingQuality(
                    by="device",
                    place=Place(
                        title="Ranking quality",
                        note="By device; k and viewport as chosen above",
                        span=12,
                        height=290,
                        dataset="page_requests",
                    ),
                ),
                CalibrationRanking(
                    metric="miscalibration",
                    by="shown",
                    ordered=True,
                    shape="dot",
                    place=Place(
                        title="Are genres shown as they are watched?",
                        note="C_KL in nats, α = 0.01, natural logarithm, by titles shown to an "
                        "account in a month; all whole months",
                        span=6,
                        height=200,
                        dataset="calibration",
                    ),
                ),
                Ranking(
                    metric="diversity",
                    by="device",
                    shape="dot",
                    place=Place(
                        title="Diversity by device",
                        note="Intra-list diversity of the rows seen",
                        span=6,
                        height=200,
                        dataset="page_rows",
                    ),
                ),
            ),
        ),
    ),
    order=21,
)
