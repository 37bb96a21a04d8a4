"""The titles that were seen most: what tiles about their images look at."""

from collections.abc import Sequence
from dataclasses import replace

from portal.context import Context
from queries.condition import Filter, conjunction
from queries.model import Query, Result

TITLE = "title"
TITLE_ID = "title_id"
MOST_TITLES = 40


def seen_most(context: Context) -> Query:
    """Which titles they are. Rows that nobody saw are not looked at: they add nothing."""
    question = context.question(("seen_impressions",), by=(TITLE, TITLE_ID))
    seen = Filter(context.dataset.dimension("is_seen"), "in", (True,))
    return replace(
        question,
        where=conjunction(question.where, seen),
        compare=None,
        order_by="seen_impressions",
        limit=MOST_TITLES,
        with_total=False,
        interval=False,
    )


def among(found: Sequence[Result], context: Context) -> Filter | None:
    """The rows of the titles that the first answer names; None where it names none."""
    titles = tuple(found[0].frame.drop_nulls(TITLE)[TITLE_ID].to_list())
    return Filter(context.dataset.dimension(TITLE_ID), "in", titles) if titles else None
