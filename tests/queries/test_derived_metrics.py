"""What members watched: metrics against plain loops over the rows of the demo."""

from collections import defaultdict
from datetime import date, timedelta
from statistics import mean, median

import pytest

from tests.queries.derived_demo import Demo, Row, together

pytestmark = pytest.mark.demo

FOUR_WEEKS = timedelta(days=28)


def ended(play: Row) -> bool:
    return play["max_pos_s"] >= 0.9 * play["runtime_s"]


def first_day(plays: list[Row]) -> date:
    return min(p["local_date"] for p in plays)


def day_reached(amounts: list[tuple[date, float]], wanted: float) -> date | None:
    """The day on which a running total first is as much as wanted."""
    total = 0.0
    for day, amount in sorted(amounts):
        total += amount
        if total >= wanted:
            return day
    return None


def days_to_finish(plays: list[Row], title: Row) -> int | None:
    """Days from the first play to the end of nine episodes in ten."""
    episodes = together([p for p in plays if ended(p)], "video_id").values()
    last = day_reached([(first_day(e), 1) for e in episodes], 0.9 * title["episodes_n"])
    return (last - first_day(plays)).days if last else None


def test_completion_and_episodes_of_the_audience(demo: Demo):
    asked = demo.asked("audience")
    starters, completers, completed = 0, set[int](), 0
    seasons, episodes, finished = 0, 0, list[int]()
    for (account, title_id), plays in together(demo.plays, "account_id", "title_id").items():
        first, title = first_day(plays), demo.titles[title_id]
        is_starter = max(p["watched_s"] for p in plays) >= 120
        if not is_starter or first + timedelta(27) > demo.complete:
            continue
        early = [p for p in plays if p["local_date"] < first + FOUR_WEEKS]
        starters += 1
        if sum(p["watched_s"] for p in early) >= 0.9 * title["runtime_s"]:
            completed += 1
            completers.add(account)
        if title["kind"] == "season":
            seasons += 1
            episodes += len({p["video_id"] for p in early if ended(p)})
            days = days_to_finish(plays, title)
            finished += [days] if days is not None and days < 28 else []
    assert starters > 5_000
    assert asked["completers"] == len(completers)
    assert asked["completion_rate"] == pytest.approx(completed / starters)
    assert asked["episodes_per_starter"] == pytest.approx(episodes / seasons)
    assert asked["finish_rate"] == pytest.approx(len(finished) / seasons)
    assert len(finished) > 100
    assert asked["days_to_finish"] == pytest.approx(median(finished))


def test_binges(demo: Demo):
    binged: list[bool] = []
    for (_, title_id), plays in together(demo.plays, "account_id", "title_id").items():
        first = first_day(plays)
        if demo.titles[title_id]["kind"] != "season" or first + timedelta(27) > demo.complete:
            continue
        days = together([p for p in plays if p["local_date"] < first + FOUR_WEEKS], "local_date")
        binged.append(any(len({p["video_id"] for p in day}) >= 3 for day in days.values()))
    assert sum(binged) > 100
    assert demo.asked("audience")["binge_rate"] == pytest.approx(mean(binged))


def test_what_was_left_is_resumed_within_14_days(demo: Demo):
    resumed: list[bool] = []
    for plays in together(demo.plays, "account_id", "title_id").values():
        left = [p for p in plays if 0.05 <= p["max_pos_s"] / p["runtime_s"] <= 0.9]
        if not left:
            continue
        first = min(left, key=lambda p: p["start_ts"])
        if first["local_date"] + timedelta(14) > demo.complete:
            continue
        until = first["start_ts"] + timedelta(14)
        resumed.append(any(first["start_ts"] < p["start_ts"] <= until for p in plays))
    assert len(resumed) > 1_000
    assert demo.asked("audience")["resume_rate"] == pytest.approx(mean(resumed))


