"""Parallel blocks: neurons outside any cycle, evaluated for all ticks at once.

A self-link on a summing neuron is no obstacle: it is a linear filter over time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..neurons import Stream
from .directions import Directions
from .movement import Signals, State, read, store, streams_of
from .plan import Block, Group

__all__ = ["ParallelBlock", "linear_filter", "push"]

Rows = tuple[np.ndarray, "np.ndarray | None"]


class ParallelBlock:
    """Evaluator of one parallel block.

    Parameters
    ----------
    block : Block
    stopped : set of (neuron type, field) whose inputs pass no gradient
    trainable : positions of the live links that have a gradient
    """

    def __init__(
        self, block: Block, stopped: frozenset[tuple[str, str]], trainable: np.ndarray
    ) -> None:
        self.block = block
        self.stopped = stopped
        self._trains_self_links = bool(np.isin(block.inner.link, trainable).any())
        self._self_links = {group.neuron_type.name: self._by_port(group) for group in block.groups}

    def _by_port(self, group: Group) -> list[tuple[tuple[str, str], np.ndarray, np.ndarray]]:
        """Self-links of a group: port, neurons in the group, positions of their live links."""
        table, name, found = self.block.inner, group.neuron_type.name, []
        for read_field, segment in zip(group.neuron_type.reads, group.rows, strict=True):
            # A row has one self-link at most.
            here = (table.row >= segment.span.start) & (table.row < segment.span.stop)
            if here.any():
                neurons = table.row[here] - segment.span.start
                found.append(((name, read_field.name), neurons, table.link[here]))
        return found

    def forward(self, state: State) -> Rows:
        """Fill the block's slots; the record is its rows."""
        rows = read(self.block, state, state.signals)
        for group in self.block.groups:
            outputs = group.kernel.forward(streams_of(group.rows, *rows))
            outputs = self._filtered(group, outputs, state.weights, state.signals)
            store(group, outputs, state.signals.after)
        return rows

    def linearise(self, rows: Rows) -> list[Any]:
        """Local partial derivatives of every group."""
        return [
            group.kernel.linearise(streams_of(group.rows, *rows)) for group in self.block.groups
        ]

    # -------------------- self-links --------------------

    def _feedback(
        self, group: Group, weights: np.ndarray, stopped: frozenset[tuple[str, str]] = frozenset()
    ) -> np.ndarray | None:
        """Self-link weight of every neuron of a summing group, (machines, neurons)."""
        if not group.has_self_links:
            return None
        total = np.zeros((len(weights), len(group.neurons)), weights.dtype)
        for port, neurons, links in self._self_links[group.neuron_type.name]:
            if port not in stopped:
                total[:, neurons] += weights[:, links]
        return total if np.any(total) else None

    def _filtered(
        self,
        group: Group,
        outputs: list[Stream],
        weights: np.ndarray,
        signals: Signals,
        stopped: frozenset[tuple[str, str]] = frozenset(),
    ) -> list[Stream]:
        """Outputs with the self-links' contribution, which starts from the entry at time 0."""
        feedback = self._feedback(group, weights, stopped)
        if feedback is None:
            return outputs
        (segment,), (stream,) = group.slots, outputs  # a summing neuron writes one field
        before, wild = signals.numbers[:, segment.span, 0], signals.is_wild
        number = linear_filter(stream.number, feedback, before=before, is_wild=wild)
        if stream.keys is None:
            return [Stream(number)]
        first = signals.keys[:, segment.key_span, 0] if segment.key_span else None
        keys = linear_filter(stream.keys, feedback, before=first, is_wild=wild)
        return [Stream(number, keys)]

    # -------------------- reverse mode --------------------

    def adjoint(
        self, partials: list[Any], state: State, cotangents: Signals, gradient: np.ndarray
    ) -> Rows:
        """Cotangents of the rows, from those of the block's slots; self-links' gradient."""
        rows, key_rows = self._empty_rows(state)
        after = cotangents.after
        for group, partial in zip(self.block.groups, partials, strict=True):
            outputs = streams_of(group.slots, after.numbers, after.keys)
            feedback = self._feedback(group, state.weights, self.stopped)
            if feedback is not None:
                outputs = [self._unfiltered(group, outputs[0], feedback, cotangents)]
            inputs = group.kernel.adjoint(partial, outputs)
            self._write_rows(group, inputs, rows, key_rows)
        if self._trains_self_links:
            self._self_link_gradient(rows, key_rows, state, gradient, is_wild=cotangents.is_wild)
        return rows, key_rows

    def _empty_rows(self, state: State) -> Rows:
        block, numbers, keys = self.block, state.signals.numbers, state.signals.keys
        shape = (len(numbers), block.n_rows, state.signals.ticks, numbers.shape[3])
        rows = np.zeros(shape, numbers.dtype)
        if not block.n_key_rows or not keys.shape[-1]:
            return rows, None
        key_shape = (len(numbers), block.n_key_rows, *shape[2:], keys.shape[-1])
        return rows, np.zeros(key_shape, numbers.dtype)

    @staticmethod
    def _unfiltered(
        group: Group, stream: Stream, feedback: np.ndarray, cotangents: Signals
    ) -> Stream:
        """The filter against time; what flows out at its start belongs to the entry at time 0."""
        (segment,) = group.slots
        wild = cotangents.is_wild
        number = linear_filter(stream.number, feedback, backwards=True, is_wild=wild)
        out = _times(feedback[..., None], number[:, :, 0], is_wild=wild)
        cotangents.numbers[:, segment.span, 0] += out
        if stream.keys is None:
            return Stream(number)
        keys = linear_filter(stream.keys, feedback, backwards=True, is_wild=wild)
        out = _times(feedback[..., None, None], keys[:, :, 0], is_wild=wild)
        cotangents.keys[:, segment.key_span, 0] += out
        return Stream(number, keys)

    def _write_rows(
        self, group: Group, inputs: list[Stream], rows: np.ndarray, key_rows: np.ndarray | None
    ) -> None:
        neuron_type = group.neuron_type
        for port, segment, stream in zip(neuron_type.reads, group.rows, inputs, strict=True):
            if (neuron_type.name, port.name) in self.stopped:
                continue
            rows[:, segment.span] = stream.number
            if key_rows is not None and segment.key_span and stream.keys is not None:
                key_rows[:, segment.key_span] = stream.keys

    def _self_link_gradient(
        self,
        rows: np.ndarray,
        key_rows: np.ndarray | None,
        state: State,
        gradient: np.ndarray,
        *,
        is_wild: bool,
    ) -> None:
        table, keyed, signals = self.block.inner, self.block.key_inner, state.signals
        mine, before = rows[:, table.row], signals.numbers[:, table.slot, : signals.ticks]
        before = np.where(mine == 0, 0.0, before) if is_wild else before
        gradient[:, table.link] += np.einsum("mltb,mltb->ml", mine, before)
        if key_rows is not None:
            mine, before = key_rows[:, keyed.row], signals.keys[:, keyed.slot, : signals.ticks]
            before = np.where(mine == 0, 0.0, before) if is_wild else before
            gradient[:, keyed.link] += np.einsum("mltbc,mltbc->ml", mine, before)

    # -------------------- forward mode --------------------

    def tangent(
        self,
        partials: list[Any],
        state: State,
        directions: Directions,
        tangents: Signals,
    ) -> None:
        """Fill the block's slots of ``tangents``, whose first axis runs over directions."""
        rows, key_rows = push(self.block, state, directions, tangents)
        for group, partial in zip(self.block.groups, partials, strict=True):
            inputs = self._unstopped(group, streams_of(group.rows, rows, key_rows))
            outputs = group.kernel.tangent(partial, inputs)
            outputs = self._filtered(group, outputs, state.weights, tangents, self.stopped)
            store(group, outputs, tangents.after)

    def _unstopped(self, group: Group, inputs: list[Stream]) -> list[Stream]:
        if not self.stopped:
            return inputs
        return [
            Stream(np.zeros_like(stream.number))
            if (group.neuron_type.name, read_field.name) in self.stopped
            else stream
            for read_field, stream in zip(group.neuron_type.reads, inputs, strict=True)
        ]


