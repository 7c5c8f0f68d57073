"""Traps tell more than the truth at the time could; columns said to say nothing say nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from predict.demo import traps
from predict.demo.behaviour import SIGNALS
from predict.demo.calendar import DAY
from predict.demo.drivers import drivers
from predict.demo.simulation import Block

AGE = 30


def logit(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


def looked_at(blocks: list[Block]) -> list[tuple[Block, np.ndarray, np.ndarray]]:
    """Rows of leads at age 30 whose outcome the export can show, by block, with truth and y."""
    found = []
    for block in blocks[:4]:
        at_age = block.truth.age_days == AGE
        found.append((block, np.flatnonzero(at_age), block.truth.converted[at_age]))
    return found


def gain(blocks: list[Block], column: str) -> float:
    """Return by how much one column lowers the log loss of the truth, on held-out leads."""
    parts = looked_at(blocks)
    truth = np.concatenate([logit(b.truth.probability[rows]) for b, rows, _ in parts])
    y = np.concatenate([came for _, _, came in parts])
    extra = np.concatenate([coded(b, column)[b.truth.row[rows]] for b, rows, _ in parts])
    half = np.arange(len(y)) % 2 == 0
    plain, more = truth[:, None], np.column_stack([truth, extra])
    losses = []
    for features in (plain, more):
        model = LogisticRegression(C=1.0, max_iter=2_000).fit(features[half], y[half])
        losses.append(log_loss(y[~half], model.predict_proba(features[~half])[:, 1]))
    return losses[0] - losses[1]


def coded(block: Block, column: str) -> np.ndarray:
    """Return a column as numbers: levels as 0/1 columns, missing as one more column."""
    source = block.traps if hasattr(block.traps, column) else block.leads
    values = getattr(source, column)
    if values.dtype.kind == "i" and column != "lifetime_page_views":
        return np.eye(12)[values + 1]
    if values.dtype.kind == "M":  # days from creation, as whoever computes an "age" would
        numbers = (values - block.leads.created_at).astype(float) / DAY
        numbers[np.isnat(values)] = np.nan
        return np.column_stack([np.nan_to_num(numbers) / 100, np.isnan(numbers)])
    numbers = np.log1p(values.astype(float))
    return np.column_stack([np.nan_to_num(numbers), np.isnan(numbers)])


@pytest.mark.parametrize("column", traps.COLUMNS)
def test_each_trap_beats_the_truth(blocks: list[Block], column: str) -> None:
    assert gain(blocks, column) > 0.002


@pytest.mark.parametrize("column", ["country", "form_variant", "badge_colour", "owner", "campaign"])
def test_an_irrelevant_column_adds_nothing(blocks: list[Block], column: str) -> None:
    assert column in drivers()["irrelevant"]
    assert gain(blocks, column) < 0.0005


@pytest.mark.parametrize("column", ["industry", "source", "seniority", "function", "employees"])
def test_nor_does_a_driver_for_truth_holds_it_already(blocks: list[Block], column: str) -> None:
    assert gain(blocks, column) < 0.0005


@pytest.mark.parametrize("number", [n for n, s in enumerate(SIGNALS) if not s.informs])
def test_irrelevant_signals_come_as_often_to_winners(blocks: list[Block], number: int) -> None:
    """Of open leads at the same age and truth; here simply: rates do not differ by outcome."""
    counts = []
    for block, rows, came in looked_at(blocks):
        early = (block.events.signal == number) & (block.events.day >= 0)
        early &= block.events.day < AGE
        each = np.bincount(block.events.row[early], minlength=len(block.leads))
        counts.append(np.stack([each[block.truth.row[rows]], came]))
    each, came = np.concatenate(counts, axis=1)
    rates = [each[came == outcome] for outcome in (0, 1)]
    error = math.sqrt(sum(r.var() / len(r) for r in rates))
    assert abs(rates[0].mean() - rates[1].mean()) < 3.5 * error


def test_the_incumbent_score_is_mediocre(blocks: list[Block]) -> None:
    parts = [(b, rows, came) for b, rows, came in looked_at(blocks)]
    y = np.concatenate([came for _, _, came in parts])
    truth = np.concatenate([b.truth.probability[rows] for b, rows, _ in parts])
    score = np.concatenate(
        [traps.crm_score(b.leads, b.events)[b.truth.row[rows]] for b, rows, _ in parts]
    )
    assert 0.55 < roc_auc_score(y, score) < 0.70
    assert roc_auc_score(y, truth) > 0.80
    assert score.min() >= 0
    assert score.max() <= 100
