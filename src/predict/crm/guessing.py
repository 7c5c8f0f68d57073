"""What a profile column seems to hold, decided once from the training export and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from predict.crm import calendars, numerals
from predict.crm.formats import stripped
from predict.crm.texttable import TextTable, as_text, require
from predict.crm.typed import FALSE, MISSING, TRUE

GuessedType = Literal["number", "timestamp", "category", "text", "boolean"]

_DATES = "|".join(calendars.sniffed(order).shape for order in calendars.SLASHED)
_NUMBERS = "|".join(numerals.PATTERNS.values())
#: Share of a column's values that must be numbers, or moments, for the column to count as such.
_NEARLY_ALL = 0.99
# Short free text, such as job titles: many different values, of which many have several words.
_MANY_VALUES, _MANY_WORDED = 200, 0.4
# Digits beyond which a float no longer tells two whole numbers apart: such columns are ids.
_LONGEST_NUMBER = 15


def guess_types(read: TextTable, names: Sequence[str]) -> dict[str, GuessedType]:
    """Say what columns seem to hold, from all their values.

    Parameters
    ----------
    read : TextTable
        The training export. Keep the answer with the model: another export may look different.
    names : sequence of str
        Columns whose type nobody declared.

    Returns
    -------
    dict of str to {"number", "timestamp", "category", "text", "boolean"}
        ``number`` and ``timestamp`` where 99 % of the values are such. Whole numbers with leading
        zeros or of more than 15 digits are categories: they are ids, codes or telephone numbers.
        ``text`` is short free text. The rest, and columns without values, are categories.

    Raises
    ------
    InputError
        A column is missing.
    """
    require(read, names, read.name)
    guesses: dict[str, GuessedType] = {}
    sums: dict[str, Any] = {}
    for i, name in enumerate(names):
        held = read.table[name].type()
        if held.is_boolean():
            guesses[name] = "boolean"
        elif held.is_numeric():
            guesses[name] = "number"
        elif held.is_timestamp() or held.is_date():
            guesses[name] = "timestamp"
        else:
            sums |= {f"{key}{i}": value for key, value in _counts(read, name).items()}
    if sums:
        row = read.table.aggregate(**sums).to_pandas().to_dict("records")[0]
        for i, name in enumerate(names):
            if name not in guesses:
                counted = {key: int(row[f"{key}{i}"]) for key in _KEYS}
                guesses[name] = _guess(counted)
    return {name: guesses[name] for name in names}


_KEYS = ("known", "numbers", "codes", "dates", "words", "distinct", "several")


def _counts(read: TextTable, name: str) -> dict[str, Any]:
    text = stripped(as_text(read.table[name]))
    holds = {
        "known": text.notnull() & ~text.lower().isin(MISSING),
        "numbers": text.re_search(_NUMBERS),
        "codes": text.re_search(rf"^[+-]?0\d|\d{{{_LONGEST_NUMBER + 1},}}"),
        "dates": text.re_search(_DATES),
        "words": text.lower().isin([w for w in (*TRUE, *FALSE) if w not in ("0", "1")]),
        "several": text.contains(" "),
    }
    counts: dict[str, Any] = {k: v.cast("int64").sum().fill_null(0) for k, v in holds.items()}
    return counts | {"distinct": text.nunique()}


def _guess(counted: dict[str, int]) -> GuessedType:
    known = counted["known"]
    if not known:
        return "category"
    if counted["words"] == known and counted["distinct"] <= 2:
        return "boolean"
    if counted["dates"] >= _NEARLY_ALL * known:
        return "timestamp"
    if counted["numbers"] >= _NEARLY_ALL * known:
        return "category" if counted["codes"] > (1 - _NEARLY_ALL) * known else "number"
    many = counted["distinct"] > _MANY_VALUES
    return "text" if many and counted["several"] > _MANY_WORDED * known else "category"
