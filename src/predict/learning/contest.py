"""Two models on the same matured leads, of months that neither learned from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from predict.learning.verdict import Lane

if TYPE_CHECKING:
    from predict.history.dataset import Dataset
    from predict.learning.backtest_result import BacktestResult
    from predict.learning.lead_model import LeadModel

Progress = Callable[[int, int, str], None]

#: Days between the export that the model in use learned from and this one, after which it is old.
AGE_LIMIT_DAYS = 180.0


def lane_of(
    challenger: LeadModel,
    champion: LeadModel | None,
    *,
    champion_data: Dataset | None = None,
    age_limit_days: float = AGE_LIMIT_DAYS,
) -> Lane:
    """Tell what a new model has to show."""
    return "first" if champion is None else "challenge"


def contest(
    challenger: LeadModel,
    champion: LeadModel | None,
    data: Dataset,
    *,
    result: BacktestResult | None = None,
    champion_data: Dataset | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return both models' predictions of the same matured looks.

    Returns
    -------
    pandas.DataFrame
        lead_id, as_of, group, cutoff, y, challenger, champion (NaN where there is none that can
        score), rule (the best simple rule), and segment columns.
    """
    raise NotImplementedError
