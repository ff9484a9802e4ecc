"""A bound is where the fewest states are needed behind it."""

import numpy as np
import pytest

from synthesis.fit.data.asked import to_strings
from synthesis.fit.efforts import VOCABULARY
from synthesis.problems import Problem
from synthesis.starts import Automaton, Composition, Crossings, Gap
from synthesis.starts.crossings.sharpening import sharpened
from synthesis.verdicts import answers_of
from tests.marks import thorough
from tests.synthesis.samples import candidate_of
from tests.synthesis.starts.crossings.programs import measured, remembered

SMALL = Composition(bank=100, largest=2, is_exact_only=True)


def after(bound, count):
    """One from the last of so many samples above a bound on."""

    def step(state, x):
        state = state + (x > bound) if state < count else state
        return state, float(state >= count)

    return step


@pytest.mark.parametrize("seed", thorough(0, 1))
def test_a_count_of_what_is_above_a_bound_tells_of_it(seed):
    """Only the last one that is counted is seen: a bound that is a little off counts wrongly."""
    x = measured(seed)
    problem = Problem.of(to_strings(x, remembered(after(0.12, 4), x))[0])
    start = Crossings(Automaton(composition=SMALL), is_sure=False)
    proposal = next(start.propose(problem, VOCABULARY))
    (gap,) = proposal.gaps
    assert gap.low <= 0.12 * problem.units["stream-x"] <= gap.high
    assert "automaton of 5 states" in proposal.origin
    report = problem.split.report
    given = answers_of(candidate_of(proposal.circuit), report, 1)
    assert np.mean(given == report.answers) > 0.98


def test_bounds_that_depend_on_each_other_are_moved_in_turn():
    strings = to_strings({"x": [np.arange(40.0)], "z": [np.arange(40.0)]}, [np.zeros(40)])[0]
    gaps = {name: [Gap(20.0, 3.0, 36.0, is_settled=False)] for name in ("stream-x", "stream-z")}

    def states(moved):
        (x,), (z,) = moved.values()
        return 2.0 + abs(x.value - 7.5) // 2 + abs(z.value - x.value - 9.0) // 2

    found = sharpened(gaps, strings, states)
    assert states(found) == 2.0


def test_a_bound_that_makes_no_difference_stays():
    strings = to_strings([np.arange(40.0)], [np.zeros(40)])[0]
    gaps = {"stream-x": [Gap(20.0, 3.0, 36.0, is_settled=False)]}
    assert sharpened(gaps, strings, lambda moved: 3.0) == gaps
    assert sharpened(gaps, strings, lambda moved: np.inf) == gaps
