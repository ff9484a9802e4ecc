"""Neuron types: which fields a neuron reads and writes, and what it does between them.

A type is known by its name in a registry, so that a machine file can say ``"accum"`` and never
holds a function. Register your own in three lines::

    @neuron_type("double", reads=["dict"], writes=["dict"])
    def double(inputs):
        return {"dict": 2.0 * inputs.subtree("dict")}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from vvalues import NUMBER, VValue, inner

from .kinds import TREE

if TYPE_CHECKING:
    from .kernel import Kernel

__all__ = [
    "Field",
    "NeuronType",
    "add_maker",
    "get_neuron_type",
    "neuron_type",
    "neuron_types",
    "number",
    "parse_field",
    "register",
]

Activation = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True)
class Field:
    """A named port of a neuron.

    Attributes
    ----------
    name : str
    is_scalar : bool
        True when only the ``:number`` of the stream is read (or written).
    kind : str
        Kind of linear stream, see `dmm.neurons.kinds`.
    """

    name: str
    is_scalar: bool = False
    kind: str = TREE


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
        That of a source that reads something is a `dmm.neurons.kernels.StreamReader`.
    is_source : bool
        True when the neuron emits an external input stream.
    is_alive : {"always", "any", "all"}
        What must reach the neuron before it can emit anything but zero: nothing, anything on any
        field, or something on all fields (products).
    fixed_links : tuple of (field, sending neuron or "", sending field)
        Links of weight 1 that such a neuron always has; ``""`` is the neuron itself.
    source : str
        Where the type is published.
    initial : VValue
        What such a neuron emits before the first tick (field / stream).
    """

    name: str
    reads: tuple[Field, ...]
    writes: tuple[Field, ...]
    activation: Activation = field(compare=False)
    kernel: Kernel | None = field(default=None, compare=False)
    is_source: bool = False
    is_alive: Literal["always", "any", "all"] = "any"
    fixed_links: tuple[tuple[str, str, str], ...] = ()
    source: str = ""
    initial: VValue = field(default_factory=VValue)

    def read_field(self, name: str) -> Field | None:
        """The field read under this name, or None."""
        return self._fields[0].get(name)

    def written_field(self, name: str) -> Field | None:
        """The field written under this name, or None."""
        return self._fields[1].get(name)

    @cached_property
    def _fields(self) -> tuple[dict[str, Field], dict[str, Field]]:
        return {f.name: f for f in self.reads}, {f.name: f for f in self.writes}

    def constant(self) -> VValue:
        """Outputs of a neuron that reads nothing (field / stream)."""
        from ..reference.engine import as_outputs

        return as_outputs(self.activation(VValue()))


_registry: dict[str, NeuronType] = {}


def register(kind: NeuronType) -> NeuronType:
    """Make a neuron type known under its name.

    Raises
    ------
    ValueError
        If another type has this name already.
    """
    known = _registry.get(kind.name)
    if known is not None and known.activation is not kind.activation:
        raise ValueError(
            f"neuron type {kind.name!r} is registered already ({known.source or 'no source'}); "
            "choose another name"
        )
    _registry[kind.name] = kind
    return kind


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
    """

    def decorate(activation: Activation) -> Activation:
        fields = tuple(map(parse_field, reads)), tuple(map(parse_field, writes))
        register(NeuronType(name, *fields, activation, **options))
        return activation

    return decorate


def parse_field(name: str | Field) -> Field:
    """A port from its spelling.

    Examples
    --------
    >>> parse_field("dict-1"), parse_field("norm/:number").is_scalar
    (Field(name='dict-1', is_scalar=False, kind='tree'), True)
    """
    if isinstance(name, Field):
        return name
    stem, separator, tail = name.partition("/")
    return Field(stem, is_scalar=bool(separator) and tail == NUMBER)


def number(inputs: VValue, field: str) -> Any:
    """The ``:number`` of one field of a neuron's inputs (0 where absent)."""
    unit = _units.get(field)
    if unit is None:
        unit = _units[field] = VValue({field: {NUMBER: 1.0}})
    return inner(inputs, unit)


_units: dict[str, VValue] = {}
_makers: dict[str, Callable[[str], NeuronType]] = {}


def add_maker(name: str, make: Callable[[str], NeuronType]) -> None:
    """Register a family of types, see `dmm.neurons.families`.

    Raises
    ------
    ValueError
        If another family has this name.
    """
    if _makers.get(name, make) is not make:
        raise ValueError(f"a family of neuron types is called {name!r} already")
    _makers[name] = make


def get_neuron_type(name: str) -> NeuronType:
    """The type registered under a name.

    Raises
    ------
    ValueError
        If there is none; the message lists the known ones. A name such as ``delay(3)`` is made
        by its family.
    """
    kind = _registry.get(name)
    if kind is None:
        stem, bracket, argument = name.partition("(")
        if bracket and argument.endswith(")") and stem in _makers:
            return register(_makers[stem](argument[:-1]))
        raise ValueError(f"unknown neuron type {name!r}; known types: {', '.join(neuron_types())}")
    return kind


def neuron_types() -> tuple[str, ...]:
    """Names of all registered types."""
    return tuple(sorted(_registry))
