import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from predict.errors import InputError
from predict.report.folded import Folded, became, timeline
from predict.report.overview import Moved, Overview, SourceRecord, calling_order
from predict.report.pages import AT_ONCE, MOST_FOLDED, MOST_LEADS, PART, render_list
from predict.report.who import ROLES
from predict.scoring.words import forbidden_words
from predict.scoring.worth import worth
from tests.report.conftest import make_sample

SOURCES = ("Trade show", "Webinar", "Referral")
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
        self.style = self.script = ""
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
        elif self._inside and self._inside[-1] == "script":
            self.script += data
        else:
            self.text.append(data)

    @property
    def visible(self) -> str:
        return " ".join(" ".join(self.text).split())

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]


def render(sample: Any, **changed: Any) -> str:
    parts = {"display": sample.display, "summary": sample.summary}
    parts |= {k: v for k, v in changed.items() if k not in ("scores", "reasons")}
    return render_list(
        changed.get("scores", sample.scores), changed.get("reasons", sample.reasons), **parts
    )


def hostile(sample: Any) -> str:
    """The same page, every text of a lead hostile."""
    n = len(sample.display)
    roles = [*ROLES, "campaign", "list", "owner"]
    display = pd.DataFrame({role: [HOSTILE[i % len(HOSTILE)] for i in range(n)] for role in roles})
    scores = sample.scores.assign(lead_id=display["name"], unlike=display["name"])
    for column in ("criteria_failed", "criteria_unknown", "status_reason"):
        scores[column] = display["name"]
    reasons = sample.reasons.assign(sentence=sample.reasons["row"].map(display["name"]))
    scores["do_not_contact"] = display["name"]
    summary = replace(sample.summary, name=HOSTILE[0], model=HOSTILE[1])
    rows = [int(row) for row in scores["row"]]
    folded = {
        row: Folded(
            timeline=timeline([(0, text), (0, text)]), alike=(text,), changed=((text, 0.1),)
        )
        for row, text in zip(rows, display["name"], strict=True)
    }
    movers = tuple(Moved(row, HOSTILE[row % len(HOSTILE)], 0.1, 0.3, HOSTILE[0]) for row in (0, 1))
    top = Overview(
        worth=worth([0.2] * 5), elsewhere=HOSTILE[1], over=movers, over_count=2, since="today",
        sources=(SourceRecord(HOSTILE[2], 20, 0.1, 50, 0.2, 0.1, 0.3),), rep=HOSTILE[4],
    )  # fmt: skip
    return render_list(
        scores, reasons, display=display, summary=summary, overview=top, folded=folded
    )


def full(sample: Any) -> str:
    """The page with all that it can hold, as `predict score` makes it."""
    scores = sample.scores.assign(fit="B", engagement="1")
    display = sample.display.assign(
        source=[SOURCES[row % 3] for row in range(len(scores))],
        owner=["Kim" if row % 2 else "Sam" for row in range(len(scores))],
    )
    best = calling_order(scores[scores["status"] == "scored"])
    rows = [int(row) for row in best["row"]]
    seen = timeline([(0, "viewed “pricing”"), (0, "viewed “pricing”"), (3, "opened a mail")])
    past = "Came in March 2025, looked at after 7 days, alike in industry: "
    past += became("became an opportunity", "become an opportunity within 90 days", 34)
    moves = tuple(Moved(row, display["name"][row], 0.04, 0.3, "Came back") for row in rows[:2])
    top = Overview(
        worth=worth(best["probability"].head(20)), elsewhere="No lead here is an A.",
        sources=(SourceRecord("Webinar", 20, 0.11, 812, 0.19, 0.16, 0.22),),
        over=moves, over_count=14, fresh=3, seen=44, since="1 February 2026",
    )  # fmt: skip
    folded = {
        row: Folded(seen, (past + ".",), (("came back", 0.26),), "4 % on 1 February 2026")
        for row in rows[:12]
    }
    return render(sample, scores=scores, display=display, overview=top, folded=folded)


