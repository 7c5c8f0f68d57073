"""Join coverage: rows re-filed under the contact are noticed, honest exports are left alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predict.crm.carriers import Carriers, prefix
from predict.crm.coverage import FEWEST, Coverage, measure, wilson
from predict.crm.opening import open_crm
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.findings import Finding

Opened = Callable[..., Crm]
DAY = pd.Timedelta(days=1)
TEXT = """
name = "vendor"
[conversion]
stage = "opportunity"
within_days = 60
lost_stages = ["lost"]
[snapshots]
ages_days = [0, 7, 30]
[leads]
path = "Lead.csv"
exported_at = 2024-12-31
lead_id = "Id"
created_at = "CreatedDate"
{links}
[events.task]
path = "Task.csv"
id = "WhoId"
id_of = {kinds}
occurred_at = "CompletedDateTime"
kind = "call"
by = "us"
{coverage}
[outcomes.opportunity]
path = "Opportunity.csv"
lead_id = "LeadId"
stage = "opportunity"
entered_at = "CreatedDate"
[outcomes.lost]
path = "Lost.csv"
lead_id = "LeadId"
stage = "lost"
entered_at = "At"
"""
LINKS = """
[links.contact]
path = "Lead.csv"
lead_id = "Id"
other_id = "ConvertedContactId"
"""


def write_export(
    folder: Path,
    *,
    seed: int = 1,
    leads: int = 800,
    refiled: bool = True,
    direct: int = 0,
    copies: int = 0,
) -> None:
    """Write a small Salesforce-like export; ``direct`` contacts were never a lead.

    ``copies`` further tables of tasks are drawn for the same leads.
    """
    rng = np.random.default_rng(seed)
    ids = pd.Series([f"00QVe{i:010d}AAA" for i in range(leads)])
    created = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, leads), unit="D")
    won = rng.random(leads) < 0.2
    ends = created + pd.to_timedelta(rng.integers(1, 50 * 24, leads), unit="h")
    contact = pd.Series([f"003Ve{i:010d}AAA" for i in range(leads)]).where(won)
    others = pd.DataFrame({"WhoId": [f"003Ve{i:010d}AAA" for i in range(10**6, 10**6 + direct)]})
    others["CompletedDateTime"] = pd.Timestamp("2024-05-01 10:00")

    def tasks() -> pd.DataFrame:
        who = np.repeat(np.arange(leads), rng.poisson(2.0, leads))
        at = created[who] + pd.to_timedelta(rng.exponential(12, len(who)), unit="D")
        carriers = contact.fillna(ids).to_numpy()[who] if refiled else ids.to_numpy()[who]
        own = pd.DataFrame({"WhoId": carriers, "CompletedDateTime": at})
        return pd.concat([own[at < "2024-12-31"], others])

    frames = {
        "Lead": pd.DataFrame({"Id": ids, "CreatedDate": created, "ConvertedContactId": contact}),
        "Task": tasks(),
        **{f"Task{i}": tasks() for i in range(copies)},
        "Opportunity": pd.DataFrame({"LeadId": ids[won], "CreatedDate": ends[won]}),
        "Lost": pd.DataFrame({"LeadId": ids[~won][::3], "At": ends[~won][::3]}),
    }
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%dT%H:%M:%S.000+0000")


def text(*, linked: bool = False, coverage: str = "") -> str:
    kinds = '["lead", "contact"]' if linked else '"lead"'
    return TEXT.format(links=LINKS if linked else "", kinds=kinds, coverage=coverage)


def found(folder: Path, said: str) -> list[Finding]:
    crm = open_crm(Definition.parse(said, folder=folder))
    try:
        return [f for f in crm.findings if f.code == "join-coverage"]
    finally:
        crm.close()


def test_without_links_the_check_stops_and_names_the_id_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from predict.cli.app import main

    write_export(tmp_path)
    for name, said, code in [("bare", text(), 2), ("linked", text(linked=True), 0)]:
        path = tmp_path / f"{name}.toml"
        path.write_text(said, encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["predict", "check", str(path)])
        with pytest.raises(SystemExit) as left:
            main()
        assert int(left.value.code or 0) == code
        printed = " ".join(capsys.readouterr().out.split())
        assert ("WhoId seems to name something else" in printed) == (code == 2)


def test_the_sentence_says_what_was_found_and_the_cure(tmp_path: Path) -> None:
    write_export(tmp_path)
    finding = found(tmp_path, text())[0]
    assert (finding.severity, finding.subject) == ("block", "events.task")
    for said in [
        "0 % had a row before it",
        "begin with 003 (contacts); ids of leads begin with 00Q (leads)",
        "Declare [links.contact]",
        '"ConvertedContactId"',
        'id = "WhoId", id_of = ["lead", "contact"]',
        'coverage = "accepted"',
    ]:
        assert said in finding.sentence
    assert "003Ve" not in finding.sentence  # how ids begin, never an id
    assert finding.counts["won_with"] == 0 < finding.counts["won"]


def test_silent_winners_are_noticed_where_the_orphans_were_filtered_away(tmp_path: Path) -> None:
    """As by a query that asks for the tasks of leads alone."""
    write_export(tmp_path)
    tasks = pd.read_csv(tmp_path / "Task.csv")
    tasks[tasks["WhoId"].str.startswith("00Q")].to_csv(tmp_path / "Task.csv", index=False)
    finding = found(tmp_path, text())[0]
    assert finding.severity == "block"
    assert "silence would seem to win" in finding.sentence
    assert "of no lead" not in finding.sentence


def test_contacts_of_many_rows_stop_a_run_even_where_too_few_were_won(tmp_path: Path) -> None:
    write_export(tmp_path, leads=100)
    finding = found(tmp_path, text())[0]
    assert finding.severity == "block"
    assert "silence" not in finding.sentence  # nobody could tell
    assert finding.counts["unresolved"] > FEWEST


def test_a_user_with_a_reason_is_not_stuck(tmp_path: Path) -> None:
    write_export(tmp_path)
    said = text(coverage='coverage = "accepted"')
    assert not found(tmp_path, said)
    assert Definition.parse(said).digest() == Definition.parse(text()).digest()


def test_people_who_were_never_a_lead_are_no_reason_to_stop(tmp_path: Path) -> None:
    write_export(tmp_path, direct=900)
    assert not found(tmp_path, text(linked=True))


@pytest.mark.parametrize("linked", [False, True])
def test_honest_exports_are_left_alone(tmp_path: Path, linked: bool) -> None:
    """Twenty tables each way: rows under the lead's id, and re-filed with a link declared."""
    head, task, tail = split(text(linked=linked))
    tables = [
        task.replace("events.task", f"events.task{i}").replace("Task.", f"Task{i}.")
        for i in range(10)
    ]
    for seed in range(2):
        write_export(tmp_path, seed=seed, leads=500, refiled=linked, copies=10)
        assert not found(tmp_path, head + "".join(tables) + tail), seed
    # They are tables that would have been noticed.
    if linked:
        head, _, tail = split(text())
        bare = [t.replace('["lead", "contact"]', '"lead"') for t in tables]
        assert len(found(tmp_path, head + "".join(bare) + tail)) == 10


