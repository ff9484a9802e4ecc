"""Trials: machines are run free, and figures are per number that is asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.verdicts import Errors, Verdict, answers_of, errors_of, fed
from tests.examples import examples
from tests.synthesis.samples import candidate_of, strings_of
from tests.synthesis.verdicts.machines import accumulator, echo

RNG = np.random.default_rng(0)


@given(ticks=st.integers(1, 3), lag=st.integers(0, 3))
@examples(12)
def test_samples_are_held_and_answers_are_read_at_the_pace(ticks, lag):
    x = np.arange(1.0, 13.0).reshape(2, 6)
    candidate = candidate_of(echo(lag), ticks)
    strings = strings_of({"x": x})
    streams = fed(strings.inputs, candidate.pace)
    assert streams.ticks == 6 * ticks + candidate.pace.delay
    held = streams.arrays["stream-x"][: 6 * ticks, :, 0].T
    np.testing.assert_array_equal(held, np.repeat(x, ticks, axis=1))
    late = np.concatenate([np.zeros((2, lag)), x[:, : 6 - lag]], axis=1)
    np.testing.assert_array_equal(answers_of(candidate, strings, 1)[0].T, late)


def test_what_is_not_finite_is_not_a_number():
    strings = strings_of({"x": np.ones((1, 200))})
    answers = answers_of(candidate_of(accumulator(1e5)), strings, 1)
    assert np.isnan(answers[0, -1, 0]) and np.isfinite(answers[0, 0, 0])
    errors = errors_of(answers, strings, (False,))
    assert errors.mean_square == np.inf and errors.right < 1.0


# -------------------- figures --------------------


@given(seed=st.integers(0, 10**6), hidden=st.floats(0.0, 0.9))
def test_figures_are_per_number_that_is_asked(seed, hidden):
    rng = np.random.default_rng(seed)
    wanted = rng.standard_normal((4, 7))
    wanted[rng.random(wanted.shape) < hidden] = np.nan
    given_answers = rng.standard_normal((4, 7))
    strings = strings_of({"x": np.ones((4, 7))}, wanted)
    errors = errors_of(given_answers.T[None], strings, (False,))
    difference = (given_answers - wanted)[~np.isnan(wanted)]
    assert errors.asked == difference.size
    if difference.size:
        assert errors.mean_square == pytest.approx(np.mean(difference**2))
        assert errors.largest == pytest.approx(np.abs(difference).max())
    if difference.size > 1:
        spread = np.var(wanted[~np.isnan(wanted)])
        assert errors.determination == pytest.approx(1.0 - np.mean(difference**2) / spread)


@given(seed=st.integers(0, 10**6), copies=st.integers(1, 5))
def test_more_of_the_same_strings_change_no_figure(seed, copies):
    """Training and held-out figures are in the same unit, whatever the number of strings."""
    rng = np.random.default_rng(seed)
    wanted, answers = rng.standard_normal((2, 3, 6))
    figures = []
    for n in (1, copies):
        strings = strings_of({"x": np.ones((3 * n, 6))}, np.tile(wanted, (n, 1)))
        figures.append(errors_of(np.tile(answers, (n, 1)).T[None], strings, (False,)))
    one, many = figures
    assert many.mean_square == pytest.approx(one.mean_square)
    assert many.determination == pytest.approx(one.determination)
    assert many.asked == copies * one.asked


def test_right_answers_and_the_mean():
    wanted = RNG.standard_normal((3, 5))
    strings = strings_of({"x": np.ones((3, 5))}, wanted)
    right = errors_of(wanted.T[None], strings, (False,))
    assert (right.mean_square, right.right, right.determination) == (0.0, 1.0, 1.0)
    mean = errors_of(np.full((1, 5, 3), wanted.mean()), strings, (False,))
    assert mean.determination == pytest.approx(0.0)
    assert mean.right == 0.0


@pytest.mark.parametrize(("off", "is_right"), [(0.009, True), (0.011, False)])
@pytest.mark.parametrize("unit", [1.0, 30.0, 0.001])
def test_a_whole_number_is_meant_if_it_is_near(off, is_right, unit):
    wanted = unit * np.array([[1.0, 2.0, 3.0]])
    strings = strings_of({"x": np.ones((1, 3))}, wanted)
    answers = (wanted + off * unit).T[None]
    assert (errors_of(answers, strings, (True,), (unit,)).right == 1.0) == is_right
    assert errors_of(answers, strings, (False,), (unit,)).right == 0.0


def test_nothing_asked_is_nothing_wrong():
    strings = strings_of({"x": np.ones((1, 3))}, np.full((1, 3), np.nan))
    errors = errors_of(np.zeros((1, 3, 1)), strings, (True,))
    assert (errors.asked, errors.mean_square, errors.right) == (0, 0.0, 1.0)
    assert str(errors) == "nothing asked"


def test_every_output_has_a_scale_of_its_own():
    small, large = np.full((1, 4), 1e-3), np.full((1, 4), 1e3)
    strings = strings_of({"x": np.ones((1, 4))}, small, large)
    answers = np.stack([2.0 * small.T, large.T])
    assert errors_of(answers, strings, (False, False)).right == 0.5


# -------------------- verdicts --------------------


def test_a_verdict_tells_its_sentence_its_figures_and_its_caveats():
    errors = Errors(12, 0.25, 0.5, 0.75, 0.5)
    verdict = Verdict(False, "Not exact.", ("the product is limited",), {"training": errors})
    assert str(verdict) == "Not exact."
    assert repr(verdict) == "<Verdict: Not exact.>"
    assert verdict.told().split("\n") == [
        "Not exact.",
        "  training: mean squared error 0.25, R^2 0.5000, 75 % right of 12 numbers",
        "  not settled: the product is limited",
    ]
    closed = replace(verdict, states=1)
    assert closed.told().split("\n")[2:] == [
        "  1 state on streams of these values: no string, however long, leads out of them",
        "  not settled: the product is limited",
    ]
