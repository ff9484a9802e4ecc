"""The start that learns automata: programs with hidden states, and what it leaves to others."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from synthesis.problems import Problem
from synthesis.starts import Automaton, Composition, smallest_automaton
from synthesis.starts.automata.alphabet import Alphabet
from synthesis.starts.automata.learnt import is_well_seen, learnt
from synthesis.starts.automata.mealy import Mealy
from synthesis.starts.automata.merging import merged
from tests.synthesis.samples import said, strings_of

VOCABULARY = ("accum", "norm", "compare", "dot", "less_or_equal", "multiplexer")
STRINGS, SAMPLES = 60, 14


def scanned(step, start, *streams):
    """A program run over strings."""
    answers = np.zeros(streams[0].shape)
    for b in range(len(answers)):
        state = start
        for t in range(answers.shape[1]):
            state, answers[b, t] = step(state, *(stream[b, t] for stream in streams))
    return answers


def adder(carry, x, y):
    return divmod(x + y + carry, 3)


def divider(rest, x):
    quotient, rest = divmod(2 * rest + x, 5)
    return rest, quotient


def every_third(count, x):
    count += x
    return count % 3, float(x and count == 3)


def lifts(state, x):
    """A count that may fall to nothing: no bounded answer, but bounded changes."""
    held, total = state
    held = x if x else held
    return (held, total + held), total + held


def drawn(rng, values, count):
    return [rng.integers(0, values, (STRINGS, SAMPLES)).astype(float) for _ in range(count)]


def asked(step, start, values, count=1):
    streams = drawn(np.random.default_rng(3), values, count)
    names = dict(zip("xy", streams, strict=False))
    return Problem.of(strings_of(names, scanned(step, start, *streams)))


def right(proposal, strings):
    """Share of the answers that a circuit gives, from its own memory."""
    got = said(proposal.circuit, strings).transpose(0, 2, 1)
    return float(np.mean(np.abs(got - strings.answers)[strings.asked] < 1e-6))


@pytest.mark.parametrize(
    ("step", "start", "values", "count", "neurons"),
    [
        (adder, 0, 3, 2, 1),
        (divider, 0, 2, 1, 2),
        pytest.param(every_third, 0, 2, 1, 3, marks=pytest.mark.thorough),
        pytest.param(lifts, (0, 0), 3, 1, 6, marks=pytest.mark.thorough),
    ],
    ids=["carry", "remainder", "count", "changes"],
)
def test_hidden_states_are_found(step, start, values, count, neurons):
    problem = asked(step, start, values, count)
    proposals = list(islice(Automaton().propose(problem, VOCABULARY), 12))
    sound = [p for p in proposals if right(p, problem.split.report) == 1.0]
    assert sound
    for proposal in sound:
        assert right(proposal, problem.split.training) == 1.0
        assert proposal.origin.startswith("automaton of ")
    fewest = min(len(p.circuit.neurons) for p in sound)
    sources = count + 2  # the constant and the output
    assert fewest - sources <= neurons


def runs(state, x):
    """No odd run of ones with an odd run of zeros after it (the third grammar of Tomita)."""
    state = ((0, 1), (2, 0), (3, 4), (2, 1), (4, 4))[state][int(x)]
    return state, float(state in (0, 1, 3))


@pytest.mark.thorough
def test_a_flag_chooses_between_two_functions_of_the_state():
    problem = asked(runs, 0, 2)
    proposals = list(Automaton().propose(problem, VOCABULARY))
    held = [p for p in proposals if p.holds(p.circuit)]
    assert min(len(p.circuit.wires) for p in held) <= 15
    for proposal in held:
        assert right(proposal, problem.split.report) == 1.0


def test_what_circuits_were_made_to_answer_is_known_on_any_strings():
    problem = asked(divider, 0, 2)
    report = problem.split.report
    for proposal in islice(Automaton().propose(problem, VOCABULARY), 6):
        np.testing.assert_allclose(proposal.expected(report), report.answers, atol=1e-9)


def test_circuits_whose_memory_goes_astray_are_told_from_those_that_hold():
    problem = asked(divider, 0, 2)
    proposals = list(islice(Automaton().propose(problem, VOCABULARY), 6))
    sound = [p for p in proposals if right(p, problem.split.report) == 1.0]
    assert any(p.holds(p.circuit) for p in sound)
    for proposal in sound:
        for wire in proposal.circuit.wires:
            fewer = proposal.circuit.without(wire)
            is_other = fewer is not None and wire.neuron_in != "output"
            if is_other and said_on_long(fewer) != said_on_long(proposal.circuit):
                assert not proposal.holds(fewer)


def test_a_state_need_not_depend_on_every_stream():
    """A button starts and stops a watch, another puts it back."""

    def watch(state, button, zero):
        running, time = state
        running = 1.0 - running if button else running
        time = 0.0 if zero else time + running
        return (running, time), time

    problem = asked(watch, (0.0, 0.0), 2, 2)
    proposals = list(islice(Automaton().propose(problem, VOCABULARY), 12))
    assert any(right(p, problem.split.report) == 1.0 for p in proposals)
    assert all(isinstance(p.holds(p.circuit), bool) for p in proposals)


def said_on_long(circuit):
    x = np.random.default_rng(8).integers(0, 2, (3, 60)).astype(float)
    return np.round(said(circuit, strings_of({"x": x}, x)), 6).tolist()


def test_the_smallest_automaton_answers_fresh_strings():
    problem = asked(divider, 0, 2)
    answers, bits = smallest_automaton(problem)
    np.testing.assert_array_equal(answers(problem.split.report), problem.split.report.answers)
    assert bits == pytest.approx(10 * np.log2(5 * 2))


def test_a_state_that_is_an_input_needs_no_memory_of_its_own():
    """How long ago the input changed: all that has to be remembered is the input."""

    def since_change(state, x):
        last, since = state
        since = since + 1.0 if x == last else 0.0
        return (x, since), since

    problem = asked(since_change, (0.0, 0.0), 2)
    proposals = Automaton().propose(problem, VOCABULARY)
    assert any(right(p, problem.split.report) == 1.0 for p in proposals)


def test_bounds_are_chosen_again_by_more_strings():
    problem = asked(every_third, 0, 2)
    proposals = islice(Automaton().propose(problem, VOCABULARY), 12)
    refitted = [p.refitted(problem.split.training) for p in proposals if p.refitted is not None]
    assert all(right(again, problem.split.training) == 1.0 for again in refitted)


def test_measured_numbers_and_many_states_are_left_to_others():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(STRINGS, SAMPLES))
    assert not list(Automaton().propose(Problem.of(strings_of({"x": x}, x > 0)), VOCABULARY))
    flags = rng.integers(0, 2, (STRINGS, SAMPLES)).astype(float)
    noise = rng.integers(0, 2, (STRINGS, SAMPLES)).astype(float)
    assert not list(Automaton().propose(Problem.of(strings_of({"x": flags}, noise)), VOCABULARY))


# -------------------- learnt from whole strings --------------------


@pytest.mark.parametrize(("period", "share", "seed"), [(5, 0.35, 0), (5, 0.35, 3), (6, 0.45, 0)])
def test_what_beginnings_do_not_tell_whole_strings_may(period, share, seed):
    """A long count of rare events: few beginnings see it come round."""
    event = (np.random.default_rng(seed).random((STRINGS, SAMPLES)) < share).astype(float)

    def step(count, event):
        return (count + event) % period, float(event and count == period - 1)

    answers = scanned(step, 0, event)
    problem = Problem.of(strings_of({"x": event}, answers))
    alphabet, begun = Alphabet.of(problem), problem.beginnings
    symbols, numbers = alphabet.symbols(problem.split.training), answers[: len(begun)]
    early = merged(symbols[:, : begun.samples], numbers[:, : begun.samples], 40)
    assert not np.array_equal(early.run(symbols)[1], numbers)
    automaton, told, has_foretold = learnt(problem, alphabet, 40)
    assert not has_foretold
    report = problem.split.report
    _, given = automaton.run(alphabet.symbols(report))
    np.testing.assert_array_equal(told[given.astype(int), 0], report.answers[0].T)


def test_an_automaton_that_strings_bound_has_foretold_nothing():
    """Brackets: as many states as strings are long are needed, and longer ones need more."""
    x = np.random.default_rng(0).integers(0, 2, (240, 10)).astype(float)

    def step(depth, closes):
        depth = -1 if depth < 0 else depth + 1 - 2 * int(closes)
        return depth, float(depth == 0)

    bounded, parity = (
        Problem.of(strings_of({"x": x}, answers))
        for answers in (scanned(step, 0, x), x.cumsum(axis=1) % 2)
    )
    alphabet = Alphabet.of(bounded)
    assert not learnt(bounded, alphabet, 40).has_foretold
    assert learnt(parity, alphabet, 40).has_foretold
    start = Automaton(composition=Composition(bank=100, largest=2, is_exact_only=True))
    of_either = [next(start.propose(problem, VOCABULARY)) for problem in (bounded, parity)]
    assert [proposal.has_foretold for proposal in of_either] == [False, True]


def test_a_step_that_was_seen_once_settles_nothing():
    symbols = np.zeros((4, 6), dtype=int)
    symbols[:, 3] = [0, 0, 0, 1]
    automaton = Mealy(np.array([[0, 0]]), np.array([[0.0, 1.0]]))
    assert not is_well_seen(automaton, symbols)
    symbols[:2, 3] = 1
    assert is_well_seen(automaton, symbols)


def test_an_answer_that_no_string_told_settles_nothing():
    automaton = Mealy(np.array([[0, -1]]), np.array([[0.0, np.nan]]))
    assert not is_well_seen(automaton, np.zeros((4, 6), dtype=int))


@pytest.mark.parametrize("late", ["in the last string", "at the ends"])
def test_a_symbol_that_a_part_of_the_strings_has_not_is_no_surprise(late):
    """Automata are learnt from parts of the strings, and run on all."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (STRINGS, SAMPLES)).astype(float)
    training = STRINGS - 2 * STRINGS // 5
    if late == "at the ends":
        x[:, -1] = 3.0
    else:
        x[training - 1, 0] = 3.0
    answers = scanned(lambda state, one: ((state + one) % 3,) * 2, 0, x)
    problem = Problem.of(strings_of({"x": x}, answers))
    alphabet = Alphabet.of(problem)
    assert len(alphabet.values) == 4
    assert smallest_automaton(problem) is not None
    automaton = learnt(problem, alphabet, 8).automaton
    given = automaton.run(alphabet.symbols(problem.split.training))[1]
    np.testing.assert_array_equal(given, problem.split.training.answers[0].T)
