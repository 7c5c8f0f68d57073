from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from predict.definition.agreement import Criterion, Snapshots
from predict.definition.columns import Column
from predict.definition.exports import Export
from predict.definition.profiles import LeadsTable
from predict.definition.schema import Definition
from predict.definition.tables import EventTable, OutcomeTable
from predict.errors import DefinitionError

FLAT = """
name = "bank"
[conversion]
stage = "subscribed"
within_days = 0
[leads]
lead_id = "id"
created_at = "day"
outcome_column = "y"
outcome_values = ["yes"]
"""
DATED = """
name = "dated"
[conversion]
stage = "opportunity"
within_days = 90
[leads]
path = "contacts.csv"
lead_id = "Record ID"
created_at = "Create Date"
[outcomes.opportunity]
path = "contacts.csv"
lead_id = "Record ID"
entered_at = "Became an Opportunity Date"
stage = "opportunity"
"""


def test_the_example_parses_unchanged_and_says_what_it_says(example: str) -> None:
    d = Definition.parse(example)
    assert d.name == "opportunity-in-90-days"
    assert d.time_zone == "Europe/Berlin"
    assert d.conversion.stage == "opportunity"
    assert d.conversion.within_days == 90.0
    assert d.conversion.lost_stages == ("lost", "disqualified")
    assert d.snapshots.ages_days == (0, 7, 30, 60)
    assert d.snapshots.every is None
    assert d.leads.exported_at == "from-name"
    assert d.leads.source == "LeadSource"
    assert d.leads.columns["HubSpot Score"].cls == "incumbent"
    assert d.related["account"].their_key == "Id"
    assert d.links["contact"].other_id == "ConvertedContactId"
    assert d.events["web"].values == ("seconds", "pages")
    assert d.events["web"].covers_from == date(2024, 3, 1)
    assert d.events["web"].learned_from
    assert d.events["task"].id_of == ("lead", "contact")
    assert not d.events["task"].learned_from
    assert d.outcomes["opportunity"].stages == {"Closed Won": "won", "Closed Lost": "lost"}
    assert d.outcomes["opportunity"].id_of == ("opportunity",)
    assert d.history["lead"].changed_at == "changed_at"
    assert d.criteria["country"].in_ == ("DE", "AT", "CH")
    assert d.money.capacity_per_month == 200
    assert d.lists["trade_show"] == {"First Name": "FirstName"}
    assert d.suppression is not None
    assert d.suppression.paths == ("do-not-contact.csv",)
    assert d.never_use.columns == ("Gender",)
    assert d.reading.reject_cap_rows == 100
    assert d.reading.reject_cap_share == 0.01
    assert d.closing_stages == ("opportunity", "lost", "disqualified")


def test_what_is_not_built_is_said_and_is_no_error(
    example: str, changed: Callable[..., Definition]
) -> None:
    assert Definition.parse(example).not_built() == []
    said = changed(
        {
            ("leads", "columns", "Title"): {"class": "fixed", "known_from": date(2024, 1, 1)},
            ("leads", "columns", "Phone"): {"class": "personal", "known_from": date(2024, 1, 1)},
            ("related", "account", "columns"): {"Seen": {"class": "last_of", "known_from": "At"}},
        }
    ).not_built()
    assert [s.split(":")[:2] for s in said] == [
        ["leads.columns", " Phone"],
        ["related.account.columns", " Seen"],
    ]


HISTORY = """
[leads.columns]
Status = "mutable"
[related.account]
key = "AccountId"
columns = { Tier = "mutable" }
[history.lead]
{keys}
"""


@pytest.mark.parametrize(
    ("keys", "where", "complaint"),
    [
        ('of = "related.acount"', "of", 'no such profile(?s:.*)mean "related.account"'),
        ('of = "opportunity"', "of", "says neither leads nor a related profile"),
        ('of = "related.account"\nid_of = "contact"', "id_of", "does not go with"),
        ('id_of = "contcat"', "id_of", "no link resolves this id"),
        ("id_of = []", "id_of", "it is not said whose id this is"),
        ('fields = { s = "Statsu" }', "fields.s", 'not declared(?s:.*)did you mean "Status"'),
    ],
)
def test_histories_are_of_columns_that_are_there(
    keys: str, where: str, complaint: str, refused: Callable[[str], str]
) -> None:
    said = refused(DATED + HISTORY.replace("{keys}", keys))
    assert f"history.lead.{where}" in said and re.search(complaint, said)


def test_a_column_is_told_of_by_one_history(refused: Callable[[str], str]) -> None:
    twice = 'fields = { s = "Status" }\n[history.again]\nfields = { t = "Status" }'
    said = refused(DATED + HISTORY.replace("{keys}", twice))
    assert "history.again.fields.t" in said and "[history.lead] tells of this column" in said


