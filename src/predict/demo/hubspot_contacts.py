"""HubSpot: contacts in one wide file, nearly all of it true as of the export only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from predict.demo.behaviour import ASSETS
from predict.demo.changes import EMPLOYEES, OWNER, TITLE, Changes, trail
from predict.demo.merges import Merges
from predict.demo.pipeline import Steps
from predict.demo.stamps import MINUTE, same, stamps, texts, words
from predict.demo.vendor_ids import (
    HUBSPOT_COMPANY,
    HUBSPOT_DEAL,
    Ids,
    hubspot_contacts,
    hubspot_ids,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from predict.demo.simulation import Block

LIFECYCLE, STATUS = "lifecyclestage", "hs_lead_status"
SOURCES: Final = {
    "website": "Organic Search",
    "referral": "Referrals",
    "partner": "Other Campaigns",
    "trade_show": "Offline Sources",
    "paid_search": "Paid Search",
    "newsletter": "Email Marketing",
    "content_syndication": "Paid Social",
}
"""Sources as the vendor sorts them; one to one, so that no fact is lost."""

LIFECYCLE_LABELS: Final = {
    "lead": "Lead",
    "marketingqualifiedlead": "Marketing Qualified Lead",
    "salesqualifiedlead": "Sales Qualified Lead",
    "opportunity": "Opportunity",
    "customer": "Customer",
}
STATUS_LABELS: Final = {
    "NEW": "New",
    "IN_PROGRESS": "In Progress",
    "OPEN_DEAL": "Open Deal",
    "UNQUALIFIED": "Unqualified",
}
FORMS: Final = ("offer_download", "demo_request", "webinar_attended")
"""Kinds of events for which a form is sent."""

_LIFECYCLES: Final = {
    "MQL": "marketingqualifiedlead",
    "SQL": "salesqualifiedlead",
    "opportunity": "opportunity",
    "won": "customer",
    "disqualified": "lead",
}
_STATUSES: Final = {"SAL": "IN_PROGRESS", "opportunity": "OPEN_DEAL", "disqualified": "UNQUALIFIED"}
_SET_BACK: Final = 0.25  # of the disqualified go back to "lead": their dates are cleared

Words = npt.NDArray[np.object_]
Times = npt.NDArray[np.datetime64]
Ints = npt.NDArray[np.int64]


def moves(rng: np.random.Generator, block: Block, exported_at: np.datetime64) -> list[Changes]:
    """Return how lifecycle stage and lead status moved.

    There is no stage for accepted leads: the status says it. A stage that is set back takes the
    dates of the stages it had reached out of the contact; only the history holds them still.
    """
    lifecycle = trail(block, exported_at, LIFECYCLE, "lead", _LIFECYCLES)
    back = rng.random(len(block.leads)) < _SET_BACK
    kept = (lifecycle.new != "lead") | back[lifecycle.row]
    lifecycle = lifecycle.take(np.asarray(kept, dtype=bool))
    return [lifecycle, trail(block, exported_at, STATUS, "NEW", _STATUSES)]


def contact_table(
    clean: pa.Table,
    number: Ints,
    account: Ints,
    block: Block | None = None,
    changes: Changes | None = None,
    merges: Merges | None = None,
    deals: Steps | None = None,
) -> pa.Table:
    """Return rows of the export of contacts; without a block, as contacts not touched yet.

    Parameters
    ----------
    clean : Table
        Their rows of ``leads.csv``.
    number, account : ndarray of int
        Numbers of the leads and of their accounts (−1 for none).
    """
    import pyarrow as pa

    n = clean.num_rows
    created = clean["created_at"].to_numpy().astype("datetime64[s]")
    changes = Changes.none() if changes is None else changes
    lifecycle = changes.latest(LIFECYCLE, np.full(n, "lead", dtype=object))
    status = changes.latest(STATUS, np.full(n, "NEW", dtype=object))
    became = _became(changes, lifecycle, n)
    did = _summary(block, n)
    source = np.array([SOURCES[s] for s in clean["source"].to_pylist()], dtype=object)
    latest = np.where(did["sessions"] > 1, "Direct Traffic", source)
    n_deals, deal_ids = _deal_ids(deals, number)
    opted_out = np.zeros(n, dtype=bool) if block is None else block.is_blocked
    return pa.table(
        {
            "Record ID": texts(hubspot_contacts(number)),
            "First Name": clean["first_name"],
            "Last Name": clean["last_name"],
            "Email": clean["email"],
            "Phone Number": clean["phone"],
            "Job Title": texts(changes.latest(TITLE, words(clean["job_title"]))),
            "Company Name": clean["company"],
            "Industry": clean["industry"],
            "Number of Employees": texts(
                changes.latest(EMPLOYEES, words(clean["employees"].cast("string")))
            ),
            "Country/Region": clean["country"],
            "Create Date": stamps(created, MINUTE),
            "Lifecycle Stage": _labels(LIFECYCLE_LABELS, lifecycle),
            "Lead Status": _labels(STATUS_LABELS, status),
            "Contact owner": texts(changes.latest(OWNER, words(clean["owner"]))),
            "Original Source": texts(source),
            "Original Source Drill-Down 1": clean["campaign"],
            "Original Source Drill-Down 2": clean["source"],
            "Latest Source": texts(latest),
            "First Conversion": texts(did["first form"]),
            "First Conversion Date": stamps(did["first form at"], MINUTE),
            "Recent Conversion": texts(did["last form"]),
            "Recent Conversion Date": stamps(did["last form at"], MINUTE),
            "Number of Form Submissions": pa.array(did["forms"]),
            "Number of Pageviews": pa.array(did["views"]),
            "Number of Sessions": pa.array(did["sessions"]),
            "Time of First Session": stamps(did["first view at"], MINUTE),
            "Time Last Seen": stamps(did["last view at"], MINUTE),
            "First marketing email open date": stamps(did["first open at"], MINUTE),
            "Last marketing email open date": stamps(did["last open at"], MINUTE),
            "Last Activity Date": stamps(clean["last_activity_at"].to_numpy(), MINUTE),
            "Number of times contacted": pa.array(did["contacted"]),
            "Last Contacted": stamps(did["last contacted at"], MINUTE),
            "HubSpot Score": clean["crm_score"],
            "Became a Lead Date": stamps(created, MINUTE),
            "Became a Marketing Qualified Lead Date": became["marketingqualifiedlead"],
            "Became a Sales Qualified Lead Date": became["salesqualifiedlead"],
            "Became an Opportunity Date": became["opportunity"],
            "Became a Customer Date": became["customer"],
            "Associated Company IDs": texts(hubspot_ids(HUBSPOT_COMPANY, account)),
            "Associated Deal IDs": texts(deal_ids),
            "Merged object IDs": texts(_merged_ids(merges, number)),
            "Number of Associated Deals": pa.array(n_deals),
            "Unsubscribed from all email": pa.array(opted_out),
            "Form variant": clean["form_variant"],
            "Badge colour": clean["badge_colour"],
            "List": clean["list"] if clean["list"].null_count < n else same(None, n),
        }
    )


def deal_numbers(deals: Steps, number: Ints) -> Ints:
    """Return the number of the deal of each row: two to a lead."""
    return 2 * number[deals.row] + deals.again


def _became(changes: Changes, lifecycle: Words, n: int) -> dict[str, pa.Array]:
    """Return when each stage was reached, as far as it was not set back."""
    mine = changes.of_field(LIFECYCLE)
    found = {}
    for stage in LIFECYCLE_LABELS:
        at = np.full(n, np.datetime64("NaT"), dtype="datetime64[s]")
        here = np.asarray(mine.new == stage, dtype=bool)
        at[mine.row[here]] = mine.at[here]
        at[np.asarray(lifecycle == "lead", dtype=bool)] = np.datetime64("NaT")
        found[stage] = stamps(at, MINUTE)
    return found


def _summary(block: Block | None, n: int) -> dict[str, Any]:
    """Return what the vendor counts and dates over all time, by column of its own."""
    never = np.full(n, np.datetime64("NaT"), dtype="datetime64[s]")
    nothing, none = np.full(n, None, dtype=object), np.zeros(n, dtype=np.int64)
    found: dict[str, Any] = {
        **{f"{end} {what} at": never for end in ("first", "last") for what in ("form", "view")},
        **dict.fromkeys(("first open at", "last open at", "last contacted at"), never),
        **dict.fromkeys(("forms", "views", "sessions", "contacted"), none),
        **{"first form": nothing, "last form": nothing},
    }
    if block is None:
        return found
    events, tasks = block.events, block.tasks
    is_form = np.logical_or.reduce([events.kind_is(kind) for kind in FORMS])
    for what, chosen in (
        ("form", is_form),
        ("view", events.kind_is("page_view")),
        ("open", events.kind_is("email_open")),
    ):
        those = np.flatnonzero(chosen)
        row, first = np.unique(events.row[those], return_index=True)
        last = np.append(first[1:], len(those))[: len(first)] - 1
        for end, place in (("first", first), ("last", last)):
            found[f"{end} {what} at"] = _put(never, row, events.occurred_at[those][place])
            if what == "form":
                names = np.array([*ASSETS, "Contact us: demo"], dtype=object)
                sent = names[events.asset[those][place]]  # no asset is −1: the last name
                found[f"{end} form"] = _put(nothing, row, sent)
    viewed = events.kind_is("page_view")
    found["forms"] = np.bincount(events.row[is_form], minlength=n)
    found["views"] = np.bincount(events.row[viewed], minlength=n)
    days = np.unique(np.stack([events.row[viewed], events.day[viewed]]), axis=1)[0]
    found["sessions"] = np.bincount(days, minlength=n)
    found["contacted"] = np.bincount(tasks.row, minlength=n)
    found["last contacted at"] = _put(never, tasks.row, tasks.occurred_at)
    return found


def _put(values: np.ndarray, row: Ints, new: np.ndarray) -> np.ndarray:
    filled = values.copy()
    filled[row] = new  # in order of time: the last one stays
    return filled


def _deal_ids(deals: Steps | None, number: Ints) -> tuple[Ints, Words]:
    count = np.zeros(len(number), dtype=np.int64)
    ids = np.full(len(number), None, dtype=object)
    if deals is not None:
        each = deals.take(deals.first_of_each())
        named = hubspot_ids(HUBSPOT_DEAL, deal_numbers(each, number))
        count = np.bincount(each.row, minlength=len(number))
        for row, one in zip(each.row.tolist(), named.tolist(), strict=True):
            ids[row] = one if ids[row] is None else f"{ids[row]};{one}"
    return count, ids


def _merged_ids(merges: Merges | None, number: Ints) -> Words:
    ids = np.full(len(number), None, dtype=object)
    if merges is not None:
        for row, one in zip(merges.row.tolist(), merged_ids(merges, number).tolist(), strict=True):
            ids[row] = one if ids[row] is None else f"{ids[row]};{one}"
    return ids


def merged_ids(merges: Merges, number: Ints) -> Ids:
    """Return the ids of the records that were merged away, one a row of ``merges``."""
    ids = np.full(len(merges), None, dtype=object)
    for place in np.unique(merges.place).tolist():
        here = merges.place == place
        ids[here] = hubspot_contacts(number[merges.row[here]], merged=place)
    return ids


def _labels(labels: dict[str, str], values: Words) -> pa.Array:
    return texts([labels[value] for value in values.tolist()])
