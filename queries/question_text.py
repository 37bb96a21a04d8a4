"""The words of a query: what `queries.question` reads back to the same."""

from collections.abc import Sequence
from shlex import join

from queries.dataset import Key, TimeBucket
from queries.listing import Listing
from queries.model import Calculation, Comparison, Query
from queries.question import Question
from queries.row_question import RowQuestion
from queries.where import Where
from queries.where_text import written


def question_of(query: Query, version: str | None = None) -> Question:
    """The question that is read as this query, at a data version."""
    return Question(
        dataset=query.dataset.name,
        metrics=tuple(m.name for m in query.metrics),
        by=tuple(_key(k) for k in query.by),
        where=written(Where(query.where, query.thresholds)),
        period=str(query.period) if query.period else "all",
        compare=_compare(query.compare),
        order=_order(query),
        limit=query.limit,
        parameters={name: value for m in query.metrics for name, value in m.bound},
        calculations=tuple(_calculation(c) for c in query.calculations),
        interval=query.interval,
        version=version,
    )


def command(question: Question) -> str:
    """The question for a shell."""
    said: list[str] = ["playhead", "ask", question.dataset, *question.metrics]
    default = Question(dataset="", metrics=())
    said += _each("--by", question.by)
    for option, text, usual in (
        ("--where", question.where, default.where),
        ("--period", question.period, default.period),
        ("--compare", question.compare, default.compare),
        ("--order", question.order, default.order),
        ("--limit", str(question.limit), str(default.limit)),
        ("--version", question.version or "", ""),
    ):
        said += [option, text] if text != usual else []
    said += _each("--with", [f"{name}={value}" for name, value in question.parameters.items()])
    said += _each("--calculate", question.calculations)
    return join(said if question.interval else [*said, "--no-interval"])


def row_question_of(listing: Listing, version: str | None = None) -> RowQuestion:
    """The question that is read as this listing, at a data version."""
    return RowQuestion(
        dataset=listing.dataset.name,
        where=written(Where(listing.where, ())),
        period=str(listing.period) if listing.period else "all",
        limit=listing.limit,
        skip=listing.skip,
        version=version,
    )


def row_command(question: RowQuestion) -> str:
    """A question for rows, for a shell."""
    said = ["playhead", "rows", question.dataset]
    for name, value in _said_of_rows(question):
        said += [f"--{name}", str(value)]
    return join(said)


def row_python(question: RowQuestion) -> str:
    """A question for rows, for `portal.client.Playhead`."""
    said = [f"{name}={value!r}" for name, value in _said_of_rows(question)]
    return f"playhead.rows({', '.join([repr(question.dataset), *said])})"


def _said_of_rows(question: RowQuestion) -> list[tuple[str, object]]:
    default = RowQuestion(dataset=question.dataset)
    names = ("where", "period", "limit", "skip", "version")
    pairs = [(name, getattr(question, name)) for name in names]
    return [(name, value) for name, value in pairs if value != getattr(default, name)]


def python(question: Question) -> str:
    """The question for `portal.client.Playhead`."""
    default = Question(dataset="", metrics=())
    said = [repr(word) for word in (question.dataset, *question.metrics)]
    more = {
        "by": list(question.by),
        "where": question.where,
        "period": "" if question.period == default.period else question.period,
        "compare": "" if question.compare == default.compare else question.compare,
        "parameters": dict(question.parameters),
        "calculate": list(question.calculations),
        "order": question.order,
        "limit": None if question.limit == default.limit else question.limit,
        "version": question.version,
    }
    said += [f"{name}={value!r}" for name, value in more.items() if value]
    if not question.interval:
        said.append("interval=False")
    return f"playhead.ask({', '.join(said)})"


def _each(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _key(key: Key) -> str:
    return f"{key.name}:{key.grain}" if isinstance(key, TimeBucket) else key.name


def _compare(compare: Comparison | None) -> str:
    if compare is None:
        return "none"
    return {"previous": "previous", "last year": "last-year"}.get(compare.kind, str(compare.period))


def _order(query: Query) -> str:
    if query.order_by is None:
        return ""
    return f"{query.order_by} {'desc' if query.descending else 'asc'}"


def _calculation(calculation: Calculation) -> str:
    named = f"{calculation.kind}:{calculation.metric}"
    return f"{named}:{calculation.window}" if calculation.kind == "rolling" else named
