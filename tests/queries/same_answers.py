"""Two answers to the same question, compared number by number."""

from polars.testing import assert_frame_equal

from queries.model import Result


def assert_same(ours: Result, theirs: Result) -> None:
    keys = [k.name for k in ours.query.by if k.name in ours.frame.columns]
    for one, other, by in ((ours.frame, theirs.frame, keys), (ours.total, theirs.total, [])):
        assert_frame_equal(
            one.sort(by, nulls_last=True) if by else one,
            other.sort(by, nulls_last=True) if by else other,
            rel_tol=1e-6,
            abs_tol=1e-6,
            check_dtypes=False,
        )
