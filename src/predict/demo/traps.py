"""Hindsight traps: columns that a CRM shows beside the profile, filled or changed afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from predict.demo.behaviour import Events
from predict.demo.profile import SOURCES, Leads
from predict.demo.sales import STAGES, Deals, Tasks

STATUSES: Final = ("New", "Working", "Nurturing", "Qualified", "Disqualified")
COLUMNS: Final = (
    "status",
    "last_call_seconds",
    "lifetime_page_views",
    "last_activity_at",
    "budget_confirmed",
)
"""The traps. ``crm_score`` is none: it was written once, at creation, by an old rule."""

_SCORE_SOURCES: Final = (15, 10, 10, 20, 20, 10, 20)  # the old rule loves trade shows and volume


@dataclass(frozen=True)
class Traps:
    """Columns as of the export, shape (n,); NaN, NaT and −1 for empty."""

    status: npt.NDArray[np.int8]
    last_call_seconds: npt.NDArray[np.float64]
    lifetime_page_views: npt.NDArray[np.int64]
    last_activity_at: npt.NDArray[np.datetime64]
    budget_confirmed: npt.NDArray[np.int8]


def fill(
    rng: np.random.Generator,
    leads: Leads,
    *,
    events: Events,
    deals: Deals,
    tasks: Tasks,
    exported_at: np.datetime64,
) -> Traps:
    """Fill the columns from all that happened before the export, whenever that was.

    Parameters
    ----------
    events, tasks
        Already cut at ``exported_at``.
    """
    n = len(leads)
    known = deals.known(exported_at)
    reached = {stage: known[:, i] for i, stage in enumerate(STAGES)}
    worked = np.bincount(tasks.row, minlength=n) > 0
    status = np.select(
        [reached["opportunity"], reached["disqualified"], reached["SAL"] & worked, worked],
        [STATUSES.index(s) for s in ("Qualified", "Disqualified", "Working", "Nurturing")],
        STATUSES.index("New"),
    )
    call = np.full(n, np.nan)
    is_call = ~np.isnan(tasks.seconds)
    call[tasks.row[is_call]] = tasks.seconds[is_call]  # in order of time: the last one stays
    latest = np.full(n, np.datetime64("NaT"), dtype="datetime64[s]")
    for row, moment in ((events.row, events.occurred_at), (tasks.row, tasks.occurred_at)):
        newest = np.full(n, np.datetime64("NaT"), dtype="datetime64[s]")
        newest[row] = moment
        latest = np.fmax(latest, newest)
    agreed = rng.random(n) < np.where(reached["SQL"], 0.92, 0.2)
    return Traps(
        status=status.astype(np.int8),
        last_call_seconds=call,
        lifetime_page_views=np.bincount(events.row[events.kind_is("page_view")], minlength=n),
        last_activity_at=latest,
        budget_confirmed=np.where(reached["SAL"], agreed, -1).astype(np.int8),
    )


def crm_score(leads: Leads, events: Events) -> npt.NDArray[np.int64]:
    """Return the incumbent score, 0 to 100: points of an old rule, written once at creation."""
    senior = np.isin(leads.seniority, (0, 1, 2, 3))
    large = np.nan_to_num(leads.employees) > 1_000
    clicks = np.bincount(events.row[events.day < 0], minlength=len(leads))
    points = np.asarray(_SCORE_SOURCES)[leads.source]
    points = points + 20 * senior + 20 * large + 8 * np.minimum(clicks, 5)
    return np.where(leads.source == SOURCES.index("content_syndication"), points + 5, points)
