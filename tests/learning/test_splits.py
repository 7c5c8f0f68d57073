from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict.learning.splits import days_of, fold_at, past_folds

tables = st.integers(0, 10_000).map(np.random.default_rng)


def table(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = int(rng.integers(400, 1500))
    time = np.sort(rng.integers(0, 200, n)).astype(float)  # many ties, as monthly snapshots have
    lead = rng.integers(0, n, n)
    y = (rng.random(n) < 0.3).astype(float)
    return time, lead, y


@settings(max_examples=60, deadline=None)
@given(tables, st.sampled_from([0.0, 7.0, 45.0]))
def test_what_is_learned_from_had_matured_before_what_is_judged(rng, gap):
    time, lead, y = table(rng)
    for fold in past_folds(time, lead, y, gap=gap):
        assert (time[fold.train] + gap <= fold.cut).all()
        assert (time[fold.train] < fold.cut).all()
        assert (time[fold.test] >= fold.cut).all()
        assert not set(lead[fold.train]) & set(lead[fold.test])


@settings(max_examples=60, deadline=None)
@given(tables, st.sampled_from([0.0, 7.0, 45.0]))
def test_folds_follow_each_other_and_end_with_the_newest_row(rng, gap):
    time, lead, y = table(rng)
    folds = past_folds(time, lead, y, gap=gap)
    judged = [row for fold in folds for row in fold.test]
    assert judged == sorted(set(judged))
    assert [f.cut for f in folds] == sorted({f.cut for f in folds})
    for fold in folds:
        assert min(y[fold.test].sum(), (1 - y[fold.test]).sum()) >= 10
    newest = (time >= folds[-1].cut) & ~np.isin(lead, lead[folds[-1].train])
    assert set(folds[-1].test) == set(np.flatnonzero(newest))


def test_there_are_folds_in_plain_data():
    time, lead, y = table(np.random.default_rng(0))
    assert len(past_folds(time, lead, y, gap=7.0)) == 4


@pytest.mark.parametrize("n", [0, 1, 30])
def test_few_rows_have_no_past(n):
    assert past_folds(np.arange(float(n)), np.arange(n), np.zeros(n)) == []


def test_stretches_are_no_longer_than_asked_for():
    time, _, y = table(np.random.default_rng(0))
    cuts = [fold.cut for fold in past_folds(time, np.arange(len(y)), y, longest=20.0)]
    np.testing.assert_allclose(np.diff([*cuts, time.max()]), 20.0)


def test_a_horizon_as_long_as_the_data_leaves_no_past():
    time, lead, y = table(np.random.default_rng(1))
    assert past_folds(time, lead, y, gap=400.0) == []


def test_a_row_whose_outcome_is_known_at_the_cut_trains():
    time, lead = np.array([0.0, 5.0, 9.0, 10.0]), np.arange(4)
    fold = fold_at(time, lead, cut=10.0, until=np.inf, gap=5.0)
    assert fold.train.tolist() == [0, 1]
    assert fold.test.tolist() == [3]


def test_days_do_not_depend_on_the_zone_they_are_told_in():
    plain = pd.Series(pd.to_datetime(["2024-03-30 23:30", "2024-03-31 01:30"]))
    berlin = plain.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    np.testing.assert_array_equal(days_of(plain, 2), days_of(berlin, 2))
    assert np.diff(days_of(plain, 2)) == pytest.approx(2 / 24)


def test_a_missing_moment_and_a_wrong_length_are_refused():
    with pytest.raises(ValueError, match="missing moments"):
        days_of(pd.Series(pd.to_datetime(["2024-01-01", None])), 2)
    with pytest.raises(ValueError, match="1 moments for 2 rows"):
        days_of(["2024-01-01"], 2)
