"""Machines that count without bound, in finitely many boxes.

A counter that is only compared with a number has infinitely many states, and all large ones are
alike. Here a state is a *box*: an interval for every output that matters. What leaves a window
about 0 is widened to all that lies beyond, so that counting ends; a box holds every state that the
machine can be in, and possibly others. Where all boxes answer what is asked, so does the machine.
The converse does not hold: nothing is refuted by boxes.

Numbers are those of floating point, in which a machine rounds its sums in an order of its own. A
bound is followed only where every order gives the same: on sums of small multiples of a power of 2,
and on those beside something so large that they vanish in it.

References
----------
P. Cousot, R. Cousot, "Abstract interpretation: a unified lattice model for static analysis of
programs", POPL 1977; R. E. Moore, "Interval analysis", 1966.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from ..compiled import Stepper
from ..machine import Circuit, Machine, Pace, Streams
from ..neurons import Kernel
from ..neurons.comparisons import Compare, LessOrEqual
from ..neurons.gates import Choice
from ..neurons.memories import LargerOf
from ..neurons.norms import MaxNorm
from ..neurons.sums import Sum
from .automata import Alphabet
from .sides import MachineSide

__all__ = ["WINDOWS", "Undecided", "box_side"]

WINDOWS = (4.0, 64.0)
"""How far from 0 numbers are told apart, in turn."""

BEYOND = 2.0**200
"""Stands for whatever is larger than the window: what little is added to it vanishes."""

GRID = 2.0**-8
SMALL = 2.0**16
LARGE = 2.0**180
"""Multiples of the grid below the one number add up exactly, and vanish beside the other."""


class Undecided(Exception):
    """Boxes are too wide to tell what a machine does, or it has neurons they cannot follow."""


class Box(NamedTuple):
    """Bounds of numbers, both included."""

    low: np.ndarray
    high: np.ndarray

    @staticmethod
    def flag(is_surely: np.ndarray, is_never: np.ndarray) -> Box:
        """1 or 0, and both where neither is sure."""
        return Box(np.where(is_surely, 1.0, 0.0), np.where(is_never, 0.0, 1.0))

    def relu(self) -> Box:
        """Of ``max(0, x)``."""
        return Box(np.maximum(self.low, 0.0), np.maximum(self.high, 0.0))

    def negative(self) -> Box:
        """Of ``-x``."""
        return Box(-self.high, -self.low)

    def widened(self, window: float) -> Box:
        """With everything beyond the window where it goes beyond it."""
        low, high = self
        if (np.abs(self) > BEYOND).any():
            raise Undecided("numbers grow by more than what is added to them")
        low = np.where(low < -window, -BEYOND, np.minimum(low, window))
        high = np.where(high > window, BEYOND, np.maximum(high, -window))
        return Box(low + 0.0, high + 0.0)


def box_side(
    machine: Machine | Circuit,
    alphabet: Alphabet,
    pace: Pace | None,
    observed: Sequence[tuple[str, str]] | None,
    window: float,
) -> MachineSide:
    """A machine whose states are boxes; an answer that is not sure is NaN.

    Parameters
    ----------
    machine, alphabet, pace, observed : as of `MachineSide`
    window : float

    Raises
    ------
    Undecided
        Here or in its methods.

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> neurons = {"x": "stream", "sum": "accum", "few": "less_or_equal", "output": "output"}
    >>> wires = [Wire("sum", "dict-1", "sum", "dict", lag=1), Wire("sum", "dict-2", "x", "stream"),
    ...          Wire("few", "left", "sum", "dict"),
    ...          Wire("output", "dict-1", "few", "false-channel")]
    >>> machine, pace = Circuit(neurons, wires).lowered()
    >>> alphabet, observed = Alphabet({"x": (1.0,)}), [("output", "dict-1")]
    >>> side, state = box_side(machine, alphabet, pace, observed, window=4.0), 0
    >>> for _ in range(20):
    ...     state, answer = side.move(state, 0)
    >>> state, answer, side.move(state, 0)
    (6, (1.0,), Move(state=6, answer=(1.0,)))
    """
    stepper = partial(_BoxStepper, window=window)
    return MachineSide(machine, alphabet, pace, observed, stepper=stepper)


class _BoxStepper(Stepper):
    """As a `Stepper`, with rows of all low bounds and then all high ones."""

    def __init__(
        self,
        machine: Machine,
        observed: Sequence[tuple[str, str]],
        streams: Streams,
        tick: int,
        window: float,
    ) -> None:
        super().__init__(machine, observed, streams, tick)
        plan = self._plan
        if self._keys.shape[-1]:
            raise Undecided("streams hold more than numbers")
        self._window = window
        self.start = np.tile(self.start, 2)
        types = {n: plan.machine.type_of(n) for n, _ in plan.slot_of}
        is_source = {neuron for group in plan.sources for neuron in group.neurons}
        self._neurons = [
            (
                _rule_of(types[neuron].kernel),
                [self._terms(neuron, field.name) for field in types[neuron].reads],
                [plan.slot_of.get((neuron, field.name)) for field in types[neuron].writes],
            )
            for neuron in dict.fromkeys(n for n, _ in plan.slot_of if n not in is_source)
        ]
        self._ports = [self._terms(*port) for port in plan.observed]

    def _terms(self, neuron: str, field: str) -> tuple[np.ndarray, np.ndarray]:
        """Outputs that an input field reads, and their weights."""
        plan = self._plan
        found = [i for i, path in enumerate(plan.links) if path[:2] == (neuron, field)]
        slots = [plan.slot_of[plan.links[i][2], plan.links[i][3]] for i in found]
        return np.array(slots, dtype=int), self._weights[0, found]

    def step(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `Stepper.step`."""
        sources, ticks, alternatives = self._numbers.shape
        rows = np.repeat(states, alternatives, axis=0).T
        box = Box(*np.split(rows, 2))
        fed = np.tile(self._numbers, (1, 1, len(states)))
        for tick in range(1, ticks):
            if tick == self._tick + 1:
                read = [_total([_read(box, terms)]) for terms in self._ports]
                observed = [np.where(low == high, low, np.nan) for low, high in read]
            box = self._after(box)
            for bound in box:
                bound[:sources] = fed[:, tick]
        kept = Box(*(np.where(self._slots[:, None], bound, 0.0) for bound in box))
        found = np.concatenate(kept.widened(self._window))
        return (
            found.T.reshape(len(states), alternatives, -1),
            np.array(observed).T.reshape(len(states), alternatives, -1),
        )

    def _after(self, box: Box) -> Box:
        """What all neurons but the sources emit next."""
        after = Box(np.zeros_like(box.low), np.zeros_like(box.high))
        for rule, fields, slots in self._neurons:
            emitted = rule([_read(box, terms) for terms in fields])
            for slot, (low, high) in zip(slots, emitted, strict=True):
                if slot is not None:
                    after.low[slot], after.high[slot] = low, high
        return after


