"""What is odd about a machine: dead neurons, unread outputs, constants, near-cancelling pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vvalues import VValue, assemble

from ..machine.machine import Link, Machine, initial_outputs
from ..machine.wiring import by_receiver, heard, living, wired
from ..neurons import Kernel
from ..neurons.spelling import Port
from .labels import constant_text, count, number_text, plain, port_text, weight_text
from .reading import reading_order

__all__ = ["Diagnostics", "Pair", "diagnose"]

PAIR_TOLERANCE = 0.1
"""Two opposite weights whose sizes differ by no more than this fraction are called a pair."""


@dataclass(frozen=True)
class Pair:
    r"""Two links from one output to one neuron with nearly opposite weights.

    Attributes
    ----------
    first, second : Link
    mismatch : float
        Relative difference of the two sizes.
    effect : {"one link", "cancels", ""}
        On a neuron that subtracts its two fields the pair acts as one link of weight
        ``first - second``; on one that adds them (or on one field) it nearly cancels. Of other
        neuron types nothing is known.

    Examples
    --------
    >>> from dmm.machine import machine_of
    >>> links = ("compare.dict-1 <- x.stream 0.90", "compare.dict-2 <- x.stream -0.89",
    ...          "output.dict-1 <- compare.true")
    >>> neurons = {"x": "stream", "compare": "compare", "output": "output"}
    >>> machine = machine_of(neurons, trainable="\n".join(links))
    >>> [pair] = diagnose(machine).pairs
    >>> pair.first.weight, pair.second.weight, pair.effect
    (0.9, -0.89, 'one link')
    """

    first: Link
    second: Link
    mismatch: float
    effect: str


@dataclass(frozen=True)
class Diagnostics:
    """Findings about one machine.

    Attributes
    ----------
    silent : neurons that can never emit anything but zero (none if the machine edits its links)
    unheard : other neurons that cannot influence any sink (none if there is no sink)
    unread : outputs (neuron, field) of other neurons that no link reads
    inert : links into a field that is not read, or from one that is not written
    constants : outputs that do not depend on any input stream, with the value they settle at
    pairs : near-cancelling pairs

    Examples
    --------
    >>> from dmm.show import diagnose
    >>> from dmm.zoo import duplicate_detector
    >>> diagnose(duplicate_detector()).summary()
    '0 dead neurons, 1 unread output'
    """

    silent: tuple[str, ...]
    unheard: tuple[str, ...]
    unread: tuple[Port, ...]
    inert: tuple[Link, ...]
    constants: Mapping[Port, VValue]
    pairs: tuple[Pair, ...]

    @property
    def dead(self) -> tuple[str, ...]:
        """Neurons that could be removed: silent or unheard."""
        return (*self.silent, *self.unheard)

    def summary(self) -> str:
        """One line of counts."""
        parts = [count(len(self.dead), "dead neuron"), count(len(self.unread), "unread output")]
        if self.inert:
            parts.append(count(len(self.inert), "inert link"))
        return ", ".join(parts)

    def __str__(self) -> str:
        lines = [f"silent   {plain(n)}: nothing reaches it" for n in self.silent]
        lines += [f"unheard  {plain(n)}: influences no sink" for n in self.unheard]
        lines += [f"unread   {port_text(p)}" for p in self.unread]
        lines += [
            f"inert    {port_text(k.path[:2])} <- {port_text(k.path[2:])}" for k in self.inert
        ]
        lines += [
            f"constant {port_text(p)} = {constant_text(v)}" for p, v in self.constants.items()
        ]
        lines += [f"pair     {_pair_text(pair)}" for pair in self.pairs]
        return "\n".join(lines) or "nothing to report"


def _pair_text(pair: Pair) -> str:
    one, other = pair.first, pair.second
    text = f"{plain(one.neuron_in)} <- {port_text(one.path[2:])}: "
    text += f".{plain(one.field_in)} {weight_text(one.weight)}, "
    text += f".{plain(other.field_in)} {weight_text(other.weight)}, {pair.mismatch:.0%} apart"
    if pair.effect == "one link":
        text += f", acts as one link of {number_text(one.weight - other.weight)}"
    return text + (", nearly cancels" if pair.effect == "cancels" else "")


def diagnose(machine: Machine) -> Diagnostics:
    """Find what is odd about a machine, from its links alone.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> print(diagnose(duplicate_detector()))
    unread   compare.false
    constant const_1.const_1 = 1
    constant eos.char = {".": 1}
    """
    order = reading_order(machine)
    links = wired(machine, machine.links())
    alive, listened_to = living(machine, links), heard(machine, links)
    read = {link.path[2:] for link in links}
    silent = tuple(n for n in order if n not in alive and machine.type_of(n).writes)
    carries = {(link.path, link.is_fixed) for link in links}
    return Diagnostics(
        silent=silent,
        unheard=tuple(n for n in order if n not in listened_to and n not in silent),
        unread=tuple(
            (n, f.name)
            for n in order
            if n in alive and n in listened_to
            for f in machine.type_of(n).writes
            if (n, f.name) not in read
        ),
        inert=tuple(k for k in machine.links() if (k.path, k.is_fixed) not in carries),
        constants=_constants(machine, links, order),
        pairs=tuple(_pairs(machine, links)),
    )


# -------------------- constants --------------------


def _constants(machine: Machine, links: Sequence[Link], order: Iterable[str]) -> dict[Port, VValue]:
    """Outputs of neurons that read constants only; a cycle or a stream is never constant.

    Nor is what begins with something else before the first tick.
    """
    initial = initial_outputs(machine)
    into = by_receiver(links)
    found: dict[Port, VValue] = {}
    for neuron in order:
        neuron_type = machine.type_of(neuron)
        senders = [link.path[2:] for link in into[neuron]]
        is_other = neuron_type.is_source or not neuron_type.writes or bool(initial.subtree(neuron))
        if is_other or (neuron_type.reads and not senders) or any(s not in found for s in senders):
            continue
        outputs = _settled(machine, neuron, into[neuron], found)
        found.update({(neuron, f.name): outputs.subtree(f.name) for f in neuron_type.writes})
    return found


def _settled(
    machine: Machine, neuron: str, links: Iterable[Link], constants: Mapping[Port, VValue]
) -> VValue:
    inputs: dict[str, VValue] = {}
    for link in links:
        stream = link.weight * constants[link.neuron_out, link.field_out]
        inputs[link.field_in] = inputs.get(link.field_in, VValue()) + stream
    activation = machine.type_of(neuron).activation
    return assemble(dict(activation(assemble(inputs) if inputs else VValue())))


# -------------------- pairs --------------------


def _pairs(machine: Machine, links: Iterable[Link]) -> Iterable[Pair]:
    """Greedily, best match first; a link belongs to one pair at most."""
    bundles: dict[tuple[str, ...], list[Link]] = defaultdict(list)
    for link in links:
        key = (link.neuron_in, *link.path[2:])
        bundles[key].append(link)
    for bundle in bundles.values():
        yield from _pairs_of(machine, bundle)


def _pairs_of(machine: Machine, bundle: list[Link]) -> Iterable[Pair]:
    candidates = [
        (mismatch, i, j)
        for i, one in enumerate(bundle)
        for j, other in enumerate(bundle[:i])
        if one.weight * other.weight < 0
        and (mismatch := _mismatch(one.weight, other.weight)) <= PAIR_TOLERANCE
    ]
    used: set[int] = set()
    for mismatch, i, j in sorted(candidates):
        if not used & {i, j}:
            used |= {i, j}
            yield Pair(bundle[j], bundle[i], mismatch, _effect(machine, bundle[j], bundle[i]))


def _mismatch(one: float, other: float) -> float:
    return abs(abs(one) - abs(other)) / max(abs(one), abs(other))


def _effect(machine: Machine, one: Link, other: Link) -> str:
    """What the neuron does with the two fields: ``effective inputs = mixing @ fields``."""
    if one.field_in == other.field_in:
        return "cancels"
    neuron_type = machine.type_of(one.neuron_in)
    if not isinstance(neuron_type.kernel, Kernel):
        return ""
    names = [field.name for field in neuron_type.reads]
    mixing = neuron_type.kernel.mixing(len(names))
    first, second = (mixing[:, names.index(link.field_in)] for link in (one, other))
    if np.array_equal(first, second):
        return "cancels"
    return "one link" if np.array_equal(first, -second) else ""
