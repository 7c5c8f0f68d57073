"""Moves: what moved a lead's chance since an earlier run, in sentences, with points that sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predict.history.features import LOOK_BACK
from predict.scoring import figures
from predict.scoring.change import BASIS, CALIBRATION, MODEL, Changes
from predict.scoring.wording import fact, shown

if TYPE_CHECKING:
    from predict.history.specs import Spec

#: Part and concept of what changed of the lead and is not named: small, or no behaviour of it.
LEAD, OTHER = "lead", "other"
#: Behaviours named at most, and the least that one must have moved the chance, in shares of 1.
MOST, LEAST_POINTS = 4, 0.005
COLUMNS = ["position", "part", "concept", "log_odds", "points", "sentence"]

Values = Mapping[str, NDArray[np.object_]]

_TIMES = {0.0: "not at all", 1.0: "once", 2.0: "twice"}
_TOTAL = f"__count_{LOOK_BACK}d"
_BASIS: Mapping[str, str] = {
    "full": "what it did is known now; before, only who it is was known",
    "profile": "only who it is was known this time, not what it did",
}


def moves(
    changed: Changes,
    then: pd.DataFrame,
    now: pd.DataFrame,
    specs: Sequence[Spec],
    *,
    since: date,
    days: float,
    basis: str = "full",
    models: tuple[str, str] = ("", ""),
) -> pd.DataFrame:
    """Return the parts of each lead's change, the largest first, each with its sentence.

    Parameters
    ----------
    changed : Changes
        Of n leads.
    then, now : pandas.DataFrame of shape (n, ≥ n_columns)
        What was known of them; the same order.
    specs : sequence of Spec
        Words of the columns.
    since : date
        Day of the earlier run.
    days : float
        Days between the runs.
    basis : {"full", "profile"}
        What the later run went by.
    models : tuple of str
        Numbers of the earlier and the later model; said where they differ.

    Returns
    -------
    pandas.DataFrame
        ``position`` (0 … n - 1), ``part`` ("lead", "other", "basis", "model", "calibration"),
        ``concept`` (of "lead", else ""), ``log_odds``, ``points`` (shares of 1; those of a lead
        sum to the change of its chance) and ``sentence``: without subject and full stop. Parts
        that are exactly 0 are left out.
    """
    lead, slope = changed.lead, changed.slope
    members = _members(changed.specs, {spec.name: spec for spec in specs})
    sums, added = lead.to_numpy(dtype=float), changed.columns.to_numpy(dtype=float)
    at = {name: i for i, name in enumerate(changed.columns)}
    was, is_ = _columns(then), _columns(now)
    rows: list[tuple[int, str, str, float, str]] = []
    for i in range(len(changed)):
        left = float(sums[i].sum())
        order = np.argsort(-np.abs(sums[i]), kind="stable")
        named = 0
        for k in order:
            concept = str(lead.columns[k])
            if named == MOST or abs(sums[i, k]) * slope[i] < LEAST_POINTS:
                break
            sizes = {spec.name: added[i, at[spec.name]] for spec in members.get(concept, ())}
            said = _moved(members.get(concept, ()), sizes, was, is_, i, sums[i, k], since, days)
            if said:
                rows.append((i, LEAD, concept, float(sums[i, k]), said))
                left -= float(sums[i, k])
                named += 1
        rest = [(OTHER, left, "all else that changed about it")]
        rest.append((BASIS, float(changed.basis[i]), _BASIS[basis]))
        rest.append((MODEL, float(changed.model[i]), _model(float(changed.model[i]), models)))
        rest.append(
            (CALIBRATION, float(changed.calibration[i]), "the level of chances was set anew")
        )
        rows += [(i, part, "", size, said) for part, size, said in rest if size]
    frame = pd.DataFrame(rows, columns=["position", "part", "concept", "log_odds", "sentence"])
    frame = frame.astype({"position": np.int64, "log_odds": np.float64})
    frame["points"] = frame["log_odds"] * slope[frame["position"].to_numpy()]
    frame["size"] = -frame["points"].abs()
    ordered = frame.sort_values(["position", "size"], kind="stable", ignore_index=True)
    return ordered[COLUMNS]


def _columns(frame: pd.DataFrame) -> dict[str, NDArray[np.object_]]:
    return {str(name): frame[name].to_numpy(dtype=object) for name in frame.columns}


def _members(specs: Sequence[Spec], words: Mapping[str, Spec]) -> dict[str, list[Spec]]:
    """Return the columns of each concept that may be named, in the reader's words."""
    found: dict[str, list[Spec]] = {}
    for spec in specs:
        if spec.reason:
            found.setdefault(spec.concept, []).append(words[spec.name])
    return found


