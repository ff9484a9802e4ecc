"""Numbers in whatever container a user has them; pandas is known by sight, and never imported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["is_pandas", "no_numbers", "numbers", "quoted", "series_of"]

PLAIN = (int, float, np.integer, np.floating, np.bool_, type(None))


def numbers(values: Any) -> np.ndarray | None:
    """An array of float64 from numbers in any container; None if they are anything else.

    What is masked or missing is NaN; booleans are 0 and 1.

    Examples
    --------
    >>> numbers([[1, 2], [True, None]]).tolist(), numbers(["a"]), numbers([[1], [2, 3]])
    ([[1.0, 2.0], [1.0, nan]], None, None)
    """
    if is_pandas(values):
        return _numbers_of_pandas(values)
    is_masked = np.ma.isMaskedArray(values)
    try:
        array = np.asarray(values)
    except (ValueError, TypeError):  # of unequal length, or no numbers at all
        return None
    if array.dtype.kind == "O" and not all(isinstance(entry, PLAIN) for entry in array.flat):
        return None
    if array.dtype.kind not in "biufO":
        return None
    try:
        found = array.astype(np.float64)
    except OverflowError:  # an int that no float holds
        return None
    return np.where(np.ma.getmaskarray(values), np.nan, found) if is_masked else found


def is_pandas(values: Any) -> bool:
    """Whether it is an object of pandas."""
    return any(kind.__module__.partition(".")[0] == "pandas" for kind in type(values).__mro__)


def series_of(values: Any) -> list[Any]:
    """The columns of a pandas object; a Series is its only one."""
    return [values.iloc[:, i] for i in range(values.shape[1])] if values.ndim == 2 else [values]


def _numbers_of_pandas(values: Any) -> np.ndarray | None:
    columns = series_of(values)
    if any(no_numbers(column) for column in columns):
        return None
    arrays = [column.to_numpy(dtype=np.float64, na_value=np.nan) for column in columns]
    if values.ndim == 1:
        return arrays[0]
    return np.stack(arrays, axis=1) if arrays else np.empty((len(values), 0))


def no_numbers(column: Any) -> bool:
    """Whether a pandas Series holds anything but real numbers."""
    from pandas.api.types import is_complex_dtype, is_numeric_dtype

    return not is_numeric_dtype(column.dtype) or is_complex_dtype(column.dtype)


def quoted(names: Iterable[Any]) -> str:
    """What columns or streams are called, for messages."""
    return ", ".join(map(repr, names)) or "none"
