"""Opt-in registration of V-values as nodes of other libraries' pytrees.

Nothing is registered, and none of the libraries imported, until one of the functions is called.
The children of a node are the leaves in canonical order; the structure is the `Support`, which is
interned and hashable. Pytrees cannot add trees of different structure: map over V-values after
``restrict`` to a common support, or use the operations of this library.

While a library has something else than real numbers in the leaves (tracers, names, shapes), the
node is a `LeafTree`: it can be read like a V-value, and turns into one when numbers come back. So
``jax.grad(lambda v: v["a"] ** 2)(tree)`` is a V-value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, final

import numpy as np

from ..core.paths import NUMBER, Path, as_path, names_own_scalar, no_spelling
from ..core.support import Support
from ..core.tree import VValue, from_leaves

__all__ = ["LeafTree", "is_inner", "register_jax", "register_optree", "register_torch"]


@final
class LeafTree:
    """A tree with arbitrary leaves on a V-value's support, as pytree libraries pass them around.

    Examples
    --------
    >>> tree = LeafTree(VValue({"a": {"b": 0, "c": 0}}).support, ["x", "y"])
    >>> tree["a", "b"], tree["a"]["c"]
    ('x', 'y')
    """

    __slots__ = ("leaves", "support")

    support: Support
    leaves: tuple[Any, ...]

    def __init__(self, support: Support, leaves: Iterable[Any]) -> None:
        self.support = support
        self.leaves = tuple(leaves)
        if len(self.leaves) != len(support):
            raise ValueError(f"{len(self.leaves)} leaves for a support of {len(support)}")

    def __getitem__(self, path: str | Iterable[str]) -> Any:
        keys = as_path(path)
        first, last = self.support.leaf_range(keys)
        is_leaf = first < last and self.support.paths[first] == keys
        if is_leaf and (last - first == 1 or names_own_scalar(path)):
            return self.leaves[first]
        if first == last:
            no_spelling(path, self.support.holds)
        if first == last or names_own_scalar(path):
            return 0.0
        return LeafTree(self.support.subtree(keys)[0], self.leaves[first:last])

    def __len__(self) -> int:
        return len(self.leaves)

    def items(self) -> Iterator[tuple[Path, Any]]:
        """``(path, leaf)`` pairs in canonical order."""
        return zip(self.support.paths, self.leaves, strict=True)

    def __repr__(self) -> str:
        return f"LeafTree({dict(self.items())!r})"


def _flatten(tree: Any) -> tuple[tuple[Any, ...], Support]:
    return tuple(leaf for _, leaf in tree.items()), tree.support


def _unflatten(support: Support, leaves: Iterable[Any]) -> VValue | LeafTree:
    leaves = tuple(leaves)
    real: dict[Path, Any] = dict(zip(support.paths, map(_as_real, leaves), strict=True))
    if any(leaf is None for leaf in real.values()):
        return LeafTree(support, leaves)
    return from_leaves(real)


def _as_real(leaf: Any) -> float | np.ndarray | None:
    """A leaf as a V-value holds it, None if it is not made of real numbers (any more, or yet)."""
    if type(leaf) is float:
        return leaf
    try:
        array = np.asarray(leaf)
    except (TypeError, RuntimeError, ValueError):  # a tracer, or a tensor that is traced
        return None
    if array.dtype.kind not in "fiu":
        return None
    return array.astype(np.float64) if array.ndim else float(array)


def _keys(support: Support) -> list[Path]:
    """``tree[key]`` is the leaf, for every leaf."""
    return [
        (*path, NUMBER) if is_inner(support, i) else path for i, path in enumerate(support.paths)
    ]


def is_inner(support: Support, i: int) -> bool:
    """Whether a leaf is the scalar of the root, or of a node with leaves below it."""
    path = support.paths[i]
    following = support.paths[i + 1] if i + 1 < len(support) else ()
    return not path or following[: len(path)] == path


# -------------------- registration --------------------


@cache
def register_optree(namespace: str = "vvalues") -> None:
    """Make V-values nodes of optree's pytrees, in a namespace.

    Parameters
    ----------
    namespace : str
        To be passed to optree's functions; without it a V-value is one opaque leaf to them.

    Raises
    ------
    ImportError
        If optree is not installed.

    Examples
    --------
    >>> register_optree()  # doctest: +SKIP
    >>> optree.tree_map(abs, tree, namespace="vvalues")  # doctest: +SKIP
    """
    import optree

    def flatten(tree: Any) -> tuple[tuple[Any, ...], Support, list[Path]]:
        leaves, support = _flatten(tree)
        return leaves, support, _keys(support)

    for node in (VValue, LeafTree):
        optree.register_pytree_node(
            node,  # type: ignore[arg-type]
            flatten,  # type: ignore[arg-type]
            _unflatten,  # type: ignore[arg-type]
            path_entry_type=optree.GetItemEntry,
            namespace=namespace,
        )


@cache
def register_jax() -> None:
    """Make V-values nodes of jax's pytrees: arguments and results of ``jit``, ``grad``, ``vmap``.

    Inside the transformed function the tree is a `LeafTree` of tracers; results come back as
    V-values (in double precision, whatever precision jax computes in).

    Raises
    ------
    ImportError
        If jax is not installed.

    Examples
    --------
    >>> register_jax()  # doctest: +SKIP
    >>> gradient = jax.grad(lambda tree: tree["w"] ** 2 * tree["b"])  # doctest: +SKIP
    >>> gradient(VValue({"w": 3, "b": 2}))  # doctest: +SKIP
    VValue({'b': 9.0, 'w': 12.0})
    """
    from jax import tree_util

    def flatten_with_keys(tree: Any) -> tuple[list[tuple[Any, Any]], Support]:
        leaves, support = _flatten(tree)
        entries = map(tree_util.DictKey, _keys(support))
        return list(zip(entries, leaves, strict=True)), support

    for node in (VValue, LeafTree):
        tree_util.register_pytree_with_keys(node, flatten_with_keys, _unflatten, _flatten)


@cache
def register_torch() -> None:
    """Make V-values nodes of torch's pytrees (``torch.utils._pytree``).

    Raises
    ------
    ImportError
        If torch is not installed.

    Examples
    --------
    >>> register_torch()  # doctest: +SKIP
    >>> from torch.utils import _pytree  # doctest: +SKIP
    >>> _pytree.tree_map(lambda leaf: 2 * leaf, VValue({"w": 3, "b": 2}))  # doctest: +SKIP
    VValue({'b': 4.0, 'w': 6.0})
    """
    from torch.utils import _pytree as torch_pytree

    def flatten(tree: Any) -> tuple[list[Any], Support]:
        leaves, support = _flatten(tree)
        return list(leaves), support

    def unflatten(leaves: Iterable[Any], support: Support) -> VValue | LeafTree:
        return _unflatten(support, leaves)

    register: Callable = torch_pytree.register_pytree_node
    for node in (VValue, LeafTree):
        register(node, flatten, unflatten)
