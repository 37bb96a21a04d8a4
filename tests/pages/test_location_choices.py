"""Which two places the planner holds against each other."""

import pytest

from portal.tiles.filming import NUMBERS, OPTIONS, places
from portal.view import View

RANKED = ("London", "Rome", "Prague")


@pytest.mark.parametrize(
    ("query", "expected", "said"),
    [
        ("", ("London", "Rome"), ""),
        ("a=Rome", ("Rome", "London"), ""),
        ("b=London", ("Rome", "London"), ""),
        ("a=Prague&b=Rome", ("Prague", "Rome"), ""),
        ("a=Rome&b=Rome", ("Rome", "London"), "A place cannot be held against itself"),
        ("a=Atlantis", ("London", "Rome"), "No finished production was shot in Atlantis"),
        ("b=Atlantis", ("London", "Rome"), "No finished production was shot in Atlantis"),
    ],
)
def test_no_place_is_held_against_itself(query: str, expected: tuple[str, str], said: str):
    found, told = places(RANKED, View.from_url(query, (), (*OPTIONS, *NUMBERS)))
    assert found == expected
    assert " ".join(told).startswith(said)
    assert bool(told) == bool(said)
