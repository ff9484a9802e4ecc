"""A checker of gradients that JAX or PyTorch claim, of functions of their pytrees.

The same judge as that of `check_tree_gradients`: every number of every leaf is probed by a
difference quotient of fourth order, in double precision, and what is wrong is named by its path.
Neither library is imported before a function of its own is checked.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from ..core.paths import Path
from ..core.tree import VValue, from_buffer, from_leaves
from .probing import assert_slopes, check_modes, clear_of_kinks

__all__ = ["check_pytree_gradients"]

Leaves = list[Any]


def check_pytree_gradients(
    function: Callable,
    *trees: Any,
    library: str | None = None,
    order: int = 1,
    modes: Sequence[str] = ("reverse",),
    rtol: float = 1e-6,
    step: float = 1e-3,
    kinks: Iterable[float] = (),
    margin: float = 1e-2,
    rng: np.random.Generator | None = None,
) -> None:
    """Assert that JAX's or PyTorch's derivatives of a function of pytrees are right.

    Parameters
    ----------
    function : callable of pytrees
        Of nested dicts, lists, tuples, or whatever is registered with the library. Returns a
        number, or a pytree of arrays (tested in one random combination of their elements). It is
        run in double precision; leaves that are not real numbers are handed on as they are.
    *trees : pytrees, the point
    library : {"jax", "torch"}, optional
        By default the one that a leaf belongs to.
    order : int
        Highest order of differentiation.
    modes : subset of {"reverse", "forward"}
        Rules that were written for reverse mode alone have no forward mode.
    rtol, step, kinks, margin, rng
        As those of `check_tree_gradients`.

    Raises
    ------
    AssertionError
        Naming the argument, the mode, the path and both values, and whether it looks like a kink.
    ImportError
        If the library is not installed.
    TypeError
        If no leaf says which library is meant.
    ValueError
        For an unknown library or mode, or a margin within reach of the probes.

    Examples
    --------
    >>> import jax.numpy as jnp  # doctest: +SKIP
    >>> loss = lambda p: jnp.sum(jnp.tanh(p["w"] @ jnp.ones(3) + p["b"]) ** 2)  # doctest: +SKIP
    >>> point = {"w": jnp.ones((2, 3)) / 4, "b": jnp.zeros(2)}  # doctest: +SKIP
    >>> check_pytree_gradients(loss, point, order=2)  # doctest: +SKIP
    """
    __tracebackhide__ = True
    check_modes(modes)
    rng = np.random.default_rng(0) if rng is None else rng
    kind = _library(library, trees)
    with kind.double():
        points = [kind.point(tree) for tree in trees]
        at = clear_of_kinks([point.tree for point in points], tuple(kinks), margin, step)
        points = [point._replace(tree=tree) for point, tree in zip(points, at, strict=True)]
        scalar = _scalarised(kind, function, points, rng)
        for current in range(1, order + 1):
            for i in range(len(points)):
                words = f"wrong derivative of order {current} with respect to argument {i}"
                _check_argument(kind, scalar, points, i, words, modes, rtol, step)
            scalar = _along(kind, scalar, points, rng)


class _Point(NamedTuple):
    """A pytree as a V-value of its real leaves, and the way back."""

    tree: VValue
    shapes: list[tuple[Path, tuple[int, ...]]]
    rebuild: Callable[[Leaves], Any]


class _Library(ABC):
    """What two libraries call by different names. A scalar is a function of lists of leaves."""

    def point(self, tree: Any) -> _Point:
        """A pytree, its real leaves apart from the others."""
        named, unflatten = self.flatten(tree)
        leaves = [leaf for _, leaf in named]
        real = [i for i, leaf in enumerate(leaves) if self.is_real(leaf)]
        paths = [tuple(str(key) for key in named[i][0]) for i in real]
        if len(set(paths)) < len(paths):
            raise ValueError(f"two leaves have one path: {sorted(paths)}")
        arrays = [np.asarray(self.plain(leaves[i]), dtype=np.float64) for i in real]

        def rebuild(given: Leaves) -> Any:
            new = dict(zip(real, given, strict=True))
            return unflatten([new.get(i, leaf) for i, leaf in enumerate(leaves)])

        shapes = [(path, array.shape) for path, array in zip(paths, arrays, strict=True)]
        return _Point(from_leaves(dict(zip(paths, arrays, strict=True))), shapes, rebuild)

    def leaves(self, point: _Point, tree: VValue) -> Leaves:
        """The library's arrays of a V-value on the support of a point."""
        return [
            self.array(np.reshape(np.asarray(tree.get(path)), shape))
            for path, shape in point.shapes
        ]

    def tree(self, point: _Point, leaves: Leaves) -> VValue:
        """Inverse of `leaves`."""
        arrays = [np.asarray(self.plain(leaf), dtype=np.float64) for leaf in leaves]
        return from_leaves(dict(zip([path for path, _ in point.shapes], arrays, strict=True)))

    @abstractmethod
    def double(self) -> AbstractContextManager:
        """Where numbers are in double precision."""

    @abstractmethod
    def flatten(self, tree: Any) -> tuple[list[tuple[Iterable[Any], Any]], Callable]:
        """Keys and leaves of a pytree, and what makes it of leaves again."""

    @abstractmethod
    def is_real(self, leaf: Any) -> bool:
        """Whether a leaf has a derivative."""

    @abstractmethod
    def plain(self, leaf: Any) -> Any:
        """A leaf as numpy has it."""

    @abstractmethod
    def array(self, array: np.ndarray) -> Any:
        """An array of the library."""

    @abstractmethod
    def dot(self, one: Leaves, other: Leaves) -> Any:
        """Sum of products; differentiable."""

    @abstractmethod
    def gradient(self, function: Callable[[Leaves], Any], leaves: Leaves) -> Leaves:
        """Reverse mode; differentiable again."""

    @abstractmethod
    def slope(self, function: Callable[[Leaves], Any], at: Leaves, direction: Leaves) -> float:
        """Forward mode."""


