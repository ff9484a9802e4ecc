"""The reference engine: the two-stroke cycle, literally, on V-values.

Short and obviously right; slow, and the judge of the compiled engine. Every function is
differentiable by autograd with respect to the network matrix.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from vvalues import VValue, apply_matrix, assemble, put, restrict, stop_gradient

from .machine import Machine
from .neurons import NeuronType
from .streams import Streams

__all__ = ["Trace", "down_movement", "run", "two_stroke_cycle", "up_movement"]

StoppedPaths = Collection[tuple[str, str]]
"""``(neuron type, field)`` pairs whose inputs pass no gradient."""


class Trace(NamedTuple):
    """What one string did: per tick the V-values of all inputs and of all outputs."""

    inputs: list[VValue]
    outputs: list[VValue]


def down_movement(matrix: VValue, outputs: VValue) -> VValue:
    """Inputs of all neurons (neuron / field / stream) as linear combinations of outputs."""
    return apply_matrix(matrix, outputs, 2)


def up_movement(
    machine: Machine,
    inputs: VValue,
    sources: Mapping[str, Sequence[VValue]],
    stopped: StoppedPaths = (),
    tick: int = 0,
) -> VValue:
    """Outputs of all neurons (neuron / field / stream) from their inputs."""
    outputs = {}
    for neuron in machine.neurons:
        kind = machine.type_of(neuron)
        mine = inputs.subtree(neuron)
        for type_name, field in stopped:
            if type_name == kind.name:
                mine = put(mine, field, stop_gradient(mine.subtree(field)))
        external = _external(kind, sources.get(neuron, ()), tick)
        for field, stream in kind.activation(mine, *external).items():
            outputs[neuron, field] = stream
    return assemble(outputs)


def _external(kind: NeuronType, stream: Sequence[VValue], tick: int) -> tuple:
    """What a source is given besides its inputs."""
    if not kind.is_source:
        return ()
    if kind.reads:
        return (stream,)
    return (stream[tick] if tick < len(stream) else VValue(),)


def two_stroke_cycle(
    machine: Machine,
    matrix: VValue,
    outputs: VValue,
    sources: Mapping[str, Sequence[VValue]],
    stopped: StoppedPaths = (),
    tick: int = 0,
) -> tuple[VValue, VValue]:
    """One tick (numbered from 0): down, then up movement; returns ``(inputs, outputs)``."""
    inputs = down_movement(matrix, outputs)
    return inputs, up_movement(machine, inputs, sources, stopped, tick)


def run(
    machine: Machine,
    streams: Streams | None = None,
    ticks: int | None = None,
    *,
    trainable: VValue | None = None,
    string: int = 0,
    stopped: StoppedPaths = (),
) -> Trace:
    """Run a machine on one string from the empty state.

    Parameters
    ----------
    machine : Machine
    streams : Streams, optional
        Input streams; ``string`` chooses one of the batch.
    ticks : int, optional
        Number of cycles; the length of the streams when omitted.
    trainable : VValue, optional
        Trainable matrix in place of the machine's own; may be traced by autograd.
    stopped : collection of (neuron type, field)
        Inputs through which no gradient flows. ``[("accum", "dict-1")]`` gives the gradient of
        the published Julia run, which lost the path through the accumulators.
    """
    if ticks is None:
        if streams is None:
            raise ValueError("ticks is missing: give it, or streams that have a length")
        ticks = streams.ticks
    sources = {}
    if streams is not None:
        sources = {name: streams.trees(name, string) for name in streams.arrays}
    trainable = machine.trainable if trainable is None else trainable
    # The sum with the fixed part would give gradients for the fixed links too; what learns is the
    # trainable matrix on its own support.
    matrix = machine.fixed + restrict(trainable, trainable.support)
    outputs = VValue()
    trace = Trace([], [])
    for tick in range(ticks):
        inputs, outputs = two_stroke_cycle(machine, matrix, outputs, sources, stopped, tick)
        trace.inputs.append(inputs)
        trace.outputs.append(outputs)
    return trace


def as_outputs(streams: Mapping[str, Any]) -> VValue:
    """One neuron's outputs (field / stream) from what its activation returned."""
    return assemble(dict(streams))
