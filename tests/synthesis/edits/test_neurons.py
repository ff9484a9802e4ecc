"""Adding and deleting neurons: elastic trees, network matrices, perceptrons; memory follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures import Perceptron
from synthesis.architectures.elastic import ElasticNetwork
from synthesis.edits.neurons import (
    AxisNeurons,
    KeyedNeurons,
    add_neuron,
    delete_neuron,
    hidden_units,
    machine_neurons,
    neuron_leaves,
)
from synthesis.optimize.optimizers import adagrad, adam, chain, clip
from synthesis.process.models import MachineModel
from synthesis.process.places import shown
from synthesis.tasks import get_task
from tests.examples import examples
from vvalues import VValue, from_buffer


def rng(seed=0):
    return np.random.default_rng(seed)


def stirred(tree, state, optimizer):
    """Parameters and state after a step with a random gradient."""
    gradient = from_buffer(tree.support, rng(9).standard_normal(tree.size))
    step, state = optimizer.update(gradient, state, tree)
    return tree + step, state


# -------------------- keys --------------------


@given(seed=st.integers(0, 999), size=st.integers(2, 7), at=st.integers(0, 6))
@examples(25)
def test_memory_of_the_living_stays_and_of_the_deleted_goes(seed, size, at):
    model = ElasticNetwork()
    places = model.places()
    optimizer = chain(clip(5.0), adagrad(0.1))
    tree = model.initial(rng(seed), size)
    tree, state = stirred(tree, optimizer.init(tree), optimizer)
    name = model.neurons(tree)[at % size]
    smaller, small_state = delete_neuron(tree, state, places, names=[name])
    memory = small_state[1].memory
    assert memory.support is smaller.support
    assert name not in model.neurons(smaller)
    for path, value in smaller.items():
        assert value == tree[path] and memory[path] == state[1].memory[path]
    larger, large_state = add_neuron(smaller, small_state, places, rng(seed))
    new = places.fresh_name(smaller)
    assert model.neurons(larger)[-1] == new
    assert large_state[1].memory.support is larger.support
    assert not np.any(neuron_leaves(large_state[1].memory, places, new).buffer)
    assert delete_neuron(larger, large_state, places, names=[new])[0] == smaller


def test_a_new_neuron_of_an_elastic_network_is_linked_with_all():
    model = ElasticNetwork()
    tree, _ = add_neuron(model.initial(rng(), 3), (), model.places(), rng())
    leaves = neuron_leaves(tree, model.places(), "neuron-4")
    assert leaves["neuron-4", "multiplier"] == 0.05 and leaves["neuron-4", "bias"] == 0.0
    assert len(leaves) == 4 + 3 + 4 + 4 + 2
    assert model.loss(tree, np.array([0, 1, 2])) > 0


def test_a_deleted_neuron_is_inherited_as_far_as_its_other_ends_live():
    model = ElasticNetwork()
    places = model.places()
    tree = model.initial(rng(), 4)
    old = neuron_leaves(tree, places, "neuron-2")
    tree, _ = delete_neuron(tree, (), places, names=["neuron-2", "neuron-3"])
    tree, _ = add_neuron(tree, (), places, rng(1), inherit=("neuron-2", old))
    assert model.neurons(tree) == ("neuron-1", "neuron-4", "neuron-5")
    for path in [("recurrent", "neuron-1"), ("input", "a"), ("output", "("), ("multiplier",)]:
        assert tree[("neuron-5", *path)] == old[("neuron-2", *path)]
    assert tree["neuron-1", "recurrent", "neuron-5"] == old["neuron-1", "recurrent", "neuron-2"]
    assert tree["neuron-5", "recurrent", "neuron-5"] == old["neuron-2", "recurrent", "neuron-2"]


def test_neurons_of_a_dataflow_matrix_machine():
    """A neuron whose links out are cut can go; one that nothing reads can come."""
    task = get_task("duplicate-detector@layered-2x1")
    model = MachineModel(task.space(rng()), observed=task.observed)
    tree = model.initial(rng())
    places = machine_neurons()
    optimizer = adam(0.01)
    tree, state = stirred(tree, optimizer.init(tree), optimizer)
    names = [name for name in places.names(tree) if "-" in name and name != "output"]
    name = names[0]
    reads = [p for p in tree.support.paths if p[2] == name]
    silent = tree
    for path in reads:
        silent = silent.at(path).set(0.0)
    smaller, small_state = delete_neuron(silent, state, places, names=[name])
    assert all(name not in (p[0], p[2]) for p in smaller.support.paths)
    assert small_state.first.support is small_state.second.support is smaller.support
    inputs, _ = task.batch(rng())
    np.testing.assert_allclose(model(smaller, inputs), model(silent, inputs), atol=1e-12)


def test_a_new_neuron_of_a_machine_is_wired_like_the_newest():
    tree = VValue(
        {
            "norm-1": {"dict": {"input": {"char": 1.0}}},
            "norm-2": {"dict": {"norm-1": {"norm": 2.0}, "norm-2": {"norm": 4.0}}},
            "output": {"dict-1": {"norm-2": {"norm": 3.0}}},
        }
    )
    places = KeyedNeurons(lambda p: tuple(i for i in (0, 2) if p[i].startswith("norm")))
    larger, _ = add_neuron(tree, (), places, rng())
    added = {p for p in larger.support.paths if "norm-3" in p}
    assert added == {
        ("norm-3", "dict", "norm-1", "norm"),
        ("norm-3", "dict", "norm-2", "norm"),
        ("norm-3", "dict", "norm-3", "norm"),
        ("norm-2", "dict", "norm-3", "norm"),
        ("output", "dict-1", "norm-3", "norm"),
    }


def test_a_neuron_is_added_to_a_machine():
    """Like one there is; with links of zero it changes nothing, with others it does."""
    task = get_task("duplicate-detector@layered-2x1")
    space = task.space(rng())
    like = next(name for name in names_of(space) if name.startswith("norm"))
    outputs = []
    for scale in (0.0, 1.0):
        places = machine_neurons(like, scale)
        tree, _ = add_neuron(space.trainable, (), places, rng())
        (new,) = set(places.names(tree)) - set(names_of(space))
        neurons = {**space.neurons, new: space.neurons[like]}
        machine = replace(space, neurons=neurons, trainable=tree)
        model = MachineModel(machine, observed=task.observed)
        outputs.append(model(tree, task.batch(rng())[0]))
    before = MachineModel(space, observed=task.observed)(space.trainable, task.batch(rng())[0])
    np.testing.assert_allclose(outputs[0], before, atol=1e-12)
    assert np.abs(outputs[1] - before).max() > 1e-3


def names_of(machine):
    return machine_neurons().names(machine.trainable)


# -------------------- first values --------------------


PLACES = {
    "keys": lambda **scale: KeyedNeurons((0, 1), **scale),
    "machine": lambda **scale: machine_neurons(**scale),
    "axes": lambda **scale: AxisNeurons({("w",): 0}, **scale),
    "units": lambda **scale: hidden_units(1, **scale),
}


def some_tree(name):
    if name == "keys":
        return VValue({f"n-{i}": {f"n-{j}": 1.0 for j in range(1, 41)} for i in range(1, 41)})
    if name == "machine":
        many = {f"norm-{i}": {"norm": 1.0} for i in range(1, 41)}
        return VValue({f"norm-{i}": {"dict": many} for i in range(1, 41)})
    if name == "axes":
        return VValue({"w": np.ones((3, 80))})
    return Perceptron([80, 3, 2]).initial(rng())


@pytest.mark.parametrize("name", list(PLACES))
@pytest.mark.parametrize("scale", [None, 0.3])
def test_the_first_values_of_a_new_neuron_have_the_size_that_is_asked_for(name, scale):
    places = PLACES[name](**({} if scale is None else {"scale": scale}))
    tree, _ = add_neuron(some_tree(name), (), places, rng(4))
    first = neuron_leaves(tree, places, places.names(tree)[-1])
    assert np.std(first.buffer) == pytest.approx(scale or 0.01, rel=0.3)
    assert np.abs(first.buffer).max() < 5.0 * (scale or 0.01)


def test_nothing_is_like_a_neuron_that_is_not_there():
    with pytest.raises(ValueError, match="no neuron that a new one could be like"):
        add_neuron(VValue(), (), KeyedNeurons((0,)), rng())


@given(st.integers(1, 12))
def test_names_are_shown_up_to_six(n):
    names = [f"n-{i}" for i in range(n)]
    told = shown(names)
    assert told == (", ".join(names) if n <= 6 else "n-0, n-1, n-2, n-3, n-4, n-5, ...")


# -------------------- indices --------------------


def test_hidden_units_of_a_perceptron():
    model = Perceptron([5, 4, 3, 2], "tanh")
    optimizer = adam(0.1)
    tree = model.initial(rng())
    tree, state = stirred(tree, optimizer.init(tree), optimizer)
    inputs = rng().standard_normal((6, 5))
    places = hidden_units(1)
    larger, large_state = add_neuron(tree, state, places, rng())
    assert large_state.first.support is larger.support
    assert not np.any(large_state.first["layer-1", "weights"][:, 4])
    wide = Perceptron([5, 5, 3, 2], "tanh")
    weights = np.array(larger["layer-2", "weights"])
    weights[4] = 0.0
    silent = larger.at(("layer-2", "weights")).set(weights)
    np.testing.assert_allclose(wide(silent, inputs), model(tree, inputs), atol=1e-14)
    back, back_state = delete_neuron(larger, large_state, places, names=["4"])
    assert back == tree and back_state.second == state.second
    smaller, _ = delete_neuron(tree, state, places, names=["0", "2"])
    assert Perceptron([5, 2, 3, 2], "tanh")(smaller, inputs).shape == (6, 2)


def test_the_last_layer_has_no_hidden_units():
    tree = Perceptron([3, 2, 2]).initial(rng())
    with pytest.raises(ValueError, match="no leaf at layer-3/weights"):
        add_neuron(tree, (), hidden_units(2), rng())


def test_units_come_back_to_an_emptied_layer():
    tree = Perceptron([3, 2, 2]).initial(rng())
    state = adam(0.1).init(tree)
    empty, state = delete_neuron(tree, state, hidden_units(1), names=["0", "1"])
    again, state = add_neuron(empty, state, hidden_units(1), rng())
    assert again.support.shape(again.support.index["layer-1", "weights"]) == (3, 1)
    assert Perceptron([3, 1, 2])(again, np.ones((1, 3))).shape == (1, 2)


def test_a_hidden_unit_is_inherited():
    model = Perceptron([3, 4, 2])
    tree, places = model.initial(rng()), hidden_units(1)
    old = neuron_leaves(tree, places, "1")
    tree, _ = delete_neuron(tree, (), places, names=["1"])
    tree, _ = add_neuron(tree, (), places, rng(), inherit=("1", old))
    np.testing.assert_array_equal(tree["layer-1", "weights"][:, 3], old["layer-1", "weights"])
    np.testing.assert_array_equal(tree["layer-2", "weights"][3], old["layer-2", "weights"])


def test_one_neuron_is_chosen_by_chance_when_none_is_named():
    tree = VValue({"w": np.arange(5.0)})
    places = AxisNeurons({("w",): 0})
    left = {tuple(delete_neuron(tree, (), places, rng(i))[0]["w"]) for i in range(60)}
    assert len(left) == 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t, c: delete_neuron(t, (), c), "give the neurons to delete, or a generator"),
        (lambda t, c: delete_neuron(t, (), c, names=["x"]), "no neuron 'x'; there are neuron-1"),
        (lambda t, c: add_neuron(t, (), c, rng(), name="neuron-1"), "'neuron-1' already"),
        (lambda t, c: neuron_leaves(t, c, "neuron-9"), "no neuron 'neuron-9'"),
        (lambda t, c: add_neuron(t, (), hidden_units(1), rng()), "no leaf at layer-1/weights"),
        (
            lambda t, c: add_neuron(t, (), machine_neurons("x"), rng()),
            "like: there is no neuron 'x'",
        ),
        (lambda t, c: hidden_units(0), "layer is 0; the first hidden layer is 1"),
    ],
)
def test_bad_calls_are_named(call, message):
    model = ElasticNetwork()
    with pytest.raises(ValueError, match=message):
        call(model.initial(rng(), 2), model.places())
