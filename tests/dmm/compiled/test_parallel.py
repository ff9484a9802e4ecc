"""Neurons that read only themselves: a filter over time, its derivatives, and stopped paths."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import grad
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from dmm import ReferenceProgram, compile_machine, text_streams
from dmm.compiled.parallel import linear_filter
from dmm.compiled.segments import LARGEST_SHARE, LONG, SHORTEST, segment_length
from dmm.machine.files import machine_of
from tests.marks import thorough
from vvalues import VValue

STREAMS = text_streams(["abca", "cb"], 9, period=2)
OBSERVED = [("output", "dict-1"), ("output", "dict-2")]
FEEDBACKS = st.sampled_from([0.0, 1.0, 0.5, -0.7, 2.0])


@given(
    seed=st.integers(0, 2**32 - 1),
    feedback=st.lists(FEEDBACKS, min_size=1, max_size=3),
    ticks=st.integers(0, 5),
    has_keys=st.booleans(),
    has_start=st.booleans(),
    backwards=st.booleans(),
    is_wild=st.booleans(),
)
def test_a_filter_is_its_recurrence(seed, feedback, ticks, has_keys, has_start, backwards, is_wild):
    rng = np.random.default_rng(seed)
    shape = (2, len(feedback), ticks, 2, *([3] if has_keys else []))
    x, factor = rng.standard_normal(shape), np.array([feedback] * 2)
    start = rng.standard_normal((*shape[:2], *shape[3:])) if has_start else None
    expected = np.zeros(shape)
    before = np.zeros((*shape[:2], *shape[3:])) if start is None else start
    wide = factor.reshape(*factor.shape, *[1] * (len(shape) - 3))
    for t in range(ticks)[:: -1 if backwards else 1]:
        before = expected[:, :, t] = x[:, :, t] + wide * before
    given_x = x.copy()
    found = linear_filter(x, factor, before=start, backwards=backwards, is_wild=is_wild)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(x, given_x)


def test_zero_times_what_is_not_finite_is_zero_where_that_is_asked_for():
    x = np.array([[[1.0, np.inf, 3.0, np.nan, 2.0]]])
    found = linear_filter(x, np.array([[0.0]]), is_wild=True)
    np.testing.assert_array_equal(found, x)


def machine(weight: float, others: str = ""):
    return machine_of(
        {
            "timer": "timer",
            "input": "input",
            "const_1": "const_1",
            "accum": "accum",
            "identity": "identity",
            "norm": "norm",
            "output": "output",
        },
        fixed="timer.timer <- timer.timer\ninput.timer <- timer.timer\n",
        trainable=f"accum.dict-1 <- accum.dict {weight}\n"
        "accum.dict-2 <- input.char 0.7\n"
        "accum.dict-2 <- const_1.const_1 0.2\n"
        f"identity.dict <- identity.dict {0.5 * weight}\n"
        "identity.dict <- accum.dict 0.3\n"
        "norm.dict <- identity.dict 0.8\n"
        "output.dict-1 <- norm.norm 0.9\n"
        "output.dict-2 <- accum.dict -0.4\n" + others,
    )


@pytest.mark.parametrize("weight", [1.0, 0.6, -0.5, 0.0])
@pytest.mark.parametrize("stopped", [(), (("accum", "dict-1"),), (("identity", "dict"),)])
@pytest.mark.parametrize("recompute", [False, *thorough(3)])
def test_weights_of_self_links_have_the_gradient_of_the_reference(weight, stopped, recompute):
    tested = machine(weight)
    tested = type(tested)(
        tested.neurons,
        tested.fixed,
        tested.trainable,
        initial=VValue({"accum": {"dict": {":number": 0.4, "a": -1.5, "q": 0.3}}}),
    )
    quick = compile_machine(
        tested, OBSERVED, stopped=stopped, recompute=recompute, engine="numpy"
    )  # fmt: skip
    plain = ReferenceProgram(tested, OBSERVED, stopped)
    found, expected = (program(tested.trainable, STREAMS) for program in (quick, plain))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    weights = np.random.default_rng(0).standard_normal(expected.shape)
    slopes = [
        grad(lambda w, p=p: np.sum(weights * p(w, STREAMS)))(tested.trainable)
        for p in (quick, plain)
    ]  # fmt: skip
    assert vv.max_norm(slopes[0] - slopes[1]) <= 1e-10 * (1.0 + vv.max_norm(slopes[1]))
    if not stopped:
        direction = np.random.default_rng(1).standard_normal(tested.trainable.size)
        along = quick.bind(STREAMS).pushforward(np.array(tested.trainable.buffer), direction)
        assert np.sum(weights * along) == pytest.approx(slopes[1].buffer @ direction, rel=1e-9)


@pytest.mark.parametrize("ticks", [1, 5, 40, 900, 5000, 100_000])
def test_segments_are_about_the_root_of_the_ticks_and_no_large_share(ticks):
    length = segment_length(ticks)
    assert length >= SHORTEST
    assert length <= max(SHORTEST, -(-ticks // LARGEST_SHARE))
    if ticks >= LARGEST_SHARE * max(LONG, SHORTEST):
        assert length == min(max(LONG, int(np.ceil(np.sqrt(ticks)))), -(-ticks // LARGEST_SHARE))
