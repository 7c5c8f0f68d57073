from datetime import date

import numpy as np
import pandas as pd
import pytest

from predict.definition.agreement import Criterion
from predict.scoring.criteria import Rule, check, rules
from predict.scoring.words import forbidden_words


def verdicts(values: list[object], **asked: object) -> list[str]:
    (rule,) = rules({"thing": Criterion.model_validate({"field": "F", **asked})})
    return rule.judge(pd.Series(values, dtype=object)).tolist()


@pytest.mark.parametrize(
    ("asked", "met", "failed", "unknown"),
    [
        ({"in": ["DE", "AT"]}, ["DE", " at ", "De"], ["FR", "NA"], ["", None, np.nan, "n/a", "-"]),
        ({"not_in": ["Student"]}, ["Buyer"], ["student"], [None, pd.NA, " "]),
        ({"in": ["00123"]}, ["00123"], ["123"], []),
        ({"in": [1, 2]}, ["1", 2.0, 1], ["3", 7], ["many", None]),
        ({"not_in": [1, 2]}, ["3"], ["2"], ["some"]),
        ({"at_least": 50}, ["50", 51.5, "1e3"], ["49.9", -1], ["50-100", "1,000", None, "big"]),
        ({"at_most": 10}, [10, "-3"], [10.01], ["", "ten"]),
        ({"equals": True}, ["yes", "TRUE", True, 1], ["no", "0", False], ["perhaps", None]),
        ({"equals": "Gold"}, ["gold"], ["golden"], [None]),
        ({"equals": 7}, ["7", "07", 7.0], ["8"], ["seven"]),
        (
            {"at_least": date(2024, 3, 1)},
            ["2024-03-01", pd.Timestamp("2025-01-01"), "2024-03-01T00:00:00"],
            ["2024-02-29", date(2023, 1, 1)],
            ["03/01/2024", "soon", None, pd.NaT],
        ),
        ({"present": True}, ["x", 0, "no"], ["", None, np.nan], []),
        ({"present": False}, [None, ""], ["x"], []),
    ],
)
def test_operators(
    asked: dict[str, object], met: list[object], failed: list[object], unknown: list[object]
) -> None:
    assert verdicts(met, **asked) == ["met"] * len(met)
    assert verdicts(failed, **asked) == ["failed"] * len(failed)
    assert verdicts(unknown, **asked) == ["unknown"] * len(unknown)


def test_after_contact_a_missing_value_is_still_to_find_out_and_a_no_is_a_no() -> None:
    asked = {"present": True, "known": "after contact"}
    assert verdicts([None, "x"], **asked) == ["unknown", "met"]
    budget = {"at_least": 5000, "known": "after contact"}
    assert verdicts([None, "4000", "6000"], **budget) == ["unknown", "failed", "met"]


def test_typed_columns_are_judged_like_text() -> None:
    rule = Rule("size", "n", "at_least", 50)
    typed = rule.judge(pd.Series([40.0, 60.0, np.nan]))
    text = rule.judge(pd.Series(["40", "60", None]))
    assert typed.tolist() == text.tolist() == ["failed", "met", "unknown"]


AGREED = rules(
    {
        "country": Criterion(field="Country", in_=("DE", "AT", "CH")),
        "company_size": Criterion(field="Employees", at_least=50, at_most=5000),
        "BANT budget": Criterion(field="Budget", present=True, known="after contact"),
    }
)


def test_failed_and_unknown_are_told_apart_per_lead() -> None:
    leads = pd.DataFrame(
        {
            "Country": ["DE", "FR", None, "FR"],
            "Employees": ["60", "60", "9000", "x"],
            "Budget": ["yes", None, None, "yes"],
        },
        index=[4, 2, 9, 7],
    )
    found = check(AGREED, leads)
    assert found.index.tolist() == [4, 2, 9, 7]
    assert found["criteria_failed"].tolist() == [
        "",
        "country is not DE, AT or CH",
        "company size is above 5,000",
        "country is not DE, AT or CH",
    ]
    assert found["criteria_unknown"].tolist() == [
        "", "BANT budget", "country; BANT budget", "company size",
    ]  # fmt: skip


def test_a_field_that_a_bare_list_lacks_is_unknown_for_all() -> None:
    rule = Rule("phone", "Phone", "present", True)
    found = check((*AGREED, rule), pd.DataFrame({"Country": ["DE", "FR"]}))
    assert found["criteria_failed"].tolist() == ["", "country is not DE, AT or CH"]
    assert found["criteria_unknown"].tolist() == ["company size; BANT budget; phone"] * 2


def test_exceptions_excuse_where_all_their_columns_fit() -> None:
    criterion = Criterion.model_validate(
        {"field": "Country", "in": ["DE"], "unless": {"Type": "Part*", "Tier": ["1", "2"]}}
    )
    leads = pd.DataFrame(
        {
            "Country": ["FR", "FR", "FR", "DE", None],
            "Type": ["Partner", "Partner", None, "x", "Partner"],
            "Tier": ["1", "3", "1", "x", "2"],
        }
    )
    found = check(rules({"country": criterion}), leads)
    failed = "country is not DE"
    assert found["criteria_failed"].tolist() == ["", failed, failed, "", ""]
    assert found["criteria_unknown"].tolist() == [""] * 5
    bare = check(rules({"country": criterion}), leads[["Country", "Type"]])
    assert bare["criteria_failed"].tolist() == [failed, failed, failed, "", ""]


def test_no_criteria_and_no_leads() -> None:
    assert check((), pd.DataFrame({"a": [1, 2]}))["criteria_failed"].tolist() == ["", ""]
    assert check(AGREED, pd.DataFrame({"Country": []})).shape == (0, 2)
    assert check((), pd.DataFrame()).shape == (0, 2)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule("region__c", "R", "in", tuple("abcde")), "region is not a, b, c or 2 others"),
        (Rule("legal_form", "L", "not_in", ("Inc",)), "legal form is Inc"),
        (Rule("opt_in", "O", "equals", True), "opt in is not yes"),
        (Rule("size", "S", "at_least", 1500), "size is below 1,500"),
        (Rule("since", "S", "at_most", date(2024, 3, 1)), "since is above 2024-03-01"),
        (Rule("phone", "P", "present", True), "phone is missing"),
        (Rule("debt", "D", "present", False), "debt is filled in"),
    ],
)  # fmt: skip
def test_words(rule: Rule, words: str) -> None:
    assert rule.words == words
    assert forbidden_words(words) == []


def test_a_million_rows_cost_their_distinct_values() -> None:
    import time

    leads = pd.DataFrame({"Country": np.tile(["DE", "FR", None, "AT"], 250_000)})
    start = time.process_time()
    found = check(AGREED[:1], leads)
    assert time.process_time() - start < 10
    assert (found["criteria_failed"] != "").mean() == 0.25
