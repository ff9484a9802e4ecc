"""The fast trainer: lanes of elastic networks, each with its own data, chance and size.

Networks lie in arrays (see `layout`); all lanes are trained by the same numpy calls. It does what
`training` does on one tree with the general edits, to the bit, and is many times faster. A lane's
figures do not depend on its companions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vvalues import VValue

from ....optimize import rules
from ....tasks.characters import Phase
from ..arrays import BLOCK, PREFIX, Layout, Rows, capacity_for
from ..birth import (
    EPSILON,
    RMS_SHARE,
    NewNeuron,
    draw_neuron,
    initial_array,
    memory_of_new,
    starting_memory,
)
from ..cycle import LaneCycle
from ..settings import ElasticSettings
from ..turnover import members_to_delete, wants_another

__all__ = ["LaneRecord", "LaneTrainer"]


@dataclass(frozen=True)
class LaneRecord:
    """Where all lanes stand.

    Attributes
    ----------
    cycle : int
        Cycles so far.
    losses : array (lanes,)
        Running mean of the loss of a cycle, nats summed over its characters.
    sizes : array of int (lanes,)
        Numbers of neurons.
    """

    cycle: int
    losses: np.ndarray
    sizes: np.ndarray


class _Deleted(NamedTuple):
    """A deleted neuron, for inheritance: its links, and who was where."""

    numbers: list[int]
    place: int
    row: np.ndarray
    column: np.ndarray
    input: np.ndarray
    output: np.ndarray
    bias: float


@dataclass
class _Lane:
    """What a lane has besides its arrays."""

    rng: np.random.Generator
    numbers: list[int]
    born: list[int]
    next_number: int
    deleted: _Deleted | None = None

    @property
    def names(self) -> list[str]:
        return [f"{PREFIX}{number}" for number in self.numbers]


class LaneTrainer:
    """Networks in lanes, trained side by side.

    Parameters
    ----------
    settings : ElasticSettings
    phases : sequence (lanes) of sequences of Phase
        What every lane reads. Alphabet and characters per cycle are the same in all.
    rngs : sequence (lanes) of Generator
        A lane's first weights and all its later chances.
    size : int
        Neurons to begin with.

    Raises
    ------
    ValueError
        If there are no lanes, not as many generators as lanes, lanes without phases, or tasks of
        different alphabets or lengths.
    """

    parameters: np.ndarray
    memory: np.ndarray
    hidden: np.ndarray

    def __init__(
        self,
        settings: ElasticSettings,
        phases: Sequence[Sequence[Phase]],
        rngs: Sequence[np.random.Generator],
        size: int = 1,
    ) -> None:
        _check_lanes(phases, rngs, size)
        task = phases[0][0].task
        self.settings = settings
        self.alphabet, self.length = task.alphabet, task.length
        self.n_lanes = len(rngs)
        self.cycles = 0
        self.smooth = np.full(self.n_lanes, self.length * np.log(len(self.alphabet)))
        self.lanes = [_Lane(rng, list(range(1, size + 1)), [0] * size, size + 1) for rng in rngs]
        self.sizes = np.full(self.n_lanes, size)
        self._texts = np.concatenate([phase.task.codes for plan in phases for phase in plan])
        self._text_starts = np.zeros(self.n_lanes, dtype=np.intp)
        self._text_ends = np.zeros(self.n_lanes, dtype=np.intp)
        self._at = np.zeros(self.n_lanes, dtype=np.intp)
        self._window = np.arange(self.length + 1)[:, None]
        self._switches = _switches(phases)
        self.capacity = 0
        capacity = capacity_for(size, len(self.alphabet))
        self._arrange(capacity)
        for i, lane in enumerate(self.lanes):
            self.parameters[i] = initial_array(self._layout(i), capacity, settings, lane.rng)
            self.memory[i] = starting_memory(self._layout(i), capacity, settings)

    # -------------------- arrays --------------------

    def _arrange(self, capacity: int) -> None:
        """Arrays and buffers of this capacity, with what the old ones hold."""
        n_symbols = len(self.alphabet)
        rows = Rows.of(capacity, n_symbols)
        parameters = np.zeros((self.n_lanes, rows.n_rows, capacity))
        memory, hidden = np.zeros_like(parameters), np.zeros((self.n_lanes, capacity))
        if self.capacity:
            n = min(capacity, self.capacity)
            hidden[:, :n] = self.hidden[:, :n]
            for new, old in ((parameters, self.parameters), (memory, self.memory)):
                new[:, :n, :n] = old[:, :n, :n]
                new[:, capacity:, :n] = old[:, self.capacity :, :n]
        self.capacity, self.rows = capacity, rows
        self.parameters, self.memory, self.hidden = parameters, memory, hidden
        self._cycle = LaneCycle(self.n_lanes, capacity, n_symbols, self.length)
        self._scratch = np.empty_like(memory)
        self._see_sizes()

    def compact(self) -> None:
        """Give back columns that have long been empty (one block stays in reserve)."""
        wanted = capacity_for(int(self.sizes.max()), len(self.alphabet)) + BLOCK
        if wanted < self.capacity:
            self._arrange(wanted)

    def _see_sizes(self) -> None:
        """What depends on the numbers of neurons."""
        self._alive = np.arange(self.capacity) < self.sizes[:, None]
        self._floor = self.settings.smallest * self._alive

    def _layout(self, lane: int) -> Layout:
        return Layout(self.lanes[lane].names, self.alphabet, self.settings.has_multipliers)

    # -------------------- networks as trees --------------------

    def network(self, lane: int) -> VValue:
        """A lane's parameters."""
        return self._layout(lane).unpack(self.parameters[lane])

    def optimizer_memory(self, lane: int) -> VValue:
        """A lane's sums (means, in mode "outgoing-norm") of squared gradients."""
        return self._layout(lane).unpack(self.memory[lane])

    def hidden_state(self, lane: int) -> VValue:
        """A lane's hidden state, a number per neuron."""
        names = self.lanes[lane].names
        return VValue(dict(zip(names, self.hidden[lane].tolist(), strict=False)))

    def record(self) -> LaneRecord:
        """Where the lanes stand."""
        return LaneRecord(self.cycles, self.smooth.copy(), self.sizes.copy())

    # -------------------- one cycle --------------------

    def step(self) -> np.ndarray:
        """One cycle in every lane: read, learn, edit. Returns the losses (lanes,)."""
        losses = self._cycle(self.parameters, self.hidden, self._read())
        self.hidden[...] = self._cycle.hidden
        if self.settings.has_multipliers:
            self._multiplier_gradients()
        self._move()
        self._shrink_weights()
        share = self.settings.smoothing
        self.smooth = (1.0 - share) * self.smooth + share * losses
        self.cycles += 1
        if self.settings.adapts_size:
            self._edit()
        return losses

    def _read(self) -> np.ndarray:
        """The next characters of every lane, (length + 1, lanes)."""
        if self.cycles in self._switches:
            for lane, start, end in self._switches[self.cycles]:
                self._text_starts[lane], self._text_ends[lane] = start, end
                self._at[lane] = start
        wraps = self._at + (self.length + 1) >= self._text_ends
        if wraps.any():
            self._at[wraps] = self._text_starts[wraps]
            self.hidden[wraps] = 0.0
        symbols = self._texts[self._at + self._window]
        self._at += self.length
        return symbols

    def _multiplier_gradients(self) -> None:
        rows, gradient = self.rows, self._cycle.gradient
        multipliers = self.parameters[:, rows.multiplier]
        if self.settings.mode == "paper":
            pulled = self.parameters[:, rows.output] * self._cycle.symbol_gradients[:, :, None]
            np.multiply(pulled.sum(axis=1), multipliers, out=gradient[:, rows.multiplier])
        gradient[:, rows.multiplier] += self.length * self.settings.penalty * np.sign(multipliers)

    def _move(self) -> None:
        """Bounded gradient, Adagrad or RMSProp, bounded step (see `training.elastic_optimizer`)."""
        settings, step = self.settings, self._cycle.gradient
        rules.clip(step, settings.clip)
        if settings.mode == "outgoing-norm":
            rules.rmsprop(step, self.memory, settings.rate, RMS_SHARE, EPSILON, self._scratch)
        else:
            rules.adagrad(step, self.memory, settings.rate, EPSILON, self._scratch)
        if settings.largest_step < np.inf:
            rules.clip(step, settings.largest_step)
        if not settings.has_multipliers:
            step[:, self.rows.multiplier] = 0.0
        self.parameters += step

    def _shrink_weights(self) -> None:
        """The decoupled penalty, and the floor of the multipliers."""
        settings, rows = self.settings, self.rows
        if settings.mode == "outgoing-norm":
            for part in (rows.recurrent, rows.output):
                weights = self.parameters[:, part]
                weights -= settings.decoupled_penalty * np.sign(weights)
        elif settings.has_multipliers:
            multipliers = self.parameters[:, rows.multiplier]
            if settings.decoupled_penalty:
                multipliers -= settings.decoupled_penalty
            np.maximum(multipliers, self._floor, out=multipliers)
            multipliers *= self._alive

    # -------------------- structure --------------------

    def _edit(self) -> None:
        settings = self.settings
        marked = self._marked()
        counts = np.count_nonzero(marked, axis=1).tolist()
        sizes = self.sizes.tolist()
        changed = False
        for i, lane in enumerate(self.lanes):
            n, n_marked = sizes[i], counts[i]
            if n_marked > settings.spare:
                at = np.flatnonzero(marked[i])
                ages = [self.cycles - lane.born[j] for j in at] if settings.protection else ()
                gone = members_to_delete(at, settings, lane.rng, ages)
                if gone:
                    self._delete(i, gone)
                    n, n_marked, changed = n - len(gone), n_marked - len(gone), True
            if wants_another(n, n_marked, settings, lane.rng):
                self._add(i)
                changed = True
        if changed:
            self._see_sizes()

    def _marked(self) -> np.ndarray:
        """Neurons at or below the threshold, (lanes, capacity)."""
        rows = self.rows
        if self.settings.has_multipliers:
            strength = self.parameters[:, rows.multiplier]
        else:
            outgoing = np.abs(self.parameters[:, rows.output]).sum(axis=1)
            lateral = np.abs(self.parameters[:, rows.recurrent]).sum(axis=1)
            n_symbols = len(self.alphabet)
            n = np.maximum(self.sizes, 1)[:, None]  # a network may have lost all its neurons
            strength = 0.5 * (outgoing + n_symbols * lateral / n)
        return (strength <= self.settings.threshold) & self._alive

    def _delete(self, i: int, gone: Sequence[int]) -> None:
        lane, n = self.lanes[i], int(self.sizes[i])
        keep = np.delete(np.arange(n), gone)
        if self.settings.inherit:
            lane.deleted = self._remembered(i, gone[-1])
        for array in (self.parameters[i], self.memory[i]):
            kept = array[:, keep]
            kept[: len(keep)] = kept[keep]
            kept[len(keep) : n] = 0.0
            # The last row holds the biases of the predictions, which belong to no neuron.
            readout = array[self.rows.readout].copy()
            array[:, : len(keep)] = kept
            array[:, len(keep) : n] = 0.0
            array[self.rows.readout] = readout
        self.hidden[i, : len(keep)] = self.hidden[i, keep]
        self.hidden[i, len(keep) : n] = 0.0
        lane.numbers = [lane.numbers[j] for j in keep]
        lane.born = [lane.born[j] for j in keep]
        self.sizes[i] = len(keep)

    def _remembered(self, i: int, j: int) -> _Deleted:
        rows, parameters = self.rows, self.parameters[i].copy()
        return _Deleted(
            list(self.lanes[i].numbers),
            j,
            parameters[j],
            parameters[rows.recurrent, j],
            parameters[rows.input, j],
            parameters[rows.output, j],
            float(parameters[rows.bias, j]),
        )

    def _add(self, i: int) -> None:
        lane, n = self.lanes[i], int(self.sizes[i])
        if n == self.capacity:
            self._arrange(self.capacity + BLOCK)
        new = draw_neuron(n, len(self.alphabet), self.settings, lane.rng)
        if self.settings.inherit and lane.deleted is not None:
            new = self._inherited(lane, new)
        rows, parameters, memory = self.rows, self.parameters[i], self.memory[i]
        fresh = memory_of_new(self.settings)
        memory[: n + 1, n] = memory[n, : n + 1] = fresh
        memory[rows.input, n] = memory[rows.output, n] = memory[rows.bias, n] = fresh
        parameters[n, : n + 1] = new.incoming
        parameters[:n, n] = new.outgoing
        parameters[rows.input, n] = new.input
        parameters[rows.output, n] = new.output
        parameters[rows.bias, n] = new.bias
        parameters[rows.multiplier, n] = (
            self.settings.threshold if self.settings.has_multipliers else 1.0
        )
        self.hidden[i, n] = 0.0
        lane.numbers.append(lane.next_number)
        lane.born.append(self.cycles)
        lane.next_number += 1
        self.sizes[i] = n + 1

    def _inherited(self, lane: _Lane, new: NewNeuron) -> NewNeuron:
        """Its links replaced by those of the last deleted neuron, where both ends live."""
        assert lane.deleted is not None
        old = lane.deleted
        place = {number: j for j, number in enumerate(old.numbers)}
        incoming, outgoing = new.incoming.copy(), new.outgoing.copy()
        for j, number in enumerate(lane.numbers):
            if number in place:
                incoming[j] = old.row[place[number]]
                outgoing[j] = old.column[place[number]]
        incoming[-1] = old.row[old.place]
        return NewNeuron(incoming, outgoing, old.input, old.output, old.bias)


