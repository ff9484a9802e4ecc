"""Starts that see other answers, or fewer streams: their circuits answer what is asked of all."""

from __future__ import annotations

import numpy as np
import pytest

from dmm.machine import Circuit, Wire
from synthesis.fit.data import to_strings
from synthesis.problems import Problem
from synthesis.starts import (
    Automaton,
    Changes,
    Composition,
    Delayed,
    Proposal,
    Shifted,
    Since,
    heard,
)
from tests.synthesis.samples import said, strings_of

VOCABULARY = ("accum", "norm", "compare", "dot", "dot_free", "less_or_equal", "multiplexer")
SMALL = Composition(bank=300, largest=3, is_exact_only=True)
RNG = np.random.default_rng(2)
X = RNG.integers(-4, 5, (20, 16)) / 2.0


def before(x, samples):
    return np.pad(x, ((0, 0), (samples, 0)))[:, : x.shape[1]]


VIEWS = {
    "late": (Delayed(SMALL, 3), before(np.abs(X), 3)),
    "added up": (Changes(SMALL), np.cumsum(before(X, 1) > X, axis=1).astype(float)),
    "two added up": (Changes(SMALL), np.cumsum(np.abs(X), axis=1), np.cumsum(X > 0, axis=1)),
    "shifted": (Shifted(SMALL), 2.5 + np.cumsum(before(X, 1), axis=1)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_the_first_completed_circuit_gives_the_answers(name):
    start, *answers = VIEWS[name]
    problem = Problem.of(strings_of({"x": X}, *map(np.asarray, answers)))
    first = next(iter(start.propose(problem, VOCABULARY)))
    for part in (problem.split.training, problem.split.validation, problem.split.report):
        assert is_right(first.circuit, part)
    words = name.removeprefix("two ")
    assert first.origin.startswith("composition: ") and words.split()[-1] in start.name


def test_bounds_are_chosen_again_through_a_view():
    flags = (np.cumsum(X, axis=1) > 1.3).astype(float)
    problem = Problem.of(strings_of({"x": X}, np.cumsum(flags, axis=1)))
    strings = problem.split.training
    proposals = Changes(SMALL).propose(problem, VOCABULARY)
    right = [p for p in proposals if p.refitted is not None and is_right(p.circuit, strings)]
    assert right
    assert all(is_right(p.refitted(strings).circuit, strings) for p in right)


def is_right(circuit, strings):
    return np.allclose(said(circuit, strings).transpose(0, 2, 1), strings.answers, atol=1e-9)


def test_nothing_is_proposed_where_a_view_makes_no_difference():
    problem = Problem.of(strings_of({"x": X}, np.zeros(X.shape)))
    assert not list(Shifted(SMALL).propose(problem, VOCABULARY))
    assert not list(Changes(SMALL).propose(problem, ("norm",)))
    assert not list(Delayed(SMALL, 8).propose(problem, VOCABULARY))


def test_totals_get_names_of_their_own():
    """Whatever numbers the neurons of the circuit inside have."""
    inside = Circuit(
        {"stream-x": "stream", "accum-2": "accum", "output": "output"},
        [
            Wire("accum-2", "dict-2", "stream-x", "stream"),
            Wire("accum-2", "dict-1", "accum-2", "dict", 1.0, 1),
            Wire("output", "dict-1", "accum-2", "dict"),
        ],
    )

    class Given:
        name = "given"

        def propose(self, problem, vocabulary):
            yield Proposal(inside, "given")

    twice = np.cumsum(np.cumsum(X, axis=1), axis=1)
    problem = Problem.of(strings_of({"x": X}, twice))
    (whole,) = Changes(Given()).propose(problem, VOCABULARY)
    assert is_right(whole.circuit, problem.split.training)


# -------------------- added up since --------------------


def fines(rng, strings=50, samples=20):
    """What is owed since the last payment: one more for every sample with the door open twice."""
    door = (rng.random((strings, samples)) < 0.5).astype(float)
    pay = (rng.random((strings, samples)) < 0.15).astype(float)
    owed, total = np.zeros_like(door), np.zeros(strings)
    for t in range(samples):
        total = np.where(pay[:, t] > 0, 0.0, total) + door[:, t] * door[:, max(t - 1, 0)] * (t > 0)
        owed[:, t] = total
    return {"door": door, "pay": pay}, owed


def test_what_adds_up_since_a_flag_is_found_by_what_comes_in():
    streams, owed = fines(np.random.default_rng(0))
    problem = Problem.of(to_strings(streams, owed)[0])
    proposal = next(Since(SMALL).propose(problem, VOCABULARY))
    assert proposal.origin.endswith("added up since stream-pay")
    fresh, wanted = fines(np.random.default_rng(1), samples=60)
    assert np.array_equal(said(proposal.circuit, to_strings(fresh, wanted)[0])[0], wanted)


def test_flags_that_reset_nothing_are_not_tried():
    rng = np.random.default_rng(2)
    streams, _ = fines(rng)
    problem = Problem.of(to_strings(streams, streams["door"].cumsum(axis=1))[0])
    assert not list(Since(SMALL).propose(problem, VOCABULARY))


# -------------------- of fewer streams --------------------


def _problem(answers):
    rng = np.random.default_rng(0)
    x, z = rng.integers(0, 3, (2, 20, 8)).astype(float)
    return Problem.of(to_strings({"x": x, "z": z}, answers(x))[0])


def _sources(proposal):
    return {name for name, kind in proposal.circuit.neurons.items() if kind == "stream"}


def test_no_proposal_reads_what_is_not_heard():
    problem = _problem(lambda x: x.cumsum(axis=1))
    start = Composition(bank=50, largest=2)
    for proposal in heard(start, problem, VOCABULARY, ["stream-x"]):
        assert _sources(proposal) <= {"stream-x"}


def test_what_is_expected_of_longer_strings_is_asked_of_those_with_all_streams():
    problem = _problem(lambda x: x.cumsum(axis=1) % 3)
    proposal = next(heard(Automaton(), problem, VOCABULARY, ["stream-x"]))
    strings = problem.split.training
    assert np.array_equal(proposal.expected(strings), strings.answers)


def test_a_refit_chooses_by_all_strings_and_still_hears_the_same():
    rng = np.random.default_rng(1)
    x, z = rng.normal(size=(2, 20, 8))
    problem = Problem.of(to_strings({"x": x, "z": z}, (x > 0.3).astype(float))[0])
    start = Composition(bank=50, largest=2)
    proposals = heard(start, problem, VOCABULARY, ["stream-x"])
    proposal = next(p for p in proposals if p.refitted is not None)
    again = proposal.refitted(problem.split.training)
    assert _sources(again) == {"stream-x"}
    assert again.gaps
