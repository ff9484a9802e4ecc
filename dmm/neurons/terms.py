"""Neurons whose outputs are sums of products of what they read, element by element.

A kernel treats all keys alike. A neuron that moves streams to other paths (a delay line, a list) or
multiplies elements of different paths (a mask, an outer product) says instead which products of
which elements add up to which element of its output: its *terms*. They depend on the paths that its
inputs can have, and where these are known the terms become a table of products and sums.

An *element* is a path to a number. The elements of an array leaf are its path and an index, which
no key of a tree can be: keys are text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Union

import numpy as np

__all__ = ["Element", "SegmentSum", "Term", "TermTable", "Terms"]

Element = tuple[Union[str, int], ...]  # noqa: UP007
"""A path to a number; ``()`` is the ``:number`` of the stream itself."""


class Term(NamedTuple):
    """One product that adds to one element of an output.

    Attributes
    ----------
    field : str
        Written field.
    element : Element
        Where in its stream.
    factors : tuple of (read field, element)
        What is multiplied; no factor at all is the number 1.

    Examples
    --------
    >>> from dmm.neurons import get_neuron_type
    >>> has = {"gate": [()], "mask": [("w", "x")], "post": [("w",)], "pre": [("x",)]}
    >>> [term] = get_neuron_type("plasticity").terms(has)
    >>> term.element, term.factors
    (('w', 'x'), (('gate', ()), ('post', ('w',)), ('pre', ('x',)), ('mask', ('w', 'x'))))
    """

    field: str
    element: Element
    factors: tuple[tuple[str, Element], ...]


Terms = Callable[[Mapping[str, Collection[Element]]], Iterable[Term]]
"""From the elements that every read field can have to all terms."""


class SegmentSum:
    """Sums of the entries of an array that belong together.

    Parameters
    ----------
    target : array of int
        For every entry along the summed axis the number of its sum.

    Attributes
    ----------
    targets : array of int
        Numbers of the sums that have an entry, in order.

    Examples
    --------
    >>> sums = SegmentSum(np.array([2, 0, 2]))
    >>> sums.targets, sums(np.array([1.0, 10.0, 100.0]))
    (array([0, 2]), array([ 10., 101.]))
    """

    def __init__(self, target: np.ndarray) -> None:
        order = np.argsort(target, kind="stable")
        self.targets, self._starts = np.unique(target[order], return_index=True)
        self._order = None if np.all(np.diff(target) >= 0) else order
        self._is_single = len(self.targets) == len(target)

    def __call__(self, values: np.ndarray, axis: int = 0) -> np.ndarray:
        """One sum for each of ``targets`` along an axis."""
        if self._order is not None:
            values = values.take(self._order, axis)
        return values if self._is_single else np.add.reduceat(values, self._starts, axis)


class TermTable:
    """Terms as arrays: products of entries of one vector, added up into entries of another.

    Parameters
    ----------
    targets : sequence of int
        For every term the entry it adds to; none is left out.
    factors : sequence of sequences of int
        For every term the entries that are multiplied; no factor at all is the number 1.

    Notes
    -----
    Entries are the first axis of all arrays; whatever axes follow, follow everywhere.

    Examples
    --------
    >>> table = TermTable([0, 0], [[0, 1], []])
    >>> x = np.array([[3.0], [4.0]])
    >>> table.forward(x), table.adjoint(table.linearise(x), np.array([[1.0]]))
    (array([[13.]]), array([[4.],
           [3.]]))
    """

    def __init__(self, targets: Sequence[int], factors: Sequence[Sequence[int]]) -> None:
        most = max((len(entries) for entries in factors), default=0)
        self._size = 1 + max((i for entries in factors for i in entries), default=-1)
        # Behind the entries stands the number 1, which fills up the shorter products.
        full = [[*entries, *[self._size] * (most - len(entries))] for entries in factors]
        self._factors = np.array(full, np.intp).reshape(len(factors), most)
        self._targets = np.array(targets, np.intp)
        self._to_targets = SegmentSum(self._targets)
        self._to_factors = SegmentSum(self._factors.ravel())

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(inputs, ...) -> (outputs, ...)."""
        return self._to_targets(np.multiply.reduce(_followed_by(1.0, x)[self._factors], axis=1))

    def linearise(self, x: np.ndarray) -> np.ndarray:
        """For every factor the product of the others, (terms, factors, ...)."""
        each = _followed_by(1.0, x)[self._factors]
        others = np.ones_like(each)
        for k in range(each.shape[1]):
            for other in range(each.shape[1]):
                if other != k:
                    others[:, k] *= each[:, other]
        return others

    def adjoint(self, partials: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Cotangents of the inputs from those of the outputs."""
        each = g[self._targets][:, None] * partials
        return self._to_factors(each.reshape(-1, *each.shape[2:]))[: self._size]

    def tangent(self, partials: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Tangents of the outputs from those of the inputs."""
        each = _followed_by(0.0, moved)[self._factors] * partials
        return self._to_targets(each.sum(axis=1))


def _followed_by(number: float, x: np.ndarray) -> np.ndarray:
    out = np.empty((len(x) + 1, *x.shape[1:]), x.dtype)
    out[:-1], out[-1] = x, number
    return out
