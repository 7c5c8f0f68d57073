"""Timelines: what known leads did last before the moment we look, for the pages of sales."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from predict.crm.stamps import DAY
from predict.history.phrases import Phrase, article, default_phrase
from predict.report.folded import Happening, timeline

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.tables import Crm

#: Events read of a lead: the same thing done twice on a day is told once.
_MOST_READ = 30


def timelines(crm: Crm, grid: ir.Table, rows: Collection[int]) -> dict[int, tuple[Happening, ...]]:
    """Return what some leads of a list did last, by row.

    Parameters
    ----------
    crm : Crm
        The opened export.
    grid : Ibis table
        Of the matched list: ``row``, ``lead_no`` (missing for strangers), ``as_of_us``.
    rows : collection of int
        Which leads.

    Returns
    -------
    dict of int to tuple of Happening
        What was known strictly before the moment we look; what we did ourselves is not in it.
        Leads without any are absent.
    """
    import ibis

    theirs = [name for name, spec in crm.definition.events.items() if spec.by == "lead"]
    if not rows or not theirs:
        return {}
    asked = grid.filter(grid["row"].isin(list(rows)) & grid.lead_no.notnull())
    looks = asked.select("row", "as_of_us", look_lead="lead_no")
    events = crm.events
    events = events.filter((events.by == "lead") & events.table.isin(theirs))
    past = looks.inner_join(events, looks.look_lead == events.lead_no)
    past = past.filter((past.occurred_us < past.as_of_us) & (past.known_us < past.as_of_us))
    newest = ibis.window(
        group_by="row", order_by=[ibis.desc("occurred_us"), "kind", ibis.asc("asset")]
    )
    ranked = past.mutate(place=ibis.row_number().over(newest))
    found = (
        ranked.filter(ranked.place < _MOST_READ)
        .select("row", "place", "kind", "asset", ago_us=ranked.as_of_us - ranked.occurred_us)
        .order_by(["row", "place"])
        .to_pandas()
    )
    phrases = {k: Phrase(w.did, w.thing, w.things) for k, w in crm.definition.words.items()}
    told: dict[int, list[tuple[int, str]]] = {}
    for row, kind, asset, ago in zip(
        found["row"], found["kind"], found["asset"], found["ago_us"], strict=True
    ):
        said = _done(phrases.get(kind) or default_phrase(str(kind)), asset)
        told.setdefault(int(row), []).append((int(ago) // DAY, said))
    return {row: timeline(events) for row, events in told.items()}


def _done(phrase: Phrase, asset: object) -> str:
    if isinstance(asset, str) and asset.strip():
        return f"{phrase.did} “{asset}”"
    return f"{phrase.did} {article(phrase.thing)}"