def test_only_overwritten_columns_are_insisted_on(refused: Callable[[str], str]) -> None:
    said = refused(DATED + '[leads.columns]\nTitle = { class = "fixed", insist = true }')
    assert "leads.columns.Title.insist" in said and 'does not go with "fixed"' in said
    text = DATED + '[leads.columns]\nTitle = { class = "mutable", insist = true }'
    assert Definition.parse(text).leads.columns["Title"].insist


def test_flat_exports_need_no_outcomes_table_and_are_looked_at_once() -> None:
    d = Definition.parse(FLAT)
    assert d.is_flat
    assert d.snapshots == Snapshots(ages_days=(0,))
    assert not d.outcomes
    assert Definition.parse(FLAT + "[snapshots]\nages_days = [0]").digest() == d.digest()


def test_a_dated_column_is_an_outcomes_table() -> None:
    d = Definition.parse(DATED)
    assert d.outcomes["opportunity"].possible_stages("opportunity") == {"opportunity"}
    assert not d.is_flat


def test_snapshots_are_by_age_or_by_calendar(refused: Callable[[str], str]) -> None:
    assert Definition.parse(DATED).snapshots.ages_days == (0, 7, 30, 60)
    subday = Definition.parse(DATED + "[snapshots]\nages_days = [3, 0.25, 0]").snapshots
    assert subday.ages_days == (0, 0.25, 3)
    monthly = Definition.parse(DATED + '[snapshots]\nevery = "month"').snapshots
    assert (monthly.every, monthly.ages_days) == ("month", ())
    assert "not both" in refused(DATED + '[snapshots]\nevery = "week"\nages_days = [1]')
    assert "no age is given" in refused(DATED + "[snapshots]\nages_days = []")
    assert "given twice" in refused(DATED + "[snapshots]\nages_days = [1, 1.0]")
    assert "0 or more" in refused(DATED + "[snapshots]\nages_days = [-1]")
    said = refused(DATED + '[snapshots]\nevery = "moth"')
    assert "did you mean month?" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('stage = "subscribed"', 'stage = "subscribed"\nlost_stages = ["subscribed"]'), "lost"),
        (("within_days = 0", "within_days = 30"), "set it to 0"),
        (('outcome_values = ["yes"]', ""), "which of its values"),
        (('outcome_column = "y"', ""), "outcome_column, which is missing"),
        (('outcome_values = ["yes"]', 'outcome_values = ["yes"]\ncolumns = { y = "fixed" }'), "y"),
        (("[leads]", "[snapshots]\nages_days = [0, 7]\n[leads]"), "remove this section"),
        (
            ("[leads]", '[outcomes.x]\nlead_id = "i"\nstage = "won"\nentered_at = "e"\n[leads]'),
            "not in both",
        ),
        (('outcome_column = "y"\noutcome_values = ["yes"]', ""), "nothing says what became"),
    ],
)
def test_flat_exports_that_do_not_go_together(
    refused: Callable[[str], str], change: tuple[str, str], said: str
) -> None:
    assert change[0] in FLAT
    assert said in refused(FLAT.replace(*change))


def test_a_horizon_of_no_days_is_for_flat_exports(refused: Callable[[str], str]) -> None:
    assert "no time to convert" in refused(DATED.replace("= 90", "= 0"))


@pytest.mark.parametrize(
    ("stages", "wanted", "fine"),
    [
        ('stage = "opportunity"', "opportunity", True),
        ('stage = "opportunity"', "won", False),
        ('stage_column = "s"', "anything", True),
        ('stage_column = "s"\nstages = { W = "won" }', "won", True),
        ('stage_column = "s"\nstages = { W = "won" }', "opportunity", True),
        ('stage_column = "s"\nstages = { W = "won" }', "W", False),
    ],
)
def test_the_agreed_stage_is_in_one_of_the_outcomes(
    refused: Callable[[str], str], stages: str, wanted: str, fine: bool
) -> None:
    text = DATED.replace('stage = "opportunity"\nwithin', f'stage = "{wanted}"\nwithin')
    text = text.removesuffix('stage = "opportunity"\n') + stages
    if fine:
        assert Definition.parse(text).conversion.stage == wanted
    else:
        assert "no outcomes table has this stage" in refused(text)


def test_ids_must_be_linked(refused: Callable[[str], str], example: str) -> None:
    said = refused(example.replace('id_of = ["lead", "contact"]', 'id_of = ["lead", "contct"]'))
    assert "events.task.id_of" in said
    assert "did you mean contact?" in said
    said = refused(DATED.replace('"Record ID"\nentered', '"x"\nid_of = "deal"\nentered'))
    assert "not both" in said
    text = DATED.replace('lead_id = "Record ID"\nentered', 'id = "x"\nid_of = "deal"\nentered')
    assert "add a section [links.deal]" in refused(text)
    assert "whose id" in refused(text.replace('id_of = "deal"\n', ""))
    assert "which lead" in refused(DATED.replace('lead_id = "Record ID"\nentered', "entered"))
    assert Definition.parse(text.replace('"deal"', '"lead"')).outcomes["opportunity"].id == "x"


