"""The first look as one page: what an export holds, before a definition is agreed."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from predict.crm.stamps import moment
from predict.history.association import FEWEST
from predict.history.first_look import FirstLook
from predict.history.horizons import seen_days
from predict.history.suspects import HELPS, SURE, exact_bounds
from predict.report.first_words import (
    CLASSES,
    WHY_OUT,
    advice,
    column_note,
    in_short,
    known_on,
    local,
    table_words,
    told_value,
)
from predict.report.pages import environment
from predict.report.sketches import curve_picture, periods, strip, ticks
from predict.scoring import figures
from predict.scoring.words import Goal, safe_text

if TYPE_CHECKING:
    import pandas as pd

_TEMPLATES = Path(__file__).parent / "templates"
#: Columns, kinds and findings told one by one; the rest are counted.
MOST_COLUMNS, MOST_KINDS, MOST_FINDINGS = 12, 8, 8
NO_BREAK = "\u00a0"


@dataclass(frozen=True)
class _Side:
    """Leads with a value, or without it: how many, their share, its bounds."""

    leads: int
    reached: int
    rate: float
    low: float
    high: float


def render_first_look(look: FirstLook) -> str:
    """Return the first look as one self-contained HTML page.

    The page loads nothing and runs nothing. It holds no personal data: values are shown only of
    columns that are not personal, and only where many leads share them.

    Parameters
    ----------
    look : FirstLook
        From `predict.history.first_look.look`.

    Returns
    -------
    str
        HTML; the same export gives the same text.
    """
    from markupsafe import Markup

    definition = look.crm.definition
    goal = Goal(definition.conversion.stage, definition.conversion.within_days)
    style = "".join(
        (_TEMPLATES / name).read_text(encoding="utf-8") for name in ("list.css", "first_look.css")
    )
    page = environment()
    page.filters["number"] = figures.number
    page.filters["day"] = lambda stamp: figures.day(local(look, moment(int(stamp))))
    page.filters["short_day"] = lambda stamp: f"{local(look, moment(int(stamp))):%Y-%m-%d}"
    page.filters["safe"] = safe_text
    text = page.get_template("first_look.html").render(
        name=safe_text(definition.name, limit=80),
        goal=goal,
        stage=safe_text(definition.conversion.stage),
        within=goal.clause.strip(),
        flat=definition.is_flat,
        day=known_on(look),
        counts=look.crm.counts,
        followed=look.followed,
        agreed=look.agreed,
        short=in_short(look, goal),
        **_given(look),
        joins=_joins(look),
        **_success(look),
        **_columns(look),
        learn=_learn(look),
        unlocks=look.unlocks,
        findings=_findings(look),
        style=Markup(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    head, body = text.split("</style>")
    # A percentage is never torn from its sign at the end of a line.
    return f"{head}</style>{body.replace(' %', NO_BREAK + '%')}"


def _given(look: FirstLook) -> dict[str, Any]:
    """Return the tables with their strips on one axis of time."""
    unit = look.periods.attrs.get("unit", "month")
    rows = look.periods
    axis = periods(rows["period"].min(), rows["period"].max(), unit) if len(rows) else []
    told = []
    leads = [t for t in _records(look.tables) if t["table"] == "leads"]
    first_lead = leads[0]["first_us"] if leads else None
    for table in _records(look.tables):
        name = str(table["table"])
        own = rows[rows["table"] == name]
        per: dict[date, float] = dict(zip(own["period"], own["rows"], strict=True))
        dated = table["first_us"] is not None
        told.append(
            {
                **table,
                "words": table_words(name, table["by"]),
                "file": safe_text(str(table["file"]).replace("\\", "/").rpartition("/")[2]),
                "strip": strip(per, axis) if per else None,
                "dated": dated,
                "notes": advice(look, table, first_lead, unit) if dated else [],
            }
        )
    return {
        "tables": told,
        "unit": unit,
        "ticks": ticks(axis),
        "axis": axis,
        "files": len({f["path"] for f in look.crm.sources}),
    }


def _joins(look: FirstLook) -> list[dict[str, Any]]:
    told = []
    for row in _records(look.joins):
        name = str(row["table"])
        section = name.partition(".")[0]
        row["lost"] = row["rows"] - row["joined"]
        row["share"] = row["joined"] / row["rows"] if row["rows"] else None
        row["words"] = table_words(name, None)
        row["section"] = section
        row["silent"] = False
        if section == "events" and row["winners"] and row["others"]:
            winners = row["winners_with"] / row["winners"]
            others = row["others_with"] / row["others"]
            row |= {"winners_share": winners, "others_share": others}
            row["silent"] = row["winners"] >= 20 and winners < others / 2
        told.append(row)
    return told


def _success(look: FirstLook) -> dict[str, Any]:
    """Return candidates, tables of horizons, the curve, and the rate month by month."""
    agreed = look.crm.definition.conversion
    stages = _records(look.stages)
    longest = max((s["p90_days"] for s in stages if s["p90_days"] is not None), default=1.0)
    tables = []
    for stage, table in look.horizons.items():
        rows = _records(table)
        best = next((r["days"] for r in rows if (r["caught"] or 0) >= 0.9), None)
        for row in rows:
            row["agreed"] = stage == agreed.stage and row["days"] == agreed.within_days
            row["shortest"] = row["days"] == best
        tables.append({"stage": stage, "agreed": stage == agreed.stage, "rows": rows})
    caught = (look.agreed or {}).get("caught")
    label = f"{agreed.within_days:g} days" + (f": {figures.percent(caught)}" if caught else "")
    seen = seen_days(look.curve)
    return {
        "stages": stages,
        "longest": max(longest, 1e-9),
        "horizons": tables,
        "seen": seen,
        "curve": None
        if look.crm.definition.is_flat
        else curve_picture(look.curve, seen, agreed.within_days, label),
        "months": _months(look),
    }


def _months(look: FirstLook) -> dict[str, Any] | None:
    """Return the share that succeeded by month of creation, months of few leads left out."""
    months = look.months[look.months["leads"] >= FEWEST].reset_index(drop=True)
    if len(months) < 3:
        return None
    axis = periods(months["month"].iloc[0], months["month"].iloc[-1], "month")
    shares = months["reached"] / months["leads"]
    doubt = (1 - SURE) / len(months)
    low, high = int(shares.to_numpy().argmin()), int(shares.to_numpy().argmax())
    bounds = [
        exact_bounds(int(months["reached"][i]), int(months["leads"][i]), doubt) for i in (low, high)
    ]
    return {
        "strip": strip(dict(zip(months["month"], shares, strict=True)), axis),
        "ticks": ticks(axis),
        "most": shares.max(),
        "range": (shares.min(), shares.max()),
        "names": (_month(months["month"][low]), _month(months["month"][high])),
        "apart": bounds[0].high < bounds[1].low,
        "overall": months["reached"].sum() / months["leads"].sum(),
    }


def _month(day: Any) -> str:
    return figures.day(day).partition(" ")[2]


def _columns(look: FirstLook) -> dict[str, Any]:
    """Return what is too good to be true, what is strong but the calendar, what might help."""
    beyond, named, helps, clocks, fine = [], [], [], [], 0
    for row in _records(look.suspects):
        told = _told(row)
        declared = row["cls"] not in ("undeclared", "role", "fixed", "first_of")
        if row["cls"] in ("personal", "eligibility"):
            continue
        if row["beyond"] and not (row["clock"] and row["cls"] == "fixed"):
            beyond.append(told)
        elif row["clock"] and row["cls"] in ("fixed", "role", "undeclared"):
            clocks.append(told)
        elif row["by_name"] and row["cls"] == "undeclared":
            named.append(told)
        elif row["cls"] in ("undeclared", "mutable") and row["strength"] >= HELPS:
            helps.append(told)
        elif declared:
            named.append(told)
        else:
            fine += 1
    together = [
        row
        for row in _records(look.kinds)
        if row["winners"] >= 20 and row["together"] > row["winners"] / 2
    ]
    beyond.sort(key=lambda c: c["cls"] not in (CLASSES["fixed"], CLASSES["undeclared"]))
    return {
        "beyond": beyond,
        "named": named,
        "clocks": clocks,
        "helps": helps[:MOST_COLUMNS],
        "more_helps": max(len(helps) - MOST_COLUMNS, 0),
        "fine": fine,
        "together": together,
        "looked": len(look.suspects),
    }


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Return a column as the page shows it: its two sides, and why it is there."""
    seen = row["leads"] is not None
    sides = None
    if seen:
        sides = [
            _Side(int(row[f"{p}leads"]), int(row[f"{p}reached"]), row[f"{q}rate"], *bounds)
            for p, q, bounds in (
                ("", "", (row["rate_low"], row["rate_high"])),
                ("other_", "other_", (row["other_low"], row["other_high"])),
            )
        ]
    return {
        "name": safe_text(row["column"]),
        "cls": CLASSES.get(row["cls"], row["cls"]),
        "value": told_value(row) if seen else None,
        "sides": sides,
        "usual": row["usual"] if seen else None,
        "times": row["strength"],
        "late": row["late"],
        "note": column_note(row),
    }


