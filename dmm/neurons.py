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
from typing import TYPE_CHECKING, Any, Literal

from vvalues import VValue

from .kinds import TREE

if TYPE_CHECKING:
    from .kernel_base import Kernel

__all__ = ["Field", "NeuronType", "get_neuron_type", "neuron_type", "neuron_types", "register"]

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
        Kind of linear stream, see `dmm.kinds`.
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
        return next((f for f in self.reads if f.name == name), None)

    def written_field(self, name: str) -> Field | None:
        """The field written under this name, or None."""
        return next((f for f in self.writes if f.name == name), None)

    def constant(self) -> VValue:
        """Outputs of a neuron that reads nothing (field / stream)."""
        from .engine import as_outputs

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
        register(
            NeuronType(
                name, tuple(map(_field, reads)), tuple(map(_field, writes)), activation, **options
            )
        )
        return activation

    return decorate


def _field(name: str | Field) -> Field:
    if isinstance(name, Field):
        return name
    stem, separator, tail = name.partition("/")
    return Field(stem, is_scalar=bool(separator) and tail == ":number")


def get_neuron_type(name: str) -> NeuronType:
    """The type registered under a name.

    Raises
    ------
    ValueError
        If there is none; the message lists the known ones.
    """
    kind = _registry.get(name)
    if kind is None:
        raise ValueError(f"unknown neuron type {name!r}; known types: {', '.join(neuron_types())}")
    return kind


def neuron_types() -> tuple[str, ...]:
    """Names of all registered types."""
    return tuple(sorted(_registry))
