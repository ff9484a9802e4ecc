"""The order in which a machine is read - sources first, along the links, sinks last - and which
links of a large one are shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from vvalues import natural_key

from ..machine.machine import Link, Machine

__all__ = ["LIMIT", "SHOWN", "layers", "reading_order", "shown_links", "strong_components", "wired"]

LIMIT = 60
"""Beyond this many links (or neurons) a rendering is shortened ..."""
SHOWN = 40
"""... to this many, the largest."""


def wired(machine: Machine) -> list[Link]:
    """Links that carry something: their fields are written and read at the two ends.

    Published matrices also hold links into outputs and from inputs; those have no effect.
    """
    kinds = {neuron: machine.type_of(neuron) for neuron in machine.neurons}
    reads = {neuron: {f.name for f in kind.reads} for neuron, kind in kinds.items()}
    writes = {neuron: {f.name for f in kind.writes} for neuron, kind in kinds.items()}
    return [
        link
        for link in machine.links()
        if link.field_in in reads[link.neuron_in] and link.field_out in writes[link.neuron_out]
    ]


def shown_links(machine: Machine) -> tuple[list[Link], int]:
    """The links to show, in natural order, and how many are left out.

    Up to 60 links are all shown. Of more, the 40 largest; links that every neuron of a type has
    say little and links without effect say nothing, so those are left out first.
    """
    links = list(machine.links())
    if len(links) <= LIMIT:
        return links, 0
    working = set(wired(machine))
    ranked = sorted(
        links,
        key=lambda k: (_is_customary(machine, k), k not in working, -abs(k.weight)),
    )
    kept = {(link.path, link.is_fixed) for link in ranked[:SHOWN]}
    shown = [link for link in links if (link.path, link.is_fixed) in kept]
    return shown, len(links) - len(shown)


def _is_customary(machine: Machine, link: Link) -> bool:
    own = machine.type_of(link.neuron_in).fixed_links
    sender = "" if link.neuron_out == link.neuron_in else link.neuron_out
    return link.is_fixed and (link.field_in, sender, link.field_out) in own


# -------------------- layers --------------------


def reading_order(machine: Machine) -> list[str]:
    """All neurons, sources first and sinks last, each after those it reads where possible."""
    return [neuron for layer in layers(machine) for neuron in layer]


def layers(machine: Machine) -> list[list[str]]:
    """Neurons by their distance from the sources.

    The first layer holds the sources and the clockwork that only they need; the last one holds the
    sinks. In between a neuron stands behind everything it reads, except inside a cycle, where it
    stands at its distance from where signals enter the cycle.
    """
    links = wired(machine)
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


def _origins(machine: Machine, links: Iterable[Link]) -> list[str]:
    """Sources in front: the clockwork of stream readers, the readers, then constants."""
    senders: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        senders[link.neuron_in].append(link)
    clockwork: dict[str, None] = {}
    readers = [n for n in machine.neurons if machine.type_of(n).is_source]
    for reader in sorted(readers, key=natural_key):
        clockwork.update(dict.fromkeys(_upstream(reader, senders)))
    constants = [n for n in machine.neurons if not machine.type_of(n).reads and n not in clockwork]
    writing = [n for n in constants if machine.type_of(n).writes]
    return [*clockwork, *sorted(writing, key=natural_key)]


def _upstream(reader: str, senders: Mapping[str, list[Link]]) -> list[str]:
    """A stream reader behind the neurons that drive it, if only fixed links do."""
    found = [reader]
    for neuron in found:
        for link in senders.get(neuron, ()):
            if not link.is_fixed:
                return [reader]
            if link.neuron_out not in found:
                found.append(link.neuron_out)
    return found[::-1]


def _depths(neurons: list[str], links: Iterable[Link]) -> dict[str, int]:
    inside = set(neurons)
    followers: dict[str, list[str]] = {n: [] for n in neurons}
    senders: dict[str, list[str]] = {n: [] for n in neurons}
    for link in links:
        if link.neuron_in in inside and link.neuron_out in inside:
            followers[link.neuron_out].append(link.neuron_in)
            senders[link.neuron_in].append(link.neuron_out)
    depth: dict[str, int] = {}
    for component in strong_components(followers):
        members = set(component)
        before = {n: [depth[s] for s in senders[n] if s not in members] for n in component}
        start = max((d for found in before.values() for d in found), default=-1) + 1
        entries = [n for n in component if before[n]]
        for neuron, distance in _distances(entries or component[:1], followers, members):
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


def strong_components(followers: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Strongly connected components, each before those it leads to (Tarjan, without recursion).

    Examples
    --------
    >>> strong_components({"a": ["b"], "b": ["c"], "c": ["b"]})
    [['a'], ['b', 'c']]
    """
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    open_nodes: list[str] = []
    closed: set[str] = set()
    components: list[list[str]] = []
    for root in followers:
        if root in number:
            continue
        number[root] = low[root] = len(number)
        open_nodes.append(root)
        stack = [(root, iter(followers[root]))]
        while stack:
            node, remaining = stack[-1]
            for follower in remaining:
                if follower not in number:
                    number[follower] = low[follower] = len(number)
                    open_nodes.append(follower)
                    stack.append((follower, iter(followers[follower])))
                    break
                if follower not in closed:
                    low[node] = min(low[node], number[follower])
            else:
                stack.pop()
                if stack:
                    low[stack[-1][0]] = min(low[stack[-1][0]], low[node])
                if low[node] == number[node]:
                    start = open_nodes.index(node)
                    components.append(open_nodes[start:])
                    closed.update(open_nodes[start:])
                    del open_nodes[start:]
    return components[::-1]
