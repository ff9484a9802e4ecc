"""Machines without loops are judged by their last samples, and by their bits alike."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm import Machine
from dmm.machine import Circuit, Pace, Wire
from dmm.proof import Transducer, prove
from dmm.proof.definite import memory_of
from tests.dmm.proof.machines import BITS, circuit_of, counting, random_mealy, said_on
from tests.examples import examples
from tests.marks import thorough

TYPES = ("relu", "norm", "identity", "less_or_equal")


def layered(rng: np.random.Generator, n_neurons: int) -> Circuit:
    """Neurons that hear streams and each other, some samples late, never in a circle."""
    neurons = {"x": "stream", "const_1": "const_1", "output": "output"}
    ports = [("x", "stream"), ("const_1", "const_1")]
    fields = {"norm": "norm", "less_or_equal": "true-channel"}
    wires = []
    for i in range(n_neurons):
        kind = str(rng.choice(TYPES))
        name = f"{kind}-{i}"
        neurons[name] = kind
        for field in ("left", "right") if kind == "less_or_equal" else ("dict",):
            for _ in range(2):
                port = ports[int(rng.integers(len(ports)))]
                weight, lag = float(rng.choice([-1.0, 0.5, 1.0, 2.0])), int(rng.integers(2))
                wires.append(Wire(name, field, *port, weight, lag))
        ports.append((name, fields.get(kind, "dict")))
    wires.append(Wire("output", "dict-1", *ports[-1], 1.0, int(rng.integers(2))))
    return Circuit(neurons, tuple({wire[:4]: wire for wire in wires}.values()))


def windowed(machine: Machine, pace: Pace, memory: int) -> Transducer:
    """What a machine says to the last samples alone, by running it on them from its start."""
    known: dict[tuple[float, ...], float] = {}
    for length in range(1, memory + 2):
        windows = list(product(BITS, repeat=length))
        answers = said_on(machine, pace, np.array(windows)[..., None])[:, -1, 0]
        known.update(zip(windows, answers.tolist(), strict=True))

    def step(past, x):
        window = (*past, x)
        return window[-memory:] if memory else (), known[window]

    return Transducer(step, ())


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(0, 1))
@examples(25)
def test_the_last_samples_and_the_bits_say_the_same(seed, n_neurons, slower):
    circuit = layered(np.random.default_rng(seed), n_neurons)
    machine, pace = circuit.lowered(circuit.least_ticks() + slower)
    memory = memory_of(machine, pace, [("output", "dict-1")], ["x"])
    assert memory is not None
    whole = windowed(machine, pace, memory)
    assert prove(machine, whole, {"x": BITS}).is_proved
    shorter = windowed(machine, pace, max(memory - 1, 0))
    by_samples = prove(machine, shorter, {"x": BITS})
    by_bits = prove(_with_a_silent_loop(circuit), shorter, {"x": BITS})
    assert by_samples.verdict == by_bits.verdict != "open"
    assert by_samples.counterexample == by_bits.counterexample


def _with_a_silent_loop(circuit: Circuit) -> Circuit:
    """The same with a neuron that hears itself, and says nothing."""
    loop = [Wire("loop", "dict", "loop", "dict", 1.0, 1), Wire("output", "dict-1", "loop", "dict")]
    return Circuit({**circuit.neurons, "loop": "identity"}, (*circuit.wires, *loop))


def test_memory_is_counted_in_samples():
    ports = [("output", "dict-1")]

    def memory(circuit, ticks=None, late=0):
        machine, pace = circuit.lowered(ticks)
        return memory_of(machine, Pace(pace.ticks, pace.delay + late), ports, ["x"])

    def delayed(lag):
        wire = Wire("output", "dict-1", "x", "stream", lag=lag)
        return Circuit({"x": "stream", "output": "output"}, [wire])

    assert [memory(delayed(lag)) for lag in range(4)] == [0, 1, 2, 3]
    assert memory(delayed(2), ticks=3) == 2
    assert memory(delayed(2), late=1) == 1
    assert memory(delayed(2), late=3) is None  # it would hear the sample after
    assert memory(counting(3, 1.0)) is None


@pytest.mark.parametrize("values", [60, *thorough(200)])
def test_many_values_and_one_sample_before_are_proved(values):
    size = Circuit(
        {"x": "stream", "norm": "norm", "output": "output"},
        [
            Wire("norm", "dict", "x", "stream"),
            Wire("norm", "dict", "x", "stream", -1.0, 1),
            Wire("output", "dict-1", "norm", "norm"),
        ],
    )
    alphabet = {"x": range(-values // 2, values // 2)}
    difference = Transducer(lambda past, x: (x, abs(x - past)), 0.0)
    found = prove(size, difference, alphabet)
    assert found.is_proved and found.states == 1 + values
    low = -values / 2.0
    wrong = Transducer(lambda past, x: (x, abs(x - past) if x + past > 2 * low + 1 else 0.0), 0.0)
    assert prove(size, wrong, alphabet).counterexample.streams == {"x": (low, low + 1.0)}


@pytest.mark.parametrize("states", [2, 3])
def test_a_machine_with_loops_is_judged_by_its_bits(states):
    mealy = random_mealy(np.random.default_rng(states), states)
    machine, pace = circuit_of(mealy).lowered()
    assert memory_of(machine, pace, [("output", "dict-1")], ["x"]) is None
