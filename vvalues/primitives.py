"""The differentiable operations on V-values: one autograd primitive per *tree* operation.

Each primitive stands beside its vjp and jvp, written in terms of other primitives, so derivatives
of any order exist. Differentiable arguments are positional only (autograd does not look into
keywords).

Where gradients live
--------------------
Derivatives of the linear operations (``+``, ``-``, ``scale``, ``inner``, norms) are exact on the
whole space: the gradient of ``inner(a, b)`` with respect to ``a`` is ``b``, whatever ``a``'s
support. In the products (`linear_combination`, `mask_multiply`, `apply_matrix`) a support is
wiring: each gradient lives on the support of its argument. To ask what an absent coefficient would
do, give it an explicit zero first (`restrict` to a larger support).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.builtins import isinstance as traced_isinstance
from autograd.extend import defjvp, defjvp_argnum, defvjp, defvjp_argnum, primitive

from . import kernels
from .paths import Path, as_path, format_path
from .products import ProductPlan, product_plan
from .support import Support
from .tree import VValue, from_buffer, from_leaves

__all__ = [
    "add",
    "apply_matrix",
    "assemble",
    "dense",
    "from_dense",
    "inner",
    "l1_norm",
    "l2_norm",
    "linear_combination",
    "map_leaves",
    "mask_multiply",
    "max_norm",
    "negative",
    "prune",
    "put",
    "ravel",
    "restrict",
    "scale",
    "sign",
    "squared_norm",
    "stop_gradient",
    "subtract",
    "subtree",
    "take",
    "unravel",
]


def _same(g: Any, *_: Any) -> Any:
    return g


# -------------------- vector space --------------------


@primitive
def add(left: VValue, right: VValue, /) -> VValue:
    """Sum of two V-values; the support is the union of theirs."""
    return kernels.add(left, right)


defvjp(add, lambda ans, left, right: _same, lambda ans, left, right: _same)
defjvp(add, _same, _same)


@primitive
def subtract(left: VValue, right: VValue, /) -> VValue:
    """Difference of two V-values."""
    return kernels.add(left, right, -1.0)


defvjp(subtract, lambda ans, left, right: _same, lambda ans, left, right: lambda g: negative(g))
defjvp(subtract, _same, lambda g, *_: negative(g))


@primitive
def negative(tree: VValue, /) -> VValue:
    """The V-value times -1."""
    return from_buffer(tree.support, -tree.buffer)


defvjp(negative, lambda ans, tree: lambda g: negative(g))
defjvp(negative, "same")


@primitive
def scale(tree: VValue, factor: float, /) -> VValue:
    """``factor * tree``; both may be differentiated."""
    return kernels.scale(tree, factor)


defvjp(
    scale,
    lambda ans, tree, factor: lambda g: scale(g, factor),
    lambda ans, tree, factor: lambda g: inner(g, tree),
)
defjvp(scale, "same", "same")


@primitive
def inner(left: VValue, right: VValue, /) -> float:
    """Inner product: the sum of products over the common paths."""
    return kernels.inner(left, right)


defvjp(
    inner,
    lambda ans, left, right: lambda g: scale(right, g),
    lambda ans, left, right: lambda g: scale(left, g),
)
defjvp(inner, "same", "same")


# -------------------- norms --------------------


@primitive
def sign(tree: VValue, /) -> VValue:
    """Sign of every element; its derivative is zero."""
    return from_buffer(tree.support, np.sign(tree.buffer))


defvjp(sign, None)
defjvp(sign, None)


@primitive
def l1_norm(tree: VValue, /) -> float:
    """Sum of absolute values; the derivative at a zero element is 0."""
    return float(np.sum(np.abs(tree.buffer)))


defvjp(l1_norm, lambda ans, tree: lambda g: scale(sign(tree), g))
defjvp(l1_norm, lambda g, ans, tree: inner(g, sign(tree)))


def squared_norm(tree: VValue, /) -> float:
    """Sum of squares."""
    return inner(tree, tree)


@primitive
def l2_norm(tree: VValue, /) -> float:
    """Euclidean norm; the derivative at the zero vector is 0."""
    return float(np.linalg.norm(tree.buffer))


defvjp(l2_norm, lambda ans, tree: lambda g: scale(tree, g * _reciprocal(ans)))
defjvp(l2_norm, lambda g, ans, tree: inner(g, tree) * _reciprocal(ans))


def _reciprocal(norm: float) -> float:
    return 1.0 / norm if norm > 0 else norm * 0.0


@primitive
def _extremes(tree: VValue, /) -> VValue:
    return kernels.extremes(tree)


defvjp(_extremes, None)
defjvp(_extremes, None)


@primitive
def max_norm(tree: VValue, /) -> float:
    """Largest absolute value of an element, 0 for the empty tree.

    Notes
    -----
    Among tied elements the derivative is shared equally; at the zero vector it is 0.
    """
    return kernels.max_norm(tree)


defvjp(max_norm, lambda ans, tree: lambda g: scale(_extremes(tree), g))
defjvp(max_norm, lambda g, ans, tree: inner(g, _extremes(tree)))


# -------------------- products of a mask or matrix with a V-value --------------------


@primitive
def _contract(one: VValue, other: VValue, plan: ProductPlan, role: int, /) -> VValue:
    return kernels.contract(plan, role, one, other)


def _other_roles(role: int) -> tuple[int, int]:
    first, second = (r for r in range(3) if r != role)
    return first, second


def _contract_vjp(argnum: int, ans: VValue, args: tuple, kwargs: dict) -> Callable:
    one, other, plan, role = args
    wanted, kept = _other_roles(role) if argnum == 0 else _other_roles(role)[::-1]
    companion = other if argnum == 0 else one

    def vjp(g: VValue) -> VValue:
        # The remaining roles are {kept: companion, role: g}; _contract takes them in order.
        ordered = (companion, g) if kept < role else (g, companion)
        return _contract(*ordered, plan, wanted)

    return vjp


defvjp_argnum(_contract, _contract_vjp)
defjvp(_contract, "same", "same", argnums=(0, 1))


def _product(
    coefficients: VValue, value: VValue, *, level: int, in_place: bool, mode: str
) -> VValue:
    plan = product_plan(
        _support(coefficients), _support(value), level=level, in_place=in_place, mode=mode
    )
    return _contract(coefficients, value, plan, 2)


def linear_combination(mask: VValue, value: VValue, /, mode: str = "canonical") -> VValue:
    """Sum of the subtrees of ``value`` that the mask selects, each times its coefficient.

    Parameters
    ----------
    mask, value : VValue
        ``mask`` is a sum of ``coefficient * path`` (scalar leaves only).
    mode : {"canonical", "compat"}
        Canonical is bilinear: a coefficient at path *p* scales the whole subtree ``value[p]``.
        Compat is the case table of the Clojure core, in which the ``:number`` of an inner mask
        node meets only the value's own scalar there.

    References
    ----------
    arXiv:1712.07447, section 3; github jsa-aerial/DMM, ``src/dmm/core.clj``, ``rec-map-lin-comb``.

    Examples
    --------
    >>> T = VValue({"a": 1, "b": 2, "c": {"a": 1, "b": 2}})
    >>> linear_combination(VValue({"c": 7}), T)
    VValue({'a': 7.0, 'b': 14.0})
    """
    return _product(mask, value, level=0, in_place=False, mode=mode)


def mask_multiply(mask: VValue, value: VValue, /, mode: str = "canonical") -> VValue:
    """The subtrees of ``value`` that the mask selects, scaled, where they are.

    Same parameters and modes as `linear_combination`; where a canonical mask has coefficients at
    a node and below it, their effects add.

    Examples
    --------
    >>> mask_multiply(VValue({"c": 7}), VValue({"a": 1, "c": {"x": 2}}))
    VValue({'c': {'x': 14.0}})
    """
    return _product(mask, value, level=0, in_place=True, mode=mode)


def apply_matrix(matrix: VValue, value: VValue, level: int, /, mode: str = "canonical") -> VValue:
    """A linear combination of ``value`` for every prefix of ``level`` keys of the matrix.

    Parameters
    ----------
    matrix : VValue
        The first ``level`` keys of a path name the output, the remaining ones select in ``value``.
    value : VValue
    level : int
        2 for a network matrix (receiving neuron / receiving field / sending neuron /
        sending field) applied to the outputs of all neurons.

    Raises
    ------
    ValueError
        If a path of the matrix is shorter than ``level``; the message names it.

    Examples
    --------
    >>> A = VValue({"x": {"a": 8}, "y": {"b": 10}, "z": {"a": 2, "b": 4}})
    >>> apply_matrix(A, VValue({"a": 3, "b": 5}), 1)
    VValue({'x': 24.0, 'y': 50.0, 'z': 26.0})
    """
    return _product(matrix, value, level=level, in_place=False, mode=mode)


# -------------------- structure --------------------


@primitive
def subtree(tree: VValue, path: Path, /) -> VValue:
    """The subtree at a path as a V-value (empty where nothing is)."""
    return kernels.subtree(tree, path)


defvjp(subtree, lambda ans, tree, path: lambda g: put(VValue(), path, g), argnums=(0,))
defjvp(subtree, "same", argnums=(0,))


@primitive
def _leaf(tree: VValue, path: Path, /) -> Any:
    i = tree.support.index.get(path)
    return 0.0 if i is None else tree._leaf(i)


defvjp(_leaf, lambda ans, tree, path: lambda g: put(VValue(), path, g), argnums=(0,))
defjvp(_leaf, lambda g, ans, tree, path: _leaf_like(g, path, ans), argnums=(0,))


def _leaf_like(tree: VValue, path: Path, example: Any) -> Any:
    """The leaf at a path, as an array where the example is one (a tangent may lack the path)."""
    leaf = _leaf(tree, path)
    return leaf if anp.shape(example) == anp.shape(leaf) else leaf + np.zeros(anp.shape(example))


def take(tree: VValue, path: Path, /) -> Any:
    """Leaf or subtree at a path: a number, an array, or a V-value; 0.0 where nothing is."""
    first, last = _support(tree).leaf_range(path)
    if last == first or (last - first == 1 and _support(tree).paths[first] == path):
        return _leaf(tree, path)
    return subtree(tree, path)


@primitive
def _put(tree: VValue, path: Path, part: Any, /) -> VValue:
    return kernels.put(tree, path, _as_tree(part))


def _part(tree: VValue, path: Path, part: Any) -> Any:
    return subtree(tree, path) if traced_isinstance(part, VValue) else _leaf_like(tree, path, part)


def _put_vjp_part(ans: VValue, tree: VValue, path: Path, part: Any) -> Callable:
    return lambda g: _part(g, path, part)


defvjp(
    _put,
    lambda ans, tree, path, part: lambda g: _put(g, path, VValue()),
    _put_vjp_part,
    argnums=(0, 2),
)
defjvp(
    _put,
    lambda g, ans, tree, path, part: _put(g, path, VValue()),
    lambda g, ans, tree, path, part: _put(VValue(), path, g),
    argnums=(0, 2),
)


def put(tree: VValue, path: str | Iterable[str], part: Any, /) -> VValue:
    """The tree with the subtree at ``path`` replaced by a number, an array or a V-value."""
    return _put(tree, as_path(path), part)


def _as_tree(part: Any) -> VValue:
    return part if isinstance(part, VValue) else from_leaves({(): part})


@primitive
def _assemble(paths: tuple[Path, ...], /, *parts: Any) -> VValue:
    leaves: dict[Path, Any] = {}
    for path, part in zip(paths, parts, strict=True):
        for tail, leaf in _as_tree(part).items():
            if leaves.setdefault(path + tail, leaf) is not leaf:
                raise ValueError(f"two parts overlap at {format_path(path + tail)}")
    return from_leaves(leaves)


defvjp_argnum(
    _assemble,
    lambda argnum, ans, args, kwargs: lambda g: _part(g, args[0][argnum - 1], args[argnum]),
)
defjvp_argnum(
    _assemble,
    lambda argnum, g, ans, args, kwargs: put(VValue(), args[0][argnum - 1], g),
)


def assemble(parts: Mapping[Path | str, Any], /) -> VValue:
    """A V-value from parts by path: numbers, arrays or V-values, traced or not.

    Raises
    ------
    ValueError
        If two parts overlap.

    Examples
    --------
    >>> assemble({"a": 1.0, ("b", "c"): VValue({"d": 2})})
    VValue({'a': 1.0, 'b': {'c': {'d': 2.0}}})
    """
    paths = tuple(as_path(path) for path in parts)
    return _assemble(paths, *parts.values())


@primitive
def restrict(tree: VValue, support: Support, /) -> VValue:
    """Projection on a support: drops what is outside, puts explicit zeros where nothing was."""
    return from_buffer(support, np.array(kernels.align(tree, support)))


defvjp(
    restrict,
    lambda ans, tree, support: lambda g: _restrict_twice(g, support, tree.support),
    argnums=(0,),
)
defjvp(restrict, "same", argnums=(0,))


def _restrict_twice(g: VValue, outer: Support, inner_support: Support) -> VValue:
    return restrict(restrict(g, outer), inner_support)


def prune(tree: VValue, threshold: float, /) -> VValue:
    """Drop the leaves whose largest absolute element is below ``threshold``.

    Removes paths (true sparsification); gradients flow through what is kept.

    Examples
    --------
    >>> prune(VValue({"a": 0.01, "b": -2.0}), 0.1)
    VValue({'b': -2.0})
    """
    if not threshold >= 0:
        raise ValueError(f"threshold is {threshold!r}; expected a number >= 0")
    value = _value(tree)
    support = value.support
    magnitude = np.abs(value.buffer)
    if support.shapes is not None and len(support):
        magnitude = np.array(
            [np.max(magnitude[support.span(i, i + 1)], initial=0.0) for i in range(len(support))]
        )
    return restrict(tree, support.where(magnitude >= threshold))


@primitive
def stop_gradient(tree: Any, /) -> Any:
    """The value itself, with zero derivative; for V-values, arrays and numbers."""
    return tree


defvjp(stop_gradient, None)
defjvp(stop_gradient, None)


# -------------------- bridges to arrays --------------------


@primitive
def ravel(tree: VValue, /) -> np.ndarray:
    """All elements as a flat array, in canonical order of the paths."""
    return np.array(tree.buffer)


defvjp(ravel, lambda ans, tree: lambda g: unravel(g, tree.support))
defjvp(ravel, lambda g, ans, tree: ravel(restrict(g, tree.support)))


@primitive
def unravel(array: np.ndarray, support: Support, /) -> VValue:
    """Inverse of `ravel` for a given support.

    Raises
    ------
    ValueError
        If the array is not of shape ``(support.size,)``.
    """
    if np.shape(array) != (support.size,):
        raise ValueError(f"array has shape {np.shape(array)}; this support needs ({support.size},)")
    return from_buffer(support, np.array(array, dtype=np.float64))


defvjp(
    unravel,
    lambda ans, array, support: lambda g: ravel(restrict(g, support)),
    argnums=(0,),
)
defjvp(unravel, "same", argnums=(0,))


def map_leaves(function: Callable, tree: VValue, /) -> VValue:
    """Apply an elementwise function of ``autograd.numpy`` to all elements at once.

    The support stays, so the function should map 0 to 0 (an absent path does).

    Examples
    --------
    >>> map_leaves(np.abs, VValue({"a": -1.0}))
    VValue({'a': 1.0})
    """
    return unravel(function(ravel(tree)), _support(tree))


@primitive
def _gather(tree: VValue, support: Support, positions: np.ndarray, shape: tuple, /) -> np.ndarray:
    out = np.zeros(shape)
    out.flat[positions] = kernels.align(tree, support)
    return out


@primitive
def _scatter(array: np.ndarray, support: Support, positions: np.ndarray, shape: tuple, /) -> VValue:
    return from_buffer(support, np.ravel(array)[positions])


defvjp(
    _gather,
    lambda ans, tree, support, positions, shape: lambda g: _scatter(g, support, positions, shape),
    argnums=(0,),
)
defjvp(_gather, "same", argnums=(0,))
defvjp(
    _scatter,
    lambda ans, array, support, positions, shape: lambda g: _gather(g, support, positions, shape),
    argnums=(0,),
)
defjvp(_scatter, "same", argnums=(0,))


def dense(tree: VValue, rows: Sequence[str | Path], columns: Sequence[str | Path], /) -> np.ndarray:
    """A tree of scalar leaves as a matrix, zeros where nothing is.

    Parameters
    ----------
    tree : VValue
    rows, columns : sequences of keys or paths
        The leaf at ``row path + column path`` goes to that row and column; leaves at other paths
        are left out.

    Returns
    -------
    array of shape (len(rows), len(columns))

    Examples
    --------
    >>> dense(VValue({"x": {"a": 1}, "y": {"b": 2}}), ["x", "y"], ["a", "b"])
    array([[1., 0.],
           [0., 2.]])
    """
    support, positions, shape = _grid(_support(tree), rows, columns)
    return _gather(tree, support, positions, shape)


def from_dense(
    array: np.ndarray, rows: Sequence[str | Path], columns: Sequence[str | Path], /
) -> VValue:
    """Inverse of `dense`: every entry becomes a leaf at ``row path + column path``.

    Raises
    ------
    ValueError
        If the array is not of shape ``(len(rows), len(columns))``.
    """
    row_paths, column_paths = _paths(rows), _paths(columns)
    shape = (len(row_paths), len(column_paths))
    if anp.shape(array) != shape:
        raise ValueError(f"array has shape {anp.shape(array)}; rows and columns need {shape}")
    every = [row + column for row in row_paths for column in column_paths]
    support = Support.of(every)
    order = {path: i for i, path in enumerate(every)}
    positions = np.array([order[path] for path in support.paths], np.intp)
    return _scatter(array, support, positions, shape)


def _grid(
    support: Support, rows: Sequence[str | Path], columns: Sequence[str | Path]
) -> tuple[Support, np.ndarray, tuple[int, int]]:
    row_paths, column_paths = _paths(rows), _paths(columns)
    cached = support.__dict__.setdefault("_grids", {})
    key = (row_paths, column_paths)
    if key not in cached:
        cell = {
            row + column: r * len(column_paths) + c
            for r, row in enumerate(row_paths)
            for c, column in enumerate(column_paths)
        }
        inside = [path for path in support.paths if path in cell]
        positions = np.array([cell[path] for path in inside], np.intp)
        cached[key] = Support.of(inside, is_sorted=True), positions
    part, positions = cached[key]
    return part, positions, (len(row_paths), len(column_paths))


def _paths(keys: Sequence[str | Path]) -> tuple[Path, ...]:
    return tuple(as_path(key) for key in keys)


# -------------------- boxes --------------------


def _value(tree: VValue) -> VValue:
    """The V-value inside any number of boxes."""
    while not isinstance(tree, VValue):
        if not traced_isinstance(tree, VValue):
            raise TypeError(f"expected a VValue, not {type(tree).__name__}: wrap it in VValue(...)")
        tree = tree._value
    return tree


def _support(tree: VValue) -> Support:
    return _value(tree).support
