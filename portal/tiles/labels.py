"""Names of points in a plot, placed beside them so that none lies on another.

The server does not know how wide a plot will be, so a place is taken that is free on a narrow
screen and on a wide one. Each name goes, one after the other, to the nearest free place; one that
is not beside its point has a line to it. As long as there are no more names than rows of text fit
between any two of them, none overlap.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.tiles.figure import Layout

SIZES = ((250, 240), (460, 240), (250, 290), (460, 290))
LINE = 16
_LETTER, _GAP, _MARK = 6.8, 10, 7
_FAR = 14
_ROOM = 0.08
_OVER_NAME, _OVER_MARK, _OVER_BAR, _ASTRAY = 10_000, 300, 5, 60
Size = tuple[int, int]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Named:
    """A point with its name; `x` and `y` are shares of the axes, from the left and from below.

    `bars` are the ends of its intervals, across and up, where it has them.
    """

    name: str
    x: float
    y: float
    across: tuple[float, float] | None = None
    up: tuple[float, float] | None = None

    @property
    def width(self) -> float:
        return _LETTER * len(self.name) + 4


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the middle of a name is, in pixels to the right of its point and below it."""

    right: float
    below: float


def placed(points: Sequence[Named], sizes: Sequence[Size] = SIZES) -> list[Spot]:
    """A place for each name, in the order given; `sizes` are the plots that it must be free in."""
    spots: dict[int, Spot] = {}
    for n in sorted(range(len(points)), key=lambda i: (points[i].y, points[i].x)):
        taken = [[box(points[i], spot, size) for i, spot in spots.items()] for size in sizes]
        spots[n] = min(
            _places(points[n], sizes),
            key=lambda spot: _cost(points[n], spot, points, list(zip(sizes, taken, strict=True))),
        )
    return [spots[n] for n in range(len(points))]


def box(point: Named, spot: Spot, size: Size) -> Box:
    """Left, top, right and bottom of a name, in pixels from the top left of the plot."""
    middle = point.x * size[0] + spot.right, (1 - point.y) * size[1] + spot.below
    return (
        middle[0] - point.width / 2,
        middle[1] - LINE / 2,
        middle[0] + point.width / 2,
        middle[1] + LINE / 2,
    )


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes have more than an edge in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def annotations(points: Sequence[Named], at: Sequence[tuple[float, float]]) -> list[Layout]:
    """The names as Plotly writes them, `at` the numbers of their points."""
    found: list[Layout] = []
    for point, spot, (x, y) in zip(points, placed(points), at, strict=True):
        plain: Layout = {"x": x, "y": y, "text": point.name, "font": {"size": 12}}
        is_far = abs(spot.below) > _FAR + 1 or abs(spot.right) > point.width / 2 + _FAR
        if is_far:
            line = {"arrowhead": 0, "arrowwidth": 1, "arrowcolor": "@muted", "standoff": _MARK}
            found.append(plain | line | {"showarrow": True, "ax": spot.right, "ay": spot.below})
        else:
            found.append(plain | {"showarrow": False, "xshift": spot.right, "yshift": -spot.below})
    return found


def _places(point: Named, sizes: Sequence[Size]) -> Iterator[Spot]:
    """Beside, over and under a point, then further up and down in steps of half a line."""
    half = point.width / 2
    narrow, low = min(w for w, _ in sizes), min(h for _, h in sizes)
    left, right = half - point.x * narrow, (1 - point.x) * narrow - half
    top, bottom = LINE / 2 - (1 - point.y) * low, point.y * low - LINE / 2
    steps = [k * LINE / 2 for k in range(-2 * low // LINE, 2 * low // LINE + 1)]
    for across in (half + _GAP, -half - _GAP, 0.0, half / 2, -half / 2):
        kept = min(max(across, left), right)
        for down in (0.0, -_FAR, _FAR, *steps):
            if top <= down <= bottom:
                yield Spot(kept, down)
    yield Spot(min(max(0.0, left), right), min(max(-float(_FAR), top), max(bottom, top)))


def _cost(
    own: Named, spot: Spot, points: Sequence[Named], taken: Sequence[tuple[Size, list[Box]]]
) -> float:
    cost = abs(spot.below) + max(0.0, abs(spot.right) - own.width / 2)
    for size, boxes in taken:
        here = box(own, spot, size)
        cost += _OVER_NAME * sum(overlap(here, one) for one in boxes)
        cost += _ASTRAY * any(_is_nearer(here, one, own, size) for one in points if one != own)
        for point in points:
            cost += _OVER_MARK * overlap(here, _mark(point, size))
            cost += _OVER_BAR * sum(overlap(here, bar) for bar in _bars(point, size))
    return cost


def _is_nearer(here: Box, other: Named, own: Named, size: Size) -> bool:
    """Whether a name is nearer to the point of another than to its own."""
    return _apart(here, other, size) < _apart(here, own, size)


def _apart(here: Box, point: Named, size: Size) -> float:
    x, y = point.x * size[0], (1 - point.y) * size[1]
    across, down = (
        max(a - v, v - b, 0.0) for a, b, v in ((here[0], here[2], x), (here[1], here[3], y))
    )
    return across**2 + down**2


def _mark(point: Named, size: Size) -> Box:
    x, y = point.x * size[0], (1 - point.y) * size[1]
    return x - _MARK, y - _MARK, x + _MARK, y + _MARK


def _bars(point: Named, size: Size) -> Iterator[Box]:
    width, height = size
    x, y = point.x * width, (1 - point.y) * height
    if point.across:
        yield point.across[0] * width, y - 1, point.across[1] * width, y + 1
    if point.up:
        yield x - 1, (1 - point.up[1]) * height, x + 1, (1 - point.up[0]) * height


@dataclass(frozen=True, slots=True)
class Measured:
    """A point of a scatter: its name, and a number with its ends across and up."""

    name: str
    across: tuple[float, float, float]
    up: tuple[float, float, float]


def laid_out(points: Sequence[Measured]) -> Layout:
    """Axes that hold all points with their intervals, and the names beside them."""
    ranges = [_padded([v for p in points for v in ends(p)]) for ends in (_across, _up)]
    (left, right), (bottom, top) = ranges

    def share(value: float, low: float, high: float) -> float:
        return (value - low) / (high - low)

    named = [
        Named(
            p.name,
            share(p.across[0], left, right),
            share(p.up[0], bottom, top),
            (share(p.across[1], left, right), share(p.across[2], left, right)),
            (share(p.up[1], bottom, top), share(p.up[2], bottom, top)),
        )
        for p in points
    ]
    at = [(p.across[0], p.up[0]) for p in points]
    return {
        "xaxis": {"range": [left, right]},
        "yaxis": {"range": [bottom, top]},
        "annotations": annotations(named, at),
    }


def _across(point: Measured) -> tuple[float, float, float]:
    return point.across


def _up(point: Measured) -> tuple[float, float, float]:
    return point.up


def _padded(values: Sequence[float]) -> tuple[float, float]:
    """An axis that has room around its numbers."""
    low, high = min(values), max(values)
    room = _ROOM * (high - low) or _ROOM * abs(high) or 1.0
    return low - room, high + room
