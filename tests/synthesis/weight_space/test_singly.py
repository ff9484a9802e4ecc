"""Weights that go one by one: what is missed least goes first, whatever its size."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.architectures import Perceptron
from synthesis.weight_space import Numbers, freeze, largest_kept, n_zeros, sparsified
from synthesis.weight_space.sparsity.singly import removed_singly
from vvalues import VValue

EVERYTHING = np.ones(4, dtype=bool)


class TwoWays:
    """x times 1, by a chain of two links and by a small direct one; a large link does nothing."""

    start = VValue({"chain": {"first": 1.0, "second": 0.7}, "direct": 0.3, "idle": 5.0})

    def __call__(self, parameters, inputs):
        chain = parameters["chain", "first"] * parameters["chain", "second"]
        return inputs * (chain + parameters["direct"] + 0.0 * parameters["idle"])


@pytest.fixture
def reference():
    inputs = np.random.default_rng(0).standard_normal((30, 1))
    return freeze(TwoWays(), TwoWays.start, inputs, Numbers())


@pytest.mark.parametrize("kept", [3, 2])
def test_the_function_stays_while_a_way_is_left(reference, kept):
    rng = np.random.default_rng(1)
    found = removed_singly(reference, TwoWays.start, EVERYTHING, kept, rng=rng)
    assert n_zeros(found) == 4 - kept
    assert found["idle"] == 0.0
    assert reference.divergence(found) < 1e-9
    # By size the idle link is the last to go, and takes the function along.
    assert reference.divergence(largest_kept(TwoWays.start, 1 - kept / 4)) > 1e-3


def test_what_is_no_weight_stays_and_zeros_stay_zero(reference):
    weights = np.array([True, True, True, False])
    start = TwoWays.start.at("direct").set(0.0)
    found = removed_singly(reference, start, weights, 1, rng=np.random.default_rng(1))
    assert found["idle"] == 5.0 and found["direct"] == 0.0
    assert np.count_nonzero(found.buffer[weights]) == 1


def test_a_network_of_few_weights_is_sparsified_one_by_one():
    rng = np.random.default_rng(3)
    model = Perceptron([3, 5, 2])
    inputs, dense = rng.standard_normal((40, 3)), model.initial(rng)
    reference = freeze(model, dense, inputs, Numbers())
    found = sparsified(reference, 0.4, rng=rng, steps=40, stages=4, per_step=None)
    by_size = sparsified(reference, 0.4, rng=rng, steps=40, stages=4, per_step=None, few=0)
    assert found.zeros >= round(0.4 * dense.size)
    assert found.path == [] and found.distance == 0.0
    assert reference.divergence(found.projected) < 0.5 * reference.divergence(by_size.projected)


def test_everything_can_go(reference):
    found = sparsified(
        reference, 1.0, rng=np.random.default_rng(1), steps=4, stages=1, per_step=None
    )
    assert found.zeros == 4
