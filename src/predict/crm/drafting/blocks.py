"""Blocks of a drafted definition, written as TOML with the reasons beside the values."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from predict.definition.complaints import dotted
from predict.definition.writing import inline

WIDTH = 100
#: A value and the comment behind it may be as wide as this.
_WIDEST = 120
#: Column in which comments behind values begin, where the value leaves room for it.
_COMMENT_AT = 40


@dataclass(frozen=True)
class Line:
    """A key with its value and what is to be said about it; without a key a comment alone."""

    key: str | None
    value: Any = None
    note: str | None = None


@dataclass
class Block:
    """One section of a definition.

    Parameters
    ----------
    header : str
        As in ``[leads.columns]``; empty for the top.
    comment : str
        Stands above the header.
    lines : list of Line
        In this order.
    """

    header: tuple[str, ...]
    comment: str = ""
    lines: list[Line] = field(default_factory=list)

    def put(self, key: str, value: Any, note: str | None = None) -> Block:
        """Add a key, unless its value is None or empty."""
        if value is not None and value not in ({}, (), []):
            self.lines.append(Line(key, value, note))
        return self

    def say(self, note: str) -> Block:
        """Add a comment of its own."""
        self.lines.append(Line(None, None, note))
        return self

    def written(self) -> str:
        """Return the block as TOML.

        Examples
        --------
        >>> block = Block(("leads", "columns"), "Who fills this, and when?")
        >>> print(block.put("Job Title", {"class": "fixed"}, "from the form").written(), end="")
        # Who fills this, and when?
        [leads.columns]
        "Job Title" = { class = "fixed" }       # from the form
        """
        text = commented(self.comment)
        if self.header:
            text += f"[{dotted(self.header)}]\n"
        return text + "".join(_written(line) for line in self.lines)


def commented(text: str) -> str:
    """Return sentences as comment lines; line ends in the text are kept.

    Examples
    --------
    >>> commented("One.")
    '# One.\\n'
    """
    lines: list[str] = []
    for paragraph in text.splitlines():
        lines += textwrap.wrap(paragraph, WIDTH - 2, break_on_hyphens=False) or [""]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _written(line: Line) -> str:
    note = " ".join((line.note or "").split())
    if line.key is None:
        return commented(note)
    said = f"{dotted([line.key])} = {_value(line.value)}"
    if not note:
        return said + "\n"
    last = said.rpartition("\n")[2]
    room = max(_COMMENT_AT, len(last) + 2)
    if "\n" not in said and room + len(note) + 2 <= _WIDEST:
        return f"{said.ljust(room)}# {note}\n"
    return f"{commented(note)}{said}\n"


def _value(value: Any) -> str:
    """Return a value as TOML; lists that are too long for a line have one entry a line."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    short = inline(_frozen(value))
    if len(short) <= WIDTH - 20:
        return short
    if isinstance(value, Mapping) and len(value) == 1:
        (key, inner), *_ = value.items()
        return f"{{ {dotted([key])} = {_value(inner)} }}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        inside = "".join(f"    {inline(v)},\n" for v in value)
        return f"[\n{inside}]"
    return short


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, Mapping):
        return {key: _frozen(inner) for key, inner in value.items()}
    return value
