"""Unknown exports: leads, outcomes, events and profiles guessed from names, values and joins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from predict.crm.drafting import signs
from predict.crm.drafting.columns import sort_columns
from predict.crm.drafting.flat import flat_outcome
from predict.crm.drafting.others import carrier_of, others
from predict.crm.drafting.reached import outcome_of
from predict.crm.drafting.sketch import Answers, Sketch, table_block
from predict.crm.recognition import Recognised
from predict.crm.survey import Survey, TableLook
from predict.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir

_CALLED = r"\b(leads?|contacts?|applications?|enquir(y|ies)|inquir(y|ies)|mqls?|qualified)\b"
_ROLES = {
    "source": r"^(lead ?)?(source|origin|channel|medium|utm source)$",
    "campaign": r"^(campaign( name| id)?|utm campaign)$",
    "list": r"^(list|list name|import list)$",
    "owner": r"^(owner( id)?|lead owner|sales ?rep|assigned to)$",
}


def sketch_unknown(tables: Sequence[Recognised], survey: Survey, answers: Answers) -> Sketch:
    """Return the sketch of exports that no preset knows.

    Raises
    ------
    InputError
        No table has an id of its own in each row and the date of its creation.
    """
    chosen = _leads(tables, survey)
    if chosen is None:
        raise InputError(
            "none of these tables can be the leads",
            where=", ".join(t.look.name for t in tables) or "the exports",
            got="no table has one id a row and the date it was created",
            do="hand over an export of leads with their id and creation date",
        )
    one, key, created = chosen
    block, sketch = table_block(("leads",), one, _why(one, key, created)), None
    block.put("lead_id", key).put("created_at", created, _created_note(one.look, created))
    roles = {r: _role(one.look, p, (key, created)) for r, p in _ROLES.items()}
    rest = [t for t in tables if t.look is not one.look]
    related = _related_tables(one, rest, survey, (key, created))
    if related:
        block.put("account_id", related[0][1])
    for role, column in roles.items():
        block.put(role, column)
    taken = [key, created, *[c for c in roles.values() if c], *[c for _, c, _ in related]]
    sketch = Sketch(one, block, _none(), created)
    sketch.take(one, "leads")
    won: ir.BooleanValue | None = None
    loose = [t for t in rest if t not in [r[0] for r in related]]
    left = []
    for table in loose:
        carrier = carrier_of(table, sketch, survey)
        found = outcome_of(sketch, table, carrier, survey) if carrier else None
        if found is None:
            left.append(table)
        elif won is None and found.won is not None:
            won = one.look.cell(key).isin(found.won)
    if not sketch.stages:
        won = flat_outcome(sketch, one, taken)
        taken += [line.value for line in block.lines if line.key == "outcome_column"]
    sketch.columns = sort_columns(
        one,
        survey,
        taken=taken,
        created=created,
        won=won,
        after_contact=answers.after_contact,
    )
    for table, column, theirs in related:
        _related(sketch, table, column, theirs, survey)
    others(sketch, left, survey, ["lead"])
    if not sketch.stages:
        raise InputError(
            "nothing in these exports says what became of the leads",
            where=", ".join(t.look.name for t in tables),
            got="no table of stages or deals, no column that says yes or no",
            do="hand over an export of deals, of stages with their dates, or a column of outcomes",
        )
    return sketch


def _none():  # type: ignore[no-untyped-def]
    from predict.crm.drafting.columns import ColumnsDraft

    return ColumnsDraft()


def _leads(tables: Sequence[Recognised], survey: Survey) -> tuple[Recognised, str, str] | None:
    """Return the leads: the table whose ids most other tables name, else the one with most rows."""
    able = []
    for one in tables:
        key, created = _key(one.look), _created(one.look)
        if key is not None and created is not None:
            named = sum(
                any(
                    survey.shared(one.look, key, other.look, column) > 0
                    for column in other.look.columns
                    if _comparable(one.look, key, other.look, column)
                )
                for other in tables
                if other.look is not one.look
            )
            said = signs.words(one.look.place.stem)
            called = bool(re.search(_CALLED, said))
            first = one.look.columns[created].first or datetime.max
            # What happens to leads comes after them, so of equals the table that begins first.
            able.append(((named, called, datetime.max - first, one.look.rows), one, key, created))
    if not able:
        return None
    _, one, key, created = max(able, key=lambda a: a[0])
    return one, key, created


def _comparable(one: TableLook, key: str, other: TableLook, column: str) -> bool:
    theirs, ours = other.columns[column], one.columns[key]
    same = signs.words(key) == signs.words(column)
    return same or (theirs.kind == ours.kind and theirs.distinct > 60 and ours.kind != "number")


def _key(look: TableLook) -> str | None:
    """Return the column with an id of its own in each row: called like one, else the first."""
    able = [n for n, c in look.columns.items() if look.is_key(n) and c.kind != "timestamp"]
    whole = [n for n in able if look.columns[n].kind != "number" or "id" in n.lower()]
    called = [n for n in able if re.search(r"\b(id|key|number|no|nr|uuid)\b", signs.words(n))]
    return next(iter([*called, *whole]), None)


def _created(look: TableLook) -> str | None:
    moments = [
        n
        for n, c in look.columns.items()
        if c.kind == "timestamp"
        and c.filled > 0.9 * look.rows
        and not signs.NOT_CREATED.search(signs.words(n))
    ]
    for pattern in signs.CREATED:
        for name in moments:
            if re.search(pattern, signs.words(name)):
                return name
    return moments[0] if moments else None


def _why(one: Recognised, key: str, created: str) -> str:
    return (
        f"Guessed: {one.look.name} holds the leads, since each of its {one.look.rows:,} rows has "
        f"an id of its own ({key}) and a date that by its name is its creation ({created})."
    )


def _created_note(look: TableLook, created: str) -> str | None:
    if not look.columns[created].dates_only:
        return None
    return "a day without time: known at the end of that day"


def _role(look: TableLook, pattern: str, taken: Sequence[str]) -> str | None:
    for name, column in look.columns.items():
        texts = column.kind in ("category", "text")
        if name not in taken and texts and re.search(pattern, signs.words(name)):
            return name
    return None


def _related_tables(
    one: Recognised, rest: Sequence[Recognised], survey: Survey, taken: Sequence[str]
) -> list[tuple[Recognised, str, str]]:
    """Return tables that leads refer to: (table, column of leads, their key)."""
    found = []
    for other in rest:
        theirs = _key(other.look)
        if theirs is None or other.look.rows < 2:
            continue
        for name, column in one.look.columns.items():
            if name in taken or column.kind == "timestamp" or not column.filled:
                continue
            like = signs.words(name) == signs.words(theirs) or "id" in signs.words(name).split()
            if like and survey.shared(one.look, name, other.look, theirs) > 0.5 * column.distinct:
                found.append((other, name, theirs))
                break
    return found


def _related(sketch: Sketch, one: Recognised, column: str, theirs: str, survey: Survey) -> None:
    name = "account" if not any(b.header[0] == "related" for b in sketch.blocks) else "other"
    comment = f"Guessed: {column} of the leads names rows of {one.look.name}."
    block = table_block(("related", name), one, comment)
    sketch.add(block.put("key", column).put("their_key", theirs), one, f"related.{name}")
    columns = sort_columns(one, survey, taken=[theirs], created=None)
    for their_name in list(columns.classed):
        told, _ = columns.classed[their_name]
        if "words" in told:
            told["words"] += " of the firm"
    part = columns.block(("related", name, "columns"), None)
    if part is not None:
        sketch.blocks.append(part)
    sketch.never |= dict.fromkeys(columns.protected, "protected")
