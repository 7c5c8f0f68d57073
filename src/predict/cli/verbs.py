"""Verbs: what each command does and prints; heavy imports wait until they are used."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.errors import InputError
from predict.home import Home

if TYPE_CHECKING:
    from rich.console import Console


#: Letters a line of a table may have where no terminal says how wide it is.
PIPED_WIDTH = 160


class Every(StrEnum):
    """How often a backtest refits."""

    month = "month"
    week = "week"


class Reasons(StrEnum):
    """Whose reasons are written."""

    qualified = "qualified"
    all = "all"
    none = "none"


class By(StrEnum):
    """Whose leads a page of their own holds."""

    owner = "owner"


class Shape(StrEnum):
    """Whose exports the demo company looks like."""

    clean = "clean"
    salesforce = "salesforce"
    hubspot = "hubspot"


def console() -> Console:
    """Return the console: colours and width of the terminal, plain and wide where piped.

    Square brackets in a text are part of it: column names and sentences come from the export.
    """
    from rich.console import Console

    piped = not sys.stdout.isatty()
    width = PIPED_WIDTH if piped else None
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=piped, width=width)


def init(exports: list[Path], to: Path, yes: bool, force: bool) -> None:
    """Write a first definition; ask where there is a terminal to ask at."""
    from predict.cli.questions import asker, print_beginning
    from predict.jobs.beginning import begin

    out = console()
    if not yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        out.print("No terminal to ask at: the defaults are taken, as with --yes.")
        yes = True
    done = begin(exports, to, None if yes else asker(out), force=force)
    print_beginning(out, done)


def check(
    file: Path, json: Path | None, data: Path | None, quick: bool = False, home: Path | None = None
) -> int:
    """Print the findings about an export, those of the leakage audit too; 2 where one blocks."""
    from predict.cli.printing import print_findings
    from predict.crm.opening import open_crm
    from predict.definition.schema import Definition
    from predict.findings import blocking, ordered
    from predict.history.delay import delay_of
    from predict.publish import write_json

    crm = open_crm(Definition.read(file, data=data))
    findings, told = list(crm.findings), dict[str, Any]()
    try:
        delay = delay_of(crm)
        findings += delay.findings()
        told["delay"] = delay.as_dict()
        if not quick:
            from predict.jobs.auditing import audit_export, noticed

            done = audit_export(crm, archive=Home.at(home).archive)
            findings += noticed(done, findings)
            told["audit"] = done.as_dict()
        print_findings(console(), findings)
        if json is not None:
            told["findings"] = [f.as_dict() for f in ordered(findings)]
            write_json(json, told | {"counts": dict(crm.counts), "rejects": len(crm.rejects)})
    finally:
        crm.close()
    return 2 if blocking(findings) else 0


def train(
    file: Path, home: Path | None, data: Path | None, trials: int, time_cap: float | None
) -> int:
    """Train and print findings, figures and verdict; 2 where no model came into use for it."""
    from predict.cli.printing import print_training, steps
    from predict.jobs.training import train as job

    out = console()
    with steps(out) as progress:
        done = job(
            file, Home.at(home), data=data, trials=trials, time_cap=time_cap, progress=progress
        )
    print_training(out, done)
    return 2 if done.held else 0


def backtest(
    file: Path, to: Path, start: str | None, end: str | None, every: Every, data: Path | None
) -> None:
    """Backtest, publish and print the figures."""
    from predict.cli.printing import print_figures, steps
    from predict.jobs.backtesting import run_backtest

    for option, said in (("--start", start), ("--end", end)):
        if said is not None:
            moment(said, option)
    out = console()
    with steps(out) as progress:
        result = run_backtest(
            file,
            to,
            data=data,
            start=start,
            end=end,
            every=every.value,
            progress=lambda done, total, what: progress("backtest", done, total, what),
        )
    print_figures(out, result.summary())
    out.print(f"Predictions, figures and curves: {to}")


def score(
    definition: Path,
    to: Path,
    leads: Path | None,
    as_of: str | None,
    mapping: str | None,
    reasons: Reasons,
    home: Path | None,
    data: Path | None,
    vendor: str | None = None,
    read_as: dict[str, str | None] | None = None,
    pages: tuple[By | None, int | None] = (None, None),
) -> None:
    """Score a list or the open leads and print where the result is."""
    from predict.cli.printing import print_scoring, steps
    from predict.jobs.scoring import Order
    from predict.jobs.scoring import score as job

    out = console()
    when = moment(as_of)
    out.print(f"As known before {when:%Y-%m-%d %H:%M} UTC")
    told = {key: said for key, said in (read_as or {}).items() if said is not None}
    by, work = pages
    order = Order(
        to,
        when,
        leads,
        mapping,
        reasons.value,
        vendor,
        read_as=told,
        by=by.value if by else None,
        work=work,
    )
    with steps(out) as progress:
        done = job(
            definition,
            Home.at(home),
            order,
            data=data,
            progress=lambda rows, total, what: progress("score", rows, total, what),
        )
    print_scoring(out, done)


def inbox(
    folder: Path,
    definition: Path,
    as_of: str | None,
    vendor: str | None,
    home: Path | None,
    data: Path | None,
) -> int:
    """Score what lies in an inbox and print what came of it; 2 where a list came back."""
    from predict.cli.printing import print_inbox, steps
    from predict.jobs.inbox import empty_inbox

    out = console()
    when = moment(as_of)
    with steps(out) as progress:
        done = empty_inbox(
            folder,
            definition,
            Home.at(home),
            as_of=when,
            vendor=vendor,
            data=data,
            progress=lambda rows, total, what: progress("score", rows, total, what),
        )
    print_inbox(out, done)
    return 2 if done.came_back else 0


def moment(text: str | None, option: str = "--as-of") -> datetime:
    """Return a moment as naive UTC; without one, now: the one place that asks the clock.

    Examples
    --------
    >>> moment("2026-07-01"), moment("2026-07-01T02:00+02:00")
    (datetime.datetime(2026, 7, 1, 0, 0), datetime.datetime(2026, 7, 1, 0, 0))
    """
    if text is None:
        return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            "the moment cannot be read", where=option, got=text, do="write it like 2026-07-01"
        ) from error
    return said if said.tzinfo is None else said.astimezone(UTC).replace(tzinfo=None)


def explain(lead_id: str | None, scored: Path | None) -> None:
    """Print why a lead was scored as it was; without an id, the best of the list."""
    if scored is None:
        raise InputError(
            "name the scored list",
            where="predict explain",
            do="--scored FOLDER, or --since last --definition FILE.toml for what changed",
        )
    from predict.jobs.explaining import lead_of
    from predict.report.terminal import render_lead

    out = console()
    for reasons, row, who in lead_of(scored, lead_id):
        out.print(render_lead(reasons, row, who=who))


def explain_change(
    lead_id: str | None, since: str, file: Path | None, home: Path | None, scored: Path | None
) -> None:
    """Print what moved a lead's chance since an earlier run."""
    from predict.cli.printing import print_change
    from predict.definition.schema import Definition
    from predict.jobs.changing import change_of
    from predict.publish import read_json

    if lead_id is None or file is None:
        raise InputError(
            "say whose chance changed, under which definition",
            where="predict explain --since",
            do="predict explain LEAD_ID --since last --definition FILE.toml",
        )
    run = None if scored is None else str(read_json(scored / "manifest.json")["ledger"])
    when = None if since == "last" else moment(since, "--since")
    done = change_of(Home.at(home), Definition.read(file), lead_id, when, run=run)
    print_change(console(), done)


def monitor(
    file: Path, home: Path | None, data: Path | None, to: Path | None, since: str | None
) -> int:
    """Print what monitoring found; 2 where somebody should look today."""
    from predict.cli.printing import print_monitoring
    from predict.jobs.monitoring import watch

    when = None if since is None else moment(since, "--since")
    done = watch(file, Home.at(home), data=data, to=to, since=when)
    print_monitoring(console(), done)
    return 2 if done.pages else 0


def demo(to: Path, leads: int, seed: int, shape: Shape) -> None:
    """Write the demo company."""
    from predict.demo.company import write_company

    out = console()
    rows = write_company(to, leads=leads, seed=seed, shape=shape.value)
    out.print("Rows: " + ", ".join(f"{n:,} in {table}" for table, n in rows.items()))
    out.print(f"Train on it:  predict train {to / 'definition.toml'}")
