"""Shape: which files the company exports itself in, and how a block of leads is written there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from predict.demo import columns, sales
from predict.demo.definition_text import definition_text
from predict.demo.incoming import Recent
from predict.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from predict.demo.profile import Accounts
    from predict.demo.simulation import Block, Company

    Tables = Mapping[str, pa.Table]

NAMES: Final = ("clean", "salesforce", "hubspot")

LEADS, ACCOUNTS, EVENTS = "leads.csv", "accounts.csv", "events.parquet"
TASKS, STAGES, SUPPRESSED = "tasks.csv", "stages.csv", "do-not-contact.csv"
LIST, VISITORS, TRUTH = "new_leads.csv", "trade_show.csv", "truth/truth.parquet"


class Shape(Protocol):
    """How the simulated company exports itself; every shape is written from the clean tables.

    Attributes
    ----------
    files : tuple of str
        All files of tables; `LIST`, `VISITORS` and `TRUTH` are among them.
    """

    files: tuple[str, ...]

    def block(self, place: int, block: Block, clean: Tables) -> dict[str, pa.Table]:
        """Return what a block of leads adds to the files; ``place`` is its number."""
        ...

    def accounts(self, start: int, clean: pa.Table) -> dict[str, pa.Table]:
        """Return what some accounts add, the first of which has the number ``start``.

        Asked for after all blocks.
        """
        ...

    def rest(self) -> dict[str, pa.Table]:
        """Return what belongs to no block and no account."""
        ...

    def listed(self, clean: pa.Table) -> pa.Table:
        """Return the list that comes in next, with the headers of this shape."""
        ...

    def definition(self) -> str:
        """Return the definition that maps the files."""
        ...


class Clean:
    """The shape of the simulation itself: one file a noun, nothing written over."""

    files: tuple[str, ...] = (
        ACCOUNTS,
        LEADS,
        EVENTS,
        TASKS,
        STAGES,
        SUPPRESSED,
        LIST,
        VISITORS,
        TRUTH,
    )

    def __init__(self, company: Company) -> None:
        self._calendar = company.calendar

    def block(self, place: int, block: Block, clean: Tables) -> dict[str, pa.Table]:
        """Return the clean tables."""
        return dict(clean)

    def accounts(self, start: int, clean: pa.Table) -> dict[str, pa.Table]:
        """Return the rows of ``accounts.csv``."""
        return {ACCOUNTS: clean}

    def rest(self) -> dict[str, pa.Table]:
        """Return nothing."""
        return {}

    def listed(self, clean: pa.Table) -> pa.Table:
        """Return the list as it is."""
        return clean

    def definition(self) -> str:
        """Return the commented definition of the demo."""
        return definition_text(self._calendar)


def shape_of(name: str, company: Company, accounts: Accounts) -> Shape:
    """Return a shape by name.

    Raises
    ------
    InputError
        No shape has this name.
    """
    if name == "clean":
        return Clean(company)
    if name == "salesforce":
        from predict.demo.salesforce import Salesforce

        return Salesforce(company, accounts)
    if name == "hubspot":
        from predict.demo.hubspot import HubSpot

        return HubSpot(company, accounts)
    raise InputError("no such shape", where="--as", got=name, do=f"one of {', '.join(NAMES)}")


def clean_tables(block: Block, accounts: Accounts, exported_at: np.datetime64) -> Tables:
    """Return the clean tables of a block, by file."""
    leads = block.leads
    lead_rows = columns.lead_table(leads, accounts, block.events, block.traps)
    return {
        LEADS: lead_rows,
        EVENTS: columns.event_table(leads, block.events),
        TASKS: columns.task_table(leads, block.tasks),
        STAGES: columns.stage_table(leads, block.deals, exported_at),
        SUPPRESSED: columns.suppression_table(lead_rows, block.is_blocked),
        TRUTH: columns.truth_table(leads, block.truth),
    }


def recent_leads(block: Block, lead_rows: pa.Table, exported_at: np.datetime64) -> Recent:
    """Return the leads of a block with what is so of them at the export."""
    known = block.deals.known(exported_at)
    ended = [sales.STAGES.index(stage) for stage in ("opportunity", *sales.LOST_STAGES)]
    return Recent(
        rows=lead_rows,
        is_open=np.asarray(~known[:, ended].any(axis=1)),
        is_opportunity=known[:, sales.STAGES.index("opportunity")] & ~block.is_blocked,
        is_blocked=block.is_blocked,
    )
