from __future__ import annotations

import math

import numpy as np
import pytest

from predict.demo import intent
from predict.demo.behaviour import AVID, DAILY, FIRST, SIGNALS, WEEKEND, is_inbound
from predict.demo.calendar import weekday
from predict.demo.simulation import Block
from predict.demo.truth import AGES, HORIZON_DAYS


def plain_truth(block: Block, row: int, age: int, *, blind: bool) -> float:
    """Recompute one chance lead by lead, signal by signal, on the full six-state chain."""
    leads = block.leads.take(np.array([row]))
    fit = float(leads.fit()[0])
    monday_first = int(weekday(leads.created_at)[0])

    def matrix(day: int) -> np.ndarray:
        working = (monday_first + day) % 7 < 5
        chances = np.eye(6)
        for state in range(4):
            rates = {
                target: rate * math.exp(weight * fit)
                for origin, target, rate, weight, only in intent._MOVES
                if origin == state and (working or not only)
            }
            total = sum(rates.values())
            chances[state] = 0.0
            chances[state, state] = math.exp(-total)
            for target, rate in rates.items():
                chances[state, target] = (1 - math.exp(-total)) * rate / total
        return chances

    mine = block.events.row == row
    seen = np.zeros((1 + max(AGES) + 1, len(SIGNALS)))
    for day, signal in zip(block.events.day[mine], block.events.signal[mine], strict=True):
        if day + 1 < len(seen):
            seen[day + 1, signal] += 1

    def likelihood(state: int, slot: int) -> float:
        """Poisson chances of the counts of one day (slot 0: the visit before creation)."""
        if blind:
            return 1.0
        if slot == 0:
            expected = FIRST[state] * is_inbound(leads)[0]
        else:
            working = (monday_first + slot - 1) % 7 < 5
            expected = DAILY[state] * (1.0 if working else WEEKEND)
        if leads.avid_reader[0]:
            expected = expected * AVID
        chance = 1.0
        for rate, count in zip(expected, seen[slot], strict=True):
            chance *= math.exp(-rate) * rate**count / math.factorial(int(count))
        return chance

    belief = np.zeros(6)
    belief[:4] = intent.start(leads)[0]
    belief[:4] *= [likelihood(state, 0) for state in range(4)]
    for day in range(age):
        belief[:4] *= [likelihood(state, day + 1) for state in range(4)]
        belief[4:] = 0.0  # it is known to be still open
        belief = belief @ matrix(day)
        belief[4:] = 0.0
    belief /= belief.sum()
    for day in range(age, age + HORIZON_DAYS):
        belief = belief @ matrix(day)
    return float(belief[intent.OPPORTUNITY])


def test_truth_equals_a_plain_recomputation(blocks: list[Block]) -> None:
    block = blocks[0]
    truth = block.truth
    chosen = np.random.default_rng(0).choice(len(truth), 60, replace=False)
    busiest = np.argsort(truth.probability)[-10:]
    for place in (*chosen, *busiest):
        row, age = int(truth.row[place]), int(truth.age_days[place])
        assert truth.probability[place] == pytest.approx(
            plain_truth(block, row, age, blind=False), rel=1e-9
        )
        assert truth.probability_profile[place] == pytest.approx(
            plain_truth(block, row, age, blind=True), rel=1e-9
        )


@pytest.mark.parametrize("told", ["probability", "probability_profile"])
@pytest.mark.parametrize("age", AGES)
def test_truth_comes_true(blocks: list[Block], told: str, age: int) -> None:
    """In each of ten bins the share that converted is the mean truth, within sampling error."""
    chance = np.concatenate([getattr(b.truth, told)[b.truth.age_days == age] for b in blocks])
    came = np.concatenate([b.truth.converted[b.truth.age_days == age] for b in blocks])
    order = np.argsort(chance)
    for bin_ in np.array_split(order, 10):
        p = chance[bin_]
        error = math.sqrt(float((p * (1 - p)).sum())) / len(bin_)
        assert abs(came[bin_].mean() - p.mean()) < 3.5 * error + 1e-4


def test_behaviour_refines_the_profile_and_does_not_shift_it(blocks: list[Block]) -> None:
    both = np.concatenate(
        [np.stack([b.truth.probability, b.truth.probability_profile]) for b in blocks], axis=1
    )
    gap = both[0] - both[1]
    assert abs(gap.mean()) < 4 * gap.std() / math.sqrt(len(gap) / len(AGES))
    assert both[0].std() > 1.2 * both[1].std()


def test_truth_is_told_of_open_leads_only(blocks: list[Block]) -> None:
    for block in blocks:
        assert (block.path.end_day[block.truth.row] >= block.truth.age_days).all()
    age_0 = sum(int((b.truth.age_days == 0).sum()) for b in blocks)
    assert age_0 == sum(len(b.leads) for b in blocks)


def test_looks_are_one_minute_or_whole_days_after_creation(blocks: list[Block]) -> None:
    block = blocks[0]
    after = (block.truth.as_of - block.leads.created_at[block.truth.row]).astype(int)
    expected = np.where(block.truth.age_days == 0, 60, block.truth.age_days * 86_400)
    np.testing.assert_array_equal(after, expected)
