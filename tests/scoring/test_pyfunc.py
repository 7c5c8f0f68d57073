"""A registered model as MLflow's loader sees it: real store, real model, awkward frames."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from predict.errors import InputError, ModelError
from predict.history.specs import Spec
from predict.home import Home
from predict.learning.evidence import build_evidence
from predict.learning.lead_model import LeadModel
from predict.learning.model import ConversionModel
from predict.registry.models import Registry
from predict.scoring.pyfunc import Predictor
from predict.scoring.reasons import as_text, reasons
from predict.scoring.wording import Wording
from predict.scoring.words import Goal

NAME = "customer-in-30-days"
SPECS = (
    Spec("source", "category", "profile", "source", "the source", {"value": "came by {value}"}),
    Spec("employees", "number", "profile", "size", "company size", {"many": "has {n} employees"}),
    Spec(
        "n_visit",
        "number",
        "behaviour",
        "visit",
        "visits",
        {"many": "came {n} times", "one": "came once", "zero": "never came"},
    ),
)


def history(n: int = 500, seed: int = 3) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "source": rng.choice(["web", "fair", "7"], n),
            "employees": rng.integers(1, 900, n).astype(float),
            "n_visit": rng.poisson(2, n).astype(float),
        }
    )
    X.loc[::11, "employees"] = np.nan
    X.loc[::13, "source"] = None
    y = pd.Series(rng.random(n) < 1 / (1 + np.exp(2.5 - 0.7 * X["n_visit"])), dtype="int8")
    days = pd.date_range("2024-01-01", periods=n, freq="12h")
    keys = pd.DataFrame({"lead_id": [f"L{i}" for i in range(n)], "as_of": days})
    return X, y, keys


def fitted(X: pd.DataFrame, y: pd.Series, keys: pd.DataFrame) -> ConversionModel:
    model = ConversionModel(n_seeds=1, n_threads=2)
    return model.fit(X, y, as_of=keys["as_of"])


@pytest.fixture(scope="session")
def model() -> LeadModel:
    X, y, keys = history()
    profile = X[["source", "employees"]]
    return LeadModel(
        full=fitted(X, y, keys),
        profile=fitted(profile, y, keys),
        specs=SPECS,
        evidence={
            "full": build_evidence(X, y, keys, SPECS),
            "profile": build_evidence(profile, y, keys, SPECS[:2]),
        },
        reference=tuple(np.linspace(0, 1, 101)),
        card={"stage": "customer", "within_days": 30},
    )


@pytest.fixture(scope="session")
def registry(model: LeadModel, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A store with one champion."""
    root = tmp_path_factory.mktemp("home")
    model.save(root / "trained")
    registry = Registry(Home.at(root))
    registry.log_training(
        NAME,
        root / "trained",
        params={},
        metrics={},
        fold_metrics=[],
        artifacts={},
        tags={"inputs": "i1"},
    )
    registry.promote(NAME, 1, "first")
    return registry


@pytest.fixture(scope="session")
def loaded(registry: Registry) -> Iterator[Any]:
    """The champion as plain MLflow loads it."""
    with registry.store.opened():
        import mlflow
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(registry.store.uri)
    yield mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    mlflow.set_tracking_uri(before)


def test_plain_mlflow_gives_the_scores_of_the_model(loaded: Any, model: LeadModel) -> None:
    X, _, _ = history()
    X = X.set_index(X.index + 1000)
    out = loaded.predict(X)
    np.testing.assert_array_equal(out["probability"], model.full.predict_proba(X)[:, 1])
    np.testing.assert_array_equal(out["log_odds"], model.full.decision_function(X))
    np.testing.assert_allclose(
        out["probability"], 1 / (1 + np.exp(-out["log_odds"])), rtol=0, atol=1e-12
    )
    assert (out["basis"] == "full").all()
    assert out.index.equals(X.index)


def test_reasons_are_those_of_the_list(loaded: Any, model: LeadModel) -> None:
    X, _, _ = history()
    X = X.head(50)
    wording = Wording(SPECS, Goal("customer", 30), model.evidence["full"])
    expected = as_text(reasons(model.full.contributions(X), X, wording))
    said = loaded.predict(X)["reasons"]
    assert said[said != ""].to_dict() == expected.to_dict()
    assert said.str.contains("became a customer within 30 days").any()