# -------------------- what lanes read --------------------


def _check_lanes(
    phases: Sequence[Sequence[Phase]], rngs: Sequence[np.random.Generator], size: int
) -> None:
    if not rngs or len(phases) != len(rngs):
        raise ValueError(
            f"phases and rngs: {len(phases)} lanes of phases and {len(rngs)} generators; "
            "expected one of each per lane, and at least one lane"
        )
    if size < 1:
        raise ValueError(f"size is {size!r}; expected at least 1 neuron")
    kinds = set()
    for i, plan in enumerate(phases):
        if not plan:
            raise ValueError(f"phases: lane {i} has none")
        kinds |= {(phase.task.alphabet, phase.task.length) for phase in plan}
    if len(kinds) > 1:
        raise ValueError(f"phases: tasks of different alphabets or lengths: {sorted(kinds)}")


def _switches(phases: Sequence[Sequence[Phase]]) -> dict[int, list[tuple[int, int, int]]]:
    """By cycle: the lanes that begin a phase then, with start and end of their text."""
    switches: dict[int, list[tuple[int, int, int]]] = {}
    start = 0
    for lane, plan in enumerate(phases):
        cycle = 0
        for phase in plan:
            end = start + len(phase.task.codes)
            switches.setdefault(cycle, []).append((lane, start, end))
            start, cycle = end, cycle + phase.cycles
    return switches
