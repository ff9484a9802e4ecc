"""The methods of weight space on architectures with a derivative of their own kind."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.architectures.elastic import AreaNetwork, ElasticNetwork, ModulatedNetwork
from synthesis.architectures.elastic.residual import ResidualNetwork
from synthesis.architectures.evolving import EvolvingModel
from synthesis.architectures.evolving.structure import SCALE, add_operation
from synthesis.architectures.manifold import Manifold, Start
from synthesis.process.abilities import prunable_elements
from synthesis.weight_space import freeze, last, linearize, recovery, sparsified
from synthesis.weight_space.damage import damaged, link_vulnerability
from synthesis.weight_space.pulls import largest_kept
from tests.marks import thorough
from vvalues import from_buffer

from .models import random_like


def elastic(rng):
    model = ElasticNetwork("abcd")
    return model, rng.integers(0, 4, 6)


def modulated(rng):
    return ModulatedNetwork("abcd"), rng.integers(0, 4, 6)


def areas(rng):
    return AreaNetwork("abcd", width=2), rng.integers(0, 4, 6)


def residual(rng):
    return ResidualNetwork(3, 2, 4), rng.standard_normal((6, 3))


ARCHITECTURES = {"elastic": elastic, "modulated": modulated, "areas": areas, "residual": residual}


def case(name):
    rng = np.random.default_rng(3)
    model, inputs = ARCHITECTURES[name](rng)
    start = model.initial(rng)
    return model, start + random_like(start, rng), inputs, rng


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_they_are_linearized_as_the_models_they_are(name):
    model, parameters, inputs, rng = case(name)
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


@pytest.mark.parametrize("name", [
    *thorough("elastic", "areas", "modulated", "residual"),
])  # fmt: skip
def test_they_are_ranked_sparsified_and_recovered(name):
    model, parameters, inputs, rng = case(name)
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


# -------------------- numbers that are no weights --------------------


@pytest.mark.thorough
def test_a_sparse_manifold_keeps_its_shape_and_its_largest_links():
    rng = np.random.default_rng(0)
    model = Manifold(3, 4, 2, link_weights=True, start=Start.wide_toy())
    parameters, inputs = model.initial(rng), rng.standard_normal((6, 3))
    is_weight = prunable_elements(model, parameters.support)
    sparse = largest_kept(parameters, 0.9, is_weight)
    np.testing.assert_array_equal(sparse.buffer[~is_weight], parameters.buffer[~is_weight])
    assert np.count_nonzero(sparse.buffer[is_weight] == 0) >= round(0.9 * is_weight.sum())
    assert model.links(sparse).n_links == model.links(parameters).n_links > 0
    assert np.any(model(sparse, inputs))
    assert not np.any(model(largest_kept(parameters, 0.9), inputs))  # its shape is zeroed as well
    found = sparsified(
        freeze(model, parameters, inputs), 0.9, rng=rng, steps=6, stages=2, per_step=None
    )
    assert np.any(model(found.projected, inputs))


def test_an_evolving_network_is_not_divided_by_nothing():
    rng = np.random.default_rng(1)
    model = EvolvingModel(2, 1)
    parameters, _ = add_operation(
        model.initial(rng), model.layers[0], "multiply", [*model.layer_inputs(model.layers[0])[:2]],
        outputs=model.layer_outputs(model.layers[0]), scale=0.5,
    )  # fmt: skip
    inputs = rng.standard_normal((8, 2))
    is_weight = prunable_elements(model, parameters.support)
    scales = [path for path in parameters if path[-1] == SCALE]
    assert scales and not any(is_weight[parameters.support.index[path]] for path in scales)
    sparse = largest_kept(parameters, 1.0, is_weight)
    assert all(sparse[path] == parameters[path] for path in scales)
    assert np.all(np.isfinite(model(sparse, inputs)))
    nothing = largest_kept(parameters, 1.0)
    assert np.all(np.isfinite(model(nothing, inputs)))  # a scale is a logarithm: zero is one
