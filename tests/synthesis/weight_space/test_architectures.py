"""The methods of weight space on architectures with a derivative of their own kind."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.architectures.elastic import ElasticNetwork, ModulatedNetwork
from synthesis.architectures.elastic.residual import ResidualNetwork
from synthesis.weight_space import freeze, last, linearize, recovery, sparsified
from synthesis.weight_space.damage import damaged, link_vulnerability
from vvalues import from_buffer

from .models import random_like


def elastic(rng):
    model = ElasticNetwork("abcd")
    return model, rng.integers(0, 4, 12)


def modulated(rng):
    return ModulatedNetwork("abcd"), rng.integers(0, 4, 12)


def residual(rng):
    return ResidualNetwork(6, 3, 4), rng.standard_normal((12, 6))


ARCHITECTURES = {"elastic": elastic, "modulated": modulated, "residual": residual}


@pytest.fixture(params=ARCHITECTURES)
def case(request):
    rng = np.random.default_rng(3)
    model, inputs = ARCHITECTURES[request.param](rng)
    start = model.initial(rng)
    return model, start + random_like(start, rng), inputs, rng


def test_they_are_linearized_as_the_models_they_are(case):
    model, parameters, inputs, rng = case
    here = linearize(model, parameters, inputs)
    np.testing.assert_array_equal(here.values, model(parameters, inputs))
    direction = random_like(parameters, rng)
    step = 1e-6 * direction
    difference = model(parameters + step, inputs) - model(parameters - step, inputs)
    np.testing.assert_allclose(here.push(direction), difference / 2e-6, rtol=1e-5, atol=1e-6)
    cotangent = rng.standard_normal(here.values.shape)
    assert float(np.sum(here.push(direction) * cotangent)) == pytest.approx(
        float(here.pull(cotangent).buffer @ direction.buffer), rel=1e-9
    )


def test_they_are_ranked_sparsified_and_recovered(case):
    model, parameters, inputs, rng = case
    worth = link_vulnerability(model, parameters, inputs)
    assert worth.support is parameters.support and np.all(worth.buffer >= 0)
    reference = freeze(model, parameters, inputs)
    found = sparsified(reference, 0.3, rng=rng, steps=6, stages=2, per_step=None)
    assert found.zeros >= round(0.3 * parameters.size)
    damage = from_buffer(parameters.support, (rng.random(parameters.size) < 0.3).astype(float))
    hurt = damaged(parameters, damage)
    end = last(recovery(reference, hurt, damage, steps=40, rng=rng)).parameters
    assert not np.any(end.buffer[damage.buffer == 1])
    assert reference.divergence(end) < reference.divergence(hurt)
