"""Clocks: stamps read in a time zone, summer time included, as naive UTC."""

from __future__ import annotations

import ibis
from ibis.expr import types as ir


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp"), "timestamp('UTC')"))
def _instant(zone, wall):  # type: ignore[no-untyped-def]
    """Read a wall clock in a zone."""


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp"))
def _wall(zone, instant):  # type: ignore[no-untyped-def]
    """Show an instant on the wall clock of a zone."""


def utc_from_wall(wall: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return naive UTC for stamps read off a clock in ``zone``, summer time included.

    A time that the clocks skipped counts by the offset before the change, one that they showed
    twice as the later of the two: known later, never earlier, than it was.
    """
    return wall if zone == "UTC" else _wall("UTC", _instant(zone, wall))


def utc_from_instant(instant: ir.TimestampValue) -> ir.TimestampValue:
    """Return naive UTC for stamps that carry a time zone."""
    return _wall("UTC", instant)
