"""Libraries of composed operations: every composition of a few kinds, evaluated on the samples.

The screened mutation carried to its end. A library holds the values of all compositions up to a
depth, in order of size, without duplicates; what is worth adding to a network is then a question
of linear algebra (`synthesis.architectures.evolving.search.symbolic`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from .operations import Operation, get_operations

__all__ = ["Library", "Recipe", "grow_library", "starts"]

LARGEST_VALUE = 1e6
SMALLEST_VARIATION = 1e-7
# Weight and constant of an argument. On inputs, signs, halves, doubles and unit shifts; on what is
# composed already, less. Least squares moves them from there.
ON_INPUTS = tuple((w, c) for w in (1.0, -1.0, 0.5, 2.0) for c in (0.0, 1.0, -1.0))
ON_COMPOSED = ((1.0, 0.0), (1.0, 1.0), (-1.0, 0.0), (0.5, 0.0))


class Recipe(NamedTuple):
    """How an entry is composed.

    Attributes
    ----------
    kind : str
        Kind of operation; "" for an input, whose number is its one argument.
    arguments : tuple of (entry, weight, constant)
        What is read: ``weight * entry + constant``.

    Examples
    --------
    >>> grow_library(np.array([[1.0], [2.0]]), ["multiply"], depth=1).recipes[-1]
    Recipe(kind='multiply', arguments=((0, 1.0, 0.0), (0, 1.0, 0.0)))
    """

    kind: str
    arguments: tuple[tuple[int, float, float], ...]


class Library(NamedTuple):
    """Compositions in order of size.

    Attributes
    ----------
    values : array (entries, samples)
    sizes : array (entries,)
        Operations and inputs of the composition, and one half for every weight and constant.
    recipes : list of Recipe

    Examples
    --------
    >>> library = grow_library(np.array([[1.0], [2.0]]), ["multiply"], depth=1)
    >>> library.sizes, library.values
    (array([1., 3.]), array([[1., 2.],
           [1., 4.]]))
    """

    values: np.ndarray
    sizes: np.ndarray
    recipes: list[Recipe]

    def __len__(self) -> int:
        return len(self.recipes)


def starts(kinds: Iterable[str]) -> list[tuple[str, ...]]:
    """Subsets of the operations to search with, small ones first.

    Greedy selection among very many candidates is led astray by near misses; a small set of
    operations has few of them. All kinds of two arguments, or of these only the product; with
    none, one or two kinds of one argument.

    Examples
    --------
    >>> starts(["add", "multiply", "sin"])[:3]
    [('multiply',), ('add', 'multiply'), ('multiply', 'sin')]
    """
    operations = get_operations(kinds)
    two = tuple(o.kind for o in operations if o.arity == 2)
    one = tuple(o.kind for o in operations if o.arity == 1)
    of_two = [("multiply",), two] if "multiply" in two and len(two) > 1 else [two]
    subsets = [
        binary + unary for n in range(3) for unary in combinations(one, n) for binary in of_two
    ]
    return [subset for subset in subsets if subset]


def grow_library(
    inputs: np.ndarray, kinds: Sequence[str], *, depth: int = 3, largest: int = 4000
) -> Library:
    """All compositions of some kinds of operations, up to a depth.

    Parameters
    ----------
    inputs : array (samples, inputs)
    kinds : sequence of str
    depth : int
        Rounds of composition. The last one applies operations of one argument only when the
        library is too large for all pairs.
    largest : int
        Entries beyond this number take no part in further composition (smallest ones first).

    Returns
    -------
    Library

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(10, 2))
    >>> [len(grow_library(x, ["add", "multiply"], depth=depth).recipes) for depth in (1, 2)]
    [8, 60]
    """
    operations = get_operations(kinds)
    one = [o for o in operations if o.arity == 1]
    two = [o for o in operations if o.arity == 2]
    library = _inputs(inputs)
    for level in range(depth):
        n = min(len(library), largest)
        n_pairs = sum(1 if o.commutes else 2 for o in two) * n * n // 2
        parts = [library]
        for operation in one:
            parts += _of_one(library, operation, n, is_first=level == 0)
        if n_pairs <= 20 * largest:
            parts += [_of_two(library, operation, n) for operation in two]
        library = _joined(parts)
    return library


def _inputs(inputs: np.ndarray) -> Library:
    n = inputs.shape[1]
    varies = [i for i in range(n) if np.ptp(inputs[:, i]) > 0]
    recipes = [Recipe("", ((i, 1.0, 0.0),)) for i in varies]
    return Library(inputs.T[varies], np.ones(len(varies)), recipes)


def _of_one(library: Library, operation: Operation, n: int, is_first: bool) -> list[Library]:
    found = []
    for weight, constant in ON_INPUTS if is_first else ON_COMPOSED:
        with np.errstate(all="ignore"):
            values = operation.apply(weight * library.values[:n] + constant)
        sizes = library.sizes[:n] + 1.0 + 0.5 * (weight != 1.0) + 0.5 * (constant != 0.0)
        recipes = [Recipe(operation.kind, ((i, weight, constant),)) for i in range(n)]
        found.append(Library(values, sizes, recipes))
    return found


def _of_two(library: Library, operation: Operation, n: int) -> Library:
    if operation.commutes:
        first, second = np.triu_indices(n)
    else:
        first, second = (index.ravel() for index in np.indices((n, n)))
    with np.errstate(all="ignore"):
        values = operation.apply(library.values[first], library.values[second])
    sizes = library.sizes[first] + library.sizes[second] + 1.0
    recipes = [
        Recipe(operation.kind, ((int(i), 1.0, 0.0), (int(j), 1.0, 0.0)))
        for i, j in zip(first, second, strict=True)
    ]
    return Library(values, sizes, recipes)


def _joined(parts: list[Library]) -> Library:
    """One library in order of size, without duplicates, constants and wild values.

    The first part keeps its place: recipes refer to its entries by number.
    """
    values = np.concatenate([part.values for part in parts])
    sizes = np.concatenate([part.sizes for part in parts])
    recipes = [recipe for part in parts for recipe in part.recipes]
    n_old = len(parts[0])
    with np.errstate(all="ignore"):
        largest = np.max(np.abs(values), axis=1)
        usable = np.isfinite(largest) & (largest < LARGEST_VALUE)
        usable &= np.ptp(values, axis=1) > SMALLEST_VARIATION * np.maximum(largest, 1e-3)
    usable[:n_old] = True
    order = np.argsort(sizes, kind="stable")
    order = np.concatenate([np.arange(n_old), order[order >= n_old]])
    order = order[usable[order]]
    keys = _keys(values[order])
    _, first = np.unique(keys, return_index=True)
    order = order[np.union1d(first, np.arange(n_old))]
    return Library(values[order], sizes[order], [recipes[i] for i in order])


def _keys(values: np.ndarray) -> np.ndarray:
    """A number per row that equal rows share (up to rounding) and others do not."""
    n = values.shape[1]
    probe = np.cos(1.0 + np.arange(n) * np.sqrt(2.0))
    with np.errstate(all="ignore"):
        key = values @ probe
        magnitude = 10.0 ** (9 - np.ceil(np.log10(np.maximum(np.abs(key), 1e-12))))
    return np.rint(key * magnitude) / magnitude
