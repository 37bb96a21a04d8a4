"""The titles that were seen most: what tiles about their images look at."""

from collections.abc import Sequence
from dataclasses import replace

from portal.context import Context
from queries.condition import Filter
from queries.model import Query, Result

TITLE = "title"
MOST_TITLES = 40


def seen_most(context: Context) -> Query:
    """Which titles they are."""
    return replace(
        context.question(("seen_impressions",), by=(TITLE,)),
        compare=None,
        order_by="seen_impressions",
        limit=MOST_TITLES,
        with_total=False,
        interval=False,
    )


def among(found: Sequence[Result], context: Context) -> Filter | None:
    """The rows of the titles that the first answer names; None where it names none."""
    titles = tuple(found[0].frame[TITLE].drop_nulls().to_list())
    return Filter(context.dataset.dimension(TITLE), "in", titles) if titles else None
