"""Small exports with the vendors' headers: 60 leads, of whom every third is taken on."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

N = 60
START = datetime(2026, 1, 1, 9, 0)
SALESFORCE = "%Y-%m-%dT%H:%M:%S.000+0000"


def sf_id(prefix: str, number: int) -> str:
    """Return an id of 18 characters; the last three are not checked here."""
    return f"{prefix}5g0000{number:06d}{'AAA'}"


def created(i: int) -> datetime:
    return START + timedelta(days=i)


def taken_on(i: int) -> bool:
    return i % 3 == 0


def write_salesforce(folder: Path) -> Path:
    """Write leads, opportunities, their histories, accounts, contacts, tasks and a log."""
    rows = range(N)
    lead = pd.DataFrame(
        {
            "Id": [sf_id("00Q", i) for i in rows],
            "IsDeleted": ["true" if i == 59 else "false" for i in rows],
            "MasterRecordId": [sf_id("00Q", 58) if i == 59 else None for i in rows],
            "LastName": [f"Mockford{i}" for i in rows],
            "Title": ["Head of Test" if i % 2 else "Clerk" for i in rows],
            "Email": [f"a{i}@firm{i}.example" for i in rows],
            "LeadSource": ["web" if i % 2 else "show" for i in rows],
            "Status": ["Unqualified" if i % 3 == 1 else "Working" for i in rows],
            "Rating": ["Hot" if taken_on(i) else "Cold" for i in rows],
            "Gender__c": ["f" if i % 2 else "m" for i in rows],
            "IsConverted": ["true" if taken_on(i) else "false" for i in rows],
            "ConvertedDate": [f"{created(i):%Y-%m-%d}" if taken_on(i) else None for i in rows],
            "ConvertedContactId": [sf_id("003", i) if taken_on(i) else None for i in rows],
            "ConvertedOpportunityId": [sf_id("006", i) if taken_on(i) else None for i in rows],
            "CreatedDate": [f"{created(i):{SALESFORCE}}" for i in rows],
            "LastModifiedDate": ["2026-03-05T10:00:00.000+0000"] * N,
            "Matched_Account__c": [sf_id("001", i % 20) for i in rows],
            "Form_Variant__c": ["A" if i % 2 else "B" for i in rows],
            "Win_Plan__c": ["yes" if taken_on(i) and i % 2 else None for i in rows],
        }
    )
    history = pd.DataFrame(
        {
            "LeadId": [sf_id("00Q", i) for i in rows],
            "Field": ["Status" if i % 2 else "Title" for i in rows],
            "OldValue": ["New"] * N,
            "NewValue": ["Unqualified" if i % 2 else "Clerk" for i in rows],
            "CreatedDate": [f"{created(i) + timedelta(days=2):{SALESFORCE}}" for i in rows],
        }
    )
    won = [i for i in rows if taken_on(i)]
    deal = pd.DataFrame(
        {
            "Id": [sf_id("006", i) for i in won],
            "StageName": ["Signed" if i % 2 else "Closed Lost" for i in won],
            "Type": ["New Business" if i % 4 else "Renewal" for i in won],
            "IsClosed": "true",
            "IsWon": ["true" if i % 2 else "false" for i in won],
            "CloseDate": "2026-03-30",
            "CreatedDate": [f"{created(i) + timedelta(days=3):{SALESFORCE}}" for i in won],
        }
    )
    stages = pd.DataFrame(
        {
            "OpportunityId": deal.Id,
            "StageName": deal.StageName,
            "CreatedDate": deal.CreatedDate,
        }
    )
    task = pd.DataFrame(
        {
            "WhoId": [sf_id("003", i) if taken_on(i) else sf_id("00Q", i) for i in rows],
            "TaskSubtype": ["Call" if i % 2 else "Email" for i in rows],
            "IsClosed": ["true" if i % 5 else "false" for i in rows],
            "ActivityDate": "2026-12-31",
            "CompletedDateTime": [
                f"{created(i) + timedelta(days=1):{SALESFORCE}}" if i % 5 else None for i in rows
            ],
            "CallDurationInSeconds": [30 + i if i % 2 else None for i in rows],
        }
    )
    log = pd.DataFrame(
        {
            "WhoId": list(task.WhoId) * 2,
            "Type": ["page_view"] * N + ["form_submit"] * N,
            "Seconds": list(range(2 * N)),
            "OccurredAt": [f"{created(i) + timedelta(hours=1):{SALESFORCE}}" for i in rows] * 2,
        }
    )
    account = pd.DataFrame(
        {
            "Id": [sf_id("001", i) for i in range(20)],
            "Name": [f"Firm {i}" for i in range(20)],
            "Industry": ["Retail" if i % 2 else "Steel" for i in range(20)],
            "BillingCountry": ["DE" if i % 2 else "AT" for i in range(20)],
            "Type": ["Customer" if i % 2 else "Prospect" for i in range(20)],
        }
    )
    contact = pd.DataFrame(
        {
            "Id": [sf_id("003", i) for i in range(N, N + 5)] + [sf_id("003", i) for i in won],
            "AccountId": sf_id("001", 1),
            "LastName": "Sample",
            "MailingCountry": "DE",
            "CreatedDate": f"{START:{SALESFORCE}}",
        }
    )
    tables = {
        "Lead": lead,
        "LeadHistory": history,
        "Opportunity": deal,
        "OpportunityHistory": stages,
        "Task": task,
        "Account": account,
        "Contact": contact,
        "web_activity": log,
    }
    return _written(folder, tables)


def write_hubspot(folder: Path, *, history: bool = True, log: bool = True) -> Path:
    """Write contacts, companies and deals, with or without property history and a log."""
    rows = range(N)
    stamp = "%Y-%m-%d %H:%M"
    won = [i for i in rows if taken_on(i)]
    dated = {
        "Became a Lead Date": [f"{created(i):{stamp}}" for i in rows],
        "Became an Opportunity Date": [
            f"{created(i) + timedelta(days=4):{stamp}}" if taken_on(i) else None for i in rows
        ],
    }
    contact = pd.DataFrame(
        {
            "Record ID": [str(1000 + i) for i in rows],
            "Email": [f"a{i}@firm.example" for i in rows],
            "Create Date": [f"{created(i):{stamp}}" for i in rows],
            "Lifecycle Stage": ["Opportunity" if taken_on(i) else "Lead" for i in rows],
            "Lead Status": ["Unqualified" if i % 3 == 1 else "New" for i in rows],
            "Original Source": ["Paid Search" if i % 2 else "Offline Sources" for i in rows],
            "Job Title": ["Clerk" if i % 2 else "Boss" for i in rows],
            "First Conversion": ["Guide"] * N,
            "First Conversion Date": [f"{created(i):{stamp}}" for i in rows],
            "Recent Conversion Date": ["2026-03-03 10:00"] * N,
            "Number of Pageviews": list(rows),
            "Last Activity Date": ["2026-03-04 10:00"] * N,
            "HubSpot Score": list(rows),
            **dated,
            "Associated Company IDs": [str(500 + i % 20) for i in rows],
            "Associated Deal IDs": [f"{7000 + i};{8000 + i}" * taken_on(i) or None for i in rows],
            "Merged object IDs": ["9001;9002" if i == 4 else None for i in rows],
            "Marital Status": ["single"] * N,
            "Form variant": ["A" if i % 2 else "B" for i in rows],
        }
    )
    company = pd.DataFrame(
        {
            "Record ID": [str(500 + i) for i in range(20)],
            "Company name": [f"Firm {i}" for i in range(20)],
            "Industry": ["Steel" if i % 2 else "Retail" for i in range(20)],
        }
    )
    deal = pd.DataFrame(
        {
            "Record ID": [str(7000 + i) for i in won],
            "Deal Stage": ["closedwon" if i % 2 else "closedlost" for i in won],
            "Pipeline": "default",
            "Create Date": [f"{created(i) + timedelta(days=4):{stamp}}" for i in won],
            "Close Date": [f"{created(i) + timedelta(days=9):{stamp}}" for i in won],
            "Amount": 100,
        }
    )
    changes = pd.DataFrame(
        {
            "contactId": [str(1000 + i) for i in rows] * 3,
            "property": ["hs_lead_status"] * N + ["jobtitle"] * N + ["lifecyclestage"] * N,
            "value": ["UNQUALIFIED"] * N
            + ["Clerk"] * N
            + ["opportunity" if taken_on(i) else "lead" for i in rows],
            "timestamp": [f"{created(i) + timedelta(days=4):%Y-%m-%dT%H:%M:%SZ}" for i in rows] * 3,
            "sourceType": "CRM_UI",
        }
    )
    views = pd.DataFrame(
        {
            "contactId": [str(1000 + i) for i in rows] * 2,
            "type": ["page_view"] * N + ["form_submit"] * N,
            "asset": "pricing",
            "occurredAt": [f"{created(i):%Y-%m-%dT%H:%M:%SZ}" for i in rows] * 2,
        }
    )
    day = "2026-04-01"
    tables = {
        f"hubspot-crm-exports-all-contacts-{day}": contact,
        f"hubspot-crm-exports-all-companies-{day}": company,
        f"hubspot-crm-exports-all-deals-{day}": deal,
    }
    tables |= {"property_history": changes} if history else {}
    return _written(folder, tables | ({"page_views": views} if log else {}))


def _written(folder: Path, tables: dict[str, pd.DataFrame]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder
