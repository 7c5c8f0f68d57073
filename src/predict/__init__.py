"""predict: which leads should sales call first, why, and was last month's list right?

Names are resolved when they are first used; importing the package imports nothing else.

Examples
--------
>>> import predict as pr
>>> definition = pr.Definition.parse('''
... name = "demo"
... conversion = { stage = "won", within_days = 30 }
... leads = { path = "leads.csv", lead_id = "id", created_at = "created" }
... outcomes.stage = { path = "s.csv", lead_id = "id", stage = "won", entered_at = "at" }
... ''')
>>> definition.conversion.within_days
30.0
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

#: Public name → module that holds it.
_HOMES = {
    "Definition": "predict.definition.schema",
    "open_crm": "predict.crm.opening",
    "Crm": "predict.crm.tables",
    "build_dataset": "predict.history.building",
    "Dataset": "predict.history.dataset",
    "ConversionModel": "predict.learning.model",
    "backtest": "predict.learning.backtest",
    "BacktestResult": "predict.learning.backtest_result",
    "audit": "predict.learning.leakage.audit",
    "Audit": "predict.learning.leakage.audit",
    "LeadModel": "predict.learning.lead_model",
    "Verdict": "predict.learning.verdict",
    "train": "predict.jobs.analyst",
    "monitor": "predict.loop.monitoring",
    "register": "predict.jobs.analyst",
    "champion": "predict.jobs.analyst",
    "compare": "predict.jobs.analyst",
    "score": "predict.jobs.analyst",
    "explain": "predict.jobs.analyst",
    "CalibrationDisplay": "predict.report.displays",
    "GainDisplay": "predict.report.displays",
    "FoldsDisplay": "predict.report.displays",
    "PredictError": "predict.errors",
}
__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604 - the keys are text


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'predict' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
