"""Pairs: two columns that say nothing alone and decide the outcome together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from predict.learning.leakage.ablation import laid
from predict.learning.leakage.case import Case, Subject
from predict.learning.leakage.foretelling import foretell
from predict.learning.leakage.verdict import Degree, Verdict

Floats = NDArray[np.float64]

#: AUC within months, by the lower bound, that is told of, and that stops a training.
TELLING, BEYOND = 0.72, 0.80
#: By how much a pair must beat the better of its two columns.
TOGETHER = 0.08
#: Columns paired, the others being too many to try all; parts of each.
MOST_COLUMNS, PARTS = 40, 6
_IDLE = 0.65


class PairRule:
    """Pairs of profile and raw columns: cells of both, sums and differences of numbers."""

    code = "leak-pairs"
    title = "two columns together"
    severity: Degree = "block"
    refits = True

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per column of a telling pair."""
        columns = [
            s
            for s in case.subjects
            if s.blocks and not s.in_time and s.name not in case.guilty and s.filled.any()
        ][:MOST_COLUMNS]
        if len(columns) < 2:
            said = "Not applicable because there are no two columns to lay together."
            yield Verdict(self.code, self.title, "all columns", "not applicable", said)
            return
        values = [laid(s, case)[0] for s in columns]
        alone = [_auc(_joined(case, s, v)) for s, v in zip(columns, values, strict=True)]
        parts = [_parts(s, v) for s, v in zip(columns, values, strict=True)]
        best: dict[str, Verdict] = {}
        for i, j in combinations(range(len(columns)), 2):
            crossed = [("category", parts[i] * 100 + parts[j])]
            if columns[i].kind == columns[j].kind == "number":
                crossed += [("number", values[i] - values[j]), ("number", values[i] + values[j])]
            for kind, together in crossed:
                subject = _joined(case, columns[i], together, kind)
                if _auc(subject) < max(_IDLE, max(alone[i], alone[j]) + TOGETHER):
                    continue
                low, _ = foretell(subject).bounds(seed=case.seed)
                for one, other in ((i, j), (j, i)):
                    told = self._told(columns[one], columns[other], _auc(subject), low)
                    kept = best.get(told.column)
                    if kept is None or kept.figures["auc_low"] < low:
                        best[told.column] = told
        for subject in columns:
            said = "No other column tells the outcome together with it."
            fine = Verdict(self.code, self.title, subject.name, "fine", said)
            yield best.get(subject.name, fine)

    def _told(self, one: Subject, other: Subject, auc: float, low: float) -> Verdict:
        degree: Degree = "block" if low >= BEYOND else "warn" if low >= TELLING else "fine"
        said = (
            f"Together with “{other.name}” it ranks later leads of the same month with an AUC of "
            f"{auc:.2f}, at the least {low:.2f}; neither does so alone."
        )
        return Verdict(self.code, self.title, one.name, degree, said, {"auc": auc, "auc_low": low})


def _auc(subject: Subject) -> float:
    ranks = foretell(subject)
    return ranks.auc() if ranks.enough else 0.5


def _joined(case: Case, like: Subject, values: Floats, kind: str | None = None) -> Subject:
    kind = kind or like.kind
    if kind == "number":
        return Subject(like.name, "feature", "number", values, (), case.leads)
    codes = np.unique(np.where(np.isnan(values), -1.0, values), return_inverse=True)[1]
    return Subject(like.name, "feature", "category", codes, (), case.leads)


def _parts(subject: Subject, values: Floats) -> Floats:
    """Return a small code per lead: parts of numbers, the most frequent levels, missing."""
    there = ~np.isnan(values)
    if subject.kind == "number":
        cuts = np.unique(np.quantile(values[there], np.arange(1, PARTS) / PARTS))
        return np.where(there, np.searchsorted(cuts, values, side="left") + 1.0, 0.0)
    levels, code, counts = np.unique(values, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(levels))
    rank[order] = np.arange(len(levels))
    return np.minimum(rank[code], 12.0)
