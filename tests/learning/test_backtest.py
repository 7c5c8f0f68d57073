from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from predict.errors import InputError
from predict.history.dataset import Dataset
from predict.history.specs import Spec
from predict.learning.backtest import BacktestResult, backtest, calendar
from predict.learning.metrics import paired

DAY = pd.Timedelta(days=1)


def dataset(
    n_leads: int = 500, *, horizon: float = 30.0, lag: float = 0.0, looks: int = 3, seed: int = 0
) -> Dataset:
    """Leads over eight months, looked at three times, of accounts of two; visits decide."""
    rng = np.random.default_rng(seed)
    created = pd.Timestamp("2024-01-03") + pd.to_timedelta(rng.uniform(0, 240, n_leads), unit="D")
    keys = pd.DataFrame(
        {
            "lead_id": [f"L{i:05}" for i in range(n_leads)],
            "created_at": created.floor("min"),
            "group": [f"A{i // 2:05}" for i in range(n_leads)],
        }
    )
    keys = pd.concat([keys.assign(as_of=keys["created_at"] + 20 * k * DAY) for k in range(looks)])
    keys = keys.sort_values(["as_of", "lead_id"]).reset_index(drop=True)
    n = len(keys)
    X = pd.DataFrame(
        {
            "visits": rng.poisson(2, n).astype(float),
            "days_since_last": np.where(rng.random(n) < 0.2, np.nan, rng.exponential(10, n)),
            "industry": pd.Series(rng.choice(["retail", "steel", None], n), dtype=object),
        }
    )
    odds = -2.5 + 0.8 * X["visits"] + 0.3 * (X["industry"] == "steel")
    y = pd.Series((rng.random(n) < 1 / (1 + np.exp(-odds))).astype("int8"))
    specs = (
        Spec("visits", "number", "behaviour", "visits", "visits"),
        Spec("days_since_last", "number", "behaviour", "recency", "recency"),
        Spec("industry", "category", "profile", "industry", "industry"),
    )
    columns = ["lead_id", "as_of", "created_at", "group"]
    incumbents = pd.DataFrame({"points": odds + rng.normal(0, 3, n)})
    return Dataset(X, y, keys[columns], specs, horizon, lag, incumbents, {"flattered": ["points"]})


class Spy(ClassifierMixin, BaseEstimator):
    """Records the rows each fold learned from, in a list shared by its clones."""

    def __init__(self, seen: object = None) -> None:
        self.seen = seen

    def __sklearn_clone__(self) -> Spy:
        return Spy(self.seen)

    def fit(self, X, y, *, as_of=None, groups=None):  # type: ignore[no-untyped-def]
        self.seen.append({"X": X, "y": y, "as_of": as_of, "groups": groups})  # type: ignore[attr-defined]
        self.classes_ = np.array([0, 1])
        self.rate_ = float(np.mean(y))
        return self

    def predict_proba(self, X):  # type: ignore[no-untyped-def]
        return np.tile([1 - self.rate_, self.rate_], (len(X), 1))


def spied(data: Dataset, **options: object) -> tuple[BacktestResult, list[dict]]:
    seen: list[dict] = []
    result = backtest(data, estimator=Spy(seen), **options)  # type: ignore[arg-type]
    return result, seen


@pytest.fixture(scope="module")
def result() -> BacktestResult:
    return backtest(dataset(), estimator=LogisticRegression(), capacity_per_month=20)


@pytest.mark.parametrize("every", ["month", "week"])
@pytest.mark.parametrize(("horizon", "lag"), [(30.0, 0.0), (0.0, 0.0), (14.0, 7.0)])
def test_a_fold_learns_only_from_outcomes_known_at_its_cutoff(
    every: str, horizon: float, lag: float
) -> None:
    data = dataset(horizon=horizon, lag=lag)
    result, seen = spied(data, every=every)
    folds = result.fold_table
    assert len(folds) == len(seen) >= 4
    for fold, learned in zip(folds.to_dict("records"), seen, strict=True):
        cutoff = fold["cutoff"]
        assert (learned["as_of"] + (horizon + lag) * DAY <= cutoff).all()
        assert (learned["as_of"] < cutoff).all()
        known = (data.as_of + (horizon + lag) * DAY <= cutoff) & (data.as_of < cutoff)
        assert len(learned["y"]) == known.sum() == fold["train_rows"]
        assert learned["y"].sum() == fold["train_wins"]
        assert (learned["groups"] == data.groups[known].to_numpy()).all()
        tested = result.frame().query("cutoff == @cutoff")
        assert ((tested["as_of"] >= cutoff) & (tested["as_of"] < fold["until"])).all()
        whole = (data.as_of >= cutoff) & (data.as_of < fold["until"])
        assert len(tested) == whole.sum() == fold["test_rows"]


