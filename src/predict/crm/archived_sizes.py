"""Archived sizes: is a new export older than the last one archived, or of half its size?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.errors import RefusedError
from predict.publish import MANIFEST, read_json

if TYPE_CHECKING:
    from predict.crm.tables import Crm

#: Share of the rows of the last export below which a table is taken for incomplete.
HALF = 0.5
#: Fewer rows than this are no table that could be halved by mistake.
LEAST_ROWS = 50


@dataclass(frozen=True)
class Sizes:
    """When an export was made and how much it held.

    Parameters
    ----------
    exported_at : datetime
        Naive UTC.
    rows, bytes : mapping of str to int
        Per table; empty where not on record.
    """

    exported_at: datetime
    rows: Mapping[str, int]
    bytes: Mapping[str, int]


def sizes_of(crm: Crm) -> Sizes:
    """Return the sizes of an opened export: rows of leads, and of what belongs to them."""
    rows = {"leads": int(crm.leads.count().execute())}
    for section, table in (("events", crm.events), ("outcomes", crm.outcomes)):
        rows |= {f"{section}.{name}": 0 for name in getattr(crm.definition, section)}
        counted = table.group_by("table").aggregate(n=table.count()).to_pandas()
        found = zip(counted["table"], counted["n"], strict=True)
        rows |= {f"{section}.{name}": int(n) for name, n in found}
    held: dict[str, int] = {}
    for source in crm.sources:
        table, size = str(source["table"]), int(str(source.get("bytes") or 0))
        held[table] = held.get(table, 0) + size
    return Sizes(crm.exported_at, rows, held)


def last_archived(archive: Path, name: str) -> Sizes | None:
    """Return the sizes of the newest archived export of a definition, or None."""
    folder = archive / name
    newest: tuple[datetime, Path, Any] | None = None
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith(".") or not (path / MANIFEST).is_file():
            continue
        manifest: Any = read_json(path / MANIFEST)
        when = datetime.fromisoformat(manifest["exported_at"])
        if newest is None or when >= newest[0]:
            newest = (when, path, manifest)
    if newest is None:
        return None
    when, path, manifest = newest
    rows = {str(t): int(n) for t, n in manifest.get("rows", {}).items()}
    return Sizes(when, rows, {} if rows else _bytes(path, manifest))


def _bytes(folder: Path, manifest: Mapping[str, Any]) -> dict[str, int]:
    held = {}
    for table, places in manifest.get("tables", {}).items():
        names = {str(place).partition("::")[0] for place in places}
        sizes = [(folder / n).stat().st_size for n in names if (folder / n).is_file()]
        held[str(table)] = sum(sizes)
    return held


def refuse_doubtful(new: Sizes, last: Sizes | None) -> None:
    """Refuse an export that is older than the last one archived, or of half its size.

    Parameters
    ----------
    new : Sizes
        Of the export at hand.
    last : Sizes or None
        Of the newest one archived; None where there is none.

    Raises
    ------
    RefusedError
        It says which table has how much; ``--accept`` takes the export nevertheless.

    Examples
    --------
    >>> last = Sizes(datetime(2026, 7, 1), {"leads": 900}, {})
    >>> refuse_doubtful(Sizes(datetime(2026, 8, 1), {"leads": 950}, {}), last)
    >>> refuse_doubtful(Sizes(datetime(2026, 8, 1), {"leads": 440}, {}), last)
    Traceback (most recent call last):
    ...
    predict.errors.RefusedError: this export holds less than half of the last one
      where: leads
      found: leads: 440 rows, 900 in the export of 2026-07-01
      do:    see whether the export is complete; if it is meant to be so, say --accept
    """
    if last is None:
        return
    if new.exported_at < last.exported_at:
        raise RefusedError(
            "this export is older than the last one that was archived",
            where="exported_at",
            got=f"{new.exported_at:%Y-%m-%d %H:%M}, the last one is of "
            f"{last.exported_at:%Y-%m-%d %H:%M}",
            do="bring the newest export; if it is meant to be so, say --accept",
        )
    unit = "rows" if last.rows else "bytes"
    before, now = (last.rows, new.rows) if last.rows else (last.bytes, new.bytes)
    halved = [
        table
        for table, n in sorted(before.items())
        if table in now and now[table] < HALF * n and n >= LEAST_ROWS
    ]
    if halved:
        told = [f"{t}: {now[t]:,} {unit}, {before[t]:,}" for t in halved]
        raise RefusedError(
            "this export holds less than half of the last one",
            where=", ".join(halved),
            got="; ".join(told) + f" in the export of {last.exported_at:%Y-%m-%d}",
            do="see whether the export is complete; if it is meant to be so, say --accept",
        )
