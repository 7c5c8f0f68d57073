"""ConversionModel: trees and logistic regression, blended, calibrated, explained exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from predict.errors import ModelError
from predict.learning.boosting import DEFAULTS, BoostingMember, Settings
from predict.learning.calibration import Calibrator
from predict.learning.columns import Columns
from predict.learning.linear import LinearMember
from predict.learning.newton import sigmoid
from predict.learning.selection import HALF_LIVES, Choice, Table, choose, report_of
from predict.learning.splits import days_of
from predict.publish import file_digest, read_json, write_json

Floats = NDArray[np.float64]
Progress = Callable[[int, int, str], None]

_CHUNK = 50_000
_FORMAT = 1
#: With fewer rows of a class than this, trees only learn noise: the logistic member is alone.
_LEAST_FOR_TREES = 30


class ConversionModel(ClassifierMixin, BaseEstimator):
    """How likely a lead is to convert in time, and how much each column adds to that.

    Parameters
    ----------
    horizon_days : float
        Days after ``as_of`` until the outcome of a row is known (export lag included): the gap
        between the rows learned from and the rows judged on, wherever the past decides.
    text_columns : sequence of str
        Columns of short text (job titles).
    half_lives : sequence of (float or None)
        Days in which the weight of a row halves, tried on past folds; None weighs all alike.
    n_seeds : int
        Boosters whose log-odds are averaged.
    n_threads : int
        Threads of LightGBM; 0 is its own choice. Scores do not depend on it.
    random_state : int
        Seed.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The second is the conversion.
    base_ : float
        Calibrated log-odds to which `contributions` add.
    fit_report_ : dict
        What the past decided and why; JSON-ready.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"visits": rng.poisson(3, 400).astype(float)})
    >>> y = (rng.random(400) < 0.1 + 0.1 * X["visits"].clip(0, 6)).astype(int)
    >>> model = ConversionModel().fit(X, y)
    >>> log_odds = model.base_ + model.contributions(X).sum(axis=1)
    >>> bool(np.allclose(log_odds, model.decision_function(X), atol=1e-9))
    True
    """

    def __init__(
        self,
        *,
        horizon_days: float = 0.0,
        text_columns: Sequence[str] = (),
        half_lives: Sequence[float | None] = HALF_LIVES,
        n_seeds: int = 2,
        n_threads: int = 0,
        random_state: int = 0,
        trials: int = 0,
        time_cap: float | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.horizon_days = horizon_days
        self.text_columns = text_columns
        self.half_lives = half_lives
        self.n_seeds = n_seeds
        self.n_threads = n_threads
        self.random_state = random_state
        self.trials = trials
        self.time_cap = time_cap
        self.progress = progress

    def __sklearn_tags__(self) -> Tags:
        """Two classes, missing values welcome."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        as_of: Any = None,
        groups: Any = None,
        sample_weight: Any = None,
    ) -> ConversionModel:
        """Fit members, blend and calibrator.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_columns)
            Numbers (NaN = missing) and, in a frame, categories and text (None = missing).
        y : array-like of shape (n_rows,)
            Two classes.
        as_of : array-like of shape (n_rows,) of datetime64, optional
            Moment each row is looked at; without it the order of the rows is time.
        groups : array-like of shape (n_rows,), optional
            Lead or account; its rows stay on one side of every inner split.
        sample_weight : array-like of shape (n_rows,), optional
            Frequencies: a weight of 2 is the row twice, 0 leaves it out.
        """
        frame = self._frame(X, fitting=True)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        if len(y) != len(frame):
            raise ValueError(f"y has {len(y)} values for {len(frame)} rows")
        self.classes_, code = np.unique(y, return_inverse=True)
        weight = np.asarray(_check_sample_weight(sample_weight, frame, dtype=np.float64))
        if (weight < 0).any():
            raise ValueError("Negative values in data passed to `sample_weight`")
        used = np.unique(code[weight > 0])
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is "
                f"multiclass: {len(self.classes_)} classes"
            )
        if len(used) < 2:
            raise ValueError(
                "y holds one class only; rows of both classes are needed to learn from"
            )
        time = days_of(as_of, len(frame))
        lead = np.arange(len(frame)) if groups is None else pd.factorize(np.asarray(groups))[0]
        order = np.argsort(time, kind="stable")
        order = order[weight[order] > 0]
        frame = frame.iloc[order]
        self.columns_ = Columns.learn(frame, text=self.text_columns, groups=lead[order])
        table = Table(
            self.columns_.encode(frame),
            self.columns_,
            code[order].astype(np.float64),
            weight[order],
            time[order],
            lead[order].astype(np.int64),
        )
        self._fit_table(table, 0.0 if as_of is None else float(self.horizon_days))
        return self

    def _fit_table(self, table: Table, gap: float) -> None:
        fewest = min(float(table.weight @ table.y), float(table.weight @ (1 - table.y)))
        settings: Settings = DEFAULTS
        if fewest < _LEAST_FOR_TREES or not table.matrix.shape[1]:
            choice = Choice(0.0, None, Calibrator(), {"folds": 0})
        else:
            choice = choose(
                table,
                gap=gap,
                settings=settings,
                half_lives=tuple(self.half_lives),
                seed=self.random_state,
                threads=self.n_threads,
            )
        weight = table.weights(choice.half_life)
        self.linear_ = LinearMember.fit(table.matrix, table.columns, table.y, weight)
        self.boosting_ = (
            None
            if choice.share == 0.0
            else BoostingMember.fit(
                table.matrix,
                table.columns,
                table.y,
                weight,
                settings=settings,
                seeds=[self.random_state + i for i in range(self.n_seeds)],
                threads=self.n_threads,
            )
        )
        self.share_ = choice.share
        self.calibrator_ = choice.calibrator
        self.fit_report_ = dict(report_of(choice))
        self.base_ = self._base(table.matrix[:1])

    def _base(self, row: Floats) -> float:
        base = (1 - self.share_) * self.linear_.base
        if self.boosting_ is not None:
            base += self.share_ * float(self.boosting_.contributions(row, self.n_threads)[0, -1])
        return self.calibrator_.slope * base + self.calibrator_.intercept

    def decision_function(self, X: Any) -> Floats:
        """Return calibrated log-odds of conversion, shape (n_rows,)."""
        return np.concatenate([np.empty(0), *map(self._log_odds, self._matrices(X))])

    def predict_proba(self, X: Any) -> Floats:
        """Return probabilities of shape (n_rows, 2); the second column is the conversion."""
        probability = sigmoid(self.decision_function(X))
        return np.column_stack([1 - probability, probability])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of each row."""
        likelier = (self.decision_function(X) > 0).astype(int)
        return self.classes_[likelier]

    def contributions(self, X: Any) -> pd.DataFrame:
        """Return what each input column adds to ``base_``, in calibrated log-odds.

        Returns
        -------
        pandas.DataFrame of shape (n_rows, n_columns)
            Index of ``X``; ``base_`` + the sum of a row = its `decision_function`.
        """
        parts = [self._added(matrix) for matrix in self._matrices(X)]
        names = self.columns_.names
        index = X.index if isinstance(X, pd.DataFrame) else None
        values = np.concatenate([np.empty((0, len(names))), *parts])
        return pd.DataFrame(values, columns=names, index=index)

    def unseen_levels(self, X: Any) -> dict[str, dict[str, int]]:
        """Count values per category column that the model scores as "other"."""
        check_is_fitted(self)
        return self.columns_.unseen(self._frame(X, fitting=False))

    def _log_odds(self, matrix: Floats) -> Floats:
        margin = (1 - self.share_) * self.linear_.margin(matrix)
        if self.boosting_ is not None:
            margin = margin + self.share_ * self.boosting_.margin(matrix, self.n_threads)
        return self.calibrator_.apply(margin)

    def _added(self, matrix: Floats) -> Floats:
        added = (1 - self.share_) * self.linear_.contributions(matrix)
        if self.boosting_ is not None:
            trees = self.boosting_.contributions(matrix, self.n_threads)[:, :-1]
            added = added + self.share_ * trees
        summed = np.zeros((len(matrix), len(self.columns_.items)))
        for j, i in enumerate(self.columns_.owner):
            summed[:, i] += added[:, j]
        return self.calibrator_.slope * summed

    def _matrices(self, X: Any) -> Iterator[Floats]:
        check_is_fitted(self)
        frame = self._frame(X, fitting=False)
        self.columns_.check(frame)
        for start in range(0, len(frame), _CHUNK):
            yield self.columns_.encode(frame.iloc[start : start + _CHUNK])

    def _frame(self, X: Any, *, fitting: bool) -> pd.DataFrame:
        if isinstance(X, pd.DataFrame) and all(isinstance(name, str) for name in X.columns):
            if fitting:
                self.feature_names_in_ = np.array(X.columns, dtype=object)
                self.n_features_in_ = X.shape[1]
            return X
        values = validate_data(
            self, X, reset=fitting, dtype=np.float64, ensure_all_finite="allow-nan"
        )
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            names = [f"x{i}" for i in range(values.shape[1])]
        return pd.DataFrame(values, columns=list(names))

    def save(self, folder: Path) -> None:
        """Write the model as JSON and LightGBM text into ``folder``; see `load`."""
        check_is_fitted(self)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "logistic.json", self.linear_.as_dict())
        texts = [] if self.boosting_ is None else self.boosting_.texts()
        names = ["logistic.json"]
        for i, text in enumerate(texts):
            names.append("lightgbm.txt" if i == 0 else f"lightgbm-{i + 1}.txt")
            (folder / names[-1]).write_text(text, encoding="utf-8", newline="\n")
        params = {k: v for k, v in self.get_params().items() if k != "progress"}
        write_json(
            folder / "model.json",
            {
                "format": _FORMAT,
                "params": params,
                "classes": self.classes_.tolist(),
                "named": hasattr(self, "feature_names_in_"),
                **self.columns_.as_dict(),
                "share": self.share_,
                "calibrator": self.calibrator_.as_dict(),
                "base": self.base_,
                "fit_report": self.fit_report_,
                "files": {name: file_digest(folder / name) for name in names},
            },
        )

    @classmethod
    def load(cls, folder: Path) -> ConversionModel:
        """Return the model that `save` wrote; its scores are the same to the last bit.

        Raises
        ------
        ModelError
            A file is missing or altered.
        """
        about: dict[str, Any] = read_json(folder / "model.json")
        if about.get("format") != _FORMAT:
            raise ModelError("the model is of another format", where=str(folder))
        for name, digest in about["files"].items():
            # LightGBM parses without checks: a cut file ends the process, a changed digit passes.
            if not (folder / name).is_file() or file_digest(folder / name) != digest:
                raise ModelError(
                    "a file of the model is missing or altered",
                    where=str(folder / name),
                    do="take a complete copy of the folder, or train again",
                )
        model = cls(**about["params"])
        model.classes_ = np.array(about["classes"])
        model.columns_ = Columns.from_dict(about)
        model.n_features_in_ = len(model.columns_.items)
        if about["named"]:
            model.feature_names_in_ = np.array(model.columns_.names, dtype=object)
        model.linear_ = LinearMember.from_dict(read_json(folder / "logistic.json"))
        texts = [
            (folder / name).read_text(encoding="utf-8")
            for name in about["files"]
            if name.startswith("lightgbm")
        ]
        model.boosting_ = BoostingMember.from_texts(texts) if texts else None
        model.share_ = about["share"]
        model.calibrator_ = Calibrator.from_dict(about["calibrator"])
        model.base_ = about["base"]
        model.fit_report_ = about["fit_report"]
        return model