def _moved(
    specs: Sequence[Spec],
    sizes: Mapping[str, float],
    then: Values,
    now: Values,
    at: int,
    total: float,
    since: date,
    days: float,
) -> str | None:
    """Return what changed of one concept, told by the column that moved most its way."""
    sign = 1.0 if total > 0 else -1.0
    told = [s for s in specs if sign * sizes[s.name] > 0 and s.name in now]
    for spec in sorted(told, key=lambda s: -sign * sizes[s.name]):
        was, is_ = then[spec.name][at], now[spec.name][at]
        before, after = fact(spec, was), fact(spec, is_)
        if before == after:
            continue
        did = _did(specs, spec, then, now, at, since, days)
        return did or f"{after}; {_before(spec, was, figures.day(since))}"
    return None


def _did(
    specs: Sequence[Spec],
    spec: Spec,
    then: Values,
    now: Values,
    at: int,
    since: date,
    days: float,
) -> str | None:
    """Return what the lead did since, where it can be counted: "viewed “pricing” 3 times since"."""
    total = next((s for s in specs if s.name.endswith(_TOTAL) and s.name in now), None)
    if total is None or spec.view != "behaviour" or not _fresher(spec, then, now, at):
        return None
    was, is_ = float(then[total.name][at]), float(now[total.name][at])
    first = "days_since_first"
    known = float(then[first][at]) if first in then else np.nan
    # A count looks back a year: what fell out of it meanwhile would be missing from the difference.
    if was > 0 and not known + days <= LOOK_BACK:
        return None
    words = " ".join(total.words.values())
    if not is_ - was >= 1 or "in the last" in words:
        return None
    return f"{fact(total, is_ - was)} since {figures.day(since)}"


def _fresher(spec: Spec, then: Values, now: Values, at: int) -> bool:
    """Tell whether a column says that more was done, or done lately."""
    if spec.dtype != "number":
        return True
    was, is_ = float(then[spec.name][at]), float(now[spec.name][at])
    if spec.unit == "days":
        return np.isnan(was) or is_ < was
    return is_ > was


def _before(spec: Spec, value: object, day: str) -> str:
    """Return what was then, in as few words as the sentence before it allows."""
    many = spec.words.get("many", "{n}")
    if spec.dtype == "number" and "{n}" not in many:
        return f"not so on {day}"  # "viewed more pages than usual"
    number = spec.dtype == "number" and value is not None and not np.isnan(float(value))  # type: ignore[arg-type]
    if not number:
        return f"on {day}: {fact(spec, value)}"
    amount = float(value)  # type: ignore[arg-type]
    if "{n} times" in many and amount in _TIMES:
        return f"on {day}: {_TIMES[amount]}"
    return f"on {day}: {shown(spec, value)}{' times' if '{n} times' in many else ''}"


def _model(size: float, models: tuple[str, str]) -> str:
    which = f"model {models[1]}" if models[1] else "another model"
    than = f" than model {models[0]}" if models[0] and models[0] != models[1] else ""
    return f"{which} rates the same facts {'higher' if size > 0 else 'lower'}{than}"
