"""Salesforce: the sketch of a definition from exports of its objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from predict.crm.drafting import stages
from predict.crm.drafting.activities import campaigns, meetings, tasks
from predict.crm.drafting.blocks import Block
from predict.crm.drafting.columns import history_names, sort_columns
from predict.crm.drafting.histories import history_block, values_of_field
from predict.crm.drafting.mailboxes import mailbox_block
from predict.crm.drafting.others import others
from predict.crm.drafting.profiles import firm_blocks, new_business
from predict.crm.drafting.sketch import Answers, Sketch, one_or_more, table_block, trues
from predict.crm.presets.fields import bare
from predict.crm.recognition import Recognised
from predict.crm.survey import Survey

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ACCOUNT = "001"
_HISTORY = (
    "An export of LeadHistory would unlock those whose tracking is switched on, and so would some "
    "months of exports kept by this program."
)


def sketch_salesforce(
    objects: Mapping[str, Recognised],
    loose: Sequence[Recognised],
    survey: Survey,
    answers: Answers,
) -> Sketch:
    """Return the sketch from recognised objects, by name, ``"lead"`` among them, and others."""
    lead = objects["lead"]
    key, created = str(lead.part("id")), str(lead.part("created"))
    history = objects.get("lead_history")
    account = _account_column(lead)
    block = table_block(("leads",), lead)
    roles = {"lead_id": key, "created_at": created, "account_id": account}
    roles |= {role: lead.part(role) for role in ("source", "campaign", "owner")}
    roles["list"] = _list_column(lead)
    for role, column in roles.items():
        block.put(role, column, _ROLE_NOTES.get(role))
    links = [lead.part(r) for r in ("deleted", "merged_into", "contact", "account", "opportunity")]
    links += [lead.part(r) for r in ("converted", "converted_at")]
    tracked = _tracked(lead, history)
    columns = sort_columns(
        lead,
        survey,
        taken=[c for c in (*roles.values(), *links) if c],
        created=created,
        won=_won(lead),
        tracked=tracked,
        after_contact=answers.after_contact,
    )
    columns.put_links(lead, links)
    sketch = Sketch(lead, block, columns, created, ids="salesforce")
    sketch.take(lead, "leads")
    if history is None:
        sketch.history = _HISTORY
        sketch.say_what_histories_add("LeadHistory, where tracking is switched on for them,")
    _related(sketch, objects, account)
    carriers = _links(sketch, objects, lead, key)
    _people(sketch, objects, carriers)
    _outcomes(sketch, objects, lead, key, history)
    tasks(sketch, objects, carriers)
    meetings(sketch, objects, carriers)
    others(sketch, loose, survey, carriers)
    campaigns(sketch, objects, carriers)
    history_block(sketch, history, tracked)
    mailbox_block(sketch)
    return sketch


_ROLE_NOTES = {
    "account_id": "holds ids of accounts; must be filled at creation, not at conversion",
    "owner": "routing: never a feature",
}


def _account_column(lead: Recognised) -> str | None:
    """Return the lead's own column with ids of accounts; that of the conversion is hindsight."""
    for name, column in lead.look.columns.items():
        if column.prefixes == (_ACCOUNT,) and name not in lead.fields:
            return name
    return None


def _list_column(lead: Recognised) -> str | None:
    wanted = ("list", "listname", "importlist", "leadlist")
    plain = {c: c.lower().replace("__c", "").replace("_", "") for c in lead.look.columns}
    return next((c for c, bare in plain.items() if bare in wanted), None)


def _won(lead: Recognised) -> ir.BooleanValue | None:
    column = lead.part("opportunity")
    if column is not None and lead.look.columns[column].filled:
        return lead.look.cell(column).notnull()
    column = lead.part("converted")
    return lead.look.cell(column).isin(trues(lead.look, column)) if column else None


def _tracked(lead: Recognised, history: Recognised | None) -> dict[str, str]:
    if history is None:
        return {}
    return history_names(lead, list(history.look.columns[str(history.part("field"))].values))


def _related(sketch: Sketch, objects: Mapping[str, Recognised], account: str | None) -> None:
    one = objects.get("account")
    if one is None:
        return
    if account is None:
        why = (
            "accounts: leads name one only once they are converted, so joining them would tell the "
            "outcome. A column of leads with the account's id, filled at creation, would unlock it"
        )
        sketch.aside.append((one.look, why))
        return
    firm_blocks(sketch, one, account)


