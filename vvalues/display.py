"""Text renderings of V-values: a compact ``repr`` and an indented tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .paths import format_path, natural_key

if TYPE_CHECKING:
    from .tree import VValue

__all__ = ["compact", "indented"]


def compact(tree: VValue, limit: int = 12) -> str:
    """One line; long trees are shortened with a count of what is left out."""
    if len(tree) <= limit:
        return f"VValue({_plain(tree.to_dict())})"
    from .tree import from_leaves

    head = from_leaves(dict(list(tree.items())[:limit]))
    return f"VValue({_plain(head.to_dict())[:-1]}, … {len(tree) - limit} more leaves}})"


def _plain(node: object) -> str:
    if isinstance(node, dict):
        return "{" + ", ".join(f"{key!r}: {_plain(child)}" for key, child in node.items()) + "}"
    if isinstance(node, np.ndarray):
        return f"array{node.shape}"
    return repr(node)


def indented(tree: VValue, limit: int = 200) -> str:
    """An indented tree in natural order; chains of single children share one line."""
    if not len(tree):
        return "(empty V-value)"
    lines: list[str] = []
    previous: tuple[str, ...] = ()
    ordered = sorted(tree.items(), key=lambda item: natural_key(item[0]))
    shared = _branching(path for path, _ in ordered)
    for path, leaf in ordered[:limit]:
        cuts = [i for i in range(1, len(path)) if path[:i] in shared]
        common = sum(1 for cut in cuts if previous[:cut] == path[:cut])
        bounds = [0, *cuts, len(path)]
        for level in range(common, len(bounds) - 1):
            keys = path[bounds[level] : bounds[level + 1]]
            is_last = level == len(bounds) - 2
            shown = f"  {_number(leaf)}" if is_last else ""
            lines.append("  " * level + format_path(keys) + shown)
        previous = path
    if len(ordered) > limit:
        lines.append(f"… {len(ordered) - limit} more leaves")
    return "\n".join(lines)


def _branching(paths) -> set[tuple[str, ...]]:
    """Prefixes below which more than one child hangs (or that hold a scalar of their own)."""
    children: dict[tuple[str, ...], set] = {}
    for path in paths:
        for i in range(len(path)):
            children.setdefault(path[:i], set()).add(path[i])
        children.setdefault(path, set()).add(None)
    return {prefix for prefix, below in children.items() if prefix and len(below) > 1}


def _number(leaf: object) -> str:
    return f"{leaf:+.6g}" if isinstance(leaf, float) else f"array{np.shape(leaf)}"
