"""Standing: who is no lead, as created with or after the own success, or of a customer's firm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from predict.crm.reader import Part, Reader
from predict.crm.stamps import column_us
from predict.findings import Finding, Severity

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: A success this soon after creation is no success of a lead: the record was made for it. It is the
#: minute before the first look, and the one by which stamps without seconds can be apart.
BORN_WITHIN = 60_000_000


@dataclass(frozen=True)
class Standing:
    """What leads are beside their profile.

    Parameters
    ----------
    leads : Ibis table
        The leads with ``born_converted`` and ``customer_us``: since when it was known that their
        firm is a customer, microseconds UTC, or null.
    customers : Ibis table
        ``account_id`` → ``customer_us``.
    findings : list of Finding
        How many are set apart.
    counts : dict of str to int
        The same as figures.
    """

    leads: ir.Table
    customers: ir.Table
    findings: list[Finding]
    counts: dict[str, int]


def read_customers(reader: Reader) -> Part:
    """Read the table of customers: ``account_id``, ``since_us`` (null where it is not said)."""
    import ibis

    spec = reader.definition.customers
    if spec is None or spec.account_id is None:
        schema = ibis.schema({"account_id": "string", "since_us": "int64"})
        return Part(reader.workspace.empty("customers", schema))
    text = reader.text("customers", spec, [spec.account_id, spec.since])
    stamps = [spec.since] if spec.since else []
    parsers = {spec.account_id: "id"} | dict.fromkeys(stamps, "timestamp")
    parsed = reader.parse(text, parsers, stamps=stamps)
    rows = parsed.table
    since = column_us(rows[spec.since]) if spec.since else ibis.null("int64")
    firms = rows.select(account_id=rows[spec.account_id], since_us=since)
    table = reader.workspace.materialise(
        firms.filter(firms.account_id.notnull()), "customers", order_by=["account_id", "since_us"]
    )
    counted = table.aggregate(n=table.count(), undated=table.since_us.isnull().sum()).to_pandas()
    undated = int(counted["undated"].fillna(0)[0])
    findings = list(parsed.findings)
    if undated:
        sentence = (
            f"{undated:,} of {int(counted['n'][0]):,} rows do not say since when the firm is a "
            "customer; they count from the export on: for lists, not for past leads."
        )
        findings.append(
            Finding("customers-undated", "warn", "customers", sentence, {"rows": undated})
        )
    return Part(table, findings, [parsed.rejects], {}, {"customers": text})


def stand(
    reader: Reader, leads: ir.Table, outcomes: ir.Table, listed: ir.Table, exported_us: int
) -> Standing:
    """Mark the leads that are no leads, or not any more.

    Parameters
    ----------
    reader : Reader
        Definition and engine.
    leads, outcomes : Ibis table
        As in `predict.crm.tables.Crm`.
    listed : Ibis table
        From `read_customers`.
    exported_us : int
        When the export was made. A firm on an undated list was a customer just before it.
    """
    definition = reader.definition
    born = _born(leads, outcomes, definition.conversion.stage, flat=definition.is_flat)
    firms = listed.select("account_id", customer_us=listed.since_us.fill_null(exported_us - 1))
    stage = definition.customers.stage if definition.customers else None
    if stage is not None:
        won = outcomes.filter((outcomes.stage == stage) & outcomes.account_id.notnull())
        firms = firms.union(won.select("account_id", customer_us=_known(won)))
    firms = firms.group_by("account_id").aggregate(customer_us=firms.customer_us.min())
    firms = reader.workspace.materialise(firms, "customer_firms", order_by=["account_id"])
    marked = leads.left_join(firms, "account_id").select(*leads.columns, "customer_us")
    marked = marked.left_join(born, "lead_no").select(
        *marked.columns, born_converted=born.born_no.notnull()
    )
    table = reader.workspace.materialise(marked, "leads_standing", order_by=["lead_no"])
    theirs = (table.customer_us < table.created_us + BORN_WITHIN) & ~table.born_converted
    row = table.aggregate(born=table.born_converted.sum(), theirs=theirs.sum()).to_pandas()
    counts = {
        "leads born converted": int(row["born"].fillna(0)[0]),
        "leads of customers": int(row["theirs"].fillna(0)[0]),
    }
    reached = outcomes.filter(outcomes.stage == definition.conversion.stage)
    won = int(reached.lead_no.nunique().execute())
    said = _findings(counts, won, asked=definition.customers is not None)
    return Standing(table, firms, said, counts)


def _born(leads: ir.Table, outcomes: ir.Table, stage: str, *, flat: bool) -> ir.Table:
    """Return the leads created with or after their own success.

    Such a record was made because of the success: a contact added to a deal, a lead converted as
    it was typed in. A success of which only the day is known counts at the end of that day, so a
    lead of the same day is not taken for one.
    """
    reached = outcomes.filter(outcomes.stage == stage).select("lead_no", "occurred_us")
    joined = reached.inner_join(leads.select("lead_no", "created_us"), "lead_no")
    # In a flat export the outcome belongs to the row and carries its stamp.
    early = (joined.occurred_us <= joined.created_us + BORN_WITHIN) & (not flat)
    early = joined.filter(early)
    return early.select("lead_no", born_no="lead_no").distinct()


def _known(rows: ir.Table) -> ir.Value:
    import ibis

    return ibis.greatest(rows.occurred_us, rows.known_us)


def _findings(counts: dict[str, int], won: int, *, asked: bool) -> list[Finding]:
    found = []
    if born := counts["leads born converted"]:
        sentence = (
            f"{born:,} leads were created with or after their own success: set apart, for nobody "
            "could have foretold it."
        )
        figures = {"leads": born, "won": won}
        severity: Severity = "warn" if born > won / 20 else "note"
        found.append(Finding("born-converted", severity, "leads", sentence, figures))
    if asked:
        theirs = counts["leads of customers"]
        sentence = (
            f"{theirs:,} leads came from firms that were customers already: set apart, for a "
            "customer is no lead."
        )
        found.append(Finding("customers", "note", "customers", sentence, {"leads": theirs}))
    return found
