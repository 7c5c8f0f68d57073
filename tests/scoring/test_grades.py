import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict.errors import InputError, ModelError
from predict.scoring import figures
from predict.scoring.grades import (
    LETTERS,
    Limits,
    grade,
    is_qualified,
    limits_from,
    reference_quantiles,
    score,
)
from predict.scoring.words import forbidden_words

CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=200)
AMOUNT = st.none() | st.floats(1, 300)


@given(CHANCES, st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_the_score_never_falls_as_the_chance_rises(reference: list[float], p: list[float]) -> None:
    given_ = np.sort(p)
    found = score(given_, reference_quantiles(reference))
    assert ((found >= 0) & (found <= 100)).all()
    assert (np.diff(found) >= -1e-9).all()


def test_the_score_is_the_share_of_past_leads_below() -> None:
    rng = np.random.default_rng(0)
    past = rng.beta(1, 9, 20_000)
    new = rng.beta(2, 9, 500)
    below = np.array([(past < p).mean() * 100 for p in new])
    np.testing.assert_allclose(score(new, reference_quantiles(past)), below, atol=0.6)


def test_a_chance_shared_by_many_gets_the_middle_of_their_percentiles() -> None:
    reference = reference_quantiles([0.1] * 50 + [0.2] * 50)
    low, high = score([0.1, 0.2], reference)
    assert low == pytest.approx(25, abs=1) and high == pytest.approx(75, abs=1)
    assert score([0.3], reference_quantiles([0.3] * 9)).tolist() == [50.0]
    assert score([0.2999, 0.3001], reference_quantiles([0.3] * 9)).tolist() == [0.0, 100.0]


def test_scores_are_independent_of_the_list_and_keep_missing() -> None:
    reference = reference_quantiles(np.linspace(0, 1, 500))
    together = score([0.1, np.nan, 0.7], reference)
    assert np.isnan(together[1])
    assert together[2] == score([0.7], reference)[0]


@settings(max_examples=200)
@given(CHANCES, st.floats(0.1, 24), AMOUNT, AMOUNT, AMOUNT)
def test_limits_are_chances_in_falling_order(
    chances: list[float],
    months: float,
    capacity: float | None,
    value: float | None,
    cost: float | None,
) -> None:
    limits = limits_from(
        chances, months, capacity_per_month=capacity, value_of_win=value, cost_of_follow_up=cost
    )
    assert 1 >= limits.a >= limits.b >= limits.c >= 0
    if value is not None and cost is not None and cost <= 0.99 * value:
        assert limits.b >= cost / value - 1e-9
    assert Limits.from_dict(json.loads(json.dumps(limits.as_dict()))) == limits
    assert forbidden_words(limits.sentence()) == []


@given(st.integers(30, 400), st.integers(0, 10**6), st.floats(0.05, 0.95))
def test_about_the_capacity_is_above_the_cut_off(n: int, seed: int, share: float) -> None:
    chances = np.random.default_rng(seed).uniform(0.1, 0.9, n)
    limits = limits_from(chances, 2.0, capacity_per_month=share * n / 2)
    # Whole percents over this range part the leads into 80 lots.
    lots = np.unique(np.floor(100 * chances + 0.5), return_counts=True)[1]
    assert abs((chances >= limits.b).sum() - share * n) <= lots.max()
    assert limits.because == "capacity"
    assert limits.per_month == (chances >= limits.b).sum() / 2


def test_without_capacity_and_money_a_fifth_is_qualified_and_a_third_of_it_is_A() -> None:
    chances = np.random.default_rng(1).beta(2, 12, 5_000)
    limits = limits_from(chances, 6)
    letters = grade(chances, limits)
    assert is_qualified(letters, limits).mean() == pytest.approx(0.2, abs=0.02)
    assert (letters == "A").sum() / is_qualified(letters, limits).sum() == pytest.approx(1 / 3, 0.1)
    rest = letters[~is_qualified(letters, limits)]
    assert (rest == "C").mean() == pytest.approx(0.5, abs=0.05)
    assert limits.because == "share"


def test_the_higher_of_capacity_and_money_decides() -> None:
    chances = np.linspace(0, 0.5, 1001)
    money = limits_from(chances, 1, capacity_per_month=500, value_of_win=100, cost_of_follow_up=40)
    room = limits_from(chances, 1, capacity_per_month=50, value_of_win=100, cost_of_follow_up=4)
    assert money.because == "money" and money.b == pytest.approx(0.4, abs=0.006) and money.b >= 0.4
    assert room.because == "capacity" and room.per_month == pytest.approx(50, abs=10)


def test_room_for_all_leads_lets_all_in_even_those_below_any_seen() -> None:
    limits = limits_from([0.2, 0.3], 1, capacity_per_month=10)
    assert grade([0.0001], limits).tolist() != ["D"]
    assert is_qualified(grade([0.0001], limits), limits).all()


def test_no_follow_up_pays() -> None:
    limits = limits_from([0.01, 0.02], 1, value_of_win=10, cost_of_follow_up=9)
    assert limits.per_month == 0
    assert not is_qualified(grade([0.02], limits), limits).any()
    assert grade([0.95], limits).tolist() == ["A"]


@given(CHANCES, st.floats(0, 1))
def test_the_printed_chance_agrees_with_the_grade(chances: list[float], p: float) -> None:
    """A lead printed with the percentage of a limit has at least that grade."""
    limits = limits_from(chances, 1)
    letter = grade([p], limits)[0]
    for at, limit in zip("ABC", (limits.a, limits.b, limits.c), strict=True):
        if figures.percent(p) == figures.percent(limit):
            assert LETTERS.index(letter) <= LETTERS.index(at)


def test_grades_fall_with_the_chance_and_stay_missing() -> None:
    limits = Limits(0.3, 0.2, 0.1)
    assert grade([0.3, 0.29, 0.2, 0.19, 0.1, 0.09, np.nan], limits).tolist() == [
        "A", "B", "B", "C", "C", "D", None,
    ]  # fmt: skip


def test_the_cut_off_may_lie_elsewhere() -> None:
    limits = Limits(0.3, 0.2, 0.1, cut_off="C")
    assert is_qualified(["A", "C", "D", None], limits).tolist() == [True, True, False, False]
    assert "A, B and C" in limits.sentence()


@pytest.mark.parametrize("wrong", [(0.1, 0.2, 0.05), (1.2, 0.5, 0.1), (float("nan"), 0.5, 0.1)])
def test_limits_out_of_order_are_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ModelError, match="falling order"):
        Limits(*wrong)


def test_an_unknown_cut_off_is_refused() -> None:
    with pytest.raises(ModelError, match="unknown"):
        Limits.from_dict({"a": 0.3, "b": 0.2, "c": 0.1, "cut_off": "E"})


def test_without_chances_nothing_is_made_up() -> None:
    for nothing in ([], [float("nan")], [1.5]):
        with pytest.raises(InputError, match="chances of past leads"):
            limits_from(nothing, 1)
    with pytest.raises(InputError, match="no length"):
        limits_from([0.5], 0)
    with pytest.raises(InputError, match="worth nothing"):
        limits_from([0.5], 1, value_of_win=0, cost_of_follow_up=1)


def test_quantiles_out_of_order_are_refused() -> None:
    with pytest.raises(ModelError, match="rising order"):
        score([0.1], [0.3, 0.2, 0.5])
