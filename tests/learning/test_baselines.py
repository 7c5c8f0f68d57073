from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression

from predict.history.dataset import Dataset
from predict.history.specs import Spec
from predict.learning import baselines


def dataset(n: int = 1200, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    days = np.where(rng.random(n) < 0.3, np.nan, rng.exponential(20, n))
    industry = rng.choice(["retail", "steel"], n)
    odds = -1 - 0.4 * np.log1p(np.nan_to_num(days, nan=200)) + (industry == "steel")
    y = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype("int8")
    X = pd.DataFrame({"days_since_last": days, "industry": industry, "size": rng.normal(size=n)})
    X["industry"] = X["industry"].astype(object)
    X.loc[::11, "industry"] = None
    as_of = pd.date_range("2024-01-01", periods=n, freq="3h")
    ids = [f"L{i:05}" for i in range(n)]
    keys = pd.DataFrame({"lead_id": ids, "as_of": as_of, "created_at": as_of, "group": ids})
    specs = (
        Spec("days_since_last", "number", "behaviour", "recency", "recency"),
        Spec("industry", "category", "profile", "industry", "industry"),
        Spec("size", "number", "profile", "size", "size"),
    )
    points = pd.Series(odds + rng.normal(0, 0.5, n)).rank().round()
    incumbents = pd.DataFrame(
        {
            "points": points.where(rng.random(n) > 0.1),
            "grade": np.where(odds > -1.5, "A", np.where(odds > -2.5, "B", None)),  # type: ignore[call-overload]
        }
    )
    return Dataset(
        X, pd.Series(y), keys, specs, 30.0, 0.0, incumbents, {"flattered": ["grade", "gone"]}
    )


def halves(data: Dataset) -> tuple[Dataset, Dataset]:
    early = pd.Series(np.arange(len(data)) < len(data) // 2)
    return data.take(early), data.take(~early)


def test_available_baselines_follow_the_columns() -> None:
    data = dataset()
    names = ["p_base_rate", "p_recency", "p_profile", "incumbent_points", "incumbent_grade"]
    assert list(baselines.available(data)) == names
    bare = replace(
        data, X=data.X[["size"]], specs=(replace(data.specs[2], view="behaviour"),), incumbents=None
    )
    assert list(baselines.available(bare)) == ["p_base_rate"]
    assert baselines.flattered(data) == ["incumbent_grade"]
    assert baselines.flattered(bare) == []


def test_every_baseline_gives_chances_for_every_row_and_learns_from_training_rows_only() -> None:
    train, test = halves(dataset())
    blind = replace(test, y=1 - test.y)
    before = train.X.copy(deep=True), test.X.copy(deep=True)
    for name, baseline in baselines.available(train).items():
        found = baseline(train, test)
        assert found.shape == (len(test),), name
        assert ((found > 0) & (found < 1)).all(), name
        assert (found == baseline(train, blind)).all(), name
    pd.testing.assert_frame_equal(train.X, before[0])
    pd.testing.assert_frame_equal(test.X, before[1])


def test_base_rate_is_that_of_the_training_rows() -> None:
    train, test = halves(dataset())
    assert (baselines.base_rate(train, test) == train.y.mean()).all()


def test_recency_falls_with_silence_and_knows_no_activity_apart() -> None:
    train, test = halves(dataset(4000))
    found = baselines.recency(train, test)
    days = test.X["days_since_last"]
    known = days.notna()
    assert spearmanr(days[known], found[known]).statistic == pytest.approx(-1)
    silent = test.y[~known].mean()
    assert found[~known] == pytest.approx(silent, abs=0.03)


def test_points_count_by_rank_alone_whatever_their_scale() -> None:
    data = dataset()
    train, test = halves(data)
    found = baselines.incumbent("points")(train, test)
    points = test.incumbents["points"]  # type: ignore[index]
    known = points.notna()
    assert spearmanr(points[known], found[known]).statistic > 0.999
    assert found[~known].std() == pytest.approx(0, abs=1e-12)

    def scaled(part: Dataset) -> Dataset:
        changed = {"points": (np.exp(part.incumbents["points"] / 100)).astype(str)}  # type: ignore[index]
        missing = part.incumbents["points"].isna()  # type: ignore[index]
        frame = pd.DataFrame(changed).mask(missing.to_frame("points"), None)
        return replace(part, incumbents=frame)

    other = baselines.incumbent("points")(scaled(train), scaled(test))
    assert other == pytest.approx(found, abs=1e-9)


def test_points_become_chances_by_a_logistic_line() -> None:
    train, test = halves(dataset())
    full = [
        replace(part, incumbents=part.incumbents[["points"]].fillna(0)) for part in (train, test)
    ]  # type: ignore[index]
    found = baselines.incumbent("points")(*full)
    scale = np.sort(full[0].incumbents["points"])  # type: ignore[index]

    def ranks(part: Dataset) -> np.ndarray:
        x = part.incumbents["points"].to_numpy()  # type: ignore[index]
        return np.array([[(np.sum(scale < v) + np.sum(scale <= v)) / 2 / len(scale)] for v in x])

    mean, sd = ranks(full[0]).mean(), ranks(full[0]).std()
    line = LogisticRegression().fit((ranks(full[0]) - mean) / sd, full[0].y)
    oracle = line.predict_proba((ranks(full[1]) - mean) / sd)[:, 1]
    assert found == pytest.approx(oracle, abs=1e-6)


def test_grades_count_by_level() -> None:
    train, test = halves(dataset(4000))
    found = pd.Series(baselines.incumbent("grade")(train, test))
    grade = test.incumbents["grade"]  # type: ignore[index]
    assert found[grade == "A"].nunique() == 1
    assert found[grade == "A"].iloc[0] > found[grade == "B"].iloc[0] > found[grade.isna()].iloc[0]


def test_one_outcome_or_nothing_known_does_not_fail() -> None:
    data = dataset(200)
    data.X["days_since_last"] = np.nan
    train, test = halves(data)
    for baseline in baselines.available(train).values():
        assert np.isfinite(baseline(train, test)).all()
    lost = replace(train, y=train.y * 0)
    for baseline in baselines.available(train).values():
        assert (baseline(lost, test) == 0).all()
