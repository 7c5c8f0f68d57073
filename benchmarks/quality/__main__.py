"""Run every learner on every fold and write the table; what is on disk is not run again."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.quality import table
from benchmarks.quality.folds import DATA_SETS, LEADS, Folds, written
from benchmarks.quality.peers import OURS, PEERS, Peer, Run, ran

ABOUT = f"""\
bpic2012 and bank: the real exports, protocols of the design. demo: simulated companies of
{LEADS:,} leads, by seed, refitted every second month. Figures are pooled over the folds.

Same features, same folds, one core, and for each fit of a learner that takes a limit the wall time
that ours takes (median over the folds of a data set). Each cell: the learner's figure; ours minus
the learner's with a 95 % interval, by paired resampling of leads or accounts. Below zero is better
for us in log loss and Brier, above zero in average precision and lift.
"""


#: Seconds for a learner without a limit of its own; ten times as many end it.
UNLIMITED = 600.0


def runs_of(
    folds: Folds, peers: Sequence[Peer], environments: Path, only_read: bool = False
) -> dict[str, list[Run]]:
    """Return each learner's runs on the folds: ours first, as its time is everybody's limit."""

    def run(peer: Peer, seconds: float) -> list[Run]:
        found = []
        for fold in folds.folders:
            options = {"environments": environments, "only_read": only_read}
            found.append(ran(peer, fold, seconds=seconds, **options))
            about = found[-1].about
            took = about.get("failed") or f"{about['fit_seconds']:.1f} s"
            print(f"{folds.name}, {fold.name}: {peer.name}, {took}", flush=True)
        return found

    runs = {OURS.name: run(OURS, UNLIMITED)}
    took = [run.about["fit_seconds"] for run in runs[OURS.name] if run.chances is not None]
    if not took:
        raise SystemExit(f"{folds.name}: {runs[OURS.name][-1].about['failed']}")
    limit = float(np.median(took))
    for peer in peers:
        runs[peer.name] = run(peer, limit if peer.limited else UNLIMITED)
    return runs


def report(
    names: Sequence[str],
    work: Path,
    environments: Path,
    peers: Sequence[Peer],
    *,
    command: str,
    only_read: bool = False,
) -> str:
    """Return the whole page."""
    summary, sections, versions, loads = [], [], {}, []
    for name in names:
        folds = written(name, work)
        runs = runs_of(folds, peers, environments, only_read)
        found = [table.compared(folds, runs, learner) for learner in runs]
        outcome = pd.concat([folds.outcomes(fold) for fold in folds.folders])
        size = (len(outcome), outcome["group"].nunique(), float(outcome["y"].mean()))
        sections.append(table.section(folds, found, *size))
        summary.append(table.verdict(name, found))
        for learner, done in runs.items():
            for about in (run.about for run in done if run.chances is not None):
                versions[learner] = about["versions"]
                loads.append(about["load"])
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}; load "
        f"average during the runs {np.median(loads):.1f} in the median, {max(loads):.1f} at most."
    )
    used = [
        f"- {learner}: {', '.join(f'{n} {v}' for n, v in found.items())}"
        for learner, found in versions.items()
    ]
    ways = [f"- {peer.name}: {peer.how}" for peer in (OURS, *peers)]
    head = "| data | log loss, ours | best of the others | its log loss | ours minus its |"
    return "\n".join(
        [
            "# `predict` beside other learners",
            "",
            f"`{command}`",
            "",
            ABOUT,
            machine,
            "",
            head,
            "|---|---|---|---|---|",
            *summary,
            "",
            *sections,
            "## How each is run",
            "",
            *ways,
            "",
            "## Versions",
            "",
            *used,
            "",
        ]
    )


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="*", default=list(DATA_SETS), choices=DATA_SETS)
    parser.add_argument("--peers", nargs="*", default=[p.script for p in PEERS])
    parser.add_argument("--environments", type=Path, default=Path("data/peers"))
    parser.add_argument("--work", type=Path, default=Path("data/quality"))
    parser.add_argument("--as-it-stands", action="store_true", help="run nothing, only report")
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    peers = [p for p in PEERS if p.script in asked.peers]
    command = f"python -m benchmarks.quality --to {asked.to}"
    text = report(
        asked.data,
        asked.work.resolve(),
        asked.environments.resolve(),
        peers,
        command=command,
        only_read=asked.as_it_stands,
    )
    asked.to.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
