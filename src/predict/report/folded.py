"""Folded: what stands below the first screen of a lead: what it did, who was like it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from predict.scoring.words import safe_text

#: Things done that are told of a lead, the newest first.
MOST_EVENTS = 10


@dataclass(frozen=True)
class Happening:
    """Something a lead did, once or several times on one day.

    Parameters
    ----------
    when : str
        "today", "yesterday", "5 days ago".
    what : str
        "Viewed “pricing”, 3 times".
    """

    when: str
    what: str


@dataclass(frozen=True)
class Folded:
    """What is folded below a lead besides its reasons.

    Parameters
    ----------
    timeline : tuple of Happening
        What it did last, the newest first.
    alike : tuple of str
        Past leads like it and what became of each, a sentence each, without names.
    changed : tuple of (str, float)
        Why its chance is not what it was the last time: what moved it, and by how much, in shares
        of 1. They sum to the change.
    before : str
        The chance of the last time and when that was: "9 % on 1 June 2026".
    """

    timeline: tuple[Happening, ...] = ()
    alike: tuple[str, ...] = ()
    changed: tuple[tuple[str, float], ...] = ()
    before: str = ""

    @property
    def steps(self) -> list[tuple[str, str, bool]]:
        """What changed: the words, the percentage points as printed, whether they raise."""
        return [
            (safe_text(words, limit=160), f"{'+' if by > 0 else '−'}{abs(100 * by):.1f}", by > 0)
            for words, by in self.changed
        ]


NOTHING = Folded()


def timeline(events: Iterable[tuple[int, str]]) -> tuple[Happening, ...]:
    """Return things done as a reader reads them, the same things of a day as one.

    Parameters
    ----------
    events : iterable of (int, str)
        Days before the day we look, and what was done; the newest first.

    Examples
    --------
    >>> seen = timeline([(0, "viewed “pricing”"), (0, "viewed “pricing”"), (3, "opened a mail")])
    >>> [(one.when, one.what) for one in seen]
    [('today', 'Viewed “pricing”, 2 times'), ('3 days ago', 'Opened a mail')]
    """
    told = []
    for days, of_day in groupby(events, key=lambda event: event[0]):
        counts: dict[str, int] = {}
        for _, what in of_day:
            counts[what] = counts.get(what, 0) + 1
        for what, n in counts.items():
            said = safe_text(what, limit=120)
            times = f", {n} times" if n > 1 else ""
            told.append(Happening(_ago(days), said[:1].upper() + said[1:] + times))
    return tuple(told[:MOST_EVENTS])


def became(stage: str, goal_reach: str, days: float | None) -> str:
    """Return what became of a past lead.

    Parameters
    ----------
    stage : str
        Past tense of the agreed stage, without time: "became an opportunity".
    goal_reach : str
        Base form with the time: "become an opportunity within 90 days".
    days : float or None
        After how many days it got there; None where it did not in time.

    Examples
    --------
    >>> became("became a customer", "become a customer within 90 days", 34.2)
    'became a customer 34 days later'
    >>> became("became a customer", "become a customer within 90 days", None)
    'did not become a customer within 90 days'
    """
    if days is None:
        return f"did not {goal_reach}"
    whole = int(days)
    later = "the same day" if whole == 0 else f"{whole} day{'' if whole == 1 else 's'} later"
    return f"{stage} {later}"


def named(parts: Sequence[str]) -> str:
    """Join a few words: "pricing page and industry".

    Examples
    --------
    >>> named(["size", "industry"]), named(["size"])
    ('size and industry', 'size')
    """
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _ago(days: int) -> str:
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
