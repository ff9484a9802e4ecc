"""Joined circuits do what the two do one after the other, with no neuron twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dmm.machine import Circuit, Wire
from synthesis.starts.splicing import joined
from tests.synthesis.samples import said, strings_of

RNG = np.random.default_rng(11)
X = RNG.integers(-3, 4, (6, 12)).astype(float)
WEIGHTS = st.sampled_from([1.0, -1.0, 0.5, 2.0])
LAGS = st.integers(0, 2)


def leaky(weight, memory):
    """``a = weight x + memory a[t-1]``."""
    return Circuit(
        {"stream-x": "stream", "accum-1": "accum", "output": "output"},
        [
            Wire("accum-1", "dict-2", "stream-x", "stream", weight),
            Wire("accum-1", "dict-1", "accum-1", "dict", memory, 1),
            Wire("output", "dict-1", "accum-1", "dict"),
        ],
    )


def kinked(weight, lag, own):
    """``y = relu(weight a[t-lag] + own x)``."""
    neurons = {"stream-a": "stream", "stream-x": "stream", "compare-1": "compare"}
    return Circuit(
        {**neurons, "output": "output"},
        [
            Wire("compare-1", "dict-1", "stream-a", "stream", weight, lag),
            Wire("compare-1", "dict-1", "stream-x", "stream", own),
            Wire("output", "dict-1", "compare-1", "true"),
        ],
    )


@given(weight=WEIGHTS, memory=WEIGHTS, factor=WEIGHTS, lag=LAGS, own=WEIGHTS)
def test_one_after_the_other(weight, memory, factor, lag, own):
    first, second = leaky(weight, 0.5 * memory), kinked(factor, lag, own)
    between = said(first, strings_of({"x": X}, X))[0]
    apart = said(second, strings_of({"x": X, "a": between}, X))
    together = said(joined(second, first, ["stream-a"]), strings_of({"x": X}, X))
    np.testing.assert_allclose(together, apart, atol=1e-12)


def test_neurons_of_one_name_stay_apart_and_twins_become_one():
    other = leaky(1.0, 0.25)
    reader = Circuit(
        {**other.neurons, "stream-a": "stream"},
        [*other.wires, Wire("output", "dict-1", "stream-a", "stream", 2.0)],
    )
    apart = joined(reader, leaky(1.0, 0.5), ["stream-a"])
    assert sum(kind == "accum" for kind in apart.neurons.values()) == 2
    same = joined(reader, leaky(1.0, 0.25), ["stream-a"])
    assert sum(kind == "accum" for kind in same.neurons.values()) == 1
    (read,) = (wire for wire in same.wires if wire.neuron_in == "output")
    assert read.weight == 3.0
    strings = strings_of({"x": X}, X)
    np.testing.assert_allclose(said(same, strings), 3.0 * said(other, strings), atol=1e-12)


def test_what_nothing_is_emitted_to_is_nothing():
    silent = Circuit({"stream-x": "stream", "output": "output"}, [])
    together = joined(kinked(1.0, 0, 2.0), silent, ["stream-a"])
    assert "stream-a" not in together.neurons
    found = said(together, strings_of({"x": X}, X))
    np.testing.assert_allclose(found[0], np.maximum(2.0 * X, 0.0), atol=1e-12)
