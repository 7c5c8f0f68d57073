"""The definition of the demo company exported as HubSpot, written by hand."""

from __future__ import annotations

from typing import Final

from predict.demo.calendar import Calendar
from predict.demo.definition_text import SHARED

_TEXT: Final = """\
# The simulated company, exported as HubSpot does: wide files of contacts, companies and deals as
# they are today, a history of properties, and logs. What a lead is, what counts as success, and by
# when, is the same as in the clean shape. The portal's clock is set to UTC.

name = "opportunity-in-90-days"
time_zone = "UTC"

[conversion]
stage = "opportunity"
within_days = 90
lost_stages = ["lost", "disqualified"]

[snapshots]
ages_days = [0, 7, 30, 60]

[leads]
path = "hubspot-crm-exports-all-contacts-*.csv"
exported_at = "from-name"
lead_id = "Record ID"
created_at = "Create Date"            # in minutes
account_id = "Associated Company IDs"
source = "Original Source"
campaign = "Original Source Drill-Down 1"
list = "List"
owner = "Contact owner"

[leads.columns]
"Industry" = {{ class = "fixed", words = "industry" }}
"Country/Region" = {{ class = "fixed", words = "country" }}
"Form variant" = {{ class = "fixed", words = "variant of the form" }}
"Badge colour" = {{ class = "fixed", words = "colour of the badge" }}
# Sales writes these over when a deal is opened; property_history says what they were.
"Job Title" = {{ class = "mutable", type = "text", words = "job title" }}
"Number of Employees" = {{ class = "mutable", type = "number", words = "number of employees" }}
# Counts as of the export, the visits of later customers included. The history has them by day.
"Number of Pageviews" = {{ class = "mutable", type = "number", words = "page views so far" }}
"Number of Sessions" = "hindsight"
"Number of Form Submissions" = "hindsight"
"Number of times contacted" = "hindsight"
"Number of Associated Deals" = "hindsight"
"Associated Deal IDs" = "hindsight"
"Merged object IDs" = "hindsight"
"Lifecycle Stage" = "hindsight"
"Lead Status" = "hindsight"
# The same as Original Source, in our own words.
"Original Source Drill-Down 2" = "hindsight"
# First times: the same events stand in page_views, to the second.
"First Conversion" = "first_of"
"First Conversion Date" = "first_of"
"Time of First Session" = "first_of"
"First marketing email open date" = "first_of"
# Stages: dates are cleared when a stage is set back, so the history is read instead.
"Became a Lead Date" = "hindsight"
"Became a Marketing Qualified Lead Date" = "hindsight"
"Became a Sales Qualified Lead Date" = "hindsight"
"Became an Opportunity Date" = "hindsight"
"Became a Customer Date" = "hindsight"
# Latest times and sources: they move with every contact.
"Latest Source" = "last_of"
"Recent Conversion" = "last_of"
"Recent Conversion Date" = "last_of"
"Time Last Seen" = "last_of"
"Last marketing email open date" = "last_of"
"Last Activity Date" = "last_of"
"Last Contacted" = "last_of"
"HubSpot Score" = "incumbent"
"Unsubscribed from all email" = "eligibility"
# Never features; of the e-mail address only its kind (business or free) is used.
"First Name" = "personal"
"Last Name" = "personal"
"Email" = "personal"
"Phone Number" = "personal"
"Company Name" = "personal"

[related.account]
path = "hubspot-crm-exports-all-companies-*.csv"
exported_at = "from-name"
key = "Associated Company IDs"
their_key = "Record ID"

[related.account.columns]
"Industry" = {{ class = "fixed", words = "industry of the firm" }}
"Number of Employees" = {{ class = "fixed", type = "number", words = "employees of the firm" }}
"Country/Region" = {{ class = "fixed", words = "country of the firm" }}

# Contacts that were merged into another left their ids in the logs. "Merged object IDs" lists the
# same ids, several to a cell; the history has one a row.
[links.merged]
path = "property_history.csv"
exported_at = {exported_at}
where = {{ property = "hs_merged_object_ids" }}
lead_id = "contactId"
other_id = "value"

[events.activity]
path = "page_views.csv"
exported_at = {exported_at}
id = "contactId"
id_of = ["lead", "merged"]
occurred_at = "occurredAt"
kind_column = "type"
asset = "asset"
values = ["seconds", "pages"]
by = "lead"
covers_from = {covers_from}

[events.engagement]
path = "engagements.csv"
exported_at = {exported_at}
id = "contactId"
id_of = ["lead", "merged"]
occurred_at = "completedAt"
kind_column = "type"
values = ["durationSeconds"]
by = "us"
covers_from = {covers_from}

[outcomes.lifecycle]
path = "property_history.csv"
exported_at = {exported_at}
lead_id = "contactId"
stage_column = "value"
entered_at = "timestamp"

[outcomes.lifecycle.where]
property = "lifecyclestage"
value = ["marketingqualifiedlead", "salesqualifiedlead", "opportunity"]

[outcomes.lifecycle.stages]
marketingqualifiedlead = "MQL"
salesqualifiedlead = "SQL"
opportunity = "opportunity"

# There is no lifecycle stage for leads that sales accepted or turned down.
[outcomes.status]
path = "property_history.csv"
exported_at = {exported_at}
where = {{ property = "hs_lead_status", value = ["IN_PROGRESS", "UNQUALIFIED"] }}
lead_id = "contactId"
stage_column = "value"
stages = {{ IN_PROGRESS = "SAL", UNQUALIFIED = "disqualified" }}
entered_at = "timestamp"

# How new business ended, in minutes. The close date of an open deal is a hope.
[outcomes.deal]
path = "hubspot-crm-exports-all-deals-*.csv"
exported_at = "from-name"
where = {{ "Deal Type" = "New Business", "Deal Stage" = ["Closed Won", "Closed Lost"] }}
lead_id = "Associated Contact IDs"
stage_column = "Deal Stage"
stages = {{ "Closed Won" = "won", "Closed Lost" = "lost" }}
entered_at = "Close Date"
amount = "Amount"
reason = "Closed Lost Reason"

[history.contact]
path = "property_history.csv"
exported_at = {exported_at}
id = "contactId"
field = "property"
new = "value"
changed_at = "timestamp"
covers_from = {covers_from}
fields = {{ jobtitle = "Job Title", numemployees = "Number of Employees" }}

[criteria.country]
field = "Country/Region"
in = ["DE", "AT", "CH", "NL", "FR", "GB"]
known = "at hand-off"

[money]
capacity_per_month = 200
value_of_win = 12000
cost_of_follow_up = 90

[lists.trade_show]
"First Name" = "First Name"
"Last Name" = "Last Name"
"E-Mail" = "Email"
"Company" = "Company Name"
"Job Title" = "Job Title"
"Industry" = "Industry"
"Employees" = "Number of Employees"
"Country" = "Country/Region"

[suppression]
path = "do-not-contact.csv"
lead_id = "lead_id"

"""


def hubspot_text(calendar: Calendar) -> str:
    """Return the definition as TOML; paths are relative to the folder it stands in.

    Examples
    --------
    >>> 'exported_at = "from-name"' in hubspot_text(Calendar())
    True
    """
    text = _TEXT.format(
        exported_at=calendar.until.isoformat(),
        covers_from=calendar.start.replace(year=calendar.start.year - 1).isoformat(),
    )
    return text + SHARED.replace("[words.call]", "[words.CALL]").replace(
        "[words.email]", "[words.EMAIL]"
    )
