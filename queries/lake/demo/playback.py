"""The playback table: every play attempt with its times, positions and quality."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass

import numpy as np

from queries.lake.demo import arrow
from queries.lake.demo.accounts import PLANS
from queries.lake.demo.arrow import coded, known
from queries.lake.demo.clock import DAY_S, arrival_delay_s
from queries.lake.demo.geography import geography
from queries.lake.demo.images import artwork_id
from queries.lake.demo.interactions import Spans, Timeline, timeline
from queries.lake.demo.journal import Journal, journal, request_id, who
from queries.lake.demo.quality import (
    CONNECTIONS,
    ERRORS,
    NETWORKS,
    OUTCOMES,
    Streams,
    streams,
)
from queries.lake.demo.viewing import AUTOPLAY, RECOMMENDED, RESUMED, SEARCHED, SOURCES, Events
from queries.lake.demo.visits import VERSIONS, Visits
from queries.lake.demo.watching import Plays
from queries.lake.demo.world import Block

ENDS = ("completed", "abandoned", "switched", "error", "timeout")
_FAILS_IN_S = 8
_CHOOSING_S = np.array([94, 88, 47, 98, 82, 50, 76, 44, 14, 4], np.float32)


@dataclass(frozen=True)
class Played:
    """The table; and by play, in the order of visits, what other tables need."""

    journal: Journal
    visit: np.ndarray
    event: np.ndarray
    first: np.ndarray
    title: np.ndarray
    watched_s: np.ndarray
    runs_s: np.ndarray
    ok: np.ndarray
    source: np.ndarray
    begins_s: np.ndarray


@dataclass(frozen=True)
class _Watched:
    """Positions and durations by play in seconds, with what happened meanwhile."""

    start: np.ndarray
    end: np.ndarray
    runtime: np.ndarray
    watched: np.ndarray
    wall: np.ndarray
    line: Timeline
    stream: Streams


def playback(block: Block, of: Visits, played: Events, plays: Plays) -> Played:
    """Put plays on the clock and write them as a table, sorted by local day."""
    world, dice = block.world, block.dice("playback")
    visit = played.visit[plays.event]
    ok = plays.start.outcome == 0
    watch = _watched(block, dice, of.device[visit], plays)
    first, since = _since_visit(dice, visit, plays.source, watch.wall)
    utc, local = of.start_s[visit] + since, of.second[visit] + since
    day = of.day[visit] + local // DAY_S
    arrives = utc + watch.wall + arrival_delay_s(dice, len(visit))
    kept = (day < world.clock.days) & (arrives <= world.clock.end_s)
    kept &= ~world.lost[of.country[visit], np.minimum(day, world.clock.days)]
    made = {
        **who(block, of, visit),
        **_context(block, of, plays, visit),
        **_what(dice, of, plays, (played, visit)),
        **_positions(plays, watch),
        **_quality(plays, watch.stream),
        "session_id": lambda order: block.first_id + np.arange(len(order)),
        "start_ts": arrow.times(world.clock, utc),
        "local_date": arrow.days(world.clock, day),
        "local_hour": ((local % DAY_S) // 3600).astype(np.int8),
        "ingest_ts": arrow.times(world.clock, arrives),
    }
    return Played(
        journal=journal("playback", made, day, kept),
        visit=visit,
        event=plays.event,
        first=first,
        title=plays.title,
        watched_s=watch.watched,
        runs_s=since + watch.wall,
        ok=ok,
        source=plays.source,
        begins_s=since,
    )


def _watched(block: Block, dice: np.random.Generator, device: np.ndarray, plays: Plays) -> _Watched:
    """From shares of the runtime to seconds, with pauses, skips and rebuffering."""
    titles = block.world.titles
    video = titles.first_video[plays.title] + plays.episode - 1
    runtime = titles.video_runtime_s[video]
    ok = plays.start.outcome == 0
    start = (plays.begins * runtime).astype(np.int32)
    end = np.where(ok, np.maximum((plays.ends * runtime).astype(np.int32), start), start)
    intro = titles.is_season[plays.title] & (plays.episode > 1)
    scene = (plays.title == block.world.cut_title) & (plays.episode == 1)
    line = timeline(dice, Spans(start, end, runtime, intro, scene))
    began = (plays.start.cdn, plays.start.outcome, device, plays.start.outage)
    stream = streams(dice, began, (end - start) / np.float32(3600))
    watched = np.maximum(end - start - line.ffwd_s, 0) + line.rewatch_s
    waits_s = (stream.rebuffer_ms + np.where(ok, plays.start.startup_ms, 0)) // 1000
    wall = np.where(ok, watched + line.pause_s + waits_s + 1, _FAILS_IN_S)
    return _Watched(start, end, runtime, watched, wall, line, stream)


def _since_visit(
    dice: np.random.Generator, visit: np.ndarray, source: np.ndarray, wall: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which plays are the first of their visit, and seconds from the visit's start to each play.

    Choosing takes one to one and a half minutes, going on with something much less.
    """
    n = len(visit)
    first = np.concatenate([[True], visit[1:] != visit[:-1]])
    spread = np.exp(np.float32(0.62) * dice.standard_normal(n, np.float32))
    choosing = np.clip(_CHOOSING_S[source] * spread, 2, 1500)
    between = np.where(first, choosing, np.where(source == AUTOPLAY, 5, 0.5 * choosing))
    ends = np.cumsum(between + wall)
    before = ends - wall
    base = (before - between)[np.maximum.accumulate(np.where(first, np.arange(n), 0))]
    return first, (before - base).astype(np.int32)


