"""The ledger: append-only, atomic, in chunks; real Parquet files."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from predict.errors import InputError, ModelError
from predict.publish import MANIFEST, files_in, verify
from predict.scoring.ledger import KEPT, ROWS, Ledger, run_key

Chunk = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
KEY = run_key("list", "model", datetime(2026, 7, 1))
OTHER = run_key("list", "other model", datetime(2026, 7, 1))


def run(n: int, seed: int = 0, *, as_of: str = "2026-07-01") -> Chunk:
    """A run as the scorer gives it, some rows not scored, some on profile alone."""
    rng = np.random.default_rng(seed)
    status = rng.choice(["scored", "scored", "duplicate"], n)
    scored = np.flatnonzero(status == "scored")
    log_odds = np.where(status == "scored", rng.normal(-2, 1, n), np.nan)
    scores = pd.DataFrame(
        {
            "row": np.arange(n),
            "lead_id": pd.Series([f"L{i % 7:03}" for i in range(n)], dtype="str"),
            "as_of": pd.Timestamp(as_of),
            "created_at": pd.Timestamp("2026-06-01"),
            "status": status,
            "basis": rng.choice(["full", "profile"], n),
            "probability": 1 / (1 + np.exp(-log_odds)),
            "log_odds": log_odds,
            "score": rng.uniform(0, 100, n),
            "grade": rng.choice(list("ABCD"), n),
            "rated_qualified": rng.random(n) < 0.5,
            "reasons": "came often",
        }
    )
    X = pd.DataFrame(
        {
            "n_visit": rng.poisson(2, n).astype(float),
            "source": pd.Series(rng.choice(["web", "fair"], n), dtype="object"),
        }
    )
    X.loc[rng.random(n) < 0.3, "n_visit"] = np.nan
    X.loc[rng.random(n) < 0.3, "source"] = None
    concepts = pd.DataFrame(rng.normal(size=(len(scored), 2)), columns=["visit", "source"])
    concepts.loc[rng.random(len(scored)) < 0.3, "visit"] = np.nan
    return scores, X, concepts.set_index(scored)


def parts(chunk: Chunk, cuts: list[int]) -> list[Chunk]:
    """Cut a run as a scorer that goes through it in pieces would."""
    scores, X, concepts = chunk
    edges = [0, *sorted(cuts), len(scores)]
    found = []
    for low, high in pairwise(edges):
        told = concepts[(concepts.index >= low) & (concepts.index < high)]
        found.append(
            (
                scores.iloc[low:high].reset_index(drop=True),
                X.iloc[low:high].reset_index(drop=True),
                told.set_index(told.index - low),
            )
        )
    return found


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.lists(st.integers(0, 40), max_size=5), seed=st.integers(0, 1000))
def test_chunks_make_no_difference(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], seed: int
) -> None:
    chunk = run(40, seed)
    whole, pieces = (Ledger(tmp_path_factory.mktemp("ledger")) for _ in range(2))
    whole.enter(KEY, *chunk, meta={})
    with pieces.entry(KEY, {}) as entry:
        for part in parts(chunk, cuts):
            entry.write(*part)
    pd.testing.assert_frame_equal(whole.frame(), pieces.frame())
    pd.testing.assert_frame_equal(whole.runs(), pieces.runs())


def test_what_was_known_and_what_it_added_come_back_unrounded(tmp_path: Path) -> None:
    scores, X, concepts = run(40)
    Ledger(tmp_path).enter(KEY, scores, X, concepts, meta={})
    frame = Ledger(tmp_path).frame()
    scored = scores["status"] == "scored"
    expected = pd.concat(
        [
            scores.loc[scored, list(KEPT)],
            X[scored].astype({"source": "str"}).add_prefix("feature."),
            concepts.add_prefix("concept."),
        ],
        axis=1,
    ).sort_values(["as_of", "row"])
    pd.testing.assert_frame_equal(
        frame.drop(columns="run"),
        expected.reset_index(drop=True),
        check_dtype=False,
        check_exact=True,
    )
    assert (frame["run"] == KEY).all()
    # "source" is a feature and a concept, each its own column.
    assert {"feature.source", "concept.source"} < set(frame)


def test_what_was_not_known_of_a_bare_lead_is_missing_and_not_zero(tmp_path: Path) -> None:
    scores, X, concepts = run(40)
    X["n_visit"] = 0.0
    before = X.copy(deep=True)
    Ledger(tmp_path).enter(KEY, scores, X, concepts, meta={}, profile=["source"])
    pd.testing.assert_frame_equal(X, before)
    frame = Ledger(tmp_path).frame()
    is_bare = frame["basis"] == "profile"
    assert is_bare.any()
    assert frame.loc[is_bare, "feature.n_visit"].isna().all()
    assert (frame.loc[~is_bare, "feature.n_visit"] == 0).all()
    scored = X[(scores["status"] == "scored")].reset_index(drop=True)
    assert frame["feature.source"].isna().tolist() == scored["source"].isna().tolist()


def test_only_ids_figures_and_features_are_kept(tmp_path: Path) -> None:
    scores, X, concepts = run(20)
    scores["Email"], scores["First Name"] = "anna@example.com", "Anna"
    Ledger(tmp_path).enter(KEY, scores, X, concepts, meta={"version": 1})
    for file in (tmp_path / KEY).iterdir():
        content = file.read_bytes()
        assert b"Anna" not in content
        assert b"anna@" not in content
    names = parquet.read_schema(tmp_path / KEY / ROWS).names
    assert names == [
        *KEPT,
        "feature.n_visit",
        "feature.source",
        "concept.visit",
        "concept.source",
    ]


def test_the_same_run_twice_is_one_entry_to_the_byte(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.enter(KEY, *run(40), meta={"version": 1})
    before = files_in(tmp_path), (tmp_path / KEY / ROWS).stat().st_mtime_ns
    with ledger.entry(KEY, {"version": 1}) as entry:
        assert entry.already
        entry.write(*run(40, seed=9))
    assert (files_in(tmp_path), (tmp_path / KEY / ROWS).stat().st_mtime_ns) == before
    assert len(ledger.runs()) == 1


def test_equal_runs_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        Ledger(tmp_path / name).enter(KEY, *run(40), meta={"version": 1})
    assert files_in(tmp_path / "a") == files_in(tmp_path / "b")


def test_a_run_that_ends_badly_leaves_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with pytest.raises(RuntimeError), ledger.entry(KEY, {}) as entry:
        entry.write(*run(40))
        raise RuntimeError
    assert not any(tmp_path.iterdir())
    ledger.enter(KEY, *run(40), meta={})
    verify(tmp_path / KEY)


def test_a_killed_run_is_no_run(tmp_path: Path) -> None:
    code = f"""
    import os, sys
    from pathlib import Path
    import pandas as pd
    from predict.scoring.ledger import KEPT, Ledger
    scores = pd.DataFrame({{name: [0] for name in KEPT}})
    scores = scores.assign(lead_id="1", as_of=pd.Timestamp("2026-07-01"), basis="full",
                           grade="A", rated_qualified=True)
    with Ledger(Path({str(tmp_path)!r})).entry({KEY!r}, {{}}) as entry:
        entry.write(scores, pd.DataFrame(), pd.DataFrame())
        os._exit(9)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == 9
    ledger = Ledger(tmp_path)
    assert any(tmp_path.iterdir())  # its staging
    assert ledger.runs().empty
    assert ledger.frame().empty
    ledger.enter(KEY, *run(40), meta={})
    assert ledger.runs()["run"].tolist() == [KEY]


