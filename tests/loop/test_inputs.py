"""Faults, chances and drift of a batch: planted ones are named, stable batches are left alone."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import watched
from hypothesis import given, settings
from hypothesis import strategies as st

from predict.learning.usual import Usual
from predict.loop.monitoring import watch_batch
from predict.loop.observation import Observation, frame

ALPHA = 0.5 * 30 / 365.25 / 5


def pages(X: pd.DataFrame, **options) -> list[Observation]:
    found = watch_batch(watched.batch(X), watched.model(), alpha=ALPHA, **options)
    return [o for o in found if o.severity in ("warn", "block")]


def named(X: pd.DataFrame, **options) -> list[tuple[str, str, str]]:
    return [(o.code, o.subject, o.severity) for o in pages(X, **options)]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 5_000), st.sampled_from([40, 100, 400, 2_000]))
def test_a_stable_batch_is_left_alone_in_any_order(seed, n):
    X = watched.rows(n, seed)
    assert named(X) == []
    turned = X.sample(frac=1, random_state=2).reset_index(drop=True)[X.columns[::-1]]
    first, second = (
        frame(watch_batch(watched.batch(x), watched.model(), alpha=ALPHA)) for x in (X, turned)
    )
    pd.testing.assert_frame_equal(first, second)


def test_each_fault_is_named_where_it_is():
    X = watched.rows(400, 3)
    gone = np.random.default_rng(0).random(400) < 0.3
    new = X.assign(industry=X["industry"].where(~gone, "space"))
    assert named(X.assign(seconds=X["seconds"] * 1_000)) == [("unit-jump", "seconds", "warn")]
    assert named(X.assign(seconds=X["seconds"] * 0.01)) == [("unit-jump", "seconds", "warn")]
    emptied = X.assign(industry=X["industry"].where(~gone, None))
    assert named(emptied) == [("fill-rate", "industry", "warn")]
    assert named(new) == [("new-level", "industry", "warn")]
    assert named(X.drop(columns="industry")) == [("missing-column", "industry", "block")]
    text = X.assign(seconds=X["seconds"].astype(str) + " s")
    assert named(text) == [("type-change", "seconds", "block")]
    swapped = X.assign(industry=X["industry"].replace({"retail": "steel", "steel": "retail"}))
    assert named(swapped) == [("drift", "industry", "warn")]
    logs = np.log(X["seconds"])
    shifted = X.assign(seconds=np.exp(logs + 0.5 * logs.std()))
    assert named(shifted) == [("drift", "seconds", "warn")]


def test_a_new_campaign_is_noted_and_calls_nobody():
    X = watched.rows(400, 3)
    new = X.assign(industry=X["industry"].where(np.arange(400) % 4 > 0, "space"))
    assert named(new, routine=("industry",)) == []
    found = watch_batch(watched.batch(new), watched.model(), alpha=ALPHA, routine=("industry",))
    (note,) = [o for o in found if o.severity == "note"]
    assert "“space”, 100 leads" in note.sentence


def test_a_rare_new_value_is_counted_and_never_shown():
    X = watched.rows(400, 3)
    odd = [f"Zebedee {i}" for i in range(400)]
    rare = X.assign(industry=X["industry"].where(np.arange(400) % 4 > 0, odd))
    (page,) = pages(rare)
    assert page.code == "new-level" and "Zebedee" not in page.sentence


def test_what_decides_nothing_is_noted_and_what_is_calendar_is_not_watched():
    X = watched.rows(2_000, 3)
    moved = X.assign(visits=X["visits"] + 1, created_month=7.0)
    found = watch_batch(watched.batch(moved), watched.model(), alpha=ALPHA)
    assert [(o.subject, o.severity) for o in found if o.severity != "fine"] == [("visits", "note")]


def test_chances_are_compared_with_earlier_batches_of_the_model():
    rng = np.random.default_rng(0)

    def given_chances(shift: float = 0.0):
        p = 1 / (1 + np.exp(-rng.normal(-2 + shift, 1, 400)))
        return watched.batch(watched.rows(400, 3), pd.Series(p))

    earlier = [given_chances() for _ in range(3)]

    def said(batch, past):
        found = watch_batch(batch, watched.model(), past, alpha=ALPHA)
        return [o.severity for o in found if o.watch == "scores"]

    assert said(given_chances(), earlier) == ["fine"]
    assert said(given_chances(0.5), earlier) == ["warn"]
    assert said(given_chances(), earlier[:1]) == []


def test_the_usual_survives_json_and_holds_no_rare_value():
    rare = watched.data()
    X = rare.X.assign(industry=rare.X["industry"].where(rare.X.index > 10, "Quuxington"))
    from dataclasses import replace

    found = watched.build_usual(replace(rare, X=X))
    text = json.dumps(found.as_dict())
    assert "Quuxington" not in text
    again = Usual.from_dict(json.loads(text))
    assert again == found
    for column in found.columns.values():
        assert column.table.sum() == len(rare)
        assert (
            column.codes(X[column.name]).tolist()
            == again.columns[column.name].codes(X[column.name]).tolist()
        )


def test_bins_hold_what_pandas_counts():
    column = watched.usual().columns["industry"]
    X = watched.rows(500, 4)
    counts = dict(
        zip([*column.levels, "other", "missing"], column.count(X["industry"]), strict=True)
    )
    for level in watched.INDUSTRIES:
        assert counts[level] == (X["industry"] == level).sum()
    assert counts["missing"] == X["industry"].isna().sum() and counts["other"] == 0
    numbers = watched.usual().columns["visits"]
    zero = numbers.count(X["visits"])[numbers.codes(pd.Series([0.0]))[0]]
    assert zero == (X["visits"] == 0).sum()


def test_too_few_leads_say_nothing():
    assert watch_batch(watched.batch(watched.rows(20)), watched.model(), alpha=ALPHA) == []


@pytest.mark.parametrize("times", [2.0, 5.0])
def test_a_growing_number_is_no_change_of_unit(times):
    X = watched.rows(400, 3)
    found = named(X.assign(seconds=X["seconds"] * times))
    assert found == [("drift", "seconds", "warn")]
