"""Latent streams that are known on the data: explained like answers, and then read like inputs.

Whatever knows a memory on all strings (the states of an automaton that was learnt, say) makes two
problems of one: how the memory goes on, and how the answers depend on it. Circuits for the two are
joined where the one emits what the other reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dmm import Streams
from dmm.machine import Circuit, Wire

from ..problems import Problem, Split, Strings, answer_port

__all__ = ["asking_for", "joined", "latent_sources", "reading", "with_latent"]


def latent_sources(count: int) -> tuple[str, ...]:
    """The sources that stand for so many latent streams.

    Examples
    --------
    >>> latent_sources(2)
    ('stream-latent-1', 'stream-latent-2')
    """
    return tuple(f"stream-latent-{k + 1}" for k in range(count))


def with_latent(strings: Strings, latent: np.ndarray) -> Strings:
    """Strings with latent streams as further inputs.

    Parameters
    ----------
    strings : Strings
    latent : float array (streams, strings, samples)
        NaN where a stream is not known; no answer is asked there.
    """
    arrays = dict(strings.inputs.arrays)
    for source, values in zip(latent_sources(len(latent)), latent, strict=True):
        arrays[source] = np.nan_to_num(values.T)[..., None]
    is_known = ~np.isnan(latent).any(axis=0).T
    answers = np.where(is_known, strings.answers, np.nan)
    return Strings(_streams(strings, arrays), answers, strings.lengths)


def reading(problem: Problem, latent: np.ndarray) -> Problem:
    """The problem whose machine reads latent streams; it has training strings only."""
    training = with_latent(problem.split.training, latent)
    units = {**problem.units, **dict.fromkeys(latent_sources(len(latent)), 1.0)}
    return replace(problem, split=Split(training, None, None, problem.split.how), units=units)


def asking_for(problem: Problem, latent: np.ndarray) -> Problem:
    """The problem whose answers are latent streams; it has training strings only."""
    training = problem.split.training
    asked = Strings(training.inputs, latent.transpose(0, 2, 1), training.lengths)
    n = len(latent)
    return replace(
        problem,
        split=Split(asked, None, None, problem.split.how),
        answer_units=(1.0,) * n,
        is_whole=(True,) * n,
    )


def _streams(strings: Strings, arrays: dict[str, np.ndarray]) -> Streams:
    inputs = strings.inputs
    return Streams(inputs.keys, arrays, inputs.ticks, inputs.labels, inputs.shapes)


# -------------------- joining --------------------


def joined(answers: Circuit, latent: Circuit, count: int) -> Circuit:
    """A circuit that reads latent streams, and one that emits them, as one circuit.

    Parameters
    ----------
    answers : Circuit
        Its sources ``latent_sources(count)`` are replaced.
    latent : Circuit
        Its answers are the streams.
    count : int

    Returns
    -------
    Circuit
        Neurons of one type that read the same are one neuron in it.
    """
    names = _own_names(latent, answers)
    emitted: dict[str, list[Wire]] = {}
    inner: list[Wire] = []
    for wire in latent.wires:
        renamed = wire._replace(
            neuron_in=names.get(wire.neuron_in, wire.neuron_in),
            neuron_out=names.get(wire.neuron_out, wire.neuron_out),
        )
        for k, source in enumerate(latent_sources(count)):
            if (wire.neuron_in, wire.field_in) == answer_port(k):
                emitted.setdefault(source, []).append(renamed)
                break
        else:
            inner.append(renamed)
    wires = _added((*_spliced(answers.wires, emitted), *inner))
    neurons = {
        **{name: kind for name, kind in answers.neurons.items() if name not in emitted},
        **{
            names.get(name, name): kind for name, kind in latent.neurons.items() if kind != "output"
        },
    }
    return _without_twins(Circuit(neurons, wires))


def _own_names(circuit: Circuit, other: Circuit) -> dict[str, str]:
    """New names for the neurons that another circuit has, too; sources are shared."""
    taken = set(other.neurons) | set(circuit.neurons)
    names = {}
    for name, kind in circuit.neurons.items():
        if name not in other.neurons or name == "const_1" or kind in ("stream", "output"):
            continue
        number = 1
        while f"{kind}-{number}" in taken:
            number += 1
        names[name] = f"{kind}-{number}"
        taken.add(names[name])
    return names


def _spliced(wires: Sequence[Wire], emitted: dict[str, list[Wire]]) -> list[Wire]:
    """Wires from latent sources lead from where the streams are made."""
    found = []
    for wire in wires:
        if wire.neuron_out not in emitted:
            found.append(wire)
            continue
        for made in emitted[wire.neuron_out]:
            found.append(
                made._replace(
                    neuron_in=wire.neuron_in,
                    field_in=wire.field_in,
                    weight=wire.weight * made.weight,
                    lag=wire.lag + made.lag,
                )
            )
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
    stays = {n for n, kind in kinds.items() if kind == "output" or n not in _readers(circuit)}
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


def _readers(circuit: Circuit) -> set[str]:
    return {wire.neuron_in for wire in circuit.wires}


def _read(circuit: Circuit, neuron: str, block: dict) -> frozenset:
    """What a neuron reads of which block, weights added."""
    wires = [
        wire._replace(neuron_in="", neuron_out=block[wire.neuron_out])
        for wire in circuit.wires
        if wire.neuron_in == neuron
    ]
    return frozenset(_added(wires))
