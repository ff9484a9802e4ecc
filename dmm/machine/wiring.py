"""The graph of a machine: which links carry something, what signals can reach, cycles, levels.

Whatever orders neurons or leaves some out - plans, readings, diagnostics - asks here. A link is
anything that begins with the four keys of its path: a `Link`, or the bare path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from vvalues import Path

from .machine import Machine, initial_outputs

__all__ = [
    "by_receiver",
    "followers",
    "heard",
    "levels",
    "links_into",
    "living",
    "reach",
    "strong_components",
    "upstream",
    "wired",
]

L = TypeVar("L", bound=tuple)
Node = TypeVar("Node", bound=Hashable)


# -------------------- links --------------------


def wired(machine: Machine, links: Iterable[L]) -> list[L]:
    """Links that carry something: their fields are written and read at the two ends.

    Published matrices also hold links into outputs and from inputs; those have no effect.
    """
    types = {neuron: machine.type_of(neuron) for neuron in machine.neurons}
    reads = {neuron: {f.name for f in of.reads} for neuron, of in types.items()}
    writes = {neuron: {f.name for f in of.writes} for neuron, of in types.items()}
    return [k for k in links if k[1] in reads[k[0]] and k[3] in writes[k[2]]]


def links_into(machine: Machine, neuron: str) -> list[Path]:
    """Paths of the wired links into one neuron, fixed ones first, without looking at the others."""
    found: dict[Path, None] = {}
    for matrix in (machine.fixed, machine.trainable):
        first, last = matrix.support.leaf_range((neuron,))
        found.update(dict.fromkeys(matrix.support.paths[first:last]))
    reads = machine.type_of(neuron).read_field
    writes = {path[2]: machine.type_of(path[2]).written_field for path in found}
    return [path for path in found if reads(path[1]) and writes[path[2]](path[3])]


def by_receiver(links: Iterable[L]) -> dict[str, list[L]]:
    """Links by the neuron they lead to; empty lists for all others."""
    found: dict[str, list[L]] = defaultdict(list)
    for link in links:
        found[link[0]].append(link)
    return found


def followers(neurons: Iterable[str], links: Iterable[Sequence[Any]]) -> dict[str, list[str]]:
    """For each of some neurons, those among them that it feeds."""
    found: dict[str, list[str]] = {neuron: [] for neuron in neurons}
    for link in links:
        if link[0] in found and link[2] in found:
            found[link[2]].append(link[0])
    return found


# -------------------- what signals reach --------------------


def reach(starts: Iterable[Node], following: Callable[[Node], Iterable[Node]]) -> list[Node]:
    """The starts and everything that can be reached from them, breadth first.

    Examples
    --------
    >>> reach([1], lambda n: [2 * n, n + 3] if n < 5 else [])
    [1, 2, 4, 5, 8, 7]
    """
    found = dict.fromkeys(starts)
    queue = list(found)
    for node in queue:
        for other in following(node):
            if other not in found:
                found[other] = None
                queue.append(other)
    return queue


def upstream(neurons: Iterable[str], links: Iterable[tuple]) -> list[str]:
    """Some neurons and all that have a way to them, the nearest first."""
    into = by_receiver(links)
    return reach(neurons, lambda neuron: [link[2] for link in into[neuron]])


def living(machine: Machine, links: Iterable[Sequence[Any]]) -> set[str]:
    """Neurons that a signal can reach; a product needs one on every field.

    What a neuron emits before the first tick is a signal too. Of a machine that edits its own links
    nothing is known: all of its neurons count.

    Parameters
    ----------
    machine : Machine
    links : its `wired` links
    """
    if machine.matrix_port is not None:
        return set(machine.neurons)
    types = {neuron: machine.type_of(neuron) for neuron in machine.neurons}
    waiting = {neuron: {f.name for f in of.reads} for neuron, of in types.items()}
    out_of: dict[str, list[Sequence[Any]]] = defaultdict(list)
    for link in links:
        out_of[link[2]].append(link)
    found = {neuron for neuron, of in types.items() if of.is_alive == "always"}
    found |= {path[0] for path in initial_outputs(machine).support.paths}
    frontier = list(found)
    while frontier:  # a least fixed point: cycles start empty
        for receiver, field, *_ in out_of[frontier.pop()]:
            waiting[receiver].discard(field)
            needs_more = types[receiver].is_alive == "all" and waiting[receiver]
            if receiver not in found and not needs_more:
                found.add(receiver)
                frontier.append(receiver)
    return found


def heard(machine: Machine, links: Iterable[tuple]) -> set[str]:
    """Neurons with a way to a sink; all of them if there is no sink, or if links may change."""
    sinks = [neuron for neuron in machine.neurons if not machine.type_of(neuron).writes]
    if not sinks or machine.matrix_port is not None:
        return set(machine.neurons)
    return set(upstream(sinks, links))


# -------------------- cycles and levels --------------------


def strong_components(followers: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """Strongly connected components, each before those it leads to.

    Notes
    -----
    Tarjan's algorithm with an explicit stack, linear in nodes and edges. (SciPy has it too, but
    importing ``scipy.sparse`` takes longer than importing this package.)

    References
    ----------
    R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1, 1972.

    Examples
    --------
    >>> strong_components({"a": ["b"], "b": ["c"], "c": ["b"]})
    [['a'], ['b', 'c']]
    """
    met: dict[Node, int] = {}  # node -> when it was met
    lowest: dict[Node, int] = {}  # node -> earliest node reachable and still open
    opened: list[Node] = []
    closed: set[Node] = set()
    components: list[list[Node]] = []
    for root in followers:
        if root in met:
            continue
        met[root] = lowest[root] = len(met)
        opened.append(root)
        way = [(root, iter(followers[root]))]
        while way:
            node, remaining = way[-1]
            for other in remaining:
                if other not in met:
                    met[other] = lowest[other] = len(met)
                    opened.append(other)
                    way.append((other, iter(followers[other])))
                    break
                if other not in closed:
                    lowest[node] = min(lowest[node], met[other])
            else:
                way.pop()
                if way:
                    lowest[way[-1][0]] = min(lowest[way[-1][0]], lowest[node])
                if lowest[node] == met[node]:
                    size = 1
                    while opened[-size] != node:
                        size += 1
                    components.append(opened[-size:])
                    closed.update(opened[-size:])
                    del opened[-size:]
    return components[::-1]


def levels(
    components: Iterable[Iterable[Node]], followers: Mapping[Node, Iterable[Node]]
) -> dict[Node, int]:
    """Level of every node: how many other components the longest way to its own passes.

    Parameters
    ----------
    components : as from `strong_components`
    followers : the graph they are components of

    Examples
    --------
    >>> graph = {"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": []}
    >>> sorted(levels(strong_components(graph), graph).items())
    [('a', 0), ('b', 1), ('c', 1), ('d', 2)]
    """
    level: dict[Node, int] = {}
    for members in map(set, components):
        own = max(level.get(node, 0) for node in members)
        level.update(dict.fromkeys(members, own))
        for node in members:
            for other in followers[node]:
                if other not in members:
                    level[other] = max(level.get(other, 0), own + 1)
    return level
