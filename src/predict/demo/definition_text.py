"""The definition of the demo company: one text, written beside the data and in ``pipelines/``."""

from __future__ import annotations

from typing import Final

from predict.demo.calendar import Calendar
from predict.demo.names import FREE_MAIL_DOMAINS

_TEXT: Final = """\
# What a lead is, what counts as success, and by when: agreed between marketing and sales, kept in
# git. This one maps the simulated company that `predict demo` writes. Paths are relative to this
# file, or to the folder given with --data.

name = "opportunity-in-90-days"
time_zone = "UTC"

# The one question all else serves: does the lead become an opportunity within 90 days after the
# day we look? A lead that was lost or disqualified is no longer looked at.
[conversion]
stage = "opportunity"
within_days = 90
lost_stages = ["lost", "disqualified"]

# Leads are looked at when they come in and after a week, a month, two months: while still open.
# Each look is one row to learn from, with what was known at that moment and nothing later.
[snapshots]
ages_days = [0, 7, 30, 60]

[leads]
path = "{folder}leads.csv"
exported_at = {exported_at}          # a day means its end
lead_id = "lead_id"
created_at = "created_at"
account_id = "account_id"
source = "source"
campaign = "campaign"
list = "list"
owner = "owner"

# The class of a column says what it means in time. Ask of each: who fills this, and when?
[leads.columns]
job_title = {{ class = "fixed", type = "text", words = "job title" }}
industry = {{ class = "fixed", words = "industry" }}
employees = {{ class = "fixed", type = "number", words = "number of employees" }}
country = {{ class = "fixed", words = "country" }}
form_variant = {{ class = "fixed", words = "variant of the form" }}
badge_colour = {{ class = "fixed", words = "colour of the badge" }}
# Never features; of the e-mail address only its kind (business or free) and country are used.
first_name = "personal"
last_name = "personal"
email = "personal"
phone = "personal"
company = "personal"
# The CRM overwrites it: today's status says what became of the lead, not what it was like then.
status = "mutable"
# Written after we called: it is long where the talk went well. A classic of hindsight.
last_call_seconds = "hindsight"
budget_confirmed = "hindsight"
# A count over all time, the visits of later customers included.
lifetime_page_views = "hindsight"
# Moves with every contact: the date of a lead that was lost long ago stands still.
last_activity_at = "last_of"
# What ranks leads today; to be beaten, never to be learned from.
crm_score = "incumbent"

[related.account]
path = "{folder}accounts.csv"
exported_at = {exported_at}
key = "account_id"
their_key = "account_id"

[related.account.columns]
industry = {{ class = "fixed", words = "industry of the firm" }}
employees = {{ class = "fixed", type = "number", words = "employees of the firm" }}
country = {{ class = "fixed", words = "country of the firm" }}

# What the lead did. Complete since {covers_from}: before that day nothing was tracked, and no
# lead of this export was there yet.
[events.activity]
path = "{folder}events.parquet"
exported_at = {exported_at}
lead_id = "lead_id"
occurred_at = "occurred_at"
kind_column = "kind"
asset = "asset"
values = ["seconds", "pages"]
by = "lead"
covers_from = {covers_from}

# What we did. A call we made is not interest they showed: this never becomes a feature.
[events.task]
path = "{folder}tasks.csv"
exported_at = {exported_at}
lead_id = "lead_id"
occurred_at = "occurred_at"
kind_column = "kind"
values = ["seconds"]
by = "us"
covers_from = {covers_from}

[outcomes.stage]
path = "{folder}stages.csv"
exported_at = {exported_at}
lead_id = "lead_id"
stage_column = "stage"
entered_at = "entered_at"
amount = "amount"
reason = "reason"

# Must-haves. Sales sells in these countries; budget is known only after the first talk, so that
# it cannot hold back a hand-off.
[criteria.country]
field = "country"
in = ["DE", "AT", "CH", "NL", "FR", "GB"]
known = "at hand-off"

[criteria.budget]
field = "budget_confirmed"
in = ["yes"]
known = "after contact"

[money]
capacity_per_month = 200
value_of_win = 12000
cost_of_follow_up = 90

# Headers of the trade-show list, as the organiser sends it, and ours.
[lists.trade_show]
"First Name" = "first_name"
"Last Name" = "last_name"
"E-Mail" = "email"
"Company" = "company"
"Job Title" = "job_title"
"Industry" = "industry"
"Employees" = "employees"
"Country" = "country"

[suppression]
path = "{folder}do-not-contact.csv"
lead_id = "lead_id"

"""

#: What every shape says alike: the company's free mailboxes, and how kinds of events are told.
SHARED: Final = f"""\
# The well-known free mailboxes are known; these two stand for all of them in this company.
[reading]
free_mail = [{", ".join(f'"{domain}"' for domain in FREE_MAIL_DOMAINS)}]

# How a kind of event is told: "viewed 4 pages", "downloaded one offer".
[words.page_view]
did = "viewed"
thing = "page"
things = "pages"

[words.offer_download]
did = "downloaded"
thing = "offer"
things = "offers"

[words.article_read]
did = "read"
thing = "article"
things = "articles"

[words.email_open]
did = "opened"
thing = "e-mail"
things = "e-mails"

[words.email_click]
did = "clicked in"
thing = "e-mail"
things = "e-mails"

[words.webinar_attended]
did = "attended"
thing = "webinar"
things = "webinars"

[words.demo_request]
did = "sent"
thing = "demo request"
things = "demo requests"

[words.call]
did = "was called in"
thing = "call"
things = "calls"

[words.email]
did = "was sent"
thing = "e-mail of ours"
things = "e-mails of ours"
"""


def definition_text(calendar: Calendar, folder: str = "") -> str:
    """Return the definition as TOML.

    Parameters
    ----------
    calendar : Calendar
        When the history was exported and since when it is complete.
    folder : str
        Put before each file name: ``""`` beside the data, ``"../data/demo/"`` in ``pipelines/``.

    Examples
    --------
    >>> text = definition_text(Calendar(), "../data/demo/")
    >>> [line for line in text.splitlines() if "leads.csv" in line]
    ['path = "../data/demo/leads.csv"']
    """
    return (
        _TEXT.format(
            folder=folder,
            exported_at=calendar.until.isoformat(),
            covers_from=calendar.start.replace(year=calendar.start.year - 1).isoformat(),
        )
        + SHARED
    )