# -------------------- the check --------------------


def _scalarised(
    kind: _Library, function: Callable, points: list[_Point], rng: np.random.Generator
) -> Callable:
    """The function of lists of leaves, its result one number: a random sum of what it returns."""

    def outputs(*given: Leaves) -> Leaves:
        trees = [point.rebuild(leaves) for point, leaves in zip(points, given, strict=True)]
        return [leaf for _, leaf in kind.flatten(function(*trees))[0] if kind.is_real(leaf)]

    at = [kind.leaves(point, point.tree) for point in points]
    shapes = [np.shape(kind.plain(leaf)) for leaf in outputs(*at)]
    if shapes == [()]:
        return lambda *given: outputs(*given)[0]
    weights = [kind.array(rng.normal(size=shape)) for shape in shapes]
    return lambda *given: kind.dot(outputs(*given), weights)


def _along(
    kind: _Library, scalar: Callable, points: list[_Point], rng: np.random.Generator
) -> Callable:
    """Sum of the directional derivatives, itself a function to be checked."""
    directions = [
        kind.leaves(point, from_buffer(point.tree.support, rng.normal(size=point.tree.size)))
        for point in points
    ]

    def combined(*given: Leaves) -> Any:
        parts = (
            kind.dot(kind.gradient(_of_one(scalar, given, i), given[i]), direction)
            for i, direction in enumerate(directions)
        )
        return sum(parts)

    return combined


def _of_one(scalar: Callable, given: Sequence[Leaves], i: int) -> Callable[[Leaves], Any]:
    return lambda leaves: scalar(*given[:i], leaves, *given[i + 1 :])


def _check_argument(
    kind: _Library,
    scalar: Callable,
    points: list[_Point],
    i: int,
    words: str,
    modes: Sequence[str],
    rtol: float,
    step: float,
) -> None:
    __tracebackhide__ = True
    point, support = points[i], points[i].tree.support
    given = [kind.leaves(each, each.tree) for each in points]
    of_one = _of_one(scalar, given, i)
    claims = {}
    if "reverse" in modes:
        claims["reverse mode gives"] = kind.tree(point, kind.gradient(of_one, given[i])).buffer
    if "forward" in modes:
        units = (kind.leaves(point, from_buffer(support, row)) for row in np.eye(support.size))
        claims["forward mode gives"] = np.array(
            [kind.slope(of_one, given[i], unit) for unit in units]
        )

    def along(direction: VValue, distance: float) -> float:
        moved = point.tree + direction * distance
        return float(kind.plain(of_one(kind.leaves(point, moved))))

    assert_slopes(along, point.tree, support, claims, words, rtol, step)


# -------------------- two libraries --------------------


