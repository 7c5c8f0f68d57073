"""The gate under simulation: how often it promotes what it should, and what it should not.

    python -m benchmarks.gate --draws 200 --seed 2026 --to benchmarks/gate.md

Leads, accounts, looks and outcomes are drawn from a known truth; two models are noisy readings of
it, each calibrated, with noise in common. So the true difference of their log loss is known, and a
contest costs no fit. A smaller part refits plain models as if month by month. The page is written
anew after every cell, so a run that was stopped leaves what it has.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.gate.cells import told
from benchmarks.gate.page import page


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder of figures computed before")
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    command = f"python -m benchmarks.gate --draws {asked.draws} --seed {asked.seed} --to {asked.to}"
    found = {}
    for cell, figures in told(asked.draws, asked.seed, asked.processes, asked.keep):
        found[cell] = figures
        text = f"# The gate under simulation\n\n`{command}`\n\n"
        asked.to.write_text(text + page(found, asked.draws, asked.seed), encoding="utf-8")


if __name__ == "__main__":
    main()