def _context(block: Block, of: Visits, plays: Plays, visit: np.ndarray) -> dict[str, object]:
    """Where the play came from, and over which networks."""
    world, places = block.world, geography()
    account = of.account[visit]
    opens = plays.nth == 0
    return {
        "geo": coded(world.people.geo[account], places.geos),
        "app_version": coded(of.version[visit], [version for _, version in VERSIONS]),
        "plan": coded(world.paid.plan[account], PLANS),
        "source": coded(plays.source, SOURCES),
        "is_autoplay": plays.source == AUTOPLAY,
        "request_id": known(request_id(block, visit), RECOMMENDED[plays.source] & opens),
        "search_id": known(search_id(block, plays.event, 0), (plays.source == SEARCHED) & opens),
        "cdn": coded(plays.start.cdn, NETWORKS),
        "isp": coded(plays.start.provider, places.providers),
    }


def search_id(block: Block, event: np.ndarray, steps: np.ndarray | int) -> np.ndarray:
    """The query that led to an event, or one some steps before it."""
    return (block.first_id + event.astype(np.int64)) * 10 + 9 - steps


def _what(
    dice: np.random.Generator,
    of: Visits,
    plays: Plays,
    more: tuple[Events, np.ndarray],
) -> dict[str, object]:
    played, visit = more
    places = geography()
    n = len(visit)
    image = played.image[plays.event]
    usual = np.searchsorted([0.55, 0.7, 0.85], dice.random(n), "right")
    image = np.where((image >= 0) & (plays.nth == 0), image, usual)
    dubbed = dice.random(n, np.float32) < 0.8  # noqa: PLR2004 - plays in one's own language
    language = np.where(dubbed, places.language[of.country[visit]], places.languages.index("en"))
    reads = dice.random(n, np.float32) < np.where(dubbed, 0.22, 0.8)
    return {
        "video_id": (plays.title + 1) * 100 + plays.episode,
        "title_id": plays.title + 1,
        "audio_lang": coded(language.astype(np.int8), places.languages),
        "subtitle_lang": coded(
            np.where(reads, places.language[of.country[visit]], -1).astype(np.int8),
            places.languages,
        ),
        "artwork_id": known(
            artwork_id(plays.title, image), RECOMMENDED[plays.source] & (plays.source != RESUMED)
        ),
    }


def _positions(plays: Plays, watch: _Watched) -> dict[str, object]:
    fatal = watch.stream.fatal
    ok = plays.start.outcome == 0
    end = np.where(plays.complete, 0, np.where(plays.cut, 2, 1))
    end = np.where(fatal, 3, end)
    asked = (plays.source == AUTOPLAY) & (plays.nth >= 3)  # noqa: PLR2004 - after three episodes
    end = np.where(asked & ~plays.complete & ~fatal, 4, end).astype(np.int8)
    return {
        "start_pos_s": watch.start,
        "end_pos_s": watch.end,
        "max_pos_s": watch.end,
        "watched_s": np.where(ok, watch.watched, 0).astype(np.int32),
        "wall_s": watch.wall,
        "runtime_s": watch.runtime,
        **{name: values for name, values in vars(watch.line).items() if name != "lists"},
        "interactions": watch.line.lists,
        "prompted_still_watching": asked,
        "end_reason": coded(np.where(ok, end, np.where(fatal, 3, 1)).astype(np.int8), ENDS),
    }


def _quality(plays: Plays, stream: Streams) -> dict[str, object]:
    ok = plays.start.outcome == 0
    return {
        "outcome": coded(plays.start.outcome, OUTCOMES),
        "startup_ms": known(plays.start.startup_ms, ok),
        "rebuffer_n": stream.rebuffer_n,
        "rebuffer_ms": stream.rebuffer_ms,
        "bitrate_kbps": known(stream.bitrate_kbps, ok),
        "switches_n": stream.switches_n * ok,
        "error_code": coded(stream.error, ERRORS),
        "fatal": stream.fatal,
        "conn": coded(stream.connection, CONNECTIONS),
    }
