"""Comparison: what the same matured rows say of two models, with intervals over accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predict.errors import InputError
from predict.learning.intervals import Floats, group_codes
from predict.learning.ratios import DRAWS, Estimate, estimates, slope, standard_error, totals

#: Columns of a contest; every other one names the segment of a row.
KEYS = ("lead_id", "as_of", "group", "cutoff", "y", "challenger", "champion")
#: Columns that may be there: chances of the best simple rule, and the rate of the past.
RULES = ("rule", "base_rate")
#: Share of the looks of a month taken as its capacity where none is agreed.
DEFAULT_SHARE = 0.1
#: Winning and other leads that a segment needs to be judged.
SEGMENT_LEADS = 15
_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Segment:
    """The gain in one part of the leads.

    Parameters
    ----------
    column, level : str
        Column of the contest and its value.
    leads : int
        Leads of it.
    loss : float
        Log loss of the model in use on its rows.
    gain : float
        Log loss that the new model saves on its rows.
    high : float
        Upper bound of the gain, corrected for the number of segments (Bonferroni, one-sided
        2.5 % over all of them).
    """

    column: str
    level: str
    leads: int
    loss: float
    gain: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Two models on the same rows; gains are what the new one saves, so above 0 it is better.

    Parameters
    ----------
    rival : {"champion", "rule"}
        What the new model is compared with; the rule where no model in use can score.
    rows, leads, wins, others, winners, months : int
        Looks; leads; leads with and without a look that led to a win; accounts with one; cutoffs.
    losses : mapping of str to float
        Log loss of "challenger", "rival" and "base_rate".
    gain, skill : Estimate
        Of log loss against the rival, and against the rate of the past.
    taken : float
        Looks per month that are followed up.
    precision : mapping of str to float
        Share of them that led to a win, for "challenger" and "rival".
    precision_gain : Estimate
        The difference of the two.
    observed : mapping of str to Estimate
        Wins that came over wins expected, of "challenger" and "rival".
    slopes : mapping of str to Estimate
        Of outcomes on log-odds, 1 is best.
    expected : float
        Looks that the new model expected to lead to a win.
    segments : tuple of Segment
        Those with enough leads.
    """

    rival: Literal["champion", "rule"]
    rows: int
    leads: int
    wins: int
    others: int
    winners: int
    months: int
    losses: Mapping[str, float]
    gain: Estimate
    skill: Estimate
    taken: float
    precision: Mapping[str, float]
    precision_gain: Estimate
    observed: Mapping[str, Estimate]
    slopes: Mapping[str, Estimate]
    expected: float
    segments: tuple[Segment, ...]

    @classmethod
    def of(
        cls,
        contest: pd.DataFrame,
        *,
        capacity_per_month: float | None = None,
        draws: int = DRAWS,
        seed: int = 0,
    ) -> Comparison:
        """Compare the two models of a contest.

        Parameters
        ----------
        contest : pandas.DataFrame
            See `predict.learning.contest.contest`; the order of its rows changes nothing.
        capacity_per_month : float, optional
            Leads that can be followed up in a month; without it a tenth of each month's.
        draws, seed : int
            Resamples of whole accounts, and their seed.

        Raises
        ------
        InputError
            A column is missing, there are no rows, or a value is no outcome or no probability.
        """
        frame = _checked(contest)
        y = frame["y"].to_numpy(float)
        codes, n_groups = group_codes(frame["group"], len(frame))
        lead, n_leads = group_codes(frame["lead_id"], len(frame))
        won = totals(y, lead, n_leads) > 0
        rival: Literal["champion", "rule"] = (
            "rule" if frame["champion"].isna().all() else "champion"
        )
        chances = {
            "challenger": frame["challenger"].to_numpy(float),
            "rival": frame[rival].to_numpy(float),
            "base_rate": frame["base_rate"].to_numpy(float),
        }
        loss = {name: _loss(y, p) for name, p in chances.items()}

        def summed(values: Floats) -> Floats:
            return totals(values, codes, n_groups)

        size = summed(np.ones(len(y)))
        hits, taken = _taken(frame, lead, chances, capacity_per_month)
        called = summed((taken["challenger"] + taken["rival"]) / 2)
        pairs = {
            "gain": (summed(loss["rival"] - loss["challenger"]), size),
            "skill": (summed(loss["base_rate"] - loss["challenger"]), size),
            "precision": (summed(hits["challenger"] - hits["rival"]), called),
            "challenger": (summed(y), summed(chances["challenger"])),
            "rival": (summed(y), summed(chances["rival"])),
        }
        found = estimates(pairs, draws=draws, seed=seed)
        both = ("challenger", "rival")
        months = int(frame["cutoff"].nunique())
        return cls(
            rival=rival,
            rows=len(frame),
            leads=n_leads,
            wins=int(won.sum()),
            others=int(n_leads - won.sum()),
            winners=int((summed(y) > 0).sum()),
            months=months,
            losses={name: float(values.mean()) for name, values in loss.items()},
            gain=found["gain"],
            skill=found["skill"],
            taken=float(called.sum()) / months,
            precision={n: float(hits[n].sum() / taken[n].sum()) for n in both},
            precision_gain=found["precision"],
            observed={name: found[name] for name in both},
            slopes={name: slope(y, chances[name], codes, n_groups) for name in both},
            expected=float(chances["challenger"].sum()),
            segments=_segments(frame, loss, codes, lead),
        )


