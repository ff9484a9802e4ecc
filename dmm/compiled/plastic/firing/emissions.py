"""What neurons of a type can emit, from what they can read: elements, not numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ....neurons import (
    FUNCTION,
    Element,
    Kernel,
    NeuronType,
    StreamReader,
    Term,
    get_neuron_type,
    repertoire,
)
from ...lowering import is_superfluid

__all__ = [
    "NOTHING",
    "NUMBER_ONLY",
    "Elements",
    "can_grow",
    "can_run",
    "emitted",
    "mixed_parts",
    "terms_of",
]

Elements = frozenset[Element]

NOTHING: Elements = frozenset()
NUMBER_ONLY: Elements = frozenset([()])


def can_run(neuron_type: NeuronType) -> bool:
    """Whether machines that hold their own matrix are compiled with such neurons.

    Examples
    --------
    >>> can_run(get_neuron_type("superfluid(accum,mask_multiply)"))
    True
    >>> can_run(get_neuron_type("superfluid(accum,trials)")), can_run(get_neuron_type("trials"))
    (False, False)
    """
    if is_superfluid(neuron_type.name):
        return all(
            isinstance(part.kernel, Kernel) or part.has_terms
            for part in map(get_neuron_type, repertoire(neuron_type.name) or ())
        )
    if neuron_type.inner is not None:
        return all(map(can_run, map(get_neuron_type, neuron_type.inner.machine.neurons.values())))
    is_silent = not neuron_type.writes
    has_body = isinstance(neuron_type.kernel, (Kernel, StreamReader)) or neuron_type.has_terms
    return has_body or is_silent or not neuron_type.reads


def can_grow(neuron_type: NeuronType) -> bool:
    """Whether numbers decide how many elements such a neuron emits.

    Examples
    --------
    >>> can_grow(get_neuron_type("delay(3)"))
    False
    """
    parts = repertoire(neuron_type.name) or ()
    if neuron_type.inner is not None:
        parts = tuple(neuron_type.inner.machine.neurons.values())
    return neuron_type.open_terms is not None or any(map(can_grow, map(get_neuron_type, parts)))


def emitted(
    neuron_type: NeuronType, mine: Mapping[str, Elements], reserve: int
) -> dict[str, Elements]:
    """The elements of every written field, from those of the read fields.

    Parameters
    ----------
    neuron_type : NeuronType
        That reads something, and that `can_run` lets pass.
    mine : mapping of read field to elements
    reserve : int
        See `dmm.neurons.NeuronType.terms_within`.

    Raises
    ------
    ValueError
        If such a neuron cannot take these elements, or cannot be compiled for them.

    Examples
    --------
    >>> emitted(get_neuron_type("norm"), {"dict": frozenset([("a",), ("b",)])}, 1)
    {'norm': frozenset({()})}
    """
    if is_superfluid(neuron_type.name):
        return _emitted_mixture(neuron_type, mine, reserve)
    if neuron_type.has_terms:
        return _targets(neuron_type, neuron_type.terms_within(mine, reserve))
    return _emitted_by_kernel(neuron_type, mine)


def _targets(neuron_type: NeuronType, terms: Iterable[Term]) -> dict[str, Elements]:
    written: dict[str, set[Element]] = {field.name: set() for field in neuron_type.writes}
    for term in terms:
        written[term.field].add(term.element)
    return {name: frozenset(elements) for name, elements in written.items()}


def _emitted_by_kernel(
    neuron_type: NeuronType, mine: Mapping[str, Elements]
) -> dict[str, Elements]:
    kernel = neuron_type.kernel
    assert isinstance(kernel, Kernel)
    streams = [mine[f.name] for f in neuron_type.reads if not f.is_scalar]
    every = NOTHING.union(*streams) | (NUMBER_ONLY if kernel.offset else NOTHING)
    return {
        field.name: NUMBER_ONLY if field.is_scalar or kernel.writes_numbers_only else every
        for field in neuron_type.writes
    }


# -------------------- superfluid neurons --------------------


def mixed_parts(neuron_type: NeuronType, coefficients: Elements) -> list[NeuronType]:
    """The types that a superfluid neuron mixes whose coefficients can be there.

    Raises
    ------
    ValueError
        If there can be coefficients for what is not mixed.

    Examples
    --------
    >>> mixture = get_neuron_type("superfluid(tanh,relu)")
    >>> [part.name for part in mixed_parts(mixture, frozenset([("relu",)]))]
    ['relu']
    """
    names = repertoire(neuron_type.name) or ()
    strange = coefficients - {(name,) for name in names}
    if strange:
        shown = sorted("/".join(map(str, element)) or ":number" for element in strange)
        raise ValueError(f"{FUNCTION} can come to hold {', '.join(shown)}, which it does not mix")
    return [get_neuron_type(name) for name in names if (name,) in coefficients]


def terms_of(neuron_type: NeuronType, mine: Mapping[str, Elements], reserve: int) -> Iterator[Term]:
    """What a neuron does in terms: all of it, or those parts of a mixture that have no kernel.

    Examples
    --------
    >>> has = {"list": frozenset([("this",)]), ":function": frozenset([("first",)])}
    >>> [term.factors for term in terms_of(get_neuron_type("superfluid(first)"), has, 1)]
    [((':function', ('first',)), ('list', ('this',)))]
    """
    if not is_superfluid(neuron_type.name):
        yield from neuron_type.terms_within(mine, reserve)
        return
    for part in mixed_parts(neuron_type, mine[FUNCTION]):
        if not isinstance(part.kernel, Kernel):
            share = (FUNCTION, (part.name,))
            for term in part.terms_within(_own(part, mine), reserve):
                yield term._replace(factors=(share, *term.factors))


def _emitted_mixture(
    neuron_type: NeuronType, mine: Mapping[str, Elements], reserve: int
) -> dict[str, Elements]:
    written = {field.name: NOTHING for field in neuron_type.writes}
    written[FUNCTION] = mine[FUNCTION]
    for part in mixed_parts(neuron_type, mine[FUNCTION]):
        own = _own(part, mine)
        found = (
            _emitted_by_kernel(part, own)
            if isinstance(part.kernel, Kernel)
            else _targets(part, part.terms_within(own, reserve))
        )
        for name, elements in found.items():
            written[name] |= elements
    return written


def _own(part: NeuronType, mine: Mapping[str, Elements]) -> dict[str, Elements]:
    """What a part of a mixture reads of what the mixture reads."""
    return {f.name: mine[f.name] & NUMBER_ONLY if f.is_scalar else mine[f.name] for f in part.reads}
