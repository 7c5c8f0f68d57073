"""Case: what the audit judges: columns, each beside the rows that it has a value for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from predict.history.candidates import NEARLY_ALL, candidates, stamps_of
from predict.learning.splits import days_of
from predict.learning.values import is_number, levels_of

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.history.candidates import Candidate
    from predict.history.dataset import Dataset
    from predict.learning.leakage.verdict import Verdict

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Leads looked at; of more, whole accounts are drawn.
MOST_LEADS = 50_000
#: Days between look and date for numbers to be dates; how many at least; day 0 of spreadsheets.
NEAR_DAYS, FEWEST_DATES, SERIAL = 1_500.0, 50, -25_569.0
#: Stretches of time; each but the first is judged by what came before it.
STRETCHES = 4
#: Classes of columns that are left out on purpose: what they know is no surprise.
_ASIDE = frozenset(
    ("mutable", "hindsight", "incumbent", "personal", "last_of", "first_of", "eligibility", "role")
)


@dataclass(frozen=True)
class Sheet:
    """Rows to judge on, in a random order, so that the first of an account is any of its rows.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        1 where the lead converted.
    month, group, lead : ndarray of shape (n_rows,)
        Codes of the calendar month of the look, of the account (else lead), of the lead.
    time : ndarray of shape (n_rows,)
        The look, in days since 1970.
    row : ndarray of shape (n_rows,)
        Position in the dataset.
    """

    y: Floats
    month: Whole
    group: Whole
    lead: Whole
    time: Floats
    row: Whole

    def __len__(self) -> int:
        return len(self.y)

    @cached_property
    def months(self) -> int:
        """How many months there are."""
        return int(self.month.max()) + 1

    @cached_property
    def groups(self) -> int:
        """How many accounts there are, by their codes."""
        return int(self.group.max()) + 1

    @cached_property
    def month_and_outcome(self) -> Whole:
        """One code of month and outcome per row."""
        return 2 * self.month.astype(np.int64) + self.y.astype(np.int64)

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """Stretches of time, each with what came before it; the same for every column."""
        cuts = np.unique(np.quantile(self.time, np.arange(1, STRETCHES) / STRETCHES))
        place = np.searchsorted(cuts, self.time, side="right")
        found = []
        for number in range(1, int(place.max()) + 1):
            known = np.flatnonzero(place < number)
            taught = np.zeros(self.groups, dtype=bool)
            taught[self.group[known]] = True
            rows = np.flatnonzero((place == number) & ~taught[self.group])
            if len(rows) and len(known):
                n = np.bincount(self.month[known], minlength=self.months)
                won = np.bincount(self.month[known], self.y[known], minlength=self.months)
                rate = won / np.maximum(n, 1)
                above = self.y[known] - rate[self.month[known]]
                found.append(Stretch(number, known, above, rows))
        return tuple(found)


@dataclass(frozen=True)
class Stretch:
    """A stretch of time that is judged by what came before it.

    Parameters
    ----------
    number : int
        Which of them, from 1.
    known : ndarray of shape (n_known,)
        Rows before it.
    above : ndarray of shape (n_known,)
        Their outcome less the rate of their month.
    rows : ndarray of shape (n_rows,)
        Rows of it whose accounts were not seen before.
    """

    number: int
    known: Whole
    above: Floats
    rows: Whole


@dataclass(frozen=True)
class Subject:
    """A column under audit.

    Parameters
    ----------
    name : str
        The column.
    cls : str
        ``"feature"``, or the class of a column that is left out.
    kind : {"number", "category"}
        Of its values.
    values : ndarray of shape (n_rows,)
        Numbers (NaN: missing), or codes of ``levels`` (−1: missing), in the order of the sheet.
    levels : tuple of str
        Of a category.
    sheet : Sheet
        One row a lead where the column never changes within a lead, else one a look.
    view : str
        Of a feature, what it is computed from; else ``"raw"``.
    hidden : bool
        Its values may not be told.
    dated : bool
        Its numbers are days after the look, of a column that holds dates.
    """

    name: str
    cls: str
    kind: Literal["number", "category"]
    values: NDArray[Any]
    levels: tuple[str, ...]
    sheet: Sheet
    view: str = "raw"
    hidden: bool = False
    dated: bool = False

    @property
    def blocks(self) -> bool:
        """Whether a training would stop: it is learned from, or might be tomorrow."""
        return self.cls not in _ASIDE

    @property
    def in_time(self) -> bool:
        """Whether the engine cut it at the look, so that being telling is its business."""
        return self.view not in ("raw", "profile")

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Where there is a value."""
        return ~np.isnan(self.values) if self.kind == "number" else self.values >= 0


