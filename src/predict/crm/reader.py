"""Reader: opens and parses the tables of one definition, files or frames alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from predict.crm.guessing import guess_types
from predict.crm.ids import EMAIL, ID, hashed, one_form
from predict.crm.parsing import Parsed, parse
from predict.crm.profile import ProfileType
from predict.crm.sources import Workspace, read_text
from predict.crm.texttable import TextTable, require

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.definition.exports import Export
    from predict.definition.schema import Definition
    from predict.findings import Finding


@dataclass(frozen=True)
class Part:
    """One section of the export after reading: typed rows, and what was noticed."""

    table: ir.Table
    findings: list[Finding] = field(default_factory=list)
    rejects: list[pd.DataFrame] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    sources: dict[str, TextTable] = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """Opens and parses tables under one definition.

    Parameters
    ----------
    workspace : Workspace
        Engine.
    definition : Definition
        Roles of the tables, time zone, caps on values that do not parse.
    frames : mapping of str to DataFrame
        Tables handed over in Python instead of files: ``leads``, ``events.NAME`` and so on.
    types : mapping of feature name to type
        Types of profile columns decided when the model was trained.
    """

    workspace: Workspace
    definition: Definition
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str, spec: Export, needed: Iterable[str | None]) -> TextTable:
        """Open the table ``name`` as text; every needed column is there, or an error says where."""
        frame = self.frames.get(name)
        text = read_text(self.workspace, spec, folder=self.definition.folder, frame=frame)
        require(text, list(dict.fromkeys(c for c in needed if c)), name)
        return text

    def is_leads(self, name: str, spec: Export) -> bool:
        """Tell whether a table is the leads' own: each of its dated columns is then a table."""
        leads, frame = self.definition.leads, self.frames.get(name)
        if frame is not None:
            return frame is self.frames.get("leads")
        placed = spec.path is not None or spec.sql is not None
        return placed and (spec.paths, spec.sql) == (leads.paths, leads.sql)

    def parse(
        self,
        text: TextTable,
        columns: Mapping[str, str],
        *,
        stamps: Iterable[str] = (),
        personal: Iterable[str] = (),
    ) -> Parsed:
        """Parse columns to types; ``stamps`` without a time of day count at the end of the day.

        Ids are returned in one form (`predict.crm.ids`); of columns of type ``email`` the
        addresses are hashed, and other values are ids.
        """
        reading = self.definition.reading
        mails = [c for c, kind in columns.items() if kind == EMAIL]
        parsed = parse(
            self.workspace,
            text,
            {c: ID if c in mails else kind for c, kind in columns.items()},
            time_zone=self.definition.time_zone,
            end_of_day=frozenset(stamps),
            personal=frozenset([*personal, *mails]),
            cap_rows=reading.reject_cap_rows,
            cap_share=reading.reject_cap_share,
        )
        formed = {
            c: self.formed(parsed.table[c], k) for c, k in columns.items() if k in (ID, EMAIL)
        }
        return replace(parsed, table=parsed.table.mutate(**formed)) if formed else parsed

    def formed(self, ids: ir.StringValue, kind: str) -> ir.StringValue:
        """Return ids (of type ``id`` or ``email``) as they are compared."""
        found = one_form(ids, self.definition.ids)
        return hashed(found) if kind == EMAIL else found

    def id_type(self, kinds: Iterable[str]) -> str:
        """Return the type of a column with ids of some kinds: names of links, or ``lead``."""
        links = self.definition.links
        return EMAIL if any(k in links and links[k].kind == "email" for k in kinds) else ID

    def profile_types(
        self, text: TextTable, declared: Mapping[str, str | None], prefix: str = ""
    ) -> dict[str, ProfileType]:
        """Return the type of each profile column: known, declared, else guessed from its values.

        Parameters
        ----------
        text : TextTable
            The table.
        declared : mapping of column to type or None
            Types from the definition.
        prefix : str
            What feature names begin with: ``"account."``.
        """
        named = {c: self.types.get(prefix + c) or t for c, t in declared.items()}
        unknown = [c for c, t in named.items() if t is None]
        guesses = guess_types(text, unknown) if unknown else {}
        return {c: _profile_type(t or guesses[c]) for c, t in named.items()}


def _profile_type(name: str) -> ProfileType:
    if name == "number":
        return "number"
    return "text" if name == "text" else "category"


def parser(profile_type: ProfileType) -> str:
    """Return how the values of a profile column are parsed."""
    return "number" if profile_type == "number" else "text"


def profile_value(column: ir.Column, profile_type: ProfileType) -> ir.Value:
    """Return a parsed column as a profile value: a float, or text that is not blank."""
    if profile_type == "number":
        return column.cast("float64")
    return column.cast("string").strip().nullif("")
