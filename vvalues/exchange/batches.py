"""Batches: several trees as one tree whose leaves have one axis more, and statistics over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np

from ..core.bridges import ravel, unravel
from ..core.paths import format_path
from ..core.pointwise import united
from ..core.support import Support, leaf_shapes
from ..core.tracing import is_tree, support_of
from ..core.tree import VValue
from ..derivatives.layout import Layout
from ..derivatives.maps import LinearMap

__all__ = ["batch_layout", "batch_of", "covariance", "mean", "stack", "unstack", "vmap"]


def stack(trees: Sequence[VValue], /) -> VValue:
    """Trees as one tree, whose leaves have the batch as their first axis.

    Parameters
    ----------
    trees : sequence of V-values, of any supports
        Where one has nothing, it counts as zero.

    Returns
    -------
    VValue on the union of the supports, a leaf of shape ``(len(trees), *shape)`` at every path.
    Elementwise operations work on it as they do on each.

    Raises
    ------
    ValueError
        If there is no tree.

    Examples
    --------
    >>> batch = stack([VValue({"a": 1, "b": 2}), VValue({"a": 3})])
    >>> batch["a"], batch["b"]
    (array([1., 3.]), array([2., 0.]))
    """
    return batch_of(*_rows(trees))


def batch_of(rows: Any, support: Support) -> VValue:
    """The batch of trees on one support whose elements are these rows; may be traced."""
    stacked, positions = batch_layout(support, len(rows))
    order = np.empty(stacked.size, np.intp)
    order[positions.ravel()] = np.arange(stacked.size)
    return unravel(anp.ravel(rows)[order], stacked)


def unstack(batch: VValue, /) -> list[VValue]:
    """The trees of a batch; inverse of `stack`.

    Raises
    ------
    ValueError
        If leaves have no first axis, or of different lengths; the message names the path.

    Examples
    --------
    >>> unstack(VValue({"a": np.array([1.0, 3.0])}))
    [VValue({'a': 1.0}), VValue({'a': 3.0})]
    """
    support = support_of(batch, "batch")
    n: int | None = None
    for i, path in enumerate(support.paths):
        shape = support.shape(i)
        if not shape or (n is not None and shape[0] != n):
            raise ValueError(
                f"leaf at {format_path(path)} has shape {shape}; expected a first axis"
                + (f" of length {n}" if n is not None else "")
            )
        n = shape[0]
    if n is None:
        raise ValueError("a batch without leaves does not say how many trees it has")
    shapes = [shape[1:] for shape in leaf_shapes(support)]
    each = Support.of(support.paths, shapes, is_sorted=True)
    flat = ravel(batch)
    return [unravel(flat[at], each) for at in batch_layout(each, n)[1]]


def _rows(trees: Sequence[VValue]) -> tuple[Any, Support]:
    if is_tree(trees) or not len(trees):
        raise ValueError(
            f"trees is {trees!r:.40}; expected a sequence of at least one V-value (the mean of the "
            "elements of one: mean_leaves)"
        )
    support = united(*trees)
    return anp.stack([ravel(tree, support) for tree in trees]), support


def batch_layout(support: Support, n: int, *, is_last: bool = False) -> tuple[Support, np.ndarray]:
    """The support of a batch of n trees, and where the elements of each are: (n, support.size).

    The batch is the first axis of every leaf, or the last one.
    """
    shapes = [(*shape, n) if is_last else (n, *shape) for shape in leaf_shapes(support)]
    sizes = np.diff(support.offsets)
    starts = np.repeat(support.offsets[:-1], sizes)
    within = np.arange(support.size) - starts
    tree = np.arange(n)[:, None]
    each = within * n + tree if is_last else tree * np.repeat(sizes, sizes) + within
    return Support.of(support.paths, shapes, is_sorted=True), n * starts + each


def vmap(function: Callable[..., Any], *batches: VValue) -> Any:
    """A function of trees applied to the trees of batches, one after the other.

    Parameters
    ----------
    function : callable of as many trees as there are batches -> VValue, array or number
    *batches : VValue, as `stack` gives them, of one length

    Returns
    -------
    VValue (a batch) or array with the batch as its first axis

    Notes
    -----
    A loop: the function is called for each. What is elementwise need not be mapped, it works on a
    batch as it is.

    Examples
    --------
    >>> batch = stack([VValue({"a": 1, "b": 2}), VValue({"a": 3})])
    >>> vmap(lambda v: v["a"] + v["b"], batch), vmap(lambda v: v["a"] * v, batch)["b"]
    (array([3., 3.]), array([2., 0.]))
    """
    every = zip(*(unstack(batch) for batch in batches), strict=True)
    results = [function(*trees) for trees in every]
    return stack(results) if is_tree(results[0]) else anp.stack([anp.array(x) for x in results])


# -------------------- statistics --------------------


def mean(trees: Sequence[VValue], /) -> VValue:
    """Mean of trees on the union of their supports; where one has nothing it counts as zero.

    Examples
    --------
    >>> mean([VValue({"a": 1, "b": 2}), VValue({"a": 3})])
    VValue({'a': 2.0, 'b': 1.0})
    """
    rows, support = _rows(trees)
    return unravel(anp.mean(rows, axis=0), support)


def covariance(trees: Sequence[VValue], /) -> LinearMap:
    """Covariance of the elements over trees, divided by their number less one.

    Raises
    ------
    ValueError
        If there are fewer than two trees.

    Examples
    --------
    >>> spread = covariance([VValue({"a": 1, "b": 2}), VValue({"a": 3})])
    >>> spread.diagonal(), spread["a", "b"].dense()
    (VValue({'a': 2.0, 'b': 2.0}), array([[-2.]]))
    """
    rows, support = _rows(trees)
    if len(trees) < 2:
        raise ValueError("a covariance needs at least two trees")
    centred = rows - anp.mean(rows, axis=0)
    layout = Layout(support)
    return LinearMap(anp.dot(centred.T, centred) / (len(trees) - 1), layout, layout)
