"""Archive: each export once, dated, typed; nobody can be named by it; the same bytes each time."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from predict.crm.archive import archive_export
from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.errors import PredictError
from predict.publish import verify

TEXT = """
name = "demo"
ids = "salesforce"
conversion = { stage = "won", within_days = 30 }
[leads]
path = "leads.csv"
exported_at = 2024-05-06
lead_id = "Id"
created_at = "Created"
owner = "Owner"
source = "Source"
where = { Kind = "lead" }
[leads.columns]
Industry = "fixed"
Status = "mutable"
Seats = { class = "mutable", type = "number" }
LastTouch = "last_of"
Reason = "hindsight"
Rank = "incumbent"
OptOut = "eligibility"
Contact = "personal"
Mail = "personal"
[related.person]
path = "people.csv"
key = "PersonId"
[related.person.columns]
Function = "fixed"
[links.person]
path = "leads.csv"
lead_id = "Id"
other_id = "PersonId"
[links.mail]
path = "leads.csv"
lead_id = "Id"
other_id = "Mail"
kind = "email"
[events.web]
path = "web.csv"
id = "who"
id_of = ["lead", "mail"]
occurred_at = "at"
kind = "visit"
by = "lead"
asset = "page"
values = ["seconds"]
[outcomes.stage]
path = "stages.csv"
lead_id = "id"
stage_column = "stage"
entered_at = "at"
reason = "why"
[never_use]
columns = ["Gender"]
[suppression]
path = "never.csv"
"""
N = 60
NAMES = [f"Zora{chr(97 + i % 26)} Plantedsson{i}" for i in range(N)]
MAILS = [f"zora.{i}@planted{i % 7}.example" for i in range(N)]
PHONES = [f"+49 30 7715{i:03}" for i in range(N)]
OWNERS = np.resize(["Olga Ownerova", "Piotr Ownerski"], N)


def lead_id(i: int) -> str:
    """Return an id of 15 characters as reports show it."""
    return f"00Q5e000000{i:04}"


def write(folder: Path) -> Definition:
    """Write an export with people planted wherever exports have them."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(5)
    leads = pd.DataFrame({"Id": [lead_id(i) for i in range(N)]})
    leads["Created"] = [f"2024-0{1 + i % 4}-{1 + i % 28:02} 10:00" for i in range(N)]
    leads["Kind"] = np.where(np.arange(N) % 9 == 8, "vendor", "lead")
    leads["Owner"], leads["Source"] = OWNERS, np.resize(["web", "fair"], N)
    leads["Industry"] = np.resize(["Steel", "Paper", ""], N)
    leads["Status"] = rng.choice(["new", "working", "1.5 "], N)
    leads["Seats"] = rng.choice(["1", "20.5", ""], N)
    leads["LastTouch"], leads["Reason"] = "2024-05-01", np.resize(["", "price", MAILS[3]], N)
    leads["Rank"], leads["OptOut"] = np.arange(N), "no"
    leads["Contact"], leads["Mail"] = NAMES, MAILS
    leads["Gender"] = np.resize(["f-planted", "m-planted"], N)
    leads["PersonId"] = [f"0035e000000{i:04}" for i in range(N)]
    # Nobody declared these: by name or by what they hold they may say who somebody is.
    leads["MobilePhone"], leads["Direct"], leads["Assistant"] = PHONES, PHONES, NAMES[::-1]
    leads["Segment"], leads["Views"] = np.resize(["A", "B"], N), np.arange(N) * 7
    leads.to_csv(folder / "leads.csv", index=False)
    people = pd.DataFrame({"Id": leads["PersonId"], "Function": "IT", "Name": NAMES})
    people.to_csv(folder / "people.csv", index=False)
    who = [lead_id(i) if i % 2 else MAILS[i].upper() for i in range(N)]
    web = pd.DataFrame({"who": who, "at": "2024-04-30 12:00", "page": "/prices", "seconds": 1.25})
    web.loc[::5, "page"] = [f"/out?mail={m}" for m in MAILS[::5]]
    web.to_csv(folder / "web.csv", index=False)
    stages = {"id": leads["Id"][:9], "stage": "won", "at": "2024-05-02", "why": "good offer"}
    pd.DataFrame(stages).to_csv(folder / "stages.csv", index=False)
    pd.DataFrame({"key": MAILS[:2]}).to_csv(folder / "never.csv", index=False)
    return Definition.parse(TEXT, folder=folder)


def archived(root: Path, definition: Definition) -> Path:
    crm = open_crm(definition)
    try:
        return archive_export(root, crm)
    finally:
        crm.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("once")
    return archived(folder / "archive", write(folder / "export"))


def table(target: Path, name: str) -> pd.DataFrame:
    places: Any = verify(target)["tables"]
    return pd.concat([pd.read_parquet(target / place) for place in places[name]])


