"""Circuits: machines written in samples, lowered to machines that run in ticks.

In a machine every link takes one tick. People think in samples: an answer belongs to an input, and
a memory holds something from one sample to the next. A `Circuit` is written that way: a wire
without lag carries what its sender makes of the same sample, a wire of lag 1 what it made of the
sample before. `Circuit.lowered` gives the machine that does the same, and the `Pace` at which it
is to be fed and read.

A machine that takes a sample per tick answers some ticks later; all ways between two neurons must
then take equally long, so that samples never mix, and relays make up for what is short. A cycle
of more neurons than it has lags cannot run that fast: samples are held for several ticks, and every
cycle takes exactly that long. Either way an answer depends on its own sample and earlier ones,
never on later ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from vvalues.core import from_leaves

from ..neurons import get_neuron_type
from .machine import Machine
from .wiring import reach, strong_components

__all__ = ["Circuit", "Pace", "Wire"]

SAMPLES = "samples"
"""Key of a machine's metadata under which its pace stands, and when its neurons are ready."""

RELAY = "identity"
Port = tuple[str, str]


class Wire(NamedTuple):
    """A link of a circuit, in the published argument order.

    Attributes
    ----------
    neuron_in, field_in, neuron_out, field_out : str
    weight : float
    lag : int
        Samples: 0 for what the sender makes of the same sample.
    """

    neuron_in: str
    field_in: str
    neuron_out: str
    field_out: str
    weight: float = 1.0
    lag: int = 0


class Pace(NamedTuple):
    """How samples meet ticks.

    Attributes
    ----------
    ticks : int
        Every sample is held for so many ticks.
    delay : int
        The answer to a sample is observed so many ticks after the sample's first tick.
    """

    ticks: int = 1
    delay: int = 1

    def of(self, sample: int) -> int:
        """The tick at which the answer to a sample is observed."""
        return sample * self.ticks + self.delay

    @staticmethod
    def of_machine(machine: Machine) -> Pace:
        """The pace of a machine that was lowered from a circuit.

        Raises
        ------
        ValueError
            If its metadata does not hold one.
        """
        samples = machine.metadata.get(SAMPLES)
        if not isinstance(samples, Mapping) or not {"ticks", "delay", "ready"} <= set(samples):
            raise ValueError(
                f"machine {machine.name!r} does not say how its samples meet ticks; give it "
                f"metadata {SAMPLES!r} with ticks, delay and ready, as Circuit.lowered does"
            )
        return Pace(int(samples["ticks"]), int(samples["delay"]))


@dataclass(frozen=True)
class Circuit:
    """A machine in samples.

    Parameters
    ----------
    neurons : mapping of neuron name to type name
        Sources that read nothing and neurons without outputs (sinks) included.
    wires : iterable of Wire

    Raises
    ------
    ValueError
        If a wire leads from or to a neuron or field that does not exist, a lag is negative, or
        wires without lag form a cycle.

    Examples
    --------
    >>> counter = Circuit(
    ...     {"stream-x": "stream", "accum": "accum", "output": "output"},
    ...     [Wire("accum", "dict-2", "stream-x", "stream"),
    ...      Wire("accum", "dict-1", "accum", "dict", lag=1),
    ...      Wire("output", "dict-1", "accum", "dict")])
    >>> machine, pace = counter.lowered()
    >>> len(machine.trainable), pace
    (2, Pace(ticks=1, delay=2))
    """

    neurons: Mapping[str, str]
    wires: tuple[Wire, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "neurons", MappingProxyType(dict(self.neurons)))
        object.__setattr__(self, "wires", tuple(Wire(*wire) for wire in self.wires))
        for wire in self.wires:
            _check(self.neurons, wire)
        if self._cyclic(wire for wire in self.wires if not wire.lag):
            raise ValueError("wires without lag form a cycle: give one of them a lag of 1 sample")

    def __reduce__(self) -> tuple[Any, ...]:
        return Circuit, (dict(self.neurons), self.wires)

    @staticmethod
    def _cyclic(wires: Iterable[Wire]) -> bool:
        found: dict[str, list[str]] = {}
        for wire in wires:
            found.setdefault(wire.neuron_out, []).append(wire.neuron_in)
            found.setdefault(wire.neuron_in, [])
        return any(
            len(component) > 1 or component[0] in found[component[0]]
            for component in strong_components(found)
        )

    @staticmethod
    def of(machine: Machine) -> Circuit:
        """The circuit of a machine that was lowered from one, whatever its links are now.

        Raises
        ------
        ValueError
            If the machine's metadata does not say when its neurons are ready, or a link carries
            something to a neuron before it is ready for it.
        """
        return _lifted(machine, Pace.of_machine(machine))

    # -------------------- lowering --------------------

    def least_ticks(self) -> int:
        """The least number of ticks per sample: cycles must not have more neurons than ticks."""
        ticks = 1
        while _schedule(self, ticks) is None:
            ticks += 1
        return ticks

    def lowered(self, ticks: int | None = None, name: str = "machine") -> tuple[Machine, Pace]:
        """The machine that does the same in ticks.

        Parameters
        ----------
        ticks : int, optional
            Ticks per sample; the least possible when omitted.
        name : str

        Returns
        -------
        machine : Machine
            The circuit's wires are its trainable links; links of relays are fixed. Its metadata
            holds under ``"samples"`` what `Circuit.of` needs.
        pace : Pace

        Raises
        ------
        ValueError
            If a cycle does not fit in so many ticks.
        """
        ticks = self.least_ticks() if ticks is None else ticks
        schedule = _schedule(self, ticks)
        if schedule is None:
            raise ValueError(f"ticks is {ticks}; this circuit needs {self.least_ticks()} at least")
        return _Lowering(self, schedule, ticks).result(name)


