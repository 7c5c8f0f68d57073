"""Past: how a candidate would have done on earlier folds, each judged by what came before it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from predict.learning.boosting import BoostingMember, Settings
from predict.learning.calibration import Calibrator
from predict.learning.linear import LinearMember
from predict.learning.newton import fit_logistic, loss
from predict.learning.splits import Fold
from predict.learning.table import Table

Floats = NDArray[np.float64]

#: Nats, in the mean over folds, that a challenger must win by; a tie keeps what is simpler.
_WORTH = 0.001


@dataclass(frozen=True)
class Tried:
    """One candidate, and what it said and lost on each fold.

    Parameters
    ----------
    half_life : float or None
        Days in which a row's weight halves.
    settings : mapping
        LightGBM settings that differ from the defaults.
    share : float
        Weight of the boosting member.
    trees, linear : tuple of ndarray
        Log-odds that each member gives to the test rows of each fold.
    losses : tuple of float
        Mean log loss of the blend per fold.
    """

    half_life: float | None
    settings: Settings
    share: float
    trees: tuple[Floats, ...]
    linear: tuple[Floats, ...]
    losses: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean loss: each stretch of time counts the same, however busy."""
        return float(np.mean(self.losses))

    def beats(self, other: Tried) -> bool:
        """Tell whether it is better by enough, and on most folds."""
        wins = sum(a < b for a, b in zip(self.losses, other.losses, strict=True))
        return self.mean < other.mean - _WORTH and 2 * wins > len(self.losses)

    def blend(self, k: int, share: float | None = None) -> Floats:
        """Return the blended log-odds of the test rows of fold ``k``."""
        share = self.share if share is None else share
        return share * self.trees[k] + (1 - share) * self.linear[k]


@dataclass(frozen=True)
class Past:
    """Earlier folds of a table.

    Parameters
    ----------
    table : Table
    folds : list of Fold
    boosting : bool
        Whether the boosting member takes part.
    seed, threads : int
        Of LightGBM; one booster per fold.
    """

    table: Table
    folds: list[Fold]
    boosting: bool = True
    seed: int = 0
    threads: int = 0

    def run(self, share: float) -> Tried:
        """Return the defaults with equal weights, tried on all folds."""
        nothing = tuple(np.empty(0) for _ in self.folds)
        blank = Tried(None, {}, share, nothing, nothing, (np.inf,) * len(self.folds))
        found = self.challenge(blank, half_life=None)
        assert found is not None
        return found

    def challenge(
        self, best: Tried, *, half_life: float | None, settings: Settings | None = None
    ) -> Tried | None:
        """Return a candidate tried on all folds at the share of ``best``; None where it cannot win.

        The newest fold comes first, and the candidate is given up as soon as it has lost half of
        them.
        """
        settings = best.settings if settings is None else settings
        trees: dict[int, Floats] = {}
        linear: dict[int, Floats] = {}
        losses: dict[int, float] = {}
        for k in reversed(range(len(self.folds))):
            train = self.table.take(self.folds[k].train).recent(half_life)
            # A logistic member of the same weights is the same member.
            known = half_life == best.half_life and len(best.linear[k])
            linear[k] = best.linear[k] if known else self._linear(train, k)
            trees[k] = self._trees(train, k, settings)
            losses[k] = self._loss(k, best.share * trees[k] + (1 - best.share) * linear[k])
            if 2 * sum(losses[i] >= best.losses[i] for i in losses) >= len(self.folds):
                return None
        order = range(len(self.folds))
        return Tried(
            half_life,
            settings,
            best.share,
            tuple(trees[k] for k in order),
            tuple(linear[k] for k in order),
            tuple(losses[k] for k in order),
        )

    def at_share(self, tried: Tried, share: float) -> Tried:
        """Return the same candidate at another share of the boosting member."""
        losses = tuple(self._loss(k, tried.blend(k, share)) for k in range(len(self.folds)))
        return replace(tried, share=share, losses=losses)

    def levelled_loss(self, tried: Tried, share: float) -> float:
        """Return the mean loss with each fold at its own base rate.

        Moves of the base rate are the calibrator's business, and would drown what the members
        differ in.
        """
        losses = []
        for k, fold in enumerate(self.folds):
            margin = tried.blend(k, share)
            shift = fit_logistic(
                np.ones((len(margin), 1)),
                self.table.y[fold.test],
                self.table.weight[fold.test],
                np.ones(1),
                offset=margin,
            )
            losses.append(self._loss(k, margin + shift[0]))
        return float(np.mean(losses))

    def calibrator(self, tried: Tried) -> Calibrator:
        """Return the line that the folds call for."""
        rows = [fold.test for fold in self.folds]
        return Calibrator.fit(
            [tried.blend(k) for k in range(len(rows))],
            [self.table.y[r] for r in rows],
            [self.table.weight[r] for r in rows],
        )

    def figures(self) -> list[dict[str, float]]:
        """Return size and base rate of each fold."""
        y = self.table.y
        return [
            {
                "cut": fold.cut,
                "n_train": len(fold.train),
                "n_test": len(fold.test),
                "rate_train": float(y[fold.train].mean()),
                "rate_test": float(y[fold.test].mean()),
            }
            for fold in self.folds
        ]

    def _trees(self, train: Table, k: int, settings: Settings) -> Floats:
        if not self.boosting:
            return np.zeros(len(self.folds[k].test))
        member = BoostingMember.fit(
            train, settings=settings, seeds=(self.seed,), threads=self.threads
        )
        return member.margin(self.table.matrix[self.folds[k].test], self.threads)

    def _linear(self, train: Table, k: int) -> Floats:
        return LinearMember.fit(train).margin(self.table.matrix[self.folds[k].test])

    def _loss(self, k: int, margin: Floats) -> float:
        rows = self.folds[k].test
        weight = self.table.weight[rows]
        return float(weight @ loss(margin, self.table.y[rows]) / weight.sum())
