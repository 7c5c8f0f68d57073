"""Rows for vendors: numbers of clean ids; lists whose known rows stand as exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Ints = npt.NDArray[np.int64]

DRAWS: Final = 4
"""Which of the company's random numbers draw what only vendors show."""


def lead_numbers(clean: pa.Table) -> Ints:
    """Return the numbers of leads, from the ids of the clean shape.

    Examples
    --------
    >>> import pyarrow as pa
    >>> lead_numbers(pa.table({"lead_id": ["L-0000001", "L-0001042"]})).tolist()
    [0, 1041]
    """
    return np.array([int(i[2:]) - 1 for i in clean["lead_id"].to_pylist()], dtype=np.int64)


def account_numbers(clean: pa.Table) -> Ints:
    """Return the numbers of the leads' accounts; −1 for none."""
    ids = clean["account_id"].to_pylist()
    return np.array([-1 if i is None else int(i[2:]) - 1 for i in ids], dtype=np.int64)


def known_first(fresh: pa.Table, recent: list[pa.Table], key: str) -> pa.Table:
    """Return the rows of ``fresh``; those of leads that the CRM knows as they stand there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.concat_tables(recent)
    place = pc.index_in(fresh[key], value_set=known[key].combine_chunks())
    otherwise = pa.array(known.num_rows + np.arange(fresh.num_rows), type=pa.int32())
    row = pc.coalesce(place.combine_chunks(), otherwise)
    return pa.concat_tables([known, fresh]).take(row).combine_chunks()
