"""Monitoring on the simulated company: one seed of `benchmarks.drift`, and not of its table."""

from __future__ import annotations

import pytest

from benchmarks import drift
from benchmarks.drift import FAULTS, Tally, planted, stable, text, world
from predict.loop.observation import WATCHES


@pytest.fixture(scope="module")
def tally() -> Tally:
    found, known = Tally(), world(4_000, 905)
    stable(known, found)
    sizes, drift.SIZES = drift.SIZES, (100, 2_000)
    try:
        planted(known, found, 905, draws=1)
    finally:
        drift.SIZES = sizes
    return found


def test_stable_months_call_nobody(tally: Tally):
    # One call a year is allowed; this is one company for nine months, watched five ways.
    assert sum(tally.paged["month", watch] for watch in WATCHES) <= 1, tally.named
    assert tally.batches["month", "drift"] >= 8


def test_faults_of_2_000_leads_are_named(tally: Tally):
    assert [f for f in FAULTS if not tally.paged[2_000, f]] == []
    assert tally.paged[2_000, "early", 3] == 1
    for watch in ("inputs", "cohorts", "conversions"):
        assert tally.paged[2_000, "no fault", watch] == 0


def test_the_table_has_a_row_for_each_watch_and_fault(tally: Tally):
    told = text(tally)
    assert all(words in told for words in (*WATCHES.values(), *FAULTS))
