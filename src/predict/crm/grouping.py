"""Grouping: which files are parts of one table, which are older exports of it, which are lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from predict.crm.recognition import Recognised, recognise
from predict.crm.survey import Survey, TableLook


@dataclass(frozen=True)
class Groups:
    """The tables of an export, and the files that are set aside.

    Parameters
    ----------
    known, unknown : list of Recognised
        Tables of known objects, one per object; tables of which only the data tell.
    aside : list of (TableLook, str)
        Files that are not mapped, with the reason.
    """

    known: list[Recognised]
    unknown: list[Recognised]
    aside: list[tuple[TableLook, str]]


def grouped(survey: Survey) -> Groups:
    """Recognise the tables of a survey and settle which file of an object counts."""
    aside = [(t, f"cannot be read: {t.problem}") for t in survey.tables if t.problem]
    tables = [t for t in survey.tables if not t.problem]
    aside += [(t, "holds no row") for t in tables if not t.rows]
    seen = [recognise(t) for t in tables if t.rows]
    known: list[Recognised] = []
    objects = dict.fromkeys((r.preset.vendor, r.preset.name) for r in seen if r.preset)
    for vendor, name in objects:
        chosen, others = _settled([r for r in seen if r.is_(vendor, name)])
        known.append(chosen)
        aside += others
    unknown = []
    loose = [r for r in seen if r.preset is None]
    for shape in dict.fromkeys((_part(r.look), *r.look.columns) for r in loose):
        same = [r for r in loose if (_part(r.look), *r.look.columns) == shape]
        chosen, others = _settled(same)
        unknown.append(chosen)
        aside += others
    return Groups(known, unknown, aside)


def _settled(same: list[Recognised]) -> tuple[Recognised, list[tuple[TableLook, str]]]:
    """Return the table, and the other files of the same object with what they are."""
    if len(same) == 1:
        return same[0], []
    first = max(same, key=_weight)
    parts, aside = [], []
    for other in same:
        if other is first:
            continue
        look = other.look
        if _part(look) == _part(first.look) and _together(look, first.look):
            parts.append(look)
        elif _part(look) == _part(first.look):
            aside.append((look, f"an older export of what {first.look.name} holds"))
        else:
            what = "the same columns as" if set(look.columns) == set(first.look.columns) else "like"
            aside.append(
                (look, f"{what} {first.look.name} with fewer rows: a list to score, not history")
            )
    return replace(first, more=tuple(parts)), aside


def _together(one: TableLook, other: TableLook) -> bool:
    """Tell whether two files are of one export: entries of one zip are stamped one by one."""
    a, b = one.place, other.place
    return a.dated == b.dated or (a.stamped and b.stamped and a.file == b.file)


def _weight(one: Recognised) -> tuple[int, str, int]:
    """Return what decides which file counts: surely that object, newest, most rows."""
    dated = one.look.place.dated
    return (len(one.fields), dated.isoformat() if dated else "", one.look.rows)


def _part(look: TableLook) -> str:
    """Return the name without dates and numbers, by which parts and older exports are known."""
    return re.sub(r"[\d_.\- ()]+", "", look.place.stem.lower())


def paths(one: Recognised) -> str | Sequence[str]:
    """Return the path, or the paths, of a table."""
    every = [one.look.place.path, *(t.place.path for t in one.more)]
    return every[0] if len(every) == 1 else sorted(every)