def test_events_have_one_kind_and_say_who_acted(
    refused: Callable[[str], str], example: str
) -> None:
    assert "events.web.by" in refused(example.replace('by = "lead"', ""))
    both = 'kind = "page_view"\nkind_column = "type"'
    assert "goes without kind" in refused(example.replace('kind = "page_view"', both))
    assert "neither kind nor kind_column" in refused(example.replace('kind = "page_view"', ""))
    task = example.replace('by = "us"', 'by = "us"\nfeatures = true')
    assert Definition.parse(task).events["task"].learned_from
    web = example.replace('by = "lead"', 'by = "lead"\nfeatures = true')
    assert "remove it" in refused(web)


def test_outcomes_have_one_stage(refused: Callable[[str], str]) -> None:
    assert "neither stage nor stage_column" in refused(
        DATED.removesuffix('stage = "opportunity"\n')
    )
    assert "goes without stage" in refused(DATED + 'stage_column = "s"')
    assert "stage_column, which is missing" in refused(DATED + 'stages = { a = "b" }')


def test_criteria() -> None:
    c = Criterion.model_validate(
        {"field": "Size", "at_least": 50, "at_most": 5000.5, "known": "after contact"}
    )
    assert (c.at_least, c.at_most, c.known) == (50, 5000.5, "after contact")
    assert Criterion(field="f", present=False).present is False
    assert Criterion(field="f", equals=True).equals is True
    assert Criterion(field="f", at_least=date(2020, 1, 1)).at_least == date(2020, 1, 1)
    assert Criterion(field="f", in_=("a",), unless={"Source": "Referral"}).unless == {
        "Source": ("Referral",)
    }
    for wrong, said in [
        ({}, "what is asked"),
        ({"at_least": 2, "at_most": 1}, "no lead can pass"),
        ({"at_least": "2"}, "number or a day"),
        ({"in": []}, "at least 1"),
        ({"in": [[1]]}, "a text, a number"),
        ({"known": "later", "equals": 1}, "at hand-off"),
        ({"equals": float("nan")}, "a text, a number"),
    ]:
        with pytest.raises(ValidationError, match=said):
            Criterion.model_validate({"field": "f", **wrong})


def test_money_and_durations_are_not_negative(refused: Callable[[str], str]) -> None:
    for line in ("[money]\nvalue_of_win = -1", "[money]\ncapacity_per_month = -0.5"):
        assert "must be 0 or more" in refused(DATED + line)
    assert "must be 0 or more" in refused(DATED.replace("= 90", "= -90"))
    assert "finite" in refused(DATED.replace("= 90", "= inf"))
    assert Definition.parse(DATED.replace("= 90", "= 0.5")).conversion.within_days == 0.5


def test_time_zones_are_iana_names(refused: Callable[[str], str]) -> None:
    zoned = 'name = "dated"\ntime_zone = "{}"'
    assert Definition.parse(DATED).time_zone == "UTC"
    said = refused(DATED.replace('name = "dated"', zoned.format("Europe/Berln")))
    assert "did you mean Europe/Berlin?" in said
    for odd in ("../etc/passwd", "CET+1", "Europe", "/etc/localtime"):
        assert "IANA name" in refused(DATED.replace('name = "dated"', zoned.format(odd)))


def test_addresses_never_stand_in_the_file_and_are_never_repeated(
    refused: Callable[[str], str],
) -> None:
    address = "postgresql://me:secret@db/crm"
    for line in (
        f'url = "{address}"',
        f'url_env = "{address}"',
        f'path = "{address}"',
        f'path = ["a.csv", "{address}"]',
        f'delimiter = "{address}"',
    ):
        text = DATED.replace('path = "contacts.csv"\nlead_id', f"{line}\nlead_id", 1)
        said = refused(text)
        assert "secret" not in said
        assert "git" in said or "one character" in said
    text = DATED.replace(
        'path = "contacts.csv"\nlead_id', 'sql = "SELECT 1"\nurl_env = "CRM_URL"\nlead_id', 1
    )
    assert Definition.parse(text).leads.sql == "SELECT 1"
    assert "url_env, which is missing" in refused(text.replace('url_env = "CRM_URL"\n', ""))
    assert "sql, which is missing" in refused(text.replace('sql = "SELECT 1"\n', ""))
    assert "environment variable" in refused(text.replace("CRM_URL", "CRM URL"))


