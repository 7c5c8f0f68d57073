"""Simulated contests: two models as noisy readings of a known truth, so that no fit is needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MONTHS = 12
#: Mean and spread of the true log-odds of a lead at a look: 8 % win, and the best model that
#: there can be has an area under the curve of 0.76.
MEAN, SPREAD = -2.95, 1.15
#: Share of the spread that the leads of an account have in common.
SHARED = 0.2


@dataclass(frozen=True)
class Pair:
    """Two models of a simulated contest.

    Parameters
    ----------
    champion, challenger : float
        Standard deviation of the noise in their log-odds before they are calibrated; infinite for
        a model that knows nothing.
    common : float
        Share of the variance of the noise that they have in common.
    over : float
        Factor of the log-odds of the challenger about their mean: above 1 too far apart.
    random : bool
        Outcomes have nothing to do with the leads.
    """

    champion: float = 0.8
    challenger: float = 0.8
    common: float = 0.5
    over: float = 1.0
    random: bool = False


def contest(
    leads: int, pair: Pair, rng: np.random.Generator, months: int = MONTHS, challengers: int = 1
) -> pd.DataFrame:
    """Return the rows of a contest; further equal challengers are challenger_1, challenger_2 …

    Accounts hold one to eight leads; a lead is looked at one to four times, 20 days apart, while
    it is open. A lead that will win shows it within the horizon of nearly every look, so its
    looks agree, and the accounts of a firm win together beyond what any model sees.
    """
    account = np.repeat(np.arange(leads), rng.choice([1, 1, 1, 1, 2, 3, 8], leads))[:leads]
    looks = rng.choice([1, 2, 3, 4], leads, p=[0.3, 0.2, 0.2, 0.3])
    lead = np.repeat(np.arange(leads), looks)
    n = len(lead)

    def drawn() -> np.ndarray:
        """Return noise per look, most of it the lead's and some of it the account's."""
        own, shared = rng.normal(size=leads), rng.normal(size=leads)[account]
        of_lead = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * own
        return np.sqrt(0.8) * of_lead[lead] + np.sqrt(0.2) * rng.normal(size=n)

    signal = SPREAD * drawn()
    unseen = 0.5 * rng.normal(size=leads)[account]
    chance = expit(MEAN + (0.0 if pair.random else signal) + unseen[lead])
    won = rng.random(leads)[lead] < chance  # one draw a lead: its looks win or lose together
    noises = drawn(), drawn(), drawn()

    def model(noise: float, own: np.ndarray, over: float = 1.0) -> np.ndarray:
        mixed = np.sqrt(pair.common) * noises[0] + np.sqrt(1 - pair.common) * own
        if np.isinf(noise):
            return np.full(n, _calibrated(np.zeros(n), 0.0)[0])
        kept = SPREAD**2 / (SPREAD**2 + noise**2)
        if pair.random:  # what a fit of noise says: a spread that means nothing
            return expit(MEAN + 0.11 + noise * mixed)
        return _calibrated(over * kept * (signal + noise * mixed), over**2 * kept * SPREAD**2)

    created = np.sort(rng.uniform(0, 30.4 * months, leads))
    place = np.arange(n) - np.repeat(np.cumsum(looks) - looks, looks)
    as_of = pd.Timestamp("2025-01-01") + pd.to_timedelta(created[lead] + 20 * place, unit="D")
    starts = pd.date_range("2025-01-01", periods=months + 1, freq="MS", unit="ns")
    month = np.searchsorted(starts, as_of, side="right") - 1
    order = np.argsort(as_of, kind="stable")
    order = order[month[order] < months]
    frame = pd.DataFrame(
        {
            "lead_id": lead,
            "as_of": as_of,
            "group": account[lead],
            "cutoff": starts[month],
            "y": won.astype(int),
            "challenger": model(pair.challenger, noises[2], pair.over),
            "champion": model(pair.champion, noises[1]),
            "source": rng.integers(4, size=leads)[lead],
        }
    )
    for i in range(1, challengers):
        frame[f"challenger_{i}"] = model(pair.challenger, drawn(), pair.over)
    return frame.iloc[order].reset_index(drop=True)


def _calibrated(margin: np.ndarray, variance: float) -> np.ndarray:
    """Return chances whose log-odds are `margin` about the mean, near enough right on average.

    A model sees only a part of what spreads the truth; averaging the rest pulls the chances
    towards a half as a logistic curve flattens (MacKay 1992, Neural Computation 4:720).
    """
    hidden = max(SPREAD**2 - variance, 0.0) + 0.25
    flat = 1 / np.sqrt(1 + np.pi * hidden / 8)
    return expit(flat * (MEAN + margin))


def expit(z: np.ndarray | float) -> np.ndarray:
    """Return the logistic curve."""
    return np.asarray(1 / (1 + np.exp(-np.asarray(z, dtype=float))))


def _loss(y: np.ndarray, p: np.ndarray) -> float:
    return float(-np.mean(np.where(y == 1, np.log(p), np.log1p(-p))))


def true_gain(pair: Pair, leads: int = 200_000) -> float:
    """Return the log loss that the challenger saves, on so many leads that chance is small."""
    rows = contest(leads, pair, np.random.default_rng(12345))
    y = rows["y"].to_numpy()
    return _loss(y, rows["champion"].to_numpy()) - _loss(y, rows["challenger"].to_numpy())
