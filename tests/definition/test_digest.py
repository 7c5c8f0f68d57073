from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import tomlkit

from predict.definition.complaints import dotted
from predict.definition.schema import Definition

DEFAULTS: dict[tuple[str, ...], Any] = {
    ("conversion", "export_lag_days"): 0,
    ("related", "account", "their_key"): "Id",
    ("events", "task", "features"): False,
    ("history", "lead", "old"): "old",
    ("history", "lead", "of"): "leads",
    ("history", "lead", "id_of"): "lead",
    ("criteria", "country", "known"): "at hand-off",
    ("leads", "outcome_values"): [],
    ("reading", "reject_cap_rows"): 100,
    ("reading", "free_mail"): [],
    ("links", "contact", "kind"): "id",
}
MEANS_THE_SAME: dict[tuple[str, ...], Any] = {
    ("name",): "another",
    ("data",): "../exports",
    ("leads", "path"): ["a.csv", "b.csv"],
    ("leads", "exported_at"): date(2026, 1, 1),
    ("leads", "delimiter"): ";",
    ("leads", "encoding"): "cp1252",
    ("leads", "decimal"): ",",
    ("leads", "dates"): "%d/%m/%Y",
    ("events", "web", "sheet"): "Sheet 2",
    ("leads", "columns", "Title"): {"class": "fixed", "words": "position"},
    ("leads", "columns", "Status"): {"class": "mutable", "insist": True},
    ("money", "value_of_win"): 1,
    ("money",): None,
    ("suppression",): None,
    ("lists", "webinar"): {"Mail": "Email"},
    ("words", "page_view"): {"did": "saw", "thing": "page", "things": "pages"},
    ("reading", "reject_cap_share"): 0.5,
    ("conversion", "within_days"): 90.0,
    ("conversion", "lost_stages"): ["disqualified", "lost"],
    ("snapshots", "ages_days"): [60, 30.0, 7, 0],
    ("events", "web", "values"): ["pages", "seconds"],
    ("criteria", "country", "in"): ["CH", "AT", "DE"],
    ("outcomes", "opportunity", "id_of"): ["opportunity"],
}
MEANS_ANOTHER: dict[tuple[str, ...], Any] = {
    ("time_zone",): "UTC",
    ("conversion", "within_days"): 60,
    ("conversion", "stage"): "won",
    ("conversion", "lost_stages"): ["lost"],
    ("conversion", "export_lag_days"): 2,
    ("snapshots", "ages_days"): [0, 7],
    ("leads", "lead_id"): "LeadId",
    ("leads", "source"): None,
    ("leads", "covers_from"): date(2024, 1, 1),
    ("leads", "where"): {"Type": "New"},
    ("leads", "columns", "Phone"): "personal",
    ("leads", "columns", "Title"): None,
    ("links", "account"): {"lead_id": "a", "other_id": "b"},
    ("links", "contact", "separator"): ";",
    ("links", "contact", "kind"): "email",
    ("ids",): "salesforce",
    ("people", "contact"): {"lead_id": "Id", "created_at": "CreatedDate"},
    ("reading", "free_mail"): ["mail.example"],
    ("history", "lead"): None,
    ("history", "lead", "fields"): {"status": "Status"},
    ("history", "lead", "id_of"): ["lead", "contact"],
    ("history", "lead", "new"): "value",
    ("events", "web", "by"): "us",
    ("events", "web", "values"): ["pages"],
    ("events", "task", "features"): True,
    ("outcomes", "opportunity", "stages", "Closed Won"): "opportunity",
    ("criteria", "country", "in"): ["DE"],
    ("criteria", "country", "known"): "after contact",
    ("criteria", "country"): None,
    ("never_use", "columns"): ["Gender", "Age"],
}
Change = Callable[..., Definition]


def _id(path: object) -> str | None:
    return ".".join(path) if isinstance(path, tuple) else None


def test_a_digest_is_a_digest(example: str) -> None:
    digest = Definition.parse(example).digest()
    assert len(digest) == 64
    assert digest == Definition.parse(example).digest()


