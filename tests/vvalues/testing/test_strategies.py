"""The strategies keep their promises and shrink to small trees."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import vvalues as vv
from vvalues import NUMBER, VValue
from vvalues import strategies as trees

ARRAYS = {"w": (2,), "m": (2, 3)}
SEARCH = settings(max_examples=5_000, database=None, suppress_health_check=list(HealthCheck))


def shrunk(strategy, condition):
    return find(strategy, condition, settings=SEARCH)


@given(trees.same_support_pairs(arrays=ARRAYS))
def test_same_support_pairs(pair):
    assert pair[0].support is pair[1].support


@given(trees.overlapping_pairs(arrays=ARRAYS))
def test_overlapping_pairs(pair):
    assert set(pair[0]) & set(pair[1])


@given(trees.disjoint_pairs(arrays=ARRAYS))
def test_disjoint_pairs(pair):
    assert not set(pair[0]) & set(pair[1])
    assert vv.inner(*pair) == 0.0


@given(trees.triples(arrays=ARRAYS))
def test_array_leaves_have_the_shape_of_their_key(triple):
    for tree in triple:
        for i, path in enumerate(tree.support.paths):
            assert tree.support.shape(i) == (ARRAYS.get(path[-1], ()) if path else ())


@given(trees.vvalues(min_leaves=2, max_leaves=3, min_depth=1, max_depth=2, alphabet=["x", "y"]))
def test_sizes_depths_and_keys(tree):
    assert 2 <= len(tree) <= 3
    assert all(1 <= len(path) <= 2 and set(path) <= {"x", "y"} for path in tree)


@given(trees.numbers(away_from=[0.0, 1.0], margin=0.25), trees.integers(3))
def test_numbers_keep_away_from_kinks_without_rejection(x, n):
    assert abs(x) >= 0.25 and abs(x - 1.0) >= 0.25
    assert n in range(-3, 4) and type(n) is float


@given(trees.keys(None))
def test_any_key_but_the_reserved_one(key):
    assert isinstance(key, str) and key != NUMBER


@pytest.mark.thorough
@pytest.mark.parametrize(
    "kind", [trees.same_support_pairs(), trees.overlapping_pairs(), trees.disjoint_pairs()]
)
def test_pairs_reach_large_trees(kind):
    without_shrinking = settings(SEARCH, phases=[Phase.generate])
    find(kind, lambda pair: len(pair[0]) >= 4 and len(pair[1]) >= 3, settings=without_shrinking)


@pytest.mark.thorough
def test_pairs_cover_the_three_relations():
    same = shrunk(trees.pairs(), lambda p: p[0].support is p[1].support and len(p[0]) > 0)
    assert same == (VValue({NUMBER: 0}), VValue({NUMBER: 0}))
    disjoint = shrunk(trees.pairs(), lambda p: all(p) and not set(p[0]) & set(p[1]))
    assert [len(tree) for tree in disjoint] == [1, 1]
    partly = shrunk(trees.pairs(), lambda p: set(p[0]) & set(p[1]) and set(p[0]) ^ set(p[1]))
    assert sorted(len(tree) for tree in partly) == [1, 2]


def test_failing_trees_shrink_to_few_shallow_simple_leaves():
    tree = shrunk(trees.vvalues(), lambda v: len(v) >= 2 and vv.l1_norm(v) > 3)
    assert len(tree) == 2 and tree.support.depth == 1
    assert sorted(abs(x) for x in tree.buffer) in ([0.0, 4.0], [1.0, 3.0], [1.0, 2.0])
    deep = shrunk(trees.vvalues(), lambda v: v.support.depth == 3)
    assert dict(deep.items()) == {("a", "a", "a"): 0.0}


@given(st.data())
def test_supports_are_drawn_alone_too(data):
    support = data.draw(trees.supports(max_leaves=3))
    assert len(support) <= 3