@dataclass
class Case:
    """Everything that the rules look at.

    Parameters
    ----------
    data : Dataset
        All matured looks.
    crm, archive
        The export behind it, and the folder of earlier ones, where given.
    looks, leads : Sheet
        All looks, and the first look of each lead with whether it ever converted.
    subjects : tuple of Subject
        Features, then columns that are left out.
    places : Floats or None
        Place of each lead of ``leads`` in the file.
    seed : int
    told : tuple of Verdict
        What the rules before said; refits leave out what is guilty already.
    """

    data: Dataset
    crm: Crm | None
    archive: Path | None
    looks: Sheet
    leads: Sheet
    subjects: tuple[Subject, ...]
    places: Floats | None
    seed: int = 0
    told: tuple[Verdict, ...] = ()

    @property
    def no_events(self) -> str | None:
        """Why rules about tables of events do not apply, or None where they do."""
        if self.crm is None:
            return "the export is not at hand"
        if not self.crm.definition.events or self.crm.definition.is_flat:
            return "there are no tables of events"
        return None

    def subject(self, name: str) -> Subject | None:
        """Return the column of that name, or None."""
        return next((s for s in self.subjects if s.name == name), None)

    @property
    def guilty(self) -> frozenset[str]:
        """Columns that a rule before would block."""
        return frozenset(v.column for v in self.told if v.severity == "block")


def open_case(data: Dataset, crm: Crm | None, archive: Path | None, seed: int) -> Case:
    """Return the case of a dataset: sheets, and the columns beside them."""
    looks = _sheet(data, seed)
    leads = _first_looks(looks)
    if crm is not None and not crm.definition.is_flat:
        leads = _ever(leads, data, crm)
    subjects = list(_features(data, looks, leads))
    places = None
    if crm is not None:
        ids = data.keys["lead_id"].iloc[leads.row]
        left, place = candidates(crm, list(ids))
        places = place.to_numpy(dtype=float) if len(place) else None
        subjects += _left_out(left, leads)
    return Case(data, crm, archive, looks, leads, tuple(subjects), places, seed)


def _sheet(data: Dataset, seed: int) -> Sheet:
    import pandas as pd

    rng = np.random.default_rng(seed)
    group, _ = pd.factorize(data.groups)
    lead, ids = pd.factorize(data.keys["lead_id"])
    kept = np.ones(len(data), dtype=bool)
    if len(ids) > MOST_LEADS:
        size = group.max() + 1
        drawn = rng.random(size) < MOST_LEADS / len(ids)
        kept = drawn[group]
    row = rng.permutation(np.flatnonzero(kept))
    time = days_of(data.as_of, len(data))
    stamps = pd.to_datetime(data.as_of)
    month = (stamps.dt.year * 12 + stamps.dt.month).to_numpy()
    _, month = np.unique(month, return_inverse=True)
    y = data.y.to_numpy(dtype=float)
    return Sheet(y[row], month[row], group[row], lead[row], time[row], row)


def _first_looks(looks: Sheet) -> Sheet:
    order = np.lexsort((looks.time, looks.lead))
    lead, start = np.unique(looks.lead[order], return_index=True)
    won = np.maximum.reduceat(looks.y[order], start) if len(order) else looks.y
    first = order[start]
    back = np.argsort(first)  # the random order of the looks
    first, won = first[back], won[back]
    return Sheet(
        won, looks.month[first], looks.group[first], lead[back], looks.time[first], looks.row[first]
    )


