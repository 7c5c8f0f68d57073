"""Salesforce: leads as the object shows them at the export, and the history of their fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from predict.demo import names, vendor_ids
from predict.demo.changes import EMPLOYEES, OWNER, RATING, TITLE, Changes, trail
from predict.demo.merges import Merges
from predict.demo.sales import STAGES
from predict.demo.stamps import DAY_ONLY, same, stamps, texts, words
from predict.demo.vendor_ids import Ids, salesforce_ids
from predict.demo.vendor_rows import account_numbers, lead_numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from predict.demo.simulation import Block

STATUS: Final = "status"
FRESH, QUALIFIED, CLOSED, UNQUALIFIED = "New", "Qualified", "Closed - Not Converted", "Unqualified"
_STATUSES: Final = {
    **{stage: stage for stage in ("MQL", "SAL", "SQL")},
    "opportunity": QUALIFIED,
    "disqualified": UNQUALIFIED,
}
_MILD: Final = ("no response", "no need")  # reasons for which a lead is closed, not unqualified
_FIELDS: Final = {
    STATUS: "Status",
    TITLE: "Title",
    EMPLOYEES: "NumberOfEmployees",
    RATING: "Rating",
    OWNER: "Owner",
}
_RECORDS: Final = 4  # ids to a lead: its own, and those of records merged into it
_NIGHT: Final = 30  # days in which a nightly job touched every record

Words = npt.NDArray[np.object_]
Times = npt.NDArray[np.datetime64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Standing:
    """What has become of leads by the export, by column; NaT and −1 for never and none."""

    status: Words
    title: Words
    employees: Words
    rating: Words
    owner: Words
    converted_at: Times
    account: Ints
    modified_at: Times
    opted_out: npt.NDArray[np.bool_]

    @classmethod
    def fresh(cls, clean: pa.Table) -> Standing:
        """Return leads that nobody has touched yet."""
        n = clean.num_rows
        created = clean["created_at"].to_numpy().astype("datetime64[s]")
        return cls(
            status=np.full(n, FRESH, dtype=object),
            title=words(clean["job_title"]),
            employees=words(clean["employees"].cast("string")),
            rating=np.full(n, None, dtype=object),
            owner=words(clean["owner"]),
            converted_at=np.full(n, np.datetime64("NaT"), dtype="datetime64[s]"),
            account=np.full(n, -1),
            modified_at=created,
            opted_out=np.zeros(n, dtype=bool),
        )

    @classmethod
    def of(
        cls,
        block: Block,
        clean: pa.Table,
        changes: Changes,
        converted_at: Times,
        account: Ints,
    ) -> Standing:
        """Return what changes and conversion have made of the leads of a block."""
        first = cls.fresh(clean)
        return cls(
            status=changes.latest(STATUS, first.status),
            title=changes.latest(TITLE, first.title),
            employees=changes.latest(EMPLOYEES, first.employees),
            rating=changes.latest(RATING, first.rating),
            owner=changes.latest(OWNER, first.owner),
            converted_at=converted_at,
            account=account,
            modified_at=changes.newest(first.modified_at),
            opted_out=block.is_blocked,
        )


def lead_ids(number: Ints, place: Ints | int = 0) -> Ids:
    """Return the ids of leads, or of the records merged into them (``place`` from 1)."""
    return salesforce_ids(vendor_ids.LEAD, number * _RECORDS + place)


def user_ids(owner: Words) -> Words:
    """Return the ids of our colleagues, by the names of the clean shape."""
    ids = salesforce_ids(vendor_ids.USER, np.arange(len(names.OWNERS)))
    by_name = dict(zip(names.OWNERS, ids.tolist(), strict=True))
    return np.array([by_name[name] for name in owner.tolist()], dtype=object)


def statuses(block: Block, exported_at: np.datetime64) -> Changes:
    """Return how the status moved: MQL, SAL, SQL, then qualified or one of two ways to close."""
    moved = trail(block, exported_at, STATUS, FRESH, _STATUSES)
    mild = np.isin(block.deals.reason[moved.row].astype(str), _MILD)
    moved.new[(moved.new == UNQUALIFIED) & mild] = CLOSED
    return moved


def converted_at(block: Block, exported_at: np.datetime64) -> Times:
    """Return when leads were converted: the moment they became an opportunity; NaT for not yet."""
    column = STAGES.index("opportunity")
    at = block.deals.at[:, column].copy()
    at[~block.deals.known(exported_at)[:, column]] = np.datetime64("NaT")
    return at


def lead_table(clean: pa.Table, standing: Standing, exported_at: np.datetime64) -> pa.Table:
    """Return rows of ``Lead.csv``.

    Parameters
    ----------
    clean : Table
        Their rows of ``leads.csv``.
    standing : Standing
        What has been written over.
    """
    import pyarrow as pa

    n, number = clean.num_rows, lead_numbers(clean)
    is_converted = ~np.isnat(standing.converted_at)

    def linked(prefix: str, of: Ints) -> pa.Array:
        return texts(salesforce_ids(prefix, np.where(is_converted, of, -1)))

    touched = exported_at - 1 - (number * 7_919 % (_NIGHT * 86_400))
    return pa.table(
        {
            "Id": texts(lead_ids(number)),
            "IsDeleted": pa.array(np.zeros(n, dtype=bool)),
            "MasterRecordId": same(None, n),
            "FirstName": clean["first_name"],
            "LastName": clean["last_name"],
            "Title": texts(standing.title),
            "Company": clean["company"],
            "Country": clean["country"],
            "Phone": clean["phone"],
            "Email": clean["email"],
            "LeadSource": clean["source"],
            "Status": texts(standing.status),
            "Industry": clean["industry"],
            "Rating": texts(standing.rating),
            "NumberOfEmployees": texts(standing.employees),
            "OwnerId": texts(user_ids(standing.owner)),
            "HasOptedOutOfEmail": pa.array(standing.opted_out),
            "IsConverted": pa.array(is_converted),
            "ConvertedDate": stamps(standing.converted_at, DAY_ONLY),
            "ConvertedAccountId": linked(vendor_ids.ACCOUNT, standing.account),
            "ConvertedContactId": linked(vendor_ids.CONTACT, number),
            "ConvertedOpportunityId": linked(vendor_ids.OPPORTUNITY, 2 * number),
            "CreatedDate": stamps(clean["created_at"].to_numpy()),
            "LastModifiedDate": stamps(standing.modified_at),
            "LastActivityDate": stamps(clean["last_activity_at"].to_numpy(), DAY_ONLY),
            "SystemModstamp": stamps(np.maximum(touched, standing.modified_at)),
            "Matched_Account__c": texts(salesforce_ids(vendor_ids.ACCOUNT, account_numbers(clean))),
            "Form_Variant__c": clean["form_variant"],
            "Badge_Colour__c": clean["badge_colour"],
            "List__c": clean["list"],
            "Lead_Score__c": clean["crm_score"],
            "Lifetime_Page_Views__c": clean["lifetime_page_views"],
            "Last_Call_Seconds__c": clean["last_call_seconds"],
            "Budget_Confirmed__c": clean["budget_confirmed"],
        }
    )


def merged_table(clean: pa.Table, merges: Merges, exported_at: np.datetime64) -> pa.Table:
    """Return the deleted rows of ``Lead.csv``: second records of people, merged into the first.

    Nothing else names them: what hung on them went over to the record that stayed.
    """
    import pyarrow as pa

    again = clean.take(pa.array(merges.row))
    for name in (
        "last_call_seconds",
        "lifetime_page_views",
        "last_activity_at",
        "budget_confirmed",
    ):
        place = again.schema.get_field_index(name)
        empty = pa.nulls(again.num_rows, again.schema.field(name).type)
        again = again.set_column(place, name, empty)
    number = lead_numbers(again)
    rows = lead_table(again, Standing.fresh(again), exported_at)
    gone = stamps(merges.merged_at)
    replaced = {
        "Id": texts(lead_ids(number, merges.place)),
        "IsDeleted": pa.array(np.ones(len(merges), dtype=bool)),
        "MasterRecordId": texts(lead_ids(number)),
        "CreatedDate": stamps(merges.created_at),
        "LastModifiedDate": gone,
        "SystemModstamp": gone,
    }
    for name, column in replaced.items():
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows


def history_table(place: int, clean: pa.Table, changes: Changes, converted: Times) -> pa.Table:
    """Return the rows of ``LeadHistory.csv``, with those that mark creation and conversion."""
    import pyarrow as pa

    number, created = lead_numbers(clean), clean["created_at"].to_numpy().astype("datetime64[s]")
    row = np.flatnonzero(~np.isnat(converted))
    every = np.arange(len(number))
    rows = Changes.together(
        [
            _marks(every, created, "created"),
            changes,
            _marks(row, converted[row], "leadConverted"),
        ]
    )
    by_id = rows.field == OWNER
    for values in (rows.old, rows.new):
        values[by_id] = user_ids(values[by_id])
    field = np.array([_FIELDS.get(f, f) for f in rows.field.tolist()], dtype=object)
    ids = salesforce_ids(vendor_ids.LEAD_CHANGE, (place << 20) + np.arange(len(rows)))
    return pa.table(
        {
            "Id": texts(ids),
            "LeadId": texts(lead_ids(number)[rows.row]),
            "Field": texts(field),
            "OldValue": texts(rows.old),
            "NewValue": texts(rows.new),
            "CreatedDate": stamps(rows.at),
        }
    )


def _marks(row: Ints, at: Times, field: str) -> Changes:
    nothing = np.full(len(row), None, dtype=object)
    return Changes(row, at, np.full(len(row), field, dtype=object), nothing, nothing.copy())
