"""KuaiRand: a short-video app's log, its users and its videos, one file each, in any order.

Every log row is an impression; those that played for a while are plays too. Videos play by
themselves, so a play is not a choice: an impression counts as played where it was also clicked.
The log's own date and hour are its local clock, and its last columns, added by others, are not
used. A duration of 0 is an unknown runtime; a video may be watched for longer than it is.
"""

import polars as pl

from queries.lake.columns import Columns
from queries.lake.connector import Connector, Reading, Request, ignored
from queries.lake.errors import RefusedFile
from queries.lake.identity import bucketed, identified, occurrence
from queries.lake.rows import ROW, Rows

FEED = "kuairand"
COUNTRY = "CN"
ZONE = "Asia/Shanghai"
LOG = ("user_id", "video_id", "date", "hourmin", "time_ms", "is_click", "long_view", "play_time_ms")
USED = frozenset({*LOG, "duration_ms", "is_rand", "tab"})
USERS = ("user_id", "user_active_degree")
VIDEOS = ("video_id", "video_type", "upload_dt", "video_duration")


def read(request: Request, rows: Rows) -> Reading:
    if "time_ms" in rows.columns:
        return _log(request, rows)
    if "user_active_degree" in rows.columns:
        return _users(request, rows)
    if "video_duration" in rows.columns or "video_type" in rows.columns:
        return _videos(request, rows)
    raise RefusedFile(
        f"“{request.delivery.name}” is none of the log, the users and the videos.",
        f"It has {', '.join(rows.columns[:30])}.",
        code="missing_columns",
    )


def _log(request: Request, rows: Rows) -> Reading:
    rows.require(LOG, request.delivery.name)
    columns = Columns(rows)
    shown = _shown(columns)
    key = ["user", "video", "time_ms", "tab"]
    nth = occurrence(shown, key)
    shown = identified(
        shown.with_columns(nth.alias("nth")),
        FEED,
        account_id=["user"],
        profile_id=["user"],
        title_id=["video"],
        video_id=["video"],
        impression_id=[*key, "nth"],
        session_id=[*key, "nth"],
    )
    shown = bucketed(shown, "account_id").with_columns(
        ts=pl.from_epoch("time_ms", "ms").cast(pl.Datetime("us")),
        watched_s=(pl.col("played_ms") / 1000).round().cast(pl.Int64),
        country=pl.lit(COUNTRY),
        feed=pl.lit(FEED),
        account_kind=pl.lit("member"),
    )
    notes = [*ignored(rows, USED)]
    if repeated := int((nth > 0).sum()):
        notes.append(f"{repeated} rows repeat user, video, time and tab of another; all are kept.")
    return Reading(
        rows=rows,
        tables={"impressions": _impressions(shown), "playback": _plays(shown)},
        rejected=columns.rejected,
        notes=tuple(notes),
    )


def _shown(columns: Columns) -> pl.DataFrame:
    """A row an impression, as the file has it; those of nobody or of no video are rejected."""
    user, video = columns.whole("user_id"), columns.whole("video_id")
    columns.reject(user.is_null() | video.is_null(), "key_missing", "The user or video is missing.")
    tab = pl.select(pl.format("tab {}", columns.whole("tab").fill_null(-1))).to_series()
    return pl.DataFrame(
        {
            ROW: columns.row,
            "user": user,
            "video": video,
            "time_ms": columns.whole("time_ms"),
            "tab": tab,
            "local_date": columns.date("date"),
            "local_hour": columns.whole("hourmin") // 100,
            "clicked": columns.boolean("is_click"),
            "long_view": columns.boolean("long_view"),
            "played_ms": columns.whole("play_time_ms"),
            "runtime_ms": columns.whole("duration_ms"),
            "is_random": columns.boolean("is_rand") if columns.has("is_rand") else False,
        }
    )


_SHARED = (ROW, "account_id", "profile_id", "title_id", "local_date", "local_hour", "country")
_ENDING = ("watched_s", "long_view", "feed", "account_kind", "bucket")


