from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.portal.conftest import Portal, open_portal
from tests.portal.requests import ORIGIN, callback_body, signed_in

PATH = "/_dash-update-component"
OUTPUT = "page.children"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    opened = open_portal(tmp_path_factory.mktemp("home"))
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def body(portal: Portal) -> dict[str, Any]:
    return callback_body(portal.app, OUTPUT)


def test_a_body_of_our_own_page_is_answered(portal: Portal, body: dict[str, Any]):
    assert signed_in(portal).post(PATH, json=body, headers=ORIGIN).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"output": "nothing.children"},
        {"output": None},
        {"output": ["page.children"]},
        {"outputs": {"id": "location", "property": "href"}},
        {"outputs": [{"id": "page", "property": "children"}] * 2},
        {"outputs": 1},
        {"inputs": []},
        {"inputs": None},
        {"inputs": [{"id": "x", "property": "y", "value": 1}] * 2},
        {"inputs": [1, 2]},
        {"state": []},
        {"state": {}},
        {"changedPropIds": 1},
        {"changedPropIds": [1]},
    ],
)
def test_an_invented_callback_is_a_bad_request(
    portal: Portal, body: dict[str, Any], change: dict[str, Any]
):
    answer = signed_in(portal).post(PATH, json={**body, **change}, headers=ORIGIN)
    assert answer.status_code == 400
    assert answer.get_json()["error"]["code"] == "bad_request"


@pytest.mark.parametrize("path", [PATH, "/-/answers"])
@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        ("[" * 200_000, "application/json", 400),
        ("{", "application/json", 400),
        ("", "application/json", 400),
        ("[]", "application/json", 400),
        ("null", "application/json", 400),
        ("3", "application/json", 400),
        ('"text"', "application/json", 400),
        ("\x00", "application/json", 400),
        ("{}", "text/plain", 415),
        ("{}", "application/x-www-form-urlencoded", 415),
    ],
)
def test_what_is_no_json_object_is_refused(
    portal: Portal, path: str, data: str, kind: str, status: int
):
    answer = signed_in(portal).post(path, data=data, content_type=kind, headers=ORIGIN)
    assert answer.status_code == status


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(part=st.sampled_from(["output", "outputs", "inputs", "state", "changedPropIds"]), value=JSON)
def test_no_body_is_a_server_error(portal: Portal, body: dict[str, Any], part: str, value: Any):  # noqa: ANN401
    answer = signed_in(portal).post(PATH, json={**body, part: value}, headers=ORIGIN)
    assert answer.status_code < 500
