"""Circuits of levels: right, with bounds that may lie where the data leave them."""

import numpy as np
import pytest

from synthesis import Synthesizer
from synthesis.fit.data.asked import to_strings
from synthesis.fit.efforts import VOCABULARY
from synthesis.problems import Problem
from synthesis.starts import Automaton, Composition, Crossings
from tests.marks import thorough
from tests.synthesis.starts.crossings.programs import (
    SAMPLES,
    STRINGS,
    debounced,
    latched,
    measured,
    refractory,
    remembered,
    switched,
)


def test_counted_streams_have_no_levels():
    x = np.random.default_rng(0).integers(0, 5, (STRINGS, SAMPLES))
    problem = Problem.of(to_strings(x, (x > 2).astype(float))[0])
    assert not list(Crossings(Automaton()).propose(problem, VOCABULARY))
    hot = remembered(debounced(0.5, 2), measured(0))
    fine = Problem.of(to_strings(measured(0), hot)[0])
    assert next(Crossings(Automaton()).propose(fine, VOCABULARY), None)
    assert not list(Crossings(Automaton()).propose(fine, ("accum", "compare")))


def away_from(gaps, fresh):
    """Fresh strings without a sample in a gap."""
    is_open = np.zeros(fresh.shape, dtype=bool)
    for gap in gaps:
        is_open |= (fresh >= gap.low) & (fresh <= gap.high)
    settled = fresh[~is_open.any(axis=1)]
    assert len(settled) > 20
    return settled


@pytest.mark.parametrize(
    "step",
    thorough(debounced(0.2, 3), switched(-0.3, 0.4)),
    ids=["one bound", "two bounds"],
)
def test_an_automaton_of_levels_goes_on_rightly(step):
    x = measured(2)
    problem = Problem.of(to_strings(x, remembered(step, x))[0])
    proposal = next(Crossings(Automaton()).propose(problem, VOCABULARY))
    assert "of levels" in proposal.origin and proposal.gaps
    model = Synthesizer(effort="brief", spaces=(Crossings(Automaton()),)).fit(
        x, remembered(step, x)
    )
    settled = away_from(proposal.gaps, measured(3, 400, SAMPLES))
    np.testing.assert_array_equal(model.predict(settled), remembered(step, settled))


SMALL = Composition(bank=150, largest=2, is_exact_only=True)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "step, start",
    [(latched(-0.5, 0.5, 2), SMALL), (refractory(0.4, 4), Automaton())],
    ids=["outside of two", "not too soon"],
)
def test_bounds_that_are_told_from_one_side_are_found_as_well(step, start):
    x = measured(4)
    problem = Problem.of(to_strings(x, remembered(step, x))[0])
    assert not list(Crossings(start).propose(problem, VOCABULARY))
    unsure = Crossings(start, is_sure=False)
    proposals = list(unsure.propose(problem, VOCABULARY))
    bounds = {-0.5, 0.5} if start is SMALL else {0.4}
    assert any(bounds <= {gap.value for gap in one.gaps} for one in proposals)
    model = Synthesizer(effort="brief", spaces=(unsure,)).fit(x, remembered(step, x))
    fresh = measured(5, 100, SAMPLES)
    np.testing.assert_array_equal(model.predict(fresh), remembered(step, fresh))


def test_a_flag_may_hide_what_is_switched():
    """What is remembered shows again when the flag is gone: those changes tell of no bound."""
    x = measured(6)
    flips = np.random.default_rng(7).random(x.shape) < 0.25
    hidden = flips.cumsum(axis=1) % 2
    shown = remembered(switched(-0.3, 0.4), x) * (1 - hidden)
    problem = Problem.of(to_strings({"x": x, "hidden": hidden}, shown)[0])
    start = Crossings(Automaton(composition=SMALL), is_sure=False)
    proposal = next(start.propose(problem, VOCABULARY))
    assert "automaton of 2 states" in proposal.origin
    (low, high) = sorted(proposal.gaps, key=lambda gap: gap.value)
    unit = problem.units["stream-x"]
    assert low.low <= -0.3 * unit <= low.high and high.low <= 0.4 * unit <= high.high


def test_where_all_bounds_are_sure_nothing_is_tried_twice():
    x = measured(0)
    problem = Problem.of(to_strings(x, remembered(debounced(0.2, 2), x))[0])
    assert next(Crossings(Automaton()).propose(problem, VOCABULARY), None)
    assert not list(Crossings(Automaton(), is_sure=False).propose(problem, VOCABULARY))


def test_more_strings_narrow_the_gaps():
    x = measured(6)
    problem = Problem.of(to_strings(x, remembered(debounced(0.2, 3), x))[0])
    first = next(Crossings(Automaton()).propose(problem, VOCABULARY))
    split = problem.split
    again = first.refitted(split.training.joined(split.validation))
    (wide,), (narrow,) = first.gaps[-1:], again.gaps[-1:]
    assert wide.low <= narrow.low <= 0.2 <= narrow.high <= wide.high
