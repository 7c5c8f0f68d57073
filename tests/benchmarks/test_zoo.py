"""The zoo: its honest worlds are honest, its poisons are where they say, the audit finds them."""

from __future__ import annotations

import pandas as pd
import pytest

import predict as pr
from benchmarks.zoo import __main__ as zoo
from benchmarks.zoo.__main__ import run, table
from benchmarks.zoo.judging import Judged, totals
from benchmarks.zoo.kinds import CLEAN, KINDS, world
from benchmarks.zoo.leaks import measure
from benchmarks.zoo.worlds import honest

#: None of those of the committed table, so that nobody tunes on it by way of this test.
SEED = 200


@pytest.fixture(scope="module")
def twin():
    return honest(SEED)


@pytest.mark.parametrize("kind", KINDS)
def test_a_world_has_one_poison_and_is_honest_beside_it(kind, twin):
    w = world(kind, SEED)
    assert w.right
    added = set(w.leads.columns) - set(twin.leads.columns)
    assert added <= w.right
    if kind not in ("id order", "duplicated lead", "account spill-over"):
        same = [c for c in twin.leads.columns if c not in added]
        pd.testing.assert_frame_equal(w.leads[same], twin.leads[same])
    if added:  # a column of leads is the only poison
        assert all(w.events[n].equals(twin.events[n]) for n in twin.events)
        assert w.firms.equals(twin.firms)


@pytest.mark.parametrize("kind", ["sparse", "account spill-over"])
def test_the_same_seed_gives_the_same_world(kind):
    one, two = world(kind, 3), world(kind, 3)
    pd.testing.assert_frame_equal(one.leads, two.leads)
    assert (one.right, one.variant) == (two.right, two.variant)


def test_a_sparse_field_is_filled_for_winners_alone():
    w = world("sparse", SEED)
    (name,) = w.right
    filled = w.leads[name].notna()
    assert w.won_at[filled].notna().all()
    assert 0.1 < filled.sum() / w.won.sum() < 0.35


def test_a_reason_is_filled_for_the_lost_alone():
    w = world("negative only", SEED)
    (name,) = w.right
    assert w.won_at[w.leads[name].notna()].isna().all()


def test_a_leak_seems_to_be_worth_much():
    leak = measure("null pattern", SEED)
    assert leak.gain > 0.1
    assert leak.best > 0.7


def test_half_of_the_names_say_nothing():
    names = {next(iter(world("sparse", seed).right)) for seed in range(8)}
    assert "c21" in names
    assert len(names) > 1


def _judged(kind: str, **changes: object) -> Judged:
    told = {
        "kind": kind,
        "variant": "",
        "seed": 1,
        "should_block": kind != CLEAN,
        "flagged": False,
        "blocked": False,
        "rules": (),
        "audited": 50,
        "false_warns": (),
        "false_blocks": (),
    }
    return Judged(**{**told, **changes})  # type: ignore[arg-type]


def test_totals_count_worlds_and_subjects():
    every = [
        _judged("sparse", flagged=True, blocked=True, rules=("leak-sparse block",)),
        _judged("sparse", flagged=True, rules=("leak-sparse warn",)),
        _judged("id order", should_block=False),
        _judged(CLEAN, false_blocks=("need (a)", "need (b)"), false_warns=("noise (a)",)),
    ]
    t = totals(every)
    assert (t.flagged, t.worlds, t.blocked, t.blocking) == (2, 3, 1, 2)
    assert (t.false_blocks, t.false_warns, t.audited, t.stopped, t.clean) == (1, 1, 50, 1, 1)
    text = table(every, {})
    assert "id order, , seed 1: not named" in text
    assert "seed 1: need (a) blocked" in text
    assert "sparse, , seed 1: only warned of" in text


@pytest.fixture(scope="module")
def verdicts():
    # One seed of the kinds that need a rule of their own each: enough to see a rule that has
    # stopped working, not to measure it. The figures are in benchmarks/zoo.md.
    kinds = ("sparse", "negative only", "two jointly", "duplicated lead", "one-sided join", CLEAN)
    return list(run(kinds, [SEED]))


def test_the_audit_names_nearly_all_poisons(verdicts):
    missed = [(j.kind, j.variant) for j in verdicts if j.kind != CLEAN and not j.flagged]
    assert len(missed) <= 1, missed


def test_the_audit_stops_training_where_it_must(verdicts):
    assert sum(j.should_block for j in verdicts) == 3
    assert not [(j.kind, j.variant) for j in verdicts if j.should_block and not j.blocked]


def test_an_honest_world_trains(verdicts):
    clean = next(j for j in verdicts if j.kind == CLEAN)
    assert not clean.false_blocks
    assert len(clean.false_warns) <= 0.05 * clean.audited


def test_honest_columns_beside_a_poison_do_not_stop_the_training(verdicts):
    innocent = [b for j in verdicts for b in j.false_blocks]
    assert len(innocent) <= 1, innocent


def test_a_stopped_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    log, asked = tmp_path / "zoo.jsonl", []

    def judged(kind, seed):
        asked.append((kind, seed))
        return _judged(kind, seed=seed, rules=("leak-sparse block",))

    monkeypatch.setattr(zoo, "judge", judged)
    first = list(run(["sparse"], [0, 1], log=log))
    again = list(run(["sparse", CLEAN], [0, 1, 2], log=log))
    assert asked == [
        ("sparse", 0),
        ("sparse", 1),
        (CLEAN, 0),
        (CLEAN, 1),
        ("sparse", 2),
        (CLEAN, 2),
    ]
    assert [j for j in again if j.kind == "sparse"][:2] == first
    monkeypatch.setattr(zoo, "_digest", lambda: "another")
    assert list(run(["sparse"], [0], log=log)) == first[:1]
    assert len(asked) == 7  # what another audit said does not count


def test_an_export_of_the_zoo_is_read_whole():
    w = honest(SEED)
    crm = w.open()
    try:
        data = pr.build_dataset(crm)
    finally:
        crm.close()
    assert data.keys["lead_id"].nunique() > 0.85 * len(w.leads)
    assert 0.04 < data.y.mean() < 0.25
    assert crm.rejects.empty
