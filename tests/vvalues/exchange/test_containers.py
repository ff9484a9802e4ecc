"""Nested parameters of any make go in and come out; batches are their trees."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from autograd import grad
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from tests.vvalues.laws import laws
from vvalues import VValue, strategies
from vvalues.testing import assert_trees_close


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass(frozen=True)
class Layer:
    weights: np.ndarray
    bias: float
    name: str = "layer"
    size: int = field(init=False, default=3)


NUMBERS = st.floats(-5, 5)
CONSTANTS = st.sampled_from([None, True, "text", len])
KEYS = st.sampled_from(["a", "b", "c/d", "", 7, 8])
PARAMETERS = st.recursive(
    NUMBERS | CONSTANTS | st.lists(NUMBERS, max_size=3).map(np.array),
    lambda inside: (
        st.dictionaries(KEYS, inside, max_size=3)
        | st.lists(inside, max_size=3)
        | st.lists(inside, max_size=2).map(tuple)
        | st.builds(Pair, inside, inside)
    ),
    max_leaves=8,
)


def same(one, other):
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and np.array_equal(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and all(map(same, one, other)) and len(one) == len(other)
    return one == other and type(one) is type(other)


@laws
@given(PARAMETERS)
def test_parameters_come_back(parameters):
    tree, unwrap = vv.wrap(parameters)
    assert same(unwrap(tree), parameters)
    assert vv.wrap(unwrap(2 * tree))[0] == 2 * tree


def test_all_makes():
    parameters = OrderedDict(
        layers=[Layer(np.ones((2, 3)), 1.0), Layer(np.zeros(2, np.float32), Fraction(1, 2))],
        pair=Pair(np.float32(1.5), (2, None)),
        tree=VValue({"x": {":number": 1, "y": 2}}),
        n_steps=5,
        is_on=True,
    )
    tree, unwrap = vv.wrap(parameters, constant="n_steps")
    assert vv.sum_leaves(tree, 1) == VValue({"layers": 7.5, "pair": 3.5, "tree": 3.0})
    back = unwrap(tree)
    assert type(back) is OrderedDict and type(back["layers"][0]) is Layer
    assert back["n_steps"] == 5 and type(back["n_steps"]) is int and back["is_on"] is True
    assert back["layers"][1].bias == 0.5 and back["layers"][0].size == 3
    assert back["tree"] == parameters["tree"] and back["pair"] == parameters["pair"]
    nothing = unwrap(VValue())
    assert nothing["layers"][0].weights.shape == (2, 3) and nothing["pair"].left == 0.0


def test_a_gradient_through_unwrap():
    tree, unwrap = vv.wrap({"w": np.array([1.0, 2.0]), "b": [3.0]})
    gradient = grad(lambda t: (unwrap(t)["w"] @ np.array([1.0, 10.0])) * unwrap(t)["b"][0])(tree)
    assert_trees_close(gradient, VValue({"w": np.array([3.0, 30.0]), "b": {"0": 21.0}}))


REFUSED = {
    "keys that spell the same": (lambda: vv.wrap({1: 2.0, "1": 3.0}), "two parameters are at 1"),
    "the reserved key": (lambda: vv.wrap({"a": {":number": 1.0}}), "reserved"),
    "an array of objects": (
        lambda: vv.wrap({"a": [np.array([None])]}),
        "array at a/0 holds object",
    ),
    "a leaf without a place": (
        lambda: vv.wrap({"a": 1.0})[1](VValue({"b": 1})),
        "leaf at b, and the parameters have no place",
    ),
    "a batch of nothing": (lambda: vv.stack([]), "at least one V-value"),
    "the mean of one tree": (lambda: vv.mean(VValue({"a": 1})), "mean_leaves"),
    "leaves without an axis": (lambda: vv.unstack(VValue({"a": 1})), r"leaf at a has shape \(\)"),
    "axes of two lengths": (
        lambda: vv.unstack(VValue({"a": np.ones(2), "b": np.ones(3)})),
        r"leaf at b has shape \(3,\); expected a first axis of length 2",
    ),
    "a batch without leaves": (lambda: vv.unstack(VValue()), "does not say how many"),
    "the covariance of one": (lambda: vv.covariance([VValue({"a": 1})]), "at least two"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_the_remedy(name):
    call, words = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=words):
        call()


# ---------- batches ----------


@laws
@given(strategies.pairs(elements=strategies.integers(), arrays={"w": (2,), "m": (2, 3)}))
def test_a_batch_is_its_trees(pair):
    a, b = pair
    batch = vv.stack([a, b, a])
    if len(batch):
        assert vv.unstack(batch) == [a, b, a]
        assert vv.vmap(lambda v: v * v, batch) == batch * batch
    assert vv.mean([a, b, a, b]) == (a + b) / 2
    spread = vv.covariance([a, b])
    assert_trees_close(spread.diagonal(), (a - b) ** 2 / 2, atol=1e-12)
    assert_trees_close(spread @ (a + b), (a - b) * (vv.inner(a - b, a + b) / 2), atol=1e-9)


def test_vmap_of_numbers_and_of_several_batches():
    batch = vv.stack([VValue({"a": 1}), VValue({"a": 3})])
    assert vv.vmap(vv.inner, batch, batch).tolist() == [1.0, 9.0]


class Dense:
    """A type of somebody else: neither a dictionary nor a dataclass."""

    def __init__(self, weights, activation):
        self.weights, self.activation = weights, activation


NODES = {
    Dense: (
        lambda node: {"weights": node.weights},
        lambda node, parts: Dense(parts["weights"], node.activation),
    )
}


def test_types_of_others_are_nodes_when_one_says_how():
    parameters = [Dense(np.ones(2), "tanh"), {"inner": Dense({"w": 3.0}, None)}]
    tree, unwrap = vv.wrap(parameters, nodes=NODES)
    assert tree == VValue({"0": {"weights": np.ones(2)}, "1": {"inner": {"weights": {"w": 3.0}}}})
    made = unwrap(2 * tree)
    assert [type(made[0]), made[0].activation] == [Dense, "tanh"]
    assert np.array_equal(made[0].weights, [2.0, 2.0])
    assert made[1]["inner"].weights == {"w": 6.0}
    assert vv.wrap(parameters)[0] == VValue()  # unknown types stay as they are


def test_one_array_in_two_places_is_one_leaf():
    shared = np.array([1.0, 2.0])
    parameters = {"decode": shared, "encode": [shared, shared.copy()]}
    tree, unwrap = vv.wrap(parameters, tied=True)
    assert list(tree) == [("decode",), ("encode", "1")]

    def loss(tree):
        made = unwrap(tree)
        return (made["decode"] * made["encode"][0] * made["encode"][1]).sum()

    found = grad(loss)(tree)
    expected = VValue({"decode": np.array([2.0, 8.0]), "encode": {"1": np.array([1.0, 4.0])}})
    assert_trees_close(found, expected)
    assert len(vv.wrap(parameters)[0]) == 3  # unless one says so they are apart
