"""Operations that move leaves about: taking out, putting in, assembling, projecting, pruning.

Each is linear and differentiable. Reading an absent path gives zero *and* a gradient there: the
component would matter if it existed. So does projecting on a larger support.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.extend import defjvp, defjvp_argnum, defvjp, defvjp_argnum

from . import kernels
from .construction import as_leaf_or_tree
from .linear import add
from .paths import Path, as_path, format_path, names_own_scalar, no_spelling
from .support import Support
from .tracing import define_linear, is_tree, primitive, require_trees, support_of, unboxed
from .tree import VValue, from_buffer, from_leaves

__all__ = ["At", "assemble", "prune", "put", "restrict", "subtree", "take", "widened"]


# -------------------- reading --------------------


@primitive
def _subtree(tree: VValue, path: Path, /) -> VValue:
    return kernels.subtree(tree, path)


define_linear(_subtree, lambda g, path: _put(VValue(), path, g))


def subtree(tree: VValue, path: str | Iterable[str], /) -> VValue:
    """The subtree at a path as a V-value, with paths relative to it.

    Parameters
    ----------
    tree : VValue
    path : key or tuple of keys

    Returns
    -------
    VValue; empty where nothing is, ``{":number": x}`` where there is only a scalar.

    Raises
    ------
    ValueError
        If the path is a ``str`` that is no key here but spells a path that is.

    Examples
    --------
    >>> subtree(VValue({"a": {"b": 1, "c": 2}}), "a")
    VValue({'b': 1.0, 'c': 2.0})
    """
    keys = as_path(path)
    support = support_of(tree, "tree")
    if not support.holds(keys):
        no_spelling(path, support.holds)
    return _subtree(tree, keys)


@primitive
def _leaf(tree: VValue, path: Path, /) -> Any:
    i = tree.support.index.get(path)
    return 0.0 if i is None else tree._leaf(i)


defvjp(_leaf, lambda ans, tree, path: lambda g: _put(VValue(), path, g), argnums=(0,))
defjvp(_leaf, lambda g, ans, tree, path: _leaf_like(g, path, ans), argnums=(0,))


def _leaf_like(tree: VValue, path: Path, example: Any) -> Any:
    """The leaf at a path, as an array where the example is one (a tangent may lack the path)."""
    leaf = _leaf(tree, path)
    return leaf if anp.shape(example) == anp.shape(leaf) else leaf + np.zeros(anp.shape(example))


def take(tree: VValue, path: str | Iterable[str], /) -> Any:
    """Leaf or subtree at a path; ``tree[path]`` calls it.

    Parameters
    ----------
    tree : VValue
    path : key or tuple of keys
        A path that ends in ``":number"`` means the node's own scalar, whatever hangs below it.

    Returns
    -------
    float, array or VValue; ``0.0`` where nothing is.

    Raises
    ------
    ValueError
        If the path is a ``str`` that is no key here but spells a path that is, as ``"b/c"``.

    Notes
    -----
    The gradient of an absent leaf is put at its path: it may have a larger support than ``tree``.

    Examples
    --------
    >>> v = VValue({"a": {":number": 5, "b": 1}})
    >>> take(v, ("a", "b")), take(v, ("a", ":number")), take(v, "z")
    (1.0, 5.0, 0.0)
    """
    keys = as_path(path)
    if names_own_scalar(path):
        return _leaf(tree, keys)
    support = support_of(tree, "tree")
    first, last = support.leaf_range(keys)
    if last == first:
        no_spelling(path, support.holds)
        return _leaf(tree, keys)
    if last - first == 1 and support.paths[first] == keys:
        return _leaf(tree, keys)
    return _subtree(tree, keys)


# -------------------- writing --------------------


@primitive
def _put(tree: VValue, path: Path, part: Any, only_own: bool = False, /) -> VValue:
    inside = part if isinstance(part, VValue) else from_leaves({(): part})
    return kernels.put(tree, path, inside, only_own)


def _part(tree: VValue, path: Path, part: Any) -> Any:
    return _subtree(tree, path) if is_tree(part) else _leaf_like(tree, path, part)


defvjp(
    _put,
    lambda ans, tree, path, part, *own: lambda g: _put(g, path, VValue(), *own),
    lambda ans, tree, path, part, *own: lambda g: _part(g, path, part),
    argnums=(0, 2),
)
defjvp(
    _put,
    lambda g, ans, tree, path, part, *own: _put(g, path, VValue(), *own),
    lambda g, ans, tree, path, part, *own: _put(VValue(), path, g),
    argnums=(0, 2),
)


def put(tree: VValue, path: str | Iterable[str], part: Any, /) -> VValue:
    """The tree with the subtree at a path replaced; ``tree.at(path).set(part)`` calls it.

    Parameters
    ----------
    tree : VValue
    path : key or tuple of keys
        A path that ends in ``":number"`` means the node's own scalar; what hangs below it stays.
    part : number, array, mapping or VValue
        An empty one removes what is there.

    Returns
    -------
    VValue

    Raises
    ------
    TypeError
        If the part is not real, or a tree is to be put at ``":number"``.

    Examples
    --------
    >>> put(VValue({"a": 1, "b": {"c": 2, "d": 3}}), "b", 7)
    VValue({'a': 1.0, 'b': 7.0})
    """
    keys = as_path(path)
    part = as_leaf_or_tree(keys, part)
    only_own = names_own_scalar(path)
    if only_own and is_tree(part) and any(support_of(part).paths):
        raise TypeError(
            f"the scalar at {format_path((*keys, ':number'))} cannot be replaced by a tree; put "
            f"the tree at {format_path(keys)}"
        )
    return _put(tree, keys, part, only_own)


@primitive
def _assemble(paths: tuple[Path, ...], /, *parts: Any) -> VValue:
    leaves: dict[Path, Any] = {}
    for path, part in zip(paths, parts, strict=True):
        inside = part.items() if isinstance(part, VValue) else [((), part)]
        for tail, leaf in inside:
            if path + tail in leaves:
                raise ValueError(f"two parts overlap at {format_path(path + tail)}")
            leaves[path + tail] = leaf
    return from_leaves(leaves)


defvjp_argnum(
    _assemble,
    lambda argnum, ans, args, kwargs: lambda g: _part(g, args[0][argnum - 1], args[argnum]),
)
defjvp_argnum(
    _assemble,
    lambda argnum, g, ans, args, kwargs: _put(VValue(), args[0][argnum - 1], g),
)


def assemble(parts: Mapping[Any, Any], /) -> VValue:
    """A V-value from parts by path; parts that are being differentiated are welcome.

    Parameters
    ----------
    parts : mapping of key or path -> number, array, mapping or VValue

    Returns
    -------
    VValue

    Raises
    ------
    ValueError
        If two parts overlap; the message names the path.
    TypeError
        If a part is not real (a list of traced numbers, for one: autograd cannot see into it).

    Notes
    -----
    One tape node for all parts.

    Examples
    --------
    >>> assemble({"a": 1.0, ("b", "c"): VValue({"d": 2})})
    VValue({'a': 1.0, 'b': {'c': {'d': 2.0}}})
    """
    paths = tuple(as_path(path) for path in parts)
    values = (as_leaf_or_tree(path, part) for path, part in zip(paths, parts.values(), strict=True))
    return _assemble(paths, *values)


class At:
    """A place in a V-value, for updates that return a new V-value."""

    __slots__ = ("_path", "_tree")

    def __init__(self, tree: VValue, path: str | Iterable[str]) -> None:
        support = support_of(tree)
        if not support.holds(as_path(path)):
            no_spelling(path, support.holds)
        self._tree = tree
        self._path = path if isinstance(path, str) else tuple(path)

    def set(self, value: Any) -> VValue:
        """Replace the subtree here by a number, an array, a mapping or a VValue.

        At a path that ends in ``":number"`` only the node's own scalar is replaced.

        Examples
        --------
        >>> VValue({"a": 1}).at(("b", "c")).set(2)
        VValue({'a': 1.0, 'b': {'c': 2.0}})
        """
        return put(self._tree, self._path, value)

    def add(self, value: Any) -> VValue:
        """Add a number, an array, a mapping or a VValue to the subtree here.

        Examples
        --------
        >>> VValue({"a": 1}).at("a").add({"b": 2})
        VValue({'a': {':number': 1.0, 'b': 2.0}})
        """
        return add(self._tree, put(VValue(), self._path, value))

    def remove(self) -> VValue:
        """Drop the subtree here (its coordinates become zero and leave the support).

        Examples
        --------
        >>> VValue({"a": 1, "b": {"c": 2}}).at("b").remove()
        VValue({'a': 1.0})
        """
        return put(self._tree, self._path, VValue())


# -------------------- projecting --------------------


@primitive
def restrict(tree: VValue, support: Support, /) -> VValue:
    """Projection on a support: drops what is outside, puts explicit zeros where nothing was.

    Parameters
    ----------
    tree : VValue
    support : Support
        ``other.support``, or one made by `Support.of`.

    Returns
    -------
    VValue with exactly this support

    Raises
    ------
    ValueError
        If one path holds leaves of different shapes; the message names the path.

    Notes
    -----
    The derivative is exact on the whole space: after restriction to a *larger* support the
    gradient says what the new components would do.

    Examples
    --------
    >>> restrict(VValue({"a": 1, "b": 2}), VValue({"b": 0, "c": 0}).support)
    VValue({'b': 2.0, 'c': 0.0})
    """
    require_trees(tree=tree)
    return from_buffer(support, np.array(kernels.align(tree, support)))


def widened(tree: VValue, example: VValue) -> VValue:
    """The same vector; what the example has is present in it, if only as zeros."""
    return restrict(tree, support_of(example).union(support_of(tree)).support)


# A projection is its own adjoint.
defvjp(
    restrict,
    lambda ans, tree, support: lambda g: widened(restrict(g, support), tree),
    argnums=(0,),
)
defjvp(restrict, "same", argnums=(0,))


def prune(tree: VValue, threshold: float, /) -> VValue:
    """Drop the leaves whose largest absolute element is below ``threshold``.

    Parameters
    ----------
    tree : VValue
    threshold : float >= 0, in the units of the leaves

    Returns
    -------
    VValue; paths are removed (true sparsification), gradients flow through what is kept. A leaf
    with a NaN is not below anything, and stays.

    Raises
    ------
    ValueError
        If the threshold is negative or NaN.

    Examples
    --------
    >>> prune(VValue({"a": 0.01, "b": -2.0}), 0.1)
    VValue({'b': -2.0})
    """
    if not threshold >= 0:
        raise ValueError(f"threshold is {threshold!r}; expected a number >= 0")
    value = unboxed(tree, "tree")
    return restrict(tree, value.support.where(~(kernels.leaf_magnitudes(value) < threshold)))
