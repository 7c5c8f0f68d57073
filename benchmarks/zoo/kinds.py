"""The kinds of poison in the zoo, in the order of the table."""

from __future__ import annotations

from benchmarks.zoo import poisons, tables
from benchmarks.zoo.worlds import World, honest

KINDS: dict[str, poisons.Poison] = {
    "direct copy": poisons.direct_copy,
    "sparse": poisons.sparse,
    "negative only": poisons.negative_only,
    "null pattern": poisons.null_pattern,
    "two jointly": poisons.two_jointly,
    "target mean": poisons.target_mean,
    "count after": poisons.count_after,
    "last activity": poisons.last_activity,
    "owner reassigned": poisons.owner_reassigned,
    "id order": tables.id_order,
    "duplicated lead": tables.duplicated,
    "account spill-over": tables.spill_over,
    "time-zone slip": tables.zone_slip,
    "late arrival": tables.late_arrival,
    "one-sided join": tables.one_sided_join,
}
CLEAN = "clean"


def world(kind: str, seed: int) -> World:
    """Return the world of a kind and seed; the honest part of a seed is the same in every kind.

    Examples
    --------
    >>> poisoned = world("sparse", 100)
    >>> len(poisoned.right), poisoned.blocks, len(poisoned.leads) == len(world("clean", 100).leads)
    (1, True, True)
    """
    made = honest(seed)
    if kind != CLEAN:
        KINDS[kind](made)
    return made
