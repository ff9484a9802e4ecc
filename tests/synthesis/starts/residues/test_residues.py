"""Linear machines modulo a prime: learnt from strings, in good coordinates, and as circuits."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.fit.efforts import VOCABULARY
from synthesis.problems import Problem
from synthesis.starts import Residues
from synthesis.starts.residues import linear_machine
from synthesis.starts.residues.circuit import circuit_of, links_of
from synthesis.starts.residues.coordinates import Linear
from synthesis.starts.residues.series import letters_of, prime_of, series_of
from tests.examples import examples
from tests.marks import thorough
from tests.synthesis.samples import said, strings_of

SEEDS = st.integers(0, 2**32 - 1)
PRIMES = st.sampled_from([2, 3, 5, 7])


def random_machine(rng, prime, numbers, streams):
    """A state of so many numbers beside the 1, mapped by so many streams."""
    matrices = {(): rng.integers(0, prime, (numbers + 1, numbers + 1))}
    for stream in range(streams):
        matrices[(stream,)] = rng.integers(0, prime, (numbers + 1, numbers + 1))
    for letter, matrix in matrices.items():
        matrix[:, 0] = 0
        matrix[0, 0] = letter == ()
    return Linear(prime, matrices, np.array([0, *rng.integers(0, prime, numbers)]))


def drawn(rng, machine, strings, samples, low=0):
    """Random numbers, and what a machine answers to them."""
    sources = [letter[0] for letter in machine.matrices if letter]
    high = low + machine.prime
    streams = {f"s{k}": rng.integers(low, high, (strings, samples)) for k in sources}
    values = {(k,): streams[f"s{k}"] % machine.prime for k in sources}
    ones = np.ones((strings, samples), dtype=int)
    return streams, machine.run({(): ones, **values}).astype(float)


def answers_of_learnt(machine, streams):
    ones = np.ones(next(iter(streams.values())).shape, dtype=int)
    values = {
        letter: np.prod([ones, *(streams[f"s{k}"] for k in letter)], axis=0) % machine.prime
        for letter in machine.matrices
    }
    return machine.run(values)


@examples(60)
@given(SEEDS, PRIMES, st.integers(1, 2), st.integers(1, 2))
def test_what_is_learnt_from_short_strings_is_right_on_long_ones(seed, prime, numbers, streams):
    rng = np.random.default_rng(seed)
    machine = random_machine(rng, prime, numbers, streams)
    problem = Problem.of(strings_of(*drawn(rng, machine, 150, 5)), held_out=0.0)
    if prime_of(problem) != prime:  # the largest residue is no answer of this machine
        return
    learnt = linear_machine(problem, 1)
    fresh, wanted = drawn(rng, machine, 20, 60)
    if learnt is not None:
        assert np.array_equal(answers_of_learnt(learnt, fresh), wanted)
        assert len(learnt.told) <= numbers + 1


@pytest.mark.thorough
def test_most_machines_are_learnt():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(15):
        machine = random_machine(rng, 3, 2, 1)
        problem = Problem.of(strings_of(*drawn(rng, machine, 200, 7)), held_out=0.0)
        if prime_of(problem) == 3:
            found.append(linear_machine(problem, 1) is not None)
    assert sum(found) == len(found) > 7


@examples(50)
@given(SEEDS, PRIMES, st.integers(1, 2), st.integers(1, 2), st.integers(-2, 0))
def test_a_circuit_does_what_its_machine_does(seed, prime, numbers, streams, low):
    rng = np.random.default_rng(seed)
    machine = random_machine(rng, prime, numbers, streams)
    given_, wanted = drawn(rng, machine, 8, 20, low)
    samples = np.array(np.meshgrid(*[np.arange(low, low + prime)] * streams)).reshape(streams, -1).T
    circuit = circuit_of(machine, [f"stream-s{k}" for k in range(streams)], samples.astype(float))
    if circuit is None:  # too many multiples of the prime
        return
    assert np.array_equal(said(circuit, strings_of(given_, wanted))[0], wanted)


def test_links_are_those_of_the_circuit_where_no_sign_helps():
    samples = np.arange(5.0)[:, None]
    for more in (0, 1, 2):
        matrices = {(): np.eye(2, dtype=int), (0,): np.array([[0, 1], [0, more]])}
        machine = Linear(5, matrices, np.array([0, 1]))
        circuit = circuit_of(machine, ["stream-s0"], samples)
        assert links_of(machine, samples) == len(circuit.wires)


# -------------------- what is learnt --------------------


def formula(seed, strings=240, samples=13, modulus=5):
    """Numbers and operators in turn: the value so far, asked after numbers."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, modulus, (strings, samples)).astype(float)
    x[:, 1::2] = 0.0
    operator = rng.integers(1, 4, (strings, samples))
    operator[:, ::2] = 0
    answers = np.full(x.shape, np.nan)
    for s in range(strings):
        total, term = 0.0, 1.0
        for t in range(samples):
            if operator[s, t] == 0:
                term = term * x[s, t] % modulus
                answers[s, t] = (total + term) % modulus
            elif operator[s, t] < 3:
                total, term = (total + term) % modulus, (1.0 if operator[s, t] == 1 else -1.0)
    streams = {"x": x, "plus": operator == 1, "minus": operator == 2, "times": operator == 3}
    return strings_of({name: column.astype(float) for name, column in streams.items()}, answers)


def proposed(strings, vocabulary=VOCABULARY, start=Residues()):  # noqa: B008
    return list(start.propose(Problem.of(strings, held_out=0.0), vocabulary))


