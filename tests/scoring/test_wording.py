import re
import unicodedata
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict.history.specs import Spec
from predict.learning.bins import Bin
from predict.learning.evidence import Evidence, build_evidence
from predict.scoring.wording import HEADINGS, Direction, Wording, backing, fact, split
from predict.scoring.words import Goal, forbidden_words

GOAL = Goal("opportunity", 90)
VIEWS = Spec(
    "views",
    "number",
    "behaviour",
    "pricing",
    "the pricing page",
    {
        "many": "viewed the pricing page {n} times in the last 30 days",
        "one": "viewed the pricing page once in the last 30 days",
        "zero": "has not viewed the pricing page in the last 30 days",
        "missing": "views of the pricing page are not known",
    },
)
AGO = Spec(
    "ago", "number", "behaviour", "act", "activity", {"many": "was active {n} days ago"}, "days"
)
FIRM = Spec("firm", "category", "profile", "industry", "industry", {"value": "works in {value}"})
BARE = Spec("Number_Of_Seats__c", "number", "profile", "seats", "", {}, "seats")
SPECS = (VIEWS, AGO, FIRM, BARE)


def a_bin(**given: object) -> Bin:
    usual = Bin("views", "range", 4.0, 5.0, None, True, 812, 154, 0.19, 0.16, 0.22, "", "", 0.07)
    return replace(usual, **given)  # type: ignore[arg-type]


def test_the_sentence_of_the_specification() -> None:
    evidence = Evidence([a_bin()], leads=1000, converters=70)
    assert Wording([VIEWS], GOAL, evidence).sentence("views", 4.0, "for") == (
        "viewed the pricing page 4 times in the last 30 days; of 812 such leads 19 % became an "
        "opportunity within 90 days, of all leads 7 %"
    )


@pytest.mark.parametrize(
    ("found", "direction", "cited"),
    [
        (a_bin(low=3.0, high=6.0), "for", "of 812 leads with 3 to 5, 19 % became"),
        (a_bin(low=6.0, high=None), "for", "of 812 leads with 6 or more, 19 %"),
        (a_bin(low=0.0, high=2.5, whole=False), "for", "with more than 0 but under 2.5, 19 %"),
        (a_bin(kind="zero", low=0.0, high=0.0), "for", "of 812 such leads 19 %"),
        (a_bin(kind="missing", low=None, high=None), "for", "of 812 such leads 19 %"),
        (a_bin(kind="level", level="x"), "for", "of 812 such leads 19 %"),
        (a_bin(kind="other"), "for", "of 812 leads with a similarly rare value 19 %"),
        (a_bin(n=12_345), "for", "of 12,345 such leads"),
        (a_bin(rate=0.004, overall=0.011), "against", "0.4 % became an opportunity within 90 days"),
        (a_bin(), "against", None),
        (a_bin(rate=0.03), "for", None),
        (a_bin(rate=0.07), "for", None),
        (a_bin(rate=0.07), "against", None),
        (a_bin(n=19), "for", None),
        (a_bin(rate=0.070001), "for", None),
    ],
)
def test_evidence_is_cited_only_where_it_is_enough_and_points_the_same_way(
    found: Bin, direction: Direction, cited: str | None
) -> None:
    said = backing(found, direction, GOAL)
    assert said is None if cited is None else cited in str(said)


def test_the_limits_of_a_bin_carry_the_unit() -> None:
    said = backing(a_bin(low=2.0, high=7.5, whole=False), "for", GOAL, "days")
    assert said is not None and "leads with 2 to under 7.5 days, 19 %" in said


def test_horizon_0_names_no_time() -> None:
    said = backing(a_bin(), "for", Goal("won", 0))
    assert said == "of 812 such leads 19 % became a customer, of all leads 7 %"


