"""What the streams of a machine that edits its own matrix can hold in a run of so many ticks.

The reference engine finds out tick by tick which elements a stream has. They do not depend on the
weights, and hardly on the numbers: so they can be followed from neuron to neuron beforehand, with
the matrix among the streams. What comes out is a known support of the matrix, the neurons that its
rows can make, and the links whose weights can change at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from vvalues import VValue, format_path

from ...machine.coercions import coerced_links
from ...machine.machine import Machine, initial_outputs, type_from_name
from ...machine.streams import Streams
from ...neurons import Element, NeuronType, get_neuron_type, neuron_types
from ..lowering import Reason
from ..plan import Port
from .emissions import NOTHING, NUMBER_ONLY, Elements, can_run, emitted

__all__ = ["LARGEST", "Supports", "elements_of", "supports_of", "why_not_plastic"]

LARGEST = 20_000
"""Elements of all streams together; beyond, the arrays of a tick would no longer be small."""

Link = tuple[str, str, str, str]


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


def elements_of(tree: VValue) -> dict[Element, float]:
    """The elements of a V-value with their numbers, array leaves one by one.

    Examples
    --------
    >>> elements_of(VValue({"a": 2.0, "b": np.array([3.0, 4.0])}))
    {('a',): 2.0, ('b', 0): 3.0, ('b', 1): 4.0}
    """
    found: dict[Element, float] = {}
    for path, leaf in tree.items():
        if isinstance(leaf, np.ndarray):
            found.update({(*path, i): float(x) for i, x in enumerate(leaf.ravel())})
        else:
            found[path] = float(leaf)
    return found


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
        return _Following(machine, streams, stopped, reserve).supports()
    except _CannotFollow as error:
        return Reason(error)


class _CannotFollow(ValueError):
    """Found on the way; its text is the reason."""


class _Following:
    def __init__(
        self, machine: Machine, streams: Streams, stopped: Collection[Port], reserve: int
    ) -> None:
        assert machine.matrix_port is not None
        self.machine, self.port = machine, machine.matrix_port
        self.stopped, self.reserve = frozenset(stopped), reserve
        self.shapes: dict[tuple[str, ...], tuple[int, ...]] = {}
        self.ticks = streams.ticks
        self.neurons = dict(machine.neurons)
        self.rows: set[str] = set()  # neurons that have a row at one time or other
        self.external = {name: self._of_source(streams, name) for name in streams.arrays}
        self.outputs: dict[Port, Elements] = defaultdict(frozenset)
        start = initial_outputs(machine)
        self._note_shapes(start, 2)
        for element in elements_of(start):
            self._add((str(element[0]), str(element[1])), frozenset([element[2:]]))
        self._add(self.port, frozenset(machine.matrix.support.paths))
        self.start = self.outputs[self.port]

    def supports(self) -> Supports:
        for _ in range(self.ticks):
            before = dict(self.outputs)
            self._tick()
            if self.outputs == before:
                break
        self._check_activity()
        inputs, links = self._inputs()
        keeper = self._keeper()
        changing = self.outputs[self.port]
        if keeper is not None:
            edits = [
                self.outputs[link[2], link[3]]
                for link in links
                if link[0] == self.port[0] and link != keeper
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

    # -------------------- one tick --------------------

    def _tick(self) -> None:
        inputs, _ = self._inputs()
        for neuron, type_name in self.neurons.items():
            neuron_type = get_neuron_type(type_name)
            mine = {field.name: inputs[neuron, field.name] for field in neuron_type.reads}
            for name, elements in self._emitted(neuron, neuron_type, mine).items():
                self._add((neuron, name), elements)
        if sum(map(len, self.outputs.values())) > LARGEST:
            raise _CannotFollow(
                f"the streams of the machine can hold more than {LARGEST} elements in "
                f"{self.ticks} ticks"
            )

    def _inputs(self) -> tuple[dict[Port, Elements], tuple[Link, ...]]:
        """What arrives at every read field, and the links that bring it."""
        inputs: dict[Port, Elements] = defaultdict(frozenset)
        links = []
        self._check_coercions()
        for element in sorted(self.outputs[self.port], key=str):
            link = self._link(element)
            self.rows.add(link[0])
            receiver, sender = self._type(link[0], element), self.neurons.get(link[2])
            field = receiver.read_field(link[1])
            if field is None or sender is None:
                continue
            if get_neuron_type(sender).written_field(link[3]) is None:
                continue
            sent = self.outputs[link[2], link[3]]
            inputs[link[:2]] |= sent & NUMBER_ONLY if field.is_scalar else sent
            links.append(link)
        return inputs, tuple(links)

    def _check_coercions(self) -> None:
        paths = [self._link(element) for element in self.outputs[self.port]]
        for link, (sent, received) in coerced_links(self.neurons, paths).items():
            raise _CannotFollow(
                f"the link {format_path(link)} is coerced from {sent!r} to {received!r}"
            )

    def _link(self, element: Element) -> Link:
        if len(element) != 4 or not all(isinstance(key, str) for key in element):
            raise _CannotFollow(
                f"what {'/'.join(self.port)} holds can come to have "
                f"{format_path(tuple(map(str, element)))}, which is no link"
            )
        receiver, field_in, sender, field_out = map(str, element)
        return receiver, field_in, sender, field_out

    def _type(self, neuron: str, element: Element) -> NeuronType:
        """The type of a neuron that has a row; a new name makes a new neuron."""
        if neuron not in self.neurons:
            type_name = type_from_name(neuron)
            if type_name not in neuron_types():
                raise _CannotFollow(
                    f"the link {'/'.join(map(str, element))} would make a neuron of the unknown "
                    f"type {type_name!r}"
                )
            neuron_type = get_neuron_type(type_name)
            if not can_run(neuron_type) or neuron_type.is_source:
                raise _CannotFollow(
                    f"the link {'/'.join(map(str, element))} would make a neuron of the type "
                    f"{type_name!r}, which has no vectorised kernel"
                )
            self.neurons[neuron] = type_name
        return get_neuron_type(self.neurons[neuron])

    def _emitted(
        self, neuron: str, neuron_type: NeuronType, mine: Mapping[str, Elements]
    ) -> dict[str, Elements]:
        written = {field.name: NOTHING for field in neuron_type.writes}
        if not written or (neuron_type.reads and neuron not in self.rows):
            return written
        if neuron_type.is_source:
            return dict.fromkeys(written, self.external.get(neuron, NOTHING))
        if not neuron_type.reads:
            constant = neuron_type.constant()
            self._note_shapes(constant, 1)
            for element in elements_of(constant):
                written[str(element[0])] |= frozenset([element[1:]])
            return written
        # A product with nothing still has the elements of its other factor, all of them zero, and
        # the rows of such a matrix make neurons fire: so anything at all counts here.
        if not any(mine.values()) and neuron_type.is_alive != "always":
            return written
        try:
            return emitted(neuron_type, mine, self.reserve)
        except ValueError as error:
            raise _CannotFollow(f"neuron {neuron!r} ({neuron_type.name}): {error}") from error

    def _add(self, port: Port, elements: Elements) -> None:
        self.outputs[port] = self.outputs[port] | elements

    # -------------------- sources and shapes --------------------

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
                self._note_shape(path, shape or ())
                count = span.stop - span.start
                found.update([path] if shape is None else [(*path, i) for i in range(count)])
        return frozenset(found)

    def _note_shapes(self, tree: VValue, depth: int) -> None:
        for i, path in enumerate(tree.support.paths):
            self._note_shape(path[depth:], tree.support.shape(i))

    def _note_shape(self, path: tuple[str, ...], shape: tuple[int, ...]) -> None:
        if self.shapes.setdefault(path, shape) != shape:
            raise _CannotFollow(
                f"leaves at {format_path(path)} differ in shape: {self.shapes[path]} and {shape}"
            )

    # -------------------- who fires when, and who keeps the matrix --------------------

    def _keeper(self) -> Link | None:
        """The holder's fixed link of weight 1 to itself, through which the gradient flows."""
        further = self.machine.trainable + initial_outputs(self.machine).subtree(self.port)
        for link in self._kept_links():
            is_one = self.machine.fixed[link] == 1.0 and link not in further
            is_stopped = (self.neurons[link[0]], link[1]) in self.stopped
            if is_one and not is_stopped:
                return link
        return None

    def _kept_links(self) -> list[Link]:
        """Links from the holder to itself that the matrix has from the start, if it adds up."""
        neuron, written = self.port
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
                raise _CannotFollow(
                    f"the neuron {neuron!r} ({type_name}) emits something even without input, and "
                    f"{why} in the matrix"
                )
