"""Neuron types: which fields a neuron reads and writes, and what it does between them.

A type is known by its name in a registry, so that a machine file can say ``"accum"`` and never
holds a function. Register your own in three lines::

    @neuron_type("double", reads=["dict"], writes=["dict"])
    def double(inputs):
        return {"dict": 2.0 * inputs.subtree("dict")}

A `NeuronType` is one card: ports, activation, kernel, spelling, source. Whatever runs, draws or
exports machines asks the card.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from vvalues import NUMBER, VValue, assemble, inner

from .fields import Field, parse_field
from .kernel import Kernel, StreamReader
from .spelling import Spelling
from .terms import Element, OpenTerms, Term, Terms

__all__ = [
    "STATE",
    "InnerMachine",
    "NeuronType",
    "OwnMemory",
    "add_maker",
    "families",
    "family",
    "get_neuron_type",
    "known_types",
    "neuron_type",
    "neuron_types",
    "number",
    "register",
]

Activation = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True)
class OwnMemory:
    """A memory that a neuron holds for itself, and how it is run together with the neuron.

    Attributes
    ----------
    field : str
        Read and written; a link of weight 1 from the neuron to itself, which nobody else reads.
    kernel : callable
        From the ticks that the link takes (None where there is no link) to the kernel of a neuron
        without the field that sees whole runs.

    Examples
    --------
    >>> get_neuron_type("cells(9)").own_memory.field
    'cells'
    """

    field: str
    kernel: Callable[[int | None], Kernel]


STATE = ":state"
"""Reserved field: outputs of all neurons of an inner machine, kept till the next outer tick."""


@dataclass(frozen=True)
class InnerMachine:
    """A machine that a neuron runs, see `dmm.machine_neuron`.

    Attributes
    ----------
    machine : Machine
    reads : mapping of field name to inner neuron
    writes : mapping of field name to (inner neuron, input field)
    ticks : int
        Inner ticks of an outer one.

    Examples
    --------
    >>> get_neuron_type("accum").inner is None
    True
    """

    machine: Any
    reads: Mapping[str, str]
    writes: Mapping[str, tuple[str, str]]
    ticks: int


@dataclass(frozen=True)
class NeuronType:
    """What all neurons of one type have in common.

    Attributes
    ----------
    name : str
    reads, writes : tuple of Field
    activation : callable
        Reference implementation: ``activation(inputs)`` takes the V-value of the neuron's inputs
        (field / stream) and returns ``{field: V-value or number}``. A source gets a second
        argument: the whole external stream if it reads anything (its inputs then say which entry),
        otherwise the entry of this tick.
    kernel : Kernel or None
        Vectorised implementation with its derivative; without one the reference engine is used.
        A source that reads something has a `dmm.neurons.StreamReader` instead.
    terms : callable or None
        In place of a kernel, for types that do not treat all keys alike, see `dmm.neurons.terms`.
        Such neurons are compiled in machines that hold their own matrix.
    open_terms : callable or None
        In place of terms, where numbers decide how many elements the outputs have.
    own_memory : OwnMemory or None
        In place of a kernel, for types that could only be run tick by tick without it.
    inner : InnerMachine or None
        In place of a kernel, for types that run a machine.
    is_source : bool
        True when the neuron emits an external input stream.
    is_alive : {"always", "any", "all"}
        What must reach the neuron before it can emit anything but zero: nothing, anything on any
        field, or something on all fields (products). Always, where it reads nothing.
    fixed_links : tuple of (field, sending neuron or "", sending field)
        Links of weight 1 that such a neuron always has; ``""`` is the neuron itself.
    source : str
        Where the type is published.
    initial : VValue
        What such a neuron emits before the first tick (field / stream).
    spelling : Spelling
        How such neurons are written in equations and programs; as their kernel says when omitted.

    Examples
    --------
    >>> kind = get_neuron_type("compare")
    >>> [field.name for field in kind.reads], [field.name for field in kind.writes]
    (['dict-1', 'dict-2'], ['true', 'false'])
    """

    name: str
    reads: tuple[Field, ...]
    writes: tuple[Field, ...]
    activation: Activation = field(compare=False)
    kernel: Kernel | StreamReader | None = field(default=None, compare=False)
    is_source: bool = False
    is_alive: Literal["always", "any", "all"] = "any"
    fixed_links: tuple[tuple[str, str, str], ...] = ()
    source: str = ""
    initial: VValue = field(default_factory=VValue)
    spelling: Spelling = field(default_factory=Spelling, compare=False)
    terms: Terms | None = field(default=None, compare=False)
    own_memory: OwnMemory | None = field(default=None, compare=False)
    open_terms: OpenTerms | None = field(default=None, compare=False)
    inner: InnerMachine | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.reads:
            object.__setattr__(self, "is_alive", "always")
        if self.spelling == Spelling() and isinstance(self.kernel, Kernel):
            spelling = self.kernel.spelling(self.reads, self.writes)
            object.__setattr__(self, "spelling", spelling)

    def read_field(self, name: str) -> Field | None:
        """The field read under this name, or None."""
        return self._fields[0].get(name)

    def written_field(self, name: str) -> Field | None:
        """The field written under this name, or None."""
        return self._fields[1].get(name)

    @cached_property
    def _fields(self) -> tuple[dict[str, Field], dict[str, Field]]:
        return {f.name: f for f in self.reads}, {f.name: f for f in self.writes}

    @property
    def is_sum(self) -> bool:
        """Whether such a neuron emits the sum of what it reads (plus a number)."""
        return isinstance(self.kernel, Kernel) and self.kernel.is_sum

    @property
    def has_terms(self) -> bool:
        """Whether such neurons say in terms what they do."""
        return self.terms is not None or self.open_terms is not None

    def terms_within(
        self, inputs: Mapping[str, Collection[Element]], reserve: int = 1
    ) -> Iterable[Term]:
        """Its terms on these elements; where they have no end, the first ``reserve`` cases.

        Examples
        --------
        >>> has = {"list": [("this", "a"), ("rest", "end-list")]}
        >>> [term.element for term in get_neuron_type("first").terms_within(has)]
        [('a',)]
        """
        if self.open_terms is not None:
            return self.open_terms(inputs, reserve)
        assert self.terms is not None
        return self.terms(inputs)

    def constant(self) -> VValue:
        """Outputs of a neuron that reads nothing (field / stream)."""
        return assemble(dict(self.activation(VValue())))


# -------------------- the registry --------------------

_registry: dict[str, NeuronType] = {}


def register(neuron_type: NeuronType) -> NeuronType:
    """Make a neuron type known under its name.

    Raises
    ------
    ValueError
        If another type has this name already.

    Examples
    --------
    >>> register(get_neuron_type("norm")).name  # the same again is no other
    'norm'
    """
    known = _registry.get(neuron_type.name)
    if known is not None and known.activation is not neuron_type.activation:
        raise ValueError(
            f"neuron type {known.name!r} is registered already ({known.source or 'no source'}); "
            "choose another name"
        )
    _registry[neuron_type.name] = neuron_type
    return neuron_type


def neuron_type(
    name: str,
    *,
    reads: Iterable[str | Field] = (),
    writes: Iterable[str | Field] = (),
    **options: Any,
) -> Callable[[Activation], Activation]:
    """Decorator that registers an activation as a neuron type.

    Parameters
    ----------
    name : str
    reads, writes : field names or Fields
        A name that ends in ``:number`` after a slash (``"dict-1/:number"``) is a scalar port; a
        port of another kind than a tree is given as a `Field`.
    **options
        Further attributes of `NeuronType`.

    Examples
    --------
    >>> @neuron_type("norm", reads=["dict"], writes=["norm"])
    ... def average(inputs):
    ...     return {"norm": inputs.subtree("dict") * 0.5}
    Traceback (most recent call last):
        ...
    ValueError: neuron type 'norm' is registered already (dmm-lite.jl \
(anhinga/julia-flux-drafts), max_norm_dict); choose another name
    """

    def decorate(activation: Activation) -> Activation:
        fields = tuple(map(parse_field, reads)), tuple(map(parse_field, writes))
        register(NeuronType(name, *fields, activation, **options))
        return activation

    return decorate


def get_neuron_type(name: str) -> NeuronType:
    """The type registered under a name.

    Raises
    ------
    ValueError
        If there is none; the message lists the known ones. A name such as ``delay(3)`` is made
        by its family, and has one spelling: ``delay(03)`` is refused.

    Examples
    --------
    >>> get_neuron_type("norm").writes[0].name
    'norm'
    """
    known = _registry.get(name)
    if known is not None:
        return known
    stem, bracket, argument = name.partition("(")
    if not (bracket and argument.endswith(")") and stem in _families):
        raise ValueError(f"unknown neuron type {name!r:.80}; {known_types()}")
    made = _families[stem](argument[:-1])
    if made.name != name:
        raise ValueError(f"neuron type {name!r:.80} is spelled {made.name!r:.80}")
    return register(made)


def neuron_types() -> tuple[str, ...]:
    """Names of all registered types.

    Examples
    --------
    >>> {"accum", "norm", "dot", "compare"} <= set(neuron_types())
    True
    """
    return tuple(sorted(_registry))


# -------------------- families: types with parameters --------------------

Maker = Callable[[str], NeuronType]

_families: dict[str, Maker] = {}


def family(name: str) -> Callable[[Maker], Maker]:
    """Decorator: register a function that makes the types ``name(argument)`` on demand.

    A machine file names types by strings. A family turns the part in parentheses into a type, so
    that a type with parameters (``delay(3)``) can be written down and read back like any other.
    The function gets the text between the parentheses and raises ValueError if it cannot make a
    type of it.

    Examples
    --------
    >>> get_neuron_type("delay(3)").name  # made when it is asked for
    'delay(3)'
    """

    def decorate(make: Maker) -> Maker:
        add_maker(name, make)
        return make

    return decorate


def add_maker(name: str, make: Maker) -> None:
    """Register a family of types, as the decorator `family` does.

    Raises
    ------
    ValueError
        If another family has this name.

    Examples
    --------
    >>> add_maker("delay", lambda argument: get_neuron_type("accum"))
    Traceback (most recent call last):
        ...
    ValueError: a family of neuron types is called 'delay' already
    """
    if _families.setdefault(name, make) is not make:
        raise ValueError(f"a family of neuron types is called {name!r} already")


def families() -> tuple[str, ...]:
    """Names of all families, which come before the parentheses.

    Examples
    --------
    >>> "delay" in families()
    True
    """
    return tuple(sorted(_families))


# -------------------- for activations --------------------


def number(inputs: VValue, field: str) -> Any:
    """The ``:number`` of one field of a neuron's inputs (0 where absent).

    Examples
    --------
    >>> number(VValue({"dict": 2.5}), "dict"), number(VValue(), "dict")
    (2.5, 0.0)
    """
    unit = _units.get(field)
    if unit is None:
        unit = _units[field] = VValue({field: {NUMBER: 1.0}})
    return inner(inputs, unit)


_units: dict[str, VValue] = {}


def known_types() -> str:
    """The registered types in words, for error messages: one line whatever the names hold.

    Examples
    --------
    >>> [name for name in known_types().split(", ") if name.startswith("tan")]
    ['tanh']
    """
    names = (name if name.isprintable() else repr(name) for name in neuron_types())
    return f"known types: {', '.join(names)}"
