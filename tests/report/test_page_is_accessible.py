"""What a reader with a keyboard, a screen reader or poor sight needs of the lead page."""

import json
import os
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.report.test_pages import Page, full
from tests.report.test_pages_in_a_browser import browse

TEMPLATES = Path(__file__).parents[2] / "src/predict/report/templates"
#: Text on ground: names of colours of the page.
TEXT = [
    (ink, ground)
    for ink in ("ink", "soft", "up", "down")
    for ground in ("paper", "sheet")
] + [("note-ink", "note"), ("stop-ink", "stop")]  # fmt: skip
GRADES = ["a", "b", "c", "d"]


def colours(scheme: str) -> dict[str, str]:
    css = (TEMPLATES / "list.css").read_text(encoding="utf-8")
    light, dark, printed = re.findall(r":root \{(.*?)\}", css, re.S)
    read = {
        name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", text))
        for name, text in (("light", light), ("dark", dark), ("print", printed))
    }
    return read["light"] | read[scheme]


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """By WCAG 2.2, 1.4.3."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_text_stands_out_from_its_ground(scheme: str) -> None:
    found = colours(scheme)
    for ink, ground in TEXT:
        assert contrast(found[ink], found[ground]) >= 4.5, (scheme, ink, ground)
    for grade in GRADES:
        assert contrast("#fff", found[grade]) >= 4.5, (scheme, grade)
    for ground in ("paper", "sheet"):  # the edge of a field, the ring of the focus
        assert contrast(found["field"], found[ground]) >= 3
        assert contrast(found["up"], found[ground]) >= 3


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#fff", "#000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.fixture(scope="module")
def page(sample: Any) -> Page:
    return Page(full(sample))


def test_every_id_is_there_once_and_every_link_leads_somewhere(page: Page) -> None:
    ids = Counter(page.values("id"))
    assert [name for name, times in ids.items() if times > 1] == []
    for attribute in ("href", "for", "aria-labelledby"):
        targets = [t.removeprefix("#") for t in page.values(attribute) if not re.match(r"\w+:", t)]
        assert set(targets) <= set(ids), attribute


def test_headings_come_in_order(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_landmarks_language_and_title(page: Page) -> None:
    tags = Counter(tag for tag, _ in page.tags)
    assert tags["main"] == 1 and tags["header"] == 1 and tags["footer"] == 1
    assert page.values("lang") == ["en"]
    assert tags["title"] == 1
    assert page.values("role") == ["search", "status"]


def test_every_control_has_a_label_and_every_table_is_one(sample: Any, page: Page) -> None:
    html = full(sample)
    for control in re.findall(r"<(?:select|input type=\"search\")[^>]*>", html):
        label = re.search(rf"<label[^>]*><span>[^<]+</span> {re.escape(control)}", html)
        assert label is not None, control
    labelled = set(page.values("for"))
    radios = {a["id"] for tag, a in page.tags if tag == "input" and a.get("type") == "radio"}
    assert radios <= labelled
    tables = re.findall(r"<table.*?</table>", html, re.S)
    for table in tables:
        assert "<caption>" in table and 'scope="col"' in table and 'scope="row"' in table
    assert all(text.strip() for text in re.findall(r"<summary>(.*?)</summary>", html))
    assert all(text.strip() for text in re.findall(r"<button[^>]*>(.*?)</button>", html))


def test_pictures_are_not_read_and_nothing_is_told_by_colour_alone(page: Page) -> None:
    assert all(a.get("aria-hidden") == "true" for tag, a in page.tags if tag == "svg")
    badges = sum(a.get("class", "").startswith("badge") for _, a in page.tags if a.get("class"))
    assert badges and "Grade A" in page.visible
    assert "Higher:" in page.visible and "Lower:" in page.visible


def test_no_tabindex_and_the_focus_can_be_seen(page: Page) -> None:
    assert page.values("tabindex") == []
    assert re.search(r":focus-visible \{ outline: 3px solid", page.style)
    assert "outline: none" not in page.style and "outline:0" not in page.style


#: Where axe.min.js is; `.ci/run` fetches it.
AXE = "PREDICT_TEST_AXE"
RUN = """axe.run(document, {resultTypes: ["violations"]}).then((found) => {
  document.title = JSON.stringify(found.violations.map((one) =>
    [one.id, one.impact, one.nodes.length, one.nodes[0].html.slice(0, 120)]));
});"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(sample: Any, tmp_path: Path, chromium: str, scheme: str) -> None:
    """All folds open, in a copy without the policy, so that axe may run."""
    if AXE not in os.environ:
        pytest.skip(f"axe is not there: set {AXE} to the path of axe.min.js, as .ci/run does")
    axe = Path(os.environ[AXE]).read_text(encoding="utf-8")
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", full(sample))
    html = html.replace("<details>", "<details open>", 3).replace("content-visibility: auto;", "")
    page = tmp_path / "axe.html"
    page.write_text(html.replace("</body>", f"<script>{axe}\n{RUN}</script></body>"), "utf-8")
    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    elements, _ = browse(chromium, page, *dark, "--virtual-time-budget=30000")
    title = Page(elements[: elements.index("</title>") + 8]).visible
    found = json.loads(title)
    assert [one for one in found if one[1] in ("serious", "critical")] == []
