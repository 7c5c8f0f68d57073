from __future__ import annotations

import math

import numpy as np

from predict.demo.behaviour import (
    ASSETS,
    AVID,
    DAILY,
    FIRST_OFFSET,
    SIGNALS,
    day_factor,
    is_inbound,
)
from predict.demo.calendar import DAY
from predict.demo.intent import OPEN, Moves
from predict.demo.simulation import Block


def test_events_lie_in_their_day_of_the_leads_life(blocks: list[Block]) -> None:
    """Truth counts days from creation, so each event must lie in the day it is counted in."""
    for block in blocks:
        events = block.events
        after = (events.occurred_at - block.leads.created_at[events.row]).astype(np.int64)
        first = events.day < 0
        assert (after[first] < 0).all()
        assert (after[first] >= -1_800).all()
        assert (after[~first] // DAY == events.day[~first]).all()
        assert (after[~first] >= FIRST_OFFSET).all()


def test_only_inbound_leads_visited_before_they_were_leads(blocks: list[Block]) -> None:
    for block in blocks:
        visitors = block.events.row[block.events.day < 0]
        assert is_inbound(block.leads)[visitors].all()
        assert len(visitors) > 0


def test_events_are_sorted_by_lead_and_time(blocks: list[Block]) -> None:
    events = blocks[0].events
    order = np.lexsort((events.occurred_at, events.row))
    np.testing.assert_array_equal(order, np.arange(len(events)))


def test_signals_come_at_their_rates(blocks: list[Block]) -> None:
    """By state and signal, the number of events against the days spent there."""
    block = blocks[0]  # the oldest leads: the export cuts nothing off
    factor = day_factor(Moves.of(block.leads))
    avid = block.leads.avid_reader == 1
    days = np.array(
        [
            [factor[who][block.path.state[who] == state].sum() for who in (~avid, avid)]
            for state in range(OPEN)
        ]
    )
    later = block.events.day >= 0
    state = block.path.state[block.events.row[later], block.events.day[later]]
    for code in range(OPEN):
        signal = block.events.signal[later][state == code]
        found = np.bincount(signal, minlength=len(SIGNALS))
        expected = DAILY[code] * (days[code, 0] + AVID * days[code, 1])
        assert (np.abs(found - expected) <= 4 * np.sqrt(expected) + 1).all()


def test_assets_belong_to_their_signal_and_take_turns(blocks: list[Block]) -> None:
    events = blocks[0].events
    for number, signal in enumerate(SIGNALS):
        asset = events.asset[events.signal == number]
        if not signal.assets:
            assert (asset == -1).all()
            continue
        codes = [ASSETS.index(name) for name in signal.assets]
        assert set(asset.tolist()) == set(codes)
        share = np.mean(asset == codes[0])
        even = 1 / len(codes)
        assert abs(share - even) <= 4 * math.sqrt(even * (1 - even) / len(asset)) + 1e-12


def test_values_are_measured_where_they_make_sense(blocks: list[Block]) -> None:
    events = blocks[0].events
    viewed = events.kind_is("page_view")
    assert (events.pages[viewed] >= 1).all()
    assert np.isnan(events.pages[~viewed]).all()
    timed = np.array([signal.seconds > 0 for signal in SIGNALS])[events.signal]
    np.testing.assert_array_equal(timed, ~np.isnan(events.seconds))
    assert (events.seconds[timed] == np.ceil(events.seconds[timed])).all()