def test_each_row_is_tested_at_most_once_and_carries_its_own_outcome(
    result: BacktestResult,
) -> None:
    data, frame = dataset(), result.frame()
    assert not frame.duplicated(["lead_id", "as_of"]).any()
    own = data.keys.assign(y=data.y).merge(frame, on=["lead_id", "as_of"], suffixes=("_own", ""))
    assert len(own) == len(frame)
    assert (own["y_own"] == own["y"]).all() and (own["group_own"] == own["group"]).all()
    columns = ["lead_id", "as_of", "group", "cutoff", "y", "probability", "basis", "new_lead"]
    rivals = ["p_base_rate", "p_recency", "p_profile", "incumbent_points"]
    assert list(frame) == columns + rivals
    assert result.rivals == rivals


def test_what_comes_later_changes_nothing_before() -> None:
    """Outcomes and features from a cutoff on, altered: earlier folds stay as they were."""
    data, cutoff = dataset(), pd.Timestamp("2024-06-01")
    later = data.as_of + 30 * DAY > cutoff
    rng = np.random.default_rng(9)
    y = data.y.mask(later, pd.Series(rng.integers(0, 2, len(data)).astype("int8")))
    altered = replace(
        data,
        y=y,
        X=data.X.assign(visits=data.X["visits"].where(data.as_of < cutoff + 31 * DAY, 99.0)),
    )
    model = LogisticRegression()
    before = backtest(data, estimator=model).frame().query("cutoff <= @cutoff")
    after = backtest(altered, estimator=model).frame().query("cutoff <= @cutoff")
    predicted = [c for c in before if c == "probability" or c.startswith(("p_", "incumbent_"))]
    pd.testing.assert_frame_equal(before[predicted], after[predicted])
    assert len(before) > 100


def test_new_leads_are_those_in_no_training_row() -> None:
    data = dataset()
    result, _ = spied(data)
    frame = result.frame()
    for cutoff, part in frame.groupby("cutoff"):
        known = (data.as_of + 30 * DAY <= cutoff) & (data.as_of < cutoff)
        trained = set(data.keys.loc[known, "lead_id"])
        assert (part["new_lead"] == ~part["lead_id"].isin(trained)).all()
    assert 0 < frame["new_lead"].mean() < 1


def test_cutoffs_given_reach_to_the_next_and_the_last_to_the_end() -> None:
    data = dataset()
    cutoffs = ["2024-08-01", "2024-05-15T00:00+02:00"]
    result, _ = spied(data, cutoffs=cutoffs)
    folds = result.fold_table
    assert list(folds["cutoff"]) == [pd.Timestamp("2024-05-14 22:00"), pd.Timestamp("2024-08-01")]
    assert folds["test_rows"].sum() == (data.as_of >= "2024-05-14 22:00").sum()
    assert folds.loc[0, "until"] == pd.Timestamp("2024-08-01")


def test_start_and_end_bound_the_folds() -> None:
    data = dataset()
    result, _ = spied(data, start="2024-05-02", end="2024-08-10")
    assert list(result.fold_table["cutoff"].dt.strftime("%m-%d")) == ["06-01", "07-01", "08-01"]
    assert result.frame()["as_of"].max() < pd.Timestamp("2024-08-10")
    months = result.fold_table["months"]
    assert months[0] == months[1] == 1 and months[2] == pytest.approx(9 / 30.4375)


