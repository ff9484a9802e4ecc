"""Manifolds over time, found networks on their own, and networks as dataflow matrix machines."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, make_jvp, value_and_grad
from hypothesis import given
from hypothesis import strategies as st

from dmm import compile_machine
from synthesis.architectures.manifold import Manifold, Start
from synthesis.architectures.manifold.export import (
    as_machine,
    held_streams,
    observed_outputs,
    ticks_of,
)
from synthesis.architectures.manifold.network import Network, network_of
from synthesis.architectures.manifold.objective import ManifoldObjective, TermWeights
from synthesis.architectures.manifold.over_time.cells import GATES, CellScan
from synthesis.architectures.manifold.over_time.model import MemoryManifold, RecurrentManifold
from synthesis.architectures.manifold.process import ManifoldSettings, train
from synthesis.edits import prune_by_magnitude, remove_dead
from synthesis.optimize.optimizers import adam
from synthesis.process.models import Model, Task
from synthesis.tasks.drawn import Echo, Latch
from tests.examples import examples
from vvalues import VValue, from_buffer, inner
from vvalues.testing import check_fused

START = Start(
    sigma=(3.0, 0.5), mu=(0.0, 2.0), gamma=(0.0, 1.0), theta=(0.0, 0.3), phi=(0.0, 1.0),
    cutoff=-3.0, bias=(0.0, 0.3),
)  # fmt: skip


def agrees(one, other, parameters, rng):
    """Values, gradients, second order and forward mode of two forms of one function."""
    value, gradient = value_and_grad(one)(parameters)
    expected, slope = value_and_grad(other)(parameters)
    assert value == pytest.approx(expected, rel=1e-10, abs=1e-10)
    scale = 1 + np.abs(slope.buffer).max()
    np.testing.assert_allclose(gradient.buffer, slope.buffer, atol=1e-10 * scale)
    direction = from_buffer(parameters.support, rng.standard_normal(parameters.size))
    tangent = make_jvp(one)(parameters)(direction)[1]
    assert tangent == pytest.approx(inner(slope, direction), rel=1e-9, abs=1e-9 * scale)
    products = [
        grad(lambda p, f=f: inner(grad(f)(p), direction))(parameters).buffer for f in (one, other)
    ]
    scale = 1 + np.abs(products[1]).max()
    np.testing.assert_allclose(products[0], products[1], atol=1e-8 * scale)


# -------------------- memory neurons --------------------


@examples(20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 5), st.integers(1, 3))
def test_derivatives_of_cells_over_time_belong_together(seed, cells, steps, samples):
    rng = np.random.default_rng(seed)
    vector = rng.standard_normal(cells * steps * samples + cells * len(GATES) * 3)
    check_fused(CellScan(cells, steps, samples), vector, rng)


@examples(8)
@given(st.integers(0, 2**32 - 1))
def test_memory_manifold_is_its_plain_form(seed):
    rng = np.random.default_rng(seed)
    model = MemoryManifold(
        Manifold(int(rng.integers(1, 4)), int(rng.integers(1, 5)), 2, link_weights=True,
                 start=START)
    )  # fmt: skip
    parameters = model.initial(rng)
    inputs = rng.standard_normal((2, 3, model.layout.n_inputs))
    k = rng.standard_normal((2, 3, 2))
    agrees(
        lambda p: anp.sum(k * model(p, inputs)),
        lambda p: anp.sum(k * model.plain(p, inputs)),
        parameters,
        rng,
    )


def test_memory_manifold_is_a_model_with_a_cell_per_hidden_neuron():
    model = MemoryManifold(Manifold(2, 3, 1, link_weights=True, start=START))
    parameters = model.initial(np.random.default_rng(0))
    assert isinstance(model, Model) and isinstance(Latch(), Task) and isinstance(Echo(), Task)
    assert parameters["hidden-2", "cell"].shape == (4, 3)
    with pytest.raises(ValueError, match="parameters are of another model"):
        model(model.manifold.initial(np.random.default_rng(0)), np.zeros((1, 2, 2)))
    with pytest.raises(ValueError, match="link_weights=True"):
        MemoryManifold(Manifold(2, 3, 1))
    with pytest.raises(ValueError, match=r"needs \(samples, steps, 2\)"):
        model(parameters, np.zeros((4, 2)))
    with pytest.raises(ValueError, match="at least one sample"):
        model(parameters, np.zeros((0, 4, 2)))


# -------------------- network-scale recurrence --------------------


@pytest.mark.thorough
@examples(10)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_recurrence_feeds_outputs_back(seed, link_weights):
    rng = np.random.default_rng(seed)
    manifold = Manifold(3, 3, 3, link_weights=link_weights, start=START)
    model = RecurrentManifold(manifold, 2)
    parameters = model.initial(rng)
    inputs = rng.standard_normal((2, 3, 1))

    def plain(p):
        fed, total = np.zeros((2, 2)), 0.0
        for t in range(3):
            outputs = manifold.plain(p, anp.concatenate([inputs[:, t], fed], axis=1))
            total = total + anp.sum(anp.sin(outputs[:, 0]))
            fed = outputs[:, 1:]
        return total

    agrees(lambda p: anp.sum(anp.sin(model(p, inputs))), plain, parameters, rng)


def test_gradients_reach_the_rows_of_outputs_without_a_loss():
    """The seed feared they would not be adjusted at all."""
    model = RecurrentManifold(Manifold(3, 3, 3, link_weights=True, start=START), 2)
    parameters = model.initial(np.random.default_rng(1))
    inputs, targets = Echo(delay=1, n_steps=4).batch(np.random.default_rng(0))
    slope = grad(lambda p: Echo().loss(model(p, inputs), targets))(parameters)
    assert all(np.abs(slope[name, "weights"]).max() > 0 for name in ("output-1", "output-2"))


@pytest.mark.parametrize("n_feedback", [0, 3, 5])
def test_recurrence_needs_something_left(n_feedback):
    with pytest.raises(ValueError, match=f"n_feedback is {n_feedback}"):
        RecurrentManifold(Manifold(3, 2, 3), n_feedback)


@pytest.mark.parametrize("task, steps, model", [
    # Six seconds; cells are trained in the tests of runs too, but not until they beat a bound.
    pytest.param(Latch(n_test=100), 700, MemoryManifold(
        Manifold(2, 8, 1, link_weights=True, start=START)), marks=pytest.mark.heavy),
    pytest.param(Echo(delay=1, n_test=100), 200, RecurrentManifold(
        Manifold(3, 2, 3, link_weights=True,
                 start=START._replace(weight=(0.0, 0.5), bias=(0.0, 0.0))), 2),
        marks=pytest.mark.thorough),
])  # fmt: skip
def test_training_over_time_beats_every_network_without_memory(task, steps, model):
    weights = TermWeights(soft_count=0.001)
    run = ManifoldSettings(steps=steps, segment=100, rate=0.01, last_rate=0.01, weights=weights)
    state, _ = train(ManifoldObjective(model, task), 0, run)
    assert task.evaluate(model, state.parameters)["test_loss"] < 0.7 * task.floor_without_memory


def test_outputs_over_time_that_do_not_fit_the_targets():
    model = MemoryManifold(Manifold(2, 3, 3, link_weights=True, start=START))
    with pytest.raises(ValueError, match=r"\(20, 12, 3\), targets \(20, 12, 1\); .* with 1 output"):
        train(ManifoldObjective(model, Latch()), 0, ManifoldSettings(steps=1))


def test_sequences_as_lists():
    model = RecurrentManifold(Manifold(3, 2, 3, link_weights=True, start=START), 1)
    parameters = model.initial(np.random.default_rng(0))
    rows = [[[1.0, 2.0], [3.0, 4.0]]]
    np.testing.assert_array_equal(model(parameters, rows), model(parameters, np.array(rows)))


def test_latch_and_echo():
    inputs, targets = Latch(chance=0.5).batch(np.random.default_rng(0))
    held = 0.0
    for (number, mark), target in zip(inputs[3], targets[3, :, 0], strict=True):
        held = number if mark else held
        assert target == held
    inputs, targets = Echo(delay=3).batch(np.random.default_rng(0))
    np.testing.assert_array_equal(targets[:, 3:], inputs[:, :-3])
    with pytest.raises(ValueError, match="delay is 12"):
        Echo(delay=12)
    with pytest.raises(ValueError, match=r"chance is 1\.0"):
        Latch(chance=1.0)
    with pytest.raises(ValueError, match="n_steps is 0"):
        Latch(n_steps=0)
    with pytest.raises(ValueError, match=r"delay is 1\.5"):
        Echo(delay=1.5)


# -------------------- found networks --------------------


def drawn(seed, **options):
    model = Manifold(4, 5, 2, start=START, **options)
    return model, model.initial(np.random.default_rng(seed))


@examples(30)
@given(st.integers(0, 1000), st.booleans(), st.booleans())
def test_a_found_network_predicts_the_same(seed, link_weights, squared):
    model, parameters = drawn(seed, link_weights=link_weights, squared=squared)
    inputs = np.random.default_rng(seed).standard_normal((3, 4))
    network, tree = network_of(model, parameters)
    expected = model(parameters, inputs)
    np.testing.assert_allclose(network(tree, inputs), expected, atol=1e-12)
    alive, _ = remove_dead(tree, (), network)
    np.testing.assert_allclose(network(alive, inputs), expected, atol=1e-12)
    again, _ = remove_dead(alive, (), network)
    assert again.support is alive.support


def test_found_networks_are_trained_and_pruned_like_any_model():
    model, parameters = drawn(1, link_weights=True)
    network, tree = network_of(model, parameters)
    inputs = np.random.default_rng(0).standard_normal((30, 4))
    targets = inputs[:, :2] - inputs[:, 2:]
    slope_of = value_and_grad(lambda p: anp.mean((network(p, inputs) - targets) ** 2))
    optimizer = adam(0.02)
    state = optimizer.init(tree)
    before = slope_of(tree)[0]
    tree, state = prune_by_magnitude(tree, state, network, count=5)
    for _ in range(150):
        _, slope = slope_of(tree)
        step, state = optimizer.update(slope, state, tree)
        tree = tree + step
    assert slope_of(tree)[0] < 0.5 * before


@given(st.integers(0, 100), st.booleans(), st.booleans())
@examples(10)
def test_slopes_of_a_found_network_by_its_inputs(seed, link_weights, squared):
    model, parameters = drawn(seed, link_weights=link_weights, squared=squared)
    inputs = np.random.default_rng(seed).standard_normal((3, 4))
    network, tree = network_of(model, parameters)
    slopes = grad(lambda x: anp.sum(anp.sin(network(tree, x))))(inputs)
    expected = grad(lambda x: anp.sum(anp.sin(model(parameters, x))))(inputs)
    np.testing.assert_allclose(slopes, expected, atol=1e-10)


def test_leaves_that_are_no_links_are_refused_by_path():
    model, parameters = drawn(0, link_weights=True)
    network, tree = network_of(model, parameters)
    for path in [("hidden-0", "links", "hidden-3"), ("hidden-0", "gain"), ("output-9", "bias")]:
        with pytest.raises(ValueError, match="/".join(path)):
            network(tree.at(path).set(1.0), np.zeros((1, 4)))
    empty = Network(model.layout)(VValue({"output-0": {"bias": 2.0}}), np.zeros((1, 4)))
    np.testing.assert_array_equal(empty, [[2.0, 0.0]])


# -------------------- machines --------------------


@examples(15)
@given(st.integers(0, 1000), st.booleans(), st.booleans())
def test_the_exported_machine_computes_the_same(seed, link_weights, squared):
    model, parameters = drawn(seed, link_weights=link_weights, squared=squared)
    inputs = np.random.default_rng(seed).standard_normal((3, 4))
    machine = as_machine(model, parameters)
    ticks = ticks_of(model, parameters)
    streams = held_streams(model, machine, inputs, ticks)
    program = compile_machine(machine, observed_outputs(model))
    observed = program(machine.trainable, streams)
    np.testing.assert_allclose(observed[:, -1].T, model(parameters, inputs), atol=1e-10)
    links = sum(link.neuron_out != "const_1" for link in machine.links() if not link.is_fixed)
    assert links <= model.links(parameters).n_links + (0 if link_weights else 9)


@pytest.mark.parametrize("link_weights", [False, True])
@pytest.mark.parametrize("n_hidden", [0, 2])
def test_a_machine_that_reads_no_input(link_weights, n_hidden):
    """No stream is left in it, but the number of samples and ticks is."""
    model = Manifold(
        2, n_hidden, 3, squared=True, link_weights=link_weights, start=START._replace(cutoff=5.0)
    )
    parameters = model.initial(np.random.default_rng(0))
    inputs = np.random.default_rng(1).standard_normal((4, 2))
    machine, ticks = as_machine(model, parameters), ticks_of(model, parameters)
    assert "stream" not in machine.neurons.values()
    program = compile_machine(machine, observed_outputs(model))
    observed = program(machine.trainable, held_streams(model, machine, inputs, ticks))
    np.testing.assert_allclose(observed[:, -1].T, model(parameters, inputs), atol=1e-12)
