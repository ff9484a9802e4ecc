"""Construction, access, updates, equality and what a V-value refuses."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest
from autograd import grad
from hypothesis import given

import vvalues as vv
from vvalues import NUMBER, VValue, as_path, format_path, natural_key, parse_path
from vvalues import strategies as trees

V = VValue({"foo": {NUMBER: 2, "bar": 7}, "baz": {"foo": {"bar": -4}}, NUMBER: 3.5})


def test_the_example_of_the_paper():
    """arXiv:1712.07447, section 3: 3.5 + 2 (foo) + 7 (foo bar) - 4 (baz foo bar)."""
    assert dict(V.items()) == {
        (): 3.5,
        ("baz", "foo", "bar"): -4.0,
        ("foo",): 2.0,
        ("foo", "bar"): 7.0,
    }
    assert list(V) == [(), ("baz", "foo", "bar"), ("foo",), ("foo", "bar")]
    assert (len(V), V.size, bool(V), bool(VValue())) == (4, 4, True, False)


def test_reading():
    assert V["foo", "bar"] == V["foo"]["bar"] == V["foo", "bar", NUMBER] == 7.0
    assert V["foo", NUMBER] == 2.0 and V[NUMBER] == 3.5
    assert V["baz"] == V.subtree("baz") == VValue({"foo": {"bar": -4}})
    assert V["nothing"] == 0.0 and V["baz", NUMBER] == 0.0
    assert V.subtree("nothing") == VValue() and V.subtree(("foo", "bar")) == VValue({NUMBER: 7})
    assert V.get("nothing", None) is None and V.get(["foo", "bar"]) == 7.0
    assert "foo" in V and ("foo", "bar") in V and ("bar",) not in V
    assert ("foo", NUMBER) in V and ("baz", NUMBER) not in V and NUMBER in V


def test_updates_leave_the_original_alone():
    assert V.at("foo").set(1.0).to_dict() == {
        NUMBER: 3.5,
        "baz": {"foo": {"bar": -4.0}},
        "foo": 1.0,
    }
    assert V.at(("foo", NUMBER)).set(1.0)["foo"] == VValue({NUMBER: 1.0, "bar": 7.0})
    assert V.at(("foo", NUMBER)).remove()["foo"] == VValue({"bar": 7.0})
    assert V.at("foo").add(1.0)["foo", NUMBER] == 3.0
    assert V.at("new").set({"x": np.ones(2)})["new", "x"].tolist() == [1.0, 1.0]
    assert vv.put(V, "foo", {"y": 1})["foo"] == VValue({"y": 1})
    assert V["foo", "bar"] == 7.0
    same = V.at(("foo", "bar")).set(8)
    assert same.support is V.support


def test_numbers_become_floats():
    tree = VValue({"a": 1, "b": np.int64(2), "c": np.float32(0.5), "d": Fraction(1, 4)})
    assert tree.to_dict() == {"a": 1.0, "b": 2.0, "c": 0.5, "d": 0.25}
    assert all(type(leaf) is float for _, leaf in tree.items())
    integers = VValue({"a": np.arange(3)})
    assert integers["a"].dtype == np.float64


def test_one_vector_one_representation():
    assert VValue({"k": {NUMBER: 5}}).support is VValue({"k": 5}).support
    assert VValue({"k": VValue({NUMBER: 5}), "e": {}}) == VValue({"k": 5})
    assert VValue(2.5) == VValue({NUMBER: 2.5})
    assert VValue(V) is V


def test_arrays_are_copied_and_read_only():
    source = np.ones(2)
    tree = VValue({"a": source})
    source[0] = 9
    assert tree["a"].tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        tree["a"][0] = 9
    with pytest.raises(ValueError, match="read-only"):
        tree.buffer[0] = 9
    with pytest.raises(AttributeError, match=r"immutable: use v.at\(path\).set\(x\)"):
        tree.buffer = source


def test_subclasses_would_be_unknown_to_autograd():
    with pytest.raises(TypeError, match="VValue is final"):
        type("Mine", (VValue,), {})


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"a": {"b": "x"}}, r"leaf at a/b is str 'x'; expected a real number"),
        ({"a": True}, "leaf at a is bool True"),
        ({"a": 1j}, "leaf at a is complex"),
        ({"a": [1.0, 2.0]}, r"leaf at a is list .*np.array\(...\)"),
        ({"a": np.array(["x"])}, "leaf at a is ndarray"),
        ({"a": None}, "leaf at a is NoneType None"),
        ({"a": {1: 2.0}}, r"at a has the key 1 of type int; keys are str: .* str\(key\)"),
        ({"a": {NUMBER: {"b": 1.0}}}, "at a/:number is dict; ':number' holds the node's own"),
    ],
)
def test_what_is_not_a_tree_of_real_numbers(mapping, words):
    with pytest.raises(TypeError, match=words):
        VValue(mapping)


def test_bad_paths_and_parts():
    with pytest.raises(TypeError, match="path 0 is int; expected a key"):
        V[0]
    with pytest.raises(TypeError, match=r"has the key 1 of type int; .*str\(key\)"):
        V["foo", 1]
    with pytest.raises(ValueError, match="goes below ':number'"):
        V[NUMBER, "a"]
    with pytest.raises(TypeError, match="scalar at foo/:number cannot be replaced by a tree"):
        V.at(("foo", NUMBER)).set({"a": 1})
    with pytest.raises(ValueError, match="two parts overlap at a/b"):
        vv.assemble({"a": VValue({"b": 1.0}), ("a", "b"): 1.0})
    with pytest.raises(ValueError, match="two parts overlap at a"):
        vv.assemble({"a": 1.0, ("a", NUMBER): 1.0})


def test_bad_arguments_of_operations():
    with pytest.raises(ValueError, match="threshold is -1; expected a number >= 0"):
        vv.prune(V, -1)
    with pytest.raises(ValueError, match="mode is 'clojure'; expected one of canonical, compat"):
        vv.linear_combination(V, V, mode="clojure")
    with pytest.raises(ValueError, match=r"mask leaf at w is an array of shape \(2,\)"):
        vv.mask_multiply(VValue({"w": np.ones(2)}), V)
    with pytest.raises(ValueError, match=r"matrix leaf at a has depth 1; .* at least 2 keys"):
        vv.apply_matrix(VValue({"a": 1.0}), V, 2)
    with pytest.raises(ValueError, match="level is -1; expected a number of keys, 0 or more"):
        vv.apply_matrix(V, V, -1)
    with pytest.raises(ValueError, match=r"buffer has shape \(3,\); this support needs \(4,\)"):
        vv.from_buffer(V.support, np.ones(3))
    with pytest.raises(ValueError, match=r"add a leaf of shape \(2,\) \(from b\) to one of shape"):
        vv.linear_combination(VValue({"a": 1, "b": 1}), VValue({"a": 1.0, "b": np.ones(2)}))
    with pytest.raises(ValueError, match=r"array has shape \(3,\); this support needs \(4,\)"):
        vv.unravel(np.ones(3), V.support)
    with pytest.raises(ValueError, match=r"of shape \(2, 2\); .* need shape \(1, 2\)"):
        vv.from_dense(np.ones((2, 2)), ["a"], ["b", "c"])
    with pytest.raises(ValueError, match="array is a VValue"):
        vv.from_dense(V, ["a"], ["b", "c"])
    with pytest.raises(ValueError, match="two entries of the matrix are at a/b"):
        vv.dense(V, ["a", "a"], ["b"])
    with pytest.raises(ValueError, match=r"leaf at a/b is an array of shape \(2,\)"):
        vv.dense(VValue({"a": {"b": np.ones(2)}}), ["a"], ["b"])
    with pytest.raises(ZeroDivisionError):
        V / 0
    with pytest.raises(TypeError, match=r"argument tree is dict .*wrap it in VValue"):
        vv.l1_norm({"a": 1})


def test_dense_leaves_out_what_is_elsewhere():
    matrix = vv.dense(V, ["foo", "baz"], [(), "bar", ("foo", "bar")])
    assert matrix.tolist() == [[2.0, 7.0, 0.0], [0.0, 0.0, -4.0]]


def test_equality_is_that_of_vectors_and_hash_agrees():
    padded = V + VValue({"zero": 0.0, "other": {"zero": -0.0}})
    assert padded == V and hash(padded) == hash(V) and len(padded) == len(V) + 2
    assert V != V * 2 and V != 3.5 and V != {"foo": 1}
    assert VValue({"a": 1.0}) != VValue({"a": np.ones(1)})
    nan = VValue({"a": float("nan")})
    assert nan != nan
    assert {V: "found"}[padded] == "found"


def test_equality_keeps_the_meaning_of_infinity_and_nan():
    inf, nan = float("inf"), float("nan")
    padded = VValue({"a": inf, "w": np.array([-inf, 0.0]), "b": 0.0, "z": np.zeros(3)})
    plain = VValue({"a": inf, "w": np.array([-inf, 0.0])})
    assert padded == plain and hash(padded) == hash(plain)
    assert padded != VValue({"a": -inf, "w": np.array([-inf, 0.0])})
    assert padded != VValue({"a": 1.0, "w": np.array([-inf, 0.0])})
    assert VValue({"a": nan, "b": 0.0}) != VValue({"a": nan})
    assert VValue({"a": nan, "b": 0.0}) != VValue({"b": 0.0})


def test_equality_of_vectors_is_transitive_whatever_the_shapes():
    zeros = (VValue(), VValue({"a": 0.0}), VValue({"a": np.zeros(2)}), VValue({"a": np.zeros(0)}))
    assert all(one == other for one in zeros for other in zeros)
    assert len({hash(zero) for zero in zeros}) == 1
    assert VValue({"a": 0.0, "b": 1.0}) == VValue({"a": np.zeros(2), "b": 1.0})
    assert VValue({"a": 0.0, "b": 1.0}) != VValue({"a": np.zeros(2), "b": np.ones(1)})


def test_pruning_does_not_drop_nan_in_silence():
    assert set(vv.prune(VValue({"a": float("nan"), "b": 0.1, "c": 2.0}), 1.0)) == {("a",), ("c",)}


def test_copies_and_pickles():
    assert copy.copy(V) is V and copy.deepcopy(V) is V
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(V, protocol))
        assert again == V and again.support is V.support
        assert not again.buffer.flags.writeable


@given(trees.vvalues(alphabet=None, max_leaves=4))
def test_any_string_is_a_key(tree):
    for path, leaf in tree.items():
        assert parse_path(format_path(path)) == path or format_path(path) == "(root)"
        assert tree[(*path, NUMBER)] == leaf
    assert VValue(tree.to_dict()) == tree


def test_path_spellings():
    assert as_path(("a", NUMBER)) == ("a",)
    assert sorted(["n10", "n2", "n1b", "n1"], key=natural_key) == ["n1", "n1b", "n2", "n10"]
    assert format_path(("a/b", "", "c\\d")) == r"a\/b/\0/c\\d"
    assert parse_path(r"a\/b/\0/c\\d") == ("a/b", "", "c\\d")


def test_spelled_paths_do_not_steer_terminals():
    path = ("red \x1b[31m", "two\nlines", "\u202eback", "\U000e0001", "\ud800", "x")
    spelled = format_path(path)
    assert spelled.isprintable()
    assert spelled == r"red \x1b[31m/two\x0alines/\u202eback/\U000e0001/\ud800/x"
    assert parse_path(spelled) == path
    for damaged in (r"a\x", r"a\xg1", r"a\u12", r"\Uffffffff"):
        with pytest.raises(ValueError, match="expected the number of a character"):
            parse_path(damaged)


def test_natural_order_takes_numbers_of_any_length():
    long = "n" + "9" * 5000
    assert sorted([long, "n10", "n09", "n2"], key=natural_key) == ["n2", "n09", "n10", long]


def test_importing_is_light():
    import subprocess
    import sys

    heavy = ["hypothesis", "optree", "jax", "torch", "treescope", "vvalues.strategies"]
    code = f"import sys, vvalues; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_spelled_path_is_never_a_silent_zero():
    tree = VValue({"b": {"c": 1.0}, "m/s": 2.0})
    for read in (tree.__getitem__, tree.subtree, tree.get, tree.at, tree.__contains__):
        with pytest.raises(ValueError, match=r'write v\["b", "c"\]'):
            read("b/c")
    assert tree[parse_path("b/c")] == 1.0 and tree["m/s"] == 2.0
    with pytest.raises(ValueError, match=r'write v\["m/s"\]'):
        tree[r"m\/s"]  # as displays print it
    assert tree["b/d"] == tree["b", "d"] == 0.0  # neither is there: both readings are zero
    assert tree.at(("b/c",)).set(3.0)["b/c"] == 3.0
    with pytest.raises(ValueError, match=r"parse_path\('b/c'\)"):
        grad(lambda v: v["b/c"])(tree)