def _checked(contest: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in KEYS if name not in contest]
    if missing:
        raise InputError(
            "the contest lacks columns",
            got=", ".join(missing),
            do="make it with predict.learning.contest.contest",
        )
    frame = contest.copy()
    if "base_rate" not in frame:
        frame["base_rate"] = frame["y"].mean()
    if "rule" not in frame:
        frame["rule"] = frame["base_rate"]
    if not frame["y"].isin([0, 1]).all():
        raise InputError("an outcome of the contest is neither 0 nor 1", where="y")
    used = ["challenger", *RULES]
    if not frame["champion"].isna().all():
        used.append("champion")
    for name in used:
        if not frame[name].between(0, 1).all():
            raise InputError("a chance of the contest is not between 0 and 1", where=name)
    # Sums and resamples follow the order of the rows: one order for the same rows.
    if frame["as_of"].is_monotonic_increasing and frame["as_of"].is_unique:
        return frame.reset_index(drop=True)
    order = ["as_of", "lead_id", "y", *used]
    return frame.sort_values(order, ignore_index=True)


def _loss(y: Floats, p: Floats) -> Floats:
    inside = np.clip(p, _EPS, 1 - _EPS)
    return np.asarray(-np.where(y == 1, np.log(inside), np.log1p(-inside)))


def _taken(
    frame: pd.DataFrame,
    lead: NDArray[np.intp],
    chances: Mapping[str, Floats],
    capacity: float | None,
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return per row how many wins, and how much of it, are among the best of its month.

    A lead counts once a month, at its first look, however often it is looked at. Equal chances
    share the places that are left. The threshold is taken as fixed when accounts are resampled:
    the two models follow up equally many, so what it adds to their difference nearly cancels.
    """
    month = pd.factorize(frame["cutoff"])[0]
    first = np.sort(np.unique(month * len(frame) + lead, return_index=True)[1])
    month = month[first]
    size = np.bincount(month).astype(float)
    places = DEFAULT_SHARE * size if capacity is None else np.minimum(capacity, size)
    y = frame["y"].to_numpy(float)
    hits: dict[str, Floats] = {}
    taken: dict[str, Floats] = {}
    for name in ("challenger", "rival"):
        share = np.zeros(len(frame))
        share[first] = _best(chances[name][first], month, places)
        hits[name], taken[name] = share * y, share
    return hits, taken


def _best(p: Floats, month: NDArray[np.intp], places: Floats) -> Floats:
    """Return how much of each row is among the best of its month, ties sharing what is left.

    Examples
    --------
    >>> months, places = np.array([0, 0, 0, 0, 1]), np.array([2.0, 0.5])
    >>> _best(np.array([0.9, 0.5, 0.5, 0.1, 0.2]), months, places).tolist()
    [1.0, 0.5, 0.5, 0.0, 0.5]
    """
    order = np.lexsort((-p, month))
    chance, when = p[order], month[order]
    new = np.append(True, (chance[1:] != chance[:-1]) | (when[1:] != when[:-1]))
    start = np.flatnonzero(new)
    size = np.diff(np.append(start, len(p)))
    of = when[start]
    before = start - (np.cumsum(np.bincount(month)) - np.bincount(month))[of]
    share = np.empty(len(p))
    share[order] = np.repeat(np.clip((places[of] - before) / size, 0.0, 1.0), size)
    return share


def _segments(
    frame: pd.DataFrame,
    loss: Mapping[str, Floats],
    codes: NDArray[np.intp],
    lead: NDArray[np.intp],
) -> tuple[Segment, ...]:
    y = frame["y"].to_numpy(float)
    saved = loss["rival"] - loss["challenger"]
    parts = []
    for column in (c for c in frame if c not in (*KEYS, *RULES)):
        for level, rows in _levels(frame[column]):
            there = np.bincount(lead[rows]) > 0
            won = totals(y[rows], lead[rows], len(there))[there] > 0
            if min(won.sum(), (~won).sum()) >= SEGMENT_LEADS:
                parts.append((str(column), level, rows, len(won)))
    z = NormalDist().inv_cdf(1 - 0.025 / max(len(parts), 1))
    found = []
    for column, level, rows, leads in parts:
        size = np.bincount(codes[rows]).astype(float)
        over = totals(saved[rows], codes[rows], len(size))[size > 0]
        gain, se = standard_error(over, size[size > 0])
        rival = float(loss["rival"][rows].mean())
        found.append(Segment(column, level, leads, rival, gain, gain + z * se))
    return tuple(found)


def _levels(values: pd.Series) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Yield the levels of a column in words, in their order, and the rows of each."""
    codes, known = pd.factorize(values, use_na_sentinel=False)
    words = np.array(["not known" if pd.isna(v) else str(v) for v in known], dtype=object)
    again, names = pd.factorize(words, sort=True)
    codes = again[codes]
    rows = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    yield from zip(names, rows, strict=True)
