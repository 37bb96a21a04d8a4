"""Heavy libraries are loaded by the first answer that needs them, not by the portal's start."""

import subprocess
import sys

import pytest
from scipy import special

from queries import tails

HEAVY = ("scipy", "sklearn", "statsmodels", "mapie", "ruptures", "pandas", "matplotlib")
START = f"""
import sys
import portal.tiles
from portal.routing import discover
assert len(discover("pages")) > 15
print(*sorted({{name.split(".")[0] for name in sys.modules}} & set({HEAVY!r})))
"""


def test_every_page_and_tile_is_there_before_any_statistics_library_is_loaded():
    made = subprocess.run(
        [sys.executable, "-c", START], capture_output=True, text=True, check=True, timeout=300
    )
    assert made.stdout.split() == []


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("stdtr", (12, -2.1)), ("stdtrit", (12, 0.9)), ("ndtr", (1.3,)), ("chdtrc", (3, 5.5)),
        ("fdtrc", (2, 30, 3.1)), ("betainc", (2.5, 7, 0.3)), ("gammaincc", (2.5, 3.0)),
    ],
)  # fmt: skip
def test_a_tail_is_scipy_s(name: str, given: tuple[float, ...]):
    assert float(getattr(tails, name)(*given)) == float(getattr(special, name)(*given))
