"""Where a metric is shown, read off the pages."""

from portal.lineage import uses
from portal.routing import discover
from queries.catalog import builtin


def test_a_metric_is_said_to_be_shown_where_its_tiles_are():
    found = uses(discover("pages").values(), builtin())
    rankers = {u.path for u in found["playback", "recommendation_share"]}
    assert "/rankers" in rankers
    health = next(u for u in found["playback", "late_share"] if u.path == "/health")
    assert health.tiles == ("Late events",)


def test_a_page_about_whatever_its_url_names_is_no_place_of_a_metric():
    found = uses(discover("pages").values(), builtin())
    assert all(u.path not in ("/explore", "/rows", "/explain") for of in found.values() for u in of)
