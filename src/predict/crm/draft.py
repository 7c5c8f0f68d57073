"""The draft of a definition: recognised tables mapped and commented, every column told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from predict.crm.drafting.blocks import Block
from predict.crm.drafting.hubspot import sketch_hubspot
from predict.crm.drafting.questions import Key, Question, questions
from predict.crm.drafting.salesforce import sketch_salesforce
from predict.crm.drafting.signs import words
from predict.crm.drafting.sketch import Answers, Sketch
from predict.crm.drafting.unknown import sketch_unknown
from predict.crm.grouping import Groups, grouped
from predict.crm.recognition import Recognised
from predict.crm.survey import Survey, TableLook
from predict.definition.schema import Definition
from predict.definition.writing import inline
from predict.errors import InputError

#: Names of dates that may lie ahead.
_PLANNED = re.compile(r"\b(due|close|closed|forecast|next|end|ends|start|activity|until|birth)\b")
#: A zip that was written so soon after the newest stamp in it was written by the export.
_PACKED = timedelta(days=2)
_LEADS = {"salesforce": "lead", "hubspot": "contact"}
_HEAD = (
    "What a lead is, what counts as success, and by when: for marketing and sales to agree on, and "
    "to keep in git. Drafted by predict init from the exports named below. Guesses are marked as "
    "such, each with its reason; read it once, correct what is wrong, then: predict check, predict "
    "train. Paths are relative to this file, or to the folder given with --data."
)


@dataclass(frozen=True)
class Draft:
    """A drafted definition.

    Parameters
    ----------
    text : str
        TOML with comments.
    questions : list of Question
        At most five, with the defaults or answers that the text holds.
    tables : list of (Recognised, str)
        Every file, what it is, and what became of it.
    notes : list of str
        What to know, what one more export would add.
    """

    text: str
    questions: list[Question]
    tables: list[tuple[Recognised, str]]
    notes: list[str] = field(default_factory=list)

    def definition(self, folder: Path) -> Definition:
        """Return the definition, as if read from a folder."""
        return Definition.parse(self.text, folder=folder, name="the draft")


def draft(survey: Survey, answers: Answers | None = None) -> Draft:
    """Return the draft of a definition for what a survey found.

    Parameters
    ----------
    survey : Survey
        Of the exports; open.
    answers : Answers, optional
        To the questions of an earlier draft; left out, the defaults hold.

    Raises
    ------
    InputError
        No table among them can be leads.
    """
    answers = answers or Answers()
    _some_readable(survey)
    groups = _vendor_or_none(grouped(survey))
    sketch = _sketched_or_told(groups, survey, answers)
    sketch.newest = _newest(sketch, groups)
    asked = questions(sketch, answers)
    blocks = _blocks(sketch, asked)
    blocks.append(_last_words(sketch, groups, blocks))
    text = "\n".join(written for block in blocks if (written := block.written()))
    return Draft(text, asked, _told(sketch, groups), sketch.notes)


def _some_readable(survey: Survey) -> None:
    """Refuse files none of which can be read, and say what is wrong with them."""
    if all(t.problem for t in survey.tables):
        told = [f"{t.name}: {t.problem}" for t in survey.tables]
        raise InputError(
            "none of these files can be read as a table",
            got="; ".join(told[:5]) + (f"; and {len(told) - 5} more" if len(told) > 5 else ""),
            do="hand over CSV, XLSX or Parquet files as they were exported",
        )


def _vendor_or_none(groups: Groups) -> Groups:
    """Return the groups; without leads of a known CRM, no table is taken for one of its objects."""
    leads = [r for r in groups.known if r.preset and _LEADS[r.preset.vendor] == r.preset.name]
    if leads:
        return groups
    loose = [
        Recognised(r.look, why=f"{r.why}; but there are no leads of that CRM", more=r.more)
        for r in groups.known
    ]
    return Groups([], [*groups.unknown, *loose], groups.aside)


def _sketched_or_told(groups: Groups, survey: Survey, answers: Answers) -> Sketch:
    """Return the sketch; where there is none, name the files that might have made one."""
    try:
        return _sketched(groups, survey, answers)
    except InputError as error:
        broken = [f"{t.name} cannot be read: {t.problem}" for t in survey.tables if t.problem]
        if not broken:
            raise
        told = "; ".join([*([str(error.got)] if error.got else []), *broken[:5]])
        raise InputError(error.what, where=error.where, got=told, do=error.do) from error


def _sketched(groups: Groups, survey: Survey, answers: Answers) -> Sketch:
    """Return the sketch by the CRM whose leads are there, else by guesses."""
    for vendor, name in _LEADS.items():
        objects = {r.preset.name: r for r in groups.known if r.preset and r.preset.vendor == vendor}
        if name in objects:
            mine = list(objects.values())
            loose = [*groups.unknown, *(r for r in groups.known if r not in mine)]
            make = sketch_salesforce if vendor == "salesforce" else sketch_hubspot
            sketch = make(objects, loose, survey, answers)
            _unmapped(sketch, mine)
            return sketch
    return sketch_unknown(groups.unknown, survey, answers)


def _newest(sketch: Sketch, groups: Groups) -> datetime | None:
    """Return the newest stamp of anything that happened or was changed, in tables that count."""
    stamps = [
        column.last
        for look in _looks(groups)
        if _where(look) in sketch.used
        for name, column in look.columns.items()
        if column.last is not None and not _PLANNED.search(words(name))
    ]
    return max(stamps, default=None)


def _unmapped(sketch: Sketch, objects: Iterable[Recognised]) -> None:
    aside = {id(look) for look, _ in sketch.aside}
    for one in objects:
        if _where(one.look) not in sketch.used and id(one.look) not in aside:
            sketch.aside.append((one.look, f"{one.title}: nothing here needs them"))


def _blocks(sketch: Sketch, asked: list[Question]) -> list[Block]:
    """Return all sections in their order."""
    answer = {q.key: q.value for q in asked}
    stage, days = str(answer["stage"]), float(str(answer["within_days"]))
    top = Block((), _HEAD)
    top.put("name", _name(stage, days))
    top.put("time_zone", answer["time_zone"], "of stamps that name none")
    top.put("ids", sketch.ids, "15 characters in reports, 18 elsewhere: one id")
    agreed = Block(("conversion",), _conversion_comment(sketch, days))
    agreed.put("stage", stage, _reached(sketch, stage))
    shown = int(days) if days.is_integer() else days
    agreed.put("within_days", shown, sketch.days_why if days == sketch.days else "as answered")
    agreed.put("lost_stages", [s for s in sketch.lost if s != stage])
    agreed.put("reopen_stages", sketch.reopen, "a lead that comes back is looked at anew")
    blocks = [top, agreed]
    if days > 0:
        looks = Block(
            ("snapshots",),
            "When leads are looked at, in days after their creation, while still open.",
        )
        blocks.append(looks.put("ages_days", _ages(sketch, days)))
    _exported(sketch)
    blocks.append(sketch.lead)
    columns = sketch.columns.block(("leads", "columns"), sketch.history)
    blocks += [columns] if columns else []
    blocks += sketch.blocks
    if "won" in sketch.stages and any(line.key == "account_id" for line in sketch.lead.lines):
        customers = Block(("customers",), "Firms that bought before are customers, not leads.")
        blocks.append(customers.put("stage", "won"))
    blocks += _agreements(sketch, answer)
    return [b for b in blocks if b.lines or b.comment]


def _ages(sketch: Sketch, days: float) -> list[int]:
    """Return the ages: at creation alone where nothing is learned later, closer for short waits."""
    if not sketch.kinds and not any(b.header[:1] == ("history",) for b in sketch.blocks):
        return [0]
    return [0, 7, 30, 60] if days > 45 else [0, 1, 3, 7, 14, 21]


def _conversion_comment(sketch: Sketch, days: float) -> str:
    other = "; ".join(f"{s} ({n:,}, {why})" for s, (n, why) in list(sketch.stages.items())[1:])
    said = "The one question all else serves: does the lead reach this stage in time?"
    if days == 0:
        said = "The outcome belongs to the row, so nothing is waited for."
    return said + (f" Others that could be meant: {other}." if other else "")


def _reached(sketch: Sketch, stage: str) -> str:
    n, why = sketch.stages.get(stage, (0, "as answered"))
    return f"{n:,} rows: {why}" if n else why


def _name(stage: str, days: float) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", stage).strip("-").lower() or "conversion"
    return f"{plain}-in-{days:g}-days" if days else plain


def _exported(sketch: Sketch) -> None:
    """Say in [leads] when the export was made: by name, else by the newest stamp in any file."""
    newest, at = sketch.newest, sketch.leads.look.place
    named = at.dated
    if at.stamped and named is not None and newest is not None and named - newest > _PACKED:
        named = None  # when the zip was packed, not when it was exported
    place = next((i for i, li in enumerate(sketch.lead.lines) if li.key == "lead_id"), 0)
    block = Block(("leads",))
    if named is not None and (newest is None or named >= newest):
        block.put("exported_at", "from-name", f"{named:%Y-%m-%d}")
    elif newest is not None:
        day = named.date() if named is not None and named.date() <= newest.date() else newest.date()
        note = f"a day means its end; the newest stamp in these files is {newest:%Y-%m-%d %H:%M}"
        block.put("exported_at", date(day.year, day.month, day.day), note)
    sketch.lead.lines[place:place] = block.lines


def _agreements(sketch: Sketch, answer: Mapping[Key, object]) -> list[Block]:
    never = [*sketch.columns.protected, *sketch.never]
    blocks = []
    if never:
        why = "Protected traits, and what tells them. Remove one here only with a lawful reason."
        blocks.append(Block(("never_use",), why).put("columns", never))
    money = Block(
        ("money",),
        "What sales can follow up in a month: it decides how many leads are handed over. Add "
        "value_of_win and cost_of_follow_up once they are agreed; and must-haves as [criteria.…].",
    )
    capacity = answer["capacity_per_month"]
    note = "assumed: a fifth of the leads of a month" if capacity == sketch.capacity else None
    blocks.append(money.put("capacity_per_month", capacity, note))
    return blocks


def _last_words(sketch: Sketch, groups: Groups, blocks: list[Block]) -> Block:
    """Return the comment at the end: what is not mapped and why, what one more export would add."""
    parts = {
        "Columns that are left out": list(_unnamed(sketch, groups, blocks)),
        "Files that are not mapped": [
            f"{look.name}: {why}." for look, why in [*sketch.aside, *groups.aside]
        ],
        "While reading": [f"{t.name}: {n}" for t in _looks(groups) for n in t.notes],
        "What to know": sketch.notes,
    }
    said = [f"{head}:\n" + "\n".join(f"- {x}" for x in xs) for head, xs in parts.items() if xs]
    return Block((), "\n".join(said))


def _unnamed(sketch: Sketch, groups: Groups, blocks: list[Block]) -> Iterator[str]:
    """Yield, per table that is mapped, the columns that no section on it names, and why."""
    for one in (*groups.known, *groups.unknown):
        if _where(one.look) not in sketch.used:
            continue
        path = inline(one.look.place.path)
        on_it = {b.header[:2] for b in blocks if b.header and path in b.written()}
        on_it |= {("leads", "columns"), ("never_use",)} if one.look is sketch.leads.look else set()
        text = "".join(b.written() for b in blocks if b.header[:2] in on_it)
        missing = [c for c in one.look.columns if not _named(c, text)]
        if missing:
            told = [f"{c} ({why})" if (why := _reason(one, c)) else c for c in missing]
            yield f"{one.look.name}: {', '.join(told)}"


def _named(column: str, text: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(column)}(?![\w.])", text) is not None


def _reason(one: Recognised, column: str) -> str | None:
    known = one.fields.get(column)
    if known is None:
        return None
    return known.out or known.why or ("personal" if known.cls == "personal" else None)


def _where(look: TableLook) -> str:
    return look.place.path + (look.place.sheet or "")


def _looks(groups: Groups) -> list[TableLook]:
    every = [*groups.known, *groups.unknown]
    return [t for r in every for t in (r.look, *r.more)]


def _told(sketch: Sketch, groups: Groups) -> list[tuple[Recognised, str]]:
    """Return every file with what it is and what became of it."""
    aside = {id(look): why for look, why in sketch.aside}
    told = []
    for one in (*groups.known, *groups.unknown):
        for look in (one.look, *one.more):
            used = sketch.used.get(_where(look))
            became = (
                f"[{used}]" if used else f"not mapped: {aside.get(id(look), 'nothing uses it')}"
            )
            told.append((Recognised(look, one.preset, one.fields, one.sure, one.why), became))
    told += [(Recognised(look), f"not mapped: {why}") for look, why in groups.aside]
    return told
