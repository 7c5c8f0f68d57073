"""Honest worlds: a small company whose every column was known when it says it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import predict as pr

if TYPE_CHECKING:
    from predict.crm.tables import Crm

BEGIN = pd.Timestamp("2024-01-01")
#: Leads come in over so many days; the export is made so many days after the last of them.
SPAN, REST = 600, 1
EXPORTED = BEGIN + pd.Timedelta(days=SPAN + REST)
HORIZON = 60
AGES = (0, 14, 45)
DAY = pd.Timedelta(days=1)

_DEFINITION = """
name = "zoo"
[conversion]
stage = "won"
within_days = {horizon}
lost_stages = ["lost"]
[snapshots]
ages_days = {ages}
[leads]
exported_at = {exported}
lead_id = "id"
created_at = "created"
account_id = "account"
source = "source"
campaign = "campaign"
[leads.columns]
{columns}
[related.account]
key = "account"
their_key = "id"
[related.account.columns]
{firm_columns}
[events.web]
lead_id = "lead"
occurred_at = "at"
kind = "page view"
asset = "page"
by = "lead"
[events.mail]
lead_id = "lead"
occurred_at = "at"
kind_column = "kind"
by = "lead"
[events.visits]
lead_id = "lead"
occurred_at = "at"
kind = "demo"
by = "lead"
[outcomes.stage]
lead_id = "lead"
stage_column = "stage"
entered_at = "at"
"""


@dataclass
class World:
    """The export of one company, and what is wrong with it.

    Parameters
    ----------
    leads, firms : DataFrame
        One row a lead, one row an account.
    events : dict of str to DataFrame
        Tables ``web``, ``mail``, ``visits``.
    won_at, lost_at : Series of datetime64
        By row of ``leads``; NaT where that never happened before the export.
    rng : numpy.random.Generator
        For the poison, so that the honest part of a seed is the same in every kind.
    columns, firm_columns : dict of str to str
        Profile columns and their types; all are declared ``fixed``.
    right : set of str
        Subjects that a finding must name: columns of ``X``, ``leads``, ``events.web`` …
    begins : tuple of str
        Beginnings of feature names that are as right (features of a poisoned table).
    blocks : bool
        Whether training must stop; a warning is enough otherwise.
    variant : str
        Which form the poison took.
    """

    leads: pd.DataFrame
    firms: pd.DataFrame
    events: dict[str, pd.DataFrame]
    won_at: pd.Series
    lost_at: pd.Series
    rng: np.random.Generator
    columns: dict[str, str]
    firm_columns: dict[str, str]
    right: set[str] = field(default_factory=set)
    begins: tuple[str, ...] = ()
    blocks: bool = False
    variant: str = ""

    @property
    def won(self) -> np.ndarray:
        """Whether each lead was won before the export: what an overwritten field knows."""
        return self.won_at.notna().to_numpy()

    @property
    def definition(self) -> pr.Definition:
        """The agreement under which the export is opened."""
        return pr.Definition.parse(
            _DEFINITION.format(
                horizon=HORIZON,
                ages=list(AGES),
                exported=f"{EXPORTED:%Y-%m-%dT%H:%M:%S}",
                columns=_classes(self.columns),
                firm_columns=_classes(self.firm_columns),
            )
        )

    def open(self) -> Crm:
        """Open the export from data frames, as a user would."""
        ends = [
            pd.DataFrame({"lead": self.leads["id"], "stage": stage, "at": at}).dropna()
            for stage, at in (("won", self.won_at), ("lost", self.lost_at))
        ]
        before = {n: f[f["at"] < EXPORTED] for n, f in self.events.items()}
        return pr.open_crm(
            self.definition,
            leads=self.leads,
            events=before,
            outcomes={"stage": pd.concat(ends, ignore_index=True)},
            related={"account": self.firms},
        )

    def is_right(self, subject: str) -> bool:
        """Tell whether a finding about this subject names the poison."""
        return subject in self.right or subject.startswith(self.begins or "\0")

    def poison(self, column: str, values: object, *, kind: str, plain: str, blocks: bool) -> None:
        """Add a column of leads that knows too much.

        Half of the worlds call it what a CRM would (``column``), half by a name that says nothing
        (``plain``): an audit that reads names alone finds half.
        """
        name = column if self.rng.random() < 0.5 else plain
        self.leads[name] = values
        self.columns[name] = kind
        self.right.add(name)
        self.blocks = blocks


def _classes(columns: dict[str, str]) -> str:
    return "\n".join(
        f'"{name}" = {{ class = "fixed", type = "{kind}" }}' for name, kind in columns.items()
    )


def honest(seed: int) -> World:
    """Draw a company without any leak.

    2,000 to 4,000 leads over eighteen months with a drifting base rate; some are won within
    hours, most within weeks. Strong honest columns are among the others (referrals multiply the
    odds by four, a rare partner programme by six, students divide them by five), rare levels,
    a 500-level category that says nothing, columns that follow the calendar, values that are
    missing more often among the weak, and a column that is filled only since one day.

    Parameters
    ----------
    seed : int
        The same seed gives the same company.
    """
    rng = np.random.default_rng([4, seed])
    n = int(rng.integers(2_000, 4_001))
    firms, firm, appeal = _firms(rng, n)
    day = np.sort(rng.uniform(0, SPAN, n))
    created = (BEGIN + pd.to_timedelta(day, unit="D")).floor("s")
    leads, columns, pull = _profile(rng, n, day)
    leads.insert(0, "id", [f"L{100_000 + i}" for i in range(n)])
    leads.insert(1, "created", created)
    leads.insert(2, "account", firms["id"].to_numpy()[firm])
    interest = rng.normal(0, 1, n)
    drift = rng.uniform(-0.4, 0.4) * (day / SPAN) + 0.25 * np.sin(
        2 * np.pi * (day / 365 + rng.random())
    )
    pull += 0.7 * interest + appeal[firm] + drift
    chance = 1 / (1 + np.exp(-(pull - _level(pull, rng.uniform(0.10, 0.20)))))
    won = rng.random(n) < chance
    fast = rng.random(n) < 0.25
    delay = np.where(fast, rng.exponential(0.4, n), 1 + rng.exponential(24, n))
    won_at = pd.Series(created + pd.to_timedelta(0.01 + delay, unit="D")).where(won)
    won_at = won_at.where(won_at < EXPORTED).dt.floor("s")
    given_up = ~won & (rng.random(n) < 0.7)
    lost_at = pd.Series(created + pd.to_timedelta(rng.uniform(15, 120, n), unit="D"))
    lost_at = lost_at.where(given_up).where(lost_at < EXPORTED).dt.floor("s")
    events = _events(rng, leads, interest, won_at, lost_at)
    return World(
        leads,
        firms,
        events,
        won_at,
        lost_at,
        np.random.default_rng([5, seed]),
        columns,
        {"sector": "category", "staff": "number"},
    )


def _level(pull: np.ndarray, rate: float) -> float:
    """Return what to subtract from log-odds so that the mean chance is ``rate``."""
    low, high = -10.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        if (1 / (1 + np.exp(-(pull - middle)))).mean() > rate:
            low = middle
        else:
            high = middle
    return middle


def _firms(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return accounts, the account of each lead, and how much each account is drawn to us."""
    count = int(0.55 * n)
    sector = rng.choice(["Steel", "Paper", "Retail", "Food", "Banking"], count)
    staff = np.maximum(np.round(np.exp(rng.normal(5, 1.5, count))), 1)
    appeal = rng.normal(0, 0.5, count) + 0.3 * (sector == "Steel") + 0.1 * (np.log(staff) - 5)
    frame = pd.DataFrame(
        {
            "id": [f"A{i:05d}" for i in range(count)],
            "sector": sector,
            "staff": np.where(rng.random(count) < 0.15, np.nan, staff),
        }
    )
    return frame, rng.integers(0, count, n), appeal


