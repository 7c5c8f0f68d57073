from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from predict.learning.model import ConversionModel

MEMBERS = ["boosting", "logistic", "both"]
values = {
    "visits": st.one_of(st.none(), st.integers(-5, 400), st.floats(-1e9, 1e9)),
    "days_since": st.one_of(st.none(), st.floats(0, 1e6)),
    "source": st.one_of(st.none(), st.sampled_from(["web", "fair", 1, "1", "tv", "", "Ünsinn"])),
    "title": st.one_of(st.none(), st.sampled_from(["CEO", "Head of IT", "Zookeeper"]), st.text()),
}
lists = st.lists(st.fixed_dictionaries(values), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def models(shop) -> dict[str, ConversionModel]:
    return {members: shop.fit(members=members) for members in MEMBERS}


def frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    X = pd.DataFrame(rows)
    X[["visits", "days_since"]] = X[["visits", "days_since"]].astype(float)
    return X.astype({"source": object, "title": object})


@pytest.mark.parametrize("members", MEMBERS)
@settings(max_examples=40, deadline=None)
@given(rows=lists)
def test_base_and_contributions_are_the_log_odds(models, members, rows):
    model, X = models[members], frame(rows)
    added = model.contributions(X)
    assert added.columns.tolist() == ["visits", "days_since", "source", "title"]
    np.testing.assert_allclose(
        model.base_ + added.sum(axis=1), model.decision_function(X), atol=1e-9, rtol=0
    )


def test_members_have_the_shares_they_were_given(models):
    assert models["boosting"].blend_.share == 1.0
    assert models["logistic"].blend_.share == 0.0
    assert models["logistic"].blend_.boosting is None
    assert 0.0 < models["both"].blend_.share < 1.0


def test_the_blend_is_the_mean_of_its_members(shop, models):
    blend = models["both"].blend_
    matrix = models["both"].columns_.encode(shop.X)
    plain = replace(blend, calibrator=replace(blend.calibrator, slope=1.0, level=0.0, anchor=0.0))
    parts = [replace(plain, share=share).contributions(matrix, 1) for share in (1.0, 0.0)]
    mixed = blend.share * parts[0] + (1 - blend.share) * parts[1]
    np.testing.assert_allclose(plain.contributions(matrix, 1), mixed, atol=1e-12)
    np.testing.assert_allclose(
        blend.contributions(matrix, 1), blend.calibrator.slope * mixed, atol=1e-12
    )


def test_a_column_the_model_cannot_use_adds_nothing(shop):
    model = clone(shop.fit()).fit(
        shop.X.assign(constant=1.0), shop.y, as_of=shop.as_of, groups=shop.lead
    )
    added = model.contributions(shop.X.assign(constant=1.0))
    assert (added["constant"] == 0.0).all()


def test_what_pulls_adds_and_what_does_not_takes(shop, models):
    for model in models.values():
        added = model.contributions(shop.X)
        ceo = shop.X["title"] == "CEO"
        assert added.loc[ceo, "title"].mean() > added.loc[~ceo, "title"].mean() + 0.3
        many = shop.X["visits"] >= 6
        assert added.loc[many, "visits"].mean() > 0.2
