"""Salesforce: what conversion creates (accounts, contacts, opportunities) and how deals move on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from predict.demo import vendor_ids
from predict.demo.pipeline import LOST, WON, Steps
from predict.demo.salesforce_leads import Standing
from predict.demo.stamps import DAY_ONLY, numbers, stamps, texts, words
from predict.demo.vendor_ids import salesforce_ids
from predict.demo.vendor_rows import lead_numbers

if TYPE_CHECKING:
    import pyarrow as pa

STAGE_NAMES: Final = (
    "Qualification",
    "Proposal/Price Quote",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
)
_OLD: Final = 700  # days before the history in which the accounts were set up

Ints = npt.NDArray[np.int64]


def contact_table(clean: pa.Table, standing: Standing) -> pa.Table:
    """Return the rows of ``Contact.csv``: people whose lead was converted."""
    import pyarrow as pa

    row = np.flatnonzero(~np.isnat(standing.converted_at))
    rows = clean.take(pa.array(row))
    return pa.table(
        {
            "Id": texts(salesforce_ids(vendor_ids.CONTACT, lead_numbers(rows))),
            "AccountId": texts(salesforce_ids(vendor_ids.ACCOUNT, standing.account[row])),
            "FirstName": rows["first_name"],
            "LastName": rows["last_name"],
            "Email": rows["email"],
            "Title": texts(standing.title[row]),
            "LeadSource": rows["source"],
            "CreatedDate": stamps(standing.converted_at[row]),
        }
    )


def account_table(
    clean: pa.Table, start: int, first_day: np.datetime64, customers: npt.NDArray[np.bool_]
) -> pa.Table:
    """Return rows of ``Account.csv``: the vendor's list, set up before the history began.

    Parameters
    ----------
    start : int
        Number of the first.
    customers : ndarray of bool
        Which of them have bought by the export.
    """
    import pyarrow as pa

    number = start + np.arange(clean.num_rows)
    created = first_day.astype("datetime64[s]") - (number * 86_413 % (_OLD * 86_400) + 86_400)
    return pa.table(
        {
            "Id": texts(salesforce_ids(vendor_ids.ACCOUNT, number)),
            "Name": clean["name"],
            "Industry": clean["industry"],
            "NumberOfEmployees": texts(words(clean["employees"].cast("string"))),
            "BillingCountry": clean["country"],
            "Type": texts(_types(customers)),
            "CreatedDate": stamps(created),
        }
    )


def new_account_table(
    clean: pa.Table, standing: Standing, customers: npt.NDArray[np.bool_]
) -> pa.Table:
    """Return the rows of ``Account.csv`` that conversion creates where no account was matched.

    Parameters
    ----------
    customers : ndarray of bool
        Which of the leads have bought by the export.
    """
    import pyarrow as pa

    unmatched = clean["account_id"].is_null().to_numpy(zero_copy_only=False)
    row = np.flatnonzero(~np.isnat(standing.converted_at) & unmatched)
    rows = clean.take(pa.array(row))
    people = zip(rows["first_name"].to_pylist(), rows["last_name"].to_pylist(), strict=True)
    return pa.table(
        {
            "Id": texts(salesforce_ids(vendor_ids.ACCOUNT, standing.account[row])),
            "Name": texts([f"{first} {last}" for first, last in people]),
            "Industry": rows["industry"],
            "NumberOfEmployees": texts(standing.employees[row]),
            "BillingCountry": rows["country"],
            "Type": texts(_types(customers[row])),
            "CreatedDate": stamps(standing.converted_at[row]),
        }
    )


def opportunity_table(
    steps: Steps, clean: pa.Table, standing: Standing, campaign: npt.NDArray[np.object_]
) -> pa.Table:
    """Return the rows of ``Opportunity.csv``: every deal as it stands at the export.

    Parameters
    ----------
    campaign : ndarray of object, shape (leads,)
        Id of the campaign each lead came by.
    """
    import pyarrow as pa

    number, company = lead_numbers(clean), words(clean["company"])
    opened, now = steps.take(steps.first_of_each()), steps.take(steps.last_of_each())
    row, is_won = now.row, now.step == WON
    kind = np.where(now.again, "Existing Business", "New Business").astype(object)
    source = words(clean["source"])[row]
    source[now.again] = None
    led_by = campaign[row]
    led_by[now.again] = None
    return pa.table(
        {
            "Id": texts(salesforce_ids(vendor_ids.OPPORTUNITY, 2 * number[row] + now.again)),
            "AccountId": texts(salesforce_ids(vendor_ids.ACCOUNT, standing.account[row])),
            "ContactId": texts(salesforce_ids(vendor_ids.CONTACT, number[row])),
            "CampaignId": texts(led_by),
            "Name": texts(
                [f"{c or 'Deal'} – {k}" for c, k in zip(company[row], kind, strict=True)]
            ),
            "StageName": texts(np.asarray(STAGE_NAMES, dtype=object)[now.step]),
            "Amount": numbers(now.amount),
            "CloseDate": stamps(now.closes, DAY_ONLY),
            "Type": texts(kind),
            "LeadSource": texts(source),
            "IsClosed": pa.array(np.isin(now.step, (WON, LOST))),
            "IsWon": pa.array(is_won),
            "CreatedDate": stamps(opened.at),
            "LastStageChangeDate": stamps(now.at),
        }
    )


def deal_history_table(place: int, steps: Steps, number: Ints) -> pa.Table:
    """Return the rows of ``OpportunityHistory.csv``: every stage of every deal."""
    import pyarrow as pa

    ids = salesforce_ids(vendor_ids.DEAL_STEP, (place << 20) + np.arange(len(steps)))
    deal = 2 * number[steps.row] + steps.again
    return pa.table(
        {
            "Id": texts(ids),
            "OpportunityId": texts(salesforce_ids(vendor_ids.OPPORTUNITY, deal)),
            "StageName": texts(np.asarray(STAGE_NAMES, dtype=object)[steps.step]),
            "Amount": numbers(steps.amount),
            "CloseDate": stamps(steps.closes, DAY_ONLY),
            "CreatedDate": stamps(steps.at),
        }
    )


def campaign_table(names: dict[str, int], since: list[np.datetime64]) -> pa.Table:
    """Return the rows of ``Campaign.csv``; ``since`` holds when each got its first member."""
    import pyarrow as pa

    fairs = [" Fair " in name for name in names]
    begun = np.array(since, dtype="datetime64[D]") - 14
    return pa.table(
        {
            "Id": texts(salesforce_ids(vendor_ids.CAMPAIGN, np.array(list(names.values())))),
            "Name": texts(list(names)),
            "Type": texts(["Trade Show" if fair else "Advertisement" for fair in fairs]),
            "StartDate": stamps(begun, DAY_ONLY),
        }
    )


def _types(customers: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
    return np.where(customers, "Customer", "Prospect").astype(object)