def _profile(
    rng: np.random.Generator, n: int, day: np.ndarray
) -> tuple[pd.DataFrame, dict[str, str], np.ndarray]:
    """Return profile columns, their types, and the log-odds that they add."""
    source = rng.choice(
        ["web", "fair", "referral", "paid", "partner", "import", "podcast"],
        n,
        p=[0.34, 0.2, 0.1, 0.2, 0.1, 0.045, 0.015],
    )
    industry = rng.choice(["Steel", "Paper", "Food", "Energy", "Health", "Public"], n)
    country = _rare(rng, n, 25)
    role = rng.choice(["head", "manager", "clerk", "student"], n, p=[0.2, 0.4, 0.33, 0.07])
    size = np.exp(rng.normal(4.5, 1.4, n)).round()
    budget = rng.normal(0, 1, n)
    programme = rng.random(n) < 0.015
    optin = rng.random(n) < 0.6
    pull = np.log(4) * (source == "referral") - 0.5 * (source == "paid")
    pull += 0.4 * (source == "partner") + 0.5 * (industry == "Energy") - 0.4 * (industry == "Food")
    pull += 0.5 * (role == "head") - np.log(5) * (role == "student") + 0.15 * (np.log(size) - 4.5)
    pull += 0.3 * budget + np.log(6) * programme + 0.3 * optin
    # Who is little interested leaves fields blank: honest, and a null pattern of a kind.
    blank = rng.random(n) < 1 / (1 + np.exp(1.2 + 0.35 * pull))
    month = day / 30
    version = [f"v{int(m // 3) + int(r < 0.1)}" for m, r in zip(month, rng.random(n), strict=True)]
    found = (day > rng.uniform(150, 300)) & (rng.random(n) < 0.6)
    made: dict[str, tuple[object, str]] = {
        "source": (source, ""),
        "campaign": (_some(rng, n, 500, "K"), ""),
        "industry": (industry, "category"),
        "country": (country, "category"),
        "function": (role, "category"),
        "employees": (np.where(blank, np.nan, size), "number"),
        "need": (np.where(rng.random(n) < 0.1, np.nan, budget.round(2)), "number"),
        "programme": (np.where(programme, "gold", None), "category"),
        "newsletter": (np.where(optin, "yes", "no"), "category"),
        "form version": (version, "category"),
        "price index": ((100 + 1.5 * month + rng.normal(0, 2, n)).round(1), "number"),
        "search term": (
            np.where(found, _some(rng, n, 8, "t"), None),
            "category",
        ),
        "region": (_some(rng, n, 12, "R"), "category"),
        "lucky number": (rng.integers(0, 1_000, n).astype(float), "number"),
        "noise": (rng.normal(0, 1, n).round(3), "number"),
        "team size": (np.where(rng.random(n) < 0.4, np.nan, rng.poisson(6, n)), "number"),
    }
    frame = pd.DataFrame({name: values for name, (values, _) in made.items()})
    return frame, {name: kind for name, (_, kind) in made.items() if kind}, pull


