"""Parameters are offered from what the data knows."""

from pathlib import Path

import pytest

from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access, Metric
from queries.engines.duckdb_engine import DuckDBEngine
from queries.formula import parse
from queries.lake.lake import Lake
from queries.model import Query
from queries.parameter import indexed_columns, parameter_values
from queries.warehouse import Warehouse


def test_a_parameter_indexes_the_maps_of_a_formula() -> None:
    formula = parse("sum(dm[$policy] + targets[$policy] / propensity) / count(*)")
    value = Metric(name="value", label="Value", formula=formula)
    assert indexed_columns(value, "policy") == ("dm", "targets")
    assert indexed_columns(value, "campaign") == ()


@pytest.mark.demo
def test_every_value_that_is_offered_gives_an_answer(demo_home: Path) -> None:
    engine = DuckDBEngine(memory="1GB")
    warehouse = Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin(), fewest=0)
    dataset = builtin().dataset("impressions")
    values = parameter_values(warehouse, dataset, "policy", Access())
    assert len(values) >= 2
    metric = dataset.metric("mean_weight")
    found = {}
    for value in values:
        query = Query(dataset=dataset, metrics=(metric.bind({"policy": value}),), interval=False)
        found[value] = warehouse.ask(query, Access()).total[metric.name].item()
    assert any(number is not None for number in found.values())
    engine.close()
