"""Circuits of linear machines modulo a prime: products, sums, and steps that take the prime off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from dmm.machine import Circuit

from ..composition.atoms import constant, exceeds_signal, product_signal
from ..signals import Builder, Signal
from .coordinates import Linear
from .series import Letter

__all__ = ["circuit_of", "links_of"]

MOST_STEPS = 24
"""Multiples of the prime that may have to be taken off."""

MOST_SIGNS = 256
"""Ways to write residues as positive or negative numbers that are looked at."""

Entry = tuple[Letter, int]
"""A letter and the number of the state that it is multiplied by."""


def circuit_of(machine: Linear, sources: Sequence[str], samples: np.ndarray) -> Circuit | None:
    """The circuit of a machine.

    Parameters
    ----------
    machine : Linear
    sources : sequence of str
        Streams, in the order in which letters number them.
    samples : float array (samples, streams)
        All different samples that there are: they bound what has to be taken off.

    Returns
    -------
    Circuit, or None if the prime would have to be taken off too often

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> matrices = {(): np.eye(2, dtype=int), (0,): np.array([[0, 1], [0, 0]])}
    >>> total = Linear(5, matrices, np.array([0, 1]))
    >>> circuit = circuit_of(total, ["stream-x"], np.arange(5.0)[:, None])
    >>> print(sample_equations(circuit, {("output", "dict-1"): "y"}))
    y = y[t-1] + x - 5 (y[t-1] + x > 4.5)
    """
    writer = _Writer(machine, sources, samples)
    for number in range(1, len(machine.told)):
        if not writer.carry(number):
            return None
    answer = writer.answer()
    return None if answer is None else writer.builder.circuit([answer])


def links_of(machine: Linear, samples: np.ndarray) -> float:
    """About how many links the circuit of a machine has.

    Parameters
    ----------
    machine : Linear
    samples : float array (samples, streams)
    """
    columns = (_column(machine, number) for number in range(1, len(machine.told)))
    sums = [_Sum.told(machine), *(_Sum.of(one, samples, machine.prime) for one in columns)]
    return float(sum(one.links for one in sums))


# -------------------- sums of letters times numbers --------------------


def _column(machine: Linear, number: int) -> dict[Entry, int]:
    """What is added up for a number of the state."""
    return {
        (letter, int(i)): int(matrix[i, number])
        for letter, matrix in machine.matrices.items()
        for i in np.flatnonzero(matrix[:, number])
    }


def _signed(column: Mapping[Entry, int], prime: int) -> Iterator[dict[Entry, int]]:
    """Weights as positive or negative numbers."""
    choices = (((w, w - prime) if 2 * w > prime else (w,)) for w in column.values())
    for chosen in islice(product(*choices), MOST_SIGNS):
        yield dict(zip(column, chosen, strict=True))


@dataclass(frozen=True)
class _Sum:
    """Letters times numbers, and the multiples of the prime between which their sum lies."""

    weights: Mapping[Entry, int]
    first: int
    last: int

    @staticmethod
    def of(weights: Mapping[Entry, int], samples: np.ndarray, prime: int) -> _Sum:
        """With bounds for any of these samples in any state."""
        factors: dict[int, np.ndarray] = {0: np.zeros(len(samples))}
        for (letter, i), weight in weights.items():
            values = weight * samples[:, list(letter)].prod(axis=1)
            factors[i] = factors.get(i, 0.0) + values
        low = high = factors.pop(0)
        for factor in factors.values():
            low = low + (prime - 1) * np.minimum(factor, 0.0)
            high = high + (prime - 1) * np.maximum(factor, 0.0)
        return _Sum(weights, int(low.min() // prime), int(high.max() // prime))

    @staticmethod
    def told(machine: Linear) -> _Sum:
        """What is told of a state."""
        weights: dict[Entry, int] = {
            ((), int(i)): int(machine.told[i]) for i in np.flatnonzero(machine.told)
        }
        return _Sum.of(weights, np.zeros((1, 0)), machine.prime)

    @property
    def steps(self) -> int:
        """Multiples of the prime that may have to be taken off."""
        return self.last - self.first

    @property
    def effort(self) -> tuple[int, bool, int]:
        """Steps, whether there is a constant, and how large weights are: least is best."""
        return self.steps, self.first < 0, sum(map(abs, self.weights.values()))

    @property
    def links(self) -> int:
        """Wires of the sum, of its products and of its steps."""
        read = {i for letter, i in self.weights if letter and i}
        gates = sum(bool(letter and i) for letter, i in self.weights)
        terms = len(self.weights) - gates + len(read)
        return terms * (1 + self.steps) + 2 * self.steps + gates + len(read)


# -------------------- as neurons --------------------


class _Writer:
    def __init__(self, machine: Linear, sources: Sequence[str], samples: np.ndarray) -> None:
        self.machine, self.samples = machine, samples
        self.builder = Builder.of(sources)
        self.streams = [Signal.of(source, "stream") for source in sources]
        self.state = [constant()]
        for _ in machine.told[1:]:
            self.state.append(Signal.of(self.builder.new("accum"), "dict"))

    def carry(self, number: int) -> bool:
        """Wire the memory of a number of the state; whether that is possible."""
        column, prime = _column(self.machine, number), self.machine.prime
        signed = (_Sum.of(weights, self.samples, prime) for weights in _signed(column, prime))
        best = min(signed, key=lambda one: one.effort)
        taken_off = self._taken_off(self._sum(best.weights), best)
        if taken_off is None:
            return False
        (memory,) = self.state[number].terms
        self.builder.inputs[memory.neuron, "dict-1"] = self._sum(best.weights)
        self.builder.inputs[memory.neuron, "dict-2"] = taken_off
        return True

    def answer(self) -> Signal | None:
        """What is told of the state."""
        told = _Sum.told(self.machine)
        weighted = (float(weight) * self.state[i] for (_, i), weight in told.weights.items())
        total = sum(weighted, Signal({}))
        taken_off = self._taken_off(total, told)
        return None if taken_off is None else total + taken_off

    def _sum(self, weights: Mapping[Entry, int]) -> Signal:
        """Letters times numbers of the state before, each with a weight."""
        total = Signal({})
        gates: dict[int, Signal] = {}
        for (letter, i), weight in weights.items():
            if not letter:
                total = total + float(weight) * self._before(i)
            elif not i:
                total = total + float(weight) * self._letter(letter)
            else:
                gates[i] = gates.get(i, Signal({})) + float(weight) * self._letter(letter)
        for i, gate in gates.items():
            total = total + product_signal(self.builder, gate, self._before(i))
        return total

    def _before(self, number: int) -> Signal:
        return self.state[number].lagged() if number else constant()

    def _letter(self, letter: Letter) -> Signal:
        signal = self.streams[letter[0]]
        for stream in letter[1:]:
            signal = product_signal(self.builder, signal, self.streams[stream])
        return signal

    def _taken_off(self, total: Signal, of: _Sum) -> Signal | None:
        """What makes a sum its residue, minus the sum; None if it takes too many steps."""
        prime = self.machine.prime
        if of.steps > MOST_STEPS:
            return None
        signal = constant(float(-prime * of.first))
        for multiple in range(of.first + 1, of.last + 1):
            bound = constant(prime * multiple - 0.5)
            signal = signal - float(prime) * exceeds_signal(self.builder, total, bound)
        return signal
