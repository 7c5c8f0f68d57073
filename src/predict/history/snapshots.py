"""Snapshots: the (lead, as_of) grid, and the one place that cuts time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from predict.crm.stamps import DAY, microseconds
from predict.history.episodes import chain

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.tables import Crm

#: A lead of age 0 is looked at one minute after its creation, when the form it came by is stored.
FIRST_LOOK = 60_000_000


def cut(rows: ir.Table, grid: ir.Table, by: str) -> ir.Table:
    """Join rows to the grid and keep what was known strictly before each ``as_of``.

    Parameters
    ----------
    rows : Ibis table
        Dated rows with column ``by``, ``occurred_us``, ``known_us`` and, by account,
        ``created_us`` of the lead they belong to (microseconds UTC).
    grid : Ibis table
        ``row``, ``lead_no``, ``account_id``, ``created_us``, ``as_of_us``.
    by : {"lead_no", "account_id"}
        Join column. By account, the lead's own rows are left out, and so are those of colleagues
        who became leads later: nobody knew whose they were.

    Returns
    -------
    Ibis table
        One record per grid row and past row, with ``row``, ``as_of_us`` and the rows' columns.
    """
    looks = grid.select(
        look_row=grid.row, look_by=grid[by], look_lead=grid.lead_no, as_of_us=grid.as_of_us
    )
    past = looks.join(rows, looks.look_by == rows[by])
    past = past.filter((past.occurred_us < past.as_of_us) & (past.known_us < past.as_of_us))
    if by == "account_id":
        # A person of a list whom the CRM does not know has no number, and still has colleagues.
        past = past.filter(~past.lead_no.identical_to(past.look_lead))
        past = past.filter(past.created_us < past.as_of_us)
    return past.rename(row="look_row").drop("look_by", "look_lead")


def held(spans: ir.Table, grid: ir.Table, by: str) -> ir.Table:
    """Join spans of time to the grid and keep those that hold each ``as_of``.

    Parameters
    ----------
    spans : Ibis table
        ``key``, ``from_us`` and ``until_us`` (microseconds UTC) and what held between them. A
        change at ``as_of`` itself is not known yet, like any row of that moment.
    grid : Ibis table
        ``row``, ``as_of_us`` and column ``by``, which ``key`` is held against.
    """
    looks = grid.select(look_row=grid.row, look_by=grid[by], as_of_us=grid.as_of_us)
    found = looks.join(spans, looks.look_by == spans.key)
    found = found.filter((found.from_us < found.as_of_us) & (found.as_of_us <= found.until_us))
    return found.rename(row="look_row").drop("look_by", "as_of_us")


def by_age(leads: ir.Table, ages_days: Sequence[float], *, at_creation: bool) -> ir.Table:
    """Return the grid of leads looked at fixed ages.

    Parameters
    ----------
    leads : Ibis table
        One row a lead and episode: ``started_us`` and what the grid is to hold of them.
    ages_days : sequence of float
        Days after the start of the episode; 0 means one minute after.
    at_creation : bool
        True for flat exports whose outcome belongs to the row: ``as_of`` is ``created_at``.
    """
    import ibis

    offsets = sorted({0 if at_creation else max(round(a * DAY), FIRST_LOOK) for a in ages_days})
    parts = [
        leads.mutate(as_of_us=leads.started_us + ibis.literal(o, type="int64")) for o in offsets
    ]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def by_calendar(
    leads: ir.Table, moments: Sequence[datetime], *, max_age_days: float = 365.0
) -> ir.Table:
    """Return the grid of leads looked at calendar moments after the start of an episode.

    Episodes older than ``max_age_days`` at a moment are no longer looked at.
    """
    import ibis

    stamps = ibis.memtable(
        {"as_of_us": [microseconds(m) for m in moments]}, schema={"as_of_us": "int64"}
    )
    grid = leads.cross_join(stamps)
    age = grid.as_of_us - grid.started_us
    return grid.filter((age >= FIRST_LOOK) & (age <= round(max_age_days * DAY)))


def calendar(every: str, first: datetime, last: datetime) -> list[datetime]:
    """Return the month or week starts (Monday) in (first, last], naive UTC.

    Examples
    --------
    >>> [d.day for d in calendar("week", datetime(2024, 1, 1), datetime(2024, 1, 20))]
    [8, 15]
    """
    moments = []
    current = datetime(first.year, first.month, first.day)
    if every == "month":
        current = current.replace(day=1)
    else:
        current -= timedelta(days=current.weekday())
    while current <= last:
        if current > first:
            moments.append(current)
        if every == "month":
            current = (current + timedelta(days=32)).replace(day=1)
        else:
            current += timedelta(days=7)
    return moments


def still_open(grid: ir.Table) -> ir.Table:
    """Keep the grid rows whose episode was still open at ``as_of``.

    Parameters
    ----------
    grid : Ibis table
        Snapshots with ``as_of_us`` and ``closed_us`` of their episode, which is when the agreed
        stage was entered, known or not: a look at a lead that had converted already can come true
        no more, and is neither a win nor a loss.
    """
    return grid.filter(grid.closed_us.isnull() | (grid.closed_us >= grid.as_of_us))


def not_customers(grid: ir.Table) -> ir.Table:
    """Keep the grid rows whose firm was not known as a customer before ``as_of``."""
    return grid.filter(grid.customer_us.isnull() | (grid.customer_us >= grid.as_of_us))


def standing(crm: Crm, as_of_us: int) -> ir.Table:
    """Return where each lead stood at a moment, as it was known then.

    Parameters
    ----------
    crm : Crm
        The opened export.
    as_of_us : int
        The moment we look, exclusive, microseconds UTC.

    Returns
    -------
    Ibis table
        One row a lead: ``lead_no``; ``episode``, ``started_us`` and ``left_us`` of the episode it
        was in (see `predict.history.episodes`); whether in it it had ``reached`` the agreed stage
        or ``closed`` in any way.
    """
    import ibis

    begun = chain(crm.leads, crm.outcomes, crm.definition.conversion)
    begun = begun.filter((begun.started_us < as_of_us) | (begun.episode == 1))
    newest = ibis.window(group_by="lead_no", order_by=ibis.desc("episode"))
    ranked = begun.mutate(place=ibis.row_number().over(newest))
    now = ranked.filter(ranked.place == 0)
    return now.select(
        "lead_no",
        "episode",
        "started_us",
        "left_us",
        reached=(now.reached_us < as_of_us).fill_null(False),
        closed=(now.ended_us < as_of_us).fill_null(False),
    )
