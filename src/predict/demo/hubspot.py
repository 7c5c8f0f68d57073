"""HubSpot: the company exported as wide files of contacts, companies and deals, with logs.

Contacts keep their id; those that were merged into another leave theirs in the logs. The exports
hold minutes where the logs and the history of properties hold seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from predict.demo import hubspot_contacts, hubspot_records
from predict.demo.changes import Changes, written_over
from predict.demo.hubspot_text import hubspot_text
from predict.demo.merges import merge
from predict.demo.pipeline import steps
from predict.demo.shape import EVENTS, LEADS, LIST, SUPPRESSED, TASKS, TRUTH, VISITORS
from predict.demo.stamps import texts, words
from predict.demo.vendor_rows import DRAWS, account_numbers, known_first, lead_numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from predict.demo.profile import Accounts
    from predict.demo.shape import Tables
    from predict.demo.simulation import Block, Company

_HISTORY, _VIEWS, _ENGAGEMENTS = "property_history.csv", "page_views.csv", "engagements.csv"


class HubSpot:
    """The shape of HubSpot's exports; see `predict.demo.shape.Shape`."""

    def __init__(self, company: Company, accounts: Accounts) -> None:
        self._company, self._accounts = company, accounts
        self._exported_at = company.calendar.exported_at
        self._recent: list[pa.Table] = []
        # The vendor dates its files by the day they were made: the one after the history's last.
        made = np.datetime_as_string(self._exported_at, unit="D")
        self._contacts, self._companies, self._deals = (
            f"hubspot-crm-exports-all-{what}-{made}.csv"
            for what in ("contacts", "companies", "deals")
        )
        self.files: tuple[str, ...] = (
            self._contacts,
            self._companies,
            self._deals,
            _HISTORY,
            _VIEWS,
            _ENGAGEMENTS,
            SUPPRESSED,
            LIST,
            VISITORS,
            TRUTH,
        )

    def block(self, place: int, block: Block, clean: Tables) -> dict[str, pa.Table]:
        """Return what a block of leads adds to the exports."""
        rng, exported_at, leads = (
            self._company.random(DRAWS, place),
            self._exported_at,
            clean[LEADS],
        )
        over = written_over(rng, block, words(leads["job_title"]), self._accounts, exported_at)
        merges, deals = merge(rng, block, exported_at), steps(rng, block, exported_at)
        moved = hubspot_contacts.moves(rng, block, exported_at)
        changes = Changes.together([*moved, over])
        number, account = block.leads.number, block.leads.account
        rows = hubspot_contacts.contact_table(leads, number, account, block, changes, merges, deals)
        self._recent = [*self._recent, rows][-2:]
        records = hubspot_records
        return {
            self._contacts: rows,
            self._deals: records.deal_table(block, deals, words(leads["company"])),
            _HISTORY: records.property_table(block, leads, changes, merges),
            _VIEWS: records.activity_table(rng, block, clean[EVENTS], merges),
            _ENGAGEMENTS: records.engagement_table(rng, block, clean[TASKS], merges),
            SUPPRESSED: _renamed(clean[SUPPRESSED]),
            TRUTH: _renamed(clean[TRUTH]),
        }

    def accounts(self, start: int, clean: pa.Table) -> dict[str, pa.Table]:
        """Return rows of the export of companies."""
        first_day = np.datetime64(self._company.calendar.start, "D")
        return {self._companies: hubspot_records.company_table(clean, start, first_day)}

    def rest(self) -> dict[str, pa.Table]:
        """Return nothing."""
        return {}

    def listed(self, clean: pa.Table) -> pa.Table:
        """Return the list with the headers of contacts; known ones as they stand there."""
        fresh = hubspot_contacts.contact_table(clean, lead_numbers(clean), account_numbers(clean))
        return known_first(fresh, self._recent, "Record ID")

    def definition(self) -> str:
        """Return the definition that maps the exports."""
        return hubspot_text(self._company.calendar)


def _renamed(table: pa.Table) -> pa.Table:
    """Return a table about leads with their ids of this vendor."""
    from predict.demo.vendor_ids import hubspot_contacts as ids

    return table.set_column(0, "lead_id", texts(ids(lead_numbers(table))))
