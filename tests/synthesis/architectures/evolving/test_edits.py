"""Edits of evolving layers: what they add, what they remove, what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.evolving import EvolvingModel
from synthesis.architectures.evolving.edits import (
    contributions,
    draw_operation,
    evolve_operation,
    evolve_screened_operation,
    prune_operation,
    prune_operation_by_loss,
    screen,
)
from synthesis.architectures.evolving.objective import EvolvingObjective
from synthesis.architectures.evolving.operations import OPERATIONS
from synthesis.architectures.evolving.structure import add_operation, kind_of, operation_names
from synthesis.optimize.optimizers import adam
from tests.examples import examples
from vvalues import VValue

LAYER = "layer-1"


def objective(n=200, **options):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, 3))
    return EvolvingObjective(EvolvingModel(3, **options), x, (x[:, 0] * x[:, 1] + x[:, 2])[:, None])


def chain_of_three():
    """add-1 is read by add-2, which is read by add-3; only add-3 is unread."""
    tree = VValue({LAYER: {"output": {"y0": {":number": 0.0}}}})
    for source in ("x0", "add-1", "add-2"):
        tree, name = add_operation(tree, LAYER, "add", [source, "x1"])
        tree = tree.at((LAYER, "output", "y0", name)).set(0.01 if name == "add-1" else 1.0)
    return tree


EVOLVE = [evolve_operation, evolve_screened_operation]


@pytest.mark.parametrize("evolve", EVOLVE)
@pytest.mark.parametrize("hidden", [(), (2,)])
@examples(20)
@given(seed=st.integers(0, 2**32 - 1))
def test_evolving_adds_one_operation_and_changes_no_prediction(evolve, hidden, seed):
    judge = objective(20, hidden=hidden, operations=tuple(OPERATIONS))
    rng = np.random.default_rng(seed)
    before = judge.model.initial(rng)
    state = adam(0.1).init(before)
    state = state._replace(updates=7, first=before)
    after, new_state = evolve(before, state, judge, rng)
    np.testing.assert_allclose(
        judge.model(after, judge.inputs), judge.model(before, judge.inputs), rtol=1e-13
    )
    assert judge.model.count_operations(after) == 1
    assert new_state.updates == 7
    assert new_state.first.support is after.support
    assert new_state.first == before  # old moments kept, new ones zero


def test_edits_are_determined_by_their_generator():
    judge = objective()
    start = judge.model.initial(np.random.default_rng(0))
    for evolve in EVOLVE:
        one, other = (evolve(start, (), judge, np.random.default_rng(5))[0] for _ in range(2))
        assert one == other
        assert one.support is other.support


def test_random_operations_have_the_probabilities_of_the_seed():
    rng = np.random.default_rng(0)
    sources = [f"x{i}" for i in range(5)]
    drawn = [draw_operation(["add", "multiply"], sources, rng) for _ in range(4000)]
    first = np.array([isinstance(p.arguments[0], str) for p in drawn])
    second = np.array([isinstance(p.arguments[1], str) for p in drawn])
    assert np.mean([p.kind == "add" for p in drawn]) == pytest.approx(0.5, abs=0.03)
    assert np.mean(first) == pytest.approx(2 / 3, abs=0.03)
    assert second[~first].all()  # never two constants
    assert np.mean(second[first]) == pytest.approx(2 / 3, abs=0.03)
    read = [p.arguments[0] for p in drawn if isinstance(p.arguments[0], str)]
    assert read.count("x0") / len(read) == pytest.approx(0.2, abs=0.03)
    constants = {p.kind: p.arguments[0] for p in drawn if not isinstance(p.arguments[0], str)}
    assert constants == {"add": 0.0, "multiply": 1.0}


def test_the_index_zero_defect_hides_the_first_input():
    rng = np.random.default_rng(0)
    drawn = [
        draw_operation(["add", "sin"], ["x0", "x1"], rng, index_zero_defect=True)
        for _ in range(300)
    ]
    assert {a for p in drawn for a in p.arguments if isinstance(a, str)} == {"x1"}


def test_screening_finds_the_product_among_many():
    judge = objective()
    start = VValue({LAYER: {"output": {"y0": {":number": 0.0, "x2": 1.0}}}})
    found = 0
    for seed in range(20):
        tree, _ = evolve_screened_operation(
            start, (), judge, np.random.default_rng(seed), proposals=200
        )
        (name,) = operation_names(tree.support, LAYER)
        arguments = {tree.subtree((LAYER, name, f)).support.paths[0] for f in ("first", "second")}
        found += kind_of(name) == "multiply" and arguments == {("x0",), ("x1",)}
    assert found >= 18


def test_screen_is_the_explained_share_of_the_residual():
    rng = np.random.default_rng(0)
    residual = rng.standard_normal((2, 50))
    with np.errstate(all="ignore"):
        rows = np.stack([residual[0], np.full(50, 3.0), np.full(50, np.nan), residual[1] * 1e6])
    left = residual - residual.mean(axis=1, keepdims=True)
    score = screen(rows, residual)
    assert score[1] == score[2] == 0.0
    expected = (left[0] @ left[0] + (left[0] @ left[1]) ** 2 / (left[0] @ left[0])) / np.sum(
        left**2
    )
    assert score[0] == pytest.approx(expected)
    assert 0 < score[3] <= 1


def test_a_screen_needs_a_proposal():
    judge = objective()
    with pytest.raises(ValueError, match="proposals is 0"):
        evolve_screened_operation(
            judge.model.initial(np.random.default_rng(0)),
            (),
            judge,
            np.random.default_rng(0),
            proposals=0,
        )


# -------------------- pruning --------------------


@pytest.mark.parametrize("prune", [prune_operation, prune_operation_by_loss])
def test_only_unread_operations_are_pruned(prune):
    """Defects 3, 4, 11: add-1 contributes least, but add-2 reads it."""
    judge = objective()
    tree, state = prune(chain_of_three(), adam(0.1).init(chain_of_three()), judge)
    assert operation_names(tree.support, LAYER) == ("add-1", "add-2")
    assert state.first.support is tree.support


def test_pruning_stops_at_the_number_to_keep():
    """Defect 8: a network may grow beyond two operations."""
    judge = objective()
    tree, _ = prune_operation(chain_of_three(), (), judge, count=5, keep=2)
    assert judge.model.count_operations(tree) == 2
    empty, _ = prune_operation(tree, (), judge, count=5)
    assert judge.model.count_operations(empty) == 0
    assert prune_operation(empty, (), judge) == (empty, ())


def test_contributions_do_not_cancel_between_outputs():
    """Defect 7: weights +3 and -3 on two outputs are a large contribution, not none."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((100, 2))
    judge = EvolvingObjective(EvolvingModel(2, 2), x, x)
    tree, name = add_operation(judge.model.initial(rng), LAYER, "multiply", ["x0", "x1"])
    tree = tree + VValue({LAYER: {"output": {"y0": {name: 3.0}, "y1": {name: -3.0}}}})
    deviation = np.std(x[:, 0] * x[:, 1], ddof=1)
    assert contributions(tree, judge)[LAYER, name] == pytest.approx(np.sqrt(18) * deviation)


def test_pruning_by_loss_removes_what_only_looks_important():
    judge = objective()
    tree = VValue({LAYER: {"output": {"y0": {":number": 0.0, "x2": 1.0}}}})
    tree, good = add_operation(tree, LAYER, "multiply", ["x0", "x1"])
    tree, bad = add_operation(tree, LAYER, "multiply", ["x2", "x2"])
    weights = {good: 1.0, bad: 5.0}
    tree = tree + VValue({LAYER: {"output": {"y0": weights}}})
    by_loss, _ = prune_operation_by_loss(tree, (), judge)
    by_size, _ = prune_operation(tree, (), judge)
    assert operation_names(by_loss.support, LAYER) == (good,)
    assert operation_names(by_size.support, LAYER) == (bad,)


def test_pruning_by_loss_can_refuse():
    judge = objective()
    tree = VValue({LAYER: {"output": {"y0": {":number": 0.0, "x2": 1.0}}}})
    tree, name = add_operation(tree, LAYER, "multiply", ["x0", "x1"])
    tree = tree + VValue({LAYER: {"output": {"y0": {name: 0.9}}}})
    same, _ = prune_operation_by_loss(tree, (), judge, allowed=0.1)
    assert same is tree