def everything(root: Path) -> str:
    """Return all that a reader could find below a folder: names, bytes, and values decompressed."""
    files = [p for p in root.rglob("*") if p.is_file()]
    said = [str(p.relative_to(root)) + p.read_bytes().decode("latin-1") for p in files]
    said += [pd.read_parquet(p).to_csv() for p in files if p.suffix == ".parquet"]
    return "\n".join(said).lower()


def test_nobody_can_be_named_by_the_archive(target: Path) -> None:
    said = everything(target)
    assert "steel" in said and lead_id(3).lower() in said  # the search sees what there is
    planted = [*NAMES, *MAILS, *PHONES, *OWNERS, "planted", "zora", "ownerova", "771500"]
    assert [p for p in planted if p.lower() in said] == []


def test_what_is_declared_is_kept_as_it_stood(target: Path) -> None:
    given = pd.read_csv(target.parents[2] / "export" / "leads.csv", dtype=str, na_values=[""])
    given = given[given["Kind"] == "lead"].reset_index(drop=True)
    kept = table(target, "leads")
    asked = ["Industry", "Status", "Seats", "LastTouch", "Rank", "Source", "Segment", "Views"]
    pd.testing.assert_frame_equal(kept[asked], given[asked], check_dtype=False)
    assert kept["Reason"].isna().sum() > given["Reason"].isna().sum()  # one was an address
    assert kept["Id"].str.len().eq(18).all() and kept["Id"].str[:15].tolist() == [*given["Id"]]
    assert pd.api.types.is_datetime64_any_dtype(kept["Created"])
    assert kept["Owner"].nunique() == 2 and kept["Owner"].str.len().eq(64).all()
    left_out = {"Contact", "Mail", "OptOut", "Gender", "MobilePhone", "Direct", "Assistant"}
    assert not left_out & set(kept.columns)
    assert set(table(target, "related.person").columns) == {"Id", "Function"}


def test_events_outcomes_and_links_name_leads_by_their_id(target: Path) -> None:
    ids = set(table(target, "leads")["Id"])
    web = table(target, "events.web")
    assert set(web["lead_id"]) == ids  # half of them came under a hashed address
    assert web["asset"].eq("/prices").sum() > 40 and web["asset"].isna().sum() > 5
    assert set(web["value.seconds"].astype(float)) == {1.25}
    assert set(table(target, "outcomes.stage")["reason"]) == {"good offer"}
    links = table(target, "links.person")
    assert set(links["lead_id"]) == ids and links["other_id"].str.startswith("0035e").all()
    manifest: Any = verify(target)
    assert set(manifest["tables"]) == set(manifest["rows"]) == set(manifest["ids"])
    assert manifest["rows"] == {t: len(table(target, t)) for t in manifest["tables"]}
    assert manifest["rows"]["leads"] == len(ids) == 54
    assert manifest["exported_at"] == "2024-05-07T00:00:00"
    assert manifest["emptied"]["leads.Reason"] == 14
    assert {s["table"] for s in manifest["sources"]} >= {"leads", "events.web", "outcomes.stage"}


def test_the_same_export_is_one_folder_and_the_same_bytes(target: Path, tmp_path: Path) -> None:
    definition = write(tmp_path / "export")
    again = archived(tmp_path / "archive", definition)
    assert again.name == target.name and again.name.startswith("20240507T000000-")
    names = sorted(p.name for p in target.iterdir())
    assert names == sorted(p.name for p in again.iterdir())
    assert [n for n in names if (target / n).read_bytes() != (again / n).read_bytes()] == []
    # Who must not be contacted changes every day; the export is the same.
    (tmp_path / "export" / "never.csv").write_text(f"key\n{MAILS[9]}\n")
    crm = open_crm(definition)
    try:
        assert archive_export(tmp_path / "archive", crm) == again
        assert len(list(again.parent.iterdir())) == 1
        path = next(again.glob("*leads.parquet"))
        pd.read_parquet(path).assign(Status="won").to_parquet(path)
        with pytest.raises(PredictError, match="altered"):
            archive_export(tmp_path / "archive", crm)
    finally:
        crm.close()


def test_files_of_one_table_stay_apart_for_each_writes_numbers_its_own_way(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    write(folder)
    leads = pd.read_csv(folder / "leads.csv", dtype=str)
    (folder / "leads.csv").unlink()
    with zipfile.ZipFile(folder / "all.zip", "w") as packed:
        packed.writestr("a.csv", leads[:30].to_csv(index=False))
        comma = leads[30:].assign(Seats=leads["Seats"].str.replace(".", ","))
        packed.writestr("b.csv", comma.to_csv(index=False))
    text = TEXT.replace('"leads.csv"', '["all.zip::a.csv", "all.zip::b.csv"]')
    target = archived(tmp_path / "archive", Definition.parse(text, folder=folder))
    assert target.name.startswith("20240507T000000-")
    places: Any = verify(target)["tables"]
    assert len(places["leads"]) == 2
    seats = [set(pd.read_parquet(target / p)["Seats"].dropna()) for p in places["leads"]]
    assert seats == [{"1", "20.5"}, {"1", "20,5"}]
