"""Batches: the leads that came since those learned from, in periods of equal length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from predict.history.building import Recipe
from predict.history.recent import recent_first_looks
from predict.learning.usual import PERIOD_DAYS, periods

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.learning.lead_model import LeadModel

#: Fewer leads than this say nothing of a period.
LEAST_LEADS = 30
#: Periods that are looked back on.
MOST_BATCHES = 12


@dataclass(frozen=True)
class Batch:
    """Leads that came in one period, as they were at their first look.

    Parameters
    ----------
    name : str
        "1 June to 1 July 2026".
    until : datetime
        End of the period, exclusive; naive UTC.
    X : pandas.DataFrame of shape (n, n_columns)
        Features at the first look.
    probability : pandas.Series of shape (n,) or None
        Chance by the model; None where it cannot score them.
    """

    name: str
    until: datetime
    X: pd.DataFrame
    probability: pd.Series | None = None

    def __len__(self) -> int:
        return len(self.X)


def span(until: datetime, days: float = PERIOD_DAYS) -> str:
    """Return the name of a period.

    Examples
    --------
    >>> span(datetime(2026, 7, 1))
    '1 June to 1 July 2026'
    """
    since = until - timedelta(days=days)
    year = f" {since.year}" if since.year != until.year else ""
    return f"{since.day} {since:%B}{year} to {until.day} {until:%B} {until.year}"


def recent_batches(crm: Crm, model: LeadModel) -> list[Batch]:
    """Return the periods before the export that began after the leads learned from, oldest first.

    Periods are counted back from the export, so that a monthly run finds each lead in one of them.
    """
    import pandas as pd

    if model.usual is None:
        return []
    learned = pd.Timestamp(model.usual.until)
    end = pd.Timestamp(crm.exported_at)
    count = min(MOST_BATCHES, int((end - learned) / pd.Timedelta(days=PERIOD_DAYS)))
    if count < 1:
        return []
    since = crm.exported_at - timedelta(days=count * PERIOD_DAYS)
    recipe = Recipe.from_dict(model.card["data"]["recipe"])
    keys, X = recent_first_looks(crm, recipe, since=since)
    back = periods(keys["as_of"], end - pd.Timedelta(microseconds=1))
    chance = _chances(model, X)
    found = []
    for k in range(count - 1, -1, -1):
        rows = back == k
        until = crm.exported_at - timedelta(days=k * PERIOD_DAYS)
        part = X[rows].reset_index(drop=True)
        given = None if chance is None else chance[rows].reset_index(drop=True)
        found.append(Batch(span(until), until, part, given))
    return found


def _chances(model: LeadModel, X: pd.DataFrame) -> pd.Series | None:
    import pandas as pd

    from predict.learning.values import ColumnsError

    names = model.full.columns_.names
    if X.empty or not set(names) <= set(X.columns):
        return None
    try:
        return pd.Series(model.full.predict_proba(X[names])[:, 1], index=X.index)
    except ColumnsError:  # told as a change of type
        return None
