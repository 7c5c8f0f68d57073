"""Leads that come back: looks, labels, features and standing in a list against plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from predict.crm.opening import open_crm
from predict.crm.sources import read_text
from predict.crm.stamps import microseconds
from predict.crm.standing import BORN_WITHIN
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.history.building import build_dataset
from predict.history.snapshots import FIRST_LOOK
from predict.scoring.lists import match_list

DAY, TICK = pd.Timedelta(days=1), pd.Timedelta(microseconds=1)
MINUTE = pd.Timedelta(minutes=1)
BEGIN, EXPORTED = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-01")
AGES, HORIZON = (0, 7, 30), 20
TEXT = """
name = "again"
[conversion]
stage = "won"
within_days = 20
lost_stages = ["lost", "bad data"]
reopen_stages = ["recycled", "woken"]
[snapshots]
{snapshots}
[leads]
exported_at = 2024-12-01T00:00:00
lead_id = "id"
created_at = "created"
account_id = "account"
[customers]
stage = "signed"
[events.web]
lead_id = "lead"
occurred_at = "at"
kind = "visit"
by = "lead"
[outcomes.stage]
lead_id = "lead"
stage_column = "stage"
entered_at = "at"
known_at = "known"
"""
STAGES = ["won", "lost", "bad data", "recycled", "woken", "signed", "mql"]


@dataclass
class World:
    leads: pd.DataFrame
    stages: pd.DataFrame
    visits: pd.DataFrame
    snapshots: str = "ages_days = [0, 7, 30]"

    def open(self) -> Crm:
        return open_crm(
            Definition.parse(TEXT.format(snapshots=self.snapshots)),
            leads=self.leads,
            outcomes={"stage": self.stages},
            events={"web": self.visits},
        )


def random_world(seed: int, n: int = 150, **changes: Any) -> World:
    """Return leads with up to seven stages each, many at one moment or on the limit of a look."""
    rng = np.random.default_rng(seed)
    created = BEGIN + pd.to_timedelta(rng.integers(0, 200 * 24, n), unit="h")
    leads = pd.DataFrame({"id": [f"{i:03d}" for i in range(n)], "created": created})
    leads["account"] = rng.choice([*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", None], n)
    rows = []
    for lead, start in zip(leads["id"], created, strict=True):
        at = start + rng.choice([-1, 0, 2, 5], p=[0.05, 0.1, 0.45, 0.4]) * DAY
        at += rng.choice([0, 1, 2]) * MINUTE
        for _ in range(rng.integers(0, 8)):
            stage = rng.choice(STAGES, p=[0.15, 0.2, 0.1, 0.25, 0.15, 0.02, 0.13])
            known = at + rng.choice([0, 0, 0, 3, 40]) * DAY
            rows.append((lead, stage, at, known))
            step = rng.choice([0, 1, 7, 30, 12.5]) * DAY + rng.choice([-1, 0, 1]) * TICK
            at = max(at, at + step)
    stages = pd.DataFrame(rows, columns=["lead", "stage", "at", "known"])
    visits = pd.DataFrame({"lead": leads["id"], "at": created + 3 * DAY})
    return World(leads, stages.sample(frac=1, random_state=seed), visits, **changes)


@dataclass
class Episode:
    """What plain Python makes of one episode of a lead."""

    number: int
    start: pd.Timestamp
    left: pd.Timestamp | None
    closed: pd.Timestamp | None  # when it can come true no more
    reached: pd.Timestamp | None  # when it was known to have reached the agreed stage
    ended: pd.Timestamp | None


def is_born(created: pd.Timestamp, rows: list[Any]) -> bool:
    return any(r.stage == "won" and r.at <= created + MINUTE for r in rows)


def told(created: pd.Timestamp, rows: list[Any]) -> list[Episode]:
    """Walk through what became known of a lead, moment by moment, ends before comings back."""
    closing, opening = ("won", "lost", "bad data"), ("recycled", "woken")
    moves = sorted(
        ((max(r.at, r.known), r.stage in opening, r) for r in rows if r.stage in closing + opening),
        key=lambda move: move[:2],
    )
    starts: list[tuple[pd.Timestamp, pd.Timestamp | None]] = [(created, None)]
    ended: pd.Timestamp | None = None
    for moment, comes_back, _ in moves:
        if not comes_back:
            ended = moment
        elif ended is not None:
            if moment > created and not is_born(created, rows):
                starts.append((moment, ended))
            ended = None
    found = []
    for number, (start, left) in enumerate(starts, 1):
        ends = [(m, r) for m, back, r in moves if not back and (number == 1 or m > start)]
        closed = [r.at if r.stage == "won" else m for m, r in ends]
        reached = [m for m, r in ends if r.stage == "won"]
        found.append(
            Episode(
                number,
                start,
                left,
                min(closed, default=None),
                min(reached, default=None),
                min((m for m, _ in ends), default=None),
            )
        )
    return found


def history(world: World) -> dict[str, tuple[Any, list[Any], list[Episode]]]:
    by_lead: dict[str, list[Any]] = {}
    for row in world.stages.itertuples():
        by_lead.setdefault(row.lead, []).append(row)
    return {
        lead.id: (lead, by_lead.get(lead.id, []), told(lead.created, by_lead.get(lead.id, [])))
        for lead in world.leads.itertuples()
    }


def customers(world: World) -> dict[str, pd.Timestamp]:
    signed = world.stages[world.stages["stage"] == "signed"]
    known = signed[["at", "known"]].max(axis=1)
    firms = signed["lead"].map(world.leads.set_index("id")["account"])
    return known.groupby(firms).min().to_dict()


def days(span: pd.Timedelta) -> float:
    return (span // TICK) / (DAY // TICK)


def expected_looks(
    world: World, moments: Callable[[pd.Timestamp], list[pd.Timestamp]]
) -> list[tuple[Any, ...]]:
    firms, looks = customers(world), []
    for lead, rows, episodes in history(world).values():
        if is_born(lead.created, rows):
            continue
        customer = firms.get(lead.account)
        for e in episodes:
            for as_of in moments(e.start):
                if as_of + HORIZON * DAY > EXPORTED or (e.closed is not None and e.closed < as_of):
                    continue
                if customer is not None and customer < as_of:
                    continue
                end = as_of + HORIZON * DAY
                y = int(any(r.stage == "won" and as_of <= r.at < end for r in rows))
                since = math.nan if e.left is None else days(as_of - e.left)
                seen = float(lead.created + 3 * DAY < as_of)
                age = days(as_of - e.start)
                looks.append((as_of, lead.id, y, age, float(e.number - 1), since, seen))
    return sorted(looks, key=lambda look: look[:2])


def with_bystanders(lead: dict[str, Any], rows: list[Any]) -> World:
    """Return one lead with its stages beside 25 others, whose visits make visits a feature."""
    others = [f"other {i}" for i in range(25)]
    leads = pd.DataFrame([lead, *({"id": i, "created": BEGIN, "account": None} for i in others)])
    stages = pd.DataFrame(rows, columns=["lead", "stage", "at"]).assign(known=pd.NaT)
    visits = pd.DataFrame({"lead": others, "at": BEGIN - DAY})
    own = pd.DataFrame({"lead": [lead["id"]], "at": [lead["created"] + DAY]})
    return World(leads, stages, pd.concat([visits, own]))


def found_looks(world: World) -> list[tuple[Any, ...]]:
    crm = world.open()
    try:
        data = build_dataset(crm)
    finally:
        crm.close()
    columns = [data.X[c] for c in ("age_days", "times_reopened", "days_since_closed")]
    seen = data.X["visit__count_365d"]
    return list(zip(data.as_of, data.keys["lead_id"], data.y, *columns, seen, strict=True))


def same(found: list[tuple[Any, ...]], expected: list[tuple[Any, ...]]) -> None:
    def plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return [tuple(None if pd.isna(v) else v for v in row) for row in rows]

    assert plain(found) == plain(expected)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_looks_labels_and_features_equal_plain_python(seed: int) -> None:
    world = random_world(seed)

    def by_age(start: pd.Timestamp) -> list[pd.Timestamp]:
        return [start + max(age * DAY, MINUTE) for age in AGES]

    expected = expected_looks(world, by_age)
    assert len({look[1] for look in expected if look[4] > 0}) > 20  # many come back,
    assert max(look[4] for look in expected) >= 2  # some more than once,
    assert any(look[2] and look[4] for look in expected)  # and some then win
    same(found_looks(world), expected)


def test_looks_by_calendar_fall_into_the_episode_of_the_moment() -> None:
    world = random_world(4, snapshots='every = "week"')
    weeks = list(pd.date_range("2024-01-01", EXPORTED, freq="W-MON"))

    def by_week(start: pd.Timestamp) -> list[pd.Timestamp]:
        return [w for w in weeks if MINUTE <= w - start <= 365 * DAY]

    found = found_looks(world)
    same(found, expected_looks(world, by_week))
    assert len({row[:2] for row in found}) == len(found)  # no lead twice at one moment


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_what_becomes_known_later_changes_no_look_before(share: float) -> None:
    """Features of the looks that stay are the same; a look goes only as it was won by then."""
    world = random_world(5)
    found = found_looks(world)
    moment = found[int(share * len(found))][0]
    late = (world.stages[["at", "known"]] >= moment).any(axis=1)
    changed = World(world.leads, world.stages[~late], world.visits)
    early = {row[:2]: row[3:] for row in found if row[0] <= moment}
    again = {row[:2]: row[3:] for row in found_looks(changed) if row[0] <= moment}
    assert early and early.keys() <= again.keys()
    same([again[key] for key in early], list(early.values()))


@pytest.mark.parametrize("moment", ["2024-03-04", "2024-06-10 11:00", "2024-11-30"])
def test_a_list_knows_the_episode_as_training_does(moment: str) -> None:
    world, as_of = random_world(6), pd.Timestamp(moment)
    crm = world.open()
    try:
        text = read_text(
            crm.workspace, crm.definition.leads, folder=crm.definition.folder, frame=world.leads
        )
        matched = match_list(crm, text, microseconds(as_of.to_pydatetime()))
        grid = matched.grid.order_by("row").to_pandas()
        left = matched.only_open(crm).left_out
    finally:
        crm.close()
    firms, expected = customers(world), []
    for lead, _, episodes in history(world).values():
        now = [e for e in episodes if e.number == 1 or e.start < as_of][-1]
        customer = firms.get(lead.account)
        if customer is not None and customer < as_of:
            status = "customer"
        elif now.reached is not None and now.reached < as_of:
            status = "converted"
        elif now.ended is not None and now.ended < as_of:
            status = "closed"
        else:
            status = "not open" if lead.created > as_of else "scored"
        expected.append((lead.id, status, now.number))
    assert list(zip(grid["lead_id"], grid["status"], grid["episode"], strict=True)) == expected
    told = pd.Series([status for _, status, _ in expected]).value_counts().to_dict()
    told.pop("scored")
    assert left == told


def test_born_converted_leads_are_counted_and_never_in_the_dataset() -> None:
    world = random_world(7)
    crm = world.open()
    try:
        data = build_dataset(crm)
        sentences = crm.check().set_index("code")["sentence"]
    finally:
        crm.close()
    born = {i for i, (lead, rows, _) in history(world).items() if is_born(lead.created, rows)}
    counts: Any = data.manifest["counts"]
    assert counts["leads born converted"] == len(born) > 3
    assert sentences["born-converted"].startswith(f"{len(born)} leads were created with or after")
    assert not born & set(data.keys["lead_id"])
    assert BORN_WITHIN == FIRST_LOOK


def test_nothing_of_a_lead_born_converted_reaches_a_feature_of_another() -> None:
    """Its firm's other leads would learn of the sale from what it did."""
    world = random_world(7)
    born = {i for i, (lead, rows, _) in history(world).items() if is_born(lead.created, rows)}
    mine = world.visits["lead"].isin(born)
    assert mine.sum() > 3
    crms = [world.open(), replace(world, visits=world.visits[~mine]).open()]
    with_them, without = (build_dataset(crm).X.to_csv() for crm in crms)
    for crm in crms:
        crm.close()
    assert with_them == without


