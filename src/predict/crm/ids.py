"""Ids in one form: Salesforce's 15 characters as 18, e-mail addresses as hashes."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: The characters that five bits choose from.
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CHUNK, _LENGTH = 5, 15
#: What stands in the id column of a table.
ID, EMAIL = "id", "email"
#: What a hashed address looks like.
HASHED = "^[0-9a-f]{64}$"


def one_form(column: ir.StringValue, vendor: str | None) -> ir.StringValue:
    """Return ids as they are compared: unchanged, or Salesforce's in 18 characters.

    An id of 15 characters, of which upper and lower case differ, gets three more. Each stands for
    five of the fifteen: bit *i* says whether character *i* is a capital. What does not look like
    such an id stays as it is, and so does one of 18 characters. (Salesforce, "ID Field Type",
    Object Reference for the Salesforce Platform.)

    Parameters
    ----------
    column : Ibis string column
        Ids without outer blanks.
    vendor : {"salesforce"} or None
        ``ids`` of the definition.

    Examples
    --------
    >>> import ibis
    >>> ids = ibis.memtable({"id": ["00Q5e00001AbCdE", "L-7"]}).id
    >>> one_form(ids, "salesforce").execute().tolist()
    ['00Q5e00001AbCdEEAV', 'L-7']
    """
    import ibis

    if vendor != "salesforce":
        return column
    lower = column.lower()
    made = column
    for start in range(0, _LENGTH, _CHUNK):
        bits = [
            ibis.ifelse(column.substr(start + i, 1) != lower.substr(start + i, 1), 1 << i, 0)
            for i in range(_CHUNK)
        ]
        made = made + ibis.literal(_CHECK).substr(sum(bits[1:], bits[0]), 1)
    return column.re_search(f"^[0-9A-Za-z]{{{_LENGTH}}}$").ifelse(made, column)


def hashed(column: ir.StringValue) -> ir.StringValue:
    """Return e-mail addresses as SHA-256 of their lower case, and other values as they are.

    Examples
    --------
    >>> import ibis
    >>> given = ibis.memtable({"id": [" A@x.example", "a@X.example ", "L-7"]}).id
    >>> one, other, third = hashed(given).execute()
    >>> one == other, len(one), third
    (True, 64, 'L-7')
    """
    return column.contains("@").ifelse(column.strip().lower().hexdigest("sha256"), column)


def forms_of(lead: str) -> list[str]:
    """Return an id as somebody writes it, then in the forms that it may be kept in.

    Salesforce's 15 characters and 18 are one id; an e-mail address is kept as its `hashed` form.

    Examples
    --------
    >>> forms_of("00Q5e00001AbCdE"), forms_of("00Q5e00001AbCdEEAV")
    (['00Q5e00001AbCdE', '00Q5e00001AbCdEEAV'], ['00Q5e00001AbCdEEAV', '00Q5e00001AbCdE'])
    >>> forms_of(" L-7 "), len(forms_of("jo@x.example"))
    (['L-7'], 2)
    """
    lead = lead.strip()
    short = lead[:_LENGTH]
    found = [lead]
    if re.fullmatch(f"[0-9A-Za-z]{{{_LENGTH}}}", short):
        chunks = [short[i : i + _CHUNK] for i in range(0, _LENGTH, _CHUNK)]
        signs = [_CHECK[sum(c.isupper() << i for i, c in enumerate(chunk))] for chunk in chunks]
        long = short + "".join(signs)
        found += [f for f in (short, long) if lead in (short, long)]
    if "@" in lead:
        found.append(hashlib.sha256(lead.lower().encode()).hexdigest())
    return list(dict.fromkeys(found))
