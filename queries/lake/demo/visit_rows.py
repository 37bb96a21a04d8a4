"""The visits table: how far people scrolled, how long they chose, what they did."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass

import numpy as np

from queries.lake.demo import arrow
from queries.lake.demo.arrow import coded, known
from queries.lake.demo.clock import arrival_delay_s
from queries.lake.demo.home import Requests, scrolled
from queries.lake.demo.journal import Journal, journal, visit_id, who
from queries.lake.demo.playback import Played
from queries.lake.demo.viewing import RESUMED, SOURCES
from queries.lake.demo.visits import VERSIONS, Visits
from queries.lake.demo.world import Block

ENDS = ("play", "exit", "timeout")
_A_ROW = {"hovers_n": 2.3, "previews_n": 0.9, "details_n": 0.55}
_EXITS = 0.86
_FIRST_SCREEN = 3


@dataclass(frozen=True)
class _Ends:
    """By visit: plays, seconds it lasts, ms to the first play and its source (-1 without one)."""

    plays: np.ndarray
    lasts_s: np.ndarray
    first_ms: np.ndarray
    source: np.ndarray


def visits_table(
    block: Block, of: Visits, pages: Requests, played: Played, searches: np.ndarray
) -> Journal:
    """One row a visit; those without a logged page scrolled as people do.

    `searches` counts them by visit.
    """
    dice, clock = block.dice("visits table"), block.world.clock
    n = of.count
    ends = _ends(dice, of, played)
    looked = (ends.first_ms < 0) | (ends.source != RESUMED)
    seen, loaded, columns = scrolled(dice, looked, of.device)
    seen[pages.visit], loaded[pages.visit] = pages.rows_seen, pages.rows_loaded
    columns[pages.visit] = pages.columns_seen
    some = {name: dice.poisson(rate * seen).astype(np.int16) for name, rate in _A_ROW.items()}
    end = np.where(ends.plays > 0, 0, np.where(dice.random(n) < _EXITS, 1, 2)).astype(np.int8)
    arrives = of.start_s + ends.lasts_s + arrival_delay_s(dice, n)
    made = {
        **who(block, of, np.arange(n)),
        "visit_id": visit_id(block, np.arange(n)),
        "start_ts": arrow.times(clock, of.start_s),
        "end_ts": arrow.times(clock, of.start_s + ends.lasts_s),
        "local_date": arrow.days(clock, of.day.astype(np.int32)),
        "local_hour": (of.second // 3600).astype(np.int8),
        "app_version": coded(of.version, [version for _, version in VERSIONS]),
        "rows_loaded": loaded,
        "rows_seen": seen,
        "max_row": seen,
        "max_col": columns,
        "v_scrolls": seen - 1 + some["hovers_n"] // 4,
        "h_scrolls": (columns > _FIRST_SCREEN) * 1 + some["details_n"],
        **some,
        "searches_n": searches.astype(np.int16),
        "plays_n": ends.plays,
        "first_play_ms": known(ends.first_ms, ends.first_ms >= 0),
        "first_play_source": coded(ends.source, SOURCES),
        "end_reason": coded(end, ENDS),
        "ingest_ts": arrow.times(clock, arrives),
    }
    return journal("visits", made, of.day, arrives <= clock.end_s)


def _ends(dice: np.random.Generator, of: Visits, played: Played) -> _Ends:
    n = of.count
    runs = np.zeros(n, np.int64)
    np.maximum.at(runs, played.visit, played.runs_s)
    idle = np.clip(np.exp(dice.normal(4.4, 0.8, n)), 3, 1700).astype(np.int64)
    started = np.flatnonzero(played.first & played.ok)
    first_ms, source = np.full(n, -1, np.int64), np.full(n, -1, np.int8)
    jitter = dice.integers(0, 1000, len(started))
    first_ms[played.visit[started]] = played.begins_s[started] * 1000 + jitter
    source[played.visit[started]] = played.source[started]
    return _Ends(
        plays=np.bincount(played.visit[played.ok], minlength=n),
        lasts_s=np.where(runs > 0, runs + 3, idle),
        first_ms=first_ms,
        source=source,
    )
