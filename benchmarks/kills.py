"""Kills: a monthly run killed at random moments and at each of its writes; what is left, what next.

After every kill the model in use must still score, bit for bit as one of the two models does that
may be in use, the archive must be whole, and the next run must finish: one new version, promoted
once, no scrap left.

    python -m benchmarks.kills --moments 50 --seed 0 --to benchmarks/kills.md
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import gcd
from pathlib import Path

from benchmarks.killing import OVER, finish, kill_after, kill_at_write, known_chances, prepared


@dataclass
class Found:
    """What came of the kills so far.

    Parameters
    ----------
    fast : bool
        Whether learning was taken from an earlier run.
    moments, seed : int
        How many random moments were asked for, and their seed.
    writes : list of str
        All writes of a run.
    rows : dict of int to int
        Write that a run was killed before → version in use then.
    left : list of str
        What each random moment left.
    """

    fast: bool
    moments: int
    seed: int
    writes: list[str]
    rows: dict[int, int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    @property
    def hit(self) -> int:
        """How many random moments met a run that was not over."""
        return len(self.left) - self.left.count(OVER)

    def text(self) -> str:
        """Return the table, which says where it is not complete."""
        counted = {what: self.left.count(what) for what in sorted(set(self.left))}
        told = "; ".join(f"{n} × {what}" for what, n in counted.items())
        kind = "learning taken from an earlier run" if self.fast else "learning and all"
        lines = [
            f"A run makes {len(self.writes)} writes; it was killed before {len(self.rows)} of "
            f"them, and at {self.hit} random moments of a whole run ({kind}), seed "
            f"{self.seed}: {told or 'none yet'}.",
            "After every kill: the model in use scored bit for bit as before, the archive was "
            "whole, and the next run finished with one new version, promoted once, its card "
            "complete.",
        ]
        if len(self.rows) < len(self.writes) or self.hit < self.moments:
            lines.append("The benchmark was stopped before its end.")
        lines += [
            "",
            "| Killed before write | what | in use then | next run |",
            "|---|---|---|---|",
        ]
        for number, in_use in sorted(self.rows.items()):
            what = self.writes[number]
            lines.append(f"| {number + 1} | {what} | version {in_use} | finishes, once |")
        return "\n".join(lines) + "\n"


def kills(moments: int, seed: int, root: Path, *, fast: bool) -> Iterator[Found]:
    """Kill and check, a random moment and a write in turn; yield what was found so far."""
    stage = prepared(root)
    known = known_chances(stage)
    began = time.monotonic()
    finish(stage, fast=fast)
    takes = time.monotonic() - began
    stage.start_over()
    found = Found(fast, moments, seed, finish(stage)["writes"])
    rng = random.Random(seed)
    # A stride that meets every write once, from all over the run.
    n = len(found.writes)
    stride = next(k for k in range(max(n * 3 // 8, 1), n + 1) if gcd(k, n) == 1)
    for turn in range(n):
        number = turn * stride % n
        found.rows[number] = kill_at_write(stage, number, known)
        yield found
    # A run takes longer at one time than at another: a moment after its end killed nothing.
    while found.hit < moments:
        found.left.append(kill_after(stage, rng.uniform(0, takes), known, fast))
        yield found


def main() -> None:
    """Read the command line and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fast", action="store_true", help="learn once; the writes stay real")
    parser.add_argument("--to", type=Path)
    parser.add_argument("--stage", type=Path, help="folder of an earlier call, or for the next")
    asked = parser.parse_args()
    command = f"python -m benchmarks.kills --moments {asked.moments} --seed {asked.seed}"
    command += " --fast" if asked.fast else ""
    with tempfile.TemporaryDirectory() as folder:
        for found in kills(asked.moments, asked.seed, asked.stage or Path(folder), fast=asked.fast):
            text = f"# Monthly runs that are killed\n\n`{command}`\n\n{found.text()}"
            print(f"{len(found.rows)} writes, {found.hit} moments", flush=True)
            if asked.to is not None:
                asked.to.write_text(text, encoding="utf-8")
    if asked.to is None:
        print(text)


if __name__ == "__main__":
    main()
