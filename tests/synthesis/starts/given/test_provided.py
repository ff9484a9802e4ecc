"""What a user has already is proposed like everything else: in the problem's units, and tried."""

from __future__ import annotations

import numpy as np
import pytest

from dmm import Machine
from dmm.machine import Circuit, Wire
from synthesis import Synthesizer
from synthesis.fit.data.asked import to_strings
from synthesis.fit.efforts import VOCABULARY
from synthesis.problems import Problem
from synthesis.starts import Provided
from tests.synthesis.samples import said
from vvalues import VValue

PARITY = """digraph {
    begin [shape=none]; begin -> even;
    even -> even [label="0/0"]; even -> odd [label="1/1"];
    odd -> odd [label="0/1"]; odd -> even [label="1/0"];
}"""


def bits(strings=40, samples=10):
    return np.random.default_rng(0).integers(0, 2, (strings, samples)).astype(float)


def problem_of(streams, answers):
    return Problem.of(to_strings(streams, answers)[0])


def proposed(known, problem, **options):
    return list(Provided(known, **options).propose(problem, VOCABULARY))


def is_right(proposal, problem):
    strings = problem.split.training
    return np.array_equal(said(proposal.circuit, strings).transpose(0, 2, 1), strings.answers)


@pytest.mark.parametrize("unit", [1.0, 30.0, 0.25])
def test_equations_are_in_the_users_units(unit):
    problem = problem_of({"x": unit * bits()}, 3.0 * unit * bits().cumsum(axis=1))
    (proposal,) = proposed("y = y[t-1] + 3 x", problem)
    assert proposal.origin == "given: equations"
    assert is_right(proposal, problem)


def test_outputs_are_the_last_names_or_those_that_are_said():
    problem = problem_of({"x": bits()}, np.stack([bits(), 1.0 - bits()], axis=-1))
    assert is_right(proposed("h = 1 - x\na = x\nb = h", problem)[0], problem)
    assert is_right(proposed("b = 1 - x\na = x", problem, outputs=("a", "b"))[0], problem)


def test_a_machine_is_taken_as_a_circuit():
    problem = problem_of({"x": bits()}, bits().cumsum(axis=1))
    wires = [
        Wire("accum", "dict-2", "stream-x", "stream"),
        Wire("accum", "dict-1", "accum", "dict", lag=1),
        Wire("output", "dict-1", "accum", "dict"),
    ]
    circuit = Circuit({"stream-x": "stream", "accum": "accum", "output": "output"}, wires)
    for known in (circuit, circuit.lowered()[0]):
        assert is_right(proposed(known, problem)[0], problem)


def ticking():
    """The size of a difference, two ticks late; it takes a sample per tick and has no pace."""
    links = {
        "norm": {"dict": {"stream-x": {"stream": 1.0}, "relay": {"dict": -1.0}}},
        "relay": {"dict": {"stream-x": {"stream": 1.0}}},
        "output": {"dict-1": {"norm": {"norm": 1.0}}},
    }
    types = {"stream-x": "stream", "norm": "norm", "relay": "identity", "output": "output"}
    return Machine(types, trainable=VValue(links))


def test_a_machine_in_ticks_needs_its_delay():
    x = bits()
    problem = problem_of({"x": x}, np.abs(np.diff(x, axis=1, prepend=0.0)))
    (proposal,) = Provided(ticking(), delay=2).propose(problem, (*VOCABULARY, "identity"))
    assert is_right(proposal, problem)
    with pytest.raises(ValueError, match="does not say how its samples meet ticks"):
        proposed(ticking(), problem)
    with pytest.raises(
        ValueError, match="after 2 ticks; with a delay of 3 the answer would depend"
    ):
        proposed(ticking(), problem, delay=3)
    with pytest.raises(
        ValueError, match=r"neurons of \['identity'\], which the vocabulary has not"
    ):
        proposed(ticking(), problem, delay=2)


# -------------------- automata --------------------


def test_a_graph_becomes_a_small_machine():
    x = 7.0 * bits()
    problem = problem_of({"x": x}, x.cumsum(axis=1) / 7.0 % 2)
    text = PARITY.replace('"1/', '"7/')
    found = proposed(text, problem)
    assert found[0].origin.startswith("given: automaton of 2 states")
    assert is_right(found[0], problem) and found[0].holds(found[0].circuit)


def test_an_automaton_hears_all_streams():
    x, z = np.random.default_rng(0).integers(0, 2, (2, 40, 10)).astype(float)
    answers = (x + z).cumsum(axis=1) % 2
    pairs = [f"{a}, {b}" for a in (0, 1) for b in (0, 1)]
    edges = [
        f's{state} -> s{(state + a + b) % 2} [label="{a}, {b}/{(state + a + b) % 2}"];'
        for state in (0, 1)
        for a, b in (map(int, pair.split(",")) for pair in pairs)
    ]
    problem = problem_of({"x": x, "z": z}, answers)
    assert is_right(proposed("digraph {" + "\n".join(edges) + "}", problem)[0], problem)


def test_an_automaton_may_be_silent_but_not_of_another_number_of_answers():
    x = bits()
    answers = x.cumsum(axis=1) % 2
    double = PARITY.replace("/1", "/1,1").replace("/0", "/0,0")
    with pytest.raises(ValueError, match="answers with 2 numbers; 1 are asked"):
        proposed(double, problem_of({"x": x}, answers))
    smooth = np.random.default_rng(0).normal(size=x.shape)
    with pytest.raises(ValueError, match="no finite alphabet"):
        proposed(PARITY, problem_of({"x": smooth}, answers))


# -------------------- as a start --------------------


def test_what_is_given_loses_what_it_can_do_without():
    x = bits()
    model = Synthesizer(
        spaces=[Provided("h = 0.5 relu(x) + 0.5 x\ny = y[t-1] + h + 0.0001 relu(x - 1)")], verbose=0
    ).fit({"x": x}, x.cumsum(axis=1))
    assert model.verdict_.is_exact
    assert model.front_.best.links < model.proposed_.links
    assert model.proposed_.origin == "given: equations"


def test_what_is_given_and_wrong_is_not_called_right():
    x = bits()
    model = Synthesizer(spaces=[Provided("y = x")], verbose=0)
    with pytest.warns(UserWarning):
        model.fit({"x": x}, x.cumsum(axis=1))
    assert not model.verdict_.is_exact


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ("y = w", "nothing is called 'w'"),
        (Circuit({"stream-w": "stream", "output": "output"}, []), r"reads \['stream-w'\]"),
        (Circuit({"stream-x": "stream", "output": "output"}, []), r"answers on \[\]"),
    ],
)
def test_what_does_not_fit_the_problem_is_refused(known, message):
    with pytest.raises(ValueError, match=message):
        proposed(known, problem_of({"x": bits()}, bits()))
