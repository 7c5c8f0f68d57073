"""Events: what the lead did, and what we did, one row each, from any number of tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from predict.crm.carriers import Carriers, count_carriers
from predict.crm.identity import resolve
from predict.crm.reader import Part, Reader
from predict.crm.stamps import DAY, column_us
from predict.crm.tables import value_column
from predict.crm.texttable import TextTable
from predict.findings import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class EventsPart(Part):
    """The events, and what ids their tables carry.

    Parameters
    ----------
    carriers : dict of str to tuple of Carriers
        Per table with rows of no lead, how many of its rows carry an id of each kind.
    """

    carriers: dict[str, tuple[Carriers, ...]] = field(default_factory=dict)


def read_events(
    reader: Reader, leads: ir.Table, maps: Mapping[str, ir.Table], stage_kinds: set[str]
) -> tuple[EventsPart, tuple[str, ...]]:
    """Read every event table and resolve its rows to leads.

    Parameters
    ----------
    reader : Reader
        Opens the tables.
    leads : Ibis table
        ``lead_no``, ``account_id``, ``created_us``.
    maps : mapping
        From `read_links`.
    stage_kinds : set of str
        Kinds that are outcome stages: they are what is to be foretold, never behaviour.

    Returns
    -------
    EventsPart, tuple of str
        The events, sorted by lead and time; the names of their numeric values.
    """
    import ibis

    definition = reader.definition
    values = tuple(sorted({v for e in definition.events.values() for v in e.values}))
    whole = EventsPart(_none(reader, values))
    parts, read, resolved = [], {}, {}
    for name, spec in definition.events.items():
        carrier = spec.carrier
        named = [carrier, spec.occurred_at, spec.known_at, spec.kind_column, spec.asset]
        text = reader.text(f"events.{name}", spec, [*named, *spec.values])
        whole.sources[f"events.{name}"] = text
        rows = _read_one(reader, name, text, values, whole)
        if stage_kinds:
            rows = rows.filter(~rows.kind.isin(sorted(stage_kinds)))
        read[name] = rows
        dated = rows.filter(rows.occurred_us.notnull())
        found = resolve(dated, "carrier", spec.kinds, maps)
        resolved[name] = found
        parts.append(found.filter(found.lead_no.notnull()).drop("carrier"))
    if not parts:
        return whole, values
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    every = every.inner_join(leads.select("lead_no", "account_id", "created_us"), "lead_no")
    every = every.mutate(day=every.occurred_us // DAY)
    # Sorted by lead, so that a range of leads is read from one part of the file.
    table = reader.workspace.materialise(every, "events", order_by=["lead_no", "occurred_us"])
    used = table.group_by("table").aggregate(rows=table.count()).to_pandas()
    kept = dict(zip(used["table"], used["rows"], strict=True))
    for name, rows in read.items():
        _tell(whole, name, rows, int(kept.get(name, 0)))
        if whole.counts[f"events {name} of no lead"]:
            whole.carriers[name] = count_carriers(resolved[name])
    return replace(whole, table=table), values


def _read_one(
    reader: Reader, name: str, text: TextTable, values: tuple[str, ...], whole: Part
) -> ir.Table:
    import ibis

    spec = reader.definition.events[name]
    carrier = spec.carrier
    stamps = [c for c in (spec.occurred_at, spec.known_at) if c]
    parsers = dict.fromkeys(stamps, "timestamp") | dict.fromkeys(spec.values, "decimal")
    parsers |= dict.fromkeys([c for c in (spec.kind_column, spec.asset) if c], "text")
    parsed = reader.parse(text, parsers | {carrier: reader.id_type(spec.kinds)}, stamps=stamps)
    whole.rejects.append(parsed.rejects)
    whole.findings.extend(parsed.findings)
    rows = parsed.table
    if reader.is_leads(f"events.{name}", spec):
        # A dated column of leads: no date means that it did not happen.
        rows = rows.filter(rows[spec.occurred_at].notnull())
    occurred = column_us(rows[spec.occurred_at])
    known = column_us(rows[spec.known_at]) if spec.known_at else occurred
    kind = rows[spec.kind_column].strip() if spec.kind_column else ibis.literal(spec.kind)
    columns: dict[str, Any] = {
        "carrier": rows[carrier],
        "table": ibis.literal(name),
        "by": ibis.literal(spec.by),
        "kind": kind.fill_null("unknown"),
        "asset": rows[spec.asset].strip() if spec.asset else ibis.null("string"),
        "occurred_us": occurred,
        "known_us": known.fill_null(occurred),
    }
    for value in values:
        # Exact decimals: a float sum depends on the order in which threads add.
        column = rows[value] if value in spec.values else ibis.null("decimal(18, 4)")
        columns[value_column(value)] = column.cast("decimal(18, 4)")
    return rows.select(**columns)


def _tell(whole: Part, name: str, rows: ir.Table, used: int) -> None:
    """Count the rows of one table and say which are not used."""
    counted = rows.aggregate(rows=rows.count(), dated=rows.occurred_us.count()).to_pandas()
    total, dated = int(counted["rows"][0]), int(counted["dated"][0])
    orphans, undated = dated - used, total - dated
    whole.counts.update({f"events {name}": total, f"events {name} of no lead": orphans})
    if orphans:
        whole.findings.append(
            Finding(
                "orphan-events",
                "warn" if orphans > total / 20 else "note",
                f"events.{name}",
                f"{orphans:,} of {total:,} rows belong to no lead of this export; they are not "
                "used. If a converted lead's rows are filed under its contact, declare a link.",
                {"rows": total, "orphans": orphans},
            )
        )
    if undated:
        whole.findings.append(
            Finding(
                "undated-events",
                "warn",
                f"events.{name}",
                f"{undated:,} of {total:,} rows have no time that can be read; they are not used.",
                {"rows": total, "undated": undated},
            )
        )


def _none(reader: Reader, values: tuple[str, ...]) -> ir.Table:
    import ibis

    schema = {
        "table": "string",
        "by": "string",
        "kind": "string",
        "asset": "string",
        "occurred_us": "int64",
        "known_us": "int64",
        **dict.fromkeys(map(value_column, values), "decimal(18, 4)"),
        "lead_no": "int64",
        "account_id": "string",
        "created_us": "int64",
        "day": "int64",
    }
    return reader.workspace.empty("events", ibis.schema(schema))
