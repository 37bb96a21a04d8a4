"""Read what a metric is worked out by: a formula, or an estimator and what it is given.

Every refusal says where, and the nearest right name.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from queries.catalog.format import WrittenMetric
from queries.dataset import Dataset
from queries.errors import InvalidQuery, QueryError
from queries.estimation import Estimation
from queries.estimators.registry import estimators
from queries.formula import Aggregate, Formula, parse

CODE = "invalid_catalog"


def read_formula(text: str, where: str) -> Formula:
    """Raises InvalidQuery that names `where`."""
    try:
        return parse(text)
    except QueryError as error:
        raise InvalidQuery(f"{where}: {error.message}", error.hint, code=error.code) from error


def estimation(written: WrittenMetric, dataset: Dataset, where: str) -> Estimation:
    """The estimator a metric names, with all that it needs and nothing else."""
    if written.formula:
        raise InvalidQuery(f"{where} has a formula and an estimator.", "Keep one.", code=CODE)
    known = estimators()
    check_known(written.estimator, known, where)
    estimator = known[written.estimator]
    _check_given(written.amounts, estimator.amounts, (), f"{where}: amounts")
    needed = [i.name for i in estimator.inner if not i.is_optional]
    spare = [i.name for i in estimator.inner if i.is_optional]
    _check_given(written.within, needed, spare, f"{where}: within")
    dimensions = [d.name for d in dataset.dimensions]
    for name in written.within.values():
        check_known(name, dimensions, f"{where}: within")
    return Estimation(
        name=written.estimator,
        amounts=tuple((n, _amount(written.amounts[n], where)) for n in estimator.amounts),
        inner=tuple(
            (i.name, written.within[i.name]) for i in estimator.inner if i.name in written.within
        ),
        never_by=written.never_by,
        never_filter=written.never_filter,
    )


def _amount(text: str, where: str) -> Aggregate:
    """Only what adds up can be counted by cluster and added over groups."""
    amount = read_formula(text, where)
    if isinstance(amount, Aggregate) and amount.is_additive:
        return amount
    raise InvalidQuery(
        f"{where}: the amount “{text}” does not add up.",
        "Give an estimator a sum or a count, and nothing around it.",
        code=CODE,
    )


def _check_given(
    given: Iterable[str], needed: Iterable[str], spare: Iterable[str], where: str
) -> None:
    wanted = tuple(needed)
    for name in given:
        check_known(name, (*wanted, *spare), where)
    missing = [name for name in wanted if name not in given]
    if missing:
        raise InvalidQuery(f"{where}: “{missing[0]}” is missing.", code=CODE)


def check_known(name: str, known: Iterable[str], place: str) -> None:
    """Raises InvalidQuery with the nearest name where there is no such one."""
    if name not in (names := list(known)):
        raise InvalidQuery(f"{place}: there is no “{name}”.", nearest(name, names), code=CODE)


def nearest(name: str, known: Iterable[str]) -> str:
    """What was meant, in words."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    return f"Did you mean “{near[0]}”?" if near else f"Known: {', '.join(names)}."
