"""HubSpot: the sketch of a definition from exports of contacts, companies, deals, histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from predict.crm.drafting import stages
from predict.crm.drafting.columns import history_names, sort_columns
from predict.crm.drafting.histories import history_block, values_of_field
from predict.crm.drafting.mailboxes import mailbox_block
from predict.crm.drafting.others import others
from predict.crm.drafting.profiles import firm_blocks, new_business
from predict.crm.drafting.sketch import Answers, Sketch, one_or_more, table_block
from predict.crm.presets.fields import bare
from predict.crm.recognition import Recognised
from predict.crm.survey import Survey

if TYPE_CHECKING:
    import ibis.expr.types as ir

_HISTORY = (
    "Property history (by the API or a warehouse sync) would unlock them today, and so would some "
    "months of exports kept by this program."
)
#: Stages by date, the default first: the first of them that enough contacts reached.
_ORDER = ("opportunity", "deal", "won", "sql", "mql", "lead", "subscriber")
_ENOUGH = 30


def sketch_hubspot(
    objects: Mapping[str, Recognised],
    loose: Sequence[Recognised],
    survey: Survey,
    answers: Answers,
) -> Sketch:
    """Return the sketch from recognised objects, by name, ``"contact"`` among them, and others."""
    contact = objects["contact"]
    look = contact.look
    key, created = str(contact.part("id")), str(contact.part("created"))
    history = objects.get("property_history")
    company = _company_column(contact) if "company" in objects else None
    block = table_block(("leads",), contact)
    roles = {"lead_id": key, "created_at": created, "account_id": company}
    roles |= {role: contact.part(role) for role in ("source", "campaign", "list", "owner")}
    for role, column in roles.items():
        filled = column is not None and look.columns[column].filled
        block.put(role, column if filled else None, _ROLE_NOTES.get(role))
    linked = [contact.part(r) for r in ("company", "companies", "deals", "merged")]
    tracked = {}
    if history is not None:
        names = list(history.look.columns[str(history.part("field"))].values)
        tracked = history_names(contact, names)
    columns = sort_columns(
        contact,
        survey,
        taken=[c for c in (*roles.values(), *linked) if c],
        created=created,
        won=_won(contact),
        tracked=tracked,
        after_contact=answers.after_contact,
    )
    columns.put_links(contact, [c for c in linked if c != company])
    sketch = Sketch(contact, block, columns, created)
    if history is None:
        sketch.history = _HISTORY
        sketch.say_what_histories_add("property history")
    sketch.take(contact, "leads")
    _related(sketch, objects, company)
    _links(sketch, objects, contact, key)
    others(sketch, loose, survey, ["lead"])
    _first_times(sketch, contact, key)
    _stages(sketch, contact, key, history)
    _deals(sketch, objects, contact)
    _ends(sketch, contact, history)
    history_block(sketch, history, tracked)
    mailbox_block(sketch)
    return sketch


_ROLE_NOTES = {
    "account_id": "HubSpot links companies by e-mail domain, as a rule at creation: is it so?",
    "owner": "routing: never a feature",
    "source": "set at creation, though users can edit it",
}


def _company_column(contact: Recognised) -> str | None:
    """Return the column with one company's id a contact."""
    for role in ("company", "companies"):
        column = contact.part(role)
        if column is not None and contact.look.columns[column].filled:
            return column
    return None


def _won(contact: Recognised) -> ir.BooleanValue | None:
    dated = {f.stage: c for c, f in contact.fields.items() if f.stage}
    for stage in ("opportunity", "won", "deal"):
        if stage in dated and contact.look.columns[dated[stage]].filled:
            return contact.look.cell(dated[stage]).notnull()
    deals = contact.part("deals")
    return contact.look.cell(deals).notnull() if deals else None


def _related(sketch: Sketch, objects: Mapping[str, Recognised], company: str | None) -> None:
    one = objects.get("company")
    if one is None:
        return
    if company is None:
        sketch.aside.append((one.look, "companies: no contact names one (Associated Company IDs)"))
        return
    firm_blocks(sketch, one, company)