def _links(
    sketch: Sketch, objects: Mapping[str, Recognised], lead: Recognised, key: str
) -> list[str]:
    """Add the links; return the kinds of id that activities may carry."""
    carriers = ["lead"]
    path = "A converted lead goes on as a contact, and its activities with it: without this link "
    path += "they would seem to end, and silence would seem to convert."
    said = {"contact": path, "opportunity": ""}
    for role, comment in said.items():
        column = lead.part(role)
        if column is not None and lead.look.columns[column].filled:
            block = table_block(("links", role), lead, comment)
            sketch.blocks.append(block.put("lead_id", key).put("other_id", column))
            carriers += ["contact"] if role == "contact" else []
        elif role == "contact":
            sketch.notes.append(
                "The leads have no ConvertedContactId: export it, for activities of converted "
                "leads are filed under their contact."
            )
    column = lead.part("merged_into")
    if column is not None and lead.look.columns[column].filled:
        block = Block(("links", "merged"), "Leads that were merged into another one.")
        source = table_block(("links", "merged"), lead)
        block.lines += [line for line in source.lines if line.key != "where"]
        block.put("kind", "merged").put("lead_id", column).put("other_id", key)
        sketch.blocks.append(block)
    return carriers


def _people(sketch: Sketch, objects: Mapping[str, Recognised], carriers: list[str]) -> None:
    one = objects.get("contact")
    if one is None:
        return
    created = one.part("created")
    if created is None or "contact" not in carriers:
        sketch.aside.append((one.look, "contacts without a creation date, or without a link"))
        return
    lead_roles = {line.key: line.value for line in sketch.lead.lines if line.key}
    block = table_block(
        ("people", "contact"),
        one,
        "Contacts that were created directly and never were a lead are leads too.",
    )
    block.put("lead_id", one.part("id")).put("created_at", created)
    taken = {str(one.part("id")), created}
    for role, part in (("account_id", "account"), ("source", "source"), ("owner", "owner")):
        if role in lead_roles and (column := one.part(part)):
            block.put(role, column)
            taken.add(column)
    ours = {f.name: c for c, f in sketch.leads.fields.items() if c in sketch.columns.classed}
    rename = {
        column: ours[str(known.is_)]
        for column, known in one.fields.items()
        if column not in taken and known.is_ in ours and column != ours[str(known.is_)]
    }
    sketch.add(block.put("rename", rename).put("unless", "contact"), one, "people.contact")


def _outcomes(
    sketch: Sketch,
    objects: Mapping[str, Recognised],
    lead: Recognised,
    key: str,
    history: Recognised | None,
) -> None:
    deal, linked = objects.get("opportunity"), lead.part("opportunity")
    reached = lead.look.columns[linked].filled if linked else 0
    if deal is not None and deal.part("created") and reached:
        sketch.stages["opportunity"] = (reached, "an opportunity was made of it")
        block = table_block(
            ("outcomes", "opportunity"),
            deal,
            "A deal was made of the lead: dated by its creation. Its close date is a forecast "
            "while it is open, its amount changes: neither says when something happened.",
            new_business(deal),
        )
        block.put("id", deal.part("id")).put("id_of", "opportunity").put("stage", "opportunity")
        sketch.add(block.put("entered_at", deal.part("created")), deal, "outcomes.opportunity")
        sketch.successes_since(deal.look.columns[str(deal.part("created"))].first)
        _deal_ends(sketch, deal, objects.get("opportunity_history"))
    elif deal is not None:
        sketch.aside.append(
            (deal.look, "opportunities: no lead names one in ConvertedOpportunityId")
        )
    converted, at = lead.part("converted"), lead.part("converted_at")
    if at is not None and lead.look.columns[at].filled:
        sketch.stages["converted"] = (lead.look.columns[at].filled, "sales converted the lead")
        block = table_block(
            ("outcomes", "converted"),
            lead,
            "Sales accepted it and made a contact of it. A day without time: it counts as known at "
            "its end.",
        )
        block.put("lead_id", key).put("stage", "converted").put("entered_at", at)
        sketch.blocks.append(block)
    elif converted is not None and not sketch.stages:
        sketch.notes.append("Export ConvertedDate: without it nobody knows when a lead converted.")
    _status(sketch, lead, history)