def test_the_next_episode_is_played(demo: Demo):
    videos = {v["video_id"]: v for v in demo.rows("videos")}
    numbered = {(v["title_id"], v["episode_no"]): v["video_id"] for v in videos.values()}
    played = together(demo.plays, "account_id", "video_id")
    went_on: list[bool] = []
    for (account, video_id), plays in played.items():
        video = videos[video_id]
        following = numbered.get((video["title_id"], (video["episode_no"] or 0) + 1))
        ends = [p for p in plays if ended(p)]
        if following is None or not ends or first_day(ends) + timedelta(27) > demo.complete:
            continue
        later = played.get((account, following))
        went_on.append(bool(later) and first_day(later) < first_day(ends) + FOUR_WEEKS)
    assert len(went_on) > 1_000
    assert demo.asked("episodes")["continuation_rate"] == pytest.approx(mean(went_on))


def test_the_cost_of_a_title_is_counted_once(demo: Demo):
    plays = together(demo.plays, "title_id")
    first = min(r["local_date"] for r in demo.rows("playback", "local_date"))
    cost, views, completers, starters, launches = 0.0, 0.0, 0, 0, 0
    for title_id, title in demo.titles.items():
        released = title["release_date"]
        if released is None or not first <= released <= demo.complete - timedelta(27):
            continue
        launches += 1
        cost += float(title["cost_usd"])
        window = [
            p
            for p in plays.get((title_id,), [])
            if released <= p["local_date"] < released + FOUR_WEEKS
        ]
        views += sum(p["watched_s"] for p in window) / title["runtime_s"]
        for watched in together(window, "account_id").values():
            starters += max(p["watched_s"] for p in watched) >= 120
            completers += sum(p["watched_s"] for p in watched) >= 0.9 * title["runtime_s"]
    asked = demo.asked("launches")
    assert asked["rows"] == launches > 10
    assert asked["views"] == pytest.approx(views)
    assert asked["starters"] == starters
    assert asked["completers"] == completers
    assert asked["cost_per_view"] == pytest.approx(cost / views)
    assert asked["cost_per_completer"] == pytest.approx(cost / completers)
    assert asked["cost_per_view__low"] < asked["cost_per_view"] < asked["cost_per_view__high"]


def paid_days(demo: Demo) -> set[tuple[int, date]]:
    """Account and day, for every day since the first play that a member paid for.

    Billing events of days that are not complete yet are as if they had not come.
    """
    complete = demo.tables.complete_through("billing_events")
    assert complete is not None
    kinds = {r["account_id"]: r["account_kind"] for r in demo.rows("accounts")}
    every = [r["local_date"] for r in demo.rows("playback", "local_date")]
    first, last = min(every), max(every)
    opening, closing = ("signup_paid", "rejoin"), ("cancel_voluntary", "cancel_involuntary")
    found: set[tuple[int, date]] = set()
    events = demo.rows("billing_events", "account_id", "local_date", "event_ts", "kind")
    known = [e for e in events if e["local_date"] <= complete]
    for (account,), mine in together(known, "account_id").items():
        if kinds[account] != "member":
            continue
        since: date | None = None
        ends = [*sorted(mine, key=lambda e: (e["local_date"], e["event_ts"]))]
        for event in [*ends, {"kind": closing[0], "local_date": last + timedelta(1)}]:
            if event["kind"] in opening:
                since = event["local_date"]
            elif event["kind"] in closing and since is not None:
                start = max(since, first)
                days = (event["local_date"] - start).days
                found |= {(account, start + timedelta(d)) for d in range(days)}
                since = None
    return found


def test_hours_are_over_the_days_that_members_paid_for(demo: Demo):
    paid = paid_days(demo)
    watched: dict[tuple[int, date], int] = defaultdict(int)
    for play in demo.plays:
        watched[play["account_id"], play["local_date"]] += play["watched_s"]
    dormant = active = settled = 0
    for account, day in paid:
        active += (account, day) in watched
        before = [(account, day - timedelta(d)) for d in range(28)]
        if all(d in paid for d in before):
            settled += 1
            dormant += not any(watched.get(d) for d in before)
    asked = demo.asked("membership")
    assert asked["member_days"] == len(paid)
    assert asked["hours_per_member_day"] == pytest.approx(sum(watched.values()) / 3600 / len(paid))
    assert asked["active_share"] == pytest.approx(active / len(paid))
    assert asked["dormant_share"] == pytest.approx(dormant / settled)
    assert asked["members_a_day"] == pytest.approx(len(paid) / len({day for _, day in paid}))
