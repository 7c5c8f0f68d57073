"""The inbox: what is dropped comes back complete, or with a note; twice, together, killed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from predict.cli.printing import print_inbox
from predict.errors import InputError, RefusedError
from predict.home import Home
from predict.jobs import inbox as module
from predict.jobs.inbox import Inbox, empty_inbox
from predict.publish import locked, verify
from predict.report.notes import PAGE, TEXT
from predict.scoring.words import forbidden_words
from tests.crm.test_spreadsheets import workbook

AS_OF = datetime(2026, 7, 1, 6, 30)
HEAD = "Vorname;Nachname;E-Mail;Firma;Position;Land\n"
ROW = "Ulla;Beispiel;ulla@muster.example;Muster AG;Leiterin Einkauf;Deutschland\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(64)


@pytest.fixture
def run(company, tmp_path: Path) -> Callable[..., Inbox]:
    """Return a function that empties the inbox of the test."""
    (tmp_path / "in").mkdir()

    def of(folder: Path | None = None, **options: object) -> Inbox:
        asked = {"as_of": AS_OF} | options
        return empty_inbox(
            folder or tmp_path / "in", company.definition, Home.at(company.home), **asked
        )

    return of


def locked_workbook(path: Path) -> None:
    """Write what an encrypted workbook begins like: an old container with one known entry."""
    entry = "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016) + entry + bytes(2000))


def cut_workbook(path: Path) -> None:
    workbook(path, {"Leads": [["Position"], *[["Buyer"]] * 50]})
    path.write_bytes(path.read_bytes()[:900])


def two_sheets(path: Path) -> None:
    workbook(path, {"Leads": [["Position"], ["Buyer"]], "Totals": [["Position"], ["12"]]})


def two_lists(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", HEAD + ROW)
        archive.writestr("b.csv", HEAD + ROW)


DATES = "created_at;Position\n" + "".join(f"{d:02d}/02/2026;Buyer\n" for d in range(1, 12))
SIZES = "Position;Mitarbeiterzahl\n" + "Buyer;51-200\n" * 120
#: Name of the file → its content or what writes it, the title of its note, what the note must say.
BROKEN = {
    "empty.csv": (b"", "The file is empty", "Export the list again"),
    "header.csv": (HEAD, "The list holds column names and nobody below them", "filtered"),
    "foreign.csv": ("Foo;Bar\n1;2\n", "None of the columns could be recognised", "Job title"),
    "headless.csv": (
        ROW * 20,
        "The first row is already a person: the names of the columns are missing",
        "insert an empty row at the very top",
    ),
    "dates.csv": (DATES, "The dates can be read in two ways", "yyyy-mm-dd"),
    "title.csv": (
        "A title of the list\n\n" + HEAD + ROW * 9,
        "The names of the columns stand in row 3, not in the first row",
        "delete the rows above row 3",
    ),
    "ragged.csv": (
        HEAD + ROW.replace("Muster AG", "Muster; AG") * 9,
        "The rows do not fit the names of the columns",
        "no title, logo or empty row above",
    ),
    "locked.xlsx": (locked_workbook, "The file is protected by a password", "Protect Workbook"),
    "cut.xlsx": (cut_workbook, "The Excel file is damaged", "repair"),
    "letters.csv": (
        (HEAD + ROW).encode("utf-16-le"),
        "The letters of the file cannot be read",
        "CSV UTF-8",
    ),
    "twice.csv": (
        "Position;E-Mail;e-mail\nBuyer;a@b.example;c@d.example\n",
        "Two columns have the same name",
        "Rename one",
    ),
    "picture.csv": (PNG, "The file is a picture, not a list", "Excel or CSV"),
    "sizes.csv": (SIZES, "Too many values could not be read", "51-200"),
    "quote.csv": (HEAD + '"Ulla;Beispiel\n' + ROW, "The file ends in the middle of a value", ""),
    "sheets.xlsx": (two_sheets, "The workbook has several sheets", "Leads"),
    "lists.zip": (two_lists, "The zip does not hold exactly one list", "Unpack"),
    "old.xls": (
        b"<html><table><tr><td>Position</td></tr></table>",
        "The file is in an old Excel or LibreOffice format that could not be read",
        "(.xlsx)",
    ),
    "table.docx": (b"PK\x03\x04" + bytes(40), "The file is a Word document, not a list", "copy"),
    "list.dat": (
        b"PK\x03\x04" + bytes(40),
        "The file is not what its name says",
        "another kind than its name says",
    ),
    "paper.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "The file is a PDF, not a list", "Ask for"),
}


def drop(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    if callable(content):
        content(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else str(content).encode())
    return path


def test_broken_lists_come_back_with_notes_to_act_on_and_the_sound_one_is_scored(
    run, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    for name, (content, _, _) in BROKEN.items():
        drop(folder, name, content)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    drop(folder, "sound.csv", HEAD + ROW)
    done = run()
    assert done.came_back == len(BROKEN) >= 10
    assert [r.name for r in done.results if r.note is None] == ["sound.csv"]
    for result in done.results:
        if result.note is None:
            continue
        _, title, said = BROKEN[result.name]
        assert result.note == title
        page = (result.folder / PAGE).read_text(encoding="utf-8")
        text = (result.folder / TEXT).read_text(encoding="utf-8-sig")
        assert title in page and title in text and said in text
        assert "What to do" in page and "1. " in text
        assert forbidden_words(text) == [], result.name
        body = text.split("For whoever looks after the software")[0]
        for jargon in ("traceback", "toml", "[lists", "declare", "delimiter", "encoding"):
            assert jargon not in body.lower(), (result.name, jargon)
        assert verify(result.folder)["note"] == title
        assert (result.folder / "original" / result.name).read_bytes() == before[result.name]
    assert [p.name for p in folder.iterdir() if p.is_file()] == []
    assert run().results == ()


def test_a_list_comes_back_complete_and_a_second_run_does_nothing(
    run, company, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    (folder / ".hidden.csv").write_text("x")
    (folder / "upload.csv.part").write_text("x")
    listed = (company.exports / "new_leads.csv").read_bytes()
    drop(folder, "Messe Köln.csv", listed)
    (result,) = run(vendor="hubspot").results
    assert result.folder == folder / "done" / "Messe-Köln-2026-07-01"
    names = {p.name for p in result.folder.iterdir()}
    assert {"list.html", "scored.csv", "mapping.toml", "hubspot_import.csv"} <= names
    assert {"custom_fields.csv", "how_to_import.txt", "not_imported.csv", "original"} <= names
    assert (result.folder / "original" / "Messe Köln.csv").read_bytes() == listed
    manifest = verify(result.folder)
    assert manifest["told"] == result.told and result.told.startswith("400 rows: ")
    assert result.told in (result.folder / "list.html").read_text(encoding="utf-8")
    left = {p.name for p in folder.iterdir() if p.is_file()}
    assert left == {".hidden.csv", "upload.csv.part"}
    assert list((folder / ".inbox").glob("*.json")) == []
    stamps = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.name != "lock"}
    assert run(as_of=datetime(2026, 7, 2)) == Inbox()
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.name != "lock"} == stamps


def test_the_same_file_dropped_again_is_not_scored_again(run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    drop(folder, "fair.csv", HEAD + ROW)
    drop(folder, "fair (1).csv", HEAD + ROW)  # downloaded twice
    one, two = run(vendor="salesforce").results
    assert one.same_as is None and (one.folder / "salesforce_insert.csv").exists()
    assert two.same_as == one.folder and two.note is None
    drop(folder, "fair.csv", HEAD + ROW)
    (again,) = run(vendor="salesforce", as_of=datetime(2026, 7, 9)).results
    assert again.told == f"the same file as done/{one.folder.name}; not scored again"
    assert again.folder == folder / "done" / "fair-2026-07-09" and again.same_as == one.folder
    names = {p.name for p in again.folder.rglob("*") if p.is_file()}
    assert names == {"fair.csv", "same_list.txt", "manifest.json"}
    assert one.folder.name in (again.folder / "same_list.txt").read_text(encoding="utf-8-sig")
    assert verify(again.folder)["list"] == "fair.csv"
    assert [p for p in folder.iterdir() if p.is_file()] == []
    assert len(list((folder / "done").glob("*/salesforce_insert.csv"))) == 1
    # Import files of somebody else are a new wish, and so is any other byte.
    drop(folder, "fair.csv", HEAD + ROW)
    drop(folder, "longer.csv", HEAD + ROW + ROW.replace("ulla@", "olaf@"))
    assert [r.same_as for r in run(vendor="hubspot").results] == [None, None]


def test_workbooks_and_zips_are_lists_too(run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    rows: list[list[object]] = [line.split(";") for line in (HEAD + ROW).splitlines()]
    workbook(folder / "book.xlsx", {"Leads": rows, "Sheet2": []})  # as Excel used to add
    with zipfile.ZipFile(folder / "packed.zip", "w") as archive:
        archive.writestr("list.csv", HEAD + ROW)
    done = run()
    assert [(r.name, r.note, r.told) for r in done.results] == [
        ("book.xlsx", None, "1 row: 1 on profile alone"),
        ("packed.zip", None, "1 row: 1 on profile alone"),
    ]
    scores = [pd.read_parquet(r.folder / "scored.parquet") for r in done.results]
    assert scores[0]["probability"].equals(scores[1]["probability"])


def test_rows_that_cannot_be_read_are_told_beside_the_result(run, tmp_path: Path) -> None:
    drop(tmp_path / "in", "list.csv", HEAD + ROW * 30 + "Ulla;zu kurz\n")
    (result,) = run().results
    text = (result.folder / TEXT).read_text(encoding="utf-8-sig")
    assert "1 row could not be read and is not scored" in text and "line 32" in text
    assert "that cannot be read" in result.told


def test_a_column_that_cannot_be_read_is_told_on_the_line_and_the_page(run, tmp_path: Path) -> None:
    people = "".join(f"Ulla;u{i}@muster.example;51-200\n" for i in range(20))
    drop(tmp_path / "in", "list.csv", "Name;E-Mail;employees\n" + people)
    done = run()
    (result,) = done.results
    (said,) = result.remarks
    assert said.startswith("“employees” could not be read in 20 rows")
    assert said in (result.folder / "list.html").read_text(encoding="utf-8").split("<main>")[0]
    assert verify(result.folder)["remarks"] == [said]
    with StringIO() as stream:
        print_inbox(Console(file=stream, width=400), done)
        assert said in stream.getvalue()


@pytest.mark.parametrize("at", ["before the result", "behind the result", "behind the note"])
def test_killed_anywhere_the_next_run_finishes_as_of_the_first(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    folder = tmp_path / "in"
    drop(folder, "list.csv", ROW if at == "behind the note" else HEAD + ROW)

    class KilledError(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        if at == "before the result":
            patched.setattr(module.Office, "score", killed)
        else:
            patched.setattr(Path, "unlink", killed)
        with pytest.raises(KilledError):
            run()
    assert (folder / "list.csv").exists()
    done = run(as_of=datetime(2026, 8, 1))
    (result,) = done.results
    assert result.folder.name == "list-2026-07-01"
    assert done.came_back == (at == "behind the note")
    if not done.came_back:
        assert verify(result.folder)["as_of"] == AS_OF.isoformat()
    assert len([*(folder / "done").glob("*"), *(folder / "to_fix").glob("*")]) == 1
    assert [p for p in folder.rglob("*.json") if p.parent.name == ".inbox"] == []
    assert not (folder / "list.csv").exists()


def test_two_runs_at_once_do_not_meet(run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    drop(folder, "list.csv", HEAD + ROW)
    with locked(folder / ".inbox" / "lock"):
        code = (
            "import sys; from pathlib import Path; from datetime import datetime\n"
            "from predict.home import Home; from predict.jobs.inbox import empty_inbox\n"
            "done = empty_inbox(Path(sys.argv[1]), Path('x'), Home.at('x'), "
            "as_of=datetime(2026, 7, 1))\nprint(done.busy)"
        )
        ran = subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert ran.stdout.strip() == "True"
    assert (folder / "list.csv").exists()
    assert len(run().results) == 1


def test_a_list_that_grew_while_it_was_read_waits_for_the_next_run(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(tmp_path / "in", "list.csv", HEAD + ROW)
    real = module.Office.score

    def growing(*args: object, **options: object) -> object:
        done = real(*args, **options)  # type: ignore[arg-type]
        path.write_text(HEAD + ROW + ROW.replace("Ulla", "Olaf"))
        return done

    with monkeypatch.context() as patched:
        patched.setattr(module.Office, "score", growing)
        assert run().results == ()
    assert path.exists() and list((tmp_path / "in" / "done").iterdir()) == []
    (result,) = run().results
    assert result.told.startswith("2 rows: ")


def test_what_is_not_the_lists_fault_leaves_all_lists_where_they_are(
    company, tmp_path: Path
) -> None:
    drop(tmp_path, "list.csv", HEAD + ROW)
    with pytest.raises(RefusedError, match="no model of"):
        empty_inbox(tmp_path, company.definition, Home.at(tmp_path / "home"), as_of=AS_OF)
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_bytes(company.definition.read_bytes())
    with pytest.raises(InputError, match="does not exist"):
        empty_inbox(tmp_path, elsewhere, Home.at(company.home), as_of=AS_OF)
    assert (tmp_path / "list.csv").exists() and not (tmp_path / "to_fix").exists()
    with pytest.raises(InputError, match="no such folder"):
        empty_inbox(tmp_path / "no", company.definition, Home.at(company.home), as_of=AS_OF)
