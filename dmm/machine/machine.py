"""The machine: named neurons and the network matrix between them.

The network matrix is a V-value of depth 4 - receiving neuron / receiving field / sending neuron /
sending field - split in a ``fixed`` part and a ``trainable`` one. The trainable part *is* the
parameter tree of everything that learns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from vvalues import VValue, assemble, natural_key, select

from ..neurons import NeuronType, get_neuron_type
from .checks import check_initial, check_matrix, check_matrix_port

if TYPE_CHECKING:
    from ..show import MachineDiff

__all__ = ["Link", "Machine", "fixed_links", "initial_outputs", "type_from_name"]


class Link(NamedTuple):
    """One entry of the network matrix, in the published argument order.

    Examples
    --------
    >>> link = Link("norm-1", "dict", "accum-1", "dict", 0.5)
    >>> "/".join(link.path), link.weight, link.is_fixed
    ('norm-1/dict/accum-1/dict', 0.5, False)
    """

    neuron_in: str
    field_in: str
    neuron_out: str
    field_out: str
    weight: float
    is_fixed: bool = False

    @property
    def path(self) -> tuple[str, str, str, str]:
        """Path in the network matrix."""
        return self.neuron_in, self.field_in, self.neuron_out, self.field_out


@dataclass(frozen=True)
class Machine:
    """A dataflow matrix machine with an external network matrix.

    Parameters
    ----------
    neurons : mapping of neuron name to name of a registered neuron type
    fixed, trainable : VValue
        Depth 4: receiving neuron / receiving field / sending neuron / sending field -> weight.
        Where both have a link, the weights add.
    name : str
    metadata : mapping
        Anything worth keeping beside the machine (JSON-compatible).
    initial : VValue
        Neuron / field / stream: what neurons emit before the first tick, in addition to what
        their types do.
    matrix_port : (neuron, field), optional
        The output that *is* the network matrix: what it emits at a tick drives the next down
        movement, so that the machine can edit itself. ``fixed + trainable`` is then what it emits
        before the first tick.

    Raises
    ------
    ValueError
        For a path that is not four keys, a link to a neuron that does not exist, a field that no
        known neuron type has, or ports of different kinds without a coercion between them. A
        field that merely is not read (or written) by *that* neuron is allowed - published
        matrices contain such links - and costs nothing.

    References
    ----------
    arXiv:1712.07447, sections 2 and 4 (network matrix, two-stroke cycle).

    Examples
    --------
    >>> links = VValue({"out": {"dict-1": {"in": {"char": 2.0}}}})
    >>> machine = Machine({"in": "input", "out": "output"}, trainable=links, name="doubler")
    >>> machine.type_of("out").name, [link.weight for link in machine.links()]
    ('output', [2.0])
    >>> machine.with_trainable(2 * links).trainable["out", "dict-1", "in", "char"]
    4.0
    """

    neurons: Mapping[str, str]
    fixed: VValue = field(default_factory=VValue)
    trainable: VValue = field(default_factory=VValue)
    name: str = "machine"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    initial: VValue = field(default_factory=VValue)
    matrix_port: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "neurons", MappingProxyType(dict(self.neurons)))
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))
        for part, matrix in (("fixed", self.fixed), ("trainable", self.trainable)):
            check_matrix(self.neurons, matrix, f"{part} matrix")
        check_initial(self.neurons, self.initial)
        check_matrix_port(self.neurons, self.matrix_port)

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (getattr(self, each.name) for each in fields(self))
        return Machine, tuple(dict(x) if isinstance(x, MappingProxyType) else x for x in parts)

    # -------------------- reading --------------------

    def type_of(self, neuron: str) -> NeuronType:
        """The type of one neuron."""
        return get_neuron_type(self.neurons[neuron])

    @property
    def matrix(self) -> VValue:
        """The whole network matrix, fixed plus trainable."""
        return self.fixed + self.trainable

    def links(self) -> Iterator[Link]:
        """All links in natural order of the receiving neuron, fixed ones first in each field."""
        every = [(path, weight, True) for path, weight in self.fixed.items()]
        every += [(path, weight, False) for path, weight in self.trainable.items()]
        for path, weight, is_fixed in sorted(
            every,
            key=lambda entry: (natural_key(entry[0][:2]), not entry[2], natural_key(entry[0][2:])),
        ):
            receiver, field_in, sender, field_out = path
            yield Link(receiver, field_in, sender, field_out, float(weight), is_fixed)

    # -------------------- out-of-place changes --------------------

    def with_trainable(self, trainable: VValue) -> Machine:
        """The same machine with another trainable matrix."""
        return replace(self, trainable=trainable)

    def without_idle_neurons(self, keep: Collection[str] = ()) -> Machine:
        """Drop neurons that have no link besides their type's own fixed ones.

        Neurons that observe (types without outputs), sources and the holder of the matrix stay,
        and those to ``keep``.
        """
        linked = {key for path in self.trainable.support.paths for key in (path[0], path[2])}
        needed = {path[2] for path in self.fixed.support.paths if path[2] != path[0]}
        kept = {
            name: type_name
            for name, type_name in self.neurons.items()
            if name in linked
            or name in keep
            or name in needed
            or not self.type_of(name).writes
            or self.type_of(name).is_source
            or (self.matrix_port is not None and name == self.matrix_port[0])
        }
        return replace(self, neurons=kept, fixed=_between(self.fixed, kept))

    def without_neuron(self, neuron: str) -> Machine:
        """The same machine without a neuron, its links and what it emits before the first tick."""
        keep = {name: type_name for name, type_name in self.neurons.items() if name != neuron}
        return replace(
            self,
            neurons=keep,
            fixed=_between(self.fixed, keep),
            trainable=_between(self.trainable, keep),
            initial=self.initial.at(neuron).remove(),
        )

    # -------------------- how it is shown --------------------

    def show(self, how: str = "table") -> str:
        """The machine as text.

        Parameters
        ----------
        how : str
            One of `dmm.show.RENDERINGS`: ``"table"``, ``"tree"``, ``"equations"``, ``"latex"``,
            ``"mermaid"``, ``"dot"``, ``"svg"``, ``"html"``, ``"page"``, ``"python"``,
            ``"c"``, ``"javascript"``.

        Raises
        ------
        ValueError
            For any other word.

        Examples
        --------
        >>> from dmm.zoo import duplicate_detector
        >>> print(duplicate_detector().show("equations").splitlines()[0])
        a = sum over time of char      delay 1
        """
        renderings = _show().RENDERINGS
        if how not in renderings:
            raise ValueError(f"how is {how!r}; a machine is shown as {', '.join(renderings)}")
        return renderings[how](self)

    def tree(self) -> str:
        """Containment view of the network matrix."""
        return self.show("tree")

    def equations(self) -> str:
        """What the machine computes, as checked equations."""
        return self.show("equations")

    def latex(self) -> str:
        """The same equations in LaTeX."""
        return self.show("latex")

    def to_mermaid(self) -> str:
        """The graph as Mermaid text."""
        return self.show("mermaid")

    def to_dot(self) -> str:
        """The graph as DOT text."""
        return self.show("dot")

    def to_svg(self) -> str:
        """The graph as a picture, an SVG document."""
        return self.show("svg")

    def to_python(self) -> str:
        """A stand-alone program that computes the same."""
        return self.show("python")

    def to_c(self) -> str:
        """A stand-alone program that computes the same, in C."""
        return self.show("c")

    def to_javascript(self) -> str:
        """A stand-alone program that computes the same, in JavaScript."""
        return self.show("javascript")

    def page(self) -> str:
        """A page on which it can be played with: HTML that needs no network."""
        return self.show("page")

    def diff(self, other: Machine, *, tolerance: float = 0.0) -> MachineDiff:
        """Links that ``other`` adds, removes and changes."""
        return _show().diff(self, other, tolerance=tolerance)

    def __str__(self) -> str:
        return self.show()

    def _repr_html_(self) -> str:
        return _show().fragment(self)


def _show() -> ModuleType:
    """The room that shows machines; it knows what a machine is, so this one enters it late."""
    from .. import show

    return show


def _between(matrix: VValue, neurons: Collection[str]) -> VValue:
    """The links that join some neurons."""
    return select(matrix, lambda path: path[0] in neurons and path[2] in neurons)


# -------------------- what types say about their neurons --------------------


def type_from_name(neuron: str) -> str:
    """Neuron type in a published name: up to the first ``-``.

    Examples
    --------
    >>> type_from_name("accum-1-2"), type_from_name("const_1")
    ('accum', 'const_1')
    """
    return neuron.split("-", 1)[0]


def fixed_links(neurons: Mapping[str, str]) -> dict[tuple[str, ...], float]:
    """The links of weight 1 that the types of these neurons always have.

    Examples
    --------
    >>> fixed_links({"sum": "accum", "clock": "timer"})
    {('sum', 'dict-1', 'sum', 'dict'): 1.0, ('clock', 'timer', 'clock', 'timer'): 1.0}
    """
    links: dict[tuple[str, ...], float] = {}
    for neuron, type_name in neurons.items():
        for field_in, sender, field_out in get_neuron_type(type_name).fixed_links:
            sender = sender or neuron
            if sender in neurons:
                links[neuron, field_in, sender, field_out] = 1.0
    return links


def initial_outputs(machine: Machine) -> VValue:
    """What all neurons emit before the first tick (neuron / field / stream).

    What the types emit plus ``machine.initial``; the matrix that a `Machine.matrix_port` holds is
    not part of it.

    Examples
    --------
    >>> from dmm.zoo import wave
    >>> initial_outputs(wave()).support.paths[0]
    ('update-1', 'single', 'self', 'delta', 'update-1', 'single')
    """
    outputs = {}
    for neuron, type_name in machine.neurons.items():
        stream = get_neuron_type(type_name).initial
        if stream:
            outputs[neuron,] = stream
    return assemble(outputs) + machine.initial if outputs else machine.initial
