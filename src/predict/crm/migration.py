"""Migration: archives of an earlier version, copies of whole files, rewritten as they are now."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.crm.archive import write_archived
from predict.crm.earlier import Archived, archived_exports
from predict.crm.opening import open_crm
from predict.crm.stamps import moment
from predict.errors import PredictError
from predict.findings import Finding
from predict.publish import MANIFEST, read_json, replacing, settle

if TYPE_CHECKING:
    from predict.definition.schema import Definition

_SECTIONS = ("people", "related", "links", "events", "outcomes")


def migrate(root: Path, definition: Definition) -> list[Finding]:
    """Rewrite the raw copies in the archive of a definition without personal columns.

    The caller holds the lock of the home. Killed anywhere, each export is there in one form or the
    other, and the next run goes on.

    Parameters
    ----------
    root : Path
        Archive folder of the home.
    definition : Definition
        By which the copies are read.

    Returns
    -------
    list of Finding
        How many were rewritten; which cannot be read, and stay as they are.
    """
    settle(root / definition.name, strays=True)
    raw = [e for e in archived_exports(root, definition.name) if not e.typed]
    findings, done = [], 0
    for export in raw:
        try:
            _rewrite(export, _of(definition, export))
        except PredictError as error:
            sentence = (
                f"The archived export {export.folder.name} is a copy of whole files, with personal "
                f"columns, and cannot be rewritten under this definition ({error.what}). Remove it "
                "unless its past is needed."
            )
            findings.append(Finding("archive-raw", "warn", "archive", sentence))
        else:
            done += 1
    if done:
        sentence = f"{done:,} archived exports of an earlier version lost their personal columns."
        findings.append(
            Finding("archive-rewritten", "note", "archive", sentence, {"exports": done})
        )
    return findings


def _rewrite(export: Archived, definition: Definition) -> None:
    for table in export.tables:
        export.files(table)
    manifest: Any = read_json(export.folder / MANIFEST)
    crm = open_crm(definition)
    told: dict[str, object] = {}
    try:
        with replacing(export.folder, export.inputs, told) as staging:
            told |= write_archived(crm, staging)
            told["exported_at"] = manifest["exported_at"]
    finally:
        crm.close()


def _of(definition: Definition, export: Archived) -> Definition:
    """Return the definition as of an archived export: its files, its moment."""
    made = moment(export.exported_us).replace(tzinfo=UTC)

    def placed(table: str, spec: Any) -> Any:
        places = tuple(str(export.folder / p) for p in export.tables[table])
        told = {"path": places, "sql": None, "url_env": None, "exported_at": made}
        return spec.model_copy(update=told)

    changed: dict[str, Any] = {"suppression": None, "history": {}}
    if "leads" not in export.tables:
        raise PredictError("it does not say which file holds the leads")
    changed["leads"] = placed("leads", definition.leads)
    for section in _SECTIONS:
        named = getattr(definition, section)
        changed[section] = {
            name: placed(f"{section}.{name}", spec)
            for name, spec in named.items()
            if f"{section}.{name}" in export.tables
        }
    if definition.customers is not None:
        stage = definition.customers.stage
        keys = {"account_id": None, "path": None, "sql": None, "url_env": None, "since": None}
        changed["customers"] = definition.customers.model_copy(update=keys) if stage else None
    return definition.model_copy(update=changed)