def _library(name: str | None, trees: Sequence[Any]) -> _Library:
    __tracebackhide__ = True
    known: dict[str, type[_Library]] = {"jax": _Jax, "torch": _Torch}
    if name is not None and name not in known:
        raise ValueError(f"library is {name!r}; expected one of {', '.join(known)}")
    for each in known if name is None else (name,):
        if name is not None or each in sys.modules:  # what is not imported has made no leaf
            kind = known[each]()
            leaves = (leaf for tree in trees for _, leaf in kind.flatten(tree)[0])
            if name is not None or any(_is_of(each, leaf) for leaf in leaves):
                return kind
    raise TypeError("no leaf is an array of JAX or PyTorch; say which: library='jax' or 'torch'")


def _is_of(library: str, leaf: Any) -> bool:
    return type(leaf).__module__.split(".")[0].removesuffix("lib") == library


def _keys(path: Iterable[Any]) -> list[Any]:
    """Keys of dicts, places in sequences, names of attributes."""
    names = ("key", "idx", "name")
    return [next(getattr(entry, n) for n in names if hasattr(entry, n)) for entry in path]


class _Jax(_Library):
    def __init__(self) -> None:
        import jax

        self.jax = jax

    def double(self) -> AbstractContextManager:
        if hasattr(self.jax, "enable_x64"):
            return self.jax.enable_x64(True)
        from jax.experimental import enable_x64

        return enable_x64()

    def flatten(self, tree: Any) -> tuple[list[tuple[Iterable[Any], Any]], Callable]:
        named, structure = self.jax.tree_util.tree_flatten_with_path(tree)
        unflatten = self.jax.tree_util.tree_unflatten
        return [(_keys(path), x) for path, x in named], lambda leaves: unflatten(structure, leaves)

    def is_real(self, leaf: Any) -> bool:
        return bool(self.jax.numpy.issubdtype(self.jax.numpy.result_type(leaf), np.floating))

    def plain(self, leaf: Any) -> Any:
        return leaf

    def array(self, array: np.ndarray) -> Any:
        return self.jax.numpy.asarray(array)

    def dot(self, one: Leaves, other: Leaves) -> Any:
        return sum(self.jax.numpy.vdot(x, y) for x, y in zip(one, other, strict=True))

    def gradient(self, function: Callable[[Leaves], Any], leaves: Leaves) -> Leaves:
        return list(self.jax.grad(function)(leaves))

    def slope(self, function: Callable[[Leaves], Any], at: Leaves, direction: Leaves) -> float:
        return float(self.jax.jvp(function, (at,), (direction,))[1])


class _Torch(_Library):
    def __init__(self) -> None:
        import torch
        from torch.utils import _pytree

        self.torch, self.pytree = torch, _pytree

    def double(self) -> AbstractContextManager:
        return nullcontext()  # leaves say what precision they have

    def flatten(self, tree: Any) -> tuple[list[tuple[Iterable[Any], Any]], Callable]:
        named, structure = self.pytree.tree_flatten_with_path(tree)
        unflatten = self.pytree.tree_unflatten
        return [(_keys(path), x) for path, x in named], lambda leaves: unflatten(leaves, structure)

    def is_real(self, leaf: Any) -> bool:
        if isinstance(leaf, self.torch.Tensor):
            return leaf.is_floating_point()
        return isinstance(leaf, float)

    def plain(self, leaf: Any) -> Any:
        return leaf.detach().cpu().numpy() if isinstance(leaf, self.torch.Tensor) else leaf

    def array(self, array: np.ndarray) -> Any:
        return self.torch.tensor(array, dtype=self.torch.float64)

    def dot(self, one: Leaves, other: Leaves) -> Any:
        return sum((x * y).sum() for x, y in zip(one, other, strict=True))

    def gradient(self, function: Callable[[Leaves], Any], leaves: Leaves) -> Leaves:
        given = [x if x.requires_grad else x.clone().requires_grad_() for x in leaves]
        value = function(given)
        if not (isinstance(value, self.torch.Tensor) and value.requires_grad):
            return [self.torch.zeros_like(x) for x in given]  # it depends on none of them
        found = self.torch.autograd.grad(value, given, create_graph=True, allow_unused=True)
        return [
            self.torch.zeros_like(x) if g is None else g for x, g in zip(given, found, strict=True)
        ]

    def slope(self, function: Callable[[Leaves], Any], at: Leaves, direction: Leaves) -> float:
        duals = self.torch.autograd.forward_ad
        with duals.dual_level():
            moving = [duals.make_dual(x, d) for x, d in zip(at, direction, strict=True)]
            tangent = duals.unpack_dual(function(moving)).tangent
        return 0.0 if tangent is None else float(tangent.detach())
