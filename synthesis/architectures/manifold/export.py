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
from vvalues import VValue

from .model import Manifold
from .structure.evaluation import SLOPE
from .structure.layout import checked_inputs

__all__ = ["as_machine", "held_streams", "observed_outputs", "ticks_of"]

CONSTANT = "const_1"


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
    layout = model.layout
    links = model.links(parameters)
    buffer = np.array(parameters.buffer)
    values = np.asarray(links.values)
    schedule = links.schedule
    build = _Builder()
    read = schedule.read
    for row, receiver in enumerate(layout.receivers):
        if row >= layout.n_hidden:
            build.output(receiver, model.squared)
        elif read[layout.n_inputs + row]:
            build.leaky(receiver, keep_sum=False)
    for row, column, value in zip(
        schedule.rows.tolist(), schedule.columns.tolist(), values.tolist(), strict=True
    ):
        is_output = row >= layout.n_hidden
        if not is_output and not read[layout.n_inputs + row]:
            continue
        receiver, sender = layout.receivers[row], layout.senders[column]
        build.trainable[build.field(receiver, is_output, model.squared)][
            _sent_by(build, model, buffer, column, sender, is_output)
        ] = value
    if layout.has_link_weights:
        for row, receiver in enumerate(layout.receivers):
            if receiver in build.neurons:
                is_output = row >= layout.n_hidden
                build.bias(
                    build.field(receiver, is_output, model.squared), buffer[layout.bias_at[row]]
                )
    return build.machine(name)


def _sent_by(
    build: _Builder, model: Manifold, buffer: np.ndarray, column: int, sender: str, to_output: bool
) -> tuple[str, str]:
    """The port that carries what a sender gives to hidden neurons, or to outputs."""
    layout = model.layout
    is_input = column < layout.n_inputs
    if is_input:
        build.neurons[sender] = "stream"
    if layout.has_link_weights:
        return (sender, "stream") if is_input else (f"{sender}>", "dict")
    total = f"{sender}*"  # gain times what the sender is, plus bias
    if total not in build.neurons:
        build.leaky(total, keep_sum=True)
        port = (sender, "stream") if is_input else (sender, "dict")
        if not is_input:
            build.neurons[sender] = "identity"
        build.trainable[total, "dict"][port] = buffer[layout.gain_at[column]]
        build.bias((total, "dict"), buffer[layout.bias_at[column]])
    return (total, "dict") if to_output else (f"{total}>", "dict")


class _Builder:
    """Neurons and links while a machine is being put together."""

    def __init__(self) -> None:
        self.neurons: dict[str, str] = {CONSTANT: CONSTANT}
        self.fixed: dict[str, Any] = {}
        self.trainable: _Ports = _Ports()

    def leaky(self, name: str, keep_sum: bool) -> None:
        """A neuron that sums, and two more that make a leaky unit of it."""
        self.neurons |= {name: "identity", f"{name}+": "relu", f"{name}>": "identity"}
        self.fixed[f"{name}+"] = {"dict": {name: {"dict": 1.0}}}
        mixture = {name: {"dict": SLOPE}, f"{name}+": {"dict": 1.0 - SLOPE}}
        self.fixed[f"{name}>"] = {"dict": mixture}

    def output(self, name: str, squared: bool) -> None:
        """A sink; with a squaring neuron before it in source mode."""
        self.neurons[name] = "output"
        if squared:
            self.neurons[f"{name}^"] = "square"
            self.fixed[name] = {"dict-1": {f"{name}^": {"dict": 1.0}}}

    def field(self, name: str, is_output: bool, squared: bool) -> tuple[str, str]:
        """Where a neuron receives."""
        if is_output:
            return (f"{name}^", "dict") if squared else (name, "dict-1")
        return name, "dict"

    def bias(self, port: tuple[str, str], value: float) -> None:
        """A link from the constant."""
        self.trainable[port][CONSTANT, CONSTANT] = float(value)

    def machine(self, name: str) -> Machine:
        """The machine."""
        tree: dict[str, Any] = {}
        for (receiver, field_in), senders in self.trainable.items():
            branch = tree.setdefault(receiver, {}).setdefault(field_in, {})
            for (sender, field_out), value in senders.items():
                branch.setdefault(sender, {})[field_out] = float(value)
        return Machine(self.neurons, VValue(self.fixed), VValue(tree), name)


class _Ports(dict):
    """Receiving port -> {sending port: weight}."""

    def __missing__(self, port: tuple[str, str]) -> dict[tuple[str, str], float]:
        self[port] = {}
        return self[port]


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
