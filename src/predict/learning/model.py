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

from predict.learning.blend import Blend
from predict.learning.columns import Columns
from predict.learning.model_folder import load_blend, load_siblings, save_blend, save_siblings
from predict.learning.newton import sigmoid
from predict.learning.selection import SHARES, Choice, choose
from predict.learning.siblings import siblings
from predict.learning.splits import days_of
from predict.learning.table import Table

Floats = NDArray[np.float64]
Progress = Callable[[int, int, str], None]

#: Rows encoded at a time: bounds memory, changes no score.
CHUNK = 50_000
#: With fewer rows of a class than this, trees learn noise: the logistic member is alone.
LEAST_FOR_TREES = 30


class ConversionModel(ClassifierMixin, BaseEstimator):
    """How likely a lead is to convert in time, and how much each column adds to that.

    LightGBM and a regularised logistic regression, averaged in log-odds and put on a logistic
    line, so that the contributions of the columns still add up. How much each member counts,
    whether newer rows count more, and the line are settled on earlier folds in time; the last fit
    is on all rows. No class is weighted: probabilities stay what they say.

    Parameters
    ----------
    horizon_days : float
        Days after ``as_of`` until the outcome of a row is known (export lag included): the gap
        between rows learned from and rows judged on, wherever the past decides.
    retrain_days : float
        Usual days between two trainings: the length of the stretches of time that earlier fits
        are judged on.
    text_columns : sequence of str
        Columns of short text (job titles).
    members : {"both", "boosting", "logistic"}
        Which members may have a share. Few converters leave the logistic one alone anyway.
    half_lives : sequence of (float or None)
        Days in which the weight of a row halves. The first holds unless another one wins on most
        of the earlier folds; None weighs all rows alike, as do fits without ``as_of``. (180 days
        was no worse than equal weights on the earlier folds of three data sets, and much better
        where the base rate moved.)
    n_seeds : int
        Boosters whose log-odds are averaged.
    n_siblings : int
        Refits on resampled leads, kept to tell how steady the contributions are; they score
        nothing.
    trials : int
        LightGBM settings tried against the defaults; see `predict.learning.trials`.
    time_cap : float, optional
        Seconds after which no further trial begins; ``fit_report_["trials"]["done"]`` trials
        without a cap give the same model.
    n_threads : int
        Threads of LightGBM; 0 is its own choice. Neither fit nor scores depend on it.
    random_state : int
        Seed of everything drawn.
    progress : callable, optional
        Told ``(done, total, what)`` after each step of a fit; a plain function. Not saved.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The second is the conversion.
    base_ : float
        Calibrated log-odds that `contributions` add to.
    fit_report_ : dict
        What the past settled, and the figures behind it; JSON-ready.
    columns_ : Columns
        The schema layer.
    blend_ : Blend
        Members and calibrator.
    siblings_ : list of Blend
        The same, refitted on resampled leads.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"visits": rng.poisson(3, 400).astype(float)})
    >>> y = (rng.random(400) < 0.1 + 0.1 * X["visits"].clip(0, 6)).astype(int)
    >>> model = ConversionModel(n_threads=1).fit(X, y)
    >>> log_odds = model.base_ + model.contributions(X).sum(axis=1)
    >>> bool(np.allclose(log_odds, model.decision_function(X), atol=1e-9))
    True
    """

    def __init__(
        self,
        *,
        horizon_days: float = 0.0,
        retrain_days: float = 30.0,
        text_columns: Sequence[str] = (),
        members: str = "both",
        half_lives: Sequence[float | None] = (180.0, None),
        n_seeds: int = 5,
        n_siblings: int = 0,
        trials: int = 0,
        time_cap: float | None = None,
        n_threads: int = 0,
        random_state: int = 0,
        progress: Progress | None = None,
    ) -> None:
        self.horizon_days = horizon_days
        self.retrain_days = retrain_days
        self.text_columns = text_columns
        self.members = members
        self.half_lives = half_lives
        self.n_seeds = n_seeds
        self.n_siblings = n_siblings
        self.trials = trials
        self.time_cap = time_cap
        self.n_threads = n_threads
        self.random_state = random_state
        self.progress = progress

    def __sklearn_tags__(self) -> Tags:
        """Return scikit-learn's tags: two classes, missing values welcome."""
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

        Returns
        -------
        ConversionModel
            Itself.

        Raises
        ------
        ValueError
            ``y`` holds fewer or more than two classes; lengths differ; ``members`` is unknown.
        ColumnsError
            A column is neither number nor text, or named twice.
        """
        if self.members not in SHARES:
            raise ValueError(f"members is one of {', '.join(SHARES)}, not {self.members!r}")
        frame = self._frame(X, fitting=True)
        code = self._classes(y, len(frame))
        weight = np.asarray(_check_sample_weight(sample_weight, frame, dtype=np.float64))
        if (weight < 0).any():
            raise ValueError("Negative values in data passed to `sample_weight`")
        if len(np.unique(code[weight > 0])) < 2:
            raise ValueError("y holds one class; rows of both classes are needed to learn from")
        time = days_of(as_of, len(frame))
        lead = np.arange(len(frame)) if groups is None else pd.factorize(np.asarray(groups))[0]
        order = np.argsort(time, kind="stable")
        order = order[weight[order] > 0]
        frame = frame.iloc[order]
        self.columns_ = Columns.learn(frame, text=self.text_columns, groups=lead[order])
        table = Table(
            self.columns_.encode(frame),
            self.columns_,
            code[order],
            weight[order],
            time[order],
            lead[order].astype(np.int64),
            # Row numbers know neither days until an outcome nor days between trainings.
            gap=0.0 if as_of is None else float(self.horizon_days),
            longest=np.inf if as_of is None else float(self.retrain_days),
        )
        self._settle(table)
        return self

    def _classes(self, y: Any, n_rows: int) -> Floats:
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        if len(y) != n_rows:
            raise ValueError(f"y has {len(y)} values for {n_rows} rows")
        self.classes_, code = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is multiclass: "
                f"{len(self.classes_)} classes"
            )
        return code.astype(np.float64)

    def _settle(self, table: Table) -> None:
        # Row numbers are no days: without moments no row is older than another.
        half_lives = tuple(self.half_lives) if np.isfinite(table.longest) else ()
        steps = max(len(half_lives), 1) + self.trials + 1
        done = 0

        def tell(what: str) -> None:
            nonlocal done
            done += 1
            if self.progress is not None:
                self.progress(min(done, steps), steps, what)

        choice = Choice()
        if table.rarer >= LEAST_FOR_TREES and table.matrix.shape[1]:
            choice = choose(
                table,
                members=self.members,
                half_lives=half_lives,
                trials=self.trials,
                time_cap=self.time_cap,
                seed=self.random_state,
                threads=self.n_threads,
                tell=tell,
            )
        seeds = range(self.random_state, self.random_state + self.n_seeds)
        self.blend_ = Blend.fit(table, choice, seeds=seeds, threads=self.n_threads)
        done = steps - 1
        tell("last fit")
        self.siblings_ = siblings(
            table, choice, self.n_siblings, seed=self.random_state, threads=self.n_threads
        )
        self.base_ = self.blend_.base
        self.fit_report_ = {
            **choice.report,
            "n_rows": len(table),
            "n_converted": int(table.y.sum()),
            "share": choice.share,
            "half_life": choice.half_life,
            "settings": dict(choice.settings),
            "calibrator": self.blend_.calibrator.as_dict(),
        }

    def decision_function(self, X: Any) -> Floats:
        """Return calibrated log-odds of conversion, shape (n_rows,)."""
        parts = [self.blend_.log_odds(m, self.n_threads) for m in self._matrices(X)]
        return np.concatenate([np.empty(0), *parts])

    def predict_proba(self, X: Any) -> Floats:
        """Return probabilities of shape (n_rows, 2); the second column is the conversion."""
        probability = sigmoid(self.decision_function(X))
        return np.column_stack([1 - probability, probability])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of each row, shape (n_rows,)."""
        likelier = (self.decision_function(X) > 0).astype(int)
        return np.asarray(self.classes_[likelier])

    def contributions(self, X: Any) -> pd.DataFrame:
        """Return what each input column adds to ``base_``, in calibrated log-odds.

        Returns
        -------
        pandas.DataFrame of shape (n_rows, n_columns)
            Index of ``X``, columns in the order of the fit; ``base_`` + the sum of a row is its
            `decision_function`.

        Notes
        -----
        TreeSHAP for the boosting member, coefficient × (term − mean) for the logistic one, in
        their shares and times the slope of the calibrator. The words of a title and the codes of
        a category are summed to their column.
        """
        return self._added(self.blend_, X)

    def sibling_contributions(self, X: Any) -> list[pd.DataFrame]:
        """Return what `contributions` would be had other leads been learned from; one a sibling."""
        check_is_fitted(self)
        return [self._added(blend, X) for blend in self.siblings_]

    def _added(self, blend: Blend, X: Any) -> pd.DataFrame:
        parts = []
        for matrix in self._matrices(X):
            added = blend.contributions(matrix, self.n_threads)
            summed = np.zeros((len(matrix), len(self.columns_.items)))
            for j, i in enumerate(self.columns_.owner):
                summed[:, i] += added[:, j]
            parts.append(summed)
        names = self.columns_.names
        values = np.concatenate([np.empty((0, len(names))), *parts])
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame(values, columns=names, index=index)

    def unseen_levels(self, X: Any) -> dict[str, dict[str, int]]:
        """Count, per category column, the values of ``X`` that are scored as "other".

        Returns
        -------
        dict of str to dict of str to int
            Column → value → rows. Values that fewer than 20 leads had in training are among them.
        """
        check_is_fitted(self)
        return self.columns_.unseen(self._frame(X, fitting=False))

    def save(self, folder: Path) -> None:
        """Write the model into ``folder`` as JSON and LightGBM text, each file with its SHA-256."""
        check_is_fitted(self)
        params = {k: v for k, v in self.get_params().items() if k != "progress"}
        about = {
            "params": params,
            "classes": self.classes_.tolist(),
            "named": hasattr(self, "feature_names_in_"),
            "fit_report": self.fit_report_,
            **self.columns_.as_dict(),
        }
        save_blend(folder, self.blend_, about)
        save_siblings(folder, self.siblings_)

    @classmethod
    def load(cls, folder: Path) -> ConversionModel:
        """Return the model that `save` wrote; it scores the same to the last bit.

        Raises
        ------
        ModelError
            A file is missing, altered or of another format. ``model.json`` itself is vouched for
            by the sealed folder around it (`LeadModel.load`).
        """
        blend, about = load_blend(folder)
        model = cls(**about["params"])
        model.classes_ = np.array(about["classes"])
        model.columns_ = Columns.from_dict(about)
        model.n_features_in_ = len(model.columns_.items)
        if about["named"]:
            model.feature_names_in_ = np.array(model.columns_.names, dtype=object)
        model.blend_ = blend
        model.siblings_ = load_siblings(folder)
        model.base_ = blend.base
        model.fit_report_ = about["fit_report"]
        return model

    def _matrices(self, X: Any) -> Iterator[Floats]:
        check_is_fitted(self)
        frame = self._frame(X, fitting=False)
        self.columns_.check(frame)
        for start in range(0, len(frame), CHUNK):
            yield self.columns_.encode(frame.iloc[start : start + CHUNK])

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
