"""Usual: what the leads learned from looked like at their first look, period by period.

Kept with the model as counts per bin and period: nothing about a single lead, and no value that
fewer than 20 leads had. The periods say by how much one month usually differs from another, so
that a later one is not blamed for what months always do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predict.learning.bins import MIN_LEADS
from predict.learning.metrics import lift

if TYPE_CHECKING:
    from predict.history.dataset import Dataset
    from predict.learning.backtest_result import BacktestResult

#: Days of a period: about what a monthly export adds.
PERIOD_DAYS = 30
#: Bins of the numbers other than 0, and levels of a category that have a bin of their own.
NUMBER_BINS, MOST_LEVELS = 10, 40
#: Months of the backtest that outcomes are kept of.
MONTHS = 12
#: Share of the best leads whose lift is kept.
TOP = 0.1
#: What shows the calendar, or grows with the age of the records: it moves without any fault.
MOVING = frozenset({"calendar", "age", "account", "outcome"})

_DAY = 86_400_000_000  # microseconds
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Column:
    """One column of the leads learned from, as counts.

    Parameters
    ----------
    name : str
        Column of ``X``.
    edges : tuple of float
        Of a number: inner limits, ascending; 0 has a bin of its own.
    levels : tuple of str
        Of a category or text: those with a bin of their own.
    is_number : bool
    counts : tuple of tuple of int
        Per period the leads in each bin. Bins of a number: ascending, then missing; of a
        category: ``levels``, other, missing.
    quartiles : tuple of float
        Of a number: quartiles of the sizes other than 0; empty where too few leads had one.
    importance : float
        Share of the mean size of all contributions.
    """

    name: str
    edges: tuple[float, ...]
    levels: tuple[str, ...]
    is_number: bool
    counts: tuple[tuple[int, ...], ...]
    quartiles: tuple[float, ...] = ()
    importance: float = 0.0

    @property
    def table(self) -> Counts:
        """Leads per period and bin, shape (n_periods, n_bins)."""
        return np.array(self.counts, dtype=np.int64)

    def codes(self, values: pd.Series) -> Counts:
        """Return the bin of each value; a number that is text, or the reverse, is missing.

        Examples
        --------
        >>> column = Column("visits", (0.0, 5e-324, 3.0), (), True, ())
        >>> column.codes(pd.Series([0, 2.0, 3.0, None, -1])).tolist()
        [1, 2, 3, 4, 0]
        """
        if self.is_number:
            is_known = pd.api.types.is_numeric_dtype(values.dtype)
            known = values if is_known else pd.to_numeric(values, errors="coerce")
            x = known.to_numpy(dtype=float)
            found = np.searchsorted(np.array(self.edges), x, side="right")
            return np.where(np.isnan(x), len(self.edges) + 1, found)
        places = {level: i for i, level in enumerate(self.levels)}
        other, missing = len(places), len(places) + 1
        found, levels = pd.factorize(values.astype(object))  # missing is -1
        of_level = [*(places.get(str(level), other) for level in levels), missing]
        return np.array(of_level, dtype=np.int64)[found]

    def count(self, values: pd.Series) -> Counts:
        """Return the leads in each bin, shape (n_bins,)."""
        width = (len(self.edges) if self.is_number else len(self.levels)) + 2
        return np.bincount(self.codes(values), minlength=width)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "edges": list(self.edges),
            "levels": list(self.levels),
            "is_number": self.is_number,
            "counts": [list(c) for c in self.counts],
            "quartiles": list(self.quartiles),
            "importance": self.importance,
        }

    @classmethod
    def from_dict(cls, name: str, value: Mapping[str, Any]) -> Column:
        """Return the column that `as_dict` described."""
        return cls(
            name,
            tuple(value["edges"]),
            tuple(value["levels"]),
            bool(value["is_number"]),
            tuple(tuple(c) for c in value["counts"]),
            tuple(value["quartiles"]),
            float(value["importance"]),
        )


@dataclass(frozen=True)
class Usual:
    """The leads a model learned from, and how its kind did on past months.

    Parameters
    ----------
    columns : mapping of str to Column
        Inputs at the first look of each lead.
    months : tuple of mapping
        Per month of the backtest: ``cutoff``, ``rows``, ``wins``, ``expected`` (sum of the
        chances), ``variance`` (sum of p (1 − p)), ``lift`` in the best tenth.
    since, until : str
        Days (ISO) of the first and last of those looks.
    """

    columns: Mapping[str, Column]
    months: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    since: str = ""
    until: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "columns": {n: c.as_dict() for n, c in self.columns.items()},
            "months": [dict(m) for m in self.months],
            "since": self.since,
            "until": self.until,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Usual:
        """Return what `as_dict` described."""
        return cls(
            {n: Column.from_dict(n, c) for n, c in value["columns"].items()},
            tuple(value["months"]),
            value["since"],
            value["until"],
        )


def build_usual(
    data: Dataset,
    *,
    importance: Mapping[str, float] | None = None,
    result: BacktestResult | None = None,
) -> Usual:
    """Count what the leads learned from looked like at their first look.

    Parameters
    ----------
    data : Dataset
        All matured looks.
    importance : mapping of str to float, optional
        Mean size of the contributions of each column.
    result : BacktestResult, optional
        As-if chances of past months.

    Returns
    -------
    Usual
        Equal age is what makes months comparable: an open lead of 200 days has done more than one
        that came today.
    """
    first = data.take(data.first_looks)
    period = periods(first.as_of, first.as_of.max())
    total = sum((importance or {}).values()) or 1.0
    columns = {
        spec.name: _column(
            spec.name,
            first.X[spec.name],
            period,
            spec.dtype == "number",
            (importance or {}).get(spec.name, 0.0) / total,
        )
        for spec in data.specs
    }
    months = () if result is None else _past(result)
    return Usual(columns, months, *(f"{d:%Y-%m-%d}" for d in _ends(first.as_of)))


def counted(name: str, values: Sequence[pd.Series]) -> Column:
    """Return numbers as a column of counts, each series one period, the oldest first.

    Examples
    --------
    >>> chances = [pd.Series(np.linspace(0, 1, 40)), pd.Series(np.linspace(0, 1, 20))]
    >>> counted("score", chances).table.sum(axis=1).tolist()
    [40, 20]
    """
    period = np.repeat(np.arange(len(values))[::-1], [len(v) for v in values])
    return _column(name, pd.concat(list(values), ignore_index=True), period, True)


def periods(as_of: pd.Series, newest: pd.Timestamp, days: float = PERIOD_DAYS) -> Counts:
    """Return how many whole periods each moment lies before ``newest``; 0 is the last period.

    Examples
    --------
    >>> when = pd.Series(pd.to_datetime(["2026-06-30", "2026-06-01", "2026-05-30"]))
    >>> periods(when, pd.Timestamp("2026-06-30")).tolist()
    [0, 0, 1]
    """
    ago = (newest - as_of).to_numpy().astype("timedelta64[us]").astype(np.int64)
    return ago // round(days * _DAY)


def _ends(as_of: pd.Series) -> tuple[pd.Timestamp, pd.Timestamp]:
    return as_of.min(), as_of.max()


def _column(
    name: str, values: pd.Series, period: Counts, is_number: bool, importance: float = 0.0
) -> Column:
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    quartiles: tuple[float, ...] = ()
    if is_number:
        x = values.to_numpy(dtype=float)
        some = x[np.isfinite(x) & (x != 0)]
        edges = _edges(some)
        if len(some) >= MIN_LEADS:
            quartiles = tuple(float(q) for q in np.quantile(np.abs(some), (0.25, 0.5, 0.75)))
    else:
        frequent = values.dropna().astype(str).value_counts()
        frequent = frequent[frequent >= MIN_LEADS]
        ordered = sorted(frequent.items(), key=lambda one: (-one[1], one[0]))
        levels = tuple(str(level) for level, _ in ordered[:MOST_LEVELS])
    blank = Column(name, edges, levels, is_number, ())
    codes = blank.codes(values)
    width = (len(edges) if is_number else len(levels)) + 2
    n = int(period.max()) + 1 if len(period) else 0
    table = np.bincount(period * width + codes, minlength=n * width).reshape(n, width)
    full = table.sum(axis=1) >= MIN_LEADS  # the oldest period is often a few days
    counts = tuple(tuple(int(c) for c in row) for row in table[full][::-1])
    return Column(name, edges, levels, is_number, counts, quartiles, importance)


def _edges(some: NDArray[np.float64]) -> tuple[float, ...]:
    """Return limits at deciles of the numbers, and around 0."""
    tiny = float(np.nextafter(0.0, 1.0))
    shares = np.linspace(0, 1, NUMBER_BINS + 1)[1:-1]
    if not len(some):
        return (0.0, tiny)
    inner = np.quantile(some, shares, method="inverted_cdf")
    # The lowest value, which all numbers reach, splits nothing.
    return tuple(sorted({0.0, tiny, *(float(e) for e in inner if e > some.min())}))


def _past(result: BacktestResult) -> tuple[Mapping[str, Any], ...]:
    frame = result.frame()
    newest = sorted(frame["cutoff"].unique())[-MONTHS:]
    frame = frame[frame["cutoff"].isin(newest)]
    return tuple(
        {"cutoff": f"{cutoff:%Y-%m-%d}", **_month(part)} for cutoff, part in frame.groupby("cutoff")
    )


def _month(part: pd.DataFrame) -> dict[str, Any]:
    y, p = part["y"].to_numpy(dtype=float), part["probability"].to_numpy(dtype=float)
    return {
        "rows": len(part),
        "wins": int(y.sum()),
        "expected": float(p.sum()),
        "variance": float((p * (1 - p)).sum()),
        "lift": float(lift(y, p, TOP)) if y.any() else None,
    }
