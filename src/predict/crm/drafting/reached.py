"""Outcomes in tables that no preset knows: stages, deals, and logs that hold both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis.expr.types as ir

from predict.crm.drafting import signs
from predict.crm.drafting.others import Carrier, events_block, happened
from predict.crm.drafting.sketch import Sketch, table_block
from predict.crm.recognition import Recognised
from predict.crm.stamps import DAY
from predict.crm.survey import Survey, TableLook

#: Horizons to choose from, in days, and the share of successes that one has to catch.
_HORIZONS, _CAUGHT = (1, 3, 7, 14, 30, 60, 90, 120, 180, 270, 365), 0.9
#: A value is taken for an end where for so many of the leads that have it nothing came later.
_ENDS = 0.5
_DEAL = re.compile(r"\b(deals?|won|wins|closed|opportunit\w+|orders?|sales|contracts?|stages?)\b")
_STAGE = re.compile(r"\b(stage|stages|status|activity|event|kind|type|state|phase|step)\b")


@dataclass(frozen=True)
class Reached:
    """What a table says became of leads: the ids of those that succeeded, as a column."""

    won: ir.StringColumn | None


def outcome_of(sketch: Sketch, one: Recognised, carrier: Carrier, survey: Survey) -> Reached | None:
    """Map a table as outcomes where it says what became of leads; None where it does not.

    A column of stages is told by its values: those that mean won or lost, and that in this table
    come last. A table of deals without such a column has one row a success.
    """
    look = one.look
    at = happened(look)
    if at is None:
        return None
    column, named = _stage_column(look, carrier, at)
    if column is not None:
        return _by_values(sketch, one, carrier, column, named, at, survey)
    dated = [n for n, c in look.columns.items() if c.kind == "timestamp" and c.filled]
    won = next((n for n in dated if signs.WON.search(signs.words(n))), None)
    called = _DEAL.search(signs.words(look.place.stem))
    if won is None and not called:
        return None
    at = won or at
    said = f"“{at}” dates a win" if won else f"“{look.place.stem}” says {called and called.group()}"
    comment = (
        f"Guessed: a row of {look.name} is a success, since {said}. {carrier.column} names the "
        f"lead: {carrier.why}. Its other columns are filled for successes only and would give the "
        f"outcome away: they are not mapped."
    )
    block = table_block(("outcomes", "won"), one, comment)
    block.put("lead_id", carrier.column).put("stage", "won").put("entered_at", at)
    sketch.add(block.put("amount", _amount(look)), one, "outcomes.won")
    sketch.stages["won"] = (carrier.shared, "a row among the deals")
    _horizon(sketch, one, carrier, at, None)
    return Reached(look.cell(carrier.column))


def _stage_column(look: TableLook, carrier: Carrier, at: str) -> tuple[str | None, dict[str, str]]:
    """Return the column of stages with value → won or lost, or None."""
    for name, column in look.columns.items():
        if name in (carrier.column, at) or not column.values or column.kind == "boolean":
            continue
        if not _STAGE.search(signs.words(name)):
            continue
        named = _named(column.values)
        if "won" in named.values():
            return name, named
    return None, {}


def _named(values: Mapping[str, int]) -> dict[str, str]:
    """Return value → stage, for values that mean an end or a step of the funnel."""
    found = {}
    for value in values:
        said = signs.words(value)
        if signs.LOST.search(said):
            found[value] = "disqualified" if "qualified" in said else "lost"
        elif signs.WON.search(said):
            found[value] = "won"
        elif signs.STEP.search(said):
            found[value] = value
    return found


def _by_values(
    sketch: Sketch,
    one: Recognised,
    carrier: Carrier,
    column: str,
    named: dict[str, str],
    at: str,
    survey: Survey,
) -> Reached:
    look = one.look
    values = look.columns[column].values
    last = _lasts(look, carrier.column, column, at)
    mixed = len(values) > 2 * len(named)
    ends = {v: s for v, s in named.items() if not mixed or last.get(v, 0.0) >= _ENDS}
    if "won" not in ends.values():
        ends = named
    every = _DEAL.search(signs.words(look.place.stem)) is not None and not mixed
    where: dict[str, Any] = {} if every else {column: list(ends)}
    shown = ", ".join(f"{v} {last.get(v, 0.0):.0%}" for v in ends)
    comment = (
        f"Guessed from the values of {column}: which of them mean an end, by their words and by "
        f"how often nothing came a day later ({shown}). {carrier.column} names the lead: "
        f"{carrier.why}."
    )
    name = "stage" if every else "decision"
    block = table_block(("outcomes", name), one, comment, where)
    block.put("lead_id", carrier.column).put("stage_column", column)
    if not every or any(v != s for v, s in ends.items()):
        told = ends if not every else {v: named.get(v, v) for v in values}
        block.put("stages", told)
    block.put("entered_at", at).put("amount", _amount(look)).put("reason", _reason(look))
    sketch.add(block, one, f"outcomes.{name}")
    reached = {} if not every else {v: v for v in values}
    for value, stage in {**reached, **ends}.items():
        n = sketch.stages.get(stage, (0, ""))[0] + values[value]
        sketch.stages[stage] = (n, f"by {column}")
    order = [s for s in ("opportunity", "won") if s in sketch.stages]
    sketch.stages = {s: sketch.stages[s] for s in dict.fromkeys([*order, *sketch.stages])}
    sketch.lost += [s for s in ("lost", "disqualified") if s in ends.values()]
    stage = next(iter(sketch.stages))
    wins = [v for v in values if {**reached, **ends}.get(v) == stage]
    _horizon(sketch, one, carrier, at, (column, wins))
    if not every:
        events_block(sketch, one, carrier, ["lead"])
    cell = look.cell(carrier.column)
    assert look.text is not None
    rows = look.text.table.select(lead=cell, is_won=look.cell(column).isin(wins))
    return Reached(rows.filter(rows.is_won).select("lead").distinct().lead)


def _lasts(look: TableLook, lead: str, column: str, at: str) -> dict[str, float]:
    """Return, per value, the share of its leads for which nothing came more than a day later."""
    moment = look.moment(at)
    if moment is None:
        return {}
    assert look.text is not None
    rows = look.text.table.select(
        lead=look.cell(lead), value=look.cell(column), at=moment.epoch_seconds()
    )
    first = rows.group_by(["lead", "value"]).aggregate(at=rows["at"].min())
    end = rows.group_by("lead").aggregate(end=rows["at"].max())
    joined = first.inner_join(end, "lead")
    last = (joined.end - joined["at"] <= DAY // 1_000_000).cast("int64").mean()
    frame = joined.group_by("value").aggregate(last=last).to_pandas()
    return {str(v): float(s) for v, s in zip(frame["value"], frame["last"], strict=True)}


def _horizon(
    sketch: Sketch,
    one: Recognised,
    carrier: Carrier,
    at: str,
    among: tuple[str, list[str]] | None,
) -> None:
    """Choose the days that catch most successes, from what was observed."""
    leads = sketch.leads.look
    created, moment = leads.moment(sketch.created), one.look.moment(at)
    if created is None or moment is None:
        return
    assert leads.text is not None and one.look.text is not None
    key = str(next(line.value for line in sketch.lead.lines if line.key == "lead_id"))
    born = leads.text.table.select(lead=leads.cell(key), born=created.epoch_seconds())
    rows = one.look.text.table.select(
        lead=one.look.cell(carrier.column),
        at=moment.epoch_seconds(),
        counts=one.look.cell(among[0]).isin(among[1]) if among else moment.notnull(),
    )
    first = rows.filter(rows.counts).group_by("lead").aggregate(at=rows["at"].min())
    joined = first.inner_join(born, "lead")
    days = (joined["at"] - joined.born) / 86_400
    found = joined.select(days=days, at=joined["at"]).filter(lambda t: t.days >= 0)
    counted = found.aggregate(
        n=found.count(),
        first=found["at"].min(),
        **{f"d{h}": (found.days <= h).cast("int64").mean() for h in _HORIZONS},
    ).to_pandas()
    if not int(counted["n"][0]):
        return
    sketch.successes_since(datetime(1970, 1, 1) + timedelta(seconds=int(counted["first"][0])))
    shares = {h: float(counted[f"d{h}"][0]) for h in _HORIZONS}
    chosen = next((h for h in _HORIZONS if shares[h] >= _CAUGHT), 90)
    chosen = min(chosen, 90) if shares[90] >= 0.7 else chosen
    sketch.days = float(chosen)
    sketch.days_why = f"guessed: {shares[chosen]:.0%} of the successes so far came within them"


def _amount(look: TableLook) -> str | None:
    for name, column in look.columns.items():
        said = re.search(r"\b(amount|revenue|value|price)\b", signs.words(name))
        if column.kind == "number" and said:
            return name
    return None


def _reason(look: TableLook) -> str | None:
    return next((n for n in look.columns if re.search(r"\breason\b", signs.words(n))), None)
