"""Past: how a candidate would have done on earlier folds, each judged by what came before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from predict.learning.boosting import BoostingMember, Settings
from predict.learning.calibration import Calibrator, anchor_of
from predict.learning.linear import LinearMember
from predict.learning.newton import loss
from predict.learning.splits import Fold
from predict.learning.table import Table

Floats = NDArray[np.float64]

#: Nats, in the mean over folds, that a challenger must win by; a tie keeps what is simpler.
_WORTH = 0.001


class Said(NamedTuple):
    """Log-odds that a member gives to a fold: its test rows, and the newest it learned from."""

    test: Floats
    newest: Floats

    def mixed(self, other: Said, share: float) -> Said:
        """Return the blend with another member, this one with ``share``."""
        return Said(*(share * a + (1 - share) * b for a, b in zip(self, other, strict=True)))


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
    trees, linear : tuple of Said
        What each member says on each fold.
    losses : tuple of float
        Mean log loss of the blend per fold.
    """

    half_life: float | None
    settings: Settings
    share: float
    trees: tuple[Said, ...]
    linear: tuple[Said, ...]
    losses: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean loss: each stretch of time counts the same, however busy."""
        return float(np.mean(self.losses))

    def beats(self, other: Tried) -> bool:
        """Tell whether it is better by enough, and on most folds."""
        wins = sum(a < b for a, b in zip(self.losses, other.losses, strict=True))
        return self.mean < other.mean - _WORTH and 2 * wins > len(self.losses)


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

    @cached_property
    def newest(self) -> list[Table]:
        """The newest rows that each fold learns from: those that hold its base rate."""
        return [self.table.take(fold.train).newest() for fold in self.folds]

    @property
    def wins(self) -> float:
        """How many rows converted among those that the folds judge."""
        return sum(float(self.table.weight[f.test] @ self.table.y[f.test]) for f in self.folds)

    def run(self, share: float, half_life: float | None = None) -> Tried:
        """Return the default settings at one half-life, tried on all folds."""
        blank = Tried(half_life, {}, share, (), (), (np.inf,) * len(self.folds))
        found = self.challenge(blank, half_life=half_life)
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
        trees: dict[int, Said] = {}
        linear: dict[int, Said] = {}
        losses: dict[int, float] = {}
        for k in reversed(range(len(self.folds))):
            recent = self.table.take(self.folds[k].train).recent(half_life)
            newest, test = self.newest[k].matrix, self.table.matrix[self.folds[k].test]
            if best.linear and half_life == best.half_life:
                linear[k] = best.linear[k]  # the same weights make the same member
            else:
                member = LinearMember.fit(recent)
                linear[k] = Said(member.margin(test), member.margin(newest))
            trees[k] = self._trees(recent, test, newest, settings)
            losses[k] = self._loss(k, self.anchored(k, trees[k].mixed(linear[k], best.share)))
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

    def anchored(self, k: int, said: Said) -> Floats:
        """Return log-odds of the test rows of fold ``k``, anchored as those of a last fit are."""
        newest = self.newest[k]
        return said.test + anchor_of(said.newest, newest.y, newest.weight)

    def blend(self, tried: Tried, k: int) -> Floats:
        """Return the anchored log-odds of a candidate for the test rows of fold ``k``."""
        return self.anchored(k, tried.trees[k].mixed(tried.linear[k], tried.share))

    def at_share(self, tried: Tried, share: float) -> Tried:
        """Return the same candidate at another share of the boosting member."""
        moved = replace(tried, share=share)
        losses = tuple(self._loss(k, self.blend(moved, k)) for k in range(len(self.folds)))
        return replace(moved, losses=losses)

    def levelled_loss(self, tried: Tried, share: float) -> float:
        """Return the mean loss with each fold at its own base rate.

        Moves of the base rate are the calibrator's business, and would drown what the members
        differ in.
        """
        losses = []
        for k, fold in enumerate(self.folds):
            y, weight = self.table.y[fold.test], self.table.weight[fold.test]
            margin = tried.trees[k].mixed(tried.linear[k], share).test
            losses.append(self._loss(k, margin + anchor_of(margin, y, weight, precision=1.0)))
        return float(np.mean(losses))

    def calibrator(self, tried: Tried) -> Calibrator:
        """Return the line that the folds call for."""
        rows = [fold.test for fold in self.folds]
        return Calibrator.fit(
            [self.blend(tried, k) for k in range(len(rows))],
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

    def _trees(self, train: Table, test: Floats, newest: Floats, settings: Settings) -> Said:
        if not self.boosting:
            return Said(np.zeros(len(test)), np.zeros(len(newest)))
        seeds, threads = (self.seed,), self.threads
        member = BoostingMember.fit(train, settings=settings, seeds=seeds, threads=threads)
        return Said(member.margin(test, threads), member.margin(newest, threads))

    def _loss(self, k: int, margin: Floats) -> float:
        rows = self.folds[k].test
        weight = self.table.weight[rows]
        return float(weight @ loss(margin, self.table.y[rows]) / weight.sum())
