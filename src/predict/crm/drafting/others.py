"""Other tables beside known leads: logs of events, suppression lists, lists to score."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from predict.crm.drafting import signs
from predict.crm.drafting.addresses import addresses_of, link_addresses
from predict.crm.drafting.sketch import Sketch, covers, one_or_more, table_block
from predict.crm.recognition import Recognised
from predict.crm.survey import Survey, TableLook

#: Share of a column's values that must be ids of leads for it to name the lead.
_MOST = 0.5
#: Kinds of events a column may tell apart.
_KINDS = 60
#: What ids of Salesforce's people begin with.
_PEOPLE = {"00Q": "lead", "003": "contact"}
_PREDICTED = re.compile(r"\b(probability|propensity|predicted)\b")


@dataclass(frozen=True)
class Carrier:
    """The column of a table that names the lead.

    Parameters
    ----------
    column : str
        Its header.
    why : str
        How it was told.
    shared : int
        How many different leads it names.
    """

    column: str
    why: str
    shared: int


def others(
    sketch: Sketch, loose: Sequence[Recognised], survey: Survey, carriers: list[str]
) -> None:
    """Map the tables that no preset knows: suppression, events; the rest is set aside with why."""
    for one in loose:
        look = one.look
        ours = list(sketch.leads.look.columns)
        said = signs.words(look.place.stem)
        carrier = carrier_of(one, sketch, survey)
        if signs.SUPPRESSED.search(said):
            _suppression(sketch, one, carrier)
        elif list(look.columns) == ours:
            sketch.aside.append((look, "the columns of the leads: a list to score, not history"))
        elif any(_PREDICTED.search(signs.words(c)) for c in look.columns):
            sketch.aside.append((look, "holds predictions, which are no input"))
        elif carrier is None:
            _by_address(sketch, one, survey)
        elif not events_block(sketch, one, carrier, carriers):
            why = f"names leads in {carrier.column}, but no column says what happened and when"
            sketch.aside.append((look, why))


def _by_address(sketch: Sketch, one: Recognised, survey: Survey) -> None:
    """Map a table that names people by their address alone, or set it aside with why."""
    look = one.look
    found = addresses_of(look, sketch, survey) if happened(look) else None
    if found is None:
        sketch.aside.append((look, _unlinked(look)))
    elif not found.most:
        sketch.aside.append((look, f"no ids of leads, and only {found.why} ({found.column})"))
    else:
        link = link_addresses(sketch, found)
        events_block(sketch, one, Carrier(found.column, found.why, found.shared), [link])


def carrier_of(one: Recognised, sketch: Sketch, survey: Survey) -> Carrier | None:
    """Return the column that names the lead: by the prefix of its ids, else by shared values."""
    key = _key(sketch)
    for name, column in one.look.columns.items():
        if column.prefixes and set(column.prefixes) <= set(_PEOPLE):
            kinds = " and ".join(f"{p} ({_PEOPLE[p]}s)" for p in column.prefixes)
            return Carrier(name, f"its ids begin with {kinds}", column.distinct)
    best: Carrier | None = None
    for name, column in one.look.columns.items():
        if column.kind == "timestamp" or column.distinct < 2 or not column.filled:
            continue
        if column.distinct <= _KINDS < one.look.rows and not _id_like(name):
            continue
        shared = survey.shared(one.look, name, sketch.leads.look, key)
        if shared > _MOST * column.distinct and (best is None or shared > best.shared):
            share = shared / column.distinct
            best = Carrier(name, f"{share:.0%} of its values are ids of leads", shared)
    return best


def events_block(
    sketch: Sketch, one: Recognised, carrier: Carrier, carriers: Sequence[str]
) -> bool:
    """Map a table as events where it says what happened and when; return whether it does."""
    look = one.look
    at = happened(look)
    kind = kind_of(look, (carrier.column, at))
    if at is None:
        return False
    ours = ours_by(look)
    by = "us" if ours else "lead"
    who = (
        f"Taken as what we did: {ours}."
        if ours
        else (
            "Taken as what the leads did; rows of what we did would need a table of their own with "
            'by = "us".'
        )
    )
    comment = f"{look.name}: {carrier.column} names the lead, {carrier.why}. {who}"
    name = _section_name(look, by, sketch)
    block = table_block(("events", name), one, comment)
    if list(carriers) == ["lead"]:
        block.put("lead_id", carrier.column)
    else:
        block.put("id", carrier.column).put("id_of", one_or_more(carriers))
    block.put("occurred_at", at)
    if kind is None:
        block.put("kind", name)
    else:
        block.put("kind_column", kind)
    asset = asset_of(look, (carrier.column, at, kind))
    block.put("asset", asset).put("values", values_of(look)).put("by", by)
    block.put("covers_from", covers(look, at, sketch.leads.look.columns[sketch.created].first))
    used = {carrier.column, at, kind, asset, *values_of(look)}
    left = [c for c in look.columns if c not in used]
    if left:
        block.say(f"Left out: {', '.join(left)}.")
    if by == "lead":
        sketch.kinds[look.name] = tuple(look.columns[kind].values) if kind else (name,)
    sketch.add(block, one, f"events.{name}")
    return True


def happened(look: TableLook) -> str | None:
    """Return the column that says when something happened, or None."""
    moments = [n for n, c in look.columns.items() if c.kind == "timestamp" and c.filled]
    moments = [n for n in moments if not re.search(r"\b(due|forecast|planned)\b", signs.words(n))]
    for pattern in signs.HAPPENED:
        for name in moments:
            if re.search(pattern, signs.words(name)):
                return name
    return max(moments, key=lambda n: look.columns[n].filled, default=None)


def kind_of(look: TableLook, taken: Sequence[str | None]) -> str | None:
    """Return the column that tells kinds of events apart, or None."""
    told = [
        n
        for n, c in look.columns.items()
        if n not in taken and c.kind in ("category", "text") and 1 < len(c.values) <= _KINDS
    ]
    for pattern in signs.KIND:
        for name in told:
            if re.search(pattern, signs.words(name)):
                return name
    return None


def asset_of(look: TableLook, taken: Sequence[str | None]) -> str | None:
    """Return the column that says what an event was about, or None."""
    for name, column in look.columns.items():
        texts = column.kind in ("category", "text") and column.distinct <= max(500, look.rows // 20)
        if name not in taken and texts and column.filled and signs.ASSET.search(signs.words(name)):
            return name
    return None


def values_of(look: TableLook) -> list[str]:
    """Return the columns with numbers to add up: seconds, pages."""
    numbers = [n for n, c in look.columns.items() if c.kind == "number"]
    return [n for n in numbers if signs.AMOUNT.search(signs.words(n))]


def ours_by(look: TableLook) -> str | None:
    """Return by which name a table seems to hold what we did, or None."""
    for name in (look.place.stem, *look.columns):
        found = signs.OURS.search(signs.words(name))
        if found:
            return f"“{name}” says {found.group()}"
    return None


def _suppression(sketch: Sketch, one: Recognised, carrier: Carrier | None) -> None:
    block = table_block(
        ("suppression",), one, "People not to be contacted: removed before training and scoring."
    )
    mails = [n for n in one.look.columns if "mail" in n.lower()]
    block.put("lead_id", carrier.column if carrier else None)
    block.put("email", mails[0] if mails else None)
    sketch.add(block, one, "suppression")


def _key(sketch: Sketch) -> str:
    return str(next(line.value for line in sketch.lead.lines if line.key == "lead_id"))


def _unlinked(look: TableLook) -> str:
    if any("mail" in c.lower() for c in look.columns):
        return "people without ids of leads: a list to score with predict score, not history"
    return "no column of it holds ids of leads"


def _id_like(name: str) -> bool:
    return re.search(r"\b(id|key|number|no|nr|code)\b", signs.words(name)) is not None


def _section_name(look: TableLook, by: str, sketch: Sketch) -> str:
    """Return a short name for the section, after the file."""
    name = re.sub(r"[^a-z0-9]+", "_", re.sub(r"[\d]+", "", look.place.stem.lower())).strip("_")
    name = name or ("activity" if by == "lead" else "task")
    taken = {b.header[1] for b in sketch.blocks if b.header[0] == "events"}
    return name if name not in taken else f"{name}_{len(taken) + 1}"
