"""Rows in are rows out: what becomes of each row of a list, whatever its file looks like."""

from __future__ import annotations

import itertools
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
from predict.errors import InputError, RefusedError
from predict.scoring.lists import STATUSES, MatchedList, match_list

DEFINITION = """
name = "won-in-30-days"
time_zone = "UTC"

[conversion]
stage = "won"
within_days = 30
lost_stages = ["lost"]

[leads]
path = "leads.csv"
exported_at = 2026-06-30
lead_id = "Id"
created_at = "Created"

[leads.columns]
Title = { class = "fixed", type = "text" }
Size = { class = "fixed", type = "number" }
Country = "fixed"
Email = "personal"

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

[criteria.country]
field = "Country"
in = ["DE", "AT"]
known = "at hand-off"

[suppression]
path = "suppressed.csv"
lead_id = "Id"
email = "Email"

[lists.fair]
"Job title" = "Title"
"Land" = "Country"
"Mitarbeiter" = "Size"
"""
LEADS = """Id,Created,Title,Size,Country,Email
00123,2026-05-01,Head of IT,120.5,DE,ann@firm.example
00124,2026-05-02,Buyer,80,AT,bob@firm.example
00125,2026-05-03,Clerk,9,CH,cy@firm.example
00126,2026-05-04,Clerk,9,DE,dee@firm.example
00127,2026-06-20,Owner,7,DE,eve@firm.example
"""
STAGES = """Id,Stage,At
00124,won,2026-05-20
00125,lost,2026-05-21
00126,won,2026-06-25
"""
SUPPRESSED = "Id,Email\n00129,\n,No.Mail@Firm.example\n"
EVENTS = "Id,At\n00123,2026-05-03 10:00\n99999,2026-05-03 11:00\n"
AS_OF = pd.Timestamp("2026-06-15")

PLAIN = """Id,Created,Title,Size,Country,Email
00123,2026-05-01,Head of IT,120.5,DE,ann@firm.example
L-1,2026-06-02,Größe,33.5,AT,zoë@firm.example
L-2,2026-06-03,Café,,NA,
"""


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    folder = tmp_path_factory.mktemp("exports")
    files = {"leads": LEADS, "stages": STAGES, "suppressed": SUPPRESSED, "events": EVENTS}
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    opened = open_crm(Definition.parse(DEFINITION, folder=folder))
    yield opened
    opened.close()


def matched(crm: Crm, path: Path, mapping: str | None = None, **options: object) -> MatchedList:
    spec = SimpleNamespace(path=path.name, **options)
    text = read_text(crm.workspace, spec, folder=path.parent)
    renamed = crm.definition.lists[mapping] if mapping else {}
    return match_list(crm, text, microseconds(AS_OF.to_pydatetime()), renamed)


