"""Notes on lists that could not be read: true, and in words to act on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from predict.errors import InputError
from predict.report.notes import column_names, note_on
from predict.report.titlerows import row_of_names
from tests.crm.test_spreadsheets import workbook

READ = InputError("the workbook cannot be read")


def target(name: str, *meanings: str, kind: str = "category") -> SimpleNamespace:
    return SimpleNamespace(name=name, meanings=frozenset(meanings), kind=kind)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xls", b"<html>", "an old Excel or LibreOffice format"),
        ("a.ods", b"PK", "an old Excel or LibreOffice format"),
        ("a.xlsx", b"PK", "The Excel file is damaged"),
        ("a.docx", b"PK", "a Word document, not a list"),
        ("a.numbers", b"PK", "a Numbers file of Apple, not a list"),
        ("a.pdf", b"x", "a PDF, not a list"),
        ("a.csv", b"%PDF-1.7", "a PDF, not a list"),
    ],
)
def test_a_note_says_what_the_file_is(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    note = note_on(path, READ)
    assert said in note.title and ".csv or .txt" not in note.text()


def test_the_columns_that_are_read_begin_with_the_person_and_are_none_of_ours(
    tmp_path: Path,
) -> None:
    found = column_names(
        [
            target("Title", "job_title"),
            target("email_country"),
            target("email_kind"),
            target("Email", "email", kind="mail"),
            target("LastName", "last_name", kind="personal"),
            target("OwnerId", kind="key"),
        ]
    )
    assert found == ["E-mail", "Name", "Company", "Job title"]
    path = tmp_path / "list.csv"
    path.write_text("Foo;Bar\n1;2\n")
    note = note_on(path, InputError("no column of the list is one that the model knows"), found)
    assert "E\u2011mail, Name" in note.html()


@pytest.mark.parametrize(
    ("rows", "row"),
    [
        ([["Visitors 2026"], ["E-Mail", "Firma"], ["a@b.example", "Muster"]], 2),
        ([["Visitors 2026"], [], ["", "E-Mail", "Firma"], ["", "a@b.example", "Muster"]], 3),
        ([["E-Mail", "Firma"], ["Land", "Name"]], None),
        ([["Foo", "Bar"], ["Name", "x"], ["1", "2"]], None),
        ([["a"], ["b"], ["c"], ["d"], ["e"], ["E-Mail", "Firma"]], None),
    ],
)
def test_the_row_that_names_the_columns_is_found(
    tmp_path: Path, rows: list[list[object]], row: int | None
) -> None:
    text = tmp_path / "list.csv"
    for delimiter in ",;\t":
        text.write_text("".join(delimiter.join(map(str, r)) + "\n" for r in rows))
        assert row_of_names(text) == row
    book = workbook(tmp_path / "list.xlsx", {"L": [[c or None for c in r] or [None] for r in rows]})
    assert row_of_names(book) == row