def test_a_bin_whose_limits_would_not_fit_is_not_cited() -> None:
    whole = Evidence([a_bin(low=3.0, high=6.0)], leads=1, converters=0)
    assert "; of" not in Wording([VIEWS], GOAL, whole).sentence("views", 5.5, "for")
    # "2 or less" would seem to hold 0, which is counted apart.
    zero = a_bin(kind="zero", low=0.0, high=0.0)
    apart = Evidence([a_bin(low=None, high=3.0), zero], leads=1, converters=0)
    assert "; of" not in Wording([VIEWS], GOAL, apart).sentence("views", -2.0, "for")
    alone = Evidence([a_bin(low=None, high=3.0)], leads=1, converters=0)
    assert "2 or less" in Wording([VIEWS], GOAL, alone).sentence("views", 2.0, "for")


@pytest.mark.parametrize(
    ("spec", "value", "said"),
    [
        (VIEWS, 0.0, "has not viewed the pricing page in the last 30 days"),
        (VIEWS, 1.0, "viewed the pricing page once in the last 30 days"),
        (VIEWS, 1234.0, "viewed the pricing page 1,234 times in the last 30 days"),
        (VIEWS, float("nan"), "views of the pricing page are not known"),
        (VIEWS, pd.NA, "views of the pricing page are not known"),
        (AGO, 12.3, "was active 12 days ago"),
        (AGO, 0.25, "was active 6 hours ago"),
        (AGO, 1.0, "was active 1 day ago"),
        (AGO, None, "nothing known about activity"),
        (FIRM, "Oil {value} {n}", "works in “Oil {value} {n}”"),
        (FIRM, None, "nothing known about industry"),
        (FIRM, "<b>\u202eevil\n</b>", "works in “<b>evil </b>”"),
        (BARE, 1.0, "number of seats: 1 seat"),
        (BARE, 20.0, "number of seats: 20 seats"),
        (BARE, None, "nothing known about number of seats"),
    ],
)
def test_facts(spec: Spec, value: object, said: str) -> None:
    assert fact(spec, value) == said


TREND = Spec(
    "trend",
    "number",
    "behaviour",
    "act",
    "activity",
    {
        "many": "did more than before",
        "zero": "did as much as before",
        "less": "did less than before",
    },
)


def test_a_number_below_zero_has_words_of_its_own() -> None:
    said = [fact(TREND, value) for value in (2.25, 0.0, -0.5)]
    assert said == ["did more than before", "did as much as before", "did less than before"]
    assert fact(replace(TREND, words={"less": "{n} fewer"}), -3.0) == "3 fewer"


def test_limits_of_a_number_that_is_not_said_are_not_cited() -> None:
    evidence = Evidence([a_bin(feature="trend", low=2.0, high=4.0)], leads=1, converters=0)
    assert Wording([TREND], GOAL, evidence).sentence("trend", 3.0, "for") == "did more than before"


def test_a_template_that_quotes_is_not_quoted_twice() -> None:
    spec = replace(FIRM, words={"value": "first did “{value}”"})
    assert fact(spec, "page") == "first did “page”"


def test_a_long_value_is_shortened_but_not_lost() -> None:
    said = fact(FIRM, "Manufacture of " + "very " * 40 + "long things")
    assert said.startswith("works in “Manufacture of very") and said.endswith("…”")
    assert len(said) < 80


def test_the_value_column_is_unquoted_with_unit() -> None:
    wording = Wording(SPECS, GOAL)
    shown = [
        wording.value(name, value)
        for name, value in [("views", 3.0), ("ago", 12.0), ("firm", "Retail"), ("firm", None)]
    ]
    assert shown == ["3", "12 days", "Retail", "not known"]


VALUES = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=False, width=32),
    st.integers(-5, 10**6).map(float),
)
TEXTS = st.one_of(st.none(), st.text(max_size=120))


@given(VALUES, TEXTS, st.sampled_from(["for", "against"]))
def test_no_value_makes_a_sentence_unsafe_or_unreadable(
    number: float | None, text: str | None, direction: Direction
) -> None:
    evidence = Evidence([a_bin(low=None, high=None, whole=False)], leads=9, converters=1)
    wording = Wording(SPECS, GOAL, evidence)
    said = [wording.sentence(spec.name, number, direction) for spec in (VIEWS, AGO, BARE)]
    said.append(wording.sentence("firm", text, direction))
    for sentence in said:
        assert sentence and "\n" not in sentence
        for character in sentence:
            assert unicodedata.category(character) != "Cc"
            assert character not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    for sentence in said[:3]:
        assert forbidden_words(sentence) == []
        assert not re.search(r"\bnan\b|None|__c|\{", sentence)


