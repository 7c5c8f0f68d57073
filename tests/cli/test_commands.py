"""The command line as a user meets it: what it prints, what it leaves, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from predict.cli.app import main
from predict.publish import files_in

AS_OF = ("--as-of", "2026-07-01")
HEAVY = ("pandas", "numpy", "pydantic", "lightgbm", "mlflow", "sklearn", "duckdb", "ibis", "shap")


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Predict = Callable[..., Ran]


@pytest.fixture
def predict(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Predict:
    """Return a function that runs one command; an exception that gets out fails the test."""

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["predict", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        else:
            code = 0
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def at_home(company, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Return the trained company, whose home is the default for this test."""
    monkeypatch.setenv("PREDICT_HOME", str(company.home))
    return company


def test_help_is_light() -> None:
    code = (
        "import sys, contextlib\n"
        "sys.argv = ['predict', '--help']\n"
        "from predict.cli.app import main\n"
        "with contextlib.suppress(SystemExit):\n"
        "    main()\n"
        f"sys.stderr.write(' '.join(set(sys.modules) & set({HEAVY!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, timeout=120
    )
    assert done.stderr == b""
    verbs = ["check", "train", "backtest", "score", "inbox", "explain", "models", "demo"]
    for verb in (*verbs, "monthly", "promote", "rollback", "forget", "monitor", "card"):
        assert verb.encode() in done.stdout


def test_demo_says_what_it_wrote_and_what_to_do_next(predict: Predict, tmp_path: Path) -> None:
    to = tmp_path / "demo"
    done = predict("demo", "--to", to, "--leads", 300, "--seed", 4)
    assert done.code == 0
    assert "300 in leads" in done.out
    assert f"predict train {to / 'definition.toml'}" in done.out
    before = files_in(to)
    assert predict("demo", "--to", to, "--leads", 300, "--seed", 4).code == 0
    assert files_in(to) == before
    other = predict("demo", "--to", to, "--leads", 301, "--seed", 4)
    assert other.code == 1 and "holds the result of other inputs" in other.err


@pytest.mark.parametrize(("shape", "leads"), [("salesforce", "Lead"), ("hubspot", "contacts")])
def test_demo_in_a_vendors_shape_checks(predict: Predict, tmp_path, shape, leads) -> None:
    to = tmp_path / shape
    done = predict("demo", "--to", to, "--leads", 1_200, "--seed", 4, "--as", shape)
    assert done.code == 0
    assert leads in done.out
    checked = predict("check", to / "definition.toml", "--quick")
    assert checked.code == 0
    assert "1,200 leads, created from" in checked.out
    clean = predict("demo", "--to", to, "--leads", 1_200, "--seed", 4)
    assert clean.code == 1 and "holds the result of other inputs" in clean.err
    wrong = predict("demo", "--to", to, "--as", "sap")
    assert wrong.code == 1 and "'salesforce'" in wrong.err and "predict demo --help" in wrong.err


def test_check_tells_findings_in_words_and_as_json(predict: Predict, company, tmp_path) -> None:
    told = tmp_path / "findings.json"
    done = predict("check", company.definition, "--quick", "--json", told)
    assert done.code == 0
    assert "leads reached “opportunity”" in done.out
    found = json.loads(told.read_text(encoding="utf-8"))
    assert set(found) == {"findings", "counts", "rejects", "delay"}
    assert {f["severity"] for f in found["findings"]} <= {"block", "warn", "note"}
    assert all(f["sentence"].rstrip().endswith((".", "!", "?")) for f in found["findings"])


def test_training_the_same_export_twice_registers_one_version(predict: Predict, at_home) -> None:
    done = predict("train", at_home.definition)
    assert done.code == 0
    assert "trained on the same export before; nothing to do" in done.out
    listed = predict("models")
    versions, moves = listed.out.split("In use, opportunity-in-90-days")
    rows = [line for line in versions.splitlines() if "opportunity-in-90-days" in line]
    assert "better by" in moves
    assert len(rows) == 1 and "champion" in rows[0]
    assert "first model in use" in at_home.verdict


def test_models_of_an_empty_home(predict: Predict, tmp_path: Path) -> None:
    done = predict("models", "--home", tmp_path / "nobody")
    assert done.code == 0
    assert "predict train FILE.toml" in done.out


