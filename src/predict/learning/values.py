"""Values of one column: numbers, levels as text, and what is neither."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predict.errors import InputError

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


class ColumnsError(InputError, ValueError):
    """The columns are not those that the model was fitted on, or not of their type."""


def as_text(value: object) -> str:
    """Return a level as text, so that 1, 1.0 and "1" are one level.

    Examples
    --------
    >>> as_text(1), as_text(1.0), as_text("1"), as_text(1.5), as_text(True)
    ('1', '1', '1', '1.5', 'True')
    """
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def is_number(series: pd.Series) -> bool:
    """Tell whether a column holds numbers: by its dtype, bool included, complex and dates not."""
    return (
        pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_complex_dtype(series)
    ) or pd.api.types.is_bool_dtype(series)


def levels_of(series: pd.Series) -> tuple[Whole, list[str]]:
    """Return a code per row (-1 missing) and the text of each code; texts are unique.

    Examples
    --------
    >>> codes, levels = levels_of(pd.Series([1, "1", None, "b"], dtype=object))
    >>> codes.tolist(), levels
    ([0, 0, -1, 1], ['1', 'b'])
    """
    raw, values = pd.factorize(series.astype(object), use_na_sentinel=True)
    texts = [as_text(value) for value in values]
    unique = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    # 1 and "1" are two values and one level.
    lookup = np.array([unique[text] for text in texts] + [-1], dtype=np.int64)
    return lookup[raw], list(unique)


def numbers_of(name: str, series: pd.Series) -> Floats:
    """Return a column as float64 with NaN for missing.

    Parameters
    ----------
    name : str
        Named in errors.
    series : pandas.Series
        Of any dtype that holds numbers.

    Raises
    ------
    ColumnsError
        It holds text, dates or infinity.

    Examples
    --------
    >>> numbers_of("visits", pd.Series([1, None], dtype=object)).tolist()
    [1.0, nan]
    """
    if not is_number(series):
        present = series.dropna()
        # None and decimals make a column of objects; only text and dates are another type.
        strange = next(
            (v for v in present if not isinstance(v, (int, float, Decimal, np.number))), None
        )
        if strange is not None:
            raise ColumnsError(
                "a column of numbers holds something else",
                where=name,
                got=f"{series.dtype}, {type(strange).__name__}",
                do="turn it into float64 with NaN for missing",
            )
    values = (
        series.astype(object).where(series.notna(), np.nan) if series.dtype == object else series
    )
    numbers = pd.Series(values).to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(numbers).any():
        raise ColumnsError(
            "a column of numbers holds infinity", where=name, do="use NaN for missing"
        )
    return numbers
