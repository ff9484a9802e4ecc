"""From nested mappings to paths and leaves and back, and what may be a leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np
from autograd.tracer import getval

from . import tree as _tree  # the module: it imports this one, and defines its names later
from .paths import NUMBER, Path, format_path
from .tracing import is_traced, is_tree

__all__ = ["as_leaf_or_tree", "nested", "walk"]


def walk(mapping: Any) -> tuple[list[Path], list[Any]]:
    """Paths and leaves of a nested mapping, in canonical order.

    Without recursion (trees may be deep), and sorting the few keys of each node rather than all
    the paths at the end.
    """
    paths: list[Path] = []
    leaves: list[Any] = []
    stack: list[tuple[Path, Any]] = [((), mapping)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, Mapping):
            keys = _sorted_keys(path, node)
            children = [node[key] for key in keys]
            if set(map(type, children)) <= {float}:  # the lowest level, by far the widest
                paths.extend([path if key == NUMBER else (*path, key) for key in keys])
                leaves.extend(children)
            else:
                below = (_child_path(path, *item) for item in zip(keys, children, strict=True))
                stack.extend(reversed(list(zip(below, children, strict=True))))
        elif isinstance(node, _tree.VValue):
            paths.extend(path + tail for tail in node.support.paths)
            leaves.extend(leaf for _, leaf in node.items())
        else:
            paths.append(path)
            leaves.append(_as_leaf(path, node))
    return paths, leaves


def nested(items: Iterable[tuple[Path, Any]], is_leaf: Callable[[Any], bool]) -> dict[str, Any]:
    """Inverse of `walk`, of paths that stand before those below them."""
    root: dict[str, Any] = {}
    for path, leaf in items:
        node = root
        for key in path[:-1]:
            child = node.setdefault(key, {})
            if is_leaf(child):  # the node's own scalar came first
                child = node[key] = {NUMBER: child}
            node = child
        node[path[-1] if path else NUMBER] = leaf
    return root


def _sorted_keys(path: Path, node: Mapping) -> list[str]:
    """Keys of a node in canonical order; its own scalar comes before what hangs below it."""
    for key in node:
        if not isinstance(key, str):
            raise TypeError(
                f"V-value at {format_path(path)} has the key {key!r} of type "
                f"{type(key).__name__}; keys are str: convert it with str(key)"
            )
    keys = sorted(node)
    if NUMBER in node:
        keys.remove(NUMBER)
        keys.insert(0, NUMBER)
    return keys


def _child_path(path: Path, key: str, child: Any) -> Path:
    if key != NUMBER:
        return (*path, key)
    if isinstance(child, (Mapping, _tree.VValue)):
        raise TypeError(
            f"V-value at {format_path((*path, NUMBER))} is {type(child).__name__}; "
            f"{NUMBER!r} holds the node's own scalar: expected a real number"
        )
    return path


def _as_leaf(path: Path, leaf: Any) -> Any:
    if type(leaf) is float:
        return leaf
    if is_traced(leaf):
        inside = getval(leaf)
        if type(inside) is not _tree.VValue:
            _as_leaf(path, inside)
        return leaf
    if isinstance(leaf, Real) and not isinstance(leaf, (bool, np.bool_)):
        return float(leaf)
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fiu":
        return leaf.astype(np.float64) if leaf.ndim else float(leaf)
    hint = ""
    if isinstance(leaf, (list, tuple)) or (isinstance(leaf, np.ndarray) and leaf.dtype == object):
        hint = " (np.array(...) of numbers; autograd.numpy.array(...) of differentiated ones)"
    raise TypeError(
        f"VValue leaf at {format_path(path)} is {type(leaf).__name__} {leaf!r:.40}; "
        f"expected a real number or an array of real numbers{hint}"
    )


def as_leaf_or_tree(path: Path, value: Any) -> Any:
    """A leaf, or a tree where the value is one; ``path`` is where it goes, for the message."""
    if is_tree(value):
        return value
    if isinstance(value, Mapping):
        return _tree.VValue(value)
    return _as_leaf(path, value)
