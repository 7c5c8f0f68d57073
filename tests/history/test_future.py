"""What comes later changes nothing: poison at and after a moment, order of rows, size of chunks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from histories import History, random_history
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import DAY, MINUTE, Oracle, us

from predict.crm.stamps import microseconds
from predict.crm.tables import Crm
from predict.history.building import Recipe, build_dataset, catalogue, feature_chunks
from predict.history.dataset import Dataset
from predict.scoring.lists import match_list


@cache
def base() -> tuple[History, Dataset]:
    history = random_history(11)
    crm = history.open()
    try:
        return history, build_dataset(crm)
    finally:
        crm.close()


def features_before(history: History, data: Dataset, moment: pd.Timestamp) -> pd.DataFrame:
    """Compute, from another history, the features of the looks up to a moment."""
    crm = history.open()
    try:
        early = data.keys[data.as_of <= moment]
        leads = crm.leads.to_pandas().set_index("lead_id").loc[early["lead_id"]]
        looks = leads.reset_index().assign(
            row=np.arange(len(early)), as_of_us=early["as_of"].map(microseconds).to_numpy()
        )
        grid = crm.workspace.frame(looks, "looks")
        recipe = Recipe.from_dict(data.manifest["recipe"])  # type: ignore[arg-type]
        chunks = feature_chunks(crm, grid, catalogue(crm, recipe))
        return pd.concat(chunks, ignore_index=True).drop(columns="row")
    finally:
        crm.close()


def poisoned(history: History, moment: pd.Timestamp, how: str, seed: int) -> History:
    """Return the history with its rows at or after a moment deleted, shuffled or altered."""
    rng = np.random.default_rng(seed)
    people = history.leads["id"].to_numpy()

    def poison(frame: pd.DataFrame, stamps: list[str], never: tuple[str, ...] = ()) -> pd.DataFrame:
        # A row is of the future as soon as one of its stamps is.
        late = (frame[stamps] >= moment).any(axis=1)
        past, future = frame[~late], frame[late].copy()
        if how == "delete":
            future = future.iloc[:0]
        if how == "shuffle":
            for column in future.columns.difference([*stamps, *never]):
                future[column] = rng.permutation(future[column].to_numpy())
        if how == "alter":
            future = pd.concat([future, future])
            for column in future.columns.intersection(["lead", "who"]):
                future[column] = rng.choice(people, len(future))
            for column in future.columns.intersection(["kind", "stage"]):
                future[column] = rng.choice(["view", "read", "won", "lost"], len(future))
            for column in stamps:
                future[column] = moment + pd.to_timedelta(rng.integers(0, 9, len(future)), unit="D")
        return pd.concat([past, future])

    stamped = {"web": ["at", "known"]}
    return replace(
        history,
        leads=poison(history.leads, ["created"], never=("id",)),
        events={n: poison(f, stamped.get(n, ["at"])) for n, f in history.events.items()},
        stages=poison(history.stages, ["at", "known"]),
    )


@settings(max_examples=5, deadline=None, derandomize=True)
@given(st.floats(0, 0.999), st.sampled_from(["delete", "shuffle", "alter"]), st.integers(0, 99))
def test_later_rows_change_no_feature(share: float, how: str, seed: int) -> None:
    history, data = base()
    moment = data.as_of[int(share * len(data))]  # exactly a look, and exactly events of it
    changed = poisoned(history, moment, how, seed)
    expected = data.X[data.as_of <= moment].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        features_before(changed, data, moment), expected, check_exact=True
    )


def test_earlier_rows_do_change_features() -> None:
    history, data = base()
    changed = poisoned(history, data.as_of.median(), "delete", 0)
    changed = replace(changed, leads=history.leads)
    assert not features_before(changed, data, data.as_of.max()).equals(data.X)


def test_neither_order_of_rows_nor_size_of_chunks_matters() -> None:
    history, data = base()
    crm = history.shuffled(5).open()
    try:
        again = build_dataset(crm)
        pd.testing.assert_frame_equal(again.frame(), data.frame(), check_exact=True)
        assert {**again.manifest, "sources_digest": 0} == {**data.manifest, "sources_digest": 0}
        pd.testing.assert_frame_equal(in_chunks(crm, data, 37), in_chunks(crm, data, 10**6))
    finally:
        crm.close()


def in_chunks(crm: Crm, data: Dataset, rows: int) -> pd.DataFrame:
    recipe = Recipe.from_dict(data.manifest["recipe"])  # type: ignore[arg-type]
    grid = crm.leads.mutate(row=crm.leads.lead_no, as_of_us=crm.leads.created_us + 10**12)
    chunks = list(feature_chunks(crm, grid, catalogue(crm, recipe), rows=rows))
    assert len(chunks) == -(-70 // rows)
    return pd.concat(chunks, ignore_index=True)


def test_a_lead_in_a_list_has_the_features_of_training() -> None:
    history = random_history(12, snapshots='every = "week"')
    crm = history.open()
    try:
        data = build_dataset(crm)
        moment = data.as_of.value_counts().idxmax()
        trained = data.X.set_index(data.keys["lead_id"])[(data.as_of == moment).to_numpy()]
        wanted = pd.DataFrame({"id": ["unknown", *reversed(trained.index)], "account": "A"})
        matched = match_list(crm, crm_text(crm, wanted), microseconds(moment))
        recipe = Recipe.from_dict(data.manifest["recipe"])  # type: ignore[arg-type]
        scored = pd.concat(feature_chunks(crm, matched.grid, catalogue(crm, recipe), rows=7))
    finally:
        crm.close()
    assert len(trained) > 10
    leads = [x for x in Oracle(history).leads.values() if x.account == "A" and not x.born_won]
    colleagues = [e for x in leads for e in x.did]
    known = [e for e in colleagues if max(e["at"], e["known"], e["lead"].created) < us(moment)]
    recent = [e for e in known if not e["ours"] and us(moment) - e["at"] <= 365 * DAY]
    assert scored["account__active_leads"].iloc[0] == len({e["lead"].id for e in recent}) > 1
    scored = scored.drop(columns="row").set_index(wanted["id"]).loc[trained.index]
    pd.testing.assert_frame_equal(scored, trained, check_exact=True, check_names=False)


def crm_text(crm: Crm, frame: pd.DataFrame) -> object:
    from predict.crm.sources import read_text

    spec = crm.definition.leads
    return read_text(crm.workspace, spec, folder=crm.definition.folder, frame=frame)


@pytest.mark.parametrize("every", ["month", "week"])
def test_looks_by_calendar(every: str) -> None:
    history = random_history(13, snapshots=f'every = "{every}"')
    crm = history.open()
    try:
        data = build_dataset(crm)
    finally:
        crm.close()
    frequency = {"month": "MS", "week": "W-MON"}[every]
    oracle = Oracle(history)
    moments = [us(m) for m in pd.date_range("2024-01-01", "2024-07-01", freq=frequency)]
    expected = [
        (moment, lead.id, oracle.label(lead, moment, 20))
        for moment in moments
        for lead in oracle.leads.values()
        if moment - lead.created >= MINUTE
        and moment + (20 + 2) * DAY <= oracle.exported
        and oracle.is_open(lead, moment)
    ]
    found = zip(map(us, data.as_of), data.keys["lead_id"], data.y, strict=True)
    assert [(t, i, int(y)) for t, i, y in found] == sorted(expected)
