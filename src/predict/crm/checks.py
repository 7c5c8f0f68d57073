"""Checks: plausibility of an export, in sentences, before any model."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from predict.crm.stamps import DAY, microseconds, moment
from predict.findings import Finding

if TYPE_CHECKING:
    from predict.crm.tables import Crm


#: An export whose newest lead is older than this may be cut off.
STALE_DAYS = 7.0


def check_tables(crm: Crm) -> list[Finding]:
    """Return findings about spans, rates and kinds of the opened tables."""
    found = [_leads(crm), _stale(crm), _conversions(crm), *_events(crm)]
    found += [_not_built(crm), _rejects(crm)]
    return [f for f in found if f is not None]


def _leads(crm: Crm) -> Finding:
    span = crm.leads.aggregate(
        n=crm.leads.count(), first=crm.leads.created_us.min(), last=crm.leads.created_us.max()
    ).to_pandas()
    n = int(span["n"][0])
    if not n:
        return Finding(
            "no-leads", "block", "leads", "The export holds no usable lead.", {"leads": 0}
        )
    first, last = moment(span["first"][0]), moment(span["last"][0])
    return Finding(
        "leads",
        "note",
        "leads",
        f"{n:,} leads, created from {first:%Y-%m-%d} to {last:%Y-%m-%d}; "
        f"{crm.counts['leads suppressed']:,} of them suppressed.",
        {"leads": n, "suppressed": crm.counts["leads suppressed"]},
    )


def check_moment(crm: Crm, as_of: datetime) -> Finding | None:
    """Return a warning where leads are looked at long after what is known of them ends.

    Parameters
    ----------
    crm : Crm
        The opened export.
    as_of : datetime
        The moment we look, naive UTC.
    """
    days = (as_of - crm.exported_at).total_seconds() / 86_400
    if days <= STALE_DAYS:
        return None
    return Finding(
        "stale-export",
        "warn",
        "export",
        f"The export is {days:.0f} days older than the moment looked at: what happened since is "
        f"not known, so leads seem to have gone quiet. Export again, or look as of "
        f"{crm.exported_at:%Y-%m-%d}.",
        {"days": days},
    )


def _stale(crm: Crm) -> Finding | None:
    """Return a warning where the newest lead is much older than the export."""
    if not crm.counts["leads"]:
        return None
    newest = crm.leads.created_us.max().execute()
    gap = (microseconds(crm.exported_at) - int(newest)) / DAY
    if gap <= STALE_DAYS:
        return None
    return Finding(
        "stale",
        "warn",
        "leads",
        f"The newest lead is {gap:.0f} days older than the export; is the export complete?",
        {"days": gap},
    )


def _conversions(crm: Crm) -> Finding:
    agreed = crm.definition.conversion
    reached = crm.outcomes.filter(crm.outcomes.stage == agreed.stage)
    n = int(reached.lead_no.nunique().execute())
    if n:
        sentence = f"{n:,} leads reached “{agreed.stage}”."
        return Finding("conversions", "note", "outcomes", sentence, {"leads": n})
    seen = crm.outcomes.group_by("stage").aggregate(n=crm.outcomes.count())
    stages = sorted(seen.to_pandas()["stage"].dropna().astype(str))
    known = ", ".join(f"“{s}”" for s in stages[:8]) or "none"
    sentence = (
        f"No lead ever reached “{agreed.stage}”; the stages found are {known}. "
        "Correct [conversion] stage or the stages mapping."
    )
    return Finding("no-conversions", "block", "outcomes", sentence, {"leads": 0})


def _events(crm: Crm) -> list[Finding]:
    if not crm.definition.events:
        return []
    events = crm.events
    spans = (
        events.group_by("table")
        .aggregate(
            rows=events.count(),
            leads=events.lead_no.nunique(),
            kinds=events.kind.nunique(),
            first=events.occurred_us.min(),
            last=events.occurred_us.max(),
        )
        .order_by("table")
        .to_pandas()
    )
    found = []
    for row in spans.to_dict("records"):
        found.append(
            Finding(
                "events",
                "note",
                f"events.{row['table']}",
                f"{row['rows']:,} rows of {row['leads']:,} leads, {row['kinds']:,} kinds, from "
                f"{moment(row['first']):%Y-%m-%d} to {moment(row['last']):%Y-%m-%d}.",
                {"rows": int(row["rows"]), "leads": int(row["leads"])},
            )
        )
    for name in sorted(set(crm.definition.events) - set(spans["table"])):
        sentence = "No row of this table belongs to a known lead; check which id it carries."
        found.append(Finding("no-events", "warn", f"events.{name}", sentence))
    return found


def _not_built(crm: Crm) -> Finding | None:
    sentences = crm.definition.not_built()
    if not sentences:
        return None
    return Finding("not-built", "warn", "definition", " ".join(sentences))


def _rejects(crm: Crm) -> Finding | None:
    n = len(crm.rejects)
    if not n:
        return None
    return Finding(
        "rejects",
        "warn",
        "export",
        f"{n:,} values do not parse; they count as missing and stand in rejects.csv.",
        {"values": n},
    )
