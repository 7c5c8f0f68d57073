from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from predict.demo.company import write_company
from predict.demo.incoming import ROWS, TWICE


@pytest.fixture(scope="module")
def listed(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "new_leads.csv", parse_dates=["created_at"])


def test_some_are_known_most_are_new(folder: Path, listed: pd.DataFrame) -> None:
    assert len(listed) == ROWS
    crm = set(pd.read_csv(folder / "leads.csv").lead_id)
    known = listed.lead_id.isin(crm)
    assert 100 < known.sum() < 200
    assert (~known).sum() > 200
    active = set(pd.read_parquet(folder / "events.parquet").lead_id)
    assert listed.lead_id[known].isin(active).mean() > 0.6
    assert not listed.lead_id[~known].isin(active).any()
    assert listed.created_at.max() < pd.Timestamp("2026-07-01")
    assert (listed.created_at[~known] >= pd.Timestamp("2026-06-29")).all()


def test_it_holds_what_a_careful_run_must_set_apart(folder: Path, listed: pd.DataFrame) -> None:
    stages = pd.read_csv(folder / "stages.csv")
    blocked = pd.read_csv(folder / "do-not-contact.csv").lead_id
    once = listed.drop_duplicates("lead_id")
    assert len(listed) - len(once) == TWICE
    opportunities = stages.lead_id[stages.stage == "opportunity"]
    assert once.lead_id.isin(opportunities).sum() == 1
    assert once.lead_id.isin(blocked).sum() == 1


def test_new_leads_carry_nothing_from_later(folder: Path, listed: pd.DataFrame) -> None:
    new = listed[~listed.lead_id.isin(pd.read_csv(folder / "leads.csv").lead_id)]
    later = ["last_call_seconds", "lifetime_page_views", "last_activity_at", "budget_confirmed"]
    assert new[later].isna().all().all()
    assert (new.status == "New").all()


def test_the_smallest_company_has_a_list_too(tmp_path: Path) -> None:
    write_company(tmp_path / "demo", leads=100)
    assert len(pd.read_csv(tmp_path / "demo" / "new_leads.csv")) == ROWS


def test_everybody_is_visibly_invented(folder: Path) -> None:
    for name, mail, phone in (
        ("leads.csv", "email", "phone"),
        ("new_leads.csv", "email", "phone"),
        ("trade_show.csv", "E-Mail", None),
        ("do-not-contact.csv", "email", None),
    ):
        table = pd.read_csv(folder / name, dtype=str)
        assert table[mail].str.fullmatch(r"[a-z]+\.[a-z]+\d+@[a-z0-9-]+\.example").all(), name
        if phone:  # 555-0100 to 555-0199 are kept free for fiction
            assert table[phone].str.fullmatch(r"\+1 555 01\d\d").all()
