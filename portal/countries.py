"""Countries: their names, and their outlines as paths of one flat world.

Outlines come from the `countryinfo` package, so a map needs no network. The projection is Equal
Earth (Šavrič, Patterson and Jenny 2018): areas are true, so a large country is not made to look
larger. A country without an outline is a point at its capital.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import countryinfo

WIDTH = 1000
HEIGHT = 487
_A = (1.340264, -0.081106, 0.000893, 0.003796)
_M = math.sqrt(3) / 2
_SCALE = 184.6
_TOP = 1.3173627591574
_SMALLEST_RING = 0.8
_LEFT_OUT = frozenset({"AQ"})

Ring = list[list[float]]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Country:
    """A country on the flat world: an SVG path, or, where it is empty, a point.

    `region` is the part of the world that the United Nations count it to.
    """

    code: str
    name: str
    region: str
    path: str
    point: Point | None


@cache
def countries() -> dict[str, Country]:
    """Every country by its two letters."""
    found: dict[str, Country] = {}
    for country in countryinfo.all_countries():
        code = str(country.iso(2) or "")
        if len(code) == len("US") and code not in found:
            path = "" if code in _LEFT_OUT else _path(country.geo_json() or {})
            found[code] = Country(
                code, str(country.name()), str(country.subregion() or ""), path, _capital(country)
            )
    return dict(sorted(found.items()))


@cache
def names() -> dict[str, str]:
    return {code: country.name for code, country in countries().items()}


def project(longitude: float, latitude: float) -> Point:
    """Degrees to the flat world of WIDTH by HEIGHT, north up."""
    theta = math.asin(_M * math.sin(math.radians(latitude)))
    square = theta * theta
    sixth = square**3
    slope = _A[0] + 3 * _A[1] * square + sixth * (7 * _A[2] + 9 * _A[3] * square)
    x = math.radians(longitude) * math.cos(theta) / (_M * slope)
    y = theta * (_A[0] + _A[1] * square + sixth * (_A[2] + _A[3] * square))
    return (WIDTH / 2 + _SCALE * x, _SCALE * (_TOP - y))


def _capital(country: Any) -> Point | None:  # noqa: ANN401  # the package has no types
    place = country.capital_latlng()
    if not place or len(place) != len(("latitude", "longitude")):
        return None
    x, y = project(float(place[1]), float(place[0]))
    return (round(x, 1), round(y, 1))


def _path(geometry: dict[str, Any]) -> str:
    rings = [ring for feature in geometry.get("features", ()) for ring in _rings(feature)]
    drawn = [[project(*point[:2]) for point in ring] for ring in rings]
    shown = [points for points in drawn if _area(points) > _SMALLEST_RING] or drawn
    return "".join(_subpath(points) for points in shown)


def _rings(feature: dict[str, Any]) -> Iterator[Ring]:
    shape = feature["geometry"]
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    for polygon in polygons:
        yield from polygon


def _subpath(points: Iterable[Point]) -> str:
    texts = [f"{x:.1f} {y:.1f}" for x, y in points]
    thinned = [t for i, t in enumerate(texts) if i == 0 or t != texts[i - 1]]
    return f"M{'L'.join(thinned)}Z"


def _area(points: list[Point]) -> float:
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2
