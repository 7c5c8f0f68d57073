"""The lead page as Chromium shows it: script on and off, filters, widths, print, no network."""

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from predict.report.pages import AT_ONCE
from tests.report.conftest import make_sample
from tests.report.test_pages import Page, full, hostile

QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
MEASURE = (
    "<script>parent.postMessage([document.documentElement.scrollWidth, innerWidth], '*')</script>"
)
FRAME = """<!doctype html><title>waiting</title>
<script>onmessage = (sent) => (document.title = sent.data)</script>
<iframe src="open.html" width="{width}" height="800" style="border:0"></iframe>"""


def browse(chromium: str, page: Path, *options: str, fragment: str = "") -> tuple[str, str]:
    """Open a page in Chromium; return its elements and what the browser complained of."""
    done = subprocess.run(
        [chromium, *QUIET, "--dump-dom", "--enable-logging=stderr", "--virtual-time-budget=5000",
         f"--user-data-dir={page.parent / 'profile'}", *options, page.as_uri() + fragment],
        capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr


def widths(chromium: str, folder: Path, html: str, width: int) -> tuple[int, int]:
    """Return the width that a page takes, all folds open, and that of the frame it is shown in.

    It is a copy without the policy, so that a script may measure it.
    """
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    text = text.replace("<details>", "<details open>")
    (folder / "open.html").write_text(text.replace("</body>", MEASURE + "</body>"), "utf-8")
    (folder / "frame.html").write_text(FRAME.format(width=width), "utf-8")
    title = re.search(r"<title>(\d+),(\d+)</title>", browse(chromium, folder / "frame.html")[0])
    assert title is not None
    return int(title[1]), int(title[2])


class Leads(HTMLParser):
    """The leads of a page in their order: what filters look at, and whether each is hidden."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.leads: list[dict[str, Any]] = []
        self.tools_hidden = False
        self._depth = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "article":
            self.leads.append({**given, "hidden": "hidden" in given, "text": ""})
            self._depth = 1
        if tag == "details":
            self._depth = 0
        if given.get("id") == "tools":
            self.tools_hidden = "hidden" in given

    def handle_data(self, data: str) -> None:
        if self._depth and self.leads:
            self.leads[-1]["text"] += data

    @property
    def shown(self) -> list[dict[str, Any]]:
        return [lead for lead in self.leads if not lead["hidden"]]


@pytest.fixture(scope="module")
def page(sample: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "list.html"
    path.write_text(full(sample), encoding="utf-8")
    return path


def full_text(page: Path) -> str:
    return page.read_text("utf-8")


def test_without_script_the_page_is_complete(page: Path, chromium: str) -> None:
    html = re.sub(r"script-src 'sha256-[^']*'", "script-src 'none'", full_text(page))
    path = page.parent / "no_script.html"
    path.write_text(html, encoding="utf-8")
    elements, log = browse(chromium, path)
    assert "Content Security Policy" in log  # the script was refused indeed
    as_written = Leads(full_text(page))
    found = Leads(elements)
    assert found.tools_hidden  # nothing is offered that would not work
    assert [lead["id"] for lead in found.shown] == [lead["id"] for lead in as_written.leads]
    assert "Why " in Page(elements).visible and "Newly over the line" in Page(elements).visible


def test_search_grade_and_sort_work_together(page: Path, chromium: str) -> None:
    everybody = Leads(full_text(page)).leads
    word = "novak"  # accents do not matter
    wanted = {
        lead["id"]
        for lead in everybody
        if "novák" in lead["text"].lower() and lead["data-grade"] == "C"
    }
    assert 0 < len(wanted) < len(everybody)
    asked = urlencode({"search": word, "grade": "C", "sort": "age"})
    elements, log = browse(chromium, page, fragment=f"#{asked}")
    found = Leads(elements)
    assert not found.tools_hidden
    assert {lead["id"] for lead in found.shown} == wanted
    ages = [float(lead["data-age"]) for lead in found.shown]
    assert ages == sorted(ages)
    assert f"{len(wanted)} of {len(everybody)} leads" in Page(elements).visible
    assert "CONSOLE" not in log


@pytest.fixture(scope="module")
def long_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of which more comes as text than as leads."""
    path = tmp_path_factory.mktemp("long") / "list.html"
    path.write_text(full(make_sample(n=5 * AT_ONCE // 2)), encoding="utf-8")
    return path


def test_a_long_list_is_complete_with_and_without_script(long_page: Path, chromium: str) -> None:
    text = full_text(long_page)
    written = [lead["id"] for lead in Leads(text).leads]
    assert len(written) > 2 * AT_ONCE and text.count("<noscript") > 1
    elements, log = browse(chromium, long_page)
    assert "CONSOLE" not in log and "<noscript" not in elements
    assert [lead["id"] for lead in Leads(elements).leads] == written
    # What is dumped is dumped by a script; what is printed is not.
    addresses = set(re.findall(r'href="(mailto:[^"]*)"', text))
    assert len(addresses) > 2 * AT_ONCE
    for script in ("true", "false"):
        pdf = printed(chromium, long_page, f"--blink-settings=scriptEnabled={script}")
        assert {url.decode() for url in re.findall(rb"/URI \((mailto:[^)]*)\)", pdf)} == addresses


def test_what_comes_later_is_found_and_sorted_like_the_rest(long_page: Path, chromium: str) -> None:
    everybody = Leads(full_text(long_page)).leads
    later = {lead["id"] for lead in everybody[AT_ONCE:]}
    asked = {"search": "novak", "source": "Webinar", "sort": "name"}
    wanted = {
        lead["id"]
        for lead in everybody
        if "novák" in lead["text"].lower() and lead["data-source"] == "Webinar"
    }
    assert wanted & later and wanted - later
    elements, _ = browse(chromium, long_page, fragment=f"#{urlencode(asked)}")
    found = Leads(elements)
    assert {lead["id"] for lead in found.shown} == wanted
    last = everybody[-1]["id"]
    elements, _ = browse(chromium, long_page, fragment=f"#{last}")
    assert Leads(elements).leads[-1]["id"] == last


def test_sources_owners_and_criteria_filter(page: Path, chromium: str) -> None:
    everybody = Leads(full_text(page)).leads
    asked = {"source": "Trade show", "owner": "Sam", "criteria": "failed", "sort": "chance"}
    wanted = {
        lead["id"]
        for lead in everybody
        if (lead["data-source"], lead["data-owner"]) == ("Trade show", "Sam")
        and lead.get("data-criteria", "met") == "failed"
    }
    assert wanted
    found = Leads(browse(chromium, page, fragment=f"#{urlencode(asked)}")[0])
    assert {lead["id"] for lead in found.shown} == wanted
    chances = [float(lead["data-chance"]) for lead in found.shown]
    assert chances == sorted(chances, reverse=True)


def test_what_nobody_is_like_is_said_and_a_wrong_fragment_harms_nothing(
    page: Path, chromium: str
) -> None:
    asked = urlencode({"search": "<script>", "sort": "nonsense", "grade": "Z"})
    elements, log = browse(chromium, page, fragment=f"#{asked}")
    assert Leads(elements).shown == []
    assert "No lead is like that" in Page(elements).visible
    assert "CONSOLE" not in log


def test_a_hostile_page_is_refused_nothing_and_asks_nobody(
    sample: Any, tmp_path: Path, chromium: str
) -> None:
    path, net = tmp_path / "page.html", tmp_path / "net.json"
    path.write_text(hostile(sample), encoding="utf-8")
    elements, log = browse(chromium, path, f"--log-net-log={net}")
    assert "<title>&lt;script&gt;" in elements
    assert "Content Security Policy" not in log and "CONSOLE" not in log
    assert asked(net) == set()


def test_what_a_page_asks_for_would_be_seen(tmp_path: Path, chromium: str) -> None:
    path, net = tmp_path / "page.html", tmp_path / "net.json"
    path.write_text('<img src="http://127.0.0.1:9/dot.png">', encoding="utf-8")
    browse(chromium, path, f"--log-net-log={net}")
    assert asked(net) == {"http://127.0.0.1:9/dot.png"}


def asked(net: Path) -> set[str]:
    """Return the addresses that a page asked for; what the browser itself asks has no origin."""
    events = [e.get("params", {}) for e in json.loads(net.read_text("utf-8"))["events"]]
    return {e["url"] for e in events if e.get("initiator", "not an origin") != "not an origin"}


@pytest.mark.parametrize("width", [340, 390, 760, 1280])
def test_nothing_is_wider_than_the_screen(
    sample: Any, tmp_path: Path, width: int, chromium: str
) -> None:
    html = hostile(sample).replace("content-visibility: auto", "")
    taken, shown = widths(chromium, tmp_path, html, width)
    assert taken <= shown == width


COUNT = """<script>parent.postMessage([..."AB"].map((grade) => [...document.querySelectorAll(
  `article[data-grade=${grade}]`)].filter((lead) => lead.offsetParent).length), "*")</script>"""


def test_one_grade_can_be_shown_alone_without_script(
    sample: Any, tmp_path: Path, chromium: str
) -> None:
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", full(sample))
    html = re.sub(r"<script>.*?</script>", "", html, flags=re.S)
    grades = Page(html).values("data-grade")
    chosen = html.replace(" checked>", ">").replace('value="B" class', 'value="B" checked class')
    (tmp_path / "open.html").write_text(chosen.replace("</body>", COUNT + "</body>"), "utf-8")
    (tmp_path / "frame.html").write_text(FRAME.format(width=900), "utf-8")
    elements, _ = browse(chromium, tmp_path / "frame.html")
    title = re.search(r"<title>(\d+),(\d+)</title>", elements)
    assert title is not None
    assert (int(title[1]), int(title[2])) == (0, grades.count("B"))


def printed(chromium: str, page: Path, *options: str) -> bytes:
    """Return a page as it is printed."""
    pdf = page.parent / "list.pdf"
    subprocess.run(
        [chromium, *QUIET, f"--print-to-pdf={pdf}", "--no-pdf-header-footer", *options,
         f"--user-data-dir={page.parent / 'print'}", page.as_uri()],
        capture_output=True, timeout=240, check=True,
    )  # fmt: skip
    return pdf.read_bytes()


def test_it_prints(page: Path, chromium: str) -> None:
    """A call sheet: several leads a page, what only a screen can do left away."""
    pages = len(re.findall(rb"/Type\s*/Page\b", printed(chromium, page)))
    leads = len(Leads(full_text(page)).leads)
    assert 1 <= pages <= leads / 4
