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


@pytest.fixture(params=[1.0, 0.37], ids=["whole", "measured"])
def search(request) -> Search:
    rng = np.random.default_rng(0)
    x = request.param * rng.integers(0, 5, (30, 8))
    problem = Problem.of(strings_of({"x": x}, x.cumsum(axis=1)))
    return Search(problem, effort_named("quick"), VOCABULARY, rng)


def test_what_can_be_left_out_is(search):
    weight = search.problem.units["stream-x"] / search.problem.answer_units[0]
    heard = [w._replace(weight=w.weight * weight) if "stream" in w else w for w in (*SUM, *IDLE)]
    trial = search.measured(Proposal(Circuit(NEURONS, tuple(heard)), "by hand"))
    assert trial is not None and trial.is_right
    small = search.compacted(trial)
    assert small.is_right and small.bits < trial.bits
    for wire in small.circuit.wires:
        fewer = small.circuit.without(wire)
        shorter = fewer and search.measured(replace(trial.proposal, circuit=fewer))
        assert not shorter or not shorter.is_right or shorter.bits >= small.bits


def test_of_machines_hardly_longer_the_one_that_has_foretold_the_rest_is_chosen(search):
    weight = search.problem.units["stream-x"] / search.problem.answer_units[0]
    heard, idle = (
        tuple(w._replace(weight=w.weight * weight) if "stream" in w else w for w in wires)
        for wires in (SUM, (*SUM, IDLE[0]))
    )
    short = search.measured(Proposal(Circuit(NEURONS, heard), "of whole strings"))
    long = search.measured(Proposal(Circuit(NEURONS, idle), "of beginnings"))
    assert short.is_right and long.is_right and short.bits < long.bits
    search.trials += [long, short]
    assert search.right() == [short, long]
    cut = replace(short, proposal=replace(short.proposal, has_foretold=False))
    search.trials[:] = [cut, replace(long, bits=cut.bits + RIVAL - 1.0)]
    assert [trial.proposal.has_foretold for trial in search.right()] == [True, False]
    search.trials[:] = [cut, replace(long, bits=cut.bits + RIVAL + 1.0)]
    assert [trial.proposal.has_foretold for trial in search.right()] == [False, True]