def split(said: str) -> tuple[str, str, str]:
    head, _, rest = said.partition("[events.task]")
    task, _, tail = rest.partition("[outcomes.opp")
    return head, "[events.task]" + task, "[outcomes.opp" + tail


def test_shares_are_those_of_plain_pandas(tmp_path: Path) -> None:
    write_export(tmp_path, seed=3)
    crm = open_crm(Definition.parse(text(linked=True), folder=tmp_path))
    try:
        measured = measure(crm, "task")
    finally:
        crm.close()
    read = {n: pd.read_csv(tmp_path / f"{n}.csv") for n in ("Lead", "Task", "Opportunity", "Lost")}
    leads = read["Lead"].assign(created=pd.to_datetime(read["Lead"]["CreatedDate"]))
    known = leads.set_index("ConvertedContactId")["Id"]
    lead = read["Task"]["WhoId"].map(known[known.index.notna()]).fillna(read["Task"]["WhoId"])
    first = pd.to_datetime(read["Task"]["CompletedDateTime"]).groupby(lead).min()
    won = read["Opportunity"].set_index("LeadId")["CreatedDate"]
    lost = read["Lost"].set_index("LeadId")["At"]
    stamps = {k: pd.to_datetime(leads["Id"].map(v)) for k, v in {"won": won, "lost": lost}.items()}
    closed = pd.concat(list(stamps.values()), axis=1).min(axis=1)
    expected = []
    for age in (0, 7, 30):
        look = leads["created"] + max(age * DAY, pd.Timedelta(minutes=1))
        judged = look + 60 * DAY <= pd.Timestamp("2025-01-01", tz="UTC")
        judged &= closed.isna() | (closed >= look)
        wins = stamps["won"].notna() & (stamps["won"] < look + 60 * DAY)
        there = (leads["Id"].map(first) < look).fillna(False)
        sums = [judged & wins, judged & wins & there, judged & ~wins, judged & ~wins & there]
        expected.append(Coverage(age, *(int(s.sum()) for s in sums)))
    assert measured == expected


def test_rows_before_a_table_was_complete_count_for_nobody(tmp_path: Path) -> None:
    write_export(tmp_path, refiled=False)
    crm = open_crm(Definition.parse(text(coverage="covers_from = 2024-06-01"), folder=tmp_path))
    try:
        covered = measure(crm, "task")[0]
    finally:
        crm.close()
    leads = pd.to_datetime(pd.read_csv(tmp_path / "Lead.csv")["CreatedDate"])
    late = (leads >= pd.Timestamp("2024-06-01", tz="UTC")).sum()
    assert 0 < covered.won + covered.other <= late < len(leads)


def test_how_ids_begin(opened: Opened, tmp_path: Path) -> None:
    write_export(tmp_path, leads=60)
    crm = opened(text(), folder=tmp_path)
    ids = pd.DataFrame(
        {
            "id": [
                "003Ve0000000001AAA",
                "003Ve0000000001",
                "L-42",
                "case_7",
                "4711",
                "ann.b@x.example",
            ]
        }
    )
    told = crm.workspace.frame(ids, "ids")
    begin = told.select(told.id, prefix=prefix(told.id)).to_pandas().set_index("id")["prefix"]
    assert [begin[i] for i in ids["id"]] == ["003", "003", "L-", "case_", "", ""]
    tasks = pd.read_csv(tmp_path / "Task.csv")["WhoId"].str[:3].value_counts()
    own, others = int(tasks["00Q"]), int(tasks["003"])
    assert set(crm.carriers["task"]) == {Carriers("00Q", own, own), Carriers("003", others, 0)}


def test_bounds_hold_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    for share in (0.02, 0.3, 0.9):
        hits = rng.binomial(200, share, 4_000)
        inside = [low <= share <= high for low, high in (wilson(int(h), 200) for h in hits)]
        assert np.mean(inside) > 0.98
