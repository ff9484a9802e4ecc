"""Supports: which paths a V-value has, and where each leaf lies in its buffer.

A support is interned: equal supports are the same object, so "same structure?" is ``is``, and
everything that depends on structure alone (how two trees overlap, where a subtree lies) is worked
out once per support and remembered on it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import NamedTuple
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np

from .paths import Path, format_path

__all__ = ["Support", "Union"]

Shape = tuple[int, ...]

_interned: WeakValueDictionary = WeakValueDictionary()


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
        found = _interned.get((paths, leaf_shapes))
        if found is not None:
            return found
        self = object.__new__(cls)
        self.paths = paths
        self.shapes = leaf_shapes
        if leaf_shapes is None:
            self.offsets = np.arange(len(paths) + 1)
        else:
            self.offsets = np.concatenate([[0], np.cumsum([prod(s) for s in leaf_shapes])]).astype(
                np.intp
            )
        self.offsets.flags.writeable = False
        self.size = int(self.offsets[-1])
        return _interned.setdefault((paths, leaf_shapes), self)

    # -------------------- lookup --------------------

    @cached_property
    def index(self) -> dict[Path, int]:
        """Position of every path among the leaves."""
        return {path: i for i, path in enumerate(self.paths)}

    @cached_property
    def depth(self) -> int:
        """Length of the longest path."""
        return max(map(len, self.paths), default=0)

    @cached_property
    def _subtrees(self) -> dict[Path, tuple[Support, slice]]:
        return {}

    @cached_property
    def _unions(self) -> WeakKeyDictionary:
        return WeakKeyDictionary()

    @cached_property
    def plans(self) -> WeakKeyDictionary:
        """Index plans of products with other supports (see `vvalues.products`)."""
        return WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self.paths)

    def __contains__(self, path: object) -> bool:
        return path in self.index

    def __repr__(self) -> str:
        shown = ", ".join(map(format_path, self.paths[:4]))
        return f"Support({len(self)} leaves: {shown}{', …' if len(self) > 4 else ''})"

    def __reduce__(self):
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
            found = self._unions[other] = _unite(self, other)
        return found

    def where(self, keep: np.ndarray) -> Support:
        """The support of the leaves selected by a boolean array."""
        if keep.all():
            return self
        chosen = np.flatnonzero(keep)
        paths = tuple(self.paths[i] for i in chosen)
        shapes = None if self.shapes is None else tuple(self.shapes[i] for i in chosen)
        return Support.of(paths, shapes, is_sorted=True)

    def elements(self, other: Support) -> tuple[np.ndarray, np.ndarray]:
        """Element positions of the leaves that both supports have: (in self, in other)."""
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


def _unite(left: Support, right: Support) -> Union:
    if left.shapes is None and right.shapes is None:
        support = _subset_or_merged(left, right)
        return Union(support, _scalar_positions(left, support), _scalar_positions(right, support))
    shapes = {path: left.shape(i) for i, path in enumerate(left.paths)}
    for i, path in enumerate(right.paths):
        shape = shapes.setdefault(path, right.shape(i))
        if shape != right.shape(i):
            raise ValueError(
                f"leaf at {format_path(path)} has shape {shape} in one V-value and "
                f"{right.shape(i)} in the other; a path holds one kind of leaf"
            )
    paths = sorted(shapes)
    support = Support.of(paths, [shapes[path] for path in paths], is_sorted=True)
    return Union(support, _positions(left, support), _positions(right, support))


def _subset_or_merged(left: Support, right: Support) -> Support:
    small, large = sorted((left, right), key=len)
    if all(path in large.index for path in small.paths):
        return large
    # Both sides are sorted runs, which Python's sort merges in linear time.
    paths = sorted(left.paths + tuple(p for p in right.paths if p not in left.index))
    return Support.of(paths, is_sorted=True)


def _scalar_positions(part: Support, whole: Support) -> np.ndarray | None:
    if part is whole:
        return None
    index = whole.index
    return np.fromiter((index[path] for path in part.paths), np.intp, len(part))


def _positions(part: Support, whole: Support) -> np.ndarray | None:
    if part is whole:
        return None
    index = whole.index
    runs = [np.arange(*whole.offsets[[index[p], index[p] + 1]]) for p in part.paths]
    return np.concatenate(runs) if runs else np.zeros(0, np.intp)
