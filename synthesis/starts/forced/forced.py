"""The start that descends: small random machines, taught by the answers of the data.

In every sample the past answers are known, so that a machine is a table without time: inputs,
earlier inputs and past answers, and what is asked beside them. Small dense machines are trained on
it from random weights, the smallest first; what gives the whole table loses the links that it can
do without. In the circuit its own answers take the place of those of the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dmm import Machine
from dmm.machine import Circuit
from dmm.machine.wiring import links_into

from ...problems import Problem
from ...verdicts import is_simple
from ..composition.atoms import constant
from ..composition.start import NEEDED
from ..proposal import Proposal
from ..signals import Builder, Signal
from .taught import Column, tables
from .trained import CONST, PORTS, Descent, Space

__all__ = ["Forced"]

TYPES = ("compare", "norm")
"""Neurons that scale with what they read."""

SPACES = (Space(1, 1), Space(1, 2), Space(2, 2), Space(1, 5), Space(2, 4))


@dataclass(frozen=True)
class Forced:
    """Circuits found by descent from random weights, their past answers taught in.

    Attributes
    ----------
    spaces : tuple of Space
        In this order.
    most : int
        Circuits that are proposed; one of simple weights is the last.
    most_tables : int
        Choices of columns that are looked at in all spaces but the first.
    seed : int
        Of the random weights.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.problems import Problem
    >>> x = np.random.default_rng(0).integers(0, 2, (12, 8))
    >>> problem = Problem.of(to_strings(x, x.cumsum(axis=1) % 2)[0])
    >>> first = next(Forced().propose(problem, ("compare",)))
    >>> print(first.origin)
    forced: 1 layer of 1 on stream-x, answer-0 1 ago
    """

    name = "forced"

    spaces: tuple[Space, ...] = SPACES
    most: int = 3
    most_tables: int = 6
    seed: int = 0

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits that give all training samples, their past answers taught in."""
        types = tuple(name for name in TYPES if name in vocabulary)
        is_wide = problem.n_outputs > len(PORTS)
        if not types or is_wide or not all(map(problem.is_numeric, problem.sources)):
            return
        allowed = {*vocabulary, *NEEDED}
        rng = np.random.default_rng(self.seed)
        taught, found = list(tables(problem)), 0
        for space in self.spaces:
            # Descent in the smallest space takes little time.
            looked_at = taught if space == self.spaces[0] else taught[: self.most_tables]
            for table in looked_at:
                machine = Descent(table, space, types, rng).machine()
                if machine is None:
                    continue
                circuit = closed(machine, table.columns, problem)
                if not allowed.issuperset(circuit.neurons.values()):
                    continue  # a sum with its own past is an accumulator
                origin = f"{self.name}: {_told(space)} on {', '.join(map(_named, table.columns))}"
                yield Proposal(circuit, origin)
                found += 1
                if found == self.most or _is_simple(machine):
                    return


def _is_simple(machine: Machine) -> bool:
    """Whether a person would write all weights without rounding them."""
    return all(map(is_simple, machine.trainable.buffer))


def _told(space: Space) -> str:
    layers = "1 layer" if space.layers == 1 else f"{space.layers} layers"
    return f"{layers} of {space.copies}"


def _named(column: Column) -> str:
    return f"{column.name} {column.lag} ago" if column.lag else column.name


def closed(machine: Machine, columns: tuple[Column, ...], problem: Problem) -> Circuit:
    """The circuit of a machine that answers rows, with its own answers as past ones.

    Parameters
    ----------
    machine : Machine
        A layered one whose streams ``stream-00`` ... are the columns.
    columns : tuple of Column
    problem : Problem
    """
    builder = Builder.of(problem.sources)
    signals = {CONST: constant()}
    for i, column in enumerate(columns):
        signals[f"stream-{i:02d}", "stream"] = column.signal
    for neuron in sorted(machine.neurons, key=_layer):
        read: dict[str, Signal] = {}
        for path in links_into(machine, neuron):
            weight = float(machine.trainable[path])
            sent = signals.get((path[2], path[3]), Signal({}))
            read[path[1]] = read.get(path[1], Signal({})) + weight * sent
        if read and neuron != "output":
            built = builder.reading(machine.neurons[neuron], read)
            for field in machine.type_of(neuron).writes:
                signals[neuron, field.name] = Signal.of(built, field.name)
    answers = PORTS[: problem.n_outputs]
    return builder.circuit([read.get(field, Signal({})) for _, field in answers])


def _layer(neuron: str) -> int:
    """Of a neuron ``TYPE-LAYER-NUMBER``; sources are before all, the output is behind."""
    if neuron == "output":
        return 10**6
    parts = neuron.split("-")
    return int(parts[1]) if len(parts) == 3 else 0
