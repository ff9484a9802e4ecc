"""The V-value: an immutable vector whose indices are paths in a tree.

One flat ``float64`` buffer and one interned `Support`. Everything here is untraced structure and
value access; the differentiable operations are in `vvalues.core.linear` and
`vvalues.core.structure` and reach the class through its operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Union, final

import numpy as np

from .construction import nested, walk
from .paths import Path, as_path, names_own_scalar, no_spelling
from .support import Support
from .tracing import is_traced, is_tree

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["VValue", "from_buffer", "from_leaves", "unchecked"]

Leaf = Union[float, np.ndarray]  # noqa: UP007  (evaluated at run time on Python 3.10)


@final
class VValue:
    """A vector with tree-shaped indices; an absent path is zero.

    Parameters
    ----------
    mapping : nested mapping of str keys, a real number, a real array or a VValue
        Leaves are real scalars or real arrays; each array leaf keeps its shape. The reserved key
        ``":number"`` holds the scalar of an inner node. Integers become floats. Leaves that are
        being differentiated are welcome: the result is then differentiable too
        (see `vvalues.assemble`).

    Raises
    ------
    TypeError
        If a key is not a ``str`` or a leaf is not real; the message names the path.

    Notes
    -----
    An explicit zero is kept: it is part of the support (a link that exists with weight 0), though
    the *vector* is the same without it, and ``==`` compares vectors. Values are immutable; the
    buffer is read-only. ``hash`` agrees with ``==``.

    References
    ----------
    M. Bukatin, J. Anthony, "Dataflow Matrix Machines and V-values", arXiv:1712.07447, section 3.

    Examples
    --------
    >>> v = VValue({"foo": {":number": 2, "bar": 7}, "baz": {"foo": {"bar": -4}}})
    >>> v["foo", "bar"], v["nothing"]
    (7.0, 0.0)
    >>> v + v == 2 * v
    True
    """

    __slots__ = ("__weakref__", "buffer", "support")

    support: Support
    buffer: np.ndarray

    def __new__(cls, mapping: Any = None, /) -> VValue:
        if mapping is None:
            return from_buffer(Support.of(()), np.zeros(0))
        if isinstance(mapping, VValue):
            return mapping
        paths, leaves = walk(mapping)
        if any(map(is_traced, leaves)):
            return _structure.assemble(dict(zip(paths, leaves, strict=True)))
        return _from_sorted(paths, leaves)

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any], /) -> VValue:
        """Inverse of `to_dict`; the same as ``VValue(mapping)``.

        Examples
        --------
        >>> VValue.from_dict({"a": {":number": 1, "b": 2}})["a", "b"]
        2.0
        """
        return VValue(mapping)

    def __init_subclass__(cls) -> None:
        raise TypeError(
            "VValue is final (autograd looks a type up exactly): keep one in an attribute instead"
        )

    # -------------------- reading --------------------

    @property
    def size(self) -> int:
        """Number of elements in the buffer: the number of leaves when all are scalars."""
        return self.support.size

    def __len__(self) -> int:
        """Number of leaves."""
        return len(self.support)

    def __bool__(self) -> bool:
        """Whether there is any leaf at all (even a zero one)."""
        return len(self.support) > 0

    def __contains__(self, path: str | Iterable[str]) -> bool:
        keys = as_path(path)
        if names_own_scalar(path):
            return keys in self.support
        there = self.support.holds(keys)
        if not there:
            no_spelling(path, self.support.holds)
        return there

    def __iter__(self) -> Iterator[Path]:
        """The paths of the leaves, in canonical order."""
        return iter(self.support.paths)

    def __getitem__(self, path: str | Iterable[str]) -> Any:
        """Leaf or subtree at a path: a float, an array, or a VValue; ``0.0`` where nothing is.

        A ``str`` is one key, a tuple is a path: ``v["a"]["b"]`` is ``v["a", "b"]``. The node's own
        scalar, whatever hangs below it, is ``v["a", ":number"]``. A ``str`` that is no key here but
        spells a path that is (``"a/b"``) is refused; ``v[parse_path("a/b")]`` reads it.
        """
        return _structure.take(self, path)

    def get(self, path: str | Iterable[str], default: Any = 0.0) -> Any:
        """As ``v[path]``, with another value for an absent path."""
        return self[path] if path in self else default  # noqa: SIM401  (this *is* get)

    def subtree(self, path: str | Iterable[str]) -> VValue:
        """The subtree at a path as a VValue, whatever is there (empty when absent)."""
        return _structure.subtree(self, path)

    def at(self, path: str | Iterable[str]) -> _structure.At:
        """Out-of-place update: ``v.at(path).set(x)``, ``.add(x)``, ``.remove()``."""
        return _structure.At(self, path)

    def items(self) -> Iterator[tuple[Path, Leaf]]:
        """``(path, leaf)`` pairs in canonical order."""
        for i, path in enumerate(self.support.paths):
            yield path, self._leaf(i)

    def _leaf(self, i: int) -> Leaf:
        block = self.buffer[self.support.span(i, i + 1)]
        shape = self.support.shape(i)
        return block.reshape(shape) if shape else float(block[0])

    def to_dict(self) -> dict[str, Any] | float | np.ndarray:
        """Nested dict of floats and arrays; ``:number`` where a node has both.

        A V-value that is only a scalar at the root gives ``{":number": x}``.

        Examples
        --------
        >>> VValue({"a": {":number": 1, "b": 2}}).to_dict()
        {'a': {':number': 1.0, 'b': 2.0}}
        """
        return nested(self.items(), is_leaf=lambda node: not isinstance(node, dict))

    # -------------------- arithmetic (each one primitive) --------------------

    def __add__(self, other: VValue) -> VValue:
        return _linear.add(self, other) if is_tree(other) else _pointwise.shifted(self, other)

    __radd__ = __add__

    def __sub__(self, other: VValue) -> VValue:
        return _linear.subtract(self, other) if is_tree(other) else _pointwise.shifted(self, other)

    def __rsub__(self, other: float) -> VValue:
        return _pointwise.shifted(self, other, -1.0)

    def __neg__(self) -> VValue:
        return _linear.negative(self)

    def __pos__(self) -> VValue:
        return self

    def __abs__(self) -> VValue:
        return _pointwise.absolute(self)

    def __mul__(self, factor: Any) -> VValue:
        return (_pointwise.multiply if is_tree(factor) else _linear.scale)(self, factor)

    def __rmul__(self, factor: float) -> VValue:
        return _linear.scale(self, factor)

    def __truediv__(self, divisor: Any) -> VValue:
        if is_tree(divisor):
            return _pointwise.divide(self, divisor)
        return _linear.scale(self, 1.0 / divisor)

    def __rtruediv__(self, number: float) -> VValue:
        raise _pointwise.needs_support("a quotient", "infinite", "power(v, -1, support=v.support)")

    def __pow__(self, exponent: float) -> VValue:
        return _pointwise.power(self, exponent)

    def __rpow__(self, base: float) -> VValue:
        remedy = "map_leaves(lambda x: base**x, v, support=v.support)"
        raise _pointwise.needs_support(f"{base!r} to the power of a V-value", 1.0, remedy)

    # Masks of ones and zeros; ``==`` and ``!=`` compare vectors instead.

    def __gt__(self, other: VValue | float) -> VValue:
        return _pointwise.compare(np.greater, self, other)

    def __lt__(self, other: VValue | float) -> VValue:
        return _pointwise.compare(np.less, self, other)

    def __ge__(self, other: VValue | float) -> VValue:
        return _pointwise.compare(np.greater_equal, self, other)

    def __le__(self, other: VValue | float) -> VValue:
        return _pointwise.compare(np.less_equal, self, other)

    # -------------------- numpy --------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return _algebra().apply_ufunc(ufunc, method, *inputs, **options)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        # Without this, numpy.asarray(tree) would silently wrap the tree as one object.
        raise TypeError(
            "a VValue is not an array: use vvalues.ravel(v) or vvalues.dense(v, …) (and for a "
            "number that is being differentiated times a tree: tree * number)"
        )

    # -------------------- identity --------------------

    def __eq__(self, other: object) -> bool:
        """Equality of vectors: an explicit zero equals an absent path.

        Elements are equal as numbers are: an infinity equals itself, NaN equals nothing.
        """
        if not isinstance(other, VValue):
            return NotImplemented
        if self.support is other.support:
            return bool(np.array_equal(self.buffer, other.buffer))
        mine, theirs = _without_zeros(self), _without_zeros(other)
        return mine.support is theirs.support and bool(np.array_equal(mine.buffer, theirs.buffer))

    def __hash__(self) -> int:
        nonzero = np.flatnonzero(self.buffer)
        leaf = np.searchsorted(self.support.offsets, nonzero, side="right") - 1
        paths = tuple(self.support.paths[i] for i in leaf)
        return hash((paths, self.buffer[nonzero].tobytes()))

    def __reduce__(self) -> tuple[Callable[..., VValue], tuple]:
        return from_buffer, (self.support, np.array(self.buffer))

    def __copy__(self) -> VValue:
        return self

    def __deepcopy__(self, memo: dict) -> VValue:
        return self

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"a VValue is immutable: use v.at(path).set(x) instead of v.{name} = …"
        )

    def __repr__(self) -> str:
        return _looks().compact(self)

    def __str__(self) -> str:
        return _looks().indented(self)

    def _repr_html_(self) -> str:
        return _looks().to_html(self)

    def __treescope_repr__(self, path: str | None, subtree_renderer: Any) -> Any:
        return _looks().treescope_rendering(self, path, subtree_renderer)


# -------------------- construction --------------------

_FLOAT64 = np.dtype(np.float64)
# The slots' own setters: VValue.__setattr__ refuses, and this is on the way of every operation.
_set_support = VValue.__dict__["support"].__set__
_set_buffer = VValue.__dict__["buffer"].__set__


def from_buffer(support: Support, buffer: np.ndarray) -> VValue:
    """A V-value from a support and its flat buffer.

    Parameters
    ----------
    support : Support
    buffer : array of shape (support.size,)
        Becomes read-only and is not copied if it is of type float64: hand over a fresh one.

    Raises
    ------
    ValueError
        If the buffer has another shape.

    Examples
    --------
    >>> from_buffer(Support.of([("a",), ("b",)]), np.array([1.0, 2.0]))
    VValue({'a': 1.0, 'b': 2.0})
    """
    if buffer.shape != (support.size,):
        raise ValueError(f"buffer has shape {buffer.shape}; this support needs ({support.size},)")
    if buffer.dtype is not _FLOAT64 and buffer.dtype != _FLOAT64:
        buffer = buffer.astype(np.float64)
    return unchecked(support, buffer)


def unchecked(support: Support, buffer: np.ndarray) -> VValue:
    """As `from_buffer`, for a fresh float64 buffer of the right shape: half a microsecond less."""
    buffer.setflags(write=False)
    tree = object.__new__(VValue)
    _set_support(tree, support)
    _set_buffer(tree, buffer)
    return tree


def from_leaves(leaves: Mapping[Path, Leaf]) -> VValue:
    """A V-value from untraced leaves by path.

    Parameters
    ----------
    leaves : mapping of path -> float or float64 array

    Examples
    --------
    >>> from_leaves({("a", "b"): 1.0, (): 2.0})
    VValue({':number': 2.0, 'a': {'b': 1.0}})
    """
    paths = sorted(leaves)
    return _from_sorted(paths, [leaves[path] for path in paths])


def _from_sorted(paths: Iterable[Path], leaves: list[Leaf]) -> VValue:
    if set(map(type, leaves)) <= {float}:
        return from_buffer(Support.of(paths, is_sorted=True), np.array(leaves, dtype=np.float64))
    support = Support.of(paths, [np.shape(leaf) for leaf in leaves], is_sorted=True)
    return from_buffer(support, np.concatenate([np.ravel(leaf) for leaf in leaves]))


def _without_zeros(tree: VValue) -> VValue:
    """The same vector without leaves that are zero, so that one vector has one support."""
    support = tree.support
    if support.shapes is None:
        nonzero = tree.buffer != 0
        return from_buffer(support.where(nonzero), tree.buffer[nonzero])
    first, last = support.offsets[:-1], support.offsets[1:]
    nonzero = np.array([np.any(tree.buffer[i:j]) for i, j in zip(first, last, strict=True)], bool)
    kept = support.where(nonzero)
    return from_buffer(kept, tree.buffer[np.repeat(nonzero, last - first)])


def _looks() -> ModuleType:
    """The room that shows V-values; it knows them, so it is entered only when one is shown."""
    from .. import show

    return show


def _algebra() -> ModuleType:
    """The room of elementwise algebra; numpy's functions are passed on to it."""
    from .. import algebra

    return algebra


# The operators call the primitives, which are made of V-values: the one circular import, last.
from . import linear as _linear  # noqa: E402
from . import pointwise as _pointwise  # noqa: E402
from . import structure as _structure  # noqa: E402
