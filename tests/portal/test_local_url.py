from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.local_url import local_url

FOREIGN = [
    "//evil.example",
    "///evil.example",
    "https://evil.example",
    "https:/evil.example",
    "https:evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\0/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/@evil.example",
    " /rankers",
    "%2f%2fevil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "",
    None,
    "rankers",
    "/" + "x" * 9_000,
]
OWN = [
    "/",
    "/rankers",
    "/rankers?country=US&country=BR",
    "/titles?title=A%20%2F%20B&period=last%2028%20days",
    "/explore?url=https://other.example/",
    "/top10#week",
]


@pytest.mark.parametrize("text", FOREIGN)
def test_what_could_lead_elsewhere_is_refused(text: str | None):
    assert local_url(text) == "/"


@pytest.mark.parametrize("text", OWN)
def test_a_page_of_this_site_is_kept_as_it_is(text: str):
    assert local_url(text) == text


@given(st.text(alphabet="/\\@:?#.%29fFcCaehtps \t\n\x00é", max_size=40))
@example("/.//evil.example")
def test_a_browser_never_leaves_the_site(text: str):
    kept = local_url(text)
    for reading in (kept, kept.replace("\\", "/"), "".join(c for c in kept if c not in "\t\n\r")):
        assert urlsplit(urljoin("https://portal.example/login", reading)).netloc == "portal.example"


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4))
def test_any_filter_value_survives_the_way_through_signing_in(values: list[str]):
    url = "/rankers?" + "&".join(f"title={quote(v, safe='')}" for v in values)
    kept = local_url(url)
    assert kept in (url, "/")
    if all(v.isprintable() for v in values):
        assert kept == url
