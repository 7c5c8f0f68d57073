"""Writing: sections → TOML that reads well and says the same when read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit

from predict.definition.complaints import KeyPath, dotted
from predict.definition.section import Section

#: Tables that would be longer on one line become sections.
WIDTH = 88


def write(section: Section) -> str:
    """Return a section as TOML, without what is at its default.

    Parameters
    ----------
    section : Section
        Usually a `Definition`.

    Returns
    -------
    str
        Text that `predict.definition.reading.parse` reads into an equal section.

    Examples
    --------
    >>> from predict.definition.profiles import LeadsTable
    >>> leads = LeadsTable(path="leads.csv", lead_id="Id", created_at="Created", where={"Own": "1"},
    ...                    columns={"Title": "fixed", "Age": {"class": "fixed", "type": "number"}})
    >>> print(write(leads), end="")
    path = "leads.csv"
    where = { Own = ["1"] }
    lead_id = "Id"
    created_at = "Created"
    <BLANKLINE>
    [columns]
    Title = "fixed"
    Age = { class = "fixed", type = "number" }
    """
    return "\n".join(_lines(section, ())).strip("\n") + "\n"


def _lines(values: Section | Mapping[str, Any], path: KeyPath) -> Iterator[str]:
    """Yield the header, the values of the section itself, then the sections below it."""
    named = not isinstance(values, Section)
    told = values.told() if isinstance(values, Section) else values
    below = {key: value for key, value in told.items() if _is_section(value, named=named)}
    if path and len(below) < max(len(told), 1):
        yield f"\n[{dotted(path)}]"
    for key in [k for k in told if k not in below]:
        yield f"{dotted([key])} = {inline(told[key])}"
    for key, value in below.items():
        yield from _lines(value, (*path, key))


def _is_section(value: object, *, named: bool) -> bool:
    """Say whether a value gets a header of its own.

    Parameters
    ----------
    value : object
        The value of a key.
    named : bool
        Whether the key is a name that the analyst chose, as in ``[lists.trade_show]``.
    """
    if isinstance(value, Section):
        return value.shorthand is None
    if not isinstance(value, Mapping):
        return False
    holds_more = any(isinstance(v, Section | Mapping) for v in value.values())
    return named or holds_more or len(inline(value)) > WIDTH


def inline(value: Any) -> str:
    """Return a value as it stands behind ``=``; whole numbers without a point."""
    if isinstance(value, Section):
        told = value.told()
        return inline(told[str(value.shorthand)] if list(told) == [value.shorthand] else told)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{dotted([key])} = {inline(v)}" for key, v in value.items())
        return f"{{ {pairs} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(inline(v) for v in value)}]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return tomlkit.item(value).as_string()
