"""Paired ablation: trees with and without a column; what is invisible alone may lift the rest.

A strong honest column lifts the trees as a leak does. So the gain alone warns; it stops a training
where nobody said what the column is, or where another rule warned of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predict.learning.intervals import bootstrap
from predict.learning.leakage.case import Case, Sheet, Subject
from predict.learning.leakage.foretelling import BELOW, Ranks
from predict.learning.leakage.verdict import Degree, Verdict

Floats = NDArray[np.float64]

#: Gain in AUC within months, by the lower bound, that is told of; from which a column stops a
#: training that is undeclared or warned of by another rule; that the other leads of an account,
#: which stand in for each other, may give together before it is told of.
TELLING, BEYOND, COLLEAGUES = 0.05, 0.10, 0.075
#: Share of the time that is learned from; leads looked at; columns that are left out in turn.
EARLY, MOST_LEADS, MOST_COLUMNS = 0.5, 12_000, 8
#: Share of the trees' gain below which a column cannot matter much.
IDLE = 0.04
#: Levels of a category; the rarer ones count as one.
MOST_LEVELS = 60
_FIT: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "lambda_l2": 5.0,
    "cat_smooth": 20.0,
    "max_bin": 63,
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}
_TREES = 80


class AblationRule:
    """Refits on the earlier half of the leads; the later half judges, resampled by account."""

    code = "leak-ablation"
    title = "paired ablation"
    severity: Degree = "block"
    refits = True

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per column that the trees lean on."""
        rows = _rows(case.leads, case.seed)
        columns = [s for s in case.subjects if s.blocks and s.name not in case.guilty]
        early, late = _split(case.leads, rows)
        y = case.leads.y
        if len(columns) < 2 or min(_rarer(y[early]), _rarer(y[late])) < 10:
            said = "Not applicable because too few leads, or columns, are left to learn from."
            yield Verdict(self.code, self.title, "all columns", "not applicable", said)
            return
        matrix = np.column_stack([laid(s, case)[0] for s in columns])
        category = [i for i, s in enumerate(columns) if s.kind == "category"]
        whole, gains = _fit(matrix, category, y, early, late, case.seed)
        order = [int(i) for i in np.argsort(-gains)[:MOST_COLUMNS] if gains[i] >= IDLE]

        def without(left: Sequence[int]) -> Floats:
            kept = [j for j in range(len(columns)) if j not in left]
            fewer = [k for k, j in enumerate(kept) if j in category]
            return _fit(matrix[:, kept], fewer, y, early, late, case.seed)[0]

        together = self._colleagues(case, columns, gains, late, whole, without)
        for i, subject in enumerate(columns):
            if i in order:
                found = self._of(case, subject, late, whole, without([i]))
            else:
                said = "The trees do not lean on it."
                found = Verdict(self.code, self.title, subject.name, "fine", said)
            alike = together is not None and together.column == subject.name
            yield together if together and alike and found.severity == "fine" else found

    def _of(
        self, case: Case, subject: Subject, late: NDArray[np.int64], whole: Floats, without: Floats
    ) -> Verdict:
        value, low, a, b = gain(case.leads, late, whole, without, case.seed)
        figures = {"gain": value, "gain_low": low, "auc": a, "auc_without": b}
        by = 1.5 if subject.in_time else 1.0
        degree: Degree = "fine"
        if low >= TELLING * by:
            told = any(v.column == subject.name and v.severity == "warn" for v in case.told)
            suspect = told or subject.cls == "undeclared"
            degree = "block" if suspect and low >= BEYOND * by else "warn"
        said = (
            f"With “{subject.name}” trees rank later leads of the same month with an AUC of "
            f"{a:.2f}, without it {b:.2f}"
        )
        said += (
            "."
            if degree == "fine"
            else f": at the least {low:.2f} come from this column alone or "
            "together with others, more than most that were known beforehand give."
        )
        return Verdict(self.code, self.title, subject.name, degree, said, figures)

    def _colleagues(
        self,
        case: Case,
        columns: Sequence[Subject],
        gains: Floats,
        late: NDArray[np.int64],
        whole: Floats,
        without: Callable[[Sequence[int]], Floats],
    ) -> Verdict | None:
        """Return a warning where all that is told of the account's other leads says too much."""
        alike = [i for i, s in enumerate(columns) if s.view == "account"]
        if len(alike) < 2 or gains[alike].sum() < IDLE:
            return None
        value, low, a, b = gain(case.leads, late, whole, without(alike), case.seed)
        if low < COLLEAGUES:
            return None
        figures = {"gain": value, "gain_low": low, "auc": a, "auc_without": b}
        said = (
            f"With the {len(alike)} columns on other leads of the account trees rank later leads "
            f"of the same month with an AUC of {a:.2f}, without them {b:.2f}: at the least "
            f"{low:.2f} come from rows of others, more than colleagues tell of a lead beforehand."
        )
        strongest = columns[max(alike, key=lambda i: gains[i])].name
        return Verdict(self.code, self.title, strongest, "warn", said, figures)


