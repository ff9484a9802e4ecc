"""Supports: which paths a V-value has, and where each leaf lies in its buffer.

A support is interned: equal supports are the same object, so "same structure?" is ``is``, and
everything that depends on structure alone (how two trees overlap, where a subtree lies) is worked
out once per support and remembered on it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from itertools import chain, compress, pairwise
from math import prod
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np

from .merging import merged
from .paths import Path, format_path

__all__ = ["Support", "Union", "element_positions", "kept_supports", "leaf_shapes"]

Shape = tuple[int, ...]

_interned: WeakValueDictionary[_Key, Support] = WeakValueDictionary()
_interning = Lock()  # two threads that make one support at once get the same object
_kept: ContextVar[set[Support] | None] = ContextVar("kept", default=None)


@contextmanager
def kept_supports() -> Iterator[None]:
    """Supports that are made meanwhile stay alive until the end.

    A support lives as long as a tree has it, and how it meets others is forgotten with it. Where
    one small computation is done over and over, its intermediate trees have the same supports
    every time: so these are made once, and meet once.
    """
    token = _kept.set(set())
    try:
        yield
    finally:
        _kept.reset(token)


class _Key:
    """Paths and shapes with their hash worked out once (a tuple hashes a million paths anew)."""

    __slots__ = ("hash", "paths", "shapes")

    def __init__(self, paths: tuple[Path, ...], shapes: tuple[Shape, ...] | None) -> None:
        self.paths = paths
        self.shapes = shapes
        self.hash = hash((paths, shapes))

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.paths == other.paths and self.shapes == other.shapes


class Union(NamedTuple):
    """How two supports meet: their union, and where the elements of each side go in it."""

    support: Support
    left: np.ndarray | None  # None: the left side already is the union
    right: np.ndarray | None


class Support:
    """The structure of a V-value: sorted paths, the shape of each leaf, offsets into the buffer.

    Make one with `Support.of`; equal arguments give the identical object.

    Attributes
    ----------
    paths : tuple of paths, in canonical (tuple) order
    shapes : tuple of shapes, or None when every leaf is a scalar
    offsets : array of len(paths) + 1 positions in the buffer
    size : number of elements of the buffer (the dimension of this coordinate subspace)

    Examples
    --------
    >>> from vvalues import VValue
    >>> VValue({"a": {"x": 1.0}, "w": np.zeros((2, 3))}).support.paths
    (('a', 'x'), ('w',))
    """

    __slots__ = ("__dict__", "__weakref__", "offsets", "paths", "shapes", "size")

    paths: tuple[Path, ...]
    shapes: tuple[Shape, ...] | None
    offsets: np.ndarray
    size: int

    def __init__(self) -> None:
        raise TypeError("a Support is interned; make it with Support.of(paths, shapes)")

    @classmethod
    def of(
        cls,
        paths: Iterable[Path],
        shapes: Iterable[Shape] | None = None,
        *,
        is_sorted: bool = False,
    ) -> Support:
        """The one support with these paths (and leaf shapes; scalars when omitted).

        Raises
        ------
        ValueError
            If a path occurs twice.
        """
        paths = tuple(paths)
        leaf_shapes = None if shapes is None else tuple(shapes)
        if leaf_shapes is not None and not any(leaf_shapes):
            leaf_shapes = None
        if not is_sorted:
            order = sorted(range(len(paths)), key=paths.__getitem__)
            paths = tuple(paths[i] for i in order)
            if leaf_shapes is not None:
                leaf_shapes = tuple(leaf_shapes[i] for i in order)
            for one, other in pairwise(paths):
                if one == other:
                    raise ValueError(f"path {format_path(one)} occurs twice in one support")
        key = _Key(paths, leaf_shapes)
        found = _interned.get(key)
        if found is not None:
            return found
        self = object.__new__(cls)
        self.paths = paths
        self.shapes = leaf_shapes
        self.offsets = _offsets(len(paths), leaf_shapes)
        self.size = int(self.offsets[-1])
        with _interning:
            self = _interned.setdefault(key, self)
        kept = _kept.get()
        if kept is not None:
            kept.add(self)
        return self

    # -------------------- lookup --------------------

    @cached_property
    def index(self) -> dict[Path, int]:
        """Position of every path among the leaves."""
        return dict(zip(self.paths, range(len(self.paths)), strict=True))

    @cached_property
    def depth(self) -> int:
        """Length of the longest path."""
        return max(map(len, self.paths), default=0)

    @cached_property
    def _subtrees(self) -> dict[Path, tuple[Support, slice]]:
        return {}

    # What depends on a second support is remembered by weak reference, and no remembered value
    # refers to that second support: a long run meets many supports and must be able to forget them.

    @cached_property
    def _unions(self) -> WeakKeyDictionary[Support, _Meeting]:
        return WeakKeyDictionary()

    @cached_property
    def _overlaps(self) -> WeakKeyDictionary[Support, tuple[np.ndarray, np.ndarray]]:
        return WeakKeyDictionary()

    @cached_property
    def plans(self) -> WeakKeyDictionary[Support, dict]:
        """Index plans of products with other supports (see `vvalues.core.products`)."""
        return WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self.paths)

    def __contains__(self, path: object) -> bool:
        return path in self.index

    def __repr__(self) -> str:
        shown = ", ".join(map(format_path, self.paths[:4]))
        leaves = "leaf" if len(self) == 1 else "leaves"
        return f"Support({len(self)} {leaves}: {shown}{', …' if len(self) > 4 else ''})"

    def __reduce__(self) -> tuple[Callable[..., Support], tuple]:
        return _restore, (self.paths, self.shapes)

    def __copy__(self) -> Support:
        return self

    def __deepcopy__(self, memo: dict) -> Support:
        return self

    def shape(self, i: int) -> Shape:
        """Shape of leaf number ``i``; ``()`` is a scalar."""
        return () if self.shapes is None else self.shapes[i]

    def span(self, first: int, last: int) -> slice:
        """Buffer slice of the leaves ``first:last``."""
        if self.shapes is None:
            return slice(first, last)
        return slice(int(self.offsets[first]), int(self.offsets[last]))

    def leaf_range(self, prefix: Path) -> tuple[int, int]:
        """Range of leaves at or below ``prefix`` (contiguous in canonical order)."""
        if not prefix:
            return 0, len(self.paths)
        first = bisect_left(self.paths, prefix)
        beyond = (*prefix[:-1], prefix[-1] + "\0")  # the least key after prefix[-1]
        return first, bisect_left(self.paths, beyond, lo=first)

    def holds(self, prefix: Path) -> bool:
        """Whether there is a leaf at or below ``prefix``."""
        first, last = self.leaf_range(prefix)
        return last > first

    def subtree(self, prefix: Path) -> tuple[Support, slice]:
        """Support of the subtree at ``prefix`` (paths relative to it) and its buffer slice."""
        found = self._subtrees.get(prefix)
        if found is None:
            first, last = self.leaf_range(prefix)
            start = len(prefix)
            tails = tuple(path[start:] for path in self.paths[first:last])
            shapes = None if self.shapes is None else self.shapes[first:last]
            found = Support.of(tails, shapes, is_sorted=True), self.span(first, last)
            self._subtrees[prefix] = found
        return found

    def below(self, prefix: Path) -> Support:
        """The same structure hung below ``prefix``."""
        if not prefix:
            return self
        return Support.of(((*prefix, *path) for path in self.paths), self.shapes, is_sorted=True)

    def children(self) -> tuple[str, ...]:
        """First keys, in canonical order."""
        return tuple(dict.fromkeys(path[0] for path in self.paths if path))

    # -------------------- meeting another support --------------------

    def union(self, other: Support) -> Union:
        """Union with another support, and where both sides' elements go; cached.

        Raises
        ------
        ValueError
            If one path holds leaves of different shapes.
        """
        if other is self:
            return Union(self, None, None)
        found = self._unions.get(other)
        if found is None:
            found = self._unions[other] = _meet(self, other)
        support, at_left, at_right = found
        if support is None:
            support = self if at_left is None else other
        return Union(support, at_left, at_right)

    def where(self, keep: np.ndarray) -> Support:
        """The support of the leaves selected by a boolean array, one entry per leaf.

        Raises
        ------
        ValueError
            If it is not such an array; one entry per *element* is something else where leaves are
            arrays.

        Examples
        --------
        >>> Support.of([("a",), ("b",)]).where(np.array([False, True]))
        Support(1 leaf: b)
        """
        keep = np.asarray(keep)
        if keep.shape != (len(self.paths),) or keep.dtype != np.bool_:
            raise ValueError(
                f"keep is an array of {keep.dtype} of shape {keep.shape}; these "
                f"{len(self.paths)} leaves (of {self.size} elements) need one bool each"
            )
        if keep.all():
            return self
        shapes = None if self.shapes is None else tuple(compress(self.shapes, keep))
        return Support.of(tuple(compress(self.paths, keep)), shapes, is_sorted=True)

    def elements(self, other: Support) -> tuple[np.ndarray, np.ndarray]:
        """Element positions of the leaves that both supports have: (in self, in other); cached.

        Raises
        ------
        ValueError
            If one path holds leaves of different shapes.
        """
        found = self._overlaps.get(other)
        if found is None:
            found = self._overlaps[other] = self._overlap(other)
        return found

    def _overlap(self, other: Support) -> tuple[np.ndarray, np.ndarray]:
        union = self.union(other)
        mine = np.arange(self.size) if union.left is None else union.left
        theirs = np.arange(other.size) if union.right is None else union.right
        position = np.full(union.support.size, -1)
        position[theirs] = np.arange(other.size)
        matched = position[mine]
        shared = matched >= 0
        return np.flatnonzero(shared), matched[shared]


def _restore(paths: tuple[Path, ...], shapes: tuple[Shape, ...] | None) -> Support:
    return Support.of(paths, shapes, is_sorted=True)


def _offsets(n_leaves: int, shapes: tuple[Shape, ...] | None) -> np.ndarray:
    if shapes is None:
        offsets = np.arange(n_leaves + 1)
    else:
        offsets = np.cumsum([0, *map(prod, shapes)], dtype=np.intp)
    offsets.flags.writeable = False
    return offsets


# -------------------- unions --------------------

# A remembered `Union`; None for a support stands for the side whose positions are None.
_Meeting = tuple[Support | None, np.ndarray | None, np.ndarray | None]

_MUCH_SMALLER = 16  # below this ratio a search per path beats a pass over both supports


def _meet(left: Support, right: Support) -> _Meeting:
    for part, whole in ((right, left), (left, right)):
        if len(part) * _MUCH_SMALLER <= len(whole):
            at = _search(part, whole)
            if at is not None:
                positions = element_positions(part, whole, at)
                return (None, None, positions) if whole is left else (None, positions, None)
    return _merge(left, right)


def _search(part: Support, whole: Support) -> np.ndarray | None:
    """Leaf numbers of a part's paths in the whole, None unless it has them all."""
    found = []
    for path in part.paths:
        i = bisect_left(whole.paths, path)
        if i == len(whole) or whole.paths[i] != path:
            return None
        found.append(i)
    return np.array(found, np.intp)