def test_headings_speak_of_the_score_not_of_causes() -> None:
    assert HEADINGS == {"for": "scored higher because", "against": "scored lower because"}


def _past(n: int = 3_000) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """Several looks at each lead, all kinds of values."""
    rng = np.random.default_rng(3)
    views = rng.poisson(1.2, n).astype(float)
    X = pd.DataFrame(
        {
            "views": views,
            "ago": np.where(rng.random(n) < 0.3, np.nan, rng.exponential(9, n)),
            "firm": rng.choice(["Retail", "Steel", "Toys", None], n, p=[0.5, 0.3, 0.003, 0.197]),
            "Number_Of_Seats__c": rng.integers(1, 400, n).astype(float),
        }
    )
    chance = 0.05 + 0.08 * np.minimum(views, 4) + 0.1 * (X["firm"] == "Steel")
    y = pd.Series((rng.random(n) < chance).astype(int))
    as_of = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    keys = pd.DataFrame({"lead_id": rng.integers(0, n // 2, n), "as_of": as_of})
    order = keys.sort_values(["as_of", "lead_id"]).index
    return (
        X.loc[order].reset_index(drop=True),
        y.loc[order].reset_index(drop=True),
        keys.loc[order].reset_index(drop=True),
    )


def test_every_cited_figure_is_what_a_recount_finds() -> None:
    """Read n, limits and rates off the sentence; count them again with plain pandas."""
    X, y, keys = _past()
    wording = Wording(SPECS, GOAL, build_evidence(X, y, keys, SPECS))
    every = pd.concat([X, keys, y.rename("y")], axis=1)
    overall = every.drop_duplicates("lead_id")["y"].mean()
    cited = 0
    for name in X.columns:
        for value in X[name].drop_duplicates().head(150):
            for direction in ("for", "against"):
                sentence = wording.sentence(name, value, direction)  # type: ignore[arg-type]
                evidence = split(sentence)[1]
                if not evidence:
                    continue
                cited += 1
                told = re.fullmatch(
                    r"of ([\d,]+) (.+?),? ([\d.]+) % became an opportunity within 90 days, "
                    r"of all leads ([\d.]+) %",
                    evidence,
                )
                assert told, evidence
                alike = every[_alike(every[name], told[2], value)].drop_duplicates("lead_id")
                assert len(alike) == int(told[1].replace(",", ""))
                assert alike["y"].mean() * 100 == pytest.approx(float(told[3]), abs=0.51)
                assert overall * 100 == pytest.approx(float(told[4]), abs=0.51)
                assert (alike["y"].mean() > overall) == (direction == "for")
    assert cited > 100


def _alike(column: pd.Series, words: str, value: object) -> pd.Series:
    if words == "such leads":
        return column.isna() if pd.isna(value) else column == value  # type: ignore[call-overload]
    assert "rare" not in words, "the rare level has too few leads to be cited"
    limits = re.sub(r" (days|seats)\b", "", words.removeprefix("leads with "))
    patterns = {
        r"more than 0 but under (?P<below>[\d.]+)": column > 0,
        r"(?P<low>[\d.]+) to under (?P<below>[\d.]+)": True,
        r"(?P<low>[\d.]+) to (?P<high>[\d.]+)": True,
        r"(?P<low>[\d.]+) or more": True,
        r"(?P<high>[\d.]+) or less": True,
        r"under (?P<below>[\d.]+)": True,
    }
    for pattern, within in patterns.items():
        if found := re.fullmatch(pattern, limits):
            limit = {key: float(number) for key, number in found.groupdict().items()}
            between = column.between(limit.get("low", -np.inf), limit.get("high", np.inf))
            return between & within & (column < limit.get("below", np.inf))
    raise AssertionError(words)
