"""Sentences of the first look: what was found, what to ask, what to do next."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from predict.crm.holdings import known_until
from predict.crm.stamps import DAY, moment
from predict.history.suspects import MOSTLY
from predict.scoring import figures
from predict.scoring.words import Goal, safe_text

if TYPE_CHECKING:
    from predict.history.first_look import FirstLook

#: What the classes of columns are called, in the order in which they are told.
CLASSES = {
    "fixed": "known on day one",
    "role": "known on day one",
    "mutable": "overwritten",
    "hindsight": "known only afterwards",
    "last_of": "latest time only",
    "first_of": "date of a first time",
    "incumbent": "today’s score",
    "eligibility": "may we contact them",
    "personal": "personal",
    "protected": "protected, never used",
    "undeclared": "nobody has said yet",
}
WHY_OUT = {
    "mutable": "The CRM overwrites them: they say how the lead stands today, not how it stood "
    "when somebody had to decide. A history of changes brings them back.",
    "hindsight": "They are known only once the lead is decided.",
    "last_of": "They hold the latest time only, and every contact moves it: leads that were given "
    "up long ago stand still.",
    "first_of": "They are dates of something that happened. Mapped as events or outcomes of their "
    "own, they can be used.",
    "incumbent": "Compared with the new score, never learned from.",
    "eligibility": "They say who may be contacted, not who will buy.",
    "personal": "Never used. Of an e-mail address only its kind is kept: business, free, academic.",
    "protected": "Protected traits, and what tells them. They stand under “never use”: nothing "
    "learns from them, and their values were not looked into here.",
    "undeclared": "Nobody has said who fills them, and when. What is known when the lead comes in "
    "can be declared “fixed”.",
}
_SECTIONS = {
    "leads": "Leads",
    "related": "Firms and profiles",
    "links": "Links",
    "events": "Events",
    "outcomes": "Outcomes",
    "history": "History of changes",
    "people": "Other people",
    "customers": "Customers",
    "suppression": "Not to be contacted",
}
#: A table that begins so many days after the first lead may not have been kept before.
_LATE_START = 30
#: A silence is told from so many whole days on, and if it is so many times a period.
_SILENCE = 14


def table_words(name: str, by: object) -> tuple[str, str]:
    """Return what a table of the definition is called: its section, and its own name.

    Examples
    --------
    >>> table_words("events.web", "lead"), table_words("leads", None)
    (('What leads did', 'web'), ('Leads', ''))
    """
    section, _, own = name.partition(".")
    words = _SECTIONS.get(section, section)
    if section == "events" and by in ("lead", "us"):
        words = "What leads did" if by == "lead" else "What we did"
    return words, safe_text(own.strip('"'))


def local(look: FirstLook, stamp: datetime) -> datetime:
    """Return a moment on the clocks of the definition; ``stamp`` is naive UTC."""
    zone = ZoneInfo(look.crm.definition.time_zone)
    return stamp.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def known_on(look: FirstLook) -> str:
    """Return the day of the export; one declared as a day ends at midnight, and is that day."""
    when = local(look, look.crm.exported_at)
    declared = any(spec.exported_at is not None for _, spec in look.crm.definition.tables())
    if declared and when.time() == time():
        when -= timedelta(microseconds=1)
    return figures.day(when)


def advice(
    look: FirstLook, table: dict[str, Any], first_lead: float | None, unit: str
) -> list[str]:
    """Return what the span of a table makes one ask."""
    definition = look.crm.definition
    section, _, own = str(table["table"]).partition(".")
    spec = definition.leads if section == "leads" else None
    if section != "leads":
        spec = getattr(definition, section).get(own.strip('"'))
    covers = getattr(spec, "covers_from", None)
    said = []
    if covers is not None:
        said.append(f"Counted as complete from {figures.day(covers)} on, as the definition says.")
    elif section in ("events", "outcomes") and first_lead is not None:
        late = (table["first_us"] - first_lead) / DAY
        if late > _LATE_START:
            said.append(
                f"Begins {late:,.0f} days after the first lead. If nothing was recorded before, "
                "leads from then look as if nothing ever happened: set covers_from."
            )
    if table["silent_days"] >= max(_SILENCE, 7 if unit == "week" else 31):
        since = figures.day(local(look, moment(int(table["silent_us"]))))
        said.append(
            f"Nothing for {table['silent_days']:,.0f} days from {since}. Was that so, or is it "
            "missing?"
        )
    # A day of grace: the last day may be filed at its end.
    if table["last_us"] > known_until(look.crm) + DAY:
        said.append(f"Some rows lie after the export ({known_on(look)}): not used.")
    return said


def told_value(row: dict[str, Any]) -> str:
    """Return the value of a column that its strongest split is about.

    Examples
    --------
    >>> told_value({"kind": "range", "low": 3.0, "high": 11.0, "value": None, "but": False})
    'from 3 to 11'
    >>> told_value({"kind": "value", "value": "999", "low": None, "high": None, "but": True})
    'anything but “999”'
    """
    if row["kind"] == "filled":
        return "filled in"
    if row["kind"] == "blank":
        return "left blank"
    if row["kind"] == "later":
        return "a date after the lead came in"
    if row["kind"] == "value":
        text = f"“{safe_text(row['value'], limit=40)}”"
    else:
        low, high = figures.number(row["low"]), figures.number(row["high"])
        text = low if low == high else f"from {low} to {high}"
    return f"anything but {text}" if row["but"] else text


def column_note(row: dict[str, Any]) -> str:
    """Return why a column is on the page, and what to ask."""
    said = []
    late = row["late"]
    if late is not None and late > MOSTLY:
        said.append(
            f"{figures.percent(late)} of its dates lie more than a day after the lead came in."
        )
    if row["by_name"]:
        said.append(f"By its name, it {row['by_name']}.")
    if row["cls"] in ("fixed", "role") and row["beyond"]:
        said.append(
            "You call it known on day one, so it would be learned from: it may well be, but ask "
            "who fills it, and when, before you trust it."
        )
    elif row["cls"] == "undeclared" and row["beyond"]:
        said.append("Keep it out until somebody says who fills it, and when.")
    elif row["beyond"]:
        said.append("Left out already.")
    return " ".join(said)


def in_short(look: FirstLook, goal: Goal) -> list[str]:
    """Return the few sentences that matter most, the most important first."""
    said = []
    n, won = int(look.months["leads"].sum()), int(look.months["reached"].sum())
    if look.crm.definition.is_flat and n:
        said.append(
            f"Of {n:,} leads {won:,} {goal.reached}: {figures.percent(won / n)}. Each row carries "
            "its own outcome, so nothing is waited for."
        )
    elif look.agreed is not None:
        said += _of_horizon(look, goal)
    else:
        said.append(
            f"No lead is old enough to judge who {goal.reached}: take a shorter time, or an older "
            "export."
        )
    worst = max(
        (r for r in look.joins.to_dict("records") if r["rows"]),
        key=lambda r: 1 - r["joined"] / r["rows"],
        default=None,
    )
    if worst is not None and worst["joined"] < worst["rows"]:
        section, own = table_words(str(worst["table"]), None)
        lost = worst["rows"] - worst["joined"]
        said.append(
            f"{lost:,} of {worst['rows']:,} "
            + (
                f"leads find no row of {own}."
                if section.startswith("Firms")
                else f"rows of {own} belong to no lead."
            )
        )
    beyond = [safe_text(c) for c in look.suspects.loc[look.suspects["beyond"], "column"]]
    if beyond:
        shown = ", ".join(beyond[:4]) + (" …" if len(beyond) > 4 else ".")
        verb = "looks" if len(beyond) == 1 else "look"
        said.append(
            f"{len(beyond)} of {len(look.suspects)} columns {verb} too good to be true: {shown}"
        )
    first = next((u for u in look.unlocks if u.teaches), None)
    if first is not None:
        said.append(f"What would add most: {first.export}.")
    return said


def _of_horizon(look: FirstLook, goal: Goal) -> list[str]:
    row = look.agreed
    assert row is not None
    stage = look.crm.definition.conversion.stage
    said = [
        f"Of {int(row['leads']):,} leads old enough to judge, {int(row['reached']):,} "
        f"{goal.reached}: {figures.percent(row['rate'])}."
    ]
    if row["caught"] is not None:
        said[0] += f" That catches {figures.percent(row['caught'])} of all who get there."
        table = look.horizons[stage]
        better = table[(table["caught"] >= 0.9) & (table["days"] > row["days"])]
        if row["caught"] < 0.9 and len(better):
            other = better.iloc[0]
            wait = round(other["days"] - row["days"])
            said.append(
                f"{other['days']:g} days would catch {figures.percent(other['caught'])}, and the "
                f"newest leads to learn from would be {wait:,} days older."
            )
    return said