def _links(
    sketch: Sketch, objects: Mapping[str, Recognised], contact: Recognised, key: str
) -> None:
    deals, deal = contact.part("deals"), objects.get("deal")
    if deal is not None and deals is not None and contact.look.columns[deals].filled:
        comment = "Deals of a contact. That there is one says how it ended: a link, not a feature."
        block = table_block(("links", "deal"), contact, comment)
        block.put("lead_id", key).put("other_id", deals).put("separator", ";")
        sketch.blocks.append(block)
    elif deal is not None and (people := deal.part("contacts")):
        comment = "Deals of a contact, as the deals name them."
        block = table_block(("links", "deal"), deal, comment)
        block.put("lead_id", people).put("other_id", deal.part("id")).put("separator", ";")
        sketch.blocks.append(block)
    merged = contact.part("merged")
    if merged is not None and contact.look.columns[merged].filled:
        comment = (
            "Ids of contacts that were merged away: their rows belong to the one that is left."
        )
        block = table_block(("links", "merged"), contact, comment)
        block.put("kind", "merged").put("lead_id", key).put("other_id", merged)
        sketch.blocks.append(block.put("separator", ";"))


def _first_times(sketch: Sketch, contact: Recognised, key: str) -> None:
    """Map dates of first times as events, unless a log among the exports tells them in full."""
    for column, known in contact.fields.items():
        if known.event is None or not contact.look.columns[column].filled:
            continue
        log = sketch.logs_of(known.covered or "^$")
        if log is not None:
            sketch.columns.put(column, "first_of", f"{known.why}; {log} tells all of them")
            if asset := contact.part(known.event.get("asset", "")):
                sketch.columns.put(asset, "first_of", "stands beside its date")
                sketch.columns.out.pop(asset, None)
            continue
        kind, by = known.event["kind"], known.event["by"]
        comment = f"{known.why or column}: a date of a first time, which stays."
        block = table_block(("events", kind), contact, comment[:1].upper() + comment[1:])
        asset = contact.part(known.event.get("asset", ""))
        block.put("lead_id", key).put("occurred_at", column).put("kind", kind)
        sketch.blocks.append(block.put("asset", asset).put("by", by))


#: Internal values of the lifecycle stage, which portals may add to, and what we call them.
_LIFECYCLE = {
    "subscriber": "subscriber",
    "lead": "lead",
    "marketingqualifiedlead": "mql",
    "salesqualifiedlead": "sql",
    "opportunity": "opportunity",
    "customer": "won",
}


def _deepest_first(counts: Mapping[str, int]) -> list[str]:
    """Return stages, the one to take by default first: of deals if enough reached one, else any."""
    known = [s for s in _ORDER if counts.get(s)]
    deals = [s for s in known if s in ("opportunity", "deal", "won")]
    enough = [s for s in deals if counts[s] >= _ENOUGH]
    return list(dict.fromkeys([*enough, *deals, *known]))


def _stages(sketch: Sketch, contact: Recognised, key: str, history: Recognised | None) -> None:
    """Map stages: by the history of the lifecycle stage where it holds as many, else by dates."""
    found: dict[str, int] = {}
    if history is not None:
        field, new = str(history.part("field")), str(history.part("new"))
        names = [v for v in history.look.columns[field].values if bare(v) == "lifecyclestage"]
        found = values_of_field(history, field, new, names) if names else {}
    told = {v: _LIFECYCLE[bare(v)] for v in found if bare(v) in _LIFECYCLE}
    dated = {
        known.stage: contact.look.columns[c].filled
        for c, known in contact.fields.items()
        if known.stage in told.values()
    }
    counts = {stage: sum(found[v] for v in told if told[v] == stage) for stage in told.values()}
    if (
        history is None
        or not told
        or any(counts[str(s)] < n for s, n in dated.items() if s != "lead")
    ):
        _dated_stages(sketch, contact, key)
        return
    comment = (
        "Stages by their history, which keeps what was moved back; the dated columns of contacts "
        "do not. Stages that are not named in `where` are left out."
    )
    where = {field: one_or_more(names), new: list(told)}
    block = table_block(("outcomes", "lifecycle"), history, comment, where)
    block.put("lead_id", history.part("lead")).put("stage_column", new).put("stages", told)
    sketch.add(block.put("entered_at", history.part("changed")), history, "outcomes.lifecycle")
    why = "by the history of the lifecycle stage"
    sketch.stages |= {s: (counts[s], why) for s in _deepest_first(counts)}
    for column, known in contact.fields.items():
        if known.stage is not None and contact.look.columns[column].filled:
            sketch.columns.put(column, "first_of", f"{history.look.name} tells it in full")


