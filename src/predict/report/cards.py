"""Cards: all that a page or a terminal shows of one lead, as plain text and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from predict.scoring import figures
from predict.scoring.stability import UNCERTAIN
from predict.scoring.wording import split
from predict.scoring.words import safe_text

if TYPE_CHECKING:
    import pandas as pd

#: Contributions (log-odds) from which on a reason is called strong (the odds double) or clear.
STRONG, CLEAR = 0.69, 0.25
#: A full bar stands for a contribution (log-odds) between these: one freak must not flatten all
#: others, and a list of small reasons must not look like one of strong ones.
FULL_BAR = (0.7, 2.0)
_MOST_DOTS = 20
_MOST_LETTERS = 600
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,24}")


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
    """

    fact: str
    evidence: str
    strength: str
    width: float
    contribution: float

    @property
    def raises(self) -> bool:
        """Whether it raised the chance."""
        return self.contribution > 0


@dataclass(frozen=True)
class Contact:
    """A way to reach the lead; ``href`` is None unless the text is surely an address or number."""

    text: str
    href: str | None


@dataclass(frozen=True)
class Card:
    """What is shown of one scored lead.

    Parameters
    ----------
    row : int
        Row of the list, from 0.
    name, line, place : str
        Who: the name (else firm, else id), title and firm, where.
    grade : str
        "A" to "D".
    qualified : bool
        Rated qualified.
    probability, score : float
        Chance in [0, 1]; percentile among past leads.
    chance, percent : str
        The chance in words and as a percentage.
    dots : tuple of bool
        The chance as dots, filled or not; empty where it is no small fraction.
    came : str
        How long ago the lead came, or "".
    contacts : tuple of Contact
        E-mail and phone.
    source : str
        Where the lead came from.
    higher, lower : tuple of Point
        Reasons.
    rest : Point or None
        All that is not named, where it counts.
    explained : bool
        Whether reasons were asked for at all; without any, nothing stands out.
    failed, unknown : tuple of str
        Agreed criteria failed, and those still to find out.
    marks : tuple of str
        What to be careful about.
    """

    row: int
    name: str
    line: str
    place: str
    grade: str
    qualified: bool
    probability: float
    score: float
    chance: str
    percent: str
    dots: tuple[bool, ...]
    came: str
    contacts: tuple[Contact, ...]
    source: str
    higher: tuple[Point, ...]
    lower: tuple[Point, ...]
    rest: Point | None
    explained: bool
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    marks: tuple[str, ...]

    @property
    def first(self) -> Point | None:
        """The reason that counts most, for or against."""
        named = [*self.higher, *self.lower]
        return max(named, key=lambda point: abs(point.contribution), default=None)


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
    reasons: pd.DataFrame, full: float
) -> tuple[tuple[Point, ...], tuple[Point, ...], Point | None]:
    """Return the reasons for, those against, and the rest, of one lead.

    Parameters
    ----------
    reasons : pandas.DataFrame
        Rows of one lead from `predict.scoring.reasons.reasons`, in rank order.
    full : float
        Contribution of a full bar, from `full_bar`.
    """
    made = [
        (str(direction), _point(float(contribution), str(sentence), full))
        for direction, contribution, sentence in zip(
            reasons["direction"], reasons["contribution"], reasons["sentence"], strict=True
        )
    ]
    rest = [point for direction, point in made if direction == "other"]
    return (
        tuple(point for direction, point in made if direction == "for"),
        tuple(point for direction, point in made if direction == "against"),
        rest[0] if rest and rest[0].strength != "none" else None,
    )


def card(
    lead: Mapping[str, Any], reasons: pd.DataFrame, who: Mapping[str, str], full: float
) -> Card:
    """Return the card of one scored lead.

    Parameters
    ----------
    lead : mapping
        Its row of the scores frame.
    reasons : pandas.DataFrame
        Its rows of the reasons frame.
    who : mapping of str to str
        Roles of `predict.report.who.ROLES` → text.
    full : float
        Contribution of a full bar, from `full_bar`.
    """
    said = {role: safe_text(text, limit=80) for role, text in who.items()}
    higher, lower, rest = points(reasons, full)
    probability = float(lead["probability"])
    named = said.get("name") or said.get("firm") or safe_text(lead["lead_id"])
    below = [said.get("title", ""), said.get("firm", "") if said.get("name") else ""]
    return Card(
        row=int(lead["row"]),
        name=named,
        line=", ".join(part for part in below if part),
        place=", ".join(part for part in (said.get("place"), said.get("country")) if part),
        grade=str(lead["grade"]),
        qualified=bool(lead["rated_qualified"]),
        probability=probability,
        score=float(lead["score"]),
        chance=figures.chance(probability),
        percent=figures.percent(probability),
        dots=_dots(probability),
        came=_came(lead.get("created_at"), lead.get("as_of")),
        contacts=tuple(_contacts(said)),
        source=said.get("source", ""),
        higher=higher,
        lower=lower,
        rest=rest,
        explained=len(reasons) > 0,
        failed=_parts(lead.get("criteria_failed")),
        unknown=_parts(lead.get("criteria_unknown")),
        marks=tuple(_marks(lead)),
    )


def _point(contribution: float, sentence: str, full: float) -> Point:
    size = abs(contribution)
    fact, evidence = split(safe_text(sentence, limit=_MOST_LETTERS))
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
    )


def _dots(probability: float) -> tuple[bool, ...]:
    fraction = figures.chance_fraction(probability)
    if fraction is None or fraction[1] > _MOST_DOTS:
        return ()
    return tuple(place < fraction[0] for place in range(fraction[1]))


def _came(created_at: object, as_of: object) -> str:
    if not isinstance(created_at, datetime) or not isinstance(as_of, datetime):
        return ""
    days = (as_of - created_at).total_seconds() / 86_400
    if not days >= 0:  # also where either is missing (NaT)
        return ""
    return "came today" if days < 1 else f"came {figures.with_unit(float(int(days)), 'days')} ago"


def _contacts(said: Mapping[str, str]) -> Iterable[Contact]:
    """Link only what is an address or a number from end to end; the rest stays text."""
    if email := said.get("email"):
        yield Contact(email, f"mailto:{email}" if _EMAIL.fullmatch(email) else None)
    if phone := said.get("phone"):
        digits = re.sub(r"[^0-9+]", "", phone)
        yield Contact(phone, f"tel:{digits}" if _PHONE.fullmatch(phone) else None)


def _parts(joined: object) -> tuple[str, ...]:
    if not isinstance(joined, str):
        return ()
    return tuple(safe_text(part, limit=120) for part in joined.split("; ") if part)


def _marks(lead: Mapping[str, Any]) -> Iterable[str]:
    refused = lead.get("do_not_contact")
    if isinstance(refused, str) and refused:
        yield f"May not be contacted in every way: see {safe_text(refused, limit=120)}."
    unlike = lead.get("unlike")
    if isinstance(unlike, str) and unlike:
        yield safe_text(unlike, limit=240)
    steady = lead.get("steadiness")
    if isinstance(steady, float) and steady < UNCERTAIN:
        yield "Reasons uncertain: had other leads been learned from, they would be others."
    if lead.get("basis") == "profile":
        yield "Judged by profile alone: nothing is known of what this lead did."
