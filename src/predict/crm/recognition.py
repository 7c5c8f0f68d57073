"""Recognition: which object of which CRM a table is, by its headers, how sure, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from predict.crm.presets.fields import VENDORS, Field, Preset, bare, presets
from predict.crm.survey import TableLook

#: A table is taken for an object where at least this share of its headers is known.
_ENOUGH = 0.5
#: What speaks for an object beside the share of headers known: the name of the file, the prefix of
#: the ids, each header that few other objects have.
_NAMED, _IDS, _MARK = 0.5, 0.25, 0.05
#: Share of rows that must have an id of their own for a table to be one of objects, not of changes.
_OWN = 0.9


@dataclass(frozen=True)
class Recognised:
    """A table with the object it is.

    Parameters
    ----------
    look : TableLook
        The table.
    preset : Preset or None
        The object; None where it is none of those known.
    fields : mapping of str to Field
        Columns that are fields of the object.
    sure : {"sure", "likely", "unknown"}
        ``sure``: a header that only this object has, and its ids or file name.
    why : str
        As a sentence.
    more : tuple of TableLook
        Other files of the same table, read below it.
    """

    look: TableLook
    preset: Preset | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    sure: Literal["sure", "likely", "unknown"] = "unknown"
    why: str = ""
    more: tuple[TableLook, ...] = ()

    @property
    def title(self) -> str:
        """What it is, for people: ``Salesforce leads``."""
        if self.preset is None:
            return "not a known object"
        return f"{VENDORS[self.preset.vendor]} {self.preset.title}"

    def part(self, role: str) -> str | None:
        """Return the column that plays a part in the object, or None."""
        return next((c for c, f in self.fields.items() if f.is_ == role), None)

    def is_(self, vendor: str, name: str) -> bool:
        """Say whether it is this object."""
        return self.preset is not None and (self.preset.vendor, self.preset.name) == (vendor, name)


def recognise(look: TableLook) -> Recognised:
    """Return what a table is: the object that knows most of its headers, if it has one's marks.

    Ids with the prefix of another object rule an object out.
    """
    columns = list(look.columns)
    found = []
    for preset in presets():
        fields = preset.matches(columns)
        parts = {f.is_ for f in fields.values()}
        if not set(preset.needs) <= parts or _other_ids(preset, fields, look):
            continue
        if "id" in preset.needs and _repeated(fields, look):
            continue
        told = _told(preset, columns)
        named = _named(preset, look)
        if not told and not (named and len(fields) >= _ENOUGH * len(columns)):
            continue
        share, ids = len(fields) / len(columns), _own_ids(preset, fields, look)
        weight = share + _NAMED * named + _IDS * ids + _MARK * min(len(told), 5)
        found.append((weight, ids, len(told), named, share, preset, fields))
    if not found:
        return Recognised(look, why="its headers are those of no object known here")
    _, ids, marks, named, share, preset, fields = max(found, key=lambda f: f[0])
    if share < _ENOUGH and not ids and marks < 2:
        return Recognised(look, why=f"only {share:.0%} of its headers are known")
    sure: Literal["sure", "likely"] = "sure" if ids or named or marks > 2 else "likely"
    return Recognised(look, preset, fields, sure, _why(preset, look, fields, ids, named))


def _told(preset: Preset, columns: Sequence[str]) -> list[str]:
    known = {bare(tell) for tell in preset.tells}
    return [c for c in columns if bare(c) in known]


def _named(preset: Preset, look: TableLook) -> bool:
    stem = look.place.stem.lower()
    same = {name.lower() for name in preset.files}
    if preset.vendor == "salesforce":
        return stem.rstrip("0123456789_-. ") in same
    return any(name in stem for name in same)


def _own_ids(preset: Preset, fields: Mapping[str, Field], look: TableLook) -> bool:
    prefixes = _prefixes(fields, look)
    return preset.prefix is not None and prefixes == (preset.prefix,)


def _other_ids(preset: Preset, fields: Mapping[str, Field], look: TableLook) -> bool:
    prefixes = _prefixes(fields, look)
    if preset.vendor != "salesforce":
        return bool(prefixes)
    others = {p.prefix for p in presets() if p.prefix} - {preset.prefix}
    return bool(prefixes) and bool(set(prefixes) & others)


def _repeated(fields: Mapping[str, Field], look: TableLook) -> bool:
    column = look.columns[next(c for c, f in fields.items() if f.is_ == "id")]
    return column.distinct < _OWN * column.filled


def _prefixes(fields: Mapping[str, Field], look: TableLook) -> tuple[str, ...]:
    column = next((c for c, f in fields.items() if f.is_ == "id"), None)
    return look.columns[column].prefixes if column else ()


def _why(
    preset: Preset, look: TableLook, fields: Mapping[str, Field], ids: bool, named: bool
) -> str:
    known = f"{len(fields)} of {len(look.columns)} headers known"
    marks = ", ".join(_told(preset, list(look.columns))[:3])
    said = [known, f"among them {marks}"] if marks else [known]
    if ids:
        said.append(f"ids begin with {preset.prefix}")
    if named:
        said.append("named like it")
    return "; ".join(said)
