"""The definition of the demo company exported as Salesforce, written by hand."""

from __future__ import annotations

from typing import Final

from predict.demo.calendar import Calendar
from predict.demo.definition_text import SHARED

_TEXT: Final = """\
# The simulated company, exported object by object as Salesforce does. What a lead is, what counts
# as success, and by when, is the same as in the clean shape; only the columns have other names.

name = "opportunity-in-90-days"
time_zone = "UTC"

[conversion]
stage = "opportunity"
within_days = 90
lost_stages = ["lost", "disqualified"]

[snapshots]
ages_days = [0, 7, 30, 60]

# Second records of one person are deleted when they are merged into the first; an export of all
# rows holds them still. As leads they would be people who came in and never did a thing.
[leads]
path = "Lead.csv"
exported_at = {exported_at}
where = {{ IsDeleted = "false" }}
lead_id = "Id"
created_at = "CreatedDate"
account_id = "Matched_Account__c"     # filled when the lead comes in; ConvertedAccountId is not
source = "LeadSource"
list = "List__c"
owner = "OwnerId"

[leads.columns]
Industry = {{ class = "fixed", words = "industry" }}
Country = {{ class = "fixed", words = "country" }}
Form_Variant__c = {{ class = "fixed", words = "variant of the form" }}
Badge_Colour__c = {{ class = "fixed", words = "colour of the badge" }}
# Sales writes these over when a lead is converted: titles are put in order, sizes are looked up.
# As of the export they say what became of the lead; LeadHistory says what they were.
Title = {{ class = "mutable", type = "text", words = "job title" }}
NumberOfEmployees = {{ class = "mutable", type = "number", words = "number of employees" }}
# What sales thinks of a lead as it goes along.
Status = "hindsight"
Rating = "hindsight"
# Never features; of the e-mail address only its kind (business or free) is used.
FirstName = "personal"
LastName = "personal"
Email = "personal"
Phone = "personal"
Company = "personal"
HasOptedOutOfEmail = "eligibility"
# Written by conversion itself.
IsDeleted = "hindsight"
IsConverted = "hindsight"
ConvertedDate = "hindsight"
ConvertedAccountId = "hindsight"
ConvertedContactId = "hindsight"
ConvertedOpportunityId = "hindsight"
MasterRecordId = "hindsight"
Last_Call_Seconds__c = "hindsight"
Budget_Confirmed__c = "hindsight"
Lifetime_Page_Views__c = "hindsight"
LastModifiedDate = "last_of"
LastActivityDate = "last_of"
SystemModstamp = "last_of"
Lead_Score__c = "incumbent"

[related.account]
path = "Account.csv"
exported_at = {exported_at}
key = "Matched_Account__c"
their_key = "Id"

[related.account.columns]
Industry = {{ class = "fixed", words = "industry of the firm" }}
NumberOfEmployees = {{ class = "fixed", type = "number", words = "employees of the firm" }}
BillingCountry = {{ class = "fixed", words = "country of the firm" }}
Type = "hindsight"                    # a customer today

# A converted lead lives on as a contact: its tasks, campaigns and visits carry the contact's id.
# Without these links a lead that became an opportunity seems to have done nothing.
[links.contact]
path = "Lead.csv"
exported_at = {exported_at}
lead_id = "Id"
other_id = "ConvertedContactId"

[links.opportunity]
path = "Lead.csv"
exported_at = {exported_at}
lead_id = "Id"
other_id = "ConvertedOpportunityId"

# What the lead did: the log of a web and mailing tool that files it under the id of today.
[events.activity]
path = "web_activity.csv"
exported_at = {exported_at}
id = "WhoId"
id_of = ["lead", "contact"]
occurred_at = "OccurredAt"
kind_column = "Type"
asset = "Asset"
values = ["Seconds", "Pages"]
by = "lead"
covers_from = {covers_from}

# What we did, once it was done: an open task and the day it is due are plans.
[events.task]
path = "Task.csv"
exported_at = {exported_at}
where = {{ IsClosed = "true" }}
id = "WhoId"
id_of = ["lead", "contact"]
occurred_at = "CompletedDateTime"
kind_column = "TaskSubtype"
values = ["CallDurationInSeconds"]
by = "us"
covers_from = {covers_from}

# That we put a lead into a campaign. Whether it responded stands in web_activity, to the second.
[events.campaign]
path = "CampaignMember.csv"
exported_at = {exported_at}
id = "LeadOrContactId"
id_of = ["lead", "contact"]
occurred_at = "CreatedDate"
kind = "campaign"
asset = "CampaignId"
by = "us"
covers_from = {covers_from}

# Stages before the opportunity are values of Status, dated by its history.
[outcomes.status]
path = "LeadHistory.csv"
exported_at = {exported_at}
lead_id = "LeadId"
stage_column = "NewValue"
entered_at = "CreatedDate"

[outcomes.status.where]
Field = "Status"
NewValue = ["MQL", "SAL", "SQL", "Closed - Not Converted", "Unqualified"]

[outcomes.status.stages]
MQL = "MQL"
SAL = "SAL"
SQL = "SQL"
"Closed - Not Converted" = "disqualified"
Unqualified = "disqualified"

# A deal begins in Qualification, at its CreatedDate. Deals with customers hang on no lead.
[outcomes.opportunity]
path = "OpportunityHistory.csv"
exported_at = {exported_at}
where = {{ StageName = ["Qualification", "Closed Won", "Closed Lost"] }}
id = "OpportunityId"
id_of = "opportunity"
stage_column = "StageName"
stages = {{ "Closed Won" = "won", "Closed Lost" = "lost" }}
entered_at = "CreatedDate"
amount = "Amount"

# Every lead has a row "created" since the first day: a field without a change never changed.
[history.lead]
path = "LeadHistory.csv"
exported_at = {exported_at}
id = "LeadId"
field = "Field"
old = "OldValue"
new = "NewValue"
changed_at = "CreatedDate"
covers_from = {covers_from}

[criteria.country]
field = "Country"
in = ["DE", "AT", "CH", "NL", "FR", "GB"]
known = "at hand-off"

[criteria.budget]
field = "Budget_Confirmed__c"
in = ["yes"]
known = "after contact"

[money]
capacity_per_month = 200
value_of_win = 12000
cost_of_follow_up = 90

[lists.trade_show]
"First Name" = "FirstName"
"Last Name" = "LastName"
"E-Mail" = "Email"
"Company" = "Company"
"Job Title" = "Title"
"Industry" = "Industry"
"Employees" = "NumberOfEmployees"
"Country" = "Country"

[suppression]
path = "do-not-contact.csv"
lead_id = "lead_id"

"""


def salesforce_text(calendar: Calendar) -> str:
    """Return the definition as TOML; paths are relative to the folder it stands in.

    Examples
    --------
    >>> "id_of = [\\"lead\\", \\"contact\\"]" in salesforce_text(Calendar())
    True
    """
    text = _TEXT.format(
        exported_at=calendar.until.isoformat(),
        covers_from=calendar.start.replace(year=calendar.start.year - 1).isoformat(),
    )
    return text + SHARED.replace("[words.call]", "[words.Call]").replace(
        "[words.email]", "[words.Email]"
    )
