"""A found network as a dataflow matrix machine.

Its trainable links are the living links that matter to an output, a bias of every neuron, and with
shared weights the weight of every sending neuron: so there are more of them than living links.

A leaky unit is ``0.2 x + 0.8 relu(x)``: neuron ``hidden-3`` sums, ``hidden-3+`` rectifies,
``hidden-3>`` sends the mixture. A link takes one tick, so inputs are held until the signal has
passed all levels (`ticks_of`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dmm import Machine, Streams
from vvalues import Path, VValue
from vvalues.core import from_leaves

from .model import Manifold
from .structure.evaluation import SLOPE
from .structure.layout import checked_inputs

__all__ = ["as_machine", "held_streams", "observed_outputs", "ticks_of"]

CONSTANT = "const_1"
ONE = (CONSTANT, CONSTANT)  # the port of the constant


def as_machine(model: Manifold, parameters: VValue, name: str = "manifold") -> Machine:
    """The network at these parameters; neurons that no output reads are left out.

    Trainable are the living links between the others, their biases (links from the constant), and
    with shared weights the weight of every sending neuron.

    Parameters
    ----------
    model : Manifold
    parameters : VValue
    name : str

    Examples
    --------
    >>> model = Manifold(2, 1, 1)
    >>> machine = as_machine(model, model.initial(np.random.default_rng(0)))
    >>> len(machine.neurons), machine.name
    (16, 'manifold')
    """
    layout, links = model.layout, model.links(parameters)
    schedule, values = links.schedule, np.asarray(links.values)
    build = _Builder(model, parameters)
    for row, receiver in enumerate(layout.receivers):
        if row >= layout.n_hidden:
            build.output(receiver)
        elif schedule.read[layout.n_inputs + row]:
            build.leaky(receiver)
    for row, column, value in zip(
        schedule.rows.tolist(), schedule.columns.tolist(), values.tolist(), strict=True
    ):
        if layout.receivers[row] in build.neurons:
            sent = build.sent_by(column, to_output=row >= layout.n_hidden)
            build.trainable[build.port(row) + sent] = value
    if layout.has_link_weights:
        for row, receiver in enumerate(layout.receivers):
            if receiver in build.neurons:
                build.bias(build.port(row), layout.bias_at[row])
    return Machine(build.neurons, VValue(build.fixed), from_leaves(build.trainable), name)


class _Builder:
    """Neurons and links while a machine is being put together."""

    def __init__(self, model: Manifold, parameters: VValue) -> None:
        self.layout, self.squared, self.buffer = model.layout, model.squared, parameters.buffer
        self.neurons: dict[str, str] = {CONSTANT: CONSTANT}
        self.fixed: dict[str, Any] = {}
        self.trainable: dict[Path, float] = {}

    def leaky(self, name: str) -> None:
        """A neuron that sums, and two more that make a leaky unit of it."""
        self.neurons |= {name: "identity", f"{name}+": "relu", f"{name}>": "identity"}
        self.fixed[f"{name}+"] = {"dict": {name: {"dict": 1.0}}}
        mixture = {name: {"dict": SLOPE}, f"{name}+": {"dict": 1.0 - SLOPE}}
        self.fixed[f"{name}>"] = {"dict": mixture}

    def output(self, name: str) -> None:
        """A sink; with a squaring neuron before it in source mode."""
        self.neurons[name] = "output"
        if self.squared:
            self.neurons[f"{name}^"] = "square"
            self.fixed[name] = {"dict-1": {f"{name}^": {"dict": 1.0}}}

    def port(self, row: int) -> tuple[str, str]:
        """Where a neuron receives."""
        name = self.layout.receivers[row]
        if row < self.layout.n_hidden:
            return name, "dict"
        return (f"{name}^", "dict") if self.squared else (name, "dict-1")

    def bias(self, port: tuple[str, str], at: int) -> None:
        """A link from the constant, its weight an element of the parameters."""
        self.trainable[port + ONE] = float(self.buffer[at])

    def sent_by(self, column: int, to_output: bool) -> tuple[str, str]:
        """The port that carries what a sender gives to hidden neurons, or to outputs."""
        layout, sender = self.layout, self.layout.senders[column]
        is_input = column < layout.n_inputs
        if is_input:
            self.neurons[sender] = "stream"
        if layout.has_link_weights:
            return (sender, "stream") if is_input else (f"{sender}>", "dict")
        total = f"{sender}*"  # gain times what the sender is, plus bias
        if total not in self.neurons:
            self.leaky(total)
            port, into = (sender, "stream" if is_input else "dict"), (total, "dict")
            if not is_input:
                self.neurons[sender] = "identity"
            self.trainable[into + port] = float(self.buffer[layout.gain_at[column]])
            self.bias(into, layout.bias_at[column])
        return (total, "dict") if to_output else (f"{total}>", "dict")


# -------------------- running it --------------------


def ticks_of(model: Manifold, parameters: VValue) -> int:
    """Ticks after which the outputs of the machine do not change any more.

    Examples
    --------
    >>> model = Manifold(2, 4, 1)
    >>> ticks_of(model, model.initial(np.random.default_rng(0)))
    16
    """
    return 4 * (model.links(parameters).schedule.n_levels + 2)


def held_streams(model: Manifold, machine: Machine, inputs: np.ndarray, ticks: int) -> Streams:
    """Inputs (samples, inputs), one string per sample, held for all ticks.

    Examples
    --------
    >>> model = Manifold(2, 1, 1)
    >>> machine = as_machine(model, model.initial(np.random.default_rng(0)))
    >>> streams = held_streams(model, machine, np.array([[1.0, 2.0]]), ticks=4)
    >>> len(streams), streams.ticks, sorted(streams.arrays)
    (1, 4, ['input-0', 'input-1'])
    """
    inputs = checked_inputs(inputs, model.layout.n_inputs)
    arrays = {
        name: np.tile(np.asarray(inputs[:, j, None], dtype=np.float64), (ticks, 1, 1))
        for j, name in enumerate(model.layout.senders[: model.layout.n_inputs])
        if name in machine.neurons
    }
    # Said outright, not found from the arrays: a network may read no input at all.
    return Streams((((),),) * len(inputs), arrays, ticks)


def observed_outputs(model: Manifold) -> list[tuple[str, str]]:
    """The ports of the machine that are the model's predictions.

    Examples
    --------
    >>> observed_outputs(Manifold(2, 1, 3))
    [('output-0', 'dict-1'), ('output-1', 'dict-1'), ('output-2', 'dict-1')]
    """
    return [(name, "dict-1") for name in model.layout.receivers[model.layout.n_hidden :]]
