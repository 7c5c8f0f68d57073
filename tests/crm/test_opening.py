"""Opening: who is suppressed, when the export was made, and from which files it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from predict.crm.tables import Crm
from predict.history.building import build_dataset

Opened = Callable[..., Crm]
TEXT = """
name = "opening"
time_zone = "Europe/Berlin"
conversion = { stage = "won", within_days = 30 }
[leads]
path = "leads*.csv"
lead_id = "Id"
created_at = "Created"
{leads}
[leads.columns]
Email = "personal"
[links.contact]
path = "links.csv"
lead_id = "Id"
other_id = "Contact"
[events.web]
path = "web.csv"
id = "Contact"
id_of = "contact"
occurred_at = "at"
kind = "visit"
by = "lead"
covers_from = 2024-01-01
{web}
[outcomes.stage]
path = "stages.csv"
lead_id = "Id"
stage = "won"
entered_at = "at"
{stages}
[suppression]
path = "never.csv"
{suppression}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "leads_2024-05-06.csv": (
            "Id,Created,Email\nab,2024-01-01 10:00,ab@x.example\nAB,2024-01-02 10:00,\n"
            "3,2024-01-03 10:00,Three@X.example\n4,2024-05-01 10:00,\n"
        ),
        "links.csv": "Id,Contact\nab,c1\n",
        "web.csv": "Contact,at\nc1,2024-01-02 10:00\n",
        "stages.csv": "Id,at\nab,2024-01-09 10:00\n",
        "never.csv": "who,note\nAB,asked\n three@x.EXAMPLE ,\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def text(leads: str = "", web: str = "", stages: str = "", suppression: str = "") -> str:
    parts = {"leads": leads, "web": web, "stages": stages, "suppression": suppression}
    filled = TEXT
    for name, part in parts.items():
        filled = filled.replace("{" + name + "}", part)
    return filled


def suppressed(crm: Crm) -> list[str]:
    return sorted(crm.leads.filter(crm.leads.suppressed).lead_id.to_pandas())


def test_suppression_by_id_and_by_address_in_any_case(opened: Opened, folder: Path) -> None:
    crm = opened(text('exported_at = "from-name"'), folder)
    assert suppressed(crm) == ["3", "AB"]  # ids that differ by case are two leads, addresses one
    assert crm.counts["leads suppressed"] == 2
    assert list(build_dataset(crm).keys["lead_id"].unique()) == ["ab"]
    held = [c for c in crm.leads.columns if "mail" in c.lower() and c[:2] != "p:"]
    assert held == ["mail_key", "mail_domain"]  # hashed, and the firm's: no address
    assert "@" not in crm.leads.select(held).to_pandas().to_csv()
    only = opened(text('exported_at = "from-name"', suppression='lead_id = "who"'), folder)
    assert suppressed(only) == ["3", "AB"]


def test_the_earliest_table_says_when_the_export_was_made(opened: Opened, folder: Path) -> None:
    declared = text("exported_at = 2024-06-30", web="exported_at = 2024-06-01T12:00:00")
    assert opened(declared, folder).exported_at == datetime(2024, 6, 1, 10)
    day = text("exported_at = 2024-06-30", stages="exported_at = 2024-06-02")
    assert opened(day, folder).exported_at == datetime(2024, 6, 2, 22)  # the end of the day, there
    named = text('exported_at = "from-name"', web='exported_at = "from-name"')
    crm = opened(named, folder)
    assert crm.exported_at == datetime(2024, 5, 5, 22)
    told = crm.check().set_index("code")["subject"]
    assert told["no-date-in-name"] == "events.web"


def test_without_a_word_the_newest_stamp_inside_counts(opened: Opened, folder: Path) -> None:
    crm = opened(text(), folder)
    assert crm.exported_at == datetime(2024, 5, 1, 8)
    assert "No table says" in crm.check().set_index("code")["sentence"]["exported-at"]
    late = opened(text("exported_at = 2024-02-01"), folder)
    assert "future-stamps" in set(late.check()["code"])


def test_every_file_read_is_among_the_sources(opened: Opened, folder: Path) -> None:
    """So that none is missing in the archive, and a change in any is a change of the inputs."""
    first, again = opened(text(), folder), opened(text(), folder)
    assert [s["table"] for s in first.sources] == [
        *("leads", "suppression", "links.contact", "events.web", "outcomes.stage"),
    ]
    assert first.sources == again.sources
    with (folder / "never.csv").open("a", encoding="utf-8") as handle:
        handle.write("4,\n")
    changed = opened(text(), folder)
    assert [s["sha256"] for s in changed.sources] != [s["sha256"] for s in first.sources]
    assert suppressed(changed) == ["3", "4", "AB"]


def test_tables_are_complete_from_the_beginning_of_a_day_there(
    opened: Opened, folder: Path
) -> None:
    crm = opened(text(), folder)
    assert crm.covers_us == {"web": pd.Timestamp("2023-12-31 23:00").value // 1000}
