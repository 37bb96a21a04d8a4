"""The one document: tokens, look and typeface, and nothing that runs inline."""

import json
import re
from pathlib import Path

from flask import Flask

from portal import typeface
from portal.components.document import document
from portal.theme import SCHEMES, TOKENS, plotly_template

CONTRAST = 4.5


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_can_be_read_in_both_schemes() -> None:
    for scheme in SCHEMES:
        tokens = TOKENS[scheme]
        for name in ("ink", "ink-soft", "muted", "good", "bad", "warn", "accent-strong"):
            for ground in ("surface", "ground", "raised"):
                assert contrast(tokens[name], tokens[ground]) >= CONTRAST, (scheme, name, ground)
        assert contrast(tokens["warn"], tokens["warn-soft"]) >= CONTRAST
        assert contrast(tokens["accent-ink"], tokens["accent"]) >= CONTRAST


def test_both_schemes_have_the_same_tokens() -> None:
    assert set(TOKENS["light"]) == set(TOKENS["dark"])
    assert plotly_template("light").keys() == plotly_template("dark").keys()


def test_only_scripts_of_this_site_run() -> None:
    scripts = re.findall(r"<script([^>]*)>", document())
    for attributes in scripts:
        assert 'src="/' in attributes or 'type="application/json"' in attributes
    assert "http://" not in document().replace("http://www.w3.org", "")
    assert "https://" not in document()


def test_what_drawings_need_travels_once_as_json() -> None:
    found = re.search(r'<script type="application/json" id="facts">(.*?)</script>', document())
    assert found
    facts = json.loads(found[1])
    assert facts["look"]["dark"]["tokens"] == TOKENS["dark"]
    assert facts["countries"]["BR"] == "Brazil"


def test_without_a_fetched_typeface_nothing_is_promised(tmp_path: Path) -> None:
    assert typeface.rules(tmp_path) == ""


def test_a_fetched_typeface_is_served_for_long(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "playhead"
    folder.mkdir(parents=True)
    (folder / "inter-latin.woff2").write_bytes(b"wOF2")
    server = Flask("typeface")
    typeface.register(server, tmp_path)
    address = re.findall(r"url\((.*?)\)", typeface.rules(tmp_path))
    response = server.test_client().get(address[0])
    assert response.data == b"wOF2"
    assert "immutable" in response.headers["Cache-Control"]
    response.close()
