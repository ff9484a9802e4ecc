"""Problems: who sees what, and units in which numbers are natural."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.problems import Problem, grid_of, split_strings, unit_of
from tests.examples import examples
from tests.synthesis.samples import builder_for, said, sources_of, strings_of

SCALES = st.sampled_from([1e-6, 1e-3, 0.03, 30.0, 1000.0, 12345.0, 1e9])


# -------------------- units --------------------


@st.composite
def on_a_grid(draw):
    """Whole numbers without a common divisor, in any unit."""
    multiples = draw(st.lists(st.integers(-50, 50), min_size=1, max_size=20))
    return np.array([1.0, *multiples])


@given(numbers=on_a_grid(), scale=SCALES)
def test_the_unit_of_a_grid_is_its_step_at_every_scale(numbers, scale):
    assert grid_of(numbers) == 1.0
    assert grid_of(scale * numbers) == pytest.approx(scale, rel=1e-9)
    assert unit_of(scale * numbers) == pytest.approx(scale, rel=1e-9)


@given(seed=st.integers(0, 10**6), power=st.integers(-6, 6))
def test_the_unit_of_measured_numbers_is_a_power_of_ten(seed, power):
    numbers = np.random.default_rng(seed).standard_normal(50)
    assert grid_of(numbers) is None
    assert np.log10(unit_of(numbers)) == pytest.approx(round(np.log10(unit_of(numbers))), abs=1e-9)
    assert unit_of(10.0**power * numbers) == pytest.approx(10.0**power * unit_of(numbers))
    assert 0.1 < np.sqrt(np.mean((numbers / unit_of(numbers)) ** 2)) < 10.0


def test_what_is_not_asked_has_no_unit():
    assert unit_of(np.array([np.nan, 3.0, np.nan, 6.0])) == 3.0
    assert unit_of(np.array([0.0, 0.0])) == 1.0
    assert unit_of(np.array([np.nan])) == 1.0


def test_decimals_lie_on_their_grid():
    numbers = np.round(np.random.default_rng(0).uniform(0.0, 10.0, 40), 1)
    assert grid_of(numbers) == pytest.approx(0.1)
    assert grid_of(np.array([0.1, 0.2, 0.7])) == 0.1  # not 0.09999999999999999


def random_problem(scale=1.0, answer_scale=1.0, lookahead=0, strings=10, samples=12):
    rng = np.random.default_rng(5)
    x = rng.integers(-3, 4, (strings, samples)).astype(float)
    measured = rng.standard_normal((strings, samples))
    streams = {"x": scale * x, "m": scale * measured}
    answers = answer_scale * np.cumsum(x, axis=1), answer_scale * 2.0 * measured
    return Problem.of(strings_of(streams, *answers), lookahead=lookahead)


@pytest.mark.parametrize("scale", [0.001, 30.0, 1000.0])
def test_a_problem_in_other_units_is_the_same_problem(scale):
    one, other = random_problem(), random_problem(scale, 7.0 * scale)
    x = one.split.training.numbers("stream-x"), other.split.training.numbers("stream-x")
    np.testing.assert_allclose(*x, rtol=1e-12)
    answers = one.split.training.answers[0], other.split.training.answers[0]
    np.testing.assert_allclose(*answers, rtol=1e-12)
    assert one.is_whole == other.is_whole == (True, False)


@given(
    scale=st.sampled_from([0.001, 1.0, 30.0]),
    answer_scale=st.sampled_from([0.01, 1.0, 500.0]),
    weights=st.lists(st.sampled_from([-2.0, 0.5, 1.0]), min_size=4, max_size=4),
)
@examples(30)
def test_scales_are_folded_back_into_the_circuit(scale, answer_scale, weights):
    problem = random_problem(scale, answer_scale)
    strings = problem.split.training
    x, measured = sources_of(strings).values()
    builder = builder_for(strings)
    own = weights[0] * x + weights[1] * measured.lagged()
    signals = [own, weights[2] * x + weights[3] * measured]
    circuit = builder.circuit(signals)
    given_units = problem.in_own_units(strings)
    expected = said(circuit, strings) * np.array(problem.answer_units)[:, None, None]
    got = said(problem.unscaled(circuit), given_units)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12 * answer_scale)


def test_strings_in_own_units_are_those_that_were_given():
    problem = random_problem(30.0, 500.0)
    rng = np.random.default_rng(5)
    x = 30.0 * rng.integers(-3, 4, (10, 12))
    n = len(problem.split.training)
    own = problem.in_own_units(problem.split.training)
    np.testing.assert_allclose(own.numbers("stream-x"), x[:n])
    np.testing.assert_allclose(own.answers[0].T, 500.0 / 30.0 * np.cumsum(x[:n], axis=1))


# -------------------- who sees what --------------------


def numbered(strings, samples):
    """Every sample has a number of its own, and is its own answer."""
    numbers = 1.0 + np.arange(strings * samples, dtype=float).reshape(strings, samples)
    return strings_of({"x": numbers}, numbers)


@given(n=st.integers(1, 40), samples=st.integers(1, 100), held_out=st.floats(0.0, 0.45))
@examples(60)
def test_no_answer_is_in_two_parts(n, samples, held_out):
    strings = numbered(n, samples)
    split = split_strings(strings, held_out)
    parts = [part for part in (split.training, split.validation, split.report) if part is not None]
    asked = [set(part.answers[part.asked].tolist()) for part in parts]
    assert asked[0]
    for k, one in enumerate(asked):
        for other in asked[:k]:
            assert not one & other
    if len(parts) == 1:
        assert "nothing was held out" in split.how
        assert asked[0] == set(strings.answers[strings.asked].tolist())


def test_many_strings_are_shared_out_whole():
    split = split_strings(numbered(20, 6), 0.2)
    assert split.validation is not None and split.report is not None
    assert [len(part) for part in (split.training, split.validation, split.report)] == [12, 4, 4]
    assert "12 strings to train on, 4 to decide by, 4 for the report" in split.how


def test_a_long_series_is_cut_in_time_with_a_gap():
    """Later parts are run from the beginning: their memories are what they would be."""
    strings = numbered(1, 200)
    split = split_strings(strings, 0.2)
    assert split.validation is not None and split.report is not None
    asked = [
        np.flatnonzero(p.asked[0, :, 0]) for p in (split.training, split.validation, split.report)
    ]
    assert [part[0] for part in asked] == [0, 124, 164]
    assert [part[-1] for part in asked] == [119, 159, 199]
    np.testing.assert_array_equal(split.report.numbers("stream-x"), strings.numbers("stream-x"))
    assert "cut in time: samples 1 to 120 to train on" in split.how


def test_few_short_strings_are_all_trained_on():
    split = split_strings(numbered(3, 20), 0.2)
    assert split.validation is None and split.report is None
    assert len(split.training) == 3


def test_nothing_is_held_out_where_nobody_wants_it():
    assert split_strings(numbered(20, 10), 0.0).validation is None


def test_training_sees_two_thirds_of_its_strings():
    problem = random_problem(samples=12)
    assert problem.beginnings.samples == 8
    np.testing.assert_array_equal(problem.beginnings.answers, problem.split.training.answers[:, :8])


def test_training_sees_whole_strings_where_answers_come_at_their_ends():
    late = numbered(30, 12)
    answers = late.answers.copy()
    answers[:, :9] = np.nan
    problem = Problem.of(replace(late, answers=answers))
    whole = problem.split.training
    assert problem.beginnings.samples == 12
    assert len(problem.beginnings) == np.ceil(2.0 / 3.0 * len(whole))
    np.testing.assert_array_equal(
        problem.beginnings.answers, whole.answers[:, :, : len(problem.beginnings)]
    )


def test_training_sees_whole_strings_where_one_of_few_answers_comes_last():
    rng = np.random.default_rng(0)
    answers = rng.integers(0, 2, (30, 12)).astype(float)
    answers[:, 0], answers[:, -1] = np.nan, 2.0
    x = rng.integers(0, 2, (30, 12)).astype(float)
    assert Problem.of(strings_of({"x": x}, answers)).beginnings.samples == 12
    answers[:, 0] = 0.0  # always asked: a count, say, that the ends of strings are to confirm
    assert Problem.of(strings_of({"x": x}, answers)).beginnings.samples == 8


def test_an_answer_may_wait():
    plain, late = random_problem(), random_problem(lookahead=2)
    assert late.split.training.samples == plain.split.training.samples + 2
    assert not late.split.training.asked[:, :2].any()
    moved, own = (one.in_own_units(one.split.training).answers for one in (late, plain))
    np.testing.assert_allclose(moved[:, 2:], own, rtol=1e-12)


def test_a_problem_says_which_streams_are_numbers():
    strings = strings_of({"x": [[1.0, 2.0]] * 3, "letter": ["ab"] * 3}, [[1.0, 2.0]] * 3)
    problem = Problem.of(strings)
    assert problem.sources == ("stream-x", "stream-letter")
    assert problem.is_numeric("stream-x") and not problem.is_numeric("stream-letter")
    assert problem.n_outputs == 1
