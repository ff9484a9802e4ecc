"""Following what the streams of a machine can hold, from neuron to neuron and from tick to tick."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from vvalues import VValue, format_path

from ...machine.coercions import coerced_links
from ...machine.machine import Machine, type_from_name
from ...neurons import STATE, Element, NeuronType, get_neuron_type, neuron_types
from ..plan import Port
from .firing.emissions import NOTHING, NUMBER_ONLY, Elements, can_run, emitted

__all__ = ["LARGEST", "CannotFollow", "Following", "Link", "Within", "elements_of"]

LARGEST = 20_000
"""Elements of all streams together; beyond, the arrays of a tick would no longer be small."""

Link = tuple[str, str, str, str]


class CannotFollow(ValueError):
    """Found on the way; its text is the reason."""


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


class Following:
    """A machine whose streams are followed.

    Parameters
    ----------
    machine : Machine
        That holds its own matrix or, inside a neuron of another machine, has an external one.
    external : mapping of source neuron to elements
    reserve : int
        Room for so many cases where numbers decide how many there are.

    Attributes
    ----------
    neurons : mapping of neuron to type name
        Newcomers included.
    rows : set of str
        Neurons that have a row at one time or other.
    outputs : mapping of (neuron, written field) to elements
        What streams hold at one time or other.

    Examples
    --------
    >>> from dmm.machine import machine_of
    >>> adding = machine_of({"x": "stream", "a": "accum"}, trainable="a.dict-1 <- x.stream")
    >>> following = Following(adding, {"x": frozenset([("key",)])}, 1)
    >>> following.follow(2)
    >>> following.outputs["a", "dict"]
    frozenset({('key',)})
    """

    def __init__(self, machine: Machine, external: Mapping[str, Elements], reserve: int) -> None:
        self.machine, self.port = machine, machine.matrix_port
        self.external, self.reserve = external, reserve
        self.neurons = dict(machine.neurons)
        self.rows = set() if self.port else set(machine.neurons)
        self.outputs: dict[Port, Elements] = defaultdict(frozenset)
        self._shapes: dict[tuple[str, ...], tuple[int, ...]] = {}

    def follow(self, ticks: int) -> None:
        """Go on for so many ticks, or until nothing new comes up."""
        for _ in range(ticks):
            before = dict(self.outputs)
            self._tick()
            if sum(map(len, self.outputs.values())) > LARGEST:
                raise CannotFollow(
                    f"the streams of the machine can hold more than {LARGEST} elements in "
                    f"{ticks} ticks"
                )
            if self.outputs == before:
                return

    @property
    def matrix(self) -> Elements:
        """The links that there can be."""
        if self.port is None:
            return frozenset(self.machine.matrix.support.paths)
        return self.outputs[self.port]

    def _tick(self) -> None:
        inputs, _ = self.inputs()
        for neuron, type_name in self.neurons.items():
            neuron_type = get_neuron_type(type_name)
            mine = {field.name: inputs[neuron, field.name] for field in neuron_type.reads}
            for name, elements in self._emitted(neuron, neuron_type, mine).items():
                self.add((neuron, name), elements)

    def inputs(self) -> tuple[dict[Port, Elements], tuple[Link, ...]]:
        """What arrives at every read field, and the links that bring it."""
        inputs: dict[Port, Elements] = defaultdict(frozenset)
        links = []
        self._check_coercions()
        for element in sorted(self.matrix, key=str):
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
        paths = [self._link(element) for element in self.matrix]
        for link, (sent, received) in coerced_links(self.neurons, paths).items():
            raise CannotFollow(
                f"the link {format_path(link)} is coerced from {sent!r} to {received!r}"
            )

    def _link(self, element: Element) -> Link:
        if len(element) != 4 or not all(isinstance(key, str) for key in element):
            raise CannotFollow(
                f"what {'/'.join(self.port or ())} holds can come to have "
                f"{format_path(tuple(map(str, element)))}, which is no link"
            )
        receiver, field_in, sender, field_out = map(str, element)
        return receiver, field_in, sender, field_out

    def _type(self, neuron: str, element: Element) -> NeuronType:
        """The type of a neuron that has a row; a new name makes a new neuron."""
        if neuron not in self.neurons:
            type_name = type_from_name(neuron)
            made = f"the link {'/'.join(map(str, element))} would make a neuron of the"
            if type_name not in neuron_types():
                raise CannotFollow(f"{made} unknown type {type_name!r}")
            neuron_type = get_neuron_type(type_name)
            if not can_run(neuron_type) or neuron_type.is_source:
                raise CannotFollow(f"{made} type {type_name!r}, which has no vectorised kernel")
            if not neuron_type.reads:
                raise CannotFollow(
                    f"{made} type {type_name!r}, which emits what it emits from the tick on when "
                    "it is made"
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
            self.note_shapes(constant, 1)
            for element in elements_of(constant):
                written[str(element[0])] |= frozenset([element[1:]])
            return written
        # A product with nothing still has the elements of its other factor, all of them zero, and
        # the rows of such a matrix make neurons fire: so anything at all counts here.
        if not any(mine.values()) and neuron_type.is_alive != "always":
            return written
        try:
            if neuron_type.inner is not None:
                return Within(neuron_type, mine, self.reserve).emitted()
            return emitted(neuron_type, mine, self.reserve)
        except ValueError as error:
            raise CannotFollow(f"neuron {neuron!r} ({neuron_type.name}): {error}") from error

    def add(self, port: Port, elements: Elements) -> None:
        """Know that an output can hold these."""
        self.outputs[port] = self.outputs[port] | elements

    def note_shapes(self, tree: VValue, depth: int) -> None:
        """Know the shapes of leaves, by their paths from this depth on."""
        for i, path in enumerate(tree.support.paths):
            self.note_shape(path[depth:], tree.support.shape(i))

    def note_shape(self, path: tuple[str, ...], shape: tuple[int, ...]) -> None:
        """Know the shape of a leaf, of which there can be one only."""
        if self._shapes.setdefault(path, shape) != shape:
            raise CannotFollow(
                f"leaves at {format_path(path)} differ in shape: {self._shapes[path]} and {shape}"
            )


# -------------------- machines inside neurons --------------------


class Within(Following):
    """The machine inside a neuron, followed from its state for one outer tick.

    Raises
    ------
    CannotFollow
        If it cannot be followed.
    """

    def __init__(self, neuron_type: NeuronType, mine: Mapping[str, Elements], reserve: int) -> None:
        assert neuron_type.inner is not None
        self.inner = neuron_type.inner
        external = {neuron: mine[field] for field, neuron in self.inner.reads.items()}
        super().__init__(self.inner.machine, external, reserve)
        for element in mine[STATE]:
            if len(element) > 1 and isinstance(element[1], str):
                self.add((str(element[0]), element[1]), frozenset([element[2:]]))
        self.follow(self.inner.ticks)
        for neuron in self.rows if self.port else ():
            of = get_neuron_type(self.neurons[neuron])
            if of.reads and of.is_alive == "always":
                raise CannotFollow(
                    f"{neuron!r} inside it ({of.name}) emits something even without input, and "
                    "can lose its row"
                )

    def emitted(self) -> dict[str, Elements]:
        """What the neuron emits."""
        found = {field: self.arriving(port) for field, port in self.inner.writes.items()}
        found[STATE] = frozenset(
            (*port, *element) for port, elements in self.outputs.items() for element in elements
        )
        return found

    def arriving(self, port: Port) -> Elements:
        """What an input is given, whether or not it is read as a number."""
        _, links = self.inputs()
        return NOTHING.union(*(self.outputs[link[2:]] for link in links if link[:2] == port))
