import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from predict.errors import ModelError
from predict.history.specs import Spec
from predict.learning.evidence import build_evidence
from predict.scoring.reasons import (
    COLUMNS,
    NOISE_LOG_ODDS,
    NOISE_SHARE,
    OTHER,
    as_text,
    by_concept,
    check_additivity,
    reasons,
)
from predict.scoring.wording import Wording
from predict.scoring.words import Goal, forbidden_words

GOAL = Goal("won", 30)


def spec(name: str, concept: str, *, reason: bool = True, dtype: str = "number") -> Spec:
    return Spec(name, dtype, "behaviour", concept, f"words of {name}", reason=reason)  # type: ignore[arg-type]


#: Two twins of one concept, two concepts of one column, one that is never named.
SPECS = (
    spec("page_7d", "page"),
    spec("page_30d", "page"),
    spec("size", "size"),
    spec("industry", "industry", dtype="category"),
    spec("our_calls", "calls", reason=False),
)
NAMES = [s.name for s in SPECS]


def frames(rows: list[list[float]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    n = len(rows)
    X = pd.DataFrame(
        {
            "page_7d": np.arange(n, dtype=float),
            "page_30d": np.arange(n, dtype=float) + 1,
            "size": 50.0,
            "industry": "Steel",
            "our_calls": 3.0,
        }
    )
    return pd.DataFrame(rows, columns=NAMES), X


def explain(parts: list[list[float]], **options: object) -> pd.DataFrame:
    contributions, X = frames(parts)
    return reasons(contributions, X, Wording(SPECS, GOAL), **options)  # type: ignore[arg-type]


NUMBER = st.floats(-3, 3).map(lambda v: round(v, 4))
ROWS = st.lists(st.lists(NUMBER, min_size=5, max_size=5), min_size=1, max_size=5)


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_all_rows_of_a_lead_add_up_to_its_log_odds(rows: list[list[float]]) -> None:
    found = explain(rows)
    sums = found.groupby("row")["contribution"].sum()
    np.testing.assert_allclose(sums, np.sum(rows, axis=1), atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_order_sign_number_and_noise(rows: list[list[float]]) -> None:
    found = explain(rows)
    assert list(found.columns) == COLUMNS
    concepts = by_concept(frames(rows)[0], SPECS)
    for row, group in found.groupby("row"):
        assert group["rank"].tolist() == list(range(1, len(group) + 1))
        assert group["direction"].tolist()[-1] == OTHER
        higher = group[group["direction"] == "for"]
        lower = group[group["direction"] == "against"]
        assert len(higher) <= 3 and len(lower) <= 2
        assert (higher["contribution"] > 0).all() and (lower["contribution"] < 0).all()
        assert higher["contribution"].is_monotonic_decreasing
        assert lower["contribution"].is_monotonic_increasing
        named = pd.concat([higher, lower])
        assert named["concept"].is_unique and "calls" not in set(named["concept"])
        sums = concepts.loc[row]
        floor = max(NOISE_LOG_ODDS, NOISE_SHARE * sums.abs().sum())
        assert (named["contribution"].abs() >= floor).all()
        np.testing.assert_array_equal(named["contribution"], sums[named["concept"]])
        # What is left out of one direction is smaller than all that was named.
        left = sums.drop(["calls", *named["concept"]])
        if len(higher) < 3:
            assert (left < floor).all()
        if len(lower) < 2:
            assert (left > -floor).all()


@settings(max_examples=12, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_a_lead_is_explained_alike_wherever_it_stands(
    rows: list[list[float]], random: object
) -> None:
    contributions, X = frames(rows)
    wording = Wording(SPECS, GOAL)
    together = reasons(contributions, X, wording)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = reasons(contributions.iloc[order], X.iloc[order], wording, rows=order)
    pd.testing.assert_frame_equal(
        shuffled.sort_values(["row", "rank"], ignore_index=True), together
    )
    alone = pd.concat(
        [
            reasons(contributions.iloc[[i]], X.iloc[[i]], wording, rows=[i])
            for i in range(len(rows))
        ],
        ignore_index=True,
    )
    pd.testing.assert_frame_equal(alone, together)


def test_the_order_of_columns_does_not_matter() -> None:
    contributions, X = frames([[0.4, 0.3, -0.5, 0.2, 0.1]])
    wording = Wording(SPECS, GOAL)
    turned = reasons(contributions[NAMES[::-1]], X[NAMES[::-1]], wording)
    pd.testing.assert_frame_equal(turned, reasons(contributions, X, wording))


def test_for_a_concept_speaks_its_largest_column_of_its_own_sign() -> None:
    found = explain([[-0.9, 1.2, 0, 0, 0], [0.3, 0.2, 0, 0, 0], [0.5, -0.9, 0, 0, 0]])
    said = found[found["concept"] == "page"].set_index("row")
    assert said["sentence"].tolist() == [
        "words of page_30d: 1", "words of page_7d: 1", "words of page_30d: 3",
    ]  # fmt: skip
    assert said["direction"].tolist() == ["for", "for", "against"]
    assert said["value"].tolist() == ["1", "1", "3"]


def test_twins_that_cancel_are_no_reason() -> None:
    found = explain([[2.0, -2.0, 0.5, 0, 0]])
    assert found["concept"].tolist() == ["size", OTHER]


def test_what_is_never_named_stays_part_of_the_whole() -> None:
    found = explain([[0, 0, 0.3, 0, 2.0]])
    assert found["concept"].tolist() == ["size", OTHER]
    assert found.set_index("concept").loc[OTHER, "contribution"] == pytest.approx(2.0)
    small = explain([[0, 0, 0.1, 0, 2.0]])  # 0.1 of 2.1 is less than a share of 5 %
    assert small["concept"].tolist() == [OTHER]


def test_a_concept_partly_unnameable_counts_with_its_nameable_part() -> None:
    mixed = (spec("seen", "page"), spec("sent", "page", reason=False))
    contributions = pd.DataFrame({"seen": [0.4], "sent": [0.9]})
    X = pd.DataFrame({"seen": [1.0], "sent": [1.0]})
    found = reasons(contributions, X, Wording(mixed, GOAL))
    assert found["contribution"].tolist() == [0.4, 0.9]
    assert found["direction"].tolist() == ["for", OTHER]


def test_rows_ids_and_limits_are_those_given() -> None:
    found = explain(
        [[1, 0, 1, 1, 0], [0, -1, -1, -1, 0]],
        rows=[40, 7],
        lead_ids=pd.Series(["a", "b"], index=[9, 3]),
        most_for=1,
        most_against=1,
    )
    assert found["row"].tolist() == [40, 40, 7, 7]
    assert found["lead_id"].tolist() == ["a", "a", "b", "b"]
    # Equal concepts: the first of the specs is named.
    assert found["concept"].tolist() == ["page", OTHER, "page", OTHER]


def test_nobody_to_explain() -> None:
    contributions, X = frames([[0.0] * 5])
    found = reasons(contributions.iloc[:0], X.iloc[:0], Wording(SPECS, GOAL))
    assert found.empty and list(found.columns) == COLUMNS
    assert as_text(found).empty


def test_missing_category_and_dtype_columns_are_worded() -> None:
    contributions, X = frames([[0, 0, 0, 0.5, 0], [0, 0, 0, -0.5, 0]])
    X["industry"] = pd.Categorical(["Steel", None])
    found = reasons(contributions, X, Wording(SPECS, GOAL))
    said = found.loc[found["concept"] == "industry", "sentence"].tolist()
    assert said == ["words of industry: “Steel”", "nothing known about words of industry"]


def test_by_concept_holds_everything_and_keeps_the_index() -> None:
    contributions, _ = frames([[1, 2, 3, 4, 5]])
    contributions.index = [17]
    found = by_concept(contributions, SPECS)
    assert found.loc[17].to_dict() == {"page": 3, "size": 3, "industry": 4, "calls": 5}


def test_inputs_are_not_changed() -> None:
    contributions, X = frames([[1, -2, 3, 4, 5]])
    before = contributions.copy(), X.copy()
    reasons(contributions, X, Wording(SPECS, GOAL))
    pd.testing.assert_frame_equal(contributions, before[0])
    pd.testing.assert_frame_equal(X, before[1])


def test_columns_of_another_model_are_refused() -> None:
    contributions, X = frames([[0.0] * 5])
    with pytest.raises(ModelError, match="not those of the model"):
        reasons(contributions.drop(columns="size"), X, Wording(SPECS, GOAL))
    with pytest.raises(ModelError, match="not those of the model"):
        reasons(contributions, X.rename(columns={"size": "sise"}), Wording(SPECS, GOAL))
    with pytest.raises(ModelError, match="as many explanations"):
        reasons(contributions, pd.concat([X, X]), Wording(SPECS, GOAL))


@pytest.mark.parametrize("off", [2e-6, -2e-6, float("nan"), float("inf")])
def test_a_sum_that_is_off_stops_the_run_with_its_row(off: float) -> None:
    contributions = pd.DataFrame({"a": [0.1, 0.2, 0.3]})
    with pytest.raises(ModelError, match="row 2"):
        check_additivity(-1.0, contributions, [-0.9, -0.8, -0.7 + off])


def test_a_sum_within_tolerance_passes() -> None:
    check_additivity(-1.0, pd.DataFrame({"a": [0.1], "b": [0.2]}), [-0.7 + 5e-7])
    with pytest.raises(ModelError, match="as many explanations"):
        check_additivity(-1.0, pd.DataFrame({"a": [0.1]}), [])


def test_text_names_both_directions_and_not_the_rest() -> None:
    found = explain([[1, 0, -1, 0, 0], [0, 0, 0, 0, 0]], rows=[5, 6])
    text = as_text(found)
    assert text.to_dict() == {
        5: "Scored higher because: words of page_7d: 0. Scored lower because: words of size: 50."
    }
    assert forbidden_words(text[5]) == []


def test_20_000_leads_in_seconds() -> None:
    import time

    rng = np.random.default_rng(0)
    n, width = 20_000, 60
    specs = [spec(f"f{i}", f"c{i // 2}") for i in range(width)]
    contributions = pd.DataFrame(rng.normal(0, 0.3, (n, width)), columns=[s.name for s in specs])
    X = pd.DataFrame(rng.poisson(2, (n, width)).astype(float), columns=contributions.columns)
    start = time.process_time()
    found = reasons(contributions, X, Wording(specs, GOAL))
    assert time.process_time() - start < 8
    assert found["row"].nunique() == n


@settings(deadline=None)
@given(parts=ROWS, base=st.floats(-5, 2))
def test_points_sum_to_the_change_of_the_chance(parts: list[list[float]], base: float) -> None:
    found = explain(parts, base=base)
    for row, group in found.groupby("row"):
        change = expit(base + sum(parts[row])) - expit(base)  # type: ignore[call-overload]
        assert abs(group["points"].sum() - change) < 1e-9
        assert (np.sign(group["points"]) == np.sign(group["contribution"])).all()


def test_a_sentence_carries_the_leads_that_it_cites() -> None:
    X = pd.DataFrame({"size": [50.0, 5.0] * 40})
    keys = pd.DataFrame({"lead_id": range(80), "as_of": pd.date_range("2024-05-01", periods=80)})
    specs = [spec("size", "size")]
    evidence = build_evidence(X, pd.Series([1, 0] * 40), keys, specs)
    wording = Wording(specs, GOAL, evidence)
    told = reasons(pd.DataFrame({"size": [0.5, 0.5]}), X.head(2), wording)
    cited = told[told["direction"] == "for"].set_index("row")
    assert cited.loc[0, ["n", "converters", "rate", "overall"]].tolist() == [40, 40, 1.0, 0.5]
    assert cited.loc[0, "since"] == "2024-05-01"
    assert cited.loc[0, "rate_low"] < 1.0 == cited.loc[0, "rate_high"]
    # Leads like the second did worse: the rate contradicts the sign and is not cited.
    assert pd.isna(cited.loc[1, "n"]) and "such leads" not in cited.loc[1, "sentence"]
