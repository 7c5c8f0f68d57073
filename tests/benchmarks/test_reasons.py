"""Reasons against the simulator's truth: one seed of `benchmarks.reasons`."""

from __future__ import annotations

import pytest

from benchmarks.reasons import judged


@pytest.fixture(scope="module")
def found():
    return judged(leads=4_000, seed=7)


def test_first_reasons_name_a_true_driver_with_its_true_sign(found):
    assert found.leads > 100
    assert found.first >= 0.9, found.wrong


def test_a_planted_column_is_no_reason(found):
    assert found.planted < 0.01


def test_no_reason_is_an_action_of_ours(found):
    assert found.ours == 0


def test_refits_agree_on_most_reasons(found):
    # Half the leads of the committed table, so a wider bound than its figures.
    assert found.steady > 0.6
