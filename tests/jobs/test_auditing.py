"""The audit in its jobs: a training that refuses, a check that says so, what is kept."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from predict.cli.app import main
from predict.errors import RefusedError
from predict.home import Home
from predict.jobs.training import train

TRAPS = ("status", "last_call_seconds", "budget_confirmed", "lifetime_page_views")
BANK = Path(__file__).parents[3] / "shared" / "data" / "bank" / "contacts.csv"


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["predict", *map(str, arguments)])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _undeclared(company, folder: Path, more: str = "") -> Path:  # type: ignore[no-untyped-def]
    text = company.definition.read_text(encoding="utf-8")
    for name in TRAPS:
        text = re.sub(rf"(?m)^{name} = .*$", "", text)
    text = re.sub(r"(?s)\[criteria\.budget\].*?(?=\n\[)", "", text)
    file = folder / "definition.toml"
    file.write_text(text.replace('name = "', f'data = "{company.exports}"\nname = "', 1) + more)
    return file


def test_undeclared_traps_stop_a_training_and_nothing_is_kept(company, tmp_path):
    home = Home.at(tmp_path / "home")
    with pytest.raises(RefusedError) as refused:
        train(_undeclared(company, tmp_path), home)
    assert refused.value.exit_code == 2
    assert refused.value.where == ", ".join(sorted(TRAPS))
    assert "leak-" in str(refused.value.got)
    assert not home.archive.exists()


def test_a_check_tells_the_audit_unless_it_is_quick(company, tmp_path, monkeypatch, capsys):
    file, told = _undeclared(company, tmp_path), tmp_path / "told.json"
    monkeypatch.setenv("PREDICT_HOME", str(tmp_path / "home"))
    assert _run(monkeypatch, "check", file, "--json", told) == 2
    assert "budget_confirmed" in capsys.readouterr().out
    found = json.loads(told.read_text())
    assert found["audit"]["blocked"] == sorted(TRAPS)
    assert _run(monkeypatch, "check", file, "--quick") == 0


def test_an_allowed_column_is_told_and_an_expired_one_stops(company, tmp_path, monkeypatch):
    lines = [
        f'[audit.allow.{name}]\nreason = "asked on the form"\nby = "A. Muster"\nuntil = {until}\n'
        for name, until in zip(TRAPS, ["2026-12-31"] * 3 + ["2026-06-01"], strict=True)
    ]
    file, told = _undeclared(company, tmp_path, "\n" + "\n".join(lines)), tmp_path / "told.json"
    monkeypatch.setenv("PREDICT_HOME", str(tmp_path / "home"))
    assert _run(monkeypatch, "check", file, "--json", told) == 2
    found = json.loads(told.read_text())["audit"]
    assert found["blocked"] == ["lifetime_page_views"]
    assert found["allowed"]["status"]["by"] == "A. Muster"
    assert found["allowed"]["status"]["counts"]
    assert not found["allowed"]["lifetime_page_views"]["counts"]
    blocks = [v for v in found["verdicts"] if v["severity"] == "block"]
    assert any("which is over" in v["sentence"] for v in blocks)


@pytest.mark.shared
@pytest.mark.parametrize("renamed", [False, True])
def test_of_the_bank_the_length_of_the_call_alone_stops(renamed, tmp_path):
    if not BANK.exists():
        pytest.skip("the real exports are not here")
    head, *rows = BANK.read_text(encoding="utf-8").splitlines()
    names = head.split(";")
    middle = names[2:-1]
    new = [f"c{i}" for i in range(1, len(middle) + 1)] if renamed else middle
    lines = [";".join([*names[:2], *new, names[-1]]), *rows]
    (tmp_path / "contacts.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "bank.toml").write_text(
        """
name = "bank"
conversion = { stage = "subscribed", within_days = 0 }
[leads]
path = "contacts.csv"
delimiter = ";"
decimal = "."
dates = "%Y-%m-%d"
lead_id = "contact_id"
created_at = "contacted_on"
outcome_column = "y"
outcome_values = ["yes"]
""",
        encoding="utf-8",
    )
    with pytest.raises(RefusedError) as refused:
        train(tmp_path / "bank.toml", Home.at(tmp_path / "home"))
    assert refused.value.where == new[middle.index("duration")]
    assert "[leak-sparse]" in str(refused.value.got)
