"""Drift of the inputs, each column given as much of the alarm as it matters to the model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from predict.learning.usual import MOVING
from predict.loop.departure import departure
from predict.loop.observation import Observation, Severity

if TYPE_CHECKING:
    from predict.history.specs import Spec
    from predict.learning.usual import Usual
    from predict.loop.batches import Batch

#: Stability index, less what chance adds, below which nobody need act.
MATTERS = 0.02
#: Share of all contributions that a concept must make to be worth a page.
IMPORTANT = 0.01
#: Share of the alarm that is spread over all columns alike; the rest goes by importance.
EVEN = 0.5


def drift(
    batch: Batch,
    usual: Usual,
    specs: Sequence[Spec],
    *,
    alpha: float,
    told: Collection[str] = (),
    routine: Collection[str] = (),
) -> list[Observation]:
    """Compare the columns of a batch with those of the leads learned from.

    Parameters
    ----------
    batch : Batch
    usual : Usual
        Of the model.
    specs : sequence of Spec
        Of the columns; what moves without any fault (`MOVING`) is passed over.
    alpha : float
        Chance of a false alarm over all columns together.
    told : collection of str
        Columns of which a fault was told already.
    routine : collection of str
        Columns that get new values in the course of things: noted, no page.

    Returns
    -------
    list of Observation
        One per column. ``high`` is the stability index that would have been flagged.

    Notes
    -----
    The chance of a false alarm is shared out by weight (Genovese, Roeder and Wasserman 2006,
    Biometrika 93:509): half to all columns alike, half by importance, so that a shift of what
    decides is seen at fewer leads.
    """
    chosen = [
        s for s in specs if s.view not in MOVING and s.name in usual.columns and s.name in batch.X
    ]
    weights = _weights([usual.columns[s.name].importance for s in chosen])
    concept: dict[str, float] = {}
    for s in specs:
        if s.name in usual.columns:
            concept[s.concept] = concept.get(s.concept, 0.0) + usual.columns[s.name].importance
    return [
        _judged(batch, usual, s, alpha * w, concept[s.concept], s.name in told, s.name in routine)
        for s, w in zip(chosen, weights, strict=True)
    ]


def _weights(importance: Sequence[float]) -> list[float]:
    """Return the share of the alarm of each column.

    Examples
    --------
    >>> _weights([3.0, 1.0])
    [0.625, 0.375]
    """
    total = sum(importance)
    n = len(importance)
    if not total:
        return [1 / n] * n
    return [EVEN / n + (1 - EVEN) * i / total for i in importance]


def _judged(
    batch: Batch,
    usual: Usual,
    spec: Spec,
    alpha: float,
    importance: float,
    is_told: bool,
    is_routine: bool,
) -> Observation:
    column = usual.columns[spec.name]
    counts = column.count(batch.X[spec.name])
    ordered = len(counts) - 1 if column.is_number else 0
    found = departure(counts, column.table, ordered=ordered)
    off = found.p <= alpha and found.excess >= MATTERS
    pages = off and importance >= IMPORTANT and not (is_told or is_routine)
    severity: Severity = "warn" if pages else "note" if off and not is_told else "fine"
    n = len(batch)
    matters = f"{importance:.0%} of what decides the chances" if importance >= 0.005 else "little"
    sentence = (
        f"“{spec.name}” of the {n:,} leads that came {batch.name} is unlike that of the leads "
        f"learned from (stability index {found.psi:.2f}, {found.by_chance * found.dispersion:.2f} "
        f"would be usual); {spec.concept_words} makes {matters}."
        if off
        else f"“{spec.name}” is as usual (stability index {found.psi:.2f})."
    )
    return Observation(
        "drift",
        spec.name,
        batch.name,
        batch.until,
        "psi",
        found.psi,
        0.0,
        _limit(found.by_chance, found.dispersion, alpha, len(counts)),
        severity,
        sentence,
        "drift",
        {
            "leads": n,
            "psi": found.psi,
            "by_chance": found.by_chance * found.dispersion,
            "p": found.p,
            "importance": importance,
        },
        spec.concept,
    )


def _limit(by_chance: float, dispersion: float, alpha: float, bins: int) -> float:
    """Return the stability index that chance passes with this probability."""
    from scipy.special import chdtri

    df = max(bins - 1, 1)
    quantile = float(chdtri(df, alpha)) / df
    return max(MATTERS + by_chance * dispersion, by_chance * dispersion * quantile)
