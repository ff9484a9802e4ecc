"""Paths in weight space on every architecture."""

from __future__ import annotations

import numpy as np

from synthesis.optimize import adam
from synthesis.process.abilities import prunable_elements
from synthesis.process.linearization import inputs_at, linearize, number_of_inputs
from synthesis.weight_space import (
    Numbers,
    PullTowards,
    damaged,
    freeze,
    geodesic,
    invariant_path,
    largest_kept,
    last,
    link_vulnerability,
    normalized,
    recovery,
    sparsified,
    straight_line,
    walk,
)
from tests.matrix.cells import works_on_all
from vvalues import from_buffer


def frozen(case):
    return freeze(case.model, case.parameters, case.inputs, Numbers())


@works_on_all("invariant path")
def test_an_invariant_path_moves_the_weights_and_keeps_the_function(case):
    reference, rng = frozen(case), np.random.default_rng(5)
    away = from_buffer(case.moved.support, 2.0 * case.moved.buffer - case.parameters.buffer)
    pull, size = PullTowards(away), normalized(0.02)
    free = last(walk(case.moved, pull, size, steps=12, rng=rng))
    held = last(invariant_path(reference, case.moved, pull, size, steps=12, rng=rng, strength=0.03))
    assert held.length > 0.2
    assert reference.divergence(held.parameters) < 0.6 * reference.divergence(free.parameters)


RECURRENT = ("modulated network", "network of areas", "manifold over time")


@works_on_all("geodesic", thorough=RECURRENT)
def test_a_geodesic_is_shorter_than_the_straight_line(case):
    reference, rng = frozen(case), np.random.default_rng(6)
    beads = straight_line(case.parameters, case.moved, 4)
    n = number_of_inputs(case.inputs)
    chains = list(
        geodesic(
            case.model, beads, case.inputs, adam(0.005), steps=12, rng=rng, batch=n,
            outputs=Numbers(), anchor=lambda w, step, rng: reference.gradient(w), strength=0.1,
        )
    )  # fmt: skip
    first, end = chains[1], chains[-1]
    assert end.beads[0] == beads[0] and end.beads[-1] == beads[-1]
    assert first.energy + 0.1 * first.anchor > end.energy + 0.1 * end.anchor


SLOW = (
    "manifold, shared weights", "binary network",
    "elastic network", "modulated network", "network of areas", "residual network",
    "manifold, link weights", "manifold over time", "spiking network", "grown network",
    "found network",
)  # fmt: skip


@works_on_all("sparsify", thorough=SLOW)
def test_a_sparse_network_does_more_of_it_than_one_cut_at_once(case):
    inputs = inputs_at(case.inputs, np.arange(number_of_inputs(case.inputs) // 2))
    reference = freeze(case.model, case.parameters, inputs, Numbers())
    weights, share = prunable_elements(case.model, case.parameters.support), 0.3
    found = sparsified(
        reference, share, rng=np.random.default_rng(7), steps=30, stages=3, settle=20, size=0.05,
        strength=1.0, per_step=None,
    )  # fmt: skip
    sparse, cut = found.projected, largest_kept(case.parameters, share, weights)
    asked = round(share * np.count_nonzero(weights))
    assert np.count_nonzero(sparse.buffer[weights] == 0.0) >= asked
    np.testing.assert_array_equal(sparse.buffer[~weights], case.parameters.buffer[~weights])
    assert reference.divergence(sparse) < 0.8 * reference.divergence(cut)


@works_on_all("vulnerability, recovery", thorough=RECURRENT)
def test_vulnerability_is_the_metric_and_recovery_undoes_damage(case):
    reference, rng = frozen(case), np.random.default_rng(8)
    rows = linearize(case.model, case.parameters, case.inputs).rows()
    expected = case.parameters.buffer**2 * np.mean(rows**2, axis=0)
    expected *= len(rows) / number_of_inputs(case.inputs)
    found = link_vulnerability(case.model, case.parameters, case.inputs)
    np.testing.assert_allclose(found.buffer, expected, rtol=1e-8, atol=1e-12)
    # Damage where it hurts: the third most vulnerable link.
    hit = np.zeros(case.parameters.size)
    hit[np.argsort(found.buffer)[-3]] = 1.0
    damage = from_buffer(case.parameters.support, hit)
    hurt = damaged(case.parameters, damage)
    end = last(recovery(reference, hurt, damage, steps=25, rng=rng))
    assert reference.divergence(end.parameters) < 0.7 * reference.divergence(hurt)
    assert not end.parameters.buffer[hit == 1.0].any()
