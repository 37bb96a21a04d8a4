"""A planned question's groups in both of its periods, and all of them together.

Each part is asked of the reader, unless what is known already adds up to it.
"""

from dataclasses import replace

import polars as pl

from queries.estimate import estimated
from queries.gather import gather, shows_the_gone, summed_histograms, summed_up, with_the_gone
from queries.measure import Gathered
from queries.plan import Plan, over
from queries.reader import Reader
from queries.shape import aligned, has_all_before


def gathered(planned: Plan, reader: Reader, fewest: int = 0) -> Gathered:
    """The period asked for and the one it is held against, by group."""
    is_open = planned.query.keeps_small or not planned.query.dataset.is_of_people
    fewest = 0 if is_open or not fewest or not reader.knows_people else fewest
    return replace(_of_periods(planned, reader, fewest), fewest=fewest)


def _of_periods(planned: Plan, reader: Reader, fewest: int) -> Gathered:
    query, reduction = planned.query, planned.groups
    population = reader.population() if query.interval else None
    reduce = reader.of_both(query)
    first_look = reader.first_look(planned, reduction, fewest)
    current = gather(planned, reduction, reduce, None, fewest=fewest, first_look=first_look)
    if query.compare is None:
        both = Gathered(current, None, population)
        return _with_estimates(planned, both, reader, (current.groups, None))
    earlier = over(reduction, query.compare.period)
    if shows_the_gone(query, reduction):
        groups = with_the_gone(current, gather(planned, earlier, reduce, None))
        if groups.height > current.groups.height:
            current = gather(planned, reduction, reduce, groups)
    before = gather(planned, earlier, reduce, aligned(current.groups, query))
    both = Gathered(current, before, population)
    return _with_estimates(planned, both, reader, (current.groups, before.groups))


def gathered_whole(planned: Plan, groups: Gathered, whole: Plan, reader: Reader) -> Gathered:
    """The same of all groups together: summed where that is right, else asked."""
    query = whole.query
    if not planned.query.by:
        return groups
    reduce = reader.of_both(query)
    summed = summed_up(planned, groups.current)
    first_look = reader.first_look(whole, whole.groups, groups.fewest)
    bins = summed_histograms(planned, groups.current)
    current = summed or gather(whole, whole.groups, reduce, None, first_look=first_look, known=bins)
    before = None
    if query.compare is not None:
        known = groups.previous if has_all_before(planned, groups) else None
        summed = None if known is None else summed_up(planned, known)
        earlier = over(whole.groups, query.compare.period)
        bins = {} if known is None else summed_histograms(planned, known)
        before = summed or gather(whole, earlier, reduce, None, known=bins)
    both = Gathered(current, before, groups.population)
    return _with_estimates(planned, both, reader, (None, None))


def _with_estimates(
    planned: Plan,
    found: Gathered,
    reader: Reader,
    groups: tuple[pl.DataFrame | None, pl.DataFrame | None],
) -> Gathered:
    """With what estimators say of both periods: of these groups, or of all rows together."""
    if not planned.inner:
        return found
    query, population = planned.query, found.population
    now = estimated(planned, query.period, reader.reduce, groups[0], population)
    found = replace(found, current=replace(found.current, estimates=now))
    if found.previous is None or query.compare is None:
        return found
    then = estimated(planned, query.compare.period, reader.reduce, groups[1], population)
    return replace(found, previous=replace(found.previous, estimates=then))
