"""Workbooks read as the text they show; ids held as numbers have no decimals."""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import SimpleNamespace
from xml.sax.saxutils import escape

import pytest

from predict.crm.sources import Workspace, read_text
from predict.crm.spreadsheets import open_sheet
from predict.errors import InputError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
# Style 1 is a date, style 2 a date with time, as Excel numbers its built-in formats.
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><cellXfs count="3"><xf numFmtId="0"/>'
    '<xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>'
)


def cell(value: object) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, tuple):
        return f'<c s="{value[1]}"><v>{value[0]}</v></c>'
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    """Write the least that is a workbook, without the help of what reads it."""
    with zipfile.ZipFile(path, "w") as archive:
        names = list(enumerate(sheets, 1))
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="application/'
            'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for i, _ in names
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{TYPES}"><Default Extension="rels" ContentType="application/'
            'vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main'
            f'+xml"/>{parts}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r" Type="{RELATED}/'
            'officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"/>' for i, n in names)
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>{listed}</sheets></workbook>',
        )
        links = "".join(
            f'<Relationship Id="r{i}" Type="{RELATED}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i, _ in names
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}">{links}<Relationship Id="s" '
            f'Type="{RELATED}/styles" Target="styles.xml"/></Relationships>',
        )
        archive.writestr("xl/styles.xml", STYLES)
        for i, name in names:
            rows = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in sheets[name])
            archive.writestr(
                f"xl/worksheets/sheet{i}.xml",
                f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
            )
    return path


LEADS: list[list[object]] = [
    ["Id", "Size ", "Rate", "Open", "Created", "Seen"],
    ["00123", 123, 0.25, True, (45474, 1), (45474.5, 2)],
    [7.0, None, 1234.5, False, None, None],
    [None, None, None, None, None, None],
    ["NA", 1e15, -1, None, (45475, 1), (45475.25, 2)],
]


def test_cells_read_as_shown(tmp_path: Path) -> None:
    path = workbook(tmp_path / "leads.xlsx", {"Leads": LEADS})
    sheet = open_sheet(path, name="leads.xlsx")
    assert sheet.columns == ("Id", "Size", "Rate", "Open", "Created", "Seen")
    assert list(sheet.rows()) == [
        ["00123", "123", "0.25", "true", "2024-07-01", "2024-07-01 12:00:00"],
        ["7", None, "1234.5", "false", None, None],
        ["NA", "1000000000000000", "-1", None, "2024-07-02", "2024-07-02 06:00:00"],
    ]


def test_a_sheet_is_a_table_of_text(tmp_path: Path) -> None:
    workbook(tmp_path / "leads-2026-07-01.xlsx", {"Notes": [["x"]], "Leads": LEADS})
    with Workspace(threads=1) as workspace:
        spec = SimpleNamespace(path="leads-*.xlsx", sheet="Leads")
        read = read_text(workspace, spec, folder=tmp_path)
        assert read.decimal == "."
        assert str(read.exported_at_hint) == "2026-07-01 00:00:00"
        assert read.table.order_by("_record").Id.execute().tolist() == ["00123", "7", "NA"]
        assert all(read.table.schema()[c].is_string() for c in read.columns)


def test_a_table_may_stand_anywhere_and_notes_beside_it(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [None], [None, "Id", "Size"], ["note", 1, None], [None, None, None, "note"], [None, "2", 5],
    ]  # fmt: skip
    sheet = open_sheet(workbook(tmp_path / "notes.xlsx", {"A": rows}), name="notes.xlsx")
    assert sheet.columns == ("Id", "Size")
    assert list(sheet.rows()) == [["1", None], ["2", "5"]]
    assert [f.counts for f in sheet.findings()] == [{"rows": 2.0}]


def test_sheets_must_be_named_and_there(tmp_path: Path) -> None:
    path = workbook(tmp_path / "two.xlsx", {"Notes": [["x"]], "Leads": LEADS, "Void": []})
    with pytest.raises(InputError, match="several sheets"):
        open_sheet(path, name="two.xlsx")
    with pytest.raises(InputError, match="no such sheet") as caught:
        open_sheet(path, name="two.xlsx", sheet="Lead")
    assert caught.value.do == 'is it "Leads"?'
    with pytest.raises(InputError, match="sheet is empty"):
        open_sheet(path, name="two.xlsx", sheet="Void")


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.xlsx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InputError, match="cannot be read"):
        open_sheet(tmp_path / "no.xlsx", name="no.xlsx")
