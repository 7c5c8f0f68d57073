"""Numbers as people write them: thousands, decimals, currencies and per cent."""

from __future__ import annotations

import ibis
from ibis.expr import types as ir

#: The two readings of a number, by the sign in front of its decimals, and their names.
POINT, COMMA = ".", ","
NAMES = ("a decimal point", "a decimal comma")
#: What every engine reads without help.
PLAIN = r"^-?\d+(?:\.\d+)?$"

# A closed list: three capitals and a number could as well be a product.
_CURRENCY = (
    "(?:[$€£¥]|EUR|USD|GBP|CHF|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|TRY|ILS|AED|SAR|ZAR|INR|JPY|"
    "CNY|KRW|HKD|SGD|AUD|NZD|CAD|MXN|BRL)"
)
# Spaces between thousands are often the kinds at which no line breaks; minus signs may be printed.
_SPACE = "[ \u00a0\u202f]"
_SIGN = "[+\u2212-]"
_QUOTE = "['\u2019]"


def _pattern(decimal: str) -> str:
    """Return the grammar of a number; groups 1 and 2 are its sign and its digits."""
    point, group = (r"\.", ",") if decimal == POINT else (",", r"\.")
    grouped = "|".join(rf"(?:{sign}\d{{3}})+" for sign in (group, _QUOTE, _SPACE))
    whole = rf"(?:\d+|[1-9]\d{{0,2}}(?:{grouped}))"
    # Two digits of exponent keep every number finite.
    digits = rf"(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d{{1,2}})?"
    before = rf"({_SIGN}?)\s*(?:{_CURRENCY}\s*)?"
    return rf"^{before}({_SIGN}?{digits})\s*(?:%|{_CURRENCY})?$"


#: The grammar of each reading.
PATTERNS = {POINT: _pattern(POINT), COMMA: _pattern(COMMA)}


def is_number(text: ir.StringValue, decimal: str) -> ir.BooleanValue:
    """Tell whether stripped text is a number in one reading."""
    return text.re_search(PATTERNS[decimal])


def number(text: ir.StringValue, decimal: str) -> ir.FloatingValue:
    """Return stripped text as a number; ``12 %`` is 0.12, a currency is dropped."""
    return _plain(text, decimal).try_cast("float64") / _divisor(text)


def exact_number(text: ir.StringValue, decimal: str) -> ir.DecimalValue:
    """Return stripped text as an exact DECIMAL(18, 4), of per cent as of the number."""
    exact = _plain(text, decimal).try_cast("decimal(18, 4)")
    share = number(text, decimal).try_cast("decimal(18, 4)")
    return ibis.ifelse(text.endswith("%"), share, exact)


def whole_number(text: ir.StringValue, decimal: str) -> ir.IntegerValue:
    """Return stripped text as a whole number; decimals must be zeros."""
    digits = _plain(text, decimal).re_extract(r"^([+-]?\d+)(?:\.0*)?$", 1)
    whole = digits.try_cast("int64")
    return ibis.ifelse(text.endswith("%"), ibis.null("int64"), whole)


def _plain(text: ir.StringValue, decimal: str) -> ir.StringValue:
    """Return a number without unit and thousands, with a decimal point; missing if it is none."""
    group = "," if decimal == POINT else r"\."
    digits = text.re_replace(PATTERNS[decimal], r"\1\2").replace("\u2212", "-")
    digits = digits.re_replace(rf"{group}|{_QUOTE}|{_SPACE}", "")
    digits = digits.replace(",", ".") if decimal == COMMA else digits
    return ibis.ifelse(is_number(text, decimal), digits, ibis.null("string"))


def _divisor(text: ir.StringValue) -> ir.FloatingValue:
    return ibis.ifelse(text.endswith("%"), 100.0, 1.0)
