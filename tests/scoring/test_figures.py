import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict.scoring import figures

RATES = st.floats(0, 1)


@given(st.floats(-1e12, 1e12))
def test_a_number_reads_back_to_within_its_digits(value: float) -> None:
    text = figures.number(value)
    assert (text.lstrip("-") == "0") == (value == 0)
    back = float(text.replace(",", ""))
    assert math.isclose(back, value, rel_tol=0.05)
    assert "e" not in text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.0, "days", "1 day"),
        (0.0, "days", "0 days"),
        (45.0, "days", "45 days"),
        (45.4, "days", "45 days"),
        (1.3, "days", "31 hours"),
        (0.01, "days", "14 minutes"),
        (90.0, "seconds", "90 seconds"),
        (200.0, "seconds", "3 minutes"),
        (1.0, "entries", "1 entry"),
        (1.0, "EUR", "1 EUR"),
        (0.7, "EUR", "0.7 EUR"),
        (2.0, None, "2"),
    ],
)
def test_units(value: float, unit: str | None, text: str) -> None:
    assert figures.with_unit(value, unit) == text


@given(RATES)
def test_a_percentage_is_never_a_false_0_or_100_and_is_within_half_a_step(rate: float) -> None:
    text = figures.percent(rate)
    assert (text == "0 %") == (rate == 0)
    assert (text == "100 %") == (rate == 1)
    if text.startswith("less"):
        assert 0 < rate < 1e-5
    elif text.startswith("more"):
        assert 0.99 < rate < 1
    else:
        # Two significant digits: half a unit of the second is at most 5 % of the first.
        assert math.isclose(float(text.removesuffix(" %")) / 100, rate, rel_tol=0.0501)


@given(st.sampled_from(figures.percent_steps()), st.floats(1e-6, 1e-3))
def test_the_printed_percentage_changes_at_a_step_and_nowhere_near(step: float, off: float) -> None:
    assert figures.percent(step) == figures.percent(step * (1 + min(off, 4e-4)))
    assert figures.percent(step) != figures.percent(step * (1 - off))


@given(RATES, RATES)
def test_two_rates_are_told_apart_in_the_right_order_or_not_at_all(a: float, b: float) -> None:
    told = figures.percents(a, b)
    if told is not None:
        first, second = (float(text.removesuffix(" %")) for text in told)
        assert (first > second) == (a > b)
        assert first != second
        assert math.isclose(first / 100, a, abs_tol=0.00501)


@given(RATES, RATES)
def test_chances_in_words_rise_with_the_chance(a: float, b: float) -> None:
    low, high = sorted((a, b))
    values = []
    for p in (low, high):
        fraction = figures.chance_fraction(p)
        values.append(0.0 if fraction is None else fraction[0] / fraction[1])
    assert values[0] <= values[1]


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "less than 1 in 100"), (0.01, "about 1 in 100"), (0.4, "about 2 in 5"),
     (0.5, "about 1 in 2"), (0.94, "more than 9 in 10"), (1.0, "more than 9 in 10")],
)  # fmt: skip
def test_chance_in_words(probability: float, words: str) -> None:
    assert figures.chance(probability) == words
