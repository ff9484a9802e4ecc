"""Streams from pandas: columns are streams, rows are time.

Nothing here imports pandas before it has been handed one of its objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .layouts import Layout, Pieces, Rows
from .numbers import no_numbers, numbers, quoted, series_of

__all__ = [
    "check_index",
    "columns_of",
    "has_names",
    "is_frame",
    "label",
    "rows_of",
    "without_column",
]


def is_frame(values: Any) -> bool:
    """Whether a pandas object has columns."""
    return values.ndim == 2


def without_column(frame: Any, group: Any) -> tuple[Any, Any]:
    """A DataFrame without the column of group labels, and that column.

    Raises
    ------
    ValueError
        If there is no such column.
    """
    if not is_frame(frame) or list(frame.columns).count(group) != 1:
        found = ", ".join(map(repr, frame.columns)) if is_frame(frame) else "none"
        raise ValueError(
            f"group={group!r} is no column of X (columns: {found}); name the column that tells "
            "which string a row belongs to"
        )
    return frame.drop(columns=[group]), frame[group]


def columns_of(frames: Sequence[Any]) -> dict[str, list[Any]]:
    """Streams of DataFrames (or Series), one for every string.

    Returns
    -------
    dict of name to arrays (samples,), one for every string
        The names are places where the user gave none.

    Raises
    ------
    ValueError
        If a column holds no numbers, two have one name, or the strings differ in their columns.
    """
    names = _names(frames[0])
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for i, frame in enumerate(frames):
        found = _names(frame)
        if set(found) != set(names):
            raise ValueError(
                f"string {i + 1} of X has the columns {quoted(found)} where string 1 has "
                f"{quoted(names)}; give every string the same columns"
            )
        for column, name in zip(series_of(frame), found, strict=True):
            columns[name].append(_column(column, name))
    return columns


def has_names(frame: Any) -> bool:
    """Whether the user has named the columns, or the Series."""
    if not is_frame(frame):
        return frame.name is not None
    return list(frame.columns) != list(range(frame.shape[1]))


def _names(frame: Any) -> list[str]:
    if not is_frame(frame):
        return [label(frame.name)]
    names = [label(name) for name in frame.columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"X has several columns that are called {twice!r}; give every stream a name of its own"
        )
    return names


def label(name: Any) -> str:
    """What pandas calls a column or a Series, as one text."""
    return "/".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _column(column: Any, name: str) -> np.ndarray:
    if no_numbers(column):
        example = f", such as {column.iloc[0]!r:.40}" if len(column) else ""
        raise ValueError(
            f"column {name!r} of X has the dtype {column.dtype}{example}; make numbers of it "
            "(pandas.to_numeric, or 0 and 1 for every category), or leave it out"
        )
    found = numbers(column)
    assert found is not None
    return found


def rows_of(frame: Any) -> Rows:
    """The rows of one object as one string."""
    return Rows((np.arange(len(frame)),), frame.index)


def check_index(layout: Layout) -> None:
    """Raise ValueError unless the rows of every string have one place in time each, in order."""
    if isinstance(layout, Pieces):
        indexes: Sequence[Any] = layout.indexes
    elif isinstance(layout, Rows) and layout.index is not None:
        indexes = [layout.index[rows] for rows in layout.rows]
    else:
        return
    for i, index in enumerate(indexes):
        where = "" if len(indexes) == 1 else f" in string {i + 1}"
        if not index.is_unique:
            twice = index[index.duplicated()][0]
            raise ValueError(
                f"the index of X has {twice} twice{where}; drop the repeated rows, or say with "
                "group= which string each row belongs to"
            )
        if _is_time(index) and not index.is_monotonic_increasing:
            later = next(b for a, b in pairwise(index) if not a <= b)
            raise ValueError(
                f"the index of X is not in order{where} (at {later}); rows are time: sort them "
                "first, with sort_index()"
            )


def _is_time(index: Any) -> bool:
    """Whether an index has an order; labels that are text have none."""
    from pandas.api.types import is_numeric_dtype

    is_dated = index.dtype.kind in "Mm" or type(index).__name__ == "PeriodIndex"
    return is_dated or is_numeric_dtype(index.dtype)
