"""A right circuit loses the wires that it can do without, and no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dmm.machine import Circuit, Wire
from synthesis.fit import Search
from synthesis.fit.efforts import VOCABULARY, effort_named
from synthesis.fit.trials import RIVAL
from synthesis.problems import Problem
from synthesis.starts import Proposal
from tests.synthesis.samples import strings_of

NEURONS = {
    "stream-x": "stream",
    "const_1": "const_1",
    "sum": "accum",
    "idle": "compare",
    "output": "output",
}
SUM = (
    Wire("sum", "dict-1", "sum", "dict", lag=1),
    Wire("sum", "dict-2", "stream-x", "stream"),
    Wire("output", "dict-1", "sum", "dict"),
)
IDLE = (  # never more than nothing
    Wire("idle", "dict-2", "stream-x", "stream"),
    Wire("output", "dict-1", "idle", "true"),
)


def circuit_of(search, *wires):
    """A circuit in the units of the problem."""
    weight = search.problem.units["stream-x"] / search.problem.answer_units[0]
    heard = (w._replace(weight=w.weight * weight) if "stream" in w else w for w in wires)
    return Circuit(NEURONS, tuple(heard))


@pytest.fixture(params=[1.0, 0.37], ids=["whole", "measured"])
def search(request) -> Search:
    rng = np.random.default_rng(0)
    x = request.param * rng.integers(0, 5, (30, 8))
    problem = Problem.of(strings_of({"x": x}, x.cumsum(axis=1)))
    return Search(problem, effort_named("quick"), VOCABULARY, rng)


def test_what_can_be_left_out_is(search):
    trial = search.measured(Proposal(circuit_of(search, *SUM, *IDLE), "by hand"))
    assert trial is not None and trial.is_right
    small = search.compacted(trial)
    assert small.is_right and small.bits < trial.bits
    for wire in small.circuit.wires:
        fewer = small.circuit.without(wire)
        shorter = fewer and search.measured(replace(trial.proposal, circuit=fewer))
        assert not shorter or not shorter.is_right or shorter.bits >= small.bits


def test_of_machines_hardly_longer_the_one_that_has_foretold_the_rest_is_chosen(search):
    short = search.measured(Proposal(circuit_of(search, *SUM), "of whole strings"))
    long = search.measured(Proposal(circuit_of(search, *SUM, IDLE[0]), "of beginnings"))
    assert short.is_right and long.is_right and short.bits < long.bits
    search.trials += [long, short]
    assert search.right() == [short, long]
    cut = replace(short, proposal=replace(short.proposal, has_foretold=False))
    search.trials[:] = [cut, replace(long, bits=cut.bits + RIVAL - 1.0)]
    assert [trial.proposal.has_foretold for trial in search.right()] == [True, False]
    search.trials[:] = [cut, replace(long, bits=cut.bits + RIVAL + 1.0)]
    assert [trial.proposal.has_foretold for trial in search.right()] == [False, True]


def test_numbers_of_what_is_much_longer_than_something_right_are_not_chosen_again(search):
    circuit, chosen = circuit_of(search, *SUM), []

    def refitted(strings):
        chosen.append(len(strings))
        return Proposal(circuit, "by all strings")

    proposal = Proposal(circuit, "by hand", refitted=refitted)
    trial = search.tried(proposal)
    assert trial.proposal.origin == "by all strings"
    assert chosen == [len(search.problem.split.deciding)]
    search.trials.append(replace(trial, bits=trial.bits - RIVAL - 1.0))
    assert search.tried(proposal).proposal.origin == "by hand"
    assert len(chosen) == 1


def test_what_is_right_on_training_strings_only_has_its_numbers_chosen_by_them(search, monkeypatch):
    strings, chosen = search.problem.split.training, []

    def refitted(some):
        chosen.append(some)
        return replace(proposal, origin="chosen again")

    proposal = Proposal(circuit_of(search, *SUM), "by hand", refitted=refitted)
    fine = search.measured(proposal)
    off = replace(fine, validation=replace(fine.validation, right=0.9))
    outcomes = {"by hand": off, "chosen again": fine}
    monkeypatch.setattr(search, "measured", lambda one: outcomes[one.origin])
    assert search.tried(proposal) is fine
    assert chosen[0] is strings and len(chosen[1]) > len(strings)
    outcomes["by hand"] = replace(off, training=off.validation)
    assert not search.tried(proposal).is_right
    assert len(chosen) == 2
