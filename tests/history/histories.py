"""Random exports of a small company, full of ties, duplicates, late and boundary moments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from predict.crm.opening import open_crm
from predict.crm.tables import Crm
from predict.definition.schema import Definition

DAY = pd.Timedelta(days=1)
TICK = pd.Timedelta(microseconds=1)
BEGIN = pd.Timestamp("2024-01-01")
AGES = (0, 7, 30)
TEXT = """
name = "small"
[conversion]
stage = "won"
within_days = 20
lost_stages = ["lost"]
export_lag_days = 2
[snapshots]
{snapshots}
[leads]
exported_at = {exported_at}
lead_id = "id"
created_at = "created"
source = "source"
{account}
[leads.columns]
industry = "fixed"
title = {{ class = "fixed", type = "text" }}
employees = {{ class = "fixed", type = "number" }}
[links.contact]
lead_id = "id"
other_id = "contact"
[events.web]
lead_id = "lead"
occurred_at = "at"
known_at = "known"
kind_column = "kind"
asset = "asset"
values = ["seconds", "pages"]
by = "lead"
{covers}
[events.mail]
id = "who"
id_of = ["lead", "contact"]
occurred_at = "at"
kind = "click"
by = "lead"
[events.calls]
lead_id = "lead"
occurred_at = "at"
kind = "call"
asset = "asset"
values = ["Seconds"]
by = "us"
features = true
[events.notes]
lead_id = "lead"
occurred_at = "at"
kind_column = "kind"
by = "us"
[outcomes.stage]
lead_id = "lead"
stage_column = "stage"
entered_at = "at"
known_at = "known"
"""


@dataclass(frozen=True)
class History:
    """Frames of an export and what goes into its definition."""

    leads: pd.DataFrame
    events: dict[str, pd.DataFrame]
    stages: pd.DataFrame
    links: pd.DataFrame
    accounts: bool = True
    covers_from: str | None = "2024-02-01"
    snapshots: str = f"ages_days = {list(AGES)}"
    exported_at: str = "2024-07-01T00:00:00"
    drop: tuple[str, ...] = field(default=())

    @property
    def definition(self) -> Definition:
        text = TEXT.format(
            snapshots=self.snapshots,
            exported_at=self.exported_at,
            account='account_id = "account"' if self.accounts else "",
            covers=f"covers_from = {self.covers_from}" if self.covers_from else "",
        )
        for name in self.drop:
            head, _, tail = text.partition(f"[events.{name}]")
            text = head + tail[tail.index("\n[") :]
        return Definition.parse(text)

    def open(self) -> Crm:
        return open_crm(
            self.definition,
            leads=self.leads,
            events={n: f for n, f in self.events.items() if n not in self.drop},
            outcomes={"stage": self.stages},
            links={"contact": self.links},
            types={"source": "category", "industry": "category"},
        )

    def shuffled(self, seed: int) -> History:
        return replace(
            self,
            leads=self.leads.sample(frac=1, random_state=seed),
            events={n: f.sample(frac=1, random_state=seed) for n, f in self.events.items()},
            stages=self.stages.sample(frac=1, random_state=seed),
            links=self.links.sample(frac=1, random_state=seed),
        )


def random_history(
    seed: int, *, leads: int = 70, events: int = 900, days: int = 150, **changes: object
) -> History:
    """Return a history in which the moments that could go wrong are frequent."""
    rng = np.random.default_rng(seed)
    hours = rng.integers(0, days * 24, leads)
    hours[:2] = 31 * 24  # just when the table of visits begins to be complete
    minutes = rng.integers(0, 60, leads) * (rng.random(leads) < 0.5)
    minutes[:2] = 0
    people = pd.DataFrame(
        {
            "id": [f"{i:04d}" for i in range(leads)],
            "created": BEGIN + pd.to_timedelta(60 * hours + minutes, unit="min"),
            "account": rng.choice(["A", "B", "C", "D", None], leads),
            "source": rng.choice(["web", "fair", None], leads),
            "industry": rng.choice(["Steel", "Paper", " ", None], leads),
            "title": rng.choice(["Head of Sales", "CEO", None], leads),
            "employees": rng.choice([5.0, 120.5, np.nan], leads),
        }
    )
    again = people.sample(3, random_state=seed)  # later copies of a lead, to be set apart
    later = again.assign(created=again["created"] + 9 * DAY, industry="Copy")
    contacts = people["id"].sample(frac=0.5, random_state=seed)
    links = pd.DataFrame({"id": contacts, "contact": "c" + contacts.str[-1:]})  # shared by several

    def rows(n: int) -> pd.DataFrame:
        who = rng.integers(0, leads, n)
        at = _moments(people["created"].iloc[who], rng)
        return pd.DataFrame({"lead": people["id"].to_numpy()[who], "at": at})

    web = rows(events)
    web["known"] = web["at"] + pd.to_timedelta(rng.choice([-1, 0, 0, 1, 9], events), unit="D")
    web.loc[rng.random(events) < 0.3, "known"] = pd.NaT
    web["kind"] = rng.choice(["view", "VIEW", "read", "won", "rare"], events, p=_SHARES)
    web["asset"] = rng.choice(["/a", "/A", "/b", "", None], events)
    web["seconds"] = rng.choice([0.1, 2.25, 1e6 / 3, np.nan], events).round(4)
    web["pages"] = rng.choice([1.0, 3.0], events)
    twice = web.sample(events // 10, random_state=seed)
    after = web.sample(events // 10, random_state=seed + 1)  # on the limit between two visits
    pause = pd.Timedelta(minutes=30) + rng.integers(0, 2, len(after)) * TICK
    web = pd.concat([web, twice, after.assign(at=after["at"] + pause)])
    mail = rows(events // 4).rename(columns={"lead": "who"})
    contact = rng.random(len(mail)) < 0.5
    mail.loc[contact, "who"] = "c" + mail.loc[contact, "who"].str[-1:]
    mail.loc[rng.random(len(mail)) < 0.1, "who"] = "nobody"
    calls = rows(events // 5).assign(Seconds=7.5)
    calls["asset"] = rng.choice(["planned", "done"], len(calls))
    notes = rows(events // 5)
    notes["kind"] = rng.choice(["call", "note"], len(notes))
    stages = pd.DataFrame({"lead": people["id"], "at": _ends(people["created"], rng)})
    stages["stage"] = rng.choice(["won", "lost", "mql"], leads, p=[0.5, 0.2, 0.3])
    stages["known"] = stages["at"] + pd.to_timedelta(rng.choice([0, 0, 5], leads), unit="D")
    tables = {"web": web, "mail": mail, "calls": calls, "notes": notes}
    everyone = pd.concat([people, later], ignore_index=True)
    return replace(History(everyone, tables, stages, links), **changes)  # type: ignore[arg-type]


_SHARES = [0.4, 0.25, 0.25, 0.08, 0.02]


def _ends(created: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Return moments at and around the limits of the looks and of their horizon; and others."""
    n = len(created)
    edge = pd.to_timedelta(rng.choice([7, 30, 7 + 20, 30 + 20], n), unit="D")
    other = pd.to_timedelta(rng.integers(-1, 60, n), unit="D")
    return np.where(
        rng.random(n) < 0.5, created + edge + rng.choice([-1, 0], n) * TICK, created + other
    )


def _moments(created: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Return moments exactly at, just before and a window's length before the looks; and others."""
    n = len(created)
    look = pd.to_timedelta(rng.choice(AGES, n), unit="D")
    look = np.where(look == 0 * DAY, pd.Timedelta(minutes=1), look)
    back = rng.choice([0, 1, 7, 30, 35, 90, 365], n) * DAY
    near = rng.choice([-1, 0, 0, 1], n) * TICK
    edge = created.to_numpy() + pd.to_timedelta(look) - pd.to_timedelta(back) + near
    minutes = pd.to_timedelta(rng.integers(-3 * 1440, 70 * 1440, n) // 20 * 20, unit="min")
    return np.where(rng.random(n) < 0.4, edge, created.to_numpy() + minutes)
