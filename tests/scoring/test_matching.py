"""People found by id or e-mail, firms by domain: exactly, and reconciled to the row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from predict.crm.opening import open_crm
from predict.crm.sources import read_text
from predict.crm.stamps import microseconds
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.scoring.fates import PARTS, told
from predict.scoring.lists import match_list

AS_OF = pd.Timestamp("2026-06-15")
DEFINITION = """
name = "opportunity-in-90-days"
[conversion]
stage = "opportunity"
within_days = 90
lost_stages = ["lost"]
[leads]
path = "leads.csv"
exported_at = 2026-06-30
lead_id = "Id"
created_at = "Created"
account_id = "Account"
owner = "Owner"
[leads.columns]
Title = { class = "fixed", type = "text" }
Country = "fixed"
Email = "personal"
[related.account]
path = "accounts.csv"
key = "Account"
their_key = "Id"
[related.account.columns]
Industry = "fixed"
[events.web]
path = "events.csv"
lead_id = "Id"
occurred_at = "At"
kind = "visit"
by = "lead"
[outcomes.stage]
path = "stages.csv"
lead_id = "Id"
stage_column = "Stage"
entered_at = "At"
[suppression]
path = "suppressed.csv"
lead_id = "Id"
"""
LEADS = """Id,Created,Account,Owner,Title,Country,Email
L1,2026-05-01,A1,kim,Buyer,DE,ann@one.example
L2,2026-05-02,A1,kim,Clerk,DE,Bob@One.example
L3,2026-01-03,A2,lee,Owner,AT,cy@two.example
L4,2026-05-04,A2,lee,Owner,AT,cy@two.example
L5,2026-01-05,A3,max,Head,CH,dee@three.example
L6,2026-01-06,A3,max,Head,CH,eve@three.example
L7,2026-01-07,A4,noa,Head,CH,fay@gmail.com
L8,2026-05-08,A5,noa,Head,CH,gus@both.example
L9,2026-05-09,A6,noa,Head,CH,hal@both.example
L10,2026-06-20,A1,kim,Late,DE,late@one.example
L11,2026-01-09,A3,max,Head,CH,ida@three.example
L12,2026-05-11,,kim,Head,CH,stop@else.example
"""
ACCOUNTS = """Id,Industry,Website
A1,Paper,https://www.one.example/home
A2,Steel,two.example
A3,Glass,
A4,Food,
A5,Wood,
A6,Wood,
A7,Wool,http://seven.example:8080
"""
STAGES = """Id,Stage,At
L3,lost,2026-02-01
L5,opportunity,2026-02-01
L5,won,2026-03-01
L6,opportunity,2026-05-01
L7,opportunity,2026-03-01
L7,lost,2026-04-01
L11,opportunity,2026-06-20
"""
#: Row of the list → the lead it is, what becomes of it, its firm.
LIST = [
    ("ANN@one.example ", "", "L1", "scored", "A1"),
    ("bob@one.example", "", "L2", "scored", "A1"),
    ("cy@two.example", "", "L4", "scored", "A2"),
    ("dee@three.example", "", "L5", "customer", "A3"),
    ("eve@three.example", "", "L6", "open deal", "A3"),
    ("fay@gmail.com", "", "L7", "converted", "A4"),
    ("ann@one.example", "", "L1", "duplicate", "A1"),
    ("new@one.example", "", None, "scored", "A1"),
    ("new@gmail.com", "", None, "scored", None),
    ("new@both.example", "", None, "scored", None),
    ("", "www.seven.example/x", None, "scored", "A7"),
    ("", "", None, "scored", None),
    ("ann@one.example.org", "", None, "scored", None),
    ("late@one.example", "", None, "scored", "A1"),
    ("new@one.example", "", None, "duplicate", "A1"),
    ("stop@else.example", "", "L12", "suppressed", None),
    ("ida@three.example", "", "L11", "scored", "A3"),
    ("an@one.example", "", None, "scored", "A1"),
]


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    folder = tmp_path_factory.mktemp("exports")
    files = {"leads": LEADS, "stages": STAGES, "accounts": ACCOUNTS}
    files |= {"events": "Id,At\nL1,2026-05-03\n", "suppressed": "Id\nL12\n"}
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    opened = open_crm(Definition.parse(DEFINITION, folder=folder))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def grid(crm: Crm, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    path = tmp_path_factory.mktemp("list") / "fair.csv"
    rows = [f"{mail},Buyer,{site},Deutschland\n" for mail, site, *_ in LIST]
    path.write_text("E-Mail,Position,Webseite,Land\n" + "".join(rows), encoding="utf-8")
    text = read_text(crm.workspace, SimpleNamespace(path=path.name), folder=path.parent)
    found = match_list(crm, text, microseconds(AS_OF.to_pydatetime()))
    return found.grid.order_by("row").to_pandas()


def test_each_row_finds_whom_it_should(grid: pd.DataFrame) -> None:
    ids = grid["lead_id"].astype(object).where(grid["lead_no"].notna(), None)
    firms = grid["account_id"].astype(object).where(grid["account_id"].notna(), None)
    found = list(zip(ids, grid["status"], firms, strict=True))
    assert found == [(lead, status, firm) for _, _, lead, status, firm in LIST]


def test_how_is_told(grid: pd.DataFrame) -> None:
    by = grid["matched_by"].astype(object).where(grid["matched_by"].notna(), None).tolist()
    assert by[0] == by[2] == "e-mail"
    assert by[7] == by[13] == "firm by e-mail domain" and by[10] == "firm by website"
    assert by[8] is by[9] is by[11] is by[12] is None
    assert grid["mail_leads"].tolist()[:3] == [1, 1, 2]
    assert grid["owner"][4] == "max"


def test_known_people_have_their_own_profile_and_strangers_that_of_their_firm(grid) -> None:
    assert grid["p:Country"].tolist()[:3] == ["DE", "DE", "AT"]
    assert grid["p:Country"].tolist()[8] == "DE"  # Deutschland, as the CRM writes it
    assert grid["p:account.Industry"].tolist()[7] == "Paper"
    assert grid["p:account.Industry"].tolist()[10] == "Wool"
    assert grid["basis"].tolist()[:3] == ["full"] * 3 and grid["basis"][7] == "profile"


def test_the_first_sentence_reconciles_to_the_row(grid: pd.DataFrame) -> None:
    parts = Counter(grid["part"])
    assert sum(parts.values()) == len(LIST)
    assert parts == {
        "known": 4,
        "customer": 1,
        "open deal": 1,
        "converted": 1,
        "duplicate": 2,
        "suppressed": 1,
        "no mail": 2,
        "profile": 6,
    }
    assert set(parts) <= set(PARTS)
    assert told(parts, "opportunity") == (
        "18 rows: 4 known (their behaviour used), 1 customer, 1 in an open deal (owner named), "
        "1 that became an opportunity already, 2 twice, 1 not to be contacted, "
        "2 without e-mail, 6 on profile alone"
    )


def test_addresses_are_kept_as_hashes_only_and_leave_no_trace_in_the_grid(crm: Crm, grid) -> None:
    held = crm.leads.to_pandas()
    keys = held["mail_key"].dropna()
    assert keys.str.fullmatch("[0-9a-f]{64}").all()
    assert not [c for c in grid.columns if "mail" in c and c != "mail_leads" and c[:2] != "p:"]
    assert "one.example" not in grid.to_csv() and "@" not in held.to_csv()


def test_without_accounts_or_addresses_nobody_is_found_and_nothing_breaks(tmp_path: Path) -> None:
    lines = [line for line in DEFINITION.splitlines() if line[:7] not in ("account", "Email =")]
    head, rest = "\n".join(lines).split("[related.account]\n")
    text = head + rest.split('[related.account.columns]\nIndustry = "fixed"\n')[1]
    for name, content in (("leads", LEADS), ("stages", STAGES), ("events", "Id,At\n")):
        (tmp_path / f"{name}.csv").write_text(content)
    (tmp_path / "suppressed.csv").write_text("Id\nL12\n")
    (tmp_path / "list.csv").write_text("E-Mail,Position\nann@one.example,Buyer\n")
    opened = open_crm(Definition.parse(text, folder=tmp_path))
    try:
        read = read_text(opened.workspace, SimpleNamespace(path="list.csv"), folder=tmp_path)
        found = match_list(opened, read, microseconds(AS_OF.to_pydatetime()))
        grid = found.grid.to_pandas()
    finally:
        opened.close()
    assert grid["lead_no"].isna().all() and grid["part"].tolist() == ["profile"]
    assert found.unused == ("E-Mail",)
