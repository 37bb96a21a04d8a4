"""The words of a query: what `queries.question` reads back to the same."""

from collections.abc import Sequence
from shlex import join

from queries.model import Calculation, Comparison, Key, Query, TimeBucket
from queries.question import Question
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
