from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from predict.errors import ModelError
from predict.learning import model as model_file
from predict.learning.model import ConversionModel
from predict.learning.values import ColumnsError


def test_log_odds_probability_and_class_are_one_thing(shop, fitted):
    log_odds = fitted.decision_function(shop.X)
    p = fitted.predict_proba(shop.X)
    np.testing.assert_allclose(p[:, 1], 1 / (1 + np.exp(-log_odds)), atol=1e-15)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-15)
    np.testing.assert_array_equal(fitted.predict(shop.X), (p[:, 1] > 0.5).astype(int))


def test_it_learns(shop, fitted):
    p = fitted.predict_proba(shop.X)[:, 1]
    assert p[shop.y == 1].mean() > p[shop.y == 0].mean() + 0.1
    assert p.mean() == pytest.approx(shop.y.mean(), abs=0.03)
    assert 0.0 < fitted.blend_.share < 1.0


def test_rows_columns_chunks_and_threads_leave_no_trace(shop, fitted, monkeypatch):
    log_odds = fitted.decision_function(shop.X)
    added = fitted.contributions(shop.X)
    order = np.random.default_rng(0).permutation(len(shop.X))
    turned = shop.X.iloc[order][["title", "source", "days_since", "visits"]].assign(extra=1)
    monkeypatch.setattr(model_file, "CHUNK", 97)
    np.testing.assert_allclose(fitted.decision_function(turned), log_odds[order], atol=1e-9)
    np.testing.assert_allclose(fitted.contributions(turned), added.iloc[order], atol=1e-9)
    assert fitted.contributions(turned).index.tolist() == order.tolist()
    alone = np.concatenate([fitted.decision_function(shop.X.iloc[[i]]) for i in range(40)])
    np.testing.assert_allclose(alone, log_odds[:40], atol=1e-9)
    try:
        fitted.set_params(n_threads=2)
        np.testing.assert_allclose(fitted.decision_function(shop.X), log_odds, atol=1e-9)
    finally:
        fitted.set_params(n_threads=1)


def test_the_same_fit_twice_is_the_same_model(shop, fitted):
    again = shop.fit(n_threads=2)
    np.testing.assert_array_equal(again.decision_function(shop.X), fitted.decision_function(shop.X))
    assert again.fit_report_ == fitted.fit_report_


def test_rows_may_come_in_any_order_when_moments_are_given(shop, fitted):
    order = np.random.default_rng(1).permutation(len(shop.X))
    other = ConversionModel(**fitted.get_params()).fit(
        shop.X.iloc[order],
        shop.y[order],
        as_of=shop.as_of.iloc[order],
        groups=shop.lead[order],
    )
    np.testing.assert_allclose(
        other.decision_function(shop.X), fitted.decision_function(shop.X), atol=1e-9
    )


def test_a_row_without_weight_is_not_there(shop, fitted):
    weight = np.ones(len(shop.X))
    more = pd.concat([shop.X, shop.X.iloc[:50].assign(visits=99.0)])
    other = ConversionModel(**fitted.get_params()).fit(
        more,
        np.r_[shop.y, np.ones(50, int)],
        as_of=pd.concat([shop.as_of, shop.as_of.iloc[:50]]),
        groups=np.r_[shop.lead, shop.lead[:50]],
        sample_weight=np.r_[weight, np.zeros(50)],
    )
    np.testing.assert_allclose(
        other.decision_function(shop.X), fitted.decision_function(shop.X), atol=1e-9
    )


def test_saved_and_loaded_it_scores_the_same_to_the_last_bit(shop, fitted, tmp_path):
    fitted.save(tmp_path)
    back = ConversionModel.load(tmp_path)
    np.testing.assert_array_equal(back.decision_function(shop.X), fitted.decision_function(shop.X))
    pd.testing.assert_frame_equal(
        back.contributions(shop.X), fitted.contributions(shop.X), check_exact=True
    )
    assert back.base_ == fitted.base_
    assert back.fit_report_ == json.loads(json.dumps(fitted.fit_report_))
    assert back.get_params() == {**fitted.get_params(), "text_columns": ["title"], "half_lives": []}
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "lightgbm.txt",
        "logistic.json",
        "model.json",
    ]


@pytest.mark.parametrize("name", ["lightgbm.txt", "logistic.json"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda b: b[: len(b) // 2],
        lambda b: b.replace(b"\n", b"\r\n"),
        lambda b: b.replace(b"3", b"4", 1),
        None,
    ],
)
def test_a_spoiled_file_is_refused_before_it_is_parsed(fitted, tmp_path, name, spoil):
    fitted.save(tmp_path)
    path = tmp_path / name
    if spoil is None:
        path.unlink()
    else:
        path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ModelError, match="missing or altered"):
        ConversionModel.load(tmp_path)


def test_saving_over_an_older_model_leaves_nothing_of_it(shop, fitted, tmp_path):
    shop.fit(n_seeds=2).save(tmp_path)
    fitted.save(tmp_path)
    assert not (tmp_path / "lightgbm-2.txt").exists()
    np.testing.assert_array_equal(
        ConversionModel.load(tmp_path).decision_function(shop.X), fitted.decision_function(shop.X)
    )


def test_an_empty_folder_is_no_model(tmp_path):
    with pytest.raises(ModelError, match="holds no model"):
        ConversionModel.load(tmp_path)


