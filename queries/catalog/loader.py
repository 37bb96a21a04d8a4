"""Turn a catalog file into a Dataset, refusing whatever could give a wrong number later.

There is one loader: for the files beside it, for datasets a `file` ingest inferred, and for
metrics people write themselves. Every refusal names the file, the field and the nearest right
name.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from queries.catalog import derived
from queries.catalog.checks import check_guardrails, check_pairs, check_proportion
from queries.catalog.classes import class_of, interval_of, may_be
from queries.catalog.format import (
    WrittenActivity,
    WrittenDataset,
    WrittenDimension,
    WrittenJoin,
    WrittenMetric,
    WrittenRollup,
    WrittenTime,
)
from queries.catalog.reading import CODE, check_known, estimation, nearest, read_formula
from queries.catalog.written_once import unfolded
from queries.catalog.yaml_text import parse_yaml
from queries.condition import Dimension
from queries.dataset import (
    ROWS,
    Activity,
    Dataset,
    IntervalKind,
    Join,
    Metric,
    MetricClass,
    PageMetric,
    Rollup,
)
from queries.errors import InvalidQuery
from queries.estimation import Estimation
from queries.expression import canonical, columns_of
from queries.formula import Aggregate, Formula

_COUNTS = ("sum", "max")
_Shape = TypeVar("_Shape", bound=BaseModel)
_INNER: dict[str, type[BaseModel]] = {
    "time": WrittenTime,
    "joins": WrittenJoin,
    "dimensions": WrittenDimension,
    "rollups": WrittenRollup,
    "activities": WrittenActivity,
    "metrics": WrittenMetric,
}


def read_dataset(text: str, origin: str, beside: Mapping[str, str] | None = None) -> Dataset:
    """The dataset a YAML text describes. Raises InvalidQuery naming `origin` and the field.

    `beside` are the texts of the datasets whose metrics it may take, by name.
    """
    written = _written(text, origin)
    all_written = (*_taken(written, beside or {}, origin), *written.metrics)
    time = Dimension(
        written.time.name,
        written.time.label,
        _canonical(written.time.column, f"{origin}: time"),
        kind="date",
        role="time",
        description=written.time.description,
    )
    empty = Dataset(
        name=written.name,
        label=written.label,
        table=written.table,
        time=time,
        dimensions=tuple(_dimension(d, origin) for d in written.dimensions),
        metrics=(),
        description=written.description,
        row_label=written.row_label,
        grain=written.grain,
        owner=written.owner,
        entity=written.entity,
        people=tuple((c, _count(t, f"{origin}: people {c}")) for c, t in written.people.items()),
        clock=written.clock,
        base=_canonical(written.base, f"{origin}: base") if written.base else None,
        joins=tuple(Join(j.name, j.table or j.name, j.column, j.key) for j in written.joins),
        rollups=tuple(_rollup(r, origin) for r in written.rollups),
        activities=tuple(_activity(a, written, origin) for a in written.activities),
        derived=derived.needed([written.table, *(j.table or j.name for j in written.joins)]),
        smallest_grain=written.smallest_grain,
        exclusive=written.exclusive,
        leading=written.leading,
        open=written.open,
        load_hint=written.load_hint,
    )
    metrics = tuple(_metric(m, empty, origin) for m in all_written if not m.page)
    shown = tuple(_page_metric(m, empty, origin) for m in all_written if m.page)
    if all(m.name != "rows" for m in metrics):
        metrics = (*metrics, _rows(empty))
    dataset = replace(empty, metrics=metrics, page_metrics=shown)
    _check(dataset, origin)
    return dataset


def read_metric(text: str, dataset: Dataset, origin: str) -> Metric:
    """A metric that somebody adds to a dataset, by the same rules as the built-in ones."""
    written = _validated(WrittenMetric, parse_yaml(text, origin), origin)
    metric = _metric(written, dataset, origin)
    _check(replace(dataset, metrics=(*dataset.metrics, metric)), origin)
    return metric


@lru_cache(maxsize=8)
def _written(text: str, origin: str) -> WrittenDataset:
    return _validated(WrittenDataset, unfolded(parse_yaml(text, origin), origin), origin)


def _taken(
    written: WrittenDataset, beside: Mapping[str, str], origin: str
) -> Iterable[WrittenMetric]:
    """Metrics as another dataset writes them; id and guardrail stay with the one that does."""
    for name, metrics in written.metrics_from.items():
        check_known(name, beside, f"{origin}: metrics_from")
        known = {m.name: m for m in _written(beside[name], f"{name}.yaml").metrics}
        for metric in metrics:
            check_known(metric, known, f"{origin}: metrics_from {name}")
            yield known[metric].model_copy(update={"id": "", "guardrail": ""})


def _rollup(written: WrittenRollup, origin: str) -> Rollup:
    only = _canonical(written.only, f"{origin}: rollup {written.name}") if written.only else None
    return Rollup(
        name=written.name,
        dimensions=written.dimensions,
        by_account=written.by_account,
        metrics=written.metrics,
        only=only,
        by_bucket=written.by_bucket,
    )


def _dimension(written: WrittenDimension, origin: str) -> Dimension:
    return Dimension(
        written.name,
        written.label or _label(written.name),
        _canonical(written.expression or written.name, f"{origin}: dimension {written.name}"),
        written.kind,
        written.role,
        written.description,
        written.values_order,
        written.wide,
        written.personal,
    )


def _metric(written: WrittenMetric, dataset: Dataset, origin: str) -> Metric:
    where = f"{origin}: metric {written.name}"
    if written.estimator:
        formula = estimation(written, dataset, where)
        declared, interval = "model", "bucket" if dataset.entity else "none"
    else:
        formula, declared, interval = _read_formula(written, dataset, where)
    return Metric(
        name=written.name,
        label=written.label or _label(written.name),
        formula=formula,
        unit=written.unit,
        format=written.format,
        better=written.better,
        kind=declared,
        interval=written.interval or interval,
        description=written.description,
        convention=written.convention,
        source=written.source,
        owner=written.owner or dataset.owner,
        status=written.status,
        smallest_grain=written.smallest_grain,
        dimensions=written.dimensions,
        tests=tuple(_test(t, where) for t in written.tests),
        id=written.id,
        material=written.material,
        defaults=tuple(sorted(written.defaults.items())),
        guardrail=written.guardrail,
    )


def _activity(written: WrittenActivity, beside: WrittenDataset, origin: str) -> Activity:
    """Raises InvalidQuery where the rollup does not know all accounts, or not by its dimensions."""
    place = f"{origin}: activity {written.name}"
    by_account = {r.name: r for r in beside.rollups if r.by_account and not r.only}
    check_known(written.of, by_account, f"{place}: of")
    of = by_account[written.of]
    for name in written.dimensions:
        check_known(name, of.dimensions, place)
    return Activity(written.name, _rollup(of, origin), written.dimensions)


def _count(text: str, place: str) -> Aggregate:
    formula = read_formula(text, place)
    if not isinstance(formula, Aggregate) or formula.operation not in _COUNTS:
        raise InvalidQuery(
            f"{place}: “{text}” counts no accounts.",
            "Write the sum or the max of a column that does.",
            code=CODE,
        )
    return formula


def _page_metric(written: WrittenMetric, dataset: Dataset, origin: str) -> PageMetric:
    if written.formula or written.estimator:
        raise InvalidQuery(
            f"{origin}: metric {written.name} can be asked, and has a page all the same.",
            "Leave the page out.",
            code=CODE,
        )
    return PageMetric(
        name=written.name,
        label=written.label or _label(written.name),
        page=written.page,
        unit=written.unit,
        better=written.better,
        description=written.description,
        convention=written.convention,
        source=written.source,
        owner=written.owner or dataset.owner,
        id=written.id,
    )


def _read_formula(
    written: WrittenMetric, dataset: Dataset, where: str
) -> tuple[Formula, MetricClass, IntervalKind]:
    formula = read_formula(written.formula, where)
    found = class_of(formula)
    declared = written.metric_class or ("semi-additive" if written.at_end else found)
    if written.at_end and declared != "semi-additive":
        raise InvalidQuery(
            f"{where} is of the end of a period, so it is no {declared}.",
            "Write class: semi-additive, or leave the class out.",
            code=CODE,
        )
    if not may_be(declared, found):
        raise InvalidQuery(
            f"{where} is declared {declared}, but its formula is {found}.",
            f"Write class: {found}, or leave the class out.",
            code=CODE,
        )
    check_proportion(written.interval, formula, where)
    check_pairs(formula, dataset.entity, where)
    interval = interval_of(formula, declared if declared == "model" else found, dataset.entity)
    return formula.closing() if written.at_end else formula, declared, interval


def _rows(dataset: Dataset) -> Metric:
    return Metric(
        name="rows",
        label=dataset.row_label[:1].upper() + dataset.row_label[1:],
        formula=ROWS,
        unit=dataset.row_label,
        interval=interval_of(ROWS, "additive", dataset.entity),
        description=f"Rows of the table: {dataset.grain}" if dataset.grain else "",
        owner=dataset.owner,
        tests=('"value" >= 0',),
    )


def _check(dataset: Dataset, origin: str) -> None:
    names = [d.name for d in (dataset.time, *dataset.dimensions)]
    names += [m.name for m in (*dataset.metrics, *dataset.page_metrics)]
    _check_once(names, f"{origin}: name")
    _check_once([j.name for j in dataset.joins], f"{origin}: join")
    _check_once([r.name for r in (*dataset.rollups, *dataset.activities)], f"{origin}: rollup")
    dimensions = names[: len(dataset.dimensions) + 1]
    if dataset.exclusive:
        check_known(dataset.exclusive, dimensions, f"{origin}: exclusive")
    _check_once(list(dataset.leading), f"{origin}: leading")
    short = [d.name for d in dataset.dimensions if not d.is_wide or d.role == "title"]
    for name in dataset.leading:
        check_known(name, short, f"{origin}: leading")
    for rollup in dataset.rollups:
        for name in rollup.dimensions:
            check_known(name, dimensions, f"{origin}: rollup {rollup.name}")
        for name in rollup.metrics:
            check_known(name, names[len(dimensions) :], f"{origin}: rollup {rollup.name}")
        if not rollup.by_bucket:
            _check_unsplit(rollup, dataset, f"{origin}: rollup {rollup.name}")
    for metric in dataset.metrics:
        for name in metric.dimensions:
            check_known(name, dimensions, f"{origin}: metric {metric.name}")
        if isinstance(metric.formula, Estimation):
            for name in metric.formula.named:
                check_known(name, dimensions, f"{origin}: metric {metric.name}")
    check_guardrails(dataset.metrics, origin)
    _check_joins(dataset, origin)


def _check_unsplit(rollup: Rollup, dataset: Dataset, place: str) -> None:
    """Raises InvalidQuery where a rollup without buckets is of more than columns of all rows."""
    read = [d.expression for d in (dataset.time, *map(dataset.dimension, rollup.dimensions))]
    own = [f'"{column}"' for text in read for column in columns_of(text) if "." not in column]
    if rollup.by_account or rollup.only or read != own:
        raise InvalidQuery(
            f"{place}: without buckets it is of days and columns of the table, of all rows.",
            "Leave by_bucket out, or name dimensions that are columns.",
            code=CODE,
        )


def _check_joins(dataset: Dataset, origin: str) -> None:
    known = [j.name for j in dataset.joins]
    for place, columns in columns_by_place(dataset):
        for joined in sorted(c.split(".")[0] for c in columns if "." in c):
            check_known(joined, known, f"{origin}: {place}: joined table")


def columns_by_place(dataset: Dataset) -> Iterable[tuple[str, frozenset[str]]]:
    """The columns each part of a dataset reads, `joined.column` for those of a join."""
    yield "base", columns_of(dataset.base) if dataset.base else frozenset()
    yield "joins", frozenset(j.on for j in dataset.joins)
    if dataset.entity:
        yield "entity", frozenset({dataset.entity})
    for column, count in dataset.people:
        yield f"people {column}", frozenset({column}) | count.columns
    for dimension in (dataset.time, *dataset.dimensions):
        yield f"dimension {dimension.name}", columns_of(dimension.expression)
    for metric in dataset.metrics:
        used = (a.columns for a in metric.formula.aggregates())
        yield f"metric {metric.name}", frozenset[str]().union(*used)


def _check_once(names: list[str], place: str) -> None:
    repeated = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if repeated is not None:
        raise InvalidQuery(f"{place} “{repeated}” is used twice.", code=CODE)


def _canonical(expression: str, place: str) -> str:
    try:
        return canonical(expression)
    except InvalidQuery as error:
        raise InvalidQuery(f"{place}: {error.message}", error.hint, code=CODE) from error


def _test(text: str, place: str) -> str:
    """A test is a condition on the metric's `value`, true of every answer."""
    test = _canonical(text, f"{place}: test")
    if columns_of(test) != frozenset({"value"}):
        raise InvalidQuery(
            f"{place}: the test “{text}” is not about value.",
            "For example: value between 0 and 1.",
            code=CODE,
        )
    return test


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _validated(shape: type[_Shape], fields: dict[str, Any], origin: str) -> _Shape:
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        # A misspelt field is also a missing one; the misspelling is what to say.
        found = error.errors(include_url=False)
        first = next((e for e in found if e["type"] == "extra_forbidden"), found[0])
        place = f"{origin}: {_place(first['loc'], fields)}"
        if first["type"] == "extra_forbidden":
            hint = nearest(str(first["loc"][-1]), _fields_beside(shape, first["loc"]))
            raise InvalidQuery(f"{place} is not a field.", hint, code=CODE) from error
        problem = first["msg"].removeprefix("Value error, ")
        raise InvalidQuery(f"{place}: {problem}.", code=CODE) from error


def _place(path: tuple[int | str, ...], fields: dict[str, Any]) -> str:
    """`metrics hours_viewed formula` for the path `metrics, 3, formula`."""
    words = [str(step) for step in path]
    if len(path) > 1 and isinstance(path[1], int):
        item = fields[str(path[0])][path[1]]
        with suppress(KeyError, TypeError):
            words[1] = str(item["name"])
    return " ".join(words)


def _fields_beside(shape: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    inner = _INNER.get(str(path[0]), shape) if len(path) > 1 else shape
    return [field.alias or name for name, field in inner.model_fields.items()]
