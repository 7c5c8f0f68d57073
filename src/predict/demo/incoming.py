"""The lists that come in next: leads handed over with our headers, and a trade show's visitors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from predict.demo import columns
from predict.demo.behaviour import Events
from predict.demo.calendar import DAY, HOUR, Calendar
from predict.demo.profile import SOURCES, Accounts, Leads

if TYPE_CHECKING:
    import pyarrow as pa

ROWS: Final = 400
TWICE: Final = 2
"""Rows of the list that stand in it a second time."""

VISITOR_HEADERS: Final = {
    "first_name": "First Name",
    "last_name": "Last Name",
    "email": "E-Mail",
    "company": "Company",
    "job_title": "Job Title",
    "industry": "Industry",
    "employees": "Employees",
    "country": "Country",
}
"""Our column → the organiser's header; ``[lists.trade_show]`` of the definition says the same."""

_KNOWN: Final = 150
_VISITORS: Final = 120


@dataclass(frozen=True)
class Recent:
    """The newest leads of the CRM: their rows, and what is so of them at the export."""

    rows: pa.Table
    is_open: np.ndarray
    is_opportunity: np.ndarray
    is_blocked: np.ndarray


def incoming_table(
    rng: np.random.Generator,
    first_number: int,
    accounts: Accounts,
    recent: Sequence[Recent],
    calendar: Calendar,
) -> pa.Table:
    """Return the rows of ``new_leads.csv``: 400, of which 2 are repeats.

    Among them are open leads that the CRM knows, with behaviour; one on the do-not-contact list;
    one that is an opportunity already; all others are new and have done nothing yet.

    Parameters
    ----------
    first_number : int
        Number of the first new lead.
    recent : sequence of Recent
        The newest leads of the CRM, oldest first.
    """
    import pyarrow as pa

    known = [
        _last(recent, "is_open", _KNOWN),
        _last(recent, "is_blocked", 1),
        _last(recent, "is_opportunity", 1),
    ]
    n_new = ROWS - TWICE - sum(part.num_rows for part in known)
    met = _met_at_the_show(rng, first_number, n_new, accounts, calendar)
    new = columns.lead_table(met, accounts, Events.none(), None)
    listed = pa.concat_tables([*known, new])
    order = np.argsort(listed["created_at"].to_numpy(), kind="stable")
    listed = listed.take(pa.array(order))
    return pa.concat_tables([listed, listed.slice(ROWS // 2, TWICE)]).combine_chunks()


def visitor_table(
    rng: np.random.Generator, first_number: int, accounts: Accounts, calendar: Calendar
) -> pa.Table:
    """Return the rows of ``trade_show.csv``, as an organiser sends it: no ids, other headers."""
    met = _met_at_the_show(rng, first_number, _VISITORS, accounts, calendar)
    told = columns.lead_table(met, accounts, Events.none(), None)
    return told.select(list(VISITOR_HEADERS)).rename_columns(list(VISITOR_HEADERS.values()))


def _last(recent: Sequence[Recent], condition: str, count: int) -> pa.Table:
    import pyarrow as pa

    parts = []
    for block in recent:
        chosen = getattr(block, condition)
        if condition == "is_open":
            chosen = chosen & ~block.is_blocked
        parts.append(block.rows.filter(pa.array(chosen)))
    found = pa.concat_tables(parts)
    return found.slice(max(found.num_rows - count, 0))


def _met_at_the_show(
    rng: np.random.Generator, first_number: int, n: int, accounts: Accounts, calendar: Calendar
) -> Leads:
    number = np.arange(first_number, first_number + n)
    leads = Leads.draw(rng, number, first_number + n, accounts, calendar)
    ago = rng.integers(1, 3, n) * DAY - (9 * HOUR + rng.random(n) * 9 * HOUR).astype(np.int64)
    return replace(
        leads,
        created_at=calendar.exported_at - np.sort(ago)[::-1],
        elapsed=np.ones(n),
        source=np.full(n, SOURCES.index("trade_show"), dtype=np.int8),
    )
