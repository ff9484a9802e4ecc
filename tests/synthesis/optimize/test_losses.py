"""Softmax and cross-entropy against scipy, and the derivative by hand against autograd's."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad
from autograd.test_util import check_grads
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from synthesis.optimize.losses import (
    cross_entropies,
    cross_entropy_and_errors,
    log_softmax,
    softmax,
)


@st.composite
def classified(draw):
    """Logits (..., n, classes) and labels (n,); large logits among them."""
    lead = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    n, classes = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    scale = draw(st.sampled_from([0.1, 1.0, 1e3]))
    return scale * rng.normal(size=(*lead, n, classes)), rng.integers(classes, size=n)


@given(classified())
def test_softmax_is_that_of_scipy(case):
    logits, _ = case
    np.testing.assert_allclose(softmax(logits), special.softmax(logits, axis=-1), atol=1e-14)
    np.testing.assert_allclose(
        log_softmax(logits), special.log_softmax(logits, axis=-1), rtol=1e-12, atol=1e-12
    )


@given(classified())
def test_cross_entropies_are_logarithms_of_probabilities(case):
    logits, labels = case
    found = cross_entropies(logits, labels)
    expected = -np.take_along_axis(
        special.log_softmax(logits, axis=-1),
        np.broadcast_to(labels[:, None], (*logits.shape[:-1], 1)),
        axis=-1,
    )
    assert found.shape == logits.shape[:-1]
    np.testing.assert_allclose(found, expected[..., 0], rtol=1e-12, atol=1e-12)


@given(classified())
def test_the_derivative_by_hand_is_that_of_autograd(case):
    logits, labels = case
    logits = logits.reshape(-1, *logits.shape[-2:])[0]
    loss, errors = cross_entropy_and_errors(logits, labels)
    total = value_and_grad(lambda x: anp.sum(cross_entropies(x, labels)))
    expected, gradient = total(logits)
    np.testing.assert_allclose(loss, expected, rtol=1e-12)
    np.testing.assert_allclose(errors, gradient, atol=1e-12)


def test_finite_differences_to_second_order():
    logits, labels = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 2, 1, 1])
    check_grads(lambda x: cross_entropies(x, labels), modes=["fwd", "rev"], order=2)(logits)
