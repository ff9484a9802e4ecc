"""Links are leaves, or elements of arrays: pruned alike, with the optimizer's memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures import Perceptron
from synthesis.architectures.manifold import Manifold
from synthesis.edits import prune_by_ablation, prune_by_magnitude, remove_dead, without_links
from synthesis.edits.links import ablation_losses
from synthesis.optimize import adam
from synthesis.optimize.objective import ModelObjective
from synthesis.tasks import SumsAndDifferences
from vvalues import VValue, from_buffer, restrict
from vvalues.strategies import vvalues

TASK = SumsAndDifferences(batch_size=20, n_test=20)


def objective(model, rng):
    return ModelObjective(model, TASK, *TASK.batch(rng))


@given(tree=vvalues(), data=st.data())
def test_a_link_that_goes_is_zero_and_the_others_stay(tree, data):
    flags = st.lists(st.booleans(), min_size=tree.size, max_size=tree.size)
    keep = np.array(data.draw(flags), dtype=bool)
    pruned, state = without_links(tree, (tree, 3), keep)
    expected = np.where(keep, tree.buffer, 0.0)
    np.testing.assert_array_equal(restrict(pruned, tree.support).buffer, expected)
    assert state[0] == pruned and state[1] == 3
    gone = {path for i, path in enumerate(tree.support.paths)
            if not tree.support.shape(i) and not keep[tree.support.offsets[i]]}  # fmt: skip
    assert set(tree.support.paths) - set(pruned.support.paths) == gone


def test_the_smallest_elements_of_arrays_go_one_after_the_other():
    tree = VValue({"a": np.array([[5.0, 1e-9], [0.5, -2.0]]), "b": 3.0})
    once, _ = prune_by_magnitude(tree)
    twice, _ = prune_by_magnitude(once, count=2)
    thrice, _ = prune_by_magnitude(twice)
    np.testing.assert_array_equal(once["a"], [[5.0, 0.0], [0.5, -2.0]])
    np.testing.assert_array_equal(twice["a"], [[5.0, 0.0], [0.0, 0.0]])
    assert "b" in once and "b" in twice and "b" not in thrice


TREE = VValue({"a": np.array([1.0, 1e-9]), "b": 3.0, "c": np.array([[0.5, -4.0]]), "d": -2.0})


@pytest.mark.parametrize(
    ("count", "left"),
    [
        (-2, [1.0, 1e-9, 3.0, 0.5, -4.0, -2.0]),
        (0, [1.0, 1e-9, 3.0, 0.5, -4.0, -2.0]),
        (1, [1.0, 0.0, 3.0, 0.5, -4.0, -2.0]),
        (3, [0.0, 0.0, 3.0, 0.0, -4.0, -2.0]),
        (4, [0.0, 0.0, 3.0, 0.0, -4.0, 0.0]),
        (9, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_the_smallest_go_first_be_they_leaves_or_elements(count, left):
    pruned, moments = prune_by_magnitude(TREE, adam(0.1).init(TREE), count=count)
    assert restrict(pruned, TREE.support).buffer.tolist() == left
    assert moments.first.support is pruned.support
    gone = [path for path in "bd" if (path,) not in pruned.support]
    assert gone == [path for path, i in (("b", 2), ("d", 5)) if left[i] == 0.0]


def test_ablation_takes_the_element_whose_loss_rises_least():
    rng = np.random.default_rng(0)
    model = Perceptron([5, 3, 4], "tanh")
    tree, judged = model.initial(rng), objective(model, rng)
    pruned, memory = prune_by_ablation(tree, adam(0.1).init(tree), judged)
    without = np.tile(tree.buffer, (tree.size, 1))
    np.fill_diagonal(without, 0.0)
    losses = np.where(tree.buffer != 0.0, judged.losses(tree.support, without), np.inf)
    assert np.flatnonzero(pruned.buffer != tree.buffer).tolist() == [int(np.argmin(losses))]
    assert memory.first.support is pruned.support is tree.support


@given(seed=st.integers(0, 999), data=st.data())
def test_every_loss_is_that_without_one_element(seed, data):
    rng = np.random.default_rng(seed)
    model = Perceptron([5, 2, 4], "tanh")
    tree, judged = model.initial(rng), objective(model, rng)
    chosen = np.array(data.draw(st.lists(st.integers(0, tree.size - 1), max_size=4)), dtype=int)
    losses = ablation_losses(judged, tree, chosen)
    for q, loss in zip(chosen, losses, strict=True):
        without = np.where(np.arange(tree.size) == q, 0.0, tree.buffer)
        assert loss == pytest.approx(judged.loss(from_buffer(tree.support, without)), rel=1e-12)
    assert len(ablation_losses(judged, tree)) == tree.size


def test_a_unit_that_nobody_reads_is_zeros():
    rng = np.random.default_rng(1)
    model = Perceptron([5, 3, 2, 4], "tanh")
    tree = model.initial(rng)
    read = np.array(tree["layer-3", "weights"])
    read[1] = 0.0
    tree = tree.at(("layer-3", "weights")).set(read)
    smaller, _ = remove_dead(tree, (), objective(model, rng))
    assert not smaller["layer-2", "weights"][:, 1].any()
    inputs = rng.standard_normal((6, 5))
    np.testing.assert_array_equal(model(smaller, inputs), model(tree, inputs))


def test_only_weights_of_a_manifold_are_pruned():
    rng = np.random.default_rng(2)
    model = Manifold(5, 6, 4, link_weights=True)
    tree = model.initial(rng)
    pruned, _ = prune_by_magnitude(tree, (), objective(model, rng), count=10**6)
    is_weight = model.prunable(tree.support)
    assert not pruned.buffer[is_weight].any()
    assert pruned.support is tree.support
    # Neurons that nobody reads lose their places as well, those of the outputs stay.
    assert pruned["output-0", "sigma"] == tree["output-0", "sigma"]
