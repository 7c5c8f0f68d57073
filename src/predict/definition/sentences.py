"""Sentences for what pydantic finds wrong, with the nearest known key or word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from predict.definition.complaints import Complaint, Contradiction, KeyPath, dotted
from predict.definition.section import Section, outline, section_at
from predict.errors import nearest

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

#: pydantic's error type → what is wrong, with places for its context.
_SAID: Mapping[str, str] = {
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "must be one character",
    "string_pattern_mismatch": "must begin with a letter or digit and hold only these, . - and _",
    "float_type": "must be a number, without quotes",
    "int_type": "must be a whole number, without quotes",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false, without quotes",
    "tuple_type": "must be a list in brackets",
    "too_short": "must not be empty",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "literal_error": "must be {expected}",
    "dict_type": "must be a section with keys of its own",
    "model_type": "must be a section with keys of its own",
}


def complaints_of(error: ValidationError, top: type[Section]) -> list[Complaint]:
    """Return pydantic's errors about a section as complaints.

    Parameters
    ----------
    error : pydantic.ValidationError
        Raised by ``top.model_validate``.
    top : type of Section
        The section that paths start from.
    """
    return [complaint for detail in error.errors() for complaint in _of(detail, top)]


def _of(detail: ErrorDetails, top: type[Section]) -> Iterator[Complaint]:
    path: KeyPath = tuple(step for step in detail["loc"] if step != "[key]")
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        yield _unknown(path, top)
    elif kind == "missing":
        yield Complaint(path, "is missing", _added(path, top))
    elif kind == "value_error" and isinstance(context["error"], Contradiction):
        yield from (c.under(path) for c in context["error"].complaints)
    elif kind == "value_error":
        yield Complaint(path, str(context["error"]), got=_shown(detail["input"]))
    else:
        said = _SAID[kind].format(**context) if kind in _SAID else detail["msg"]
        said = said.replace("'", '"')
        yield Complaint(path, said, _near(detail["input"], context), _shown(detail["input"]))


def _unknown(path: KeyPath, top: type[Section]) -> Complaint:
    section = section_at(top, path[:-1]) or top
    reason = section.refused.get(str(path[-1]))
    if reason is not None:
        return Complaint(path, reason)
    return Complaint(path, "unknown key", _meant(path, section, top))


def _meant(path: KeyPath, section: type[Section], top: type[Section]) -> str:
    """Say which known key an unknown one may have been meant for."""
    key, parent = str(path[-1]), path[:-1]
    near = nearest(key, section.attributes())
    if near is not None:
        return f"did you mean {near}?"
    homes = [_header(home) for home, other in outline(top) if key in other.attributes()]
    if len(homes) in (1, 2):
        return f"it belongs in {' or '.join(homes)}"
    return f"the keys of {_header(parent)} are {', '.join(section.attributes())}"


def _added(path: KeyPath, top: type[Section]) -> str:
    """Say how a missing key is added."""
    if section_at(top, path) is not None:
        return f"add a section {_header(path)}"
    return f"add {dotted(path[-1:])} to {_header(path[:-1])}"


def _header(path: KeyPath) -> str:
    return f"[{'.'.join(str(p) if p == '…' else dotted([p]) for p in path)}]" if path else "the top"


def _near(value: object, context: Mapping[str, Any]) -> str | None:
    words = [
        w.strip("'") for w in str(context.get("expected", "")).replace(" or ", ", ").split(", ")
    ]
    near = nearest(value, words) if isinstance(value, str) and words else None
    return f"did you mean {near}?" if near else None


def _shown(value: object) -> str | None:
    """Return a value as TOML would write it, short; None for sections, lists and addresses."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and "://" not in value:
        return f'"{value}"' if len(value) <= 60 else f'"{value[:59]}…"'
    if isinstance(value, int | float | date):
        return str(value)
    return None
