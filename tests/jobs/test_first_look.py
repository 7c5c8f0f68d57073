"""The first look as a job, on the demo company and on real exports."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from predict.errors import InputError
from predict.jobs.first_look import write_first_look

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
#: What a reader must find, counted by hand from the files.
SAID = {
    "bpic2012": ["13,087 leads", "2,055 of 2,246 winners", "W_Valideren aanvraag"],
    "bank": ["4,640", "duration", "1 of 4,181 leads got there", "euribor3m"],
    "olist": ["8,000 leads", "and 1 before the first look", "lie after the export (31 May 2018)"],
}


def words(path: Path) -> str:
    text = re.sub(
        r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", path.read_text("utf-8"), flags=re.S
    )
    return " ".join(text.replace("\u00a0", " ").split())


def test_the_demo_company_is_seen_through(demo: Path, tmp_path: Path) -> None:
    page = write_first_look(demo / "definition.toml", tmp_path)
    assert page == tmp_path / "first_look.html"
    said = words(page)
    for column in ("status", "lifetime_page_views", "budget_confirmed", "last_activity_at"):
        assert column in re.search(r"too good to be true: ([^.]*)\.", said)[1]
    # What is honest is not accused.
    assert not re.search(r"too good to be true: [^.]*(industry|source|badge_colour)", said)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from predict.demo.company import write_company

    folder = tmp_path_factory.mktemp("demo")
    write_company(folder, leads=1_500)
    return folder


def test_an_export_that_cannot_be_opened_leaves_no_page(demo: Path, tmp_path: Path) -> None:
    text = (demo / "definition.toml").read_text("utf-8").replace("leads.csv", "nowhere.csv")
    definition = tmp_path / "definition.toml"
    definition.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"nowhere\.csv"):
        write_first_look(definition, tmp_path / "page.html", data=demo)
    assert not (tmp_path / "page.html").exists()


def test_what_is_never_used_is_said_to_be_protected(demo: Path, tmp_path: Path) -> None:
    text = (demo / "definition.toml").read_text("utf-8")
    kept = "".join(
        line
        for line in text.splitlines(keepends=True)
        if not re.match(r"(badge_colour|industry)\b", line)
    )
    definition = tmp_path / "definition.toml"
    definition.write_text(kept + '\n[never_use]\ncolumns = ["badge_colour", "industry"]\n', "utf-8")
    page = write_first_look(definition, tmp_path / "page.html", data=demo).read_text("utf-8")
    said = words(tmp_path / "page.html")
    protected = said[said.index("Protected, never used") :]
    assert "badge_colour" in protected[:400] and "industry" in protected[:400]
    for name in ("badge_colour", "industry"):
        assert len(re.findall(rf"(?<![\w.]){name}(?![\w.])", page)) == 1, name


@pytest.mark.parametrize("name", SAID)
def test_real_exports(name: str, tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("the real exports are not at ../shared/data")
    said = words(write_first_look(ROOT / "pipelines" / f"{name}.toml", tmp_path / "x.html"))
    for fact in SAID[name]:
        assert fact in said
