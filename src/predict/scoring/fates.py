"""Fates: what becomes of each row of a list, and the one sentence that counts them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from predict.definition.stages import stage_words

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.tables import Crm

#: Why a row is not scored, as a reader is told.
STATUSES = {
    "scored": "",
    "unreadable": "the row cannot be read",
    "duplicate": "an earlier row is the same person",
    "suppressed": "this person is on the do-not-contact list",
    "forgotten": "this person was forgotten on request",
    "customer": "this is a customer already",
    "open deal": "this person is in an open deal",
    "converted": "this lead {reached} already",
    "closed": "this lead was closed already",
    "not open": "this lead came after the day the list is scored for",
}
#: Those that are no leads to work on any more, where only the open ones are scored.
NOT_OPEN = ["customer", "open deal", "converted", "closed", "duplicate", "not open", "forgotten"]
#: Parts of a list, in the order in which they are told; every row is in one.
PARTS = {
    "known": "known (their behaviour used)",
    "known profile": "known",
    "customer": "customer{s}",
    "open deal": "in an open deal (owner named)",
    "converted": "that {reached} already",
    "closed": "closed before",
    "not open": "came after that day",
    "duplicate": "twice",
    "suppressed": "not to be contacted",
    "forgotten": "forgotten on request",
    "unreadable": "that cannot be read",
    "no mail": "without e-mail",
    "profile": "on profile alone",
}
_CUSTOMER = stage_words("won")[0]
_DEALS = (stage_words("opportunity")[0], stage_words("deal")[0])
#: No stage: engines want one to compare with.
_NONE = ""
_LOST = ("lost", "closed lost", "closedlost", "disqualified")


def ends_of(crm: Crm, as_of_us: int, stood: ir.Table) -> ir.Table:
    """Return what had become of each lead by a moment, as it was known then.

    Parameters
    ----------
    crm : Crm
        The opened export.
    as_of_us : int
        The moment we look, exclusive, microseconds UTC.
    stood : Ibis table
        From `predict.history.snapshots.standing`, at that moment.

    Returns
    -------
    Ibis table
        ``lead_no``, and whether it ``reached`` the agreed stage, was ``closed``, is a ``customer``
        and is in an ``open_deal``: in its present episode a deal was begun, and neither won nor
        lost since.
    """
    import ibis

    definition = crm.definition
    goal = definition.conversion.stage
    outcomes = crm.outcomes.filter(crm.outcomes.lead_no.notnull())
    known = ibis.greatest(outcomes.occurred_us, outcomes.known_us)
    past = outcomes.mutate(at=known).filter(known < as_of_us)
    stages = _names(past)
    wins = [s for s in stages if stage_words(s)[0] == _CUSTOMER and s != goal]
    deals = [s for s in stages if stage_words(s)[0] in _DEALS]
    lost = {s for s in stages if _plain(s) in _LOST} | set(definition.conversion.lost_stages)
    over = [*wins, *sorted(lost), *([goal] if goal not in deals else [])]
    begun = past.at.max(where=past.stage.isin(deals or [_NONE]))
    ended = past.at.max(where=past.stage.isin(over or [_NONE]))
    told = past.group_by("lead_no").aggregate(
        customer=past.stage.isin(wins or [_NONE]).any(),
        begun=begun,
        ended=ended,
    )
    every = stood.left_join(told, "lead_no")
    unended = every.ended.isnull() | (every.ended < every.begun)
    in_deal = (every.begun >= every.started_us) & unended
    return every.select(
        "lead_no",
        "reached",
        "closed",
        customer=every.customer.fill_null(False),
        open_deal=in_deal.fill_null(False),
    )


def _names(past: ir.Table) -> list[str]:
    named = past.select("stage").distinct().order_by("stage").to_pandas()["stage"]
    return [str(stage) for stage in named.dropna()]


def _plain(stage: str) -> str:
    return " ".join(stage.lower().replace("_", " ").replace("-", " ").split())


def with_status(grid: ir.Table, *, behaviour: bool) -> ir.Table:
    """Add ``status``, ``basis`` and ``part`` to the rows of a matched list.

    Parameters
    ----------
    grid : Ibis table
        ``readable``, ``forgotten``, ``twice``, ``suppressed``, ``customer``, ``open_deal``,
        ``reached``, ``closed``, ``has_mail``, ``lead_no``, ``created_us``, ``as_of_us``.
    behaviour : bool
        Whether there are events at all; without, everything known of a lead is its profile.
    """
    import ibis

    status = ibis.cases(
        (~grid.readable, "unreadable"),
        (grid.forgotten, "forgotten"),
        (grid.twice, "duplicate"),
        (grid.suppressed, "suppressed"),
        (grid.customer, "customer"),
        (grid.open_deal, "open deal"),
        (grid.reached, "converted"),
        (grid.closed, "closed"),
        (grid.created_us > grid.as_of_us, "not open"),
        else_="scored",
    )
    known = grid.lead_no.notnull()
    full = known if behaviour else known | True
    grid = grid.mutate(status=status, basis=full.ifelse("full", "profile"))
    part = ibis.cases(
        (grid.status != "scored", grid.status),
        (known, "known" if behaviour else "known profile"),
        (~grid.has_mail, "no mail"),
        else_="profile",
    )
    return grid.mutate(part=part)


def told(counts: Mapping[str, int], stage: str) -> str:
    """Return the first sentence about a list; its numbers add up to the rows.

    Parameters
    ----------
    counts : mapping of str to int
        Rows by part, keys of `PARTS`.
    stage : str
        The agreed stage.

    Examples
    --------
    >>> told({"known": 214, "customer": 1, "duplicate": 40, "profile": 2651}, "opportunity")
    '2,906 rows: 214 known (their behaviour used), 1 customer, 40 twice, 2,651 on profile alone'
    """
    reached = stage_words(stage)[0]
    parts = [
        f"{counts[part]:,} {words.format(reached=reached, s='' if counts[part] == 1 else 's')}"
        for part, words in PARTS.items()
        if counts.get(part)
    ]
    rows = sum(counts.values())
    head = f"{rows:,} row{'' if rows == 1 else 's'}"
    return f"{head}: {', '.join(parts)}" if parts else head
