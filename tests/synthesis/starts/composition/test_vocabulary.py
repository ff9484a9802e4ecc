"""What a user's own neuron types make of numbers is what the engines make of them."""

from __future__ import annotations

import warnings

import autograd.numpy as anp
import numpy as np
import pytest

from dmm import neuron_type
from dmm.neurons import Elementwise
from synthesis.fit import VOCABULARY, Fitted, Names, Synthesizer, read_streams
from synthesis.starts import Composition
from synthesis.starts.composition.atoms import OPERATIONS
from synthesis.starts.composition.vocabulary import known_operations, operations_of
from synthesis.starts.signals import Builder, Signal
from tests.dmm.machines import library_types
from vvalues import NUMBER, VValue


@neuron_type(
    "test-arctan",
    reads=["own"],
    writes=["out_put"],
    kernel=Elementwise(anp.arctan, lambda x: 1.0 / (1.0 + x**2), "math.atan(x)"),
)
def arctan(inputs):
    """A type with a kernel, whose field has the name of an argument."""
    return {"out_put": VValue({NUMBER: np.arctan(inputs["own", NUMBER])})}


@neuron_type("test-halves", reads=["a b", "c"], writes=["less", "more"])
def halves(inputs):
    """A type without a kernel, with two inputs and two outputs."""
    one, other = inputs["a b", NUMBER], inputs["c", NUMBER]
    return {"less": 0.5 * min(one, other), "more": VValue({NUMBER: 0.5 * max(one, other)})}


def by_a_machine(operation, arrays):
    """What a machine with the operation's neuron answers."""
    streams = {f"s{k}": array for k, array in enumerate(arrays)}
    builder = Builder({f"stream-{name}": "stream" for name in streams})
    signal = operation.build(builder, *(Signal.of(f"stream-{name}", "stream") for name in streams))
    machine, _ = builder.circuit([signal]).lowered()
    names = Names.of(read_streams(streams), ("y",), "flat")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it runs on the reference engine
        return Fitted(machine, names).predict(streams)


@neuron_type("test-inverse", reads=["x"], writes=["y"])
def inverse(inputs):
    """A type that is not defined everywhere."""
    return {"y": 1.0 / inputs["x", NUMBER]}


def test_where_a_type_is_not_defined_it_says_nothing():
    (operation,) = operations_of("test-inverse")
    np.testing.assert_array_equal(operation.values(np.array([[0.0, 2.0]])), [[np.nan, 0.5]])


TYPES = [name for name in library_types() if any(operations_of(name))]


@pytest.mark.parametrize("name", [*TYPES, "test-arctan", "test-halves"])
def test_an_operation_does_what_its_neuron_does(name):
    rng = np.random.default_rng(0)
    for operation in operations_of(name):
        arrays = [
            np.concatenate([rng.integers(-2, 3, 30), rng.uniform(-3.0, 3.0, 30)])
            for _ in operation.reads
        ]
        values = operation.values(*(array.reshape(3, 20) for array in arrays))
        np.testing.assert_allclose(values.ravel(), by_a_machine(operation, arrays), atol=1e-12)


def test_types_without_numbers_are_no_operations():
    assert not any(operations_of("stream"))
    assert not any(operations_of("const_1"))
    assert len(list(operations_of("test-halves"))) == 2


def test_the_table_is_not_doubled():
    known = [*known_operations(VOCABULARY, 1), *known_operations(VOCABULARY, 2)]
    assert {operation.name for operation in known} == {operation.name for operation in OPERATIONS}
    assert len(known) == len(OPERATIONS)


def test_a_machine_has_neurons_of_a_users_own_type():
    x = np.random.default_rng(0).normal(size=(20, 12))
    y = np.arctan(x) + np.cumsum(x, axis=1)
    found = Synthesizer(
        vocabulary=(*VOCABULARY, "test-arctan"),
        effort="quick",
        spaces=(Composition(bank=400, largest=3),),
    ).fit({"x": x}, y)
    assert found.verdict_.is_exact
    assert "test-arctan" in found.machine_.neurons.values()
    np.testing.assert_allclose(
        found.predict({"x": 2.0 * x}), np.arctan(2 * x) + 2 * (y - np.arctan(x))
    )
