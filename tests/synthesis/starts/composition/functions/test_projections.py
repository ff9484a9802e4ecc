"""Functions of a sum of many streams: random ones are recovered, all that are found are right."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.composition.functions.projections import functions_of_many
from tests.examples import examples
from tests.synthesis.samples import value_of

BITS = np.array(list(product((0.0, 1.0), repeat=7))).T


@st.composite
def votes(draw):
    """All cases of seven flags, some of them exchangeable, and a level of their weighted sum."""
    heavy = draw(st.integers(0, 6))
    weights = np.array([draw(st.sampled_from([1.0, -1.0])) for _ in range(len(BITS))])
    weights[heavy] *= draw(st.sampled_from([1.0, 2.0, 3.0]))
    idle = draw(st.integers(0, 6))
    weights[idle] *= draw(st.sampled_from([0.0, 1.0]))
    total = weights @ BITS
    low = draw(st.integers(int(total.min()), int(total.max()) - 1)) + 0.5
    high = low + draw(st.integers(1, 4))
    return ((total > low) & (total < high)).astype(float)


@given(answers=votes(), data=st.data())
@examples(40)
def test_random_votes_are_recovered_from_part_of_their_cases(answers, data):
    if np.ptp(answers) == 0.0:
        return
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    seen = rng.permutation(len(answers))[:120]
    found = next(functions_of_many(BITS[:, seen], answers[seen], 4, True, 2), None)
    assert found is not None
    wrong = value_of(found, BITS) != answers
    assert not wrong[seen].any()
    assert wrong.sum() <= 4


@given(seed=st.integers(0, 10**6))
@examples(10)
def test_all_that_are_found_are_right(seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 3, (4, 60)).astype(float)
    answers = np.minimum(rows[0] + rows[1] - rows[2], 2.0)
    found = list(functions_of_many(rows, answers, 6, True, 1))
    assert found
    for form in found:
        np.testing.assert_allclose(value_of(form, rows), answers, atol=1e-9)


def test_there_is_none_where_the_streams_do_not_tell_the_answers():
    rows = np.zeros((3, 10))
    assert list(functions_of_many(rows, np.arange(10.0) % 2, 4, True, 1)) == []


def test_there_is_none_where_every_sample_is_a_case_of_its_own():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 7, (6, 400)).astype(float)
    assert list(functions_of_many(rows, rng.integers(0, 2, 400).astype(float), 9, True, 4)) == []


@pytest.mark.parametrize("idle", [0, 3])
def test_streams_that_do_not_matter_are_in_no_sum(idle):
    others = np.delete(BITS, idle, axis=0)
    answers = (others.sum(axis=0) > 3.0).astype(float)
    assert idle not in next(functions_of_many(BITS, answers, 4, True, 1)).rows
