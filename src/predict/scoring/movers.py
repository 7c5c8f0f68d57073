"""Movers: leads that crossed the line since they were scored last, up and down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from predict.scoring.ledger import Ledger

#: What is asked of the ledger, and what of the scores.
COLUMNS = ["probability", "grade", "rated_qualified"]


@dataclass(frozen=True)
class Movers:
    """Leads that are rated otherwise than the last time.

    Parameters
    ----------
    over : pandas.DataFrame
        Newly rated qualified, the largest gain first: ``row``, ``before``, ``after`` (chances),
        ``since`` (the moment they were scored last).
    under : pandas.DataFrame
        No longer rated qualified, the largest loss first.
    fresh : int
        Rated qualified and never scored before.
    seen : int
        Leads of the list that were scored before.
    since : datetime or None
        The newest moment of the earlier scores; None where nothing was scored before.
    """

    over: pd.DataFrame
    under: pd.DataFrame
    fresh: int
    seen: int
    since: datetime | None


def earlier(ledger: Ledger, lead_ids: Collection[str], as_of: datetime) -> pd.DataFrame:
    """Return the newest row of each lead in the ledger from before a moment.

    Parameters
    ----------
    ledger : Ledger
        All runs so far.
    lead_ids : collection of str
        Whose.
    as_of : datetime
        The moment of this run, exclusive: rows of the run itself are none of before.

    Returns
    -------
    pandas.DataFrame
        ``lead_id``, ``as_of`` and `COLUMNS`; one row per lead that was scored before.
    """
    rows = ledger.frame(set(lead_ids), columns=COLUMNS)
    before = rows[rows["as_of"] < as_of] if len(rows) else rows
    newest = before.drop_duplicates("lead_id", keep="last")  # the ledger is sorted by moment
    return newest[["lead_id", "as_of", *COLUMNS]].reset_index(drop=True)


def movers(now: pd.DataFrame, before: pd.DataFrame) -> Movers:
    """Compare the leads of a list with what was said of them before.

    Parameters
    ----------
    now : pandas.DataFrame
        Scored rows: ``row``, ``lead_id`` and `COLUMNS`; of a lead in several rows the first counts.
    before : pandas.DataFrame
        From `earlier`.

    Examples
    --------
    >>> now = pd.DataFrame({"row": [0, 1, 2], "lead_id": ["a", "b", "c"],
    ...     "probability": [0.3, 0.1, 0.4], "grade": ["A", "C", "A"],
    ...     "rated_qualified": [True, False, True]})
    >>> before = pd.DataFrame({"lead_id": ["a", "b"], "as_of": pd.Timestamp("2026-06-01"),
    ...     "probability": [0.1, 0.2], "grade": ["C", "B"], "rated_qualified": [False, True]})
    >>> found = movers(now, before)
    >>> found.over["row"].tolist(), found.under["row"].tolist(), found.fresh, found.seen
    ([0], [1], 1, 2)
    """
    named = now.loc[now["lead_id"].notna(), ["row", "lead_id", *COLUMNS]]
    named = named.drop_duplicates("lead_id")
    both = named.merge(before, on="lead_id", suffixes=("", "_then"))
    is_in = both["rated_qualified"].astype(bool)
    was_in = both["rated_qualified_then"].astype(bool)
    both = both.rename(
        columns={"probability_then": "before", "probability": "after", "as_of": "since"}
    )
    both["gain"] = both["after"] - both["before"]
    told = ["row", "before", "after", "since"]
    over = both[is_in & ~was_in].sort_values(["gain", "row"], ascending=[False, True])
    under = both[~is_in & was_in].sort_values(["gain", "row"])
    new = ~named["lead_id"].isin(before["lead_id"]) & named["rated_qualified"].astype(bool)
    return Movers(
        over=over[told].reset_index(drop=True),
        under=under[told].reset_index(drop=True),
        fresh=int(new.sum()),
        seen=len(both),
        since=None if both.empty else both["since"].max().to_pydatetime(),
    )
