"""The pages of a scored list: what is folded, what stands on top, a page for each rep."""

import re
import shutil
from datetime import datetime
from html import unescape

import pandas as pd
import pytest

from predict.home import Home
from predict.jobs import listpage, run
from predict.jobs.scoring import Order, score
from predict.report import pages
from tests.jobs.conftest import Outcome

LATER = datetime(2026, 7, 1)
EARLIER = datetime(2026, 6, 1)


@pytest.fixture(scope="module")
def home(company, tmp_path_factory):
    """The company's home without what other tests entered into its ledger."""
    to = tmp_path_factory.mktemp("apart") / "home"
    shutil.copytree(company.home, to, ignore=shutil.ignore_patterns("ledger", ".lock"))
    return Home.at(to)


@pytest.fixture(scope="module")
def open_leads(company, home, tmp_path_factory):
    """The open leads, scored twice."""
    to = tmp_path_factory.mktemp("open")
    first = Order(to / "first", EARLIER)
    second = Order(to / "second", LATER, by="owner", work=50)
    return tuple(Outcome(score(company.definition, home, order)) for order in (first, second))


def text(html: str) -> str:
    bare = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def leads_of(html: str) -> list[int]:
    return [int(row) for row in re.findall(r'<article class="lead" id="lead-(\d+)"', html)]


def test_each_rep_has_a_page_and_together_they_hold_the_list(open_leads, company):
    _, done = open_leads
    scores = done.scores
    rows = set(scores.loc[scores["status"] == "scored", "row"])
    found = {path.stem: leads_of(path.read_text("utf-8")) for path in
             (done.folder / listpage.BY_OWNER).iterdir()}  # fmt: skip
    assert len(found) > 1
    assert sorted(row for leads in found.values() for row in leads) == sorted(rows)
    owners = pd.read_csv(company.exports / "leads.csv", dtype=str).set_index("lead_id")["owner"]
    ids = scores.set_index("row")["crm_id"]
    for rep, leads in found.items():
        assert {listpage.file_name(owners[ids[row]], set()) for row in leads} == {rep}
    assert leads_of((done.folder / "list.html").read_text("utf-8"))


def test_each_rep_sees_what_of_theirs_was_not_scored_and_what_to_know_first(open_leads, company):
    _, done = open_leads
    rows = pd.read_csv(done.folder / "scored.csv", dtype=str)
    left = rows[rows["status"] != "scored"]
    assert len(left)
    for path in (done.folder / listpage.BY_OWNER).iterdir():
        page = text(path.read_text("utf-8"))
        mine = rows[[listpage.file_name(o, set()) == path.stem for o in rows["owner"].fillna("")]]
        n = int((mine["status"] != "scored").sum())
        assert f"{len(mine):,} rows read: {len(mine) - n:,} scored" in page
        assert (f"{n} not scored" in page) == (n > 0)
        assert all(why in page for why in mine["status_reason"].dropna())
    told = text((done.folder / "list.html").read_text("utf-8"))
    warned = "days older than the moment looked at" in told
    assert warned == ("days older than the moment looked at" in page)


def test_what_moved_since_the_last_run_is_told_with_why(open_leads):
    first, done = open_leads
    then = first.scores.set_index("crm_id")
    now = done.scores[done.scores["status"] == "scored"].set_index("crm_id")
    then = then[then["status"] == "scored"]
    both = now.index.intersection(then.index)
    is_in, was_in = now.loc[both, "rated_qualified"], then.loc[both, "rated_qualified"]
    said = text((done.folder / "list.html").read_text("utf-8"))
    assert "Since 1 June 2026" in said
    assert f"{len(both)} of these leads were scored before" in said
    assert f"Newly over the line {(is_in & ~was_in).sum()}" in said
    assert f"Fallen below it {(~is_in & was_in).sum()}" in said
    assert "Moved most by" in said
    assert "Since " not in text((first.folder / "list.html").read_text("utf-8")).split("Call")[0]


