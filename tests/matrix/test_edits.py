"""Edits of structure, and mending, on every architecture."""

from __future__ import annotations

import numpy as np

from synthesis.edits import (
    add_neuron,
    delete_neuron,
    mended,
    prune_by_ablation,
    prune_by_magnitude,
    remove_dead,
    without_links,
)
from synthesis.optimize import adam
from synthesis.process.abilities import fitted, neurons_of, prunable_elements
from tests.matrix.cells import works_on_all
from tests.matrix.test_training import objective
from vvalues import restrict


def memory(case, parameters):
    """Adam's state after a step, so that there is something to carry along."""
    optimizer = adam(0.01)
    _, gradient = objective(case).gradient(parameters)
    return optimizer.update(gradient, optimizer.init(parameters), parameters)[1]


def predictions(case, parameters):
    return case.model(parameters, case.inputs)


def on_the_whole(case, tree):
    return restrict(tree, case.moved.support).buffer


def some_links(case, share, seed):
    """A mask of what stays without a random share of the weights."""
    rng = np.random.default_rng(seed)
    weights = prunable_elements(case.model, case.moved.support)
    return ~(weights & (rng.random(weights.size) < share))


@works_on_all("prune by magnitude")
def test_the_smallest_links_go_and_the_memory_follows(case):
    weights = prunable_elements(case.model, case.moved.support)
    smallest = np.flatnonzero(weights)[np.argsort(np.abs(case.moved.buffer[weights]))[:3]]
    keep = np.ones(case.moved.size, dtype=bool)
    keep[smallest] = False
    expected, _ = without_links(case.moved, (), keep, case.model)
    state = memory(case, case.moved)
    pruned, state = prune_by_magnitude(case.moved, state, objective(case), count=3)
    assert not on_the_whole(case, pruned)[smallest].any()
    assert state.first.support is pruned.support
    assert not on_the_whole(case, state.first)[smallest].any()
    np.testing.assert_allclose(
        predictions(case, pruned), predictions(case, expected), rtol=1e-10, atol=1e-12
    )


@works_on_all("prune by ablation")
def test_the_link_that_matters_least_goes(case):
    judged = objective(case)
    weights = np.flatnonzero(prunable_elements(case.model, case.moved.support))
    without = np.tile(case.moved.buffer, (weights.size, 1))
    without[np.arange(weights.size), weights] = 0.0
    losses = judged.losses(case.moved.support, without)
    pruned, _ = prune_by_ablation(case.moved, (), judged, count=1)
    assert judged.loss(pruned) <= losses.min() * (1.0 + 1e-9) + 1e-15
    assert np.count_nonzero(on_the_whole(case, pruned)) < np.count_nonzero(case.moved.buffer)


@works_on_all("remove what is dead")
def test_what_is_dead_goes_and_nothing_changes(case):
    removed = 0
    for seed in range(8):
        hurt, _ = without_links(case.moved, (), some_links(case, 0.7, seed), case.model)
        smaller, _ = remove_dead(hurt, (), objective(case))
        removed += np.count_nonzero(hurt.buffer) - np.count_nonzero(smaller.buffer)
        np.testing.assert_allclose(
            predictions(case, smaller), predictions(case, hurt), rtol=1e-10, atol=1e-12
        )
        again, _ = remove_dead(smaller, (), objective(case))
        assert again == smaller
    assert removed > 0


@works_on_all("add, delete neurons")
def test_a_neuron_comes_and_goes_and_the_memory_follows(case):
    neurons, rng = neurons_of(case.model), np.random.default_rng(10)
    start, state = case.moved, memory(case, case.moved)
    names = neurons.names(start)
    gone = next(name for name in names[::-1] if name not in ("output", "input", "timer"))
    fewer, smaller = delete_neuron(start, state, neurons, names=[gone])
    assert len(neurons.names(fewer)) == len(names) - 1
    assert smaller.first.support is fewer.support
    assert np.isfinite(fitted(case.model, fewer)(fewer, case.inputs)).all()
    more, larger = add_neuron(fewer, smaller, neurons, rng)
    assert len(neurons.names(more)) == len(names)
    assert larger.first.support is more.support
    model = fitted(case.model, more)
    assert np.isfinite(model(more, case.inputs)).all()
    (new,) = set(neurons.names(more)) - set(neurons.names(fewer))
    back, memory_back = delete_neuron(more, larger, neurons, names=[new])
    assert back == fewer and memory_back.first == smaller.first


@works_on_all(
    "repair",
    thorough=(
        *("elastic network", "modulated network", "network of areas"),
        *("manifold, shared weights", "manifold, link weights", "binary network"),
    ),
)
def test_lost_links_are_mended(case):
    keep = np.ones(case.parameters.size, dtype=bool)
    weights = prunable_elements(case.model, case.parameters.support) & case.is_trained
    lost = np.random.default_rng(11).choice(np.flatnonzero(weights), 2, replace=False)
    keep[lost] = False
    hurt, _ = without_links(case.parameters, (), keep, case.model)
    judged, whole = objective(case), case.parameters.support
    tolerance = 0.02 * judged.loss(hurt)
    found = mended(judged, hurt, np.random.default_rng(12), whole=whole, tolerance=tolerance)
    assert found.is_mended and judged.loss(found.parameters) <= tolerance
