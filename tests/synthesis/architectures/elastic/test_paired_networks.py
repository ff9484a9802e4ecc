"""Pairs of links side by side: the cycle against plain autograd, the trainer against the tree's."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import value_and_grad
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.elastic import (
    ElasticSettings,
    ModulatedNetwork,
    NetworksTraining,
    NetworkTrainer,
    train_networks,
    train_tree,
)
from synthesis.architectures.elastic.arrays import capacity_for
from synthesis.architectures.elastic.networks import Texts
from synthesis.architectures.elastic.paired_cycle import PairedCycle
from synthesis.tasks.characters import hard_task
from synthesis.tasks.successions import Phase
from tests.examples import examples
from tests.marks import thorough
from vvalues import VValue, from_buffer

BUSY = {"add_probability": 0.3, "delete_probability": 0.5, "spontaneous": 0.2}
SETTINGS = {
    "corrected": ElasticSettings(),
    "protected": ElasticSettings(protection=20.0, inherit=True, **BUSY),
    "shrinking": ElasticSettings.shrinking(decoupled_penalty=1e-3, **BUSY),
    "fixed": ElasticSettings.fixed_size(),
}


def hard(seed, cycles):
    return (Phase(hard_task(np.random.default_rng([seed, 1]), 90), cycles),)


def networks(name, seeds, cycles, size=1, ratio=0.1):
    """The trainer at the end."""
    phases, rngs = ([make(seed) for seed in seeds] for make in (
        lambda seed: hard(seed, cycles), lambda seed: np.random.default_rng([seed, 2])
    ))  # fmt: skip
    events = train_networks(SETTINGS[name], phases, rngs, size, 100, ratio)
    return list(events)[-1][0]


# -------------------- the cycle --------------------


@given(
    seed=st.integers(0, 10**6),
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    length=st.integers(1, 30),
    spare=st.integers(0, 9),
    settings=st.sampled_from([SETTINGS["corrected"], SETTINGS["fixed"]]),
)
@examples(25)
def test_the_gradient_of_networks_side_by_side_is_plain_autograd(
    seed, sizes, length, spare, settings
):
    """Networks of several sizes in one array, each against its own tree."""
    rng, model = np.random.default_rng(seed), ModulatedNetwork(settings=settings)
    trees = [drawn(rng, model.initial(rng, size)) for size in sizes]
    symbols = rng.integers(4, size=(length + 1, len(sizes)))
    capacity = capacity_for(max(sizes) + spare, 4)
    hidden = np.zeros((len(sizes), capacity))
    for state, size in zip(hidden, sizes, strict=True):
        state[:size] = np.tanh(rng.standard_normal(size))
    layouts = [model.layout(tree.support) for tree in trees]
    packed = [one.pack(tree, capacity) for one, tree in zip(layouts, trees, strict=True)]
    cycle = PairedCycle(len(sizes), capacity, 4, length)
    losses = cycle(np.stack(packed), hidden, symbols)
    for i, (tree, layout) in enumerate(zip(trees, layouts, strict=True)):
        start, codes = hidden[i, : layout.size], symbols[:, i]
        value, expected = value_and_grad(model.loss)(tree, codes, start)
        scale = 1.0 + np.abs(expected.buffer).max()
        found = layout.leaves(cycle.gradient[i])
        np.testing.assert_allclose(losses[i], value, rtol=1e-10)
        np.testing.assert_allclose(found, expected.buffer, atol=1e-10 * scale)
        last = model.rollout(tree, codes[:-1], start)[1]
        np.testing.assert_allclose(cycle.hidden[i, : layout.size], last, atol=1e-12)
        _, by_tree, _ = model.loss_and_gradient(tree, codes, start)
        np.testing.assert_array_equal(found, by_tree.buffer)
        cycle.gradient[i].flat[layout.positions(capacity)] = 0.0
    if settings.has_multipliers:
        assert not cycle.gradient.any()  # zeros beyond a network's neurons stay zeros


def drawn(rng, tree):
    """Larger weights than networks begin with."""
    return from_buffer(tree.support, rng.standard_normal(tree.size) / 3)


# -------------------- the trainer --------------------


@pytest.mark.parametrize("name", ["corrected", "protected", *thorough("shrinking", "fixed")])
def test_networks_do_what_the_tree_does_with_the_general_edits(name):
    size, cycles = 3, 150
    trainer = networks(name, [0], cycles, size)
    model = ModulatedNetwork(settings=SETTINGS[name])
    *_, (state, _) = train_tree(model, hard(0, cycles), np.random.default_rng([0, 2]), size)
    (memory,) = (leaf for leaf in state.moments if isinstance(leaf, VValue))
    assert list(state.born) == trainer.names(0)
    assert trainer.network(0).support is state.parameters.support
    np.testing.assert_array_equal(trainer.network(0).buffer, state.parameters.buffer)
    np.testing.assert_array_equal(trainer.optimizer_memory(0).buffer, memory.buffer)
    np.testing.assert_array_equal(trainer.hidden_state(0), state.hidden)
    assert trainer.smooth[0] == state.loss and trainer.n_links(0) == state.parameters.size
    if name == "protected":
        assert state.next_number > size + 25


def test_a_network_is_the_same_to_the_bit_alone_and_beside_others():
    together = networks("protected", range(6), 150)
    assert together.capacity > capacity_for(int(together.sizes.min()), 4)
    for seed in (0, 4):
        alone = networks("protected", [seed], 150)
        assert alone.network(0).support is together.network(seed).support
        np.testing.assert_array_equal(alone.network(0).buffer, together.network(seed).buffer)
        assert alone.smooth[0] == together.smooth[seed]


def test_padding_stays_empty_and_columns_are_given_back():
    trainer = networks("protected", range(4), 300)
    trainer.compact()
    for i, size in enumerate(trainer.sizes):
        for array in (trainer.parameters[i], trainer.memory[i]):
            assert not np.any(array[:-1, size:])
            assert not np.any(trainer.rows.squares(array)[:, size:])
        assert not np.any(trainer.hidden[i, size:])
    before = [trainer.network(i) for i in range(4)]
    trainer._arrange(trainer.capacity + 16)
    trainer.compact()
    assert [trainer.network(i) for i in range(4)] == before


def test_pairs_begin_with_their_ratio():
    rng, texts = np.random.default_rng(0), Texts([hard(0, 5)])
    trainer = NetworkTrainer.begun(ElasticSettings(), texts, [rng], 2, ratio=0.3)
    tree = trainer.network(0)
    model = ModulatedNetwork(ratio=0.3)
    np.testing.assert_allclose(model.ratios(tree), 0.3)
    assert tree == model.initial(np.random.default_rng(0), 2)


def test_bad_pairs_are_refused():
    with pytest.raises(ValueError, match=r"ratio is 1\.5; expected a number between 0 and 1"):
        NetworksTraining(ElasticSettings(), (hard(0, 5),), (0,), ratio=1.5)
    with pytest.raises(ValueError, match="mode is 'paper'; links come in pairs"):
        NetworksTraining(ElasticSettings.of("paper"), (hard(0, 5),), (0,), ratio=0.1)
