from __future__ import annotations

import json

import numpy as np
import pytest

from predict.demo import drivers as module
from predict.demo.behaviour import SIGNALS
from predict.demo.drivers import drivers
from predict.demo.simulation import Block


@pytest.fixture(scope="module")
def told() -> dict:
    return drivers()


def test_the_file_is_plain_json(told: dict) -> None:
    assert json.loads(json.dumps(told)) == told


def test_no_concept_is_both_a_driver_and_irrelevant(told: dict) -> None:
    concepts = [c for driver in told["drivers"] for c in driver["concepts"]]
    assert len(concepts) == len(set(concepts))
    assert not set(concepts) & (set(told["irrelevant"]) | set(told["carriers"]))
    assert sum(driver["main"] for driver in told["drivers"]) == 7


def test_every_signal_is_placed(told: dict) -> None:
    placed = {c for d in told["drivers"] for c in d["concepts"]} | set(told["irrelevant"])
    for signal in SIGNALS:
        for asset in signal.assets:
            assert f"{signal.kind}={asset}" in placed


def test_signs_are_those_of_the_sizes(told: dict) -> None:
    for driver in told["drivers"]:
        sizes = list(driver["log_odds"].values())
        if driver["sign"] == "by level":
            assert min(sizes) < 0 < max(sizes)
        elif driver["name"] == "employees":
            assert sizes == sorted(sizes)
        else:
            assert (sizes[0] > 0) == (driver["sign"] == "+")
        assert max(map(abs, sizes)) > 0.4


def test_a_signal_without_information_has_no_effect_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {}
    real = module._driver

    def noted(name: str, concepts: list, log_odds: dict, **more: object) -> dict:
        sizes[name] = log_odds.get("one")
        return real(name, concepts, log_odds, **more)

    monkeypatch.setattr(module, "_driver", noted)
    monkeypatch.setattr(type(SIGNALS[0]), "informs", property(lambda signal: True))
    module._of_behaviour()
    silent = ("page_view: blog", "offer_download: trend report", "email_open: newsletter")
    assert [sizes[name] for name in silent] == [0.0, 0.0, 0.0]
    assert sizes["article_read: winter tyres"] == 0.0


def test_leads_with_a_driver_convert_more_often(blocks: list[Block], told: dict) -> None:
    """The signs hold in what happened, not only in the formulas: at age 30, seen before."""
    signs = {d["name"]: d["sign"] for d in told["drivers"]}
    for number, signal in enumerate(SIGNALS):
        if not signal.informs:
            continue
        seen, came = [], []
        for block in blocks:
            rows = block.truth.age_days == 30
            mine = (block.events.signal == number) & (block.events.day < 30)
            counts = np.bincount(block.events.row[mine], minlength=len(block.leads))
            seen.append(counts[block.truth.row[rows]] > 0)
            came.append(block.truth.converted[rows])
        some, won = np.concatenate(seen), np.concatenate(came)
        name = f"{signal.kind}: {signal.assets[0]}" if signal.assets else signal.kind
        higher = won[some].mean() > won[~some].mean()
        assert higher == (signs[name] == "+"), name
