"""Hypothesis strategies for keys, paths, patterns, supports, V-values and functions of them.

Never imported by ``import vvalues``; install the extra ``test`` to use it. The strategies draw from
a short alphabet of keys, so that trees overlap often, and build trees as lists of paths, which
shrink well: failing examples lose leaves first, then depth, then magnitude.

Array leaves: a path that ends in one of the keys of ``arrays`` holds an array of that key's shape
(``{"m": (2, 3)}``), everywhere; so any two trees that are drawn can be added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import autograd.numpy as anp
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from .algebra import map_leaves, sum_leaves
from .core.linear import inner
from .core.paths import NUMBER, Path
from .core.support import Support
from .core.tree import VValue, from_buffer, from_leaves
from .patterns import drop, escape_pattern, relabel, select
from .testing import keep_clear

__all__ = [
    "TreeFunction",
    "disjoint_pairs",
    "functions",
    "integers",
    "keys",
    "numbers",
    "overlapping_pairs",
    "pairs",
    "paths",
    "patient",
    "patterns",
    "same_support_pairs",
    "supports",
    "triples",
    "vvalues",
]

KEYS = ("a", "b", "c")
Shapes = Mapping[str, tuple[int, ...]]
_T = TypeVar("_T")


def patient(max_examples: int | None = None) -> settings:
    """Settings for tests of gradients, whose every case is hundreds of evaluations.

    There is no deadline, and slow drawing is no failure: the first case compiles and caches, and
    what a busy machine takes says nothing about a gradient. All else is as in the profile.

    Parameters
    ----------
    max_examples : int, optional
        Number of cases; by default that of the profile.

    Examples
    --------
    >>> from hypothesis import given
    >>> from vvalues.testing import check_tree_gradients
    >>> @patient(10)
    ... @given(vvalues())
    ... def test_the_gradient_of_a_square(v):
    ...     check_tree_gradients(lambda v: inner(v, v), v)
    >>> test_the_gradient_of_a_square()
    """
    slow = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    return slow if max_examples is None else settings(slow, max_examples=max_examples)


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
    """Paths; the empty one is the root, whose leaf is the scalar of the whole tree.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(paths(min_depth=1), lambda path: "b" in path)
    ('b',)
    """
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

    Examples
    --------
    >>> from hypothesis import find
    >>> find(numbers(0.0, 2.0, away_from=[1.0]), lambda x: 0.5 < x < 1.5)
    1.1
    """
    kinks = tuple(away_from)
    plain = st.floats(min_value, max_value, allow_subnormal=False).map(_on_grid)
    if not kinks:
        return plain
    return plain.map(lambda x: keep_clear(from_leaves({(): x}), kinks, margin)[()])


def _on_grid(x: float) -> float:
    return round(x, 6) + 0.0  # -0.0 becomes 0.0


def integers(magnitude: int = 8) -> SearchStrategy[float]:
    """Small integers as floats: sums and products of a few are exact, so laws hold with ``==``.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(integers(), lambda x: x**2 > 30)
    6.0
    """
    return st.integers(-magnitude, magnitude).map(float)


def supports(
    *,
    min_leaves: int = 0,
    max_leaves: int = 12,
    arrays: Shapes | None = None,
    **path_options: Any,
) -> SearchStrategy[Support]:
    """Supports; further options are those of `paths`.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(supports(max_leaves=1, arrays={"m": (2, 3)}), lambda support: support.size > 1)
    Support(1 leaf: m)
    """
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


def _support(chosen: list[Path], arrays: Shapes | None) -> Support:
    shapes = arrays or {}
    return Support.of(chosen, [shapes.get(path[-1], ()) if path else () for path in chosen])


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


# -------------------- functions --------------------

_STEPS: dict[str, Callable[[Any], Any]] = {
    "half of it": lambda v: v * 0.5,
    "its square": lambda v: 0.1 * v**2,
    "its cube": lambda v: 0.01 * v**3,
    "its sine": lambda v: map_leaves(anp.sin, v),
    "its tangent": lambda v: map_leaves(anp.tanh, v),
    "times its mean": lambda v: v * (sum_leaves(v) * 0.1),
    "less its projection": lambda v: v - v * (inner(v, v) * 0.01),
    "what is below a": lambda v: v + select(v, "a"),
    "without b": lambda v: drop(v, "**/b") * 2.0 + v,
    "sums of nodes": lambda v: sum_leaves(v, 1) + v,
    "one name for all": lambda v: relabel(v, lambda path: ("c",), add=True) * v,
    "levels swapped": lambda v: relabel(v, lambda path: path[::-1], add=True) * 0.5 + v,
}