def _learn(look: FirstLook) -> dict[str, Any]:
    """Return what can be learned from, and what is left out and why."""
    definition = look.crm.definition
    kinds = _records(look.kinds)
    events = []
    for name, spec in definition.events.items():
        of = [k for k in kinds if k["table"] == name]
        events.append(
            {
                "name": name,
                "by": spec.by,
                "learned": spec.learned_from,
                "rows": sum(k["rows"] for k in of),
                "kinds": of[:MOST_KINDS],
                "more": max(len(of) - MOST_KINDS, 0),
            }
        )
    unread = any(s.startswith("history") for s in definition.not_built())
    histories = [] if unread else list(definition.history)
    out: dict[str, list[str]] = {}
    known = {p.name for p in look.crm.profile}
    for column, cls in look.columns.items():
        if cls not in ("fixed", "role") and column not in known:
            out.setdefault(cls, []).append(safe_text(column))
    return {
        "profile": [(p.name, p.dtype) for p in look.crm.profile],
        "events": events,
        "histories": [safe_text(h) for h in histories],
        "mutable": definition.leads.of_class("mutable") if histories else (),
        "incumbents": look.crm.incumbents,
        "out": [(CLASSES[c], out[c], WHY_OUT[c]) for c in CLASSES if c in out and c in WHY_OUT],
        "outcome_columns": _unread(look),
    }


def _unread(look: FirstLook) -> list[tuple[str, int]]:
    """Return the outcome tables of a file of their own, with how many columns nobody reads."""
    told = []
    others = {t["file"] for t in _records(look.tables) if t["role"] != "outcomes"}
    for table in _records(look.tables):
        section, _, name = str(table["table"]).partition(".")
        if section != "outcomes" or table["file"] in others:
            continue
        spec = look.crm.definition.outcomes[name.strip('"')]
        read = (spec.lead_id, spec.id, spec.stage_column, spec.entered_at, spec.known_at)
        mapped = {c for c in (*read, spec.amount, spec.reason) if c}
        if (unread := int(table["columns"]) - len(mapped)) > 0:
            told.append((table_words(str(table["table"]), None)[1], unread))
    return told


def _findings(look: FirstLook) -> list[Any]:
    from predict.findings import ordered

    told = [f for f in ordered(look.crm.findings) if f.severity != "note"]
    return told[:MOST_FINDINGS]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows, what is missing as None."""
    whole = frame.astype(object).where(frame.notna(), None)
    return cast("list[dict[str, Any]]", whole.to_dict("records"))
