"""The formula of a metric that has one."""

from queries.dataset import Metric
from queries.estimation import Estimation
from queries.formula import Formula


def formula_of(metric: Metric) -> Formula:
    assert not isinstance(metric.formula, Estimation), metric.name
    return metric.formula
