"""New names for paths: relabel, drop, swap, merge and split levels; leaves in some order.

A level is a place in the paths: 0 is the first key, -1 the last one. Everything that moves leaves
is linear, its gradient the way back. Where leaves would meet at one path it is refused, unless they
are to be added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..algebra.collecting import collect, path_plan
from ..core.paths import Path, as_path, natural_key
from ..core.tracing import support_of, unboxed
from ..core.tree import VValue

__all__ = ["drop_level", "merge_levels", "relabel", "sorted_items", "split_level", "swap_levels"]


def relabel(
    tree: VValue, names: Mapping[Any, Any] | Callable[[Path], Any], /, *, add: bool = False
) -> VValue:
    """The same leaves at other paths.

    Parameters
    ----------
    tree : VValue
    names : mapping of key or path -> key or path, or callable path -> key or path
        With a mapping, what is at a path that it names and below moves; the longest one wins.
    add : bool
        Whether leaves that meet are added, or refused.

    Returns
    -------
    VValue

    Raises
    ------
    ValueError
        If leaves meet and are not to be added, or have different shapes; it names the paths.

    Examples
    --------
    >>> v = VValue({"n1": {"in": 2, "out": -1}, "n2": 0.5})
    >>> relabel(v, {"n1": "m", ("n1", "out"): ("rest", "out")})
    VValue({'m': {'in': 2.0}, 'n2': 0.5, 'rest': {'out': -1.0}})
    >>> relabel(v, lambda path: (*path, "x"))["n2"]
    VValue({'x': 0.5})
    """
    if not isinstance(names, Mapping):
        return _moved(tree, lambda path: as_path(names(path)), add, None)
    moves = {as_path(old): as_path(new) for old, new in names.items()}
    return _moved(tree, lambda path: _renamed(path, moves), add, tuple(moves.items()))


def _renamed(path: Path, moves: Mapping[Path, Path]) -> Path:
    for n in range(len(path), -1, -1):
        if path[:n] in moves:
            return moves[path[:n]] + path[n:]
    return path


def drop_level(tree: VValue, level: int, /, *, add: bool = False) -> VValue:
    """The tree without one level of keys; leaves that are not so deep stay.

    Parameters
    ----------
    tree : VValue
    level : int
    add : bool
        Whether leaves that meet are added, or refused.

    Examples
    --------
    >>> drop_level(VValue({"a": {"x": 1, "y": 2}, "b": {"x": 3}}), 0, add=True)
    VValue({'x': 4.0, 'y': 2.0})
    """

    def move(path: Path) -> Path:
        i = _place(level, path)
        return path if i is None else path[:i] + path[i + 1 :]

    return _moved(tree, move, add, ("drop", level))


def swap_levels(tree: VValue, level: int, other: int, /) -> VValue:
    """The tree with two levels of keys exchanged; its own inverse.

    Raises
    ------
    ValueError
        If a path is not so deep and would meet another one.

    Examples
    --------
    >>> swap_levels(VValue({"a": {"x": 1, "y": 2}, "b": {"x": 3}}), 0, 1)
    VValue({'x': {'a': 1.0, 'b': 3.0}, 'y': {'a': 2.0}})
    """

    def move(path: Path) -> Path:
        i, j = _place(level, path), _place(other, path)
        if i is None or j is None:
            return path
        keys = list(path)
        keys[i], keys[j] = keys[j], keys[i]
        return tuple(keys)

    return _moved(tree, move, False, ("swap", level, other))


def merge_levels(tree: VValue, level: int, /, separator: str = ".") -> VValue:
    """The tree with the keys of a level and of the next one joined; paths not so deep stay.

    Examples
    --------
    >>> v = VValue({"a": {"x": 1, "y": {"z": 2}}})
    >>> merge_levels(v, 0)
    VValue({'a.x': 1.0, 'a.y': {'z': 2.0}})
    >>> split_level(merge_levels(v, 0), 0) == v
    True
    """

    def move(path: Path) -> Path:
        i = _place(level, path)
        if i is None or i + 1 >= len(path):
            return path
        return (*path[:i], path[i] + separator + path[i + 1], *path[i + 2 :])

    return _moved(tree, move, False, ("merge", level, separator))


def split_level(tree: VValue, level: int, /, separator: str = ".") -> VValue:
    """The tree with the keys of a level taken apart where a separator first stands.

    Raises
    ------
    ValueError
        If the separator is empty.

    Examples
    --------
    >>> split_level(VValue({"a.x": 1, "b": 2}), 0)
    VValue({'a': {'x': 1.0}, 'b': 2.0})
    """
    if not separator:
        raise ValueError("separator is ''; expected at least one character")

    def move(path: Path) -> Path:
        i = _place(level, path)
        if i is None or separator not in path[i]:
            return path
        return (*path[:i], *path[i].split(separator, 1), *path[i + 1 :])

    return _moved(tree, move, False, ("split", level, separator))


def _place(level: int, path: Path) -> int | None:
    i = level if level >= 0 else len(path) + level
    return i if 0 <= i < len(path) else None


def _moved(tree: VValue, move: Callable[[Path], Path], add: bool, key: Any) -> VValue:
    return collect(tree, path_plan(support_of(tree, "tree"), move, add=add, key=key))


# -------------------- order --------------------

_ORDERS: dict[str, Callable[[tuple[Path, Any]], Any]] = {
    "path": lambda item: natural_key(item[0]),
    "value": lambda item: float(np.max(item[1], initial=-np.inf)),
    "magnitude": lambda item: float(np.max(np.abs(item[1]), initial=0.0)),
}


def sorted_items(
    tree: VValue, /, by: str = "path", *, descending: bool = False
) -> list[tuple[Path, Any]]:
    """``(path, leaf)`` pairs in some order. (A tree itself has no other order than its paths'.)

    Parameters
    ----------
    tree : VValue
    by : {"path", "value", "magnitude"}
        In the order of displays (``n2`` before ``n10``), by value, or by magnitude; of an array
        leaf the largest counts.
    descending : bool

    Raises
    ------
    ValueError
        If there is no such order.

    Examples
    --------
    >>> v = VValue({"n10": 1, "n2": -3, "n1": 2})
    >>> sorted_items(v)[1], sorted_items(v, "magnitude", descending=True)[0]
    ((('n2',), -3.0), (('n2',), -3.0))
    """
    if by not in _ORDERS:
        raise ValueError(f"by is {by!r}; expected one of {', '.join(map(repr, _ORDERS))}")
    items: Iterable[tuple[Path, Any]] = unboxed(tree, "tree").items()
    return sorted(items, key=_ORDERS[by], reverse=descending)
