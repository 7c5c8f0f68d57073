"""The monthly run: idempotent, alone, refusing what is doubtful, whole wherever it is killed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.killing import (
    Stage,
    aside,
    chances,
    check_finished,
    finish,
    kill_at_write,
    known_chances,
    prepared,
    process,
)
from benchmarks.months import FIRST, SECOND, write_export
from predict.publish import files_in

NAME = "won-in-20-days"
#: Where the two months are kept between runs; by default each run learns its own.
KEPT = "PREDICT_TEST_MONTHS"


@pytest.fixture(scope="module")
def both_months(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stage, str]:
    """Return a home with one model in use, what the next month learns, and its report."""
    stage = prepared(Path(os.environ.get(KEPT) or tmp_path_factory.mktemp("months")))
    return stage, report_of(stage.reports, SECOND)


@pytest.fixture(scope="module")
def stage(both_months: tuple[Stage, str]) -> Stage:
    return both_months[0]


@pytest.fixture(scope="module")
def known(stage: Stage) -> dict[int, list[float]]:
    return known_chances(stage)


@pytest.fixture(scope="module")
def ended(stage: Stage, known: dict[int, list[float]]) -> dict[str, Any]:
    """Return what the second month told; the home as it left it is kept."""
    stage.start_over()
    told = finish(stage)
    shutil.rmtree(stage.root / "ended", ignore_errors=True)
    shutil.copytree(stage.home, stage.root / "ended")
    return told


@pytest.fixture
def second(stage: Stage, ended: dict[str, Any]) -> dict[str, Any]:
    """Return what the second month told; the home is as it left it."""
    shutil.rmtree(stage.home)
    shutil.copytree(stage.root / "ended", stage.home)
    return ended


def predict(*arguments: object) -> tuple[int, str, str]:
    """Run one command; called in a process of its own."""
    from predict.cli.app import main

    sys.argv = ["predict", *map(str, arguments)]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


def recipe(stage: Stage) -> tuple[int, str]:
    """Run the recipe for cron; called in a process of its own."""
    from pipelines.monthly import main

    os.environ["PREDICT_HOME"] = str(stage.home)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(str(stage.definition))
    return code, out.getvalue()


def contents(home: Path) -> dict[str, str]:
    return {name: sha for name, sha in files_in(home).items() if not name.endswith(".lock")}


def report_of(reports: Path, day: str) -> str:
    (folder,) = (reports / NAME).glob(f"{day}-*")
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_month_promotes_and_the_same_input_changes_no_byte(stage: Stage, second) -> None:
    assert second["state"] == "promoted" and not second["already"]
    before = contents(stage.home)
    code, out, err = aside(predict, "monthly", stage.definition, "--home", stage.home)
    assert (code, err) == (0, "")
    assert out.startswith(f"nothing new: {NAME}, export of {SECOND}: Version 2 is in use now")
    assert len(out.splitlines()) == 1
    assert aside(recipe, stage) == (0, out)
    assert contents(stage.home) == before


def test_every_figure_of_the_verdict_is_with_the_version(stage: Stage, second) -> None:
    told = aside(_logged, stage)
    assert told["tags"]["gate"] == "promote" and told["tags"]["lane"] == "refresh"
    assert told["tags"]["judged_against"] == "1"
    assert told["tags"]["verdict"] in second["line"]
    assert {n for n in told["metrics"] if n.startswith("gate/")} >= {
        "gate/gain/value",
        "gate/gain/low",
        "gate/grades/changed",
        "gate/grades/open",
    }
    assert "open leads change grade" in second["line"]


def _logged(stage: Stage) -> dict[str, Any]:
    from predict.home import Home
    from predict.registry.models import Registry

    registry = Registry(Home.at(stage.home))
    version = registry.version(NAME, 2)
    with registry.store.opened() as client:
        run = client.get_run(version.run_id)
        return {"tags": dict(version.tags), "metrics": dict(run.data.metrics)}


def test_rolling_back_scores_as_before_bit_for_bit(stage: Stage, second, known) -> None:
    assert aside(chances, stage.home) == (2, known[2])
    at = (stage.definition, "--home", stage.home)
    code, out, _ = aside(predict, "rollback", *at, "--because", "too many calls in vain")
    assert code == 0 and "Version 1 of won-in-20-days is in use again, version 2 no longer" in out
    assert aside(chances, stage.home) == (1, known[1])
    code, out, _ = aside(predict, "models", "--home", stage.home)
    assert code == 0 and "Rolled back from version 2: too many calls in vain" in out
    code, _, err = aside(predict, "rollback", *at)
    assert code == 2 and "nothing to roll back to: no model was in use before version 1" in err
    # The same export does not bring it back; somebody who says so does.
    code, out, _ = aside(predict, "monthly", *at)
    assert out.startswith("nothing new") and aside(chances, stage.home)[0] == 1
    code, out, _ = aside(predict, "promote", 2, "--definition", *at, "--because", "it was the list")
    assert code == 0 and aside(chances, stage.home) == (2, known[2])
    code, _, err = aside(predict, "promote", 7, "--definition", *at)
    assert code == 1 and "there is no version 7" in err


def test_a_doubtful_export_is_refused_and_changes_nothing(
    stage: Stage, second, tmp_path: Path
) -> None:
    before = contents(stage.home)
    for day, share, said in (
        (FIRST, 1.0, "this export is older than the last one that was archived"),
        ("2024-06-15", 0.4, "this export holds less than half of the last one"),
    ):
        definition = write_export(tmp_path / day, day, share=share)
        code, out, err = aside(predict, "monthly", definition, "--home", stage.home)
        assert (code, out) == (2, "") and said in err and "--accept" in err
        assert contents(stage.home) == before
    assert re.search(r"leads: \d+ rows, \d+;.* in the export of 2024-06-01", err)


def test_a_blocking_finding_stops_the_month_and_is_reported(
    stage: Stage, second, known, tmp_path: Path
) -> None:
    definition = write_export(tmp_path / "silent", "2024-05-20", silent=True)
    order = ("monthly", definition, "--home", stage.home)
    assert "older than the last one" in aside(predict, *order)[2]
    order = (*order, "--accept")
    code, out, err = aside(predict, *order)
    assert (code, err) == (2, "") and "Nothing was learned from this export" in out
    page = report_of(stage.home / "reports", "2024-05-20")
    assert "stops the run" in page and "What it had to show" not in page
    assert len(list((stage.home / "archive" / NAME).iterdir())) == 2
    assert aside(chances, stage.home) == (2, known[2])
    assert aside(predict, *order) == (2, f"nothing new: {out}", "")


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2023-07-12", "leads: Too early: no lead is old enough"),
        ("2023-08-20", "leads: There is too little to learn from yet: "),
    ],
)
def test_too_few_to_learn_from_is_reported_and_never_learned(
    tmp_path: Path, day: str, said: str
) -> None:
    definition = write_export(tmp_path / "co", day)
    order = ("monthly", definition, "--home", tmp_path / "home")
    code, out, err = aside(predict, *order)
    assert (code, err) == (2, "") and "Nothing was learned from this export" in out and said in out
    assert "stops the run" in report_of(tmp_path / "home" / "reports", day)
    assert aside(predict, *order) == (2, f"nothing new: {out}", "")


def test_the_report_tells_all_on_one_page_that_loads_nothing(both_months, second) -> None:
    stage, page = both_months
    body = page.split("</style>")[1]
    assert "<script" not in page and "http:" not in page and "https:" not in page
    assert not re.search(r"(src|href)=\"(?!#|data:,)", page)
    assert page.index("Version 2 is in use now, instead of version 1.") < page.index("<main>")
    for condition in _verdict(stage)["conditions"]:
        assert condition["sentence"].split(":")[0] in body.replace("\u00a0", " ")
    told = ("What changes for sales", "Findings", "Past months, as if", "How long it takes")
    for heading in (*told, "What has changed", "Models in use"):
        assert heading in body


def _verdict(stage: Stage) -> dict[str, Any]:
    """Return the verdict that is kept with the second version; the first has one of its own."""
    kept = (stage.home / "artifacts" / NAME).glob("*/artifacts/verdict.json")
    told = {v["lane"]: v for v in (json.loads(f.read_text("utf-8")) for f in kept)}
    assert set(told) == {"first", "refresh"}
    return told["refresh"]


def test_two_at_once_make_one_version_and_promote_it_once(stage: Stage, known) -> None:
    stage.start_over()
    both = [process(stage), process(stage)]
    for child in both:
        child.start()
    for child in both:
        child.join()
    assert [child.exitcode for child in both] == [0, 0]
    aside(check_finished, stage, known)


@pytest.mark.parametrize(
    ("before", "in_use"),
    [
        (("publish (rename)", 0), 1),  # the export staged, not archived
        (("set_registered_model_alias", 0), 1),  # registered, and no challenger yet
        (("set_model_version_tag", 0), 1),  # judged, and the verdict not at the version
        (("log_artifacts", -1), 1),  # judged, and the card not there
        (("delete_registered_model_alias", 0), 2),  # in use, and not recorded
        (("publish (rename)", -1), 2),  # all but the report
    ],
)
def test_killed_at_a_write_the_next_run_finishes(
    stage: Stage, ended, known, before: tuple[str, int], in_use: int
) -> None:
    name, which = before
    places = [i for i, write in enumerate(ended["writes"]) if write == name]
    assert kill_at_write(stage, places[which], known) == in_use
