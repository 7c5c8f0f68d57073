"""Related profiles and deals: what a draft says of the columns of other objects."""

from __future__ import annotations

from typing import Any

from predict.crm.drafting.blocks import Block
from predict.crm.drafting.sketch import Sketch, one_or_more, table_block
from predict.crm.recognition import Recognised


def profile_block(one: Recognised, taken: list[str]) -> Block | None:
    """Return the columns of a related profile: those of the preset, the others as comments."""
    block = Block(("related", "account", "columns"))
    left = []
    for name, column in one.look.columns.items():
        known = one.fields.get(name)
        if name in taken or (known is not None and known.cls in ("personal", "last_of")):
            continue
        if known is not None and known.cls == "fixed" and column.filled:
            told: dict[str, Any] = {"class": "fixed", "type": known.type, "words": known.words}
            if known.type == "number" and column.kind != "number":
                told["type"] = "category"
            note = "" if not known.tracked else "can be overwritten: who fills this, and when?"
            block.put(name, told, note)
        elif known is not None and known.cls is not None:
            block.put(name, known.cls, known.why)
        else:
            left.append(name)
    if left:
        block.say(f"Left out: {', '.join(left)}.")
    return block if any(line.key for line in block.lines) else None


def new_business(deal: Recognised) -> dict[str, Any]:
    """Return the ``where`` that keeps new business, where the type of deals says so."""
    column = deal.part("type")
    if column is None:
        return {}
    values = deal.look.columns[column].values
    new = [v for v in values if "new" in v.lower() and "renew" not in v.lower()]
    return {column: one_or_more(new)} if new and len(new) < len(values) else {}


def firm_blocks(sketch: Sketch, firms: Recognised, key: str) -> None:
    """Add ``[related.account]`` and its columns.

    Parameters
    ----------
    sketch : Sketch
        Gets the sections.
    firms : Recognised
        The table of accounts or companies.
    key : str
        Column of leads that names one.
    """
    block = table_block(("related", "account"), firms, "The firm, as it stands in the export.")
    block.put("key", key).put("their_key", firms.part("id"))
    sketch.add(block, firms, "related.account")
    roles = ("id", "created", "merged", "deleted")
    columns = profile_block(firms, [c for role in roles if (c := firms.part(role))])
    if columns is not None:
        sketch.blocks.append(columns)
