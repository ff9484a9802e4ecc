"""The start that composes: what it proposes fits its problem and its vocabulary."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from synthesis.problems import Problem
from synthesis.starts import Composition
from tests.marks import thorough
from tests.synthesis.samples import said, strings_of

VOCABULARY = ("accum", "norm", "compare", "dot", "dot_free", "less_or_equal", "multiplexer")
SMALL = Composition(bank=200, largest=3)
RNG = np.random.default_rng(7)
EVENTS = RNG.integers(0, 2, (12, 16)).astype(float)
NUMBERS = RNG.integers(-4, 5, (12, 16)) / 2.0


def problem(answers, *more):
    return Problem.of(strings_of({"e": EVENTS, "x": NUMBERS}, answers, *more))


def proposals(problem, vocabulary=VOCABULARY, most=6):
    return list(islice(SMALL.propose(problem, vocabulary), most))


def right(proposal, problem):
    """Share of the answers of training that a circuit gives, from its own memory."""
    strings = problem.split.training
    got = said(proposal.circuit, strings).transpose(0, 2, 1)
    return float(np.mean(np.abs(got - strings.answers)[strings.asked] < 1e-6))


TOTAL = np.cumsum(NUMBERS, axis=1)
PADDED = np.pad(NUMBERS, ((0, 0), (6, 0)))[:, :16]
WINDOW = sum(np.pad(EVENTS, ((0, 0), (k, 0)))[:, :16] for k in range(4))
PROGRAMS = {
    "sum": TOTAL,
    "filter": NUMBERS - 0.5 * PADDED,
    "window": WINDOW % 2,
    "steps": np.cumsum(2.0 * EVENTS, axis=1) + np.floor((NUMBERS + 0.5) / 1.5),
    "parity": np.cumsum(EVENTS, axis=1) % 2,
    "threshold": (TOTAL > 1.5).astype(float),
    "relu": np.maximum(NUMBERS, 0.0) + 0.5 * EVENTS,
    "constant": np.full_like(NUMBERS, 3.0),
    "cases": np.where(EVENTS > 0.5, NUMBERS, -2.0),
}


VOTES = RNG.integers(0, 2, (7, 30, 12)).astype(float)
MEASURED = RNG.uniform(-1.0, 1.0, (30, 12))
COUNTS = np.cumsum(VOTES[:4], axis=2)
THOROUGH = {"a place in a ranking"}
MANY = {
    "a vote where one counts double": (VOTES.sum(axis=0) + VOTES[0] > 4.0).astype(float),
    "a place in a ranking": np.sum(COUNTS[1:] > COUNTS[0], axis=0).astype(float),
    "two bounds of a number": (MEASURED > -0.4).astype(float) + (MEASURED > 0.7) * (1.0 + VOTES[0]),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.thorough] if name in THOROUGH else []) for name in MANY],
)
def test_a_program_of_many_streams_is_proposed(name):
    voices = COUNTS if name == "a place in a ranking" else VOTES
    streams = {f"v{k}": voice for k, voice in enumerate(voices)}
    strings = strings_of({**streams, "x": MEASURED}, MANY[name])
    asked = Problem.of(strings)
    composition = Composition(bank=600, largest=2, is_exact_only=True)
    assert any(
        right(proposal, asked) == 1.0
        for proposal in islice(composition.propose(asked, VOCABULARY), 4)
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_first_proposal_is_the_program(name):
    asked = problem(PROGRAMS[name])
    first = next(SMALL.propose(asked, VOCABULARY))
    assert right(first, asked) == 1.0
    assert first.origin.startswith("composition: ")


def test_several_outputs_are_proposed_together():
    asked = problem(PROGRAMS["sum"], PROGRAMS["parity"])
    first = next(SMALL.propose(asked, VOCABULARY))
    assert right(first, asked) == 1.0
    reads = {wire.field_in for wire in first.circuit.wires if wire.neuron_in == "output"}
    assert reads == {"dict-1", "dict-2"}


@pytest.mark.parametrize(
    "vocabulary", [("accum",), *thorough(("compare", "norm"), ("multiplexer",))], ids="-".join
)
@pytest.mark.parametrize("name", PROGRAMS)
def test_circuits_have_neurons_of_the_vocabulary_only(name, vocabulary):
    for proposal in proposals(problem(PROGRAMS[name]), vocabulary):
        used = set(proposal.circuit.neurons.values()) - {"stream", "const_1", "output"}
        assert used <= set(vocabulary), proposal.origin


def test_where_nothing_is_exact_sums_of_inputs_are_proposed():
    """Without past answers: a machine that is off by a little would feed its error to itself."""
    noise = np.random.default_rng(8).standard_normal(NUMBERS.shape)
    noisy = problem(NUMBERS + 0.1 * noise)
    found = proposals(noisy, most=20)
    assert [p for p in found if "the best sum" in p.origin]
    assert not any("answer" in p.origin for p in found)


def test_the_same_problem_gets_the_same_proposals():
    one, other = (proposals(problem(PROGRAMS["cases"])) for _ in range(2))
    assert [p.origin for p in one] == [p.origin for p in other]
    assert [p.circuit for p in one] == [p.circuit for p in other]


def test_a_bound_is_chosen_again_by_more_strings():
    rng = np.random.default_rng(3)
    x = rng.uniform(-5.0, 5.0, (20, 20))
    asked = Problem.of(strings_of({"x": x}, (x > 1.3).astype(float)))
    first = next(p for p in SMALL.propose(asked, VOCABULARY) if p.gaps)
    assert first.refitted is not None
    again = first.refitted(asked.split.training.joined(asked.split.validation))
    (gap,), (finer,) = first.gaps, again.gaps
    assert gap.low <= finer.low < finer.high <= gap.high
    assert finer.high - finer.low < gap.high - gap.low


def test_training_sees_beginnings_only():
    """What is asked in the rest of the training strings changes no proposal."""
    plain = problem(PROGRAMS["sum"])
    answers = np.array(plain.split.training.answers)
    seen = plain.beginnings.samples
    assert seen < plain.split.training.samples
    answers[:, seen:] += 1.0
    changed = problem(PROGRAMS["sum"])
    changed.split.training.answers[:, seen:] += 1.0
    assert [p.circuit for p in proposals(plain)] == [p.circuit for p in proposals(changed)]


def test_answers_that_are_rarely_asked_have_no_past():
    answers = np.array(PROGRAMS["sum"])
    answers[:, ::2] = np.nan
    for proposal in proposals(problem(answers)):
        assert "answer" not in proposal.origin
    assert right(proposals(problem(answers))[0], problem(answers)) == 1.0


def test_a_gap_hides_one_past_only():
    """What a sample tells of the answer before it is not told where that was not asked."""
    answers = np.array(PROGRAMS["sum"])
    answers[:, 3] = np.nan
    found = proposals(problem(answers))
    assert any("answer" in proposal.origin for proposal in found)
    assert right(found[0], problem(answers)) == 1.0


def test_answers_that_differ_from_zero_beyond_the_strings_of_the_bank_are_proposed_for():
    bits = np.random.default_rng(9).integers(0, 2, (40, 12)).astype(float)
    answers = np.full((40, 12), np.nan)
    answers[:, 6] = 0.0
    asked = Problem.of(strings_of({"x": bits}, answers))
    asked.split.training.answers[:, 6, -3:] = 1.0  # the last ones; the bank takes the first
    found = proposals(asked, most=200)
    assert max(right(proposal, asked) for proposal in found) >= 21 / 24