def _merge(left: Support, right: Support) -> _Meeting:
    paths, at_left, at_right = merged(left.paths, right.paths, left.index)
    if len(paths) == len(left):
        return None, None, element_positions(right, left, at_right)
    if len(paths) == len(right):
        return None, element_positions(left, right, at_left), None
    union = _united(left, right, paths)
    return (
        union,
        element_positions(left, union, at_left),
        element_positions(right, union, at_right),
    )


def _united(left: Support, right: Support, paths: tuple[Path, ...]) -> Support:
    if left.shapes is None and right.shapes is None:
        return Support.of(paths, is_sorted=True)
    sides = ((right.paths, leaf_shapes(right)), (left.paths, leaf_shapes(left)))
    shapes = dict(chain.from_iterable(zip(*side, strict=True) for side in sides))
    return Support.of(paths, map(shapes.__getitem__, paths), is_sorted=True)


def leaf_shapes(support: Support) -> tuple[Shape, ...]:
    """The shapes of all leaves, also where all are scalars."""
    return ((),) * len(support) if support.shapes is None else support.shapes


def element_positions(part: Support, whole: Support, at: np.ndarray) -> np.ndarray:
    """Positions in the whole's buffer of a part's elements, given those of its leaves."""
    if part.shapes is None and whole.shapes is None:
        return at
    for i, j in enumerate(at.tolist()):
        if part.shape(i) != whole.shape(j):
            raise ValueError(
                f"leaf at {format_path(part.paths[i])} has shape {part.shape(i)} in one V-value "
                f"and {whole.shape(j)} in the other; a path holds one kind of leaf"
            )
    lengths = np.diff(part.offsets)
    within = np.arange(part.size) - np.repeat(part.offsets[:-1], lengths)
    return np.repeat(whole.offsets[at], lengths) + within
