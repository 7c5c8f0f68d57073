"""Leads: one row a lead, profile columns typed, personal columns gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from predict.crm.eligibility import told
from predict.crm.forgotten import Forgotten, set_apart
from predict.crm.forgotten import told as told_of_forgotten
from predict.crm.known_from import with_stamps
from predict.crm.layout import allowed, lay_out, roles_of
from predict.crm.merged import fold, read_merged
from predict.crm.naming import check_names
from predict.crm.people import read_people, with_people
from predict.crm.profile import (
    ProfileColumn,
)
from predict.crm.reader import Part, Reader
from predict.crm.related import RelatedPart, join_related
from predict.crm.sources import Workspace
from predict.crm.texttable import TextTable
from predict.findings import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.definition.schema import Definition

_LEFT_OUT = {
    "last_of": "hold only the latest date, which later contact moves",
    "first_of": "are dates of events; declare them as an events table to use them",
    "hindsight": "are known only after the outcome",
    "eligibility": "say who may be contacted, which is shown beside the score",
}


@dataclass(frozen=True)
class LeadsPart(Part):
    """The leads with the list of their profile and incumbent columns, and merged ids.

    Parameters
    ----------
    merged : Ibis table
        Old id → ``lead_id`` of the record that is left; see `read_merged`.
    places : Ibis table
        ``lead_no``, ``file``, ``record``: where each lead stands in the export.
    undeclared : tuple of str
        Columns that the definition does not name.
    gone : Ibis table or None
        ``lead_id`` and ``mail_key`` of the leads that were forgotten, if anybody was.
    """

    profile: tuple[ProfileColumn, ...] = ()
    incumbents: tuple[str, ...] = ()
    related: tuple[RelatedPart, ...] = ()
    merged: ir.Table = field(kw_only=True)
    places: ir.Table = field(kw_only=True)
    undeclared: tuple[str, ...] = ()
    gone: ir.Table | None = None


def read_leads(
    reader: Reader, tracked: Collection[str] = (), forgotten: Forgotten | None = None
) -> LeadsPart:
    """Read the leads and their related profiles into typed columns.

    Parameters
    ----------
    reader : Reader
        Opens and parses.
    tracked : collection of str
        Feature names of mutable columns that a history may tell of: they are read as the export
        holds them.
    forgotten : Forgotten, optional
        Who is left out.

    Returns
    -------
    LeadsPart
        Columns as in `Crm.leads`, before suppression is marked; ``m:…`` hold the lower-case
        e-mail addresses for that one use.

    Raises
    ------
    InputError
        A column is missing or a file cannot be read in one way only.
    """
    definition = reader.definition
    spec = definition.leads
    text = reader.text("leads", spec, [*roles_of(definition).values(), *spec.columns])
    people = read_people(reader)
    laid = lay_out(reader, text, people, tracked)
    parsed = reader.parse(text, laid.parsers, personal=laid.personal)
    merged = read_merged(reader)
    rows, others = with_people(
        reader, parsed.table, people, laid.parsers, laid.personal, merged.table
    )
    columns, profile = laid.columns(rows, definition)
    told_of = {c: spec.columns[c] for c in laid.types if c in spec.columns}
    leads, undated = with_stamps(reader, text, told_of, rows.select(**columns))
    leads = leads.filter(leads.lead_id.notnull() & leads.created_us.notnull())
    leads, about_merged, folded = fold(reader, leads, merged.table)
    leads, gone = set_apart(reader.workspace, leads, merged.table, forgotten or Forgotten())
    related = [join_related(reader, name, tracked) for name in definition.related]
    for part in related:
        leads = part.joined_to(leads)
    table = _one_row_a_lead(reader.workspace, leads)
    counts = _counts(rows, [spec.lead_id, spec.created_at], table, folded, gone)
    findings = [*parsed.findings, *_left_out(definition), *_about_rows(counts)]
    findings += [*merged.findings, *others.findings, *about_merged]
    findings += told_of_forgotten(table, gone)
    findings += [*told(table, laid.asks), *check_names(definition, text.columns)]
    findings += [f for part in related for f in part.findings_on(table)]
    return LeadsPart(
        table.drop("origin", "file", "record"),
        findings,
        [
            parsed.rejects,
            *undated,
            *(r for part in (others, merged, *related) for r in part.rejects),
        ],
        {**counts, **others.counts},
        {
            "leads": text,
            **{k: t for part in (others, merged, *related) for k, t in part.sources.items()},
        },
        (*profile, *(c for part in related for c in part.profile)),
        laid.incumbents,
        tuple(related),
        merged=merged.table,
        places=table.filter(table.origin == 0).select("lead_no", "file", "record"),
        undeclared=undeclared_columns(definition, text),
        gone=gone,
    )


def _one_row_a_lead(workspace: Workspace, rows: ir.Table) -> ir.Table:
    """Keep, of rows with one id, the one created first, and number the leads by their id."""
    import ibis

    order = ibis.window(group_by="lead_id", order_by=["created_us", "origin", "file", "record"])
    ranked = rows.mutate(copy=ibis.row_number().over(order))
    kept = ranked.filter(ranked.copy == 0).drop("copy")
    numbered = ibis.row_number().over(ibis.window(order_by="lead_id"))
    kept = kept.mutate(lead_no=numbered.cast("int64"))
    return workspace.materialise(kept, "leads", order_by=["lead_no"])


def _counts(
    rows: ir.Table, needed: Sequence[str], leads: ir.Table, merged: int, gone: ir.Table | None
) -> dict[str, int]:
    unusable = rows[needed[0]].isnull() | rows[needed[1]].isnull()
    counted = rows.aggregate(
        read=rows.count(), unusable=unusable.sum().fill_null(0), leads=leads.count().as_scalar()
    ).to_pandas()
    read, unread, kept = (int(counted[c][0]) for c in ("read", "unusable", "leads"))
    forgotten = 0 if gone is None else int(gone.count().execute())
    return {
        **({"leads forgotten": forgotten} if forgotten else {}),
        "leads read": read,
        "leads": kept,
        "leads without id or creation date": unread,
        "leads twice": read - unread - merged - forgotten - kept,
        "leads merged": merged,
    }


def _about_rows(counts: Mapping[str, int]) -> list[Finding]:
    told = {
        "leads without id or creation date": (
            "unusable-leads",
            "rows have no id or no creation date that can be read; they are set apart.",
        ),
        "leads twice": (
            "leads-twice",
            "rows repeat the id of another row; the one created first counts.",
        ),
    }
    return [
        Finding(code, "warn", "leads", f"{counts[key]:,} {words}", {"rows": counts[key]})
        for key, (code, words) in told.items()
        if counts[key]
    ]


def _left_out(definition: Definition) -> list[Finding]:
    chosen = {cls: allowed(definition, definition.leads.of_class(cls)) for cls in _LEFT_OUT}
    return [
        Finding(
            f"left-out-{cls.replace('_', '-')}",
            "note",
            "leads",
            f"Left out: {', '.join(chosen[cls])}. They {why}.",
            {"columns": len(chosen[cls])},
        )
        for cls, why in _LEFT_OUT.items()
        if chosen[cls]
    ]


def undeclared_columns(definition: Definition, text: TextTable) -> tuple[str, ...]:
    """Return the columns of the leads' table that the definition does not name."""
    spec = definition.leads
    used = {*spec.columns, *definition.never_use.columns, *roles_of(definition).values()}
    used |= {r.key for r in definition.related.values()} | {str(spec.outcome_column)}
    used |= {str(column.known_from) for column in spec.columns.values()}
    # Dated columns of leads are tables of their own, and links stand there as well.
    for _, table in definition.tables():
        if table.paths and table.paths == spec.paths:
            used |= {name for name in table.told().values() if isinstance(name, str)}
            used |= set(getattr(table, "values", ()))
    return tuple(c for c in text.columns if c not in used and not c.startswith("_"))