def test_the_page_loads_nothing(sample: Any) -> None:
    page = Page(full(sample))
    names = {tag for tag, _ in page.tags}
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not names & {"iframe", "object", "embed", "form", "img", "base", "audio"}
    assert not any(name.startswith("on") or name == "style" for _, a in page.tags for name in a)
    for href in [*page.values("href"), *page.values("src")]:
        assert re.match(r"(#|mailto:|tel:\+?\d+$|data:,$)", href), href
    assert "url(" not in page.style and "@import" not in page.style


def test_the_policy_forbids_all_but_the_one_style_and_the_one_script(sample: Any) -> None:
    page = Page(render(sample))
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    style, script = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (page.style, page.script)
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_hostile_text_stays_text(sample: Any) -> None:
    html = hostile(sample)
    page = Page(html)
    known = {tag for tag, _ in Page(full(sample)).tags}
    assert {tag for tag, _ in page.tags} <= known
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert all(re.match(r"(#|data:,$)", href) for href in page.values("href"))
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", html)
    assert "{{7*7}}" in page.visible and "49" not in re.findall(r"\d+", "".join(page.text[-40:]))
    assert "<script>alert(1)</script>" in page.visible


@pytest.mark.parametrize("plain", [True, False])
def test_no_forbidden_word_is_read(sample: Any, plain: bool) -> None:
    changes = {} if plain else {"scores": sample.scores.assign(status="duplicate")}
    text = Page(render(sample, **changes) if changes else full(sample)).visible
    assert forbidden_words(text) == []


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


def test_leads_stand_in_calling_order(sample: Any) -> None:
    page = Page(render(sample))
    scored = sample.scores[sample.scores["status"] == "scored"]
    shown = [int((a["id"] or "").removeprefix("lead-")) for tag, a in page.tags if tag == "article"]
    assert sorted(shown) == sorted(scored["row"])
    leads = scored.set_index("row").loc[shown]
    rated = leads["rated_qualified"].astype(bool).tolist()
    assert rated == sorted(rated, reverse=True)
    keys = list(zip(~leads["rated_qualified"].astype(bool), leads["grade"], strict=True))
    assert keys == sorted(keys)
    for _, group in leads.groupby([~leads["rated_qualified"].astype(bool), "grade"]):
        assert group["created_at"].is_monotonic_decreasing  # within a grade the youngest first
    expected = round(scored.loc[scored["rated_qualified"].astype(bool), "probability"].sum())
    assert f"about {expected} of them will become an opportunity" in page.visible


def test_a_lead_tells_who_the_chance_the_reasons_and_how_to_reach_it(sample: Any) -> None:
    html = full(sample)
    lead = calling_order(sample.scores[sample.scores["status"] == "scored"]).iloc[0]
    text = re.search(rf'<article class="lead" id="lead-{lead["row"]}".*?</article>', html, re.S)
    assert text is not None
    card = Page(text[0])
    display = sample.display.loc[lead["row"]]
    assert display["name"] in card.visible and display["firm"] in card.visible
    assert "about " in card.visible and "came " in card.visible
    reasons = sample.reasons[sample.reasons["row"] == lead["row"]]
    for sentence in reasons.loc[reasons["direction"] != "other", "sentence"]:
        fact = sentence.split(";")[0]
        assert fact[:1].upper() + fact[1:] in card.visible
    assert re.search(
        r"\d+ of [\d,]+ such leads: \d+ % \([\d.]+ % to \d+ %\), of all \d+ %", card.visible
    )
    assert f"mailto:{display['email']}" in card.values("href")
    for said in ("Fit B", "Engagement 1", "today Viewed “pricing”, 2 times", "34 days later"):
        assert said in card.visible
    assert "It was 4 % on 1 February 2026" in card.visible and "+26.0 came back" in card.visible


def test_the_walk_adds_up_as_printed(sample: Any) -> None:
    walks = re.findall(r'<table class="walk">.*?</table>', full(sample), re.S)
    assert len(walks) > 20
    for walk in walks:
        figures = re.findall(r"<td(?: class=\"\w+\")?>([+−±]?[\d.]+)(?: %)?</td>", walk)
        start, *steps, end = [float(f.replace("−", "-").replace("±", "")) for f in figures]
        assert round(start + sum(steps), 1) == end


