"""All states are found, and that there are no others is said only where it is so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm.machine import Circuit, Pace, Wire
from dmm.machine.wiring import reach
from dmm.proof import reachable
from tests.dmm.proof.machines import BITS, circuit_of, counting, random_mealy
from tests.examples import examples


@given(st.integers(0, 10_000), st.integers(1, 4))
@examples(30)
def test_a_compiled_automaton_is_closed_and_says_what_the_automaton_says(seed, states):
    mealy = random_mealy(np.random.default_rng(seed), states)
    found = reachable(circuit_of(mealy), {"x": BITS})
    assert found.is_closed
    met = reach([mealy.start], lambda state: [after for after, _ in mealy.table[state].values()])
    said = [answer for state in met for _, (answer,) in mealy.table[state].values()]
    assert found.answers == ((min(said), max(said)),)


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_a_delay_line_holds_every_string_of_its_length(samples):
    line = Circuit(
        {"x": "stream", "output": "output"},
        [Wire("output", "dict-1", "x", "stream", lag=samples)],
    )
    found = reachable(line, {"x": (1.0, 2.0, 3.0)})
    # The last samples, or fewer where the string is shorter.
    held = samples + 1
    assert found.states == sum(3**n for n in range(held + 1))
    assert found.is_closed and found.length == held + 1
    assert found.answers == ((0.0, 3.0),)


def test_what_grows_is_not_closed():
    found = reachable(counting(3, 0.1), {"x": (0, 1, 2)}, limit=200)
    assert not found.is_closed and 200 < found.states <= 203


@given(st.integers(0, 10_000), st.integers(1, 4))
@examples(20)
def test_the_limit_is_the_number_of_states_that_may_be(seed, states):
    circuit = circuit_of(random_mealy(np.random.default_rng(seed), states))
    found = reachable(circuit, {"x": BITS})
    assert reachable(circuit, {"x": BITS}, limit=found.states) == found
    assert not reachable(circuit, {"x": BITS}, limit=found.states - 1).is_closed


def test_a_machine_that_comes_back_to_its_start_is_counted_once():
    line = Circuit({"x": "stream", "output": "output"}, [Wire("output", "dict-1", "x", "stream")])
    machine, pace = line.lowered(3)
    assert pace.delay < pace.ticks  # the answer is out before the sample after
    assert reachable(machine, {"x": (0.0,)}).states == 1


def test_what_nothing_observed_depends_on_is_no_state():
    wires = [
        Wire("accum", "dict-2", "x", "stream"),
        Wire("accum", "dict-1", "accum", "dict", lag=1),
        Wire("output", "dict-1", "x", "stream"),
        Wire("output", "dict-2", "accum", "dict"),
    ]
    circuit = Circuit({"x": "stream", "accum": "accum", "output": "output"}, wires)
    alphabet = {"x": BITS}
    assert not reachable(circuit, alphabet, limit=100).is_closed
    machine, _ = circuit.lowered()
    without = reachable(
        machine, alphabet, pace=Pace(1, 1), observed=[("output", "dict-1")], limit=100
    )
    assert without.is_closed
