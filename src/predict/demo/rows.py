"""Rows: several arrays of equal length that belong together, one array a column."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy.typing as npt

R = TypeVar("R", bound="Rows")


@dataclass(frozen=True)
class Rows:
    """Base of the simulated tables: every field is an array with one entry a row.

    Examples
    --------
    >>> import numpy as np
    >>> @dataclass(frozen=True)
    ... class Points(Rows):
    ...     x: npt.NDArray[np.float64]
    ...     y: npt.NDArray[np.float64]
    >>> Points(np.array([1.0, 2.0]), np.array([3.0, 4.0])).take(np.array([False, True])).y
    array([4.])
    """

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def take(self: R, rows: npt.NDArray[Any]) -> R:
        """Return the rows with these positions, or where the mask is true."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})
