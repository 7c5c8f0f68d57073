"""Overwritten columns as they stood at each look: against a replay in plain pandas."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict.crm.opening import open_crm
from predict.crm.sources import read_text
from predict.crm.stamps import microseconds
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.history.building import Recipe, build_dataset, catalogue, feature_chunks
from predict.history.dataset import Dataset
from predict.scoring.lists import match_list

DAY = pd.Timedelta(days=1)
BEGIN = pd.Timestamp("2024-01-01")
TEXT = """
name = "versions"
conversion = { stage = "won", within_days = 30 }
snapshots = { ages_days = [0, 7, 30] }
[leads]
exported_at = 2024-12-01
lead_id = "id"
created_at = "created"
account_id = "account"
[leads.columns]
industry = "fixed"
"Job Title" = { class = "mutable", type = "category" }
status = "mutable"
views = { class = "mutable", type = "number" }
rating = "mutable"
[related.account]
key = "account"
their_key = "Id"
[related.account.columns]
tier = "mutable"
[links.contact]
lead_id = "id"
other_id = "contact"
[outcomes.stage]
lead_id = "id"
stage_column = "stage"
entered_at = "at"
[history.lead]
id = "who"
id_of = ["lead", "contact"]
fields = { jobtitle = "Job Title", hs_views = "views" }
"""
SALESFORCE = (
    TEXT
    + """
field = "Field"
old = "OldValue"
new = "NewValue"
changed_at = "CreatedDate"
[history.account]
of = "related.account"
id = "AccountId"
field = "Field"
old = "OldValue"
new = "NewValue"
changed_at = "CreatedDate"
"""
)
HUBSPOT = (
    TEXT
    + """
