import re
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from predict.report.cards import Card, Contact
from predict.report.points import Point
from predict.report.workbook import COLUMNS, DISPOSITIONS, MOST_SHEETS, Entry, write_workbook
from predict.scoring.words import forbidden_words

HOSTILE = ["=HYPERLINK(1)", "@SUM(A1)", "+1", "-2+3", "\tx", "＝1+1", "http://evil", "0012", "1e5"]


def card(row: int, name: str, grade: str = "A") -> Card:
    reason = Point("Viewed “pricing” twice", "Of 40 such leads 20 % …", "clear", 40.0, 0.4)
    return Card(
        row=row, name=name, line="Head of Sales, Acme", place="Ulm, DE", grade=grade,
        qualified=True, probability=0.25, score=88.4, chance="about 1 in 4", percent="25 %",
        dots=(), came="came 2 days ago", contacts=(Contact("a@b.example", None),), source="web",
        higher=(reason,), lower=(), rest=None, explained=True, failed=(), unknown=("Country",),
        marks=(),
    )  # fmt: skip


def write(folder: Path, entries: list[Entry], **more: object) -> Path:
    path = folder / "list.xlsx"
    write_workbook(
        path,
        entries,
        heading="Fair",
        known_on=datetime(2026, 7, 1),
        **more,  # type: ignore[arg-type]
    )
    return path


def rows(path: Path, sheet: str) -> list[dict[str, object]]:
    table = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python()
    return [dict(zip(table[0], line, strict=True)) for line in table[1:]]


def test_each_owner_has_a_sheet_and_nobody_is_lost(tmp_path: Path) -> None:
    entries = [Entry(card(i, f"N{i}"), f"00{i}", owner) for i, owner in enumerate("bab")]
    entries.append(Entry(card(3, "N3"), "003", ""))
    path = write(tmp_path, entries)
    assert CalamineWorkbook.from_path(str(path)).sheet_names == ["b", "a", "No owner", "About"]
    found = [row for sheet in ("b", "a", "No owner") for row in rows(path, sheet)]
    assert sorted(str(row["Lead"]) for row in found) == ["000", "001", "002", "003"]
    assert found[0]["Chance"] == 0.25
    assert found[0]["Scored higher because"] == "Viewed “pricing” twice. Of 40 such leads 20 % …."


@pytest.mark.parametrize("text", HOSTILE)
def test_every_text_stays_text(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, [Entry(card(0, text), text, "rep")])
    (row,) = rows(path, "rep")
    assert (row["Name"], row["Lead"]) == (text, text)
    with zipfile.ZipFile(path) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "<hyperlink" not in sheet


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
def test_any_owner_gives_a_sheet_that_opens(tmp_path_factory, owners: list[str]) -> None:  # type: ignore[no-untyped-def]
    entries = [Entry(card(i, "N"), str(i), owner) for i, owner in enumerate(owners)]
    path = write(tmp_path_factory.mktemp("book"), entries)
    names = CalamineWorkbook.from_path(str(path)).sheet_names
    assert len({n.lower() for n in names}) == len(names)
    assert all(0 < len(n) <= 31 and not re.search(r"[\[\]:*?/\\]", n) for n in names)
    assert sum(len(rows(path, n)) for n in names if n != "About") == len(entries)


def test_many_owners_share_the_last_sheet(tmp_path: Path) -> None:
    entries = [Entry(card(i, "N"), str(i), f"rep {i:03}") for i in range(MOST_SHEETS + 20)]
    path = write(tmp_path, entries)
    names = CalamineWorkbook.from_path(str(path)).sheet_names
    assert len(names) == MOST_SHEETS + 1
    assert len(rows(path, "Other owners")) == 21


def test_a_rep_can_tick_what_came_of_a_lead(tmp_path: Path) -> None:
    path = write(tmp_path, [Entry(card(0, "N"), "1", "rep")])
    with zipfile.ZipFile(path) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
    assert f'"{",".join(DISPOSITIONS)}"' in sheet.replace("&quot;", '"')
    assert len(",".join(DISPOSITIONS)) <= 255  # what a list in a cell may hold
    assert 'state="frozen"' in sheet and "<autoFilter" in sheet and "dataBar" in sheet


def test_the_same_list_is_the_same_file(tmp_path: Path) -> None:
    entries = [Entry(card(i, f"N{i}"), str(i), "rep") for i in range(3)]
    first = write(tmp_path, entries).read_bytes()
    assert write(tmp_path, entries).read_bytes() == first


def test_the_words_are_those_of_sales(tmp_path: Path) -> None:
    path = write(tmp_path, [Entry(card(0, "N"), "1", "rep")], told=["A: a chance of 30 % or more."])
    about = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("About").to_python()
    said = " ".join(str(cell) for line in about for cell in line)
    assert forbidden_words(said) == []
    assert all(column.header in said for column in COLUMNS)
