"""A box holds every state that a machine comes to, and proves nothing that a string refutes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm.compiled import Stepper
from dmm.machine import Circuit, Wire
from dmm.proof import Transducer, prove
from dmm.proof.automata import Alphabet
from dmm.proof.boxes import WINDOWS, Undecided, _BoxStepper
from tests.dmm.proof.machines import BITS
from tests.examples import examples
from tests.marks import thorough

PORT = [("output", "dict-1")]
WEIGHTS = (-2.0, -1.0, -0.5, 0.5, 1.0, 1.0, 1.0)


def wandering(rng: np.random.Generator, neurons: int) -> Circuit:
    """Neurons of all types that boxes follow, each reading earlier ones and the past of any."""
    types = ("accum", "compare", "less_or_equal", "norm", "running_max", "multiplexer", "identity")
    fields = {
        "accum": ("dict-1", "dict-2"),
        "compare": ("dict-1", "dict-2"),
        "less_or_equal": ("left", "right"),
        "norm": ("dict",),
        "running_max": ("number", "best"),
        "multiplexer": ("dict-1", "dict-2"),
        "identity": ("dict",),
    }
    emits = {
        "compare": ("true", "false"),
        "less_or_equal": ("true-channel", "false-channel"),
        "norm": ("norm",),
        "running_max": ("best",),
    }
    names: dict[str, str] = {"x": "stream", "const_1": "const_1"}
    ports = [("x", "stream"), ("const_1", "const_1")]
    flag = "less_or_equal-first"
    names[flag] = "less_or_equal"
    wires = [
        Wire(flag, "left", "x", "stream"),
        Wire(flag, "right", "const_1", "const_1", 0.5),
    ]
    drawn = [str(rng.choice(types)) for _ in range(neurons)]
    made = [(f"{kind}-{i}", kind) for i, kind in enumerate(drawn)]
    every = [(name, port) for name, kind in made for port in emits.get(kind, ("dict",))]
    for name, kind in made:
        names[name] = kind
        for field in fields[kind]:
            sender = ports[int(rng.integers(len(ports)))]
            wires.append(Wire(name, field, *sender, float(rng.choice(WEIGHTS))))
        past = every[int(rng.integers(len(every)))]
        wires.append(Wire(name, fields[kind][0], *past, float(rng.choice(WEIGHTS)), lag=1))
        if kind == "multiplexer":
            wires.append(Wire(name, "gate", flag, "false-channel"))
        ports += [(name, port) for port in emits.get(kind, ("dict",))]
    names["output"] = "output"
    wires += [Wire(*PORT[0], *port) for port in ports[-2:]]
    unique = {(w.neuron_in, w.field_in, w.neuron_out, w.field_out, w.lag): w for w in wires}
    return Circuit(names, tuple(unique.values()))


@pytest.mark.thorough
@given(st.integers(0, 100_000), st.integers(1, 5), st.sampled_from(WINDOWS))
@examples(60)
def test_every_state_lies_in_its_box(seed, neurons, window):
    rng = np.random.default_rng(seed)
    machine, pace = wandering(rng, neurons).lowered()
    fed, tick = Alphabet({"x": BITS}).held(pace.ticks), pace.delay % pace.ticks
    plain = Stepper(machine, PORT, fed, tick)
    boxes = _BoxStepper(machine, PORT, fed, tick, window)
    state, box = plain.start[None], boxes.start[None]
    for bit in rng.integers(2, size=40):
        (state, said) = (found[:, bit] for found in plain.step(state))
        try:
            box, sure = (found[:, bit] for found in boxes.step(box))
        except Undecided:
            return
        low, high = np.split(box[0], 2)
        assert np.all((low <= state[0]) & (state[0] <= high))
        assert np.isnan(sure).all() or np.array_equal(sure, said)


def alarm(falls: float) -> Circuit:
    """1 until so many ones were followed by a zero."""
    neurons = {
        "x": "stream",
        "const_1": "const_1",
        "fall": "less_or_equal",
        "falls": "accum",
        "few": "less_or_equal",
        "output": "output",
    }
    return Circuit(
        neurons,
        (
            Wire("fall", "left", "x", "stream", lag=1),
            Wire("fall", "right", "x", "stream"),
            Wire("falls", "dict-1", "falls", "dict", lag=1),
            Wire("falls", "dict-2", "fall", "false-channel"),
            Wire("few", "left", "falls", "dict"),
            Wire("few", "right", "const_1", "const_1", falls - 0.5),
            Wire("output", "dict-1", "few", "true-channel"),
        ),
    )


def counted(most: int) -> Transducer:
    """What `alarm` does, with a count that stops."""

    def step(state, x):
        past, falls = state
        falls = min(most, falls + (past > x))
        return (x, falls), float(falls < most)

    return Transducer(step, (0.0, 0))


@pytest.mark.parametrize("most", [1, *thorough(2, 6)])
def test_a_count_without_bound_is_proved(most):
    proof = prove(alarm(most), counted(most), {"x": BITS}, limit=500)
    assert proof.is_proved and "as one" in proof.sentence


@pytest.mark.parametrize(("made", "asked"), [(2, 3), (3, 2), (6, 5)])
def test_another_count_is_refuted(made, asked):
    assert prove(alarm(made), counted(asked), {"x": BITS}, limit=500).verdict == "refuted"


def test_what_differs_beyond_the_states_that_are_visited_is_not_proved():
    limit = 100  # the samples that it takes to tell the two apart are more than these allow
    assert prove(alarm(300), counted(301), {"x": BITS}, limit=limit).verdict == "open"


def test_what_doubles_is_left_open():
    neurons = {"x": "stream", "sum": "accum", "much": "less_or_equal", "output": "output"}
    doubling = Circuit(
        neurons,
        (
            Wire("sum", "dict-1", "sum", "dict", 2.0, lag=1),
            Wire("sum", "dict-2", "x", "stream"),
            Wire("much", "left", "sum", "dict"),
            Wire("output", "dict-1", "much", "false-channel"),
        ),
    )
    seen = Transducer(lambda seen, x: (seen or x > 0, float(seen or x > 0)), False)
    assert prove(doubling, seen, {"x": BITS}, limit=500).verdict == "open"


def test_odd_weights_are_left_open():
    thirds = alarm(2)
    wires = [
        wire._replace(weight=1 / 3) if wire.field_in == "dict-2" else wire for wire in thirds.wires
    ]
    circuit = Circuit(thirds.neurons, tuple(wires))
    assert prove(circuit, counted(5), {"x": BITS}, limit=500).verdict == "open"
