"""The viewing activity of a Netflix household, as its members may download it.

Start times are UTC; give the household's time zone for local days and hours. Trailers, hooks and
other supplemental videos are not plays: they are kept with the outcome `supplemental` and no
watched time.
"""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from queries.lake.columns import Columns
from queries.lake.connector import Connector, Option, Reading, Request, ignored
from queries.lake.errors import LakeError
from queries.lake.identity import bucketed, identified, occurrence
from queries.lake.rows import ROW, Rows

FEED = "viewing-activity"
NEEDED = ("Profile Name", "Start Time", "Duration", "Title")
OTHERS = (
    "Attributes",
    "Supplemental Video Type",
    "Device Type",
    "Bookmark",
    "Latest Bookmark",
    "Country",
)
SEASON = r"^(.*?: (?:Season|Series|Part|Volume|Book|Chapter|Collection) [^:]+|.*?: Limited Series)"
DEVICES = (
    (r"(?i)iphone|android phone|mobile|pixel|galaxy s", "phone"),
    (r"(?i)ipad|tablet|kindle", "tablet"),
    (r"(?i)\btv\b|chromecast|roku|playstation|xbox|fire ?tv|bravia|cast|set.?top|stick", "tv"),
    (r"(?i)\bpc\b|mac|chrome|firefox|safari|edge|opera|windows|browser|web|cadmium", "web"),
)


def read(request: Request, rows: Rows) -> Reading:
    rows.require(NEEDED, request.delivery.name)
    zone = _zone(request.options.get("timezone", "UTC"))
    columns = Columns(rows)
    title = columns.text("Title")
    columns.reject(title.is_null(), "title_missing", "The title is missing.")
    start = columns.time("Start Time")
    columns.reject(start.is_null(), "start_missing", "The start time is missing.")
    seen = pl.DataFrame({ROW: columns.row, "full_title": title, "start_ts": start}).with_columns(
        profile=columns.text("Profile Name").fill_null(""),
        household=pl.lit(request.options.get("account", "household")),
        duration=_seconds(columns, "Duration"),
        bookmark=_seconds(columns, "Bookmark"),
        supplemental=columns.text("Supplemental Video Type").str.to_lowercase(),
        attributes=columns.text("Attributes"),
        device=_device(columns.text("Device Type")),
        country=columns.text("Country").str.extract(r"^([A-Za-z]{2})\b").str.to_uppercase(),
    )
    seen = seen.with_columns(
        season=pl.col("full_title").str.extract(SEASON),
        local=pl.col("start_ts").dt.replace_time_zone("UTC").dt.convert_time_zone(zone),
    ).with_columns(title=pl.coalesce("season", "full_title"))
    key = ["household", "profile", "start_ts", "full_title", "duration"]
    seen = identified(
        seen.with_columns(occurrence(seen, key).alias("nth")),
        FEED,
        session_id=[*key, "nth"],
        account_id=["household"],
        profile_id=["household", "profile"],
        title_id=["title"],
        video_id=["full_title"],
    )
    seen = bucketed(seen, "account_id")
    return Reading(
        rows=rows,
        tables={"playback": _plays(seen), "titles": _titles(seen)},
        rejected=columns.rejected,
        notes=ignored(rows, frozenset({*NEEDED, *OTHERS})),
    )


def _plays(seen: pl.DataFrame) -> pl.DataFrame:
    is_play = pl.col("supplemental").is_null()
    autoplayed = pl.col("attributes").str.contains("Autoplayed: user action: None")
    return seen.filter(pl.col("start_ts").is_not_null()).select(
        ROW,
        "session_id",
        "account_id",
        "profile_id",
        "video_id",
        "title_id",
        "start_ts",
        "country",
        "device",
        "bucket",
        local_date=pl.col("local").dt.date(),
        local_hour=pl.col("local").dt.hour(),
        source=pl.col("supplemental"),
        is_autoplay=autoplayed,
        end_pos_s=pl.when(is_play).then("bookmark"),
        watched_s=pl.when(is_play).then("duration").otherwise(0),
        wall_s=pl.col("duration"),
        outcome=pl.when(is_play).then(pl.lit("played")).otherwise(pl.lit("supplemental")),
        feed=pl.lit(FEED),
        account_kind=pl.lit("member"),
    )


def _titles(seen: pl.DataFrame) -> pl.DataFrame:
    known = pl.col("title_id").is_not_null() & pl.col("start_ts").is_not_null()
    plays = seen.filter(known & pl.col("supplemental").is_null())
    kind = pl.when(pl.col("season").is_null()).then(pl.lit("film")).otherwise(pl.lit("season"))
    return plays.unique("title_id").select(
        pl.lit(None, dtype=pl.Int64).alias(ROW),
        "title_id",
        name=pl.col("title"),
        kind=kind,
        feed=pl.lit(FEED),
    )


def _seconds(columns: Columns, name: str) -> pl.Series:
    given = columns.text(name, missing=("Not latest view",))
    parts = given.str.extract_groups(r"^(\d+):([0-5]\d):([0-5]\d)$").struct.unnest()
    hours, minutes, seconds = (parts.to_series(i).cast(pl.Int64) for i in range(3))
    whole = hours * 3600 + minutes * 60 + seconds
    columns.reject(
        given.is_not_null() & whole.is_null(), "unreadable_duration", f"{name} is not h:mm:ss."
    )
    return whole


def _device(given: pl.Series) -> pl.Series:
    found = pl.when(given.is_null()).then(pl.lit(None, dtype=pl.String))
    for pattern, device in DEVICES:
        found = found.when(given.str.contains(pattern)).then(pl.lit(device))
    return pl.select(found.otherwise(pl.lit("other"))).to_series()


def _zone(name: str) -> str:
    try:
        return str(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise LakeError(
            f"There is no time zone “{name}”.", "For example Europe/Berlin.", code="bad_option"
        ) from error


CONNECTOR = Connector(
    FEED,
    "Netflix viewing activity of a household (ViewingActivity.csv)",
    read,
    (
        Option("timezone", "the household's time zone, such as America/New_York; by default UTC"),
        Option("account", "a name for the household, where there are several"),
    ),
)
