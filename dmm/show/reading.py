"""The order in which a machine is read - sources first, along the links, sinks last - and which
links of a large one are shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vvalues import natural_key

from ..machine.machine import Link, Machine
from ..machine.wiring import followers, strong_components, upstream, wired

__all__ = [
    "LIMIT",
    "SHOWN",
    "largest_weight",
    "layers",
    "reading_order",
    "shown_layers",
    "shown_links",
    "shown_neurons",
]

LIMIT = 60
"""Beyond this many links (or neurons) a rendering is shortened ..."""
SHOWN = 40
"""... to this many, the largest."""


def shown_links(machine: Machine) -> tuple[list[Link], int]:
    """The links to show, in natural order, and how many are left out.

    Up to 60 links are all shown. Of more, the 40 largest; links that every neuron of a type has
    say little and links without effect say nothing, so those are left out first.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> len(shown_links(duplicate_detector()))
    2
    """
    links = list(machine.links())
    if len(links) <= LIMIT:
        return links, 0
    working = set(wired(machine, links))
    ranked = sorted(
        links,
        key=lambda k: (_is_customary(machine, k), k not in working, -abs(k.weight)),
    )
    kept = {(link.path, link.is_fixed) for link in ranked[:SHOWN]}
    shown = [link for link in links if (link.path, link.is_fixed) in kept]
    return shown, len(links) - len(shown)


def shown_neurons(machine: Machine, links: Iterable[Link], n_hidden: int) -> list[str]:
    """The neurons to show beside these links: those that receive one if some are left out."""
    order = reading_order(machine)
    if not n_hidden and len(order) <= LIMIT:
        return order
    receiving = {link.neuron_in for link in links}
    return [neuron for neuron in order if neuron in receiving]


def shown_layers(machine: Machine, links: Iterable[Link], n_hidden: int) -> list[list[str]]:
    """The layers to draw: without neurons that no link joins if some links are left out."""
    linked = {name for link in links for name in (link.neuron_in, link.neuron_out)}
    rows = ([n for n in layer if n in linked or not n_hidden] for layer in layers(machine))
    return [row for row in rows if row]


def largest_weight(weighted: Iterable[Any]) -> float:
    """The largest size of a weight, to draw others in proportion to; 1 if there is none."""
    return max((abs(each.weight) for each in weighted), default=1.0) or 1.0


def _is_customary(machine: Machine, link: Link) -> bool:
    own = machine.type_of(link.neuron_in).fixed_links
    sender = "" if link.neuron_out == link.neuron_in else link.neuron_out
    return link.is_fixed and (link.field_in, sender, link.field_out) in own


# -------------------- layers --------------------


def reading_order(machine: Machine) -> list[str]:
    """All neurons, sources first and sinks last, each after those it reads where possible.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> reading_order(duplicate_detector())
    ['timer', 'input', 'const_1', 'eos', 'accum', 'dot', 'norm', 'compare', 'output']
    """
    return [neuron for layer in layers(machine) for neuron in layer]


def layers(machine: Machine) -> list[list[str]]:
    """Neurons by their distance from the sources.

    The first layer holds the sources and the clockwork that only they need; the last one holds the
    sinks. In between a neuron stands behind everything it reads, except inside a cycle, where it
    stands at its distance from where signals enter the cycle.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> layers(duplicate_detector())
    [['timer', 'input', 'const_1', 'eos'], ['accum'], ['dot', 'norm'], ['compare'], ['output']]
    """
    links = wired(machine, machine.links())
    origins = _origins(machine, links)
    outer = set(origins)
    sinks = [n for n in machine.neurons if not machine.type_of(n).writes and n not in outer]
    outer.update(sinks)
    inner = [n for n in machine.neurons if n not in outer]
    depth = _depths(sorted(inner, key=natural_key), links)
    rows: dict[int, list[str]] = defaultdict(list)
    for neuron, layer in depth.items():
        rows[layer].append(neuron)
    middle = [sorted(rows[layer], key=natural_key) for layer in sorted(rows)]
    last = sorted(sinks, key=natural_key)
    return [layer for layer in (origins, *middle, last) if layer]


def _origins(machine: Machine, links: list[Link]) -> list[str]:
    """Sources in front: the clockwork of stream readers, the readers, then constants."""
    clockwork: dict[str, None] = {}
    readers = [n for n in machine.neurons if machine.type_of(n).is_source]
    for reader in sorted(readers, key=natural_key):
        clockwork.update(dict.fromkeys(_driven(reader, links)))
    constants = [n for n in machine.neurons if not machine.type_of(n).reads and n not in clockwork]
    writing = [n for n in constants if machine.type_of(n).writes]
    return [*clockwork, *sorted(writing, key=natural_key)]


def _driven(reader: str, links: list[Link]) -> list[str]:
    """A stream reader behind the neurons that drive it, if only fixed links do."""
    found = dict.fromkeys(upstream([reader], links))
    is_driven = all(link.is_fixed for link in links if link.neuron_in in found)
    return list(found)[::-1] if is_driven else [reader]


def _depths(neurons: list[str], links: Iterable[Link]) -> dict[str, int]:
    graph = followers(neurons, links)
    senders: dict[str, list[str]] = {n: [] for n in neurons}
    for sender, receivers in graph.items():
        for receiver in receivers:
            senders[receiver].append(sender)
    depth: dict[str, int] = {}
    for component in strong_components(graph):
        members = set(component)
        before = {n: [depth[s] for s in senders[n] if s not in members] for n in component}
        start = max((d for found in before.values() for d in found), default=-1) + 1
        entries = [n for n in component if before[n]]
        for neuron, distance in _distances(entries or component[:1], graph, members):
            depth[neuron] = start + distance
    return depth


def _distances(
    entries: list[str], followers: Mapping[str, list[str]], members: set[str]
) -> Iterator[tuple[str, int]]:
    """Breadth first inside one component."""
    found = dict.fromkeys(entries, 0)
    queue = list(found)
    for neuron in queue:
        for follower in followers[neuron]:
            if follower in members and follower not in found:
                found[follower] = found[neuron] + 1
                queue.append(follower)
    yield from found.items()
