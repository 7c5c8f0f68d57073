"""Drafts for exports that no preset knows: usable, with reasons, and never a traceback."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.errors import InputError, PredictError
from predict.findings import blocking
from predict.jobs.beginning import Beginning, begin

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"
NOT_HERE = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the real exports are not at ../shared/data"
)


def began(folder: Path, *exports: Path) -> tuple[Beginning, dict[str, Any]]:
    done = begin(exports, folder / "my.toml")
    return done, tomllib.loads(done.path.read_text(encoding="utf-8"))


def checked(done: Beginning) -> dict[str, Any]:
    """Open what a draft maps; nothing blocks."""
    crm = open_crm(Definition.read(done.path))
    try:
        assert not blocking(crm.findings)
        return dict(crm.counts) | {"columns": [c.name for c in crm.profile]}
    finally:
        crm.close()


@pytest.mark.parametrize(("folder", "rows"), [("olist", 8_000), ("bpic2012", 13_087)])
@pytest.mark.shared
@NOT_HERE
def test_real_logs_and_deals_are_drafted(folder, rows, tmp_path):
    done, told = began(tmp_path, SHARED / folder)
    assert told["conversion"]["stage"] == "won"
    assert checked(done)["leads"] == rows
    if folder == "bpic2012":
        assert told["conversion"]["within_days"] == 30
        ends = told["outcomes"]["decision"]["stages"]
        assert {k for k, v in ends.items() if v == "won"} == {
            "A_APPROVED",
            "A_REGISTERED",
            "A_ACTIVATED",
        }
        assert {"A_DECLINED", "A_CANCELLED"} <= {k for k, v in ends.items() if v == "lost"}
        assert "O_CANCELLED" not in ends  # offers are cancelled and made anew: no end
    else:
        assert told["outcomes"]["won"]["entered_at"] == "won_date"
        # wins are on record from December 2017 on, leads from June
        assert str(told["leads"]["covers_from"]) == "2017-12-05"


@pytest.mark.shared
@NOT_HERE
def test_a_real_flat_export_is_drafted(tmp_path):
    done, told = began(tmp_path, SHARED / "bank" / "contacts.csv")
    assert (told["leads"]["outcome_column"], told["leads"]["outcome_values"]) == ("y", ["yes"])
    assert told["conversion"]["within_days"] == 0
    assert told["leads"]["columns"]["duration"] == "hindsight"
    assert "marital" in told["never_use"]["columns"]
    found = checked(done)
    assert "duration" not in found["columns"] and "job" in found["columns"]


def leads(n: int = 200) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "enquiry_no": [f"E{i:04d}" for i in range(n)],
            "received": pd.date_range("2025-01-01", periods=n, freq="D").strftime("%Y-%m-%d"),
            "channel": ["web" if i % 2 else "fair" for i in range(n)],
            "client_id": [f"K{i % 50:03d}" for i in range(n)],
            "budget_confirmed": ["yes" if i % 3 else None for i in range(n)],
            "date_of_birth": ["1970-01-01"] * n,
            "colour": ["red" if i % 2 else "blue" for i in range(n)],
            "late_code": [None if i > n * 0.9 else f"c{i % 3}" for i in range(n)],
        }
    )


def test_tables_are_told_apart_by_what_they_hold(tmp_path):
    n = 200
    leads(n).to_csv(tmp_path / "enquiries.csv", index=False)
    clients = pd.DataFrame({"client_id": [f"K{i:03d}" for i in range(50)], "industry": "steel"})
    clients.to_csv(tmp_path / "clients.csv", index=False)
    ids = [f"E{i:04d}" for i in range(n)]
    stages = pd.DataFrame({"enquiry_no": ids, "status": ["Won", "Rejected"] * (n // 2)})
    stages["changed_at"] = pd.date_range("2025-01-08", periods=n, freq="D").astype(str)
    stages.to_csv(tmp_path / "stages.csv", index=False)
    calls = pd.DataFrame({"enquiry_no": ids, "type": ["call", "visit"] * (n // 2)})
    calls["completed_at"] = pd.date_range("2025-01-02", periods=n, freq="D").astype(str)
    calls.to_csv(tmp_path / "calls.csv", index=False)
    clicks = pd.DataFrame({"enquiry_no": ids * 2, "event": ["view", "click"] * n, "seconds": 7})
    clicks["at"] = list(pd.date_range("2025-01-02", periods=n, freq="D").astype(str)) * 2
    clicks.to_csv(tmp_path / "site.csv", index=False)
    pd.DataFrame({"mail": ["x@y.example"]}).to_csv(tmp_path / "do-not-contact.csv", index=False)
    done, told = began(tmp_path, tmp_path)
    assert told["leads"]["lead_id"] == "enquiry_no"
    assert told["leads"]["created_at"] == "received"
    assert told["leads"]["source"] == "channel"
    assert told["outcomes"]["stage"]["stages"] == {"Rejected": "lost", "Won": "won"}
    assert told["conversion"]["within_days"] == 7
    assert (told["events"]["calls"]["by"], told["events"]["site"]["by"]) == ("us", "lead")
    assert told["related"]["account"]["key"] == "client_id"
    assert told["suppression"]["email"] == "mail"
    columns = told["leads"]["columns"]
    classes = {k: c if isinstance(c, str) else c["class"] for k, c in columns.items()}
    assert classes == {"budget_confirmed": "hindsight", "colour": "fixed"}
    assert told["never_use"]["columns"] == ["date_of_birth"]
    assert "late_code" in done.draft.text.split("look at these first")[1]
    assert "budget_confirmed" in next(
        q.value for q in done.draft.questions if q.key == "after_contact"
    )


def test_what_cannot_be_leads_is_refused_in_words(tmp_path):
    pd.DataFrame({"a": [1, 1], "b": ["x", "y"]}).to_csv(tmp_path / "odd.csv", index=False)
    with pytest.raises(InputError, match="none of these tables can be the leads"):
        begin([tmp_path / "odd.csv"], tmp_path / "my.toml")
    leads().to_csv(tmp_path / "leads.csv", index=False)
    with pytest.raises(InputError, match="what became of the leads"):
        begin([tmp_path / "leads.csv"], tmp_path / "my.toml")
    with pytest.raises(InputError, match="no such file"):
        begin([tmp_path / "nothing.csv"], tmp_path / "my.toml")
    assert not (tmp_path / "my.toml").exists()


def test_a_definition_that_is_there_is_not_written_over(tmp_path):
    flat = leads().assign(won=["yes", "no"] * 100)
    flat.to_csv(tmp_path / "leads.csv", index=False)
    began(tmp_path, tmp_path / "leads.csv")
    (tmp_path / "my.toml").write_text("# mine", encoding="utf-8")
    with pytest.raises(InputError, match="there already"):
        begin([tmp_path / "leads.csv"], tmp_path / "my.toml")
    assert (tmp_path / "my.toml").read_text(encoding="utf-8") == "# mine"
    begin([tmp_path / "leads.csv"], tmp_path / "my.toml", force=True)
    assert "outcome_column" in (tmp_path / "my.toml").read_text(encoding="utf-8")


def test_the_same_exports_give_the_same_bytes(tmp_path):
    flat = leads().assign(won=["yes", "no"] * 100)
    flat.to_csv(tmp_path / "leads.csv", index=False)
    texts = [
        begin([tmp_path / "leads.csv"], tmp_path / "my.toml", force=True).draft.text for _ in "ab"
    ]
    assert texts[0] == texts[1]


def test_dates_that_can_be_read_in_two_ways_are_assumed_and_said(tmp_path):
    flat = leads(100).assign(won=["yes", "no"] * 50)
    flat["received"] = [f"0{i % 9 + 1}/0{i % 7 + 1}/2025" for i in range(100)]
    flat.to_csv(tmp_path / "leads.csv", index=False)
    done, told = began(tmp_path, tmp_path / "leads.csv")
    assert told["leads"]["dates"] == "%m/%d/%Y"
    assert "month is taken to come first" in done.draft.text
    assert checked(done)["leads"] == 100


BROKEN = {
    "empty.csv": b"",
    "binary.csv": bytes(range(256)) * 9,
    "header.csv": b"Id,Name\n",
    "twice.csv": b"Id,Id\n1,2\n",
    "open.csv": b'Id,Name\n1,"a\n',
    "fake.xlsx": b"no workbook",
    "cut.zip": b"PK\x03\x04 no zip",
    "words.txt": b"nothing here\n",
    "wide.csv": b"a,b\n1,2,3\n4,5,6\n",
    "nul.csv": b"Id\x00,Name\n1,2\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_ends_in_a_sentence(name, tmp_path):
    (tmp_path / name).write_bytes(BROKEN[name])
    with pytest.raises(PredictError):
        begin([tmp_path / name], tmp_path / "my.toml")


def test_a_broken_file_beside_good_ones_is_named_and_left_out(tmp_path):
    leads().assign(won=["yes", "no"] * 100).to_csv(tmp_path / "leads.csv", index=False)
    (tmp_path / "cut.csv").write_bytes(BROKEN["open.csv"])
    done, _ = began(tmp_path, tmp_path / "leads.csv", tmp_path / "cut.csv")
    became = {one.look.name: said for one, said in done.draft.tables}
    assert "cannot be read" in became["cut.csv"] and became["leads.csv"] == "[leads]"


PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))


@pytest.mark.parametrize("name", ["leads.csv", "leads.xlsx", "leads.zip", "leads.parquet"])
def test_a_picture_under_the_name_of_a_table_is_said_or_left_aside(name, tmp_path):
    (tmp_path / name).write_bytes(PICTURE)
    with pytest.raises(InputError) as refused:
        begin([tmp_path / name], tmp_path / "my.toml")
    said = str(refused.value)
    assert name in said and "can be read" in said
    assert name != "leads.csv" or "picture (PNG)" in said
    (tmp_path / "odd.csv").write_text("a,b\n1,x\n1,y\n")
    with pytest.raises(InputError, match=f"{name} cannot be read"):
        begin([tmp_path / name, tmp_path / "odd.csv"], tmp_path / "my.toml")
    (tmp_path / "odd.csv").unlink()
    flat = leads().assign(won=["yes", "no"] * 100)
    flat.to_csv(tmp_path / "enquiries.csv", index=False)
    done, told = began(tmp_path, tmp_path)
    became = {one.look.name: said for one, said in done.draft.tables}
    assert told["leads"]["path"] == "enquiries.csv" and "cannot be read" in became[name]


def test_a_definition_may_stand_in_a_folder_that_is_not_there_yet(tmp_path):
    leads().assign(won=["yes", "no"] * 100).to_csv(tmp_path / "leads.csv", index=False)
    to = tmp_path / "new" / "deeper" / "my.toml"
    done = begin([tmp_path / "leads.csv"], to)
    assert checked(done)["leads"] == 200
    assert tomllib.loads(to.read_text("utf-8"))["leads"]["path"] == "../../leads.csv"
    (tmp_path / "odd.csv").write_text("a,b\n1,x\n1,y\n")
    with pytest.raises(InputError, match="can be the leads"):
        begin([tmp_path / "odd.csv"], tmp_path / "other" / "deeper" / "my.toml")
    assert not (tmp_path / "other").exists()


def test_paths_through_links_stay_as_given(tmp_path):
    real = tmp_path / "a" / "b" / "c"
    real.mkdir(parents=True)
    leads().assign(won=["yes", "no"] * 100).to_csv(real / "leads.csv", index=False)
    home = tmp_path / "home"
    home.mkdir()
    (home / "data").symlink_to(real, target_is_directory=True)
    done, told = began(home, home / "data")
    assert told["leads"]["path"] == "data/leads.csv"
    assert checked(done)["leads"] == 200
    # A way up from a linked folder leads elsewhere: there the real way is written.
    done = begin([tmp_path / "home" / "data" / "leads.csv"], home / "data" / "my.toml")
    assert tomllib.loads(done.path.read_text("utf-8"))["leads"]["path"] == "leads.csv"
    leads().assign(won=["yes", "no"] * 100).to_csv(home / "more.csv", index=False)
    done = begin([home / "more.csv"], home / "data" / "more.toml")
    assert checked(done)["leads"] == 200


@pytest.mark.parametrize(("later", "expected"), [(400, None), (1, "from-name")])
def test_the_stamp_of_a_zip_counts_if_it_fits_what_is_in_it(later, expected, tmp_path):
    flat = leads().assign(won=["yes", "no"] * 100)
    newest = pd.Timestamp(flat.received.max())
    packed = newest + pd.Timedelta(days=later)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        entry = zipfile.ZipInfo("leads.csv", packed.timetuple()[:6])
        archive.writestr(entry, flat.to_csv(index=False))
    done, told = began(tmp_path, tmp_path / "export.zip")
    assert told["leads"]["exported_at"] == (expected or newest.date())
    assert checked(done)["leads"] == 200


def test_parts_in_one_zip_are_one_table_though_stamped_one_by_one(tmp_path):
    flat = leads().assign(won=["yes", "no"] * 100)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for i, part in enumerate((flat.head(120), flat.tail(80))):
            entry = zipfile.ZipInfo(f"leads_{i}.csv", (2025, 7, 20, 9, i, 0))
            archive.writestr(entry, part.to_csv(index=False))
    done, _ = began(tmp_path, tmp_path / "export.zip")
    assert checked(done)["leads"] == 200
