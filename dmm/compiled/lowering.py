"""A machine in the terms of the compiled engine, or why that engine cannot have it.

What is to be lowered are superfluid neurons. Their coefficients depend on nothing but links between
``:function`` fields. So each coefficient becomes a small summing neuron of its own, outside the
cycles the neuron itself may be in, and the neuron reads its coefficients as ordinary numbers. One
link between ``:function`` fields becomes one link per activation; they share the weight.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from vvalues import Path, VValue, format_path
from vvalues.core.tree import from_leaves

from ..machine.coercions import coerced_links
from ..machine.machine import Machine
from ..machine.wiring import links_into, reach
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
from .unrolled import CannotLower, sees_whole_runs, with_unrolled_memories

__all__ = ["Lowered", "Reason", "clockwork", "in_elementary_neurons", "lower"]

COEFFICIENT = register(
    NeuronType(
        "superfluid coefficient",
        (Field("in", is_scalar=True),),
        (Field("out", is_scalar=True),),
        lambda inputs: {"out": inputs["in", ":number"]},
        Sum(),
    )
)


@dataclass(frozen=True)
class Lowered:
    """A machine of neurons that have kernels, and where its links come from.

    Attributes
    ----------
    original : Machine
    machine : Machine
        Without superfluid neurons and without memories that a neuron holds for itself.
    origin : array
        For every element of the lowered trainable matrix, the element of the original one.
    stopped : frozenset of (neuron type, field) whose inputs pass no gradient

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> lowered = lower(duplicate_detector())
    >>> lowered.origin.tolist()  # nothing was to be lowered
    [0, 1, 2, 3, 4, 5, 6, 7]
    """

    original: Machine
    machine: Machine
    origin: np.ndarray
    stopped: frozenset[tuple[str, str]]

    @property
    def is_stepwise(self) -> bool:
        """Whether it can be run tick by tick, from any state."""
        return not any(map(sees_whole_runs, self.machine.neurons.values()))


class Reason(str):
    """Why the compiled engine cannot run a machine, in words.

    Examples
    --------
    >>> from dmm.zoo import wave
    >>> f"on the reference engine, as {lower(wave())}"
    'on the reference engine, as the network matrix is held by self/single'
    """


def lower(machine: Machine, stopped: Collection[tuple[str, str]] = ()) -> Lowered | Reason:
    """The machine in elementary neurons, or why the compiled engine leaves it to the reference.

    Parameters
    ----------
    machine : Machine
    stopped : collection of (neuron type, field)
        Inputs that pass no gradient.

    Examples
    --------
    >>> from dmm.zoo import wave
    >>> mixing = Machine({"x": "stream", "mix": "superfluid(relu,tanh)"})
    >>> list(lower(mixing).machine.neurons)  # a summing neuron per coefficient
    ['x', 'mix', 'mix :function relu', 'mix :function tanh']
    >>> lower(wave())
    'the network matrix is held by self/single'
    """
    if machine.matrix_port is not None:
        return Reason(f"the network matrix is held by {'/'.join(machine.matrix_port)}")
    try:
        lowered = in_elementary_neurons(machine, frozenset(stopped))
        lowered = _unrolled(lowered)
    except CannotLower as error:
        return Reason(error)
    missing = _without_kernel(lowered.machine)
    if missing:
        return Reason(f"neuron types without a vectorised kernel: {', '.join(missing)}")
    for matrix in (machine.fixed, machine.trainable):
        for path, (sent, received) in coerced_links(machine.neurons, matrix.support.paths).items():
            return Reason(f"the link {format_path(path)} is coerced from {sent!r} to {received!r}")
    for neuron in machine.neurons:
        link = _trainable_clockwork(machine, neuron)
        if link is not None:
            return Reason(
                f"what {neuron!r} reads depends on the trainable link {format_path(link)}"
            )
    return lowered


def _unrolled(lowered: Lowered) -> Lowered:
    """With memories in their neurons; what passed no gradient passes none under its new type."""
    machine = with_unrolled_memories(lowered.machine)
    renamed = {(lowered.machine.neurons[name], kind) for name, kind in machine.neurons.items()}
    stopped = {
        (new, field) for old, new in renamed for kind, field in lowered.stopped if kind == old
    }
    return replace(lowered, machine=machine, stopped=lowered.stopped | stopped)


def _without_kernel(machine: Machine) -> list[str]:
    """Names of neuron types that only the reference engine can run."""
    return sorted(
        neuron_type.name
        for neuron_type in map(get_neuron_type, set(machine.neurons.values()))
        if neuron_type.kernel is None
        and neuron_type.reads
        and neuron_type.writes
        and not neuron_type.is_source
    )


def _trainable_clockwork(machine: Machine, neuron: str) -> Path | None:
    """A trainable link that decides when a stream reader emits what, if there is any."""
    neuron_type = machine.type_of(neuron)
    if not (neuron_type.is_source and neuron_type.reads):
        return None
    for name in clockwork(machine, neuron):
        for path in links_into(machine, name):
            if path in machine.trainable:
                return path
    return None


def clockwork(machine: Machine, reader: str) -> list[str]:
    """A stream reader and all neurons that decide when it emits what."""
    return reach([reader], lambda name: [path[2] for path in links_into(machine, name)])


# -------------------- superfluid neurons --------------------


def in_elementary_neurons(
    machine: Machine, stopped: frozenset[tuple[str, str]] = frozenset()
) -> Lowered:
    """The machine with elementary neurons in place of superfluid ones.

    Raises
    ------
    ValueError
        If its functions flow where no elementary neuron could take them; the message is the reason.
    """
    if not any(repertoire(type_name) for type_name in machine.neurons.values()):
        return Lowered(machine, machine, np.arange(machine.trainable.size), stopped)
    neurons: dict[str, str] = {}
    for neuron, type_name in machine.neurons.items():
        neurons[neuron] = _lowered_type(type_name)
        if is_superfluid(type_name):
            for name in repertoire(type_name) or ():
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
    elementary = replace(
        machine,
        neurons=neurons,
        fixed=from_leaves(fixed),
        trainable=trainable,
        initial=_lowered_initial(machine),
    )
    stopped = frozenset((_lowered_type(type_name), field) for type_name, field in stopped)
    return Lowered(machine, elementary, origin, stopped)


def is_superfluid(type_name: str) -> bool:
    """Whether neurons of this type are mixtures."""
    return type_name.startswith("superfluid(")


def _holder(neuron: str, name: str) -> str:
    return f"{neuron} {FUNCTION} {name}"


def _port(name: str) -> str:
    return f"{FUNCTION} {name}"


def _lowered_links(neurons: Mapping[str, str], path: Path) -> Iterator[Path]:
    """The links that one link becomes."""
    receiver, field_in, sender, field_out = path
    own, others = repertoire(neurons[receiver]), repertoire(neurons[sender])
    pulse = neurons[sender].startswith("functions(")
    if not (own and is_superfluid(neurons[receiver]) and field_in == FUNCTION):
        if others and (pulse or field_out == FUNCTION):
            raise CannotLower(f"the link {'/'.join(path)} sends functions to an ordinary field")
        yield path
        return
    if not others or (field_out != FUNCTION and not pulse):
        raise CannotLower(f"the link {'/'.join(path)} sends an ordinary stream to {FUNCTION}")
    sent = (field_out,) if pulse else others
    for name in sent:
        if name not in own:
            raise CannotLower(f"the link {'/'.join(path)} sends {name}, which {receiver!r} lacks")
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
    for part in types:
        if part.kernel is None:
            raise CannotLower(
                f"superfluid({','.join(names)}) mixes {part.name}, which has no vectorised kernel"
            )
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
