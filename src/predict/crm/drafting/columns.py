"""Columns of leads in a draft: each is mapped, classed, or listed with why it is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from predict.crm.drafting import signs
from predict.crm.drafting.blocks import Block
from predict.crm.presets.fields import Field, bare
from predict.crm.recognition import Recognised
from predict.crm.survey import ColumnLook, Fill, Survey

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: A column counts as filled at creation where the newest leads have it nearly as often as others,
#: and won ones hardly more often.
_AS_OFTEN, _MORE_OFTEN = 0.85, 1.2
#: Different values beyond which a column of texts is free text or a key.
_MANY = 500
#: Letters from which on a note that several columns share is written once, above them.
_LONG = 40
#: Why a column that may be overwritten is not used.
_NOT_TOLD = "no history here: left out until one tells"
#: Classes in the order they are written, with what stands above them.
_ORDER = {
    "fixed": "Who the lead is, as known at its creation. Ask of each: who fills this, and when?",
    "mutable": "Overwritten by the CRM: used as it stood at each look where a history tells, else "
    "left out.",
    "incumbent": "What ranks leads today: to be beaten, never to be learned from.",
    "first_of": "Dates of a first time, which are told in full elsewhere.",
    "last_of": "Dates of the latest time: they move on, so they never train.",
    "hindsight": "Known only after contact or after the outcome, or as of the export: never train.",
    "eligibility": "May we write or call.",
    "personal": "Never features; of the e-mail address only its kind is used.",
}


@dataclass
class ColumnsDraft:
    """The columns of a profile, sorted.

    Parameters
    ----------
    classed : dict of str to (dict, str)
        Column → what stands behind it in ``[….columns]``, and the note.
    protected : list of str
        Columns for ``[never_use]``.
    out : dict of str to str
        Column → why it is left out.
    shortlist : list of str
        Undeclared columns that would help if they are known at creation.
    after_contact : list of str
        Columns that by their name sales fills in after the first contact.
    """

    classed: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)
    protected: list[str] = field(default_factory=list)
    out: dict[str, str] = field(default_factory=dict)
    shortlist: list[str] = field(default_factory=list)
    after_contact: list[str] = field(default_factory=list)

    def put(self, name: str, cls: str, note: str, **told: Any) -> None:
        """Class a column."""
        self.classed[name] = ({"class": cls, **{k: v for k, v in told.items() if v}}, note)

    def put_links(self, one: Recognised, names: Iterable[str | None]) -> None:
        """Class columns that links and outcomes are read from: as features they would tell all."""
        for name in names:
            if name is not None and name not in self.classed:
                why = one.fields[name].out if name in one.fields else None
                self.put(name, "hindsight", why or "read as a link or an outcome, never a feature")

    def of_class(self, cls: str) -> list[str]:
        """Return the columns of a class."""
        return [n for n, (told, _) in self.classed.items() if told["class"] == cls]

    def block(self, header: tuple[str, ...], history: str | None) -> Block | None:
        """Return the section with the columns, and with those that are left out as comments.

        Parameters
        ----------
        history : str or None
            What would unlock the mutable columns, where nothing tells their history.
        """
        block = Block(header)
        for cls, above in _ORDER.items():
            names = self.of_class(cls)
            if names:
                block.say(above + (f" {history}" if cls == "mutable" and history else ""))
            notes = [self.classed[name][1] for name in names]
            shared = {n for n in notes if len(n) > _LONG and notes.count(n) > 1}
            for name in [n for n in names if self.classed[n][1] not in shared]:
                told, note = self.classed[name]
                block.put(name, told if len(told) > 1 else told["class"], note)
            for note in sorted(shared, key=notes.index):
                block.say(f"{note[:1].upper()}{note[1:]}:")
                for name in [n for n in names if self.classed[n][1] == note]:
                    told = self.classed[name][0]
                    block.put(name, told if len(told) > 1 else told["class"])
        if self.out:
            listed = "; ".join(f"{name} ({why})" for name, why in self.out.items())
            block.say(f"Left out: {listed}.")
        if self.shortlist:
            total = len(self.classed) + len(self.out) + len(self.shortlist)
            block.say(
                f"{len(self.shortlist)} of {total} columns are undeclared and would help if known "
                f'at creation; look at these first, and declare those that are as "fixed": '
                f"{', '.join(self.shortlist)}."
            )
        return block if block.lines else None


def sort_columns(
    one: Recognised,
    survey: Survey,
    *,
    taken: Collection[str],
    created: str | None,
    won: ir.BooleanValue | None = None,
    tracked: Mapping[str, str] | None = None,
    after_contact: Collection[str] | None = None,
) -> ColumnsDraft:
    """Return the columns of a table, sorted by preset, then by name, then by how full they are.

    Parameters
    ----------
    one : Recognised
        The table.
    survey : Survey
        Counts.
    taken : collection of str
        Columns that have a role.
    created : str, optional
        Column with the creation date, by which the newest leads are told.
    won : ibis boolean, optional
        Rows that were successful: a column that is filled for them alone was filled afterwards.
    tracked : mapping of str to str
        Columns that a history tells of, with their names there.
    after_contact : collection of str, optional
        Columns that sales fills in, as answered; None where nobody was asked.
    """
    done, tracked = ColumnsDraft(), tracked or {}
    told = any(known.tracked for name, known in one.fields.items() if name in tracked)
    look = one.look
    rest: list[str] = []
    for name, column in look.columns.items():
        if name in taken:
            continue
        known = one.fields.get(name)
        if not column.filled:
            done.out[name] = "empty"
        elif known is not None and _by_preset(done, column, known, name in tracked, told):
            continue
        elif name in tracked and signs.class_of(name) is None:
            done.put(name, "mutable", "", words=signs.plain(name))
        elif not _by_name(done, column, name in tracked):
            rest.append(name)
    fills = survey.fills(look, rest, created, won) if created else {}
    for name in rest:
        _by_filling(done, look.columns[name], fills.get(name), look.rows)
    _answered(done, after_contact)
    return done


def history_names(one: Recognised, values: Collection[str]) -> dict[str, str]:
    """Return column → name in the history, for the fields that a history names.

    Parameters
    ----------
    one : Recognised
        The table whose columns change.
    values : collection of str
        Names of fields as the history has them: API or internal names.
    """
    found = {}
    for column in one.look.columns:
        known = one.fields.get(column)
        spelled = {bare(column)}
        if known is not None:
            spelled |= {bare(known.name), *map(bare, known.labels)}
        named = sorted(v for v in values if bare(v) in spelled)
        if named:
            found[column] = named[0]
    return found


def _by_preset(
    done: ColumnsDraft, column: ColumnLook, known: Field, tracked: bool, told: bool
) -> bool:
    """Class a column that a preset knows; return whether that settles it.

    What somebody may overwrite holds today's value, which sales may have typed in after the
    outcome: without a history, nothing tells what stood there before.
    """
    name, why = column.name, known.why or ""
    cls = known.cls
    kind = "category" if known.type == "number" and column.kind != "number" else known.type
    if known.protected:
        done.protected.append(name)
    elif cls == "incumbent" and column.kind != "number":
        done.put(name, "hindsight", f"{why}; in words: no score to compare with")
    elif known.tracked and tracked:
        done.put(name, "mutable", f"{why}; tracked", type=kind, words=known.words)
    elif known.tracked and not told:
        done.put(name, "mutable", _NOT_TOLD, type=kind, words=known.words)
    elif cls is not None:
        done.put(name, cls, why, type=kind, words=known.words)
    elif known.out is not None:
        done.out[name] = known.out
    else:
        return known.is_ is not None or known.event is not None or known.stage is not None
    return True


def _by_name(done: ColumnsDraft, column: ColumnLook, tracked: bool) -> bool:
    """Class a column by its name; return whether that was possible."""
    name, sign = column.name, signs.class_of(column.name)
    if sign is None:
        return False
    cls, why = sign
    if cls == "protected":
        done.protected.append(name)
    elif cls == "profile":
        titles = "title" in signs.words(name) and not column.values
        kind = "text" if titles else "number" if column.kind == "number" else "category"
        if column.kind == "timestamp" or (kind == "category" and not column.values):
            return False
        done.put(name, "fixed", f"{why}; guessed", type=kind, words=signs.plain(name))
    elif cls == "count":
        done.put(name, "mutable" if tracked else "hindsight", why, words=signs.plain(name))
    elif cls == "incumbent" and column.kind != "number":
        done.put(name, "hindsight", f"{why}, in words")
    elif cls == "mutable":
        done.put(name, cls, why, words=signs.plain(name))
    else:
        if cls == "last_of" and column.kind != "timestamp":
            cls, why = "hindsight", "by its name of the latest time"
        done.put(name, cls, why)
        if cls == "hindsight" and signs.after_contact(name):
            done.after_contact.append(name)
    return True


def _by_filling(done: ColumnsDraft, column: ColumnLook, fill: Fill | None, rows: int) -> None:
    """Class a column whose name says nothing by how full it is: among the newest leads, among won.

    What is filled in later is missing at leads that came in just now.
    """
    name = column.name
    if column.prefixes or (column.distinct == column.filled and column.kind != "number"):
        done.out[name] = "a key"
    elif column.kind == "timestamp":
        done.out[name] = "a date: where it dates a first time, declare an [events.…] table"
    elif column.kind in ("category", "text") and column.distinct > max(_MANY, rows // 20):
        done.out[name] = "free text, or a key"
    elif column.distinct == 1:
        done.out[name] = "one value throughout"
    elif fill is None:
        done.shortlist.append(name)
    elif fill.won > max(fill.other * _MORE_OFTEN, fill.other + 0.02):
        done.put(
            name,
            "hindsight",
            f"filled for {fill.won:.0%} of the successful, {fill.other:.0%} of the others: later",
        )
    elif fill.young >= fill.old * _AS_OFTEN:
        kind = "number" if column.kind == "number" else "category"
        full = "all have it" if fill.young > 0.99 else "as full at the newest leads as at others"
        note = f"guessed to be known at creation: {full}"
        done.put(name, "fixed", note, type=kind, words=signs.plain(name))
    else:
        done.shortlist.append(name)


def _answered(done: ColumnsDraft, after_contact: Collection[str] | None) -> None:
    """Put the columns that sales fills in among hindsight, and others that were guessed back."""
    if after_contact is None:
        return
    for name in list(done.after_contact):
        if name not in after_contact:
            done.put(name, "fixed", "as answered: not filled in by sales", words=signs.plain(name))
    for name in after_contact:
        done.put(name, "hindsight", "as answered: sales fills it in after contact")
        if name in done.shortlist:
            done.shortlist.remove(name)
    done.after_contact = list(after_contact)
