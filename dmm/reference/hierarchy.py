"""A whole machine as one neuron, with its own inner time.

The inner state is part of the neuron's output, kept by a self-link like all memory, so the neuron
stays a pure function and everything remains differentiable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vvalues import VValue, assemble

from ..machine.machine import Machine
from ..neurons import STATE, Field, InnerMachine, NeuronType, register
from .engine import initial_state, network_matrix, two_stroke_cycle

__all__ = ["STATE", "machine_neuron"]


def machine_neuron(
    name: str,
    machine: Machine,
    *,
    reads: Mapping[str, str],
    writes: Mapping[str, tuple[str, str]],
    inner_ticks: int = 1,
) -> NeuronType:
    """Register a neuron type that runs a machine.

    Parameters
    ----------
    name : str
        Of the new type.
    machine : Machine
        The inner machine; a machine that holds its own matrix may be used too.
    reads : mapping of field name to inner neuron
        Each inner neuron is a ``stream`` source; during all inner ticks of an outer tick it emits
        what arrives at the field.
    writes : mapping of field name to (inner neuron, input field)
        What the new neuron emits: the inner inputs at the last inner tick.
    inner_ticks : int
        Two-stroke cycles of the inner machine per outer tick.

    Returns
    -------
    NeuronType
        With the fields of ``reads`` and ``writes``, and a fixed self-link on ``:state``.

    Raises
    ------
    ValueError
        If an inner port does not exist or ``inner_ticks`` is less than 1.

    References
    ----------
    arXiv:1712.07447, section 2 (a neuron may run a subnetwork); wished for, not built, by the
    authors: inner time faster than outer time.

    Examples
    --------
    >>> from dmm import Machine, run, streams_from_trees
    >>> links = {"sum": {"dict-1": {"sum": {"dict": 1}}, "dict-2": {"in": {"stream": 1}}},
    ...          "output": {"dict-1": {"sum": {"dict": 1}}}}
    >>> inner = Machine({"in": "stream", "sum": "accum", "output": "output"}, VValue(links))
    >>> neuron_type = machine_neuron("adds three times", inner, reads={"dict": "in"},
    ...                       writes={"dict": ("output", "dict-1")}, inner_ticks=3)
    >>> outer = Machine({"a": "stream", "b": "adds three times"},
    ...     VValue({"b": {"dict": {"a": {"stream": 1}}, ":state": {"b": {":state": 1}}}}))
    >>> ones = streams_from_trees({"a": [[VValue({"x": 1.0})] * 4]})
    >>> [tree["b", "dict", "x"] for tree in run(outer, ones).outputs]
    [0.0, 1.0, 4.0, 7.0]
    """
    if inner_ticks < 1:
        raise ValueError(f"inner_ticks is {inner_ticks}; a machine runs at least 1 per outer tick")
    _check_ports(name, machine, reads, writes)

    def activation(inputs: VValue) -> dict[str, Any]:
        outputs = inputs.subtree(STATE)
        sources = {inner: [inputs.subtree(field)] * inner_ticks for field, inner in reads.items()}
        seen = VValue()
        for tick in range(inner_ticks):
            matrix = network_matrix(machine, outputs)
            seen, outputs = two_stroke_cycle(machine, matrix, outputs, sources, (), tick)
        emitted = {field: seen.subtree(port) for field, port in writes.items()}
        return {**emitted, STATE: outputs}

    return register(
        NeuronType(
            name,
            tuple(map(Field, (*reads, STATE))),
            tuple(map(Field, (*writes, STATE))),
            activation,
            is_alive="always",
            fixed_links=((STATE, "", STATE),),
            source="arXiv:1712.07447, section 2",
            initial=assemble({(STATE,): initial_state(machine)}),
            inner=InnerMachine(machine, dict(reads), dict(writes), inner_ticks),
        )
    )


def _check_ports(
    name: str,
    machine: Machine,
    reads: Mapping[str, str],
    writes: Mapping[str, tuple[str, str]],
) -> None:
    for field, inner in reads.items():
        if machine.neurons.get(inner) != "stream":
            raise ValueError(
                f"type {name!r}: field {field!r} is to feed the inner neuron {inner!r}, which is "
                f"{machine.neurons.get(inner, 'not there')}; it must be of the type 'stream'"
            )
    for field, (inner, port) in writes.items():
        known = inner in machine.neurons and machine.type_of(inner).read_field(port)
        if not known:
            raise ValueError(
                f"type {name!r}: field {field!r} is to emit the inner input {inner}/{port}, "
                "which the machine does not have"
            )
