"""The reference engine: the two-stroke cycle, literally, on V-values.

Short and obviously right; slow, and the judge of the compiled engine. Every function is
differentiable by autograd with respect to the network matrix, also when the machine holds its
matrix itself and edits it while running.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from autograd.tracer import getval

from vvalues import VValue, apply_matrix, assemble, put, restrict, stop_gradient

from ..machine.coercions import coerced
from ..machine.machine import Machine, initial_outputs, type_from_name
from ..machine.streams import Streams
from ..neurons import NeuronType, get_neuron_type, known_types, neuron_types
from ..neurons.fields import names_of

__all__ = [
    "Trace",
    "down_movement",
    "initial_state",
    "network_matrix",
    "run",
    "two_stroke_cycle",
    "up_movement",
]

StoppedPaths = Collection[tuple[str, str]]
"""``(neuron type, field)`` pairs whose inputs pass no gradient."""

Sources = Mapping[str, Sequence[VValue]]
"""External streams by source neuron: a V-value per tick."""


class Trace(NamedTuple):
    """What one string did: per tick the V-values of all inputs and of all outputs.

    Examples
    --------
    >>> from dmm.zoo import pure_oscillator
    >>> trace = run(pure_oscillator(), ticks=4)
    >>> len(trace.inputs)
    4
    >>> [outputs["self", "out", "self", "b", "held-1", "single"] for outputs in trace.outputs]
    [-1.0, 1.0, -1.0, 1.0]
    """

    inputs: list[VValue]
    outputs: list[VValue]


# -------------------- the two strokes --------------------


def down_movement(matrix: VValue, outputs: VValue, machine: Machine | None = None) -> VValue:
    """Inputs of all neurons as linear combinations of outputs.

    Parameters
    ----------
    matrix : VValue, depth 4, receiving neuron / field / sending neuron / field -> weight
    outputs : VValue, neuron / field / stream
    machine : Machine, optional
        Needed only where links join different kinds of streams: its types say which.

    Returns
    -------
    VValue, neuron / field / stream

    Notes
    -----
    Bilinear in matrix and outputs. Cost: links times elements per stream.

    References
    ----------
    arXiv:1712.07447, section 3; github jsa-aerial/DMM, ``src/dmm/core.clj``, ``down-movement``.

    Examples
    --------
    >>> matrix = VValue({"norm": {"dict": {"input": {"char": 2.0}}}})
    >>> down_movement(matrix, VValue({"input": {"char": {"a": 1.0}}}))
    VValue({'norm': {'dict': {'a': 2.0}}})
    """
    if machine is not None:
        matrix, outputs = coerced(machine.neurons, matrix, outputs)
    return apply_matrix(matrix, outputs, 2)


def up_movement(
    machine: Machine,
    inputs: VValue,
    sources: Sources,
    stopped: StoppedPaths = (),
    tick: int = 0,
    neurons: Mapping[str, str] | None = None,
) -> VValue:
    """Outputs of all neurons (neuron / field / stream) from their inputs.

    Parameters
    ----------
    machine : Machine
    inputs : VValue, neuron / field / stream
    sources : mapping of source neuron to V-values, one per tick
    stopped : collection of (neuron type, field)
    tick : int
        Number of the tick, from 0.
    neurons : mapping of neuron name to type name, optional
        The active neurons; all of the machine's when omitted.

    Raises
    ------
    ValueError, TypeError
        What an activation raises, with the neuron, its type and the tick in front; and for an
        output field that the type does not declare.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> letters = VValue({"norm": {"dict": {"a": 3.0, "b": -5.0}}})
    >>> up_movement(duplicate_detector(), letters, {}, neurons={"norm": "norm"})
    VValue({'norm': {'norm': 5.0}})
    """
    outputs = {}
    for neuron, type_name in (machine.neurons if neurons is None else neurons).items():
        neuron_type = get_neuron_type(type_name)
        mine = inputs.subtree(neuron)
        for stopped_type, field in stopped:
            if stopped_type == neuron_type.name:
                mine = put(mine, field, stop_gradient(mine.subtree(field)))
        external = _external(neuron_type, sources.get(neuron, ()), tick)
        for field, stream in _fire(neuron, neuron_type, mine, external, tick).items():
            outputs[neuron, field] = stream
    return assemble(outputs)


def _fire(
    neuron: str, neuron_type: NeuronType, inputs: VValue, external: tuple, tick: int
) -> Mapping[str, Any]:
    """What one neuron emits."""
    try:
        streams = neuron_type.activation(inputs, *external)
    except (ValueError, TypeError) as error:
        raise type(error)(
            f"neuron {neuron!r} ({neuron_type.name}) at tick {tick}: {error}"
        ) from error
    for field in streams:
        if neuron_type.written_field(field) is None:
            raise ValueError(
                f"neuron {neuron!r} ({neuron_type.name}) at tick {tick} emits the field {field!r}; "
                f"its type declares {names_of(neuron_type.writes)}"
            )
    return streams


def _external(neuron_type: NeuronType, stream: Sequence[VValue], tick: int) -> tuple:
    """What a source is given besides its inputs."""
    if not neuron_type.is_source:
        return ()
    if neuron_type.reads:
        return (stream,)
    return (stream[tick] if tick < len(stream) else VValue(),)


def two_stroke_cycle(
    machine: Machine,
    matrix: VValue,
    outputs: VValue,
    sources: Sources,
    stopped: StoppedPaths = (),
    tick: int = 0,
) -> tuple[VValue, VValue]:
    """One tick (numbered from 0): down, then up movement; returns ``(inputs, outputs)``.

    Examples
    --------
    >>> from dmm.zoo import pure_oscillator
    >>> machine = pure_oscillator()
    >>> inputs, outputs = two_stroke_cycle(machine, machine.matrix, initial_state(machine), {})
    >>> sorted({path[0] for path in outputs})
    ['held-1', 'self']
    """
    try:
        inputs = down_movement(matrix, outputs, machine)
    except ValueError as error:
        raise ValueError(f"down movement at tick {tick}: {error}") from error
    active = active_neurons(machine, matrix)
    return inputs, up_movement(machine, inputs, sources, stopped, tick, active)


# -------------------- the matrix, external or held by a neuron --------------------


def active_neurons(machine: Machine, matrix: VValue) -> Mapping[str, str]:
    """Names and types of the neurons that fire under a network matrix.

    With an external matrix these are all neurons of the machine. A machine that holds its own
    matrix can grow: the active neurons are those with a row, and those that read nothing. A row
    for a new name makes a new neuron, of the type in its name up to the first ``-``.

    Raises
    ------
    ValueError
        If a new name has no known type.
    """
    if machine.matrix_port is None:
        return machine.neurons
    active = {n: kind for n, kind in machine.neurons.items() if not get_neuron_type(kind).reads}
    for path in getval(matrix).support.paths:
        neuron = path[0]
        if neuron not in active:
            active[neuron] = machine.neurons.get(neuron) or _type_of_newcomer(neuron, path)
    return active


def _type_of_newcomer(neuron: str, path: tuple[str, ...]) -> str:
    type_name = type_from_name(neuron)
    if type_name not in neuron_types():
        raise ValueError(
            f"the link {'/'.join(path)} of the running network matrix would make a new neuron "
            f"{neuron!r} of the type {type_name!r} (its name up to the first '-'), which is "
            f"unknown; {known_types()}"
        )
    return type_name


def initial_state(machine: Machine, trainable: VValue | None = None) -> VValue:
    """What all neurons emitted before the first tick (neuron / field / stream).

    Parameters
    ----------
    machine : Machine
    trainable : VValue, optional
        In place of the machine's own; may be traced by autograd.

    Examples
    --------
    >>> from dmm.zoo import event_log
    >>> initial_state(event_log())["log", "self", "end-list"]
    1.0
    """
    outputs = initial_outputs(machine)
    if machine.matrix_port is None:
        return outputs
    return outputs + put(VValue(), machine.matrix_port, _whole_matrix(machine, trainable))


def network_matrix(machine: Machine, outputs: VValue) -> VValue:
    """The matrix of the next down movement: external, or the latest output of the matrix port."""
    if machine.matrix_port is None:
        return _whole_matrix(machine, None)
    return outputs.subtree(machine.matrix_port)


def _whole_matrix(machine: Machine, trainable: VValue | None) -> VValue:
    trainable = machine.trainable if trainable is None else trainable
    # The sum with the fixed part would give gradients for the fixed links too; what learns is the
    # trainable matrix on its own support.
    return machine.fixed + restrict(trainable, getval(trainable).support)


# -------------------- runs --------------------


def run(
    machine: Machine,
    streams: Streams | None = None,
    ticks: int | None = None,
    *,
    trainable: VValue | None = None,
    string: int = 0,
    stopped: StoppedPaths = (),
) -> Trace:
    """Run a machine on one string from its initial state.

    Parameters
    ----------
    machine : Machine
    streams : Streams, optional
        Input streams; ``string`` chooses one of the batch.
    ticks : int, optional
        Number of cycles; the length of the streams when omitted.
    trainable : VValue, optional
        Trainable matrix in place of the machine's own; may be traced by autograd.
    string : int
    stopped : collection of (neuron type, field)
        Inputs through which no gradient flows. ``[("accum", "dict-1")]`` gives the gradient of
        the published Julia run, which lost the path through the accumulators.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        If the number of ticks is not known; and where a link or a neuron cannot work on the
        streams it meets (the message names tick, neuron, field).

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> seen = run(duplicate_detector(), text_streams("aa.", 30)).inputs
    >>> [seen[tick]["output", "dict-1", ":number"] for tick in (5, 25)]  # no letter twice; one
    [0.0, 1.0]
    """
    if ticks is None:
        if streams is None:
            raise ValueError("ticks is missing: give it, or streams that have a length")
        ticks = streams.ticks
    sources = {}
    if streams is not None:
        sources = {name: streams.trees(name, string) for name in streams.arrays}
    outputs = initial_state(machine, trainable)
    external = None if machine.matrix_port else _whole_matrix(machine, trainable)
    trace = Trace([], [])
    for tick in range(ticks):
        matrix = network_matrix(machine, outputs) if external is None else external
        inputs, outputs = two_stroke_cycle(machine, matrix, outputs, sources, stopped, tick)
        trace.inputs.append(inputs)
        trace.outputs.append(outputs)
    return trace
