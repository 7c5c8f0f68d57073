"""Terms of the logistic member: bounded, log-scaled, standardised numbers and one-hot codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predict.learning.columns import Columns

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

#: What a term marks when it is no code of a category.
NUMBER, ABSENT = -1, -2
_LOW, _HIGH = 0.005, 0.995
_FIELDS = ("low", "high", "scale", "centre", "spread")


@dataclass(frozen=True)
class Terms:
    """How the matrix of `Columns.encode` becomes the design of a linear model.

    A number is bounded at its 0.5 and 99.5 % quantiles, taken to
    ``sign(x) * log(1 + |x| / scale)`` with the median of ``|x|`` as scale, and standardised;
    missing counts as the mean (0) and has a yes/no term of its own. Each code of a category has a
    yes/no term. A column that never varies has no term.

    Parameters
    ----------
    owner : ndarray of shape (n_terms,)
        Position of the matrix column that the term is made from.
    code : ndarray of shape (n_terms,)
        Code of the category that the term marks; `NUMBER`; `ABSENT`.
    low, high, scale, centre, spread : ndarray of shape (n_terms,)
        How a number is bounded, scaled and standardised; 0 and 1 for yes/no terms.
    """

    owner: Whole
    code: Whole
    low: Floats
    high: Floats
    scale: Floats
    centre: Floats
    spread: Floats

    @classmethod
    def learn(cls, matrix: Floats, columns: Columns, weight: Floats) -> Terms:
        """Return the terms of a matrix whose rows have these frequencies."""
        codes = set(columns.categorical)
        rows: list[tuple[float, ...]] = []
        for j in range(matrix.shape[1]):
            values = matrix[:, j]
            if j in codes:
                found = np.unique(values)
                if len(found) > 1:
                    rows.extend((j, code, 0, 0, 1, 0, 1) for code in found)
                continue
            known = ~np.isnan(values)
            if known.any():
                rows.extend(_number(j, values[known], weight[known]))
                if not known.all():
                    rows.append((j, ABSENT, 0, 0, 1, 0, 1))
        table = np.array(rows, dtype=np.float64).reshape(len(rows), 2 + len(_FIELDS))
        owner, code = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
        return cls(owner, code, *table[:, 2:].T.copy())

    def __len__(self) -> int:
        return len(self.owner)

    def design(self, matrix: Floats) -> Floats:
        """Return the design of shape (n_rows, n_terms)."""
        made = np.empty((len(matrix), len(self)))
        for k, (j, code) in enumerate(zip(self.owner, self.code, strict=True)):
            values = matrix[:, j]
            if code == ABSENT:
                made[:, k] = np.isnan(values)
            elif code == NUMBER:
                bounded = np.clip(values, self.low[k], self.high[k])
                logged = np.sign(bounded) * np.log1p(np.abs(bounded) / self.scale[k])
                made[:, k] = np.nan_to_num((logged - self.centre[k]) / self.spread[k], nan=0.0)
            else:
                made[:, k] = values == code
        return made

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping; floats keep every bit."""
        return {name: getattr(self, name).tolist() for name in ("owner", "code", *_FIELDS)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Terms:
        """Return the terms that `as_dict` described."""
        return cls(
            np.array(value["owner"], dtype=np.int64),
            np.array(value["code"], dtype=np.int64),
            *(np.array(value[name], dtype=np.float64) for name in _FIELDS),
        )


def _number(j: int, values: Floats, weight: Floats) -> list[tuple[float, ...]]:
    # Quantiles that are values of the data: a weight of 2 is then exactly the row twice.
    low, high = np.quantile(values, [_LOW, _HIGH], weights=weight, method="inverted_cdf")
    if low == high:
        low, high = values.min(), values.max()
    size = np.abs(values)
    some = size > 0
    scale = (
        float(np.quantile(size[some], 0.5, weights=weight[some], method="inverted_cdf"))
        if some.any()
        else 1.0
    )
    bounded = np.clip(values, low, high)
    logged = np.sign(bounded) * np.log1p(np.abs(bounded) / scale)
    centre = float(np.average(logged, weights=weight))
    spread = float(np.sqrt(np.average((logged - centre) ** 2, weights=weight)))
    if spread <= 1e-12 * max(abs(centre), 1.0):
        return []
    return [(j, NUMBER, float(low), float(high), scale, centre, spread)]
