"""The API asks as everybody does, and answers or refuses in one shape."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.api.bodies import Answer, Dataset, Datasets, Distributed, Explained, Refusal
from portal.export import ARROW
from portal.store.people import Newcomer
from portal.store.store import Store
from queries.analyses.distribution import distance, figures, spreads
from queries.condition import Filter
from queries.dataset import Access
from queries.distribution import Distribution
from queries.model import Query
from queries.question import Question, ask
from queries.warehouse import Warehouse
from tests.portal.small_warehouse import client_of, small_app, small_warehouse

URL = "/api/v1/ask"
HOURS = {"dataset": "plays", "metrics": ["hours_viewed"]}
ANN = Newcomer(email="ann@example.com", name="Ann", unit="product", role="admin")
BEN = Newcomer(
    email="ben@example.com",
    name="Ben",
    unit="marketing",
    row_rules={"country": ("BR",)},
    hidden_numbers=("count(distinct account_id)",),
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return small_warehouse(tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def portal(
    tmp_path_factory: pytest.TempPathFactory, warehouse: Warehouse
) -> Iterator[tuple[Flask, Store]]:
    folder: Path = tmp_path_factory.mktemp("portal")
    server, store = small_app(folder, warehouse)
    yield server, store
    store.close()


@pytest.fixture(scope="module")
def ann(portal: tuple[Flask, Store]) -> FlaskClient:
    return client_of(*portal, ANN)


@pytest.fixture(scope="module")
def ben(portal: tuple[Flask, Store]) -> FlaskClient:
    return client_of(*portal, BEN)


def refused(response: TestResponse, status: int) -> str:
    """The code of a refusal, which has its one shape."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/json"
    return Refusal.model_validate(response.json).error.code


def test_an_answer_is_the_warehouse_s(ann: FlaskClient, warehouse: Warehouse):
    response = ann.post(URL, json={**HOURS, "by": ["device"], "where": "country = 'US'"})
    assert response.status_code == 200
    answer = Answer.model_validate(response.json)
    question = Question(
        dataset="plays", metrics=("hours_viewed",), by=("device",), where="country = 'US'"
    )
    expected = ask(question, warehouse, Access())
    assert answer.columns == expected.frame.columns
    assert [tuple(row) for row in answer.rows] == expected.frame.rows()
    assert answer.data_version == expected.data_version


def test_every_field_of_the_command_line_is_understood(ann: FlaskClient):
    response = ann.post(
        URL,
        json={
            "dataset": "plays",
            "metrics": ["hours_viewed", "accounts"],
            "by": ["country", "day:week"],
            "where": "hour between 8 and 20 and hours_viewed > 0",
            "period": "last 4 weeks",
            "compare": "previous",
            "with": {},
            "calculate": ["rank:hours_viewed"],
            "order": "-hours_viewed",
            "limit": 5,
            "interval": True,
            "version": None,
        },
    )
    answer = Answer.model_validate(response.json)
    assert len(answer.rows) == 5
    assert "hours_viewed__delta_low" in answer.columns
    assert "hours_viewed__rank" in answer.columns
    assert answer.compare is not None


def test_a_change_is_split_into_parts_that_add_up_to_it(ann: FlaskClient, ben: FlaskClient):
    asked = {"dataset": "plays", "metric": "hours_viewed", "by": "device", "period": "last 4 weeks"}
    response = ann.post("/api/v1/explain", json=asked)
    assert response.status_code == 200, response.text
    found = Explained.model_validate(response.json)
    assert found.by == "device"
    assert sum(p.part.value or 0 for p in found.parts) == pytest.approx(found.change.value)
    assert found.compare is not None
    hidden = ben.post("/api/v1/explain", json={**asked, "metric": "accounts"})
    assert refused(hidden, 403) == "access_denied"
    assert refused(ann.post("/api/v1/explain", json={**asked, "how": "?"}), 422) == "invalid_body"
    assert ann.get("/api/v1/explain").status_code == 405


SPREAD = "/api/v1/distribution"
MINUTES = {"dataset": "plays", "metric": "hours_viewed", "period": "all"}