def gain(
    sheet: Sheet, rows: NDArray[np.int64], a: Floats, b: Floats, seed: int, draws: int = 200
) -> tuple[float, float, float, float]:
    """Return what one score has over another in AUC within months: value, lower bound, a, b."""
    base = Ranks(sheet.y[rows], a, sheet.month[rows], sheet.group[rows])
    other = replace(base, score=b)
    point, drawn = bootstrap(
        lambda w: {"a": base.weighted(w), "b": other.weighted(w)},
        base.group,
        len(rows),
        draws,
        seed,
    )
    difference = drawn["a"] - drawn["b"]
    known = difference[np.isfinite(difference)]
    low = float(np.quantile(known, BELOW)) if len(known) else -1.0
    one, two = float(point["a"][0]), float(point["b"][0])
    return one - two, low, one, two


def laid(subject: Subject, case: Case) -> tuple[Floats, Sheet]:
    """Return a column's numbers, or codes, at the first look of each lead."""
    values = subject.values.astype(float)
    if subject.kind == "category":
        counts = np.bincount(subject.values[subject.values >= 0], minlength=1)
        often = set(np.argsort(-counts, kind="stable")[:MOST_LEVELS].tolist())
        rare = np.array([i not in often for i in range(len(counts))])
        values = np.where((subject.values >= 0) & rare[subject.values], float(len(counts)), values)
        values[subject.values < 0] = np.nan
    if subject.sheet is case.leads:
        return values, case.leads
    place = np.full(len(case.data), np.nan)
    place[subject.sheet.row] = values
    return place[case.leads.row], case.leads


def _rows(sheet: Sheet, seed: int) -> NDArray[np.int64]:
    """Return places of the sheet: it lies in a random order, so the first are a sample."""
    return np.arange(min(len(sheet), MOST_LEADS))


def _split(sheet: Sheet, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    cut = np.quantile(sheet.time[rows], EARLY)
    early = rows[sheet.time[rows] < cut]
    later = rows[sheet.time[rows] >= cut]
    return early, later[~np.isin(sheet.group[later], np.unique(sheet.group[early]))]


def _rarer(y: Floats) -> float:
    return float(min(y.sum(), len(y) - y.sum()))


def _fit(
    matrix: Floats,
    category: Sequence[int],
    y: Floats,
    early: NDArray[np.int64],
    late: NDArray[np.int64],
    seed: int,
) -> tuple[Floats, Floats]:
    """Return the log-odds of the later rows, and each column's share of the gain."""
    import lightgbm

    given = {**_FIT, "seed": seed}
    train = lightgbm.Dataset(
        matrix[early], y[early], categorical_feature=list(category), params=given
    )
    booster = lightgbm.train(given, train, _TREES)
    gains = np.asarray(booster.feature_importance("gain"), dtype=float)
    total = max(float(gains.sum()), 1e-12)
    margin = booster.predict(matrix[late], raw_score=True, num_threads=1)
    return np.asarray(margin, dtype=float), gains / total
