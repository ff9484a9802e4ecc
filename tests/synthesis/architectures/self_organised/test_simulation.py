"""Simulators are trees: from simulator to tree, from tree to simulator, edited in between."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.architectures.self_organised import Polygon
from synthesis.architectures.self_organised.growth import Pooling, PoolingSettings, Tissue
from synthesis.architectures.self_organised.growth import TissueSettings as Settings
from synthesis.architectures.self_organised.simulation import Simulation, unit_places
from synthesis.architectures.self_organised.spiking import (
    LayerSettings,
    SpikingStack,
    izhikevich_retina,
    leaky_retina,
)
from synthesis.edits import delete_neuron
from synthesis.optimize import sgd
from synthesis.process.state import generator_from, generator_state
from synthesis.weight_space import PullTowards, last, walk
from vvalues import from_buffer, load, save

SQUARE = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)])
LAYERS = [LayerSettings(8), LayerSettings(5, winners=2, kernel=None, trace=5.0)]
POOLING = PoolingSettings(n_sensors=40, n_units=4, side=5.0, silent=0.2)

SIMULATORS = {
    "tissue": (
        lambda rng: Tissue(SQUARE, rng, Settings(most=40, noise=8.0)), lambda t, n: t.grow(n), 900
    ),
    "pooling": (lambda rng: Pooling(rng, POOLING), lambda p, n: p.advance(n), 333),
    "leaky stack": (
        lambda rng: SpikingStack(leaky_retina(rng, n=40, side=4.0), LAYERS, rng),
        lambda stack, n: stack.organise(n), 13.3,
    ),
    "Izhikevich stack": (
        lambda rng: SpikingStack(izhikevich_retina(rng, n=40, side=4.0), LAYERS, rng),
        lambda stack, n: stack.organise(n), 133,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SIMULATORS)
def test_a_tree_goes_on_like_the_simulator_that_it_is_of(name, tmp_path):
    make, run, time = SIMULATORS[name]
    rng = np.random.default_rng(3)
    one = make(rng)
    run(one, time)
    chance = generator_state(rng)
    save(one.state, tmp_path / "state.npz")
    other = make(np.random.default_rng(4))
    other.restore(load(tmp_path / "state.npz"), generator_from(chance))
    assert other.state == one.state
    run(one, 2 * time)
    run(other, 2 * time)
    assert one.state.support is other.state.support
    np.testing.assert_array_equal(one.state.buffer, other.state.buffer)


def test_a_wound_and_its_healing_are_in_the_tree():
    rng = np.random.default_rng(5)
    tissue = Tissue(SQUARE, rng, Settings(most=40, noise=8.0))
    tissue.grow(1200)
    tissue.wound(np.array([2.0, 2.0]), 1.0)
    copy = Tissue(SQUARE, np.random.default_rng(0), Settings(most=40, noise=8.0))
    copy.restore(tissue.state, generator_from(generator_state(rng)))
    tissue.grow(600)
    copy.grow(600)
    assert copy.state == tissue.state and copy.names == tissue.names
    assert copy.unit_names == tissue.unit_names


def test_edits_and_walks_of_a_tree_are_what_the_simulator_goes_on_from():
    process = Simulation(POOLING, 0, 600, 300)
    state, _ = process.advance(process.start(process.rng))
    tree = state.parameters
    fewer, _ = delete_neuron(tree, (), unit_places(tree), names=["2"])
    pooling = process.simulator(fewer, np.random.default_rng(1))
    pooling.advance(50)
    assert pooling.weights.shape == (40, 3)
    # A walk moves the weights alone, towards equal ones.
    free = np.array([path == ("units", "weights") for path in tree.support.paths], dtype=float)
    mask = from_buffer(tree.support, np.repeat(free, np.diff(tree.support.offsets)))
    flat = tree.at(("units", "weights")).set(np.full((40, 4), 2.5))
    walked = last(
        walk(tree, PullTowards(flat), sgd(0.5), steps=3, rng=np.random.default_rng(2), free=mask)
    ).parameters
    moved = process.simulator(walked, np.random.default_rng(1)).weights
    np.testing.assert_allclose(moved - 2.5, 0.125 * (tree["units", "weights"] - 2.5))


def test_settings_of_no_simulator_are_named():
    with pytest.raises(ValueError, match="expected one of Garden, PoolingSettings, WaveSettings"):
        Simulation(Settings())  # type: ignore[arg-type]