def test_classes_may_be_words(shop, fitted, tmp_path):
    words = np.where(shop.y == 1, "won", "lost")
    model = ConversionModel(**fitted.get_params()).fit(
        shop.X, words, as_of=shop.as_of, groups=shop.lead
    )
    assert model.classes_.tolist() == ["lost", "won"]
    model.save(tmp_path)
    back = ConversionModel.load(tmp_path)
    np.testing.assert_array_equal(back.predict(shop.X), model.predict(shop.X))
    np.testing.assert_array_equal(model.decision_function(shop.X), fitted.decision_function(shop.X))


def test_nothing_given_is_changed(shop, fitted):
    X, y, lead = shop.X.copy(deep=True), shop.y.copy(), shop.lead.copy()
    shop.fit()
    fitted.contributions(shop.X)
    pd.testing.assert_frame_equal(shop.X, X)
    np.testing.assert_array_equal(shop.y, y)
    np.testing.assert_array_equal(shop.lead, lead)


def test_values_scored_as_other_are_counted(shop, fitted):
    X = shop.X.iloc[:4].assign(source=["tv", 1, "tv", None])
    assert fitted.unseen_levels(X) == {"source": {"tv": 2}}


def test_an_empty_list_gets_no_scores(shop, fitted):
    nothing = shop.X.iloc[:0]
    assert fitted.predict_proba(nothing).shape == (0, 2)
    assert fitted.contributions(nothing).shape == (0, 4)


def test_a_wrong_column_is_named(shop, fitted):
    with pytest.raises(ColumnsError, match="where: visits"):
        fitted.predict_proba(shop.X.assign(visits="many"))
    with pytest.raises(ColumnsError, match="rename 'visit'"):
        fitted.predict_proba(shop.X.rename(columns={"visits": "visit"}))


@pytest.mark.parametrize("converters", [1, 3, 12, 29])
def test_few_converters_leave_the_logistic_member_alone(shop, converters):
    X, y = shop.X.iloc[:400], np.zeros(400, dtype=int)
    y[np.linspace(3, 390, converters).astype(int)] = 1
    model = ConversionModel(text_columns=["title"], n_threads=1).fit(X, y)
    p = model.predict_proba(X)[:, 1]
    assert model.blend_.boosting is None
    assert p.mean() == pytest.approx(converters / 400, abs=0.02)


def test_forty_converters_are_enough_for_a_blend(shop):
    y = np.zeros(400, dtype=int)
    y[::10] = 1
    model = ConversionModel(text_columns=["title"], n_threads=1).fit(shop.X.iloc[:400], y)
    assert np.isfinite(model.decision_function(shop.X)).all()


def test_columns_that_say_nothing_give_the_base_rate():
    X = pd.DataFrame({"constant": np.ones(300), "empty": np.full(300, np.nan), "none": None})
    y = np.arange(300) % 5 == 0
    model = ConversionModel(n_threads=1).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], 0.2, atol=0.01)
    np.testing.assert_allclose(model.contributions(X), 0.0, atol=1e-12)


def test_one_class_and_three_classes_are_refused(shop):
    with pytest.raises(ValueError, match="one class"):
        ConversionModel().fit(shop.X, np.zeros(len(shop.X)))
    with pytest.raises(ValueError, match="Only binary classification"):
        ConversionModel().fit(shop.X, np.arange(len(shop.X)) % 3)
    with pytest.raises(ValueError, match="members is one of"):
        ConversionModel(members="forest").fit(shop.X, shop.y)
    with pytest.raises(ValueError, match="Negative values"):
        ConversionModel().fit(shop.X, shop.y, sample_weight=-np.ones(len(shop.X)))


def test_progress_is_told_to_the_end(shop):
    heard = []
    shop.fit(
        half_lives=(90.0, None),
        trials=2,
        progress=lambda done, total, what: heard.append((done, total, what)),
    )
    assert [h[0] for h in heard] == [1, 2, 3, 4, 5]
    assert {h[1] for h in heard} == {5}
    assert heard[-1][2] == "last fit"


def test_the_report_is_json_and_tells_what_was_settled(fitted):
    report = json.loads(json.dumps(fitted.fit_report_))
    assert len(report["folds"]) == len(report["log_loss"]["blend"]) > 1
    assert report["share"] == fitted.blend_.share
    assert report["trials"] == {"asked": 0, "done": 0, "wins": None, "log_loss": []}


def test_outcomes_are_known_a_horizon_later(shop):
    model = shop.fit(horizon_days=60.0)
    known = (shop.as_of + pd.Timedelta(days=60) - pd.Timestamp(0)) / pd.Timedelta(days=1)
    assert len(model.fit_report_["folds"]) > 1
    for fold in model.fit_report_["folds"]:
        assert fold["n_train"] == int((known <= fold["cut"]).sum())


def test_earlier_fits_are_judged_on_the_usual_time_between_trainings(shop):
    def lengths(retrain_days: float) -> np.ndarray:
        model = ConversionModel(members="logistic", half_lives=(), retrain_days=retrain_days)
        folds = model.fit(shop.X, shop.y, as_of=shop.as_of).fit_report_["folds"]
        return np.diff([fold["cut"] for fold in folds])

    np.testing.assert_allclose(lengths(30.0), 30.0)
    # Never longer than an eighth of the time there is, else nothing is left to learn from.
    assert (lengths(1000.0) < 300 / 8 + 1e-9).all()
