"""Evaluation of a plan: all ticks at once, forwards, backwards, and along tangents.

State arrays are ``numbers`` of shape (machines, slots, ticks + 1, strings) and ``keys`` with a
further axis. Entry ``t + 1`` holds what a neuron emits at tick ``t``, entry 0 the empty state, so
that *reading* the array at ``t`` is the one tick of delay every link has. The leading axis runs
over machines (several weight vectors on one plan), and over directions in forward mode.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .arrays import apply, linear_filter, outer
from .directions import Directions
from .kernels import Stream
from .plan import Block, Group, LinkTable, Plan

__all__ = ["Evaluation", "State"]


@dataclass
class State:
    """Everything a forward pass leaves behind for the derivatives."""

    weights: np.ndarray  # (machines, live links)
    numbers: np.ndarray
    keys: np.ndarray
    rows: list[tuple[np.ndarray, np.ndarray | None]] = field(default_factory=list)
    observed: np.ndarray | None = None
    partials: list[list[tuple]] | None = None


class Evaluation:
    """A plan bound to sources; pure numpy, no autograd.

    Parameters
    ----------
    plan : Plan
    sources : (numbers, keys), as from `bind_sources`
    stopped : collection of (neuron type, field) whose inputs pass no gradient
    """

    def __init__(
        self,
        plan: Plan,
        sources: tuple[np.ndarray, np.ndarray],
        stopped: Collection[tuple[str, str]] = (),
    ) -> None:
        self.plan = plan
        self.sources = sources
        self.stopped = frozenset(stopped)
        self.ticks = sources[0].shape[1] - 1
        self.strings = sources[0].shape[2]
        self.n_keys = sources[1].shape[3]

    # -------------------- forward --------------------

    def forward(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, State]:
        """Observed rows: numbers (machines, observed, ticks, strings) and keys, and the state."""
        plan = self.plan
        machines = weights.shape[0]
        shape = (machines, plan.n_slots, self.ticks + 1, self.strings)
        key_shape = (machines, plan.n_key_slots, *shape[2:], self.n_keys)
        # Every slot is written at all times but 0.
        numbers = np.empty(shape, weights.dtype)
        keys = np.empty(key_shape, weights.dtype)
        numbers[:, :, 0] = 0.0
        keys[:, :, 0] = 0.0
        numbers[:, : self.sources[0].shape[0]] = self.sources[0]
        keys[:, : self.sources[1].shape[0]] = self.sources[1]
        state = State(weights, numbers, keys)
        for block in plan.blocks:
            if block.is_loop:
                self._loop_forward(block, state)
            else:
                self._parallel_forward(block, state)
        observed = self._read(plan.sink, plan.sink.outer, state.weights, numbers, keys)
        return *observed, state

    def _read(
        self,
        block: Block,
        table: LinkTable,
        weights: np.ndarray,
        numbers: np.ndarray,
        keys: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Down movement into a block from the slots before it, for all ticks."""
        matrix, key_matrix = self._matrices(block, table, weights)
        rows = apply(matrix, numbers[:, : matrix.shape[2]])[:, :, : self.ticks]
        key_rows = None
        if block.n_key_rows and self.n_keys:
            key_rows = apply(key_matrix, keys[:, : key_matrix.shape[2]])[:, :, : self.ticks]
        return rows, key_rows

    @staticmethod
    def _matrices(
        block: Block, table: LinkTable, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        machines = weights.shape[0]
        matrix = np.zeros((machines, block.n_rows, block.slots.start), weights.dtype)
        matrix[:, table.row, table.slot] = weights[:, table.link]
        key_matrix = np.zeros((machines, block.n_key_rows, block.key_slots.start), weights.dtype)
        key_matrix[:, table.key_row, table.key_slot] = weights[:, table.key_link]
        return matrix, key_matrix

    @staticmethod
    def _inner_matrices(block: Block, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights within a loop block: rows from the block's own slots."""
        table, machines = block.inner, weights.shape[0]
        n_slots = block.slots.stop - block.slots.start
        n_key_slots = block.key_slots.stop - block.key_slots.start
        matrix = np.zeros((machines, block.n_rows, n_slots), weights.dtype)
        matrix[:, table.row, table.slot - block.slots.start] = weights[:, table.link]
        key_matrix = np.zeros((machines, block.n_key_rows, n_key_slots), weights.dtype)
        key_matrix[:, table.key_row, table.key_slot - block.key_slots.start] = weights[
            :, table.key_link
        ]
        return matrix, key_matrix

    def _parallel_forward(self, block: Block, state: State) -> None:
        rows = self._read(block, block.outer, state.weights, state.numbers, state.keys)
        state.rows.append(rows)
        for group in block.groups:
            outputs = group.kind.kernel.forward(_inputs(group, *rows))
            if group.has_self_links:
                feedback = self._feedback(block, group, state.weights, stopped=frozenset())
                outputs = [_filtered(stream, feedback) for stream in outputs]
            _store(group, outputs, state.numbers[:, :, 1:], state.keys[:, :, 1:])

    def _feedback(
        self, block: Block, group: Group, weights: np.ndarray, stopped: frozenset
    ) -> np.ndarray:
        """Self-link weight of every neuron of a summing group, (machines, neurons)."""
        on_row = np.zeros((weights.shape[0], block.n_rows), weights.dtype)
        np.add.at(on_row, (slice(None), block.inner.row), weights[:, block.inner.link])
        total = np.zeros((weights.shape[0], len(group.neurons)), weights.dtype)
        for read, segment in zip(group.kind.reads, group.rows, strict=True):
            if (group.kind.name, read.name) not in stopped:
                total += on_row[:, segment.span]
        return total

    def _loop_forward(self, block: Block, state: State) -> None:
        rows, key_rows = self._read(block, block.outer, state.weights, state.numbers, state.keys)
        rows = np.array(rows)
        matrix, key_matrix = self._inner_matrices(block, state.weights)
        numbers = state.numbers[:, block.slots]
        keys = state.keys[:, block.key_slots]
        for t in range(self.ticks):
            rows[:, :, t] += matrix @ numbers[:, :, t]
            now = rows[:, :, t : t + 1]
            key_now = None
            if key_rows is not None:
                key_rows[:, :, t] += apply(key_matrix, keys[:, :, t])
                key_now = key_rows[:, :, t : t + 1]
            for group in block.groups:
                outputs = group.kind.kernel.forward(_inputs(group, now, key_now))
                _store(
                    group,
                    outputs,
                    state.numbers[:, :, t + 1 : t + 2],
                    state.keys[:, :, t + 1 : t + 2],
                )
        state.rows.append((rows, key_rows))

    # -------------------- derivatives: shared --------------------

    def linearise(self, state: State) -> list[list[tuple]]:
        """Local partial derivatives of all groups, computed once per state."""
        if state.partials is None:
            state.partials = [
                [group.kind.kernel.linearise(_inputs(group, *rows)) for group in block.groups]
                for block, rows in zip(self.plan.blocks, state.rows, strict=True)
            ]
        return state.partials

    def _is_stopped(self, group: Group) -> list[bool]:
        return [(group.kind.name, read.name) in self.stopped for read in group.kind.reads]

    # -------------------- reverse mode --------------------

    def adjoint(
        self, state: State, observed: np.ndarray, observed_keys: np.ndarray | None
    ) -> np.ndarray:
        """Gradient with respect to the live links, (machines, live links)."""
        partials = self.linearise(state)
        numbers = np.zeros_like(state.numbers)
        keys = np.zeros_like(state.keys)
        gradient = np.zeros_like(state.weights)
        sink = self.plan.sink
        self._pull(sink, observed, observed_keys, state, numbers, keys, gradient)
        for i in reversed(range(len(self.plan.blocks))):
            block = self.plan.blocks[i]
            step = self._loop_adjoint if block.is_loop else self._parallel_adjoint
            rows, key_rows = step(block, partials[i], state, numbers, keys, gradient)
            self._pull(block, rows, key_rows, state, numbers, keys, gradient)
        return gradient

    def _pull(
        self,
        block: Block,
        rows: np.ndarray,
        key_rows: np.ndarray | None,
        state: State,
        numbers: np.ndarray,
        keys: np.ndarray,
        gradient: np.ndarray,
    ) -> None:
        """Transposed down movement: cotangents of rows to those of earlier slots and of links."""
        matrix, key_matrix = self._matrices(block, block.outer, state.weights)
        table = block.outer
        n, n_sources = matrix.shape[2], self.sources[0].shape[0]
        matrix_gradient = outer(rows, state.numbers[:, :n, : self.ticks])
        gradient[:, table.link] += matrix_gradient[:, table.row, table.slot]
        if n > n_sources:  # nothing is upstream of the sources
            back = apply(matrix[:, :, n_sources:].swapaxes(1, 2), rows)
            numbers[:, n_sources:n, : self.ticks] += back
        if key_rows is None or not block.n_key_rows:
            return
        n, n_sources = key_matrix.shape[2], self.sources[1].shape[0]
        matrix_gradient = outer(key_rows, state.keys[:, :n, : self.ticks])
        gradient[:, table.key_link] += matrix_gradient[:, table.key_row, table.key_slot]
        if n > n_sources:
            back = apply(key_matrix[:, :, n_sources:].swapaxes(1, 2), key_rows)
            keys[:, n_sources:n, : self.ticks] += back

    def _empty_rows(
        self, block: Block, machines: int, dtype: Any
    ) -> tuple[np.ndarray, np.ndarray | None]:
        shape = (machines, block.n_rows, self.ticks, self.strings)
        rows = np.zeros(shape, dtype)
        if not block.n_key_rows or not self.n_keys:
            return rows, None
        return rows, np.zeros((machines, block.n_key_rows, *shape[2:], self.n_keys), dtype)

    def _parallel_adjoint(
        self,
        block: Block,
        partials: list[tuple],
        state: State,
        numbers: np.ndarray,
        keys: np.ndarray,
        gradient: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        rows, key_rows = self._empty_rows(block, state.weights.shape[0], state.weights.dtype)
        for group, partial in zip(block.groups, partials, strict=True):
            outputs = _load(group, numbers[:, :, 1:], keys[:, :, 1:])
            if group.has_self_links:
                feedback = self._feedback(block, group, state.weights, self.stopped)
                outputs = [_filtered(stream, feedback, backwards=True) for stream in outputs]
            inputs = group.kind.kernel.adjoint(partial, outputs)
            self._write_rows(group, inputs, rows, key_rows)
        if len(block.inner.link):
            self._self_link_gradient(block, rows, key_rows, state, gradient)
        return rows, key_rows

    def _write_rows(
        self,
        group: Group,
        inputs: list[Stream],
        rows: np.ndarray,
        key_rows: np.ndarray | None,
    ) -> None:
        for segment, stream, is_stopped in zip(
            group.rows, inputs, self._is_stopped(group), strict=True
        ):
            if is_stopped:
                continue
            rows[:, segment.span] = stream.number
            if key_rows is not None and segment.key_span and stream.keys is not None:
                key_rows[:, segment.key_span] = stream.keys

    def _self_link_gradient(
        self,
        block: Block,
        rows: np.ndarray,
        key_rows: np.ndarray | None,
        state: State,
        gradient: np.ndarray,
    ) -> None:
        table = block.inner
        before = state.numbers[:, table.slot, : self.ticks]
        gradient[:, table.link] += np.einsum("mltb,mltb->ml", rows[:, table.row], before)
        if key_rows is not None:
            before = state.keys[:, table.key_slot, : self.ticks]
            gradient[:, table.key_link] += np.einsum(
                "mltbc,mltbc->ml", key_rows[:, table.key_row], before
            )

    def _loop_adjoint(
        self,
        block: Block,
        partials: list[tuple],
        state: State,
        numbers: np.ndarray,
        keys: np.ndarray,
        gradient: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        matrix, key_matrix = self._inner_matrices(block, state.weights)
        transposed, key_transposed = matrix.swapaxes(1, 2), key_matrix.swapaxes(1, 2)
        rows, key_rows = self._empty_rows(block, state.weights.shape[0], state.weights.dtype)
        own, own_keys = numbers[:, block.slots], keys[:, block.key_slots]
        for t in reversed(range(self.ticks)):
            now = slice(t, t + 1)
            key_now = None if key_rows is None else key_rows[:, :, now]
            for group, partial in zip(block.groups, partials, strict=True):
                after = slice(t + 1, t + 2)
                outputs = _load(group, numbers[:, :, after], keys[:, :, after])
                inputs = group.kind.kernel.adjoint(_at(partial, now), outputs)
                self._write_rows(group, inputs, rows[:, :, now], key_now)
            own[:, :, t] += transposed @ rows[:, :, t]
            if key_rows is not None:
                own_keys[:, :, t] += apply(key_transposed, key_rows[:, :, t])
        table, first, first_key = block.inner, block.slots.start, block.key_slots.start
        inner = outer(rows, state.numbers[:, block.slots, : self.ticks])
        gradient[:, table.link] += inner[:, table.row, table.slot - first]
        if key_rows is not None:
            inner = outer(key_rows, state.keys[:, block.key_slots, : self.ticks])
            gradient[:, table.key_link] += inner[:, table.key_row, table.key_slot - first_key]
        return rows, key_rows

    # -------------------- forward mode --------------------

    def tangent(self, state: State, directions: Directions) -> tuple[np.ndarray, np.ndarray | None]:
        """Derivatives of the observed rows along directions in the live links.

        Parameters
        ----------
        state : State of one machine
        directions : Directions
            Dense ones (`DenseDirections`), or one per link (`UnitDirections`: the Jacobian).

        Returns
        -------
        numbers (directions, observed, ticks, strings) and keys
        """
        partials = self.linearise(state)
        dtype = np.result_type(state.numbers.dtype, directions.dtype)
        numbers = np.zeros((len(directions), *state.numbers.shape[1:]), dtype)
        keys = np.zeros((len(directions), *state.keys.shape[1:]), dtype)
        for i, block in enumerate(self.plan.blocks):
            n = directions.n_active(i)
            if n:
                self._tangent_block(i, block, partials[i], state, directions, numbers[:n], keys[:n])
        return self._push(len(self.plan.blocks), self.plan.sink, state, directions, numbers, keys)

    def _push(
        self,
        i: int,
        block: Block,
        state: State,
        directions: Directions,
        numbers: np.ndarray,
        keys: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Tangents of a block's rows, except through its own slots."""
        rows, key_rows = self._read(block, block.outer, state.weights, numbers, keys)
        for table in (block.outer, block.inner):
            before = state.numbers[0, :, : self.ticks]
            directions.add(i, rows, table.row, table.slot, table.link, before)
            if key_rows is not None:
                before = state.keys[0, :, : self.ticks]
                directions.add(i, key_rows, table.key_row, table.key_slot, table.key_link, before)
        return rows, key_rows

    def _tangent_block(
        self,
        i: int,
        block: Block,
        partials: list[tuple],
        state: State,
        directions: Directions,
        numbers: np.ndarray,
        keys: np.ndarray,
    ) -> None:
        rows, key_rows = self._push(i, block, state, directions, numbers, keys)
        if block.is_loop:
            self._loop_tangent(block, partials, state, rows, key_rows, numbers, keys)
            return
        for group, partial in zip(block.groups, partials, strict=True):
            inputs = self._unstopped(group, _inputs(group, rows, key_rows))
            outputs = group.kind.kernel.tangent(partial, inputs)
            if group.has_self_links:
                feedback = self._feedback(block, group, state.weights, self.stopped)
                outputs = [_filtered(stream, feedback) for stream in outputs]
            _store(group, outputs, numbers[:, :, 1:], keys[:, :, 1:])

    def _unstopped(self, group: Group, inputs: list[Stream]) -> list[Stream]:
        if not self.stopped:
            return inputs
        return [
            Stream(np.zeros_like(stream.number)) if is_stopped else stream
            for stream, is_stopped in zip(inputs, self._is_stopped(group), strict=True)
        ]

    def _loop_tangent(
        self,
        block: Block,
        partials: list[tuple],
        state: State,
        rows: np.ndarray,
        key_rows: np.ndarray | None,
        numbers: np.ndarray,
        keys: np.ndarray,
    ) -> None:
        matrix, key_matrix = self._inner_matrices(block, state.weights)
        own, own_keys = numbers[:, block.slots], keys[:, block.key_slots]
        for t in range(self.ticks):
            now = slice(t, t + 1)
            rows[:, :, t] += matrix @ own[:, :, t]
            key_now = None
            if key_rows is not None:
                key_rows[:, :, t] += apply(key_matrix, own_keys[:, :, t])
                key_now = key_rows[:, :, now]
            for group, partial in zip(block.groups, partials, strict=True):
                inputs = self._unstopped(group, _inputs(group, rows[:, :, now], key_now))
                outputs = group.kind.kernel.tangent(_at(partial, now), inputs)
                after = slice(t + 1, t + 2)
                _store(group, outputs, numbers[:, :, after], keys[:, :, after])


# -------------------- groups: streams in and out of the state --------------------


def _inputs(group: Group, rows: np.ndarray, key_rows: np.ndarray | None) -> list[Stream]:
    return [
        Stream(
            rows[:, segment.span],
            key_rows[:, segment.key_span] if key_rows is not None and segment.key_span else None,
        )
        for segment in group.rows
    ]


def _store(group: Group, outputs: list[Stream], numbers: np.ndarray, keys: np.ndarray) -> None:
    for segment, stream in zip(group.slots, outputs, strict=True):
        numbers[:, segment.span] = stream.number
        if segment.key_span:
            keys[:, segment.key_span] = 0.0 if stream.keys is None else stream.keys


def _load(group: Group, numbers: np.ndarray, keys: np.ndarray) -> list[Stream]:
    return [
        Stream(numbers[:, segment.span], keys[:, segment.key_span] if segment.key_span else None)
        for segment in group.slots
    ]


def _at(partials: tuple, now: slice) -> tuple:
    return tuple(p[:, :, now] if isinstance(p, np.ndarray) else p for p in partials)


def _filtered(stream: Stream, feedback: np.ndarray, backwards: bool = False) -> Stream:
    """``y[t] = feedback * y[t - 1] + x[t]`` over the time axis (or against it)."""
    if not np.any(feedback):
        return stream
    return Stream(
        linear_filter(stream.number, feedback, backwards),
        None if stream.keys is None else linear_filter(stream.keys, feedback, backwards),
    )