# -------------------- sums --------------------


def _read(box: Box, terms: tuple[np.ndarray, np.ndarray]) -> Box:
    """Bounds of the terms of a sum, (terms, boxes)."""
    slots, weights = terms
    if not _is_fine(weights).all():
        raise Undecided("weights are no multiples of the grid")
    ends = [weights[:, None] * bound[slots] for bound in box]
    return Box(np.minimum(*ends), np.maximum(*ends))


def _total(fields: Sequence[Box]) -> Box:
    """Bounds of the sum of all terms of some fields."""
    low, high = (np.concatenate([field[end] for field in fields]) for end in (0, 1))
    return Box(_sum(low), _sum(high))


def _sum(terms: np.ndarray) -> np.ndarray:
    """The sum that floating point comes to in whatever order terms are added."""
    size = np.abs(terms)
    is_large = size >= LARGE
    if not np.all(is_large | _is_fine(terms)) or (is_large.sum(axis=0) > 1).any():
        raise Undecided("sums depend on how they are rounded")
    small = np.where(is_large, 0.0, terms).sum(axis=0)
    large = np.where(is_large, terms, 0.0).sum(axis=0)
    return np.where(is_large.any(axis=0), large, small)


def _is_fine(numbers: np.ndarray) -> np.ndarray:
    """Which are small multiples of the grid."""
    return (np.abs(numbers) <= SMALL) & (numbers / GRID == np.round(numbers / GRID))


# -------------------- neurons --------------------

Rule = Callable[[list[Box]], list[Box]]
"""From the terms of every read field to bounds of every written field."""


def _adding(fields: list[Box]) -> list[Box]:
    return [_total(fields)]


def _comparing(fields: list[Box]) -> list[Box]:
    difference = _total([fields[0], fields[1].negative()])
    return [difference.relu(), difference.negative().relu()]


def _stepping(fields: list[Box]) -> list[Box]:
    difference = _total([fields[1], fields[0].negative()])
    true = Box.flag(difference.low >= 0.0, difference.high < 0.0)
    return [true, Box(1.0 - true.high, 1.0 - true.low)]


def _measuring(fields: list[Box]) -> list[Box]:
    low, high = _total(fields)
    is_over_0 = (low <= 0.0) & (high >= 0.0)
    ends = np.abs(low), np.abs(high)
    return [Box(np.where(is_over_0, 0.0, np.minimum(*ends)), np.maximum(*ends))]


def _keeping_the_larger(fields: list[Box]) -> list[Box]:
    one, other = (_total([field]) for field in fields)
    return [Box(np.maximum(one.low, other.low), np.maximum(one.high, other.high))]


def _choosing(fields: list[Box]) -> list[Box]:
    gate, one, other = (_total([field]) for field in fields)
    if not np.all((gate.low == gate.high) & ((gate.low == 0.0) | (gate.low == 1.0))):
        raise Undecided("it is not sure what is chosen")
    ends = zip(one, other, strict=True)
    return [Box(*(np.where(gate.low == 1.0, first, second) for first, second in ends))]


RULES: dict[type, Rule] = {
    Sum: _adding,
    Compare: _comparing,
    LessOrEqual: _stepping,
    MaxNorm: _measuring,
    LargerOf: _keeping_the_larger,
    Choice: _choosing,
}


def _rule_of(kernel: object) -> Rule:
    """How a neuron of this kernel treats boxes."""
    is_plain = isinstance(kernel, Kernel) and not getattr(kernel, "offset", 0.0)
    if not is_plain or type(kernel) not in RULES:
        raise Undecided(f"{type(kernel).__name__} is not followed through boxes")
    return RULES[type(kernel)]