def test_a_distribution_is_the_one_of_its_page(
    portal: tuple[Flask, Store], ann: FlaskClient, warehouse: Warehouse
):
    response = ann.post(SPREAD, json={**MINUTES, "by": "device", "group": "tv"})
    assert response.status_code == 200, response.text
    found = Distributed.model_validate(response.json)
    assert (found.over, found.counted) == ("units", "accounts")
    dataset = warehouse.dataset("plays")
    device = dataset.dimension("device")
    query = Query(dataset=dataset, metrics=(dataset.metric("hours_viewed"),))
    asked = Distribution(query=query, split=Filter(device, "in", ("tv",)))
    both = spreads(warehouse.distribution(asked, Access()).frame, is_independent=True)
    for side, expected in zip(found.sides, both, strict=True):
        assert side.n == expected.n
        mean = figures(expected)["mean"]
        assert side.statistics["mean"].value == pytest.approx(mean.value)
        assert side.statistics["mean"].low == pytest.approx(mean.low)
        shares = [point.share for point in side.function]
        assert shares == sorted(shares)
        assert 0.9 < sum(bar.share or 0 for bar in side.histogram) <= 1
    assert found.distance is not None
    assert found.distance.value == pytest.approx(distance(*both).estimate.value)
    assert found.difference["p50"].value == pytest.approx(
        (found.sides[0].statistics["p50"].value or 0)
        - (found.sides[1].statistics["p50"].value or 0)
    )
    cy = Newcomer(email="cy@example.com", name="Cy", unit="product", row_rules={"country": ("BR",)})
    whole, narrowed = (
        Distributed.model_validate(client.post(SPREAD, json=MINUTES).json)
        for client in (ann, client_of(*portal, cy))
    )
    assert narrowed.sides[0].n < whole.sides[0].n
    assert not whole.difference
    assert whole.distance is None


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"metric": "accounts"}, "no_distribution", "once"),
        ({"metric": "hours"}, "unknown_metric", ""),
        ({"where": "hours_viewed > 1"}, "invalid_query", "no number of a group"),
        ({"where": "country = 'nowhere'"}, "no_rows", "no rows"),
        ({"by": "device"}, "invalid_query", "Which device"),
        ({"group": "tv"}, "invalid_query", "of a dimension"),
        ({"by": "device", "group": "tv", "against": "tv"}, "invalid_query", "itself"),
        ({"by": "device", "group": "nothing"}, "no_rows", "Nothing has no"),
        (
            {"by": "device", "group": "tv", "compare": "previous", "period": "last 4 weeks"},
            "invalid_query",
            "not both",
        ),
        ({"over": "days"}, "invalid_body", "over"),
        ({"colour": "blue"}, "invalid_body", "colour"),
    ],
)
def test_what_cannot_be_spread_is_refused(
    ann: FlaskClient, change: dict[str, str], code: str, said: str
):
    response = ann.post(SPREAD, json={**MINUTES, **change})
    assert refused(response, 422) == code
    assert said in Refusal.model_validate(response.json).error.message


def test_a_distribution_tells_no_number_that_is_hidden(ben: FlaskClient):
    for over in ("rows", "units"):
        hidden = ben.post(SPREAD, json={**MINUTES, "over": over})
        assert refused(hidden, 403) == "access_denied"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (URL, HOURS),
        ("/api/v1/rows", {"dataset": "plays"}),
        ("/api/v1/explain", {"dataset": "plays", "metric": "hours_viewed"}),
        (SPREAD, MINUTES),
    ],
)
def test_nothing_is_worked_out_for_a_client_that_has_left(
    ann: FlaskClient, path: str, body: dict[str, object]
):
    gone = {"waitress.client_disconnected": lambda: True}
    assert refused(ann.post(path, json=body, environ_overrides=gone), 422) == "cancelled"


def test_arrow_and_csv_hold_the_same_rows(ann: FlaskClient):
    body = {**HOURS, "by": ["country"]}
    answer = Answer.model_validate(ann.post(URL, json=body).json)
    stream = ann.post(URL, json=body, headers={"Accept": ARROW})
    assert stream.mimetype == ARROW
    frame = pl.read_ipc_stream(BytesIO(stream.data))
    assert [list(row) for row in frame.rows()] == answer.rows
    text = ann.post(URL, json=body, headers={"Accept": "text/csv"})
    assert pl.read_csv(BytesIO(text.data)).columns == answer.columns


