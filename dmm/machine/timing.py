"""When every neuron of a circuit has its answer to a sample, and what has to wait for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import permutations
from typing import NamedTuple

import numpy as np

from ..neurons import get_neuron_type
from .wiring import upstream

__all__ = ["Port", "Schedule", "Wire", "fastest", "scheduled"]

Port = tuple[str, str]


class Wire(NamedTuple):
    """A link of a circuit, in the published argument order.

    Attributes
    ----------
    neuron_in, field_in, neuron_out, field_out : str
    weight : float
    lag : int
        Samples: 0 for what the sender makes of the same sample.

    Examples
    --------
    >>> Wire("sum", "dict-2", "input", "char", lag=1).weight
    1.0
    """

    neuron_in: str
    field_in: str
    neuron_out: str
    field_out: str
    weight: float = 1.0
    lag: int = 0


class Schedule(NamedTuple):
    """When answers are there, and how many relays the wires need.

    Attributes
    ----------
    ready : neuron -> tick, counted from the first one of a sample
    relays : per wire
    """

    ready: dict[str, int]
    relays: list[int]


class _Role(NamedTuple):
    """What timing asks about a neuron."""

    name: str
    is_source: bool
    is_constant: bool
    is_awake: bool
    """Whether it makes something of nothing."""
    is_sink: bool


def _role(name: str, kind: str) -> _Role:
    known = get_neuron_type(kind)
    is_source = not known.reads
    is_awake = known.is_alive == "always" and not is_source
    is_constant = is_source and not known.is_source
    return _Role(name, is_source, is_constant, is_awake, not known.writes)


def scheduled(neurons: Mapping[str, str], wires: Sequence[Wire], ticks: int) -> Schedule | None:
    """The schedule with the fewest relays; None if there is none.

    Parameters
    ----------
    neurons : mapping of neuron name to type name
    wires : sequence of Wire
    ticks : int
        Per sample.

    Notes
    -----
    What a neuron makes of a sample is there from tick ``r`` to tick ``e``, counted from the first
    tick of the sample (a source's from 0 to ``ticks - 1``). Over a wire of lag ``w`` with ``k``
    relays a neuron hears what was emitted ``1 + k`` ticks ago, so all that it hears while its own
    answer is there belongs to the right sample if ::

        r_in >= r_out + 1 + k - w ticks        e_in <= e_out + 1 + k - w ticks

    Summed around a cycle the two say that it takes exactly as long as its lags. The chains of
    relays, one per output port, are as long as the longest wire needs. All sinks are read at one
    tick, when the last of them is ready: none must be over by then.
    """
    roles = tuple(_role(name, kind) for name, kind in neurons.items())
    found = _solved(roles, tuple(wire._replace(weight=1.0) for wire in wires), ticks)
    return None if found is None else Schedule(dict(found.ready), list(found.relays))


@lru_cache(1024)  # a search tries the same wires with many weights
def _solved(roles: tuple[_Role, ...], wires: tuple[Wire, ...], ticks: int) -> Schedule | None:
    from scipy.optimize import Bounds, LinearConstraint, milp  # importing it takes a while

    neurons = {role.name: role for role in roles}
    names = list(neurons)
    # What a later sample depends on.
    remembered = set(upstream([wire.neuron_out for wire in wires if wire.lag], wires))
    ports = list(dict.fromkeys(wire[2:4] for wire in wires))
    # Columns: r and e of every neuron, k of every wire, length of every chain.
    n, m = len(names), len(wires)
    first = {name: i for i, name in enumerate(names)}
    chain = {port: 2 * n + m + i for i, port in enumerate(ports)}
    width = 2 * n + m + len(ports)
    rows = [[(first[x], 1.0), (n + first[x], -1.0)] for x in names]
    limits = [0.0] * n  # rows . columns <= limits; r <= e
    for i, wire in enumerate(wires):
        sender, receiver, k = first[wire.neuron_out], first[wire.neuron_in], 2 * n + i
        late = 1.0 - wire.lag * ticks
        rows += [[(chain[wire[2:4]], -1.0), (k, 1.0)], [(sender, 1.0), (receiver, -1.0), (k, 1.0)]]
        limits += [0.0, -late]
        # A constant is the same for every sample; only a memory asks since when.
        is_timeless = neurons[wire.neuron_out].is_constant and wire.neuron_in not in remembered
        if wire.lag or not is_timeless:
            rows.append([(n + receiver, 1.0), (n + sender, -1.0), (k, -1.0)])
            limits.append(late)
    low, high = np.zeros(width), np.full(width, np.inf)
    for i, role in enumerate(roles):
        if role.is_source:
            high[i], low[n + i], high[n + i] = 0.0, ticks - 1.0, ticks - 1.0
        else:
            low[i] = 1.0
            # What speaks before the first sample must not be heard as an answer to one.
            is_early = role.is_awake and role.name in remembered
            high[n + i] = ticks - 1.0 if is_early else np.inf
    sinks = [first[role.name] for role in roles if role.is_sink]
    rows += [[(i, 1.0), (n + j, -1.0)] for i, j in permutations(sinks, 2)]
    limits += [0.0] * (len(rows) - len(limits))
    matrix = np.zeros((len(rows), width))
    for row, entries in zip(matrix, rows, strict=True):
        for column, value in entries:
            row[column] += value
    cost = np.concatenate([np.full(n, 1e-3), np.zeros(n + m), np.ones(len(ports))])
    solved = milp(
        cost,
        constraints=LinearConstraint(matrix, -np.inf, limits),
        bounds=Bounds(low, high),
        integrality=np.ones(width),
    )
    if solved.x is None:
        return None
    whole = np.round(solved.x).astype(int).tolist()
    return Schedule(dict(zip(names, whole, strict=False)), whole[2 * n : 2 * n + m])


def fastest(neurons: Mapping[str, str], wires: Sequence[Wire]) -> tuple[int, Schedule]:
    """The least number of ticks per sample, and its schedule; parameters as of `scheduled`.

    There is always one, for wires without lag form no cycle.
    """
    ticks = 1
    while (schedule := scheduled(neurons, wires, ticks)) is None:
        ticks += 1
    return ticks, schedule