def _ever(leads: Sheet, data: Dataset, crm: Crm) -> Sheet:
    """Return the sheet with whether each lead ever got there: an overwritten column knows."""
    stage = crm.definition.conversion.stage
    won = crm.outcomes.filter(crm.outcomes.stage == stage).select("lead_no").distinct()
    ids = crm.leads.inner_join(won, "lead_no").select("lead_id").to_pandas()["lead_id"]
    there = data.keys["lead_id"].iloc[leads.row].isin(set(ids)).to_numpy()
    return replace(leads, y=np.maximum(leads.y, there.astype(float)))


def _features(data: Dataset, looks: Sheet, leads: Sheet) -> Iterator[Subject]:
    views = {s.name: s.view for s in data.specs}
    for name in data.X.columns:
        kind, values, levels = _read(data.X[name])
        sheet = leads if _constant(values, looks) else looks
        view = views.get(str(name), "profile")
        told = values[sheet.row]
        days = as_days(told, levels, sheet.time) if view == "profile" else None
        dated = days is not None
        if days is not None:
            kind, told, levels = "number", days - sheet.time, ()
        yield Subject(str(name), "feature", kind, told, levels, sheet, view, dated=dated)


def as_days(values: NDArray[Any], levels: tuple[str, ...], looks: Floats) -> Floats | None:
    """Return dates as days since 1970, of text or of a spreadsheet's serial days; else None.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Codes of ``levels``, or numbers.
    levels : tuple of str
        Texts; empty for numbers.
    looks : ndarray of shape (n_rows,)
        When each lead is looked at: numbers are dates only where nearly all lie near it.
    """
    import pandas as pd

    if levels:
        read = pd.Series(np.nan, index=range(len(levels)))
        for stamps in stamps_of(pd.Series(list(levels), dtype=object)):
            read = (stamps - pd.Timestamp(0, tz="UTC")).dt.total_seconds() / 86_400.0
            if read.notna().mean() >= NEARLY_ALL:
                return np.append(read.to_numpy(dtype=float), np.nan)[values]
        return None
    there = ~np.isnan(values.astype(float))
    if there.sum() < FEWEST_DATES:
        return None
    for origin, unit in ((SERIAL, 1.0), (0.0, 86_400.0), (0.0, 86_400e3)):
        days = values / unit + origin
        near = np.abs(days[there] - looks[there]) < NEAR_DAYS
        if near.mean() >= NEARLY_ALL:
            return np.asarray(days, dtype=float)
    return None


def _read(
    series: pd.Series,
) -> tuple[Literal["number", "category"], NDArray[Any], tuple[str, ...]]:
    if is_number(series):
        return "number", series.to_numpy(dtype=float, na_value=np.nan), ()
    codes, levels = levels_of(series)
    return "category", codes, tuple(levels)


def _constant(values: NDArray[Any], looks: Sheet) -> bool:
    """Tell whether no lead has two values, missing being one."""
    order = np.argsort(looks.lead, kind="stable")
    lead, told = looks.lead[order], values[looks.row][order]
    same_lead = lead[1:] == lead[:-1]
    equal = (told[1:] == told[:-1]) | ((told[1:] != told[1:]) & (told[:-1] != told[:-1]))
    return bool(equal[same_lead].all())


def _left_out(left: Iterable[Candidate], leads: Sheet) -> Iterator[Subject]:
    for column in left:
        hidden = column.kind == "hidden"
        if column.kind in ("number", "date"):
            values = column.values.to_numpy(dtype=float)
            dated = column.kind == "date"
            if dated:
                values = values - leads.time
            yield Subject(
                column.name, column.cls, "number", values, (), leads, "raw", hidden, dated
            )
        else:
            codes, levels = levels_of(column.values)
            yield Subject(
                column.name, column.cls, "category", codes, tuple(levels), leads, "raw", hidden
            )