def test_somebody_s_access_narrows_their_answers(ann: FlaskClient, ben: FlaskClient):
    everything = ann.post(URL, json={**HOURS, "by": ["country"]}).json
    narrowed = ben.post(URL, json={**HOURS, "by": ["country"]}).json
    assert everything is not None
    assert narrowed is not None
    assert len(everything["rows"]) > 1
    ((country, *numbers),) = narrowed["rows"]
    assert country == "BR"
    expected = next(row for row in everything["rows"] if row[0] == "BR")
    # Countries of under 200 accounts are marked in a column that the answer about one lacks.
    assert numbers == pytest.approx(expected[1 : 1 + len(numbers)])
    hidden = ben.post(URL, json={"dataset": "plays", "metrics": ["hours_per_account"]})
    assert refused(hidden, 403) == "access_denied"


def test_hidden_numbers_are_not_offered(ann: FlaskClient, ben: FlaskClient):
    def names(client: FlaskClient) -> set[str]:
        card = Dataset.model_validate(client.get("/api/v1/datasets/plays").json)
        return {m.name for m in card.metrics}

    assert names(ann) - names(ben) == {"accounts", "hours_per_account", "starters"}


def test_datasets_are_listed_with_what_the_lake_holds(ann: FlaskClient):
    listed = Datasets.model_validate(ann.get("/api/v1/datasets").json)
    assert [(d.name, d.loaded, d.rows) for d in listed.datasets] == [("plays", True, 4_000)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"metrics": ["hours"]}, "unknown_metric"),
        ({"dataset": "nothing"}, "unknown_dataset"),
        ({"where": "contry = 'US'"}, "unknown_dimension"),
        ({"where": "country ="}, "invalid_query"),
        ({"version": "v9-nothing"}, "unknown_version"),
        ({"calculate": ["share:accounts"], "metrics": ["accounts"]}, "adds_distinct"),
        ({"metrics": []}, "invalid_body"),
        ({"metrics": "hours_viewed"}, "invalid_body"),
        ({"limit": "many"}, "invalid_body"),
        ({"limit": 10**30}, "invalid_body"),
        ({"colour": "blue"}, "invalid_body"),
        ({"where": "x" * 30_000}, "invalid_body"),
        ({"by": ["country\0"]}, "unknown_dimension"),
    ],
)
def test_a_question_without_an_answer_is_refused(
    ann: FlaskClient, change: dict[str, object], code: str
):
    assert refused(ann.post(URL, json={**HOURS, **change}), 422) == code


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "3", '{"dataset":', "\udcff", "\0"])
def test_a_body_that_is_no_question_is_refused(ann: FlaskClient, body: str):
    sent = body.encode("utf-8", "surrogateescape")
    response = ann.post(URL, data=sent, content_type="application/json")
    assert refused(response, 422) == "invalid_body"


def test_strangers_are_turned_away(portal: tuple[Flask, Store]):
    server, _ = portal
    stranger = server.test_client()
    for path in ("/api/v1/datasets", "/api/v1/datasets/plays", "/api/v1/openapi.json"):
        assert refused(stranger.get(path), 401) == "unauthorized"
    assert refused(stranger.post(URL, json=HOURS), 401) == "unauthorized"
    wrong = {"Authorization": "Bearer playhead_wrong"}
    assert refused(stranger.post(URL, json=HOURS, headers=wrong), 401) == "unauthorized"


def test_other_failures_have_the_same_shape(ann: FlaskClient):
    assert refused(ann.get("/api/v1/nothing"), 404) == "not_found"
    assert refused(ann.get("/api/v1/datasets/nothing"), 404) == "not_found"
    assert refused(ann.get(URL), 405) == "method_not_allowed"
    assert refused(ann.post(URL, data="dataset=plays"), 415) == "unsupported_media_type"
    huge = ann.post(URL, data=b" " * (17 << 20), content_type="application/json")
    assert refused(huge, 413)
    other = ann.post(URL, json=HOURS, headers={"Accept": "image/png"})
    assert refused(other, 406) == "not_acceptable"