def _some(rng: np.random.Generator, n: int, levels: int, letter: str) -> np.ndarray:
    return np.array([f"{letter}{i:03d}" for i in range(levels)])[rng.integers(0, levels, n)]


def _rare(rng: np.random.Generator, n: int, levels: int) -> np.ndarray:
    """Return a category whose levels fall from common to a handful of leads."""
    weight = 0.75 ** np.arange(levels)
    names = np.array([f"C{i:02d}" for i in range(levels)])
    return rng.choice(names, n, p=weight / weight.sum())


def _events(
    rng: np.random.Generator,
    leads: pd.DataFrame,
    interest: np.ndarray,
    won_at: pd.Series,
    lost_at: pd.Series,
) -> dict[str, pd.DataFrame]:
    """Return what leads did: the interested do more, and customers go on after the sale."""
    ids, created = leads["id"].to_numpy(), leads["created"]
    n = len(leads)
    visits = rng.poisson(np.exp(0.8 + 0.3 * interest))
    web = _rows(rng, ids, created, visits, before=6, scale=18)
    warm = interest[np.repeat(np.arange(n), visits)]
    priced = rng.random(len(web)) < 1 / (1 + np.exp(1.6 - 0.5 * warm))
    other = rng.choice(["product", "blog", "jobs"], len(web))
    web["page"] = np.where(priced, "pricing", other)
    # A lead that was given up falls silent; one that was won comes back as a customer.
    ended = lost_at.to_numpy()[np.repeat(np.arange(n), visits)]
    web = web[~(web["at"].to_numpy() > ended)]
    later = rng.poisson(np.where(won_at.notna(), 5.0, 0.0))
    after = _rows(rng, ids, won_at.fillna(created), later, before=0, scale=40)
    web = pd.concat([web, after.assign(page="product")], ignore_index=True)
    clicks = _rows(rng, ids, created, rng.poisson(np.exp(0.15 * interest)), before=20, scale=25)
    clicks["kind"] = "click"
    sent = won_at.notna() & (rng.random(n) < 0.9)
    soon = pd.to_timedelta(rng.exponential(15, n) * 60, unit="s").floor("s")
    told = pd.DataFrame({"lead": ids, "at": won_at + soon})[sent]
    stray = _rows(rng, ids, created, (rng.random(n) < 0.04).astype(int), before=0, scale=20)
    mail = pd.concat([clicks, told.assign(kind="confirmation"), stray.assign(kind="confirmation")])
    demos = _rows(rng, ids, created, (rng.random(n) < 0.06).astype(int), before=0, scale=12)
    return {
        "web": web,
        "mail": mail.reset_index(drop=True),
        "visits": demos.reset_index(drop=True),
    }


def _rows(
    rng: np.random.Generator,
    ids: np.ndarray,
    start: pd.Series,
    times: np.ndarray,
    *,
    before: float,
    scale: float,
) -> pd.DataFrame:
    """Return rows around a start: a third up to ``before`` days before it, the others after."""
    who = np.repeat(np.arange(len(ids)), times)
    early = (rng.random(len(who)) < 1 / 3) if before else np.zeros(len(who), dtype=bool)
    days = np.where(
        early, -rng.exponential(max(before, 1e-9), len(who)), rng.exponential(scale, len(who))
    )
    at = start.to_numpy()[who] + pd.to_timedelta(days * 86_400, unit="s").floor("s").to_numpy()
    return pd.DataFrame({"lead": ids[who], "at": at})
