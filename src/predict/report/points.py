"""Points: the reasons of one lead as sentences and bars, and the walk of its chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from predict.scoring import figures
from predict.scoring.reasons import EVIDENCE
from predict.scoring.walk import rounded
from predict.scoring.wording import split
from predict.scoring.words import safe_text

if TYPE_CHECKING:
    import pandas as pd

#: Contributions (log-odds) from which on a reason is called strong (the odds double) or clear.
STRONG, CLEAR = 0.69, 0.25
#: A full bar stands for a contribution (log-odds) between these: one freak must not flatten all
#: others, and a list of small reasons must not look like one of strong ones.
FULL_BAR = (0.7, 2.0)
_MOST_LETTERS = 600


@dataclass(frozen=True)
class Point:
    """One reason: what is true of the lead, what became of past leads like it, how much it counts.

    Parameters
    ----------
    fact, evidence : str
        Each a sentence; the evidence may be empty.
    strength : {"strong", "clear", "slight"}
        The contribution in words.
    width : float
        Length of the bar, 0 to 100.
    contribution : float
        What it adds, in log-odds: for ordering, never printed.
    points : float
        What it adds to the chance, in shares of 1; NaN where that is not known.
    cited : str
        The evidence in full: counts, rate with its interval, rate of all, period; may be empty.
    """

    fact: str
    evidence: str
    strength: str
    width: float
    contribution: float
    points: float = math.nan
    cited: str = ""

    @property
    def raises(self) -> bool:
        """Whether it raised the chance."""
        return self.contribution > 0


def full_bar(reasons: pd.DataFrame) -> float:
    """Return the contribution for which a bar has full length, common to all leads shown.

    Parameters
    ----------
    reasons : pandas.DataFrame
        Reasons of the leads shown.
    """
    named = reasons.loc[reasons["direction"] != "other", "contribution"].abs()
    return min(max(float(named.max()) if len(named) else 0.0, FULL_BAR[0]), FULL_BAR[1])


def points(
    reasons: Sequence[Mapping[str, Any]], full: float
) -> tuple[tuple[Point, ...], tuple[Point, ...], Point | None]:
    """Return the reasons for, those against, and the rest, of one lead.

    Parameters
    ----------
    reasons : sequence of mapping
        Rows of one lead from `predict.scoring.reasons.reasons`, in rank order.
    full : float
        Contribution of a full bar, from `full_bar`.
    """
    made = [(str(row["direction"]), _point(row, full)) for row in reasons]
    rest = [point for direction, point in made if direction == "other"]
    return (
        tuple(point for direction, point in made if direction == "for"),
        tuple(point for direction, point in made if direction == "against"),
        rest[0] if rest and rest[0].strength != "none" else None,
    )


@dataclass(frozen=True)
class Step:
    """One step of a walk.

    Parameters
    ----------
    point : Point
        What moved the chance.
    said : str
        By how much, in percentage points: "+12", "−0.5", "±0".
    left, width : float
        Where its bar lies, 0 to 100.
    """

    point: Point
    said: str
    left: float
    width: float


@dataclass(frozen=True)
class Walk:
    """From where every lead starts to this lead's chance, in printed figures that add up.

    Parameters
    ----------
    start, end : str
        Percentages.
    start_at, end_at : float
        Where they lie, 0 to 100.
    steps : tuple of Step
        What lies between them.
    """

    start: str
    end: str
    start_at: float
    end_at: float
    steps: tuple[Step, ...]


#: Chances below this are walked in tenths of a percentage point: whole ones would all read 0.
_SMALL = 0.1
_SPARE = 4.0
ALL_ELSE = "All else together"


def walk_of(start: float, probability: float, named: Sequence[Point]) -> Walk | None:
    """Return the walk of a lead's chance, or None where its steps are not known.

    Parameters
    ----------
    start, probability : float
        The chance of a lead of which nothing is known yet, and the lead's.
    named : sequence of Point
        Reasons; what they leave of the way is one last step, `ALL_ELSE`.

    Examples
    --------
    >>> def point(points):
    ...     return Point("Came by referral", "", "clear", 50.0, points, points)
    >>> made = walk_of(0.07, 0.23, [point(0.144), point(-0.031)])
    >>> made.start, [step.said for step in made.steps], made.end
    ('7 %', ['+14', '−3', '+5'], '23 %')
    """
    moved = [point.points for point in named]
    if not named or not all(map(math.isfinite, [start, *moved])):
        return None
    left_over = probability - start - math.fsum(moved)
    points = [*named, Point(ALL_ELSE, "", "", 0.0, left_over, left_over)]
    moved.append(left_over)
    decimals = 1 if max(probability, start) < _SMALL else 0
    first, last = (round(100 * share, decimals) for share in (start, probability))
    printed = rounded([100 * share for share in moved], round(last - first, decimals), decimals)
    places, at = [first], first
    for step in printed:
        at = round(at + step, decimals)
        places.append(at)
    scale = (100 - _SPARE) / max(*places, 10.0**-decimals)
    steps = []
    for point, step, before, after in zip(points, printed, places, places[1:], strict=False):
        left, right = sorted((before, after))
        width = max((right - left) * scale, 0.6)
        steps.append(Step(point, _signed(step, decimals), max(left * scale, 0.0), width))
    return Walk(
        start=f"{first:.{decimals}f} %",
        end=f"{last:.{decimals}f} %",
        start_at=max(first * scale, 0.0),
        end_at=max(last * scale, 0.0),
        steps=tuple(steps),
    )


def cited(row: Mapping[str, Any]) -> str:
    """Return what a sentence rests on: counts, rate with interval, rate of all, period.

    Parameters
    ----------
    row : mapping
        A row of the reasons, with `predict.scoring.reasons.EVIDENCE`.

    Examples
    --------
    >>> cited({"n": 812, "converters": 154, "rate": 0.19, "rate_low": 0.164, "rate_high": 0.218,
    ...        "overall": 0.07, "since": "2024-03-01", "until": "2026-05-30"})
    '154 of 812 such leads: 19 % (16 % to 22 %), of all 7 %; March 2024 to May 2026'
    """
    n = row.get("n")
    if n is None or not n > 0:
        return ""
    return _cited(*(row.get(column) for column in EVIDENCE))


@lru_cache(maxsize=4096)  # leads alike in something cite the same past leads
def _cited(n: float, converters: float, *rates_and_days: Any) -> str:
    *rates, since, until = rates_and_days
    rate, low, high, overall = (figures.percent(float(share)) for share in rates)
    counted = f"{int(converters):,} of {int(n):,} such leads"
    told = f"{counted}: {rate} ({low} to {high}), of all {overall}"
    months = list(dict.fromkeys(_month(day) for day in (since, until)))
    period = " to ".join(month for month in months if month)
    return f"{told}; {period}" if period else told


def _month(iso: object) -> str:
    if not isinstance(iso, str) or not iso:
        return ""
    return figures.day(date.fromisoformat(iso)).split(" ", 1)[1]


def _signed(step: float, decimals: int) -> str:
    if step == 0:
        return "±0"
    return f"{'+' if step > 0 else '−'}{abs(step):.{decimals}f}"


def _point(row: Mapping[str, Any], full: float) -> Point:
    contribution = float(row["contribution"])
    size = abs(contribution)
    fact, evidence = split(safe_text(row["sentence"], limit=_MOST_LETTERS))
    if size >= STRONG:
        strength = "strong"
    elif size >= CLEAR:
        strength = "clear"
    else:
        strength = "slight" if size >= 0.05 else "none"
    return Point(
        fact=fact[:1].upper() + fact[1:],
        evidence=evidence[:1].upper() + evidence[1:],
        strength=strength,
        width=round(100 * min(1.0, size / full), 1),
        contribution=contribution,
        points=float(row.get("points", math.nan)),
        cited=cited(row) if evidence else "",
    )
