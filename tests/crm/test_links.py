"""Links: several ids in a cell, addresses, chains, merged records; each row finds one lead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from predict.crm.tables import Crm
from predict.errors import InputError

Opened = Callable[..., Crm]
AT = "2024-02-01 10:00"
HEAD = """
name = "links"
conversion = { stage = "won", within_days = 30 }
[leads]
path = "leads.csv"
lead_id = "Id"
created_at = "Created"
[outcomes.stage]
path = "stages.csv"
id = "who"
id_of = "{kind}"
stage = "won"
entered_at = "at"
"""


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def resolved(crm: Crm) -> dict[str, str]:
    """Return the reason, which numbers the row, → the lead that it was resolved to."""
    leads = crm.leads.select("lead_no", "lead_id")
    rows = crm.outcomes.inner_join(leads, "lead_no").select("reason", "lead_id").to_pandas()
    return dict(rows.itertuples(index=False))


def opened_with(
    opened: Opened, folder: Path, kind: str, links: str, who: list[str], **files: str
) -> Crm:
    stages = "".join(f'"{w}",{AT},{i}\n' for i, w in enumerate(who))
    write(folder, stages=f"who,at,reason\n{stages}", **files)
    return opened(HEAD.replace("{kind}", kind) + 'reason = "reason"\n' + links, folder)


def test_several_ids_in_one_cell(opened: Opened, tmp_path: Path) -> None:
    links = """[links.deal]
path = "leads.csv"
lead_id = "Id"
other_id = "Deals"
separator = ";"
"""
    leads = (
        'Id,Created,Deals\n1,2024-01-02,"D1; D2;;D1 ; "\n2,2024-01-01,;\n'
        "3,2024-01-03,D3\n4,2024-01-03,\n"
    )
    crm = opened_with(opened, tmp_path, "deal", links, ["D1", "D2", "D3", ";", "D4"], leads=leads)
    assert resolved(crm) == {"0": "1", "1": "1", "2": "3"}
    assert crm.counts["outcomes stage of no lead"] == 2


def test_several_leads_in_one_cell_and_the_first_created_counts(
    opened: Opened, tmp_path: Path
) -> None:
    links = """[links.deal]
path = "deals.csv"
lead_id = "Contacts"
other_id = "Deal"
separator = ";"
"""
    leads = "Id,Created\n1,2024-01-02\n2,2024-01-01\n3,2024-01-03\n"
    deals = "Deal,Contacts\nD1,1;2\nD2,3; 1\nD3,9 ;3\nD4,\n"
    who = ["D1", "D2", "D3", "D4"]
    crm = opened_with(opened, tmp_path, "deal", links, who, leads=leads, deals=deals)
    assert resolved(crm) == {"0": "2", "1": "1", "2": "3"}
    told = crm.check().set_index("code")
    assert told["sentence"]["shared-ids"].startswith("2 ids stand for several leads")


CHAIN = """[links.role]
path = "roles.csv"
id = "ContactId"
id_of = ["contact", "lead"]
other_id = "OpportunityId"
[links.opportunity]
path = "opportunities.csv"
id = "Id"
id_of = "role"
other_id = "AccountId"
[links.contact]
path = "leads.csv"
lead_id = "Id"
other_id = "ConvertedContactId"
"""


def test_a_chain_leads_from_the_account_to_the_lead(opened: Opened, tmp_path: Path) -> None:
    """Declared in any order; the lead created first counts at every link."""
    leads = "Id,Created,ConvertedContactId\nL1,2024-01-03,C1\nL2,2024-01-02,C2\nL3,2024-01-01,C1\n"
    roles = "ContactId,OpportunityId\nC1,O1\nC2,O1\nC2,O2\nC9,O9\nL1,O3\n"
    opportunities = "Id,AccountId\nO1,A1\nO2,A1\nO2,A2\nO3,A3\nO9,A9\n"
    crm = opened_with(
        opened,
        tmp_path,
        "opportunity",
        CHAIN,
        ["A1", "A2", "A3", "A9", "O1"],
        leads=leads,
        roles=roles,
        opportunities=opportunities,
    )
    assert resolved(crm) == {"0": "L3", "1": "L2", "2": "L1"}
    assert list(crm.links) == ["lead", "contact", "role", "opportunity"]


MAILS = """[links.address]
path = "leads.csv"
lead_id = "Id"
other_id = "Email"
kind = "email"
"""


def test_addresses_link_another_system_and_stay_nowhere(opened: Opened, tmp_path: Path) -> None:
    leads = (
        "Id,Created,Email\n1,2024-01-02, Planted.One@Firm.example \n2,2024-01-01,none\n"
        "3,2024-01-01,shared@firm.example\n4,2024-01-02,Shared@firm.example\n"
    )
    who = ["planted.one@FIRM.example", "none", " SHARED@firm.example", "planted.none@firm.example"]
    crm = opened_with(opened, tmp_path, "address", MAILS, who, leads=leads)
    assert resolved(crm) == {"0": "1", "2": "3"}  # "none" is nobody's address
    told = crm.check()
    assert told.set_index("code")["sentence"]["shared-ids"].startswith("1 addresses stand for")
    tables = [crm.leads, crm.events, crm.outcomes, *crm.links.values()]
    said = [t.to_pandas().to_csv() for t in tables] + [told.to_csv(), crm.rejects.to_csv()]
    assert not [text for text in said if "planted" in text.lower() or "shared@" in text.lower()]
    assert crm.links["address"].other_id.length().max().execute() == 64


def test_a_column_may_hold_addresses_or_ids(opened: Opened, tmp_path: Path) -> None:
    leads = "Id,Created,Email\n1,2024-01-02,one@firm.example\n2,2024-01-01,\n"
    text = HEAD.replace('"{kind}"', '["address", "lead"]') + 'reason = "reason"\n' + MAILS
    stages = f"who,at,reason\nONE@firm.example,{AT},0\n2,{AT},1\n"
    write(tmp_path, leads=leads, stages=stages)
    crm = opened(text, tmp_path)
    assert resolved(crm) == {"0": "1", "1": "2"}


MERGED = """[links.merged]
path = "merged.csv"
kind = "merged"
lead_id = "Master"
other_id = "Id"
"""


def test_merged_records_are_folded_into_the_one_that_is_left(
    opened: Opened, tmp_path: Path
) -> None:
    leads = "Id,Created\nA,2024-01-01\nB,2024-01-02\nC,2024-01-03\nD,2024-01-04\nE,2024-01-05\n"
    # D → C → B, a chain; E into one that the export does not hold; B into itself says nothing.
    merged = "Id,Master\nD,C\nC,B\nE,gone\nB,B\nX,A\nA,\n"
    who = ["A", "B", "C", "D", "E", "X", "gone"]
    crm = opened_with(opened, tmp_path, "lead", MERGED, who, leads=leads, merged=merged)
    assert list(crm.leads.order_by("lead_no").lead_id.to_pandas()) == ["A", "B"]
    assert resolved(crm) == {"0": "A", "1": "B", "2": "B", "3": "B", "5": "A"}
    assert crm.counts["leads merged"] == 3
    assert crm.counts["leads twice"] == 0
    told = crm.check().set_index("code")
    assert told["counts"]["merged-leads"] == {"leads": 3, "found": 2}
    assert "Of 1 of them that lead is not in this export" in told["sentence"]["merged-leads"]


def test_merged_ids_of_one_cell(opened: Opened, tmp_path: Path) -> None:
    links = """[links.merged]
