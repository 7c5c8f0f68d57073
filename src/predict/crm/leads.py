"""Leads: one row a lead, profile columns typed, personal columns gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from predict.crm.profile import (
    ProfileColumn,
    firm_domain,
    first_address,
    mail_columns,
    mail_key,
    mail_kind,
)
from predict.crm.reader import Part, Reader, parser, profile_value
from predict.crm.related import RelatedPart, join_related
from predict.crm.sources import Workspace
from predict.crm.stamps import column_us
from predict.crm.tables import CRITERION, INCUMBENT, PROFILE
from predict.crm.texttable import TextTable, as_text
from predict.findings import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.definition.schema import Definition

#: Roles of the leads table that are profile features as well.
ROLE_FEATURES = ("source", "campaign", "list")
_LEFT_OUT = {
    "mutable": "are overwritten by the CRM and have no history here, so their values at the "
    "time of each look are not known; a history table would unlock them",
    "last_of": "hold only the latest date, which later contact moves",
    "first_of": "are dates of events; declare them as an events table to use them",
    "hindsight": "are known only after the outcome",
    "eligibility": "say who may be contacted, which this version does not apply yet",
}


@dataclass(frozen=True)
class LeadsPart(Part):
    """The leads with the list of their profile and incumbent columns."""

    profile: tuple[ProfileColumn, ...] = ()
    incumbents: tuple[str, ...] = ()
    related: tuple[RelatedPart, ...] = ()


def read_leads(reader: Reader) -> LeadsPart:
    """Read the leads and their related profiles into typed columns.

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
    roles = _roles(definition)
    text = reader.text("leads", spec, [*roles.values(), *spec.columns])
    chosen = {cls: _allowed(definition, spec.of_class(cls)) for cls in (*_LEFT_OUT, "fixed")}
    personal = list(spec.of_class("personal"))
    incumbents = _allowed(definition, spec.of_class("incumbent"))
    told = [roles[r] for r in ROLE_FEATURES if r in roles and roles[r] not in spec.columns]
    keys = [r.key for r in definition.related.values()]
    ids = [*keys, *(roles[r] for r in ("lead_id", "account_id", "owner") if r in roles)]
    declared: dict[str, str | None] = dict.fromkeys(_allowed(definition, told))
    declared |= {c: spec.columns[c].type for c in chosen["fixed"]}
    declared |= {c: "category" for c in ids if c in declared}
    types = reader.profile_types(text, declared)
    criteria = [c for c in definition.criteria_fields if c in text.columns]
    parsers = dict.fromkeys([*personal, *criteria], "text")
    parsers |= {c: parser(t) for c, t in types.items()}
    parsers |= dict.fromkeys(incumbents, "number") | dict.fromkeys(ids, "id")
    parsers[roles["created_at"]] = "timestamp"
    parsed = reader.parse(text, parsers, personal=personal)
    rows = parsed.table
    columns: dict[str, Any] = {
        "lead_id": rows[roles["lead_id"]],
        "created_us": column_us(rows[roles["created_at"]]),
        "account_id": _optional(rows, roles.get("account_id")),
        "owner": _optional(rows, roles.get("owner")),
        "file": rows["_file"],
        "record": rows["_record"],
    }
    columns |= {PROFILE + c: profile_value(rows[c], t) for c, t in types.items()}
    columns |= {INCUMBENT + c: rows[c] for c in incumbents}
    columns |= {CRITERION + c: as_text(rows[c]).strip().nullif("") for c in criteria}
    columns |= {f"k:{k}": rows[k] for k in keys}
    columns |= {f"m:{c}": rows[c].lower() for c in mail_columns(personal)}
    columns |= _mail_keys(rows, personal)
    profile = [
        ProfileColumn(c, PROFILE + c, t, spec.columns[c].words if c in spec.columns else None)
        for c, t in types.items()
    ]
    mails = mail_columns(_allowed(definition, personal))
    if mails and "email_kind" not in definition.never_use.columns:
        columns[PROFILE + "email_kind"] = mail_kind(first_address([rows[c] for c in mails]))
        profile.append(
            ProfileColumn(
                "email_kind", PROFILE + "email_kind", "category", "kind of e-mail address"
            )
        )
    leads = rows.select(**columns)
    related = [join_related(reader, name) for name in definition.related]
    for part in related:
        leads = part.joined_to(leads)
    usable = leads.filter(leads.lead_id.notnull() & leads.created_us.notnull())
    table = _one_row_a_lead(reader.workspace, usable)
    counts = _counts(rows, [roles["lead_id"], roles["created_at"]], table)
    findings = [*parsed.findings, *_left_out(definition, text, chosen), *_about_rows(counts)]
    findings += [f for part in related for f in part.findings_on(table)]
    return LeadsPart(
        table.drop("file", "record"),
        findings,
        [parsed.rejects, *(r for part in related for r in part.rejects)],
        counts,
        {"leads": text, **{k: t for part in related for k, t in part.sources.items()}},
        (*profile, *(c for part in related for c in part.profile)),
        tuple(incumbents),
        tuple(related),
    )


