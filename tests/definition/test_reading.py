from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from predict.definition.schema import Definition
from predict.errors import DefinitionError

MISTAKEN = """\
name = "x y"
within_days = 3
frequency = 2

[conversion]
stage = "opportunty"
within_dys = 90
export_lag_days = "2"

[snapshots]
ages_days = [
    0,
    -7,       # line 13
]

[leads]
lead_id = ""
[leads.columns]
Title = "fixt"
"Last, Activity" = { class = "fixed", type = "num" }

[events.web]
lead_id = "x"
by = "them"
values = "seconds"
covers_from = "2024-03-01"

[related]
account = 3

[reading]
reject_cap_share = 2
reject_cap_rows = 1.5
"""


def test_every_mistake_is_named_with_its_line(refused: Callable[[str], str]) -> None:
    said = refused(MISTAKEN)
    for line in [
        "line 1: name: must begin with a letter",
        "line 2: within_days: unknown key; it belongs in [conversion]",
        "line 3: frequency: unknown key; the keys of the top are name, time_zone",
        "line 5: conversion.within_days: is missing; add within_days to [conversion]",
        "line 7: conversion.within_dys: unknown key; did you mean within_days?",
        'line 8: conversion.export_lag_days: must be a number, without quotes, found "2"',
        "line 13: snapshots.ages_days[1]: must be 0 or more, found -7",
        "line 16: leads.created_at: is missing",
        'line 17: leads.lead_id: must not be empty, found ""',
        'line 19: leads.columns.Title.class: must be "fixed", "mutable"',
        'found "fixt"; did you mean fixed?',
        'line 20: leads.columns."Last, Activity".type: must be "number"',
        "line 22: events.web.occurred_at: is missing",
        'line 24: events.web.by: must be "lead" or "us", found "them"',
        'line 25: events.web.values: must be a list in brackets, found "seconds"',
        "line 26: events.web.covers_from: must be a day",
        "line 29: related.account: must be a section with keys of its own, found 3",
        "line 32: reading.reject_cap_share: must be 1 or less, found 2",
        "line 33: reading.reject_cap_rows: must be a whole number, without quotes, found 1.5",
    ]:
        assert line in said
    assert "where: d.toml" in said
    assert said.startswith("18 things must be put right")
    lines = [int(part.split(":")[0]) for part in said.split("  line ")[1:]]
    assert lines == sorted(lines)


def test_a_single_mistake_has_all_four_parts(example: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        Definition.parse(example.replace('"HubSpot Score" = "incumbent"', '"A b" = "incumbant"'))
    error = caught.value
    line = example.splitlines().index('"HubSpot Score" = "incumbent"') + 1
    assert error.what.startswith('must be "fixed"')
    assert error.where == f'the definition, line {line}: leads.columns."A b".class'
    assert error.got == '"incumbant"'
    assert error.do == "did you mean incumbent?"
    # pydantic's own error quotes the input, which may hold an address with a password.
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("right", "wrong", "path", "cure"),
    [
        ("[never_use]", "[never_used]", "never_used", "did you mean never_use?"),
        ("[events.web]", "[event.web]", "event", "did you mean events?"),
        ("entered_at", "enterd_at", "outcomes.opportunity.enterd_at", "mean entered_at?"),
        ("their_key", "key_of_theirs", None, None),
        ("known =", "Known =", "criteria.country.Known", "did you mean known?"),
        ("\nsource =", "\nexported =", "leads.exported", "did you mean exported_at?"),
        ("\nsource =", "\nby =", "leads.by", "it belongs in [events.…]"),
    ],
)
def test_unknown_keys_are_refused_with_the_nearest_known_one(
    example: str, right: str, wrong: str, path: str | None, cure: str | None
) -> None:
    text = example.replace(right, wrong)
    if path is None:  # stands in a comment only
        assert Definition.parse(text) == Definition.parse(example)
        return
    with pytest.raises(DefinitionError) as caught:
        Definition.parse(text)
    assert f"{path}: unknown key" in str(caught.value) or str(caught.value.where).endswith(path)
    assert str(cure) in str(caught.value)


def test_a_missing_section_is_told_as_a_section(refused: Callable[[str], str]) -> None:
    said = refused('name = "a"')
    assert "conversion: is missing; add a section [conversion]" in said
    assert "leads: is missing; add a section [leads]" in said


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a = 1\na = 2\n", 2, "already exists"),
        ("x = 1\ny = \n", 2, "unexpected character"),
        ('x = "\n', 1, ""),
        ("[a]\n[a]\n", 0, "already exists"),
        ("name = opportunity\n", 1, ""),
    ],
)
def test_what_is_not_toml(refused: Callable[[str], str], text: str, line: int, said: str) -> None:
    answer = refused(text)
    assert "not TOML" in answer
    assert said in answer
    if line:
        assert f"d.toml, line {line}" in answer


def test_files(tmp_path: Path, example: str) -> None:
    file = tmp_path / "d.toml"
    with pytest.raises(DefinitionError, match="no such definition"):
        Definition.read(file)
    file.write_bytes(b"\xef\xbb\xbf" + example.replace("\n", "\r\n").encode())
    assert Definition.read(file) == Definition.parse(example)
    with pytest.raises(DefinitionError, match=r"beside it are: d\.toml"):
        Definition.read(tmp_path / "e.toml")
    file.write_bytes('name = "größe"'.encode("cp1252"))
    with pytest.raises(DefinitionError, match="not UTF-8"):
        Definition.read(file)
    with pytest.raises(DefinitionError, match="is a folder"):
        Definition.read(tmp_path)


def test_words_with_places_that_nothing_fills_are_refused(refused: Callable[[str], str]) -> None:
    said = refused(
        """
[wording.title]
value = "is {valeu}"
[wording.firm]
value = "has a firm"
[wording.size]
many = "{n!r:>99} people"
[wording.empty]
"""
    )
    for line in [
        'wording.title.value: has braces that nothing fills, found "is {valeu}"; write {value}',
        'wording.firm.value: does not say the text, found "has a firm"',
        "wording.size.many: has braces that nothing fills",
        "wording.empty: words nothing",
    ]:
        assert line in said, (line, said)
