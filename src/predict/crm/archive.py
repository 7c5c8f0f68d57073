"""Archive: dated exports, typed and pseudonymous; what learning and later runs need, no more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from predict.crm.keeping import kept_tables
from predict.crm.parquets import write_ordered
from predict.publish import json_digest, publishing, settle, verify

if TYPE_CHECKING:
    from predict.crm.tables import Crm

#: What manifests call this form of an archived export; the first one held the files themselves.
FORMAT = 2
#: Tables whose files are none of the archive's business, so that they do not make another export.
_APART = ("suppression",)


def archive_export(root: Path, crm: Crm) -> Path:
    """Keep an export under ``root/name/DATE-DIGEST``, once.

    Parameters
    ----------
    root : Path
        Archive folder of the home.
    crm : Crm
        The opened export.

    Returns
    -------
    Path
        A sealed folder with one Parquet file per table (and file of it); the same export twice is
        one folder, verified, and the same bytes. ``manifest.json`` says ``exported_at``, the
        ``tables`` with their files, their ``rows``, and the SHA-256 of the ``sources``.
    """
    sources = [s for s in crm.sources if s["table"] not in _APART]
    content = [[s["table"], Path(str(s["path"])).name, s["sha256"]] for s in sources]
    digest = json_digest(content)
    parent = root / crm.definition.name
    settle(parent, strays=True)
    target = parent / f"{crm.exported_at:%Y%m%dT%H%M%S}-{digest[:12]}"
    if target.exists():
        verify(target)
        return target
    told: dict[str, object] = {}
    with publishing(target, digest, told) as staging:
        told |= write_archived(crm, staging)
    return target


def write_archived(crm: Crm, folder: Path) -> dict[str, object]:
    """Write what is kept of an export, and return what its manifest says of it."""
    tables: dict[str, list[str]] = {}
    rows: dict[str, int] = {}
    ids: dict[str, list[str]] = {}
    keys: dict[str, str] = {}
    decimals: dict[str, str] = {}
    emptied: dict[str, int] = {}
    for number, kept in enumerate(kept_tables(crm)):
        plain = "".join(c if c.isalnum() and c.isascii() else "-" for c in kept.table)
        file = f"{number:03d}-{plain}.parquet"
        written = write_ordered(kept.rows, folder / file)
        tables.setdefault(kept.table, []).append(file)
        rows[kept.table] = rows.get(kept.table, 0) + written
        ids[kept.table] = list(kept.ids)
        keys |= {kept.table: kept.key} if kept.key else {}
        decimals |= {kept.table: kept.decimal} if kept.decimal else {}
        emptied |= kept.emptied()
    return {
        "format": FORMAT,
        "exported_at": crm.exported_at.isoformat(),
        "tables": tables,
        "rows": rows,
        "ids": ids,
        "keys": keys,
        "decimals": decimals,
        "emptied": emptied,
        "sources": [
            {"table": s["table"], "file": Path(str(s["path"])).name, "sha256": s["sha256"]}
            for s in crm.sources
            if s["table"] not in _APART
        ],
    }
