"""Salesforce: the company exported object by object, as a data export of the vendor gives it.

Ids change at conversion: what a converted lead did and what we did for it stands under its
contact. Columns are as of the export; ``LeadHistory.csv`` tells what they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from predict.demo import (
    salesforce_activity,
    salesforce_deals,
    salesforce_leads,
    vendor_ids,
)
from predict.demo.changes import Changes, written_over
from predict.demo.merges import merge
from predict.demo.pipeline import steps
from predict.demo.sales import STAGES as STAGE_NAMES
from predict.demo.salesforce_leads import Standing
from predict.demo.salesforce_text import salesforce_text
from predict.demo.shape import EVENTS, LEADS, LIST, SUPPRESSED, TASKS, TRUTH, VISITORS
from predict.demo.stamps import texts, words
from predict.demo.vendor_ids import salesforce_ids
from predict.demo.vendor_rows import DRAWS, known_first, lead_numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from predict.demo.profile import Accounts
    from predict.demo.shape import Tables
    from predict.demo.simulation import Block, Company


class Salesforce:
    """The shape of a Salesforce export; see `predict.demo.shape.Shape`."""

    files: tuple[str, ...] = (
        "Lead.csv",
        "LeadHistory.csv",
        "Account.csv",
        "Contact.csv",
        "Opportunity.csv",
        "OpportunityHistory.csv",
        "Task.csv",
        "Campaign.csv",
        "CampaignMember.csv",
        "web_activity.csv",
        SUPPRESSED,
        LIST,
        VISITORS,
        TRUTH,
    )

    def __init__(self, company: Company, accounts: Accounts) -> None:
        self._company, self._accounts = company, accounts
        self._exported_at = company.calendar.exported_at
        self._customers = np.zeros(len(accounts), dtype=bool)
        self._campaigns: dict[str, int] = {}
        self._since: list[np.datetime64] = []
        self._recent: list[pa.Table] = []

    def block(self, place: int, block: Block, clean: Tables) -> dict[str, pa.Table]:
        """Return what a block of leads adds to the objects."""
        import pyarrow as pa

        rng, exported_at, leads = (
            self._company.random(DRAWS, place),
            self._exported_at,
            clean[LEADS],
        )
        over = written_over(rng, block, words(leads["job_title"]), self._accounts, exported_at)
        merges, deals = merge(rng, block, exported_at), steps(rng, block, exported_at)
        changes = Changes.together([salesforce_leads.statuses(block, exported_at), over])
        standing = Standing.of(
            block,
            leads,
            changes,
            salesforce_leads.converted_at(block, exported_at),
            self._converted_accounts(block),
        )
        has_won = block.deals.known(exported_at)[:, STAGE_NAMES.index("won")]
        self._customers[block.leads.account[has_won & (block.leads.account >= 0)]] = True
        self._enrol(leads)
        who = salesforce_activity.who_ids(leads, standing)
        rows = salesforce_leads.lead_table(leads, standing, exported_at)
        merged = salesforce_leads.merged_table(leads, merges, exported_at)
        self._recent = [*self._recent, rows][-2:]
        number, campaign = block.leads.number, self._campaign_ids(leads)
        return {
            "Lead.csv": pa.concat_tables([rows, merged]).sort_by("Id"),
            "LeadHistory.csv": salesforce_leads.history_table(
                place, leads, changes, standing.converted_at
            ),
            "Account.csv": salesforce_deals.new_account_table(leads, standing, has_won),
            "Contact.csv": salesforce_deals.contact_table(leads, standing),
            "Opportunity.csv": salesforce_deals.opportunity_table(deals, leads, standing, campaign),
            "OpportunityHistory.csv": salesforce_deals.deal_history_table(place, deals, number),
            "Task.csv": salesforce_activity.task_table(
                rng, place, block, leads, clean[TASKS], standing, exported_at
            ),
            "CampaignMember.csv": salesforce_activity.member_table(
                block, leads, standing, self._campaigns
            ),
            "web_activity.csv": salesforce_activity.activity_table(block, clean[EVENTS], who),
            SUPPRESSED: _renamed(clean[SUPPRESSED]),
            TRUTH: _renamed(clean[TRUTH]),
        }

    def accounts(self, start: int, clean: pa.Table) -> dict[str, pa.Table]:
        """Return rows of ``Account.csv``, with who has become a customer."""
        customers = self._customers[start : start + clean.num_rows]
        first_day = np.datetime64(self._company.calendar.start, "D")
        return {"Account.csv": salesforce_deals.account_table(clean, start, first_day, customers)}

    def rest(self) -> dict[str, pa.Table]:
        """Return the campaigns."""
        return {"Campaign.csv": salesforce_deals.campaign_table(self._campaigns, self._since)}

    def listed(self, clean: pa.Table) -> pa.Table:
        """Return the list with the headers of ``Lead.csv``; known leads as they stand there."""
        fresh = salesforce_leads.lead_table(clean, Standing.fresh(clean), self._exported_at)
        return known_first(fresh, self._recent, "Id")

    def definition(self) -> str:
        """Return the definition that maps the objects."""
        return salesforce_text(self._company.calendar)

    def _converted_accounts(self, block: Block) -> np.ndarray:
        """Return the account each lead has or would be given: its own where none was matched."""
        leads = block.leads
        return np.where(leads.account >= 0, leads.account, len(self._accounts) + leads.number)

    def _enrol(self, leads: pa.Table) -> None:
        """Number the campaigns and trade shows in the order in which they got their first lead."""
        created = leads["created_at"].to_numpy()
        for column in ("campaign", "list"):
            names = leads[column].to_pylist()
            for name in sorted({n for n in names if n is not None} - set(self._campaigns)):
                self._campaigns[name] = len(self._campaigns)
                self._since.append(created[names.index(name)])

    def _campaign_ids(self, leads: pa.Table) -> np.ndarray:
        number = [self._campaigns[name] for name in leads["campaign"].to_pylist()]
        return salesforce_ids(vendor_ids.CAMPAIGN, np.array(number))


def _renamed(table: pa.Table) -> pa.Table:
    """Return a table about leads with their ids of this vendor."""
    ids = salesforce_leads.lead_ids(lead_numbers(table))
    return table.set_column(0, "lead_id", texts(ids))
