"""Target means: numbers that are the share of winners among the leads that have them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from predict.learning.leakage.case import Case, Subject
from predict.learning.leakage.verdict import Degree, Verdict

Floats = NDArray[np.float64]

#: Rows that share a number, different such numbers, and rows in all, for chance to be told from
#: knowledge.
FEWEST, FEWEST_NUMBERS, FEWEST_ROWS = 4, 20, 200
#: Probability that honest numbers agree so well.
CHANCE = 1e-6


class TargetMeanRule:
    """Rates of leads with one number agree with that number closer than chance allows.

    Notes
    -----
    A mean of outcomes that was taken over the very leads it stands beside knows each of them. Of
    honest numbers the rates scatter around any line as shares of few leads do (binomially): the
    sum of squares is chi-squared. Here it is far too small.
    """

    code = "leak-target-mean"
    title = "target mean"
    severity: Degree = "block"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per column of numbers."""
        for subject in case.subjects:
            if subject.kind == "number" and not subject.in_time:
                yield self._of(case, subject)

    def _of(self, case: Case, subject: Subject) -> Verdict:
        name = subject.name
        y, values = subject.sheet.y, subject.values
        if (
            name in case.data.X.columns and not subject.dated
        ):  # every look, for the mean was taken over all of them
            y = case.data.y.to_numpy(dtype=float)
            values = case.data.X[name].to_numpy(dtype=float, na_value=np.nan)
        told = scatter(values, y)
        if told is None:
            said = "Not applicable because few leads share a number."
            return Verdict(self.code, self.title, name, "not applicable", said)
        chance, numbers = told
        figures = {"chance": chance, "numbers": float(numbers)}
        if chance >= CHANCE:
            said = "Rates scatter around its numbers as they should."
            return Verdict(self.code, self.title, name, "fine", said, figures)
        said = (
            f"At {numbers:,} different numbers of “{name}” the share of converted leads follows "
            "the number far closer than chance allows: it was computed from these very outcomes. "
            "Compute such means from earlier leads only."
        )
        return Verdict(self.code, self.title, name, "block", said, figures)


def scatter(values: Floats, y: Floats) -> tuple[float, int] | None:
    """Return how likely honest numbers agree so well with their rates, and how many there are.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> level, y = rng.integers(0, 100, 1000), rng.integers(0, 2, 1000).astype(float)
    >>> means = np.bincount(level, weights=y) / np.bincount(level)
    >>> scatter(means[level], y)[0] < 1e-6, scatter(rng.random(100)[level], y)[0] > 1e-3
    (True, True)
    """
    from scipy.special import gammainc

    there = ~np.isnan(values)
    shared, code, counts = np.unique(values[there], return_inverse=True, return_counts=True)
    won = np.bincount(code, weights=y[there], minlength=len(shared))
    # Nothing scatters where all leads of a number share one outcome: such numbers tell nothing.
    often = counts >= FEWEST
    n, k, x = counts[often].astype(float), won[often], shared[often]
    if len(x) < FEWEST_NUMBERS or n.sum() < FEWEST_ROWS or x.std() == 0:
        return None
    slope, level = np.polyfit(x, k / n, 1, w=np.sqrt(n))
    if slope <= 0:
        return 1.0, len(x)
    rate = np.clip(level + slope * x, 1e-3, 1 - 1e-3)
    squares = float(((k - n * rate) ** 2 / (n * rate * (1 - rate))).sum())
    inner = (rate > 0.02) & (rate < 0.98)
    freedom = int(inner.sum()) - 2
    if freedom < FEWEST_NUMBERS // 2:
        return 1.0, len(x)
    squares = float((((k - n * rate) ** 2) / (n * rate * (1 - rate)))[inner].sum())
    return float(gammainc(freedom / 2, squares / 2)), len(x)
