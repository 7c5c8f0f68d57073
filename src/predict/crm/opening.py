"""Opening an export: sources → typed tables, identity resolved, suppressed leads marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from predict.crm.changes import read_changes, read_stories, together, tracked_names
from predict.crm.checks import check_tables
from predict.crm.coverage import check_coverage
from predict.crm.earlier import archived_exports, read_earlier, unexpired
from predict.crm.events import read_events
from predict.crm.forgotten import Forgotten
from predict.crm.forgotten import read_as as read_as_forgotten
from predict.crm.identity import read_links
from predict.crm.leads import LeadsPart, read_leads
from predict.crm.outcomes import read_outcomes, stage_kinds
from predict.crm.overwritten import left_out, overwritten
from predict.crm.plans import check_plans, happened
from predict.crm.reader import Part, Reader
from predict.crm.shortlist import Hint, hints, judged, undeclared
from predict.crm.sources import Workspace
from predict.crm.stamps import microseconds, moment, start_of_day
from predict.crm.standing import read_customers, stand
from predict.crm.tables import PROFILE, Crm
from predict.crm.texttable import TextTable
from predict.findings import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.definition.schema import Definition


def open_crm(
    definition: Definition,
    *,
    leads: pd.DataFrame | None = None,
    events: Mapping[str, pd.DataFrame] | None = None,
    outcomes: Mapping[str, pd.DataFrame] | None = None,
    related: Mapping[str, pd.DataFrame] | None = None,
    links: Mapping[str, pd.DataFrame] | None = None,
    people: Mapping[str, pd.DataFrame] | None = None,
    customers: pd.DataFrame | None = None,
    history: Mapping[str, pd.DataFrame] | None = None,
    types: Mapping[str, str] | None = None,
    archive: Path | None = None,
    memory_limit: str = "1200MB",
) -> Crm:
    """Open an export: every table typed, every row resolved to its lead.

    Parameters
    ----------
    definition : Definition
        Which files, columns and roles.
    leads : DataFrame, optional
        Handed over instead of the file; likewise ``events``, ``outcomes``, ``related``, ``links``,
        ``people`` and ``history``, by the name of their table in the definition; ``customers`` is
        one table.
    types : mapping of feature name to type, optional
        Types of profile columns as decided at training; guessed where neither these nor the
        definition say.
    archive : Path, optional
        Archive of earlier exports (of the home): what mutable columns without another history
        held at each of them, and who was forgotten. None is taken where it is not given.
    memory_limit : str
        Memory the engine may use before it spills to disk.

    Returns
    -------
    Crm
        Lazy tables; close it when done.

    Raises
    ------
    InputError
        A file or column is missing, or something can be read in two ways.
    RefusedError
        More values than the cap do not parse.
    """
    frames: dict[str, pd.DataFrame] = {} if leads is None else {"leads": leads}
    for section, given in (
        ("events", events),
        ("outcomes", outcomes),
        ("related", related),
        ("links", links),
        ("people", people),
        ("history", history),
    ):
        frames |= {f"{section}.{name}": frame for name, frame in (given or {}).items()}
    if customers is not None:
        frames["customers"] = customers
    workspace = Workspace(memory_limit=memory_limit)
    try:
        return _open(Reader(workspace, definition, frames, types or {}), archive)
    except BaseException:
        workspace.close()
        raise


def _open(reader: Reader, archive: Path | None) -> Crm:
    import pandas as pd

    definition = reader.definition

    stories = read_stories(reader)
    tracked = tracked_names(definition, stories)
    exports = archived_exports(archive, definition.name)
    others = [n for n in overwritten(definition) if n not in tracked]
    others = others if exports else [n for n in others if n in reader.types]
    forgotten = Forgotten.read(archive, definition.name)
    part = read_leads(reader, {*tracked, *others}, forgotten)
    listed = read_suppression(reader)
    marked, suppressed = _suppressed(reader, part, listed.table)
    links = read_links(reader, marked, part.merged)
    did, values = read_events(reader, marked, links.maps, stage_kinds(definition))
    became = read_outcomes(reader, marked, links.maps)
    firms = read_customers(reader)
    changed, changes = read_changes(reader, stories, links.maps, part.profile)
    parts = (part, listed, links, did, became, firms, changed)
    texts = {n: t for p in parts for n, t in p.sources.items()}
    exported, declared, said = _exported_at(
        definition,
        {n: t for n, t in texts.items() if n != "suppression"},
        [
            part.table.created_us,
            happened(definition, did.table).occurred_us,
            became.table.occurred_us,
        ],
    )
    standing = stand(reader, marked, became.table, firms.table, microseconds(exported))
    exports = unexpired(exports, definition.retention, exported)
    earlier = read_earlier(reader, exports, others, part, marked, exported)
    tracked |= earlier.names
    unknown = {p.name for p in part.profile if p.name in others} - tracked
    covers = {
        name: start_of_day(spec.covers_from, definition.time_zone)
        for name, spec in definition.events.items()
        if spec.covers_from
    }
    counts = {k: v for p in parts for k, v in p.counts.items()}
    filtered = {name: n for name, text in texts.items() if (n := text.left_out())}
    counts |= {"leads suppressed": suppressed, "leads left out by where": filtered.get("leads", 0)}
    counts |= standing.counts
    findings = [f for p in parts for f in p.findings] + said + standing.findings
    findings += [_left_out(name, n) for name, n in filtered.items()]
    findings += [*earlier.findings, *left_out(definition, tracked, earlier.sentence)]
    findings += undeclared(part.undeclared, _hints(reader, part, marked, became.table, exported))
    crm = Crm(
        definition=definition,
        workspace=reader.workspace,
        leads=standing.leads.drop(*(PROFILE + n for n in unknown)),
        events=did.table,
        outcomes=became.table,
        customers=standing.customers,
        suppression=listed.table,
        related=part.related,
        profile=tuple(p for p in part.profile if p.name not in unknown),
        incumbents=part.incumbents,
        values=values,
        exported_at=exported,
        covers_us=covers,
        findings=findings,
        counts=counts,
        rejects=pd.concat([r for p in parts for r in p.rejects], ignore_index=True),
        sources=[
            {**file, "table": name}
            for p in parts
            for name, text in p.sources.items()
            for file in text.described()
        ],
        texts=texts,
        links=links.maps,
        carriers=did.carriers,
        changes=together([*changes, *earlier.changes]),
        archived=[*earlier.read, *read_as_forgotten(part.gone)],
        forgotten=forgotten,
        gone=part.gone,
    )
    crm.findings.extend([*check_tables(crm), *check_plans(crm, declared), *check_coverage(crm)])
    return crm


def _left_out(name: str, rows: int) -> Finding:
    sentence = f"{rows:,} rows are left out by where."
    return Finding("left-out-by-where", "note", name, sentence, {"rows": rows})


def _suppressed(reader: Reader, part: LeadsPart, listed: ir.Table) -> tuple[ir.Table, int]:
    """Mark suppressed leads by id or e-mail; the e-mail itself goes no further."""
    leads = part.table
    keys = {r.key for r in part.related if r.tracked}
    kept = [c for c in leads.columns if c[:2] not in ("k:", "r:", "m:") or c in keys]
    hit = leads.lead_id.isin(listed.key)
    for address in (leads[c] for c in leads.columns if c[:2] == "m:"):
        hit = hit | address.isin(listed.key).fill_null(False)
    marked = leads.mutate(suppressed=hit).select(*kept, "suppressed")
    table = reader.workspace.materialise(marked, "leads_marked", order_by=["lead_no"])
    return table, int(table.filter(table.suppressed).count().execute())


def _hints(
    reader: Reader, part: LeadsPart, leads: ir.Table, outcomes: ir.Table, exported: datetime
) -> list[Hint]:
    """Return what undeclared columns tell, where no model has settled yet what is learned."""
    if not part.undeclared or reader.types:
        return []
    sample = judged(reader.definition, leads, outcomes, microseconds(exported))
    return hints(reader.workspace, part.sources["leads"], part.undeclared, part.places, sample)


def read_suppression(reader: Reader) -> Part:
    """Read the ids and lower-case e-mails on the suppression list, one column ``key``."""
    import ibis

    spec = reader.definition.suppression
    if spec is None:
        return Part(reader.workspace.empty("suppression", ibis.schema({"key": "string"})))
    text = reader.text("suppression", spec, [spec.lead_id, spec.email])
    named = [c for c in (spec.lead_id, spec.email) if c] or [
        c for c in text.columns if not c.startswith("_")
    ]
    parsed = reader.parse(text, dict.fromkeys(named, "id"), personal=named)
    listed = [parsed.table.select(key=parsed.table[c]) for c in named]
    keys = ibis.union(*listed) if len(listed) > 1 else listed[0]
    # Ids of some CRMs differ by case alone; e-mail addresses of one person never do.
    keys = keys.select(key=keys.key.contains("@").ifelse(keys.key.lower(), keys.key))
    keys = keys.filter(keys.key.notnull()).distinct()
    return Part(
        reader.workspace.materialise(keys, "suppression"),
        list(parsed.findings),
        [parsed.rejects],
        {},
        {"suppression": text},
    )


def _exported_at(
    definition: Definition, sources: Mapping[str, TextTable], stamps: Sequence[ir.Column]
) -> tuple[datetime, dict[str, datetime], list[Finding]]:
    """Return when the export was made: the earliest of its tables; and when those that say so.

    A table says so by declaration, or by its file name or zip entry. The others are taken to
    have been exported together, at the newest stamp inside any of them.
    """
    declared: dict[str, datetime] = {}
    found: list[Finding] = []
    for name, text in sources.items():
        section, _, key = name.partition(".")
        spec = getattr(definition, section)[key] if key else getattr(definition, section)
        said = text.exported_at_hint if spec.exported_at == "from-name" else spec.exported_at
        if said is not None:
            declared[name] = _moment(said, definition)
        elif spec.exported_at is not None:
            sentence = f"The name {text.name} holds no date, so it does not say when it was made."
            found.append(Finding("no-date-in-name", "warn", name, sentence))
    newest = [n for column in stamps if (n := _newest(column)) is not None]
    inside = moment(max(newest, default=0))
    if not declared:
        sentence = (
            f"No table says when it was exported; the newest stamp inside is taken: "
            f"{inside:%Y-%m-%d %H:%M} UTC."
        )
        return inside, {}, [*found, Finding("exported-at", "note", "export", sentence)]
    name, when = min(declared.items(), key=lambda d: d[1])
    found.append(Finding("exported-at", "note", name, f"Exported at {when:%Y-%m-%d %H:%M} UTC."))
    if inside > when:
        sentence = (
            f"Some stamps lie after the export of {when:%Y-%m-%d}; the newest is "
            f"{inside:%Y-%m-%d %H:%M} UTC. Rows after the export are never used."
        )
        found.append(Finding("future-stamps", "warn", name, sentence))
    return when, declared, found


def _moment(said: date | datetime, definition: Definition) -> datetime:
    """Return a declared export time as naive UTC; a day counts until its end."""
    if not isinstance(said, datetime):
        said = datetime(said.year, said.month, said.day) + timedelta(days=1)
    if said.tzinfo is None:
        said = said.replace(tzinfo=ZoneInfo(definition.time_zone))
    return said.astimezone(UTC).replace(tzinfo=None)


def _newest(column: ir.Column) -> int | None:
    import pandas as pd

    value = column.max().execute()
    return None if value is None or pd.isna(value) else int(value)
