"""Earlier exports: the archive as a history, which knows what a column held at each export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.crm.changes import LEAD, Changes, Tracked
from predict.crm.ids import hashed
from predict.crm.overwritten import overwritten
from predict.crm.profile import ProfileColumn
from predict.crm.reader import Reader, parser, profile_value
from predict.crm.sources import read_text
from predict.crm.stamps import DAY, microseconds, moment
from predict.crm.tables import PROFILE
from predict.crm.texttable import FILE, RECORD
from predict.errors import InputError, PredictError
from predict.findings import Finding
from predict.publish import MANIFEST, file_digest, read_json, sealed_folders

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.leads import LeadsPart
    from predict.crm.sources import Workspace
    from predict.crm.texttable import TextTable
    from predict.definition.agreement import Retention
    from predict.definition.schema import Definition


@dataclass(frozen=True)
class Archived:
    """One archived export.

    Parameters
    ----------
    folder : Path
        Where it lies.
    exported_us : int
        When it was made, microseconds UTC.
    tables : mapping of table to tuple of str
        Files of each table; in raw copies of earlier versions also entries of zips.
    digests : mapping of file to SHA-256
        As sealed.
    inputs : str
        Digest of the export itself; who is forgotten later does not change it.
    typed : bool
        Whether it holds what `predict.crm.keeping` keeps; else copies of the files.
    decimals : mapping of table to str
        Decimal signs that were declared, or fixed by the source.
    emptied : mapping of table and column to int
        How many cells of which column were kept empty, since they name somebody.
    """

    folder: Path
    exported_us: int
    tables: Mapping[str, tuple[str, ...]]
    digests: Mapping[str, str]
    inputs: str = ""
    typed: bool = False
    decimals: Mapping[str, str] = field(default_factory=dict)
    emptied: Mapping[str, int] = field(default_factory=dict)

    def files(self, table: str) -> list[Path]:
        """Return the files of a table, checked against what was sealed.

        Raises
        ------
        InputError
            The table was not archived, or a file was altered.
        """
        places = self.tables.get(table, ())
        names = list(dict.fromkeys(p.partition("::")[0] for p in places))
        for name in names:
            path = self.folder / name
            if not path.is_file() or file_digest(path) != self.digests.get(name):
                raise InputError("an archived file is missing or altered", where=str(path))
        if not names:
            raise InputError("the archived export does not say which file is this table")
        return [self.folder / name for name in names]


@dataclass
class Earlier:
    """What the archive knows.

    Parameters
    ----------
    changes : tuple of Changes
        The value of each column at each export, as changes.
    findings : list of Finding
        What was noticed.
    read : list of dict
        Files read: table, sha256.
    sentence : str
        What the archive can do for the columns that it does not tell of yet.
    """

    changes: tuple[Changes, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    read: list[dict[str, object]] = field(default_factory=list)
    sentence: str = (
        "Every export that trains a model is kept, and from the second one on tells what they held."
    )

    @property
    def names(self) -> set[str]:
        """Feature names of the columns with a history."""
        return {t.name for c in self.changes for t in c.tracked}


def archived_exports(archive: Path | None, name: str) -> list[Archived]:
    """Return the archived exports of a definition, the oldest first; one per moment of export."""
    found: dict[int, Archived] = {}
    for _, path in sealed_folders(archive / name) if archive is not None else ():
        manifest: Any = read_json(path / MANIFEST)
        exported_us = microseconds(datetime.fromisoformat(manifest["exported_at"]))
        found[exported_us] = Archived(
            path,
            exported_us,
            {t: tuple(places) for t, places in manifest.get("tables", {}).items()},
            manifest["files"],
            manifest["inputs"],
            "format" in manifest,
            manifest.get("decimals", {}),
            manifest.get("emptied", {}),
        )
    return [found[us] for us in sorted(found)]


def expires(retention: Retention | None, newest: datetime) -> int | None:
    """Return the moment before which what was kept has expired, or None where nothing does.

    Parameters
    ----------
    retention : Retention or None
        Of the definition.
    newest : datetime
        The newest export.
    """
    import pandas as pd

    if retention is None:
        return None
    until = pd.Timestamp(newest) - pd.DateOffset(months=retention.months)
    return microseconds(until.to_pydatetime())


def unexpired(
    exports: Sequence[Archived], retention: Retention | None, newest: datetime
) -> list[Archived]:
    """Return the archived exports that are not too old to be read."""
    limit = expires(retention, newest)
    return [e for e in exports if limit is None or e.exported_us >= limit]


def read_earlier(
    reader: Reader,
    exports: Sequence[Archived],
    candidates: Sequence[str],
    part: LeadsPart,
    leads: ir.Table,
    exported: datetime,
) -> Earlier:
    """Read what mutable columns without another history held at each earlier export.

    A value is known from the moment of its export on, until the next one. A column becomes a
    feature once some look after the first export is old enough to judge, or where the model at
    hand learned from it.

    Parameters
    ----------
    reader : Reader
        Opens and parses.
    exports : sequence of Archived
        From `archived_exports`; those made at or after ``exported`` are left aside.
    candidates : sequence of str
        Feature names.
    part : LeadsPart
        Their types and grid columns, and the related profiles of this export.
    leads : Ibis table
        The leads of this export.
    exported : datetime
        When this export was made.
    """
    definition, now = reader.definition, microseconds(exported)
    known = [e for e in exports if e.exported_us < now]
    agreed = definition.conversion
    wait = round((agreed.within_days + agreed.export_lag_days) * DAY)
    earlier = Earlier()
    learned = [n for n in candidates if n in reader.types]
    if known and known[0].exported_us + wait <= now:
        learned = list(candidates)
    elif known:
        ripe = moment(known[0].exported_us + wait)
        earlier.sentence = (
            f"The archive of exports begins on {moment(known[0].exported_us):%Y-%m-%d}; they can "
            f"be learned from it in an export made on {ripe:%Y-%m-%d} or later."
        )
    whose, columns = overwritten(definition), {p.name: p for p in part.profile}
    found = []
    for table in dict.fromkeys(whose[n] for n in learned):
        own = [columns[n] for n in learned if whose[n] == table and n in columns]
        if own:
            found.append(_of_table(reader, known, table, own, part, leads, now, earlier))
    earlier.changes = tuple(found)
    return earlier


def _of_table(
    reader: Reader,
    exports: Sequence[Archived],
    table: str,
    own: Sequence[ProfileColumn],
    part: LeadsPart,
    leads: ir.Table,
    now: int,
    earlier: Earlier,
) -> Changes:
    import ibis

    related = next((r for r in part.related if f"related.{r.name}" == table), None)
    if related is None:
        present = leads.select(
            record=hashed(leads.lead_id), **{p.column: leads[p.column] for p in own}
        )
    else:
        theirs = related.table
        present = theirs.select(
            record=hashed(theirs[f"their:{related.name}"]),
            **{p.column: theirs[p.column] for p in own},
        )
    rows = [*_told(present, own, now)]
    for export in exports:
        try:
            rows += _told(_values(reader, export, table, own), own, export.exported_us)
        except PredictError as error:
            sentence = (
                f"The archived export {export.folder.name} cannot be read as this definition asks "
                f"({error.what}); it tells nothing of {', '.join(p.name for p in own)}."
            )
            earlier.findings.append(Finding("archive-unread", "warn", table, sentence))
            continue
        told = f"archive {export.exported_us} {table}"
        earlier.read.append({"table": told, "sha256": export.inputs})
    every = ibis.union(*rows) if len(rows) > 1 else rows[0]
    if related is None:
        # An id that is an e-mail address is kept as a hash.
        numbers = leads.select("lead_no", lead_record=hashed(leads.lead_id))
        every = every.inner_join(numbers, every.record == numbers.lead_record)
        every, key = every.mutate(key=every.lead_no), LEAD
    else:
        every, key = _unhashed(every, related.table, f"their:{related.name}"), related.key
    changed = reader.workspace.materialise(_changed(every), f"archive_{table}")
    tracked = tuple(Tracked(p.name, p.column, p.dtype, olds=False) for p in own)
    names = ", ".join(p.name for p in own)
    sentence = f"What {names} held before this export is not on record; no archived export tells."
    if exports:
        sentence = (
            f"What {names} held is taken from {len(exports)} archived exports, the first of "
            f"{moment(exports[0].exported_us):%Y-%m-%d}; it is not known before."
        )
    earlier.findings.append(
        Finding("archive", "note", table, sentence, {"exports": len(exports), "columns": len(own)})
    )
    return Changes(key, changed, tracked)


def archived_text(
    workspace: Workspace, definition: Definition, export: Archived, table: str
) -> TextTable:
    """Return an archived table of leads or of related profiles, as text.

    Parameters
    ----------
    workspace : Workspace
        Of the export at hand.
    definition : Definition
        By which it is read.
    export : Archived
        From `archived_exports`.
    table : str
        ``leads`` or ``related.NAME``.

    Returns
    -------
    TextTable
        Without what the archive leaves out; who works on a lead and addresses are hashed, cells
        that name somebody are empty (`predict.crm.keeping`).

    Raises
    ------
    InputError
        The table was not archived, or was altered.
    """
    spec: Any = definition.leads
    if table != "leads":
        spec = definition.related[table.removeprefix("related.")]
    export.files(table)
    places = tuple(str(export.folder / place) for place in export.tables[table])
    told: dict[str, Any] = {"path": places, "sql": None, "url_env": None}
    if export.typed:  # what was left out then is not there
        told |= {"where": {}, "decimal": export.decimals.get(table, spec.decimal)}
    return read_text(workspace, spec.model_copy(update=told), folder=export.folder)


def _values(reader: Reader, export: Archived, table: str, own: Sequence[ProfileColumn]) -> ir.Table:
    """Return the columns of an archived table that it has, one row a record."""
    import ibis

    definition = reader.definition
    prefix, identity = "", definition.leads.lead_id
    if table != "leads":
        name = table.removeprefix("related.")
        prefix, identity = f"{name}.", definition.related[name].their_key
    text = archived_text(reader.workspace, definition, export, table)
    there = {p: c for p in own if (c := p.name.removeprefix(prefix)) in text.columns}
    parsed = reader.parse(text, {c: parser(p.dtype) for p, c in there.items()} | {identity: "id"})
    rows = parsed.table
    order = ibis.window(group_by=identity, order_by=[FILE, RECORD])
    rows = rows.mutate(place=ibis.row_number().over(order))
    rows = rows.filter((rows.place == 0) & rows[identity].notnull())
    return rows.select(
        record=hashed(rows[identity]),
        **{PROFILE + p.name: profile_value(rows[c], p.dtype) for p, c in there.items()},
    )


def _told(rows: ir.Table, own: Sequence[ProfileColumn], exported_us: int) -> Iterator[ir.Table]:
    """Yield, per column, what it held at an export; at that very moment it is known already."""
    import ibis

    for p in own:
        if p.column not in rows.columns:
            continue
        value = rows[p.column]
        number = value if p.dtype == "number" else ibis.null("float64")
        yield rows.select(
            "record",
            column=ibis.literal(p.column),
            changed_us=ibis.literal(exported_us - 1, type="int64"),
            old=ibis.null("string"),
            new=value.cast("string"),
            old_number=ibis.null("float64"),
            new_number=number.cast("float64"),
        )


def _unhashed(rows: ir.Table, keys: ir.Table, name: str) -> ir.Table:
    """Give rows the key as this export has it, for an e-mail address is archived as a hash."""
    own = keys.select(own_record=keys[name]).distinct()
    joined = rows.left_join(own, rows.record == hashed(own.own_record))
    return joined.select(*rows.columns, key=joined.own_record.coalesce(joined.record))


def _changed(rows: ir.Table) -> ir.Table:
    """Keep the first row of each record and column, and those that differ from the one before."""
    import ibis

    order = ibis.window(group_by=["column", "key"], order_by="changed_us")
    before = rows.new.lag().over(order)
    rows = rows.mutate(place=ibis.row_number().over(order), same=rows.new.identical_to(before))
    kept = rows.filter((rows.place == 0) | ~rows.same)
    return kept.select("column", "key", "changed_us", "old", "new", "old_number", "new_number")
