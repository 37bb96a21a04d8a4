"""The kinds of tile a page may show, one a module."""

from portal.tiles.anomalies import AnomalyLog, AnomalyMap
from portal.tiles.breakdown import Breakdown
from portal.tiles.campaign_outcome import CampaignOutcome
from portal.tiles.canary import Canary
from portal.tiles.catalogue import CatalogueSize, Lorenz
from portal.tiles.churn import Churn, PriceChurn
from portal.tiles.cohort_options import CohortOptions
from portal.tiles.cohort_triangle import CohortTriangle, Hazard
from portal.tiles.cohorts import Cohorts
from portal.tiles.concurrency import PeakConcurrency
from portal.tiles.country_map import CountryMap
from portal.tiles.deliveries import Deliveries
from portal.tiles.earned_value import EarnedValue
from portal.tiles.episode_curves import EpisodeCurves
from portal.tiles.experiment_days import ExperimentDays
from portal.tiles.experiment_effects import ExperimentEffects
from portal.tiles.experiment_guardrails import ExperimentGuardrails
from portal.tiles.experiment_horizon import SegmentsAfter
from portal.tiles.experiment_list import ExperimentList
from portal.tiles.experiment_options import ExperimentOptions
from portal.tiles.experiment_power import ExperimentPower
from portal.tiles.experiment_ratio import ExperimentRatio
from portal.tiles.experiment_segments import ExperimentSegments
from portal.tiles.experiment_verdict import ExperimentVerdict
from portal.tiles.failures import Failures
from portal.tiles.findings import Findings
from portal.tiles.flow import AgeingWork, CumulativeFlow, CycleTimes
from portal.tiles.forecast import Forecast
from portal.tiles.geo_attribution import GeoAttribution
from portal.tiles.geo_effect import GeoEffect
from portal.tiles.geo_options import GeoOptions
from portal.tiles.geo_placebo import GeoPlacebo
from portal.tiles.hazard_map import HazardMap
from portal.tiles.headline import Headline
from portal.tiles.health import InvariantResults, MetricCatalog, TableStates
from portal.tiles.heat import Heat
from portal.tiles.ladder import Ladder
from portal.tiles.lateness import Lateness
from portal.tiles.launch import Launch
from portal.tiles.level_shifts import LevelShifts
from portal.tiles.lifetime import LifetimeFit, LifetimeValue
from portal.tiles.lines import Lines
from portal.tiles.matrix import Matrix
from portal.tiles.member_flow import MemberFlow
from portal.tiles.missing_days import MissingDays
from portal.tiles.options import Option, Options
from portal.tiles.outages import Outages
from portal.tiles.payback import BidCaps, Payback
from portal.tiles.peers import PeerBand, PeerStanding, PeerTable
from portal.tiles.quantiles import QuantileDifference, QuantileFunctions
from portal.tiles.rankers import RankerRates, SlotRates
from portal.tiles.ranking import Ranking
from portal.tiles.scenes import Scenes, ScenesOfTitles
from portal.tiles.scorecard import Scorecard
from portal.tiles.scroll import ScrollDepth
from portal.tiles.slip import ScheduleSlip
from portal.tiles.sparklines import Sparklines
from portal.tiles.spend_returns import SpendReturns
from portal.tiles.split_options import SplitOptions
from portal.tiles.standing_out import StandingOut
from portal.tiles.survival import Abandonment, FirstPlay
from portal.tiles.tenure import TenureCurves
from portal.tiles.timeline import Timeline
from portal.tiles.trend import Trend
from portal.tiles.value_apart import ValueApart
from portal.tiles.value_groups import ValueOptions
from portal.tiles.waits import QueueWaits

__all__ = [
    "Abandonment",
    "AgeingWork",
    "AnomalyLog",
    "AnomalyMap",
    "BidCaps",
    "Breakdown",
    "CampaignOutcome",
    "Canary",
    "CatalogueSize",
    "Churn",
    "CohortOptions",
    "CohortTriangle",
    "Cohorts",
    "CountryMap",
    "CumulativeFlow",
    "CycleTimes",
    "Deliveries",
    "EarnedValue",
    "EpisodeCurves",
    "ExperimentDays",
    "ExperimentEffects",
    "ExperimentGuardrails",
    "ExperimentList",
    "ExperimentOptions",
    "ExperimentPower",
    "ExperimentRatio",
    "ExperimentSegments",
    "ExperimentVerdict",
    "Failures",
    "Findings",
    "FirstPlay",
    "Forecast",
    "GeoAttribution",
    "GeoEffect",
    "GeoOptions",
    "GeoPlacebo",
    "Hazard",
    "HazardMap",
    "Headline",
    "Heat",
    "InvariantResults",
    "Ladder",
    "Lateness",
    "Launch",
    "LevelShifts",
    "LifetimeFit",
    "LifetimeValue",
    "Lines",
    "Lorenz",
    "Matrix",
    "MemberFlow",
    "MetricCatalog",
    "MissingDays",
    "Option",
    "Options",
    "Outages",
    "Payback",
    "PeakConcurrency",
    "PeerBand",
    "PeerStanding",
    "PeerTable",
    "PriceChurn",
    "QuantileDifference",
    "QuantileFunctions",
    "QueueWaits",
    "RankerRates",
    "Ranking",
    "Scenes",
    "ScenesOfTitles",
    "ScheduleSlip",
    "Scorecard",
    "ScrollDepth",
    "SegmentsAfter",
    "SlotRates",
    "Sparklines",
    "SpendReturns",
    "SplitOptions",
    "StandingOut",
    "TableStates",
    "TenureCurves",
    "Timeline",
    "Trend",
    "ValueApart",
    "ValueOptions",
]
