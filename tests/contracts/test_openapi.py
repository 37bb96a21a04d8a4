"""The description of the API is complete, closed and true."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.api.bodies import Ask
from portal.api.description import description
from queries.warehouse import Warehouse
from tests.portal.small_warehouse import small_app

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return description("0.0.0")


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    if isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_leads_somewhere(document: dict[str, Any]):
    found = set(references(document))
    assert found
    for reference in found:
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node["type"] == "object"


def test_every_schema_is_used(document: dict[str, Any]):
    used = {reference.rsplit("/", 1)[1] for reference in references(document)}
    assert used == set(document["components"]["schemas"])


def test_every_route_is_described_and_nothing_else(
    document: dict[str, Any], warehouse: Warehouse, tmp_path: Path
):
    server, store = small_app(tmp_path, warehouse)
    store.close()
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in server.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith("/api/") and method.lower() in METHODS
        if not rule.endpoint.endswith(".refuse")
    }
    described = {
        (path, method) for path, operations in document["paths"].items() for method in operations
    }
    assert routes == described


def test_operations_have_what_the_standard_asks_for(document: dict[str, Any]):
    assert document["openapi"].startswith("3.1.")
    assert {"title", "version"} <= set(document["info"])
    names: list[str] = []
    for path, operations in document["paths"].items():
        for operation in operations.values():
            names.append(operation["operationId"])
            assert all("description" in answer for answer in operation["responses"].values())
            declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))
    assert len(names) == len(set(names))


def test_the_question_s_fields_are_those_of_the_body(document: dict[str, Any]):
    described = document["components"]["schemas"]["Ask"]
    assert set(described["properties"]) == {
        field.alias or name for name, field in Ask.model_fields.items()
    }
    assert described["additionalProperties"] is False
