"""Queries stream to text; the address of the database is never told."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from predict.crm.parsing import parse
from predict.crm.sources import Workspace, read_text
from predict.errors import InputError

URL = "PREDICT_TEST_DATABASE"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "crm.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE leads (id TEXT, size INTEGER, rate REAL, made TEXT)")
        connection.executemany(
            "INSERT INTO leads VALUES (?, ?, ?, ?)",
            [("001", 5, 1.234, "2024-07-01 10:00:00"), ("2", None, 2.0, None), ("", 7, 0.5, "")],
        )
    monkeypatch.setenv(URL, f"sqlite:///{path}")
    return path


def read(workspace: Workspace, sql: str, url_env: str | None = URL) -> object:
    spec = SimpleNamespace(sql=sql, url_env=url_env)
    return read_text(workspace, spec, folder=Path())


def test_a_query_is_a_table_of_text(database: Path) -> None:
    with Workspace(threads=1) as workspace:
        table = read(workspace, "SELECT * FROM leads ORDER BY size")
        assert table.columns == ("id", "size", "rate", "made")
        shown = table.table.order_by("_record").select(*table.columns).to_pyarrow().to_pylist()
        assert [list(row.values()) for row in shown] == [
            ["2", None, "2", None],
            ["001", "5", "1.234", "2024-07-01 10:00:00"],
            [None, "7", "0.5", None],
        ]
        # A number of a database is never read with a decimal comma.
        result = parse(workspace, table, {"rate": "number"}, time_zone="UTC")
        assert result.table.order_by("_record").rate.execute().tolist() == [2.0, 1.234, 0.5]
        # What was read lies in a file, so that it can be archived like any other export.
        (source,) = table.described()
        assert Path(str(source["path"])).is_file() and source["sha256"]


def test_no_rows_are_a_table_too(database: Path) -> None:
    with Workspace(threads=1) as workspace:
        table = read(workspace, "SELECT id, size FROM leads WHERE 0")
        assert table.table.count().execute() == 0


def test_the_address_stays_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = "hunter2"
    addresses = [
        f"sqlite:///{tmp_path}/{secret}/none.db",
        f"postgresql+nodriver://user:{secret}@host/db",
        f"not an address {secret}",
    ]
    with Workspace(threads=1) as workspace:
        for address in addresses:
            monkeypatch.setenv(URL, address)
            with pytest.raises(InputError) as caught:
                read(workspace, f"SELECT '{address[:3]}'")
            assert secret not in str(caught.value)
            assert caught.value.__cause__ is None and caught.value.__suppress_context__
            assert URL in str(caught.value)


def test_mistakes_are_explained(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Workspace(threads=1) as workspace:
        with pytest.raises(InputError, match="no such table: lead"):
            read(workspace, "SELECT * FROM lead")
        with pytest.raises(InputError, match="same name"):
            read(workspace, "SELECT id, id FROM leads")
        with pytest.raises(InputError, match="returns no rows"):
            read(workspace, "DELETE FROM leads")
        with pytest.raises(InputError, match="url_env"):
            read(workspace, "SELECT 1", None)
        monkeypatch.delenv(URL)
        with pytest.raises(InputError, match="is not set"):
            read(workspace, "SELECT 2")
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM leads").fetchone() == (3,)
