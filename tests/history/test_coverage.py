"""Who joins to whom: rows that were re-filed at success leave a hole among the winners."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from first_looks import EXPORTED, Small, small

from predict.history.association import judged
from predict.history.coverage import joins, kinds
from predict.history.horizons import follow


def told(company: Small, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    crm = company.open(folder)
    try:
        followed = follow(crm)
        leads = judged(crm, followed)
        known = crm.leads.inner_join(leads, "lead_no").select("lead_id", "y").to_pandas()
        return joins(crm, leads).set_index("table"), kinds(crm, followed), known
    finally:
        crm.close()


def refiled(company: Small) -> Small:
    """Return the export as a CRM gives it: rows of winners carry the id of their contact."""
    winners = set(company.stages.loc[company.stages["stage"] == "won", "lead"])
    lead = company.web["lead"]
    web = company.web.assign(lead=lead.where(~lead.isin(winners), "C" + lead.str[1:]))
    return Small(company.leads, web, company.stages, company.text)


def test_shares_at_equal_age_equal_those_of_pandas(tmp_path: Path) -> None:
    company = small(8, leads=800)
    table, _, known = told(company, tmp_path)
    row = table.loc["events.web"]
    rows = company.web.merge(company.leads[["id", "created"]], left_on="lead", right_on="id")
    young = rows[(rows["at"] < rows["created"] + pd.Timedelta(days=30)) & (rows["at"] < EXPORTED)]
    has = known["lead_id"].isin(young["lead"])
    assert row["winners"] == known["y"].sum() and row["others"] == (known["y"] == 0).sum()
    assert row["winners_with"] == (has & (known["y"] == 1)).sum()
    assert row["others_with"] == (has & (known["y"] == 0)).sum()
    assert row["rows"] == row["joined"] == len(company.web)


def test_refiled_rows_are_lost_and_it_shows_among_the_winners(tmp_path: Path) -> None:
    company = refiled(small(9, leads=800))
    row = told(company, tmp_path)[0].loc["events.web"]
    lost = company.web["lead"].str.startswith("C").sum()
    assert row["rows"] - row["joined"] == lost > 0
    # Those who win after their time is over are others at this horizon, so not all rows are gone.
    assert row["winners_with"] == 0 < row["others_with"]


def test_kinds_that_come_with_the_success(tmp_path: Path) -> None:
    company = small(10)
    won = company.stages[company.stages["stage"] == "won"].groupby("lead")["at"].min()
    signed = won.reset_index().assign(kind="signed")[["lead", "at", "kind"]]
    web = pd.concat([company.web, signed], ignore_index=True)
    _, frame, _ = told(Small(company.leads, web, company.stages, company.text), tmp_path)
    row = frame.set_index("kind").loc["signed"]
    assert row["together"] == row["winners"] > 50
    assert (frame.set_index("kind").loc[["page", "form"], "together"] < 5).all()
