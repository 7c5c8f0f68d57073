"""Figures of a model card: metrics in all and by fold, segments, chances against what happened."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from predict.report.modelcard import Part, Picture, grid

if TYPE_CHECKING:
    from predict.registry.record import Record

#: Figures in the order of the card, in the words of an analyst.
FIGURES = {
    "base_rate": "share that got there",
    "log_loss": "log loss",
    "brier": "Brier score",
    "brier_skill": "Brier skill",
    "roc_auc": "ROC-AUC",
    "average_precision": "average precision",
    "lift_10%": "lift at 10 %",
    "precision_at_capacity": "precision at capacity",
    "capture_at_capacity": "capture at capacity",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
    "calibration_error": "calibration error",
}
_RULES = {
    "p_base_rate": "the same chance for all",
    "p_source": "the rate of the source",
    "p_recency": "days since last active",
    "p_profile": "a simple model of the profile",
}
NOT_DEFINED = "not defined: one outcome alone"
NO_INTERVAL = "too few for an interval"


def metrics(record: Record) -> Part:
    """Return figures of the backtest in all, against simple rules, and by fold."""
    summary = record.json("backtest/summary.json")
    title = "Metrics"
    if not summary:
        return Part(title, ("No backtest was kept with this version.",))
    total = summary["total"]
    said = [
        f"As-if predictions from {summary['since'][:10]} to {summary['until'][:10]}: "
        f"{total['rows']:,} looks at {total['leads']:,} leads, {total['wins']:,} of them won, each "
        "by a model that knew only what was known by then. Intervals are 95 %, whole accounts or "
        "leads resampled."
    ]
    said += [f"{note}." for note in summary["notes"]]
    rows = []
    for key, words in FIGURES.items():
        value, low, high = (record.metrics.get(_logged(key, k)) for k in ("", "_low", "_high"))
        if value is not None:
            rows.append([words, value, _range(low, high)])
    rivals = [
        [
            _RULES.get(r["baseline"], f"today's score “{r['baseline'].partition('_')[2]}”")
            + (" (saw the outcome)" if r["flattered"] else ""),
            f"{r['baseline_loss']:.4f}",
            f"{r['value']:+.4f}",
            _range(r["low"], r["high"], "+.4f"),
        ]
        for r in summary["against_baselines"]
    ]
    folds = [
        [
            f["cutoff"][:10],
            f["train_leads"],
            f["train_wins"],
            f["rows"],
            f["wins"],
            _figure(f["model"].get("log_loss")),
            _figure(f["model"].get("roc_auc")),
        ]
        for f in summary["folds"]
    ]
    head = ["month from", "leads learned from", "won looks", "looks judged", "won"]
    head += ["log loss (95 % interval)", "ROC-AUC (95 % interval)"]
    against = ["rule", "its log loss", "model less rule", "95 % interval"]
    return Part(
        title,
        tuple(said),
        (
            grid("In all", ["figure", "value", "95 % interval"], rows),
            grid("Against simple rules; below 0 the model is better", against, rivals),
            grid("By fold", head, folds),
        ),
        _pictures(record, "folds", "How far chances were from what happened, by period"),
    )


def segments(record: Record) -> Part:
    """Return figures by source, for new and known leads, and by look."""
    kept = (record.json("segments.json") or {}).get("segments")
    title = "Segments"
    if not kept:
        return Part(title, ("Figures by segment were not kept with this version.",))
    kinds = {"source": "By source", "lead": "New and returning leads", "look": "By look"}
    head = ["segment", "looks", "leads", "won", "share that got there", "mean chance"]
    head += ["log loss (95 % interval)", "ROC-AUC (95 % interval)"]
    grids = []
    for kind, words in kinds.items():
        rows = [
            [
                s["segment"],
                s["rows"],
                s["leads"],
                s["wins"],
                f"{s['base_rate']['value']:.1%}",
                f"{s['mean_chance']:.1%}",
                _figure(s["log_loss"]),
                _figure(s["roc_auc"]),
            ]
            for s in kept
            if s["kind"] == kind
        ]
        if rows:
            grids.append(grid(words, head, rows))
    said = ["Of the same as-if predictions. Small segments say little: mind the intervals."]
    if not any(s["kind"] == "source" for s in kept):
        said.append("The leads have no source column, so there are no figures by source.")
    return Part(title, tuple(said), tuple(grids))


def calibration(record: Record) -> Part:
    """Return chances given against what happened, and what became of each grade."""
    grids, said = [], []
    curves = record.text("backtest/curves.csv")
    points = [r for r in csv.DictReader(io.StringIO(curves or "")) if r["kind"] == "calibration"]
    if points:
        said.append("Chances given in the backtest, in groups of equal count, and what happened.")
        rows = [
            [
                f"{float(r['x']):.1%}",
                f"{float(r['y']):.1%}",
                _range(_number(r["low"]), _number(r["high"]), ".1%"),
                int(float(r["n"])),
            ]
            for r in points
        ]
        head = ["mean chance", "share that got there", "95 % interval", "looks"]
        grids.append(grid("Chances", head, rows))
    else:
        said.append("The curve of chances against what happened was not kept with this version.")
    grades = (record.json("grades.json") or {}).get("grades")
    if grades:
        rows = [
            [
                g["grade"],
                g["leads"],
                g["wins"],
                "no lead" if g["rate"] is None else f"{g['rate']:.1%}",
                "no lead" if g["rate"] is None else f"{g['low']:.1%} to {g['high']:.1%}",
                "no lead" if g["mean_chance"] is None else f"{g['mean_chance']:.1%}",
            ]
            for g in grades
        ]
        head = ["grade", "leads", "won", "share", "95 % interval", "mean chance"]
        grids.append(grid("Grades, each lead at its best look (Wilson intervals)", head, rows))
    else:
        said.append("What became of each grade was not kept with this version.")
    shows = "Chances given against the share that got there"
    return Part("Calibration", tuple(said), tuple(grids), _pictures(record, "calibration", shows))


def _pictures(record: Record, name: str, shows: str) -> tuple[Picture, ...]:
    svg = record.text(f"curves/{name}.svg")
    return (Picture(f"curves/{name}.svg", shows, svg),) if svg else ()


def _logged(key: str, bound: str) -> str:
    return f"{key}{bound}".replace("%", "")


def _figure(found: Mapping[str, Any] | None) -> str:
    value, low, high = ((found or {}).get(k) for k in ("value", "low", "high"))
    return NOT_DEFINED if value is None else f"{value:.3f} ({_range(low, high)})"


def _range(low: float | None, high: float | None, form: str = ".3f") -> str:
    if low is None or high is None:
        return NO_INTERVAL
    return f"{low:{form}} to {high:{form}}"


def _number(text: str) -> float | None:
    return float(text) if text not in ("", "nan") else None
