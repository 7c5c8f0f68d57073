"""Undeclared columns: the few worth a look, judged on later leads than they were learned from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from predict.crm.shortlist import SAMPLE, hints, judged
from predict.crm.stamps import microseconds
from predict.crm.tables import Crm
from predict.crm.texttable import FILE, RECORD

TEXT = """
name = "shortlist"
conversion = { stage = "won", within_days = 30 }
[leads]
exported_at = 2024-12-31
lead_id = "Id"
created_at = "Created"
[leads.columns]
industry = "fixed"
[outcomes.stage]
lead_id = "Id"
stage = "won"
entered_at = "At"
"""
N = 1200
Opened = Callable[..., Crm]


def frames() -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(4)
    created = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N) * 6, unit="h")
    fit = rng.random(N)
    won = rng.random(N) < np.where(fit > 0.7, 0.5, 0.1)
    leads = pd.DataFrame({"Id": [f"{i:05d}" for i in range(N)], "Created": created})
    leads["industry"] = "Steel"
    leads["Revenue"] = (1e6 * fit).round(2).astype(str)
    leads["Segment"] = np.where(fit > 0.7, "key", "other")
    leads["Won On"] = np.where(won, [f"2024-05-05 10:00:{i:05d}" for i in range(N)], None)
    leads["Name"] = [f"Person {i}" for i in range(N)]
    leads["Empty"] = None
    leads["Always"] = "yes"
    # Foretells the leads of the first half and says the opposite of the others.
    turned = won ^ (np.arange(N) > N / 2)
    leads["Turned"] = np.where(turned, "a", "b")
    for i in range(30):
        leads[f"Noise {i:02d}"] = rng.choice([*"abcdefgh"], N)
        leads[f"Number {i:02d}"] = rng.normal(size=N).astype(str)
    stages = pd.DataFrame({"Id": leads["Id"], "At": created + pd.Timedelta(days=9)})[won]
    return leads, stages, won


def sentence(crm: Crm) -> str:
    return str(crm.check().set_index("code")["sentence"]["undeclared"])


def test_what_tells_of_later_leads_is_named_and_chance_is_not(opened: Opened) -> None:
    leads, stages, _ = frames()
    crm = opened(TEXT, leads=leads, outcomes={"stage": stages})
    assert sentence(crm).startswith(
        f"{len(leads.columns) - 3} columns are not declared and are left out; 3 of them would "
        "help if known at creation, look at these first: Won On, "
    )
    assert {"Segment", "Revenue"} == set(
        sentence(crm).split("Won On, ")[1].split(".")[0].split(", ")
    )
    assert "Person" not in crm.check().to_csv()


def test_the_order_of_rows_and_a_known_model_do_not_matter(opened: Opened) -> None:
    leads, stages, _ = frames()
    mixed = leads.sample(frac=1, random_state=1)
    crm = opened(TEXT, leads=leads, outcomes={"stage": stages})
    again = opened(TEXT, leads=mixed, outcomes={"stage": stages})
    assert sentence(again) == sentence(crm)
    settled = opened(TEXT, leads=leads, outcomes={"stage": stages}, types={"industry": "category"})
    assert "would help" not in sentence(settled)  # nothing is sought where a model scores


def test_gains_equal_those_of_plain_pandas(opened: Opened) -> None:
    leads, stages, won = frames()
    crm = opened(TEXT, leads=leads, outcomes={"stage": stages})
    sample = judged(crm.definition, crm.leads, crm.outcomes, microseconds(crm.exported_at))
    ripe = leads["Created"] + pd.Timedelta(days=30) <= pd.Timestamp("2025-01-01")
    assert list(sample["won"]) == list(won[ripe]) and len(sample) < SAMPLE
    text = read(crm, leads)
    places = text.table.select(lead_no=text.table[RECORD] - 1, file=FILE, record=RECORD)
    found = hints(crm.workspace, text, ["Segment", "Turned", "Empty", "Always"], places, sample)
    assert [h.column for h in found] == ["Segment", "Turned"]
    early, late = np.split(won[ripe].astype(float), [ripe.sum() // 2])
    for hint in found:
        values = leads[hint.column][ripe]
        first, second = values[: len(early)], values[len(early) :]
        by = pd.Series(early).groupby(first.to_numpy()).agg(["sum", "count"])
        rate = (by["sum"] + 20 * early.mean()) / (by["count"] + 20)
        p, base = rate.loc[second].to_numpy(), early.mean()
        loss = -(late * np.log(p) + (1 - late) * np.log(1 - p))
        flat = -(late * np.log(base) + (1 - late) * np.log(1 - base))
        assert hint.gain == pytest.approx((flat - loss).mean())
        assert hint.error == pytest.approx((flat - loss).std(ddof=1) / len(late) ** 0.5)
    assert found[0].helps and not found[1].helps and found[1].gain < 0


def test_few_outcomes_name_nothing(opened: Opened) -> None:
    leads, stages, _ = frames()
    crm = opened(TEXT, leads=leads, outcomes={"stage": stages.head(15)})
    assert "would help" not in sentence(crm) and "Revenue" in sentence(crm)


def read(crm: Crm, leads: pd.DataFrame) -> Any:
    from predict.crm.sources import read_text

    return read_text(crm.workspace, crm.definition.leads, folder=crm.definition.folder, frame=leads)