def test_folds_with_too_little_to_learn_from_are_named() -> None:
    data = dataset()
    result, _ = spied(data, min_rows=400, min_wins=30)
    assert result.fold_table["train_rows"].min() >= 400
    first = result.notes[0]
    assert first.startswith("2024-01-01: not tested, as only 0 earlier rows with 0 wins")
    assert all("400 rows and 30 of each outcome are needed" in note for note in result.notes)
    with pytest.raises(InputError, match="no period has enough to learn from"):
        spied(data, min_rows=10**6)
    with pytest.raises(InputError, match="no period has enough"):
        spied(data.take(data.y > 1))


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    weeks = calendar(pd.Timestamp("2023-12-31 23:59"), pd.Timestamp("2024-01-08"), "week")
    assert [str(day.date()) for day in weeks] == [
        "2023-12-25",
        "2024-01-01",
        "2024-01-08",
        "2024-01-15",
    ]
    months = calendar(pd.Timestamp("2023-12-31"), pd.Timestamp("2024-02-01"), "month")
    assert [str(day.date()) for day in months] == [
        "2023-12-01",
        "2024-01-01",
        "2024-02-01",
        "2024-03-01",
    ]


def test_the_profile_basis_sees_profile_columns_only() -> None:
    result, seen = spied(dataset(), basis="profile")
    assert all(list(learned["X"]) == ["industry"] for learned in seen)
    assert set(result.frame()["basis"]) == {"profile"}
    assert "p_recency" not in result.rivals


def test_any_classifier_goes_in_and_nothing_is_changed() -> None:
    data = dataset()
    before = data.frame().copy(deep=True)
    model = HistGradientBoostingClassifier(max_iter=5)
    result = backtest(data, estimator=model, start="2024-08-01")
    assert not hasattr(model, "classes_")
    pd.testing.assert_frame_equal(data.frame(), before)
    assert result.about["estimator"] == "HistGradientBoostingClassifier"
    again = backtest(data, estimator=model, start="2024-08-01")
    pd.testing.assert_frame_equal(again.frame(), result.frame())


def test_progress_is_told_fold_by_fold() -> None:
    told: list[tuple[int, int, str]] = []
    result, _ = spied(dataset(), progress=lambda *step: told.append(step))
    n = len(result.fold_table)
    assert [done for done, _, _ in told] == list(range(n + 1))
    assert {total for _, total, _ in told} == {n}


@pytest.mark.parametrize("wrong", [{"every": "day"}, {"basis": "half"}])
def test_wrong_options_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="must be"):
        backtest(dataset(), estimator=LogisticRegression(), **wrong)


def test_figures_are_those_of_the_frame(result: BacktestResult) -> None:
    frame, summary = result.frame(), result.summary()
    total = summary["total"]
    assert isinstance(total, dict)
    assert total["rows"] == len(frame) and total["wins"] == frame["y"].sum()
    model = total["model"]
    assert model["log_loss"]["value"] == pytest.approx(log_loss(frame["y"], frame["probability"]))
    assert model["log_loss"]["low"] < model["log_loss"]["value"] < model["log_loss"]["high"]
    rival = total["baselines"]["p_profile"]["roc_auc"]["value"]
    assert rival == pytest.approx(roc_auc_score(frame["y"], frame["p_profile"]))
    new = frame[frame["new_lead"]]
    assert 0 < len(new) < len(frame)
    found = summary["new_leads"]["model"]["roc_auc"]["value"]  # type: ignore[index]
    assert found == pytest.approx(roc_auc_score(new["y"], new["probability"]))
    folds = result.folds()
    for fold in folds.to_dict("records"):
        part = frame[frame["cutoff"] == fold["cutoff"]]
        assert fold["log_loss"] == pytest.approx(log_loss(part["y"], part["probability"]))
        assert fold["new_rows"] == part["new_lead"].sum()


def test_where_every_lead_is_new_both_reports_are_one(result: BacktestResult) -> None:
    fold = result.frame().query("cutoff == cutoff.max()")
    flat = replace(result, predictions=fold.assign(new_lead=True)).metrics()
    new, total = (flat[flat["scope"] == scope] for scope in ("new leads", "total"))
    pd.testing.assert_frame_equal(
        new.drop(columns="scope").reset_index(drop=True),
        total.drop(columns="scope").reset_index(drop=True),
    )
    none = replace(result, predictions=fold.assign(new_lead=False)).metrics()
    assert "new leads" not in set(none["scope"])


