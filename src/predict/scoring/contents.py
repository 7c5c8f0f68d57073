"""Contents: what a column of a list holds, told from its values where its header does not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from predict.crm.tables import PROFILE
from predict.crm.texttable import FILE, RECORD, as_text
from predict.learning.titles import FUNCTION, SENIORITY, words_of
from predict.scoring.countries import is_country

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.crm.texttable import TextTable

#: Rows of a list that are looked at; its first ones, so that the answer does not depend on chance.
LOOKED_AT = 2_000
#: Share of the values that must look like a thing for the column to be taken for it.
MOST = 0.8
#: Share below which a header is not believed.
HALF = 0.5
#: Share of job titles with a known word that tells them from names and remarks.
TITLES = 0.6
_LEVELS = 3_000
_FEW = 3
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_DEGREE = re.compile(r"(?:(?:prof|dr|dipl|mag|ing|med|phil|rer|nat|msc|mba|phd|ba|ma)\W*)+", re.I)
_TITLE_WORDS = frozenset(
    word for lists in (SENIORITY, FUNCTION) for words in lists.values() for word in words
)


@dataclass(frozen=True)
class Sample:
    """The first rows of a list, as text.

    Parameters
    ----------
    values : dict of str to list of str
        Header → its values that are not blank.
    """

    values: dict[str, list[str]]

    @classmethod
    def of(cls, text: TextTable, columns: Sequence[str]) -> Sample:
        """Look at the first `LOOKED_AT` rows."""
        if not columns:
            return cls({})
        rows = text.table.order_by([FILE, RECORD]).limit(LOOKED_AT)
        named = {f"c{i}": as_text(rows[c]) for i, c in enumerate(columns)}
        found = rows.select(**named).to_pandas()
        held = [[v for x in found[c].dropna() if (v := str(x).strip())] for c in named]
        return cls(dict(zip(columns, held, strict=True)))

    def share(self, header: str, looks: object) -> float:
        """Return the share of a column's values for which ``looks`` holds; 0 without values."""
        values = self.values.get(header, [])
        return sum(bool(looks(v)) for v in values) / len(values) if values else 0.0  # type: ignore[operator]


@dataclass(frozen=True)
class Shape:
    """What the ids of the CRM have in common.

    Parameters
    ----------
    prefix : str
        What all of them begin with.
    shortest, longest : int
        Their lengths.

    Examples
    --------
    >>> shape = Shape("L-0", 9, 9)
    >>> shape.fits("L-0001042"), shape.fits("Lisbon"), Shape("", 1, 9).tells
    (True, False, False)
    """

    prefix: str
    shortest: int
    longest: int

    def fits(self, value: str) -> bool:
        """Tell whether a value could be such an id."""
        inside = self.shortest <= len(value) <= self.longest
        return (
            inside and value.startswith(self.prefix) and re.fullmatch(r"[\w-]+", value) is not None
        )

    @property
    def tells(self) -> bool:
        """Whether the shape alone tells an id from other things; "7" could be anything."""
        return len(self.prefix) > 1 or self.shortest >= 12


class Known:
    """What the CRM holds, asked only where a header says too little.

    Parameters
    ----------
    crm : Crm
        The opened export.
    """

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    @cached_property
    def shape(self) -> Shape:
        """What lead ids look like."""
        ids = self._crm.leads.lead_id
        told = self._crm.leads.aggregate(
            low=ids.min(), high=ids.max(), shortest=ids.length().min(), longest=ids.length().max()
        ).to_pandas()
        low, high = str(told["low"][0] or ""), str(told["high"][0] or "")
        # All texts between two that begin alike begin so too.
        alike = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), None)
        if not low:
            return Shape("", 1, 0)
        prefix = low[: min(len(low), len(high)) if alike is None else alike]
        return Shape(prefix, int(told["shortest"][0]), int(told["longest"][0]))

    def ids_among(self, values: Sequence[str]) -> float:
        """Return the share of some values that are ids of leads."""
        if not values:
            return 0.0
        distinct = sorted(set(values))
        found = self._crm.leads.filter(self._crm.leads.lead_id.isin(distinct)).count().execute()
        return int(found) / len(distinct)

    def levels(self, name: str) -> list[str]:
        """Return the values that a profile column has in the CRM, the most frequent first."""
        import ibis

        leads = self._crm.leads
        if PROFILE + name not in leads.columns or not leads[PROFILE + name].type().is_string():
            return []
        counted = leads[PROFILE + name].value_counts(name="n").rename(level=PROFILE + name)
        counted = counted.filter(counted.level.notnull())
        top = counted.order_by([ibis.desc("n"), "level"]).limit(_LEVELS).to_pandas()
        return [str(v) for v in top["level"]]


def is_mail(text: str) -> bool:
    """Tell whether a text is one e-mail address.

    Examples
    --------
    >>> is_mail("ann@firm.example"), is_mail("@ann"), is_mail("ann at firm")
    (True, False, False)
    """
    return _MAIL.fullmatch(text.strip()) is not None


def is_degree(text: str) -> bool:
    """Tell whether a text is an academic title, as German lists have under “Titel”.

    Examples
    --------
    >>> is_degree("Prof. Dr."), is_degree("Director")
    (True, False)
    """
    return _DEGREE.fullmatch(text.strip()) is not None


def is_title(text: str) -> bool:
    """Tell whether a text has a word that job titles have.

    Examples
    --------
    >>> is_title("Leiterin Einkauf"), is_title("met at booth 7")
    (True, False)
    """
    return any(word in _TITLE_WORDS for word in words_of(text))


def held(
    sample: Sample, header: str, known: Known, fields: Sequence[tuple[str, str | None, str]]
) -> tuple[str, float, str] | None:
    """Return which column of ours a column's values speak for.

    Parameters
    ----------
    sample : Sample
        Values of the list.
    header : str
        The column.
    known : Known
        What the CRM holds.
    fields : sequence of (ours, meaning, kind)
        Columns of ours that are still free; kind is "id", "mail", "text", "category" or other.

    Returns
    -------
    tuple of (ours, share, words) or None
        The best one, and what was seen.
    """
    values = sample.values.get(header, [])
    if not values:
        return None
    several = len({v.casefold() for v in values}) >= _FEW
    found: list[tuple[str, float, str]] = []
    for ours, meaning, kind in fields:
        if kind == "mail":
            found.append(
                (ours, sample.share(header, is_mail), "of its values are e-mail addresses")
            )
        elif kind == "id":
            share = known.ids_among(values)
            if share < MOST and known.shape.tells:
                share = max(share, sample.share(header, known.shape.fits))
            found.append((ours, share, "of its values are ids as the CRM has them"))
        elif meaning == "country":
            found.append((ours, sample.share(header, is_country), "of its values are countries"))
        elif kind in ("text", "category"):
            levels = {v.casefold() for v in known.levels(ours)}
            share = sample.share(header, lambda v, of=levels: v.casefold() in of)
            share = share if several and len(levels) >= _FEW else 0.0
            if meaning == "job_title" and several:
                worded = sample.share(header, is_title)
                if worded >= TITLES and share < MOST:
                    found.append((ours, max(worded, MOST), "of its values read like job titles"))
                    continue
            found.append((ours, share, f"of its values are known as “{ours}”"))
    best = sorted((f for f in found if f[1] >= MOST), key=lambda f: -f[1])
    if not best or (len(best) > 1 and best[1][1] == best[0][1]):
        return None  # nothing, or two alike: no guess
    return best[0]
