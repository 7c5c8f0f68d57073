"""The API of the package: frames in, frames out."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

import predict as pr
from predict.errors import InputError, RefusedError
from predict.home import Home
from predict.learning.verdict import Verdict
from predict.registry.models import Registry
from predict.scoring.scorer import SCORES


@pytest.fixture(scope="module")
def definition(company) -> pr.Definition:
    return pr.Definition.read(company.definition)


@pytest.fixture(scope="module")
def model(company, definition) -> pr.LeadModel:
    return pr.champion(definition, company.home)


@pytest.fixture(scope="module")
def new(company) -> pd.DataFrame:
    return pd.read_csv(company.exports / "new_leads.csv", dtype=str).head(80)


@pytest.fixture(scope="module")
def scored(model, definition, new):  # type: ignore[no-untyped-def]
    return pr.score(model, new, as_of="2026-07-01", definition=definition)


def test_every_public_name_is_there() -> None:
    assert [name for name in pr.__all__ if not hasattr(pr, name)] == []
    assert set(dir(pr)) == set(pr.__all__)
    with pytest.raises(AttributeError, match="no attribute 'scor'"):
        _ = pr.scor


def test_a_frame_is_scored_as_its_file_would_be(model, definition, new, scored, tmp_path) -> None:
    before = new.copy()
    path = tmp_path / "new.csv"
    new.to_csv(path, index=False)
    again = pr.score(model, path, as_of=datetime(2026, 7, 1), definition=definition).frame()
    pd.testing.assert_frame_equal(again, scored.frame())
    pd.testing.assert_frame_equal(new, before)
    assert list(scored.frame().columns) == SCORES
    assert len(scored.frame()) == len(new)


def test_an_opened_export_serves_several_lists_and_stays_open(model, definition, scored, new):  # type: ignore[no-untyped-def]
    profile = {p["name"]: p["dtype"] for p in model.card["data"]["profile"]}
    crm = pr.open_crm(definition, types=profile)
    try:
        first = pr.score(model, new, as_of="2026-07-01", crm=crm, definition=definition)
        head = pr.score(model, new.head(5), as_of="2026-07-01", crm=crm, definition=definition)
        assert crm.leads.count().execute() > 0
    finally:
        crm.close()
    pd.testing.assert_frame_equal(first.frame(), scored.frame())
    pd.testing.assert_frame_equal(head.frame(), scored.frame().head(5))


def test_reasons_in_sentences(scored) -> None:
    why = pr.explain(scored)
    told = why.frame()
    lead = told.loc[told["direction"] == "for", "lead_id"].iloc[0]
    lines = why.sentences(lead).splitlines()
    assert lines and all(line[:2] in ("+ ", "- ") for line in lines)
    assert sum(line.startswith("+") for line in lines) <= 3
    assert sum(line.startswith("-") for line in lines) <= 2
    with pytest.raises(InputError, match="there is no such lead"):
        why.sentences("L-nobody")


def test_the_qualified_are_explained_as_in_the_whole_list(scored) -> None:
    some = scored.qualified()
    assert some.frame()["rated_qualified"].all() and len(some.frame()) > 0
    whole = pr.explain(scored).frame()
    part = pr.explain(some).frame()
    expected = whole[whole["row"].isin(some.frame()["row"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, expected)


@pytest.mark.parametrize("by", ["column", "concept"])
@pytest.mark.parametrize("basis", ["full", "profile"])
def test_an_explanation_adds_up(model, definition, new, basis: str, by: str) -> None:
    leads = new if basis == "full" else new.drop(columns=["lead_id", "email"])
    found = pr.score(model, leads.head(40), as_of="2026-07-01", definition=definition)
    why = pr.explain(found, by=by)
    frame = found.frame()
    rows = frame["status"] == "scored"
    assert (frame.loc[rows, "basis"] == basis).any()
    assert rows.sum() == len(why.values) > 0
    np.testing.assert_allclose(
        why.base_values + why.values.sum(axis=1), frame.loc[rows, "log_odds"], rtol=0, atol=1e-6
    )
    assert why.data.shape == why.values.shape == (rows.sum(), len(why.feature_names))
    assert why.display_data.shape == why.values.shape


@pytest.mark.parametrize("by", ["column", "concept"])
def test_the_plots_of_shap_take_it(scored, by: str) -> None:
    import matplotlib as mpl
    import shap
    from matplotlib import pyplot

    mpl.use("Agg")
    why = pr.explain(scored.qualified(), by=by)
    for plot in (shap.plots.bar, shap.plots.beeswarm):
        plot(why, show=False)
    axis = shap.plots.waterfall(why[0], show=False)
    assert why.feature_names[int(np.abs(why.values[0]).argmax())] in " ".join(
        label.get_text() for label in axis.get_yticklabels()
    )
    pyplot.close("all")


def test_a_model_trains_on_frames_alone(company, definition, new) -> None:
    leads = pd.read_csv(company.exports / "leads.csv", dtype=str).iloc[::2]
    crm = pr.open_crm(definition, leads=leads)
    try:
        data = pr.build_dataset(crm)
    finally:
        crm.close()
    assert set(data.keys["lead_id"]) <= set(leads["lead_id"])
    result = pr.backtest(data, start="2026-02-01")
    model = pr.train(data, definition, result=result)
    scores = pr.score(model, new, as_of="2026-07-01", definition=definition).frame()
    assert scores.loc[scores["status"] == "scored", "probability"].between(0, 1).all()


def test_a_model_is_in_use_only_if_its_verdict_says_so(model, definition, tmp_path) -> None:
    home = tmp_path / "home"
    hold = Verdict(False, "first", "Too early.", (), {"gain/value": -0.01})
    version = pr.register(model, hold, home=home)
    assert version.aliases == ("challenger",) and version.tags["gate"] == "hold"
    with pytest.raises(RefusedError, match="run predict train first"):
        pr.champion(definition, home)
    promote = Verdict(True, "first", "It is better.", (), {"gain/value": 0.02})
    again = pr.register(model, promote, home=home)
    assert (again.number, again.aliases) == (version.number, ("champion",))
    assert again.tags["promoted_because"] == "It is better."
    assert pr.champion(definition, home).card == model.card
    (moved,) = Registry(Home.at(home)).promotions(definition.name)
    assert (moved["version"], moved["previous"], moved["action"]) == (1, None, "promote")


def test_without_a_champion_there_is_a_sentence(definition, tmp_path) -> None:
    with pytest.raises(RefusedError, match="run predict train first"):
        pr.champion(definition, Home.at(tmp_path).root)


@pytest.mark.parametrize("threads", [1, 3])
def test_scores_do_not_depend_on_threads(
    model, definition, new, scored, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model.full, "n_threads", threads)
    monkeypatch.setattr(model.profile, "n_threads", threads)
    profile = {p["name"]: p["dtype"] for p in model.card["data"]["profile"]}
    crm = pr.open_crm(definition, types=profile)
    try:
        crm.workspace.connection.raw_sql(f"SET threads = {threads}")
        found = pr.score(model, new, as_of="2026-07-01", crm=crm, definition=definition)
    finally:
        crm.close()
    pd.testing.assert_frame_equal(found.frame(), scored.frame(), rtol=0, atol=1e-9)
