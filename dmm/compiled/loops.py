"""Loop blocks: the cycles of a machine, evaluated tick by tick with few array operations a tick.

All streams of the block are *wide* arrays (column 0 the ``:number``, then the keys), time first,
so that a tick is one contiguous piece of memory::

    slots (ticks + 1, machines, slots, strings, columns)   own outputs, then those read from outside
    rows  (ticks,     machines, rows,  strings, columns)   effective inputs, see `Kernel.mixing`

A tick is one matrix product ``rows[t] = matrix @ slots[t]`` and then one call per neuron type that
fills ``slots[t + 1]`` in place. Backwards it is the kernels' transposes, the transposed product,
and the outer product that collects the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .directions import Directions
from .loop_groups import loop_groups
from .movement import Signals, State, Workspace, product
from .plan import Block, LinkTable, Plan

__all__ = ["LoopBlock"]

Times = Callable[..., Any]


@dataclass
class Record:
    """What a forward pass keeps for the derivatives."""

    matrix: np.ndarray  # network matrix by read field, (machines, ports, local slots)
    slots: np.ndarray
    rows: np.ndarray


class LoopBlock:
    """Evaluator of the loop block at one position of a plan."""

    def __init__(self, plan: Plan, position: int, workspace: Workspace) -> None:
        self.block: Block = plan.blocks[position]
        self.position = position
        self.workspace = workspace
        self.groups = loop_groups(self.block, plan.stopped)
        self.n_rows = sum(len(group.mixing) * group.n for group in self.groups)
        self._localise(plan)

    def _localise(self, plan: Plan) -> None:
        """Number the slots this block deals with: its own, then those it reads from outside."""
        block = self.block
        self.n_own = block.slots.stop - block.slots.start
        n_sources = sum(s.count for group in plan.sources for s in group.slots)
        outside = np.unique(block.outer.slot)
        fed_back = outside[outside >= n_sources]  # those that want cotangents; sources do not
        self.outside = np.concatenate([fed_back, outside[outside < n_sources]])
        self.n_fed_back = len(fed_back)
        local = np.full(plan.n_slots, -1)
        local[block.slots] = np.arange(self.n_own)
        local[self.outside] = self.n_own + np.arange(len(self.outside))
        tables = (block.inner, block.outer)
        self.port = np.concatenate([table.row for table in tables])
        self.slot = local[np.concatenate([table.slot for table in tables])]
        self.link = np.concatenate([table.link for table in tables])
        keyed = [(local[plan.slot_of[port]], k) for port, k in plan.key_slot_of.items()]
        keyed = [(slot, k) for slot, k in keyed if slot >= 0]
        slot, key = np.array(keyed, np.intp).reshape(-1, 2).T
        is_own = slot < self.n_own
        # Local slots that carry keys, and their key slots: own ones, and those from outside.
        self.own_slot, self.own_key = slot[is_own], key[is_own]
        self.outside_slot, self.outside_key = slot[~is_own], key[~is_own]

    # -------------------- matrices --------------------

    def _by_port(self, weights: np.ndarray) -> np.ndarray:
        """Network matrix by read field, (machines, ports, local slots)."""
        n_slots = self.n_own + len(self.outside)
        matrix = np.zeros((len(weights), self.block.n_rows, n_slots), weights.dtype)
        matrix[:, self.port, self.slot] = weights[:, self.link]
        return matrix

    def _effective(self, matrix: np.ndarray, *, passing: bool = False) -> np.ndarray:
        """From read fields to effective inputs, (machines, rows, local slots)."""
        out = np.empty((len(matrix), self.n_rows, matrix.shape[2]), matrix.dtype)
        for group in self.groups:
            mixing = group.passing if passing else group.mixing
            ports = matrix[:, group.ports].reshape(len(matrix), mixing.shape[1], -1)
            mixed = mixing @ ports
            out[:, group.rows] = mixed.reshape(len(matrix), -1, matrix.shape[2])
        return out

    def _to_links(self, gradient: np.ndarray, out: np.ndarray) -> None:
        """Add the gradient of the effective matrix to that of the links."""
        machines, n_slots = len(gradient), gradient.shape[2]
        matrix = np.empty((machines, self.block.n_rows, n_slots), gradient.dtype)
        for group in self.groups:
            rows = gradient[:, group.rows].reshape(machines, len(group.mixing), -1)
            matrix[:, group.ports] = (group.passing.T @ rows).reshape(machines, -1, n_slots)
        out[:, self.link] += matrix[:, self.port, self.slot]

    # -------------------- forward --------------------

    def _take(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        return self.workspace.take((self.position, name), shape, dtype)

    def forward(self, state: State) -> Record:
        """Fill the block's slots."""
        signals, dtype = state.signals, state.weights.dtype
        machines, _, _, strings = signals.numbers.shape
        ticks, columns = signals.ticks, 1 + signals.keys.shape[-1]
        n_slots = self.n_own + len(self.outside)
        slots = self._take("slots", (ticks + 1, machines, n_slots, strings, columns), dtype)
        rows = self._take("rows", (ticks, machines, self.n_rows, strings, columns), dtype)
        self._load(slots, signals)
        matrix = self._by_port(state.weights)
        times = _times(is_wild=signals.is_wild)
        self._tick_forwards(self._effective(matrix), slots, rows, times)
        self._unload(slots, signals)
        return Record(matrix, slots, rows)

    def _tick_forwards(
        self, matrix: np.ndarray, slots: np.ndarray, rows: np.ndarray, times: Times
    ) -> None:
        steps = [
            group.kernel.step(group.inputs(rows), group.outputs(slots[1:])) for group in self.groups
        ]
        silent_in = [keys for group in self.groups for keys in group.silent_inputs(rows)]
        silent_out = [keys for group in self.groups for keys in group.silent_outputs(slots[1:])]
        flat_rows, flat_slots = _flat(rows), _flat(slots)
        for t in range(len(rows)):
            times(matrix, flat_slots[t], out=flat_rows[t])
            for keys in silent_in:
                keys[t] = 0.0
            for step in steps:
                step(t)
            for keys in silent_out:
                keys[t] = 0.0

    def _load(self, slots: np.ndarray, signals: Signals) -> None:
        """State before the first tick, and everything that comes from outside."""
        slots[0] = 0.0
        slots[0, :, : self.n_own, :, 0] = signals.numbers[:, self.block.slots, 0]
        slots[0, :, self.own_slot, :, 1:] = signals.keys[:, self.own_key, 0].swapaxes(0, 1)
        slots[:, :, self.n_own :, :, 0] = _time_first(signals.numbers[:, self.outside])
        slots[:, :, self.outside_slot, :, 1:] = _time_first(signals.keys[:, self.outside_key])

    def _unload(self, slots: np.ndarray, signals: Signals) -> None:
        numbers = slots[1:, :, : self.n_own, :, 0]
        signals.numbers[:, self.block.slots, 1:] = numbers.transpose(1, 2, 0, 3)
        keys = slots[1:, :, self.own_slot, :, 1:]
        signals.keys[:, self.own_key, 1:] = keys.transpose(1, 2, 0, 3, 4)

    # -------------------- reverse mode --------------------

    def linearise(self, record: Record) -> list[Any]:
        """Local partial derivatives of every group, for all ticks at once."""
        return [group.kernel.step_linearise(group.inputs(record.rows)) for group in self.groups]

    def adjoint(
        self,
        partials: list[Any],
        record: Record,
        cotangents: Signals,
        gradient: np.ndarray,
        *,
        with_sources: bool = False,
    ) -> None:
        """Add to the cotangents of what is read from outside, and to the gradient of the links.

        The cotangent of the state before the first tick replaces entry 0 of the own slots.
        """
        ticks, machines, _, strings, columns = record.rows.shape
        dtype = record.rows.dtype
        n_back = self.n_own + (len(self.outside) if with_sources else self.n_fed_back)
        # One tick's worth of cotangents each; a time axis of stride 0 lets kernels index by tick.
        after = np.zeros((machines, n_back, strings, columns), dtype)
        rows = np.zeros(record.rows.shape[1:], dtype)
        steps = [
            group.kernel.step_adjoint(
                partial, _still(group.outputs(after), ticks), _still(group.inputs(rows), ticks)
            )
            for group, partial in zip(self.groups, partials, strict=True)
        ]
        silent_in = [keys for group in self.groups for keys in group.silent_inputs(rows)]
        silent_out = [keys for group in self.groups for keys in group.silent_outputs(after)]
        passing = self._effective(record.matrix, passing=True)
        transposed = np.ascontiguousarray(passing[:, :, :n_back].swapaxes(1, 2))
        inject = self._injection(cotangents, after)
        total = np.zeros((machines, self.n_rows, record.slots.shape[2]), dtype)
        product = np.empty_like(total)
        flat_rows, flat_after = _flat(rows), _flat(after)
        slots = _flat(record.slots).swapaxes(2, 3)
        inject(ticks)
        times = _times(is_wild=cotangents.is_wild)
        for t in reversed(range(ticks)):
            for keys in silent_out:
                keys[...] = 0.0
            for step in steps:
                step(t)
            for keys in silent_in:
                keys[...] = 0.0
            times(flat_rows, slots[t], out=product)
            total += product
            times(transposed, flat_rows, out=flat_after)
            inject(t)
        self._to_links(total, gradient)

    def _injection(self, cotangents: Signals, after: np.ndarray) -> Any:
        """Exchange with the other blocks at one time: add their cotangents, hand on ours."""
        own, n_own, n_back = self.block.slots, self.n_own, after.shape[1]
        numbers = np.ascontiguousarray(_time_first(cotangents.numbers[:, own]))
        keys = cotangents.keys[:, self.own_key]
        every_key = np.ascontiguousarray(_time_first(keys)) if np.any(keys) else None
        is_fed = self.outside_slot < n_back
        fed_slot, fed_key = self.outside_slot[is_fed], self.outside_key[is_fed]
        number, outside = after[:, :n_own, :, 0], self.outside[: n_back - n_own]

        def exchange(time: int) -> None:
            if n_back > n_own:
                cotangents.numbers[:, outside, time] += after[:, n_own:, :, 0]
                cotangents.keys[:, fed_key, time] += after[:, fed_slot, :, 1:]
            np.add(number, numbers[time], out=number)
            if every_key is not None:
                after[:, self.own_slot, :, 1:] += every_key[time]
            if time == 0:
                cotangents.numbers[:, own, 0] = number
                cotangents.keys[:, self.own_key, 0] = after[:, self.own_slot, :, 1:]

        return exchange

    # -------------------- forward mode --------------------

    def tangent(
        self,
        partials: list[Any],
        record: Record,
        directions: Directions,
        tangents: Signals,
    ) -> None:
        """Fill the block's slots of ``tangents`` (directions in place of machines).

        Directions are columns of one matrix product: (rows, directions, strings, columns).
        """
        ticks, _, _, strings, columns = record.rows.shape
        n = len(tangents.numbers)
        dtype = tangents.numbers.dtype
        matrix = self._effective(record.matrix, passing=True)[0]
        slots = np.zeros((matrix.shape[1], n, strings, columns), dtype)
        rows = np.zeros((self.n_rows, n, strings, columns), dtype)
        add_directions = self._direction_adder(directions, n, is_wild=tangents.is_wild)
        wide_rows, wide_slots = np.moveaxis(rows, 0, 1), np.moveaxis(slots, 0, 1)
        steps = [
            group.kernel.step_tangent(
                partial,
                _still(group.inputs(wide_rows), ticks),
                _still(group.outputs(wide_slots), ticks),
            )
            for group, partial in zip(self.groups, partials, strict=True)
        ]
        silent_in = [keys for group in self.groups for keys in group.silent_inputs(wide_rows)]
        silent_out = [keys for group in self.groups for keys in group.silent_outputs(wide_slots)]
        flat_rows, flat_slots = rows.reshape(len(rows), -1), slots.reshape(len(slots), -1)
        state = record.slots[:, 0].reshape(ticks + 1, -1, strings * columns)
        self._exchange_tangents(slots, tangents, 0)
        times = _times(is_wild=tangents.is_wild)
        for t in range(ticks):
            times(matrix, flat_slots, out=flat_rows)
            add_directions(rows.reshape(*rows.shape[:2], -1), state[t])
            for keys in silent_in:
                keys[...] = 0.0
            for step in steps:
                step(t)
            for keys in silent_out:
                keys[...] = 0.0
            self._exchange_tangents(slots, tangents, t + 1)

    def _direction_adder(self, directions: Directions, n: int, *, is_wild: bool) -> Any:
        row, slot, link, factor = [], [], [], []
        for group in self.groups:
            first, last = group.ports.start, group.ports.stop
            member = np.flatnonzero((self.port >= first) & (self.port < last))
            field, neuron = np.divmod(self.port[member] - first, group.n)
            for i, coefficients in enumerate(group.passing):
                row.append(group.row + i * group.n + neuron)
                slot.append(self.slot[member])
                link.append(self.link[member])
                factor.append(coefficients[field])
        table = LinkTable(*map(np.concatenate, (row, slot, link)))
        shape = self.n_rows, self.n_own + len(self.outside)
        return directions.adder(n, shape, table, np.concatenate(factor), is_wild=is_wild)

    def _exchange_tangents(self, slots: np.ndarray, tangents: Signals, time: int) -> None:
        """Own slots out to ``tangents`` (except the entry before the first tick), others in."""
        own, n_own = self.block.slots, self.n_own
        if time == 0:
            slots[:n_own, :, :, 0] = tangents.numbers[:, own, 0].swapaxes(0, 1)
            slots[self.own_slot, :, :, 1:] = tangents.keys[:, self.own_key, 0].swapaxes(0, 1)
        else:
            tangents.numbers[:, own, time] = slots[:n_own, :, :, 0].swapaxes(0, 1)
            tangents.keys[:, self.own_key, time] = slots[self.own_slot, :, :, 1:].swapaxes(0, 1)
        if self.n_fed_back:
            back = slice(n_own, n_own + self.n_fed_back)
            outside = self.outside[: self.n_fed_back]
            slots[back, :, :, 0] = tangents.numbers[:, outside, time].swapaxes(0, 1)
            is_fed = self.outside_slot < back.stop
            keys = tangents.keys[:, self.outside_key[is_fed], time]
            slots[self.outside_slot[is_fed], :, :, 1:] = keys.swapaxes(0, 1)


def _times(*, is_wild: bool) -> Times:
    """The product of a tick, see `dmm.compiled.movement.Signals`."""
    if not is_wild:
        return np.matmul

    def times(one: np.ndarray, other: np.ndarray, *, out: np.ndarray) -> None:
        one, other = (x.reshape(-1, *x.shape[-2:]) for x in (one, other))
        out[...] = product(one, other, is_wild=True).reshape(out.shape)

    return times


def _flat(wide: np.ndarray) -> np.ndarray:
    """Strings and columns as one axis."""
    return wide.reshape(*wide.shape[:-2], wide.shape[-2] * wide.shape[-1])


def _time_first(x: np.ndarray) -> np.ndarray:
    """From (machines, slots, time, ...) to (time, machines, slots, ...)."""
    return np.moveaxis(x, 2, 0)


def _still(x: np.ndarray, ticks: int) -> np.ndarray:
    """The same memory at every tick."""
    return np.lib.stride_tricks.as_strided(x, (ticks, *x.shape), (0, *x.strides))
