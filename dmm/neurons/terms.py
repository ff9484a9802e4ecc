"""Neurons whose outputs are sums of products of what they read, element by element.

A kernel treats all keys alike. A neuron that moves streams to other paths (a delay line, a list) or
multiplies elements of different paths (a mask, an outer product) says instead which products of
which elements add up to which element of its output: its *terms*. They depend on the paths that its
inputs can have, and where these are known the terms become an ordinary kernel.

An *element* is a path to a number. The elements of an array leaf are its path and an index, which
no key of a tree can be: keys are text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple, Union

import numpy as np

from .fields import Field
from .kernel import Kernel, Partials, Stream

__all__ = ["Element", "SegmentSum", "Term", "Terms", "TermsKernel"]

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
            values = np.take(values, self._order, axis)
        return values if self._is_single else np.add.reduceat(values, self._starts, axis)


class TermsKernel(Kernel):
    """Terms as a kernel, on streams whose elements have known columns.

    Parameters
    ----------
    terms : iterable of Term
    reads, writes : sequences of Field
    column : mapping of Element to int
        Column of every element but ``()``, which is the ``:number``.

    Raises
    ------
    ValueError
        If there is no term: such a neuron never emits anything.

    Examples
    --------
    >>> from dmm.neurons import Field
    >>> product = Term("out", (), (("left", ()), ("right", ())))
    >>> kernel = TermsKernel([product], [Field("left"), Field("right")], [Field("out")], {})
    >>> kernel.forward([Stream(np.array([3.0])), Stream(np.array([4.0]))])[0].number
    array([12.])
    """

    def __init__(
        self,
        terms: Iterable[Term],
        reads: Sequence[Field],
        writes: Sequence[Field],
        column: Mapping[Element, int],
    ) -> None:
        self._n_inputs, self._n_outputs, self._n_columns = len(reads), len(writes), len(column)
        read = {field.name: i for i, field in enumerate(reads)}
        written = {field.name: i for i, field in enumerate(writes)}
        patterns: dict[tuple[tuple[int, bool], ...], list[list[int]]] = {}
        for term in terms:
            ends = [(written[term.field], term.element)]
            ends += [(read[name], element) for name, element in term.factors]
            pattern = tuple((field, element != ()) for field, element in ends)
            columns = [column[element] if element else 0 for _, element in ends]
            patterns.setdefault(pattern, []).append(columns)
        if not patterns:
            raise ValueError("terms is empty: such a neuron never emits anything")
        self._patterns = [
            _Pattern([_End(*end, own) for end, own in zip(ends, np.array(rows).T, strict=True)])
            for ends, rows in patterns.items()
        ]

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        out = self._zeros(inputs, self._n_outputs)
        for pattern in self._patterns:
            pattern.target.add(out, pattern.product(pattern.factors_of(inputs)))
        return out

    def linearise(self, inputs: list[Stream]) -> Partials:
        return tuple(pattern.partials(inputs) for pattern in self._patterns)

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        back = self._zeros(outputs, self._n_inputs)
        for pattern, others in zip(self._patterns, partials, strict=True):
            g = pattern.target.take(outputs)
            for factor, other in zip(pattern.factors, others, strict=True):
                factor.add(back, g * other)
        return back

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        out = self._zeros(inputs, self._n_outputs)
        for pattern, others in zip(self._patterns, partials, strict=True):
            for factor, other in zip(pattern.factors, others, strict=True):
                pattern.target.add(out, factor.take(inputs) * other)
        return out

    def _zeros(self, like: list[Stream], count: int) -> list[Stream]:
        """Streams to add to: of the shape of these, and complex where one of these is."""
        shape = like[0].number.shape
        dtype = np.result_type(*(stream.number.dtype for stream in like))
        return [
            Stream(np.zeros(shape, dtype), np.zeros((*shape, self._n_columns), dtype))
            for _ in range(count)
        ]


class _End:
    """One side of many terms: elements of one field, all numbers or all keys.

    Parameters
    ----------
    field : int
    is_keyed : bool
    columns : array of int
        Of the keys, one for every term.
    """

    def __init__(self, field: int, is_keyed: bool, columns: np.ndarray) -> None:
        self.field, self.is_keyed, self.columns = field, is_keyed, columns
        self._sums = SegmentSum(columns)
        self._is_whole = len(columns) > 1 and bool(np.all(np.diff(columns) == 1))
        self._span = slice(int(columns[0]), int(columns[-1]) + 1)

    def take(self, streams: list[Stream]) -> np.ndarray:
        """The elements, (..., terms), or (..., 1) where all terms have the same one."""
        number, keys = streams[self.field]
        if not self.is_keyed:
            return number[..., None]
        if keys is None:
            return np.zeros((*number.shape, 1))
        return keys[..., self._span if self._is_whole else self.columns]

    def add(self, streams: list[Stream], values: np.ndarray) -> None:
        """Add one value per term, (..., terms) or (..., 1) for one value in all of them."""
        number, keys = streams[self.field]
        if values.shape[-1] != len(self.columns):
            values = np.broadcast_to(values, (*values.shape[:-1], len(self.columns)))
        if not self.is_keyed:
            number += values.sum(-1)
        elif self._is_whole:
            keys[..., self._span] += values  # type: ignore[index]
        else:
            keys[..., self._sums.targets] += self._sums(values, -1)  # type: ignore[index]


class _Pattern:
    """Terms that join the same fields in the same way."""

    def __init__(self, ends: list[_End]) -> None:
        self.target, self.factors = ends[0], ends[1:]

    def factors_of(self, inputs: list[Stream]) -> list[np.ndarray]:
        return [factor.take(inputs) for factor in self.factors]

    def product(self, factors: list[np.ndarray]) -> np.ndarray:
        return reduce(np.multiply, factors) if factors else np.ones(1)

    def partials(self, inputs: list[Stream]) -> list[np.ndarray]:
        """For every factor the product of all others."""
        factors = self.factors_of(inputs)
        like = inputs[0].number[..., None]
        return [
            self.product([f for i, f in enumerate(factors) if i != k]) * np.ones_like(like)
            for k in range(len(factors))
        ]
