"""Stages: which values of a status or stage column mean won, lost or recycled."""

from __future__ import annotations

from collections.abc import Iterable

from predict.crm.drafting import signs


def ends(values: Iterable[str]) -> dict[str, str]:
    """Return value → ``"lost"``, ``"disqualified"`` or ``"recycled"`` for those that say so.

    Examples
    --------
    >>> ends(["New", "Unqualified", "Closed - Lost", "Nurture", "BAD_TIMING"])
    {'Unqualified': 'disqualified', 'Closed - Lost': 'lost', 'Nurture': 'recycled',
     'BAD_TIMING': 'recycled'}
    """
    found = {}
    for value in values:
        said = signs.words(value) if value.isidentifier() else value.lower()
        said = " ".join(said.replace("-", " ").replace("_", " ").split())
        if signs.RECYCLED.search(said):
            found[value] = "recycled"
        elif signs.LOST.search(said):
            out = any(w in said for w in ("qualified", "junk", "spam", "invalid", "fit"))
            found[value] = "disqualified" if out else "lost"
    return found


def closings(values: Iterable[str]) -> dict[str, str]:
    """Return value → ``"won"`` or ``"lost"`` for stages of deals that say so by their name.

    Examples
    --------
    >>> closings(["appointmentscheduled", "closedwon", "closedlost", "Closed Won"])
    {'closedwon': 'won', 'closedlost': 'lost', 'Closed Won': 'won'}
    """
    found = {}
    for value in values:
        said = " ".join(value.lower().replace("_", " ").replace("-", " ").split())
        said = said.replace("closedwon", "closed won").replace("closedlost", "closed lost")
        if signs.LOST.search(said):
            found[value] = "lost"
        elif signs.WON.search(said):
            found[value] = "won"
    return found


def steps(values: Iterable[str]) -> dict[str, str]:
    """Return the values that are steps of the funnel before the deal, as stages of their own.

    Examples
    --------
    >>> steps(["New", "MQL", "Sales Qualified Lead", "Working"])
    {'MQL': 'MQL', 'Sales Qualified Lead': 'Sales Qualified Lead'}
    """
    return {
        v: v for v in values if signs.STEP.search(" ".join(v.lower().replace("_", " ").split()))
    }
