"""Forgotten: who is left out of every run, told by keyed hashes that name nobody."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.crm.ids import forms_of, hashed
from predict.errors import PredictError
from predict.findings import Finding
from predict.publish import json_digest, publish_file, read_json

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.sources import Workspace
    from predict.crm.tables import Crm

#: Beside the archives of all definitions: what the hashes are made with.
KEY_FILE = "forgotten.key"
#: In the archive of a definition: who was forgotten, and which exports have expired.
RECORD_FILE = "forgotten.json"


@dataclass(frozen=True)
class Forgotten:
    """The leads that were forgotten under one definition.

    Parameters
    ----------
    key : str
        Secret of the home. Without it nobody can try ids against the hashes.
    hashes : frozenset of str
        Of every id that a forgotten lead was known by.

    Examples
    --------
    >>> gone = Forgotten("secret", frozenset([Forgotten("secret").hash_of("L-7")]))
    >>> import ibis
    >>> gone.holds(ibis.memtable({"id": ["L-7", "L-8", None]}).id).execute().tolist()
    [True, False, False]
    """

    key: str = ""
    hashes: frozenset[str] = frozenset()

    @classmethod
    def read(cls, archive: Path | None, name: str) -> Forgotten:
        """Return who was forgotten under a definition, by the archive of the home.

        Raises
        ------
        PredictError
            There are hashes and the key is gone, so that nobody could be left out.
        """
        record = read_record(archive / name) if archive is not None else {}
        entries: Any = record.get("leads", [])
        hashes = frozenset(h for entry in entries for h in entry["ids"])
        if archive is None or not hashes:
            return cls()
        path = archive / KEY_FILE
        if not path.is_file():
            raise PredictError(
                "the key is missing by which forgotten leads are told",
                where=str(path),
                do="put the file back from a copy of the home; without it they would come back",
            )
        return cls(path.read_text(encoding="ascii").strip(), hashes)

    def __bool__(self) -> bool:
        """Tell whether anybody was forgotten."""
        return bool(self.hashes)

    def hash_of(self, lead: str) -> str:
        """Return the keyed hash of an id, in the form that it is kept in."""
        inner = hashlib.sha256((self.key + lead).encode()).hexdigest()
        return hashlib.sha256((self.key + inner).encode()).hexdigest()

    def holds(self, ids: ir.StringValue) -> ir.BooleanValue:
        """Tell of each id whether it is that of a forgotten lead."""
        import ibis

        if not self.hashes:
            return ibis.literal(False)
        key = ibis.literal(self.key)
        keyed = (key + (key + hashed(ids)).hexdigest("sha256")).hexdigest("sha256")
        return keyed.isin(sorted(self.hashes)).fill_null(False)


def key_of(archive: Path) -> Forgotten:
    """Return nobody, with the key of a home; it is made where there is none."""
    path = archive / KEY_FILE
    if not path.is_file():
        publish_file(path, f"{secrets.token_hex(32)}\n".encode(), 0o600)
    return Forgotten(path.read_text(encoding="ascii").strip())


def read_record(folder: Path) -> dict[str, object]:
    """Return the record in the archive of a definition: ``leads`` and ``expired``, if any."""
    path = folder / RECORD_FILE
    return read_json(path) if path.is_file() else {}


def write_record(folder: Path, record: Mapping[str, object]) -> None:
    """Write the record in one step."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=False, indent=1) + "\n"
    publish_file(folder / RECORD_FILE, text.encode())


def hashes_of(forgotten: Forgotten, leads: Iterable[str]) -> list[str]:
    """Return the keyed hashes of ids in all forms they may have, sorted."""
    return sorted({forgotten.hash_of(f) for lead in leads for f in forms_of(lead)})


def set_apart(
    workspace: Workspace, leads: ir.Table, merged: ir.Table, forgotten: Forgotten
) -> tuple[ir.Table, ir.Table | None]:
    """Take forgotten leads out of those of an export.

    Parameters
    ----------
    workspace : Workspace
        The engine.
    leads : Ibis table
        ``lead_id``, ``mail_key``.
    merged : Ibis table
        Old id → ``lead_id``: one who was forgotten and merged since is still that person.
    forgotten : Forgotten
        Who.

    Returns
    -------
    Ibis table, Ibis table or None
        Those that are left; ids and address keys of the others, which end with the run.
    """
    if not forgotten:
        return leads, None
    old = merged.filter(forgotten.holds(merged.other_id))
    hit = forgotten.holds(leads.lead_id) | leads.lead_id.isin(old.lead_id)
    gone = workspace.materialise(leads.filter(hit).select("lead_id", "mail_key"), "forgotten")
    return leads.anti_join(gone, "lead_id"), gone


def told(leads: ir.Table, gone: ir.Table | None) -> list[Finding]:
    """Say how many leads of the export were forgotten, and who may be the same person."""
    count = 0 if gone is None else int(gone.lead_id.nunique().execute())
    if gone is None or not count:
        return []
    same = leads.filter(leads.mail_key.isin(gone.mail_key))
    others = int(same.count().execute())
    counts = {"leads": count, "same address": others}
    sentence = (
        f"{count:,} leads of this export were forgotten on request: they neither train nor are "
        "scored nor kept. Delete them in the CRM, or every export brings them again."
    )
    if others:
        sentence += (
            f" {others:,} other leads have the e-mail address of one of them; if they are the same "
            "person, name them to predict forget too."
        )
    return [Finding("forgotten", "note", "leads", sentence, counts)]


def read_as(gone: ir.Table | None) -> list[dict[str, object]]:
    """Return what tells a run with fewer leads from the one before, as a file that was read."""
    if gone is None:
        return []
    ids = gone.select("lead_id").distinct().order_by("lead_id").to_pandas()["lead_id"]
    return [{"table": "forgotten", "sha256": json_digest(list(ids))}] if len(ids) else []


def among(crm: Crm, ids: ir.StringValue, mails: ir.StringValue) -> ir.BooleanValue:
    """Tell of each row of a list whether it is a forgotten lead, by id or hashed address."""
    known = crm.forgotten.holds(ids)
    if crm.gone is None:
        return known
    return known | mails.isin(crm.gone.mail_key).fill_null(False)
