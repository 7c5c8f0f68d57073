"""Any export reads as the text it holds, whatever its dialect, encoding or packing."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from predict.crm.sources import TextTable, Workspace, read_text, require
from predict.errors import InputError


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    with Workspace(threads=2, memory_limit="500MB") as made:
        yield made


def spec(path: object = None, **options: object) -> SimpleNamespace:
    return SimpleNamespace(path=path, **options)


def rows(read: TextTable) -> list[tuple[object, ...]]:
    frame = read.table.order_by("_file", "_record").to_pandas().astype(object)
    kept = frame[list(read.columns)]
    return [tuple(None if pd.isna(v) else v for v in row) for row in kept.itertuples(index=False)]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- any dialect, encoding and packing --------------------------------------------------------

LETTERS = st.characters(codec="cp1252", exclude_categories=("Cc",))
CELLS = st.text(st.one_of(LETTERS, st.sampled_from('",;\t|\n ')), max_size=8)
# A name in a header may be anything a person types, but not blank and not twice.
NAMES = st.text(LETTERS, min_size=1, max_size=6).map(str.strip).filter(bool)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique_by=str.casefold))
    names = [n for n in names if n.casefold() not in ("_file", "_record")]
    if len(names) < 2 or len({n.lower() for n in names}) < len(names):
        names = ["a", "b"]
    width = st.lists(CELLS, min_size=len(names), max_size=len(names))
    return names, draw(st.lists(width, max_size=8))


def written(
    table: tuple[list[str], list[list[str]]], delimiter: str, quoting: int, ends: str
) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ends)
    writer.writerow(table[0])
    writer.writerows(table[1])
    return text.getvalue()


def packed(content: bytes, packing: str) -> tuple[str, bytes]:
    if packing == "gz":
        return "x.csv.gz", gzip.compress(content)
    if packing == "zst":
        return "x.csv.zst", zstandard.compress(content)
    if packing == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("inner/x.csv", content)
        return "x.zip", buffer.getvalue()
    return "x.csv", content


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ends=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]),
    packing=st.sampled_from(["", "gz", "zst", "zip"]),
)
def test_what_was_written_is_read(
    workspace: Workspace,
    tmp_path: Path,
    table: tuple[list[str], list[list[str]]],
    delimiter: str,
    quoting: int,
    ends: str,
    encoding: str,
    packing: str,
) -> None:
    names, cells = table
    content = written(table, delimiter, quoting, ends).encode(encoding)
    name, content = packed(content, packing)
    write(tmp_path, name, content)
    workspace.kept.clear()
    declared = encoding if encoding in ("cp1252", "utf-16-be") else None
    read = read_text(workspace, spec(name, delimiter=delimiter, encoding=declared), folder=tmp_path)
    assert list(read.columns) == names
    assert not read.rejects
    assert rows(read) == [tuple(c or None for c in row) for row in cells]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=tables(), delimiter=st.sampled_from(",;\t|"))
def test_a_sniffed_delimiter_is_right_or_refused(
    workspace: Workspace,
    tmp_path: Path,
    table: tuple[list[str], list[list[str]]],
    delimiter: str,
) -> None:
    write(tmp_path, "x.csv", written(table, delimiter, csv.QUOTE_MINIMAL, "\n"))
    workspace.kept.clear()
    try:
        read = read_text(workspace, spec("x.csv"), folder=tmp_path)
    except InputError as error:
        assert error.what == "the file can be divided in two ways"
        assert str(error).count("into") == 2
    else:
        assert list(read.columns) == table[0]


# --- examples ----------------------------------------------------------------------------------


def test_empty_files_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    for name, content in {"a.csv": b"", "b.csv": b"\xef\xbb\xbf", "c.csv": b"\n \n\n"}.items():
        write(tmp_path, name, content)
        with pytest.raises(InputError, match="empty"):
            read_text(workspace, spec(name), folder=tmp_path)


@pytest.mark.parametrize("content", ["Id,Title\n", "Id,Title", "\ufeffId,Title\r\n"])
def test_a_header_alone_is_no_rows(workspace: Workspace, tmp_path: Path, content: str) -> None:
    write(tmp_path, "header.csv", content)
    workspace.kept.clear()
    read = read_text(workspace, spec("header.csv"), folder=tmp_path)
    assert read.columns == ("Id", "Title")
    assert rows(read) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("Id,,Title\n1,2,3\n", "no name in the header"),
        ("Id,Title,Id\n1,2,3\n", "same name"),
        ("Id,Title,id \n1,2,3\n", "same name"),
        ("Id,_record\n1,2\n", "kept for bookkeeping"),
        ('"Id"x,Title\n1,2\n', "cannot be divided into names"),
    ],
)
def test_bad_headers_are_named(
    workspace: Workspace, tmp_path: Path, content: str, words: str
) -> None:
    write(tmp_path, "bad.csv", content)
    with pytest.raises(InputError, match=words):
        read_text(workspace, spec("bad.csv"), folder=tmp_path)


def test_blanks_around_names_and_a_mark_are_stripped(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "a.csv", b'\xef\xbb\xbf"Id", Title \r\n00123, CEO \r\n')
    read = read_text(workspace, spec("a.csv"), folder=tmp_path)
    assert read.columns == ("Id", "Title")
    assert rows(read)[0][0] == "00123"


def test_text_stays_text(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "t.csv", 'id,country,date,n\n00123,NA,01/02/2024,1e5\n0,"",null,1.0\n')
    read = read_text(workspace, spec("t.csv"), folder=tmp_path)
    assert rows(read) == [("00123", "NA", "01/02/2024", "1e5"), ("0", None, "null", "1.0")]


def test_windows_letters_are_said_to_be_assumed(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "win.csv", "Name;City\nMüller;Köln\nDépôt;€5\n".encode("cp1252"))
    read = read_text(workspace, spec("win.csv"), folder=tmp_path)
    assert rows(read) == [("Müller", "Köln"), ("Dépôt", "€5")]
    assert [f.code for f in read.findings] == ["assumed-encoding"]


def test_a_broken_letter_is_not_another_encoding(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "broken.csv", "a,b\nKöln,é\n".encode() + b"M\xfcller,x\n")
    read = read_text(workspace, spec("broken.csv"), folder=tmp_path)
    assert rows(read) == [("Köln", "é"), ("M\ufffdller", "x")]
    assert [(f.code, f.counts) for f in read.findings] == [("damaged-letters", {"letters": 1.0})]


def test_a_declared_encoding_must_fit(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "win.csv", "Name;City\nMüller;Köln\n".encode("cp1252"))
    with pytest.raises(InputError, match="do not fit its encoding"):
        read_text(workspace, spec("win.csv", encoding="utf-8"), folder=tmp_path)
    with pytest.raises(InputError, match="no encoding has this name"):
        read_text(workspace, spec("win.csv", encoding="ut-f8"), folder=tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_mark_is_refused_or_declared(
    workspace: Workspace, tmp_path: Path, encoding: str
) -> None:
    write(tmp_path, f"{encoding}.csv", "a,b\n1,2\n".encode(encoding))
    with pytest.raises(InputError, match="zero bytes"):
        read_text(workspace, spec(f"{encoding}.csv"), folder=tmp_path)
    read = read_text(workspace, spec(f"{encoding}.csv", encoding=encoding), folder=tmp_path)
    assert rows(read) == [("1", "2")]


def test_other_files_under_a_csv_name_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "excel.csv", b"PK\x03\x04rest")
    with pytest.raises(InputError, match="zip or Excel"):
        read_text(workspace, spec("excel.csv"), folder=tmp_path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_delimiter_is_found(workspace: Workspace, tmp_path: Path, delimiter: str) -> None:
    lines = [["id", "amount", "note"], ["1", "2,5", "a; b"], ["2", "3|4", "x\ty"]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(lines)
    name = f"d{ord(delimiter)}.csv"
    write(tmp_path, name, text.getvalue())
    read = read_text(workspace, spec(name), folder=tmp_path)
    assert rows(read) == [tuple(line) for line in lines[1:]]


def test_two_delimiters_that_fit_are_both_named(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "two.csv", "a,b;c\n1,5;2\n3,4;5\n")
    with pytest.raises(InputError) as caught:
        read_text(workspace, spec("two.csv"), folder=tmp_path)
    assert "by commas into 2 columns (a | b;c)" in str(caught.value)
    assert "by semicolons into 2 columns (a,b | c)" in str(caught.value)
    read = read_text(workspace, spec("two.csv", delimiter=";"), folder=tmp_path)
    assert rows(read) == [("1,5", "2"), ("3,4", "5")]


def test_one_column_needs_no_delimiter(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "one.csv", 'email\na@b.de\n\n""\n"c,d"\n')
    read = read_text(workspace, spec("one.csv"), folder=tmp_path)
    assert rows(read) == [("a@b.de",), (None,), ("c,d",)]


RAGGED = 'id,name,n\n1,a,1\n2,b\n3,"c\nc",3\n4,d,4,9\n\n5,"e""e",5\n6,"f"x,6\n7,g,7,,\n'


def test_ragged_records_are_set_apart_and_the_rest_is_read(
    workspace: Workspace, tmp_path: Path
) -> None:
    write(tmp_path, "ragged.csv", RAGGED)
    read = read_text(workspace, spec("ragged.csv"), folder=tmp_path)
    assert rows(read) == [
        ("1", "a", "1"), ("3", "c\nc", "3"), ("5", 'e"e', "5"), ("7", "g", "7")
    ]  # fmt: skip
    assert [(r.record, r.line, r.rule) for r in read.rejects] == [
        (2, 3, "2 fields where the header has 3"),
        (4, 6, "4 fields where the header has 3"),
        (6, 9, "quotation marks inside a value are not doubled"),
    ]
    assert not any(r.value for r in read.rejects)
    # Records and lines count as in the file, not as in what is left of it.
    assert read.table.order_by("_record")._record.execute().tolist() == [1, 3, 5, 7]
    assert read.lines("ragged.csv", [1, 3, 5, 7]) == {1: 2, 3: 4, 5: 8, 7: 10}


def test_a_stray_mark_takes_no_sound_record_with_it(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "stray.csv", 'id,name\n1,a\n2,"b\n3,c\n4,"d"\n5,e\n')
    read = read_text(workspace, spec("stray.csv"), folder=tmp_path)
    assert rows(read) == [("1", "a"), ("3", "c"), ("4", "d"), ("5", "e")]
    assert [(r.record, r.line) for r in read.rejects] == [(2, 3)]
    assert read.lines("stray.csv", [4, 5]) == {4: 5, 5: 6}


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_excels_hint_is_no_header(workspace: Workspace, tmp_path: Path, first: str) -> None:
    name = f"hint{len(first)}{first[-1] == ';'}{first[:1]}.csv".replace('"', "q")
    write(tmp_path, name, f"{first}\r\nId;a,b\r\n1;x,y\r\n")
    read = read_text(workspace, spec(name), folder=tmp_path)
    assert read.columns == ("Id", "a,b")
    assert rows(read) == [("1", "x,y")]
    assert read.lines(name, [1]) == {1: 3}


def test_title_rows_above_the_header_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "title.csv", "Leads of July\nId,Name,Size\n1,a,2\n2,b,3\n")
    with pytest.raises(InputError, match="the records below it have more"):
        read_text(workspace, spec("title.csv"), folder=tmp_path)
    write(tmp_path, "title2.csv", "Leads, July\nId,Name,Size\n1,a,2\n2,b,3\n")
    with pytest.raises(InputError, match="not as wide as the header"):
        read_text(workspace, spec("title2.csv"), folder=tmp_path)


def test_lines_are_known_in_clean_files_too(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "lines.csv", 'a,b\n1,"x\n\ny"\n2,z\n\n3,w\n')
    read = read_text(workspace, spec("lines.csv"), folder=tmp_path)
    assert not read.rejects
    assert read.table.order_by("_record").a.execute().tolist() == ["1", "2", "3"]
    assert read.lines("lines.csv", [1, 2, 3]) == {1: 2, 2: 5, 3: 7}


def test_a_quotation_mark_never_closed_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "cut.csv", 'a,b\n1,2\n3,"four\n5,6\n')
    with pytest.raises(InputError, match="never closed") as caught:
        read_text(workspace, spec("cut.csv"), folder=tmp_path)
    assert caught.value.where == "cut.csv, line 3"


@pytest.mark.parametrize("ends", ["\r", "\r\n", "\n"])
def test_line_ends_may_be_mixed(workspace: Workspace, tmp_path: Path, ends: str) -> None:
    name = f"ends{len(ends)}{ord(ends[0])}.csv"
    write(tmp_path, name, f"a,b\r\n1,2\n3,4{ends}5,6{ends}")
    read = read_text(workspace, spec(name), folder=tmp_path)
    assert rows(read) == [("1", "2"), ("3", "4"), ("5", "6")]


def test_long_values_are_read(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "long.csv", f"a,b\n1,{'x' * 3_000_000}\n")
    read = read_text(workspace, spec("long.csv"), folder=tmp_path)
    assert len(str(rows(read)[0][1])) == 3_000_000


# --- which files -------------------------------------------------------------------------------


def test_the_newest_match_by_date_in_the_path(workspace: Workspace, tmp_path: Path) -> None:
    for day in ("2026-06-30", "2026-07-02", "2026-07-01"):
        write(tmp_path, f"exports/{day}/Lead.csv", f"Id,day\n1,{day}\n")
    read = read_text(workspace, spec("exports/*/Lead.csv"), folder=tmp_path)
    assert rows(read) == [("1", "2026-07-02")]
    assert read.exported_at_hint == datetime(2026, 7, 2)
    assert read.files[0].name == "exports/2026-07-02/Lead.csv"
    assert [f.code for f in read.findings] == ["newest-export"]
    write(tmp_path, "exports/2026-07-02/Lead2.csv", "Id,day\n1,x\n")
    with pytest.raises(InputError, match="equally new"):
        read_text(workspace, spec("exports/*/Lead*.csv"), folder=tmp_path)


def test_the_newest_match_by_name_counts_in_numbers(workspace: Workspace, tmp_path: Path) -> None:
    for number in (2, 10, 9):
        write(tmp_path, f"export_{number}.csv", f"n,m\n{number},0\n")
    read = read_text(workspace, spec("export_*.csv"), folder=tmp_path)
    assert rows(read) == [("10", "0")]
    assert read.exported_at_hint is None


def test_a_folder_and_a_list_are_one_table(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "parts/a.csv", "Id,x\n1,a\n")
    write(tmp_path, "parts/b.tsv", "x\tId\ty\nb\t2\tY\n")
    write(tmp_path, "parts/.hidden.csv", "nonsense\n")
    for path in ("parts", ["parts/a.csv", "parts/b.tsv"]):
        read = read_text(workspace, spec(path), folder=tmp_path)
        assert read.columns == ("Id", "x", "y")
        assert rows(read) == [("1", "a", None), ("2", "b", "Y")]
        assert [f.name for f in read.files] == ["parts/a.csv", "parts/b.tsv"]
        with pytest.raises(InputError, match='column "y" is missing') as caught:
            require(read, ["Id", "y"], "leads")
        assert "parts/a.csv" in str(caught.value)


def test_names_that_differ_in_case_are_one_column(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "case/a.csv", "Id,Size\n1,5\n")
    write(tmp_path, "case/b.csv", "SIZE,ID\n6,2\n")
    read = read_text(workspace, spec("case"), folder=tmp_path)
    assert rows(read) == [("1", "5"), ("2", "6")]
    require(read, ["Id", "Size"], "leads")
    pd.DataFrame({"filename": ["f"], "x": [1]}).to_parquet(tmp_path / "a.parquet")
    read = read_text(workspace, spec("a.parquet"), folder=tmp_path)
    assert rows(read) == [("f", 1)]


def test_zip_entries(workspace: Workspace, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "exports.zip", "w") as archive:
        for name in ("Lead.csv", "Task.csv"):
            info = zipfile.ZipInfo(name, date_time=(2026, 7, 1, 6, 30, 0))
            archive.writestr(info, f"Id,from\n1,{name}\n")
    read = read_text(workspace, spec("exports.zip::Lead.csv"), folder=tmp_path)
    assert rows(read) == [("1", "Lead.csv")]
    assert read.exported_at_hint == datetime(2026, 7, 1, 6, 30)
    assert read.files[0].name == "exports.zip::Lead.csv"
    with pytest.raises(InputError, match="several tables"):
        read_text(workspace, spec("exports.zip"), folder=tmp_path)
    with pytest.raises(InputError, match="no such entry") as caught:
        read_text(workspace, spec("exports.zip::Leads.csv"), folder=tmp_path)
    assert caught.value.do == "is it Lead.csv?"


def test_damaged_packings_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    content = b"Id,x\n" + b"1,a\n" * 1000
    write(tmp_path, "a.csv.gz", gzip.compress(content)[:-20])
    write(tmp_path, "b.csv.zst", zstandard.compress(content)[:-4])
    write(tmp_path, "c.zip", packed(content, "zip")[1][:-20])
    for name in ("a.csv.gz", "b.csv.zst", "c.zip"):
        with pytest.raises(InputError, match="damaged"):
            read_text(workspace, spec(name), folder=tmp_path)


def test_packed_files_of_several_parts_are_whole(workspace: Workspace, tmp_path: Path) -> None:
    parts = [b"Id,x\n1,a\n", b"2,b\n" * 300_000, b"3,c\n"]
    for name, pack in {"a.csv.gz": gzip.compress, "b.csv.zst": zstandard.compress}.items():
        write(tmp_path, name, b"".join(map(pack, parts)))
        read = read_text(workspace, spec(name), folder=tmp_path)
        assert read.table.count().execute() == 300_002


def test_missing_files_name_the_nearest(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "Lead.csv", "Id,x\n1,a\n")
    with pytest.raises(InputError) as caught:
        read_text(workspace, spec("Leads.csv"), folder=tmp_path)
    assert caught.value.do == "is it Lead.csv?"
    with pytest.raises(InputError, match="no file matches"):
        read_text(workspace, spec("*/Lead.csv"), folder=tmp_path)
    with pytest.raises(InputError, match="names no source"):
        read_text(workspace, spec(), folder=tmp_path)


def test_files_know_their_bytes(workspace: Workspace, tmp_path: Path) -> None:
    import hashlib

    content = "Id,x\n1,a\n"
    path = write(tmp_path, "Lead.csv", content)
    read = read_text(workspace, spec("Lead.csv"), folder=tmp_path)
    assert read.described() == [
        {
            "table": "Lead.csv",
            "path": str(path),
            "bytes": len(content),
            "sha256": hashlib.sha256(content.encode()).hexdigest(),
        }
    ]


# --- columns and rows --------------------------------------------------------------------------


def test_a_missing_column_names_the_nearest(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "Lead.csv", "Id,CreatedDate,Title\n1,2024-01-01,CEO\n")
    read = read_text(workspace, spec("Lead.csv"), folder=tmp_path)
    require(read, ["Id", "Title"], "leads")
    with pytest.raises(InputError) as caught:
        require(read, ["Id", "Createddate"], "leads.created_at")
    assert caught.value.do == 'is it "CreatedDate"?'
    assert "leads.created_at" in str(caught.value)


def test_where_keeps_values_lists_and_patterns(workspace: Workspace, tmp_path: Path) -> None:
    lines = "\n".join(f"{i},{k},{d}" for i, (k, d) in enumerate(
        [("A_SENT", "x"), ("A.SENT", ""), ("O_SENT ", "y"), ("a_sent", "")], 1
    ))  # fmt: skip
    write(tmp_path, "events.csv", f"n,kind,done\n{lines}\n")

    def kept(**where: object) -> list[object]:
        read = read_text(workspace, spec("events.csv", where=where), folder=tmp_path)
        return [row[0] for row in rows(read)]

    assert kept(kind="A_*") == ["1"]
    assert kept(kind="?_SENT") == ["1", "3"]
    assert kept(kind=["A.SENT", "O_SENT"]) == ["2", "3"]
    assert kept(n=4) == ["4"]
    assert kept(done="") == ["2", "4"]
    assert kept(kind="*_*", done="x") == ["1"]
    with pytest.raises(InputError, match='column "kindd" is missing'):
        kept(kindd="A")


# --- Parquet, workbooks, databases, data frames -------------------------------------------------


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["001", None, "3"],
            "size": [1.0, float("nan"), 3.5],
            "n": [1, 2, 3],
            "seen": pd.to_datetime(["2024-03-01 10:00", None, "2024-03-02 00:00"]),
            "zoned": pd.to_datetime(["2024-03-01 10:00"] * 3).tz_localize("Europe/Berlin"),
            "kind": pd.Categorical(["x", None, "y"]),
            "mixed": [1, "b", None],
            "empty": [None, None, None],
        }
    )


def test_data_frames_keep_their_types(workspace: Workspace) -> None:
    given_frame = frame()
    before = given_frame.copy(deep=True)
    read = read_text(workspace, spec(), folder=Path(), frame=given_frame)
    pd.testing.assert_frame_equal(given_frame, before)
    types = read.table.schema()
    assert types["size"].is_floating() and types["n"].is_integer() and types["seen"].is_timestamp()
    assert types["kind"].is_string() and types["mixed"].is_string() and types["empty"].is_string()
    shown = read.table.order_by("_record").to_pandas()
    assert shown["_record"].tolist() == [1, 2, 3]
    assert shown["mixed"].tolist()[:2] == ["1", "b"]
    assert set(shown["_file"]) == {"data frame"}


def test_data_frames_with_the_same_name_twice_are_refused(workspace: Workspace) -> None:
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(InputError, match="same name"):
        read_text(workspace, spec(), folder=Path(), frame=twice)


def test_parquet_file_folder_and_pattern(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for i in (0, 1):
        part = pd.DataFrame({"id": [f"{i}a", f"{i}b"], "n": [i, i]})
        part.to_parquet(tmp_path / f"parts/part-{i}.parquet")
    one = read_text(workspace, spec("parts/part-0.parquet"), folder=tmp_path)
    assert rows(one) == [("0a", 0), ("0b", 0)]
    for path in ("parts", "parts/*.parquet"):
        read = read_text(workspace, spec(path), folder=tmp_path)
        assert rows(read) == [("0a", 0), ("0b", 0), ("1a", 1), ("1b", 1)]
        shown = read.table.order_by("_file", "_record").to_pandas()
        assert (
            shown["_file"].tolist() == ["parts/part-0.parquet"] * 2 + ["parts/part-1.parquet"] * 2
        )
        assert shown["_record"].tolist() == [1, 2, 1, 2]
    write(tmp_path, "parts/part-2.parquet", b"PAR1 broken")
    with pytest.raises(InputError, match="not Parquet"):
        read_text(workspace, spec("parts"), folder=tmp_path)
