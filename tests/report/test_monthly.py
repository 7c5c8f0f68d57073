"""The report of a month as a page: the verdict first, harmless, readable on any screen."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.months import FIRST, write_export
from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.findings import Finding
from predict.history.delay import delay_of
from predict.learning.verdict import Condition, Verdict
from predict.report.monthly import Month, render_month

sys.path.insert(0, str(Path(__file__).parent))

from test_pages import HOSTILE, Page
from test_pages_in_a_browser import browse, widths

SAID = "The new one is better by 0.0123 in log loss, between −0.0010 and 0.0250."


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """Return a month whose new model is held, everything that may be hostile being so."""
    definition = write_export(tmp_path_factory.mktemp("month"), FIRST)
    crm = open_crm(Definition.read(definition))
    conditions = (
        Condition("gain", False, SAID, {"value": 0.0123, "low": -0.001, "high": 0.025}),
        Condition("segments", True, f"Not {HOSTILE[0]} worse.", {"judged": 4.0}),
    )
    verdict = Verdict(False, "challenge", f"Keep the model in use: {HOSTILE[1]}", conditions)
    changes = pd.DataFrame(
        {"now": list("ABBD"), "new": list("ABAC"), "leads": [3, 381, 20, 8]}
    ).assign(gained=[0, 0, 0, 5], lost=[0, 0, 0, 0])
    findings = tuple(
        Finding(f"rule-{i}", severity, said, f"{said} is odd.", {})  # type: ignore[arg-type]
        for i, (said, severity) in enumerate(zip(HOSTILE, ["warn", "note"] * 4, strict=True))
    )
    moves = [{"version": 1, "previous": None, "action": "promote"}]
    moves += [{"version": 2, "previous": 1, "action": "promote"}]
    moves += [{"version": 1, "previous": 2, "action": "rollback"}]
    told = [m | {"by": "x" * 90, "at": "2024-05-01T06:00:00", "because": "y" * 300} for m in moves]
    try:
        yield Month(
            crm,
            findings,
            version=3,
            before=1,
            state="kept",
            verdict=verdict.with_grades(28, 412),
            changes=changes,
            delay=delay_of(crm),
            moves=tuple(told),
            watch=(Finding("drift", "warn", "source", "More leads come from fairs."),),
        )
    finally:
        crm.close()


@pytest.fixture(scope="module")
def html(month: Month) -> str:
    return render_month(month)


def test_the_verdict_comes_first_and_every_condition_with_its_figures(html: str) -> None:
    text = Page(html).visible.replace("\u00a0", " ")
    headline = "Version 1 stays in use; version 3 is on trial."
    places = [text.index(said) for said in (headline, "Keep the model in use", SAID, "0.0123")]
    assert places == sorted(places)
    assert "28 of 412 open leads would change grade." in text
    assert "28 up, 0 down. 5 more and 0 fewer would be rated qualified." in text
    assert "does not hold" in text and "low -0.0010" in text
    assert "More leads come from fairs." in text
    assert re.search(r"The agreed 20 days catch \d+ % \(\d+ to \d+ %\) of them", text)
    assert "rolled back to" in text


def test_a_section_is_there_only_with_its_data(month: Month) -> None:
    stop = Finding("silent", "block", "events.web", "Winners have no visits.")
    blocked = Month(month.crm, (stop,), state="blocked")
    text = Page(render_month(blocked)).visible
    assert text.index("a finding stops the run") < text.index("Winners have no visits.")
    for absent in ("What it had to show", "for sales", "as if", "How long", "has changed"):
        assert absent not in text
    assert blocked.sentence.endswith("events.web: Winners have no visits.")


@pytest.mark.parametrize(
    ("state", "before", "said"),
    [
        ("first", 0, "Version 3 is the first model in use."),
        ("promoted", 1, "Version 3 is in use now, instead of version 1."),
        ("kept", 1, "Version 1 stays in use; version 3 is on trial."),
        ("kept", 0, "No model is in use yet; version 3 is on trial."),
    ],
)
def test_what_is_in_use_is_one_sentence(month: Month, state: str, before: int, said: str) -> None:
    assert replace(month, state=state, before=before).headline == said


def test_the_page_loads_and_runs_nothing(html: str, month: Month) -> None:
    page = Page(html)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "iframe", "object", "form", "base"}
    assert all(value.startswith(("#", "data:")) for value in page.values("href"))
    assert not [n for _, attrs in page.tags for n in attrs if n.startswith("on") or n == "style"]
    policy = next(c for c in page.values("content") if "default-src" in c)
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert "default-src 'none'" in policy and f"'sha256-{digest}'" in policy
    assert "url(" not in page.style and "@import" not in page.style
    assert render_month(month) == html


def test_a_browser_refuses_nothing_of_the_page(html: str, tmp_path: Path, chromium: str) -> None:
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    _, log = browse(chromium, tmp_path / "page.html")
    assert "Content Security Policy" not in log and "CONSOLE" not in log


@pytest.mark.parametrize("width", [340, 1280])
def test_nothing_is_wider_than_the_screen(
    html: str, tmp_path: Path, width: int, chromium: str
) -> None:
    taken, shown = widths(chromium, tmp_path, html, width)
    assert taken <= shown == width