def test_of_two_that_write_the_same_run_at_once_the_first_stays(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with ledger.entry(KEY, {"who": "late"}) as late:
        late.write(*run(40))
        ledger.enter(KEY, *run(40), meta={"who": "early"})
    assert ledger.runs()["who"].tolist() == ["early"]
    assert [p.name for p in tmp_path.iterdir()] == [KEY]


def test_runs_of_models_with_other_features_stand_side_by_side(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.enter(OTHER, *run(20, as_of="2026-08-01"), meta={"as_of": datetime(2026, 8, 1)})
    scores, X, concepts = run(20)
    X = X.rename(columns={"n_visit": "n_page"})
    ledger.enter(KEY, scores, X, concepts, meta={"as_of": datetime(2026, 7, 1)})
    frame = ledger.frame()
    assert frame["as_of"].is_monotonic_increasing
    assert frame.loc[frame["run"] == KEY, "feature.n_visit"].isna().all()
    assert frame.loc[frame["run"] == OTHER, "feature.n_page"].isna().all()
    assert ledger.runs()["run"].tolist() == [KEY, OTHER]
    slim = ledger.frame(columns=["probability", "feature.n_page"])
    assert list(slim) == ["run", "row", "lead_id", "as_of", "probability", "feature.n_page"]
    pd.testing.assert_frame_equal(slim, frame[list(slim)])


def test_one_lead_over_all_runs(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.enter(KEY, *run(40), meta={})
    ledger.enter(OTHER, *run(40, seed=4), meta={})
    frame = ledger.frame()
    lead = ledger.frame("L003")
    assert set(lead["run"]) == {KEY, OTHER}
    expected = frame[frame["lead_id"] == "L003"].reset_index(drop=True)
    pd.testing.assert_frame_equal(lead, expected)
    assert ledger.frame("nobody").empty


def test_a_chunk_may_hold_only_missing_values_or_no_scored_row(tmp_path: Path) -> None:
    scores, X, concepts = run(6)
    scores["status"] = ["duplicate", "duplicate", "scored", "scored", "scored", "scored"]
    concepts = pd.DataFrame({"visit": [0.1, 0.2, 0.3, 0.4], "source": 0.0}, index=[2, 3, 4, 5])
    X["source"] = pd.Series([None, None, None, None, "web", "fair"], dtype="object")
    X["n_visit"] = [np.nan] * 4 + [1.0, 2.0]
    with Ledger(tmp_path).entry(KEY, {}) as entry:
        for part in parts((scores, X, concepts), [2, 4]):
            entry.write(*part)
    frame = Ledger(tmp_path).frame()
    assert frame["feature.source"].tolist()[2:] == ["web", "fair"]
    assert frame["feature.source"].isna().tolist() == [True, True, False, False]
    assert parquet.ParquetFile(tmp_path / KEY / ROWS).metadata.num_rows == 4


def test_a_run_without_rows_is_a_run(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with ledger.entry(KEY, {"version": 1}):
        pass
    assert ledger.runs()["rows"].tolist() == [0]
    assert list(ledger.frame()) == ["run", *KEPT]
    assert verify(tmp_path / KEY)["inputs"] == KEY


def test_an_empty_ledger_is_empty_and_not_made(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    assert ledger.runs().empty
    assert ledger.frame().empty
    assert not ledger.folder.exists()


def test_chunks_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    scores, X, concepts = run(10)
    with pytest.raises(ModelError, match="not as many rows of features"):
        Ledger(tmp_path).enter(KEY, scores, X.head(5), concepts, meta={})
    with pytest.raises(ModelError, match="has no contributions"):
        Ledger(tmp_path).enter(KEY, scores, X, concepts.iloc[1:], meta={})
    with (
        pytest.raises(ModelError, match=r"different columns(.|\n)*found: feature\.extra"),
        Ledger(tmp_path).entry(KEY, {}) as entry,
    ):
        entry.write(scores, X, concepts)
        entry.write(scores, X.assign(extra=1.0), concepts)
    assert not any(tmp_path.iterdir())


def test_a_key_is_a_digest(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="64 hexadecimal digits"),
        Ledger(tmp_path).entry("../list", {}),
    ):
        pass
    keys = {
        run_key(a, b, c)
        for a in "xy"
        for b in "xy"
        for c in (datetime(2026, 7, 1), datetime(2026, 7, 1, 0, 0, 1))
    }
    assert len(keys) == 8


def test_the_manifest_tells_the_run(tmp_path: Path) -> None:
    Ledger(tmp_path).enter(KEY, *run(40), meta={"as_of": datetime(2026, 7, 1), "version": 3})
    scored = int((run(40)[0]["status"] == "scored").sum())
    told = Ledger(tmp_path).runs().iloc[0].to_dict()
    assert told == {"run": KEY, "as_of": pd.Timestamp("2026-07-01"), "version": 3, "rows": scored}
    assert set(verify(tmp_path / KEY)["files"]) == {ROWS}  # type: ignore[call-overload]
    assert (tmp_path / KEY / MANIFEST).exists()
