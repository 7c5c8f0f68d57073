"""The leakage audit: what knows the outcome is named, what is merely strong is not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import predict as pr
from predict.history.specs import Spec
from predict.history.suspects import exact_bounds, strength
from predict.learning.leakage.ablation import AblationRule
from predict.learning.leakage.audit import Audit
from predict.learning.leakage.case import open_case
from predict.learning.leakage.cells import Cell, cells_of, measure
from predict.learning.leakage.foretelling import Ranks, foretell
from predict.learning.leakage.verdict import Verdict

N = 3_000


def dataset(columns: dict[str, object], y: np.ndarray, *, rng: np.random.Generator) -> pr.Dataset:
    """One look a lead over a year, two leads an account."""
    n = len(y)
    X = pd.DataFrame(columns)
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.uniform(0, 365, n)), unit="D")
    at = pd.Series(at).dt.floor("us")
    keys = pd.DataFrame(
        {
            "lead_id": rng.permutation([f"L{i:06d}" for i in range(n)]),
            "as_of": at,
            "created_at": at,
            "group": [f"A{i}" for i in rng.integers(0, n // 2, n)],
        }
    )
    kinds = {c: "number" if pd.api.types.is_numeric_dtype(X[c]) else "category" for c in X}
    specs = tuple(Spec(c, kinds[c], "profile", c, c) for c in X)
    return pr.Dataset(X, pd.Series(y.astype("int8")), keys, specs, horizon_days=60.0)


class Firm:
    """Honest columns: a strong source, a random category of 500 levels, a number."""

    def __init__(self, seed: int = 0, n: int = N) -> None:
        self.rng = rng = np.random.default_rng(seed)
        self.source = rng.choice(["web", "fair", "referral"], n, p=[0.6, 0.3, 0.1])
        self.size = rng.normal(0, 1, n)
        pull = np.log(5) * (self.source == "referral") + 0.4 * self.size - 2.6
        self.y = (rng.random(n) < 1 / (1 + np.exp(-pull))).astype(float)
        self.columns: dict[str, object] = {
            "source": self.source,
            "size": self.size,
            "level": np.array([f"K{i}" for i in rng.integers(0, 500, n)]),
            "noise": rng.normal(0, 1, n),
        }

    def data(self, **more: object) -> pr.Dataset:
        return dataset({**self.columns, **more}, self.y, rng=np.random.default_rng(99))


def told(audit: Audit, rule: str) -> dict[str, str]:
    frame = audit.frame()
    mine = frame[frame["rule"] == rule]
    return dict(zip(mine["column"], mine["severity"], strict=True))


@pytest.mark.parametrize("seed", [0, 1])
def test_an_honest_firm_has_no_findings(seed):
    found = pr.audit(Firm(seed).data())
    assert not found.blocked
    assert [f.subject for f in found.findings] == []


def poisons(firm: Firm) -> dict[str, object]:
    rng, won = np.random.default_rng(7), firm.y == 1
    n = len(won)
    return {
        "for a fifth of the winners": np.where(won & (rng.random(n) < 0.2), "x", None),
        "for losers alone": np.where(~won & (rng.random(n) < 0.5), rng.integers(0, 5, n), np.nan),
        "copy": np.where(won, rng.normal(5, 1, n), rng.normal(0, 1, n)),
        "short calls never win": np.where(won, rng.uniform(90, 900, n), rng.uniform(0, 600, n)),
    }


@pytest.mark.parametrize("name", sorted(poisons(Firm())))
def test_a_column_that_knows_is_blocked_whatever_its_name(name):
    firm = Firm()
    found = pr.audit(firm.data(c7=poisons(firm)[name]), quick=True)
    assert found.blocked == ("c7",)
    assert all("c7" in f.sentence or "it" in f.sentence for f in found.findings)


def test_in_sample_means_are_known_by_their_scatter():
    firm = Firm()
    level = pd.Series(firm.columns["level"])
    in_sample = pd.Series(firm.y).groupby(level).transform("mean").to_numpy()
    shuffled = pd.Series(firm.rng.permutation(firm.y)).groupby(level).transform("mean").to_numpy()
    found = pr.audit(firm.data(known=in_sample, honest=shuffled), quick=True)
    assert told(found, "leak-target-mean")["known"] == "block"
    assert told(found, "leak-target-mean")["honest"] != "block"


def test_two_columns_that_tell_only_together_are_named():
    firm = Firm()
    rng = np.random.default_rng(3)
    one = rng.integers(0, 2, N)
    two = np.where(rng.random(N) < 0.05, 1 - (one ^ firm.y.astype(int)), one ^ firm.y.astype(int))
    found = pr.audit(firm.data(a=one.astype(str), b=two.astype(str)))
    assert {f.subject for f in found.findings if f.severity in ("warn", "block")} == {"a", "b"}
    assert told(found, "leak-single")["a"] == told(found, "leak-sparse")["a"] == "fine"


def strong(firm: Firm, won: float, lost: float) -> np.ndarray:
    """Return a column like an honest one of a firm that sells to one trade."""
    share = np.where(firm.y == 1, won, lost)
    return np.where(np.random.default_rng(12).random(len(share)) < share, "steel", "paper")


def test_an_honest_strong_column_warns_by_its_gain_and_does_not_stop():
    firm = Firm(n=8_000)
    found = pr.audit(firm.data(industry=strong(firm, 0.8, 0.3)))
    assert told(found, "leak-ablation")["industry"] == "warn"
    assert not found.blocked


@pytest.mark.parametrize("why", ["undeclared", "warned of"])
def test_the_gain_stops_what_is_undeclared_or_suspect_already(why):
    firm = Firm(n=8_000)
    case = open_case(firm.data(industry=strong(firm, 0.9, 0.25)), None, None, 0)
    assert {v.column: v.severity for v in AblationRule().judge(case)}["industry"] == "warn"
    if why == "undeclared":
        case.subjects = tuple(
            replace(s, cls="undeclared") if s.name == "industry" else s for s in case.subjects
        )
    else:
        case.told = (Verdict("leak-exports", "two exports", "industry", "warn", "It changed."),)
    found = {v.column: v.severity for v in AblationRule().judge(case)}
    assert found.pop("industry") == "block"
    assert set(found.values()) == {"fine"}


def test_twins_of_the_account_are_left_out_together():
    """Each stands in for the other, so that leaving out one changes nothing."""
    firm = Firm(n=8_000)
    rows = firm.y + firm.rng.normal(0, 0.75, len(firm.y))
    data = firm.data(account__count_30d=rows, account__count_365d=2 * rows)
    specs = [replace(s, view="account") if "account" in s.name else s for s in data.specs]
    data = replace(data, specs=tuple(specs))
    found = [v for v in pr.audit(data).verdicts if v.rule == "leak-ablation"]
    warned = [v for v in found if v.severity == "warn"]
    assert len(warned) == 1
    assert warned[0].column.startswith("account__")
    assert "2 columns on other leads" in warned[0].sentence
    assert sum(v.column.startswith("account__") for v in found) == 2


def test_an_id_in_the_order_of_the_outcome_is_told():
    firm = Firm()
    order = np.lexsort((firm.rng.random(N), firm.y))
    number = np.empty(N)
    number[order] = np.arange(N)
    assert "record" in pr.audit(firm.data(record=number), quick=True).blocked


def test_a_clock_is_no_leak():
    """The rate climbs from 3 to 50 %; what follows the months says nothing within one."""
    rng = np.random.default_rng(5)
    day = np.sort(rng.uniform(0, 365, N))
    y = (rng.random(N) < 0.03 + 0.47 * day / 365).astype(float)
    index = np.floor(day / 30) + rng.normal(0, 0.1, N)
    data = dataset({"index": index, "x": rng.normal(0, 1, N), "z": rng.normal(0, 1, N)}, y, rng=rng)
    assert not pr.audit(data, quick=True).blocked


def test_dates_after_the_look_are_told():
    firm = Firm()
    data = firm.data()
    late = data.keys["as_of"] + pd.to_timedelta(firm.rng.uniform(-5, 20, N), unit="D")
    before = data.keys["as_of"] - pd.to_timedelta(firm.rng.uniform(1, 20, N), unit="D")
    text = firm.data(late=late.dt.strftime("%Y-%m-%d"), before=before.dt.strftime("%Y-%m-%d"))
    serial = firm.data(late=(late - pd.Timestamp("1899-12-30")) / pd.Timedelta(days=1))
    assert told(pr.audit(text, quick=True), "leak-later") == {"late": "warn", "before": "fine"}
    assert told(pr.audit(serial, quick=True), "leak-later") == {"late": "warn"}


def test_a_name_raises_a_warning_and_does_nothing_alone():
    firm = Firm()
    rng, won = np.random.default_rng(8), firm.y == 1
    # Enough to warn, not to block.
    weak = np.where(rng.random(N) < np.where(won, 0.72, 0.12), "x", None)
    plain = pr.audit(firm.data(c1=weak), quick=True)
    assert told(plain, "leak-sparse")["c1"] == "warn"
    assert not plain.blocked
    named = pr.audit(firm.data(closed_reason=weak, last_total=firm.rng.normal(0, 1, N)), quick=True)
    assert named.blocked == ("closed_reason",)
    assert told(named, "leak-name")["last_total"] == "note"


def test_an_audit_comes_back_from_json():
    firm = Firm()
    found = pr.audit(firm.data(copy=firm.y), quick=True)
    again = Audit.from_dict(json.loads(json.dumps(found.as_dict())))
    assert again == found
    assert again.blocked == ("copy",)
    assert "copy" in repr(found)


def test_a_seed_fixes_every_verdict():
    data = Firm().data()
    assert pr.audit(data, seed=3).as_dict() == pr.audit(data, seed=3).as_dict()


def test_the_auc_within_strata_is_that_of_counted_pairs():
    rng = np.random.default_rng(1)
    n = 120
    y, score = rng.integers(0, 2, n).astype(float), rng.integers(0, 6, n).astype(float)
    stratum, group = rng.integers(0, 4, n), rng.integers(0, 50, n)
    ranks = Ranks(y, score, stratum, group)

    def pairs(rows: np.ndarray) -> float:
        won = total = 0.0
        for i in rows[y[rows] == 1]:
            for j in rows[(y[rows] == 0) & (stratum[rows] == stratum[i])]:
                won += 1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0
                total += 1
        return won / total

    assert ranks.auc() == pytest.approx(pairs(np.arange(n)))
    # The bootstrap as it is told in books: draw groups, put their rows together, count again.
    drawn = []
    draws = np.random.default_rng(2)
    for _ in range(300):
        chosen = draws.integers(0, 50, 50)
        rows = np.concatenate([np.flatnonzero(group == g) for g in chosen])
        drawn.append(pairs(rows))
    low, high = ranks.bounds(draws=300, seed=2)
    wanted = np.quantile(drawn, [0.05, 0.95])
    assert low < wanted[0] < ranks.auc() < wanted[1] < high
    assert low == pytest.approx(np.quantile(drawn, 0.005), abs=0.03)


def test_a_random_category_foretells_nothing():
    case = open_case(Firm().data(), None, None, 0)
    level = case.subject("level")
    assert abs(foretell(level).auc() - 0.5) < 0.06
    in_sample = pd.Series(level.sheet.y).groupby(level.values).transform("mean").to_numpy()
    whole = np.zeros(N, dtype=int)
    assert Ranks(level.sheet.y, in_sample, whole, level.sheet.group).auc() > 0.8


def test_in_one_month_a_cell_is_measured_as_the_first_look_does():
    rng = np.random.default_rng(4)
    firm = Firm(n=1_000)
    data = firm.data()
    data.keys["as_of"] = pd.Timestamp("2024-01-15")
    data.keys["group"] = data.keys["lead_id"]
    sheet = open_case(data, None, None, 0).leads
    inside = rng.random(1_000) < 0.2
    found = measure(Cell("is one", inside), sheet, 0.001)
    y = sheet.y
    plain = strength(
        exact_bounds(y[inside].sum(), inside.sum(), 0.001),
        exact_bounds(y[~inside].sum(), (~inside).sum(), 0.001),
    )
    assert found.strength == pytest.approx(plain)


def test_cells_of_a_column_are_both_tails_and_the_gap():
    firm = Firm()
    values = np.where(firm.rng.random(N) < 0.3, np.nan, firm.rng.normal(0, 1, N))
    case = open_case(firm.data(v=values), None, None, 0)
    words = [c.words for c in cells_of(case.subject("v"))]
    assert words[0] == "is filled"
    assert any(w.startswith("is at most") for w in words)
    assert any(w.startswith("is at least") for w in words)
