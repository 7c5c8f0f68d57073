"""A large company's leads scored as a list: rows per second, where the time goes, peak memory.

    python -m benchmarks.scale --leads 1000000 --folder FOLDER

The model is trained on a small company of another seed, under the same definition. Both companies
are written into the folder unless they are there. The stages of the large one are left out, so that
every lead is still open and is scored, with its behaviour.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path

from predict.demo.company import write_company
from predict.home import Home
from predict.jobs.scoring import Office, Order
from predict.jobs.training import train

TRAINED_ON, SEEDS = 8_000, (7, 1)
AS_OF = datetime(2026, 7, 1)
#: What is told, by the function in which it happens.
STEPS = {
    "opening the export": ("opening.py", "open_crm"),
    "matching the list": ("lists.py", "match_list"),
    "features": ("building.py", "feature_chunks"),
    "model: log-odds": ("model.py", "decision_function"),
    "model: contributions": ("model.py", "contributions"),
    "sentences": ("reasons.py", "reasons"),
    "marks of unlike leads": ("unlike.py", "unlike"),
    "table files": ("output.py", "write"),
    "ledger": ("ledger.py", "write"),
    "page": ("listpage.py", "write_page"),
}


def main() -> None:
    """Score the list once, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    small, large = asked.folder / "small", asked.folder / "large"
    write_company(small, leads=TRAINED_ON, seed=SEEDS[0])
    write_company(large, leads=asked.leads, seed=SEEDS[1])
    (large / "none.csv").write_text("lead_id,stage,entered_at,amount,reason\n", encoding="utf-8")
    text = (large / "definition.toml").read_text(encoding="utf-8")
    (large / "open.toml").write_text(text.replace('"stages.csv"', '"none.csv"'), encoding="utf-8")
    home = Home.at(asked.folder / "home")
    print(train(small / "definition.toml", home).verdict)
    to = asked.folder / "scored"
    shutil.rmtree(to, ignore_errors=True)
    shutil.rmtree(home.ledger, ignore_errors=True)
    profile, started = cProfile.Profile(), time.perf_counter()
    profile.enable()
    office = Office.open(large / "open.toml", home)
    opened = time.perf_counter() - started
    done = office.score(Order(to, AS_OF, large / "leads.csv"), progress=_tell)
    office.close()
    profile.disable()
    took = time.perf_counter() - started
    rows = done.manifest["rows"]
    print(done.manifest["told"])
    print(f"{rows['read']:,} rows in {took:.0f} s: {rows['read'] / took:,.0f} a second")
    print(f"of that {opened:.0f} s opening the export; peak memory {_peak():.2f} GiB")
    print("\n| step | seconds | share |\n|---|---|---|")
    for step, seconds in _shares(profile).items():
        print(f"| {step} | {seconds:.0f} | {seconds / took:.0%} |")


def _shares(profile: cProfile.Profile) -> dict[str, float]:
    """Return the seconds spent in each step, its calls included."""
    told = dict.fromkeys(STEPS, 0.0)
    for (path, _, name), (_, _, _, within, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        for step, (file, function) in STEPS.items():
            if Path(path).name == file and name == function:
                told[step] += within
    return told


def _peak() -> float:
    """Return the most memory that this process held, in GiB."""
    unit = 1024**2 if sys.platform != "darwin" else 1024**3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _tell(done: int, total: int, what: str) -> None:
    print(f"\r{done:,} of {total:,} {what}", end="" if done < total else "\n", flush=True)


if __name__ == "__main__":
    main()
