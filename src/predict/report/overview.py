"""Overview: what stands on top of a list: what moved, what it is worth, where better leads are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from predict.scoring.words import safe_text

if TYPE_CHECKING:
    import pandas as pd

    from predict.scoring.worth import Worth

#: Leads named that crossed the line, up or down; more are counted.
MOST_MOVED = 12
#: What a calling order sorts by, after whether a lead is rated qualified.
_ORDER = ["grade", "created_at", "probability", "row"]


@dataclass(frozen=True)
class Moved:
    """A lead that crossed the line: which, from where to where, and why."""

    row: int
    name: str
    before: float
    after: float
    why: str = ""


@dataclass(frozen=True)
class SourceRecord:
    """Leads of one source, here and in the past.

    Parameters
    ----------
    name : str
        The source.
    leads : int
        Leads of it in the list.
    here : float
        Their average chance.
    past : int
        Past leads of it.
    rate, low, high : float
        Share of those that got there, with its 95 % interval.
    """

    name: str
    leads: int
    here: float
    past: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Overview:
    """What stands on top of a page.

    Parameters
    ----------
    worth : Worth, optional
        What the first leads are to be expected to bring.
    sources : tuple of SourceRecord
        How the list compares with the record of its sources.
    elsewhere : str
        Where better leads are, or "".
    over, under : tuple of Moved
        Leads newly rated qualified, and those no longer.
    over_count, under_count, fresh, seen : int
        How many there are of each; rated qualified for the first time; scored before.
    since : str
        Day of the earlier scores, or "" where there are none.
    rep : str
        Whose leads the page holds, where not all.
    grade : str
        The grade that the page holds, where there is a page per grade.
    pages : mapping of str to str
        The page of each grade, where there are several.
    """

    worth: Worth | None = None
    sources: tuple[SourceRecord, ...] = ()
    elsewhere: str = ""
    over: tuple[Moved, ...] = ()
    under: tuple[Moved, ...] = ()
    over_count: int = 0
    under_count: int = 0
    fresh: int = 0
    seen: int = 0
    since: str = ""
    rep: str = ""
    grade: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)


def calling_order(scored: pd.DataFrame) -> pd.DataFrame:
    """Return leads as they are to be called: rated qualified first, by grade, the youngest first.

    Parameters
    ----------
    scored : pandas.DataFrame
        Scored rows; without ``created_at`` the higher chance comes first within a grade.
    """
    order = [name for name in _ORDER if name in scored]
    frame = scored.assign(_not=~scored["rated_qualified"].astype(bool))
    return frame.sort_values(
        ["_not", *order],
        ascending=[True, *(name in ("grade", "row") for name in order)],
        kind="stable",
        na_position="last",
    ).drop(columns="_not")


def moved(
    frame: pd.DataFrame, names: Mapping[int, str], whys: Mapping[int, str]
) -> tuple[Moved, ...]:
    """Return the first `MOST_MOVED` leads that crossed the line.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``over`` or ``under`` of `predict.scoring.movers.Movers`.
    names, whys : mapping of row to str
        Who the leads are, and why they moved; leads without a name are left out.
    """
    rows = cast("list[dict[str, Any]]", frame.to_dict("records"))
    known = [row for row in rows if row["row"] in names]
    return tuple(
        Moved(
            row=int(row["row"]),
            name=safe_text(names[row["row"]], limit=80),
            before=float(row["before"]),
            after=float(row["after"]),
            why=safe_text(whys.get(row["row"], ""), limit=160),
        )
        for row in known[:MOST_MOVED]
    )
