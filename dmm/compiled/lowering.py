"""Superfluid machines in the terms of the compiled engine.

The coefficients of a superfluid neuron depend on nothing but links between ``:function`` fields.
So each coefficient becomes a small summing neuron of its own, outside the cycles the neuron itself
may be in, and the neuron reads its coefficients as ordinary numbers. One link between ``:function``
fields becomes one link per activation; they share the weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from vvalues import VValue
from vvalues.core.tree import from_leaves

from ..machine.machine import Machine
from ..neurons import (
    FUNCTION,
    Field,
    MixtureKernel,
    NeuronType,
    Sum,
    get_neuron_type,
    neuron_types,
    register,
    repertoire,
)
from ..neurons.superfluid import merged_fields

__all__ = ["Lowered", "lower", "why_not_lowered"]

Path = tuple[str, ...]

COEFFICIENT = register(
    NeuronType(
        "superfluid coefficient",
        (Field("in", is_scalar=True),),
        (Field("out", is_scalar=True),),
        lambda inputs: {"out": inputs["in", ":number"]},
        Sum(),
    )
)


@dataclass
class Lowered:
    """A machine without superfluid neurons, and where its links come from.

    Attributes
    ----------
    machine : Machine
    origin : array
        For every element of the lowered trainable matrix, the element of the original one.
    stopped : frozenset of (neuron type, field)
    """

    machine: Machine
    origin: np.ndarray
    stopped: frozenset[tuple[str, str]]


def is_superfluid(type_name: str) -> bool:
    """Whether neurons of this type are mixtures."""
    return type_name.startswith("superfluid(")


def why_not_lowered(machine: Machine) -> str:
    """Why a machine with superfluid neurons cannot be lowered; empty if it can."""
    mixtures = {kind for kind in machine.neurons.values() if repertoire(kind)}
    if not mixtures:
        return ""
    for kind in mixtures:
        for name in repertoire(kind) or ():
            if is_superfluid(kind) and get_neuron_type(name).kernel is None:
                return f"{kind} mixes {name}, which has no vectorised kernel"
    for matrix in (machine.fixed, machine.trainable):
        for path in matrix.support.paths:
            try:
                list(_lowered_links(machine.neurons, path))
            except ValueError as error:
                return str(error)
    return ""


def lower(machine: Machine, stopped: frozenset[tuple[str, str]]) -> Lowered:
    """The machine in elementary neurons; machines without superfluid neurons stay as they are."""
    if not any(repertoire(kind) for kind in machine.neurons.values()):
        return Lowered(machine, np.arange(machine.trainable.size), stopped)
    neurons: dict[str, str] = {}
    for neuron, kind in machine.neurons.items():
        neurons[neuron] = _lowered_type(kind)
        if is_superfluid(kind):
            for name in repertoire(kind) or ():
                neurons[_holder(neuron, name)] = COEFFICIENT.name
    fixed: dict[Path, float] = {}
    for path, weight in machine.fixed.items():
        fixed.update(dict.fromkeys(_lowered_links(machine.neurons, path), float(weight)))
    leaves: dict[Path, tuple[float, int]] = {}
    for i, (path, weight) in enumerate(machine.trainable.items()):
        for lowered in _lowered_links(machine.neurons, path):
            leaves[lowered] = float(weight), i
    trainable = from_leaves({path: weight for path, (weight, _) in leaves.items()})
    origin = np.array([leaves[path][1] for path in trainable.support.paths], np.intp)
    lowered_machine = replace(
        machine,
        neurons=neurons,
        fixed=from_leaves(fixed),
        trainable=trainable,
        initial=_lowered_initial(machine),
    )
    stopped = frozenset((_lowered_type(kind), field) for kind, field in stopped)
    return Lowered(lowered_machine, origin, stopped)


def _holder(neuron: str, name: str) -> str:
    return f"{neuron} {FUNCTION} {name}"


def _port(name: str) -> str:
    return f"{FUNCTION} {name}"


def _lowered_links(neurons: Mapping[str, str], path: Path) -> Iterator[Path]:
    """The links that one link becomes; ValueError (with the reason) where there are none."""
    receiver, field_in, sender, field_out = path
    own, others = repertoire(neurons[receiver]), repertoire(neurons[sender])
    pulse = neurons[sender].startswith("functions(")
    if not (own and is_superfluid(neurons[receiver]) and field_in == FUNCTION):
        if others and (pulse or field_out == FUNCTION):
            raise ValueError(f"the link {'/'.join(path)} sends functions to an ordinary field")
        yield path
        return
    if not others or (field_out != FUNCTION and not pulse):
        raise ValueError(f"the link {'/'.join(path)} sends an ordinary stream to {FUNCTION}")
    sent = (field_out,) if pulse else others
    for name in sent:
        if name not in own:
            raise ValueError(f"the link {'/'.join(path)} sends {name}, which {receiver!r} lacks")
        origin = (sender, field_out) if pulse else (_holder(sender, name), "out")
        yield (receiver, _port(name), *origin)
        yield (_holder(receiver, name), "in", *origin)


def _lowered_initial(machine: Machine) -> VValue:
    leaves: dict[Path, float | np.ndarray] = {}
    for path, leaf in machine.initial.items():
        if is_superfluid(machine.neurons[path[0]]) and path[1] == FUNCTION:
            leaves[_holder(path[0], path[2]), "out"] = leaf
        else:
            leaves[path] = leaf
    return from_leaves(leaves)


def _lowered_type(type_name: str) -> str:
    """Name of the elementary type for a superfluid or functions type, made where needed."""
    names = repertoire(type_name)
    if not names:
        return type_name
    lowered = f"lowered {type_name}"
    if lowered not in neuron_types():
        register(_mixture(lowered, names) if is_superfluid(type_name) else _pulse(lowered, names))
    return lowered


def _mixture(name: str, names: tuple[str, ...]) -> NeuronType:
    types = [get_neuron_type(each) for each in names]
    reads, writes = merged_fields(types, "reads"), merged_fields(types, "writes")
    coefficients = tuple(Field(_port(each), is_scalar=True) for each in names)
    return NeuronType(
        name, (*reads, *coefficients), writes, _never, MixtureKernel(types, reads, writes)
    )


def _pulse(name: str, names: tuple[str, ...]) -> NeuronType:
    fields = tuple(Field(each, is_scalar=True) for each in names)
    initial = VValue(dict.fromkeys(names, 1.0))
    return NeuronType(name, (), fields, lambda inputs: {}, initial=initial)


def _never(inputs: VValue) -> dict:
    raise AssertionError("lowered neurons are run by the compiled engine only")
