import base64
import hashlib
import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from predict.errors import InputError
from predict.report.pages import MOST_LEADS, render_list
from predict.report.who import ROLES
from predict.scoring.words import forbidden_words

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "{{7*7}}{% raw %}",
    "javascript:alert(1)",
    '" onmouseover="alert(1)',
    "\u202egnp.exe\u2066",
    "</style><b>&amp;<!--",
    "=HYPERLINK(1)",
]


class Page(HTMLParser):
    """Elements, attributes and visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.style = ""
        self._inside: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._inside.append("/" + tag)

    def handle_data(self, data: str) -> None:
        if self._inside and self._inside[-1] == "style":
            self.style += data
        else:
            self.text.append(data)

    @property
    def visible(self) -> str:
        return " ".join(" ".join(self.text).split())

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]


def render(sample: Any, **changed: Any) -> str:
    parts = {"display": sample.display, "summary": sample.summary}
    parts |= {k: v for k, v in changed.items() if k in parts}
    return render_list(
        changed.get("scores", sample.scores), changed.get("reasons", sample.reasons), **parts
    )


def hostile(sample: Any) -> str:
    """The same page, every text of a lead hostile."""
    n = len(sample.display)
    display = pd.DataFrame({role: [HOSTILE[i % len(HOSTILE)] for i in range(n)] for role in ROLES})
    scores = sample.scores.assign(lead_id=display["name"], unlike=display["name"])
    for column in ("criteria_failed", "criteria_unknown", "status_reason"):
        scores[column] = display["name"]
    reasons = sample.reasons.assign(sentence=sample.reasons["row"].map(display["name"]))
    summary = replace(sample.summary, name=HOSTILE[0], model=HOSTILE[1])
    return render(sample, scores=scores, reasons=reasons, display=display, summary=summary)


def test_the_page_loads_and_runs_nothing(sample: Any) -> None:
    page = Page(render(sample))
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "iframe", "object", "embed", "form", "img", "base", "audio"}
    assert not any(name.startswith("on") or name == "style" for _, a in page.tags for name in a)
    for href in [*page.values("href"), *page.values("src")]:
        assert re.match(r"(#|mailto:|tel:\+?\d+$|data:,$)", href), href
    assert "url(" not in page.style and "@import" not in page.style


def test_the_policy_forbids_all_but_the_one_style(sample: Any) -> None:
    page = Page(render(sample))
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def test_hostile_text_stays_text(sample: Any) -> None:
    html = hostile(sample)
    page = Page(html)
    known = {tag for tag, _ in Page(render(sample)).tags}
    assert {tag for tag, _ in page.tags} <= known
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert all(re.match(r"(#|data:,$)", href) for href in page.values("href"))
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", html)
    assert "{{7*7}}" in page.visible and "49" not in re.findall(r"\d+", "".join(page.text[-40:]))
    assert "<script>alert(1)</script>" in page.visible


@pytest.mark.parametrize("plain", [True, False])
def test_no_forbidden_word_is_read(sample: Any, plain: bool) -> None:
    changes = {} if plain else {"scores": sample.scores.assign(status="duplicate")}
    assert forbidden_words(Page(render(sample, **changes)).visible) == []


def test_the_counts_add_up_and_say_why_rows_were_not_scored(sample: Any) -> None:
    visible = Page(render(sample)).visible
    read, scored, left = (
        int(n) for n in re.search(r"(\d+) rows read: (\d+) scored , (\d+) not", visible).groups()
    )
    assert read == scored + left == len(sample.scores)
    assert f"{left} not scored, because the same lead stands in row 2" in visible
    tiles = [int(n) for n in re.findall(r"[ABCD] (\d+) (?:\d|from|less)", visible)]
    assert len(tiles) == 4 and sum(tiles) == scored
    assert "as known on 3 March 2026" in visible
    assert "opportunity-in-90-days, version 3" in visible
    assert sample.summary.limits.sentence() in visible


def test_each_rated_qualified_lead_has_a_card_and_each_scored_lead_a_line(sample: Any) -> None:
    page = Page(render(sample))
    rated = sample.scores[sample.scores["rated_qualified"].astype(bool)]
    rated = rated.sort_values("probability", ascending=False)
    cards = [a["id"] for tag, a in page.tags if tag == "article"]
    assert cards == [f"lead-{row}" for row in rated["row"]]
    lines = [a for tag, a in page.tags if tag == "tr" and "data-grade" in a]
    assert len(lines) == (sample.scores["status"] == "scored").sum()
    links = [h for h in page.values("href") if h.startswith("#lead-")]
    assert sorted(links) == sorted(f"#{card}" for card in cards)
    expected = round(rated["probability"].sum())
    assert f"about {expected} of them will become an opportunity" in page.visible


def test_a_card_tells_who_the_chance_the_reasons_and_what_is_open(sample: Any) -> None:
    html = render(sample)
    lead = sample.scores.sort_values("probability", ascending=False).iloc[0]
    card = Page(
        re.search(rf'<article class="card" id="lead-{lead["row"]}".*?</article>', html, re.S)[0]
    )
    display = sample.display.loc[lead["row"]]
    assert display["name"] in card.visible and display["firm"] in card.visible
    assert "about " in card.visible
    reasons = sample.reasons[sample.reasons["row"] == lead["row"]]
    for sentence in reasons.loc[reasons["direction"] != "other", "sentence"]:
        fact = sentence.split(";")[0]
        assert fact[:1].upper() + fact[1:] in card.visible
    assert re.search(r"\d+ % of [\d,]+ such leads, \d+ % of all\.", card.visible)
    assert f"mailto:{display['email']}" in card.values("href")


def test_marks_are_shown(sample: Any) -> None:
    visible = Page(render(sample)).visible
    assert "Unlike any past lead: 48,000 employees, more than ever seen." in visible
    assert "Judged by profile alone: nothing is known of what this lead did." in visible
    assert "Still to find out: budget" in visible
    assert "Not as agreed: country is not DE, AT or PT" in visible


def test_only_the_first_are_shown_and_the_page_says_so(sample: Any) -> None:
    copies = -(-(MOST_LEADS + 300) // len(sample.scores))
    scores = pd.concat([sample.scores] * copies, ignore_index=True)
    scores["row"] = range(len(scores))
    display = pd.concat([sample.display] * copies, ignore_index=True)
    html = render(sample, scores=scores, display=display)
    page = Page(html)
    scored = int((scores["status"] == "scored").sum())
    assert scored > MOST_LEADS
    assert f"The first 2,000 of {scored:,} leads, by chance" in page.visible
    assert sum(1 for tag, a in page.tags if tag == "tr" and "data-grade" in a) == MOST_LEADS
    assert f"holds all {scored:,}" in page.visible


def test_a_list_without_any_qualified_or_scored_lead(sample: Any) -> None:
    none = Page(render(sample, scores=sample.scores.assign(rated_qualified=False))).visible
    assert "No lead of this list is rated qualified" in none
    left = sample.scores.assign(status="duplicate", status_reason="it came twice")
    visible = Page(render(sample, scores=left)).visible
    assert "No row of this list could be scored" in visible
    assert f"{len(left)} not scored, because it came twice" in visible
    nothing = render(sample, scores=sample.scores.iloc[:0], display=sample.display.iloc[:0])
    assert "0 rows read: 0 scored" in Page(nothing).visible


def test_without_reasons_or_names_the_page_still_stands(sample: Any) -> None:
    bare = pd.DataFrame(index=sample.display.index)
    visible = Page(render(sample, reasons=sample.reasons.iloc[:0], display=bare)).visible
    assert "Nothing stands out" not in visible  # nobody asked for reasons
    assert sample.scores.loc[0, "lead_id"] in visible


def test_the_same_inputs_give_the_same_page_whatever_the_index(sample: Any) -> None:
    moved = sample.scores.set_index(sample.scores.index + 500)
    display = sample.display.set_index(sample.display.index + 9)
    assert render(sample) == render(sample, scores=moved, display=display)


def test_as_many_names_as_scores(sample: Any) -> None:
    with pytest.raises(InputError, match="as many names"):
        render(sample, display=sample.display.iloc[:3])


MEASURE = (
    "<script>parent.postMessage([document.documentElement.scrollWidth, innerWidth], '*')</script>"
)
FRAME = """<!doctype html><title>waiting</title>
<script>onmessage = (sent) => (document.title = sent.data)</script>
<iframe src="open.html" width="{width}" height="800" style="border:0"></iframe>"""


def dump(chromium: str, page: Path) -> tuple[str, str]:
    """Open a page in Chromium; return its elements and what the browser complained of."""
    done = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
         "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--enable-logging=stderr", "--virtual-time-budget=5000",
         f"--user-data-dir={page.parent / 'profile'}", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr


def test_a_browser_refuses_nothing_of_the_page(sample: Any, tmp_path: Path, chromium: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(hostile(sample), encoding="utf-8")
    elements, log = dump(chromium, page)
    assert "<title>&lt;script&gt;" in elements
    assert "Content Security Policy" not in log and "CONSOLE" not in log


@pytest.mark.parametrize("width", [340, 390, 760, 1280])
def test_nothing_is_wider_than_the_screen(
    sample: Any, tmp_path: Path, width: int, chromium: str
) -> None:
    """In a copy without the policy, so that a script may measure it."""
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", hostile(sample))
    (tmp_path / "open.html").write_text(html.replace("</body>", MEASURE + "</body>"), "utf-8")
    (tmp_path / "frame.html").write_text(FRAME.format(width=width), "utf-8")
    title = re.search(r"<title>(\d+),(\d+)</title>", dump(chromium, tmp_path / "frame.html")[0])
    assert title is not None
    assert int(title[1]) <= int(title[2]) == width


COUNT = """<script>parent.postMessage([..."AB"].map((grade) => [...document.querySelectorAll(
  `[data-grade=${grade}]`)].filter((lead) => lead.offsetParent).length), "*")</script>"""


def test_one_grade_can_be_shown_alone_without_script(
    sample: Any, tmp_path: Path, chromium: str
) -> None:
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", render(sample))
    both = Page(html).values("data-grade").count("A"), Page(html).values("data-grade").count("B")
    chosen = html.replace(" checked>", ">").replace('id="grade-B"', 'id="grade-B" checked')
    shown = {}
    for name, text in (("all", html), ("B", chosen)):
        (tmp_path / "open.html").write_text(text.replace("</body>", COUNT + "</body>"), "utf-8")
        (tmp_path / "frame.html").write_text(FRAME.format(width=900), "utf-8")
        title = re.search(r"<title>(\d+),(\d+)</title>", dump(chromium, tmp_path / "frame.html")[0])
        assert title is not None
        shown[name] = int(title[1]), int(title[2])
    assert shown == {"all": both, "B": (0, both[1])}
