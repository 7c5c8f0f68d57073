"""Judging: the audit on every world, and what it got right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import predict as pr
from benchmarks.zoo.kinds import CLEAN, world
from predict.learning.leakage.audit import audit

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.zoo.worlds import World

#: Rules that speak of names alone: never counted, neither for nor against the audit.
BY_NAME = ("name", "leak-name")


@dataclass(frozen=True)
class Judged:
    """What the audit said of one world.

    Parameters
    ----------
    kind, variant : str
        The poison and its form.
    seed : int
        Of the world.
    should_block : bool
        Whether the poison must stop the training.
    flagged, blocked : bool
        A warning or more names the right subject; a block does.
    rules : tuple of str
        Rules that named it.
    audited : int
        Subjects that were judged.
    false_warns, false_blocks : tuple of str
        "subject (rule)" of findings about anything else.
    """

    kind: str
    variant: str
    seed: int
    should_block: bool
    flagged: bool
    blocked: bool
    rules: tuple[str, ...]
    audited: int
    false_warns: tuple[str, ...]
    false_blocks: tuple[str, ...]


def judge(kind: str, seed: int) -> Judged:
    """Build a world, audit it, and compare with what is known of it."""
    w = world(kind, seed)
    crm = w.open()
    try:
        said = audit(pr.build_dataset(crm), crm=crm).frame()
    finally:
        crm.close()
    return compare(w, kind, seed, said)


def compare(w: World, kind: str, seed: int, said: pd.DataFrame) -> Judged:
    """Compare the verdicts on a world, as the audit's frame has them, with what is known of it."""
    counted = said[~said["rule"].isin(BY_NAME)]
    loud = counted[counted["severity"].isin(["warn", "block"])]
    right = loud["column"].map(w.is_right).astype(bool)
    hits, wrong = loud[right], loud[~right]
    blocks = wrong["severity"] == "block"
    return Judged(
        kind=kind,
        variant=w.variant,
        seed=seed,
        should_block=w.blocks,
        flagged=bool(len(hits)),
        blocked=bool((hits["severity"] == "block").any()),
        rules=tuple(
            sorted({f"{r} {s}" for r, s in zip(hits["rule"], hits["severity"], strict=True)})
        ),
        audited=int(said["column"].nunique()),
        false_warns=_told(wrong[~blocks]),
        false_blocks=_told(wrong[blocks]),
    )


def _told(rows: pd.DataFrame) -> tuple[str, ...]:
    return tuple(f"{c} ({r})" for c, r in zip(rows["column"], rows["rule"], strict=True))


def share(hits: int, n: int) -> str:
    """Return a share with its exact 95 % bounds.

    Examples
    --------
    >>> share(19, 20), share(0, 0)
    ('19 of 20 (75 to 100 %)', 'none')
    """
    from predict.history.suspects import exact_bounds

    if not n:
        return "none"
    bounds = exact_bounds(hits, n, 0.05)
    return f"{hits:,} of {n:,} ({100 * bounds.low:.0f} to {100 * bounds.high:.0f} %)"


@dataclass(frozen=True)
class Totals:
    """The four figures that the audit is held to.

    Parameters
    ----------
    flagged, worlds : int
        Poisoned worlds with the right subject named, of how many.
    blocked, blocking : int
        Worlds of which training must stop, and did at the right subject.
    false_blocks, false_warns, audited : int
        Subjects of clean worlds that were blocked, that were warned of, that were judged.
    stopped, clean : int
        Clean worlds in which training would stop, of how many.
    """

    flagged: int
    worlds: int
    blocked: int
    blocking: int
    false_blocks: int
    false_warns: int
    audited: int
    stopped: int
    clean: int


def totals(judged: Iterable[Judged]) -> Totals:
    """Return the figures over worlds of any kinds."""
    every = list(judged)
    bad = [j for j in every if j.kind != CLEAN]
    clean = [j for j in every if j.kind == CLEAN]
    return Totals(
        flagged=sum(j.flagged for j in bad),
        worlds=len(bad),
        blocked=sum(j.blocked for j in bad if j.should_block),
        blocking=sum(j.should_block for j in bad),
        false_blocks=sum(len(_subjects(j.false_blocks)) for j in clean),
        false_warns=sum(len(_subjects(j.false_warns)) for j in clean),
        audited=sum(j.audited for j in clean),
        stopped=sum(bool(j.false_blocks) for j in clean),
        clean=len(clean),
    )


def _subjects(told: Sequence[str]) -> set[str]:
    return {t.rpartition(" (")[0] for t in told}
