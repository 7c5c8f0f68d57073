"""Must-have criteria agreed by marketing and sales: failed, or not known yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from itertools import compress
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from predict.scoring import figures
from predict.scoring.words import humanised, safe_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from predict.definition.agreement import Criterion

Operator = Literal["in", "not_in", "at_least", "at_most", "equals", "present"]
Known = Literal["at hand-off", "after contact"]

OPERATORS: tuple[Operator, ...] = ("in", "not_in", "at_least", "at_most", "equals", "present")
_ATTRIBUTE = {"in": "in_"}  # Python reserves the word
_TRUE, _FALSE = {"true", "yes", "y", "1", "1.0"}, {"false", "no", "n", "0", "0.0"}
#: What exports and data frames hold for "nobody filled this in".
_BLANK = {"", "-", "n/a", "null", "nan", "nat", "<na>"}
_MOST_NAMED = 4


@dataclass(frozen=True)
class Rule:
    """One criterion: a field, an operator and what it is held against.

    A value that is missing, or that cannot be read as what the criterion compares, is *unknown*,
    and unknown is not no: it never fails a lead, it is listed as still to find out. Only
    ``present`` asks for the value itself: at hand-off a missing one fails it, after contact it is
    unknown, as nobody has asked yet. A criterion known after contact fails only on a value that is
    there and says no.

    Parameters
    ----------
    name : str
        Name of the criterion.
    field : str
        Column of the leads.
    operator : {"in", "not_in", "at_least", "at_most", "equals", "present"}
        How the column is compared; text without regard to case and surrounding blanks.
    value : object
        What it is compared with.
    known : {"at hand-off", "after contact"}
        When sales can know it.
    unless : tuple of (str, sequence of str)
        Exceptions: columns, each with the values (or patterns with ``*``) that excuse a lead; all
        columns must fit.

    Examples
    --------
    >>> rule = Rule("country", "Country", "in", ("DE", "AT"))
    >>> rule.judge(pd.Series(["de", "FR", None])).tolist()
    ['met', 'failed', 'unknown']
    >>> rule.words
    'country is not DE or AT'
    """

    name: str
    field: str
    operator: Operator
    value: object
    known: Known = "at hand-off"
    unless: tuple[tuple[str, Sequence[str]], ...] = ()

    @property
    def words(self) -> str:
        """What is wrong with a lead that fails, for readers."""
        topic = self.topic
        match self.operator:
            case "in":
                return f"{topic} is not {_listed(_many(self.value))}"
            case "not_in":
                return f"{topic} is {_listed(_many(self.value))}"
            case "equals":
                return f"{topic} is not {_shown(self.value)}"
            case "at_least":
                return f"{topic} is below {_shown(self.value)}"
            case "at_most":
                return f"{topic} is above {_shown(self.value)}"
            case "present":
                return f"{topic} is missing" if self.value else f"{topic} is filled in"

    @property
    def topic(self) -> str:
        """The criterion's name as a reader would write it."""
        return humanised(self.name)

    def judge(self, column: pd.Series) -> pd.Series:
        """Judge a column of raw text or typed values.

        Returns
        -------
        pandas.Series
            "met", "failed" or "unknown", with the index of ``column``.
        """
        codes, distinct = pd.factorize(column.to_numpy(dtype=object), use_na_sentinel=False)
        verdicts = np.array([self._verdict(value) for value in distinct], dtype=object)
        return pd.Series(verdicts[codes], index=column.index, dtype=object)

    def _verdict(self, value: object) -> str:
        blank = _is_blank(value)
        if self.operator == "present":
            if blank and self.known == "after contact":
                return "unknown"
            return "met" if blank != bool(self.value) else "failed"
        if blank:
            return "unknown"
        holds = _holds(self.operator, value, self.value)
        return "unknown" if holds is None else "met" if holds else "failed"


def rules(criteria: Mapping[str, Criterion]) -> tuple[Rule, ...]:
    """Return the rules of a definition; a criterion that asks two things is two rules.

    Examples
    --------
    >>> from predict.definition.agreement import Criterion
    >>> size = Criterion(field="Employees", at_least=50, at_most=5000)
    >>> [rule.words for rule in rules({"company_size": size})]
    ['company size is below 50', 'company size is above 5,000']
    """
    asked = (
        (n, c, op, getattr(c, _ATTRIBUTE.get(op, op)))
        for n, c in criteria.items()
        for op in OPERATORS
    )
    return tuple(
        Rule(
            name, criterion.field, operator, value, criterion.known, tuple(criterion.unless.items())
        )
        for name, criterion, operator, value in asked
        if value is not None
    )