def test_exports_say_where_when_and_how() -> None:
    export = Export.model_validate(
        {
            "path": ["a.csv", "b.csv"],
            "exported_at": datetime(2024, 1, 1, tzinfo=UTC),
            "where": {"Type": "New Business", "Stage": ["A_*", "B"], "Own": 1},
            "delimiter": "\t",
            "encoding": "cp1252",
            "decimal": ",",
            "dates": "%d.%m.%y",
        }
    )
    assert export.paths == ("a.csv", "b.csv")
    assert export.where == {"Type": ("New Business",), "Stage": ("A_*", "B"), "Own": ("1",)}
    assert Export().paths == ()
    for wrong, said in [
        ({"path": []}, "text or a list of texts"),
        ({"path": ["a", 1]}, "text or a list of texts"),
        ({"path": "a", "sql": "SELECT 1", "url_env": "X"}, "not both"),
        ({"exported_at": "2024-01-01"}, "without quotes"),
        ({"covers_from": datetime(2024, 1, 1)}, "must be a day"),
        ({"where": {"a": True}}, "as they stand"),
        ({"where": {"a": []}}, "as they stand"),
        ({"encoding": "utf-99"}, "no encoding"),
        ({"dates": "%d/%m"}, "day, month and year"),
        ({"dates": "%d/%m/%Q"}, "day, month and year"),
        ({"delimiter": ";;"}, "1 character"),
    ]:
        with pytest.raises(ValidationError, match=said):
            Export.model_validate(wrong)


def test_lists_do_not_merge_columns(refused: Callable[[str], str]) -> None:
    said = refused(DATED + '[lists.fair]\n"Mail" = "Email"\n"E-Mail" = "Email"\n')
    assert 'lists.fair."E-Mail"' not in said or "2 headers" in said
    assert "2 headers become the same column" in said


def test_folders(tmp_path: Path) -> None:
    file = tmp_path / "pipelines" / "d.toml"
    file.parent.mkdir()
    file.write_text(DATED, encoding="utf-8")
    assert Definition.read(file).folder == file.parent
    assert Definition.read(file).path == file
    assert Definition.read(file, data=tmp_path / "x").folder == tmp_path / "x"
    file.write_text('data = "../exports"' + DATED, encoding="utf-8")
    assert Definition.read(file).folder == tmp_path / "exports"
    assert Definition.read(file, data=tmp_path / "x").folder == tmp_path / "x"
    assert Definition.parse(DATED, folder=tmp_path).folder == tmp_path
    assert Definition.read(file).text == 'data = "../exports"' + DATED


def test_where_a_definition_stands_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "d.toml").write_text("# a comment\n" + DATED, encoding="utf-8")
    read = Definition.read(tmp_path / "d.toml")
    assert read == Definition.parse(DATED)
    assert read.text.startswith("# a comment")
    built = Definition(**{n: getattr(read, n) for n in Definition.model_fields})
    assert built.text == built.to_toml()
    assert built == read


def test_sections_do_not_change(example: str) -> None:
    d = Definition.parse(example)
    with pytest.raises(ValidationError, match="frozen"):
        d.conversion.within_days = 30  # type: ignore[misc]


def test_python_names_for_keys_that_python_reserves(refused: Callable[[str], str]) -> None:
    assert Column(cls="fixed").cls == "fixed"
    assert Criterion(field="f", in_=("a",)).in_ == ("a",)
    said = refused(DATED + '[leads.columns]\nTitle = { cls = "fixed" }')
    assert "leads.columns.Title.cls: unknown key" in said


def test_tables_are_named_by_their_key_path(example: str) -> None:
    tables = dict(Definition.parse(example).tables())
    assert list(tables) == [
        "leads",
        "related.account",
        "links.contact",
        "links.opportunity",
        "events.web",
        "events.task",
        "outcomes.opportunity",
        "history.lead",
        "suppression",
    ]
    assert isinstance(tables["leads"], LeadsTable)
    assert isinstance(tables["events.web"], EventTable)
    assert isinstance(tables["outcomes.opportunity"], OutcomeTable)


def test_the_account_is_known_by_its_column_or_by_the_key_of_its_table(example: str) -> None:
    assert Definition.parse(example).account_key == "AccountId"
    assert Definition.parse(DATED).account_key is None


def test_names_can_be_names_of_models_and_folders(refused: Callable[[str], str]) -> None:
    for odd in ("a/b", "a:b", "", ".hidden", "a b"):
        assert re.search(
            "begin with a letter", refused(DATED.replace('name = "dated"', f'name = "{odd}"'))
        )


def test_errors_are_definition_errors() -> None:
    with pytest.raises(DefinitionError):
        Definition.parse("")
