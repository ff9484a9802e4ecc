"""Pytrees of other libraries; each test is skipped where the library is absent."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from vvalues import NUMBER, Support, VValue
from vvalues.exchange import interop
from vvalues.exchange.interop import LeafTree

V = VValue({"a": 1.5, "b": {NUMBER: 2.0, "c": 3.0}, "w": np.arange(6.0).reshape(2, 3)})


def test_leaf_trees_read_like_trees():
    tree = LeafTree(V.support, ["A", "B", "C", "W"])
    assert (tree["a"], tree["b", NUMBER], tree["b"]["c"], tree["zzz"]) == ("A", "B", "C", 0.0)
    assert tree["w", NUMBER] == "W" and tree["a", "b", NUMBER] == 0.0
    assert dict(tree.items())["b", "c"] == "C" and len(tree) == 4
    assert repr(tree["b"]) == "LeafTree({(): 'B', ('c',): 'C'})"
    with pytest.raises(ValueError, match="1 leaves for a support of 4"):
        LeafTree(V.support, ["A"])


# ---------- optree ----------


@pytest.fixture
def optree():
    library = pytest.importorskip("optree", reason="optree is not installed")
    interop.register_optree()
    interop.register_optree()  # once is enough, twice does no harm
    return library


def test_optree_maps_and_accesses(optree):
    options = {"namespace": "vvalues"}
    doubled = optree.tree_map(lambda x: 2 * x, V, **options)
    assert doubled == 2 * V and type(doubled) is VValue
    leaves, structure = optree.tree_flatten({"v": V, "x": 1}, **options)
    assert len(leaves) == 5
    assert optree.tree_unflatten(structure, leaves)["v"] == V
    accessors = optree.tree_accessors(V, **options)
    assert [a.codify("v") for a in accessors][:2] == ["v[('a',)]", "v[('b', ':number')]"]
    for accessor, leaf in zip(accessors, optree.tree_leaves(V, **options), strict=True):
        assert np.array_equal(accessor(V), leaf)


def test_optree_without_the_namespace_sees_one_leaf(optree):
    assert optree.tree_leaves(V) == [V]


def test_optree_refuses_trees_of_different_support(optree):
    with pytest.raises(ValueError, match="ismatch"):
        optree.tree_map(lambda x, y: x + y, V, VValue({"a": 1.0}), namespace="vvalues")


def test_optree_leaves_that_are_not_numbers(optree):
    named = optree.tree_map(str, V, namespace="vvalues")
    assert isinstance(named, LeafTree) and named["a"] == "1.5"
    assert optree.tree_map(lambda s: len(s) * 1.0, named, namespace="vvalues")["a"] == 3.0


# ---------- jax ----------


@pytest.fixture
def jax():
    try:
        library = pytest.importorskip("jax", reason="jax is not installed")
    except AttributeError as error:
        pytest.skip(f"the installed jax does not work with the installed numpy: {error}")
    interop.register_jax()
    interop.register_jax()
    return library


def test_jax_differentiates_with_respect_to_a_tree(jax):
    def function(v):
        return v["a"] ** 2 * v["b", "c"] + v["b", NUMBER] + (v["w"] ** 2).sum()

    expected = VValue({"a": 9.0, "b": {NUMBER: 1.0, "c": 2.25}, "w": 2 * V["w"]})
    assert jax.grad(function)(V) == expected
    assert jax.jit(jax.grad(function))(V) == expected


def test_jax_maps_and_names_paths(jax):
    assert jax.tree_util.tree_map(lambda x: -x, V) == -V
    paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(V)]
    assert paths == ["[('a',)]", "[('b', ':number')]", "[('b', 'c')]", "[('w',)]"]
    assert jax.jit(lambda v: v)(V) == V


def test_jax_batches_become_array_leaves(jax):
    batched = jax.vmap(lambda x: VValue({"a": 0.0}) if x is None else LeafTree(SINGLE, [x]))(
        np.arange(3.0)
    )
    assert batched == VValue({"a": np.arange(3.0)})


SINGLE = Support.of([("a",)])


# ---------- torch ----------


def test_torch_registration_against_a_stand_in(monkeypatch):
    """What torch's registry is given flattens and unflattens; torch itself need not be there."""
    registered = {}
    package, utils = types.ModuleType("torch"), types.ModuleType("torch.utils")
    pytree = types.ModuleType("torch.utils._pytree")
    pytree.register_pytree_node = lambda node, flatten, unflatten: registered.update(
        {node: (flatten, unflatten)}
    )
    utils._pytree, package.utils = pytree, utils
    modules = {"torch": package, "torch.utils": utils, "torch.utils._pytree": pytree}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    interop.register_torch.__wrapped__()
    flatten, unflatten = registered[VValue]
    leaves, context = flatten(V)
    assert context is V.support and unflatten(leaves, context) == V
    assert isinstance(unflatten([object()] * 4, context), LeafTree)
    assert set(registered) == {VValue, LeafTree}


def test_torch_itself():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    interop.register_torch()
    pytree = torch.utils._pytree
    assert pytree.tree_map(lambda x: x * 2, V) == 2 * V
    leaves, structure = pytree.tree_flatten(V)
    assert len(leaves) == 4 and pytree.tree_unflatten(leaves, structure) == V


@pytest.mark.parametrize("library", ["optree", "jax", "torch"])
def test_an_absent_library_is_an_import_error(library, monkeypatch):
    for name in [library, *(each for each in sys.modules if each.startswith(f"{library}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError):
        getattr(interop, f"register_{library}").__wrapped__()
