"""Grades A to D, the cut-off, and the score: all fixed when a model is promoted."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from predict.errors import InputError, ModelError
from predict.scoring import figures

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Letter = Literal["A", "B", "C", "D"]
Because = Literal["capacity", "money", "share"]

LETTERS: tuple[Letter, ...] = ("A", "B", "C", "D")
#: Share of the leads that is rated qualified where the definition names neither capacity nor money.
DEFAULT_SHARE = 0.2
#: Of the rated qualified, the upper third is A.
SHARE_OF_A = 1 / 3
#: The score counts percentiles: 0 … 100.
QUANTILES = 101

_HAIR = 1e-12
_WHY: dict[Because, str] = {
    "capacity": "as many as sales can follow up",
    "money": "where a follow-up is worth more than it costs",
    "share": "the best fifth, as neither a capacity nor the value of a win is agreed",
}


@dataclass(frozen=True)
class Limits:
    """Lower limits of the grades, as chances. They stay until another model is promoted.

    Parameters
    ----------
    a, b, c : float
        Chance from which on a lead is graded A, B, C; below ``c`` it is D.
    cut_off : {"A", "B", "C", "D"}
        Worst grade that is still rated qualified.
    because : {"capacity", "money", "share"}
        What decided the cut-off.
    per_month : float or None
        Leads per month above the cut-off, as counted in the reference months.

    Raises
    ------
    ModelError
        The limits are no chances in falling order, or the cut-off is no grade.

    Examples
    --------
    >>> limits = Limits(0.305, 0.185, 0.0595, because="capacity", per_month=198.4)
    >>> print(limits.sentence())
    A: a chance of 31 % or more, B: from 19 %, C: from 6 %, D: less. Rated qualified are A and B, \
about 198 leads a month: as many as sales can follow up.
    >>> Limits.from_dict(limits.as_dict()) == limits
    True
    """

    a: float
    b: float
    c: float
    cut_off: Letter = "B"
    because: Because = "share"
    per_month: float | None = None

    def __post_init__(self) -> None:
        if not 1 >= self.a >= self.b >= self.c >= 0:
            raise ModelError(
                "the limits of the grades are not chances in falling order",
                got=f"A {self.a}, B {self.b}, C {self.c}",
                do="take a complete copy of the model, or promote it again",
            )
        if self.cut_off not in LETTERS or self.because not in _WHY:
            raise ModelError(
                "the limits of the grades name something unknown",
                got=f"{self.cut_off}, {self.because}",
                do="take a complete copy of the model, or promote it again",
            )

    @property
    def qualified_letters(self) -> tuple[Letter, ...]:
        """Grades that are rated qualified, the best first."""
        return LETTERS[: LETTERS.index(self.cut_off) + 1]

    def sentence(self) -> str:
        """Return what the grades mean, for readers."""
        letters = self.qualified_letters
        named = letters[0] if len(letters) == 1 else ", ".join(letters[:-1]) + f" and {letters[-1]}"
        verb = "is" if len(letters) == 1 else "are"
        about = (
            f", about {figures.number(round(self.per_month))} leads a month"
            if self.per_month is not None
            else ""
        )
        return (
            f"A: a chance of {figures.percent(self.a)} or more, B: from {figures.percent(self.b)}, "
            f"C: from {figures.percent(self.c)}, D: less. "
            f"Rated qualified {verb} {named}{about}: {_WHY[self.because]}."
        )

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> Limits:
        """Return the limits that `as_dict` described."""
        return cls(**value)  # type: ignore[arg-type]


def limits_from(
    reference_probabilities: ArrayLike,
    months: float,
    *,
    capacity_per_month: float | None = None,
    value_of_win: float | None = None,
    cost_of_follow_up: float | None = None,
) -> Limits:
    """Fix the grades from the as-if chances of the last backtest months.

    The cut-off is B and its limit the higher of two chances: the one above which about
    ``capacity_per_month`` leads a month lay, and ``cost_of_follow_up / value_of_win``, above which
    a follow-up is worth more than it costs. With neither, the best fifth is above it. A is the
    upper third of those at or above the cut-off, C begins at the median of those below it.
    Every limit moves to the nearest step where the printed percentage changes
    (`predict.scoring.figures.percent_steps`), so that a lead printed as 29 % is never graded below
    "A: 29 % or more", and leads of equal chance are never parted.

    Parameters
    ----------
    reference_probabilities : array-like of shape (n,)
        Out-of-time chances of the leads of the last backtest months, each lead as often as sales
        would have been handed it (once, at its first look, unless leads are looked at again).
    months : float
        Length of the time they come from.
    capacity_per_month : float, optional
        Leads that sales can follow up in a month.
    value_of_win, cost_of_follow_up : float, optional
        In the same currency; used only together.

    Returns
    -------
    Limits

    Raises
    ------
    InputError
        No chances, no time, a negative amount, or a win worth nothing.

    Examples
    --------
    >>> limits = limits_from(np.linspace(0.005, 0.995, 100), 1, capacity_per_month=30)
    >>> round(limits.a, 3), round(limits.b, 3), round(limits.c, 3), limits.per_month
    (0.905, 0.705, 0.355, 30.0)
    """
    given = _ascending(reference_probabilities)
    _check_amounts(months, value_of_win, capacity_per_month, cost_of_follow_up)
    chances: dict[Because, float] = {}
    if capacity_per_month is not None:
        chances["capacity"] = _limit_above(given, capacity_per_month * months)
    if value_of_win is not None and cost_of_follow_up is not None:
        chances["money"] = _step_from(cost_of_follow_up / value_of_win)
    if not chances:
        chances["share"] = _limit_above(given, DEFAULT_SHARE * len(given))
    because = max(chances, key=lambda reason: chances[reason])
    b = chances[because]
    above, below = given[given >= b], given[given < b]
    a = max(b, _limit_above(above, SHARE_OF_A * len(above))) if len(above) else b
    c = min(b, _limit_above(below, len(below) / 2)) if len(below) else b
    return Limits(a, b, c, because=because, per_month=len(above) / months)


def grade(probability: ArrayLike, limits: Limits) -> NDArray[np.object_]:
    """Return the grade of each chance; None where there is no chance (NaN).

    Examples
    --------
    >>> grade([0.4, 0.19, 0.05, float("nan")], Limits(0.31, 0.19, 0.06)).tolist()
    ['A', 'B', 'D', None]
    """
    given = np.asarray(probability, dtype=float)
    letters = np.array([*reversed(LETTERS), None], dtype=object)
    reached = np.searchsorted([limits.c, limits.b, limits.a], given, side="right")
    return letters[np.where(np.isnan(given), len(LETTERS), reached)]


def is_qualified(grades: ArrayLike, limits: Limits) -> NDArray[np.bool_]:
    """Return whether each grade reaches the cut-off; the agreed criteria are judged elsewhere.

    Examples
    --------
    >>> is_qualified(["A", "B", "C", None], Limits(0.31, 0.19, 0.06)).tolist()
    [True, True, False, False]
    """
    return np.isin(np.asarray(grades, dtype=object), list(limits.qualified_letters))


def reference_quantiles(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return the 101 quantiles of the reference leads' chances, ascending.

    Raises
    ------
    InputError
        There are no chances.
    """
    return np.quantile(_ascending(probabilities), np.linspace(0, 1, QUANTILES))