@pytest.mark.parametrize(
    ("delay", "kept"), [(-DAY, False), (0 * DAY, False), (MINUTE, False), (MINUTE + TICK, True)]
)
def test_born_converted_is_a_success_within_a_minute(delay: pd.Timedelta, kept: bool) -> None:
    created = pd.Timestamp("2024-02-01 10:00")
    rows = [("a", "won", created + delay), ("a", "recycled", created + 30 * DAY)]
    world = with_bystanders({"id": "a", "created": created, "account": "A"}, rows)
    assert ("a" in {row[1] for row in found_looks(world)}) == kept


def test_a_disqualified_lead_that_is_recycled_is_looked_at_anew() -> None:
    created = pd.Timestamp("2024-02-01 10:00")
    back = created + 60 * DAY
    rows = [
        ("a", "recycled", created + DAY),  # it was open: nothing begins
        ("a", "lost", created + 3 * DAY),
        ("a", "recycled", back),
        ("a", "woken", back + DAY),  # it is open already
        ("a", "won", back + 10 * DAY),
    ]
    world = with_bystanders({"id": "a", "created": created, "account": None}, rows)
    looks = [row for row in found_looks(world) if row[1] == "a"]
    found = [(row[0] - created, row[2], row[4], row[6]) for row in looks]
    assert found == [
        (MINUTE, 0, 0.0, 0.0),
        (60 * DAY + MINUTE, 1, 1.0, 1.0),  # the visit of the first time is still known
        (67 * DAY, 1, 1.0, 1.0),
    ]
