"""What a vectorised neuron type must provide, and may provide to be faster inside cycles.

A stream is held as a pair of arrays: its ``:number`` of shape ``(..., n, ticks, strings)`` and its
other keys of shape ``(..., n, ticks, strings, keys)``, or ``None`` where there are none. ``n``
counts the neurons of the group. A kernel is pointwise in everything but the keys; all memory of a
machine is in its links.

Derivatives come in two halves: `Kernel.linearise` computes the local partial derivatives, and the
contractions `Kernel.adjoint` and `Kernel.tangent` apply them backwards and forwards. Comparisons
look at real parts only, so kernels also accept complex arrays; second derivatives are taken by the
complex step (Squire and Trapp, SIAM Review 40, 1998).

Inside a cycle of the network a kernel works tick by tick. There a stream is one *wide* array
``(..., n, strings, 1 + keys)`` whose column 0 is the ``:number``; the inputs of a group are stacked
on an axis before ``n``, as are its outputs. `Kernel.step` and its companions do there, one tick at
a time and in place, what those of the same name do on whole runs; the defaults work for any kernel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .fields import Field
from .spelling import Spelling

__all__ = [
    "Kernel",
    "Partials",
    "Step",
    "Stream",
    "StreamReader",
    "at_tick",
    "key_dot",
    "plus",
    "stream_dot",
    "times",
]

Partials = tuple[Any, ...]
Step = Callable[[int], None]
"""Does one tick, given its number, on arrays it was bound to."""


class Stream(NamedTuple):
    """Arrays of a group of streams: the ``:number`` and the other keys (None: all zero).

    Examples
    --------
    >>> from dmm.neurons import get_neuron_type
    >>> counts = Stream(np.array([0.0]), np.array([[2.0, 5.0]]))  # a tree with two keys
    >>> get_neuron_type("norm").kernel.forward([counts])[0].number
    array([5.])
    """

    number: np.ndarray
    keys: np.ndarray | None = None


class Kernel(ABC):
    """A vectorised neuron type.

    Attributes
    ----------
    is_sum : bool
        ``output = sum of all inputs + offset``: a self-link on such a neuron is a linear filter
        over time, and the engine need not tick.
    offset : float
    reads_numbers_only : bool
        Every input is used through its ``:number`` alone.
    writes_numbers_only : bool
        No output has keys.

    Examples
    --------
    >>> from dmm.neurons import get_neuron_type
    >>> tanh = get_neuron_type("tanh").kernel
    >>> x, dx = Stream(np.array([0.0, 1.0])), Stream(np.array([1.0, 1.0]))
    >>> tanh.tangent(tanh.linearise([x]), [dx])[0].number.round(3)
    array([1.  , 0.42])
    """

    is_sum = False
    offset = 0.0
    reads_numbers_only = False
    writes_numbers_only = False

    def spelling(self, reads: Sequence[Field], writes: Sequence[Field]) -> Spelling:
        """How a type with these ports is written if it does not say so itself."""
        return Spelling()

    # -------------------- required --------------------

    @abstractmethod
    def forward(self, inputs: list[Stream]) -> list[Stream]:
        """Outputs, one stream per written field, from inputs, one per read field."""

    @abstractmethod
    def linearise(self, inputs: list[Stream]) -> Partials:
        """Local partial derivatives: a tuple of arrays with the leading axes of the inputs."""

    @abstractmethod
    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        """Cotangents of the inputs from cotangents of the outputs."""

    @abstractmethod
    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        """Tangents of the outputs from tangents of the inputs."""

    # -------------------- optional: inside cycles --------------------

    def mixing(self, n_inputs: int) -> np.ndarray:
        """Effective inputs as linear combinations of the read fields, (effective, read).

        A kernel that depends on a few combinations only (a sum on the sum) says so here, and the
        engine folds the combination into the network matrix. A kernel that overrides this must
        override the four methods below, which then see effective inputs.
        """
        return np.eye(n_inputs)

    def step(self, x: np.ndarray, y: np.ndarray) -> Step:
        """Bind `forward` to wide inputs and outputs, (ticks, machines, fields, n, ...)."""

        # Fields are taken apart once, not at every tick: with few strings that is most of the time.
        inputs, outputs = _streams(x), _streams(y)

        def step(t: int) -> None:
            read = [Stream(i.number[t], None if i.keys is None else i.keys[t]) for i in inputs]
            for output, found in zip(outputs, self.forward(read), strict=True):
                output.number[t] = found.number
                if output.keys is not None:
                    output.keys[t] = 0.0 if found.keys is None else found.keys

        return step

    def step_linearise(self, x: np.ndarray) -> Any:
        """As `linearise`, at wide inputs of all ticks, for the two methods below."""
        return self.linearise(_streams(x))

    def step_adjoint(self, partials: Any, y: np.ndarray, x: np.ndarray) -> Step:
        """Bind `adjoint` to cotangents of outputs and inputs.

        ``x`` starts as zeros; what a step never writes stays zero.
        """
        return lambda t: _store(self.adjoint(at_tick(partials, t), _streams(y[t])), x[t])

    def step_tangent(self, partials: Any, x: np.ndarray, y: np.ndarray) -> Step:
        """Bind `tangent` to tangents of inputs and outputs; directions in place of machines."""
        return lambda t: _store(self.tangent(at_tick(partials, t), _streams(x[t])), y[t])


class StreamReader:
    """In place of a kernel: a source whose one input says which entry of its stream it emits.

    Examples
    --------
    >>> from dmm.neurons import get_neuron_type
    >>> reader = get_neuron_type("input").kernel
    >>> reader.entries(np.array([1.0, 5.0, 12.0]), 3)
    array([ 1, -1, -1])
    """

    @staticmethod
    def entries(number: np.ndarray, length: int) -> np.ndarray:
        """Index of the entry for every number; -1 where there is none."""
        is_index = (number == np.floor(number)) & (number >= 0) & (number < length)
        return np.where(is_index, number, -1).astype(int)


# -------------------- wide arrays --------------------


def _streams(wide: np.ndarray) -> list[Stream]:
    """Streams of a stacked wide array (..., fields, n, strings, columns)."""
    has_keys = wide.shape[-1] > 1
    return [Stream(one[..., 0], one[..., 1:] if has_keys else None) for one in _unstacked(wide)]


def _unstacked(wide: np.ndarray) -> Iterator[np.ndarray]:
    return (wide[..., i, :, :, :] for i in range(wide.shape[-4]))


def _store(streams: Sequence[Stream], wide: np.ndarray) -> None:
    for stream, target in zip(streams, _unstacked(wide), strict=True):
        target[..., 0] = stream.number
        if target.shape[-1] > 1:
            target[..., 1:] = 0.0 if stream.keys is None else stream.keys


def at_tick(partial: Any, t: int) -> Any:
    """One tick of partial derivatives, however they are nested.

    Examples
    --------
    >>> at_tick((np.array([[1.0, 2.0], [3.0, 4.0]]), None), 1)
    (array([3., 4.]), None)
    """
    if isinstance(partial, np.ndarray):
        return partial[t]
    if isinstance(partial, Stream):
        return Stream(*(at_tick(part, t) for part in partial))
    if isinstance(partial, (tuple, list)):
        return tuple(at_tick(part, t) for part in partial)
    return partial


# -------------------- key arrays, None for all zero --------------------


def plus(left: np.ndarray | None, right: np.ndarray | None) -> np.ndarray | None:
    """Sum where None is zero.

    Examples
    --------
    >>> plus(None, np.array([1.0, 2.0]))
    array([1., 2.])
    """
    if left is None or right is None:
        return right if left is None else left
    return left + right


def times(keys: np.ndarray | None, factor: np.ndarray) -> np.ndarray | None:
    """Keys times a number per stream, where None is zero.

    Examples
    --------
    >>> times(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 0.5]))
    array([[10. , 20. ],
           [ 1.5,  2. ]])
    """
    return None if keys is None else keys * factor[..., None]


def key_dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Sum of products over the keys.

    Examples
    --------
    >>> key_dot(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))
    array([11.])
    """
    return np.einsum("...c,...c->...", x, y)


def stream_dot(one: Stream, other: Stream) -> np.ndarray:
    """Sum of products over all elements of two streams.

    Examples
    --------
    >>> one, two = Stream(np.array([2.0])), Stream(np.array([3.0]), np.array([[1.0, 5.0]]))
    >>> stream_dot(one, two), stream_dot(two, two)
    (array([6.]), array([35.]))
    """
    product = one.number * other.number
    if one.keys is None or other.keys is None:
        return product
    return product + key_dot(one.keys, other.keys)
