"""What the streams of a machine that edits its own matrix can hold in a run of so many ticks.

The reference engine finds out tick by tick which elements a stream has. They do not depend on the
weights, and hardly on the numbers: so they can be followed from neuron to neuron beforehand, with
the matrix among the streams. What comes out is a known support of the matrix, the neurons that its
rows can make, and the links whose weights can change at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from ...machine.machine import Machine, initial_outputs
from ...machine.streams import Streams
from ...neurons import Element, NeuronType, get_neuron_type
from ..lowering import Reason
from ..plan import Port
from .firing.emissions import NOTHING, Elements, can_grow, can_run
from .following import CannotFollow, Following, Link, Within, elements_of

__all__ = ["Supports", "supports_of", "supports_within", "why_not_plastic"]


@dataclass(frozen=True)
class Supports:
    """What a machine that holds its own matrix can come to in a run.

    Attributes
    ----------
    machine : Machine
    neurons : mapping of neuron to type name
        Those that can fire, newcomers included.
    outputs : mapping of (neuron, written field) to elements
    inputs : mapping of (neuron, read field) to elements
    links : tuple of paths
        Every link that the matrix can have and that joins two ports.
    changing : set of paths
        Links whose weight can differ from the starting one. The weights of all others are those
        of the start, at every tick and in every string.
    keeper : path or None
        The holder's link to itself, if it keeps the matrix as it is (a fixed weight of 1).
    reserve : int
        For how many cases there is room where numbers decide how many there are: copies.

    Examples
    --------
    >>> from dmm.zoo import delta_rule
    >>> arrays = dict.fromkeys(("x-1", "y-1", "clock-3"), np.ones((9, 1, 1)))
    >>> found = supports_of(delta_rule(), Streams((((),),), arrays, ticks=9))
    >>> found.inputs["cell-1", "dict"], found.keeper
    (frozenset({()}), ('self', 'accum', 'self', 'single'))
    """

    machine: Machine
    neurons: Mapping[str, str]
    outputs: Mapping[Port, Elements]
    inputs: Mapping[Port, Elements]
    links: tuple[Link, ...]
    changing: frozenset[Element]
    keeper: Link | None
    reserve: int = 1

    @property
    def can_grow(self) -> bool:
        """Whether a run may need more room than there is."""
        return any(can_grow(get_neuron_type(name)) for name in self.neurons.values())


# -------------------- what can be said before the streams are known --------------------


def why_not_plastic(machine: Machine) -> Reason | None:
    """Why machines with these neurons are left to the reference engine, or None.

    Examples
    --------
    >>> from dmm.machine import machine_of
    >>> neurons, port = {"self": "accumulator", "best": "selection"}, ("self", "single")
    >>> edit = "self.delta <- best.best"
    >>> selecting = machine_of(neurons, trainable=edit, matrix_port=port)
    >>> why_not_plastic(selecting).partition(": ")[2]
    'selection'
    """
    assert machine.matrix_port is not None
    missing = sorted(
        name for name in set(machine.neurons.values()) if not can_run(get_neuron_type(name))
    )
    if missing:
        held = "/".join(machine.matrix_port)
        return Reason(
            f"the network matrix is held by {held}, and there are neuron types without a "
            f"vectorised kernel: {', '.join(missing)}"
        )
    return None


# -------------------- following what streams hold --------------------


def supports_of(
    machine: Machine, streams: Streams, stopped: Collection[Port] = (), reserve: int = 1
) -> Supports | Reason:
    """What all streams of a machine can hold, or why that cannot be said.

    Parameters
    ----------
    machine : Machine
        With a matrix port, and types that `why_not_plastic` lets pass.
    streams : Streams
        Only where their entries are not zero, and how many ticks there are.
    stopped : collection of (neuron type, field)
        Inputs that pass no gradient: a matrix that is kept by such a link is not constant to the
        gradient.
    reserve : int
        Room for so many cases where numbers decide how many there are.

    Examples
    --------
    >>> from dmm.zoo import delta_rule
    >>> arrays = dict.fromkeys(("x-1", "y-1", "clock-3"), np.ones((9, 1, 1)))
    >>> found = supports_of(delta_rule(), Streams((((),),), arrays, ticks=9))
    >>> [link[2] for link in sorted(found.changing)]  # what learned links come from
    ['x-1', 'x-2', 'x-3']
    """
    try:
        return _Life(machine, streams, stopped, reserve).supports()
    except CannotFollow as error:
        return Reason(error)


def supports_within(
    neuron_type: NeuronType, mine: Mapping[str, Elements], reserve: int
) -> Supports:
    """What the machine inside a neuron can come to, from what the neuron reads.

    A matrix that it holds changes as a whole: it comes in with the state, which an outer link
    keeps.

    Examples
    --------
    >>> from dmm import Machine, machine_neuron
    >>> ports = {"x": "in"}, {"y": ("output", "dict-1")}
    >>> inner = Machine({"in": "stream", "output": "output"})
    >>> silent = machine_neuron("silent", inner, reads=ports[0], writes=ports[1])
    >>> supports_within(silent, {"x": frozenset([()]), ":state": frozenset()}, 1).links
    ()
    """
    within = Within(neuron_type, mine, reserve)
    inputs, links = within.inputs()
    for port in within.inner.writes.values():
        inputs[port] = within.arriving(port)
    changing = NOTHING if within.port is None else within.matrix
    outputs = dict(within.outputs)
    return Supports(within.machine, within.neurons, outputs, inputs, links, changing, None, reserve)


class _Life(Following):
    """A machine that holds its own matrix, in a run."""

    def __init__(
        self, machine: Machine, streams: Streams, stopped: Collection[Port], reserve: int
    ) -> None:
        super().__init__(machine, {}, reserve)
        assert self.port is not None
        self.holder: Port = self.port
        self.stopped, self.ticks = frozenset(stopped), streams.ticks
        self.external = {name: self._of_source(streams, name) for name in streams.arrays}
        start = initial_outputs(machine)
        self.note_shapes(start, 2)
        for element in elements_of(start):
            self.add((str(element[0]), str(element[1])), frozenset([element[2:]]))
        self.add(self.holder, frozenset(machine.matrix.support.paths))
        self.start = self.matrix

    def supports(self) -> Supports:
        self.follow(self.ticks)
        self._check_activity()
        inputs, links = self.inputs()
        keeper, changing = self._keeper(), self.matrix
        if keeper is not None:
            edits = [
                self.outputs[link[2], link[3]]
                for link in links
                if link[0] == self.holder[0] and link != keeper
            ]
            edited = NOTHING.union(*edits)
            if keeper in edited:
                keeper = None
            else:
                changing = edited
        outputs = dict(self.outputs)
        return Supports(
            self.machine, self.neurons, outputs, inputs, links, changing, keeper, self.reserve
        )

    def _of_source(self, streams: Streams, name: str) -> Elements:
        array = streams.arrays[name]
        found: set[Element] = set()
        for string in range(len(streams)):
            is_used = np.count_nonzero(array[:, string], axis=0) > 0
            if is_used[0]:
                found.add(())
            for path, (span, shape) in streams.spans(string).items():
                if not np.any(is_used[1:][span]):
                    continue
                self.note_shape(path, shape or ())
                count = span.stop - span.start
                found.update([path] if shape is None else [(*path, i) for i in range(count)])
        return frozenset(found)

    # -------------------- who fires when, and who keeps the matrix --------------------

    def _keeper(self) -> Link | None:
        """The holder's fixed link of weight 1 to itself, through which the gradient flows."""
        further = self.machine.trainable + initial_outputs(self.machine).subtree(self.holder)
        for link in self._kept_links():
            is_one = self.machine.fixed[link] == 1.0 and link not in further
            is_stopped = (self.neurons[link[0]], link[1]) in self.stopped
            if is_one and not is_stopped:
                return link
        return None

    def _kept_links(self) -> list[Link]:
        """Links from the holder to itself that the matrix has from the start, if it adds up."""
        neuron, written = self.holder
        holder = get_neuron_type(self.neurons[neuron])
        if not holder.is_sum or holder.kernel is None:
            return []
        links = [(neuron, field.name, neuron, written) for field in holder.reads]
        return [link for link in links if link in self.start]

    def _check_activity(self) -> None:
        """Neurons fire from the tick on when they have a row. That only matters to those that emit
        something without any input."""
        loses_rows = not self._kept_links()
        rows = {str(element[0]) for element in self.start}
        for neuron in self.rows:
            type_name = self.neurons[neuron]
            neuron_type = get_neuron_type(type_name)
            if neuron_type.is_alive != "always" or not neuron_type.reads:
                continue
            if loses_rows or neuron not in rows:
                why = "can lose its row" if neuron in rows else "has no row from the start"
                raise CannotFollow(
                    f"the neuron {neuron!r} ({type_name}) emits something even without input, and "
                    f"{why} in the matrix"
                )