@dataclass(frozen=True)
class TreeFunction:
    """A smooth function from trees of scalars to trees (or to numbers), made of named steps.

    Examples
    --------
    >>> TreeFunction(("its square", "half of it"))(VValue({"a": 2}))
    VValue({'a': 0.2})
    """

    steps: tuple[str, ...]
    to_number: bool = False

    def __call__(self, tree: Any) -> Any:
        for step in self.steps:
            tree = _STEPS[step](tree)
        return sum_leaves(tree) if self.to_number else tree


def functions(*, max_steps: int = 3, to_number: bool | None = None) -> SearchStrategy[TreeFunction]:
    """Smooth functions of a tree with scalar leaves, for laws of derivatives.

    Parameters
    ----------
    max_steps : int
    to_number : bool, optional
        Whether their values are numbers; either unless given.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(functions(to_number=True), lambda function: len(function.steps) == 1)
    TreeFunction(steps=('half of it',), to_number=True)
    """
    steps = st.lists(st.sampled_from(list(_STEPS)), max_size=max_steps).map(tuple)
    to = st.booleans() if to_number is None else st.just(to_number)
    return st.builds(TreeFunction, steps, to)


# -------------------- pairs --------------------


@st.composite
def same_support_pairs(
    draw: DrawFn, *, elements: SearchStrategy[float] | None = None, **options: Any
) -> tuple[VValue, VValue]:
    """Two V-values with one support; options are those of `vvalues`.

    Examples
    --------
    >>> from hypothesis import find
    >>> two = same_support_pairs(elements=integers(1), max_leaves=1)
    >>> find(two, lambda pair: pair[0] != pair[1])
    (VValue({':number': 0.0}), VValue({':number': 1.0}))
    """
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
    """Two V-values with a path in common at least; options: all of `vvalues` but ``min_leaves``.

    Examples
    --------
    >>> from hypothesis import find
    >>> two = overlapping_pairs(elements=integers(1), max_leaves=2, max_depth=1, alphabet=["a"])
    >>> find(two, lambda pair: len(sum(pair)) == 2)
    (VValue({':number': 0.0}), VValue({':number': 0.0, 'a': 0.0}))
    """
    return _split_pairs(1, None, **options)


def disjoint_pairs(**options: Any) -> SearchStrategy[tuple[VValue, VValue]]:
    """Two V-values without a common path; options: all of `vvalues` but ``min_leaves``.

    Examples
    --------
    >>> from hypothesis import find
    >>> two = disjoint_pairs(elements=integers(1), max_leaves=2, max_depth=1, alphabet=["a"])
    >>> find(two, lambda pair: len(pair[0]) == len(pair[1]) > 0)
    (VValue({':number': 0.0}), VValue({'a': 0.0}))
    """
    return _split_pairs(0, 0, **options)


def pairs(**options: Any) -> SearchStrategy[tuple[VValue, VValue]]:
    """Two V-values whose supports are the same, overlap or are disjoint.

    Options are all of `vvalues` but ``min_leaves``.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(pairs(max_leaves=1), lambda pair: len(pair[0]) > len(pair[1]))
    (VValue({':number': 0.0}), VValue({}))
    """
    return st.one_of(
        same_support_pairs(**options), overlapping_pairs(**options), disjoint_pairs(**options)
    )


@st.composite
def triples(draw: DrawFn, **options: Any) -> tuple[VValue, VValue, VValue]:
    """Three V-values, for associativity and distributivity; options are those of `pairs`.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(triples(max_leaves=1), lambda three: len(three[2]) > len(three[1]))
    (VValue({}), VValue({}), VValue({':number': 0.0}))
    """
    one, other = draw(pairs(**options))
    return one, other, draw(vvalues(**options))
