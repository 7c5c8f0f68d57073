"""Cards: all that a page or a terminal shows of one lead, as plain text and numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from predict.report.points import Point, Walk, points, walk_of
from predict.scoring import figures
from predict.scoring.stability import UNCERTAIN
from predict.scoring.words import safe_text, spaced

_MOST_DOTS = 20
#: Share of the strongest contribution from which on a reason is told in its place.
NEAR = 0.7
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,24}")


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
    start : float
        The chance of a lead of which nothing is known yet; NaN where reasons were not asked for.
    refused : str
        What says that the lead may not be contacted in every way, or "".
    days : float
        Age in days; NaN where it is not known.
    fit, engagement : str
        The two-way grade, "" where there is none.
    campaign, list_name, owner : str
        Where the lead belongs.
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
    start: float = math.nan
    refused: str = ""
    days: float = math.nan
    fit: str = ""
    engagement: str = ""
    campaign: str = ""
    list_name: str = ""
    owner: str = ""

    @property
    def told(self) -> Point | None:
        """The reason to call: of a lead worth calling the strongest for, else the strongest.

        One that past leads bear out is told before one that is little stronger.
        """
        if not (self.qualified and self.higher):
            return self.first
        near = [p for p in self.higher if p.contribution >= NEAR * self.higher[0].contribution]
        return next((point for point in near if point.evidence), near[0])

    @property
    def walk(self) -> Walk | None:
        """The walk from where every lead starts to this lead's chance."""
        return walk_of(self.start, self.probability, [*self.higher, *self.lower])

    @property
    def criteria(self) -> str:
        """What the agreed criteria say: "failed", "open" (something to find out) or "met"."""
        return "failed" if self.failed else "open" if self.unknown else "met"

    @property
    def first(self) -> Point | None:
        """The reason that counts most, for or against."""
        named = [*self.higher, *self.lower]
        return max(named, key=lambda point: abs(point.contribution), default=None)


def card(
    lead: Mapping[str, Any],
    reasons: Sequence[Mapping[str, Any]],
    who: Mapping[str, str],
    full: float,
) -> Card:
    """Return the card of one scored lead.

    Parameters
    ----------
    lead : mapping
        Its row of the scores frame.
    reasons : sequence of mapping
        Its rows of the reasons frame, in rank order.
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
        source=spaced(said.get("source", "")),
        higher=higher,
        lower=lower,
        rest=rest,
        explained=len(reasons) > 0,
        failed=_parts(lead.get("criteria_failed")),
        unknown=_parts(lead.get("criteria_unknown")),
        marks=tuple(_marks(lead)),
        start=_start(probability, reasons),
        refused=_refused(lead),
        days=_days(lead.get("created_at"), lead.get("as_of")),
        fit=_grade(lead.get("fit")),
        engagement=_grade(lead.get("engagement")),
        campaign=spaced(said.get("campaign", "")),
        list_name=spaced(said.get("list", "")),
        owner=said.get("owner", ""),
    )


def _start(probability: float, reasons: Sequence[Mapping[str, Any]]) -> float:
    """Return the chance without all that moved it."""
    if not reasons:
        return math.nan
    return probability - math.fsum(float(row.get("points", math.nan)) for row in reasons)


def _dots(probability: float) -> tuple[bool, ...]:
    fraction = figures.chance_fraction(probability)
    if fraction is None or fraction[1] > _MOST_DOTS:
        return ()
    return tuple(place < fraction[0] for place in range(fraction[1]))


def _days(created_at: object, as_of: object) -> float:
    if not isinstance(created_at, datetime) or not isinstance(as_of, datetime):
        return math.nan
    days = (as_of - created_at).total_seconds() / 86_400
    return days if days >= 0 else math.nan  # also where either is missing (NaT)


def _came(created_at: object, as_of: object) -> str:
    days = _days(created_at, as_of)
    if math.isnan(days):
        return ""
    return "came today" if days < 1 else f"came {figures.with_unit(float(int(days)), 'days')} ago"


def _grade(said: object) -> str:
    return said if isinstance(said, str) else ""


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


def _refused(lead: Mapping[str, Any]) -> str:
    refused = lead.get("do_not_contact")
    return safe_text(refused, limit=120) if isinstance(refused, str) and refused else ""


def _marks(lead: Mapping[str, Any]) -> Iterable[str]:
    if refused := _refused(lead):
        yield f"May not be contacted in every way: see {refused}."
    unlike = lead.get("unlike")
    if isinstance(unlike, str) and unlike:
        yield safe_text(unlike[:1].upper() + unlike[1:], limit=240)
    steady = lead.get("steadiness")
    if isinstance(steady, float) and steady < UNCERTAIN:
        yield "Reasons uncertain: had other leads been learned from, they would be others."
    if lead.get("basis") == "profile":
        yield "Judged by profile alone: nothing is known of what this lead did."