def test_what_stands_on_top(sample: Any) -> None:
    visible = Page(full(sample)).visible
    best = calling_order(sample.scores[sample.scores["status"] == "scored"]).head(20)
    found = worth(best["probability"])
    assert f"Work 20: expect {round(found.expected)} to become an opportunity" in visible
    assert f"range {found.low}–{found.high}" in visible
    assert "Newly over the line 14" in visible and "and 12 more" in visible
    assert "Came back" in visible and "Fallen below it 0 None" in visible
    assert "Webinar : 20 leads here with a chance of 11 % on average. Of 812 past" in visible
    assert visible.index("Newly over the line") < visible.index("Call these first")


def test_a_lead_that_may_not_be_contacted_says_so_first(sample: Any) -> None:
    scores = sample.scores.assign(do_not_contact="“HasOptedOutOfEmail”")
    html = render(sample, scores=scores)
    scored = int((scores["status"] == "scored").sum())
    assert html.count('<p class="stop">May not be contacted in every way') == scored


def test_marks_are_shown(sample: Any) -> None:
    visible = Page(render(sample)).visible
    assert "Unlike any past lead: 48,000 employees, more than ever seen." in visible
    assert "Judged by profile alone: nothing is known of what this lead did." in visible
    assert "Still to find out: budget" in visible
    assert "Not as agreed: country is not DE, AT or PT" in visible


def test_only_the_best_are_shown_and_folded_and_the_page_says_so(
    sample: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("predict.report.pages.MOST_LEADS", 30)
    monkeypatch.setattr("predict.report.pages.MOST_FOLDED", 10)
    page = Page(render(sample))
    scored = sample.scores[sample.scores["status"] == "scored"]
    assert f"Shown are the 30 of {len(scored)} with the highest chance" in page.visible
    shown = {a["id"] for tag, a in page.tags if tag == "article"}
    assert shown == {f"lead-{row}" for row in scored.nlargest(30, "probability")["row"]}
    assert "folded below the 10 leads with the highest chance" in page.visible
    assert sum(tag == "details" for tag, _ in page.tags) == 10


def test_a_page_of_one_grade_links_those_of_the_others(sample: Any) -> None:
    pages = {"A": "list.html", "B": "list_B.html", "D": "list_D.html"}
    page = Page(render(sample, overview=Overview(grade="B", pages=pages)))
    grades = {a["data-grade"] for tag, a in page.tags if tag == "article"}
    assert grades == {"B"}
    assert [h for h in page.values("href") if h.endswith(".html")] == list(pages.values())
    assert page.values("aria-current") == ["page"]
    assert "each grade has its own" in page.visible


def test_the_limits_of_a_page_are_those_promised() -> None:
    """What is measured in the documentation: 20,000 leads below 30 MB."""
    assert (MOST_LEADS, MOST_FOLDED) == (20_000, 2_000)


def test_a_full_page_weighs_what_was_promised(sample: Any) -> None:
    """By what one lead weighs, folded and not: 30 MB hold 20,000 of which 2,000 are folded."""
    folded = [len(a.encode()) for a in re.findall(r"<article.*?</article>", full(sample), re.S)]
    slim = full(replace(sample, reasons=sample.reasons.iloc[:0]))
    slim_bytes = [len(a.encode()) for a in re.findall(r"<article.*?</article>", slim, re.S)]
    weight = MOST_FOLDED * max(folded) + MOST_LEADS * sum(slim_bytes) / len(slim_bytes)
    assert weight < 30e6


def test_a_long_list_is_laid_out_no_further_than_its_first_leads() -> None:
    html = full(make_sample(n=2 * AT_ONCE + 150))
    leads = html.count("<article ")
    assert leads > 2 * AT_ONCE - 50
    at_once = re.sub(r"<noscript.*?</noscript>", "", html, flags=re.S)
    assert AT_ONCE <= at_once.count("<article ") < AT_ONCE + PART
    told = sum(int(n) for n in re.findall(r'<noscript data-leads="(\d+)"', html))
    assert told + at_once.count("<article ") == leads


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