def _dated_stages(sketch: Sketch, contact: Recognised, key: str) -> None:
    """Map dates of stages as outcomes; HubSpot clears one when the stage is moved back."""
    found: dict[str, tuple[int, str]] = {}
    for column, known in contact.fields.items():
        filled = contact.look.columns[column].filled
        if known.stage is None or not filled:
            continue
        if known.stage in found:
            sketch.columns.out[column] = f"dates {known.stage} once more"
            continue
        first = not found
        comment = (
            "Stages by their dates. HubSpot clears a date when somebody moves the stage back: what "
            "went back is not seen here."
        )
        block = table_block(("outcomes", known.stage), contact, comment if first else "")
        block.put("lead_id", key).put("stage", known.stage).put("entered_at", column)
        sketch.blocks.append(block)
        found[known.stage] = (filled, f"“{column}”")
    order = _deepest_first({s: n for s, (n, _) in found.items()})
    sketch.stages |= {s: found[s] for s in order}
    dated = {known.stage: c for c, known in contact.fields.items() if known.stage}
    if sketch.stages:
        sketch.successes_since(contact.look.columns[dated[next(iter(sketch.stages))]].first)


def _deals(sketch: Sketch, objects: Mapping[str, Recognised], contact: Recognised) -> None:
    deal = objects.get("deal")
    linked = any(b.header == ("links", "deal") for b in sketch.blocks)
    if deal is None:
        return
    if not linked:
        sketch.aside.append((deal.look, "deals: neither they nor the contacts say which belong"))
        return
    key, stage = deal.part("id"), str(deal.part("stage"))
    if "opportunity" not in sketch.stages and deal.part("created"):
        comment = "A deal was made: dated by its creation."
        block = table_block(("outcomes", "deal"), deal, comment, new_business(deal))
        block.put("id", key).put("id_of", "deal").put("stage", "deal")
        sketch.add(block.put("entered_at", deal.part("created")), deal, "outcomes.deal")
        sketch.stages = {"deal": (deal.look.rows, "a deal was made")} | sketch.stages
    named = stages.closings(deal.look.columns[stage].values)
    at = deal.part("closed_at")
    if not named or at is None:
        why = "deals: no stage says by its name what is won or lost, or no close date"
        if not sketch.used.get(deal.look.place.path):
            sketch.aside.append((deal.look, why))
        return
    comment = (
        "How deals end. The close date is a forecast while a deal is open, so only the stages that "
        "close one are admitted."
    )
    if "won" in sketch.stages:
        named = {value: ends for value, ends in named.items() if ends == "lost"} or named
    where = {**new_business(deal), stage: list(named)}
    block = table_block(("outcomes", "closing"), deal, comment, where)
    block.put("id", key).put("id_of", "deal").put("stage_column", stage).put("stages", named)
    block.put("entered_at", at).put("amount", deal.part("amount"))
    sketch.add(block.put("reason", deal.part("reason")), deal, "outcomes.closing")
    if "lost" in named.values():
        sketch.lost.append("lost")
    if "won" in named.values():
        won = sum(n for v, n in deal.look.columns[stage].values.items() if named.get(v) == "won")
        sketch.stages.setdefault("won", (won, "the deal was won"))


def _ends(sketch: Sketch, contact: Recognised, history: Recognised | None) -> None:
    """Map lead statuses that end a contact or bring it back, by the property history."""
    status = contact.part("status")
    if status is None:
        return
    if history is None:
        ended = list(stages.ends(contact.look.columns[status].values))
        if ended:
            sketch.notes.append(
                f"Nothing tells when contacts became {', '.join(ended)}, so they count as open: "
                "property history of hs_lead_status would."
            )
        return
    field, new = str(history.part("field")), str(history.part("new"))
    names = [v for v in history.look.columns[field].values if "lead_status" in v.lower()]
    named = stages.ends(values_of_field(history, field, new, names))
    if not named:
        return
    comment = "Lead statuses that end a contact, or bring it back."
    where = {field: one_or_more(names), new: list(named)}
    block = table_block(("outcomes", "status"), history, comment, where)
    block.put("lead_id", history.part("lead")).put("stage_column", new).put("stages", named)
    sketch.add(block.put("entered_at", history.part("changed")), history, "outcomes.status")
    sketch.lost += [s for s in ("lost", "disqualified") if s in named.values()]
    sketch.lost = list(dict.fromkeys(sketch.lost))
    sketch.reopen += ["recycled"] if "recycled" in named.values() else []
