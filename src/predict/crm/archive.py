"""Archive: dated, hashed, append-only copies of every export that trained a model."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from predict.publish import json_digest, publishing, verify


def archive_export(
    root: Path, name: str, exported_at: datetime, sources: Sequence[dict[str, object]]
) -> Path:
    """Copy the files of an export under ``root/name/DATE-DIGEST``, once.

    Parameters
    ----------
    root : Path
        Archive folder of the home.
    name : str
        Name of the definition.
    exported_at : datetime
        When the export was made; names the folder, so that exports sort by time.
    sources : sequence of dict
        Files read: ``table``, ``path``, ``member`` (of a zip), ``bytes``, ``sha256``; tables
        handed over in Python or read by SQL have been written to a file by then. The manifest
        keeps which file was which table, so that a later run can read it as a history.

    Returns
    -------
    Path
        The archived folder; the same export twice is one folder, verified.
    """
    content = [[s["table"], Path(str(s["path"])).name, s["sha256"]] for s in sources]
    digest = json_digest(content)
    target = root / name / f"{exported_at:%Y%m%dT%H%M%S}-{digest[:12]}"
    if target.exists():
        verify(target)
        return target
    tables: dict[str, list[str]] = {}
    told = {"exported_at": exported_at.isoformat(), "tables": tables}
    kept: dict[str, str] = {}
    with publishing(target, digest, told) as staging:
        for source in sources:
            sha = str(source["sha256"])
            path = Path(str(source["path"]))
            if sha not in kept:  # one file that serves as several tables is kept once
                kept[sha] = f"{sha[:12]}-{path.name}"
                shutil.copyfile(path, staging / kept[sha])
            entry = f"::{source['member']}" if source.get("member") else ""
            tables.setdefault(str(source["table"]), []).append(kept[sha] + entry)
    return target
