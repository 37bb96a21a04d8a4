"""The questions that are timed, each beside the SQL that a person would write for its numbers.

The SQL reads the raw table and gives values only: no interval, no total, no cache.
"""

from dataclasses import dataclass
from datetime import date

MEMBERS = "account_kind = 'member'"
RECOMMENDED = "('pvr', 'trending', 'continue_watching', 'similar', 'top10', 'billboard')"

KNOWN = RECOMMENDED.replace(")", ", 'search', 'my_list', 'deeplink', 'autoplay_next')")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A question in the catalog's words and by hand; `{where}` stands for period and members."""

    label: str
    dataset: str
    metrics: tuple[str, ...]
    by: tuple[str, ...]
    sql: str
    days: int = 28
    limit: int = 10_000

    def by_hand(self, first: date, last: date) -> str:
        where = f"{MEMBERS} AND local_date BETWEEN DATE '{first}' AND DATE '{last}'"
        return self.sql.replace("{where}", where)


QUESTIONS = (
    Timed(
        label="hours by day, 180 days",
        dataset="playback",
        metrics=("hours_viewed",),
        by=("date:day",),
        days=180,
        sql="SELECT local_date, sum(watched_s) / 3600 FROM playback WHERE {where} GROUP BY 1",
    ),
    Timed(
        label="hours by country, 28 days",
        dataset="playback",
        metrics=("hours_viewed",),
        by=("country",),
        sql="SELECT country, sum(watched_s) / 3600 FROM playback WHERE {where} GROUP BY 1",
    ),
    Timed(
        label="hours by country and device, 28 days",
        dataset="playback",
        metrics=("hours_viewed",),
        by=("country", "device"),
        sql=(
            "SELECT country, device, sum(watched_s) / 3600 "
            "FROM playback WHERE {where} GROUP BY 1, 2"
        ),
    ),
    Timed(
        label="share from recommendations by device, 28 days",
        dataset="playback",
        metrics=("recommendation_share",),
        by=("device",),
        sql=(
            "SELECT device, sum(watched_s) FILTER (WHERE NOT is_autoplay AND source IN "
            f"{RECOMMENDED}) / sum(watched_s) FILTER (WHERE NOT is_autoplay AND source IN {KNOWN}) "
            "FROM playback WHERE {where} GROUP BY 1"
        ),
    ),
    Timed(
        label="hours by hour and weekday, 28 days",
        dataset="playback",
        metrics=("hours_viewed",),
        by=("hour", "weekday"),
        sql=(
            "SELECT local_hour, isodow(local_date), sum(watched_s) / 3600 "
            "FROM playback WHERE {where} GROUP BY 1, 2"
        ),
    ),
    Timed(
        label="accounts, 28 days",
        dataset="playback",
        metrics=("accounts",),
        by=(),
        sql=(
            "SELECT count(DISTINCT account_id) FILTER (WHERE outcome = 'played') "
            "FROM playback WHERE {where}"
        ),
    ),
    Timed(
        label="accounts by device, 28 days",
        dataset="playback",
        metrics=("accounts",),
        by=("device",),
        sql=(
            "SELECT device, count(DISTINCT account_id) FILTER (WHERE outcome = 'played') "
            "FROM playback WHERE {where} GROUP BY 1"
        ),
    ),
    Timed(
        label="top 20 titles by hours, 28 days",
        dataset="playback",
        metrics=("hours_viewed",),
        by=("title",),
        limit=20,
        sql=(
            "SELECT t.name, sum(watched_s) / 3600 AS hours FROM playback p "
            "LEFT JOIN titles t USING (title_id) WHERE {where} GROUP BY 1 ORDER BY 2 DESC LIMIT 20"
        ),
    ),
    Timed(
        label="startup P95 by CDN, 28 days",
        dataset="playback",
        metrics=("startup_seconds_p95",),
        by=("cdn",),
        sql=(
            "SELECT cdn, quantile_cont(startup_ms, 0.95) / 1000 "
            "FROM playback WHERE {where} GROUP BY 1"
        ),
    ),
    Timed(
        label="take rate by ranker, 28 days",
        dataset="impressions",
        metrics=("take_rate",),
        by=("ranker",),
        sql=(
            "SELECT ranker, sum(sample_w) FILTER (WHERE seen AND played) "
            "/ sum(sample_w) FILTER (WHERE seen AND played IS NOT NULL) "
            "FROM impressions WHERE {where} GROUP BY 1"
        ),
    ),
)
