"""Hypothesis strategies for keys, paths, supports and V-values.

Never imported by ``import vvalues``; install the extra ``test`` to use it. The strategies draw from
a short alphabet of keys, so that trees overlap often, and build trees as lists of paths, which
shrink well: failing examples lose leaves first, then depth, then magnitude.

Array leaves: a path that ends in one of the keys of ``arrays`` holds an array of that key's shape
(``{"m": (2, 3)}``), everywhere; so any two trees that are drawn can be added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from .core.paths import NUMBER, Path
from .core.support import Support
from .core.tree import VValue, from_buffer, from_leaves
from .patterns import escape_pattern
from .testing import keep_clear

__all__ = [
    "disjoint_pairs",
    "integers",
    "keys",
    "numbers",
    "overlapping_pairs",
    "pairs",
    "paths",
    "patterns",
    "same_support_pairs",
    "supports",
    "triples",
    "vvalues",
]

KEYS = ("a", "b", "c")
Shapes = Mapping[str, tuple[int, ...]]
_T = TypeVar("_T")


def keys(alphabet: Sequence[str] | None = KEYS) -> SearchStrategy[str]:
    """Keys from a short alphabet; with None any string but ``":number"``.

    Examples
    --------
    >>> keys(["n1", "n2"])
    sampled_from(['n1', 'n2'])
    """
    if alphabet is None:
        return st.text(max_size=6).filter(lambda key: key != NUMBER)
    return st.sampled_from(alphabet)


def paths(
    *,
    min_depth: int = 0,
    max_depth: int = 3,
    alphabet: Sequence[str] | None = KEYS,
) -> SearchStrategy[Path]:
    """Paths; the empty one is the root, whose leaf is the scalar of the whole tree."""
    return st.lists(keys(alphabet), min_size=min_depth, max_size=max_depth).map(tuple)


def numbers(
    min_value: float = -10.0,
    max_value: float = 10.0,
    *,
    away_from: Iterable[float] = (),
    margin: float = 0.1,
) -> SearchStrategy[float]:
    """Bounded finite floats on a grid of 1e-6.

    Smaller magnitudes than that underflow in squares and drown in sums, which a test rarely means.

    Parameters
    ----------
    min_value, max_value : float
    away_from : numbers, further apart than two margins
        Kinks to keep away from: numbers nearer than ``margin`` are moved out, never rejected.
    margin : float
    """
    kinks = tuple(away_from)
    plain = st.floats(min_value, max_value, allow_subnormal=False).map(_on_grid)
    if not kinks:
        return plain
    return plain.map(lambda x: keep_clear(from_leaves({(): x}), kinks, margin)[()])


def _on_grid(x: float) -> float:
    return round(x, 6) + 0.0  # -0.0 becomes 0.0


def integers(magnitude: int = 8) -> SearchStrategy[float]:
    """Small integers as floats: sums and products of a few are exact, so laws hold with ``==``."""
    return st.integers(-magnitude, magnitude).map(float)


def supports(
    *,
    min_leaves: int = 0,
    max_leaves: int = 12,
    arrays: Shapes | None = None,
    **path_options: Any,
) -> SearchStrategy[Support]:
    """Supports; further options are those of `paths`."""
    return _path_lists(min_leaves, max_leaves, arrays, path_options).map(
        lambda chosen: _support(chosen, arrays)
    )


def vvalues(
    *,
    min_leaves: int = 0,
    max_leaves: int = 12,
    elements: SearchStrategy[float] | None = None,
    arrays: Shapes | None = None,
    **path_options: Any,
) -> SearchStrategy[VValue]:
    """V-values.

    Parameters
    ----------
    min_leaves, max_leaves : int
    elements : strategy of floats, `numbers` by default
    arrays : mapping key -> shape, optional
        Paths that end in such a key hold arrays.
    **path_options
        Options of `paths`: ``min_depth``, ``max_depth``, ``alphabet``.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(vvalues(), lambda v: len(v) >= 2)
    VValue({':number': 0.0, 'a': 0.0})
    """
    chosen = supports(min_leaves=min_leaves, max_leaves=max_leaves, arrays=arrays, **path_options)
    return chosen.flatmap(lambda support: _on(support, elements))


def _path_lists(
    min_leaves: int, max_leaves: int, arrays: Shapes | None, path_options: dict[str, Any]
) -> SearchStrategy[list[Path]]:
    if arrays:
        alphabet = path_options.pop("alphabet", KEYS)
        path_options = {**path_options, "alphabet": (*(alphabet or KEYS), *arrays)}
    every = paths(**path_options)
    return st.lists(every, min_size=min_leaves, max_size=max_leaves, unique=True)


def _support(chosen: Iterable[Path], arrays: Shapes | None) -> Support:
    chosen = list(chosen)
    if not arrays:
        return Support.of(chosen)
    return Support.of(chosen, [arrays.get(path[-1], ()) if path else () for path in chosen])


def _on(support: Support, elements: SearchStrategy[float] | None) -> SearchStrategy[VValue]:
    """V-values on a given support."""
    chosen = numbers() if elements is None else elements
    values = st.lists(chosen, min_size=support.size, max_size=support.size)
    return values.map(lambda drawn: from_buffer(support, np.array(drawn, dtype=float)))


# -------------------- patterns --------------------


@st.composite
def patterns(draw: DrawFn, *, max_depth: int = 3, alphabet: Sequence[str] | None = KEYS) -> str:
    """Patterns as text: keys of an alphabet, escaped, among ``*``, ``?`` and ``**``.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(patterns(), lambda pattern: "**" in pattern and "a" in pattern)
    'a/**'
    """
    literal = keys(alphabet).map(lambda key: escape_pattern((key,)))
    parts = st.one_of(literal, st.sampled_from(["**", "*", "?"]))
    text = "/".join(draw(st.lists(parts, min_size=1, max_size=max_depth)))
    return f"{text}/{NUMBER}" if draw(st.booleans()) else text


# -------------------- pairs --------------------


@st.composite
def same_support_pairs(
    draw: DrawFn, *, elements: SearchStrategy[float] | None = None, **options: Any
) -> tuple[VValue, VValue]:
    """Two V-values with one support; options are those of `vvalues`."""
    support = draw(supports(**options))
    return draw(_on(support, elements)), draw(_on(support, elements))


@st.composite
def _split_pairs(
    draw: DrawFn,
    min_common: int,
    max_common: int | None,
    elements: SearchStrategy[float] | None = None,
    max_leaves: int = 12,
    arrays: Shapes | None = None,
    **path_options: Any,
) -> tuple[VValue, VValue]:
    """Two V-values over one list of paths: the common ones first, then one side's each."""
    chosen = draw(_path_lists(min_common, max_leaves, arrays, path_options))
    most = len(chosen) if max_common is None else min(max_common, len(chosen))
    n_common = draw(st.integers(min(min_common, most), most))
    n_left = draw(st.integers(n_common, len(chosen)))
    left = _support(chosen[:n_left], arrays)
    right = _support(chosen[:n_common] + chosen[n_left:], arrays)
    return draw(_on(left, elements)), draw(_on(right, elements))


def overlapping_pairs(**options: Any) -> SearchStrategy[tuple[VValue, VValue]]:
    """Two V-values with at least one path in common; options are those of `vvalues`."""
    return _split_pairs(1, None, **options)


def disjoint_pairs(**options: Any) -> SearchStrategy[tuple[VValue, VValue]]:
    """Two V-values without a common path; options are those of `vvalues`."""
    return _split_pairs(0, 0, **options)


def pairs(**options: Any) -> SearchStrategy[tuple[VValue, VValue]]:
    """Two V-values whose supports are the same, overlap or are disjoint."""
    return st.one_of(
        same_support_pairs(**options), overlapping_pairs(**options), disjoint_pairs(**options)
    )


@st.composite
def triples(draw: DrawFn, **options: Any) -> tuple[VValue, VValue, VValue]:
    """Three V-values, for associativity and distributivity."""
    one, other = draw(pairs(**options))
    return one, other, draw(vvalues(**options))
