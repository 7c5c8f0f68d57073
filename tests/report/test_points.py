import math

from hypothesis import given
from hypothesis import strategies as st

from predict.report.points import ALL_ELSE, Point, cited, walk_of

shares = st.lists(st.floats(-0.2, 0.2).filter(lambda x: abs(x) > 1e-6), min_size=1, max_size=5)


def point(share: float) -> Point:
    return Point("Came by referral", "", "clear", 50.0, share, share)


@given(st.floats(0.001, 0.5), st.floats(0.001, 0.999), shares)
def test_a_walk_adds_up_as_printed_and_stays_close(
    start: float, end: float, moved: list[float]
) -> None:
    walk = walk_of(start, end, [point(share) for share in moved])
    assert walk is not None and walk.steps[-1].point.fact == ALL_ELSE

    def read(text: str) -> float:
        return float(text.replace(" %", "").replace("−", "-").replace("±", ""))

    steps = [read(step.said) for step in walk.steps]
    assert round(read(walk.start) + math.fsum(steps), 1) == read(walk.end)
    unit = 1.0 if max(start, end) >= 0.1 else 0.1
    for share, step in zip(moved, steps, strict=False):
        assert abs(100 * share - step) < unit + 1e-9
    assert abs(read(walk.end) - 100 * end) <= unit / 2 + 1e-9
    for step in walk.steps:
        assert 0 <= step.left <= 100 and step.width >= 0


def test_without_shares_there_is_no_walk() -> None:
    assert walk_of(math.nan, 0.2, [point(0.1)]) is None
    assert walk_of(0.1, 0.2, []) is None


def test_what_rests_on_nothing_cites_nothing() -> None:
    assert cited({}) == cited({"n": math.nan}) == ""