field = "property"
new = "value"
changed_at = "timestamp"
[history.account]
of = "related.account"
id = "AccountId"
field = "property"
new = "value"
changed_at = "timestamp"
"""
)
#: Name in the history → feature.
TITLES = {"jobtitle": "Job Title", "status": "status", "hs_views": "views"}
WORDS = {
    "jobtitle": ["CEO", "Head of IT", None],
    "status": ["new", "working", "nurture", None],
    "hs_views": ["0", "7", "12.5", None],
    "tier": ["gold", "tin", None],
}


@dataclass(frozen=True)
class World:
    """Records, and each change that ever befell them: who, field, old, new, at."""

    leads: pd.DataFrame
    first: dict[tuple[str, str], Any]
    changes: pd.DataFrame
    account_changes: pd.DataFrame
    covers: str | None
    olds: bool

    @property
    def definition(self) -> Definition:
        text = SALESFORCE if self.olds else HUBSPOT
        if self.covers:
            text = text.replace(
                "[history.account]", f"covers_from = {self.covers}\n[history.account]"
            )
            text += f"covers_from = {self.covers}\n"
        return Definition.parse(text)

    def now(self, who: str, field: str) -> Any:
        """Return what the export holds."""
        frame = self.account_changes if field == "tier" else self.changes
        own = frame[(frame["who"] == who) & (frame["field"] == field)]
        return self.first[who, field] if own.empty else own["new"].iloc[-1]

    def open(self) -> Crm:
        leads = self.leads.copy()
        for field, column in TITLES.items():
            leads[column] = [self.now(i, field) for i in leads["id"]]
        leads["rating"] = "hot"
        accounts = pd.DataFrame({"Id": ["A", "B"], "tier": [self.now(a, "tier") for a in "AB"]})
        links = pd.DataFrame({"id": leads["id"], "contact": "c" + leads["id"]})
        wins = leads.sort_values("id").sample(frac=0.4, random_state=1)
        stages = pd.DataFrame({"id": wins["id"], "stage": "won", "at": wins["created"] + 40 * DAY})
        return open_crm(
            self.definition,
            leads=leads,
            outcomes={"stage": stages},
            related={"account": accounts},
            links={"contact": links},
            history={"lead": self._rows(self.changes), "account": self._rows(self.account_changes)},
        )

    def _rows(self, changes: pd.DataFrame) -> pd.DataFrame:
        # After conversion a CRM files changes under the contact.
        rng = np.random.default_rng(len(changes))
        account = changes is self.account_changes
        moved = rng.random(len(changes)) < (0 if account else 0.3)
        who = np.where(moved, "c" + changes["who"].astype(str), changes["who"])
        names = (
            {"field": "Field", "old": "OldValue", "new": "NewValue", "at": "CreatedDate"}
            if self.olds
            else {"field": "property", "new": "value", "at": "timestamp"}
        )
        rows = changes.assign(who=who)[["who", *names]].rename(columns=names)
        rows = rows.rename(columns={"who": "AccountId"}) if account else rows
        return rows.sample(frac=1, random_state=3)


def world(seed: int, *, olds: bool, covers: str | None) -> World:
    rng = np.random.default_rng(seed)
    n = 24
    leads = pd.DataFrame(
        {
            "id": [f"{i:02d}" for i in range(n)],
            "created": BEGIN + pd.to_timedelta(rng.integers(0, 100 * 24, n), unit="h"),
            "account": rng.choice(["A", "B", None], n),
            "industry": rng.choice(["Steel", "Paper"], n),
        }
    )
    first: dict[tuple[str, str], Any] = {}
    rows, account_rows = [], []
    born = dict(zip(leads["id"], leads["created"], strict=True)) | dict.fromkeys("AB", BEGIN)
    for who, created in born.items():
        for field in ["tier"] if who in "AB" else TITLES:
            held = first[who, field] = rng.choice(np.array(WORDS[field], dtype=object))
            # Just before, at and after looks; several at one moment.
            ages = rng.choice([0, 1 / 1440, 7, 30, 40, 3, 11.5, 60], rng.integers(0, 5))
            at = [created + pd.Timedelta(days=a) for a in ages]
            at = [t + pd.Timedelta(microseconds=int(rng.integers(-1, 2))) for t in at]
            if not olds:  # a property history begins with the first value
                at = [created + pd.Timedelta(seconds=10), *at] if rng.random() < 0.7 else at
            for moment in sorted(at):
                new = rng.choice(np.array(WORDS[field], dtype=object))
                new = held if not olds and moment == min(at) else new
                (account_rows if who in "AB" else rows).append((who, field, held, new, moment))
                held = new
    names = ["who", "field", "old", "new", "at"]
    rows.append((leads["id"][0], "unrelated", "a", "b", BEGIN + 9 * DAY))
    return World(
        leads,
        first,
        pd.DataFrame(rows, columns=names),
        pd.DataFrame(account_rows, columns=names),
        covers,
        olds,
    )


def replay(world: World, who: str | None, field: str, as_of: pd.Timestamp) -> Any:
    """Return what a column of a record held at a look, by walking through its changes."""
    if who is None:
        return None
    frame = world.account_changes if field == "tier" else world.changes
    field_rows = frame[frame["field"] == field]
    covers = pd.Timestamp(world.covers) if world.covers else None
    if covers is not None:
        field_rows = field_rows[field_rows["at"] >= covers]
    elif world.olds:
        covers = field_rows["at"].min() if len(field_rows) else pd.Timestamp.max
    if covers is not None and as_of < covers:
        return None
    own = field_rows[field_rows["who"] == who].sort_values("at", kind="stable")
    past, later = own[own["at"] < as_of], own[own["at"] >= as_of]
    if len(past):
        moment = past[past["at"] == past["at"].max()]
        return last_of(moment, world.olds)
    if not world.olds:
        return None
    if len(later):
        moment = later[later["at"] == later["at"].min()]
        return first_of(moment)
    return world.now(who, field)


def text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else f"={value}"


def last_of(rows: pd.DataFrame, olds: bool) -> Any:
    """Return the new value that no other change of the moment starts from, else the last text."""
    starts = [text(o) if olds else "" for o in rows["old"]]
    ends = [text(v) for v in rows["new"]]
    pairs = list(zip(starts, ends, strict=True))
    free = [e for e in ends if not any(s == e and s != t for s, t in pairs)] or ends
    return max(free)[1:] or None


def first_of(rows: pd.DataFrame) -> Any:
    pairs = [(text(o), text(v)) for o, v in zip(rows["old"], rows["new"], strict=True)]
    free = [s for s, _ in pairs if not any(e == s and e != b for b, e in pairs)]
    return min(free or [s for s, _ in pairs])[1:] or None


def expected(world: World, keys: pd.DataFrame) -> pd.DataFrame:
    account = world.leads.set_index("id")["account"]
    values: dict[str, list[Any]] = {}
    for field, feature in TITLES.items():
        values[feature] = [
            replay(world, i, field, t) for i, t in zip(keys["lead_id"], keys["as_of"], strict=True)
        ]
    values["account.tier"] = [
        replay(world, None if pd.isna(account[i]) else account[i], "tier", t)
        for i, t in zip(keys["lead_id"], keys["as_of"], strict=True)
    ]
    values["views"] = [float(v) if v is not None else np.nan for v in values["views"]]
    frame = pd.DataFrame(values, dtype=object).astype({"views": "float64"})
    return frame.where(frame.notna(), None).astype({"views": "float64"})


def built(world: World) -> tuple[Crm, Dataset]:
    crm = world.open()
    try:
        return crm, build_dataset(crm)
    finally:
        crm.close()


FEATURES = ["Job Title", "status", "views", "account.tier"]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([None, "2024-02-10"]))
def test_values_equal_a_replay(seed: int, olds: bool, covers: str | None) -> None:
    w = world(seed, olds=olds, covers=covers)
    _, data = built(w)
    assert "rating" not in data.X.columns  # no history names it
    pd.testing.assert_frame_equal(
        data.X[FEATURES], expected(w, data.keys)[FEATURES], check_exact=True, check_dtype=False
    )


def features_at(crm: Crm, keys: pd.DataFrame, data: Dataset) -> pd.DataFrame:
    leads = crm.leads.to_pandas().set_index("lead_id").loc[keys["lead_id"]].reset_index()
    looks = leads.assign(
        row=np.arange(len(keys)), as_of_us=keys["as_of"].map(microseconds).to_numpy()
    )
    recipe = Recipe.from_dict(data.manifest["recipe"])  # type: ignore[arg-type]
    grid = crm.workspace.frame(looks, "looks")
    chunks = feature_chunks(crm, grid, catalogue(crm, recipe), rows=7)
    return pd.concat(chunks, ignore_index=True).drop(columns="row")


def another_future(w: World, moment: pd.Timestamp, seed: int) -> World:
    """Return a world that is the same up to a moment and whose records change otherwise after."""
    rng = np.random.default_rng(seed)

    def changed(frame: pd.DataFrame, whose: list[str], fields: list[str]) -> pd.DataFrame:
        past = frame[frame["at"] < moment]
        rows = []
        for who in whose:
            for field in fields:
                own = past[(past["who"] == who) & (past["field"] == field)]
                held = w.first[who, field] if own.empty else own["new"].iloc[-1]
                for days in np.sort(rng.choice([0, 0.5, 3], rng.integers(0, 3), replace=False)):
                    new = rng.choice(np.array(WORDS[field], dtype=object))
                    rows.append((who, field, held, new, moment + pd.Timedelta(days=days)))
                    held = new
        return pd.concat([past, pd.DataFrame(rows, columns=list(frame.columns))])

    return replace(
        w,
        changes=changed(w.changes, list(w.leads["id"]), list(TITLES)),
        account_changes=changed(w.account_changes, ["A", "B"], ["tier"]),
    )


@pytest.mark.parametrize("olds", [True, False], ids=["salesforce", "hubspot"])
def test_what_changes_at_or_after_a_look_alters_no_feature(olds: bool) -> None:
    w = world(5, olds=olds, covers="2024-01-20")
    crm, data = built(w)
    for share, seed in ((0.2, 1), (0.5, 2), (0.8, 3)):
        moment = data.as_of[int(share * len(data))]
        early = (data.as_of <= moment).to_numpy()
        other = another_future(w, moment, seed)
        assert [other.now(i, "status") for i in w.leads["id"]] != [
            w.now(i, "status") for i in w.leads["id"]
        ]
        crm = other.open()
        try:
            again = features_at(crm, data.keys[early], data)
        finally:
            crm.close()
        pd.testing.assert_frame_equal(again, data.X[early].reset_index(drop=True), check_exact=True)
    other = replace(w, changes=w.changes.assign(old="7", new="7"))
    assert not built(other)[1].X["status"].equals(data.X["status"])  # the past does matter


@pytest.mark.parametrize("olds", [True, False], ids=["salesforce", "hubspot"])
def test_a_lead_in_a_list_has_the_features_of_training(olds: bool) -> None:
    w = world(8, olds=olds, covers=None)
    crm = w.open()
    try:
        data = build_dataset(crm)
        assert {"Job Title", "status", "views", "account.tier"} <= set(data.X)
        for moment in data.as_of.iloc[[9, 25, 44]]:
            keys = w.leads[w.leads["created"] < moment].assign(
                lead_id=lambda f: f["id"], as_of=moment
            )
            trained = features_at(crm, keys, data)
            # Today's values stand in the list, as in any export of the CRM, and count for nothing.
            listed = pd.DataFrame(
                {"id": [*reversed(list(keys["id"])), "x1", "x2"], "status": "hot"}
            )
            listed["account"] = ["B"] * len(keys) + ["A", None]
            spec = w.definition.leads
            read = read_text(crm.workspace, spec, folder=w.definition.folder, frame=listed)
            matched = match_list(crm, read, microseconds(moment))
            recipe = Recipe.from_dict(data.manifest["recipe"])  # type: ignore[arg-type]
            found = pd.concat(feature_chunks(crm, matched.grid, catalogue(crm, recipe)))
            found = found.drop(columns="row").set_index(listed["id"])
            known = found.loc[keys["lead_id"]].reset_index(drop=True)
            pd.testing.assert_frame_equal(known, trained, check_exact=True, check_names=False)
            # Whom the CRM does not know is as the list says; an account is as it was.
            assert list(found.loc[["x1", "x2"], "status"]) == ["hot", "hot"]
            assert found.loc["x1", "account.tier"] == replay(w, "A", "tier", moment)
            assert found.loc["x2", "account.tier"] is None
    finally:
        crm.close()


def test_neither_order_of_rows_nor_their_repetition_matters() -> None:
    w = world(6, olds=True, covers=None)
    moved = replace(w, leads=w.leads.sample(frac=1, random_state=2))
    twice = replace(w, changes=pd.concat([w.changes, w.changes]).sort_values("at", kind="stable"))
    expected = built(w)[1].X
    pd.testing.assert_frame_equal(built(moved)[1].X, expected, check_exact=True)
    pd.testing.assert_frame_equal(built(twice)[1].X, expected, check_exact=True)


def test_fields_rows_and_what_a_model_learned_say_which_table_tells() -> None:
    text = HUBSPOT[: HUBSPOT.index("[history.account]")]
    one = text[text.index("[history.lead]") :]
    one = one.replace("[history.lead]", "[history.other]").replace(
        'fields = { jobtitle = "Job Title", hs_views = "views" }', ""
    )
    definition = Definition.parse(text.replace("[history.lead]", one + "[history.lead]"))
    leads = world(1, olds=False, covers=None).leads.assign(status="new", views="3", rating="hot")
    leads["Job Title"] = "CEO"
    lead = leads["id"][0]

    def held(other: list[str], types: dict[str, str]) -> dict[str, Any]:
        rows = {
            "other": [(lead, name, "2", BEGIN) for name in [*other, "unrelated"]],
            "lead": [(lead, name, "1", BEGIN) for name in ("jobtitle", "views", "unrelated")],
        }
        names = ["who", "property", "value", "timestamp"]
        crm = open_crm(
            definition,
            leads=leads,
            outcomes={"stage": pd.DataFrame({"id": ["x"], "stage": ["won"], "at": [BEGIN]})},
            related={"account": pd.DataFrame({"Id": ["A"], "tier": ["gold"]})},
            links={"contact": pd.DataFrame({"id": ["x"], "contact": ["y"]})},
            history={n: pd.DataFrame(r, columns=names) for n, r in rows.items()},
            types=types,
        )
        try:
            changes = crm.changes[0].table.to_pandas()
            asked = (*TITLES.values(), "rating")
            found = {p.name: None for p in crm.profile if p.name in asked}
            return found | {
                c[2:]: v for c, v in zip(changes["column"], changes["new"], strict=True)
            }
        finally:
            crm.close()

    # Fields win over rows; a table that tells of a column may call it by its own name too.
    both = {"Job Title": "1", "views": "1"}
    assert held(["views"], {}) == both
    assert held(["views", "status"], {}) == {**both, "status": "2"}
    learned = {"status": "category", "rating": "category"}
    assert held([], learned) == {**both, "status": None, "rating": None}
