"""Faults of the data: a column gone, filled less, with values never seen, in another unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from predict.learning.bins import MIN_LEADS
from predict.loop.departure import departure
from predict.loop.observation import Observation, Severity

if TYPE_CHECKING:
    from predict.history.specs import Spec
    from predict.learning.usual import Column, Usual
    from predict.loop.batches import Batch

#: Change of a share, in points, below which nobody need act, however sure it is.
FILL_MATTERS, LEVEL_MATTERS = 0.05, 0.02
#: What a unit is mistaken for: milliseconds for seconds, cents for euros, minutes for hours, …
FACTORS = (1000.0, 100.0, 60.0, 24.0, 3600.0, 86_400.0, 1_000_000.0)
#: How far each quartile may be from the factor: the values themselves move a little, too; and
#: how many of its standard errors more, up to where two factors could be confused.
_NEAR, _ERRORS, _FAR = math.log(1.4), 2.5, math.log(2.5)
#: Fewer leads than this with a new value are not worth a page, whatever their share.
LEAST_NEW = 5
_ALIKE = 8.0


def faults(
    batch: Batch,
    usual: Usual,
    specs: Sequence[Spec],
    *,
    alpha: float,
    routine: Sequence[str] = (),
) -> list[Observation]:
    """Look for faults in the columns of a batch.

    Parameters
    ----------
    batch : Batch
    usual : Usual
        Of the model.
    specs : sequence of Spec
        Of the columns.
    alpha : float
        Chance of a false alarm, over all columns together.
    routine : sequence of str
        Columns that get new values in the course of things, such as the campaign.

    Returns
    -------
    list of Observation
        Per profile column its share missing; per category the share of values that were not
        learned from; per number how many times as large it is.
    """
    there = [s for s in specs if s.name in usual.columns and s.name in batch.X]
    known = [s for s in there if is_number(batch.X[s.name]) == usual.columns[s.name].is_number]
    profile = [s for s in known if s.view == "profile"]
    levels = [s for s in profile if s.dtype == "category"]
    level = alpha / max(1, len(profile) + len(levels))
    found = [_fill(batch, usual.columns[s.name], s, level) for s in profile]
    found += [_levels(batch, usual.columns[s.name], s, level, s.name in routine) for s in levels]
    units = [_unit(batch, usual.columns[s.name], s) for s in known if s.dtype == "number"]
    return found + [u for u in units if u is not None]


def missing_columns(batch: Batch, usual: Usual, specs: Sequence[Spec]) -> list[Observation]:
    """Return the columns of the model that the export has no longer: it cannot score."""
    return [
        Observation(
            "data",
            s.name,
            batch.name,
            batch.until,
            "column there",
            0.0,
            1.0,
            1.0,
            "block",
            f"The export has no “{s.name}” any more, which the model was learned from; "
            "bring the column back, or train again without it.",
            "missing-column",
            {"importance": usual.columns[s.name].importance},
        )
        for s in specs
        if s.name not in batch.X and s.name in usual.columns
    ]


def type_changes(batch: Batch, usual: Usual, specs: Sequence[Spec]) -> list[Observation]:
    """Return the columns that were numbers and are text now, or the reverse: it cannot score."""
    found = []
    for s in specs:
        column = usual.columns.get(s.name)
        if column is None or s.name not in batch.X or not len(batch):
            continue
        if is_number(batch.X[s.name]) != column.is_number:
            was, now = ("a number", "text") if column.is_number else ("text", "a number")
            found.append(
                Observation(
                    "data",
                    s.name,
                    batch.name,
                    batch.until,
                    "type kept",
                    0.0,
                    1.0,
                    1.0,
                    "block",
                    f"“{s.name}” was {was} when the model learned and is {now} now; have the "
                    "export say it as before, or train again.",
                    "type-change",
                    {"importance": column.importance},
                )
            )
    return found


def is_number(values: pd.Series) -> bool:
    """Tell whether a column of features is read as a number."""
    return pd.api.types.is_numeric_dtype(values.dtype)


def _fill(batch: Batch, column: Column, spec: Spec, alpha: float) -> Observation:
    counts, table = column.count(batch.X[spec.name]), column.table
    n, missing = int(counts.sum()), int(counts[-1])
    share, before = missing / n, _share(table[:, -1], table.sum(axis=1))
    pair = np.column_stack([table[:, -1], table[:, :-1].sum(axis=1)])
    judged = departure(np.array([missing, n - missing]), pair)
    off = judged.p <= alpha and abs(share - before) >= FILL_MATTERS
    room = max(FILL_MATTERS, _room(before, n, judged.dispersion, alpha))
    more = "more" if share > before else "less"
    sentence = (
        f"“{spec.name}” is missing for {share:.0%} of {n:,} leads that came {batch.name}, "
        f"{more} than the usual {before:.0%}; see whether the form or the export changed."
        if off
        else f"“{spec.name}” is missing for {share:.0%} of {n:,} leads, usually {before:.0%}."
    )
    return Observation(
        "data",
        spec.name,
        batch.name,
        batch.until,
        "share missing",
        share,
        max(0.0, before - room),
        min(1.0, before + room),
        "warn" if off else "fine",
        sentence,
        "fill-rate",
        {"leads": n, "missing": missing, "usual": before, "p": judged.p},
    )


def _levels(
    batch: Batch, column: Column, spec: Spec, alpha: float, is_routine: bool
) -> Observation:
    counts, table = column.count(batch.X[spec.name]), column.table
    n, new = int(counts[:-1].sum()), int(counts[-2])
    before = _share(table[:, -2], table[:, :-1].sum(axis=1))
    share = new / n if n else 0.0
    pair = np.column_stack([table[:, -2], table[:, :-2].sum(axis=1)])
    judged = departure(np.array([new, n - new]), pair)
    off = judged.p <= alpha and share - before >= LEVEL_MATTERS and new >= LEAST_NEW
    severity: Severity = "fine" if not off else "note" if is_routine else "warn"
    sentence = (
        f"“{spec.name}” holds values that the model never learned from for {share:.0%} of {n:,} "
        f"leads that came {batch.name}, usually {before:.0%}{_named(batch, column)}; they count "
        "as “other” until it is trained again."
        if off
        else f"{share:.0%} of {n:,} values of “{spec.name}” are rare or new, usually {before:.0%}."
    )
    return Observation(
        "data",
        spec.name,
        batch.name,
        batch.until,
        "share new or rare",
        share,
        0.0,
        min(1.0, before + max(LEVEL_MATTERS, _room(before, n, judged.dispersion, alpha))),
        severity,
        sentence,
        "new-level",
        {"leads": n, "new": new, "usual": before, "p": judged.p},
    )


def _named(batch: Batch, column: Column) -> str:
    """Name a new value only where enough leads have it: a rare one may be personal."""
    values = batch.X[column.name].dropna().astype(str)
    new = values[~values.isin(column.levels)].value_counts()
    new = new[new >= MIN_LEADS]
    return f" (most often “{new.index[0]}”, {int(new.iloc[0]):,} leads)" if len(new) else ""


def _unit(batch: Batch, column: Column, spec: Spec) -> Observation | None:
    sizes = np.abs(batch.X[spec.name].to_numpy(dtype=float))
    sizes = sizes[np.isfinite(sizes) & (sizes != 0)]
    if len(sizes) < MIN_LEADS or not column.quartiles:
        return None
    ratios = np.quantile(sizes, (0.25, 0.5, 0.75)) / np.array(column.quartiles)
    times = float(np.exp(np.median(np.log(ratios))))
    factor = _factor(ratios, _tolerance(column.quartiles, len(sizes)))
    sentence = f"“{spec.name}” is about as large as usual."
    if factor is not None:
        said = f"{factor:,.0f} times as large" if factor > 1 else f"1/{1 / factor:,.0f} as large"
        sentence = (
            f"“{spec.name}” of the {len(sizes):,} leads that came {batch.name} is {said} as "
            "usual all through: its unit has changed. Have the export say it as before."
        )
    return Observation(
        "data",
        spec.name,
        batch.name,
        batch.until,
        "times as large",
        times,
        1 / _ALIKE,
        _ALIKE,
        "fine" if factor is None else "warn",
        sentence,
        "unit-jump",
        {"leads": len(sizes), "times": times},
    )


def _tolerance(quartiles: Sequence[float], n: int) -> float:
    """Return how far, in logs, a quartile of ``n`` sizes may be from what it is expected to be."""
    low, _, high = quartiles
    spread = math.log(high / low) / 1.35  # that of a normal distribution of the logs
    return min(_FAR, _NEAR + _ERRORS * 1.36 * spread / math.sqrt(n))


def _factor(ratios: np.ndarray, tolerance: float) -> float | None:
    """Return by which known factor all three quartiles are off; None where they are not.

    Examples
    --------
    >>> _factor(np.array([980.0, 1010.0, 1100.0]), 0.3), _factor(np.array([1.0, 1.2, 9.0]), 0.3)
    (1000.0, None)
    """
    logs = np.log(ratios)
    signed = [sign * math.log(f) for f in FACTORS for sign in (1, -1)]
    near = min(signed, key=lambda f: float(np.max(np.abs(logs - f))))
    return float(round(math.exp(near), 9)) if np.max(np.abs(logs - near)) <= tolerance else None


def _share(hits: np.ndarray, sizes: np.ndarray) -> float:
    total = float(sizes.sum())
    return float(hits.sum()) / total if total else 0.0


def _room(rate: float, n: int, dispersion: float, alpha: float) -> float:
    """Return how far a share of ``n`` may be from the usual one by chance."""
    from scipy.special import ndtri

    z = -float(ndtri(alpha / 2))
    return z * math.sqrt(dispersion * max(rate * (1 - rate), 1 / max(n, 1)) / max(n, 1))
