"""Episodes: the times a lead was open: from its creation, and from each coming back, to an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.tables import Crm
    from predict.definition.agreement import Conversion


def episodes(crm: Crm) -> ir.Table:
    """Return the episodes of every lead, computed once.

    Returns
    -------
    Ibis table
        As of `chain`, sorted by lead and episode.
    """
    table = chain(crm.leads, crm.outcomes, crm.definition.conversion)
    return crm.workspace.materialise(table, "episodes", order_by=["lead_no", "episode"])


def chain(leads: ir.Table, outcomes: ir.Table, agreed: Conversion) -> ir.Table:
    """Lay the ends and the comings back of each lead one after the other.

    A lead that ended (the agreed stage or a lost one) and later enters one of
    ``agreed.reopen_stages`` begins a new episode at that moment; of an end and a coming back of one
    moment, the end came first. What decides is when each became known: until then the lead was, to
    whoever looked, what it had been before. A lead created with its own success has one episode.

    Parameters
    ----------
    leads : Ibis table
        ``lead_no``, ``created_us``, ``born_converted``.
    outcomes : Ibis table
        Stage history with ``lead_no``, ``stage``, ``occurred_us``, ``known_us``.
    agreed : Conversion
        Stages.

    Returns
    -------
    Ibis table
        One row an episode: ``lead_no``; ``episode`` (1, 2, …); ``started_us``; ``left_us``, the
        end before it, null at the first; ``closed_us``, when it can come true no more (the agreed
        stage closes it when it is entered, known or not; other ends once they are known);
        ``reached_us`` and ``ended_us``, when it was known that it reached the agreed stage, and
        that it ended.
    """
    import ibis

    ends = _moves(outcomes, [agreed.stage, *agreed.lost_stages], 0)
    begun = leads.select(
        "lead_no",
        episode=ibis.literal(1, type="int64"),
        started_us="created_us",
        left_us=ibis.null("int64"),
    )
    if agreed.reopen_stages:
        begun = begun.union(_comings_back(leads, ends, outcomes, agreed))
    per = begun.left_join(ends, begun.lead_no == ends.move_lead)
    # An end that was known when the lead came back is of an episode before.
    here = (per.episode == 1) | (per.at_us > per.started_us)
    won = per.stage == agreed.stage
    return per.group_by("lead_no", "episode", "started_us", "left_us").aggregate(
        closed_us=won.ifelse(per.happened_us, per.at_us).min(where=here),
        reached_us=per.at_us.min(where=here & won),
        ended_us=per.at_us.min(where=here),
    )


def _comings_back(
    leads: ir.Table, ends: ir.Table, outcomes: ir.Table, agreed: Conversion
) -> ir.Table:
    import ibis

    moves = ends.union(_moves(outcomes, agreed.reopen_stages, 1))
    order = ibis.window(group_by="move_lead", order_by=["at_us", "comes_back"])
    moves = moves.mutate(
        left_us=moves.at_us.lag().over(order), stayed=moves.comes_back.lag().over(order)
    )
    starts = moves.filter((moves.comes_back == 1) & (moves.stayed == 0))
    joined = starts.inner_join(leads, starts.move_lead == leads.lead_no)
    joined = joined.filter((joined.at_us > joined.created_us) & ~joined.born_converted)
    later = ibis.window(group_by="lead_no", order_by="at_us")
    return joined.select(
        "lead_no",
        episode=(ibis.row_number().over(later) + 2).cast("int64"),
        started_us="at_us",
        left_us="left_us",
    )


def _moves(outcomes: ir.Table, stages: tuple[str, ...] | list[str], comes_back: int) -> ir.Table:
    import ibis

    rows = outcomes.filter(outcomes.stage.isin(list(stages)))
    return rows.select(
        move_lead="lead_no",
        stage="stage",
        happened_us="occurred_us",
        at_us=ibis.greatest(rows.occurred_us, rows.known_us),
        comes_back=ibis.literal(comes_back, type="int8"),
    )
