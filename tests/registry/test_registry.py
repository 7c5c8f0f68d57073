"""The registry on a real SQLite store, with real models."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import textwrap
import time
import urllib.request
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predict.errors import InputError, ModelError, PredictError, RefusedError
from predict.history.specs import Spec
from predict.home import TRACKING_VARIABLE, Home
from predict.learning.evidence import build_evidence
from predict.learning.lead_model import LeadModel
from predict.learning.model import ConversionModel
from predict.publish import files_in
from predict.registry.models import Registry
from predict.registry.versions import Version, model_digest

FOLDS = [
    {"cutoff": pd.Timestamp("2024-03-01"), "log_loss": 0.51, "roc_auc": float("nan")},
    {"cutoff": pd.Timestamp("2024-04-01"), "log_loss": 0.49, "roc_auc": 0.7},
]


def made_model(seed: int) -> LeadModel:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"employees": rng.integers(1, 900, 120).astype(float)})
    y = pd.Series(rng.random(120) < 0.4, dtype="int8")
    keys = pd.DataFrame({"lead_id": range(120), "as_of": pd.Timestamp("2024-01-01")})
    specs = (Spec("employees", "number", "profile", "size", "company size"),)
    fit = ConversionModel(n_seeds=1, n_threads=2).fit(X, y)
    evidence = {"full": build_evidence(X, y, keys, specs)}
    card = {"stage": "customer", "within_days": 30}
    return LeadModel(fit, fit, specs, evidence, tuple(np.linspace(0, 1, 101)), card=card)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two sealed model folders."""
    root = tmp_path_factory.mktemp("models")
    for seed in (1, 2):
        made_model(seed).save(root / f"model-{seed}")
    return [root / "model-1", root / "model-2"]


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without any model; making its tables is slow, copying the file is not."""
    home = Home.at(tmp_path_factory.mktemp("home"))
    with Registry(home).store.opened():
        pass
    return home.store


@pytest.fixture
def registry(tmp_path: Path, fresh_store: Path) -> Registry:
    home = Home.at(tmp_path / "home")
    home.root.mkdir()
    shutil.copyfile(fresh_store, home.store)
    return Registry(home)


def logged(registry: Registry, folder: Path, inputs: str, **changes: object) -> Version:
    given: dict[str, object] = {
        "params": {"trials": 0, "half_lives": [None, 180.0]},
        "metrics": {
            "log_loss": {"value": 0.5, "low": 0.48, "high": 0.52},
            "roc_auc": 0.71,
            "lift_10%": 2.2,
            "leads": 120,
        },
        "fold_metrics": FOLDS,
        "artifacts": {},
        "tags": {"inputs": inputs, "verdict": "beats the base rate"},
    }
    return registry.log_training("demo", folder, **{**given, **changes})  # type: ignore[arg-type]


def test_a_training_is_a_run_with_all_its_parts_and_a_challenger(
    registry: Registry, folders: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "d.toml").write_text("name = 'demo'  # ask anna@example.com\n")
    (tmp_path / "c.svg").write_text("<svg/>")
    pd.DataFrame({"lead_id": ["1"], "p_recency": [0.1]}).to_parquet(tmp_path / "b.parquet")
    version = logged(
        registry,
        folders[0],
        "i1",
        artifacts={
            "definition.toml": tmp_path / "d.toml",
            "curves/calibration": tmp_path / "c.svg",
            "backtest.parquet": tmp_path / "b.parquet",
        },
    )
    assert (version.name, version.number, version.aliases) == ("demo", 1, ("challenger",))
    assert version.digest == model_digest(folders[0])
    assert version.inputs == "i1"
    assert registry.challenger("demo") == version
    assert registry.champion("demo") is None
    with registry.store.opened() as client:
        run = client.get_run(version.run_id)
        assert run.info.status == "FINISHED"
        assert run.data.params == {"trials": "0", "half_lives": "[null, 180.0]"}
        assert run.data.metrics["log_loss"] == 0.5
        assert run.data.metrics["log_loss_low"] == 0.48
        assert run.data.metrics["lift_10"] == 2.2
        history = client.get_metric_history(version.run_id, "fold/log_loss")
        assert [(m.step, m.value, m.timestamp) for m in history] == [
            (1, 0.51, 1709251200000),
            (2, 0.49, 1711929600000),
        ]
        # A figure that is not defined in a fold is absent there, not zero.
        history = client.get_metric_history(version.run_id, "fold/roc_auc")
        assert [(m.step, m.value) for m in history] == [(2, 0.7)]
        location = Path(run.info.artifact_uri.removeprefix("file://"))
    assert location.is_relative_to(registry.home.artifacts)
    assert set(files_in(location)) == {
        "definition.toml",
        "curves/calibration.svg",
        "backtest.parquet",
    }


def test_a_logged_model_holds_no_pickle_and_no_path_of_this_machine(
    registry: Registry, folders: list[Path]
) -> None:
    logged(registry, folders[0], "i1")
    (about,) = registry.home.artifacts.rglob("MLmodel")
    texts = {p.name: p.read_text() for p in about.parent.iterdir() if p.is_file()}
    assert not [name for name in files_in(about.parent) if name.endswith((".pkl", ".pickle"))]
    for name, text in texts.items():
        for path in (str(folders[0]), str(registry.home.root), str(Path.cwd()), "/tmp"):
            assert path not in text, name
    assert set(texts["requirements.txt"].split()) >= {f"pandas=={pd.__version__}"}
    assert not [line for line in texts["requirements.txt"].split() if "==" not in line]


def test_the_same_inputs_make_no_second_version(registry: Registry, folders: list[Path]) -> None:
    first = logged(registry, folders[0], "i1")
    assert logged(registry, folders[0], "i1") == first
    assert logged(registry, folders[1], "i2").number == 2
    assert registry.find("demo", "i1").number == 1  # type: ignore[union-attr]
    assert registry.find("demo", "i3") is None
    assert registry.find("other", "i1") is None
    with registry.store.opened() as client:
        experiment = client.get_experiment_by_name("demo").experiment_id
        assert len(client.search_runs([experiment])) == 2


def test_promotion_moves_the_alias_and_tells_who_when_why(
    registry: Registry, folders: list[Path]
) -> None:
    logged(registry, folders[0], "i1")
    logged(registry, folders[1], "i2")
    assert registry.promote("demo", 1, "the first that beats the baselines").aliases == (
        "champion",
    )
    assert registry.challenger("demo").number == 2  # type: ignore[union-attr]
    second = registry.promote("demo", 2, "better on the same rows")
    assert registry.champion("demo") == second
    assert registry.challenger("demo") is None
    assert registry.version("demo", 1).aliases == ()
    assert registry.promote("demo", 2, "again") == second  # nothing changes
    registry.promote("demo", 1, "rolled back")
    told = registry.promotions("demo")
    assert [(t["version"], t["previous"], t["because"]) for t in told] == [
        (1, None, "the first that beats the baselines"),
        (2, 1, "better on the same rows"),
        (1, 2, "rolled back"),
    ]
    moments = [datetime.fromisoformat(str(t["at"])) for t in told]
    assert moments == sorted(moments)
    assert moments[0] >= second.created.replace(microsecond=0)
    assert all(t["by"] for t in told)
    assert registry.champion("demo").tags["promoted_because"] == "rolled back"  # type: ignore[union-attr]


def test_a_promotion_killed_before_its_record_is_recorded_by_the_next_call(
    registry: Registry, folders: list[Path]
) -> None:
    logged(registry, folders[0], "i1")
    logged(registry, folders[1], "i2")
    registry.promote("demo", 1, "first")
    with registry.store.opened() as client:
        client.set_registered_model_alias("demo", "champion", "2")
    assert registry.champion("demo").number == 2  # type: ignore[union-attr]
    registry.promote("demo", 2, "second")
    assert [(t["version"], t["previous"]) for t in registry.promotions("demo")] == [
        (1, None),
        (2, 1),
    ]
    assert registry.challenger("demo") is None


def test_fetch_gives_the_folder_that_was_logged(registry: Registry, folders: list[Path]) -> None:
    version = logged(registry, folders[0], "i1")
    fetched = registry.fetch(version)
    assert fetched == registry.home.cache / version.digest
    assert files_in(fetched) == files_in(folders[0])
    X = pd.DataFrame({"employees": [1.0, 50.0, np.nan]})
    scores = [LeadModel.load(f).full.predict_proba(X) for f in (fetched, folders[0])]
    np.testing.assert_array_equal(*scores)
    shutil.rmtree(registry.home.artifacts)
    assert registry.fetch(version) == fetched  # the copy serves


def test_altered_files_are_never_handed_out(registry: Registry, folders: list[Path]) -> None:
    version = logged(registry, folders[0], "i1")
    registry.promote("demo", 1, "first")
    card = registry.home.cache / version.digest / "card.json"
    card.write_text(card.read_text().replace("30", "60"))
    with pytest.raises(ModelError, match="cached copy of a model is damaged"):
        registry.fetch(version)
    shutil.rmtree(registry.home.cache)
    (stored,) = [p.parent for p in registry.home.artifacts.rglob("limits.json")]
    shutil.rmtree(stored)
    shutil.copytree(folders[1], stored)  # whole and sealed, but another model
    with pytest.raises(ModelError, match="not those that were registered"):
        registry.fetch(version)
    shutil.rmtree(stored)
    with pytest.raises(ModelError, match="cannot be had from where the store says"):
        registry.fetch(version)
    assert not (registry.home.cache / version.digest).exists()


def test_a_version_that_cannot_be_fetched_is_not_promoted(
    registry: Registry, folders: list[Path]
) -> None:
    first = logged(registry, folders[0], "i1")
    registry.promote("demo", 1, "first")
    known = set(registry.home.artifacts.rglob("limits.json"))
    logged(registry, folders[1], "i2")
    (new,) = set(registry.home.artifacts.rglob("limits.json")) - known
    new.unlink()
    with pytest.raises(PredictError):
        registry.promote("demo", 2, "second")
    assert registry.champion("demo").number == first.number  # type: ignore[union-attr]
    assert len(registry.promotions("demo")) == 1


def test_a_champion_that_was_deleted_is_an_error_that_promotion_cures(
    registry: Registry, folders: list[Path]
) -> None:
    logged(registry, folders[0], "i1")
    logged(registry, folders[1], "i2")
    registry.promote("demo", 1, "first")
    with registry.store.opened() as client:
        client.delete_model_version("demo", "1")
    with sqlite3.connect(registry.home.store) as store:  # as other stores leave it
        store.execute(
            "INSERT OR REPLACE INTO registered_model_aliases (alias, version, name, workspace) "
            "VALUES ('champion', 1, 'demo', 'default')"
        )
    with pytest.raises(ModelError, match=r"the champion of 'demo' was deleted(.|\n)*version 1"):
        registry.champion("demo")
    registry.promote("demo", 2, "the first was deleted")
    assert registry.champion("demo").number == 2  # type: ignore[union-attr]
    with pytest.raises(InputError, match=r"no version 1 of 'demo'(.|\n)*found: versions 2"):
        registry.version("demo", 1)


def test_models_is_a_tidy_frame(registry: Registry, folders: list[Path]) -> None:
    logged(registry, folders[0], "i1")
    logged(registry, folders[1], "i2", metrics={"log_loss": 0.4})
    registry.promote("demo", 1, "first")
    frame = registry.models()
    expected = pd.DataFrame(
        {
            "name": pd.Series(["demo", "demo"], dtype="str"),
            "version": [1, 2],
            "alias": pd.Series(["champion", "challenger"], dtype="str"),
            "log_loss": [0.5, 0.4],
            "roc_auc": [0.71, np.nan],
            "leads": pd.array([120, None], dtype="Int64"),
            "reason": pd.Series(["first", "beats the base rate"], dtype="str"),
        }
    )
    pd.testing.assert_frame_equal(frame.drop(columns=["created", "digest"]), expected)
    assert frame["created"].is_monotonic_increasing
    assert frame["digest"].tolist() == [model_digest(f) for f in folders]
    assert registry.models("other").empty
    pd.testing.assert_series_equal(registry.models("other").dtypes, frame.dtypes)


@pytest.mark.parametrize(
    "changes",
    [
        {"params": {"owner": "anna@example.com"}},
        {"tags": {"inputs": "i1", "by": "Anna <anna@example.com>"}},
        {"metrics": {"anna@example.com": 1.0}},
    ],
)
def test_an_address_is_refused_before_anything_is_logged(
    registry: Registry, folders: list[Path], changes: dict[str, object]
) -> None:
    with pytest.raises(RefusedError, match="e-mail address") as caught:
        logged(registry, folders[0], "i1", **changes)
    assert "anna" not in str(caught.value)
    with registry.store.opened() as client:
        assert client.get_experiment_by_name("demo") is None


def test_only_files_without_personal_data_are_shared(
    registry: Registry, folders: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "rejects.csv").write_text("file,record,column,value\n")
    (tmp_path / "list.xlsx").write_text("")
    (tmp_path / "note.json").write_text('{"who": "anna@example.com"}')
    pd.DataFrame({"lead_id": ["1"], "Email": ["x"]}).to_parquet(tmp_path / "leads.parquet")
    pd.DataFrame({"lead_id": ["1"], "y": [0]}).to_csv(tmp_path / "fine.csv", index=False)
    for name, match in [
        ("rejects.csv", "file, record, column, value"),
        ("list.xlsx", r"found: \.xlsx"),
        ("note.json", "holds an e-mail address"),
        ("leads.parquet", "found: Email"),
    ]:
        with pytest.raises(RefusedError, match=match):
            logged(registry, folders[0], "i1", artifacts={name: tmp_path / name})
    assert registry.models().empty
    logged(registry, folders[0], "i1", artifacts={"fine.csv": tmp_path / "fine.csv"})


def test_a_folder_that_is_not_as_it_was_sealed_is_not_logged(
    registry: Registry, folders: list[Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(folders[0], tmp_path / "model")
    (folder / "extra.txt").write_text("")
    with pytest.raises(ModelError, match="not as it was saved"):
        logged(registry, folder, "i1")
    assert registry.models().empty


def test_a_run_that_fails_says_so_and_registers_nothing(
    registry: Registry, folders: list[Path]
) -> None:
    registry.home.artifacts.mkdir()
    (registry.home.artifacts / "demo").write_text("in the way of the folder")
    with pytest.raises(OSError, match="demo"):
        logged(registry, folders[0], "i1")
    with registry.store.opened() as client:
        experiment = client.get_experiment_by_name("demo").experiment_id
        assert [r.info.status for r in client.search_runs([experiment])] == ["FAILED"]
    assert registry.challenger("demo") is None
    (registry.home.artifacts / "demo").unlink()
    assert logged(registry, folders[0], "i1").number == 1


def test_another_tracking_uri_keeps_the_store_elsewhere(
    registry: Registry, folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared.db"
    shutil.copyfile(registry.home.store, shared)
    monkeypatch.setenv(TRACKING_VARIABLE, f"sqlite:///{shared}")
    home = Home.at(tmp_path / "second home")
    logged(Registry(home), folders[0], "i1")
    assert not home.store.exists()
    assert registry.models().empty
    assert Registry(Home.at(tmp_path / "third")).find("demo", "i1").number == 1  # type: ignore[union-attr]


def test_a_password_in_the_uri_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRACKING_VARIABLE, "postgresql://me:s3cr@t@db.example.com:5432/ml")
    where = Registry(Home.at(tmp_path)).store.where
    assert where == "postgresql://db.example.com:5432/ml"
    monkeypatch.setenv(TRACKING_VARIABLE, "http://me:s3cret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(PredictError, match="Connection refused") as caught:
        Registry(Home.at(tmp_path)).models()
    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    home.store.write_text("not a database, but long enough to be looked at" * 100)
    with pytest.raises(PredictError, match=r"the model store did not do(.|\n)*mlflow\.db"):
        Registry(home).models()


@pytest.mark.slow
def test_a_tracking_server_serves_as_well(
    folders: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    uri = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    places = ["--backend-store-uri", f"sqlite:///{tmp_path}/s.db"]
    places += ["--artifacts-destination", str(tmp_path / "kept")]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen([*command, *places], cwd=tmp_path, stdout=log, stderr=log) as server,
    ):
        try:
            for _ in range(240):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{uri}/health"):
                    break
                time.sleep(0.5)
            monkeypatch.setenv(TRACKING_VARIABLE, uri)
            registry = Registry(Home.at(tmp_path / "home"))
            version = logged(registry, folders[0], "i1")
            assert registry.promote("demo", 1, "first").aliases == ("champion",)
            assert files_in(registry.fetch(version)) == files_in(folders[0])
            assert registry.promotions("demo")[0]["because"] == "first"
            assert not registry.home.artifacts.exists()
        finally:
            server.terminate()
    assert capfd.readouterr() == ("", "")


def _first_start(root: Path, barrier: object, results: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    try:
        results.put(len(Registry(Home.at(root)).models()) + 0)  # type: ignore[attr-defined]
        with Registry(Home.at(root)).store.opened() as client:
            results.put(client.get_experiment("0").name)  # type: ignore[attr-defined]
    except Exception as error:  # carried to the parent, which fails
        results.put(repr(error))  # type: ignore[attr-defined]


def test_several_processes_may_be_the_first(tmp_path: Path, fresh_store: Path) -> None:
    assert fresh_store.exists()  # MLflow is imported: the children fork at once
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(4), context.Queue()
    children = [
        context.Process(target=_first_start, args=(tmp_path / "home", barrier, results))
        for _ in range(4)
    ]
    for child in children:
        child.start()
    said = [results.get(timeout=120) for _ in range(8)]
    for child in children:
        child.join()
    assert sorted(map(str, said)) == ["0"] * 4 + ["Default"] * 4


def run_python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code as a user does: no sign of a test, an own home folder and current folder."""
    kept = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "PYTHONPYCACHEPREFIX")
    env = {k: v for k, v in os.environ.items() if k in kept} | {"HOME": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_home_without_a_store_is_answered_at_once(tmp_path: Path) -> None:
    done = run_python(
        """
        import sys
        from predict.home import Home
        from predict.registry.models import Registry
        registry = Registry(Home.at("nowhere"))
        assert registry.champion("demo") is None and registry.find("demo", "x") is None
        assert registry.promotions("demo") == [] and registry.models().empty
        assert "mlflow" not in sys.modules
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert not any(tmp_path.iterdir())


def test_the_store_is_opened_quietly_without_telemetry_and_changes_nothing_else(
    tmp_path: Path,
) -> None:
    done = run_python(
        """
        import logging, os
        before = dict(os.environ), logging.getLogger().level, list(logging.getLogger().handlers)
        from predict.home import Home
        from predict.registry.models import Registry
        registry = Registry(Home.at("home"))
        with registry.store.opened() as client:
            client.create_experiment("x")
        import mlflow
        from mlflow.telemetry import get_telemetry_client
        assert get_telemetry_client() is None
        assert mlflow.get_tracking_uri().endswith(os.getcwd() + "/mlflow.db")  # MLflow's own
        assert logging.getLogger("mlflow").level == logging.INFO
        env = dict(os.environ)
        assert env.pop("MLFLOW_DISABLE_TELEMETRY") == "true"
        assert (env, logging.getLogger().level, list(logging.getLogger().handlers)) == before
        """,
        tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {"home/mlflow.db", "home/.store.lock"}