def check(criteria: Sequence[Rule], leads: pd.DataFrame) -> pd.DataFrame:
    """Return, per lead, which criteria it fails and which nobody knows yet.

    Parameters
    ----------
    criteria : sequence of Rule
        Result of `rules`.
    leads : pandas.DataFrame of shape (n, n_columns)
        Raw text or typed values; a field that is no column is unknown for all.

    Returns
    -------
    pandas.DataFrame of shape (n, 2)
        ``criteria_failed`` and ``criteria_unknown``, joined with "; ", empty where there are none;
        the index of ``leads``.

    Examples
    --------
    >>> agreed = (Rule("country", "Country", "in", ("DE", "AT")),
    ...           Rule("budget", "Budget", "at_least", 5000, "after contact"))
    >>> check(agreed, pd.DataFrame({"Country": ["FR", "AT"], "Budget": [None, "12000"]}))
          criteria_failed criteria_unknown
    0  country is not DE or AT           budget
    1
    """
    verdicts = [_verdicts(rule, leads) for rule in criteria]
    return pd.DataFrame(
        {
            "criteria_failed": _joined(verdicts, "failed", [r.words for r in criteria]),
            "criteria_unknown": _joined(verdicts, "unknown", [r.topic for r in criteria]),
        },
        index=leads.index,
    )


def _verdicts(rule: Rule, leads: pd.DataFrame) -> NDArray[np.object_]:
    """Judge all leads; a field that is no column is unknown, an excused lead meets the rule."""
    if rule.field not in leads.columns:
        verdicts = np.full(len(leads), "unknown", dtype=object)
    else:
        verdicts = rule.judge(leads[rule.field]).to_numpy(copy=True)
    excused = np.full(len(leads), bool(rule.unless))
    for column, accepted in rule.unless:
        if column not in leads.columns:
            excused[:] = False
            continue
        codes, distinct = pd.factorize(leads[column].to_numpy(object), use_na_sentinel=False)
        fits = [
            not _is_blank(v) and any(fnmatchcase(str(v), a) for a in accepted) for v in distinct
        ]
        excused &= np.array(fits, dtype=bool)[codes]
    verdicts[excused] = "met"
    return verdicts


def _joined(
    verdicts: Sequence[NDArray[np.object_]], wanted: str, words: Sequence[str]
) -> NDArray[np.object_] | str:
    """Join, per lead, the words of the rules with the wanted verdict; the same words once."""
    if not verdicts:
        return ""
    here = np.column_stack([verdict == wanted for verdict in verdicts])
    pattern_of = np.zeros(len(here), dtype=np.int64)
    for column in here.T:
        pattern_of = pd.factorize(2 * pattern_of + column)[0]  # few patterns, any number of leads
    example_of = np.flatnonzero(~pd.Series(pattern_of).duplicated().to_numpy())
    texts = ["; ".join(dict.fromkeys(compress(words, here[row]))) for row in example_of]
    return np.array(texts, dtype=object)[pattern_of]


def _holds(operator: Operator, value: object, target: object) -> bool | None:
    """Compare; None where the value cannot be read as what it is compared with."""
    if operator in ("in", "not_in"):
        found = [_equal(value, one) for one in _many(target)]
        if True not in found and None in found:
            return None
        return (True in found) == (operator == "in")
    if operator == "equals":
        return _equal(value, target)
    read, limit = _read_like(value, target), _read_like(target, target)
    if read is None or limit is None:
        return None
    return bool(read >= limit if operator == "at_least" else read <= limit)


def _equal(value: object, target: object) -> bool | None:
    read = _read_like(value, target)
    return None if read is None else bool(read == _read_like(target, target))


def _read_like(value: object, target: object) -> Any:
    """Read a raw value as the type of the target: yes/no, number, moment, else text."""
    text = str(value).strip().casefold()
    if isinstance(target, bool):
        return True if text in _TRUE else False if text in _FALSE else None
    try:
        if isinstance(target, int | float):
            return float(text)
        if isinstance(target, date):
            return _moment(value if isinstance(value, date) else datetime.fromisoformat(text))
    except ValueError:
        return None
    return text


def _moment(value: date) -> datetime:
    """Return a day or stamp as naive UTC; a day begins at midnight."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _many(target: object) -> Sequence[object]:
    return list(target) if isinstance(target, list | tuple | set | frozenset) else [target]


def _is_blank(value: object) -> bool:
    return value is None or str(value).strip().casefold() in _BLANK


def _shown(target: object) -> str:
    if isinstance(target, bool):
        return "yes" if target else "no"
    if isinstance(target, int | float):
        return figures.number(target)
    return safe_text(target)


def _listed(targets: Sequence[object]) -> str:
    """Return alternatives as words, the first few named: "DE, AT or CH"."""
    shown = [_shown(target) for target in targets]
    if len(shown) > _MOST_NAMED:
        shown = [*shown[: _MOST_NAMED - 1], f"{len(shown) - _MOST_NAMED + 1} others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
