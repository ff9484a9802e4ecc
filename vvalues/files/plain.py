"""V-values as nested dicts of plain Python numbers, and back: what JSON and reports are made of."""

from __future__ import annotations

import math
from math import prod
from typing import Any

import numpy as np

from ..core.construction import nested
from ..core.paths import NUMBER, Path, format_path, natural_key
from ..core.tree import Leaf, VValue, from_leaves
from .reading import Budget, parse_shape, path_price

__all__ = ["ARRAY", "from_plain", "from_plain_leaf", "plain_items", "to_plain"]

ARRAY = ":array"
"""Reserved key in files: it holds the shape and the elements of an array leaf."""


def to_plain(tree: VValue) -> dict[str, Any]:
    """Nested dict of plain Python numbers in natural key order.

    Returns
    -------
    dict; an array leaf becomes ``{":array": [shape, elements]}``

    Raises
    ------
    ValueError
        If a leaf is NaN or infinite (JSON has no such numbers), or a key is ``":array"``; the
        message names the path.

    Examples
    --------
    >>> to_plain(VValue({"n10": 1, "n2": np.zeros(2)}))
    {'n2': {':array': [[2], [0.0, 0.0]]}, 'n10': 1.0}
    """
    items = plain_items(tree)
    for path, _ in items:
        if ARRAY in path:
            raise ValueError(f"path {format_path(path)} has the key {ARRAY!r}, reserved in files")
    return nested(items, is_leaf=lambda node: not isinstance(node, dict) or ARRAY in node)


def plain_items(tree: VValue) -> list[tuple[Path, Any]]:
    """Paths and leaves as `to_plain` spells them, in natural order of the paths.

    Raises
    ------
    ValueError
        If a leaf is NaN or infinite; the message names its path.
    """
    if not np.all(np.isfinite(tree.buffer)):
        for path, leaf in tree.items():
            if not np.all(np.isfinite(leaf)):
                raise ValueError(
                    f"leaf at {format_path(path)} is {leaf}; JSON holds finite numbers only "
                    "(npz files hold NaN as well)"
                )
    items = [(path, _plain_leaf(leaf)) for path, leaf in tree.items()]
    return sorted(items, key=lambda item: natural_key(item[0]))


def _plain_leaf(leaf: Leaf) -> Any:
    if isinstance(leaf, np.ndarray):
        return {ARRAY: [list(leaf.shape), leaf.ravel().tolist()]}
    return leaf


def from_plain(data: Any, where: str = "V-value", budget: Budget | None = None) -> VValue:
    """Inverse of `to_plain`, strict about leaves.

    Parameters
    ----------
    data : nested dict of numbers
    where : str
        What the data is, for messages: a file name, say.
    budget : Budget, optional
        Memory that may be taken, if the data is from a file.

    Raises
    ------
    ValueError
        For anything but nested objects of finite numbers; the message starts with ``where`` and
        names the path.

    Examples
    --------
    >>> from_plain({"a": {":number": 1, "b": 2}})
    VValue({'a': {':number': 1.0, 'b': 2.0}})
    """
    if not isinstance(data, dict):
        raise ValueError(f"{where}: expected an object, not {type(data).__name__}")
    leaves: dict[Path, Leaf] = {}
    stack: list[tuple[Path, Any]] = [((), data)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict) and ARRAY not in node:
            if budget is not None:  # deep leaves have long paths: it is not the file's size alone
                budget.spend(len(node) * path_price(len(path) + 1))
            for key, child in node.items():
                if not isinstance(key, str):
                    raise ValueError(f"{where}: {format_path(path)} has the key {key!r}, not a str")
                if key == NUMBER and isinstance(child, dict) and ARRAY not in child:
                    raise ValueError(f"{where}: {format_path((*path, key))} must hold a number")
                stack.append((path if key == NUMBER else (*path, key), child))
        else:
            leaves[path] = from_plain_leaf(node, f"{where}: {format_path(path)}")
    return from_leaves(leaves)


def from_plain_leaf(node: Any, where: str) -> Leaf:
    """A leaf from a number or ``{":array": [shape, elements]}``.

    Raises
    ------
    ValueError
        For anything else, and for numbers that are not finite; the message starts with ``where``.
    """
    if not isinstance(node, dict):
        return _finite(node, where)
    array = node.get(ARRAY)
    if len(node) > 1 or not (isinstance(array, list) and len(array) == 2):
        raise ValueError(f"{where} is not a valid array leaf: expected [shape, elements]")
    shape = parse_shape(array[0], f"{where} is not a valid array leaf")
    elements = array[1] if isinstance(array[1], list) else []
    if len(elements) != prod(shape):
        raise ValueError(
            f"{where} is not a valid array leaf: {len(elements)} elements for the shape {shape}"
        )
    return np.array([_finite(x, where) for x in elements], dtype=float).reshape(shape)


def _finite(node: Any, where: str) -> float:
    if isinstance(node, bool) or not isinstance(node, (int, float)):
        raise ValueError(f"{where} is {node!r:.40}, not a real number")
    try:
        number = float(node)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{where} is {node!r:.40}, expected a finite number of double precision")
    return number
