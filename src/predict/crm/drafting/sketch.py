"""Sketch: what a draft will say, before its questions are answered and it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from predict.crm.drafting.blocks import Block
from predict.crm.drafting.columns import ColumnsDraft
from predict.crm.grouping import paths
from predict.crm.recognition import Recognised
from predict.crm.survey import TableLook

#: Days between the first lead and the first success from which on the successes before are taken
#: not to have been recorded.
_UNRECORDED = 60


@dataclass(frozen=True)
class Answers:
    """What was answered; None where the default holds.

    Parameters
    ----------
    stage : str, optional
        The stage that counts.
    within_days : float, optional
        Days in which it counts.
    time_zone : str, optional
        Of stamps without one.
    capacity_per_month : float, optional
        Leads that sales can follow up in a month.
    after_contact : tuple of str, optional
        Columns that sales fills in after the first contact.
    """

    stage: str | None = None
    within_days: float | None = None
    time_zone: str | None = None
    capacity_per_month: float | None = None
    after_contact: tuple[str, ...] | None = None


@dataclass
class Sketch:
    """What a draft will say.

    Parameters
    ----------
    leads : Recognised
        The table of leads.
    lead : Block
        Its section.
    columns : ColumnsDraft
        Its columns.
    blocks : list of Block
        The sections after it.
    stages : dict of str to (int, str)
        Stages that leads reached → about how many, and what the stage is; the default first.
    lost, reopen : list of str
        Stages that end a lead, and that bring it back.
    created : str
        The creation date.
    days : float
        Days that catch most of the successes; 0 for a flat export.
    days_why : str
        Why so many.
    never : dict of str to str
        Columns never to be used, with why, beside those of the leads.
    ids : str or None
        Whose ids the tables carry.
    history : str or None
        What would unlock the overwritten columns.
    used : dict of str to str
        Path of each table that is mapped → what it is.
    aside : list of (TableLook, str)
        Tables that are not, and why.
    notes : list of str
        What to know and what one more export would add.
    kinds : dict of str to tuple of str
        Logs of what leads did → their kinds of events.
    newest : datetime or None
        The newest stamp in any table of something that happened or was changed.
    """

    leads: Recognised
    lead: Block
    columns: ColumnsDraft
    created: str
    blocks: list[Block] = field(default_factory=list)
    stages: dict[str, tuple[int, str]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    reopen: list[str] = field(default_factory=list)
    days: float = 90.0
    days_why: str = "a usual length; the stage × horizon table of the first look says what it costs"
    never: dict[str, str] = field(default_factory=dict)
    ids: str | None = None
    history: str | None = None
    used: dict[str, str] = field(default_factory=dict)
    aside: list[tuple[TableLook, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)

    newest: datetime | None = None

    @property
    def capacity(self) -> float:
        """A fifth of the leads of a month, in two digits: assumed until somebody says."""
        span = self.leads.look.columns[self.created]
        if span.first is None or span.last is None:
            return 100.0
        months = max((span.last - span.first).days / 30.4, 1.0)
        share = max(self.leads.look.rows / months / 5, 1.0)
        digits = 10 ** max(len(str(int(share))) - 2, 0)
        return float(round(share / digits) * digits)

    def successes_since(self, first: datetime | None) -> None:
        """Look only at leads from the first success on, where older ones came long before it."""
        oldest = self.leads.look.columns[self.created].first
        if first is None or oldest is None or (first - oldest).days <= _UNRECORDED:
            return
        note = f"leads go back to {oldest:%Y-%m-%d}, successes only to here: older ones look lost"
        self.lead.put("covers_from", first.date(), note)

    def say_what_histories_add(self, which: str) -> None:
        """Note, where no history was given, which columns of the leads one would be good for."""
        able = [c for c in self.columns.of_class("mutable") if c in self.leads.fields]
        if able:
            self.notes.append(
                f"{', '.join(able)} can be overwritten, and then an export shows what they became, "
                f"not what they were: left out until {which} tells. Class one that nobody ever "
                'overwrites "fixed".'
            )

    def logs_of(self, pattern: str) -> str | None:
        """Return the log of what leads did that holds such kinds of events, or None."""
        return next(
            (n for n, ks in self.kinds.items() if any(re.search(pattern, k, re.I) for k in ks)),
            None,
        )

    def add(self, block: Block, one: Recognised, what: str) -> Block:
        """Add a section that reads a table."""
        self.blocks.append(block)
        self.take(one, what)
        return block

    def take(self, one: Recognised, what: str) -> None:
        """Note what a table, with its parts, is read as; the first use names it."""
        for look in (one.look, *one.more):
            self.used.setdefault(look.place.path + (look.place.sheet or ""), what)


def table_block(
    header: tuple[str, ...],
    one: Recognised,
    comment: str = "",
    where: Mapping[str, Any] | None = None,
) -> Block:
    """Return the beginning of a section that reads a table: path, sheet, format, rows that count.

    Deleted rows are counted out wherever the table says which they are.
    """
    look = one.look
    block = Block(header, comment)
    block.put("path", paths(one)).put("sheet", look.place.sheet)
    for key, value in look.options.items():
        block.put(key, value, "assumed, no value decides: correct it where it is wrong")
    kept = {**(alive(one) or {}), **(where or {})}
    return block.put("where", kept)


def alive(one: Recognised) -> dict[str, str] | None:
    """Return the ``where`` that counts deleted rows out, or None where nothing says so."""
    column = one.part("deleted")
    said = falses(one.look, column) if column else []
    return {column: said[0]} if column and said else None


def falses(look: TableLook, column: str) -> list[str]:
    """Return the values of a column that mean no, as they stand."""
    return [v for v in look.columns[column].values if v.lower() in ("false", "0", "no", "f")]


def trues(look: TableLook, column: str) -> list[str]:
    """Return the values of a column that mean yes, as they stand."""
    return [v for v in look.columns[column].values if v.lower() in ("true", "1", "yes", "t")]


def one_or_more(values: Sequence[str]) -> str | list[str]:
    """Return a single value without brackets, as definitions write it."""
    return values[0] if len(values) == 1 else list(values)


def covers(look: TableLook, column: str, since: datetime | None) -> Any:
    """Return the day from which a table is complete, where it begins well after the leads do."""
    first = look.columns[column].first
    if first is None or since is None or (first - since).days <= 14:
        return None
    return first.date()
