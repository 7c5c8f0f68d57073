"""Personal data: columns whose names give away that they hold them, and cells that do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Names of columns whose values may tell who somebody is.
_PERSONAL = re.compile(
    r"(^|\W)(name|e ?mail|phone|mobile|fax|street|address|city|zip|postal|linkedin|twitter|photo|"
    r"description|notes?|comments?|birth|salutation|company|url|website|domain)(\W|$)"
)
#: An e-mail address anywhere in a text.
_ADDRESS = r"[^\s@]+@[^\s@]+\.[^\s@]+"
#: A telephone number and nothing else: with a plus, a bracket, or groups of digits, so that neither
#: a count nor a date is one.
_TELEPHONE = (
    r"^\s*(\+[\d\s()/.-]{7,}|\(?0\d+\)?[\s/-]\d[\d\s/-]{4,}|"
    r"\(\d{3}\)\s*\d{3}[ .-]\d{4}|\d{3}[ .-]\d{3}[ .-]\d{4})\s*$"
)


def may_be_personal(column: str) -> bool:
    """Tell whether the values of an undeclared column might say who a lead is.

    Examples
    --------
    >>> may_be_personal("MobilePhone"), may_be_personal("Notes__c"), may_be_personal("Industry")
    (True, True, False)
    """
    return _PERSONAL.search(plain_name(column)) is not None


def plain_name(column: str) -> str:
    """Return the name of a column in lower-case words, without what vendors add.

    Examples
    --------
    >>> plain_name("MobilePhone"), plain_name("Lead_Notes__c")
    ('mobile phone', 'lead notes')
    """
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"__[a-z]$", "", column))
    return re.sub(r"[\s_.-]+", " ", text).lower()


def names_somebody(text: ir.StringValue) -> ir.BooleanValue:
    """Tell of each cell whether it holds an e-mail address, or is a telephone number.

    Examples
    --------
    >>> import ibis
    >>> cells = ["ask jo@x.example", "+49 30 901820", "2024-05-06", "1200", "@home", "0151-2334455"]
    >>> names_somebody(ibis.memtable({"c": cells}).c).execute().tolist()
    [True, True, False, False, False, True]
    """
    return (text.re_search(_ADDRESS) | text.re_search(_TELEPHONE)).fill_null(False)
