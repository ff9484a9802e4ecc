"""Patterns mean what a slow reading of them means; parts, names and levels keep every leaf."""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np
import pytest
from autograd import grad
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from tests.vvalues.laws import laws
from vvalues import NUMBER, VValue, strategies
from vvalues.patterns import matches, selected

EXACT = {"elements": strategies.integers(), "max_leaves": 8, "arrays": {"w": (2,)}}
TREES = strategies.vvalues(**EXACT)
PATTERNS = strategies.patterns()
LEVELS = st.integers(-3, 3)


def slowly(keys, path):
    """Whether a node of the path is meant by the keys of a pattern, one after the other."""
    if not keys:
        return True
    if keys == [NUMBER]:
        return not path
    if keys[0] == "**":
        return slowly(keys[1:], path) or (bool(path) and slowly(keys, path[1:]))
    return bool(path) and fnmatchcase(path[0], keys[0]) and slowly(keys[1:], path[1:])


@laws
@given(PATTERNS, strategies.paths(max_depth=4))
def test_a_pattern_means_what_a_slow_reading_means(pattern, path):
    assert matches(pattern)(path) == slowly(pattern.split("/"), path)


@given(strategies.paths(alphabet=None), strategies.paths(alphabet=None))
def test_an_escaped_path_means_itself_and_what_is_below(path, other):
    is_meant = matches(vv.escape_pattern(path))
    assert is_meant(path) and is_meant(path + other)
    assert is_meant(other) == (other[: len(path)] == path)


@given(TREES)
def test_what_displays_print_is_a_pattern(tree):
    for path, leaf in tree.items():
        part = vv.select(tree, vv.format_path(path))
        assert part.subtree(path) == tree.subtree(path)
        assert np.array_equal(part[(*path, NUMBER)], leaf)


@laws
@given(TREES, PATTERNS, PATTERNS)
def test_parts_add_up(tree, one, other):
    parts = vv.partition(tree, one, other)
    assert sum(len(part) for part in parts) == len(tree)
    assert parts[0] + parts[1] + parts[2] == tree
    assert parts[0] + parts[1] == vv.select(tree, one, other) == vv.select(tree, [one, other])
    assert parts[2].support is vv.drop(tree, one, other).support
    assert vv.update(tree, one, lambda part: 2 * part) == tree + vv.select(tree, one)


@laws
@given(strategies.pairs(**EXACT), PATTERNS, strategies.integers())
def test_selection_is_linear_and_self_adjoint(pair, pattern, n):
    a, b = pair
    assert vv.select(n * a + b, pattern) == n * vv.select(a, pattern) + vv.select(b, pattern)
    assert vv.inner(vv.select(a, pattern), b) == vv.inner(a, vv.select(b, pattern))


@laws
@given(TREES, LEVELS, LEVELS)
def test_levels_come_back(tree, level, other):
    rebuilt = vv.split_level(vv.merge_levels(tree, level, "|"), level, "|")
    if level >= 0:
        assert rebuilt == tree
    try:
        swapped = vv.swap_levels(tree, level, other)
    except ValueError as error:
        assert "would meet" in str(error)
    else:
        assert vv.swap_levels(swapped, level, other) == tree


@laws
@given(strategies.vvalues(elements=strategies.integers(), max_leaves=8), LEVELS)
def test_sums_survive_new_names(tree, level):
    total = vv.sum_leaves(tree)
    assert vv.sum_leaves(vv.drop_level(tree, level, add=True)) == total
    assert vv.sum_leaves(vv.relabel(tree, lambda path: path[:1], add=True)) == total
    if all(tree.support.paths):
        assert vv.relabel(tree, lambda path: path[:1], add=True) == vv.sum_leaves(tree, 1)
    longer = vv.relabel(tree, lambda path: ("new", *path))
    assert vv.relabel(longer, {"new": ()}) == longer.subtree("new") == tree