def _deal_ends(sketch: Sketch, deal: Recognised, history: Recognised | None) -> None:
    """Map won and lost, by the history of stages where there is one."""
    named = _closing_stages(deal, history)
    if not named:
        sketch.notes.append("No stage of the opportunities says by its name or IsWon what is won.")
        return
    won, is_won = deal.part("won"), 0
    if won is not None:
        is_won = sum(deal.look.columns[won].values.get(v, 0) for v in trues(deal.look, won))
    sketch.stages["won"] = (is_won, "the deal was won")
    sketch.lost.append("lost")
    if history is not None:
        stage = str(history.part("stage"))
        where = {stage: list(named)}
        comment = (
            "How deals end, by the history of their stages. A stage that is not named in `stages` "
            "would take the name of this table, so `where` admits these and no other."
        )
        block = table_block(("outcomes", "closing"), history, comment, where)
        block.put("id", history.part("opportunity")).put("id_of", "opportunity")
        block.put("stage_column", stage).put("stages", named)
        block.put("entered_at", history.part("created")).put("amount", history.part("amount"))
        sketch.add(block, history, "outcomes.closing")
        return
    stage, at = str(deal.part("stage")), deal.part("stage_changed_at") or deal.part("closed_at")
    if at is None:
        return
    comment = (
        "How deals end. Their dates are typed in by sales: an export of OpportunityHistory, which "
        "Salesforce always keeps, would tell the true moments."
    )
    block = table_block(("outcomes", "closing"), deal, comment, {stage: list(named)})
    block.put("id", deal.part("id")).put("id_of", "opportunity").put("stage_column", stage)
    block.put("stages", named).put("entered_at", at).put("amount", deal.part("amount"))
    block.put("reason", deal.part("reason"))
    sketch.blocks.append(block)


def _closing_stages(deal: Recognised, history: Recognised | None) -> dict[str, str]:
    """Return stage → won or lost: by IsWon and IsClosed where they stand, else by its name."""
    stage = str(deal.part("stage"))
    named = stages.closings(deal.look.columns[stage].values)
    if history is not None:
        named |= stages.closings(history.look.columns[str(history.part("stage"))].values)
    won = deal.part("won")
    if won is not None:
        yes = trues(deal.look, won)
        named |= dict.fromkeys(_stages_with(deal, stage, won, yes), "won")
    return dict(sorted(named.items(), key=lambda n: (n[1] != "won", n[0])))


def _stages_with(deal: Recognised, stage: str, column: str, values: list[str]) -> list[str]:
    assert deal.look.text is not None
    cells = deal.look.text.table.select(
        stage=deal.look.cell(stage), yes=deal.look.cell(column).isin(values)
    )
    found = cells.filter(cells.yes & cells.stage.notnull()).select("stage").distinct()
    return sorted(str(v) for v in found.to_pandas()["stage"])


def _status(sketch: Sketch, lead: Recognised, history: Recognised | None) -> None:
    """Map the statuses that end a lead or bring it back, by the history of leads."""
    column = lead.part("status")
    if column is None:
        return
    if history is None:
        ended = [v for v, s in stages.ends(lead.look.columns[column].values).items() if s != "won"]
        if ended:
            sketch.notes.append(
                f"Nothing tells when leads became {', '.join(ended)}, so they count as open: "
                "LeadHistory would."
            )
        return
    field, new = str(history.part("field")), str(history.part("new"))
    names = [v for v in history.look.columns[field].values if bare(v) in ("status", "leadstatus")]
    values = lead.look.columns[column].values
    set_to = values_of_field(history, field, new, names)
    found = [*values, *(v for v in set_to if v not in values)]
    named = stages.steps(found) | stages.ends(found)
    if not names or not named:
        return
    for stage in stages.steps(found).values():
        sketch.stages.setdefault(stage, (set_to.get(stage, 0), "set as Status"))
    block = table_block(
        ("outcomes", "status"),
        history,
        "Statuses on the way, those that end a lead, and those that bring it back.",
        {field: one_or_more(names), new: list(named)},
    )
    block.put("lead_id", history.part("lead")).put("stage_column", new).put("stages", named)
    sketch.add(block.put("entered_at", history.part("changed")), history, "outcomes.status")
    sketch.lost += [s for s in ("lost", "disqualified") if s in named.values()]
    sketch.lost = list(dict.fromkeys(sketch.lost))
    sketch.reopen += ["recycled"] if "recycled" in named.values() else []