def _roles(definition: Definition) -> dict[str, str]:
    spec = definition.leads
    names = ("lead_id", "created_at", "account_id", "owner", *ROLE_FEATURES)
    roles = {name: getattr(spec, name) for name in names if getattr(spec, name)}
    if "account_id" not in roles and definition.account_key:
        roles["account_id"] = definition.account_key
    return roles


def _allowed(definition: Definition, names: Any) -> list[str]:
    return [n for n in names if n not in definition.never_use.columns]


def _optional(rows: ir.Table, name: str | None) -> ir.Value:
    import ibis

    return ibis.null("string") if name is None else rows[name]


def _mail_keys(rows: ir.Table, personal: Sequence[str]) -> dict[str, ir.Value]:
    """Return what a list finds people and firms by: a hashed address, a business domain."""
    import ibis

    addresses = mail_columns(personal)
    if not addresses:
        return {"mail_key": ibis.null("string"), "mail_domain": ibis.null("string")}
    address = first_address([rows[c] for c in addresses])
    return {"mail_key": mail_key(address), "mail_domain": firm_domain(address)}


def _one_row_a_lead(workspace: Workspace, rows: ir.Table) -> ir.Table:
    """Keep, of rows with one id, the one created first, and number the leads by their id."""
    import ibis

    order = ibis.window(group_by="lead_id", order_by=["created_us", "file", "record"])
    ranked = rows.mutate(copy=ibis.row_number().over(order))
    kept = ranked.filter(ranked.copy == 0).drop("copy")
    numbered = ibis.row_number().over(ibis.window(order_by="lead_id"))
    kept = kept.mutate(lead_no=numbered.cast("int64"))
    return workspace.materialise(kept, "leads", order_by=["lead_no"])


def _counts(rows: ir.Table, needed: Sequence[str], leads: ir.Table) -> dict[str, int]:
    unusable = rows[needed[0]].isnull() | rows[needed[1]].isnull()
    counted = rows.aggregate(
        read=rows.count(), unusable=unusable.sum().fill_null(0), leads=leads.count().as_scalar()
    ).to_pandas()
    read, unread, kept = (int(counted[c][0]) for c in ("read", "unusable", "leads"))
    return {
        "leads read": read,
        "leads": kept,
        "leads without id or creation date": unread,
        "leads twice": read - unread - kept,
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


def _left_out(
    definition: Definition, text: TextTable, chosen: Mapping[str, list[str]]
) -> list[Finding]:
    found = [
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
    used = {*definition.leads.columns, *definition.never_use.columns, *_roles(definition).values()}
    used |= {r.key for r in definition.related.values()} | {str(definition.leads.outcome_column)}
    if undeclared := [c for c in text.columns if c not in used and not c.startswith("_")]:
        shown = ", ".join(undeclared[:12]) + (" …" if len(undeclared) > 12 else "")
        found.append(
            Finding(
                "undeclared",
                "note",
                "leads",
                f"{len(undeclared)} columns are not declared and are left out: {shown}. "
                "Those known when the lead is created can be declared “fixed”.",
                {"columns": len(undeclared)},
            )
        )
    return found
