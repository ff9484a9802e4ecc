"""Automata compiled into circuits by hand, and what comes out of running them."""

from __future__ import annotations

from itertools import product

import numpy as np

from dmm import Machine, Streams, compile_machine
from dmm.machine import Circuit, Pace, Wire
from dmm.proof import Mealy

__all__ = ["circuit_of", "counting", "moved", "random_mealy", "said_on", "walked"]

BITS = (0.0, 1.0)


def random_mealy(rng: np.random.Generator, states: int, outputs: int = 1) -> Mealy:
    """A machine over bits with small whole answers."""
    return Mealy(
        {
            state: {
                (bit,): (
                    int(rng.integers(states)),
                    tuple(float(answer) for answer in rng.integers(0, 3, outputs)),
                )
                for bit in BITS
            }
            for state in range(states)
        },
        0,
    )


def circuit_of(mealy: Mealy) -> Circuit:
    """A relu per transition: 1 where the state before and the bit of now are its own.

    State 0 is where no other state is; so the machine begins there.
    """
    transitions = list(product(mealy.table, BITS))
    leading_to = {
        state: [t for t in transitions if mealy.table[t[0]][t[1],][0] == state]
        for state in mealy.table
    }
    name = {t: f"{t[0]}-{t[1]:.0f}" for t in transitions}
    neurons = {"x": "stream", "const_1": "const_1", "output": "output"}
    neurons.update(dict.fromkeys(name.values(), "relu"))
    wires = []
    for state, bit in transitions:
        here = name[state, bit], "dict"
        offset = -1.0 if bit else 0.0
        wires.append(Wire(*here, "x", "stream", 1.0 if bit else -1.0))
        if state == 0:
            offset += 1.0
            elsewhere = [t for other in mealy.table if other for t in leading_to[other]]
            wires += [Wire(*here, name[t], "dict", -1.0, 1) for t in elsewhere]
        else:
            wires += [Wire(*here, name[t], "dict", 1.0, 1) for t in leading_to[state]]
        wires.append(Wire(*here, "const_1", "const_1", offset))
        for i, answer in enumerate(mealy.table[state][bit,][1]):
            wires.append(Wire("output", f"dict-{i + 1}", name[state, bit], "dict", answer))
    return Circuit(neurons, wires)


def moved(circuit: Circuit, wire: int, by: float) -> Circuit:
    """The circuit with one weight changed."""
    wires = list(circuit.wires)
    wires[wire] = wires[wire]._replace(weight=wires[wire].weight + by)
    return Circuit(circuit.neurons, tuple(wires))


def counting(modulus: int, unit: float) -> Circuit:
    """A running sum of x in 0..2 by its remainder, held in some unit: slopes 1, -2 and 1."""
    weights = {0: 1.0, modulus - 1: -float(modulus), modulus: float(modulus)}
    neurons = {"x": "stream", "const_1": "const_1", "output": "output"}
    neurons.update({f"relu-{kink}": "relu" for kink in weights})
    wires = []
    for kink, weight in weights.items():
        here = f"relu-{kink}", "dict"
        wires.append(Wire(*here, "x", "stream", unit))
        wires.append(Wire(*here, "const_1", "const_1", -kink * unit))
        wires += [
            Wire(*here, f"relu-{other}", "dict", factor, 1) for other, factor in weights.items()
        ]
        wires.append(Wire("output", "dict-1", *here, weight / unit))
    return Circuit(neurons, tuple(wires))


def said_on(machine: Machine, pace: Pace, strings: np.ndarray, outputs: int = 1) -> np.ndarray:
    """Answers (strings, samples, outputs) to strings (strings, samples, streams)."""
    held = np.repeat(strings, pace.ticks, axis=1)
    rest = np.zeros((len(strings), pace.delay, held.shape[2]))
    fed = np.concatenate([held, rest], axis=1).transpose(2, 1, 0)[..., None]
    sources = [name for name in machine.neurons if machine.type_of(name).is_source]
    streams = Streams((((),),) * len(strings), dict(zip(sources, fed, strict=True)), fed.shape[1])
    ports = [("output", f"dict-{i + 1}") for i in range(outputs)]
    seen = np.asarray(compile_machine(machine, ports, engine="numpy")(machine.trainable, streams))
    ticks = [pace.of(sample) for sample in range(strings.shape[1])]
    return seen[:, ticks].transpose(2, 1, 0)


def walked(mealy: Mealy, string: tuple[tuple[float, ...], ...]) -> list[tuple[float, ...]]:
    """What a Mealy machine answers to a string."""
    state, answers = mealy.start, []
    for symbol in string:
        state, answer = mealy.table[state][symbol]
        answers.append(answer)
    return answers