def _check(neurons: Mapping[str, str], wire: Wire) -> None:
    where = f"wire {wire.neuron_in}/{wire.field_in} <- {wire.neuron_out}/{wire.field_out}"
    for neuron in (wire.neuron_in, wire.neuron_out):
        if neuron not in neurons:
            raise ValueError(f"{where}: there is no neuron {neuron!r}")
    if get_neuron_type(neurons[wire.neuron_in]).read_field(wire.field_in) is None:
        raise ValueError(f"{where}: {wire.neuron_in!r} does not read {wire.field_in!r}")
    if get_neuron_type(neurons[wire.neuron_out]).written_field(wire.field_out) is None:
        raise ValueError(f"{where}: {wire.neuron_out!r} does not write {wire.field_out!r}")
    if wire.lag < 0:
        raise ValueError(f"{where}: the lag is {wire.lag} samples; expected 0 or more")


# -------------------- when every neuron has its answer --------------------


class _Schedule(NamedTuple):
    """When answers are there, and how many relays the wires need.

    Attributes
    ----------
    ready : neuron -> tick, counted from the first one of a sample
    relays : per wire
    """

    ready: dict[str, int]
    relays: list[int]


class _Graph:
    """What timing asks about a circuit."""

    def __init__(self, circuit: Circuit) -> None:
        self.types = {name: get_neuron_type(kind) for name, kind in circuit.neurons.items()}
        senders: dict[str, list[str]] = {name: [] for name in circuit.neurons}
        for wire in circuit.wires:
            senders[wire.neuron_in].append(wire.neuron_out)
        memories = [wire.neuron_out for wire in circuit.wires if wire.lag]
        self.remembered = set(reach(memories, senders.__getitem__))
        """Neurons that a later sample depends on."""

    def is_source(self, neuron: str) -> bool:
        return not self.types[neuron].reads

    def is_constant(self, neuron: str) -> bool:
        return self.is_source(neuron) and not self.types[neuron].is_source

    def speaks_unasked(self, neuron: str) -> bool:
        """Whether it makes something of nothing, and a memory hears it."""
        kind = self.types[neuron]
        is_awake = kind.is_alive == "always" and bool(kind.reads)
        return is_awake and neuron in self.remembered


