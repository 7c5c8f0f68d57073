"""The semantic digest: what a model depends on, whatever the file looks like.

A model is only used with a definition that means the same as the one it learned from. What counts
is decided where each key is declared (`predict.definition.section.ASIDE` marks what does not):

- **counts**: what is predicted and when (``conversion``, ``snapshots``, ``time_zone``) and for whom
  (``customers``); which rows and columns are which (every mapping, column class and type,
  ``where``, ``sql``, ``covers_from``, ``ids``) and which mailboxes are free (``free_mail``); who
  is rated qualified (``criteria``); what is left out (``never_use``).
- **does not count**: where a file lies and how its text is read (``data``, ``path``, ``url_env``,
  ``sheet``, ``delimiter``, ``encoding``, ``decimal``, ``dates``, the caps of ``reading``) and when
  it was exported (``exported_at``), for new exports come every month, and the declared values are
  the same however they are stored; wording (``words``), which alters what is read, not what is
  scored; ``lists``, for each new list may bring its own headers; ``suppression``, for people who
  ask not to be contacted must be left alone at once and not after a training; ``money``, for
  cut-offs are fixed when a model is promoted and stored with it: new figures take effect at the
  next promotion; ``coverage`` and ``audit``, for they silence a check and alter no row; ``name``,
  which says whose model to look for, not what it means.

``sql`` counts as it is written, since a query may filter and compute; a query that changes with
the calendar belongs in a view. Order never counts: neither of keys nor of names in a list.
A value at its default is the same as one left out, so that a key added in a later version does not
change the digest of older definitions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from predict.definition.complaints import KeyPath, dotted
from predict.definition.section import Section


def meaning(section: Section) -> dict[str, Any]:
    """Return what counts in a section as JSON-ready values in one fixed form.

    Examples
    --------
    >>> from predict.definition.agreement import Conversion
    >>> meaning(Conversion(stage="won", within_days=90, lost_stages=("lost", "closed")))
    {'stage': 'won', 'within_days': 90.0, 'lost_stages': ['closed', 'lost']}
    """
    said = {key: _canonical(value) for key, value in section.told(aside=False).items()}
    # A section in which nothing counts says nothing; a *named* one (a table) is there all the same.
    return {key: value for key, value in said.items() if value != {}}


def digest(section: Section) -> str:
    """Return the SHA-256 of the meaning of a section, as 64 hexadecimal digits.

    Examples
    --------
    >>> from predict.definition.agreement import Conversion
    >>> short, long = Conversion(stage="won", within_days=90), Conversion(
    ...     stage="won", within_days=90.0, export_lag_days=0)
    >>> digest(short) == digest(long)
    True
    """
    said = json.dumps(meaning(section), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def differences(one: Section, other: Section) -> list[str]:
    """Return the key paths at which two sections mean different things, sorted.

    Examples
    --------
    >>> from predict.definition.agreement import Conversion
    >>> one = Conversion(stage="won", within_days=90)
    >>> differences(one, Conversion(stage="won", within_days=30))
    ['within_days']
    """
    return sorted(dotted(path) for path in _apart(meaning(one), meaning(other), ()))


def _apart(one: Any, other: Any, path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            if key in one and key in other:
                yield from _apart(one[key], other[key], (*path, key))
            else:
                yield (*path, key)
    elif _written(one) != _written(other):
        yield path


def _canonical(value: Any) -> Any:
    if isinstance(value, Section):
        return meaning(value)
    if isinstance(value, Mapping):
        return {key: _canonical(v) for key, v in value.items()}
    if isinstance(value, tuple):
        return sorted((_canonical(v) for v in value), key=_written)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return value


def _written(value: Any) -> str:
    """Return JSON, which tells ``1`` from ``true`` as ``==`` does not."""
    return json.dumps(value, sort_keys=True)
