"""Stamps and small columns as vendors write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Times = npt.NDArray[np.datetime64]

#: Salesforce: an instant with milliseconds and offset.
INSTANT: Final = "%Y-%m-%dT%H:%M:%S.000+0000"
#: HubSpot's programs: an instant in UTC.
ZULU: Final = "%Y-%m-%dT%H:%M:%S.000Z"
#: HubSpot's exports: minutes on the portal's clock, which is set to UTC here.
MINUTE: Final = "%Y-%m-%d %H:%M"
DAY_ONLY: Final = "%Y-%m-%d"


def stamps(moments: Times, style: str = INSTANT) -> pa.Array:
    """Return moments as text; what a style does not show is cut off. NaT becomes null.

    Examples
    --------
    >>> moments = np.array(["2026-03-01T10:11:12", "NaT"], dtype="datetime64[s]")
    >>> stamps(moments).to_pylist()
    ['2026-03-01T10:11:12.000+0000', None]
    >>> stamps(moments, MINUTE).to_pylist()
    ['2026-03-01 10:11', None]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = pa.array(moments.astype("datetime64[s]"), type=pa.timestamp("s"))
    return pc.strftime(whole, format=style)


def texts(values: npt.NDArray[np.object_] | list[Any]) -> pa.Array:
    """Return text, null where None."""
    import pyarrow as pa

    return pa.array(values, type=pa.string())


def where(mask: npt.NDArray[np.bool_], words: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the words where the mask is true, None elsewhere."""
    found = words.copy()
    found[~mask] = None
    return found


def same(value: str | None, n: int) -> pa.Array:
    """Return a column that says one thing."""
    import pyarrow as pa

    return pa.array([value] * n, type=pa.string())


def words(column: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.object_]:
    """Return a column of text for numpy, None where null."""
    return np.array(column.to_pylist(), dtype=object)


def numbers(values: npt.NDArray[np.float64]) -> pa.Array:
    """Return whole numbers, null where NaN."""
    import pyarrow as pa

    empty = np.isnan(values)
    return pa.array(np.where(empty, 0, values).astype(np.int64), mask=empty)