@pytest.fixture
def match(crm: Crm, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Return a function from the text or bytes of a list to its matched form and its grid."""
    numbers = itertools.count()

    def of(content: str | bytes, mapping: str | None = None):  # type: ignore[no-untyped-def]
        path = tmp_path / f"list_{next(numbers)}.csv"  # a file is converted once a workspace
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found = matched(crm, path, mapping)
        return found, found.grid.order_by("row").to_pandas()

    return of


def comparable(grid: pd.DataFrame) -> pd.DataFrame:
    return grid.drop(columns=["account_id"]).sort_index(axis=1)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("cp1252"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", ";").replace("120.5", "120,5").replace("33.5", "33,5").encode(),
        PLAIN.replace(",", "\t").replace("120.5", "120,5").replace("33.5", "33,5").encode("utf-16"),
    ],
    ids=["bom", "utf-16", "cp1252", "crlf", "semicolon", "tab", "decimal comma", "excel unicode"],
)
def test_a_list_is_the_same_list_however_its_file_is_written(match, content: bytes) -> None:
    _, plain = match(PLAIN)
    _, other = match(content)
    pd.testing.assert_frame_equal(comparable(other), comparable(plain))
    assert plain["p:Size"].tolist()[:2] == [120.5, 33.5]
    assert plain["p:Title"].tolist()[1:] == ["Größe", "Café"]


def test_the_country_na_is_namibia_and_ids_keep_their_zeros(match) -> None:
    _, grid = match(PLAIN)
    assert grid["p:Country"].tolist() == ["DE", "AT", "NA"]
    assert grid["lead_id"].tolist() == ["00123", "L-1", "L-2"]
    assert grid["lead_no"].notna().tolist() == [True, False, False]


def test_columns_may_come_in_any_order(match, tmp_path: Path) -> None:
    _, plain = match(PLAIN)
    rows = [line.split(",") for line in PLAIN.splitlines()]
    turned = "\n".join(",".join(reversed(r)) for r in rows)
    _, other = match(turned)
    pd.testing.assert_frame_equal(comparable(other), comparable(plain))


def test_an_empty_file_is_an_error_that_says_so(match) -> None:
    with pytest.raises(InputError, match="the file is empty"):
        match(b"")


def test_a_header_alone_is_a_list_of_no_rows(match) -> None:
    found, grid = match("Id,Title\n")
    assert len(grid) == 0
    assert found.columns == ("Id", "Title")


def test_unknown_behaviour_is_not_zero_behaviour(match) -> None:
    _, grid = match(PLAIN)
    assert grid["basis"].tolist() == ["full", "profile", "profile"]


def test_the_crm_knows_better_what_it_knows(match) -> None:
    _, grid = match("Id,Title,Size\n00123,President,1\n")
    assert grid[["p:Title", "p:Size", "p:Country"]].values.tolist() == [["Head of IT", 120.5, "DE"]]
    assert pd.Timestamp(grid["created_us"][0], unit="us").normalize() == pd.Timestamp("2026-05-01")


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ("00123,", "scored"),
        ("00124,", "converted"),
        ("00125,", "closed"),
        ("00126,", "scored"),  # won later than the day we look
        ("00127,", "not open"),  # came later than the day we look
        ("00129,", "suppressed"),
        ("new,no.mail@firm.example", "suppressed"),
        (",NO.MAIL@FIRM.EXAMPLE", "suppressed"),
        (",someone@firm.example", "scored"),
    ],
)
def test_what_becomes_of_a_row(match, row: str, status: str) -> None:
    _, grid = match(f"Id,Email,Title\n{row},Clerk\n")
    assert grid["status"].tolist() == [status]
    assert status in STATUSES


def test_only_the_first_of_several_rows_with_one_id_is_scored(match) -> None:
    _, grid = match("Id,Title\nx,Buyer\n00123,Buyer\nx,Clerk\n 00123 ,Owner\n,A\n,B\n  ,C\n")
    assert grid["status"].tolist() == ["scored"] * 2 + ["duplicate"] * 2 + ["scored"] * 3
    assert grid["lead_id"].isna().tolist() == [False] * 4 + [True] * 3
    assert grid["basis"].tolist()[4:] == ["profile"] * 3


def test_a_date_that_cannot_be_read_is_said_and_the_lead_is_scored(match) -> None:
    found, grid = match("Id,Created,Title\nx,yesterday,Buyer\ny,2026-06-01,Clerk\n")
    assert grid["status"].tolist() == ["scored", "scored"]
    rejected = found.rejects.iloc[0]
    assert (rejected["column"], rejected["value"], rejected["record"]) == (
        "Created",
        "yesterday",
        1,
    )
    assert rejected["line"] == 2
    assert grid["created_us"][0] == grid["as_of_us"][0]


def test_a_number_that_cannot_be_read_is_missing_and_said(match) -> None:
    found, grid = match("Id,Size\nx,many\ny,3\n")
    assert grid["p:Size"].isna().tolist() == [True, False]
    assert found.rejects["value"].tolist() == ["many"]


def test_a_column_that_holds_hardly_anything_readable_is_told_first(match) -> None:
    sizes = "".join(f"x{i},51-200,2026-06-0{i % 9 + 1}\n" for i in range(20))
    found, grid = match("Id,Size,Created\n" + sizes + "y,,soon\n")
    assert found.remarks == (
        "“Size” could not be read in 20 rows, all that hold it: it counts as not known there",
    )
    assert grid["p:Size"].isna().all()  # a range is no number, and none is made up
    assert match("Id,Size\nx,many\ny,3\nz,4\n")[0].remarks == ()
    assert "in 2 of the 3 rows" in match("Id,Size\nx,many\ny,3\nz,few\n")[0].remarks[0]


def test_of_two_columns_for_one_it_is_told_which_was_taken(match) -> None:
    found, _ = match("E-Mail,Email,Title\na@b.example,c@d.example,Buyer\n")
    assert found.remarks == ("“E-Mail” is left aside: “Email” is read as “Email” already",)
    assert found.headers.mapping == {}  # the one called as ours


def test_more_bad_values_than_the_cap_refuse_the_list(match) -> None:
    rows = "".join(f"x{i},soon,Buyer\n" for i in range(101))
    with pytest.raises(RefusedError, match=r"(?s)Created|soon"):
        match("Id,Created,Title\n" + rows)


def test_a_row_of_another_length_comes_out_unreadable_in_its_place(match) -> None:
    found, grid = match("Id,Title,Country\na,Buyer,DE\nb,Clerk\nc,Owner,AT,more\nd,Head,DE\n")
    assert grid["row"].tolist() == [0, 1, 2, 3]
    assert grid["status"].tolist() == ["scored", "unreadable", "unreadable", "scored"]
    assert grid["lead_id"].tolist()[::3] == ["a", "d"]
    assert len(found.rejects) == 2
    assert found.inputs.count().execute() == 4


def test_unused_columns_are_named_and_kept(match) -> None:
    found, _ = match("Id,Title,Shoe size\nx,Buyer,44\n")
    assert found.unused == ("Shoe size",)
    assert found.inputs.to_pandas()["Shoe size"].tolist() == ["44"]


def test_a_missing_column_is_missing_not_an_error(match) -> None:
    _, grid = match("Title\nBuyer\n")
    assert grid["p:Title"].tolist() == ["Buyer"]
    assert grid["p:Size"].isna().all() and grid["p:Country"].isna().all()
    assert grid["c:Country"].isna().all()


def test_a_list_of_which_nothing_is_known_is_an_error_with_the_nearest_names(match) -> None:
    with pytest.raises(InputError, match=r"“Titlee” may be “Title”"):
        match("Titlee,Contry\nqwerty,17\n")


def test_a_mapping_renames_the_headers_of_a_foreign_list(match) -> None:
    foreign = "Job title,Land,Mitarbeiter\nBuyer,AT,12\n"
    found, grid = match(foreign, "fair")
    assert grid[["p:Title", "p:Country", "p:Size"]].values.tolist() == [["Buyer", "AT", 12.0]]
    assert found.mapping == {"Job title": "Title", "Land": "Country", "Mitarbeiter": "Size"}
    with pytest.raises(InputError, match="none of the headers that its mapping names"):
        match("Jobtitle,Size\nBuyer,4\n", "fair")


def test_two_columns_that_mean_the_same_are_an_error(match) -> None:
    with pytest.raises(InputError, match="several columns of the list are read as “Title”"):
        match("Job title,Title,Land\nBuyer,Clerk,DE\n", "fair")


def test_open_leads_are_those_neither_won_nor_lost_nor_still_to_come(crm: Crm) -> None:
    text = read_text(crm.workspace, crm.definition.leads, folder=crm.definition.folder)
    every = match_list(crm, text, microseconds(AS_OF.to_pydatetime()))
    found = every.only_open(crm)
    assert found.grid.order_by("row").to_pandas()["lead_id"].tolist() == ["00123", "00126"]
    assert found.left_out == {"closed": 1, "converted": 1, "not open": 1}
    assert found.inputs.count().execute() == 2


@pytest.mark.parametrize(
    ("content", "statuses"),
    [
        ("Last name,Title\nBee,Buyer\nBee,Buyer\nBee,Clerk\nBee, Buyer\n", "sdsd"),
        ("Phone,Title\n030 1,Buyer\n030 1,Buyer\n", "sd"),
        ("Title,Last name,Note\nab,c,x\na,bc,x\nab,c,y\n", "sss"),
        # Nobody is named: equal rows may be two people.
        ("Title,Country\nBuyer,DE\nBuyer,DE\n", "ss"),
        ("Company,Title\nFirm,Buyer\nFirm,Buyer\n", "ss"),
        ("Last name,Title\n,Buyer\n ,Buyer\n", "ss"),
        # Who has an id or an address is judged by that alone.
        ("Id,Last name,Title\nx,Bee,Buyer\n,Bee,Buyer\n,Bee,Buyer\n", "ssd"),
        ("Email,Last name,Title\na@b.example,B,C\na@b.example,B,C\n,B,C\n,B,C\n", "sdsd"),
    ],
)
def test_a_row_that_names_somebody_and_is_all_the_same_is_a_copy(
    match, content: str, statuses: str
) -> None:
    _, grid = match(content)
    assert "".join(s[0] for s in grid["status"]) == statuses
    assert set(grid["status"]) <= {"scored", "duplicate"}
