"""Pyfunc: a registered model as MLflow's loader sees it, for a frame of features.

``mlflow.pyfunc.load_model("models:/NAME@champion").predict(frame)`` works wherever this package is
installed. Our own scoring does not come this way: it reads the verified folder itself
(`predict.registry.models.Registry.fetch`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from predict.errors import InputError, nearest
from predict.learning.lead_model import LeadModel
from predict.learning.values import as_text as level_text
from predict.scoring.reasons import as_text, check_additivity, reasons
from predict.scoring.wording import Wording
from predict.scoring.words import Goal

if TYPE_CHECKING:
    from predict.history.specs import Spec


class Context(Protocol):
    """What MLflow hands to a model when it is loaded."""

    artifacts: Mapping[str, str]


class Predictor:
    """Chance and reasons for a frame of features, from a verified model folder.

    Examples
    --------
    >>> Predictor().predict(None, pd.DataFrame())
    Traceback (most recent call last):
    ...
    predict.errors.InputError: the model is not loaded
      do:    load it with mlflow.pyfunc.load_model
    """

    model: LeadModel | None = None

    def load_context(self, context: Context) -> None:
        """Load the model folder among the artifacts; MLflow calls this by name."""
        self.model = LeadModel.load(Path(context.artifacts["model"]))

    def predict(
        self, context: Context | None, model_input: pd.DataFrame, params: object = None
    ) -> pd.DataFrame:
        """Return chance and reasons per row.

        Parameters
        ----------
        context : Context, optional
            Not used: everything was loaded before.
        model_input : pandas.DataFrame of shape (n, n_columns)
            Columns by name, in any order, of any dtype that holds numbers or text, missing values
            included; others are passed over. With no column beyond the profile, the fit on the
            profile alone is used.
        params : object, optional
            Not used.

        Returns
        -------
        pandas.DataFrame of shape (n, 4)
            Index of the input; ``probability``, ``log_odds`` (unrounded), ``basis`` ("full" or
            "profile") and ``reasons`` (text, "" where nothing stands out).

        Raises
        ------
        InputError
            A column of the model is absent, or holds what it cannot hold.
        """
        if self.model is None:
            raise InputError("the model is not loaded", do="load it with mlflow.pyfunc.load_model")
        basis = _basis(self.model, model_input)
        fit = self.model.model(basis)
        specs = [self.model.spec(name) for name in fit.columns_.names]
        X = _typed(model_input, specs)
        log_odds = fit.decision_function(X)
        contributions = fit.contributions(X)
        check_additivity(fit.base_, contributions, log_odds)
        card = self.model.card
        goal = Goal(str(card["stage"]), float(card["within_days"]))
        wording = Wording(specs, goal, self.model.evidence.get(basis))
        said = as_text(reasons(contributions, X, wording))
        return pd.DataFrame(
            {
                "probability": fit.predict_proba(X)[:, 1],
                "log_odds": log_odds,
                "basis": basis,
                "reasons": said.reindex(range(len(X)), fill_value="").to_numpy(dtype=object),
            },
            index=model_input.index,
        )


def serve() -> None:
    """Hand the model to MLflow, which runs this when it loads a registered version."""
    from mlflow.models import set_model
    from mlflow.pyfunc import PythonModel

    # Joined here and not where Predictor is made: importing this module must not import MLflow.
    set_model(type("LeadPredictor", (Predictor, PythonModel), {})())


def _basis(model: LeadModel, frame: pd.DataFrame) -> str:
    """Return "profile" where no column says what the lead did: unknown is not zero."""
    beyond = set(model.full.columns_.names) - set(model.profile.columns_.names)
    return "profile" if beyond.isdisjoint(map(str, frame.columns)) and beyond else "full"


def _typed(frame: pd.DataFrame, specs: Sequence[Spec]) -> pd.DataFrame:
    """Return the columns of the specs: numbers as float64, all else as text or None."""
    given = [str(name) for name in frame.columns]
    for spec in specs:
        if given.count(spec.name) != 1:
            hint = nearest(spec.name, given)
            raise InputError(
                "a column is absent or there twice",
                where=spec.name,
                do=f"did you rename {hint!r}?" if hint else "add the column; it may be empty",
            )
    columns = {
        spec.name: _numbers(frame[spec.name])
        if spec.dtype == "number"
        else _texts(frame[spec.name])
        for spec in specs
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))


def _numbers(column: pd.Series) -> Any:
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(
            "a column of numbers holds something else",
            where=str(column.name),
            got=str(column.dtype),
            do="give numbers, with None or NaN for missing",
        ) from error


def _texts(column: pd.Series) -> Any:
    values = column.astype(object)
    present = values.notna().to_numpy()
    texts = np.full(len(values), None, dtype=object)
    texts[present] = [level_text(value) for value in values[present]]
    return texts