def agrees(proposal, strings):
    asked, given_ = strings.asked, said(proposal.circuit, strings).transpose(0, 2, 1)
    return np.array_equal(given_[asked], strings.answers[asked])


@pytest.mark.parametrize("modulus", [3, *thorough(5, 7)])
def test_the_value_of_a_formula(modulus):
    (proposal,) = proposed(formula(0, modulus=modulus))
    assert proposal.origin == f"residues: 2 numbers modulo {modulus}"
    assert agrees(proposal, formula(1, 10, 301, modulus))


def sums(weights, modulus, samples=8, strings=200, seed=0):
    x = np.random.default_rng(seed).integers(0, 10, (strings, samples)).astype(float)
    return strings_of({"x": x}, (x * weights(np.arange(samples))).cumsum(axis=1) % modulus)


@pytest.mark.parametrize(
    ("weights", "modulus", "numbers"),
    [
        (lambda t: 10 - t, 11, 2),  # of book numbers
        (lambda t: 1 + 2 * (t % 2), 7, 2),  # one and three in turn
        pytest.param(lambda t: 2**t, 13, 2, marks=pytest.mark.thorough),
        pytest.param(lambda t: 0 * t + 1, 17, 1, marks=pytest.mark.thorough),
    ],
)
def test_check_digits(weights, modulus, numbers):
    (proposal,) = proposed(sums(weights, modulus))
    assert proposal.origin.startswith(f"residues: {numbers} number")
    fresh = sums(weights, modulus, samples=50, strings=5, seed=1)
    assert agrees(proposal, fresh)
    assert np.array_equal(proposal.expected(fresh)[fresh.asked], fresh.answers[fresh.asked])


def test_a_product_of_streams_may_map_the_state():
    def dot(samples, seed):
        x, y = np.random.default_rng(seed).integers(0, 3, (2, 200, samples)).astype(float)
        return strings_of({"x": x, "y": y}, (x * y).cumsum(axis=1) % 3)

    (proposal,) = proposed(dot(8, 0))
    assert agrees(proposal, dot(60, 1))
    assert proposed(dot(8, 0), start=Residues(degree=1)) == []


def test_phases_of_different_sizes():
    """Only every second sample counts, and nothing is asked of the others."""

    def every_second(samples, seed):
        x = np.random.default_rng(seed).integers(0, 5, (200, samples)).astype(float)
        x[:, 1::2] = 0.0
        answers = x.cumsum(axis=1) % 5
        answers[:, 1::2] = np.nan
        return strings_of({"x": x}, answers)

    (proposal,) = proposed(every_second(9, 0))
    assert agrees(proposal, every_second(41, 1))


# -------------------- what is not --------------------


def test_nothing_is_proposed_for_what_is_no_residue():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, (200, 8)).astype(float)
    for answers in (
        np.maximum.accumulate(x, axis=1),
        rng.integers(0, 5, x.shape).astype(float),
        x.cumsum(axis=1) % 5 - 1.0,
        x.cumsum(axis=1) % 5 + 0.25,
        np.full(x.shape, np.nan),
    ):
        assert proposed(strings_of({"x": x}, answers)) == []
    assert proposed(strings_of({"x": x + 0.5 * rng.integers(0, 2, x.shape)}, x)) == []


def test_sums_modulo_no_prime_are_left_to_others():
    assert proposed(sums(lambda t: 0 * t + 1, 10)) == []


def test_neurons_that_are_not_allowed_are_not_used():
    assert proposed(sums(lambda t: 0 * t + 1, 5), ("accum", "compare")) == []


def test_answers_at_the_ends_alone_do_not_tell_the_series():
    strings = sums(lambda t: 10 - t, 11)
    answers = np.array(strings.answers)
    answers[:, :-1] = np.nan
    at_the_end = type(strings)(strings.inputs, answers, strings.lengths)
    assert proposed(at_the_end) == []


def test_answers_at_the_ends_of_short_strings_are_enough_for_a_sum():
    rng = np.random.default_rng(0)
    x = [rng.integers(0, 5, rng.integers(1, 9)).astype(float).tolist() for _ in range(300)]
    answers = [[*[np.nan] * (len(one) - 1), (3.0 * sum(one)) % 5.0] for one in x]
    (proposal,) = proposed(strings_of({"x": x}, answers))
    fresh = np.random.default_rng(1).integers(0, 5, (5, 100)).astype(float)
    assert agrees(proposal, strings_of({"x": fresh}, 3.0 * fresh.cumsum(axis=1) % 5.0))


def test_a_contradiction_between_two_strings_ends_it():
    strings = sums(lambda t: 0 * t + 1, 5)
    answers = np.array(strings.answers)
    answers[0, 0, 0] = (answers[0, 0, 0] + 1.0) % 5.0
    problem = Problem.of(type(strings)(strings.inputs, answers, strings.lengths), held_out=0.0)
    assert series_of(problem, letters_of(problem, 1), 5) is None


def test_letters_of_many_streams_are_too_many():
    x = np.zeros((9, 4))
    few = Problem.of(strings_of({f"x{k}": x for k in range(3)}, x), held_out=0.0)
    many = Problem.of(strings_of({f"x{k}": x for k in range(12)}, x), held_out=0.0)
    assert letters_of(few, 2) == (
        (0,),
        (1,),
        (2,),
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 1),
        (1, 2),
        (2, 2),
        (),
    )
    assert letters_of(many, 1) is None
    assert partial(linear_machine, many)(1) is None