def _impressions(shown: pl.DataFrame) -> pl.DataFrame:
    return shown.select(
        *_SHARED,
        *_ENDING,
        "impression_id",
        "ts",
        "clicked",
        page=pl.lit("feed"),
        ranker=pl.col("tab"),
        row_context=pl.col("tab"),
        model_version=pl.when("is_random").then(pl.lit("random")).otherwise(pl.lit("standard")),
        explore=pl.col("is_random"),
        seen=pl.lit(value=True),
        played=pl.col("clicked") & (pl.col("played_ms") > 0),
        sample_w=pl.lit(1.0),
    )


def _plays(shown: pl.DataFrame) -> pl.DataFrame:
    runtime = (pl.col("runtime_ms") / 1000).round().clip(lower_bound=1).cast(pl.Int64)
    return shown.filter(pl.col("played_ms") != 0).select(
        *_SHARED,
        *_ENDING,
        "session_id",
        "video_id",
        start_ts=pl.col("ts"),
        source=pl.col("tab"),
        is_autoplay=~pl.col("clicked"),
        runtime_s=pl.when(pl.col("runtime_ms") > 0).then(runtime),
        outcome=pl.lit("played"),
    )


def _users(request: Request, rows: Rows) -> Reading:
    rows.require(USERS, request.delivery.name)
    columns = Columns(rows)
    user = columns.whole("user_id")
    columns.reject(user.is_null(), "key_missing", "The user is missing.")
    people = pl.DataFrame({ROW: columns.row, "user": user}).with_columns(
        status=columns.text("user_active_degree")
    )
    people = identified(people, FEED, account_id=["user"], profile_id=["user"])
    accounts = people.select(
        ROW,
        "account_id",
        "status",
        country=pl.lit(COUNTRY),
        home_tz=pl.lit(ZONE),
        account_kind=pl.lit("member"),
        feed=pl.lit(FEED),
    )
    profiles = people.select(ROW, "profile_id", "account_id", feed=pl.lit(FEED))
    return Reading(
        rows=rows,
        tables={"accounts": accounts, "profiles": profiles},
        rejected=columns.rejected,
        notes=ignored(rows, frozenset(USERS)),
    )


def _videos(request: Request, rows: Rows) -> Reading:
    rows.require(["video_id", "video_duration"], request.delivery.name)
    columns = Columns(rows)
    video = columns.whole("video_id")
    columns.reject(video.is_null(), "key_missing", "The video is missing.")
    duration = columns.number("video_duration")
    runtime = pl.select(
        pl.when(duration > 0).then((duration / 1000).round().clip(lower_bound=1).cast(pl.Int64))
    ).to_series()
    shown = pl.DataFrame({ROW: columns.row, "video": video, "runtime_s": runtime}).with_columns(
        released=columns.date("upload_dt"),
        tag=columns.text("tag").str.split(",").list.first(),
        kind=columns.text("video_type").str.to_lowercase(),
    )
    shown = identified(shown, FEED, title_id=["video"], video_id=["video"])
    titles = shown.select(
        ROW,
        "title_id",
        "runtime_s",
        name=pl.format("Video {}", "video"),
        kind=pl.when(pl.col("kind") == "ad").then(pl.lit("ad")).otherwise(pl.lit("short")),
        genre=pl.format("tag {}", "tag"),
        release_date=pl.col("released"),
        episodes_n=pl.lit(1),
        feed=pl.lit(FEED),
    )
    videos = shown.select(
        ROW,
        "video_id",
        "title_id",
        "runtime_s",
        available_from=pl.col("released"),
        feed=pl.lit(FEED),
    )
    return Reading(
        rows=rows,
        tables={"titles": titles, "videos": videos},
        rejected=columns.rejected,
        notes=ignored(rows, frozenset({*VIDEOS, "tag"})),
    )


CONNECTOR = Connector(FEED, "KuaiRand: log, user features and video features", read)
