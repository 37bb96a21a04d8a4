"""Playback quality: delivery network, provider, startup, failures, rebuffering, bitrate.

Who waits longer than two seconds for the start leaves at 5.8 % a second more (Krishnan &
Sitaraman 2012).
"""

from dataclasses import dataclass

import numpy as np

from queries.lake.demo.geography import geography
from queries.lake.demo.visits import VERSIONS, Visits
from queries.lake.demo.world import Block

OUTCOMES = ("played", "ebvs", "vsf")
NETWORKS = ("own", "edge_a", "edge_b")
CONNECTIONS = ("wifi", "ethernet", "cellular")
ERRORS = ("NET-504", "DRM-12", "DEC-7", "MAN-404", "NET-CDN-B")
_OWN, _EDGE_A = 0.72, 0.86
_OWN_OUTSIDE, _EDGE_A_OUTSIDE = 0.38, 0.55
_HARD = ("BR", "IN", "ID", "NG", "PH", "NP", "TH")
_STARTUP_MS = np.array([1180, 900, 1020, 1050], np.float32)
_PATIENT_S, _LEAVING = 2.0, 0.058
_EBVS, _VSF = 0.006, 0.004
_PROVIDER = (0, 1, 0, 1, 1, 0, 1, 1, 2, 0)
_AWAY = 0.04


@dataclass(frozen=True)
class Starts:
    """How each start of a play went. `outcome` indexes OUTCOMES."""

    cdn: np.ndarray
    provider: np.ndarray
    startup_ms: np.ndarray
    outcome: np.ndarray
    outage: np.ndarray


def starts(block: Block, of: Visits, visit: np.ndarray) -> Starts:
    """One start a row, in the visits given. Clients cannot tell an outage from bad luck."""
    dice = block.dice("starts")
    n = len(visit)
    plan, places = block.world.plan, geography()
    country, device = of.country[visit], of.device[visit]
    hard = np.isin(np.array(places.codes), _HARD)[country]
    drawn = dice.random(n, np.float32)
    cdn = np.where(
        hard,
        (drawn > _OWN_OUTSIDE).astype(np.int8) + (drawn > _EDGE_A_OUTSIDE),
        (drawn > _OWN).astype(np.int8) + (drawn > _EDGE_A),
    )
    slow = plan.regression
    slower = of.version[visit] == VERSIONS.index((slow.device, slow.version))
    spread = np.float32(0.48) * dice.standard_normal(n, np.float32)
    startup = _STARTUP_MS[device] * np.exp(
        spread + np.array([0, 0.12, 0.3], np.float32)[cdn] + np.float32(0.22) * hard
    )
    startup *= np.where(slower, np.float32(slow.startup_factor), np.float32(1))
    cut = plan.outage
    at = of.start_s[visit] - cut.day * 86_400
    outage = (
        (country == places.index(cut.country))
        & (cdn == NETWORKS.index(cut.cdn))
        & (at >= cut.from_hour * 3600)
        & (at < cut.to_hour * 3600)
    )
    leaves = _EBVS + _LEAVING * np.maximum(startup / 1000 - _PATIENT_S, 0)
    fails = np.where(outage, cut.failing, _VSF)
    luck = dice.random(n, np.float32)
    outcome = np.where(luck < fails, 2, np.where(luck < fails + leaves, 1, 0)).astype(np.int8)
    away = dice.random(n, np.float32) < _AWAY
    nth = np.array(_PROVIDER)[of.account[visit] % len(_PROVIDER)] + 2 * away
    return Starts(
        cdn=cdn.astype(np.int8),
        provider=(country * 4 + nth % 4).astype(np.int16),
        startup_ms=np.clip(startup, 120, 60_000).astype(np.int32),
        outcome=outcome,
        outage=outage,
    )


@dataclass(frozen=True)
class Streams:
    """How each play went once it had started."""

    rebuffer_n: np.ndarray
    rebuffer_ms: np.ndarray
    bitrate_kbps: np.ndarray
    switches_n: np.ndarray
    connection: np.ndarray
    error: np.ndarray
    fatal: np.ndarray


_BITRATE = np.array([6400, 4200, 2300, 3000], np.float32)


def streams(
    dice: np.random.Generator,
    start: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    hours: np.ndarray,
) -> Streams:
    """Rates by network and device; `start` is cdn, outcome, device and outage, `hours` watched."""
    cdn, outcome, device, outage = start
    n = len(cdn)
    played = outcome == 0
    rate = (
        np.array([0.8, 1.2, 3.1], np.float32)[cdn]
        * np.array([0.8, 1, 1.5, 1.2], np.float32)[device]
    )
    count = dice.poisson(rate * hours) * played
    length = dice.standard_gamma(2.0, n, np.float32) * 900 + 150
    fatal = (~played & (outcome == 2)) | (played & (dice.random(n, np.float32) < 0.0032))  # noqa: PLR2004
    some = dice.integers(0, 4, n, np.int8)
    error = np.where(fatal, np.where(outage & ~played, 4, some), -1).astype(np.int8)
    usual = np.array([[0.62, 0.99], [0.75, 0.98], [0.55, 0.55], [0.93, 0.94]], np.float32)[device]
    draw = dice.random(n, np.float32)
    connection = (draw > usual[:, 0]).astype(np.int8) + (draw > usual[:, 1])
    bitrate = _BITRATE[device] * np.exp(
        np.float32(0.38) * dice.standard_normal(n, np.float32)
        - np.array([0, 0, 0.18], np.float32)[cdn]
    )
    return Streams(
        rebuffer_n=count.astype(np.int16),
        rebuffer_ms=(count * length).astype(np.int32),
        bitrate_kbps=np.clip(bitrate, 180, 17_000).astype(np.int32),
        switches_n=dice.poisson(np.float32(1.4) * hours + np.float32(0.4)).astype(np.int16),
        connection=connection.astype(np.int8),
        error=error,
        fatal=fatal,
    )
