"""Edits of links: what is smallest, what costs least, with leaves that are numbers and arrays."""

from __future__ import annotations

import numpy as np
import pytest

import vvalues as vv
from synthesis.edits import (
    ablation_losses,
    prune_by_ablation,
    prune_by_magnitude,
    zero_smallest_elements,
)
from synthesis.optimize import adam
from vvalues import VValue

TREE = VValue({"a": np.array([1.0, 1e-9]), "b": 3.0, "c": np.array([[0.5, -4.0]]), "d": -2.0})


class Distance:
    """The squared distance from a tree, with weights; all leaves live."""

    def __init__(self, target, weights):
        self.target, self.weights = target.buffer, weights.buffer

    def losses(self, support, rows):
        return np.sum(self.weights * (rows - self.target) ** 2, axis=1)

    def living(self, support):
        return support


@pytest.mark.parametrize(
    ("count", "left"), [(0, "abcd"), (1, "bcd"), (2, "bc"), (3, "c"), (4, ""), (9, "")]
)
def test_leaves_are_dropped_whole_the_smallest_first(count, left):
    pruned, moments = prune_by_magnitude(TREE, adam(0.1).init(TREE), count=count)
    assert [path[0] for path in pruned] == list(left)
    assert pruned == vv.restrict(TREE, pruned.support)
    assert moments.first.support is pruned.support


def test_ablation_takes_whole_leaves_by_what_they_cost():
    worth = VValue({"a": np.array([9.0, 9.0]), "b": 0.01, "c": np.array([[1.0, 1.0]]), "d": 1.0})
    objective = Distance(TREE, worth)
    losses = ablation_losses(objective, TREE)
    assert losses == pytest.approx([9.0, 0.09, 16.25, 4.0])
    pruned, _ = prune_by_ablation(TREE, (), objective, count=2)
    assert [path[0] for path in pruned] == ["a", "c"]


def test_elements_are_zeroed_where_they_are_with_a_pattern_that_says_so():
    thinned, pattern = zero_smallest_elements(TREE, count=3)
    assert thinned.support is pattern.support is TREE.support
    assert thinned.buffer.tolist() == [0.0, 0.0, 3.0, 0.0, -4.0, -2.0]
    assert pattern.buffer.tolist() == [0.0, 0.0, 1.0, 0.0, 1.0, 1.0]
    assert zero_smallest_elements(TREE, count=0)[0] == TREE
    assert not np.any(zero_smallest_elements(TREE, count=99)[0].buffer)
