"""Margins: how much worse is worse, and how much evidence is enough."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Margins:
    """How much worse is worse. Chosen by simulation: `benchmarks/gate.md`.

    Parameters
    ----------
    refresh : float
        Share of the log loss of the model in use that newer data may cost at most, surely.
    skill : float
        Share of the log loss of the plain rate that a model must save at least, beside saving
        something surely: a model of nothing sometimes saves a trace.
    precision : float
        Share of the precision at capacity that may be lost.
    segment : float
        Share of the log loss of a segment that may be lost.
    observed : (float, float)
        Band of wins that came over wins expected.
    slope : (float, float)
        Band of the slope of outcomes on log-odds.
    wins, accounts : int
        Winning leads, as many others, and accounts that they come from, without which nothing is
        judged.
    first_wins, first_accounts, first_sure : int, int, float
        Instead, while nothing is in use that can score: winning leads, accounts, and how sure it
        must be that log loss is saved. A model in vain costs little then, and none costs the list.
    few : int
        With as many winning leads or more, a first model must save log loss as surely as any.
    """

    refresh: float = 0.02
    skill: float = 0.01
    precision: float = 0.10
    segment: float = 0.05
    observed: tuple[float, float] = (0.8, 1.25)
    slope: tuple[float, float] = (0.7, 1.43)
    wins: int = 30
    accounts: int = 15
    first_wins: int = 15
    first_accounts: int = 10
    first_sure: float = 0.8
    few: int = 45
