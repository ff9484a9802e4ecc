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

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any, NamedTuple

from vvalues.core import from_leaves

from ..neurons import get_neuron_type
from .machine import Machine
from .timing import Port, Schedule, Wire, fastest, scheduled
from .wiring import followers, upstream

__all__ = ["Circuit", "Pace", "Wire", "in_samples"]

SAMPLES = "samples"
"""Key of a machine's metadata under which its pace stands, and when its neurons are ready."""

RELAY = "identity"


class Pace(NamedTuple):
    """How samples meet ticks.

    Attributes
    ----------
    ticks : int
        Every sample is held for so many ticks.
    delay : int
        The answer to a sample is observed so many ticks after the sample's first tick.

    Examples
    --------
    >>> pace = Pace(ticks=10, delay=4)  # a sample every ten ticks, answered four ticks later
    >>> pace.ticks, pace.delay
    (10, 4)
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
        unlagged = [wire for wire in self.wires if not wire.lag]
        try:
            TopologicalSorter(followers(self.neurons, unlagged)).prepare()
        except CycleError:
            raise ValueError(
                "wires without lag form a cycle: give one of them a lag of 1 sample"
            ) from None

    def __reduce__(self) -> tuple[Any, ...]:
        return Circuit, (dict(self.neurons), self.wires)

    @staticmethod
    def of(machine: Machine) -> Circuit:
        """The circuit of a machine that was lowered from one, whatever its links are now.

        Raises
        ------
        ValueError
            If the machine's metadata does not say when its neurons are ready, or a link carries
            something to a neuron before it is ready for it.
        """
        pace = Pace.of_machine(machine)
        return _lifted(machine, pace.ticks, machine.metadata[SAMPLES]["ready"])

    def without(self, wire: Wire) -> Circuit | None:
        """The circuit without a wire, and without what no longer reaches a sink.

        None if no sink would read anything.
        """
        kept = [other for other in self.wires if other is not wire]
        sinks = {n for n, kind in self.neurons.items() if not get_neuron_type(kind).writes}
        if not any(other.neuron_in in sinks for other in kept):
            return None
        used = set(upstream(sinks, kept))
        neurons = {
            name: kind
            for name, kind in self.neurons.items()
            if name in used or get_neuron_type(kind).is_source
        }
        return Circuit(neurons, tuple(w for w in kept if w.neuron_in in used))

    # -------------------- lowering --------------------

    def least_ticks(self) -> int:
        """The least number of ticks per sample: cycles must not have more neurons than ticks."""
        return fastest(self.neurons, self.wires)[0]

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
        if ticks is None:
            return _Lowering(self, *fastest(self.neurons, self.wires)).result(name)
        schedule = scheduled(self.neurons, self.wires, ticks)
        if schedule is None:
            raise ValueError(f"ticks is {ticks}; this circuit needs {self.least_ticks()} at least")
        return _Lowering(self, ticks, schedule).result(name)


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


# -------------------- from wires to links and back --------------------


class _Lowering:
    """From wires to links, with relays where a wire takes longer than a tick."""

    def __init__(self, circuit: Circuit, ticks: int, schedule: Schedule) -> None:
        self.circuit, self.ticks, self.schedule = circuit, ticks, schedule
        self.neurons = dict(circuit.neurons)
        self.fixed: dict[tuple[str, ...], float] = {}
        self.trainable: dict[tuple[str, ...], float] = {}
        self.chains: dict[Port, list[Port]] = {}

    def result(self, name: str) -> tuple[Machine, Pace]:
        """The machine, and when it is read: when its last sink is ready."""
        for wire, relays in zip(self.circuit.wires, self.schedule.relays, strict=True):
            path = (*wire[:2], *self._relayed(wire[2:4], relays))
            links = self.fixed if self._is_customary(wire) else self.trainable
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

    def _is_customary(self, wire: Wire) -> bool:
        """Whether the wire is one that neurons of this type always have."""
        own = get_neuron_type(self.circuit.neurons[wire.neuron_in]).fixed_links
        sender = "" if wire.neuron_out == wire.neuron_in else wire.neuron_out
        return wire.weight == 1.0 and (wire.field_in, sender, wire.field_out) in own


def in_samples(machine: Machine, delay: int | None = None) -> Circuit:
    """The circuit of a machine that takes a sample per tick, and answers some ticks later.

    Parameters
    ----------
    machine : Machine
    delay : int, optional
        Ticks from a sample to its answer; None for a machine that was lowered from a circuit.

    Returns
    -------
    Circuit
        It does the same but for the first samples, where the machine hears its constants late.

    Raises
    ------
    ValueError
        If there is neither a delay nor a pace, or an answer would depend on later samples.

    Examples
    --------
    >>> from vvalues import VValue
    >>> late = {"output": {"dict-1": {"norm": {"norm": 1.0}}},
    ...         "norm": {"dict": {"stream-x": {"stream": 1.0}}}}
    >>> types = {"stream-x": "stream", "norm": "norm", "output": "output"}
    >>> machine = Machine(types, trainable=VValue(late))
    >>> [wire.lag for wire in in_samples(machine, delay=2).wires]
    [0, 0]
    """
    if delay is None:
        return Circuit.of(machine)
    links = [path for part in (machine.fixed, machine.trainable) for path in part.support.paths]
    types = {name: get_neuron_type(kind) for name, kind in machine.neurons.items()}
    ready = {name: 0 for name, kind in types.items() if kind.is_source}
    for tick in range(1, len(types) + 1):
        reached = {path[0] for path in links if ready.get(path[2]) == tick - 1}
        ready |= dict.fromkeys((name for name in reached if name not in ready), tick)
    for sink in (name for name, kind in types.items() if not kind.writes):
        if ready.get(sink, delay) < delay:
            raise ValueError(
                f"machine {machine.name!r}: {sink!r} hears of a sample after {ready[sink]} ticks; "
                f"with a delay of {delay} the answer would depend on later samples"
            )
        ready[sink] = delay
    return _lifted(machine, 1, {name: ready.get(name, 0) for name in types})


def _lifted(machine: Machine, ticks: int, ready: Mapping[str, int]) -> Circuit:
    """Links as wires; relays become lags."""
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
        lag = -(-late // ticks)  # what is not ready in time is of an earlier sample
        while sender in relays:
            sender, field_out = relays[sender]
        wires.append(Wire(receiver, field_in, sender, field_out, float(weight), max(lag, 0)))
    neurons = {name: kind for name, kind in machine.neurons.items() if name not in relays}
    return Circuit(neurons, tuple(wires))
