"""Salesforce: tasks, campaign members, and a web tool's log, all under the ids of today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from predict.demo import vendor_ids
from predict.demo.calendar import DAY
from predict.demo.salesforce_leads import Standing, lead_ids
from predict.demo.stamps import DAY_ONLY, same, stamps, texts, where
from predict.demo.vendor_ids import salesforce_ids
from predict.demo.vendor_rows import lead_numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from predict.demo.simulation import Block

RESPONSES: Final = ("offer_download", "demo_request", "webinar_attended")
"""Kinds of events that count as a response to a campaign."""

_SUBTYPES: Final = {"call": "Call", "email": "Email"}
_ENDED: Final = ("Qualified", "Closed - Not Converted", "Unqualified")
_PLANNED: Final = 0.25  # of the open leads have a task that is still to be done

Words = npt.NDArray[np.object_]
Times = npt.NDArray[np.datetime64]


def who_ids(clean: pa.Table, standing: Standing) -> Words:
    """Return what rows about each lead carry: its id, or its contact's once it was converted."""
    number = lead_numbers(clean)
    contacts = salesforce_ids(vendor_ids.CONTACT, number)
    return np.where(np.isnat(standing.converted_at), lead_ids(number), contacts)


def activity_table(block: Block, clean_events: pa.Table, who: Words) -> pa.Table:
    """Return the rows of ``web_activity.csv``: what leads did."""
    import pyarrow as pa

    return pa.table(
        {
            "WhoId": texts(who).take(pa.array(block.events.row)),
            "Type": clean_events["kind"],
            "Asset": clean_events["asset"],
            "Seconds": clean_events["seconds"].cast("int64"),
            "Pages": clean_events["pages"].cast("int64"),
            "OccurredAt": stamps(block.events.occurred_at),
        }
    )


def task_table(
    rng: np.random.Generator,
    place: int,
    block: Block,
    clean: pa.Table,
    clean_tasks: pa.Table,
    standing: Standing,
    exported_at: np.datetime64,
) -> pa.Table:
    """Return the rows of ``Task.csv``: what we did, and for some open leads what is still to do.

    ``ActivityDate`` is the day a task was due, which is not the day it was done; tasks that are
    open are due on days to come, or overdue.
    """
    import pyarrow as pa

    tasks, who, number = block.tasks, who_ids(clean, standing), lead_numbers(clean)
    done, n = tasks.occurred_at, len(tasks)
    due = done + DAY * rng.integers(-2, 3, n)
    planned = done - (rng.random(n) * 3 * DAY).astype(np.int64)
    planned = np.maximum(planned, block.leads.created_at[tasks.row])
    opportunity = salesforce_ids(vendor_ids.OPPORTUNITY, 2 * number)[tasks.row]
    about = where(done >= standing.converted_at[tasks.row], opportunity)
    kinds = [_SUBTYPES[kind] for kind in clean_tasks["kind"].to_pylist()]
    called = np.array([kind == "Call" for kind in kinds], dtype=bool)
    first = place << 20
    closed = pa.table(
        {
            "Id": texts(salesforce_ids(vendor_ids.TASK, first + np.arange(n))),
            "WhoId": texts(who[tasks.row]),
            "WhatId": texts(about),
            "Subject": texts(kinds),
            "TaskSubtype": texts(kinds),
            "Status": same("Completed", n),
            "IsClosed": pa.array(np.ones(n, dtype=bool)),
            "ActivityDate": stamps(due, DAY_ONLY),
            "CreatedDate": stamps(planned),
            "CompletedDateTime": stamps(done),
            "CallDurationInSeconds": clean_tasks["seconds"],
            "CallDisposition": pa.array(
                clean_tasks["result"].to_pylist(), type=pa.string(), mask=~called
            ),
        }
    )
    is_open = ~np.isin(standing.status.astype(str), _ENDED)
    row = np.flatnonzero(is_open & (rng.random(len(number)) < _PLANNED))
    m, call = len(row), rng.random(len(row)) < 0.6
    kind = np.where(call, "Call", "Email").astype(object)
    written = exported_at - (rng.random(m) * 10 * DAY).astype(np.int64) - 1
    written = np.maximum(written, block.leads.created_at[row])
    still_open = pa.table(
        {
            "Id": texts(salesforce_ids(vendor_ids.TASK, first + n + np.arange(m))),
            "WhoId": texts(who[row]),
            "WhatId": same(None, m),
            "Subject": texts(kind),
            "TaskSubtype": texts(kind),
            "Status": same("Not Started", m),
            "IsClosed": pa.array(np.zeros(m, dtype=bool)),
            "ActivityDate": stamps(
                exported_at.astype("datetime64[D]") + rng.integers(-5, 30, m), DAY_ONLY
            ),
            "CreatedDate": stamps(written),
            "CompletedDateTime": same(None, m),
            "CallDurationInSeconds": pa.nulls(m, closed.schema.field("CallDurationInSeconds").type),
            "CallDisposition": same(None, m),
        }
    )
    return pa.concat_tables([closed, still_open])