path = "leads.csv"
kind = "merged"
lead_id = "Record ID"
other_id = "Merged object IDs"
separator = ";"
"""
    leads = "Record ID,Created,Merged object IDs\n1,2024-01-02,11;12\n2,2024-01-01,1; 21\n"
    text = HEAD.replace('lead_id = "Id"', 'lead_id = "Record ID"').replace("{kind}", "lead")
    stages = "".join(f"{w},{AT},{w}\n" for w in ("1", "11", "12", "2", "21", "22"))
    write(tmp_path, leads=leads, stages=f"who,at,reason\n{stages}")
    crm = opened(text + 'reason = "reason"\n' + links, tmp_path)
    assert resolved(crm) == dict.fromkeys(["1", "11", "12", "2", "21"], "2")
    assert crm.counts["leads merged"] == 1


@pytest.mark.parametrize(
    ("pairs", "circle"),
    [
        ([("B", "A"), ("A", "B")], "A → B → A"),
        ([("D", "C"), ("C", "B"), ("B", "E"), ("E", "C"), ("X", "A")], "B → E → C → B"),
    ],
)
def test_a_circle_of_merges_is_named(
    opened: Opened, tmp_path: Path, pairs: list[tuple[str, str]], circle: str
) -> None:
    merged = "Id,Master\n" + "".join(f"{old},{new}\n" for old, new in pairs)
    leads = "Id,Created\nA,2024-01-01\nB,2024-01-02\n"
    with pytest.raises(InputError, match=f"in a circle(?s:.*)links.merged(?s:.*){circle}"):
        opened_with(opened, tmp_path, "lead", MERGED, ["A"], leads=leads, merged=merged)


def test_a_record_merged_into_several_goes_with_the_first(opened: Opened, tmp_path: Path) -> None:
    leads = "Id,Created\nA,2024-01-02\nB,2024-01-01\n"
    merged = "Id,Master\nX,B\nX,A\n"
    crm = opened_with(opened, tmp_path, "lead", MERGED, ["X"], leads=leads, merged=merged)
    assert resolved(crm) == {"0": "A"}
    assert "merged-twice" in set(crm.check()["code"])


def test_rows_left_out_by_where_are_told(opened: Opened, tmp_path: Path) -> None:
    text = HEAD.replace("{kind}", "lead").replace(
        "[leads]\n", '[leads]\nwhere = { IsDeleted = "false" }\n'
    )
    write(
        tmp_path,
        leads="Id,Created,IsDeleted\nA,2024-01-01,false\nB,2024-01-01,true\nC,2024-01-01,true\n",
        stages=f"who,at\nA,{AT}\n",
    )
    crm = opened(text, tmp_path)
    assert (crm.counts["leads"], crm.counts["leads left out by where"]) == (1, 2)
    told = crm.check().set_index("code")
    assert told["sentence"]["left-out-by-where"] == "2 rows are left out by where."
    assert told["subject"]["left-out-by-where"] == "leads"