def test_a_lead_is_called_once_a_month(result: BacktestResult) -> None:
    frame = result.frame()
    looks = frame[~frame.duplicated(["cutoff", "lead_id"])]
    hits = calls = 0
    for _, part in looks.groupby("cutoff"):
        best = part.nlargest(20, "probability")  # no two chances are equal here
        hits, calls = hits + best["y"].sum(), calls + len(best)
    found = result.summary()["total"]["model"]  # type: ignore[index]
    assert found["precision_at_capacity"]["value"] == pytest.approx(hits / calls)
    assert found["capture_at_capacity"]["value"] == pytest.approx(hits / looks["y"].sum())


def test_against_baselines_is_the_paired_difference(result: BacktestResult) -> None:
    frame, found = result.frame(), result.against_baselines().set_index("baseline")
    own = paired(frame["y"], frame["probability"], frame["p_profile"], frame["group"])["log_loss"]
    assert found.loc["p_profile", ["value", "low", "high"]].tolist() == pytest.approx(
        [own["value"], own["low"], own["high"]]
    )
    assert found["baseline_loss"].is_monotonic_increasing
    assert found["flattered"].to_dict()["incumbent_points"]


def changed(result: BacktestResult, **columns: object) -> BacktestResult:
    return replace(result, predictions=result.frame().assign(**columns))


def test_a_model_beats_the_simple_rules_only_when_it_surely_does(result: BacktestResult) -> None:
    beats, sentence = result.beats_baselines()
    assert beats and sentence.startswith("The model does better than the best simple rule (")
    frame = result.frame()
    assert f"{len(frame):,} predictions of {frame['lead_id'].nunique():,} leads" in sentence
    equal = changed(result, probability=frame["p_profile"])
    assert equal.beats_baselines()[0] is False
    assert "does no better than" in equal.beats_baselines()[1]
    # A little luck is not enough: better by less than the noise.
    rng = np.random.default_rng(0)
    best = equal.against_baselines()["baseline"].iloc[0]
    noise = rng.normal(0, 0.3, len(frame)) + 0.02 * (2 * frame["y"] - 1)
    odds = np.log(frame[best] / (1 - frame[best])) + noise
    lucky = changed(result, probability=1 / (1 + np.exp(-odds)))
    assert lucky.beats_baselines()[0] is False


def test_flattered_scores_need_not_be_beaten(result: BacktestResult) -> None:
    frame = result.frame()
    perfect = changed(result, incumbent_points=frame["y"] * 0.98 + 0.01)
    assert perfect.against_baselines()["baseline"].iloc[0] == "incumbent_points"
    assert perfect.beats_baselines()[0] is True


def test_curves_end_where_they_must(result: BacktestResult) -> None:
    curves = result.curves()
    gain = curves[curves["kind"] == "gain"]
    for _, curve in gain.groupby("series"):
        assert curve["y"].iloc[0] == 0 and curve["y"].iloc[-1] == pytest.approx(1)
        assert curve["y"].is_monotonic_increasing
    best, own = (
        gain[gain["series"] == name]["y"].to_numpy() for name in ("best possible", "probability")
    )
    assert (best >= own - 1e-12).all()
    shown = curves[curves["kind"] == "calibration"]
    assert shown["n"].sum() == len(result.frame())
    assert (shown["low"] <= shown["y"]).all() and (shown["y"] <= shown["high"]).all()
    mean = (shown["y"] * shown["n"]).sum() / shown["n"].sum()
    assert mean == pytest.approx(result.frame()["y"].mean())


def test_saved_and_loaded_it_is_the_same(result: BacktestResult, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        result.save(folder)
    names = {path.name for path in first.iterdir()}
    assert names == {"backtest.parquet", "summary.json", "curves.csv"}
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()
    back = BacktestResult.load(first)
    pd.testing.assert_frame_equal(back.frame(), result.frame())
    pd.testing.assert_frame_equal(back.folds(), result.folds())
    assert back.notes == result.notes and back.about == result.about
    assert back.capacity_per_month == 20
    text = (first / "summary.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=lambda _: pytest.fail("not JSON"))["flattered"]


def test_the_default_is_our_model() -> None:
    result = backtest(dataset(), start="2024-08-01")
    assert result.about["estimator"] == "ConversionModel"
    assert result.frame()["probability"].between(0, 1).all()
    assert roc_auc_score(result.frame()["y"], result.frame()["probability"]) > 0.7
