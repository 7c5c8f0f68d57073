"""Coverage: do leads that were won have as many rows as others, of the same age?

A CRM that re-files the rows of a converted lead under its contact leaves every winner silent.
Joined by the id of the lead alone, such an export teaches that silence wins, and no look at single
columns shows it. So the check compares leads of one age, with what was known at that age.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from predict.crm.carriers import SALESFORCE, Carriers, main_prefix, strangers
from predict.crm.stamps import DAY, microseconds
from predict.definition.agreement import AGES_DAYS
from predict.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from predict.crm.tables import Crm
    from predict.definition.tables import EventTable

#: Winners must be at least so many before anything is said.
FEWEST = 20
#: Half-width of the bounds in standard errors: 99 % of honest shares lie within.
WIDTH = 2.576
#: A run stops where winners surely have rows less than half as often as others of their age. Leads
#: that are won do more, as a rule; where they do a little less, that may be how the firm works.
HALF = 0.5
#: Share of a table's rows with ids of a kind that no link resolves, from which a run stops.
MANY = 0.05


@dataclass(frozen=True)
class Coverage:
    """How many leads of one age had a row of a table before the look.

    Parameters
    ----------
    age_days : float
        Days after creation at which they are looked at.
    won, won_with : int
        Leads that reached the agreed stage in time after the look; those with a row before it.
    other, other_with : int
        The same of all others that are old enough to judge.
    """

    age_days: float
    won: int
    won_with: int
    other: int
    other_with: int

    @property
    def telling(self) -> float:
        """Winners that would have a row if they were like all others: what a test can see."""
        return self.won * (self.won_with + self.other_with) / max(self.won + self.other, 1)

    @property
    def shares(self) -> tuple[float, float]:
        """Shares with a row: of the winners, of the others."""
        return self.won_with / max(self.won, 1), self.other_with / max(self.other, 1)


def wilson(hits: int, n: int, width: float = WIDTH) -> tuple[float, float]:
    """Return Wilson's score interval of a share (Wilson 1927).

    Examples
    --------
    >>> [round(b, 3) for b in wilson(0, 50)], wilson(0, 0)
    ([0.0, 0.117], (0.0, 1.0))
    """
    if n == 0:
        return 0.0, 1.0
    share, square = hits / n, width * width
    middle = share + square / (2 * n)
    spread = width * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    low, high = (middle - spread) / (1 + square / n), (middle + spread) / (1 + square / n)
    return max(low, 0.0), min(high, 1.0)


def check_coverage(crm: Crm) -> list[Finding]:
    """Return a finding per event table that leaves the winners silent, or whose ids lead nowhere.

    It blocks, unless the definition says ``coverage = "accepted"`` of the table.
    """
    definition = crm.definition
    asked = {n: t for n, t in definition.events.items() if t.coverage is None}
    if not asked or definition.is_flat or not crm.counts["leads"]:
        return []
    own = main_prefix(crm.leads.lead_id)
    found = []
    for name, spec in asked.items():
        strange = _many(crm.carriers.get(name, ()), own)
        measured = _best(measure(crm, name))
        severity = _severity(measured)
        if strange:
            severity = "block"
        if severity is not None:
            parts = [*_fewer(measured, crm), *_orphans(crm.carriers.get(name, ()), own)]
            parts += _cure(name, spec, strange, severity)
            counts = _counts(measured, strange)
            found.append(
                Finding("join-coverage", severity, f"events.{name}", " ".join(parts), counts)
            )
    return found


def measure(crm: Crm, name: str) -> list[Coverage]:
    """Compare winners with others at each age at which leads are looked at.

    A lead counts at an age where it was open then and is old enough to judge; its rows count where
    they had happened and were known before that moment, and not where the table was incomplete.
    """
    definition = crm.definition
    agreed = definition.conversion
    leads = crm.leads.filter(~(crm.leads.suppressed | crm.leads.born_converted))
    if name in crm.covers_us:
        leads = leads.filter(leads.created_us >= crm.covers_us[name])
    people = leads.select("lead_no", "created_us")
    people = people.left_join(_ends(crm), "lead_no").select(*people.columns, "won_us", "closed_us")
    people = people.left_join(_first_rows(crm, name), "lead_no")
    people = people.select("lead_no", "created_us", "won_us", "closed_us", "first_us")
    horizon = round(agreed.within_days * DAY)
    limit = microseconds(crm.exported_at) - horizon - round(agreed.export_lag_days * DAY)
    ages = definition.snapshots.ages_days or AGES_DAYS
    sums: dict[str, ir.Value] = {}
    for i, age in enumerate(ages):
        look = people.created_us + max(round(age * DAY), 60_000_000)
        judged = (look <= limit) & (people.closed_us.isnull() | (people.closed_us >= look))
        won = (people.won_us.notnull() & (people.won_us < look + horizon)).fill_null(False)
        there = (people.first_us < look).fill_null(False)
        for key, those in (("won", judged & won), ("other", judged & ~won)):
            sums |= {f"{key}{i}": those.sum(), f"{key}_with{i}": (those & there).sum()}
    row = people.aggregate(**sums).to_pandas().fillna(0)
    return [
        Coverage(age, *(int(row[f"{k}{i}"][0]) for k in ("won", "won_with", "other", "other_with")))
        for i, age in enumerate(ages)
    ]


def _ends(crm: Crm) -> ir.Table:
    """Return when each lead first reached the agreed stage, and when it was first closed."""
    import ibis

    agreed = crm.definition.conversion
    ends = crm.outcomes.filter(crm.outcomes.stage.isin([agreed.stage, *agreed.lost_stages]))
    won = ends.stage == agreed.stage
    known = ibis.greatest(ends.occurred_us, ends.known_us)
    return ends.group_by("lead_no").aggregate(
        won_us=ends.occurred_us.min(where=won),
        closed_us=won.ifelse(ends.occurred_us, known).min(),
    )


def _first_rows(crm: Crm, name: str) -> ir.Table:
    import ibis

    rows = crm.events.filter(crm.events.table == name)
    known = ibis.greatest(rows.occurred_us, rows.known_us)
    return rows.group_by("lead_no").aggregate(first_us=known.min())


def _best(measured: Sequence[Coverage]) -> Coverage | None:
    """Return the age at which a difference would show best; which one does not depend on it."""
    enough = [c for c in measured if c.won >= FEWEST and c.other >= FEWEST]
    return max(enough, key=lambda c: c.telling, default=None)


def _severity(found: Coverage | None) -> Severity | None:
    if found is None:
        return None
    most = wilson(found.won_with, found.won)[1]
    least = wilson(found.other_with, found.other)[0]
    if most < HALF * least:
        return "block"
    return "warn" if most < least else None


def _many(carriers: Sequence[Carriers], own: str) -> list[Carriers]:
    """Return the kinds of Salesforce's ids that no link resolves and that many rows carry."""
    total = sum(c.rows for c in carriers)
    unknown = [c for c in strangers(carriers, own) if c.prefix in SALESFORCE]
    return [c for c in unknown if c.rows > max(MANY * total, FEWEST)]


