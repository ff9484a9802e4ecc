"""Choices: which of two streams is the answer, told by a bound, another stream or two flags."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from synthesis.starts.composition.choices import either_of, gated
from tests.examples import examples

FLAGS, SAMPLES = 6, 200


def flags_of(seed):
    return np.random.default_rng(seed).integers(0, 2, (FLAGS, SAMPLES)).astype(float)


@given(
    seed=st.integers(0, 10**6),
    pair=st.lists(st.integers(0, FLAGS - 1), min_size=2, max_size=2, unique=True),
    turned=st.tuples(st.booleans(), st.booleans()),
    is_both=st.booleans(),
)
@examples(40)
def test_what_two_flags_tell_is_found(seed, pair, turned, is_both):
    flags = flags_of(seed)
    one, other = (np.abs(flags[k] - is_turned) for k, is_turned in zip(pair, turned, strict=True))
    label = (one * other) if is_both else np.maximum(one, other)
    found = list(either_of(flags, label))
    assert sorted(pair) in [sorted(own) for own, _ in found]
    for own, weights in found:
        total = weights @ flags[own]
        assert total[label > 0.5].min() > total[label < 0.5].max()


@given(seed=st.integers(0, 10**6))
@examples(20)
def test_two_flags_do_not_tell_noise(seed):
    label = np.random.default_rng(seed + 1).integers(0, 2, SAMPLES).astype(float)
    assert not list(either_of(flags_of(seed), label))


GATES = {
    "a bound": lambda x, z, f, g: x > 2.5,
    "another stream": lambda x, z, f, g: x > z,
    "either flag": lambda x, z, f, g: (f > 0.5) | (g > 0.5),
    "one without the other": lambda x, z, f, g: (f > 0.5) & (g < 0.5),
}


@pytest.mark.parametrize("name", GATES)
@given(seed=st.integers(0, 10**6))
@examples(5)
def test_the_gate_of_a_choice_is_found(name, seed):
    rng = np.random.default_rng(seed)
    one, other, x, z = rng.integers(-5, 6, (4, SAMPLES)).astype(float)
    f, g = rng.integers(0, 2, (2, SAMPLES)).astype(float)
    gate = GATES[name](x, z, f, g)
    assume(20 < gate.sum() < SAMPLES - 20)
    rows = np.stack([one, other, x, z, f, g])
    answers = np.where(gate, one, other)
    found = list(islice(gated(rows, 2, answers, beside=[3]), 3))
    assert found
    for form in found:
        total = np.array(form.gate.weights) @ rows[list(form.gate.rows)]
        chosen = np.where(total > form.gate.bound, rows[form.one], rows[form.other])
        np.testing.assert_array_equal(chosen, answers)
