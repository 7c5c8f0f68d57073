"""The simulated company on disk: exports, a definition that maps them, lists to score, truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from predict.demo import columns
from predict.demo.calendar import UNTIL
from predict.demo.drivers import drivers
from predict.demo.incoming import Recent, incoming_table, visitor_table
from predict.demo.profile import Accounts
from predict.demo.shape import (
    LEADS,
    LIST,
    VISITORS,
    Shape,
    clean_tables,
    recent_leads,
    shape_of,
)
from predict.demo.sheet import Sheet
from predict.demo.simulation import VERSION, Company
from predict.publish import is_complete, json_digest, publishing, read_json, write_json

if TYPE_CHECKING:
    import pyarrow as pa

_ACCOUNT_ROWS: Final = 100_000


def write_company(
    folder: Path,
    leads: int = 20_000,
    seed: int = 7,
    until: date = UNTIL,
    *,
    shape: str = "clean",
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
    shape : {"clean", "salesforce", "hubspot"}
        The files the company exports itself in; the truth behind them is the same.
    progress : callable, optional
        Told after each block how many of the leads are written.

    Returns
    -------
    dict of str to int
        Rows by table.

    Raises
    ------
    PredictError
        The folder holds something else; no shape has this name.

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
    accounts = company.accounts()
    written = shape_of(shape, company, accounts)
    asked = {"demo": VERSION, "leads": leads, "seed": seed, "until": until.isoformat()}
    inputs = json_digest(asked if shape == "clean" else asked | {"shape": shape})
    if is_complete(folder, inputs):
        return _counts(read_json(folder / "manifest.json"))
    manifest: dict[str, object] = {}
    with publishing(folder, inputs, manifest) as staging:
        manifest["rows"] = _write(company, accounts, written, staging, progress or _quiet)
    return _counts(manifest)


def _counts(manifest: dict[str, object]) -> dict[str, int]:
    rows = manifest["rows"]
    assert isinstance(rows, dict)
    return {str(name): int(n) for name, n in rows.items()}


def _quiet(written: int) -> None:
    """Say nothing."""


def _write(
    company: Company,
    accounts: Accounts,
    shape: Shape,
    folder: Path,
    progress: Callable[[int], None],
) -> dict[str, int]:
    """Write all files, holding no more than a few blocks in memory; return rows by table."""
    calendar, exported_at = company.calendar, company.calendar.exported_at
    (folder / "truth").mkdir()
    recent: list[Recent] = []
    with ExitStack() as stack:
        sheets = {name: stack.enter_context(Sheet(folder / name)) for name in shape.files}

        def add(tables: Mapping[str, pa.Table]) -> None:
            for name, table in tables.items():
                sheets[name].write(table)

        done = 0
        for place, block in enumerate(company.blocks(accounts)):
            clean = clean_tables(block, accounts, exported_at)
            add(shape.block(place, block, clean))
            recent = [*recent, recent_leads(block, clean[LEADS], exported_at)][-2:]
            done += len(block.leads)
            progress(done)
        for part, start in enumerate(range(0, len(accounts), _ACCOUNT_ROWS)):
            rows = slice(start, start + _ACCOUNT_ROWS)
            table = columns.account_table(accounts, rows, company.random(2, part))
            add(shape.accounts(start, table))
        rng, next_number = company.random(3), company.n_leads
        listed = incoming_table(rng, next_number, accounts, recent, calendar)
        met = visitor_table(rng, next_number + listed.num_rows, accounts, calendar)
        add(shape.rest() | {LIST: shape.listed(listed), VISITORS: met})
    write_json(folder / "truth" / "drivers.json", drivers())
    (folder / "definition.toml").write_text(shape.definition(), encoding="utf-8", newline="\n")
    return {Path(name).stem: sheet.rows for name, sheet in sheets.items()}
