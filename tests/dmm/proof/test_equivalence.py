"""What is proved holds on every string that is tried, and what is refuted fails on the one told."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm import Machine
from dmm.machine import Circuit, Pace, Wire
from dmm.proof import Mealy, Transducer, prove, reachable
from dmm.proof.equivalence import _Search
from dmm.zoo import duplicate_detector
from tests.dmm.proof.machines import (
    BITS,
    circuit_of,
    counting,
    moved,
    random_mealy,
    said_on,
    walked,
)
from tests.examples import examples
from tests.marks import thorough

LENGTH = 6
SYMBOLS = [(bit,) for bit in BITS]

COUNT_TO_3 = Transducer(lambda total, x: ((total + x) % 3,) * 2)
DIGITS = {"x": (0.0, 1.0, 2.0)}


def first_difference(mealy, machine, pace, outputs=1):
    """Samples of the shortest string on which a machine differs, by running all of them."""
    strings = list(product(SYMBOLS, repeat=LENGTH))
    answers = said_on(machine, pace, np.array(strings), outputs)
    asked = np.array([walked(mealy, string) for string in strings])
    wrong = (np.abs(answers - asked) > 1e-9).any(axis=(0, 2))
    return int(np.flatnonzero(wrong)[0]) + 1 if wrong.any() else None


# -------------------- machines and automata --------------------


@given(
    st.integers(0, 10_000),
    st.integers(1, 4),
    st.integers(1, 2),
    st.integers(1, 3),
)
@examples(30)
def test_a_compiled_automaton_is_proved_at_every_pace(seed, states, outputs, ticks):
    mealy = random_mealy(np.random.default_rng(seed), states, outputs)
    machine, pace = circuit_of(mealy).lowered(ticks)
    assert first_difference(mealy, machine, pace, outputs) is None
    assert prove(machine, mealy, {"x": BITS}).verdict == "proved"
    assert prove(machine, mealy, {"x": BITS}, pace=pace).verdict == "proved"


@pytest.mark.parametrize("modulus", [2, 3, 4])
def test_against_its_automaton_a_machine_has_no_more_pairs_than_states(modulus):
    circuit = counting(modulus, 1.0)
    remainder = Transducer(lambda total, x: ((total + x) % modulus,) * 2)
    found, visited = prove(circuit, remainder, {"x": BITS}), reachable(circuit, {"x": BITS})
    assert found.is_proved
    assert (found.states, found.length) == (visited.states, visited.length)


@given(
    st.integers(0, 10_000),
    st.integers(1, 4),
    st.integers(0, 100),
    st.sampled_from([1.0, -1.0, 0.5, 0.1, -1e-3]),
)
@examples(50)
def test_a_changed_weight_is_judged_as_by_running_all_strings(seed, states, wire, by):
    mealy = random_mealy(np.random.default_rng(seed), states)
    circuit = circuit_of(mealy)
    circuit = moved(circuit, wire % len(circuit.wires), by)
    found = prove(circuit, mealy, {"x": BITS}, limit=500)
    shortest = first_difference(mealy, *circuit.lowered())
    if found.verdict == "refuted":
        length = found.counterexample.sample + 1
        assert found.length == length - 1
        assert len(found.counterexample.streams["x"]) == length
        assert length == shortest or (shortest is None and length > LENGTH)
    else:
        assert shortest is None or (found.verdict == "open" and shortest > found.length)


@given(st.integers(0, 10_000), st.integers(2, 4))
@examples(30)
def test_a_counterexample_is_what_running_it_shows(seed, states):
    rng = np.random.default_rng(seed)
    one, other = random_mealy(rng, states), random_mealy(rng, states)
    machine, pace = circuit_of(one).lowered()
    found = prove(machine, other, {"x": BITS})
    assert found.verdict in ("proved", "refuted")
    if found.counterexample is not None:
        string = tuple((x,) for x in found.counterexample.streams["x"])
        sample = found.counterexample.sample
        given_answer = tuple(said_on(machine, pace, np.array([string]))[0, sample])
        assert found.counterexample.given == given_answer
        assert found.counterexample.asked == walked(other, string)[sample] != given_answer


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 3), st.integers(2, 3))
@examples(25)
def test_two_machines_are_compared_whichever_answers_later(seed, ticks, others, states):
    rng = np.random.default_rng(seed)
    mealy, changed = random_mealy(rng, states), random_mealy(rng, states)
    one, _ = circuit_of(mealy).lowered(ticks)
    two, _ = circuit_of(mealy).lowered(others)
    three, _ = circuit_of(changed).lowered(others)
    assert prove(one, two, {"x": BITS}).is_proved
    against = prove(one, changed, {"x": BITS})
    for here, there in ((one, three), (three, one)):
        found = prove(here, there, {"x": BITS})
        assert found.verdict == against.verdict
        if found.counterexample is not None:
            assert found.counterexample.sample == against.counterexample.sample


def test_answers_that_come_samples_later_count_at_the_end_too():
    chain = {"x": "stream", "a": "identity", "b": "identity", "output": "output"}
    links = [("a", "x", "stream"), ("b", "a", "dict")]
    wires = [Wire(to, "dict", port, field) for to, port, field in links]
    machine, pace = Circuit(chain, (*wires, Wire("output", "dict-1", "b", "dict"))).lowered()
    assert pace == Pace(1, 3)
    same = Transducer(lambda state, x: (state, x))
    assert prove(machine, same, {"x": (1.0, 2.0)}).is_proved
    only_first = Transducer(lambda n, x: (min(n + 1, 3), x if n < 3 else 7.0))
    found = prove(machine, only_first, {"x": (1.0, 2.0)}).counterexample
    assert found.sample == 3 and found.given == (1.0,) and found.asked == (7.0,)
    # Read a tick too early, the answer to a sample is the sample after it: nothing, at the end.
    early = prove(machine, same, {"x": (1.0, 2.0)}, pace=Pace(1, 4))
    assert early.counterexample.sample == 0 and early.counterexample.given == (0.0,)


def test_streams_are_combined_and_values_counted_once():
    both = Circuit(
        {"x": "stream", "y": "stream", "dot": "dot", "output": "output"},
        [
            Wire("dot", "dict-1", "x", "stream"),
            Wire("dot", "dict-2", "y", "stream"),
            Wire("output", "dict-1", "dot", "dot"),
        ],
    )
    times = Transducer(lambda state, x, y: (state, x * y))
    alphabet = {"x": (0, 1, 2), "y": (0, 1, 1.0)}
    assert prove(both, times, alphabet).is_proved
    # The product is limited to 4: over larger numbers it is another function.
    found = prove(both, times, {"x": (0, 2), "y": (1, 3)}).counterexample
    assert found.streams == {"x": (2.0,), "y": (3.0,)}
    assert found.given == (4.0,) and found.asked == (6.0,)
    assert str(found) == "on x = 2; y = 3 the answer to sample 0 is 4, and 6 is asked"


def test_what_is_not_asked_and_strings_that_do_not_occur_are_left_out():
    same = Circuit({"x": "stream", "output": "output"}, [Wire("output", "dict-1", "x", "stream")])
    asks_zeros = Transducer(lambda state, x: (state, None if x else 0.0))
    assert prove(same, asks_zeros, {"x": BITS}).is_proved
    no_ones = Mealy({"s": {(0.0,): ("s", 0.0)}}, "s")
    assert prove(same, no_ones, {"x": BITS}).is_proved
    ones = Mealy({"s": {(1.0,): ("s", 2.0)}}, "s")  # what follows a symbol that is left out counts
    assert prove(same, ones, {"x": BITS}).counterexample.streams == {"x": (1.0,)}


@pytest.mark.parametrize("ticks", [1, 3])
def test_one_wrong_answer_after_one_string_is_found_with_its_string(ticks):
    same = Circuit({"x": "stream", "output": "output"}, [Wire("output", "dict-1", "x", "stream")])
    machine, _ = same.lowered(ticks)
    word = (1.0, 1.0, 0.0, 0.0, 1.0)

    def step(place, x):  # right again after the word, and after any other beginning
        is_on = place < len(word) and x == word[place]
        is_over = is_on and place == len(word) - 1
        return (place + 1 if is_on and not is_over else len(word)), (7.0 if is_over else x)

    found = prove(machine, Transducer(step), {"x": BITS}).counterexample
    assert found.streams == {"x": word}
    assert (found.sample, found.given, found.asked) == (4, (1.0,), (7.0,))


def test_states_are_counted_in_words():
    same = Circuit({"x": "stream", "output": "output"}, [Wire("output", "dict-1", "x", "stream")])
    found = prove(same, Transducer(lambda state, x: (state, x)), {"x": BITS})
    assert found.states == 1 and found.sentence.endswith("however long (1 state).")
    later = Transducer(lambda n, x: (min(n + 1, 2), x))
    assert prove(same, later, {"x": BITS}).sentence.endswith("however long (3 states).")


# -------------------- what is never proved --------------------


@pytest.mark.parametrize("unit", [1 / 3, *thorough(0.1, 0.3)])
def test_a_machine_whose_rounding_errors_double_is_not_proved(unit):
    assert prove(counting(3, 1.0), COUNT_TO_3, DIGITS).verdict == "proved"
    found = prove(counting(3, unit), COUNT_TO_3, DIGITS, limit=3000)
    assert found.verdict == "open"
    # It does go wrong, only later than breadth first reaches.
    machine, pace = counting(3, unit).lowered()
    string = np.random.default_rng(0).integers(0, 3, (1, 400, 1)).astype(float)
    asked = np.cumsum(string, axis=1) % 3
    assert np.abs(said_on(machine, pace, string) - asked).max() > 0.1


def test_a_counter_stays_open_and_says_how_far_it_was_followed():
    counter = Circuit(
        {"x": "stream", "accum": "accum", "output": "output"},
        [
            Wire("accum", "dict-2", "x", "stream"),
            Wire("accum", "dict-1", "accum", "dict", lag=1),
            Wire("output", "dict-1", "accum", "dict"),
        ],
    )
    total = Transducer(lambda total, x: (total + x, total + x))
    found = prove(counter, total, {"x": BITS}, limit=100)
    assert (found.verdict, found.counterexample) == ("open", None)
    assert found.states == 101 and 20 < found.length < 60
    assert f"up to {found.length} samples" in found.sentence


@pytest.mark.parametrize("tolerance, verdict", [(0.2, "proved"), (0.1, "refuted")])
def test_answers_may_be_as_far_apart_as_the_tolerance(tolerance, verdict):
    near = Circuit(
        {"x": "stream", "output": "output"}, [Wire("output", "dict-1", "x", "stream", 1.15)]
    )
    same = Transducer(lambda state, x: (state, x))
    assert prove(near, same, {"x": BITS}, tolerance=tolerance).verdict == verdict


@pytest.mark.parametrize(
    "given_answer, asked, agree",
    [
        (1.0, 1.25, True),
        (1.0, 1.2500001, False),
        (np.inf, np.inf, True),
        (np.inf, -np.inf, False),
        (np.nan, np.nan, True),
        (np.nan, 1.0, False),
        (1.0, np.nan, False),
        (1.0, None, True),
    ],
)
def test_what_is_no_number_agrees_with_itself_alone(given_answer, asked, agree):
    search = _Search(None, None, None, tolerance=0.25, limit=1)
    assert search._agree(given_answer, asked) is agree


# -------------------- what cannot be asked --------------------


def test_what_cannot_be_compared_is_refused_in_words():
    circuit = counting(3, 1.0)
    machine, _ = circuit.lowered()
    bare = Machine(machine.neurons, machine.fixed, machine.trainable)
    with pytest.raises(ValueError, match="does not say how its samples meet ticks"):
        prove(bare, COUNT_TO_3, DIGITS)
    with pytest.raises(ValueError, match="no source 'y'"):
        prove(circuit, COUNT_TO_3, {"y": BITS})
    with pytest.raises(ValueError, match="alphabet is empty"):
        prove(circuit, COUNT_TO_3, {})
    with pytest.raises(ValueError, match="stream 'x' has the values"):
        prove(circuit, COUNT_TO_3, {"x": ()})
    with pytest.raises(ValueError, match="has 1 outputs"):
        prove(circuit, Transducer(lambda state, x: (state, (x, x))), DIGITS)
    with pytest.raises(ValueError, match="pace is"):
        prove(circuit, COUNT_TO_3, DIGITS, pace=Pace(0, 1))
    with pytest.raises(ValueError, match="pace is"):
        prove(circuit, COUNT_TO_3, DIGITS, pace=Pace(1, -1))
    with pytest.raises(ValueError, match="stream 'x' has the values"):
        prove(circuit, COUNT_TO_3, {"x": (1.0, np.inf)})
    with pytest.raises(ValueError, match="depends on a clock"):
        prove(duplicate_detector(), COUNT_TO_3, {"input": BITS}, pace=Pace(1, 4))
    with pytest.raises(ValueError, match="the next state 'gone'"):
        Mealy({"s": {(0.0,): ("gone", 0.0)}}, "s")
    with pytest.raises(ValueError, match="start is 't'"):
        Mealy({"s": {}}, "t")