def test_patterns_of_other_kinds():
    tree = VValue({"a": {NUMBER: 1, "x": 0, "y": -3}, "b": np.array([0.0, 2.0])})
    assert vv.select(tree, ("a", NUMBER)) == VValue({"a": 1})
    assert vv.select(tree, "a/:number").support.paths == (("a",),)
    assert vv.select(tree, tree) == tree and len(vv.select(tree, tree)) == 3
    assert vv.select(tree, VValue({"a": 5, "z": 1}).support) == VValue({"a": 1})
    assert vv.select(tree, [("a", "x"), "b"]).support.paths == (("a", "x"), ("b",))
    assert len(vv.select(tree)) == len(vv.select(tree, "z")) == len(vv.select(tree, [])) == 0
    assert vv.select(tree, "**") is tree is vv.select(tree, "(root)")
    assert vv.partition(VValue(), "a") == (VValue(), VValue())


def test_what_a_text_selects_is_remembered():
    support = VValue({"a": {"x": 1}, "b": {"x": 2}}).support
    assert selected(support, "*/x", "b") is selected(support, "*/x", "b")


def test_the_gradient_of_a_selection_is_exact():
    tree = VValue({"a": {"x": 1.0}, "b": {"x": 2.0}})
    assert grad(lambda v: vv.squared_norm(vv.select(v, "a")))(tree) == VValue({"a": {"x": 2}})


REFUSED = {
    "stars inside a key": (lambda v: vv.select(v, "a**"), "whole keys"),
    "keys below a scalar": (lambda v: vv.select(v, ":number/a"), "holds a scalar only"),
    "a number": (lambda v: vv.select(v, 3), "expected a text"),
    "a key that is none": (lambda v: vv.select(v, (3,)), "keys of a V-value are str"),
    "leaves that meet": (lambda v: vv.drop_level(v, 0), "a/x and b/x would meet at x; add=True"),
    "shapes that meet": (
        lambda v: vv.drop_level(v + VValue({"c": {"x": np.ones(2)}}), 0, add=True),
        r"of shapes \(\) and \(2,\), would meet at x",
    ),
    "an order that is none": (lambda v: vv.sorted_items(v, "size"), "expected one of 'path'"),
    "an empty separator": (lambda v: vv.split_level(v, 0, ""), "at least one character"),
    "a dict": (lambda v: vv.select(v.to_dict(), "a"), "VValue"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_the_remedy(name):
    call, words = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=words):
        call(VValue({"a": {"x": 1}, "b": {"x": 2}}))


def test_leaves_in_order():
    tree = VValue({"n10": 1, "n2": np.array([-5.0, 4.0]), "n1": 2})
    assert [path for path, _ in vv.sorted_items(tree)] == [("n1",), ("n2",), ("n10",)]
    assert [path for path, _ in vv.sorted_items(tree, "value")] == [("n10",), ("n1",), ("n2",)]
    assert vv.sorted_items(tree, "magnitude", descending=True)[0][0] == ("n2",)


# -------------------- elements --------------------


@given(strategies.vvalues(arrays={"w": (2, 2)}), strategies.patterns())
def test_positions_are_those_of_the_flat_array(tree, pattern):
    flat, at = vv.ravel(tree), vv.positions(tree, pattern)
    assert np.array_equal(flat[at], vv.ravel(vv.select(tree, pattern)))
    assert len(vv.labels(tree)) == tree.size


def test_labels_say_which_element_it_is():
    tree = VValue({"a": 1.0, "b": {"w": np.zeros((2, 2)), "v": np.zeros(2)}, "c/d": 2.0})
    assert vv.labels(tree) == [
        "a", "b/v[0]", "b/v[1]", "b/w[0,0]", "b/w[0,1]", "b/w[1,0]", "b/w[1,1]", "c\\/d",
    ]  # fmt: skip
    assert vv.positions(tree, "b/w").tolist() == [3, 4, 5, 6]
