"""Outcomes: the stage history of leads, from any number of tables or one column of leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from predict.crm.identity import resolve
from predict.crm.reader import Part, Reader
from predict.crm.stamps import column_us
from predict.crm.texttable import TextTable
from predict.findings import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.definition.schema import Definition
    from predict.definition.tables import OutcomeTable


def stage_kinds(definition: Definition) -> set[str]:
    """Return the raw values that are outcome stages, so that none is taken for behaviour."""
    raw = set(definition.told_stages)
    for spec in definition.outcomes.values():
        raw |= set(spec.stages)
    return raw


def read_outcomes(reader: Reader, leads: ir.Table, maps: Mapping[str, ir.Table]) -> Part:
    """Read every outcomes table, resolve its rows to leads, and name their stages.

    With a ``stages`` mapping, a value that it does not name takes the name of the table. A flat
    export (``outcome_column``) yields one outcome at the creation of each lead that has one.
    """
    import ibis

    definition = reader.definition
    whole = Part(leads)
    parts = []
    for name, spec in definition.outcomes.items():
        named = [spec.carrier, spec.entered_at, spec.known_at, spec.stage_column]
        text = reader.text(f"outcomes.{name}", spec, [*named, spec.reason, spec.amount])
        rows = _read_one(reader, name, text, whole)
        rows = resolve(rows, "carrier", spec.kinds, maps).drop("carrier")
        staged = reader.workspace.materialise(rows, f"outcomes_{name}")
        _tell(whole, name, staged)
        whole.sources[f"outcomes.{name}"] = text
        parts.append(staged.filter(staged.lead_no.notnull()))
    if definition.leads.outcome_column:
        parts.append(_from_column(reader, leads))
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    every = every.inner_join(leads.select("lead_no", "account_id", "created_us"), "lead_no")
    order = ["lead_no", "occurred_us", "stage"]
    return replace(whole, table=reader.workspace.materialise(every, "outcomes", order_by=order))


def _read_one(reader: Reader, name: str, text: TextTable, whole: Part) -> ir.Table:
    import ibis

    spec = reader.definition.outcomes[name]
    carrier = spec.carrier
    stamps = [c for c in (spec.entered_at, spec.known_at) if c]
    parsers = dict.fromkeys(stamps, "timestamp") | {carrier: reader.id_type(spec.kinds)}
    parsers |= dict.fromkeys([c for c in (spec.stage_column, spec.reason) if c], "text")
    if spec.amount:
        parsers[spec.amount] = "decimal"
    parsed = reader.parse(text, parsers, stamps=stamps)
    whole.rejects.append(parsed.rejects)
    whole.findings.extend(parsed.findings)
    # No date in a dated column means that the stage was not reached.
    rows = parsed.table.filter(parsed.table[spec.entered_at].notnull())
    occurred = column_us(rows[spec.entered_at])
    known = column_us(rows[spec.known_at]).fill_null(occurred) if spec.known_at else occurred
    amount = rows[spec.amount] if spec.amount else ibis.null("decimal(18, 4)")
    columns: dict[str, Any] = {
        "carrier": rows[carrier],
        "table": ibis.literal(name),
        "stage": _stage(rows, spec, name),
        "occurred_us": occurred,
        "known_us": known,
        "amount": amount.cast("decimal(18, 4)"),
        "reason": rows[spec.reason].strip() if spec.reason else ibis.null("string"),
    }
    return rows.select(**columns)


def _stage(rows: ir.Table, spec: OutcomeTable, name: str) -> ir.Value:
    import ibis

    if not spec.stage_column:
        return ibis.literal(spec.stage)
    raw = rows[spec.stage_column].strip()
    if not spec.stages:
        return raw
    named = [(raw == k, ibis.literal(v)) for k, v in spec.stages.items()]
    return ibis.cases(*named, else_=ibis.literal(name))


def _from_column(reader: Reader, leads: ir.Table) -> ir.Table:
    import ibis

    spec = reader.definition.leads
    column = str(spec.outcome_column)
    text = reader.text("leads", spec, [spec.lead_id, column])
    rows = reader.parse(text, {spec.lead_id: "id", column: "text"}).table
    won = rows.filter(rows[column].strip().isin(list(spec.outcome_values)))
    won = won.select(won_id=won[spec.lead_id]).distinct()
    joined = won.inner_join(leads, won.won_id == leads.lead_id)
    return joined.select(
        table=ibis.literal("leads"),
        stage=ibis.literal(reader.definition.conversion.stage),
        occurred_us=joined.created_us,
        known_us=joined.created_us,
        amount=ibis.null("decimal(18, 4)"),
        reason=ibis.null("string"),
        lead_no=joined.lead_no,
    )


def _tell(whole: Part, name: str, rows: ir.Table) -> None:
    """Count the rows of one table and say which are not used."""
    counted = rows.aggregate(rows=rows.count(), used=rows.lead_no.count()).to_pandas()
    total, used = int(counted["rows"][0]), int(counted["used"][0])
    orphans = total - used
    whole.counts.update({f"outcomes {name}": total, f"outcomes {name} of no lead": orphans})
    if orphans:
        whole.findings.append(
            Finding(
                "orphan-outcomes",
                "warn" if orphans > total / 20 else "note",
                f"outcomes.{name}",
                f"{orphans:,} of {total:,} rows belong to no lead of this export; "
                "they are not used.",
                {"rows": total, "orphans": orphans},
            )
        )
