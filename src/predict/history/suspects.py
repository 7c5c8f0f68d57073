"""Suspects: columns that know too much to have been known when the lead came in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: All bounds of one look hold together with this probability.
SURE = 0.99
#: Times by which a value multiplies the odds of success, at the least, to be beyond what a profile
#: says: being a referral, the right industry or a director rarely does more than five.
BEYOND = 10.0
#: The same for a value that would help, were it known at creation.
HELPS = 1.5
#: A date of which this share lies after the lead's creation is not of that day.
MOSTLY = 0.5

#: What the names of CRM columns give away; the first that fits. Written for the names of
#: Salesforce and HubSpot, as API names and as labels.
# fmt: off
_NAMES: tuple[tuple[str, str], ...] = (
    (r"converted|isconverted", "is filled when sales accepts the lead"),
    (r"opportunit|deal|contract", "belongs to a deal, which exists for few but winners"),
    (r"clos(e|ed)[ _]?(date|d|won|lost)|days to close|is_?won|is_?closed|won |lost ",
     "says how a deal ended"),
    (r"next[ _]?(step|activity)|owner assigned|contacted|call[ _]?(sec|dur)|talk|duration",
     "is written while sales works on the lead"),
    (r"(^|[ _])reason|disposition|outcome", "is written when the lead is decided"),
    (r"stage|status|lifecycle|rating", "is overwritten as the lead moves on"),
    (r"^last|[ _]last|recent|latest|modified|modstamp|updated|viewed|referenced",
     "holds only the latest time and moves with every contact"),
    (r"score|probabilit|predict|forecast|grade", "ranks leads today and may know the outcome"),
    (r"lifetime|total|num(ber)?[ _]?of[ _]?(page|session|visit|form|time|sales|associated)|"
     r"^num[ _]|average|sends since|delivered|clicked|opened|bounced",
     "is a count up to the export, later visits included"),
    (r"budget|authority|need|timeline|confirmed|qualified", "is found out in talks with the lead"),
    (r"amount|revenue", "is known once there is a deal, if it is that of the deal"),
)
# fmt: on
_KNOWN_EARLY = re.compile(r"annual|first|original|last name|created?$|create date")
#: Names of columns whose values may tell who somebody is.
_PERSONAL = re.compile(
    r"(^|\W)(name|e ?mail|phone|mobile|fax|street|address|city|zip|postal|linkedin|twitter|photo|"
    r"description|notes?|comments?|birth|salutation|company|url|website|domain)(\W|$)"
)


@dataclass(frozen=True)
class Bounds:
    """A share of leads with its exact bounds.

    Parameters
    ----------
    reached, leads : float
        Leads that reached the stage, of how many; weighted counts need not be whole.
    low, high : float
        Bounds of the share (Clopper and Pearson 1934).
    """

    reached: float
    leads: float
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share that was seen."""
        return self.reached / self.leads if self.leads else 0.0


def exact_bounds(reached: float, leads: float, doubt: float) -> Bounds:
    """Return exact bounds of a share; each side is wrong with probability ``doubt`` / 2 at most.

    Examples
    --------
    >>> bounds = exact_bounds(0, 100, 0.05)
    >>> round(bounds.low, 4), round(bounds.high, 4)
    (0.0, 0.0362)
    """
    from scipy.special import betaincinv

    low = float(betaincinv(reached, leads - reached + 1, doubt / 2)) if reached else 0.0
    high = 1.0
    if reached < leads:
        high = float(betaincinv(reached + 1, leads - reached, 1 - doubt / 2))
    return Bounds(reached, leads, low, high)


def name_says(column: str) -> str | None:
    """Return what the name of a column gives away, or None.

    Examples
    --------
    >>> name_says("LastActivityDate")
    'holds only the latest time and moves with every contact'
    >>> name_says("Industry"), name_says("First Conversion Date"), name_says("AnnualRevenue")
    (None, None, None)
    """
    plain = _plain(column)
    if _KNOWN_EARLY.search(plain):
        return None
    return next((why for pattern, why in _NAMES if re.search(pattern, plain)), None)


def may_be_personal(column: str) -> bool:
    """Tell whether the values of an undeclared column might say who a lead is.

    Examples
    --------
    >>> may_be_personal("MobilePhone"), may_be_personal("Notes__c"), may_be_personal("Industry")
    (True, True, False)
    """
    return _PERSONAL.search(_plain(column)) is not None


def _plain(column: str) -> str:
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"__[a-z]$", "", column))
    return re.sub(r"[\s_.-]+", " ", text).lower()


def strength(inside: Bounds, outside: Bounds) -> float:
    """Return by how much being inside multiplies the odds, at the least; below 1 it may be none.

    Whichever way it goes: a value that no winner has counts like one that all have. The bounds
    that speak against it are taken, so that few leads prove little.

    Examples
    --------
    >>> from functools import partial
    >>> bounds = partial(exact_bounds, doubt=0.001)
    >>> strength(bounds(90, 100), bounds(10, 900)) > 100
    True
    >>> round(strength(bounds(9, 10), bounds(10, 900)))  # the same shares, of ten leads
    19
    >>> strength(bounds(3, 100), bounds(30, 900)) < 1
    True
    """
    if inside.share >= outside.share:
        return _odds(inside.low) / _odds(outside.high)
    return _odds(outside.low) / _odds(inside.high)


