import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from flask import Flask, Response

from portal import compression, static
from tests.portal.conftest import Portal, open_portal
from tests.portal.requests import signed_in

PLOTLY = static.PLOTLY


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    opened = open_portal(tmp_path_factory.mktemp("home"))
    yield opened
    opened.store.close()


def test_a_script_is_squeezed_once_and_then_remembered(portal: Portal):
    client = signed_in(portal)
    bodies = {}
    for encoding in ("br", "gzip", "identity"):
        answer = client.get(PLOTLY, headers={"Accept-Encoding": encoding})
        assert answer.status_code == 200
        assert answer.headers.get("Content-Encoding", "identity") == encoding
        assert "Accept-Encoding" in answer.headers["Vary"]
        bodies[encoding] = answer.data
    assert brotli.decompress(bodies["br"]) == bodies["identity"]
    assert gzip.decompress(bodies["gzip"]) == bodies["identity"]
    assert len(bodies["br"]) < len(bodies["identity"]) / 3
    kept = sorted(p.suffix for p in (portal.settings.cache / "static").iterdir())
    assert kept == [".br", ".gzip"]


def test_an_unchanged_script_is_not_sent_again(portal: Portal):
    client = signed_in(portal)
    first = client.get(PLOTLY, headers={"Accept-Encoding": "br"})
    tag = {"If-None-Match": first.headers["ETag"], "Accept-Encoding": "br"}
    again = client.get(PLOTLY, headers=tag)
    assert (again.status_code, again.data) == (304, b"")
    other = client.get(PLOTLY, headers={**tag, "Accept-Encoding": "gzip"})
    assert other.status_code == 200


def test_the_gate_stands_before_remembered_scripts_too(portal: Portal):
    assert signed_in(portal).get(PLOTLY).status_code == 200
    assert portal.server.test_client().get(PLOTLY).status_code == 401


def test_what_has_a_fingerprint_is_kept_for_good_and_the_rest_for_an_hour(portal: Portal):
    client = signed_in(portal)
    page = client.get("/").text
    scripts = [part.split('"')[0] for part in page.split('src="')[1:]]
    assert len(scripts) > 5
    for script in scripts:
        answer = client.get(script)
        assert answer.status_code == 200
        is_named_by_content = "m=" in script or ".v4_" in script or "m1" in script
        lifetime = answer.headers["Cache-Control"]
        assert "private" in lifetime
        if "immutable" in lifetime:
            assert is_named_by_content, script


@pytest.mark.parametrize(
    "path",
    [
        "/_dash-component-suites/dash/../../../etc/passwd",
        "/_dash-component-suites/os/path.py",
        "/_dash-component-suites/portal/settings.py",
        "/assets/../portal/settings.py",
        "/assets/%2e%2e/portal/settings.py",
        "/assets/..%2fpyproject.toml",
    ],
)
def test_nothing_but_scripts_is_served(portal: Portal, path: str):
    assert signed_in(portal).get(path).status_code == 404


def test_a_slimmer_plotly_of_the_same_version_takes_the_place_of_the_full_one(tmp_path: Path):
    full = static.find_slim_plotly(tmp_path)
    assert full is None
    version = _plotly_version()
    slim = tmp_path / "share" / "playhead" / f"plotly-{version}.min.js"
    slim.parent.mkdir(parents=True)
    slim.write_text("window.Plotly = {}; // slim")
    assert static.find_slim_plotly(tmp_path) == slim
    server = Flask("test")
    static.register(server, tmp_path / "cache", slim)
    answer = server.test_client().get(PLOTLY, headers={"Accept-Encoding": "br"})
    assert brotli.decompress(answer.data) == slim.read_bytes()
    assert answer.mimetype == "text/javascript"


def test_a_restart_squeezes_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def app() -> Flask:
        server = Flask("test")
        static.register(server, tmp_path)
        server.add_url_rule(
            "/assets/a.js", "a", lambda: Response("x" * 5_000, mimetype="text/javascript")
        )
        return server

    first = app().test_client().get("/assets/a.js", headers={"Accept-Encoding": "br"})
    monkeypatch.delattr(compression, "compress")
    second = app().test_client().get("/assets/a.js", headers={"Accept-Encoding": "br"})
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"]


def answering(response: Response) -> Flask:
    server = Flask("test")
    compression.register(server)
    server.add_url_rule("/", "answer", lambda: response)
    return server


def test_a_large_answer_is_squeezed_and_a_small_one_is_not():
    large = json.dumps(list(range(1_000)))
    for body, encoding in ((large, "br"), ("{}", None)):
        server = answering(Response(body, mimetype="application/json"))
        answer = server.test_client().get("/", headers={"Accept-Encoding": "gzip, br"})
        assert answer.headers.get("Content-Encoding") == encoding
    assert (
        brotli.decompress(
            answering(Response(large, mimetype="application/json"))
            .test_client()
            .get("/", headers={"Accept-Encoding": "br"})
            .data
        )
        == large.encode()
    )


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_lines_arrive_one_by_one_though_squeezed(encoding: str):
    lines = [json.dumps({"tile": n, "values": list(range(200))}) + "\n" for n in range(5)]
    server = answering(Response(iter(lines), mimetype="application/x-ndjson"))
    answer = server.test_client().get("/", headers={"Accept-Encoding": encoding}, buffered=False)
    reader = (
        brotli.Decompressor().process if encoding == "br" else zlib.decompressobj(31).decompress
    )
    seen = [reader(bytes(piece)).decode() for piece in answer.iter_encoded()]
    assert seen == [*lines, ""]


def _plotly_version() -> str:
    found = static.PLOTLY_VERSION.search(
        (Path(static.plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()[
            :2_000
        ]
    )
    assert found is not None
    return found[1].decode()
