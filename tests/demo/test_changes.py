"""What is written over tells what became of a lead, and its history tells what it was."""

from __future__ import annotations

import numpy as np
import pytest

from predict.demo import contacts
from predict.demo.changes import EMPLOYEES, TITLE, Changes, trail, whole, written_over
from predict.demo.merges import merge
from predict.demo.pipeline import LOST, STEPS, WON, steps
from predict.demo.sales import STAGES
from predict.demo.simulation import Block, Company

COMPANY = Company(24_000, seed=3)
EXPORTED = COMPANY.calendar.exported_at


@pytest.fixture(scope="module")
def over(blocks: list[Block]) -> Changes:
    block = blocks[2]
    titles = np.array(contacts.titles(block.leads).to_pylist(), dtype=object)
    rng = np.random.default_rng(1)
    return written_over(rng, block, titles, COMPANY.accounts(), EXPORTED)


def test_replaying_changes_gives_the_latest_value(blocks: list[Block], over: Changes) -> None:
    titles = contacts.titles(blocks[2].leads).to_pylist()
    now = dict(enumerate(titles))
    for row, field, old, new in zip(over.row, over.field, over.old, over.new, strict=True):
        if field == TITLE:
            assert now[row] == old
            assert old != new
            now[row] = new
    latest = over.latest(TITLE, np.array(titles, dtype=object))
    assert latest.tolist() == list(now.values())


def test_titles_and_sizes_change_only_when_a_lead_ends(blocks: list[Block], over: Changes) -> None:
    """So that at every look of an open lead they are what the clean shape says."""
    at = blocks[2].deals.at
    end = np.fmin(at[:, STAGES.index("opportunity")], at[:, STAGES.index("disqualified")])
    for field in (TITLE, EMPLOYEES):
        mine = over.of_field(field)
        assert len(mine) > 50
        assert (mine.at == end[mine.row]).all()
        assert (mine.at < EXPORTED).all()


def test_what_was_written_over_says_what_became_of_them(blocks: list[Block], over: Changes) -> None:
    block = blocks[2]
    size = over.latest(EMPLOYEES, whole(block.leads.employees))
    became = block.deals.known(EXPORTED)[:, STAGES.index("opportunity")]
    empty = np.array([value is None for value in size])
    assert empty[became].mean() < 0.5 * empty[~became].mean()


def test_a_trail_holds_the_stages_and_nothing_else(blocks: list[Block]) -> None:
    block = blocks[5]  # the newest leads: much lies after the export
    words = {"MQL": "m", "SQL": "s", "disqualified": "d"}
    moved = trail(block, EXPORTED, "status", "new", words)
    found = {(int(r), n, a) for r, n, a in zip(moved.row, moved.new, moved.at, strict=True)}
    expected = {
        (row, words[stage], block.deals.at[row, i])
        for i, stage in enumerate(STAGES)
        if stage in words
        for row in np.flatnonzero(~np.isnat(block.deals.at[:, i])).tolist()
        if block.deals.at[row, i] < EXPORTED
    }
    assert found == expected
    first = np.r_[True, moved.row[1:] != moved.row[:-1]]
    assert set(moved.old[first]) == {"new"}
    assert (moved.old[~first] == moved.new[np.flatnonzero(~first) - 1]).all()


def test_people_are_merged_while_they_are_open(blocks: list[Block]) -> None:
    for block in (blocks[0], blocks[5]):
        merges = merge(np.random.default_rng(2), block, EXPORTED)
        assert 0.02 < len(merges) / len(block.leads) < 0.08
        at = block.deals.at
        end = np.fmin(at[:, STAGES.index("opportunity")], at[:, STAGES.index("disqualified")])
        assert (block.leads.created_at[merges.row] < merges.created_at).all()
        assert (merges.created_at < merges.merged_at).all()
        assert (merges.merged_at < np.minimum(end[merges.row], EXPORTED)).all()
        twice = merges.row[merges.place == 2]
        assert np.isin(twice, merges.row[merges.place == 1]).all()
    assert len(twice) > 0


def test_deals_begin_and_end_as_in_the_truth(blocks: list[Block]) -> None:
    block = blocks[3]
    deals = steps(np.random.default_rng(3), block, EXPORTED)
    first = deals.take(~deals.again)
    known = block.deals.known(EXPORTED)
    for step, stage in ((0, "opportunity"), (WON, "won"), (LOST, "lost")):
        mine = first.take(first.step == step)
        column = STAGES.index(stage)
        np.testing.assert_array_equal(mine.row, np.flatnonzero(known[:, column]))
        np.testing.assert_array_equal(mine.at, block.deals.at[mine.row, column])
    won = first.take(first.step == WON)
    np.testing.assert_array_equal(won.amount, block.deals.amount[won.row])
    assert deals.again.any()
    assert set(block.deals.known(EXPORTED)[deals.row[deals.again], STAGES.index("won")]) == {True}
    assert (deals.at < EXPORTED).all()


def test_a_deal_goes_forward(blocks: list[Block]) -> None:
    deals = steps(np.random.default_rng(3), blocks[3], EXPORTED)
    begins, ends = deals.first_of_each(), deals.last_of_each()
    assert (
        begins.sum() == ends.sum() == len(np.unique(np.stack([deals.row, deals.again]), axis=1).T)
    )
    inside = np.flatnonzero(~begins)
    assert (deals.at[inside] >= deals.at[inside - 1]).all()
    assert (deals.step[inside] > deals.step[inside - 1]).all()
    assert (deals.step[begins] == STEPS.index("qualification")).all()
