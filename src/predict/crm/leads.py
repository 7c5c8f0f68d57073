"""Leads: one row a lead, profile columns typed, personal columns gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from predict.crm.profile import ProfileColumn, mail_kind
from predict.crm.reader import Part, Reader, parser, profile_value
from predict.crm.related import RelatedPart, join_related
from predict.crm.sources import Workspace
from predict.crm.texttable import TextTable
from predict.crm.stamps import column_us
from predict.crm.tables import CRITERION, INCUMBENT, PROFILE
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
        Columns as in `Crm.leads`, before suppression is marked; ``mail_key`` holds the lower-case
        e-mail for that one use.

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
    told = _allowed(definition, [roles[r] for r in ROLE_FEATURES if r in roles])
    declared: dict[str, str | None] = dict.fromkeys(told)
    declared |= {c: spec.columns[c].type for c in chosen["fixed"]}
    types = reader.profile_types(text, declared)
    criteria = [c for c in definition.criteria_fields if c in text.columns]
    keys = [r.key for r in definition.related.values()]
    parsers = dict.fromkeys([*personal, *criteria, *keys], "text")
    parsers |= {c: parser(t) for c, t in types.items() if c not in parsers}
    parsers |= dict.fromkeys(incumbents, "number")
    parsers |= {roles[r]: "id" for r in ("lead_id", "account_id", "owner") if r in roles}
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
    columns |= {CRITERION + c: rows[c].cast("string").strip().nullif("") for c in criteria}
    columns |= {f"k:{k}": rows[k].cast("string").strip() for k in keys}
    profile = [
        ProfileColumn(c, PROFILE + c, t, spec.columns[c].words if c in spec.columns else None)
        for c, t in types.items()
    ]
    if mails := [c for c in personal if "mail" in c.lower()]:
        columns[PROFILE + "email_kind"] = mail_kind(rows[mails[0]])
        columns["mail_key"] = rows[mails[0]].lower().strip()
        profile.append(
            ProfileColumn(
                "email_kind", PROFILE + "email_kind", "category", "kind of e-mail address"
            )
        )
    leads = rows.select(**columns)
    read = int(leads.count().execute())
    related = [join_related(reader, name) for name in definition.related]
    for part in related:
        leads = part.joined_to(leads)
    table, counts = _one_row_a_lead(reader.workspace, leads)
    findings = [*parsed.findings, *_left_out(definition, text, chosen), *_about_rows(counts)]
    findings += [f for part in related for f in part.findings_on(table)]
    return LeadsPart(
        table.drop("file", "record"),
        findings,
        [parsed.rejects, *(r for part in related for r in part.rejects)],
        {"leads read": read, **counts},
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


def _one_row_a_lead(workspace: Workspace, rows: ir.Table) -> tuple[ir.Table, dict[str, int]]:
    import ibis

    usable = rows.filter(rows.lead_id.notnull() & rows.created_us.notnull())
    order = ibis.window(group_by="lead_id", order_by=["created_us", "file", "record"])
    ranked = usable.mutate(copy=ibis.row_number().over(order))
    kept = ranked.filter(ranked.copy == 0).drop("copy")
    numbered = ibis.row_number().over(ibis.window(order_by="lead_id"))
    kept = kept.mutate(lead_no=numbered.cast("int64"))
    table = workspace.materialise(kept, "leads", order_by=["lead_no"])
    read, usable_rows = int(rows.count().execute()), int(usable.count().execute())
    leads = int(table.count().execute())
    return table, {
        "leads": leads,
        "leads without id or creation date": read - usable_rows,
        "leads twice": usable_rows - leads,
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
