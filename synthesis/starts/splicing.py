"""Two circuits as one: where one emits what the other reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dmm.machine import Circuit, Wire

from ..problems import answer_port
from .signals import free_name

__all__ = ["fed_back", "joined", "renamed"]


def joined(reader: Circuit, emitter: Circuit, sources: Sequence[str]) -> Circuit:
    """A circuit that reads some streams, and one that answers with them, as one circuit.

    Parameters
    ----------
    reader : Circuit
        Its sources of these names are replaced.
    emitter : Circuit
        Its answers are the streams, in their order; what it answers nothing to is 0.
    sources : sequence of str

    Returns
    -------
    Circuit
        Neurons of one type that read the same are one neuron in it.
    """
    emitter = renamed(emitter, _own_names(emitter, reader))
    emitted: dict[str, list[Wire]] = {source: [] for source in sources}
    made_at = {answer_port(k): emitted[source] for k, source in enumerate(sources)}
    inner: list[Wire] = []
    for wire in emitter.wires:
        made_at.get((wire.neuron_in, wire.field_in), inner).append(wire)
    wires = _added((*_spliced(reader.wires, emitted), *inner))
    neurons = {name: kind for name, kind in reader.neurons.items() if name not in sources}
    neurons |= {name: kind for name, kind in emitter.neurons.items() if kind != "output"}
    return _without_twins(Circuit(neurons, wires))


def fed_back(circuit: Circuit, source: str, number: int = 0) -> Circuit:
    """A circuit whose own answer, one sample ago, is one of the streams that it reads.

    Parameters
    ----------
    circuit : Circuit
    source : str
        The stream.
    number : int
        Of the output.

    Examples
    --------
    >>> reads = [Wire("output", "dict-1", "stream-x", "stream"),
    ...          Wire("accum-1", "dict-2", "stream-past", "stream"),
    ...          Wire("output", "dict-1", "accum-1", "dict")]
    >>> kinds = {"stream-x": "stream", "stream-past": "stream", "accum-1": "accum",
    ...          "output": "output"}
    >>> looped = fed_back(Circuit(kinds, tuple(reads)), "stream-past")
    >>> [(wire.neuron_out, wire.lag) for wire in looped.wires if wire.neuron_in == "accum-1"]
    [('stream-x', 1), ('accum-1', 1)]
    """
    port = answer_port(number)
    told = [w._replace(lag=w.lag + 1) for w in circuit.wires if (w.neuron_in, w.field_in) == port]
    neurons = {name: kind for name, kind in circuit.neurons.items() if name != source}
    return Circuit(neurons, _added(_spliced(circuit.wires, {source: told})))


def renamed(circuit: Circuit, names: Mapping[str, str]) -> Circuit:
    """The circuit with other names for some of its neurons."""
    neurons = {names.get(name, name): kind for name, kind in circuit.neurons.items()}
    wires = (
        wire._replace(
            neuron_in=names.get(wire.neuron_in, wire.neuron_in),
            neuron_out=names.get(wire.neuron_out, wire.neuron_out),
        )
        for wire in circuit.wires
    )
    return Circuit(neurons, tuple(wires))


def _own_names(circuit: Circuit, other: Circuit) -> dict[str, str]:
    """New names for the neurons that another circuit has, too; sources are shared."""
    taken = set(other.neurons) | set(circuit.neurons)
    names = {}
    for name, kind in circuit.neurons.items():
        if name not in other.neurons or name == "const_1" or kind in ("stream", "output"):
            continue
        names[name] = free_name(kind, taken)
        taken.add(names[name])
    return names


def _spliced(wires: Sequence[Wire], emitted: dict[str, list[Wire]]) -> list[Wire]:
    """Wires from replaced sources lead from where the streams are made."""
    found = []
    for wire in wires:
        if wire.neuron_out not in emitted:
            found.append(wire)
            continue
        for made in emitted[wire.neuron_out]:
            ends = wire.neuron_in, wire.field_in, made.neuron_out, made.field_out
            found.append(Wire(*ends, wire.weight * made.weight, wire.lag + made.lag))
    return found


def _added(wires: Sequence[Wire]) -> tuple[Wire, ...]:
    """Wires with the same ends and lag as one."""
    weights: dict[Wire, float] = {}
    for wire in wires:
        key = wire._replace(weight=0.0)
        weights[key] = weights.get(key, 0.0) + wire.weight
    return tuple(wire._replace(weight=weight) for wire, weight in weights.items() if weight)


def _without_twins(circuit: Circuit) -> Circuit:
    """The circuit with one neuron for all that cannot be told apart.

    Neurons are alike if they are of one type and read the same of neurons that are alike: the
    coarsest such partition. All memories begin with nothing, so they always emit the same.
    """
    kinds = circuit.neurons
    readers = {wire.neuron_in for wire in circuit.wires}
    stays = {n for n, kind in kinds.items() if kind == "output" or n not in readers}
    block = {name: (kind, name if name in stays else "") for name, kind in kinds.items()}
    while True:
        told = {name: (block[name], _read(circuit, name, block)) for name in kinds}
        names = {key: place for place, key in enumerate(dict.fromkeys(told.values()))}
        finer = {name: (kinds[name], str(names[told[name]])) for name in kinds}
        if len(set(finer.values())) == len(set(block.values())):
            break
        block = finer
    first: dict[tuple[str, str], str] = {}
    kept = {name: first.setdefault(block[name], name) for name in kinds}
    wires = [
        wire._replace(neuron_out=kept[wire.neuron_out])
        for wire in circuit.wires
        if kept[wire.neuron_in] == wire.neuron_in
    ]
    return Circuit({name: kinds[name] for name in first.values()}, _added(wires))


def _read(circuit: Circuit, neuron: str, block: dict) -> frozenset:
    """What a neuron reads of which block, weights added."""
    wires = [
        wire._replace(neuron_in="", neuron_out=block[wire.neuron_out])
        for wire in circuit.wires
        if wire.neuron_in == neuron
    ]
    return frozenset(_added(wires))