def score(probability: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """Return the score, 0 to 100: the percentile of each chance among the reference leads.

    Between two quantiles it is interpolated. A chance that many reference leads share gets the
    middle of their percentiles, so the score never falls as the chance rises, equal chances get
    equal scores, and a lead's score does not depend on the list it came in.

    Parameters
    ----------
    probability : array-like of shape (n,)
        Chances; NaN stays NaN.
    reference : array-like of shape (101,)
        Result of `reference_quantiles`.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    ModelError
        ``reference`` does not rise from quantile to quantile.

    Examples
    --------
    >>> reference = reference_quantiles(np.linspace(0, 0.5, 1001))
    >>> score([-0.1, 0.0, 0.05, 0.25, 0.5, 0.9], reference).round(6).tolist()
    [0.0, 0.0, 10.0, 50.0, 100.0, 100.0]
    """
    quantiles = np.asarray(reference, dtype=float)
    if quantiles.ndim != 1 or len(quantiles) < 2 or not (np.diff(quantiles) >= 0).all():
        raise ModelError(
            "the reference quantiles of the model are not in rising order",
            do="take a complete copy of the model, or promote it again",
        )
    percentiles = np.linspace(0, 100, len(quantiles))
    distinct, first, count = np.unique(quantiles, return_index=True, return_counts=True)
    middle = (percentiles[first] + percentiles[first + count - 1]) / 2
    return np.interp(np.asarray(probability, dtype=float), distinct, middle, left=0, right=100)


def _ascending(probabilities: ArrayLike) -> NDArray[np.float64]:
    given = np.sort(np.asarray(probabilities, dtype=float))
    if not len(given) or not (given[0] >= 0 and given[-1] <= 1):
        raise InputError(
            "grades need the chances of past leads",
            got=f"{len(given)} values, not all between 0 and 1" if len(given) else "none",
            do="run a backtest that leaves at least one month to test on",
        )
    return given


def _check_amounts(months: float, value_of_win: float | None, *others: float | None) -> None:
    if not months > 0:
        raise InputError("the reference months have no length", got=months)
    if value_of_win == 0 or any(x is not None and not x >= 0 for x in (value_of_win, *others)):
        raise InputError(
            "capacity and costs cannot be negative, nor a win be worth nothing",
            where="[money] in the definition",
            do="leave out what is not known",
        )


def _limit_above(ascending: NDArray[np.float64], wanted: float) -> float:
    """Return the step with nearest to ``wanted`` leads at or above it (fewer where equal)."""
    if wanted >= len(ascending):
        return 0.0
    steps = figures.percent_steps()
    below = np.searchsorted(ascending, steps, side="left")
    at_or_above = [len(ascending) - int(n) for n in below]
    fewest = min(at_or_above, key=lambda n: (abs(n - wanted), n))
    # All steps within the same gap do; the middle one is as far as can be from either side.
    same = [step for step, n in zip(steps, at_or_above, strict=True) if n == fewest]
    return same[(len(same) - 1) // 2]


def _step_from(chance: float) -> float:
    """Return the first step at or above a chance."""
    steps = (0.0, *figures.percent_steps())
    return steps[min(bisect_left(steps, chance - _HAIR), len(steps) - 1)]
