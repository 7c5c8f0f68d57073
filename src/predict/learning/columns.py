"""Columns by name: what each input column is, and the one matrix that both members learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predict.errors import nearest
from predict.learning import titles
from predict.learning.values import ColumnsError, is_number, levels_of, numbers_of

Kind = Literal["number", "category", "text"]
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Codes of a category in the matrix; the levels follow.
MISSING, OTHER, FIRST_LEVEL = 0, 1, 2
#: A level with fewer leads than this goes to "other" before anything is learned or stored.
LEAST_LEADS = 20
MOST_LEVELS = 254
_MOST_NAMED = 10


@dataclass(frozen=True)
class Column:
    """One input column: its name, kind, and the levels or marks that it was learned with.

    One that never varied, or only repeated an earlier column, is not ``used``: it has no place in
    the matrix, so that credit is not split between twins.
    """

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()
    used: bool = True

    @property
    def width(self) -> int:
        """Number of matrix columns: text has one per mark and one for missing."""
        if not self.used:
            return 0
        return len(self.levels) + 1 if self.kind == "text" else 1


@dataclass(frozen=True)
class Columns:
    """The schema layer: takes frames with columns in any order, gives a matrix in one order.

    Numbers stay numbers (NaN = missing). A category becomes a code: 0 missing, 1 other, then its
    levels. Text becomes yes/no columns, one per mark (see `predict.learning.titles`) and one for
    missing. Nothing here looks at outcomes.

    Examples
    --------
    >>> X = pd.DataFrame({"visits": [1.0, None] * 20, "source": ["web", None] * 20})
    >>> columns = Columns.learn(X)
    >>> columns.encode(X.iloc[:2]).tolist()
    [[1.0, 2.0], [nan, 0.0]]
    >>> columns.encode(pd.DataFrame({"source": ["fair"], "visits": [3]})).tolist()
    [[3.0, 1.0]]
    """

    items: tuple[Column, ...]

    @classmethod
    def learn(
        cls,
        X: pd.DataFrame,
        *,
        text: Sequence[str] = (),
        groups: Whole | None = None,
        least_leads: int = LEAST_LEADS,
    ) -> Columns:
        """Return the columns of ``X`` with the levels and marks that enough leads carry.

        Parameters
        ----------
        X : pandas.DataFrame of shape (n_rows, n_columns)
        text : sequence of str
            Names of the columns of short text.
        groups : ndarray of shape (n_rows,), optional
            Lead or account of each row; each row its own by default.
        least_leads : int
            Groups that a level must have.

        Raises
        ------
        ColumnsError
            A name appears twice, a text column is absent, a column is neither number nor text.
        """
        leads: Whole = np.arange(len(X)) if groups is None else groups
        names = [str(name) for name in X.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ColumnsError("a column name appears twice", where=twice[0])
        for name in text:
            if name not in names:
                hint = nearest(name, names)
                raise ColumnsError(
                    "a column named as text is absent",
                    got=name,
                    do=f"did you mean {hint!r}?" if hint else "correct text_columns",
                )
        seen: set[bytes] = set()
        items = []
        for i, name in enumerate(names):
            column = _learn(name, X.iloc[:, i], name in text, leads, least_leads)
            items.append(replace(column, used=_is_new(_encode(column, X.iloc[:, i]), seen)))
        return cls(tuple(items))

    @property
    def names(self) -> list[str]:
        """Names of the input columns, in the order of the matrix."""
        return [column.name for column in self.items]

    @property
    def owner(self) -> Whole:
        """For each matrix column, the position of the input column it belongs to."""
        return np.repeat(np.arange(len(self.items)), [c.width for c in self.items])

    @property
    def categorical(self) -> list[int]:
        """Positions of the matrix columns that hold codes."""
        kinds = np.array([c.kind == "category" for c in self.items])[self.owner]
        return [int(i) for i in np.flatnonzero(kinds)]

    @property
    def n_codes(self) -> list[int]:
        """Number of codes of each matrix column that holds codes."""
        return [len(c.levels) + FIRST_LEVEL for c in self.items if c.kind == "category" and c.used]

    def encode(self, X: pd.DataFrame) -> Floats:
        """Return the matrix of shape (n_rows, n_matrix_columns); columns of ``X`` in any order.

        Raises
        ------
        ColumnsError
            A column is missing or of another type. Columns that the model does not know are
            passed over.
        """
        self.check(X)
        parts = [_encode(column, X[column.name]) for column in self.items if column.used]
        return np.ascontiguousarray(np.column_stack(parts)) if parts else np.empty((len(X), 0))

    def check(self, X: pd.DataFrame) -> None:
        """Raise `ColumnsError` where a column of the model is missing in ``X`` or there twice."""
        given = [str(name) for name in X.columns]
        missing = [name for name in self.names if name not in given]
        if missing:
            # The first lines are scikit-learn's words, which its users search for.
            seen = "\n".join(f"- {name}" for name in sorted(missing)[:_MOST_NAMED])
            extra = sorted(set(given) - set(self.names))[:_MOST_NAMED]
            unseen = "\n".join(f"- {name}" for name in extra)
            told = "The feature names should match those that were passed during fit.\n"
            if unseen:
                told += f"Feature names unseen at fit time:\n{unseen}\n"
            told += f"Feature names seen at fit time, yet now missing:\n{seen}\n"
            hint = nearest(missing[0], given)
            raise ColumnsError(
                told,
                where=missing[0],
                do=f"did you rename {hint!r}?" if hint else "add the column; it may be empty",
            )
        twice = [name for name in self.names if given.count(name) > 1]
        if twice:
            raise ColumnsError("a column name appears twice", where=twice[0])

    def unseen(self, X: pd.DataFrame) -> dict[str, dict[str, int]]:
        """Count, per category column, the values of ``X`` that are not among its levels.

        They are scored as "other". A value that fewer than 20 leads had in training is among
        them: it was never stored.
        """
        self.check(X)
        found: dict[str, dict[str, int]] = {}
        for column in self.items:
            if column.kind == "category":
                codes, levels = levels_of(X[column.name])
                counts = np.bincount(codes[codes >= 0], minlength=len(levels))
                known = set(column.levels)
                new = {
                    level: int(n)
                    for level, n in zip(levels, counts, strict=True)
                    if level not in known and n
                }
                if new:
                    found[column.name] = new
        return found

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping."""
        return {
            "columns": [
                {"name": c.name, "kind": c.kind, "levels": list(c.levels), "used": c.used}
                for c in self.items
            ]
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Columns:
        """Return the columns that `as_dict` described."""
        return cls(
            tuple(
                Column(c["name"], c["kind"], tuple(c["levels"]), c["used"])
                for c in value["columns"]
            )
        )


def _learn(name: str, series: pd.Series, is_text: bool, leads: Whole, least_leads: int) -> Column:
    if is_number(series) and not is_text:
        return Column(name, "number")
    if pd.api.types.is_datetime64_any_dtype(series) or pd.api.types.is_complex_dtype(series):
        raise ColumnsError(
            "a column is neither number nor text",
            where=name,
            got=str(series.dtype),
            do="turn dates into days before as_of",
        )
    codes, levels = levels_of(series)
    present = codes >= 0
    if is_text:
        title = [levels[code] if code >= 0 else None for code in codes.tolist()]
        return Column(name, "text", titles.vocabulary(title, leads.tolist()))
    pairs = pd.DataFrame({"code": codes[present], "lead": leads[present]}).drop_duplicates()
    carriers = np.bincount(pairs["code"].to_numpy(), minlength=len(levels))
    enough = sorted(
        (i for i in range(len(levels)) if carriers[i] >= least_leads),
        key=lambda i: (-carriers[i], levels[i]),
    )
    return Column(name, "category", tuple(sorted(levels[i] for i in enough[:MOST_LEVELS])))


def _is_new(block: Floats, seen: set[bytes]) -> bool:
    """Tell whether a block of the matrix varies and is no copy of one seen before."""
    if not len(block) or (pd.DataFrame(block).nunique(dropna=False) <= 1).all():
        return False
    # Whether a number or a code, equal values split the rows alike.
    digest = hashlib.sha256(np.ascontiguousarray(block).tobytes()).digest()
    new = digest not in seen
    seen.add(digest)
    return new


def _encode(column: Column, series: pd.Series) -> Floats:
    if column.kind == "number":
        return numbers_of(column.name, series)
    codes, levels = levels_of(series)
    if column.kind == "category":
        position = {level: i + FIRST_LEVEL for i, level in enumerate(column.levels)}
        lookup = np.array([position.get(level, OTHER) for level in levels] + [MISSING], float)
        return lookup[codes]
    position = {mark: i for i, mark in enumerate(column.levels)}
    table = np.zeros((len(levels) + 1, column.width))
    for i, title in enumerate(levels):
        table[i, [position[mark] for mark in titles.marks_of(title) if mark in position]] = 1.0
    table[-1, -1] = 1.0
    return table[codes]
