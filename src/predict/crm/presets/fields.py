"""Objects of known CRMs and their fields, read from the declarations beside this file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

#: Vendors with presets, as folders beside this file, and how readers know them.
VENDORS = {"salesforce": "Salesforce", "hubspot": "HubSpot"}


@dataclass(frozen=True, eq=False)
class Field:
    """A field of an object, and what it means in time.

    Parameters
    ----------
    name : str
        Its first name.
    labels : tuple of str
        What else exports call it: report labels, older labels, internal names.
    pattern : str or None
        Regular expression of headers that are this field as well.
    is_ : str or None
        What part it plays in its table: ``"id"``, ``"created"``, ``"contact"``.
    cls, type, words : str or None
        Class, type and wording of a profile column, as in ``[leads.columns]``.
    event : mapping or None
        A dated first time: the ``kind`` of event, ``by`` whom, the part of its ``asset``.
    covered : str or None
        Kinds in an event log that tell the same in full: then the first time is not needed.
    stage : str or None
        A dated stage: the date on which it was entered.
    out : str or None
        Why it is left out.
    why : str or None
        Who fills it, and when.
    tracked : bool
        Somebody may overwrite it, so with a history the history counts.
    protected : bool
        Never to be used.
    """

    name: str
    labels: tuple[str, ...] = ()
    pattern: str | None = None
    is_: str | None = None
    cls: str | None = None
    type: str | None = None
    words: str | None = None
    event: Mapping[str, str] | None = None
    covered: str | None = None
    stage: str | None = None
    out: str | None = None
    why: str | None = None
    tracked: bool = False
    protected: bool = False


@dataclass(frozen=True, eq=False)
class Preset:
    """An object of a CRM: how its exports are recognised, and its fields.

    Parameters
    ----------
    vendor, name, title : str
        ``"salesforce"``, ``"lead"``, and what readers call its rows.
    prefix : str or None
        What its ids begin with.
    files : tuple of str
        Usual file names, without suffix.
    needs : tuple of str
        Parts without which a table is not this object.
    tells : tuple of str
        Headers that few other objects have.
    fields : tuple of Field
        In the order of the declarations.
    """

    vendor: str
    name: str
    title: str
    prefix: str | None = None
    files: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    fields: tuple[Field, ...] = field(default=(), repr=False)

    def matches(self, columns: Sequence[str]) -> dict[str, Field]:
        """Return the columns that are fields of this object.

        Examples
        --------
        >>> lead = preset("salesforce", "lead")
        >>> {c: f.name for c, f in lead.matches(["Lead ID", "Lead Source", "Shoe size"]).items()}
        {'Lead ID': 'Id', 'Lead Source': 'LeadSource'}
        """
        found: dict[str, Field] = {}
        for column in columns:
            known = _spelled(self).get(bare(column)) or next(
                (f for f in self.fields if f.pattern and re.search(f.pattern, column, re.I)), None
            )
            if known is not None:
                found[column] = known
        return found


def bare(header: str) -> str:
    """Return a header without what differs between spellings of the same name.

    Examples
    --------
    >>> bare("Created Date") == bare("CreatedDate"), bare("Country/Region")
    (True, 'countryregion')
    """
    return re.sub(r"[^0-9a-z]", "", header.lower().replace("__c", ""))


def preset(vendor: str, name: str) -> Preset:
    """Return one preset by vendor and object."""
    return next(p for p in presets() if (p.vendor, p.name) == (vendor, name))


@cache
def presets() -> tuple[Preset, ...]:
    """Return all presets, by vendor and object."""
    found = []
    for vendor in VENDORS:
        folder = files("predict.crm.presets") / vendor
        for file in sorted(folder.iterdir(), key=lambda f: f.name):
            if file.name.endswith(".toml"):
                told = tomllib.loads(file.read_text(encoding="utf-8"))
                found.append(_preset(vendor, file.name.removesuffix(".toml"), told))
    return tuple(found)


def _preset(vendor: str, name: str, told: Mapping[str, Any]) -> Preset:
    fields = tuple(_field(known, value) for known, value in told["fields"].items())
    lists = {key: tuple(told.get(key, ())) for key in ("files", "needs", "tells")}
    return Preset(vendor, name, told["title"], told.get("prefix"), fields=fields, **lists)


def _field(name: str, told: Mapping[str, Any]) -> Field:
    keys = {"is": "is_", "class": "cls"}
    named = {keys.get(key, key): value for key, value in told.items()}
    return Field(name, **{**named, "labels": tuple(named.get("labels", ()))})


@cache
def _spelled(of: Preset) -> dict[str, Field]:
    """Return every spelling of the fields; first names win over labels."""
    names = {bare(f.name): f for f in of.fields if f.pattern is None}
    labels = {bare(label): f for f in of.fields for label in f.labels}
    return labels | names
