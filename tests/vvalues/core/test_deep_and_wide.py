"""Depth 1,000 and 100,000 leaves, or a million: no recursion, no quadratic surprise."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from autograd import grad

import vvalues as vv
from vvalues import NUMBER, Support, VValue, files, from_buffer

DEPTH = 1_000
WIDTHS = [100_000, pytest.param(1_000_000, marks=pytest.mark.heavy)]


def nested(depth, leaf):
    node = leaf
    for i in reversed(range(depth)):
        node = {f"k{i}": node, **({"side": 1.0} if i % 250 == 0 else {})}
    return node


@pytest.fixture(scope="module")
def deep():
    return VValue(nested(DEPTH, 2.0))


def test_deep_trees_compute(deep):
    path = tuple(f"k{i}" for i in range(DEPTH))
    assert deep[path] == 2.0 and deep.support.depth == DEPTH
    assert deep.subtree(path[:-1]) == VValue({path[-1]: 2.0})
    assert VValue(deep.to_dict()).support is deep.support
    assert (deep + VValue({"other": 1.0})).at(path).remove()["other"] == 1.0
    assert grad(vv.squared_norm)(deep) == 2 * deep
    assert vv.linear_combination(VValue({NUMBER: 3.0}), deep) == 3 * deep
    assert vv.mask_multiply(deep, deep)[path] == 4.0


def test_deep_trees_are_stored(deep, tmp_path):
    for name in ("deep.json", "deep.npz"):
        vv.save(deep, tmp_path / name)
        assert vv.load(tmp_path / name) == deep
    assert vv.from_json(vv.to_json(deep, indent=2)).support is deep.support
    assert pickle.loads(pickle.dumps(deep)) == copy.deepcopy(deep) == deep


def test_deep_trees_are_shown(deep):
    lines = str(deep).splitlines()
    assert len(lines) == 8
    assert lines[0].startswith("k0/k1/k2/… 244 more keys …/")
    assert "994 more keys" in repr(deep) and len(repr(deep)) < 1_000
    assert deep._repr_html_().count("</details>") == 3
    bushy = nested(DEPTH, 1.0)
    node = bushy
    for i in range(DEPTH - 1):
        node["leaf"] = 1.0
        node = node[f"k{i}"]
    page = VValue(bushy)._repr_html_(), str(VValue(bushy))
    assert page[0].count("<details") == page[0].count("</details>") == 100
    assert page[1].endswith("more leaves")


@pytest.fixture(scope="module", params=WIDTHS)
def wide(request):
    groups = (f"g{i:04}" for i in range(request.param // 1_000))
    keys = [f"x{j:03}" for j in range(1_000)]
    support = Support.of(((group, key) for group in groups for key in keys), is_sorted=True)
    return from_buffer(support, np.arange(float(request.param)))


def test_wide_trees_compute(wide):
    n = wide.support.size
    assert len(wide) == n
    other = vv.restrict(wide.at("g0001").remove(), wide.at("g0001").remove().support)
    total = wide + other.at("new").set(1.0)
    assert len(total) == n + 1 and total["g0001", "x000"] == 1_000.0
    gradient = grad(vv.squared_norm)(wide)
    assert gradient.support is wide.support
    assert gradient[f"g{n // 1_000 - 1:04}", "x999"] == 2.0 * (n - 1)
    assert len(vv.prune(wide, n / 2)) == n // 2


def test_wide_trees_are_shown(wide):
    n = wide.support.size
    assert str(wide).endswith(f"… {n - 200} more leaves")
    assert repr(wide).endswith(f"… {n - 12} more leaves}})")
    assert f"VValue, {n} leaves" in wide._repr_html_()


def test_wide_trees_are_stored(wide):
    again = files.from_npz(files.to_npz(wide))
    assert again.support is wide.support and np.array_equal(again.buffer, wide.buffer)
    assert VValue(wide["g0000"].to_dict()) == wide["g0000"]


@pytest.mark.heavy
def test_wide_trees_go_through_nested_dicts_and_json(wide):
    assert VValue(wide.to_dict()).support is wide.support
    assert vv.from_json(vv.to_json(wide)).support is wide.support
