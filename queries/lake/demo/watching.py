"""Watching: from what visits play to single plays, with episodes and positions that follow on.

Within a viewing the next play is the next episode after a finished one, else the rest of the same.
A viewing ends when its season is over, when its viewer gave it up, or when its licence ends; what
the profile plays then is another title.
"""

from dataclasses import dataclass, replace

import numpy as np

from queries.lake.demo.geography import geography
from queries.lake.demo.popularity import Who
from queries.lake.demo.quality import Starts, starts
from queries.lake.demo.viewing import AUTOPLAY, FILM_STARTS, RESUMED, Events
from queries.lake.demo.visits import Visits
from queries.lake.demo.world import Block

_NEXT_EPISODE = 0.40
_EPISODES_A_SITTING = 8
_GIVES_UP = 0.72
_DRAWS = 3


@dataclass(frozen=True)
class Plays:
    """One row a play attempt, in the order of visits. Positions are shares of the runtime.

    `event` points into the events; `nth` counts plays within the event; `viewing` numbers runs of
    one title by one profile; `early` plays were given up at once.
    """

    event: np.ndarray
    nth: np.ndarray
    viewing: np.ndarray
    title: np.ndarray
    episode: np.ndarray
    source: np.ndarray
    complete: np.ndarray
    cut: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    start: Starts


def plays(block: Block, of: Visits, played: Events) -> Plays:
    """All play attempts of a block."""
    dice = block.dice("plays")
    title = _titles(block, dice, of, played)
    group = np.cumsum(played.new) - 1
    title = title[np.flatnonzero(played.new)][group]
    season = (title >= 0) & block.world.titles.is_season[title]
    rows = _rows(block, dice, of, played, season)
    known = title[rows.event] >= 0
    rows = _taken(rows, known)
    rows = replace(rows, viewing=group[rows.event], title=title[rows.event])
    rows, over = _episodes(block, dice, of, played, rows)
    rows = _others_instead(block, dice, of, (played, rows, over))
    return _positions(block, dice, rows)


def _titles(block: Block, dice: np.random.Generator, of: Visits, played: Events) -> np.ndarray:
    """A title for every event that starts one; -1 where nothing fitting was found."""
    wanted = played.new & (played.title < 0)
    title = played.title.copy()
    title[wanted] = draw_titles(block, dice, of, (played.visit[wanted], played.season[wanted]))
    return title


