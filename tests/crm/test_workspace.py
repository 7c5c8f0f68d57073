"""The workspace: spills, forgets, fetches nothing, and keeps order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import ibis
import pandas as pd

from predict.crm.sources import Workspace


def setting(workspace: Workspace, name: str) -> object:
    return workspace.connection.raw_sql(f"SELECT current_setting('{name}')").fetchone()[0]


def test_settings(tmp_path: Path) -> None:
    with Workspace(threads=1, memory_limit="200MB", parent=tmp_path) as workspace:
        assert setting(workspace, "threads") == 1
        assert setting(workspace, "TimeZone") == "UTC"
        assert setting(workspace, "autoinstall_known_extensions") is False
        assert setting(workspace, "autoload_known_extensions") is False
        assert setting(workspace, "temp_directory") == str(workspace.folder / "spill")
        assert str(setting(workspace, "memory_limit")).startswith("190")
        assert workspace.folder.parent == tmp_path
    assert not list(tmp_path.iterdir())


def test_one_that_nobody_closes_leaves_nothing_behind(tmp_path: Path) -> None:
    code = "import sys, pathlib; from predict.crm.sources import Workspace as W; "
    code += "w = W(parent=pathlib.Path(sys.argv[1])); print(w.folder.is_dir())"
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
    assert not list(tmp_path.iterdir())


def test_more_than_memory_is_sorted_on_disk(tmp_path: Path) -> None:
    with Workspace(threads=2, memory_limit="60MB", parent=tmp_path) as workspace:
        many = ibis.range(2_000_000).unnest().name("n").as_table()
        many = many.mutate(key=(many.n * 7_919) % 2_000_003, text=many.n.cast("string") * 3)
        table = workspace.materialise(many, "many", order_by=["key"])
        assert table.count().execute() == 2_000_000
        assert table.head(3).key.execute().tolist() == [0, 1, 2]


def test_materialised_tables_keep_the_order_asked_for() -> None:
    with Workspace(threads=2) as workspace:
        frame = pd.DataFrame({"a": [3, 1, 2], "b": ["x", "y", None]})
        table = workspace.frame(frame, "some frame")
        assert workspace.materialise(table, "sorted", order_by=["a"]).a.execute().tolist() == [
            1,
            2,
            3,
        ]
        again = workspace.materialise(table, "sorted")
        assert again.a.execute().tolist() == [3, 1, 2]
        assert again.b.execute().isna().tolist() == [False, False, True]


def test_a_table_without_rows() -> None:
    with Workspace(threads=1) as workspace:
        schema = {"n": "int64", "amount": "decimal(18, 4)", "at": "timestamp", "text": "string"}
        table = workspace.empty("none", schema)
        assert table.count().execute() == 0
        assert list(table.columns) == list(schema)
        assert table.amount.type().is_decimal() and table.at.type().is_timestamp()
