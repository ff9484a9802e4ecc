"""How two sorted lists of paths become one, and where in it the paths of each side are."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from operator import itemgetter

import numpy as np

from .paths import Path

__all__ = ["merged"]

Paths = tuple[Path, ...]
Merged = tuple[Paths, np.ndarray, np.ndarray]

_WIDE = 100  # paths on both sides together from which arrays are faster than lists


def merged(left: Paths, right: Paths, index: Mapping[Path, int]) -> Merged:
    """Union of two sorted lists of paths.

    Parameters
    ----------
    left, right : tuples of paths, each sorted and without repetition
    index : mapping
        From every path of the left side to its number.

    Returns
    -------
    paths : tuple of paths, sorted
    at_left, at_right : arrays of int
        The numbers among them of the paths of each side.

    Notes
    -----
    Linear in the number of paths. What both sides have is found by its hash; paths are compared
    only where both have something of their own between the same two common ones.

    Examples
    --------
    >>> merged((("a",), ("c",)), (("b",), ("c",)), {("a",): 0, ("c",): 1})
    ((('a',), ('b',), ('c',)), array([0, 2]), array([1, 2]))
    """
    if len(left) + len(right) <= _WIDE:
        return _merged_lists(left, right)
    found = np.fromiter(map(index.get, right, repeat(-1)), np.intp, len(right))
    is_new = found < 0
    n_new = int(np.count_nonzero(is_new))
    if not n_new:
        return left, np.arange(len(left)), found
    places = _places(left, right, found, is_new)
    at_new = places + np.arange(n_new)
    at_left = np.arange(len(left))
    at_left += np.searchsorted(places, at_left, side="right")
    at_right = np.empty(len(right), np.intp)
    at_right[is_new] = at_new
    at_right[~is_new] = at_left[found[~is_new]]
    order = np.empty(len(left) + n_new, np.intp)
    order[at_left] = np.arange(len(left))
    order[at_new] = len(left) + np.flatnonzero(is_new)
    return itemgetter(*order.tolist())(left + right), at_left, at_right  # a tuple of many


def _merged_lists(left: Paths, right: Paths) -> Merged:
    paths = tuple(sorted({*left, *right}))
    number = {path: i for i, path in enumerate(paths)}
    at_left, at_right = ([number[path] for path in side] for side in (left, right))
    return paths, np.array(at_left, np.intp), np.array(at_right, np.intp)


def _places(left: Paths, right: Paths, found: np.ndarray, is_new: np.ndarray) -> np.ndarray:
    """Before which leaf of the left side every leaf stands that only the right side has.

    Both are sorted, so what stands between two leaves that both have is between them in the union,
    in a gap. Paths are compared only where each side has something of its own in a gap.
    """
    low = np.maximum.accumulate(found) + 1
    high = np.minimum.accumulate(np.where(is_new, len(left), found)[::-1])[::-1]
    new, low, high = np.flatnonzero(is_new), low[is_new], high[is_new]
    starts = np.flatnonzero(np.diff(low, prepend=-1))  # the first leaf of every gap
    ends = np.append(starts[1:], len(new))
    is_mixed = np.zeros(len(new), bool)
    for i in np.flatnonzero(low[starts] < high[starts]).tolist():
        start, end = int(starts[i]), int(ends[i])
        first, last = int(low[start]), int(high[start])
        if left[last - 1] < right[new[start]]:
            low[start:end] = last
        elif left[first] < right[new[end - 1]]:
            is_mixed[start:end] = True
    if is_mixed.any():
        low[is_mixed] = _sorted_in(left, right, new[is_mixed], low[is_mixed], high[is_mixed])
    return low


def _sorted_in(
    left: Paths, right: Paths, new: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Before which leaf of the left side stand the leaves ``new`` of the right side.

    Parameters
    ----------
    new, low, high : arrays of int (leaves,)
        They stand before one of the leaves ``low`` to ``high`` of the left side.
    """
    edges = np.zeros(len(left) + 1, np.intp)
    edges[low] = 1  # the same for all leaves of a gap, which counts once
    edges[high] -= 1
    own = np.flatnonzero(np.cumsum(edges)[:-1])
    paths = [left[i] for i in own.tolist()] + [right[j] for j in new.tolist()]
    # Two ascending runs, which Python's sort recognises and merges in linear time.
    order = np.array(sorted(range(len(paths)), key=paths.__getitem__), np.intp)
    is_own = order < len(own)
    return low + np.cumsum(is_own)[~is_own] - np.searchsorted(own, low)
