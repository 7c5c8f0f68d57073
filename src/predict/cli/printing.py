"""Printing: findings, figures, verdicts and progress in the terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from predict.findings import Finding, ordered

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from predict.jobs.changing import LeadChange
    from predict.jobs.inbox import Inbox
    from predict.jobs.scoring import Scoring
    from predict.jobs.training import Training
    from predict.loop.monitoring import Monitoring

Steps = Callable[[str, int, int, str], None]
_STYLE = {"block": "bold red", "warn": "yellow", "note": "dim"}
#: Figures of a backtest that are printed, with their names.
FIGURES = {
    "base_rate": "base rate",
    "roc_auc": "ROC-AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier",
    "brier_skill": "Brier skill",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
    "calibration_error": "calibration error",
    "lift_10": "lift at 10 %",
    "precision_at_capacity": "precision at capacity",
    "capture_at_capacity": "capture at capacity",
}


@contextlib.contextmanager
def steps(out: Console) -> Iterator[Steps]:
    """Yield a callable that moves one progress bar per step; silent where output is piped."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[what]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def move(step: str, done: int, total: int, what: str) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total, what=what)
            bars.update(tasks[step], completed=done, total=total, what=what)

        yield move


def print_findings(out: Console, findings: list[Finding]) -> None:
    """Print findings, blocking ones first."""
    from rich.text import Text

    for finding in ordered(findings):
        label = Text(f"{finding.severity:<5} ", style=_STYLE[finding.severity])
        out.print(label + Text(f"{finding.subject}: {finding.sentence}"))


def print_training(out: Console, done: Training) -> None:
    """Print what a training found, how well the model did, and whether it is in use."""
    print_findings(out, done.findings)
    if not done.already:
        counts = done.counts
        out.print(
            f"\n{counts['matured leads']:,} leads are old enough to judge, seen in "
            f"{counts['matured looks']:,} looks; {counts['immature looks']:,} of "
            f"{counts['looks']:,} looks are too young and count neither way."
        )
        print_cohorts(out, done.cohorts)
        print_figures(out, done.summary)
    out.print()
    out.print(done.verdict)


def print_cohorts(out: Console, cohorts: list[Mapping[str, Any]]) -> None:
    """Print, per month of creation, how many leads are old enough and how many converted."""
    from rich.table import Table

    table = Table(title="Leads by month of creation", title_justify="left")
    for name in ("month", "leads", "old enough", "converted", "rate", "too young"):
        table.add_column(name, justify="left" if name == "month" else "right")
    for row in cohorts:
        matured = row["matured"]
        rate = f"{row['converted'] / matured:.1%}" if matured else "–"
        young = row["leads"] - matured
        figures = (row["leads"], matured, row["converted"], rate, young)
        table.add_row(row["month"], *(f"{f:,}" if isinstance(f, int) else f for f in figures))
    out.print(table)


def print_figures(out: Console, summary: Mapping[str, Any]) -> None:
    """Print the figures of a backtest with their intervals, beside the baselines'."""
    from rich.table import Table

    total = summary["total"]
    rivals = list(total["baselines"])
    title = (
        f"Backtest, {summary['since'][:10]} to {summary['until'][:10]}: {total['rows']:,} "
        f"predictions of {total['leads']:,} leads, {len(summary['folds'])} refits"
    )
    table = Table(title=title, title_justify="left")
    table.add_column("figure", no_wrap=True)
    table.add_column("model", justify="right")
    table.add_column("95 % interval", justify="right", no_wrap=True)
    for rival in rivals:
        mark = " (flattered)" if rival in summary["flattered"] else ""
        table.add_column(rival.removeprefix("p_").replace("_", " ") + mark, justify="right")
    for key, name in FIGURES.items():
        if key not in total["model"] or total["model"][key]["value"] is None:
            continue
        found = total["model"][key]
        others = [_figure(total["baselines"][r].get(key, {}).get("value")) for r in rivals]
        interval = f"{_figure(found['low'])} – {_figure(found['high'])}"
        table.add_row(name, _figure(found["value"]), interval, *others)
    out.print(table)
    for note in summary["notes"]:
        out.print(f"note  {note}", style="dim")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def print_scoring(out: Console, done: Scoring) -> None:
    """Print the counts of a scored list, which add up, and where it is."""
    told = done.manifest
    out.print(told["told"])
    if told.get("not_open"):
        gone = ", ".join(f"{n:,} {status}" for status, n in sorted(told["not_open"].items()))
        out.print(f"not among them, as no longer open: {gone}")
    basis, grades = told["basis"], told["grades"]
    out.print(f"{basis['full']:,} on behaviour and profile, {basis['profile']:,} on profile alone")
    letters = ", ".join(f"{n:,} {letter}" for letter, n in grades.items())
    out.print(f"grades: {letters}; rated qualified: {told['rated_qualified']:,}")
    _print_headers(out, told["headers"])
    if told.get("do_not_contact"):
        out.print(
            f"not to be contacted in some way, see do_not_contact: {told['do_not_contact']:,}"
        )
    if basis["profile"] and told.get("columns_absent"):
        out.print(f"not in the list, taken as not known: {', '.join(told['columns_absent'])}")
    if told["columns_unused"]:
        out.print(f"columns not used: {', '.join(told['columns_unused'])}")
    if told.get("several_leads"):
        out.print(
            f"{told['several_leads']:,} rows have an e-mail address that several leads share: "
            "the newest that is still open was taken"
        )
    for said in told.get("remarks", ()):
        out.print(f"warn  {said}", style="yellow")
    for finding in told["findings"]:
        out.print(f"{finding['severity']:<5} {finding['subject']}: {finding['sentence']}")
    if told["rejected_values"]:
        out.print(f"{told['rejected_values']:,} values could not be read: see rejects.csv")
    if told.get("imports"):
        files = ", ".join(f"{file} {n:,}" for file, n in told["imports"]["rows"].items())
        out.print(f"import files: {files}; see how_to_import.txt")
        _print_left_out(out, told["imports"].get("left_out", {}), told["rows"]["read"])
    state = "Left as it was, the same inputs" if done.already else "Written"
    out.print(f"{state}: {done.folder / 'list.html'} (page), scored.csv, reasons.parquet beside it")


