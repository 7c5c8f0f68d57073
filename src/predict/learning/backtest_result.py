"""BacktestResult: as-if predictions in one tidy frame, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import pandas as pd

from predict.learning.baselines import INCUMBENT_PREFIX, RULES
from predict.learning.curves import calibration_curve, gain_curve
from predict.learning.metrics import at_capacity, evaluate, paired
from predict.publish import read_json, write_json

FRAME_FILE, SUMMARY_FILE, CURVES_FILE = "backtest.parquet", "summary.json", "curves.csv"
_FEW, _SOME, _MANY, _MOST = 100, 200, 500, 1000  # resamples
_CELLS = 20_000_000  # rows × resamples in one evaluation: some seconds

_FOLD_COLUMNS = ["cutoff", "until", "months", "train_rows", "train_leads", "train_wins"]
_FOLD_COLUMNS += ["test_rows", "test_leads"]
_NAMES = {
    "p_base_rate": "the rate of the past for every lead",
    "p_source": "the past rate of each source",
    "p_recency": "the days since a lead was last active",
    "p_profile": "a simple model of the profile alone",
}


@dataclass(frozen=True)
class BacktestResult:
    """Predictions made as if at each cutoff, with what became of the leads.

    Parameters
    ----------
    predictions : pandas.DataFrame
        See `frame`.
    fold_table : pandas.DataFrame
        One row per fold: cutoff, until, months, train_rows, train_leads, train_wins, test_rows,
        test_leads.
    notes : tuple of str
        Folds left out, and why.
    flattered : tuple of str
        Incumbent columns known only as of the export.
    capacity_per_month : float or None
        Leads that can be followed up in a month.
    about : mapping
        basis, every, horizon_days, export_lag_days, features, estimator.
    """

    predictions: pd.DataFrame
    fold_table: pd.DataFrame
    notes: tuple[str, ...] = ()
    flattered: tuple[str, ...] = ()
    capacity_per_month: float | None = None
    about: Mapping[str, object] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """Return one row per tested snapshot.

        Returns
        -------
        pandas.DataFrame
            lead_id, as_of, group, cutoff, y, probability, basis, new_lead (in no training row of
            its fold), p_base_rate, and p_source, p_recency, p_profile, incumbent_<name> where
            there are any.
        """
        return self.predictions.copy()

    @property
    def rivals(self) -> list[str]:
        """Columns of the baselines."""
        named = [str(c) for c in self.predictions if str(c).startswith(INCUMBENT_PREFIX)]
        return [rule for rule in RULES if rule in self.predictions] + named

    def metrics(self) -> pd.DataFrame:
        """Return every figure as one row; computed once.

        Returns
        -------
        pandas.DataFrame
            scope ("total", "new leads", "fold"), cutoff (NaT but for folds), series ("probability"
            or a baseline's column), metric, value, low, high. Intervals (95 %, whole accounts or
            leads resampled) are given for the model, and for the baselines in total.
        """
        return self._metrics.copy()

    @cached_property
    def _metrics(self) -> pd.DataFrame:
        frame = self.predictions
        all_new = bool(frame["new_lead"].all())
        parts: list[tuple[str, Any, pd.DataFrame]] = [("total", pd.NaT, frame)]
        if not all_new:
            parts.append(("new leads", pd.NaT, frame[frame["new_lead"]]))
        parts += [("fold", cutoff, part) for cutoff, part in frame.groupby("cutoff")]
        rows = []
        for scope, cutoff, part in parts:
            for series in ["probability", *self.rivals]:
                most = _MANY if series == "probability" else _SOME if scope == "total" else 0
                for metric, found in self._figures(part, series, _draws(len(part), most)).items():
                    key = {"scope": scope, "cutoff": cutoff, "series": series, "metric": metric}
                    rows.append(key | found)
        table = pd.DataFrame(rows)
        if all_new:
            table = pd.concat([table, table[table["scope"] == "total"].assign(scope="new leads")])
        return table.reset_index(drop=True)

    def _figures(self, part: pd.DataFrame, series: str, draws: int) -> dict[str, dict[str, float]]:
        if part.empty:
            return {}
        y, p, groups = part["y"], part[series], part["group"]
        table = evaluate(y, p, groups=groups, draws=draws)
        if self.capacity_per_month is not None:
            # A lead is called once a period, however often it is looked at.
            looks = part[~part.duplicated(["cutoff", "lead_id"])]
            months = self.fold_table.set_index("cutoff")["months"]
            table |= at_capacity(
                looks["y"],
                looks[series],
                {cutoff: self.capacity_per_month * m for cutoff, m in months.items()},
                periods=looks["cutoff"].astype(object),
                groups=looks["group"],
                draws=draws,
            )
        return table

    def folds(self) -> pd.DataFrame:
        """Return one row per fold: counts, and the model's figures with ``_low`` and ``_high``."""
        found = self._metrics
        found = found[(found["scope"] == "fold") & (found["series"] == "probability")]
        wide = found.pivot(index="cutoff", columns="metric", values=["value", "low", "high"])
        metrics = list(dict.fromkeys(found["metric"]))
        columns = {
            f"{metric}{ending}": wide[kind, metric]
            for metric in metrics
            for kind, ending in (("value", ""), ("low", "_low"), ("high", "_high"))
        }
        new = self.predictions.groupby("cutoff")["new_lead"].sum().rename("new_rows")
        table = self.fold_table.join(new, on="cutoff")
        return table.join(pd.DataFrame(columns), on="cutoff")

    def against_baselines(self) -> pd.DataFrame:
        """Return the model's log loss less each baseline's, on the same rows.

        Returns
        -------
        pandas.DataFrame
            baseline, flattered, value (model − baseline: below 0 the model is better), low, high
            (95 %, paired, whole accounts or leads resampled), model, baseline_loss; the strongest
            baseline first.
        """
        return self._against.copy()

    @cached_property
    def _against(self) -> pd.DataFrame:
        frame = self.predictions
        rows = []
        for name in self.rivals:
            loss = paired(
                frame["y"],
                frame["probability"],
                frame[name],
                frame["group"],
                figures=["log_loss"],
                draws=_draws(len(frame), _MOST),
            )["log_loss"]
            rows.append(
                {
                    "baseline": name,
                    "flattered": name in self.flattered,
                    "value": loss["value"],
                    "low": loss["low"],
                    "high": loss["high"],
                    "model": loss["a"],
                    "baseline_loss": loss["b"],
                }
            )
        return pd.DataFrame(rows).sort_values("baseline_loss", kind="stable", ignore_index=True)

    def beats_baselines(self) -> tuple[bool, str]:
        """Tell whether the model's chances are surely better than the best simple rule's.

        Returns
        -------
        beats : bool
            Whether the 95 % interval of the difference in log loss lies below 0, against the best
            of base rate, source, recency and profile. Today's lead scores are reported, not
            required to be beaten: where they are known only as of the export they saw the outcome.
        sentence : str
            The same in plain words, with figures.
        """
        found = self._against
        best = found[found["baseline"].isin(RULES)].iloc[0]
        beats, better = bool(best["high"] < 0), bool(best["value"] < 0)
        verdict = (
            "The model does better than"
            if beats
            else "The model looks better, but not surely, than"
            if better
            else "The model does no better than"
        )
        leads = self.predictions["lead_id"].nunique()
        return beats, (
            f"{verdict} the best simple rule ({_NAMES[best['baseline']]}): "
            f"log loss {best['model']:.4f} against {best['baseline_loss']:.4f}, "
            f"difference {best['value']:+.4f} (95 % interval {best['low']:+.4f} to "
            f"{best['high']:+.4f}), on {len(self.predictions):,} predictions of {leads:,} leads."
        )

    def summary(self) -> dict[str, object]:
        """Return everything as one JSON-ready mapping; undefined figures are None.

        Returns
        -------
        dict
            ``about``, ``rows``, ``leads``, ``wins``, ``since``, ``until``, ``notes``,
            ``flattered``; ``total`` and ``new_leads`` with counts, ``model`` (figure → value, low,
            high) and ``baselines`` (the same per baseline); ``folds``: a list of the same, with
            their training counts; ``against_baselines``; ``beats_baselines``: beats, sentence.
        """
        frame = self.predictions
        beats, sentence = self.beats_baselines()
        folds = [
            {**_plain(fold), **self._scope("fold", part, fold["cutoff"])}
            for fold, (_, part) in zip(
                self.fold_table.to_dict("records"), frame.groupby("cutoff"), strict=True
            )
        ]
        return {
            "about": {**self.about, "capacity_per_month": self.capacity_per_month},
            "since": frame["as_of"].min().isoformat(),
            "until": frame["as_of"].max().isoformat(),
            "notes": list(self.notes),
            "flattered": list(self.flattered),
            "total": self._scope("total", frame),
            "new_leads": self._scope("new leads", frame[frame["new_lead"]]),
            "folds": folds,
            "against_baselines": [_plain(row) for row in self._against.to_dict("records")],
            "beats_baselines": {"beats": beats, "sentence": sentence},
        }

    def _scope(
        self, scope: str, part: pd.DataFrame, cutoff: pd.Timestamp | None = None
    ) -> dict[str, object]:
        found = self._metrics[self._metrics["scope"] == scope]
        if cutoff is not None:
            found = found[found["cutoff"] == cutoff]
        tables: dict[str, dict[str, object]] = {name: {} for name in ["probability", *self.rivals]}
        for row in found.to_dict("records"):
            figures = {key: row[key] for key in ("value", "low", "high")}
            tables[row["series"]][row["metric"]] = _plain(figures)
        return {
            "rows": len(part),
            "leads": int(part["lead_id"].nunique()),
            "wins": int(part["y"].sum()),
            "model": tables.pop("probability"),
            "baselines": tables,
        }

    def curves(self) -> pd.DataFrame:
        """Return what the pictures are drawn from.

        Returns
        -------
        pandas.DataFrame
            kind ("calibration": mean chance against rate; "gain": share of rows against share of
            winners), series ("probability", a baseline's column, or "best possible"), x, y, low,
            high, n.
        """
        return self._curves.copy()

    @cached_property
    def _curves(self) -> pd.DataFrame:
        frame = self.predictions
        y, groups, draws = frame["y"], frame["group"], _draws(len(frame), _MANY)
        chances = calibration_curve(y, frame["probability"], groups=groups, draws=draws)
        found = [chances.assign(kind="calibration", series="probability")]
        for name in ["probability", *self.rivals]:
            gain = gain_curve(
                y, frame[name], groups=groups, draws=draws if name == "probability" else 0
            )
            found.append(gain.assign(kind="gain", series=name))
        found.append(gain_curve(y, y).assign(kind="gain", series="best possible"))
        columns = ["kind", "series", "x", "y", "low", "high", "n"]
        return pd.concat(found, ignore_index=True)[columns]

    def save(self, folder: Path) -> None:
        """Write backtest.parquet, summary.json and curves.csv into a folder, made where absent."""
        folder.mkdir(parents=True, exist_ok=True)
        self.predictions.to_parquet(folder / FRAME_FILE, index=False)
        write_json(folder / SUMMARY_FILE, self.summary())
        self.curves().to_csv(folder / CURVES_FILE, index=False, lineterminator="\n")

    @classmethod
    def load(cls, folder: Path) -> BacktestResult:
        """Return the result that `save` wrote."""
        summary = cast(dict[str, Any], read_json(folder / SUMMARY_FILE))
        about = dict(summary["about"])
        table = pd.DataFrame([{k: fold[k] for k in _FOLD_COLUMNS} for fold in summary["folds"]])
        moments = {k: pd.to_datetime(table[k]) for k in ("cutoff", "until")}
        return cls(
            pd.read_parquet(folder / FRAME_FILE),
            table.assign(**moments),
            notes=tuple(summary["notes"]),
            flattered=tuple(summary["flattered"]),
            capacity_per_month=about.pop("capacity_per_month"),
            about=about,
        )


def _draws(n_rows: int, most: int) -> int:
    """Return fewer resamples for more rows: their intervals are narrow, and must not take long."""
    return min(most, max(_FEW, _CELLS // max(n_rows, 1)))


def _plain(record: Mapping[Any, Any]) -> dict[str, object]:
    """Return a record that JSON can hold: moments as text, what is not a number as None."""
    out: dict[str, object] = {}
    for name, value in record.items():
        if isinstance(value, pd.Timestamp):
            out[str(name)] = value.isoformat()
        elif isinstance(value, float) and not math.isfinite(value):
            out[str(name)] = None
        else:
            out[str(name)] = value
    return out