def test_looks_do_not_count(example: str) -> None:
    plain = Definition.parse(example)
    bare = Definition.parse(tomlkit.dumps(tomlkit.parse(example).unwrap()))
    spaced = Definition.parse(example.replace("\n", "\n\n").replace(" = ", "   =  "))
    with_dots = Definition.parse(
        example.replace("[snapshots]\nages_days", "snapshots.ages_days")
        .replace("[conversion]\n", "")
        .replace('stage = "opp', 'conversion.stage = "opp', 1)
        .replace("within_days", "conversion.within_days", 1)
        .replace("lost_stages", "conversion.lost_stages", 1)
        .replace("export_lag_days", "conversion.export_lag_days", 1)
    )
    assert plain.digest() == bare.digest() == spaced.digest() == with_dots.digest()
    assert with_dots == plain


def test_the_order_of_keys_does_not_count(example: str) -> None:
    def shuffled(value: Any, draw: random.Random) -> Any:
        if not isinstance(value, dict):
            return value
        keys = list(value)
        draw.shuffle(keys)
        return {key: shuffled(value[key], draw) for key in keys}

    values = tomlkit.parse(example).unwrap()
    digest = Definition.parse(example).digest()
    for seed in range(20):
        text = tomlkit.dumps(shuffled(values, random.Random(seed)))
        assert Definition.parse(text).digest() == digest


@pytest.mark.parametrize("path", DEFAULTS, ids=_id)
def test_defaults_spelled_out_do_not_count(
    example: str, changed: Change, path: tuple[str, ...]
) -> None:
    d = changed({path: DEFAULTS[path]})
    assert d.digest() == Definition.parse(example).digest()
    assert d == Definition.parse(example)


@pytest.mark.parametrize("path", MEANS_THE_SAME, ids=_id)
def test_what_means_the_same(example: str, changed: Change, path: tuple[str, ...]) -> None:
    d = changed({path: MEANS_THE_SAME[path]})
    assert d.digest() == Definition.parse(example).digest()
    assert d.differences(Definition.parse(example)) == []


@pytest.mark.parametrize("path", MEANS_ANOTHER, ids=_id)
def test_what_means_something_else(example: str, changed: Change, path: tuple[str, ...]) -> None:
    plain, d = Definition.parse(example), changed({path: MEANS_ANOTHER[path]})
    assert d.digest() != plain.digest()
    found = d.differences(plain)
    assert found == plain.differences(d)
    assert len(found) == 1
    # A section that comes or goes is named itself, else the key in it.
    assert found[0].startswith(dotted(path)) or dotted(path).startswith(found[0])


def test_differences_name_every_key_path(example: str, changed: Change) -> None:
    d = changed(
        {
            ("conversion", "within_days"): 30,
            ("leads", "columns", "HubSpot Score"): "fixed",
            ("leads", "columns", "Industry"): "fixed",
            ("events", "task"): None,
            ("leads", "path"): "elsewhere.csv",
        }
    )
    assert d.differences(Definition.parse(example)) == [
        "conversion.within_days",
        "events.task",
        'leads.columns."HubSpot Score".class',
        "leads.columns.Industry",
    ]


def test_numbers_are_not_booleans(changed: Change) -> None:
    one, true = (
        changed({("criteria", "country"): {"field": "c", "equals": value}}) for value in (1, True)
    )
    assert one.digest() != true.digest()
    assert one.differences(true) == ["criteria.country.equals"]
    text = changed({("criteria", "country"): {"field": "c", "equals": "1"}})
    assert text.digest() != one.digest()


def test_a_query_counts_and_its_address_does_not(changed: Change) -> None:
    def asked(sql: str, env: str) -> Definition:
        d = changed({("leads", "path"): None, ("leads", "sql"): sql, ("leads", "url_env"): env})
        return d

    plain = asked("SELECT * FROM leads", "CRM_URL")
    assert asked("SELECT * FROM leads", "OTHER_URL").digest() == plain.digest()
    assert asked("SELECT * FROM people", "CRM_URL").differences(plain) == ["leads.sql"]
