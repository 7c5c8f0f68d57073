"""What the past says: recency, settings, blend and calibration, chosen on earlier folds in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from predict.learning.boosting import BoostingMember, Settings
from predict.learning.calibration import Calibrator
from predict.learning.linear import LinearMember
from predict.learning.newton import fit_logistic, loss
from predict.learning.splits import Fold, past_folds
from predict.learning.table import Table
from predict.learning.trials import changed, trial_list

Floats = NDArray[np.float64]
Report = Callable[[str], None]

#: Share of the boosting member where the past says nothing.
PRIOR_SHARE = 0.6
#: Nats per squared distance from it: a member must be clearly better to take the whole blend.
_LEANING = 0.01
#: Nats, in the mean over folds, that another setting must win by; ties keep what is simple.
_WORTH = 0.001
#: Shares of the boosting member to choose from, by the members asked for.
SHARES: Mapping[str, tuple[float, ...]] = {
    "both": tuple(i / 20 for i in range(21)),
    "boosting": (1.0,),
    "logistic": (0.0,),
}


@dataclass(frozen=True)
class Choice:
    """What is settled before the last fit.

    Parameters
    ----------
    share : float
        Weight of the boosting member in the blend of log-odds; the logistic member has the rest.
    half_life : float or None
        Days in which a row's weight halves.
    settings : mapping
        LightGBM settings that differ from the defaults.
    calibrator : Calibrator
    report : dict
        The figures behind it; JSON-ready.
    """

    share: float = 0.0
    half_life: float | None = None
    settings: Settings = field(default_factory=dict)
    calibrator: Calibrator = field(default_factory=Calibrator)
    report: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class _Outcome:
    """Out-of-fold margins of both members for one candidate, judged fold by fold."""

    trees: tuple[Floats, ...]
    linear: tuple[Floats, ...]
    share: float
    losses: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.mean(self.losses))

    def beats(self, other: _Outcome) -> bool:
        """Tell whether it is better by enough, and in most folds."""
        wins = sum(a < b for a, b in zip(self.losses, other.losses, strict=True))
        return self.mean < other.mean - _WORTH and 2 * wins > len(self.losses)

    def blend(self, k: int) -> Floats:
        return self.share * self.trees[k] + (1 - self.share) * self.linear[k]


@dataclass(frozen=True)
class Past:
    """Earlier folds of a table, and how candidates would have done on them.

    Parameters
    ----------
    table : Table
    folds : list of Fold
    shares : tuple of float
        Shares of the boosting member to choose from.
    seed, threads : int
        Of LightGBM.
    """

    table: Table
    folds: list[Fold]
    shares: tuple[float, ...] = SHARES["both"]
    seed: int = 0
    threads: int = 0

    def trees(self, half_life: float | None, settings: Settings) -> tuple[Floats, ...]:
        """Return the boosting member's log-odds of the rows of each fold's test."""
        if max(self.shares) == 0.0:
            return tuple(np.zeros(len(fold.test)) for fold in self.folds)
        made = []
        for fold in self.folds:
            train = self.table.take(fold.train)
            member = BoostingMember.fit(
                train.matrix,
                train.columns,
                train.y,
                train.recency(half_life),
                settings=settings,
                seeds=(self.seed,),
                threads=self.threads,
            )
            made.append(member.margin(self.table.matrix[fold.test], self.threads))
        return tuple(made)

    def linear(self, half_life: float | None) -> tuple[Floats, ...]:
        """Return the logistic member's log-odds of the rows of each fold's test."""
        made = []
        for fold in self.folds:
            train = self.table.take(fold.train)
            weight = train.recency(half_life)
            member = LinearMember.fit(train.matrix, train.columns, train.y, weight)
            made.append(member.margin(self.table.matrix[fold.test]))
        return tuple(made)

    def judge(self, trees: tuple[Floats, ...], linear: tuple[Floats, ...]) -> _Outcome:
        """Return the best blend of the members, leaning to the usual share."""
        pairs = list(zip(trees, linear, strict=True))

        def leaning(share: float) -> float:
            # Each fold at its own base rate: moves of the rate are the calibrator's business, and
            # would drown what the members differ in.
            losses = [
                self._loss(k, self._levelled(k, share * a + (1 - share) * b))
                for k, (a, b) in enumerate(pairs)
            ]
            return float(np.mean(losses)) + _LEANING * (share - PRIOR_SHARE) ** 2

        share = min(self.shares, key=leaning)
        losses = tuple(self._loss(k, share * a + (1 - share) * b) for k, (a, b) in enumerate(pairs))
        return _Outcome(trees, linear, share, losses)

    def calibrator(self, outcome: _Outcome) -> Calibrator:
        """Return the line that the folds call for."""
        rows = [fold.test for fold in self.folds]
        return Calibrator.fit(
            [outcome.blend(k) for k in range(len(rows))],
            [self.table.y[r] for r in rows],
            [self.table.weight[r] for r in rows],
        )

    def _levelled(self, k: int, margin: Floats) -> Floats:
        rows = self.folds[k].test
        shift = fit_logistic(
            np.ones((len(rows), 1)),
            self.table.y[rows],
            self.table.weight[rows],
            np.ones(1),
            offset=margin,
        )
        return margin + shift[0]

    def _loss(self, k: int, margin: Floats) -> float:
        rows = self.folds[k].test
        weight = self.table.weight[rows]
        return float(weight @ loss(margin, self.table.y[rows]) / weight.sum())


def choose(
    table: Table,
    *,
    gap: float = 0.0,
    members: str = "both",
    half_lives: Sequence[float] = (),
    trials: int = 0,
    time_cap: float | None = None,
    seed: int = 0,
    threads: int = 0,
    tell: Report = lambda what: None,
) -> Choice:
    """Return what would have been best on the newest past folds.

    Parameters
    ----------
    table : Table
    gap : float
        Days until the outcome of a row is known.
    members : {"both", "boosting", "logistic"}
    half_lives : sequence of float
        Tried against equal weights, and taken only where they win.
    trials : int
        Settings tried against the defaults, and taken only where they win.
    time_cap : float, optional
        Seconds after which no further trial begins. How many were done is in the report; the same
        number of trials without a cap gives the same choice.
    seed, threads : int
    tell : callable
        Told in a word what was just done.
    """
    started = time.monotonic()
    shares = SHARES[members]
    folds = past_folds(table.time, table.groups, table.y, gap=gap)
    past = Past(table, folds, shares, seed, threads)
    report: dict[str, object] = {
        "folds": [_fold_figures(table, fold) for fold in past.folds],
        "trials": {"asked": trials, "done": 0, "wins": None, "log_loss": []},
    }
    if not past.folds:
        usual = min(shares, key=lambda share: abs(share - PRIOR_SHARE))
        return Choice(usual, report=report)
    best = past.judge(past.trees(None, {}), past.linear(None))
    tell("equal weights")
    tried: dict[str, float] = {"none": best.mean}
    chosen: float | None = None
    for half_life in half_lives:
        found = past.judge(past.trees(half_life, {}), past.linear(half_life))
        tried[f"{half_life:g}"] = found.mean
        if found.beats(best):
            best, chosen = found, half_life
        tell(f"half-life {half_life:g}")
    settings: Settings = {}
    losses: list[float] = []
    wins: int | None = None
    for number, trial in enumerate(trial_list(trials, seed)):
        if time_cap is not None and time.monotonic() - started > time_cap:
            break
        found = past.judge(past.trees(chosen, trial), best.linear)
        losses.append(found.mean)
        if found.beats(best):
            best, settings, wins = found, changed(trial), number
        tell(f"trial {number + 1}")
    calibrator = past.calibrator(best)
    report["half_lives"] = tried
    report["trials"] = {"asked": trials, "done": len(losses), "wins": wins, "log_loss": losses}
    report["log_loss"] = {
        "blend": list(best.losses),
        "boosting": [past._loss(k, m) for k, m in enumerate(best.trees)],
        "logistic": [past._loss(k, m) for k, m in enumerate(best.linear)],
    }
    return Choice(best.share, chosen, settings, calibrator, report)


def _fold_figures(table: Table, fold: Fold) -> dict[str, float]:
    return {
        "cut": fold.cut,
        "n_train": len(fold.train),
        "n_test": len(fold.test),
        "rate_train": float(table.y[fold.train].mean()),
        "rate_test": float(table.y[fold.test].mean()),
    }
