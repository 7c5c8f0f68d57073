"""Outcomes: did the lead reach the agreed stage in time, and is the row old enough to tell?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from predict.crm.stamps import DAY

if TYPE_CHECKING:
    import ibis.expr.types as ir


def label(grid: ir.Table, outcomes: ir.Table, stage: str, horizon_days: float) -> ir.Table:
    """Add ``y``: 1 where ``stage`` was entered in [``as_of``, ``as_of`` + horizon), else 0.

    Parameters
    ----------
    grid : Ibis table
        Snapshots with ``row``, ``lead_no``, ``as_of_us``.
    outcomes : Ibis table
        Stage history with ``lead_no``, ``stage``, ``occurred_us``.
    stage : str
        The agreed stage.
    horizon_days : float
        Days after ``as_of`` in which a conversion counts; 0 where the outcome belongs to the row
        and carries its ``as_of``.
    """
    import ibis

    reached = outcomes.filter(outcomes.stage == stage).select(
        reached_lead="lead_no", reached_us="occurred_us"
    )
    window = max(round(horizon_days * DAY), 1)
    hits = grid.inner_join(reached, grid.lead_no == reached.reached_lead)
    hits = hits.filter(
        (hits.reached_us >= hits.as_of_us) & (hits.reached_us < hits.as_of_us + window)
    )
    won = hits.select("row").distinct().mutate(y=ibis.literal(1, type="int8"))
    labelled = grid.left_join(won, "row").select(*grid.columns, "y")
    return labelled.mutate(y=labelled.y.fill_null(0).cast("int8"))


def matured_until(exported_us: int, horizon_days: float, export_lag_days: float) -> int:
    """Return the newest ``as_of`` (microseconds, inclusive) that is old enough to judge.

    A row is matured when ``as_of`` + horizon + export lag ≤ ``exported_at``; younger leads that
    have not converted yet are not losses.

    Examples
    --------
    >>> matured_until(100 * DAY, 30, 2) == 68 * DAY
    True
    """
    return exported_us - round((horizon_days + export_lag_days) * DAY)