def push(
    block: Block,
    state: State,
    directions: Directions,
    tangents: Signals,
    *,
    with_keys: bool = True,
) -> Rows:
    """Tangents of a block's rows, except through its own slots."""
    rows, key_rows = read(block, state, tangents, with_keys=with_keys)
    signals, wild = state.signals, tangents.is_wild
    for table in (block.outer, block.inner):
        directions.add(rows, table, signals.numbers[0, :, : signals.ticks], is_wild=wild)
    if key_rows is not None:
        for table in (block.key_outer, block.key_inner):
            directions.add(key_rows, table, signals.keys[0, :, : signals.ticks], is_wild=wild)
    return rows, key_rows


def linear_filter(
    x: np.ndarray,
    feedback: np.ndarray,
    *,
    before: np.ndarray | None = None,
    backwards: bool = False,
    is_wild: bool = False,
) -> np.ndarray:
    """``y[t] = feedback * y[t - 1] + x[t]`` over the time axis (or against it).

    Parameters
    ----------
    x : array, (machines, neurons, ticks, ...)
    feedback : array, (machines, neurons)
    before : array, (machines, neurons, ...), optional
        ``y[-1]``; zero when omitted.
    backwards : bool
    is_wild : bool
        Whether not to multiply what is not finite by a feedback of zero.

    Returns
    -------
    array of the shape of ``x``

    Notes
    -----
    A self-link of weight 1 is a cumulative sum, other weights take one multiplication and one
    addition a tick.

    Examples
    --------
    >>> linear_filter(np.array([[[1.0, 0.0, 0.0]]]), np.array([[0.5]]))
    array([[[1.  , 0.5 , 0.25]]])
    """
    x = x[:, :, ::-1] if backwards else x
    is_running_sum = bool(np.all(feedback == 1.0))
    if before is not None and not before.any():
        before = None
    if before is not None or not is_running_sum:
        x = np.array(x, dtype=np.result_type(x, feedback))
    factor = feedback.reshape(*feedback.shape, *[1] * (x.ndim - 3))
    if before is not None and x.shape[2]:
        x[:, :, 0] += _times(factor, before, is_wild=is_wild)
    if is_running_sum:
        y = np.cumsum(x, axis=2)
    else:
        y = x
        for t in range(1, y.shape[2]):
            y[:, :, t] += _times(factor, y[:, :, t - 1], is_wild=is_wild)
    return y[:, :, ::-1] if backwards else y


def _times(factor: np.ndarray, x: np.ndarray, *, is_wild: bool) -> np.ndarray:
    """``factor * x``; with ``is_wild``, zero times anything is zero."""
    if not is_wild:
        return factor * x
    with np.errstate(invalid="ignore"):
        return np.where((factor != 0) & (x != 0), factor * x, 0.0)
