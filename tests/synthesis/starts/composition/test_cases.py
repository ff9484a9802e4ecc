"""Cases: random decision trees over streams are recovered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from synthesis.starts.composition.cases import FEWEST, cases
from synthesis.starts.composition.forms import Case, Sum
from tests.examples import examples
from tests.synthesis.samples import value_of

N_FLAGS, N_NUMBERS, SAMPLES = 4, 5, 200
FLAGS = list(range(N_FLAGS))
NUMBERS = range(N_FLAGS, N_FLAGS + N_NUMBERS)


@st.composite
def leaves(draw):
    if draw(st.booleans()):
        return Sum((), (), float(draw(st.integers(-3, 3))))
    slope = draw(st.sampled_from([-1.0, 0.5, 1.0, 2.0]))
    return Sum((draw(st.sampled_from(NUMBERS)),), (slope,), float(draw(st.integers(-1, 1))))


@st.composite
def trees(draw, depth=2):
    flag = draw(st.sampled_from(FLAGS))
    deeper = draw(trees(depth=1)) if depth == 2 and draw(st.booleans()) else draw(leaves())
    one, other = draw(st.permutations([deeper, draw(leaves())]))
    return Case(flag, one, other)


def rows_of(seed, samples=SAMPLES):
    rng = np.random.default_rng(seed)
    flags = rng.integers(0, 2, (N_FLAGS, samples)).astype(float)
    return np.concatenate([flags, rng.integers(-5, 6, (N_NUMBERS, samples)).astype(float)])


@given(tree=trees(), seed=st.integers(0, 10**6))
@examples(50)
def test_random_trees_are_recovered(tree, seed):
    rows = rows_of(seed)
    answers = value_of(tree, rows)
    assume(np.ptp(answers) > 0)
    found = next(cases(rows, FLAGS, answers), None)
    if found is None:  # without a flag at its root the tree is a stream: nothing tells cases apart
        assert any(
            np.ptp(answers - slope * row) < 1e-9 for row in rows for slope in (-1, 0.5, 1, 2)
        )
    else:
        np.testing.assert_allclose(value_of(found, rows), answers, atol=1e-9)


@given(tree=trees(), seed=st.integers(0, 10**6))
@examples(30)
def test_trees_hold_on_samples_that_were_not_seen(tree, seed):
    seen, new = rows_of(seed), rows_of(seed + 1)
    found = list(cases(seen, FLAGS, value_of(tree, seen)))
    assume(found)
    right = [np.mean(np.abs(value_of(form, new) - value_of(tree, new)) < 1e-9) for form in found]
    assert max(right) == 1.0


@given(seed=st.integers(0, 10**6))
@examples(20)
def test_noise_has_no_cases(seed):
    noise = np.random.default_rng(seed + 1).standard_normal(SAMPLES)
    assert not list(cases(rows_of(seed), FLAGS, noise))


def test_trees_are_counted_and_no_deeper_than_asked():
    rows = rows_of(0)
    deep = Case(0, Sum((4,), (1.0,)), Case(1, Sum((5,), (1.0,)), Sum((6,), (1.0,))))
    answers = value_of(deep, rows)
    assert not list(cases(rows, FLAGS, answers, depth=1))
    assert len(list(cases(rows, FLAGS, answers, depth=2, most=1))) == 1
    assert list(cases(rows, FLAGS, answers, depth=2, most=0)) == []


def test_a_leaf_of_too_few_samples_is_no_case():
    rows = np.zeros((2, 40))
    rows[0, : FEWEST - 1] = 1.0
    rows[1] = np.arange(40.0)
    answers = np.where(rows[0] > 0.5, 7.0, rows[1])
    assert not list(cases(rows, [0], answers))
    rows[0, FEWEST - 1] = 1.0
    answers = np.where(rows[0] > 0.5, 7.0, rows[1])
    assert next(cases(rows, [0], answers)) == Case(0, Sum((), (), 7.0), Sum((1,), (1.0,), 0.0))


# -------------------- sides that go on from the past answer --------------------


PAST, ADDED = N_FLAGS, N_FLAGS + 1
GOING_ON = {
    "added": lambda past, x: past + 2.0 * x,
    "larger": np.maximum,
    "smaller": np.minimum,
    "function": lambda past, x: np.where(past + x > 2.5, past + x - 3.0, past + x),
}


@pytest.mark.parametrize("name", GOING_ON)
@pytest.mark.parametrize("flag", FLAGS[:2])
def test_a_side_goes_on_from_the_past_answer(name, flag):
    rows = rows_of(3)
    other = rows[N_FLAGS + 3]
    answers = np.where(rows[flag] > 0.5, other, GOING_ON[name](rows[PAST], rows[ADDED]))
    found = list(cases(rows, FLAGS, answers, past=[PAST], summed=[PAST, ADDED]))
    assert found and not list(cases(rows, FLAGS, answers))
    for form in found:
        np.testing.assert_allclose(value_of(form, rows), answers, atol=1e-9)
    assert found[0].flag == flag


def test_a_function_needs_samples_for_its_pieces():
    rows = rows_of(3)
    few = np.flatnonzero(rows[0] < 0.5)[:9]
    kept = np.sort(np.concatenate([np.flatnonzero(rows[0] > 0.5), few]))
    answers = np.where(rows[0] > 0.5, 1.0, GOING_ON["function"](rows[PAST], rows[ADDED]))
    given = {"past": [PAST], "summed": [PAST, ADDED]}
    assert list(cases(rows, [0], answers, **given))
    assert not list(cases(rows[:, kept], [0], answers[kept], **given))
