"""Stress: what drifts, grows or knows no bound is found out; what is sound passes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm.machine import Circuit, Pace, Wire
from synthesis.problems import strung_together
from synthesis.verdicts import (
    Candidate,
    all_states,
    answers_of,
    hears_the_future,
    long_strings,
    stress,
)
from tests.examples import examples
from tests.synthesis.samples import candidate_of, strings_of
from tests.synthesis.verdicts.machines import NEURONS, accumulator, counter, echo

STRINGS, SAMPLES = 30, 24


def verdict_on(circuit, kind, seed=0, is_whole=False):
    """What stress says about a circuit that is fed random samples of a kind."""
    strings = strings_of({"x": drawn(kind, seed)})
    long = long_strings(strings, np.random.default_rng(seed))
    return stress(candidate_of(circuit), strings, long, (is_whole,))


def drawn(kind, seed):
    rng = np.random.default_rng(seed)
    shape = STRINGS, SAMPLES
    return {
        "events": lambda: rng.integers(0, 2, shape).astype(float),
        "rare events": lambda: (rng.random(shape) < 0.05).astype(float),
        "steps": lambda: rng.choice([-1.0, 1.0], shape),
        "noise": lambda: rng.standard_normal(shape),
    }[kind]()


# -------------------- what is sound --------------------

SOUND = {
    "running sum": (accumulator(), "events", True),
    "sum of rare events": (accumulator(), "rare events", True),
    "random walk": (accumulator(), "noise", False),
    "random walk of whole steps": (accumulator(), "steps", True),
    "leaky mean": (accumulator(0.9, weight=0.1), "noise", False),
    "slowly leaking": (accumulator(0.99), "events", False),
    "counter modulo 2": (counter(2), "events", True),
    "counter modulo 5": (counter(5), "events", True),
    "rare counter modulo 3": (counter(3), "rare events", True),
    "echo": (echo(2), "noise", False),
    "clock": (accumulator(drift=1.0), "events", True),
}


@pytest.mark.parametrize("name", SOUND)
@given(seed=st.integers(0, 10**6))
@examples(6)
def test_sound_machines_pass(name, seed):
    circuit, kind, is_whole = SOUND[name]
    assert verdict_on(circuit, kind, seed, is_whole) == ""


# -------------------- what is not --------------------


@given(seed=st.integers(0, 10**6), drift=st.sampled_from([1e-4, -3e-4, 1e-3]))
@examples(6)
def test_a_count_that_drifts_does_not_stay_whole(seed, drift):
    circuit = accumulator(drift=drift)
    short = strings_of({"x": drawn("events", seed)})
    answers = answers_of(candidate_of(circuit), short, 1)
    assert np.abs(answers - np.round(answers)).max() < 0.03  # hardly to be seen before
    said = verdict_on(circuit, "events", seed, is_whole=True)
    assert said == "the answer does not stay whole on strings 10 times as long"


@given(seed=st.integers(0, 10**6))
@examples(4)
def test_a_machine_that_explodes_does_not_stay_finite(seed):
    said = verdict_on(accumulator(memory=1e3), "events", seed)
    assert said == "the answer does not stay finite on strings 10 times as long"


def bounded_for_a_while():
    """The stream, and a clock that is heard once it has passed 30: beyond all strings of 24."""
    wires = [
        Wire("output", "dict-1", "stream-x", "stream"),
        Wire("clock", "dict-1", "clock", "dict", 1.0, 1),
        Wire("clock", "dict-2", "const_1", "const_1"),
        Wire("late", "dict-1", "clock", "dict"),
        Wire("late", "dict-2", "const_1", "const_1", 30.0),
        Wire("output", "dict-1", "late", "true"),
    ]
    return Circuit({**NEURONS, "clock": "accum", "late": "compare"}, wires)


@given(seed=st.integers(0, 10**6))
@examples(4)
def test_what_did_not_grow_before_must_not_grow(seed):
    said = verdict_on(bounded_for_a_while(), "noise", seed)
    assert said == "the answer grows on strings 10 times as long, and did not before"


def test_the_answer_that_fails_is_named():
    wires = [
        Wire("output", "dict-2", "accum", "dict"),
        Wire("output", "dict-1", "stream-x", "stream"),
    ]
    circuit = accumulator(drift=1e-3)
    both = Circuit(circuit.neurons, (*circuit.wires[:2], circuit.wires[3], *wires))
    strings = strings_of({"x": drawn("events", 0)}, drawn("events", 0), drawn("events", 0))
    long = long_strings(strings, np.random.default_rng(0))
    said = stress(candidate_of(both), strings, long, (True, True))
    assert said == "answer 2 does not stay whole on strings 10 times as long"


# -------------------- long strings --------------------


def test_long_strings_are_few_and_ten_times_as_long():
    strings = strings_of({"x": drawn("noise", 0)})
    long = long_strings(strings, np.random.default_rng(0))
    assert (len(long), long.samples) == (12, 10 * SAMPLES)
    assert set(np.unique(long.numbers("stream-x"))) <= set(np.unique(strings.numbers("stream-x")))
    few = strings_of({"x": drawn("noise", 0)[:2]})
    assert len(long_strings(few, np.random.default_rng(0))) == 2


# -------------------- the future --------------------


@given(seed=st.integers(0, 10**6), memory=st.sampled_from([0.5, 1.0]), lag=st.integers(0, 3))
@examples(15)
def test_circuits_hear_no_future(seed, memory, lag):
    strings = strings_of({"x": drawn("noise", seed)})
    for circuit in (accumulator(memory), echo(lag), counter(3)):
        candidate = candidate_of(circuit)
        assert not hears_the_future(candidate, strings, 1, np.random.default_rng(seed))


@pytest.mark.parametrize("late", [1, 2, 5])
@pytest.mark.parametrize("kind", ["events", "noise"])
def test_a_machine_that_is_read_too_late_hears_the_future(late, kind):
    """The old way: the answer to tick t is read at t + delay, while later inputs keep arriving."""
    strings = strings_of({"x": drawn(kind, 0)})
    machine, pace = echo().lowered()
    cheat = Candidate(machine, Pace(pace.ticks, pace.delay + late))
    assert hears_the_future(cheat, strings, 1, np.random.default_rng(0))
    answers = answers_of(cheat, strings, 1)[0]  # so it is: the answer is a later input
    np.testing.assert_array_equal(answers[:-late], strings.numbers("stream-x").T[late:])


def test_letters_have_a_future_too():
    strings = strings_of(
        {"x": ["".join(row) for row in np.random.default_rng(0).choice(list("ab"), (5, 9))]}
    )
    wires = [Wire("norm", "dict", "accum", "dict"), Wire("output", "dict-1", "norm", "norm")]
    circuit = Circuit({**accumulator().neurons, "norm": "norm"}, (*accumulator().wires[:2], *wires))
    machine, pace = circuit.lowered()
    assert not hears_the_future(Candidate(machine, pace), strings, 1, np.random.default_rng(0))
    cheat = Candidate(machine, Pace(pace.ticks, pace.delay + 2))
    assert hears_the_future(cheat, strings, 1, np.random.default_rng(0))


def test_one_sample_has_no_future():
    strings = strings_of({"x": [[1.0], [2.0]]})
    assert not hears_the_future(candidate_of(echo()), strings, 1, np.random.default_rng(0))


def test_strung_together_strings_are_what_stress_is_about():
    """A sum over whole strings end to end is the sum of their sums."""
    strings = strings_of({"x": drawn("steps", 0)})
    long = strung_together(strings, np.random.default_rng(1), 10)
    answers = answers_of(candidate_of(accumulator()), long, 1)[0]
    np.testing.assert_allclose(answers.T, np.cumsum(long.numbers("stream-x"), axis=1))


# -------------------- all states --------------------


def states_on(circuit, samples):
    return all_states(candidate_of(circuit), strings_of({"x": samples}), 1)


def test_states_are_counted_where_they_close():
    events = drawn("events", 0)
    assert states_on(echo(1), events).answers == ((0.0, 1.0),)
    wrapped = states_on(counter(3), events)
    assert wrapped.is_closed and wrapped.answers == ((0.0, 2.0),)
    assert states_on(counter(30), events).states > 3 * wrapped.states


@pytest.mark.parametrize(
    "circuit, kind",
    [
        (accumulator(), "events"),  # counts without bound
        (accumulator(0.9), "events"),  # forgets, and never the same way
        (echo(), "noise"),  # more values than one can try
    ],
)
def test_what_does_not_close_is_not_called_closed(circuit, kind):
    assert states_on(circuit, drawn(kind, 0)) is None


def test_streams_of_keys_and_machines_of_the_reference_engine_have_no_count():
    keyed = strings_of({"x": [[{"a": 1.0}, {"b": 2.0}]]})
    assert all_states(candidate_of(echo()), keyed, 1) is None
    rest = Circuit(
        {**NEURONS, "rest": "rest"},
        [Wire("rest", "list", "stream-x", "stream"), Wire("output", "dict-1", "rest", "rest")],
    )
    assert states_on(rest, drawn("events", 0)) is None


def test_the_states_of_a_memory_with_addresses_are_not_counted():
    ports = ("number", "to", "from")
    table = Circuit(
        {**NEURONS, "table": "cells(2)"},
        [
            *(Wire("table", port, "stream-x", "stream") for port in ports),
            Wire("table", "cells", "table", "cells", lag=1),
            Wire("output", "dict-1", "table", "number"),
        ],
    )
    assert states_on(table, drawn("events", 0)) is None
