"""The gate: properties that hold for any contest, and each condition refused for its own reason."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.contests import Pair, contest
from benchmarks.gate.cells import NEWER, OTHER
from predict.errors import InputError
from predict.findings import Finding
from predict.learning.comparison import Comparison
from predict.learning.gate import Margins, Verdict, judge
from predict.learning.metrics import log_loss, paired
from predict.learning.waiting import Wait

DRAWS = 200


def rows(leads: int = 1_500, seed: int = 0, pair: Pair = OTHER) -> pd.DataFrame:
    return contest(leads, pair, np.random.default_rng([seed, leads]))


def failed(verdict: Verdict) -> list[str]:
    return [c.name for c in verdict.failed()]


few = settings(max_examples=8, deadline=None)


@few
@given(seed=st.integers(0, 10_000), noise=st.floats(0.0, 1.0))
def test_identical_models_never_win_a_challenge_and_always_pass_as_a_refresh(seed, noise) -> None:
    same = rows(1_500, seed, Pair(champion=noise))
    same["challenger"] = same["champion"]
    challenge = judge(same, lane="challenge", draws=50)
    assert not challenge.promote and "gain" in failed(challenge)
    assert "more data would not change it" in challenge.sentence
    assert judge(same, lane="refresh", draws=50).promote


@few
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_changes_nothing(seed) -> None:
    some = rows(400, seed)
    shuffled = some.sample(frac=1, random_state=seed)
    assert judge(shuffled, lane="challenge", draws=50) == judge(some, lane="challenge", draws=50)


@few
@given(seed=st.integers(0, 10_000))
def test_swapped_models_have_the_opposite_gain(seed) -> None:
    some = rows(400, seed)
    swapped = some.rename(columns={"champion": "challenger", "challenger": "champion"})
    there, back = (Comparison.of(frame, draws=DRAWS).gain for frame in (some, swapped))
    assert back.value == pytest.approx(-there.value, abs=1e-12)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), rel=0.2, abs=1e-4)


@few
@given(seed=st.integers(0, 10_000), times=st.integers(2, 4))
def test_rows_repeated_inside_their_account_are_no_evidence(seed, times) -> None:
    some = rows(300, seed)
    once = Comparison.of(some, draws=DRAWS)
    again = Comparison.of(pd.concat([some] * times), draws=DRAWS)
    for name in ("gain", "skill"):
        a, b = getattr(once, name), getattr(again, name)
        assert b.as_dict() == pytest.approx(a.as_dict(), rel=1e-6)
    # Were they accounts of their own, they would be taken for evidence.
    apart = [some.assign(group=some["group"].astype(str) + f"/{i}") for i in range(times)]
    assert Comparison.of(pd.concat(apart), draws=DRAWS).gain.se < once.gain.se * 0.8


@few
@given(seed=st.integers(0, 10_000))
def test_one_lead_that_weighs_more_does_not_make_the_gain_surer(seed) -> None:
    some = rows(300, seed)
    lead = some.loc[(some["champion"] - some["challenger"]).abs().idxmax(), "lead_id"]
    heavy = pd.concat([some, *[some[some["lead_id"] == lead]] * 5])
    once, again = (Comparison.of(frame, draws=DRAWS).gain for frame in (some, heavy))
    # 200 resamples know a width to about a tenth.
    assert again.high - again.low > (once.high - once.low) * 0.75


def test_the_figures_are_those_of_the_metrics() -> None:
    some = rows(1_000)
    seen = Comparison.of(some, draws=1_000)
    y, new, old = some["y"], some["challenger"], some["champion"]
    assert seen.losses["challenger"] == pytest.approx(log_loss(y, new))
    oracle = paired(y, old, new, some["group"], figures=["log_loss"], draws=1_000)["log_loss"]
    assert seen.gain.value == pytest.approx(oracle["value"])
    # The wider of two bounds: near the percentile of another resampling, and no narrower.
    width = oracle["high"] - oracle["low"]
    assert 0.95 < (seen.gain.high - seen.gain.low) / width < 1.3
    assert seen.observed["challenger"].value == pytest.approx(y.sum() / new.sum())


def test_a_better_model_is_promoted_and_says_so() -> None:
    verdict = judge(rows(4_000, pair=Pair(0.8, 0.2, 0.5)), lane="challenge", draws=DRAWS)
    assert verdict.promote and not failed(verdict)
    assert re.match(
        r"Use the new model: it is better by 0\.0\d+ in log loss, between", verdict.sentence
    )
    assert (
        judge(rows(4_000, pair=Pair(0.2, 0.8, 0.5)), lane="refresh", draws=DRAWS).promote is False
    )


def test_a_hold_says_how_much_more_would_decide() -> None:
    frame = next(f for s in range(50) if 0 < _gain(f := rows(1_500, s)) < 0.003)
    verdict = judge(frame, lane="challenge", exported_at=pd.Timestamp("2026-02-01"), draws=DRAWS)
    more, months = (verdict.figures[f"gain/{k}"] for k in ("more_wins", "more_months"))
    gain, wins = verdict.figures["gain/value"], verdict.figures["wins/wins"]
    distance = gain - verdict.figures["gain/low"]
    assert distance * math.sqrt(wins / (wins + more)) == pytest.approx(gain, rel=0.02)
    assert months == pytest.approx(more * verdict.figures["wins/months"] / wins)
    assert verdict.sentence.startswith("Keep the model in use: the new one is better by 0.00")


def _gain(frame: pd.DataFrame) -> float:
    return log_loss(frame["y"], frame["champion"]) - log_loss(frame["y"], frame["challenger"])


def test_the_luckiest_of_500_models_of_random_labels_is_refused() -> None:
    pair = Pair(0.2, 0.2, 0.5, random=True)
    frame = contest(1_000, pair, np.random.default_rng([78, 164])).assign(champion=np.nan)
    verdict = judge(frame, lane="first", draws=DRAWS)
    figures = verdict.figures
    assert figures["skill/low"] > 0 and figures["skill/value"] > figures["skill/least"]
    assert figures["skill/sure_slope"] < 0 and failed(verdict) == ["skill"]
    assert re.search("luck alone does so more often than once in 10,000 times", verdict.sentence)
    # The bound is that of a normal slope: 3.72 standard errors, and a real model is far above it.
    line = Comparison.of(frame, draws=10).slopes["challenger"]
    assert figures["skill/sure_slope"] == pytest.approx(line.value - 3.719 * line.se, abs=1e-3)
    real = judge(rows(1_500), lane="challenge", draws=DRAWS)
    assert real.figures["skill/sure_slope"] > 0


def test_too_few_wins_are_too_early() -> None:
    frame = rows(150, 3)
    verdict = judge(frame, lane="challenge", exported_at=pd.Timestamp("2026-02-01"), draws=50)
    assert failed(verdict) == ["wins"]
    assert re.search(
        r"too early to judge: \d+ wins over 12 months, 30 are needed", verdict.sentence
    )
    assert re.search(r"about \d+ more wins? are missing, about \d+ \w+", verdict.sentence)
    none = judge(frame.assign(y=0), lane="first", draws=50)
    assert none.sentence.startswith("Keep the model in use: too early to judge: 0 wins")
    empty = judge(frame.head(0), lane="refresh")
    assert not empty.promote and "in no past month" in empty.sentence


def test_wins_of_a_handful_of_accounts_are_no_evidence() -> None:
    frame = rows(2_000)
    verdict = judge(frame.assign(group=frame["group"] % 9), lane="challenge", draws=50)
    assert failed(verdict) == ["wins"] and "from 9 accounts, 15 are needed" in verdict.sentence


def test_a_blocking_finding_refuses_the_best_model() -> None:
    stop = Finding("single-column", "block", "Total", "Total knows the outcome.")
    frame = rows(4_000, pair=Pair(0.8, 0.2, 0.5))
    verdict = judge(frame, lane="challenge", findings=[stop], draws=50)
    assert failed(verdict) == ["findings"]
    assert verdict.sentence == "Keep the model in use: total knows the outcome."
    assert judge(
        frame, lane="challenge", findings=[Finding("x", "warn", "y", "z")], draws=50
    ).promote


def test_chances_that_do_not_add_up_are_refused_unless_the_model_in_use_is_further_off() -> None:
    frame = rows(4_000)
    low = frame.assign(challenger=frame["challenger"] / 2)
    verdict = judge(low, lane="refresh", draws=DRAWS)
    assert "chances" in failed(verdict) and "Its chances are too low" in verdict.sentence
    both = low.assign(champion=frame["champion"] / 3)
    assert "chances" not in failed(judge(both, lane="refresh", draws=DRAWS))
    logit = np.log(frame["challenger"] / (1 - frame["challenger"]))
    steep = frame.assign(challenger=1 / (1 + np.exp(-(2 * (logit - logit.mean()) + logit.mean()))))
    assert "chances" in failed(judge(steep, lane="refresh", draws=DRAWS))


def test_fewer_wins_among_those_followed_up_are_refused() -> None:
    frame = rows(4_000, pair=NEWER)
    top = frame["champion"] > frame["champion"].quantile(0.9)
    blunt = frame.assign(challenger=frame["champion"].where(~top, 0.12))
    verdict = judge(blunt, lane="refresh", capacity_per_month=20, draws=DRAWS)
    assert "capacity" in failed(verdict)
    assert verdict.figures["capacity/taken"] == pytest.approx(20)


def test_a_part_of_the_leads_that_is_worse_off_is_named() -> None:
    frame = rows(4_000, pair=Pair(0.8, 0.3, 0.5))
    frame["source"] = frame["source"].map({0: "web", 1: "fair", 2: "mail", 3: "call"})
    fair = frame["source"] == "fair"
    hurt = frame.assign(challenger=frame["challenger"].where(~fair, 0.09))
    verdict = judge(hurt, lane="challenge", draws=DRAWS)
    assert "segments" in failed(verdict)
    assert "source “fair” are clearly worse off" in verdict.sentence
    unknown = hurt.assign(source=hurt["source"].where(~fair, None))
    assert "source “not known”" in judge(unknown, lane="challenge", draws=DRAWS).sentence


def test_without_a_model_in_use_the_simple_rule_is_the_rival() -> None:
    frame = rows(1_500).assign(champion=np.nan)
    for lane in ("first", "replacement"):
        verdict = judge(frame, lane=lane, draws=DRAWS)
        assert verdict.promote and "than the best simple rule" in verdict.sentence
    dull = frame.assign(challenger=frame["y"].mean())
    said = judge(dull, lane="first", draws=DRAWS)
    assert not said.promote and said.sentence.startswith("Use no new model yet: the new one is no")


def test_a_first_model_of_few_wins_is_used_and_said_to_be_unsure() -> None:
    small = rows(300, 2, Pair(0.5, 0.5))
    verdict = judge(small.assign(champion=np.nan), lane="first", draws=DRAWS)
    assert verdict.promote and verdict.figures["wins/wins"] < Margins().wins
    assert verdict.figures["gain/low"] < 0 < verdict.figures["gain/value"]
    assert "the first one, not yet surely better than the best simple rule" in verdict.sentence
    # With a model in use the same evidence is too little.
    rate = small["y"].mean()
    used = judge(small.assign(champion=rate), lane="challenge", draws=DRAWS)
    assert failed(used) == ["wins"]
    worse = small.assign(champion=np.nan, rule=small["challenger"], challenger=rate)
    said = judge(worse, lane="first", draws=DRAWS)
    assert {"gain", "skill"} <= set(failed(said)) and "the rule serves better" in said.sentence


@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_a_first_model_of_random_labels_is_not_used(noise: float) -> None:
    # The rate itself: benchmarks/gate.md.
    for seed in range(10):
        frame = rows(300, seed, Pair(noise, noise, random=True)).assign(champion=np.nan)
        assert not judge(frame, lane="first", draws=50).promote


def test_an_old_model_in_use_is_replaced_unless_the_new_one_is_worse() -> None:
    same = rows(1_500)
    same["challenger"] = same["champion"]
    assert judge(same, lane="replacement", draws=50).promote
    worse = rows(4_000, pair=Pair(0.5, 1.6, 0.5))
    assert "gain" in failed(judge(worse, lane="replacement", draws=DRAWS))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.drop(columns="group"), "lacks columns"),
        (lambda f: f.assign(y=2), "neither 0 nor 1"),
        (lambda f: f.assign(challenger=1.2), "not between 0 and 1"),
        (lambda f: f.assign(champion=f["champion"].where(f.index > 3)), "not between 0 and 1"),
    ],
)
def test_what_is_no_contest_is_told(change, said) -> None:
    with pytest.raises(InputError, match=said):
        judge(change(rows(200)), lane="challenge")


def test_a_verdict_survives_json_and_its_figures_are_fit_for_a_store() -> None:
    verdict = judge(rows(1_000), lane="challenge", draws=50).with_grades(31, 412)
    assert Verdict.from_dict(json.loads(json.dumps(verdict.as_dict()))) == verdict
    assert verdict.sentence.endswith("31 of 412 open leads would change grade.")
    assert all(re.fullmatch(r"[\w/.\- ]+", key) for key in verdict.figures)
    assert all(math.isfinite(value) for value in verdict.figures.values())
    assert list(verdict.frame()["condition"])[:2] == ["wins", "gain"]
    assert Margins().refresh > 0


def test_inputs_are_left_alone() -> None:
    frame = rows(300)
    before = frame.copy()
    judge(frame, lane="challenge", draws=20)
    pd.testing.assert_frame_equal(frame, before)


@given(st.floats(1e-4, 0.1), st.floats(1e-4, 0.2), st.integers(1, 500), st.integers(1, 12))
def test_after_the_wait_the_bound_has_passed(value, distance, wins, months) -> None:
    wait = Wait.for_bound(value, value - distance, 0.0, wins=wins, months=months)
    shrunk = distance * math.sqrt(wins / (wins + wait.wins))
    assert shrunk <= value * 1.001 or wait.wins == 1
    assert Wait.for_bound(-value, -value - distance, 0.0, wins=wins, months=months).wins == math.inf
