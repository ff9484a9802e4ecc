"""Parts of trees by pattern: what is selected, what is left, what is done to it, where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.paths import NUMBER, Path, format_path
from ..core.pointwise import united
from ..core.structure import assemble, restrict, take
from ..core.support import Support
from ..core.tracing import support_of
from ..core.tree import VValue
from .language import Pattern, is_selected, selected

__all__ = [
    "drop",
    "labels",
    "map_with_path",
    "partition",
    "positions",
    "positions_in",
    "select",
    "update",
]


def select(tree: VValue, /, *patterns: Pattern) -> VValue:
    r"""The leaves that any of some patterns selects, at their paths.

    Parameters
    ----------
    tree : VValue
    *patterns : text, path, predicate, Support, VValue, or a list of these
        ``"accum-*/**/dict"``: ``*`` any characters of a key, ``?`` one character, ``**`` any
        number of keys. What is at a matching node and below is selected; a text that ends in
        ``:number`` means the node's own scalar. See `vvalues.patterns.language`.

    Returns
    -------
    VValue; empty where nothing matches

    Notes
    -----
    What a text selects is worked out once per support. Linear; gradients as those of `restrict`.

    Examples
    --------
    >>> v = VValue({"accum-1": {"in": {"dict": 1}}, "accum-2": {"dict": 2, "x": 3}, "b": 4})
    >>> select(v, "accum-*/**/dict")
    VValue({'accum-1': {'in': {'dict': 1.0}}, 'accum-2': {'dict': 2.0}})
    >>> select(v, lambda path: len(path) == 1), select(v, v > 2)
    (VValue({'b': 4.0}), VValue({'accum-2': {'x': 3.0}, 'b': 4.0}))
    """
    return _on(tree, selected(support_of(tree, "tree"), *patterns))


def drop(tree: VValue, /, *patterns: Pattern) -> VValue:
    """The tree without what any of some patterns selects; as `select`.

    Examples
    --------
    >>> drop(VValue({"a": {"x": 1, "y": 2}, "b": {"x": 3}}), "*/x")
    VValue({'a': {'y': 2.0}})
    """
    support = support_of(tree, "tree")
    return _on(tree, _without(support, selected(support, *patterns)))


def partition(tree: VValue, /, *patterns: Pattern) -> tuple[VValue, ...]:
    """One tree for every pattern, and the rest: their sum is the tree.

    Parameters
    ----------
    tree : VValue
    *patterns : as those of `select`
        A leaf goes to the first one that selects it.

    Returns
    -------
    tuple of len(patterns) + 1 V-values, with disjoint supports

    Examples
    --------
    >>> v = VValue({"a": {"x": 1, "y": 2}, "b": {"x": 3}})
    >>> below_a, other_x, rest = partition(v, "a", "**/x")
    >>> below_a, other_x, rest
    (VValue({'a': {'x': 1.0, 'y': 2.0}}), VValue({'b': {'x': 3.0}}), VValue({}))
    >>> below_a + other_x + rest == v
    True
    """
    left = support_of(tree, "tree")
    parts = []
    for pattern in patterns:
        part = selected(left, pattern)
        parts.append(_on(tree, part))
        left = _without(left, part)
    return (*parts, _on(tree, left))


def _on(tree: VValue, part: Support) -> VValue:
    return tree if part is support_of(tree) else restrict(tree, part)


def _without(support: Support, part: Support) -> Support:
    if part is support:
        return Support.of(())
    if not len(part):
        return support
    plans = support.plans.setdefault(part, {})
    if "without" not in plans:
        plans["without"] = support.where(np.array([p not in part.index for p in support.paths]))
    return plans["without"]


def update(tree: VValue, pattern: Pattern, function: Callable[[VValue], VValue], /) -> VValue:
    """The tree with a function applied to the part that a pattern selects.

    Parameters
    ----------
    tree : VValue
    pattern : as those of `select`; a list for several
    function : V-value -> V-value
        It gets the part at its paths, and may change the support.

    Returns
    -------
    VValue, the rest and what the function has made of the part

    Examples
    --------
    >>> v = VValue({"a": {"x": 0.01, "y": 2}, "b": {"x": 3}})
    >>> update(v, "*/x", lambda part: -part)
    VValue({'a': {'x': -0.01, 'y': 2.0}, 'b': {'x': -3.0}})
    >>> from vvalues import prune
    >>> update(v, "a", lambda part: prune(part, 0.1))
    VValue({'a': {'y': 2.0}, 'b': {'x': 3.0}})
    """
    part, rest = partition(tree, pattern)
    return rest + function(part)


def map_with_path(function: Callable[..., Any], tree: VValue, /, *others: VValue) -> VValue:
    """Apply a function to every leaf, together with its path.

    Parameters
    ----------
    function : (path, leaf, ...) -> real number or array
        One leaf for every tree, 0.0 where that one has nothing.
    tree, *others : VValue

    Returns
    -------
    VValue on the union of the supports: the leaves that are there. It has to be said leaf by leaf,
    so nothing is asked of the function at absent paths.

    Notes
    -----
    A call per leaf, and while differentiating a node of autograd's tape per operation and leaf:
    for many leaves use `map_leaves` on parts (`update`).

    Examples
    --------
    >>> v = VValue({"a": 1, "b": {"c": 2}})
    >>> map_with_path(lambda path, leaf: leaf * 10 ** len(path), v)
    VValue({'a': 10.0, 'b': {'c': 200.0}})
    """
    support = united(tree, *others)

    def leaf(of: VValue, path: Path) -> Any:
        return take(of, (*path, NUMBER))

    return assemble(
        {
            path: function(path, *(leaf(one, path) for one in (tree, *others)))
            for path in support.paths
        }
    )


# -------------------- elements of flat arrays --------------------


def labels(tree: VValue, /) -> list[str]:
    """A name for every element, in the order of `ravel`: the path, and the indices in an array.

    Parameters
    ----------
    tree : VValue

    Returns
    -------
    list of str

    Examples
    --------
    >>> labels(VValue({"bias": 1.0, "layer": {"w": np.ones((1, 2))}}))
    ['bias', 'layer/w[0,0]', 'layer/w[0,1]']
    """
    support = support_of(tree, "tree")
    out = []
    for i, path in enumerate(support.paths):
        shape, name = support.shape(i), format_path(path)
        indices = (",".join(map(str, index)) for index in np.ndindex(shape))
        out += [f"{name}[{index}]" for index in indices] if shape else [name]
    return out


def positions(tree: VValue, pattern: Pattern, /) -> np.ndarray:
    """Where in `ravel` the elements are that a pattern selects.

    Parameters
    ----------
    tree : VValue
    pattern : as those of `select`

    Returns
    -------
    array of int, ascending

    Examples
    --------
    >>> positions(VValue({"bias": 1.0, "layer": {"w": np.ones(2)}}), "layer/*")
    array([1, 2])
    """
    return positions_in(support_of(tree, "tree"), pattern)


def positions_in(support: Support, pattern: Pattern) -> np.ndarray:
    """As `positions`, of the elements of a support."""
    keep = is_selected(support, pattern)
    return np.flatnonzero(np.repeat(keep, np.diff(support.offsets)))
