"""Text renderings of V-values: a compact ``repr`` and an indented tree.

Nothing here recurses over the tree, so depth is no danger; long trees are cut with a count of what
is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, pairwise, takewhile
from typing import NamedTuple

import numpy as np

from ..core.paths import Path, format_path, natural_key
from ..core.tree import Leaf, VValue, from_leaves

__all__ = ["Row", "compact", "format_leaf", "indented", "natural_items", "rows"]

# Sorting a million keys in natural order takes seconds; a display shows a few hundred.
_NATURAL_ORDER_UP_TO = 10_000
_DEEPEST_SHOWN = 60


def compact(tree: VValue, limit: int = 12) -> str:
    """One line; long trees are shortened with a count of what is left out.

    Examples
    --------
    >>> from vvalues import VValue
    >>> compact(VValue({"a": 1, "b": np.zeros((2, 3))}))
    "VValue({'a': 1.0, 'b': array(2, 3)})"
    """
    if len(tree) > limit or tree.support.depth > _DEEPEST_SHOWN:
        return _compact_by_path(tree, limit)
    return f"VValue({_braces(tree.to_dict())})"


def _braces(node: object) -> str:
    if isinstance(node, dict):
        return "{" + ", ".join(f"{key!r}: {_braces(child)}" for key, child in node.items()) + "}"
    return f"array{node.shape}" if isinstance(node, np.ndarray) else repr(node)


def _compact_by_path(tree: VValue, limit: int) -> str:
    n_left_out = max(len(tree) - limit, 0)
    more = f", … {n_left_out} more leaves" if n_left_out else ""
    head = dict(islice(tree.items(), limit))
    if tree.support.depth <= _DEEPEST_SHOWN:
        return f"VValue({_braces(from_leaves(head).to_dict())[:-1]}{more}}})"
    shown = ", ".join(f"{_shortened(path)}: {_braces(leaf)}" for path, leaf in head.items())
    return f"VValue({shown}{more})"


def _shortened(path: Path) -> str:
    if len(path) <= _DEEPEST_SHOWN:
        return format_path(path)
    return f"{format_path(path[:3])}/… {len(path) - 6} more keys …/{format_path(path[-3:])}"


# -------------------- the indented tree --------------------


class Row(NamedTuple):
    """One line of an indented tree."""

    level: int
    keys: Path  # several where single children are collapsed into one line
    path: Path
    leaf: Leaf | None  # None: an inner node without a scalar of its own


def indented(tree: VValue, limit: int = 200) -> str:
    """An indented tree in natural order; chains of single children share one line.

    Examples
    --------
    >>> from vvalues import VValue
    >>> print(indented(VValue({"n1": {"in": {"x": 2, "y": -1}}, "n2": {"in": {"x": 0.5}}})))
    n1/in
      x  +2
      y  -1
    n2/in/x  +0.5
    """
    if not len(tree):
        return "(empty V-value)"
    lines = []
    for row in rows(tree, limit):
        shown = "" if row.leaf is None else "  " + format_leaf(row.leaf)
        lines.append("  " * row.level + _shortened(row.keys) + shown)
    if len(tree) > limit:
        lines.append(f"… {len(tree) - limit} more leaves")
    return "\n".join(lines)


def rows(tree: VValue, limit: int) -> Iterator[Row]:
    """The lines of an indented tree for the first ``limit`` leaves, in natural order."""
    leaves = dict(natural_items(tree, limit))
    paths = list(leaves)
    nodes = _branching(paths) | leaves.keys()
    shown: list[Path] = []  # the chain of nodes down to the line last given
    for path in paths:
        while shown and path[: len(shown[-1])] != shown[-1]:
            shown.pop()
        start = len(shown[-1]) if shown else 0
        for end in range(start + 1, len(path) + 1) if path else [0]:
            node = path[:end]
            if end == len(path) or node in nodes:
                above = len(shown[-1]) if shown else 0
                yield Row(len(shown), node[above:], node, leaves.get(node))
                if node:
                    shown.append(node)


def natural_items(tree: VValue, limit: int) -> Iterator[tuple[Path, Leaf]]:
    """The first leaves in natural order (of very wide trees: the first in canonical order)."""
    items = tree.items()
    if len(tree) > _NATURAL_ORDER_UP_TO:
        items = islice(items, limit)
    return islice(sorted(items, key=lambda item: natural_key(item[0])), limit)


def _branching(paths: Iterable[Path]) -> set[Path]:
    """The longest common prefixes of neighbours: where more than one child hangs."""
    return {_common(path, following) for path, following in pairwise(paths)} - {()}


def _common(one: Path, other: Path) -> Path:
    agree = takewhile(lambda keys: keys[0] == keys[1], zip(one, other, strict=False))
    return tuple(key for key, _ in agree)


def format_leaf(leaf: Leaf) -> str:
    """A scalar with its sign, six significant digits; an array by its shape.

    Examples
    --------
    >>> format_leaf(0.25), format_leaf(np.zeros((2, 3)))
    ('+0.25', 'array(2, 3)')
    """
    return f"array{leaf.shape}" if isinstance(leaf, np.ndarray) else f"{leaf:+.6g}"
