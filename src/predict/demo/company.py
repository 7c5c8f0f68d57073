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
from predict.demo.incoming import Recent, incoming_table
from predict.demo.profile import Accounts, Leads
from predict.demo.sheet import Sheet
from predict.publish import is_complete, json_digest, publishing, read_json, write_json

if TYPE_CHECKING:
    import pyarrow as pa

VERSION: Final = 1
"""Raised whenever the same seed gives another company."""

ATOM: Final = 4_000
"""Leads drawn together. Each atom has random numbers of its own, so that memory is bounded and
the content does not depend on how many atoms are written at a time."""

_ACCOUNTS_PER_LEAD: Final = 0.6
_ACCOUNT_ROWS: Final = 100_000
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
        for atom, start in enumerate(range(0, self.n_leads, ATOM)):
            number = np.arange(start, min(start + ATOM, self.n_leads))
            yield self._block(atom, number, accounts)

    def _block(self, atom: int, number: np.ndarray, accounts: Accounts) -> Block:
        exported_at = self.calendar.exported_at
        rng = self.random(1, atom)
        leads = Leads.draw(rng, number, self.n_leads, accounts, self.calendar)
        moves = intent.Moves.of(leads)
        path = intent.walk(rng, leads, moves)
        events = behaviour.act(rng, leads, moves, path)
        told = truth.tell(leads, moves, path, events).before(exported_at)
        events = events.before(exported_at)
        deals = sales.close(rng, leads, path)
        tasks = sales.follow_up(rng, leads, path, deals).before(exported_at)
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
     'manifest.json', 'new_leads.csv', 'stages.csv', 'tasks.csv', 'truth']
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
    (folder / "truth").mkdir()
    accounts = company.accounts()
    exported_at = company.calendar.exported_at
    rows: dict[str, int] = {}
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(Sheet(folder / name))
            for name in ("accounts.csv", "leads.csv", "events.parquet", "tasks.csv", "stages.csv")
        }
        told = stack.enter_context(Sheet(folder / "truth" / "truth.parquet"))
        blocked = stack.enter_context(Sheet(folder / "do-not-contact.csv"))
        for part, start in enumerate(range(0, len(accounts), _ACCOUNT_ROWS)):
            end = min(start + _ACCOUNT_ROWS, len(accounts))
            rng = company.random(2, part)
            files["accounts.csv"].write(columns.account_table(accounts, start, end, rng))
        recent: list[Recent] = []
        for block in company.blocks(accounts):
            lead_rows = columns.lead_table(block.leads, accounts, block.events, block.traps)
            files["leads.csv"].write(lead_rows)
            files["events.parquet"].write(columns.event_table(block.leads, block.events))
            files["tasks.csv"].write(columns.task_table(block.leads, block.tasks))
            files["stages.csv"].write(columns.stage_table(block.leads, block.deals, exported_at))
            told.write(columns.truth_table(block.leads, block.truth))
            blocked.write(columns.suppression_table(lead_rows, block.is_blocked))
            recent = [*recent, _recent(block, lead_rows, exported_at)][-2:]
        for name, sheet in (*files.items(), ("do-not-contact.csv", blocked)):
            rows[Path(name).stem] = sheet.rows
        rows["truth"] = told.rows
    listed = incoming_table(company.random(3), company.n_leads, accounts, recent, company.calendar)
    with Sheet(folder / "new_leads.csv") as sheet:
        sheet.write(listed)
    rows["new_leads"] = listed.num_rows
    write_json(folder / "truth" / "drivers.json", drivers())
    text = definition_text(company.calendar)
    (folder / "definition.toml").write_text(text, encoding="utf-8", newline="\n")
    return rows


def _recent(block: Block, lead_rows: pa.Table, exported_at: np.datetime64) -> Recent:
    known = block.deals.known(exported_at)
    ended = [sales.STAGES.index(stage) for stage in ("opportunity", *sales.LOST_STAGES)]
    return Recent(
        rows=lead_rows,
        is_open=np.logical_not(known[:, ended]).all(axis=1),
        is_opportunity=known[:, sales.STAGES.index("opportunity")] & ~block.is_blocked,
        is_blocked=block.is_blocked,
    )
