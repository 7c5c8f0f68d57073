"""The first look as a page: true, harmless, readable on any screen."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from predict.history.first_look import FirstLook, look
from predict.report.first_look import render_first_look
from predict.report.sketches import curve_picture
from predict.scoring.figures import percent
from predict.scoring.words import forbidden_words

sys.path.insert(0, str(Path(__file__).parents[1] / "history"))
sys.path.insert(0, str(Path(__file__).parent))

from first_looks import Small, small
from test_pages import HOSTILE, Page
from test_pages_in_a_browser import browse, widths


@pytest.fixture(scope="module")
def company() -> Small:
    return small(21, leads=900)


@pytest.fixture(scope="module")
def looked(company: Small, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstLook]:
    crm = company.open(tmp_path_factory.mktemp("looked"))
    try:
        yield look(crm)
    finally:
        crm.close()


@pytest.fixture(scope="module")
def html(looked: FirstLook) -> str:
    return render_first_look(looked)


@pytest.fixture(scope="module")
def hostile(company: Small, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same page, every name and value that comes from the files hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    bad = dict(zip(["web", "fair", "referral"], HOSTILE, strict=False))
    leads = company.leads.assign(source=company.leads["source"].map(bad))
    leads = leads.rename(columns={"hidden": HOSTILE[1], "size": "x" * 300, "filled": HOSTILE[5]})
    stages = company.stages.assign(stage=company.stages["stage"].replace("lost", HOSTILE[0]))
    web = company.web.assign(kind=company.web["kind"].map({"page": HOSTILE[3], "form": "é" * 400}))
    crm = Small(leads, web, stages, company.text).open(folder)
    try:
        return render_first_look(look(crm))
    finally:
        crm.close()


def test_the_page_loads_and_runs_nothing(html: str, hostile: str) -> None:
    for text in (html, hostile):
        page = Page(text)
        names = {tag for tag, _ in page.tags}
        assert not names & {"script", "iframe", "object", "embed", "form", "img", "base", "image"}
        assert not any(n.startswith("on") or n == "style" for _, a in page.tags for n in a)
        assert all(re.match(r"(#|data:,$)", h) for h in page.values("href"))
        assert "url(" not in page.style and "@import" not in page.style
        policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
        digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
        assert policy is not None and f"style-src 'sha256-{digest}'" in policy
    assert {t for t, _ in Page(hostile).tags} <= {t for t, _ in Page(html).tags} | {
        "details",
        "summary",
    }
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", hostile)


def test_links_lead_somewhere_and_ids_are_unique(html: str) -> None:
    page = Page(html)
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    assert {h[1:] for h in page.values("href") if h.startswith("#")} <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert headings[0] == 1 and headings.count(1) == 1


def test_no_forbidden_word_is_read(html: str) -> None:
    assert forbidden_words(Page(html).visible) == []


def test_the_figures_are_those_of_the_frames(looked: FirstLook, html: str) -> None:
    visible = Page(html).visible.replace("\u00a0", " ")
    row = looked.agreed
    assert row is not None
    assert (
        f"Of {row['leads']:,} leads old enough to judge, {row['reached']:,} became a customer "
        f"within 60 days: {percent(row['rate'])}." in visible
    )
    assert f"That catches {percent(row['caught'])} of all who get there" in visible
    table = looked.horizons["won"]
    for line in table.to_dict("records"):
        told = f"{line['leads']:,} {line['reached']:,} {percent(line['rate'])}"
        assert told in visible
    for given in looked.tables.to_dict("records"):
        assert f"{given['rows']:,} rows" in visible
    for name in looked.suspects.loc[looked.suspects["beyond"], "column"]:
        assert name in visible
    assert "3 of 9 columns look too good to be true" in visible


def test_who_somebody_is_stands_nowhere(html: str) -> None:
    assert "Anna" not in html and "Otto" not in html and "Somebody" not in html
    assert "L0000" not in html


def test_the_same_export_gives_the_same_page(company: Small, html: str, tmp_path: Path) -> None:
    shuffled = Small(
        company.leads.sample(frac=1, random_state=1),
        company.web.sample(frac=1, random_state=1),
        company.stages.sample(frac=1, random_state=1),
        company.text,
    )
    crm = shuffled.open(tmp_path)
    try:
        assert render_first_look(look(crm)) == html
    finally:
        crm.close()


@pytest.mark.parametrize("what", ["nobody won", "no events", "all too young", "one lead"])
def test_thin_exports_still_get_a_page(company: Small, tmp_path: Path, what: str) -> None:
    leads, web, stages, text = company.leads, company.web, company.stages, company.text
    if what == "nobody won":
        stages = stages[stages["stage"] != "won"]
    elif what == "no events":
        web = web.iloc[:0]
    elif what == "all too young":
        leads = leads[leads["created"] > "2025-12-01"]
    else:
        leads = leads.iloc[:1]
    crm = Small(leads, web, stages, text).open(tmp_path)
    try:
        visible = Page(render_first_look(look(crm))).visible
    finally:
        crm.close()
    assert forbidden_words(re.sub(r"Also noticed.*", "", visible)) == []
    if what in ("all too young", "nobody won"):
        assert "old enough to judge" in visible
    assert "None" not in re.findall(r"\w+", visible.replace("None of the", ""))


def test_frames_instead_of_files(company: Small) -> None:
    from predict.crm.opening import open_crm
    from predict.definition.schema import Definition

    text = re.sub(r'path = ".*"\n', "", company.text)
    crm = open_crm(
        Definition.parse(text),
        leads=company.leads,
        events={"web": company.web},
        outcomes={"stage": company.stages},
    )
    try:
        visible = Page(render_first_look(look(crm))).visible
    finally:
        crm.close()
    assert "within 60 days" in visible


def test_the_curve_stays_in_its_frame(looked: FirstLook) -> None:
    picture = curve_picture(looked.curve, 300.0, 60.0, "here")
    assert picture is not None and picture.mark is not None
    points = [tuple(map(float, p.split(","))) for p in picture.line.split()]
    assert all(44 <= x <= 392 and 14 <= y <= 196 for x, y in points)
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    empty = pd.DataFrame({"hour": [3], "at_risk": [9], "arrived": [0], "share": [0.0]})
    assert curve_picture(empty, 1.0, 60.0, "here") is None


def test_a_browser_refuses_nothing_of_the_page(hostile: str, tmp_path: Path, chromium: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(hostile, encoding="utf-8")
    _, log = browse(chromium, page)
    assert "Content Security Policy" not in log and "CONSOLE" not in log


@pytest.mark.parametrize("width", [340, 390, 760, 1280])
def test_nothing_is_wider_than_the_screen(
    hostile: str, tmp_path: Path, width: int, chromium: str
) -> None:
    taken, shown = widths(chromium, tmp_path, hostile, width)
    assert taken <= shown == width