def test_columns_count_by_name_and_others_are_passed_over(loaded: Any) -> None:
    X, _, _ = history()
    shuffled = X[["n_visit", "source", "employees"]].assign(Email="anna@example.com")
    pd.testing.assert_frame_equal(loaded.predict(shuffled), loaded.predict(X))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("Int64", "string"),
        ("Float64", "category"),
        ("float32", "object"),
        ("object", "str"),
        ("int64[pyarrow]", "string[pyarrow]"),
    ],
)
def test_a_column_counts_the_same_in_every_dtype(loaded: Any, number: str, text: str) -> None:
    plain = pd.DataFrame(
        {
            "n_visit": [0.0, 3.0, np.nan],
            "employees": [np.nan, 20.0, 7.0],
            "source": pd.Series(["web", None, "fair"], dtype="object"),
        }
    )
    awkward = pd.DataFrame(
        {
            "n_visit": pd.Series([0, 3, None], dtype=number),
            "employees": pd.Series([None, 20, 7], dtype=number),
            "source": pd.Series(["web", None, "fair"], dtype=text),
        }
    )
    pd.testing.assert_frame_equal(loaded.predict(awkward), loaded.predict(plain))


def test_whole_numbers_and_numbers_for_text_count_as_they_read(loaded: Any) -> None:
    whole = pd.DataFrame({"n_visit": [2, 3], "employees": [10, 20], "source": [7, 8]})
    read = pd.DataFrame({"n_visit": [2.0, 3.0], "employees": [10.0, 20.0], "source": ["7", "8"]})
    pd.testing.assert_frame_equal(loaded.predict(whole), loaded.predict(read))
    # A category with a gap makes a column of floats of it: 7.0 is "7" all the same.
    gap = whole.assign(source=[7.0, np.nan])
    text = read.assign(source=pd.Series(["7", None], dtype="object"))
    pd.testing.assert_frame_equal(loaded.predict(gap), loaded.predict(text))


def test_a_column_may_be_empty_and_a_frame_too(loaded: Any) -> None:
    X, _, _ = history()
    empty = X.head(3).assign(n_visit=None, source=None)
    missing = X.head(3).assign(n_visit=np.nan, source=pd.Series([None] * 3, dtype="object"))
    pd.testing.assert_frame_equal(loaded.predict(empty), loaded.predict(missing))
    nothing = loaded.predict(X.head(0))
    assert list(nothing) == ["probability", "log_odds", "basis", "reasons"]
    assert nothing.empty


def test_a_frame_of_profiles_is_scored_by_the_profile_fit(loaded: Any, model: LeadModel) -> None:
    profile = history()[0][["source", "employees"]].head(20)
    out = loaded.predict(profile)
    assert (out["basis"] == "profile").all()
    np.testing.assert_array_equal(out["log_odds"], model.profile.decision_function(profile))
    zeros = loaded.predict(profile.assign(n_visit=0.0))
    assert not np.allclose(out["log_odds"], zeros["log_odds"])  # unknown is not zero


def test_a_missing_column_and_a_text_among_numbers_are_told(model: LeadModel) -> None:
    predictor = Predictor()
    predictor.model = model
    X, _, _ = history()
    with pytest.raises(InputError, match=r"where: employees(.|\n)*did you rename 'employes'"):
        predictor.predict(None, X.rename(columns={"employees": "employes"}))
    with pytest.raises(InputError, match=r"holds something else(.|\n)*where: n_visit") as caught:
        predictor.predict(None, X.assign(n_visit="anna@example.com"))
    assert "anna" not in str(caught.value)
    before = X.copy(deep=True)
    predictor.predict(None, X)
    pd.testing.assert_frame_equal(X, before)


def test_the_signature_names_every_column(loaded: Any) -> None:
    signature = loaded.metadata.signature
    assert signature.inputs.input_names() == [spec.name for spec in SPECS]
    assert signature.outputs.input_names() == ["probability", "log_odds", "basis", "reasons"]


def test_an_altered_folder_does_not_load(registry: Registry, tmp_path: Path) -> None:
    (about,) = registry.home.artifacts.rglob("MLmodel")
    copy = shutil.copytree(about.parent, tmp_path / "copy")
    card = copy / "artifacts" / "model" / "card.json"
    card.write_text(card.read_text().replace("customer", "kustomer"))
    with registry.store.opened():
        import mlflow
    with pytest.raises(ModelError, match="not as it was saved"):
        mlflow.pyfunc.load_model(str(copy))


def test_another_process_loads_it_knowing_only_the_store(registry: Registry) -> None:
    code = f"""
    import mlflow, pandas as pd
    mlflow.set_tracking_uri({registry.store.uri!r})
    model = mlflow.pyfunc.load_model("models:/{NAME}@champion")
    frame = pd.DataFrame({{"n_visit": [4], "employees": [30], "source": ["web"]}})
    print(repr(float(model.predict(frame)["probability"].iloc[0])))
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    fetched = LeadModel.load(registry.fetch(registry.champion(NAME)))  # type: ignore[arg-type]
    frame = pd.DataFrame({"n_visit": [4.0], "employees": [30.0], "source": ["web"]})
    assert float(done.stdout) == fetched.full.predict_proba(frame)[0, 1]
    assert "WARNING" not in done.stderr


def test_importing_it_does_not_import_mlflow() -> None:
    code = "import sys, predict.scoring.pyfunc; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