def draw_titles(
    block: Block, dice: np.random.Generator, of: Visits, what: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Titles by visit and kind that play in the visitor's country on that day, else -1."""
    visit, season = what
    world = block.world
    found = np.full(len(visit), -1, np.int32)
    left = np.arange(len(visit))
    market = geography().market
    for _ in range(_DRAWS):
        at = visit[left]
        country, day = of.country[at], of.day[at].astype(np.int32)
        who = Who(day, market[country], world.people.cluster[of.account[at]], of.kids[at])
        title = world.popular.draw(dice, who, season[left])
        fits = (world.titles.opens[title, country] <= day) & (
            world.titles.closes[title, country] > day
        )
        found[left[fits]] = title[fits]
        left = left[~fits]
    return found


def _rows(
    block: Block, dice: np.random.Generator, of: Visits, played: Events, season: np.ndarray
) -> Plays:
    """Plays as planned; a sitting ends with the first one that is not finished."""
    n = len(played.visit)
    many = np.minimum(dice.geometric(1 - _NEXT_EPISODE, n), _EPISODES_A_SITTING)
    many = np.where(season & ~played.fails, many, 1)
    event = np.repeat(np.arange(n, dtype=np.int32), many)
    first_row = np.cumsum(many) - many
    nth = (np.arange(len(event)) - first_row[event]).astype(np.int8)
    start = starts(block, of, played.visit[event])
    outcome = np.where(
        played.fails[event], np.where(start.outcome > 0, start.outcome, 1), start.outcome
    )
    outcome = np.where((played.slot[event] >= 0) & ~played.fails[event] & (nth == 0), 0, outcome)
    last_of_visit = np.append(played.visit[1:] != played.visit[:-1], [True])
    fresh = played.new[event] & (nth == 0)
    draw = dice.random(len(event), np.float32)
    early = fresh & ((draw < 0.17) | ~last_of_visit[event])  # noqa: PLR2004 - tried and left
    phone = of.device[played.visit[event]] == 2  # noqa: PLR2004 - index of phone
    chance = np.where(season[event], 0.84, 0.68) - 0.1 * phone
    complete = ~early & (outcome == 0) & (dice.random(len(event), np.float32) < chance)
    unfinished = np.cumsum(~complete) - ~complete
    reached = unfinished == unfinished[first_row][event]
    nothing = np.zeros(len(event), np.int32)
    share = dice.random(len(event), np.float32)
    part = np.where(early, 0.16 * share**2 + 0.002, 0.08 + 0.8 * share)
    rows = Plays(
        event=event,
        nth=nth,
        viewing=nothing,
        title=nothing,
        episode=nothing,
        source=np.where(nth > 0, AUTOPLAY, played.source[event]).astype(np.int8),
        complete=complete,
        cut=early,
        begins=nothing,
        ends=np.where(outcome == 0, part, 0).astype(np.float32),
        start=replace(start, outcome=outcome.astype(np.int8)),
    )
    return _taken(rows, reached)


def _episodes(
    block: Block, dice: np.random.Generator, of: Visits, played: Events, rows: Plays
) -> tuple[Plays, np.ndarray]:
    """Number the episodes; `over` are plays that their viewing has no more episode for."""
    titles = block.world.titles
    first = _first_of(rows.viewing)
    done = np.cumsum(rows.complete) - rows.complete
    episode = 1 + done - done[first]
    given_up = rows.cut & (dice.random(len(first), np.float32) < _GIVES_UP)
    visit = played.visit[rows.event]
    day, country = of.day[visit].astype(np.int32), of.country[visit]
    out = np.where(titles.weekly[rows.title], 1 + (day - titles.release[rows.title]) // 7, 99)
    over = (episode > titles.episodes[rows.title]) | (episode > out)
    over |= titles.closes[rows.title, country] <= day
    ended = np.cumsum(over) + np.cumsum(given_up) - given_up
    over = ended > ended[first] - over[first]
    return replace(rows, episode=np.where(over, 1, episode)), over


def _others_instead(
    block: Block, dice: np.random.Generator, of: Visits, state: tuple[Events, Plays, np.ndarray]
) -> Plays:
    """Where a viewing is over, a sitting plays another title once; further plays do not happen."""
    played, rows, over = state
    rows, over = _taken(rows, ~over | (rows.nth == 0)), over[~over | (rows.nth == 0)]
    at = np.flatnonzero(over)
    visit = played.visit[rows.event[at]]
    season = dice.random(len(at)) >= FILM_STARTS
    title = rows.title.copy()
    title[at] = draw_titles(block, dice, of, (visit, season))
    source, viewing = rows.source.copy(), rows.viewing.copy()
    mix = np.array([0, 0, 0, 1, 3, 4, 5, 6, 6, 6], np.int8)
    source[at] = mix[dice.integers(0, len(mix), len(at))]
    viewing[at] = rows.viewing[-1] + 1 + np.arange(len(at)) if len(at) else 0
    return _taken(replace(rows, title=title, source=source, viewing=viewing), title >= 0)


def _positions(block: Block, dice: np.random.Generator, rows: Plays) -> Plays:
    """Shares of the runtime at the start and end: an unfinished video goes on where it stopped."""
    n = len(rows.event)
    run = _first_of(rows.viewing.astype(np.int64) * 64 + rows.episode)
    left = np.log1p(-np.where(rows.complete, 0, rows.ends.astype(np.float64)))
    before = np.cumsum(left) - left
    begins = 1 - np.exp(np.minimum(before - before[run], 0))
    ends = 1 - (1 - begins) * np.exp(left)
    ends = np.where(rows.complete, np.maximum(0.95 + 0.05 * dice.random(n), begins), ends)
    cut = block.world.plan.cut
    video = block.world.titles.first_video[rows.title] + rows.episode - 1
    runtime = block.world.titles.video_runtime_s[video]
    meets = (rows.title == block.world.cut_title) & (rows.episode == cut.episode)
    meets &= (begins * runtime < cut.from_s) & (ends * runtime > cut.from_s)
    leaves = meets & (dice.random(n) < cut.leaving)
    there = (cut.from_s + (cut.to_s - cut.from_s) * dice.random(n)) / runtime
    complete = rows.complete & ~leaves
    lost = np.cumsum(leaves) - leaves
    stays = lost == lost[_first_of(rows.viewing)]
    source = np.where((begins > 0) & (rows.source == AUTOPLAY), RESUMED, rows.source).astype(
        np.int8
    )
    made = replace(
        rows,
        complete=complete,
        cut=rows.cut & (rows.start.outcome == 0),
        begins=begins.astype(np.float32),
        ends=np.where(leaves, there, ends).astype(np.float32),
        source=source,
    )
    return _taken(made, stays)


def _first_of(runs: np.ndarray) -> np.ndarray:
    """Per row, the index of the first row of its run of equal values."""
    if not len(runs):
        return np.zeros(0, np.int64)
    starts_here = np.concatenate([[True], runs[1:] != runs[:-1]])
    return np.maximum.accumulate(np.where(starts_here, np.arange(len(runs)), 0))


def _taken(rows: Plays, kept: np.ndarray) -> Plays:
    values = {k: v[kept] for k, v in vars(rows).items() if k != "start"}
    start = Starts(**{k: v[kept] for k, v in vars(rows.start).items()})
    return Plays(**values, start=start)