def test_a_list_is_scored_and_its_best_lead_explained(predict: Predict, at_home, tmp_path) -> None:
    to = tmp_path / "scored"
    order = ("score", at_home.exports / "new_leads.csv", "--definition", at_home.definition)
    done = predict(*order, "--to", to, *AS_OF)
    assert (done.code, done.err) == (0, "")
    assert "As known before 2026-07-01 00:00 UTC" in done.out
    assert "400 rows: " in done.out
    assert str(to / "list.html") in done.out
    again = predict(*order, "--to", to, *AS_OF)
    assert again.code == 0 and "Left as it was, the same inputs" in again.out
    other = predict(*order, "--to", to, "--as-of", "2026-07-02")
    assert other.code == 1 and "result of other inputs" in other.err

    best = predict("explain", "--scored", to)
    assert best.code == 0 and "rated qualified" in best.out
    scores = pd.read_parquet(to / "scored.parquet")
    lead = scores.loc[scores["rated_qualified"], "lead_id"].iloc[0]
    named = predict("explain", lead, "--scored", to)
    assert named.code == 0 and " because" in named.out
    missing = predict("explain", lead + "x", "--scored", to)
    assert missing.code == 1 and "did you mean L-" in missing.err
    assert predict("explain", "--scored", tmp_path).code == 1


def test_how_a_foreign_list_was_read_is_printed(predict: Predict, at_home, tmp_path: Path) -> None:
    path = tmp_path / "messe.csv"
    path.write_text("Position;Land;Rating\nBuyer;Deutschland;A\nClerk;Schweiz;B\n")
    order = ("score", path, "--definition", at_home.definition, *AS_OF, "--for", "salesforce")
    done = predict(*order, "--to", tmp_path / "to")
    assert (done.code, done.err) == (0, "")
    assert "2 rows: 2 on profile alone" in done.out
    assert "Position → job_title  (synonym of “job_title”, likely)" in done.out
    assert "columns not used: Rating" in done.out
    assert "salesforce_insert.csv 0, not_imported.csv 2" in done.out
    assert (tmp_path / "to" / "mapping.toml").exists()
    wrong = predict(*order[:-1], "pipedrive", "--to", tmp_path / "other")
    assert wrong.code == 1 and "--for salesforce or --for hubspot" in wrong.err


