from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict.demo import intent
from predict.demo.intent import CLOSED, EVALUATING, LIFE_DAYS, OPEN, OPPORTUNITY, TALKS
from predict.demo.simulation import Block

fits = st.floats(-6, 6).map(lambda f: np.array([f]))


@given(fits, st.booleans())
def test_chances_are_chances(fit: np.ndarray, working: bool) -> None:
    chances = intent._chances(fit, working)
    assert chances.shape == (1, 4, 6)
    assert (chances >= 0).all()
    np.testing.assert_allclose(chances.sum(axis=2), 1.0, rtol=1e-12)


@given(fits)
def test_a_better_fit_reaches_talks_sooner(fit: np.ndarray) -> None:
    low, high = (intent._chances(f, True)[0] for f in (fit, fit + 0.5))
    assert high[EVALUATING, TALKS] > low[EVALUATING, TALKS]
    assert high[0, CLOSED] < low[0, CLOSED]


@given(fits)
def test_sales_rests_on_weekends(fit: np.ndarray) -> None:
    chances = intent._chances(fit, False)[0]
    assert chances[:, TALKS][:TALKS].sum() == 0
    assert chances[:, [OPPORTUNITY, CLOSED]].sum() == 0


def test_leads_move_as_often_as_the_table_says(blocks: list[Block]) -> None:
    """From each open state, the expected number of each move, within sampling error."""
    block = blocks[1]
    moves = intent.Moves.of(block.leads)
    expected, variance = np.zeros((4, 6)), np.zeros((4, 6))
    found = np.zeros((4, 6))
    for day in range(LIFE_DAYS - 1):
        now, then = block.path.state[:, day], block.path.state[:, day + 1]
        for state in range(OPEN):
            here = now == state
            p = moves.on(day)[here, state]
            expected[state] += p.sum(axis=0)
            variance[state] += (p * (1 - p)).sum(axis=0)
            found[state] += np.bincount(then[here], minlength=6)
    assert found.sum() > 100_000
    assert (np.abs(found - expected) <= 4 * np.sqrt(variance) + 1e-9).all()


def test_a_lead_that_ended_stays_ended(blocks: list[Block]) -> None:
    for block in blocks:
        state = block.path.state
        ended = state[:, :-1] >= OPEN
        assert (state[:, 1:][ended] == state[:, :-1][ended]).all()
        after_talks = state[:, 1:][state[:, :-1] == TALKS]
        assert set(after_talks.tolist()) <= {TALKS, OPPORTUNITY, CLOSED}


def test_days_of_the_path_mark_the_moves(blocks: list[Block]) -> None:
    path = blocks[0].path
    rows = np.flatnonzero(path.end_day < LIFE_DAYS)
    day = path.end_day[rows]
    assert (path.state[rows, day] < OPEN).all()
    assert (path.state[rows, day + 1] >= OPEN).all()
    talks = np.flatnonzero(path.talks_day >= 0)
    assert (path.state[talks, path.talks_day[talks] + 1] == TALKS).all()
    assert (path.end_day[path.converted] > path.talks_day[path.converted]).all()


@pytest.mark.parametrize("source", range(7))
def test_leads_start_in_the_states_of_their_source(blocks: list[Block], source: int) -> None:
    chosen = [(b.leads.source == source, b) for b in blocks]
    state = np.concatenate([b.path.state[rows, 0] for rows, b in chosen])
    share = intent.start(blocks[0].leads.take(blocks[0].leads.source == source))[0]
    for code in range(4):
        error = math.sqrt(share[code] * (1 - share[code]) / len(state))
        assert abs((state == code).mean() - share[code]) <= 4 * error
