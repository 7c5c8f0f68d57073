"""Plans: due dates and forecasts, which are not things that happened."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from predict.crm.stamps import microseconds, moment
from predict.findings import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.tables import Crm
    from predict.definition.schema import Definition

#: Columns of Salesforce and HubSpot that hold plans, without blanks and capitals, and what says
#: when it happened. A closing date is a forecast until the deal is closed.
PLANNED = {
    "activitydate": "CompletedDateTime",
    "duedate": "CompletedDateTime",
    "taskduedate": "CompletedDateTime",
    "nextactivitydate": "the dated log of activities",
    "nextstepdate": "the dated log of activities",
    "closedate": "the stage history (OpportunityHistory.CreatedDate, or Date entered …)",
    "expectedclosedate": "the stage history (OpportunityHistory.CreatedDate, or Date entered …)",
}


def instead_of(column: str) -> str | None:
    """Return what to use instead of a column that is known to hold plans, None of any other.

    Examples
    --------
    >>> instead_of("ActivityDate"), instead_of("CreatedDate")
    ('CompletedDateTime', None)
    """
    return PLANNED.get(re.sub(r"[\s_]", "", column).lower())


def happened(definition: Definition, events: ir.Table) -> ir.Table:
    """Return the events of tables whose stamps are no plans; they say how new an export is."""
    planned = [n for n, spec in definition.events.items() if instead_of(spec.occurred_at)]
    return events.filter(~events.table.isin(planned)) if planned else events


def check_plans(crm: Crm, exported: Mapping[str, datetime]) -> list[Finding]:
    """Return a warning per table whose moments lie after the export or are known to be plans.

    Parameters
    ----------
    crm : Crm
        The opened export.
    exported : mapping of table to datetime
        When the tables that say so were exported (naive UTC), by key path; the others with the
        whole.
    """
    definition = crm.definition
    columns = {f"events.{n}": s.occurred_at for n, s in definition.events.items()}
    columns |= {f"outcomes.{n}": s.entered_at for n, s in definition.outcomes.items()}
    filtered = {f"outcomes.{n}" for n, s in definition.outcomes.items() if s.where}
    late = {**_late(crm, "events", exported), **_late(crm, "outcomes", exported)}
    found = []
    for subject, column in columns.items():
        rows, newest = late.get(subject, (0, 0))
        use = instead_of(column)
        # A closing date is a fact where only closed deals are taken.
        if not rows and (use is None or subject in filtered):
            continue
        said = [*_said(column, rows, newest)]
        said.append(
            f"If {column} says when something is due or expected, it is not something that "
            f"happened: use {use or 'the moment it was done or the stage was entered'} instead."
        )
        sentence = " ".join(said)
        found.append(Finding("due-dates", "warn", subject, sentence, {"rows": rows}))
    return found


def _said(column: str, rows: int, newest: int) -> Iterator[str]:
    if rows:
        yield (
            f"{column} holds {rows:,} moments after the export, the newest "
            f"{moment(newest):%Y-%m-%d}; rows after the export are never used."
        )


def _late(crm: Crm, section: str, exported: Mapping[str, datetime]) -> dict[str, tuple[int, int]]:
    """Return, per table, how many rows lie after its export, and the newest stamp."""
    import ibis

    rows: ir.Table = getattr(crm, section)
    whole = microseconds(crm.exported_at)
    own = [
        (rows.table == name, ibis.literal(max(microseconds(exported[key]), whole), type="int64"))
        for name in getattr(crm.definition, section)
        if (key := f"{section}.{name}") in exported
    ]
    limit = ibis.cases(*own, else_=whole) if own else ibis.literal(whole, type="int64")
    after = rows.filter(rows.occurred_us > limit)
    counted = after.group_by("table").aggregate(n=after.count(), newest=after.occurred_us.max())
    return {
        f"{section}.{r.table}": (int(r.n), int(r.newest)) for r in counted.execute().itertuples()
    }
