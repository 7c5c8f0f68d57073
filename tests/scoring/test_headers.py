"""Headers of foreign lists: read as ours by name, meaning or content, and never two as one."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict.crm.opening import open_crm
from predict.crm.sources import read_text
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.errors import InputError
from predict.scoring.headers import Found, Headers, map_headers
from predict.scoring.synonyms import SYNONYMS, meaning_of, plain

DEFINITION = """
name = "won"
[conversion]
stage = "won"
within_days = 30
[leads]
path = "leads.csv"
exported_at = 2026-06-30
lead_id = "Id"
created_at = "Created"
source = "LeadSource"
[leads.columns]
Title = { class = "fixed", type = "text" }
NumberOfEmployees = { class = "fixed", type = "number" }
Industry = "fixed"
Country = "fixed"
Email = "personal"
LastName = "personal"
Status = "mutable"
[outcomes.stage]
path = "stages.csv"
lead_id = "Id"
stage_column = "Stage"
entered_at = "At"
[lists.fair]
"Stand" = "LeadSource"
"Was machen Sie?" = "Title"
"""
INDUSTRIES = ["Paper", "Steel", "Glass", "Food"]
TITLES = ["Head of Purchasing", "Buyer", "Managing Director", "Clerk", "Engineer"]


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    folder = tmp_path_factory.mktemp("exports")
    rows = [
        f"00Q5g00000A{i:04d},2026-05-01,web,{TITLES[i % 5]},{i},{INDUSTRIES[i % 4]},"
        f"{('DE', 'AT', 'CH')[i % 3]},p{i}@firm{i}.example,Name{i},Open"
        for i in range(40)
    ]
    head = "Id,Created,LeadSource,Title,NumberOfEmployees,Industry,Country,Email,LastName,Status\n"
    (folder / "leads.csv").write_text(head + "\n".join(rows) + "\n")
    (folder / "stages.csv").write_text("Id,Stage,At\n00Q5g00000A0001,won,2026-05-20\n")
    opened = open_crm(Definition.parse(DEFINITION, folder=folder))
    yield opened
    opened.close()


@pytest.fixture
def mapped(crm: Crm, tmp_path: Path) -> Callable[..., Headers]:
    numbers = itertools.count()

    def of(content: str, given: str | None = None) -> Headers:
        path = tmp_path / f"list_{next(numbers)}.csv"
        path.write_text(content, encoding="utf-8")
        text = read_text(crm.workspace, SimpleNamespace(path=path.name), folder=tmp_path)
        return map_headers(crm, text, crm.definition.lists[given] if given else None, given or "")

    return of


GERMAN = "Vorname;Nachname;E-Mail-Adresse;Berufsbezeichnung;Branche;Mitarbeiterzahl;Land;Quelle\n"
HUBSPOT = "First Name;Last Name;Email;Job Title;Industry;Number of Employees;Country/Region;Notes\n"


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (GERMAN, "Ada;King;a@b.example;Einkäuferin;Papier;12;Österreich;Messe\n"),
        (HUBSPOT, "Ada;King;a@b.example;Buyer;Paper;12;Austria;nice\n"),
    ],
)
def test_headers_in_german_and_of_hubspot_are_read(mapped, head: str, row: str) -> None:
    found = mapped(head + row)
    ours = ("LastName", "Email", "Title", "Industry", "NumberOfEmployees", "Country")
    theirs = head.strip().split(";")[1:7]
    assert {h: found.mapping.get(h, h) for h in theirs} == dict(zip(theirs, ours, strict=True))
    by = {f.header: f for f in found.found}
    assert by[theirs[2]].how == "synonym of “Title”" and by[theirs[2]].sure == "likely"
    assert by[theirs[0]].use == "shown" and by[head.split(";", 1)[0]].use == "shown"
    assert found.unused == (("Notes",) if "Notes" in head else ())
    if head == GERMAN:
        assert found.mapping["Quelle"] == "LeadSource"


def test_the_definition_comes_first_and_is_found_by_its_headers(mapped) -> None:
    found = mapped("Stand;Was machen Sie?;Titel\nHalle 7;Buyer;Dr.\n")
    assert found.mapping == {"Stand": "LeadSource", "Was machen Sie?": "Title"}
    assert {f.how for f in found.found if f.ours} == {"definition, [lists.fair]"}
    assert found.unused == ("Titel",)
    note = next(f.note for f in found.found if f.header == "Titel")
    assert note == "“Was machen Sie?” is read as “Title” already"


def test_a_name_spelled_otherwise_is_certain(mapped) -> None:
    found = mapped("number_of_employees;TITLE;e-mail\n7;Buyer;a@b.example\n")
    assert {f.ours: f.sure for f in found.found} == {
        "NumberOfEmployees": "certain",
        "Title": "certain",
        "Email": "certain",
    }


def test_content_decides_where_no_header_does(mapped) -> None:
    rows = "".join(
        f"p{i}@firm{i}.example;{('Deutschland', 'CH', 'austria')[i % 3]};00Q5g00000A{i:04d};"
        f"{TITLES[i % 5]};{INDUSTRIES[i % 4]};met at stand {i}\n"
        for i in range(12)
    )
    found = mapped("A;B;C;D;E;F\n" + rows)
    assert found.mapping == {
        "A": "Email",
        "B": "Country",
        "C": "Id",
        "D": "Title",
        "E": "Industry",
    }
    assert {f.sure for f in found.found if f.ours} == {"guess"}
    assert found.found[0].how == "content: 100 % of its values are e-mail addresses"
    assert found.unused == ("F",)


def test_what_a_column_holds_may_belie_its_header(mapped) -> None:
    found = mapped("ID;Titel;Land;Job\n" + "".join(f"{i};Dr.;yes;Buyer\n" for i in range(1, 9)))
    notes = {f.header: f.note for f in found.found}
    assert notes["ID"] == "its values are not ids of this CRM"
    assert notes["Land"] == "its values are not countries"
    assert found.mapping == {"Job": "Title"}
    assert notes["Titel"] == "its values are academic titles, not positions"


def test_two_columns_alike_are_never_read_as_one(mapped) -> None:
    found = mapped("Work email;Private e-mail;Position;Funktion\na@b.example;c@d.example;Buyer;X\n")
    assert found.mapping == {"Work email": "Email", "Position": "Title"}
    assert "“Work email” is read as “Email” already" in {f.note for f in found.found}
    twice = mapped("A;B;Title\n" + "".join(f"a{i}@b.example;c{i}@d.example;x\n" for i in range(9)))
    assert twice.mapping == {}
    assert [f.note for f in twice.found[:2]] == [
        "it looks like “Email”, and so does another column"
    ] * 2


def test_the_mapping_can_be_pasted_into_the_definition(mapped) -> None:
    found = mapped(GERMAN + "Ada;King;a@b.example;Buyer;Paper;12;AT;x\n")
    text = found.as_toml("Messe Köln 2026")
    pasted = tomllib.loads(text)["lists"]["messe_k_ln_2026"]
    assert pasted == {f.header: f.ours for f in found.found if f.ours}
    whole = Definition.parse(DEFINITION + text)
    assert whole.lists["messe_k_ln_2026"] == pasted


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=5, unique=True), st.text())
def test_a_mapping_of_any_headers_is_sound_toml(headers: list[str], name: str) -> None:
    found = [Found(h, f"ours {i}", f"how {h}", "guess", "scored") for i, h in enumerate(headers)]
    text = Headers((*found, Found(f"un{headers[0]}used"))).as_toml(name)
    (pasted,) = tomllib.loads(text)["lists"].values()
    assert pasted == {h: f"ours {i}" for i, h in enumerate(headers)}


def test_synonyms_mean_one_thing_each() -> None:
    every = [name for names in SYNONYMS.values() for name in names]
    assert len(every) == len(set(every))
    assert all(plain(name) == name for name in every)
    assert all(meaning_of(name.upper()) == m for m, names in SYNONYMS.items() for name in names)


def test_nothing_known_is_an_error(mapped) -> None:
    with pytest.raises(InputError, match="no column of the list is one that the model knows"):
        mapped("Foo;Bar\n1;2\n")


PERSON = "Ulla;Beispiel;{mail};Muster AG;Leiterin Einkauf;Deutschland;{source}\n"


@pytest.mark.parametrize(
    "rows",
    [
        [PERSON.format(mail=f"u{i}@muster.example", source="Messe") for i in range(20)],
        [PERSON.format(mail="", source="x").replace(";;", f";Name{i};") for i in range(20)],
        ["Ulla;Frankreich\n", "Olaf;Schweiz\n", "Ida;DE\n"],
        ["Ulla;Buyer;Messe\n", "Olaf;Clerk;Messe\n", "Ida;Engineer;Messe\n"],
        ["Ulla;120\n", "Olaf;7\n"],
        ["Ulla;+49 30 1234\n", "Olaf;\n"],
    ],
    ids=["addresses", "repeated", "countries", "a value that is a synonym", "number", "phone"],
)
def test_a_list_without_names_of_columns_loses_nobody_in_silence(mapped, rows: list[str]) -> None:
    with pytest.raises(InputError, match="the first row holds a person") as caught:
        mapped("".join(rows))
    assert "Ulla" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        "Title;2024;2025\nBuyer;7;8\n",
        "Title;Country\nBuyer;DE\nTitle;Country\nClerk;AT\n",  # two lists, one below the other
        "Messe;Land\nMesse;DE\nWeb;AT\n",
        "E-mail @ work;Title\na@b.example;Buyer\n",
        "A;B\np@q.example;Austria\n",
        "Title\n",
    ],
    ids=["years", "header twice", "value like its header", "at sign", "letters", "no rows"],
)
def test_a_header_is_not_taken_for_a_person(mapped, content: str) -> None:
    assert mapped(content).found


def test_what_the_definition_maps_is_never_taken_for_a_person(crm: Crm, mapped, tmp_path) -> None:
    path = tmp_path / "given.csv"
    path.write_text("a@b.example;Title\nx;Buyer\n")
    text = read_text(crm.workspace, SimpleNamespace(path=path.name), folder=tmp_path)
    found = map_headers(crm, text, {"a@b.example": "LeadSource"}, "odd")
    assert found.mapping == {"a@b.example": "LeadSource"}


def test_the_title_of_a_sheet_is_not_the_name_of_its_first_column(mapped) -> None:
    # Of a sheet whose first row holds one cell, only the column below it is read.
    rows = "".join(f"p{i}@firm{i}.example\n" for i in range(9))
    with pytest.raises(InputError, match="stand below the first row"):
        mapped("Visitors of the fair\nE-Mail\n" + rows)
    assert mapped("Visitors\n" + rows).mapping == {"Visitors": "Email"}
