"""Archive: each export once, dated, with the bytes it had."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from predict.crm.archive import archive_export
from predict.errors import PredictError
from predict.publish import file_digest, verify

WHEN = datetime(2024, 5, 6, 7, 8, 9)


def source(path: Path, table: str) -> dict[str, Any]:
    size = path.stat().st_size
    return {"table": table, "path": str(path), "bytes": size, "sha256": file_digest(path)}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text("Id\n1\n")
    return path


def test_a_file_of_two_tables_is_kept_once_and_an_export_too(tmp_path: Path, log: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "log.csv"  # the same name, other bytes
    other.write_text("Id\n2\n")
    sources = [source(log, "events.web"), source(log, "outcomes.stage"), source(other, "leads")]
    target = archive_export(tmp_path / "archive", "demo", WHEN, sources)
    assert target.parent == tmp_path / "archive" / "demo"
    assert target.name.startswith("20240506T070809-")
    kept = [p for p in target.iterdir() if p.name != "manifest.json"]
    assert sorted(p.read_text() for p in kept) == ["Id\n1\n", "Id\n2\n"]
    assert verify(target)["exported_at"] == "2024-05-06T07:08:09"
    assert archive_export(tmp_path / "archive", "demo", WHEN, sources) == target
    log.write_text("Id\n1\n3\n")
    again = archive_export(tmp_path / "archive", "demo", WHEN, [source(log, "leads")])
    assert again != target
    assert len(list(target.parent.iterdir())) == 2


def test_an_archive_that_was_altered_is_refused(tmp_path: Path, log: Path) -> None:
    sources = [source(log, "leads")]
    target = archive_export(tmp_path, "demo", WHEN, sources)
    next(target.glob("*.csv")).write_text("Id\n7\n")
    with pytest.raises(PredictError):
        archive_export(tmp_path, "demo", WHEN, sources)
