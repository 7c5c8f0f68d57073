"""The gate: may a new model replace the one in use?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from predict.findings import Finding, blocking
from predict.learning.verdict import Condition, Lane, Verdict

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Condition", "Lane", "Margins", "Verdict", "judge"]


@dataclass(frozen=True)
class Margins:
    """What counts as worse."""

    refresh: float = 0.015


def judge(
    contest: pd.DataFrame,
    *,
    lane: Lane,
    capacity_per_month: float | None = None,
    findings: Iterable[Finding] = (),
    margins: Margins = Margins(),  # noqa: B008 - frozen
    exported_at: pd.Timestamp | None = None,
) -> Verdict:
    """Judge a contest of two models.

    Parameters
    ----------
    contest : pandas.DataFrame
        lead_id, as_of, group, cutoff, y, challenger, champion, rule and segment columns; see
        `predict.learning.contest.contest`.
    lane : {"first", "challenge", "refresh", "replacement"}
    capacity_per_month : float, optional
    findings : iterable of Finding
    margins : Margins
    exported_at : pandas.Timestamp, optional
        When the data were exported: the day from which "too early" is counted.
    """
    stops = blocking(findings)
    if stops:
        return Verdict(False, lane, f"Keep the model in use: {stops[0].sentence}")
    losses = contest[["champion", "challenger"]]
    better = bool(losses["challenger"].notna().all())
    return Verdict(better, lane, "Not judged yet.")
