"""``predict init`` as a user meets it."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from predict.cli.app import main
from predict.cli.questions import asker
from predict.crm.drafting.questions import Question
from predict.definition.schema import Definition


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["predict", *map(str, arguments)])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def flat(folder: Path, n: int = 300) -> Path:
    rows = pd.DataFrame(
        {
            "id": [f"L{i:04d}" for i in range(n)],
            "created": pd.date_range("2025-01-01", periods=n, freq="D").strftime("%Y-%m-%d"),
            "country": ["DE" if i % 2 else "AT" for i in range(n)],
            "won": ["yes" if i % 5 == 0 else "no" for i in range(n)],
        }
    )
    rows.to_csv(folder / "leads.csv", index=False)
    return folder / "leads.csv"


def test_init_says_what_it_saw_what_it_wrote_and_what_to_do(tmp_path, monkeypatch, capsys):
    to = tmp_path / "my.toml"
    assert run(monkeypatch, "init", flat(tmp_path), "--to", to) == 0
    said = capsys.readouterr().out
    assert "No terminal to ask at" in said
    assert "leads.csv" in said and "300" in said and "2025-10-27" in said
    assert f"predict check {to}" in said and f"predict train {to}" in said
    assert Definition.read(to).leads.outcome_column == "won"
    assert run(monkeypatch, "check", to) == 0
    capsys.readouterr()
    assert run(monkeypatch, "init", tmp_path / "leads.csv", "--to", to, "--yes") == 1
    assert "there already" in capsys.readouterr().err
    assert run(monkeypatch, "init", tmp_path / "leads.csv", "--to", to, "--yes", "--force") == 0


def test_five_questions_with_defaults_and_a_second_chance():
    asked = [
        Question("stage", "Which?", "opportunity", {"opportunity": "12 rows", "won": "3 rows"}),
        Question("within_days", "Within?", 90.0, {}),
        Question("time_zone", "Zone?", "UTC", {}),
        Question("capacity_per_month", "How many?", 40.0, {}),
        Question("after_contact", "Which columns?", ("Budget",), {"Budget": "", "Title": ""}),
    ]
    typed = iter(["one", "won", "soon", "-1", "60", "Berlin", "Europe/Berlin", "", "Size", "none"])
    out = Console(record=True, width=100)
    given = asker(out, lambda prompt: next(typed))(asked)
    assert (given.stage, given.within_days, given.time_zone) == ("won", 60.0, "Europe/Berlin")
    assert (given.capacity_per_month, given.after_contact) == (40.0, ())
    said = out.export_text()
    assert "1 of 5" in said and "one of opportunity, won, please" in said
    assert "no such column: Size" in said and "such as Europe/Berlin" in said


def test_enter_all_the_way_is_the_default():
    asked = [Question("stage", "Which?", "won", {"won": ""})]
    given = asker(Console(record=True), lambda prompt: "")(asked)
    assert given.stage == "won" and given.within_days is None
