"""The leakage audit on worlds with one leak each and on worlds without any.

python -m benchmarks.zoo --seeds 20 --to benchmarks/zoo.md
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from benchmarks.zoo.judging import Judged, judge, share, totals
from benchmarks.zoo.kinds import CLEAN, KINDS
from benchmarks.zoo.leaks import measure

_LIBRARIES = ("numpy", "pandas", "scikit-learn", "lightgbm", "duckdb")


def run(
    kinds: Sequence[str], seeds: Sequence[int], jobs: int = 1, log: Path | None = None
) -> Iterator[Judged]:
    """Judge kinds × seeds, seed by seed; neither order nor result depends on ``jobs``.

    Parameters
    ----------
    kinds, seeds : sequence
        Which worlds.
    jobs : int
        Processes.
    log : Path, optional
        One JSON line a world: those that this code judged before are read, not judged again.
    """
    asked = [(kind, seed) for seed in seeds for kind in kinds]
    code = _digest()
    known = {} if log is None else _read(log, code)
    todo = [a for a in asked if a not in known]
    new = map(judge, *zip(*todo, strict=True)) if todo else iter(())
    if jobs > 1 and todo:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
        new = pool.map(judge, *zip(*todo, strict=True))
    for place in asked:
        if place in known:
            yield known[place]
            continue
        judged = next(new)
        if log is not None:
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"code": code, **asdict(judged)}) + "\n")
        yield judged


def _digest() -> str:
    """Return the digest of the audit and of the zoo: what is judged, and by what."""
    import predict.learning.leakage

    folders = [Path(str(predict.learning.leakage.__file__)).parent, Path(__file__).parent]
    files = [f for folder in folders for f in sorted(folder.glob("*.py")) if f.name[:2] != "__"]
    return sha256(b"\0".join(f.read_bytes() for f in files)).hexdigest()[:12]


def _read(log: Path, code: str) -> dict[tuple[str, int], Judged]:
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    rows = [json.loads(text) for text in lines]
    told = [{k: tuple(v) if isinstance(v, list) else v for k, v in r.items()} for r in rows]
    judged = [
        Judged(**{k: v for k, v in r.items() if k != "code"}) for r in told if r["code"] == code
    ]
    return {(j.kind, j.seed): j for j in judged}


def line(judged: Judged) -> str:
    """Return one world as a line for the terminal."""
    mark = "clean" if judged.kind == CLEAN else "named" if judged.flagged else "MISSED"
    mark += " blocked" if judged.blocked else " NOT BLOCKED" if judged.should_block else ""
    false = [f"!{f}" for f in judged.false_blocks] + list(judged.false_warns)
    said = ", ".join(judged.rules) + (f"; false: {', '.join(false)}" if false else "")
    return f"{judged.kind:18} {judged.variant:16} {judged.seed:3d} {mark:18} {said}"


def table(judged: Sequence[Judged], gains: dict[str, list[float]]) -> str:
    """Return the figures as Markdown: totals, then a row a kind, then misses and false alarms."""
    t = totals(judged)
    lines = [
        "| figure | found | asked |",
        "|---|---|---|",
        f"| poisoned worlds with the right subject named | {share(t.flagged, t.worlds)} | ≥ 95 % |",
        f"| of those that must stop, stopped | {share(t.blocked, t.blocking)} | ≥ 90 % |",
        f"| subjects of clean worlds blocked | {_percent(t.false_blocks, t.audited)} | ≤ 2 % |",
        f"| subjects of clean worlds warned of | {_percent(t.false_warns, t.audited)} | ≤ 5 % |",
        f"| clean worlds in which training stops | {share(t.stopped, t.clean)} | |",
        "",
        "| kind | form | named | must stop: stopped | rules that named it | seems worth, AUC |",
        "|---|---|---|---|---|---|",
    ]
    forms = dict.fromkeys((j.kind, j.variant) for j in judged if j.kind != CLEAN)
    for kind, form in sorted(forms, key=lambda f: (list(KINDS).index(f[0]), f[1])):
        mine = [j for j in judged if (j.kind, j.variant) == (kind, form)]
        must = [j for j in mine if j.should_block]
        rules = sorted({r.rpartition(" ")[0] for j in mine for r in j.rules})
        stopped = (
            f"{sum(j.blocked for j in must)} of {len(must)}" if must else "a warning is enough"
        )
        worth = gains.get(f"{kind}/{form}", [])
        lines.append(
            f"| {kind} | {form} | {sum(j.flagged for j in mine)} of {len(mine)} | {stopped} | "
            f"{', '.join(rules) or 'none'} | {_range(worth)} |"
        )
    return "\n".join([*lines, "", *_misses(judged)]) + "\n"


def _misses(judged: Iterable[Judged]) -> Iterator[str]:
    every = list(judged)
    yield "Not named, or not stopped where it must be:"
    yield ""
    missed = [j for j in every if j.kind != CLEAN and not j.flagged]
    soft = [j for j in every if j.flagged and j.should_block and not j.blocked]
    for what, worlds in (("not named", missed), ("only warned of", soft)):
        yield from (f"- {j.kind}, {j.variant}, seed {j.seed}: {what}" for j in worlds)
    if not missed and not soft:
        yield "- none"
    yield ""
    yield "False alarms in clean worlds:"
    yield ""
    told = [
        f"- seed {j.seed}: {what}"
        for j in every
        if j.kind == CLEAN
        for what in (
            *(f"{f} blocked" for f in j.false_blocks),
            *(f"{f} warned of" for f in j.false_warns),
        )
    ]
    yield from told or ["- none"]


def _percent(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({100 * part / max(whole, 1):.2f} %)"


def _range(values: Sequence[float]) -> str:
    if not values:
        return ""
    low, high = min(values), max(values)
    middle = sum(values) / len(values)
    return f"{middle:+.3f} ({low:+.3f} to {high:+.3f})" if len(values) > 1 else f"{middle:+.3f}"


def main() -> None:
    """Judge the worlds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="worlds of each kind")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--kinds", nargs="*", default=[CLEAN, *KINDS], metavar="KIND")
    parser.add_argument("--worth", type=int, default=0, help="measure so many worlds of each kind")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--log", type=Path, help="worlds judged so far; a stopped run goes on")
    parser.add_argument("--to", type=Path)
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    judged = []
    for found in run(asked.kinds, seeds, asked.jobs, asked.log):
        judged.append(found)
        print(line(found), flush=True)
    gains: dict[str, list[float]] = {}
    for j in judged:
        if j.kind != CLEAN and j.seed in seeds[: asked.worth]:
            gains.setdefault(f"{j.kind}/{j.variant}", []).append(measure(j.kind, j.seed).gain)
    text = table(judged, gains)
    print(text)
    if asked.to is None:
        return
    options = f" --first {asked.first}" if asked.first else ""
    options += f" --worth {asked.worth}" if asked.worth else ""
    command = f"python -m benchmarks.zoo --seeds {asked.seeds}{options}"
    with_libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    head = f"# The leakage audit in the zoo\n\n`{command}` with {with_libraries}\n\n"
    asked.to.write_text(head + text, encoding="utf-8")


if __name__ == "__main__":
    main()
