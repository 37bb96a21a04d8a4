"""The statements of a page's analyses, read from the answers that their own tiles would draw."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from portal.context import Context
from portal.page import Asking, Stating, Tile
from portal.statement import Statement
from queries.distribution import Distribution
from queries.errors import QueryError
from queries.model import Query, Result
from queries.share_split import ShareSplit


def stated(
    tiles: Sequence[Tile],
    results: Sequence[Result],
    contexts: Mapping[str, Context],
    main: Context,
) -> list[Statement]:
    """What the tiles state; nothing of one whose answers are not there, or who refuses."""
    found: list[Statement] = []
    for tile in tiles:
        context = contexts.get(tile.place.dataset, main)
        if not isinstance(tile, Stating):
            continue
        try:
            answers = _answers(tile, results, context)
            found += tile.statements(answers, context) if answers else ()
        except QueryError:
            continue
    return found


def _answers(tile: Tile, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
    """The answers to a tile's questions, in their order; none where one is missing."""
    found = _taken(tile.questions(context), results)
    if found and isinstance(tile, Asking):
        asked = tile.following(found, context)
        more = _taken(asked, results)
        return (*found, *more) if len(more) == len(asked) else ()
    return found


def _taken(
    asked: Sequence[Query | Distribution | ShareSplit], results: Sequence[Result]
) -> tuple[Result, ...]:
    found: list[Result] = []
    for query in asked:
        if isinstance(query, Distribution):
            return ()
        wanted = _undated(query.query if isinstance(query, ShareSplit) else query)
        rest = (r for r in results if not any(r is one for one in found))
        known = (r for r in rest if _undated(r.query) == wanted)
        match = next(known, None)
        if match is None:
            return ()
        found.append(match)
    return tuple(found)


def _undated(query: Query) -> Query:
    """An answer names the days that it could cover, which may be fewer than were asked for."""
    return replace(query, period=None, compare=None)