def _schedule(circuit: Circuit, ticks: int) -> _Schedule | None:
    """The schedule with the fewest relays; None if there is none.

    Notes
    -----
    What a neuron makes of a sample is there from tick ``r`` to tick ``e``, counted from the first
    tick of the sample (a source's from 0 to ``ticks - 1``). Over a wire of lag ``w`` with ``k``
    relays a neuron hears what was emitted ``1 + k`` ticks ago, so all that it hears while its own
    answer is there belongs to the right sample if ::

        r_in >= r_out + 1 + k - w ticks        e_in <= e_out + 1 + k - w ticks

    Summed around a cycle the two say that it takes exactly as long as its lags. The chains of
    relays, one per output port, are as long as the longest wire needs.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # importing it takes a while

    graph = _Graph(circuit)
    names, wires = list(circuit.neurons), circuit.wires
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
        is_timeless = graph.is_constant(wire.neuron_out) and wire.neuron_in not in graph.remembered
        if wire.lag or not is_timeless:
            rows.append([(n + receiver, 1.0), (n + sender, -1.0), (k, -1.0)])
            limits.append(late)
    low, high = np.zeros(width), np.full(width, np.inf)
    for name, i in first.items():
        if graph.is_source(name):
            high[i], low[n + i], high[n + i] = 0.0, ticks - 1.0, ticks - 1.0
        else:
            low[i] = 1.0
            # What speaks before the first sample must not be heard as an answer to one.
            high[n + i] = ticks - 1.0 if graph.speaks_unasked(name) else np.inf
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
    return _Schedule(dict(zip(names, whole, strict=False)), whole[2 * n : 2 * n + m])


class _Lowering:
    """From wires to links, with relays where a wire takes longer than a tick."""

    def __init__(self, circuit: Circuit, schedule: _Schedule, ticks: int) -> None:
        self.circuit, self.schedule, self.ticks = circuit, schedule, ticks
        self.neurons = dict(circuit.neurons)
        self.fixed: dict[tuple[str, ...], float] = {}
        self.trainable: dict[tuple[str, ...], float] = {}
        self.chains: dict[Port, list[Port]] = {}

    def result(self, name: str) -> tuple[Machine, Pace]:
        """The machine, and when it is read: when its last sink is ready."""
        for wire, relays in zip(self.circuit.wires, self.schedule.relays, strict=True):
            path = (*wire[:2], *self._relayed(wire[2:4], relays))
            links = self.fixed if self._is_customary(wire, path) else self.trainable
            links[path] = links.get(path, 0.0) + wire.weight
        ready = self.schedule.ready
        types = {neuron: get_neuron_type(kind) for neuron, kind in self.circuit.neurons.items()}
        pace = Pace(
            self.ticks, max((ready[x] for x, kind in types.items() if not kind.writes), default=0)
        )
        machine = Machine(
            self.neurons,
            from_leaves(self.fixed),
            from_leaves(self.trainable),
            name,
            {SAMPLES: {"ticks": pace.ticks, "delay": pace.delay, "ready": ready}},
        )
        return machine, pace

    def _relayed(self, port: Port, relays: int) -> Port:
        chain = self.chains.setdefault(port, [port])
        while len(chain) <= relays:
            relay = f"relay-{len(self.neurons) - len(self.circuit.neurons) + 1}"
            self.neurons[relay] = RELAY
            self.schedule.ready[relay] = self.schedule.ready[chain[-1][0]] + 1
            path = (relay, "dict", *chain[-1])
            self.fixed[path] = 1.0
            chain.append((relay, "dict"))
        return chain[relays]

    def _is_customary(self, wire: Wire, path: tuple[str, ...]) -> bool:
        """Whether the link is one that neurons of this type always have."""
        own = get_neuron_type(self.circuit.neurons[wire.neuron_in]).fixed_links
        sender = "" if path[2] == wire.neuron_in else path[2]
        return wire.weight == 1.0 and (wire.field_in, sender, path[3]) in own


def _lifted(machine: Machine, pace: Pace) -> Circuit:
    """Links as wires; relays become lags."""
    ready = dict(machine.metadata[SAMPLES]["ready"])
    relays = {
        path[0]: (path[2], path[3])
        for path in machine.fixed.support.paths
        if machine.neurons[path[0]] == RELAY and path[2] != path[0]
    }
    wires = []
    for path, weight in [*machine.fixed.items(), *machine.trainable.items()]:
        if path[0] in relays:
            continue
        receiver, field_in, sender, field_out = path
        late = ready[sender] + 1 - ready[receiver]
        lag = -(-late // pace.ticks)  # what is not ready in time is of an earlier sample
        while sender in relays:
            sender, field_out = relays[sender]
        wires.append(Wire(receiver, field_in, sender, field_out, float(weight), max(lag, 0)))
    neurons = {name: kind for name, kind in machine.neurons.items() if name not in relays}
    return Circuit(neurons, tuple(wires))
