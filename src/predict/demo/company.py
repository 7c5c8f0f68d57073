"""The simulated company on disk: exports, a definition that maps them, lists to score, truth."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from predict.demo import columns, sales
from predict.demo.calendar import UNTIL, Calendar
from predict.demo.definition_text import definition_text
from predict.demo.drivers import drivers
from predict.demo.incoming import Recent, incoming_table, visitor_table
from predict.demo.profile import Accounts
from predict.demo.sheet import Sheet
from predict.demo.simulation import VERSION, Block, Company
from predict.publish import is_complete, json_digest, publishing, read_json, write_json

if TYPE_CHECKING:
    import pyarrow as pa

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


def write_company(
    folder: Path,
    leads: int = 20_000,
    seed: int = 7,
    until: date = UNTIL,
    *,
    progress: Callable[[int], None] | None = None,
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
    progress : callable, optional
        Told after each block how many of the leads are written.

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
        manifest["rows"] = _write(company, staging, progress or _quiet)
    return _counts(manifest)


def _counts(manifest: dict[str, object]) -> dict[str, int]:
    rows = manifest["rows"]
    assert isinstance(rows, dict)
    return {str(name): int(n) for name, n in rows.items()}


def _quiet(written: int) -> None:
    """Say nothing."""


def _write(company: Company, folder: Path, progress: Callable[[int], None]) -> dict[str, int]:
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
            progress(sheets["leads.csv"].rows)
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
