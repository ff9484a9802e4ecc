"""Signals are linear, and builders close circuits over their own past answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.signals import ANSWER, Builder, Signal, Term
from tests.examples import examples
from tests.synthesis.samples import builder_for, said, sources_of, strings_of

SAMPLES = 8
TERMS = st.builds(Term, st.sampled_from("abc"), st.just("dict"), st.integers(0, 2))
WEIGHTS = st.sampled_from([-2.0, -0.5, 0.25, 1.0, 3.0])
SIGNALS = st.builds(Signal, st.dictionaries(TERMS, WEIGHTS, max_size=4))


# -------------------- the algebra --------------------


@given(one=SIGNALS, other=SIGNALS, factor=WEIGHTS, lag=st.integers(0, 3))
def test_signals_are_linear(one, other, factor, lag):
    assert (one + other).terms == (other + one).terms
    assert (factor * (one + other)).terms == (factor * one + factor * other).terms
    assert ((one + other) - other).terms == one.terms
    assert (one - one).terms == {}
    assert (one + other).lagged(lag).terms == (one.lagged(lag) + other.lagged(lag)).terms
    assert one.lagged().lagged().terms == one.lagged(2).terms


@given(one=SIGNALS)
def test_no_term_has_weight_zero(one):
    assert all((one + -1.0 * one.lagged()).terms.values())
    assert (0.0 * one).terms == {}


# -------------------- neurons --------------------


def test_a_neuron_that_exists_is_used_again():
    builder = Builder({"stream-x": "stream"})
    x = Signal.of("stream-x", "stream")
    one = builder.neuron("norm", dict=x)
    assert builder.neuron("norm", dict=x) == one
    assert builder.neuron("norm", dict=2.0 * x) != one
    leaky = builder.neuron("accum", own="dict-1", memory=0.5, dict_2=x)
    assert builder.neuron("accum", own="dict-1", memory=0.25, dict_2=x) != leaky
    assert builder.neuron("accum", own="dict-1", memory=0.5, dict_2=x) == leaky


def test_what_reaches_no_answer_is_left_out():
    strings = strings_of({"x": [[1.0, 2.0]], "unused": [[1.0, 1.0]]})
    builder = builder_for(strings)
    x = sources_of(strings)["stream-x"]
    builder.neuron("norm", dict=x)
    circuit = builder.circuit([2.0 * x])
    assert dict(circuit.neurons) == {"stream-x": "stream", "output": "output"}
    assert len(circuit.wires) == 1


# -------------------- recurrences --------------------


@given(
    past=st.lists(st.lists(WEIGHTS | st.just(0.0), min_size=4, max_size=4), min_size=1, max_size=2),
    seed=st.integers(0, 99),
    more=st.integers(0, 2),
)
@examples(30)
def test_answers_may_depend_on_all_past_answers(past, seed, more):
    """``y_k[t] = x[t] + (k + 1) x[t-1] + weights * (y_j[t-1], y_j[t-2])``, one output or two."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-3, 4, (2, SAMPLES)) / 2.0
    strings = strings_of({"x": x}, *(np.zeros((2, SAMPLES)) for _ in past))
    source = sources_of(strings)["stream-x"]
    signals, n = [], len(past)
    for k, weights in enumerate(past):
        signal = source + (k + 1.0) * source.lagged()
        for j in range(n):
            for lag in (1, 2):
                signal = signal + weights[2 * j + lag - 1] * Signal.of(f"{ANSWER}-{j}", "", lag)
        signals.append(signal)
    expected = np.zeros((n, 2, SAMPLES + 2))
    before = np.concatenate([np.zeros((2, 1)), x], axis=1)
    for t in range(SAMPLES):
        for k, weights in enumerate(past):
            total = before[:, t + 1] + (k + 1.0) * before[:, t]
            for j in range(n):
                total = total + weights[2 * j] * expected[j, :, t + 1]
                total = total + weights[2 * j + 1] * expected[j, :, t]
            expected[k, :, t + 2] = total
    circuit = builder_for(strings).circuit(signals)
    got = said(circuit, strings, circuit.least_ticks() + more)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(got, expected[..., 2:], atol=1e-9 * scale)


def test_a_neuron_may_read_past_answers():
    """A counter modulo 3, closed through a comparison."""
    x = np.array([[1.0, 1.0, 0.0, 1.0, 1.0, 1.0]])
    strings = strings_of({"x": x}, x)
    builder = builder_for(strings)
    one, source = Signal.of("const_1", "const_1"), sources_of(strings)["stream-x"]
    count = Signal.of(f"{ANSWER}-0", "", 1) + source
    full = builder.neuron("less_or_equal", left=count, right=2.5 * one)
    signal = count - 3.0 * Signal.of(full, "false-channel")
    got = said(builder.circuit([signal]), strings)[0]
    np.testing.assert_array_equal(got, np.cumsum(x, axis=1) % 3)


def test_fields_are_spelt_with_hyphens():
    builder = Builder({"stream-x": "stream"})
    x = Signal.of("stream-x", "stream")
    neuron = builder.neuron("compare", dict_1=x)
    circuit = builder.circuit([Signal.of(neuron, "true")])
    assert {wire.field_in for wire in circuit.wires} == {"dict-1"}
    with pytest.raises(ValueError, match="does not read 'dict-9'"):
        builder.circuit([Signal.of(builder.neuron("compare", dict_9=x), "true")])
