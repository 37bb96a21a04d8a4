"""Names of points: none lies on another where there is room, on any screen."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from portal.tiles.labels import (
    SIZES,
    Measured,
    Named,
    Spot,
    annotations,
    box,
    laid_out,
    overlap,
    placed,
)

SHARES = st.floats(0, 1)
POINTS = st.lists(st.builds(Named, st.text("abcdefgh ", min_size=1, max_size=20), SHARES, SHARES))
NARROW, WIDE = SIZES[:2]


def free(points: list[Named], sizes: tuple[tuple[int, int], ...]) -> bool:
    spots = placed(points, sizes)
    return not any(
        overlap(box(points[i], spots[i], size), box(points[k], spots[k], size))
        for size in sizes
        for i, k in combinations(range(len(points)), 2)
    )


@given(POINTS.filter(lambda points: len(points) <= 7))
def test_no_two_names_overlap_where_there_is_room(points: list[Named]):
    """Seven names of at most a plot's width in fifteen rows: each takes two rows from others."""
    assert free(points, (NARROW, WIDE))


@given(POINTS.filter(lambda points: len(points) <= 7))
def test_a_name_stays_within_its_plot(points: list[Named]):
    for point, spot in zip(points, placed(points, (NARROW,)), strict=True):
        left, top, right, bottom = box(point, spot, NARROW)
        assert min(left, top) >= -0.01
        assert right <= NARROW[0] + 0.01
        assert bottom <= NARROW[1] + 0.01


def test_rankers_that_are_close_are_named_apart_and_one_alone_stands_beside_its_point():
    close = [Named("Trending", 0.47, 0.08), Named("PVR", 0.5, 0.085), Named("Top 10", 0.47, 0.14)]
    alone = Named("Similar", 0.05, 0.9)
    assert free([*close, alone], SIZES)
    spot = placed([*close, alone])[3]
    assert spot == Spot(alone.width / 2 + 10, 0)


def test_only_a_name_that_is_far_has_a_line():
    crowd = [Named(f"Ranker {n}", 0.5, 0.5) for n in range(6)]
    found = annotations(crowd, [(1.0, 2.0)] * 6)
    assert {one["showarrow"] for one in found} == {True, False}
    (single,) = annotations(crowd[:1], [(1.0, 2.0)])
    assert (single["x"], single["y"], single["text"]) == (1.0, 2.0, "Ranker 0")
    assert not single["showarrow"]


def test_axes_hold_every_interval():
    found = laid_out([Measured("a", (1, 0, 3), (5, 4, 6)), Measured("b", (2, 2, 2), (1, 1, 9))])
    assert found["xaxis"]["range"] == [-0.24, 3.24]
    assert found["yaxis"]["range"] == [0.36, 9.64]
    (alone,) = (laid_out([Measured("a", (0, 0, 0), (0, 0, 0))])["xaxis"]["range"],)
    assert alone == [-1.0, 1.0]
