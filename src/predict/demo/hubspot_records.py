"""HubSpot: companies, deals, the history of properties, and logs of what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from predict.demo.behaviour import is_inbound
from predict.demo.changes import EMPLOYEES, OWNER, TITLE, Changes
from predict.demo.hubspot_contacts import LIFECYCLE, STATUS, deal_numbers, merged_ids
from predict.demo.merges import Merges
from predict.demo.pipeline import LOST, WON, Steps
from predict.demo.stamps import MINUTE, ZULU, numbers, same, stamps, texts, where, words
from predict.demo.vendor_ids import (
    HUBSPOT_COMPANY,
    HUBSPOT_DEAL,
    hubspot_contacts,
    hubspot_ids,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from predict.demo.simulation import Block

STAGE_LABELS: Final = (
    "Qualified To Buy",
    "Presentation Scheduled",
    "Contract Sent",
    "Closed Won",
    "Closed Lost",
)
VIEWS, MERGED = "hs_analytics_num_page_views", "hs_merged_object_ids"

_PROPERTIES: Final = {TITLE: "jobtitle", EMPLOYEES: "numemployees", OWNER: "hubspot_owner_id"}
_BY: Final = {VIEWS: "ANALYTICS", MERGED: "MERGE_OBJECTS"}
_OLD: Final = 700  # days before the history in which the companies were set up

Words = npt.NDArray[np.object_]
Ints = npt.NDArray[np.int64]


def company_table(clean: pa.Table, start: int, first_day: np.datetime64) -> pa.Table:
    """Return rows of the export of companies; ``start`` is the number of the first."""
    import pyarrow as pa

    number = start + np.arange(clean.num_rows)
    created = first_day.astype("datetime64[s]") - (number * 86_413 % (_OLD * 86_400) + 86_400)
    return pa.table(
        {
            "Record ID": texts(hubspot_ids(HUBSPOT_COMPANY, number)),
            "Company name": clean["name"],
            "Industry": clean["industry"],
            "Number of Employees": clean["employees"],
            "Country/Region": clean["country"],
            "Create Date": stamps(created, MINUTE),
        }
    )


def deal_table(block: Block, deals: Steps, company: Words) -> pa.Table:
    """Return the rows of the export of deals, as they stand: an open one closes when hoped for.

    Parameters
    ----------
    company : ndarray of object, shape (leads,)
        Name of each lead's firm, None for none.
    """
    import pyarrow as pa

    opened, now = deals.take(deals.first_of_each()), deals.take(deals.last_of_each())
    number, row = block.leads.number, now.row
    is_closed, is_lost = np.isin(now.step, (WON, LOST)), now.step == LOST
    closes = np.where(is_closed, now.at, now.closes.astype("datetime64[s]"))
    kind = np.where(now.again, "Existing Business", "New Business").astype(object)
    reason = where(is_lost & ~now.again, block.deals.reason[row])
    return pa.table(
        {
            "Record ID": texts(hubspot_ids(HUBSPOT_DEAL, deal_numbers(now, number))),
            "Deal Name": texts(
                [f"{c or 'Deal'} – {k}" for c, k in zip(company[row], kind, strict=True)]
            ),
            "Deal Stage": texts(np.asarray(STAGE_LABELS, dtype=object)[now.step]),
            "Pipeline": same("Sales Pipeline", len(now)),
            "Create Date": stamps(opened.at, MINUTE),
            "Close Date": stamps(closes, MINUTE),
            "Amount": numbers(now.amount),
            "Deal Type": texts(kind),
            "Associated Contact IDs": texts(hubspot_contacts(number[row])),
            "Associated Company IDs": texts(hubspot_ids(HUBSPOT_COMPANY, block.leads.account[row])),
            "Closed Lost Reason": texts(reason),
        }
    )


def property_table(block: Block, clean: pa.Table, changes: Changes, merges: Merges) -> pa.Table:
    """Return the rows of ``property_history.csv``: every value, from when it held.

    The first value of a property stands there from creation on; one that was empty has no row.
    """
    import pyarrow as pa

    leads = block.leads
    n, number = len(leads), leads.number
    begun = {
        LIFECYCLE: np.full(n, "lead", dtype=object),
        STATUS: np.full(n, "NEW", dtype=object),
        TITLE: words(clean["job_title"]),
        EMPLOYEES: words(clean["employees"].cast("string")),
        OWNER: words(clean["owner"]),
    }
    rows, nobody = np.arange(n), np.full(n, None, dtype=object)
    first = [Changes.of(rows, leads.created_at, name, nobody, v) for name, v in begun.items()]
    gone = np.full(len(merges), None, dtype=object)
    later = [
        changes.take(np.isin(changes.field.astype(str), list(begun))),
        _views(block),
        Changes.of(merges.row, merges.merged_at, MERGED, gone, merged_ids(merges, number)),
    ]
    every = Changes.together([*first, *later])
    inbound = np.where(is_inbound(leads), "FORM", "IMPORT").astype(object)
    at_first = (every.at == leads.created_at[every.row]) & (every.field != VIEWS)
    by = np.array([_BY.get(name, "CRM_UI") for name in every.field.tolist()], dtype=object)
    names = [_PROPERTIES.get(name, name) for name in every.field.tolist()]
    return pa.table(
        {
            "contactId": texts(hubspot_contacts(number)[every.row]),
            "property": texts(names),
            "value": texts(every.new),
            "timestamp": stamps(every.at, ZULU),
            "sourceType": texts(np.where(at_first, inbound[every.row], by)),
        }
    )


def activity_table(
    rng: np.random.Generator, block: Block, clean_events: pa.Table, merges: Merges
) -> pa.Table:
    """Return the rows of ``page_views.csv``: what contacts did, in the log of another tool."""
    import pyarrow as pa

    events = block.events
    return pa.table(
        {
            "contactId": texts(_carried(rng, block, events.row, events.occurred_at, merges)),
            "type": clean_events["kind"],
            "asset": clean_events["asset"],
            "seconds": clean_events["seconds"].cast("int64"),
            "pages": clean_events["pages"].cast("int64"),
            "occurredAt": stamps(events.occurred_at, ZULU),
        }
    )


def engagement_table(
    rng: np.random.Generator, block: Block, clean_tasks: pa.Table, merges: Merges
) -> pa.Table:
    """Return the rows of ``engagements.csv``: what we did."""
    import pyarrow as pa

    tasks = block.tasks
    return pa.table(
        {
            "contactId": texts(_carried(rng, block, tasks.row, tasks.occurred_at, merges)),
            "type": texts([kind.upper() for kind in clean_tasks["kind"].to_pylist()]),
            "completedAt": stamps(tasks.occurred_at, ZULU),
            "durationSeconds": clean_tasks["seconds"],
            "outcome": clean_tasks["result"],
        }
    )


def _carried(
    rng: np.random.Generator,
    block: Block,
    row: Ints,
    at: npt.NDArray[np.datetime64],
    merges: Merges,
) -> Words:
    """Return the id that each row carries.

    While somebody had two records every second row went to the other one, whose id no contact
    has any more.
    """
    number = block.leads.number
    ids = hubspot_contacts(number)[row]
    coin = rng.random(len(row)) < 0.5
    for place in np.unique(merges.place).tolist():
        mine = merges.take(merges.place == place)
        begun, over = (np.full(len(number), np.datetime64("NaT"), "datetime64[s]") for _ in "12")
        begun[mine.row], over[mine.row] = mine.created_at, mine.merged_at
        other = coin & (at >= begun[row]) & (at < over[row])
        ids[other] = hubspot_contacts(number[row[other]], merged=place)
    return ids


def _views(block: Block) -> Changes:
    """Return the count of page views after each day on which there were any."""
    events = block.events
    viewed = np.flatnonzero(events.kind_is("page_view"))
    row, at = events.row[viewed], events.occurred_at[viewed]
    _, begins, inverse = np.unique(row, return_index=True, return_inverse=True)
    count = np.arange(len(row)) - begins[inverse] + 1
    day = at.astype("datetime64[D]")
    last = np.append((row[1:] != row[:-1]) | (day[1:] != day[:-1]), True)[: len(row)]
    # Counted when the visit is over, and never before the contact was there.
    at = np.maximum(at, block.leads.created_at[row])
    value = np.array([str(c) for c in count[last].tolist()], dtype=object)
    nothing = np.full(len(value), None, dtype=object)
    return Changes.of(row[last], at[last], VIEWS, nothing, value)
