"""Neurons whose outputs are sums of products of what they read, element by element.

A kernel treats all keys alike. A neuron that moves streams to other paths (a delay line, a list) or
multiplies elements of different paths (a mask, an outer product) says instead which products of
which elements add up to which element of its output: its *terms*. They depend on the paths that its
inputs can have, and where these are known the terms become a table of products and sums.

Some neurons decide by the numbers they read what they do at a tick: a list takes a signal in if
there is one, a copy is made when a trigger turns positive. A term can belong to one case of such a
`Decision`; it then counts at the ticks of that case only.

An *element* is a path to a number. The elements of an array leaf are its path and an index, which
no key of a tree can be: keys are text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple, Union

import numpy as np

__all__ = ["Decision", "Element", "OpenTerms", "SegmentSum", "Term", "TermTable", "Terms"]

Element = tuple[Union[str, int], ...]  # noqa: UP007
"""A path to a number; ``()`` is the ``:number`` of the stream itself."""


class Decision(NamedTuple):
    """What a neuron does at a tick, of several cases; no gradient flows through it.

    Attributes
    ----------
    reads : tuple of (read field, element)
        What it depends on.
    decide : callable, array (reads, ...) -> array (...)
        The case, from real numbers: 1 to ``cases``; 0 where nothing is done; more where further
        cases would be needed; -1 where the numbers do not tell, for the reason ``untold``.
    cases : int
    untold : str

    Examples
    --------
    >>> from dmm.neurons import get_neuron_type
    >>> has = {"self": [("end-list",)], "signal": [("a",)]}
    >>> decision = next(t.decision for t in get_neuron_type("event_list").terms(has) if t.case)
    >>> decision.decide(np.array([[0.5, 0.0]])), decision.cases  # a signal, and none
    (array([1, 2]), 2)
    """

    reads: tuple[tuple[str, Element], ...]
    decide: Callable[[np.ndarray], np.ndarray]
    cases: int
    untold: str = ""


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
    decision : Decision or None
    case : int
        The case of the decision in which this term counts.

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
    decision: Decision | None = None
    case: int = 0


Terms = Callable[[Mapping[str, Collection[Element]]], Iterable[Term]]
"""From the elements that every read field can have to all terms."""

OpenTerms = Callable[[Mapping[str, Collection[Element]], int], Iterable[Term]]
"""The same where numbers decide how many elements there are: terms of the first so many cases."""


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
    targets : array of int, (terms,)
        For every term the entry it adds to.
    factors : array of int, (terms, most)
        For every term the entries that are multiplied, filled up with ``one``.
    one : int
        The entry of the first vector that is the number 1.

    Attributes
    ----------
    outputs, inputs : array of int
        Entries that are added to, and entries that are multiplied, in order.
    moved : array of int
        Outputs that have an input.

    Notes
    -----
    Entries are the last axis of all arrays. What is returned has an entry for each of ``outputs``,
    ``inputs`` or ``moved``.

    Examples
    --------
    >>> table = TermTable(np.array([0, 0]), np.array([[0, 1], [2, 2]]), one=2)
    >>> x = np.array([3.0, 4.0, 1.0])
    >>> table.forward(x), table.adjoint(table.linearise(x), np.array([1.0]))
    (array([13.]), array([4., 3.]))
    """

    def __init__(self, targets: np.ndarray, factors: np.ndarray, one: int) -> None:
        order = np.argsort(targets, kind="stable")
        targets, factors = targets[order], factors[order]
        self._factors = np.ascontiguousarray(factors.T)
        self._to_outputs = SegmentSum(targets)
        self.outputs = self._to_outputs.targets
        # A pair is a factor in its term; pairs stand in the order of what they read.
        term, which = np.nonzero(factors != one)
        order = np.argsort(factors[term, which], kind="stable")
        term, which = term[order], which[order]
        n_pairs, most = len(term), factors.shape[1]
        others = factors[term][np.arange(most) != which[:, None]].reshape(n_pairs, most - 1)
        self._others = np.ascontiguousarray(others.T)
        self._read, self._written = factors[term, which], targets[term]
        self._to_inputs, self._to_moved = SegmentSum(self._read), SegmentSum(self._written)
        self.inputs, self.moved = self._to_inputs.targets, self._to_moved.targets

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(..., entries) -> (..., outputs)."""
        return self._to_outputs(_product(x, self._factors), -1)

    def linearise(self, x: np.ndarray) -> np.ndarray:
        """For every factor the product of the others, (..., pairs)."""
        return _product(x, self._others)

    def adjoint(self, partials: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Cotangents of the inputs from those of all entries of the second vector."""
        return self._to_inputs(g.take(self._written, -1) * partials, -1)

    def tangent(self, partials: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Tangents of the moved outputs from those of all entries of the first vector."""
        return self._to_moved(moved.take(self._read, -1) * partials, -1)


def _product(x: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Products of entries, (factors, products) -> (..., products); without factors they are 1."""
    if not len(factors):
        return np.ones((*x.shape[:-1], factors.shape[1]), x.dtype)
    out = x.take(factors[0], -1)
    for each in factors[1:]:
        out *= x.take(each, -1)
    return out
