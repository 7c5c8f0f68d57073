"""What the past says: recency, settings, blend and calibration, chosen on earlier folds in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from predict.learning.boosting import Settings
from predict.learning.calibration import Calibrator
from predict.learning.past import Past, Tried
from predict.learning.splits import past_folds
from predict.learning.table import Table
from predict.learning.trials import changed, trial_list

Floats = NDArray[np.float64]

#: Share of the boosting member where the past says nothing.
PRIOR_SHARE = 0.6
#: Nats per squared distance from it: a member must be clearly better to take the whole blend.
_LEANING = 0.003
#: Where fewer converted among the rows that the folds judge, the boosting member has to win there.
ENOUGH_WINS = 150.0
#: Shares of the boosting member to choose from, by the members asked for.
SHARES: Mapping[str, tuple[float, ...]] = {
    "both": tuple(i / 10 for i in range(11)),
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


def choose(
    table: Table,
    *,
    members: str = "both",
    half_lives: Sequence[float | None] = (),
    trials: int = 0,
    time_cap: float | None = None,
    seed: int = 0,
    threads: int = 0,
    tell: Callable[[str], None] = lambda what: None,
) -> Choice:
    """Return what would have been best on the newest past folds.

    Parameters
    ----------
    table : Table
    members : {"both", "boosting", "logistic"}
    half_lives : sequence of (float or None)
        The first holds unless another one wins on most folds; None weighs all rows alike.
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
    first, *others = half_lives or (None,)
    usual = min(shares, key=lambda share: abs(share - PRIOR_SHARE))
    past = Past(
        table,
        past_folds(table.time, table.groups, table.y, gap=table.gap, longest=table.longest),
        boosting=max(shares) > 0.0,
        seed=seed,
        threads=threads,
    )
    if not past.folds:
        # Trees that nothing later was judged by have no share.
        return Choice(
            min(shares),
            half_life=first,
            report={"folds": [], "trials": {"asked": trials, "done": 0}},
        )
    best = past.run(usual, first)
    tell(f"half-life {_named(first)}")
    half_life_losses: dict[str, float | None] = {_named(first): best.mean}
    for half_life in others:
        found = past.challenge(best, half_life=half_life)
        half_life_losses[_named(half_life)] = None if found is None else found.mean
        best = best if found is None or not found.beats(best) else found
        tell(f"half-life {_named(half_life)}")
    share = min(shares, key=lambda s: past.levelled_loss(best, s) + _LEANING * (s - usual) ** 2)
    best = past.at_share(best, share)
    if past.wins < ENOUGH_WINS and not best.beats(past.at_share(best, min(shares))):
        share = min(shares)
        best = past.at_share(best, share)
    trial_losses: list[float | None] = []
    wins: int | None = None
    for number, trial in enumerate(trial_list(trials, seed)):
        if time_cap is not None and time.monotonic() - started > time_cap:
            break
        found = past.challenge(best, half_life=best.half_life, settings=changed(trial))
        trial_losses.append(None if found is None else found.mean)
        if found is not None and found.beats(best):
            best, wins = found, number
        tell(f"trial {number + 1}")
    report: dict[str, object] = {
        "folds": past.figures(),
        "log_loss": _member_losses(past, best),
        "half_lives": half_life_losses,
        "trials": {
            "asked": trials,
            "done": len(trial_losses),
            "wins": wins,
            "log_loss": trial_losses,
        },
    }
    return Choice(share, best.half_life, best.settings, past.calibrator(best), report)


def _named(half_life: float | None) -> str:
    return "none" if half_life is None else f"{half_life:g}"


def _member_losses(past: Past, tried: Tried) -> dict[str, list[float]]:
    return {
        "blend": list(tried.losses),
        "boosting": list(past.at_share(tried, 1.0).losses),
        "logistic": list(past.at_share(tried, 0.0).losses),
    }
