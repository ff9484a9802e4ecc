"""Supports: identity, unions against a plain oracle, and that caches forget."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from vvalues import Support, VValue
from vvalues import strategies as trees
from vvalues.core.support import kept_supports

ARRAYS = {"w": (2,), "m": (2, 3)}


def test_equal_supports_are_one_object():
    one = Support.of([("b",), ("a", "c")])
    assert one is Support.of([("a", "c"), ("b",)], [(), ()])
    assert one is pickle.loads(pickle.dumps(one)) is copy.copy(one) is copy.deepcopy(one)
    assert one is not Support.of([("b",), ("a", "c")], [(2,), ()])
    assert repr(one) == "Support(2 leaves: a/c, b)"
    assert repr(Support.of([("b",)])) == "Support(1 leaf: b)"
    assert ("b",) in one and ("a",) not in one
    assert (one.depth, one.children(), one.size) == (2, ("a", "b"), 2)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="path a/b occurs twice"):
        Support.of([("a", "b"), ("a", "b")])
    with pytest.raises(TypeError, match=r"Support.of\(paths, shapes\)"):
        Support()
    with pytest.raises(ValueError, match=r"leaf at a has shape .* in one .*a path holds one kind"):
        VValue({"a": np.ones(2)}) + VValue({"a": 1.0})
    with pytest.raises(ValueError, match=r"leaf at a has shape \(\) in one .* \(2,\)"):
        VValue({"a": 1.0}) - VValue({"a": np.ones(2), **{f"k{i}": 0.0 for i in range(40)}})


@given(trees.pairs(arrays=ARRAYS))
def test_union_is_that_of_the_paths(pair):
    left, right = (tree.support for tree in pair)
    union, at_left, at_right = left.union(right)
    assert set(union.paths) == set(left.paths) | set(right.paths)
    assert list(union.paths) == sorted(union.paths)
    for part, at in ((left, at_left), (right, at_right)):
        assert (at is None) == (part is union)
        if at is not None:
            elements = np.arange(union.size)[at]
            for i, path in enumerate(part.paths):
                j = union.index[path]
                assert part.shape(i) == union.shape(j)
                assert np.array_equal(
                    elements[part.span(i, i + 1)], np.arange(union.size)[union.span(j, j + 1)]
                )
    again = left.union(right)
    assert again.support is union and again.left is at_left


def test_union_of_a_small_and_a_large_support_in_both_orders():
    large = Support.of((f"k{i}",) for i in range(200))
    inside, outside = Support.of([("k7",), ("k150",)]), Support.of([("k7",), ("z",)])
    assert large.union(inside).support is inside.union(large).support is large
    assert [large.paths[i] for i in large.union(inside).right] == list(inside.paths)
    union = outside.union(large)
    assert len(union.support) == 201
    assert [union.support.paths[i] for i in union.left] == list(outside.paths)
    nothing = Support.of([])
    assert nothing.union(large).support is large.union(nothing).support is large
    assert nothing.union(nothing).support is nothing


PLACES = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 30)), max_size=60)


@given(PLACES, PLACES)
def test_wide_supports_meet_however_their_leaves_lie(left, right):
    """Gaps with leaves of one side, of both in turns, of both one after the other."""
    one, other = (Support.of((f"n{i}", f"k{j:02}") for i, j in part) for part in (left, right))
    union, at_one, at_other = one.union(other)
    assert list(union.paths) == sorted({*one.paths, *other.paths})
    for part, at in ((one, at_one), (other, at_other)):
        positions = range(len(part)) if at is None else at
        assert [union.paths[i] for i in positions] == list(part.paths)


@given(trees.pairs(arrays=ARRAYS))
def test_common_elements(pair):
    left, right = pair
    mine, theirs = left.support.elements(right.support)
    common = [path for path in left.support.paths if path in right.support]
    sizes = [np.size(left._leaf(left.support.index[path])) for path in common]
    assert len(mine) == len(theirs) == sum(sizes)


@given(trees.vvalues(arrays=ARRAYS), trees.paths())
def test_subtree_and_its_span(tree, path):
    support, span = tree.support.subtree(path)
    inside = [p[len(path) :] for p in tree.support.paths if p[: len(path)] == path]
    assert list(support.paths) == inside
    assert span.stop - span.start == support.size


@given(trees.supports(arrays=ARRAYS), trees.paths())
def test_hanging_below_a_path_and_back(support, path):
    assert support.below(path).subtree(path)[0] is support


def test_no_cache_keeps_a_support_alive():
    """A long run meets many supports; each must go when its trees are gone."""
    keeper = VValue({"a": 1.0, "b": {"c": 2.0}})

    def meet(extra):
        visitor = VValue({"b": {"c": 1.0}, **extra})
        vv.inner(keeper + visitor, visitor)
        vv.inner(visitor, keeper)
        vv.mask_multiply(VValue({":number": 2.0}) + keeper * 0, visitor)
        vv.mask_multiply(keeper, visitor)
        vv.linear_combination(visitor, keeper)
        vv.mask_multiply(visitor, visitor)
        return weakref.ref(visitor.support)

    visitors = [
        meet({"a": 3.0, f"visitor {i}": 4.0} if i % 2 else {"b": {f"visitor {i}": 4.0}})
        for i in range(6)
    ]
    gc.collect()
    assert [visitor() for visitor in visitors] == [None] * 6


def test_supports_can_be_kept_for_a_while():
    with kept_supports():
        visitor = weakref.ref(Support.of([("only", "meanwhile")]))
        gc.collect()
        assert visitor() is Support.of([("only", "meanwhile")])
    gc.collect()
    assert visitor() is None


def test_selecting_leaves():
    support = Support.of([("a",), ("b",), ("w",)], [(), (), (2,)])
    assert support.where(np.array([True, True, True])) is support
    assert support.where(np.array([False, True, True])).shapes == ((), (2,))


@pytest.mark.parametrize("keep", [np.ones(4, bool), np.ones(2, bool), np.ones(3, int), True, []])
def test_a_selection_of_leaves_has_one_bool_for_each(keep):
    support = Support.of([("a",), ("b",), ("w",)], [(), (), (2,)])
    with pytest.raises(ValueError, match=r"these 3 leaves \(of 4 elements\) need one bool each"):
        support.where(keep)


def test_threads_that_make_one_support_get_one_object():
    barrier = threading.Barrier(8)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def make(i):
        found = []
        for round_ in range(200):
            barrier.wait()
            found.append(Support.of((str(round_), f"key {k}") for k in range(20)))
        return found

    try:
        with ThreadPoolExecutor(8) as threads:
            per_thread = list(threads.map(make, range(8)))
    finally:
        sys.setswitchinterval(before)
    for together in zip(*per_thread, strict=True):
        assert len(set(map(id, together))) == 1
