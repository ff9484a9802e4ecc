"""Order in a directed graph: strongly connected components and levels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

__all__ = ["levels", "strong_components"]

Edge = tuple[int, int]


def strong_components(n: int, edges: Iterable[Edge]) -> list[int]:
    """Number of the strongly connected component of every node ``0 ... n - 1``.

    Notes
    -----
    Tarjan's algorithm with an explicit stack, linear in nodes and edges; components are numbered
    against the direction of the edges. (SciPy has it too, but importing ``scipy.sparse`` takes
    longer than importing this package.)

    References
    ----------
    R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1, 1972.

    Examples
    --------
    >>> strong_components(4, [(0, 1), (1, 2), (2, 1), (2, 3)])
    [2, 1, 1, 0]
    """
    followers: dict[int, list[int]] = defaultdict(list)
    for a, b in edges:
        followers[a].append(b)
    component = [-1] * n
    order: dict[int, int] = {}  # node -> when it was met
    lowest: dict[int, int] = {}  # node -> earliest node reachable and still open
    opened: list[int] = []
    n_components = 0
    for root in range(n):
        if root in order:
            continue
        path = [(root, iter(followers[root]))]
        order[root] = lowest[root] = len(order)
        opened.append(root)
        while path:
            node, rest = path[-1]
            fresh = next((b for b in rest if _is_unmet(b, node, order, lowest, component)), None)
            if fresh is not None:
                order[fresh] = lowest[fresh] = len(order)
                opened.append(fresh)
                path.append((fresh, iter(followers[fresh])))
                continue
            path.pop()
            if path:
                lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
            if lowest[node] == order[node]:
                while True:
                    member = opened.pop()
                    component[member] = n_components
                    if member == node:
                        break
                n_components += 1
    return component


def _is_unmet(
    b: int, node: int, order: dict[int, int], lowest: dict[int, int], component: list[int]
) -> bool:
    """Whether an edge leads to new ground; otherwise note how far back it leads."""
    if b not in order:
        return True
    if component[b] < 0:
        lowest[node] = min(lowest[node], order[b])
    return False


def levels(component: list[int], edges: Iterable[Edge]) -> dict[int, int]:
    """Level of every component: the length of the longest path that leads to it.

    Examples
    --------
    >>> levels([2, 1, 1, 0], [(0, 1), (1, 2), (2, 1), (2, 3)])
    {0: 2, 1: 1, 2: 0}
    """
    followers: dict[int, set[int]] = defaultdict(set)
    n_before = dict.fromkeys(sorted(set(component)), 0)
    for a, b in edges:
        one, other = component[a], component[b]
        if one != other and other not in followers[one]:
            followers[one].add(other)
            n_before[other] += 1
    level = dict.fromkeys(n_before, 0)
    ready = [c for c, n in n_before.items() if n == 0]
    while ready:
        one = ready.pop()
        for other in followers[one]:
            level[other] = max(level[other], level[one] + 1)
            n_before[other] -= 1
            if n_before[other] == 0:
                ready.append(other)
    return level
