"""Every feature, look and label of random histories against plain Python."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from histories import AGES, History, random_history
from oracle import Oracle, us

from predict.history.building import build_dataset
from predict.history.dataset import Dataset

HISTORIES: dict[str, dict[str, Any]] = {
    "covered from inside": {"seed": 1},
    "covered from before": {"seed": 2, "covers_from": "2020-01-01"},
    "always covered, no accounts": {"seed": 3, "covers_from": None, "accounts": False},
    "a table without rows": {"seed": 5, "empty": "web"},
    "many years": {"seed": 7, "leads": 260, "days": 2400, "exported_at": "2030-07-01T00:00:00"},
    "no events at all": {"seed": 6, "drop": ("web", "mail", "calls", "notes")},
}


@pytest.fixture(scope="module", params=HISTORIES)
def case(request: pytest.FixtureRequest) -> tuple[History, Dataset]:
    options = dict(HISTORIES[request.param])
    empty = options.pop("empty", None)
    history = random_history(**options)
    if empty:
        history.events[empty] = history.events[empty].iloc[:0]
    crm = history.open()
    try:
        return history, build_dataset(crm)
    finally:
        crm.close()


def test_every_feature_equals_the_oracles(case: tuple[History, Dataset]) -> None:
    history, data = case
    oracle = Oracle(history)
    first_fold: Any = data.manifest["first_fold"]
    kinds, assets = oracle.vocabulary(us(first_fold))
    calendar = oracle.calendar(data.keys["created_at"], pd.Timestamp(first_fold))
    wrong = []
    for i in range(len(data)):
        lead, as_of = oracle.leads[data.keys["lead_id"][i]], us(data.as_of[i])
        expected = oracle.features(lead, as_of, kinds, assets)
        created = pd.Timestamp(lead.created, unit="us")
        expected |= {name: part(created) for name, part in calendar.items()}
        assert set(expected) == set(data.X.columns)  # each feature has its oracle
        for name, value in expected.items():
            if not _same(data.X[name][i], value):
                wrong.append((lead.id, data.as_of[i], name, data.X[name][i], value))
    assert not wrong, wrong[:5]


def test_looks_and_labels_equal_the_oracles(case: tuple[History, Dataset]) -> None:
    history, data = case
    oracle = Oracle(history)
    looks = oracle.looks(AGES)
    mature = [(lead, t) for lead, t in looks if t + (20 + 2) * 86_400_000_000 <= oracle.exported]
    expected = sorted((t, lead.id, oracle.label(lead, t, 20)) for lead, t in mature)
    found = zip(map(us, data.as_of), data.keys["lead_id"], data.y, strict=True)
    assert [(t, i, int(y)) for t, i, y in found] == expected
    counts: Any = data.manifest["counts"]
    assert 0 < counts["immature looks"] == len(looks) - len(mature)
    assert counts["leads looked at"] == len({lead.id for lead, _ in looks})
    ended = [x for x in oracle.leads.values() if any(s in ("won", "lost") for s, *_ in x.stages)]
    assert counts["leads without outcome"] == len(oracle.leads) - len(ended)
    assert 0.05 < data.y.mean() < 0.95


def _same(found: Any, expected: Any) -> bool:
    if found is None or expected is None:
        return found is expected
    if isinstance(expected, float) and math.isnan(expected):
        return math.isnan(found)
    return bool(found == expected)