def _print_left_out(out: Console, left_out: Mapping[str, int], rows: int) -> None:
    """Print how many rows are in no import file, and why, the most frequent reason first."""
    if left_out:
        whys = sorted(left_out.items(), key=lambda found: (-found[1], found[0]))
        said = "; ".join(f"{why} ({n:,})" for why, n in whys)
        total = sum(left_out.values())
        out.print(f"{total:,} of {rows:,} not in the import files: {said}", highlight=False)


def _print_headers(out: Console, headers: list[Mapping[str, Any]]) -> None:
    """Print how the headers were read that are not simply ours, and those left aside with a why."""
    found = [h for h in headers if h["ours"] and h["header"] != h["ours"]]
    if found:
        out.print("columns of the list, read as ours:")
    for one in found:
        note = f"; {one['note']}" if one["note"] else ""
        out.print(f"  {one['header']} → {one['ours']}  ({one['how']}, {one['sure']}{note})")
    for one in headers:
        if one["note"] and not one["ours"]:
            out.print(f"  {one['header']} is left aside: {one['note']}")
    if found:
        out.print("  mapping.toml holds this, ready to be pasted into the definition")


def print_inbox(out: Console, done: Inbox) -> None:
    """Print what came of each list that was in the inbox."""
    if done.busy:
        out.print("Another run is at work on this folder; nothing to do.")
        return
    for result in done.results:
        if result.note is None:
            out.print(f"{result.name}: {result.told}")
            for said in result.remarks:
                out.print(f"  {said}", style="yellow")
            out.print(f"  {(result.same_as or result.folder) / 'list.html'}")
        else:
            out.print(f"{result.name}: comes back, {result.note}", style="yellow")
            out.print(f"  {result.folder / 'what_to_fix.html'}")
    if not done.results:
        out.print("No new list.")


def print_monitoring(out: Console, done: Monitoring) -> None:
    """Print what was watched and, of each watch, what is not as it should be."""
    from predict.loop.observation import WATCHES

    print_findings(out, list(done.findings))
    for watch, words in WATCHES.items():
        here = [o for o in done.observations if o.watch == watch]
        if here:
            fine = sum(o.severity == "fine" for o in here)
            out.print(f"{words}: {len(here):,} figures, {fine:,} as usual")
    n = len(done.pages)
    out.print(f"{n} to look at today." if n else "Nothing to look at today.")


def print_models(out: Console, models: pd.DataFrame) -> None:
    """Print the registered models, newest last."""
    from rich.table import Table

    if models.empty:
        out.print("No model is registered yet; train one with: predict train FILE.toml")
        return
    table = Table()
    for name in (
        "name",
        "version",
        "alias",
        "created (UTC)",
        "log loss",
        "ROC-AUC",
        "leads",
        "why",
    ):
        table.add_column(name, justify="left" if name in ("name", "alias", "why") else "right")
    for row in models.to_dict("records"):
        table.add_row(
            row["name"],
            str(row["version"]),
            row["alias"],
            f"{row['created']:%Y-%m-%d %H:%M}",
            f"{row['log_loss']:.4f}",
            f"{row['roc_auc']:.3f}",
            f"{row['leads']:,}",
            row["reason"],
        )
    out.print(table)


def print_moves(out: Console, name: str, moves: Sequence[Mapping[str, Any]]) -> None:
    """Print which version was in use from when on, who moved it there, and why."""
    from rich.table import Table

    if not moves:
        return
    table = Table(title=f"In use, {name}", title_justify="left")
    for column in ("from (UTC)", "version", "instead of", "by", "why"):
        table.add_column(column, justify="right" if column in ("version", "instead of") else "left")
    for move in moves:
        before = move["previous"]
        table.add_row(
            str(move["at"]).replace("T", " "),
            str(move["version"]),
            "–" if before is None else str(before),
            str(move["by"]),
            str(move["because"]),
        )
    out.print(table)


def print_change(out: Console, change: LeadChange) -> None:
    """Print what moved a lead's chance, in points that add up as they are printed."""
    from rich.table import Table

    from predict.scoring.figures import day, percent
    from predict.scoring.walk import rounded

    parts = change.frame()
    if change.since is None:
        said = str(parts["sentence"].iloc[0])
        out.print(f"{change.lead_id} {said}; on {day(change.as_of)}: {percent(change.after)}.")
        return
    out.print(
        f"{change.lead_id}: {percent(change.before)} (grade {change.grades[0]}) on "
        f"{day(change.since)}, {percent(change.after)} (grade {change.grades[1]}) on "
        f"{day(change.as_of)}"
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    table.add_column()
    points = rounded(100 * parts["points"], 100 * change.points, 1)
    for size, said in zip(points, parts["sentence"], strict=True):
        table.add_row(f"{size:+.1f} points", said)
    table.add_row(f"{round(100 * change.points, 1):+.1f} points", "in all")
    out.print(table)
