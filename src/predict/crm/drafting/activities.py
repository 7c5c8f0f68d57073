"""Activities of Salesforce: tasks and meetings, which are ours, and responses to campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from predict.crm.drafting.blocks import Block
from predict.crm.drafting.sketch import Sketch, covers, one_or_more, table_block, trues
from predict.crm.recognition import Recognised

#: Kinds of events in a log that are responses to a campaign.
RESPONSE = r"form|submi|download|demo|webinar|request|respon"


def tasks(sketch: Sketch, objects: Mapping[str, Recognised], carriers: list[str]) -> None:
    """Map tasks: only those that are closed happened, at their completion."""
    one = objects.get("task")
    if one is None:
        return
    at = one.part("completed_at")
    if at is None or not one.look.columns[at].filled:
        why = "tasks: nothing says when they were completed (CompletedDateTime); "
        sketch.aside.append((one.look, why + "a due date is not something that happened"))
        return
    closed = one.part("closed")
    done: dict[str, Any] = {}
    if closed is not None and (yes := trues(one.look, closed)):
        done[closed] = one_or_more(yes)
    comment = (
        "What we did: it feeds follow-up, and is never interest they showed. Closed tasks count, "
        "at their completion. A converted lead's tasks carry the id of its contact."
    )
    inbound = _inbound(one)
    if inbound:
        others = [v for v in one.look.columns[inbound[0]].values if v not in inbound[1]]
        done[inbound[0]] = ["", *others]
    block = table_block(("events", "task"), one, comment, done)
    _carried(block, str(one.part("who")), carriers)
    kind = one.part("kind") or one.part("other_kind")
    block.put("occurred_at", at).put("kind_column", kind)
    block.put("kind", None if kind else "task").put("values", _filled(one, "seconds"))
    block.put("by", "us").put("covers_from", _since(sketch, one, at))
    sketch.add(block, one, "events.task")
    if inbound:
        where = {**done, inbound[0]: one_or_more(inbound[1])}
        block = table_block(("events", "inbound_call"), one, "They called us.", where)
        _carried(block, str(one.part("who")), carriers)
        block.put("occurred_at", at).put("kind", "inbound_call").put("by", "lead")
        sketch.blocks.append(block)


def meetings(sketch: Sketch, objects: Mapping[str, Recognised], carriers: list[str]) -> None:
    """Map meetings, known once they are over."""
    one = objects.get("event")
    if one is None:
        return
    at = one.part("ended") or one.part("started") or one.part("other_started")
    if at is None:
        sketch.aside.append((one.look, "meetings: nothing says when they took place"))
        return
    comment = "Meetings with us. Those that lie after the export have not happened."
    block = table_block(("events", "meeting"), one, comment)
    _carried(block, str(one.part("who")), carriers)
    block.put("occurred_at", at).put("kind", "meeting").put("values", _filled(one, "minutes"))
    sketch.add(block.put("by", "us"), one, "events.meeting")


def campaigns(sketch: Sketch, objects: Mapping[str, Recognised], carriers: list[str]) -> None:
    """Map members of campaigns: being put on one is our doing, the first response is theirs."""
    named, one = objects.get("campaign"), objects.get("campaign_member")
    if named is not None:
        sketch.aside.append((named.look, "campaigns: the names behind the members' CampaignId"))
    if one is None:
        return
    blocks = []
    put_on = one.part("created")
    if put_on is not None:
        comment = "That we put a lead on a campaign."
        for block in _members(one, "campaign", comment, {}, carriers):
            block.put("occurred_at", put_on).put("kind", "campaign")
            block.put("asset", one.part("campaign")).put("by", "us")
            blocks.append(block)
    at, responded = one.part("responded_at"), one.part("responded")
    log = sketch.logs_of(RESPONSE)
    if log:
        sketch.notes.append(f"First responses to campaigns are left to {log}, which has them all.")
    elif at is not None and one.look.columns[at].filled:
        where: dict[str, Any] = {}
        if responded is not None and (yes := trues(one.look, responded)):
            where[responded] = one_or_more(yes)
        comment = "First responses to campaigns. A day without time counts as known at its end."
        for block in _members(one, "response", comment, where, carriers):
            block.put("occurred_at", at).put("kind", "campaign_response")
            blocks.append(block.put("asset", one.part("campaign")).put("by", "lead"))
    for block in blocks:
        sketch.add(block, one, "events")
    if not blocks:
        sketch.aside.append((one.look, "members of campaigns: no date of membership or response"))


def _members(
    one: Recognised, name: str, comment: str, where: Mapping[str, Any], carriers: list[str]
) -> list[Block]:
    """Return the beginnings of the sections that read members, whichever id their rows carry."""
    who, lead, contact = (one.part(r) for r in ("who", "lead", "contact"))
    if who is not None:
        return [_carried(table_block(("events", name), one, comment, where), who, carriers)]
    blocks = []
    if lead is not None:
        block = table_block(("events", name), one, comment, where)
        blocks.append(block.put("lead_id", lead))
    if contact is not None and "contact" in carriers and one.look.columns[contact].filled:
        lone = {**where, lead: ""} if lead is not None else where
        comment = "The same of leads that were converted: their rows name the contact alone."
        block = table_block(("events", f"{name}_of_contact"), one, comment, lone)
        blocks.append(block.put("id", contact).put("id_of", "contact"))
    return blocks


def _carried(block: Block, column: str, carriers: list[str]) -> Block:
    if carriers == ["lead"]:
        return block.put("lead_id", column)
    return block.put("id", column).put("id_of", list(carriers))


def _inbound(one: Recognised) -> tuple[str, list[str]] | None:
    column = one.part("call_type")
    if column is None:
        return None
    values = [v for v in one.look.columns[column].values if v.lower().startswith("in")]
    values = [v for v in values if "internal" not in v.lower()]
    return (column, values) if values else None


def _filled(one: Recognised, role: str) -> list[str]:
    column = one.part(role)
    if column is None or one.look.columns[column].kind != "number":
        return []
    return [column]


def _since(sketch: Sketch, one: Recognised, at: str) -> Any:
    return covers(one.look, at, sketch.leads.look.columns[sketch.created].first)
