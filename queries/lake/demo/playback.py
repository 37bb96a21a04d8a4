"""The playback table: every play attempt with its times, positions and quality."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from queries.lake.demo import arrow
from queries.lake.demo.accounts import KINDS as ACCOUNT_KINDS
from queries.lake.demo.accounts import PLANS, profile_id
from queries.lake.demo.arrow import coded, known
from queries.lake.demo.clock import DAY_S, arrival_delay_s
from queries.lake.demo.geography import DEVICES, geography
from queries.lake.demo.images import artwork_id
from queries.lake.demo.interactions import Spans, timeline
from queries.lake.demo.quality import CONNECTIONS, ERRORS, NETWORKS, OUTCOMES, streams
from queries.lake.demo.viewing import AUTOPLAY, RECOMMENDED, RESUMED, SEARCHED, SOURCES, Events
from queries.lake.demo.visits import VERSIONS, Visits
from queries.lake.demo.watching import Plays
from queries.lake.demo.world import Block

ENDS = ("completed", "abandoned", "switched", "error", "timeout")
_CHOOSING_S = np.array([94, 88, 47, 98, 82, 50, 76, 44, 14, 4], np.float32)


@dataclass(frozen=True)
class Played:
    """The table and its days; and by play, in the order of visits, what other tables need."""

    rows: pa.Table
    day: np.ndarray
    visit: np.ndarray
    event: np.ndarray
    first: np.ndarray
    title: np.ndarray
    watched_s: np.ndarray
    runs_s: np.ndarray
    choosing_ms: np.ndarray
    ok: np.ndarray
    source: np.ndarray
    begins_s: np.ndarray


@dataclass(frozen=True)
class _Times:
    """Positions and durations by play, in seconds."""

    start: np.ndarray
    end: np.ndarray
    watched: np.ndarray
    wall: np.ndarray


def playback(block: Block, of: Visits, played: Events, plays: Plays) -> Played:
    """Put plays on the clock and write them as a table, sorted by local day."""
    world, dice = block.world, block.dice("playback")
    visit = played.visit[plays.event]
    titles = world.titles
    video = titles.first_video[plays.title] + plays.episode - 1
    runtime = titles.video_runtime_s[video]
    ok = plays.start.outcome == 0
    start_s = (plays.begins * runtime).astype(np.int32)
    end_s = np.maximum((plays.ends * runtime).astype(np.int32), start_s)
    end_s = np.where(ok, end_s, start_s)
    season = titles.is_season[plays.title]
    scene = (plays.title == world.cut_title) & (plays.episode == 1)
    line = timeline(dice, Spans(start_s, end_s, runtime, season & (plays.episode > 1), scene))
    stream = streams(
        dice,
        (plays.start.cdn, plays.start.outcome, of.device[visit], plays.start.outage),
        (end_s - start_s) / np.float32(3600),
    )
    watched = np.maximum(end_s - start_s - line.ffwd_s, 0) + line.rewatch_s
    startup = np.where(ok, plays.start.startup_ms, 0)
    wall = watched + line.pause_s + (stream.rebuffer_ms + startup) // 1000 + 1
    wall = np.where(ok, wall, 8)
    first, since, choosing = _since_visit(dice, visit, plays.source, wall)
    utc = of.start_s[visit] + since
    local = of.second[visit] + since
    day = of.day[visit] + local // DAY_S
    arrives = utc + wall + arrival_delay_s(dice, len(visit))
    kept = (day < world.clock.days) & (arrives <= world.clock.end_s)
    kept &= ~world.lost[of.country[visit], np.minimum(day, world.clock.days)]
    order = np.flatnonzero(kept)[np.argsort(day[kept].astype(np.int16), kind="stable")]
    columns = {
        **_who(block, of, plays, visit),
        "start_ts": arrow.times(world.clock, utc),
        "local_date": arrow.days(world.clock, day),
        "local_hour": ((local % DAY_S) // 3600).astype(np.int8),
        **_what(dice, of, plays, (played, visit, titles.first_video)),
        **_positions(_Times(start_s, end_s, watched, wall), plays, stream.fatal),
        "runtime_s": runtime,
        **{n: v for n, v in vars(line).items() if n != "lists"},
        "interactions": line.lists,
        "startup_ms": known(startup, ok),
        "rebuffer_n": stream.rebuffer_n,
        "rebuffer_ms": stream.rebuffer_ms,
        "bitrate_kbps": known(stream.bitrate_kbps, ok),
        "switches_n": stream.switches_n * ok,
        "error_code": coded(stream.error, ERRORS),
        "fatal": stream.fatal,
        "conn": coded(stream.connection, CONNECTIONS),
        "ingest_ts": arrow.times(world.clock, arrives),
    }
    ids = block.first_id + np.arange(len(order))
    rows = arrow.table("playback", {
        name: arrow.taken(values, order) for name, values in columns.items()
    } | {"session_id": ids})  # fmt: skip
    return Played(
        rows=rows,
        day=day[order],
        visit=visit,
        event=plays.event,
        first=first,
        title=plays.title,
        watched_s=watched,
        runs_s=since + wall,
        choosing_ms=choosing,
        ok=ok,
        source=plays.source,
        begins_s=since,
    )


def _since_visit(
    dice: np.random.Generator, visit: np.ndarray, source: np.ndarray, wall: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First plays of visits; seconds from the visit's start to each play; ms of choosing, all rows.

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
    return first, (before - base).astype(np.int32), (choosing * 1000).astype(np.int32)


def _who(block: Block, of: Visits, plays: Plays, visit: np.ndarray) -> dict[str, object]:
    world, places = block.world, geography()
    account = of.account[visit]
    requested = RECOMMENDED[plays.source] & (plays.nth == 0)
    request = (block.first_id + visit.astype(np.int64)) * 10
    searched = (plays.source == SEARCHED) & (plays.nth == 0)
    return {
        "visit_id": block.first_id + visit.astype(np.int64),
        "account_id": account + 1,
        "profile_id": profile_id(account, of.profile[visit]),
        "country": coded(of.country[visit], places.codes),
        "geo": coded(world.people.geo[account], places.geos),
        "device": coded(of.device[visit], DEVICES),
        "app_version": coded(of.version[visit], [v for _, v in VERSIONS]),
        "plan": coded(world.paid.plan[account], PLANS),
        "request_id": known(request, requested),
        "search_id": known((block.first_id + plays.event.astype(np.int64)) * 10, searched),
        "cdn": coded(plays.start.cdn, NETWORKS),
        "isp": coded(plays.start.provider, places.providers),
        "outcome": coded(plays.start.outcome, OUTCOMES),
        "feed": arrow.constant(arrow.FEED, len(visit)),
        "account_kind": coded(world.people.kind[account], ACCOUNT_KINDS),
        "bucket": world.people.bucket[account],
    }


def _what(
    dice: np.random.Generator,
    of: Visits,
    plays: Plays,
    more: tuple[Events, np.ndarray, np.ndarray],
) -> dict[str, object]:
    played, visit, _ = more
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
        "source": coded(plays.source, SOURCES),
        "artwork_id": known(
            artwork_id(plays.title, image), RECOMMENDED[plays.source] & (plays.source != RESUMED)
        ),
        "is_autoplay": plays.source == AUTOPLAY,
    }


def _positions(times: _Times, plays: Plays, fatal: np.ndarray) -> dict[str, object]:
    ok = plays.start.outcome == 0
    end = np.where(plays.complete, 0, np.where(plays.cut, 2, 1))
    end = np.where(fatal, 3, end)
    asked = (plays.source == AUTOPLAY) & (plays.nth >= 3)  # noqa: PLR2004 - after three episodes
    end = np.where(asked & ~plays.complete & ~fatal, 4, end).astype(np.int8)
    return {
        "start_pos_s": times.start,
        "end_pos_s": times.end,
        "max_pos_s": times.end,
        "watched_s": np.where(ok, times.watched, 0).astype(np.int32),
        "wall_s": times.wall,
        "prompted_still_watching": asked,
        "end_reason": coded(np.where(ok, end, np.where(fatal, 3, 1)).astype(np.int8), ENDS),
    }