def _fewer(found: Coverage | None, crm: Crm) -> Iterator[str]:
    if found is None or _severity(found) is None:
        return
    won, other = found.shares
    agreed = crm.definition.conversion
    yield (
        f"Of {found.won:,} leads that reached “{agreed.stage}” within {agreed.within_days:g} days "
        f"after a look at the age of {found.age_days:g} days, {100 * won:.0f} % had a row before "
        f"it; of the {found.other:,} others {100 * other:.0f} %."
    )
    if _severity(found) == "block":
        yield "Learned from like this, silence would seem to win."


def _orphans(carriers: Sequence[Carriers], own: str) -> Iterator[str]:
    total, orphans = sum(c.rows for c in carriers), sum(c.orphans for c in carriers)
    if not orphans:
        return
    kinds = sorted(carriers, key=lambda c: (-c.orphans, c.prefix))
    told = [f"{c.orphans:,} begin with {_named(c.prefix)}" for c in kinds if c.orphans and c.prefix]
    mine = f"; ids of leads begin with {_named(own)}" if own and told else ""
    listed = f" ({', '.join(told[:3])}{mine})" if told else ""
    yield f"{orphans:,} of {total:,} rows carry an id of no lead{listed}."


def _named(prefix: str) -> str:
    return f"{prefix} ({SALESFORCE[prefix][0]})" if prefix in SALESFORCE else f"“{prefix}”"


def _cure(
    name: str, spec: EventTable, strange: Sequence[Carriers], severity: Severity
) -> Iterator[str]:
    column = str(spec.lead_id or spec.id)
    if severity == "warn":
        yield f"Does {column} name every lead's rows, also after it was handed on?"
        return
    link, other = "contact", "ConvertedContactId"
    if strange:
        _, link, other = SALESFORCE[strange[0].prefix]
    yield (
        f"{column} seems to name something else once a lead is handed on: some CRMs, Salesforce "
        f"among them, re-file a converted lead's rows under its contact. Declare [links.{link}] "
        f'(lead_id, other_id = "{other}" or what the export calls it), and in [events.{name}] '
        f'id = "{column}", id_of = ["lead", "{link}"].'
    )
    yield 'If it is as it should be, say coverage = "accepted" there.'


def _counts(found: Coverage | None, strange: Sequence[Carriers]) -> dict[str, float]:
    told: dict[str, float] = {"unresolved": sum(c.rows for c in strange)} if strange else {}
    if found is not None:
        told |= {
            "age_days": found.age_days,
            "won": found.won,
            "won_with": found.won_with,
            "other": found.other,
            "other_with": found.other_with,
        }
    return told