def member_table(
    block: Block, clean: pa.Table, standing: Standing, campaigns: dict[str, int]
) -> pa.Table:
    """Return the rows of ``CampaignMember.csv``: the campaign of each lead, and its trade show.

    Parameters
    ----------
    campaigns : dict of str to int
        Number by name.

    Notes
    -----
    ``FirstRespondedDate`` is the day of the first download, demo request or webinar; the same
    stands in ``web_activity.csv``, to the second. A converted lead's rows carry its contact's id
    and no lead's; ``LeadOrContactId`` has whichever there is.
    """
    import pyarrow as pa

    number = lead_numbers(clean)
    shows = clean["list"].to_pylist()
    met = np.array([i for i, show in enumerate(shows) if show is not None], dtype=np.int64)
    row = np.concatenate([np.arange(len(number)), met])
    second = np.arange(len(row)) >= len(number)
    names = [*clean["campaign"].to_pylist(), *(shows[i] for i in met.tolist())]
    first = first_of(block, RESPONSES)
    responded = np.where(second, np.datetime64("NaT"), first[row])
    order = np.lexsort((second, row))
    row, second, responded = row[order], second[order], responded[order]
    campaign = np.array([campaigns[names[i]] for i in order.tolist()], dtype=np.int64)
    is_contact = ~np.isnat(standing.converted_at)[row]
    lead = lead_ids(number)[row]
    contact = salesforce_ids(vendor_ids.CONTACT, number)[row]
    has = ~np.isnat(responded)
    return pa.table(
        {
            "Id": texts(salesforce_ids(vendor_ids.MEMBER, 2 * number[row] + second)),
            "LeadId": texts(where(~is_contact, lead)),
            "ContactId": texts(where(is_contact, contact)),
            "LeadOrContactId": texts(np.where(is_contact, contact, lead)),
            "CampaignId": texts(salesforce_ids(vendor_ids.CAMPAIGN, campaign)),
            "Status": texts(np.where(has, "Responded", "Sent").astype(object)),
            "HasResponded": pa.array(has),
            "FirstRespondedDate": stamps(responded, DAY_ONLY),
            "CreatedDate": stamps(block.leads.created_at[row]),
        }
    )


def first_of(block: Block, kinds: tuple[str, ...]) -> Times:
    """Return when each lead first did something of these kinds; NaT for never."""
    is_one = np.logical_or.reduce([block.events.kind_is(kind) for kind in kinds])
    row, place = np.unique(block.events.row[is_one], return_index=True)
    found = np.full(len(block.leads), np.datetime64("NaT"), dtype="datetime64[s]")
    found[row] = block.events.occurred_at[is_one][place]  # in order of time: the first one
    return found
