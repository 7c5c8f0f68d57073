"""The simulated company: eighteen months of leads, what they did, what became of them, on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from predict.demo import behaviour, columns, intent, sales, traps, truth
from predict.demo.behaviour import Events
from predict.demo.calendar import UNTIL, Calendar
from predict.demo.definition_text import definition_text
from predict.demo.drivers import drivers
from predict.demo.incoming import Recent, incoming_table, visitor_table
from predict.demo.profile import Accounts, Leads
from predict.demo.sheet import Sheet
from predict.errors import InputError
from predict.publish import is_complete, json_digest, publishing, read_json, write_json

if TYPE_CHECKING:
    import pyarrow as pa

VERSION: Final = 1
"""Raised whenever the same seed gives another company."""

BLOCK: Final = 4_000
"""Leads drawn and written together. Each block has random numbers of its own: any block can be
drawn alone, and memory does not grow with the number of leads."""

FEWEST: Final = 100

_ACCOUNTS_PER_LEAD: Final = 0.6
_ACCOUNT_ROWS: Final = 100_000
_FILES: Final = (
    "accounts.csv",
    "leads.csv",
    "events.parquet",
    "tasks.csv",
    "stages.csv",
    "do-not-contact.csv",
    "new_leads.csv",
    "trade_show.csv",
    "truth/truth.parquet",
)
_BLOCKED_EVERY: Final = 211


@dataclass(frozen=True)
class Block:
    """Some leads of the company with all that happened to them before the export."""

    leads: Leads
    path: intent.Path
    events: Events
    deals: sales.Deals
    tasks: sales.Tasks
    traps: traps.Traps
    truth: truth.Truth

    @property
    def is_blocked(self) -> np.ndarray:
        """Whether the lead asked not to be contacted: every 211th, so that it says nothing."""
        return self.leads.number % _BLOCKED_EVERY == _BLOCKED_EVERY // 2


@dataclass(frozen=True)
class Company:
    """A company to be simulated.

    Parameters
    ----------
    n_leads : int
        Leads in the eighteen months.
    seed : int
        The same seed gives the same company, byte for byte.
    until : datetime.date
        Last day of the history.
    """

    n_leads: int = 20_000
    seed: int = 7
    until: date = UNTIL

    def __post_init__(self) -> None:
        if self.n_leads < FEWEST:
            raise InputError(
                "a company so small has nothing to show",
                got=f"{self.n_leads} leads",
                do=f"ask for {FEWEST} or more with --leads",
            )
        if self.seed < 0:
            raise InputError("a seed is a whole number from 0", got=self.seed)

    @property
    def calendar(self) -> Calendar:
        """When the history begins, ends and is exported."""
        return Calendar(self.until)

    def random(self, *key: int) -> np.random.Generator:
        """Return the random numbers of one part of the company."""
        return np.random.default_rng([VERSION, self.seed, *key])

    def accounts(self) -> Accounts:
        """Draw all firms; three small columns, also for a million leads."""
        return Accounts.draw(self.random(0), max(20, int(self.n_leads * _ACCOUNTS_PER_LEAD)))

    def blocks(self, accounts: Accounts) -> Iterator[Block]:
        """Yield the company block by block, in the order in which leads came in."""
        for place in range(self.n_blocks):
            yield self.block(place, accounts)

    @property
    def n_blocks(self) -> int:
        """Number of blocks of `BLOCK` leads, the last one shorter."""
        return -(-self.n_leads // BLOCK)

    def block(self, place: int, accounts: Accounts) -> Block:
        """Draw one block of leads, counted from 0."""
        exported_at, rng = self.calendar.exported_at, self.random(1, place)
        number = np.arange(place * BLOCK, min((place + 1) * BLOCK, self.n_leads))
        leads = Leads.draw(rng, number, self.n_leads, accounts, self.calendar)
        moves = intent.Moves.of(leads)
        path = intent.walk(rng, leads, moves)
        events = behaviour.act(rng, leads, moves, path)
        told = truth.tell(leads, moves, path, events)
        told = told.take(told.as_of < exported_at)
        events = events.take(events.occurred_at < exported_at)
        deals = sales.close(rng, leads, path)
        tasks = sales.follow_up(rng, leads, path, deals)
        tasks = tasks.take(tasks.occurred_at < exported_at)
        filled = traps.fill(
            rng, leads, events=events, deals=deals, tasks=tasks, exported_at=exported_at
        )
        return Block(leads, path, events, deals, tasks, filled, told)


def write_company(
    folder: Path, leads: int = 20_000, seed: int = 7, until: date = UNTIL
) -> dict[str, int]:
    """Write the exports of a simulated company, a definition that maps them, and the truth.

    Parameters
    ----------
    folder : Path
        Absent or empty. A folder that already holds this very company is left untouched.
    leads : int
        Leads in the eighteen months.
    seed : int
        The same seed gives the same bytes.
    until : datetime.date
        Last day of the history.

    Returns
    -------
    dict of str to int
        Rows by table.

    Raises
    ------
    PredictError
        The folder holds something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     counts = write_company(Path(home) / "demo", leads=500)
    ...     sorted(p.name for p in (Path(home) / "demo").iterdir())
    ['accounts.csv', 'definition.toml', 'do-not-contact.csv', 'events.parquet', 'leads.csv',
     'manifest.json', 'new_leads.csv', 'stages.csv', 'tasks.csv', 'trade_show.csv', 'truth']
    >>> counts["leads"]
    500
    """
    company = Company(leads, seed, until)
    inputs = json_digest(
        {"demo": VERSION, "leads": leads, "seed": seed, "until": until.isoformat()}
    )
    if is_complete(folder, inputs):
        return _counts(read_json(folder / "manifest.json"))
    manifest: dict[str, object] = {}
    with publishing(folder, inputs, manifest) as staging:
        manifest["rows"] = _write(company, staging)
    return _counts(manifest)


def _counts(manifest: dict[str, object]) -> dict[str, int]:
    rows = manifest["rows"]
    assert isinstance(rows, dict)
    return {str(name): int(n) for name, n in rows.items()}


def _write(company: Company, folder: Path) -> dict[str, int]:
    """Write all files, holding no more than a few blocks in memory; return rows by table."""
    calendar, accounts = company.calendar, company.accounts()
    (folder / "truth").mkdir()
    recent: list[Recent] = []
    with ExitStack() as stack:
        sheets = {name: stack.enter_context(Sheet(folder / name)) for name in _FILES}
        for part, start in enumerate(range(0, len(accounts), _ACCOUNT_ROWS)):
            rows = slice(start, start + _ACCOUNT_ROWS)
            table = columns.account_table(accounts, rows, company.random(2, part))
            sheets["accounts.csv"].write(table)
        for block in company.blocks(accounts):
            tables = _tables(block, accounts, calendar)
            for name, table in tables.items():
                sheets[name].write(table)
            recent = [*recent, _recent(block, tables["leads.csv"], calendar)][-2:]
        rng, next_number = company.random(3), company.n_leads
        listed = incoming_table(rng, next_number, accounts, recent, calendar)
        sheets["new_leads.csv"].write(listed)
        met = visitor_table(rng, next_number + listed.num_rows, accounts, calendar)
        sheets["trade_show.csv"].write(met)
    write_json(folder / "truth" / "drivers.json", drivers())
    text = definition_text(calendar)
    (folder / "definition.toml").write_text(text, encoding="utf-8", newline="\n")
    return {Path(name).stem: sheet.rows for name, sheet in sheets.items()}


def _tables(block: Block, accounts: Accounts, calendar: Calendar) -> dict[str, pa.Table]:
    leads = block.leads
    lead_rows = columns.lead_table(leads, accounts, block.events, block.traps)
    return {
        "leads.csv": lead_rows,
        "events.parquet": columns.event_table(leads, block.events),
        "tasks.csv": columns.task_table(leads, block.tasks),
        "stages.csv": columns.stage_table(leads, block.deals, calendar.exported_at),
        "do-not-contact.csv": columns.suppression_table(lead_rows, block.is_blocked),
        "truth/truth.parquet": columns.truth_table(leads, block.truth),
    }


def _recent(block: Block, lead_rows: pa.Table, calendar: Calendar) -> Recent:
    known = block.deals.known(calendar.exported_at)
    ended = [sales.STAGES.index(stage) for stage in ("opportunity", *sales.LOST_STAGES)]
    return Recent(
        rows=lead_rows,
        is_open=np.asarray(~known[:, ended].any(axis=1)),
        is_opportunity=known[:, sales.STAGES.index("opportunity")] & ~block.is_blocked,
        is_blocked=block.is_blocked,
    )
