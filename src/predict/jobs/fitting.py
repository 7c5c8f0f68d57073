"""Fitting the model that goes live: two fits, their evidence, reference leads, limits, card."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from predict.definition.schema import Definition
    from predict.history.dataset import Dataset
    from predict.learning.backtest import BacktestResult
    from predict.learning.lead_model import LeadModel
    from predict.learning.model import ConversionModel

Progress = Callable[[int, int, str], None]

#: Months of the backtest whose leads are the reference of scores and grades.
REFERENCE_MONTHS = 6
#: First looks whose contributions say how much each column matters.
_EXPLAINED = 4_000
_DAYS_A_MONTH = 365.25 / 12
#: Libraries whose version is part of a model's card.
_LIBRARIES = ("predict-leads", "scikit-learn", "lightgbm", "pandas", "numpy", "duckdb")


def fit_lead_model(
    data: Dataset,
    definition: Definition,
    result: BacktestResult,
    *,
    trials: int = 0,
    time_cap: float | None = None,
    progress: Progress | None = None,
) -> LeadModel:
    """Fit the model folder's content on all matured looks.

    Parameters
    ----------
    data : Dataset
        All matured looks.
    definition : Definition
        Money and capacity, which fix the grades; its text is kept.
    result : BacktestResult
        Its last months are the reference leads.
    trials : int
        Settings tried on earlier folds; 0 takes the defaults.
    time_cap : float, optional
        Seconds after which no further trial begins.
    progress : callable, optional
        Called with (done, total, what).

    Returns
    -------
    LeadModel
        The profile-only fit learns from each lead's first look: a bare list holds leads at that
        moment.
    """
    from predict.learning.evidence import build_evidence
    from predict.learning.lead_model import LeadModel
    from predict.learning.usual import build_usual

    settings = {"trials": trials, "time_cap": time_cap, "progress": progress}
    full = _fitted(data, list(data.X.columns), **settings)
    first = data.take(data.first_looks)
    names = data.profile_columns
    profile = _fitted(first, names, **settings)
    profile_specs = [s for s in data.specs if s.name in names]
    reference, limits = reference_of(result, definition)
    return LeadModel(
        full=full,
        profile=profile,
        specs=data.specs,
        evidence={
            "full": build_evidence(data.X, data.y, data.keys, data.specs),
            "profile": build_evidence(first.X[names], first.y, first.keys, profile_specs),
        },
        reference=reference,
        limits=limits,
        card=_card(data, definition, full, profile),
        definition_text=definition.text,
        usual=build_usual(data, importance=_importance(full, first.X), result=result),
    )


def _fitted(data: Dataset, names: list[str], **settings: Any) -> ConversionModel:
    from predict.learning.model import ConversionModel

    model = ConversionModel(
        horizon_days=data.horizon_days + data.export_lag_days,
        text_columns=tuple(c for c in data.text_columns if c in names),
        **settings,
    )
    return model.fit(data.X[names], data.y, as_of=data.as_of, groups=data.groups)


def _importance(full: ConversionModel, X: pd.DataFrame) -> dict[str, float]:
    """Return the mean size of each column's contributions, over some first looks."""
    some = X.iloc[:: max(1, len(X) // _EXPLAINED)]
    sizes = full.contributions(some).abs().mean()
    return {str(name): float(size) for name, size in sizes.items()}


def reference_of(
    result: BacktestResult, definition: Definition
) -> tuple[tuple[float, ...], dict[str, Any]]:
    """Return the reference quantiles and the grade limits from the last backtest months.

    A score is the percentile among all looks of those months. The limits count each lead once, at
    its best look: that is when sales would have been handed it.
    """
    from predict.scoring.grades import limits_from, reference_quantiles

    frame = _last_months(result.frame())
    months = (frame["as_of"].max() - frame["cutoff"].min()).days / _DAYS_A_MONTH
    best = frame.groupby("lead_id")["probability"].max()
    money = definition.money
    limits = limits_from(
        best.to_numpy(),
        max(months, 0.25),
        capacity_per_month=money.capacity_per_month,
        value_of_win=money.value_of_win,
        cost_of_follow_up=money.cost_of_follow_up,
    )
    quantiles = reference_quantiles(frame["probability"].to_numpy())
    return tuple(float(q) for q in quantiles), limits.as_dict()


def _last_months(frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    newest = frame["cutoff"].max()
    return frame[frame["cutoff"] > newest - pd.DateOffset(months=REFERENCE_MONTHS)]


def _card(
    data: Dataset, definition: Definition, full: ConversionModel, profile: ConversionModel
) -> dict[str, object]:
    ages = (data.as_of - data.keys["created_at"]).dt.total_seconds() / 86_400
    if "age_days" in data.X:  # it counts from when a lead last came
        ages = data.X["age_days"]
    return {
        "name": definition.name,
        "stage": definition.conversion.stage,
        "within_days": definition.conversion.within_days,
        "definition_digest": definition.digest(),
        "data": data.manifest,
        "rows": len(data),
        "leads": int(data.keys["lead_id"].nunique()),
        "rate": float(data.y.mean()),
        "oldest_days": float(ages.max()),
        "since": f"{data.as_of.min():%Y-%m-%d}",
        "until": f"{data.as_of.max():%Y-%m-%d}",
        "fit": {"full": full.fit_report_, "profile": profile.fit_report_},
        "versions": {name: metadata.version(name) for name in _LIBRARIES},
    }