def _odds(share: float) -> float:
    return share / max(1 - share, 1e-12) if share > 0 else 1e-12


def suspects(
    cells: pd.DataFrame, overall: tuple[int, int], classes: Mapping[str, str]
) -> pd.DataFrame:
    """Return what the values of every column say of success, the strongest value of each.

    Parameters
    ----------
    cells : DataFrame
        From `predict.history.association.column_cells`.
    overall : tuple of int
        Leads old enough to judge, and those of them that reached the stage.
    classes : mapping of str to str
        Column → its class in the definition; the others are undeclared.

    Returns
    -------
    DataFrame
        One row a column, the strongest first: ``column``, ``cls``, ``kind``, ``value``, ``low``,
        ``high`` of the value, ``but`` where all other values are meant; ``leads``, ``reached``,
        ``rate``, ``rate_low``, ``rate_high`` of the leads that have it; ``other_leads``,
        ``other_reached``, ``other_rate``, ``other_low``, ``other_high`` of the rest; ``usual``: the
        share of leads created in the same months that reach it; ``strength``; ``beyond``: whether
        that is more than a profile says; ``clock``: whether the months alone explain it; ``late``:
        the share of its dates that lie after the creation, where it holds dates; ``by_name``: what
        its name gives away, or None.
    """
    import pandas as pd

    leads, reached = overall
    doubt = (1 - SURE) / max(len(cells), 1)
    late = _late(cells)
    rows = []
    for name, group in cells.groupby("column", sort=False):
        best: dict[str, object] | None = None
        for cell in group.to_dict("records"):
            n, k = int(cell["leads"]), int(cell["reached"])
            if not 0 < n < leads:
                continue
            inside = exact_bounds(k, n, doubt)
            outside = exact_bounds(reached - k, leads - n, doubt)
            found = strength(inside, outside)
            # Filled and blank are one split: the first of them is told.
            if best is not None and found <= float(str(best["strength"])):
                continue
            usual = float(cell["usual"]) / n
            swapped = n > leads / 2 and cell["kind"] in ("value", "range")
            if swapped:  # the rarer side is the one that says something
                inside, outside = outside, inside
                usual = max(reached - float(cell["usual"]), 0.0) / (leads - n)
            best = {
                **{k: cell[k] for k in ("kind", "value", "low", "high")},
                "but": swapped,
                **_told(inside, outside),
                "usual": usual,
                "strength": found,
            }
        share = late.get(str(name))
        rows.append(
            {
                "column": name,
                "cls": classes.get(str(name), "undeclared"),
                **(best or {"strength": 0.0}),
                "late": share,
                "by_name": name_says(str(name)),
            }
        )
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame["clock"] = _clock(frame)
    dated = frame["late"].astype(float).fillna(0) > MOSTLY
    frame["beyond"] = (frame["strength"] >= BEYOND) | dated
    frame["by_name"] = frame["by_name"].astype(object).where(frame["by_name"].notna(), None)
    order = ["beyond", "strength", "column"]
    return frame.sort_values(order, ascending=[False, False, True]).reset_index(drop=True)


_COLUMNS = ["column", "cls", "kind", "value", "low", "high", "but", "leads", "reached", "rate"]
_COLUMNS += ["rate_low", "rate_high", "other_leads", "other_reached", "other_rate"]
_COLUMNS += ["other_low", "other_high", "usual", "strength", "beyond", "clock", "late", "by_name"]


def _told(inside: Bounds, outside: Bounds) -> dict[str, object]:
    return {
        "leads": inside.leads,
        "reached": inside.reached,
        "rate": inside.share,
        "rate_low": inside.low,
        "rate_high": inside.high,
        "other_leads": outside.leads,
        "other_reached": outside.reached,
        "other_rate": outside.share,
        "other_low": outside.low,
        "other_high": outside.high,
    }


def _late(cells: pd.DataFrame) -> dict[str, float]:
    """Return, per column that holds dates, the share of them after the lead's creation."""
    later = cells[cells["kind"] == "later"]
    filled = cells[cells["kind"] == "filled"]
    whole = {str(c): float(n) for c, n in zip(filled["column"], filled["leads"], strict=True)}
    return {
        str(c): float(n) / whole[str(c)]
        for c, n in zip(later["column"], later["leads"], strict=True)
    }


def _clock(frame: pd.DataFrame) -> pd.Series:
    """Tell where leads of the same months, with any value, fare about as well as those inside."""
    from_months = frame["usual"].astype(float) / frame["rate"].astype(float).clip(lower=1e-9)
    strong = frame["strength"] >= HELPS
    return strong & from_months.between(2 / 3, 3 / 2).fillna(False)
