"""Forgetting: a lead's rows leave the home for good, and what is too old leaves as well."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from predict.crm.earlier import archived_exports, expires
from predict.crm.forgotten import hashes_of, key_of, read_record, write_record
from predict.crm.ids import forms_of
from predict.crm.stamps import microseconds, moment
from predict.errors import InputError, RefusedError
from predict.findings import Finding
from predict.home import Home
from predict.jobs import holders
from predict.publish import MANIFEST, locked, read_json, remove_folder, sealed_folders, settle

if TYPE_CHECKING:
    from predict.definition.schema import Definition
    from predict.jobs.holders import Holder


@dataclass(frozen=True)
class Forgetting:
    """What became of the request to forget a lead.

    Parameters
    ----------
    lead : str
        Its id, as it was given.
    rows : int
        Rows that named it or an id of the same person.
    folders : dict of str to list of str
        Per room of the home, what was rewritten.
    before : bool
        Whether it had been forgotten before.
    """

    lead: str
    rows: int
    folders: dict[str, list[str]]
    before: bool

    @property
    def unknown(self) -> bool:
        """Whether nothing here ever named it: perhaps the id is not written as in the CRM."""
        return not self.rows and not self.before

    @property
    def sentence(self) -> str:
        """What happened, for whoever asked."""
        if self.unknown:
            return (
                f"{self.lead}: no such lead in archive, ledger or feedback; there is nothing to "
                "forget. Should an export or a list ever name it, it is left out."
            )
        if not self.rows:
            return f"{self.lead}: was forgotten before; nothing is left of it."
        places = ", ".join(f"{len(names)} in {room}" for room, names in self.folders.items())
        return f"{self.lead}: {self.rows:,} rows removed ({places}); later runs leave it out."


def forget(
    home: Home,
    leads: Sequence[str],
    *,
    when: datetime,
    definition: Definition | None = None,
    because: str | None = None,
) -> list[Forgetting]:
    """Remove all rows of leads from archive, ledger, feedback and backtests; leave a tombstone.

    A tombstone is the keyed hash of every id that the archive knows the person by, with the moment
    and what was rewritten; no id stands in it. It is written first, so that a run that begins
    after a kill leaves the lead out already; the same request again finishes the work.

    Parameters
    ----------
    home : Home
        Where archive, ledger and feedback are.
    leads : sequence of str
        Ids of leads, or of whatever a link leads to them.
    when : datetime
        The moment of the request, naive UTC.
    definition : Definition, optional
        Under which the leads are meant; all that the home has an archive of by default.
    because : str, optional
        A reason to keep; no personal data.

    Returns
    -------
    list of Forgetting
        One per lead.

    Raises
    ------
    InputError
        No definition is named and the home has no archive.
    RefusedError
        The archive holds raw copies of an earlier version that could not be rewritten.
    """
    from predict.crm.migration import migrate

    with locked(home.lock):
        if definition is not None:
            migrate(home.archive, definition)
        names = _names(home, definition)
        rows, before = dict.fromkeys(leads, 0), dict.fromkeys(leads, False)
        folders: dict[str, dict[str, list[str]]] = {lead: {} for lead in leads}
        for name in names:
            _settle(home, name)
            places = list(_holders(home, name))
            everybody: set[str] = set()
            for lead in leads:
                ids = same_person(_again(home, name, lead, places), places)
                found = [(h, n) for h in places if (n := h.hits(ids))]
                there = [h for h, _ in found]
                before[lead] |= _entomb(home, name, lead, ids, there, when, because)
                rows[lead] += sum(n for _, n in found)
                for holder in there:
                    folders[lead].setdefault(holder.room, []).append(holder.name)
                everybody |= ids
            for holder in places:
                if holder.hits(everybody):
                    holder.rewrite(everybody)
    return [Forgetting(lead, rows[lead], folders[lead], before[lead]) for lead in leads]


def expire(home: Home, definition: Definition, newest: datetime | None = None) -> list[Finding]:
    """Remove archived exports and scored runs that are older than the definition keeps them.

    The caller holds the lock of the home. Of each removed folder a line stays in
    ``forgotten.json`` beside the archive.

    Parameters
    ----------
    home : Home
        Where archive and ledger are.
    definition : Definition
        ``[retention] months``.
    newest : datetime, optional
        The export at hand; the newest in the archive where that is newer, which always stays.

    Returns
    -------
    list of Finding
        One that counts what was removed, if anything was.
    """
    name = definition.name
    _settle(home, name)
    exports = archived_exports(home.archive, name)
    moments = [e.exported_us for e in exports] + ([microseconds(newest)] if newest else [])
    if not moments:
        return []
    last, kept = moment(max(moments)), max((e.exported_us for e in exports), default=0)
    limit = expires(definition.retention, last)
    if limit is None or definition.retention is None:
        return []
    why = f"older than {definition.retention.months} months before the export of {last:%Y-%m-%d}"
    old = []
    for folder, path in sealed_folders(home.archive / name):
        manifest: Any = read_json(path / MANIFEST)
        made = datetime.fromisoformat(manifest["exported_at"])
        if microseconds(made) < min(limit, kept):
            old.append(("archive", folder, path, made))
    for folder, path in sealed_folders(home.ledger):
        manifest = read_json(path / MANIFEST)
        said = manifest.get("meta", {}).get("as_of")
        if holders.model_of(manifest) == name and said is not None:
            made = datetime.fromisoformat(said)
            if microseconds(made) < limit:
                old.append(("ledger", folder, path, made))
    if not old:
        return []
    record = read_record(home.archive / name)
    told: Any = record.get("expired", [])
    lines = [
        {"room": room, "folder": folder, "of": made.isoformat(), "because": why}
        for room, folder, _, made in old
    ]
    record["expired"] = [*told, *(line for line in lines if line not in told)]
    write_record(home.archive / name, record)
    for _, _, path, _ in old:
        remove_folder(path)
    counts = {room: sum(r == room for r, *_ in old) for room in ("archive", "ledger")}
    sentence = (
        f"Removed as {why}: {counts['archive']:,} archived exports and {counts['ledger']:,} runs "
        "of the ledger."
    )
    return [Finding("expired", "note", "archive", sentence, counts)]


def forget_expired(home: Home, definition: Definition) -> list[Finding]:
    """Remove what has expired under the lock of the home; see `expire`."""
    with locked(home.lock):
        return expire(home, definition)


def same_person(given: Collection[str], places: Sequence[Holder]) -> set[str]:
    """Return the ids under which archived exports know the person that the ids name.

    Whatever leads to a lead stands for it; then all that leads to it, or was merged into it. What
    two leads share (an account) is that of one of them in each export, and leads to no other.
    """
    pairs = [p for h in places if h.room == "archive" for p in holders.links_in(h)]
    found = set(given)
    found |= {lead for lead, other in pairs if other in found}
    while True:
        owned = {other for lead, other in pairs if lead in found}
        if owned <= found:
            return found
        # What was merged into it was a lead of earlier exports, with other ids of its own.
        found |= owned


def _names(home: Home, definition: Definition | None) -> list[str]:
    if definition is not None:
        return [definition.name]
    folders = sorted(home.archive.iterdir()) if home.archive.is_dir() else []
    names = [p.name for p in folders if p.is_dir() and not p.name.startswith(".")]
    if not names:
        raise InputError(
            "this home has no archive",
            where=str(home.archive),
            do="name the home with --home, or the definition with --definition",
        )
    return names


def _settle(home: Home, name: str) -> None:
    settle(home.archive / name, strays=True)
    # A list may be being scored at this moment, and be writing to the ledger.
    for folder in (home.ledger, home.feedback):
        settle(folder)


def _holders(home: Home, name: str) -> Iterator[Holder]:
    raw = [
        folder
        for folder, path in sealed_folders(home.archive / name)
        if "format" not in read_json(path / MANIFEST)
    ]
    if raw:
        raise RefusedError(
            "the archive holds copies of the files themselves, made by an earlier version",
            where=str(home.archive / name),
            got=", ".join(raw[:3]),
            do="name the definition that they were made with (--definition FILE.toml), or remove "
            "them",
        )
    yield from holders.archived(home, name)
    yield from holders.scored(home, name)
    yield from holders.told_by_sales(home)
    yield from holders.backtested(home, name)


def _again(home: Home, name: str, lead: str, places: Sequence[Holder]) -> set[str]:
    """Return the forms of an id, with whatever else a request that was cut short left.

    The links that led to the other ids of the person may be gone by then; their hashes are not.
    """
    forgotten = key_of(home.archive)
    entry = _entry(read_record(home.archive / name), hashes_of(forgotten, [lead]))
    known = set() if entry is None else set(entry["ids"])
    left = {i for h in places for i in h.named()} if known else set()
    return {*forms_of(lead), *(i for i in left if forgotten.hash_of(i) in known)}


def _entry(record: dict[str, object], hashes: Collection[str]) -> Any:
    """Return the tombstone with one of the hashes, or None."""
    entries: Any = record.get("leads", [])
    return next((e for e in entries if set(hashes) & set(e["ids"])), None)


def _entomb(
    home: Home,
    name: str,
    lead: str,
    ids: Collection[str],
    found: Sequence[Holder],
    when: datetime,
    because: str | None,
) -> bool:
    """Write the tombstone of a lead, or add to the one there is; tell whether there was one."""
    forgotten = key_of(home.archive)
    record = read_record(home.archive / name)
    entries: Any = record.setdefault("leads", [])
    entry = _entry(record, hashes_of(forgotten, [lead]))
    there = entry is not None
    if entry is None:
        entry = {"ids": [], "when": when.isoformat(), "because": because}
        entries.append(entry)
    entry["ids"] = sorted({*entry["ids"], *hashes_of(forgotten, ids)})
    for holder in found:
        entry[holder.room] = sorted({*entry.get(holder.room, []), holder.name})
    write_record(home.archive / name, record)
    return there
