"""Adding and deleting neurons of found networks and of manifolds; memory follows."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import value_and_grad
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.manifold import Manifold, Start
from synthesis.architectures.manifold.network import NetworkNeurons, network_of
from synthesis.architectures.manifold.over_time.model import MemoryManifold, RecurrentManifold
from synthesis.architectures.manifold.places import ManifoldNeurons
from synthesis.edits.neurons import add_neuron, delete_neuron, neuron_leaves
from synthesis.optimize.optimizers import adam
from tests.examples import examples
from vvalues import from_buffer

START = Start(
    sigma=(3.0, 0.5), mu=(0.0, 2.0), gamma=(0.0, 1.0), theta=(0.0, 0.3), phi=(0.0, 1.0),
    cutoff=-3.0, bias=(0.0, 0.3),
)  # fmt: skip
INPUTS = np.random.default_rng(5).standard_normal((6, 4))


def rng(seed=0):
    return np.random.default_rng(seed)


def found(seed, link_weights=True):
    model = Manifold(4, 5, 2, start=START, link_weights=link_weights)
    return network_of(model, model.initial(rng(seed)))


def trained(model, tree, state, optimizer, n_steps=3, inputs=INPUTS):
    gradient_of = value_and_grad(lambda p: anp.mean((model(p, inputs) - 1.0) ** 2))
    for _ in range(n_steps):
        _, gradient = gradient_of(tree)
        step, state = optimizer.update(gradient, state, tree)
        tree = tree + step
    return tree, state


# -------------------- found networks --------------------


@examples(25)
@given(st.integers(0, 500), st.booleans(), st.integers(0, 4))
def test_a_deleted_neuron_is_one_without_links(seed, link_weights, at):
    network, tree = found(seed, link_weights)
    optimizer = adam(0.02)
    tree, state = trained(network, tree, optimizer.init(tree), optimizer)
    name, neurons = f"hidden-{at}", NetworkNeurons()
    zeros = from_buffer(tree.support, np.where([name in path for path in tree.support.paths],
                                               0.0, tree.buffer))  # fmt: skip
    smaller, memory = delete_neuron(tree, state, neurons, names=[name])
    np.testing.assert_allclose(network(smaller, INPUTS), network(zeros, INPUTS), atol=1e-12)
    assert name not in neurons.names(smaller) and len(neurons.names(smaller)) == 4
    assert memory.first.support is memory.second.support is smaller.support
    for path, value in memory.first.items():
        assert value == state.first[path]
    later, _ = trained(network, smaller, memory, optimizer)
    assert later.support is smaller.support
    assert np.any(later.buffer != smaller.buffer)


def test_inputs_and_outputs_are_no_neurons_to_delete():
    _, tree = found(0, link_weights=False)
    assert NetworkNeurons().names(tree) == tuple(f"hidden-{i}" for i in range(5))
    with pytest.raises(ValueError, match="there is no neuron 'output-0'"):
        delete_neuron(tree, (), NetworkNeurons(), names=["output-0"])


@examples(25)
@given(st.integers(0, 500), st.booleans(), st.integers(0, 4))
def test_a_new_neuron_is_wired_like_another_and_trained(seed, link_weights, like):
    network, tree = found(seed, link_weights)
    optimizer = adam(0.02)
    tree, state = trained(network, tree, optimizer.init(tree), optimizer)
    outputs = network(tree, INPUTS)
    neurons = NetworkNeurons(scale=0.0, like=f"hidden-{like}")
    larger, memory = add_neuron(tree, state, neurons, rng(seed))
    wider = network.fitting(larger)
    assert wider.layout.n_hidden == 6 and network.fitting(tree) is network
    np.testing.assert_allclose(wider(larger, INPUTS), outputs, atol=1e-12)
    new = neuron_leaves(larger, neurons, "hidden-5")
    old = neuron_leaves(tree, neurons, f"hidden-{like}")
    into = {path[1:] for path in old.support.paths if path[0] == f"hidden-{like}"}
    assert {path[1:] for path in new.support.paths if path[0] == "hidden-5"} == into
    assert not np.any(neuron_leaves(memory.first, neurons, "hidden-5").buffer)
    scaled, _ = add_neuron(tree, state, NetworkNeurons(0.5, f"hidden-{like}"), rng(seed))
    later, _ = trained(wider, scaled, memory, optimizer)
    links = [p for p in wider.living(scaled.support).paths if len(p) == 3 and "hidden-5" in p]
    assert all(later[path] != scaled[path] for path in links)
    assert delete_neuron(larger, memory, neurons, names=["hidden-5"])[0] == tree


def test_a_neuron_in_a_gap_is_wired_in_order_and_inherits():
    network, tree = found(3)
    neurons = NetworkNeurons()
    old = neuron_leaves(tree, neurons, "hidden-2")
    smaller, _ = delete_neuron(tree, (), neurons, names=["hidden-2"])
    again, _ = add_neuron(
        smaller, (), NetworkNeurons(like="hidden-4"), rng(), name="hidden-2",
        inherit=("hidden-2", old),
    )  # fmt: skip
    assert network.fitting(again) is network
    assert np.isfinite(network(again, INPUTS)).all()  # no link against the order
    shared = set(old.support.paths) & set(neuron_leaves(again, neurons, "hidden-2").support.paths)
    assert shared and all(again[path] == tree[path] for path in shared)


# -------------------- manifolds --------------------

OVER_TIME = INPUTS.reshape(3, 2, 4)
MODELS = {
    "links": (Manifold(4, 5, 2, start=START, link_weights=True), INPUTS),
    "squares": (Manifold(4, 5, 2, start=START, link_weights=True, squared=True), INPUTS),
    "memory": (MemoryManifold(Manifold(4, 5, 2, start=START, link_weights=True)), OVER_TIME),
    "recurrent": (
        RecurrentManifold(Manifold(5, 5, 3, start=START, link_weights=True), 1),
        OVER_TIME,
    ),
}


@examples(20)
@given(st.integers(0, 500), st.integers(0, 4), st.sampled_from(list(MODELS)))
def test_a_deleted_neuron_of_a_manifold_stays_away(seed, at, kind):
    model, inputs = MODELS[kind]
    neurons, name = ManifoldNeurons(model), f"hidden-{at}"
    tree = model.initial(rng(seed))
    optimizer = adam(0.02)
    tree, state = trained(model, tree, optimizer.init(tree), optimizer, inputs=inputs)
    smaller, memory = delete_neuron(tree, state, neurons, names=[name])
    assert smaller.support is tree.support
    assert neurons.names(smaller) == tuple(n for n in neurons.names(tree) if n != name)
    assert not np.any(neurons.leaves(memory.first, name).buffer)
    assert not np.any(model.links(smaller).schedule.rows == at)
    later, _ = trained(model, smaller, memory, optimizer, 5, inputs)
    assert name not in neurons.names(later)
    assert np.any(later.buffer != smaller.buffer)


@examples(15)
@given(st.integers(0, 500), st.integers(0, 4))
def test_a_deleted_neuron_of_a_manifold_is_one_that_is_deleted_from_its_network(seed, at):
    model, _ = MODELS["links"]
    tree, names = model.initial(rng(seed)), [f"hidden-{at}"]
    smaller, _ = delete_neuron(tree, (), ManifoldNeurons(model), names=names)
    network, whole = network_of(model, tree)
    expected = network(delete_neuron(whole, (), NetworkNeurons(), names=names)[0], INPUTS)
    np.testing.assert_allclose(model(smaller, INPUTS), expected, atol=1e-12)


def test_a_neuron_comes_back_to_a_manifold():
    model, _ = MODELS["links"]
    neurons = ManifoldNeurons(model)
    tree = model.initial(rng())
    old = neuron_leaves(tree, neurons, "hidden-1")
    smaller, _ = delete_neuron(tree, (), neurons, names=["hidden-1", "hidden-3"])
    assert neurons.fresh_name(smaller) == "hidden-1"
    other = neuron_leaves(tree, neurons, "hidden-3")
    again, _ = add_neuron(smaller, (), neurons, rng(), inherit=("hidden-1", old))
    assert neurons.names(again) == ("hidden-0", "hidden-1", "hidden-2", "hidden-4")
    again, _ = add_neuron(again, (), neurons, rng(), inherit=("hidden-3", other))
    assert again == tree
    silent, _ = add_neuron(smaller, (), ManifoldNeurons(model, scale=0.0), rng())
    assert neurons.names(silent) == ("hidden-0", "hidden-1", "hidden-2", "hidden-4")
    np.testing.assert_allclose(model(silent, INPUTS), model(smaller, INPUTS), atol=1e-12)
    optimizer = adam(0.02)
    later, _ = trained(model, silent, optimizer.init(silent), optimizer, 30)
    assert np.any(neuron_leaves(later - silent, neurons, "hidden-1").buffer)


def test_what_a_manifold_has_no_place_for():
    model, _ = MODELS["links"]
    neurons = ManifoldNeurons(model)
    tree = model.initial(rng())
    with pytest.raises(ValueError, match="all 5 hidden neurons of the manifold live"):
        add_neuron(tree, (), neurons, rng())
    with pytest.raises(ValueError, match="'hidden-7' is no hidden neuron"):
        add_neuron(tree, (), neurons, rng(), name="hidden-7")
    with pytest.raises(ValueError, match="shared weights would come back"):
        ManifoldNeurons(Manifold(4, 5, 2))
