"""The features, looks and labels once more, in plain Python, from what the words say they mean.

Nothing of `predict.history` is used here. Moments are whole microseconds since 1970 UTC.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

DAY = 86_400_000_000
MINUTE = 60_000_000


def us(stamp: object) -> int:
    """Return a pandas stamp as microseconds."""
    return pd.Timestamp(stamp).value // 1000  # type: ignore[arg-type]


@dataclass
class Lead:
    """A lead and everything that is on record about it."""

    id: str
    created: int
    account: str | None
    profile: dict[str, Any]
    did: list[dict[str, Any]] = field(default_factory=list)
    stages: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def born_won(self) -> bool:
        """Whether it came with or after its own success: then nothing is learned from it."""
        return any(s == "won" and at <= self.created + MINUTE for s, at, _ in self.stages)


class Oracle:
    """Recomputes a dataset from the frames of a `histories.History`."""

    def __init__(self, history: Any) -> None:
        self.covers = us(history.covers_from) if history.covers_from else None
        self.exported = us(history.exported_at)
        self.accounts = history.accounts
        self.leads: dict[str, Lead] = {}
        for row in history.leads.sort_values("created").to_dict("records"):
            if row["id"] not in self.leads:
                named = {k: _text(row[k]) for k in ("source", "industry", "title")}
                self.leads[row["id"]] = Lead(
                    row["id"],
                    us(row["created"]),
                    _text(row["account"]) if history.accounts else None,
                    {**named, "employees": row["employees"]},
                )
        self.contacts: dict[str, Lead] = {}
        linked = [(self.leads[row.id], row.contact) for row in history.links.itertuples()]
        for lead, contact in sorted(linked, key=lambda pair: (pair[0].created, pair[0].id)):
            self.contacts.setdefault(contact, lead)
        present = {n: f for n, f in history.events.items() if n not in history.drop}
        for name, frame in present.items():
            for row in frame.to_dict("records"):
                self._add_event(name, row)
        for row in history.stages.to_dict("records"):
            entered, known = us(row["at"]), us(row["known"])
            self.leads[row["lead"]].stages.append((row["stage"], entered, known))

    def _add_event(self, table: str, row: dict[str, Any]) -> None:
        carrier = row.get("lead", row.get("who"))
        lead = self.leads.get(carrier) or self.contacts.get(carrier)
        kind = {"mail": "click", "calls": "call"}.get(table) or row["kind"]
        # Kinds that are outcome stages are never behaviour; notes are ours and not opted in.
        if lead is None or kind in ("won", "lost") or table == "notes":
            return
        known = row.get("known")
        values = {
            v: row[v] for v in ("seconds", "Seconds", "pages") if v in row and not _absent(row[v])
        }
        lead.did.append(
            {
                "lead": lead,
                "table": table,
                "ours": table == "calls",
                "kind": kind,
                "asset": _text(row.get("asset")),
                "at": us(row["at"]),
                "known": us(row["at"]) if _absent(known) else us(known),
                "values": {v: Decimal(str(n)) for v, n in values.items()},
            }
        )

    # Looks and labels

    def looks(self, ages: tuple[float, ...]) -> list[tuple[Lead, int]]:
        """Return the looks by age at leads that are still open, up to the export."""
        found = []
        for lead in self.leads.values():
            for age in ages:
                as_of = lead.created + max(round(age * DAY), MINUTE)
                if as_of <= self.exported and self.is_open(lead, as_of):
                    found.append((lead, as_of))
        return found

    def is_open(self, lead: Lead, as_of: int) -> bool:
        """Say whether the lead had neither converted nor was known to be lost."""
        won = any(stage == "won" and at < as_of for stage, at, _ in lead.stages)
        lost = any(s == "lost" and at < as_of and known < as_of for s, at, known in lead.stages)
        return not won and not lost

    def label(self, lead: Lead, as_of: int, days: float) -> int:
        """Return 1 where the lead was won in [as_of, as_of + days)."""
        return int(any(s == "won" and as_of <= at < as_of + days * DAY for s, at, _ in lead.stages))

    # Vocabulary

    def vocabulary(self, until: int, at_least: int = 20) -> tuple[list[Any], list[Any]]:
        """Return kinds (name, ours), assets (kind, ours, asset) that 20 leads had by a moment."""
        kinds, assets = set(), set()
        for lead in self.leads.values():
            for e in [] if lead.born_won else lead.did:
                if e["at"] < until and e["known"] < until:
                    kinds.add((e["kind"], e["ours"], lead.id))
                    if e["asset"]:
                        assets.add((e["kind"], e["ours"], e["asset"], lead.id))
        frequent = Counter((kind, ours) for kind, ours, _ in kinds)
        common = Counter((kind, ours, asset) for kind, ours, asset, _ in assets)
        return (
            [k for k, n in frequent.items() if n >= at_least],
            [a for a, n in common.items() if n >= at_least],
        )

    def calendar(self, created: pd.Series, until: pd.Timestamp) -> dict[str, Any]:
        """Return the parts of the calendar that creations before a moment tell apart."""
        early = created[created < until]
        if early.dt.normalize().nunique() < 56:
            return {}
        parts: dict[str, Any] = {"created_weekday": lambda at: float(at.weekday())}
        if (early - early.dt.normalize()).nunique() > 56:
            parts["created_hour"] = lambda at: float(at.hour)
        if early.max() - early.min() >= pd.Timedelta(days=730):
            parts["created_month"] = lambda at: float(at.month)
        return parts

    # Features

    def features(self, lead: Lead, as_of: int, kinds: list[Any], assets: list[Any]) -> dict:
        """Return every feature of the standard catalogue by name."""
        past = [e for e in lead.did if e["at"] < as_of and e["known"] < as_of]
        theirs = [e for e in past if not e["ours"]]
        look = Look(lead.created, as_of, self.covers)
        free = Look(lead.created, as_of, None)  # over tables that were always complete
        values = {
            **lead.profile,
            "age_days": (as_of - lead.created) / DAY,
        }
        if kinds:
            values |= look.activity(theirs)
            values |= {
                "first_touch": look.touch(theirs, min),
                "previous_touch": look.previous(theirs),
                "last_touch": look.touch(theirs, max),
            }
        if any(ours for _, ours in kinds):
            values["our last_touch"] = free.touch([e for e in past if e["ours"]], max)
        for kind, ours in kinds:
            own = [e for e in past if e["kind"] == kind and e["ours"] == ours]
            name = f"our {kind}" if ours else kind
            sight = look if kind in ("view", "VIEW", "read", "rare") else free
            values |= sight.kind(name, own, kind)
        for kind, ours, asset in assets:
            own = [e for e in past if (e["kind"], e["ours"], e["asset"]) == (kind, ours, asset)]
            name = f"our {kind}={asset}" if ours else f"{kind}={asset}"
            sight = look if kind in ("view", "VIEW", "read", "rare") else free
            for days in (30, 365):
                values[f"{name}__count_{days}d"] = sight.count(own, days)
            values[f"{name}__days_since_last"] = sight.newest(own)
        if self.accounts:
            values |= self._colleagues(lead, look, bool(kinds))
        return values

    def _colleagues(self, lead: Lead, look: Look, active: bool) -> dict[str, float]:
        others = [
            other
            for other in self.leads.values()
            if other is not lead
            and not other.born_won
            and other.account == lead.account
            and other.created < look.as_of
        ]
        did = [
            e
            for other in others
            for e in other.did
            if not e["ours"] and e["at"] < look.as_of and e["known"] < look.as_of
        ]
        wins = [
            (other.id, at)
            for other in others
            for stage, at, known in other.stages
            if stage == "won" and at < look.as_of and known < look.as_of
        ]
        values = {
            "account__reached": float(len({who for who, _ in wins})),
            "account__days_since_reached": look.since([at for _, at in wins], max),
        }
        if active:
            recent = [e for e in did if look.as_of - e["at"] <= 365 * DAY]
            people = float(len({e["lead"].id for e in recent}))
            values |= {
                "account__count_30d": look.count(did, 30),
                "account__count_365d": look.count(did, 365),
                "account__active_leads": people if look.covered(365) else math.nan,
                "account__days_since_last": look.newest(did),
            }
        unknown = lead.account is None
        return dict.fromkeys(values, math.nan) if unknown else values


@dataclass(frozen=True)
class Look:
    """A lead looked at: when it was created, the moment, since when rows are complete."""

    created: int
    as_of: int
    covers: int | None

    def covered(self, days: float | None) -> bool:
        """Say whether rows are complete over the last days, or over all the lead's life."""
        begins = self.created if days is None else max(self.created, self.as_of - days * DAY)
        return self.covers is None or begins >= self.covers

    def within(self, rows: list[Any], days: int) -> list[Any]:
        return [e for e in rows if self.as_of - e["at"] <= days * DAY]

    def count(self, rows: list[Any], days: int) -> float:
        return float(len(self.within(rows, days))) if self.covered(days) else math.nan

    def since(self, moments: list[int], which: Any) -> float:
        return (self.as_of - which(moments)) / DAY if moments else math.nan

    def newest(self, rows: list[Any]) -> float:
        return self.since([e["at"] for e in rows], max) if self.covered(0) else math.nan

    def oldest(self, rows: list[Any]) -> float:
        return self.since([e["at"] for e in rows], min) if self.covered(None) else math.nan

    def year(self, number: int) -> float:
        return float(number) if self.covered(365) else math.nan

    def days(self, rows: list[Any]) -> float:
        return self.year(len({e["at"] // DAY for e in self.within(rows, 365)}))

    def trend(self, rows: list[Any]) -> float:
        """Return the last 7 days minus a quarter of the 28 days before."""
        if not self.covered(35):
            return math.nan
        recent, both = len(self.within(rows, 7)), len(self.within(rows, 35))
        return recent - (both - recent) / 4

    def sessions(self, rows: list[Any]) -> float:
        """Return visits of the last year: a pause of more than 30 minutes begins a new one."""
        begun, before = 0, None
        for at in sorted(e["at"] for e in rows):
            if before is None or at - before > 30 * MINUTE:
                begun += self.as_of - at <= 365 * DAY
            before = at
        return self.year(begun)

    def activity(self, rows: list[Any]) -> dict[str, float]:
        return {
            **{f"any__count_{d}d": self.count(rows, d) for d in (1, 7, 30, 90, 365)},
            "days_since_last": self.newest(rows),
            "days_since_first": self.oldest(rows),
            "any__active_days": self.days(rows),
            "any__sessions": self.sessions(rows),
            "any__kinds": self.year(len({e["kind"] for e in self.within(rows, 365)})),
            "any__trend": self.trend(rows),
        }

    def kind(self, name: str, rows: list[Any], kind: str) -> dict[str, float]:
        values = {f"{name}__count_{d}d": self.count(rows, d) for d in (1, 7, 30, 90, 365)}
        values |= {
            f"{name}__days_since_last": self.newest(rows),
            f"{name}__days_since_first": self.oldest(rows),
            f"{name}__active_days": self.days(rows),
            f"{name}__trend": self.trend(rows),
        }
        if kind in ("view", "VIEW", "read", "call"):  # the kinds with several assets
            different = {e["asset"] for e in self.within(rows, 365)} - {None}
            values[f"{name}__assets"] = self.year(len(different))
        for value in {"call": ["Seconds"], "click": []}.get(kind, ["pages", "seconds"]):
            for days in (30, 365):
                total = sum(
                    (e["values"].get(value, Decimal(0)) for e in self.within(rows, days)),
                    Decimal(0),
                )
                known = self.covered(days)
                values[f"{name}__{value}_{days}d"] = float(total) if known else math.nan
        return values

    def touch(self, rows: list[Any], which: Any) -> str | None:
        """Return what was done first or last; of several at one moment the text decides."""
        if not rows or not self.covered(None if which is min else 0):
            return None
        return which((e["at"], _told(e)) for e in rows)[1]

    def previous(self, rows: list[Any]) -> str | None:
        """Return what was done before the last thing."""
        told = sorted((e["at"], _told(e)) for e in rows)
        return told[-2][1] if len(told) > 1 and self.covered(None) else None


def _told(event: dict[str, Any]) -> str:
    return f"{event['kind']}: {event['asset']}" if event["asset"] else event["kind"]


def _absent(value: object) -> bool:
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]


def _text(value: object) -> str | None:
    return None if _absent(value) or not str(value).strip() else str(value).strip()