def test_an_inbox_is_emptied_and_says_what_came_back(predict: Predict, at_home, tmp_path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.csv").write_text("Position;Land\nBuyer;Deutschland\n")
    (folder / "bad.csv").write_text("Foo;Bar\n1;2\n")
    order = ("inbox", folder, "--definition", at_home.definition, *AS_OF)
    done = predict(*order)
    assert (done.code, done.err) == (2, "")
    assert "good.csv: 1 row: 1 on profile alone" in done.out
    assert "bad.csv: comes back, None of the columns could be recognised" in done.out
    assert str(folder / "to_fix" / "bad-2026-07-01" / "what_to_fix.html") in done.out
    again = predict(*order)
    assert (again.code, again.out) == (0, "No new list.\n")
    missing = predict("inbox", tmp_path / "no", "--definition", at_home.definition)
    assert missing.code == 1 and "there is no such folder" in missing.err


def test_the_recipe_for_cron_empties_an_inbox(at_home, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("Position;Land\nBuyer;Deutschland\n")
    recipe = Path(__file__).parents[2] / "pipelines" / "inbox.py"
    ran = subprocess.run(
        [sys.executable, recipe, tmp_path, at_home.definition],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ran.returncode == 0, ran.stderr
    assert "good.csv: 1 row" in ran.stdout
    assert len(list((tmp_path / "done").iterdir())) == 1


def test_brackets_in_a_list_are_text(predict: Predict, at_home, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("lead_id,job_title,[/notes]\nx,[red]Buyer[/],:smile:\n", encoding="utf-8")
    to = tmp_path / "to"
    done = predict("score", path, "--definition", at_home.definition, "--to", to, *AS_OF)
    assert done.code == 0 and "columns not used: [/notes]" in done.out
    assert predict("explain", "x", "--scored", to).code == 0


def test_open_leads_are_scored_from_another_folder(predict, at_home, tmp_path: Path) -> None:
    agreed = tmp_path / "agreed.toml"
    agreed.write_bytes(at_home.definition.read_bytes())
    order = ("score", "--open", "--definition", agreed, "--to", tmp_path / "open", *AS_OF)
    lost = predict(*order)
    assert lost.code == 1 and "leads.csv" in lost.err
    done = predict(*order, "--data", at_home.exports)
    assert done.code == 0 and "not among them, as no longer open" in done.out


def test_a_backtest_leaves_predictions_figures_and_curves(predict, company, tmp_path) -> None:
    to = tmp_path / "backtest"
    order = ("backtest", company.definition, "--to", to, "--start", "2026-02-01")
    done = predict(*order)
    assert done.code == 0 and "log loss" in done.out
    assert "…" not in done.out  # no column is squeezed where there is no terminal
    names = {p.name for p in to.iterdir()}
    assert {"backtest.parquet", "summary.json", "calibration.svg", "manifest.json"} <= names
    frame = pd.read_parquet(to / "backtest.parquet")
    columns = {"lead_id", "as_of", "cutoff", "y", "probability", "basis"}
    assert columns <= set(frame.columns)
    assert frame["cutoff"].min() >= pd.Timestamp("2026-02-01")
    assert frame["cutoff"].dt.day.eq(1).all()
    before = files_in(to)
    assert predict(*order).code == 0
    assert files_in(to) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "nowhere.toml"), "nowhere.toml"),
        (("train", "nowhere.toml"), "nowhere.toml"),
        (("score", "--definition", "{definition}", "--to", "{to}"), "name a LIST, or say --open"),
        (("score", "l.csv", "--open", "--definition", "x.toml", "--to", "{to}"), "one of the two"),
        (("score", "new_lead.csv", "--definition", "{definition}", "--to", "{to}"), "no such list"),
        (
            ("score", "{new}", "--definition", "{definition}", "--to", "{to}", "--as-of", "soon"),
            "write it like 2026-07-01",
        ),
        (
            ("score", "{new}", "--definition", "{definition}", "--to", "{file}/x", *AS_OF),
            "where: {file}",
        ),
        (
            ("score", "{new}", "--definition", "{definition}", "--to", "{to}", "--list", "trade"),
            "[lists.trade]",
        ),
        (("backtest", "{definition}", "--to", "{to}", "--start", "soon"), "--start"),
        (("backtest", "{definition}", "--to", "{to}", "--end", "1999-01-01"), "error: "),
        (("explain", "--scored", "{to}"), "no scored list"),
    ],
)
def test_mistakes_end_in_a_sentence(
    predict: Predict, at_home, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "file").touch()
    places = {
        "definition": at_home.definition,
        "new": at_home.exports / "new_leads.csv",
        "to": tmp_path / "to",
        "file": tmp_path / "file",
    }
    done = predict(*(a.format(**places) for a in arguments))
    assert done.code == 1
    assert done.err.startswith("error: ") and said.format(**places) in done.err
    assert "Errno" not in done.err
    assert not (tmp_path / "to").exists()


def test_scoring_before_training_is_refused(predict: Predict, company, tmp_path: Path) -> None:
    home = ("--home", tmp_path / "empty")
    listed = company.exports / "new_leads.csv"
    done = predict(
        "score", listed, "--definition", company.definition, "--to", tmp_path / "to", *AS_OF, *home
    )
    assert done.code == 2
    assert "no model of “opportunity-in-90-days” is in use" in done.err
    assert "run predict train first" in done.err


@pytest.mark.parametrize("table", ["leads", "stages"])
def test_a_column_missing_from_the_crm_is_named_with_the_nearest(
    predict: Predict, company, tmp_path: Path, table: str
) -> None:
    for file in company.exports.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    path = tmp_path / f"{table}.csv"
    path.write_text(path.read_text().replace('"lead_id"', '"leadid"', 1))
    done = predict("check", company.definition, "--data", tmp_path)
    assert done.code == 1
    assert 'the column "lead_id" is missing' in done.err and 'is it "leadid"?' in done.err