def test_what_it_is_worth_and_the_record_of_the_sources(open_leads, company):
    _, done = open_leads
    said = text((done.folder / "list.html").read_text("utf-8"))
    assert re.search(r"Work 50: expect \d+ to become an opportunity within 90 days, range", said)
    assert re.search(r"leads here with a chance of .*? % on average\. Of \d+ past leads", said)


def test_what_leads_did_is_what_the_events_say(open_leads, company):
    _, done = open_leads
    html = (done.folder / "list.html").read_text("utf-8")
    events = pd.read_parquet(company.exports / "events.parquet")
    stamp = next(c for c in events.columns if pd.api.types.is_datetime64_any_dtype(events[c]))
    stamps = pd.to_datetime(events[stamp], utc=True).dt.tz_localize(None)
    past = events[stamps < LATER].assign(_at=stamps)
    ids = done.scores.set_index("row")["crm_id"]
    checked = 0
    for card in re.findall(r"<article.*?</article>", html, re.S):
        told = re.search(r'<section class="timeline">.*?<li><span>(.*?)</span>', card, re.S)
        if told is None:
            continue
        row = leads_of(card)[0]
        last = past.loc[past["lead_id"] == ids[row], "_at"].max()
        days = (LATER - last).days
        assert told[1] == {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
        checked += 1
    assert checked > 20


def test_past_leads_are_told_without_names_and_as_old_as_can_be_judged(open_leads, company):
    _, done = open_leads
    html = (done.folder / "list.html").read_text("utf-8")
    told = re.findall(r'<section class="alike">.*?</section>', html, re.S)
    sentences = [unescape(s) for part in told for s in re.findall(r"<li><bdi>(.*?)</bdi>", part)]
    assert len(sentences) > 20
    for said in sentences:
        assert re.fullmatch(
            r"Came in \w+ \d{4}, looked at (on its first day|after \d+ days?)(, alike in [^:]+)?: "
            r"(became an opportunity (the same day|\d+ days? later)"
            r"|did not become an opportunity within 90 days)\.",
            said,
        ), said
    leads = pd.read_csv(company.exports / "leads.csv", dtype=str)
    names = set(leads["last_name"].dropna()) if "last_name" in leads else set()
    assert not names & set(" ".join(sentences).split())


def test_a_list_without_an_a_points_to_better_open_leads(
    open_leads, company, home, scored, tmp_path
):
    _, done = open_leads
    best = done.scores[(done.scores["grade"] == "A") & done.scores["rated_qualified"]]
    few = pd.read_csv(company.exports / "trade_show.csv", dtype=str)
    plain = scored(company.exports / "trade_show.csv", mapping="trade_show")
    keep = plain.scores.loc[plain.scores["grade"] != "A", "row"]
    few.iloc[keep].to_csv(tmp_path / "few.csv", index=False)
    order = Order(tmp_path / "few", LATER, tmp_path / "few.csv", "trade_show")
    page = score(company.definition, home, order).folder / "list.html"
    said = text(page.read_text("utf-8"))
    assert f"{len(best)} of them are an A, as known on 1 July 2026" in said


def test_a_long_list_has_a_page_for_each_grade(company, scored, monkeypatch):
    monkeypatch.setattr(pages, "MOST_LEADS", 100)
    monkeypatch.setattr(run, "KEPT", 100)
    done = scored(company.exports / "new_leads.csv", reasons="none")
    counts = done.scores["grade"].value_counts()
    files = sorted(done.folder.glob("list*.html"))
    assert len(files) == len(counts)
    for file in files:
        html = file.read_text("utf-8")
        letter = set(re.findall(r'<article [^>]*data-grade="(.)"', html))
        assert len(letter) == 1
        here = done.scores[done.scores["grade"] == next(iter(letter))]
        best = here.nlargest(100, "probability", keep="all")["row"]
        shown = leads_of(html)
        assert len(shown) == min(100, len(here)) and set(shown) <= set(best)
        for link in re.findall(r'<a class="tile [^"]*" href="([^"]+)"', html):
            assert (done.folder / link).is_file()
