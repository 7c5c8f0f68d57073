import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict.scoring.words import Goal, forbidden_words, humanised, safe_text


@pytest.mark.parametrize(
    "text",
    ["19 % converted", "as_of", "As of today", "the challenger", "SHAP", "log-odds", "Log odds",
     "calibrated", "lift 2.1", "drifted", "matured", "because X causes Y", "value: nan"],
)  # fmt: skip
def test_each_forbidden_word_is_found(text: str) -> None:
    assert forbidden_words(text)


@pytest.mark.parametrize(
    "text", ["as known on 3 March", "because", "unlifted shiftwork", "became a customer", "finance"]
)
def test_words_that_only_contain_one_are_let_through(text: str) -> None:
    assert forbidden_words(text) == []


@given(st.text(max_size=300), st.integers(5, 80))
def test_safe_text_is_one_short_line_without_control_or_override(text: str, limit: int) -> None:
    safe = safe_text(text, limit=limit)
    assert len(safe) <= limit
    assert safe == safe.strip()
    kinds = {unicodedata.category(c) for c in safe.replace("\u200c", "").replace("\u200d", "")}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert safe_text(safe, limit=limit) == safe


def test_direction_overrides_and_isolates_are_dropped() -> None:
    assert safe_text("exe\u202e\u2066fdp\u200f\ufeff.\x00\x1b[31m") == "exefdp.[31m"


@pytest.mark.parametrize(
    ("stage", "days", "reached"),
    [
        ("opportunity", 90, "became an opportunity within 90 days"),
        ("Closed_Won", 30, "became a customer within 30 days"),
        ("sql", 0.5, "became a sales-qualified lead within 12 hours"),
        ("demo booked", 1, "became “demo booked” within 1 day"),
        ("won", 0, "became a customer"),
        ("x\u202ey", 0, "became “xy”"),
    ],
)
def test_stage_and_time(stage: str, days: float, reached: str) -> None:
    assert Goal(stage, days).reached == reached


def test_own_wording_of_a_stage_wins() -> None:
    goal = Goal("subscribed", 0, past="opened a deposit", base="open a deposit")
    assert (goal.reached, goal.reach) == ("opened a deposit", "open a deposit")


def test_no_underscore_or_suffix_of_a_raw_column_is_left() -> None:
    assert humanised("Company_Size__c") == "company size"
    assert humanised("___") == "something"
