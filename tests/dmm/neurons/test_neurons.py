"""Neuron types: the registry, families, and each type of the library on simple streams."""

from __future__ import annotations

import math

import numpy as np
import pytest
from autograd import grad
from autograd.test_util import check_grads

import vvalues as vv
from dmm import (
    Field,
    family,
    get_neuron_type,
    machine_neuron,
    neuron_type,
    neuron_types,
    register,
    zoo,
)
from dmm.neurons import (
    Elementwise,
    Kernel,
    NeuronType,
    NumberFunction,
    families,
    logistic,
    parse_field,
    tanh,
)
from dmm.neurons.products import clamp
from tests.dmm.machines import library_types, types_with_kernel
from vvalues import VValue


def fire(kind, inputs, *external):
    outputs = get_neuron_type(kind).activation(VValue(inputs), *external)
    return {field: VValue({"": 0.0}) * 0.0 + as_tree(stream) for field, stream in outputs.items()}


def as_tree(stream):
    return stream if isinstance(stream, VValue) else VValue({vv.NUMBER: stream})


def test_a_type_in_three_lines():
    @neuron_type("triple-for-test", reads=["dict"], writes=["dict"])
    def triple(inputs):
        return {"dict": 3.0 * inputs.subtree("dict")}

    assert fire("triple-for-test", {"dict": {"a": 2.0}}) == {"dict": VValue({"a": 6.0})}
    assert "triple-for-test" in neuron_types()
    register(get_neuron_type("triple-for-test"))  # the same one again is fine
    with pytest.raises(ValueError, match="'triple-for-test' is registered already"):
        register(NeuronType("triple-for-test", (), (), lambda inputs: {}))


def test_unknown_types_are_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown neuron type 'nope'; known types: accum, "):
        get_neuron_type("nope")
    with pytest.raises(ValueError, match=r"unknown neuron type 'nope\(3\)'"):
        get_neuron_type("nope(3)")


def test_fields_are_spelled_or_given():
    assert parse_field("dict-1") == Field("dict-1")
    assert parse_field("norm/:number") == Field("norm", is_scalar=True)
    assert parse_field(Field("x", kind="image")).kind == "image"
    accum = get_neuron_type("accum")
    assert accum.read_field("dict-2") == Field("dict-2")
    assert accum.read_field("nothing") is None
    assert accum.written_field("dict") == Field("dict")


@pytest.mark.parametrize("name", library_types())
def test_every_type_says_where_it_is_from_and_what_it_does(name):
    neuron_type = get_neuron_type(name)
    assert neuron_type.source or name == "stream"
    assert neuron_type.activation.__doc__
    assert neuron_type.is_source or name in {row[0] for row in EXPECTED}, "no row in EXPECTED"


A, B = {"a": 2.0, "b": -3.0}, {"a": 5.0}

EXPECTED = [
    ("accum", {"dict-1": A, "dict-2": B}, {"dict": {"a": 7.0, "b": -3.0}}),
    ("identity", {"dict": A}, {"dict": A}),
    ("register", {"single": A}, {"single": A}),
    (
        "plasticity",
        {
            "gate": {":number": 2.0},
            "post": {"cell": {"dict": 3.0}, "other": {"dict": 1.0}},
            "pre": {"x": {"stream": 5.0}, "y": {"stream": -1.0}},
            "mask": {"cell": 1.0, "other": {"dict": {"y": 0.5}}},
        },
        {
            "delta": {
                "cell": {"dict": {"x": {"stream": 30.0}, "y": {"stream": -6.0}}},
                "other": {"dict": {"y": {"stream": -1.0}}},
            }
        },
    ),
    (
        "matrix_product",
        {
            "left": {":number": 9.0, "x": 10.0, "a": {"x": 1.0, "y": 2.0}},
            "right": {":number": 9.0, "x": {":number": 3.0, "u": 4.0}, "y": 5.0},
        },
        {"dict": {":number": 30.0, "u": 40.0, "a": {":number": 13.0, "u": 4.0}}},
    ),
    (
        "trials",
        {
            "population": {"one": {"c": {"dict": {"x": {"stream": 2.0}, "y": {"stream": 1.0}}}}},
            "outputs": {"x": {"stream": 5.0}, "y": {"stream": -3.0}},
            "answers": {"c": {"dict": 4.0}},
        },
        {"losses": {"one": 9.0}},
    ),
    (
        "selection",
        {"population": {"one": {"a": 1.0}, "two": {"a": 2.0}}, "losses": {"one": 5.0, "two": 3.0}},
        {"best": {"a": 2.0}, "loss": 3.0},
    ),
    (
        "mutation",
        {"parent": A, "changes": {"one": {"a": 1.0}}},
        {"population": {"parent": A, "one": {"a": 3.0, "b": -3.0}}},
    ),
    ("accumulator", {"accum": A, "delta": B}, {"single": {"a": 7.0, "b": -3.0}}),
    ("norm", {"dict": A}, {"norm": 3.0}),
    ("dot", {"dict-1": A, "dict-2": B}, {"dot": 4.0}),
    ("dot100", {"dict-1": A, "dict-2": B}, {"dot": 10.0}),
    ("dot_free", {"dict-1": {"a": 30.0}, "dict-2": B}, {"dot": 150.0}),
    ("dot_soft", {"dict-1": A, "dict-2": B}, {"dot": 4.0 * math.tanh(2.5)}),
    ("compare", {"dict-1": 3.0, "dict-2": 1.0}, {"true": 2.0, "false": 0.0}),
    ("const_1", {}, {"const_1": 1.0}),
    ("eos", {}, {"char": {".": 1.0}}),
    ("timer", {"timer": 4.0}, {"timer": 5.0}),
    ("relu", {"dict": A}, {"dict": {"a": 2.0}}),
    ("tanh", {"dict": {"a": 1.0}}, {"dict": {"a": math.tanh(1.0)}}),
    ("square", {"dict": A}, {"dict": {"a": 4.0, "b": 9.0}}),
    ("normalised", {"dict": A}, {"dict": {"a": 2.0 / 14.0, "b": -3.0 / 14.0}}),
    ("sigmoid", {}, {"number": 0.5}),
    ("sigmoid", {"number": 800.0}, {"number": 1.0}),
    ("softplus", {"number": -800.0}, {"number": 0.0}),
    ("softplus", {"number": 0.0}, {"number": math.log(2.0)}),
    ("gate", {"gate": -1.0, "dict": A}, {"dict": {"a": -2.0, "b": 3.0}}),
    ("multiplexer", {"gate": 0.25, "dict-1": B, "dict-2": A}, {"dict": {"a": 2.75, "b": -2.25}}),
    ("less_or_equal", {"left": 2.0, "right": 1.0}, {"true-channel": 0.0, "false-channel": 1.0}),
    ("less_or_equal", {"left": A, "right": B}, {"true-channel": 1.0, "false-channel": 0.0}),
    ("less_or_equal", {}, {"true-channel": 1.0, "false-channel": 0.0}),
    ("mask_multiply", {"mask": {"a": 2.0}, "main": A}, {"single": {"a": 4.0}}),
    ("linear_combination", {"mask": {"a": 2.0, "b": 1.0}, "main": A}, {"single": 1.0}),
    ("event_list", {"signal": A, "self": B}, {"self": {"this": A, "rest": B}}),
    ("event_list", {"self": B}, {"self": B}),
    ("output", {"dict-1": A}, {}),
    ("oscillator", {"frequency": 0.5, "phase": 0.75}, {"wave": 1.0, "phase": 0.25}),
    ("oscillator", {"frequency": -0.5, "phase": 0.25}, {"wave": -1.0, "phase": 0.75}),
    ("running_max", {"number": 2.0, "best": 3.0}, {"best": 3.0}),
    ("cons", {"this": A, "rest": B}, {"list": {"this": A, "rest": B}}),
    ("first", {"list": {"this": A, "rest": B}}, {"this": A}),
    ("rest", {"list": {"this": A, "rest": B}}, {"rest": B}),
    ("delay(1)", {"dict": A, "line": {"1": B}}, {"dict": B, "line": {"1": A}}),
    (
        "cells(2)",
        {"number": 7.0, "to": 1.6, "from": 1.4, "cells": {"1": 5.0}},
        {"number": 5.0, "cells": {"1": 5.0, "2": 7.0}},
    ),
    ("cells(2)", {"number": 7.0, "to": 1.0, "from": 1.0}, {"number": 7.0, "cells": {"1": 7.0}}),
    (
        "cells(2)",
        {"number": 7.0, "to": 3.0, "cells": {"1": 5.0}},
        {"cells": {"1": 5.0}, "number": 0.0},
    ),
]


@pytest.mark.parametrize(("kind", "inputs", "expected"), EXPECTED)
def test_what_neurons_do(kind, inputs, expected):
    outputs = get_neuron_type(kind).activation(VValue(inputs))
    assert set(outputs) == set(expected)
    for field, stream in expected.items():
        difference = as_tree(outputs[field]) - VValue(
            {vv.NUMBER: stream} if isinstance(stream, float) else stream
        )
        assert vv.max_norm(difference) < 1e-12, field


def test_a_delay_delays():
    machine = zoo.machine_of(
        {"x": "stream", "late": "delay(3)"},
        fixed="late.line <- late.line\nlate.dict <- x.stream",
    )
    from dmm import run, streams_from_trees

    entries = [VValue({"t": float(t)}) for t in range(1, 8)]
    outputs = run(machine, streams_from_trees({"x": [entries]})).outputs
    assert [tree["late", "dict", "t"] for tree in outputs] == [0, 0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("delay(0)", "from 1 to 1000"),
        ("delay(x)", "from 1 to 1000"),
        ("delay(²)", "from 1 to 1000"),
        ("delay(1001)", "from 1 to 1000"),
        ("delay(100000000)", "from 1 to 1000"),
        ("delay(" + "9" * 5000 + ")", "from 1 to 1000"),
        ("cells(0)", "from 1 to 1000000"),
        ("cells(1000001)", "from 1 to 1000000"),
        ("cells(-1)", "from 1 to 1000000"),
        ("cells(007)", r"neuron type 'cells\(007\)' is spelled 'cells\(7\)'"),
        ("delay(03)", r"neuron type 'delay\(03\)' is spelled 'delay\(3\)'"),
        ("delay(٣)", r"is spelled 'delay\(3\)'"),
        ("superfluid(" * 2000 + ")" * 2000, "is itself a mixture of types"),
        ("superfluid(accum,superfluid(norm,sigmoid))", "is itself a mixture of types"),
        ("functions(superfluid(norm))", "is itself a mixture of types"),
        ("superfluid(accum,accum)", "different neuron types"),
        ("superfluid(nope)", "unknown neuron type 'nope'"),
        ("superfluid(input)", "reads an external stream"),
    ],
)
def test_families_refuse(name, message):
    with pytest.raises(ValueError, match=message):
        get_neuron_type(name)


def test_a_mixture_is_the_sum_of_its_parts_and_keeps_its_function():
    inputs = {"dict": A, "dict-1": A, "dict-2": B, ":function": {"accum": 0.5, "norm": 2.0}}
    outputs = get_neuron_type("superfluid(accum,norm)").activation(VValue(inputs))
    assert outputs["dict"] == VValue({"a": 3.5, "b": -1.5})
    assert outputs["norm"] == VValue({vv.NUMBER: 6.0})
    assert outputs[":function"] == VValue({"accum": 0.5, "norm": 2.0})
    with pytest.raises(ValueError, match=r":function holds a coefficient for dot; .* accum, norm"):
        inputs = VValue({":function": {"dot": 1.0}})
        get_neuron_type("superfluid(accum,norm)").activation(inputs)


def test_a_machine_as_a_neuron_refuses_ports_it_does_not_have():
    detector = zoo.duplicate_detector()
    with pytest.raises(
        ValueError, match="'accum', which is accum; it must be of the type 'stream'"
    ):
        machine_neuron("one", detector, reads={"dict": "accum"}, writes={})
    with pytest.raises(ValueError, match="inner input output/dict-9"):
        machine_neuron("two", detector, reads={}, writes={"dict": ("output", "dict-9")})
    with pytest.raises(ValueError, match="inner_ticks is 0"):
        machine_neuron("three", detector, reads={}, writes={}, inner_ticks=0)


FUNCTIONS = [
    name
    for name in types_with_kernel()
    if isinstance(get_neuron_type(name).kernel, (Elementwise, NumberFunction))
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_kernels_are_smooth_functions_of_complex_numbers(name):
    # The complex step needs analytic continuations that agree with the real functions.
    x = np.linspace(-3.0, 3.0, 7) + 1e-30j
    kernel = get_neuron_type(name).kernel
    np.testing.assert_allclose(kernel.function(x).real, kernel.function(x.real), atol=1e-15)
    slope = kernel.function(x).imag / 1e-30
    np.testing.assert_allclose(slope, kernel.derivative(x.real), atol=1e-12)


def test_a_hyperbolic_tangent_has_derivatives_in_both_modes_to_second_order():
    check_grads(tanh, order=2)(np.array([-3.0, 0.0, 0.4]))
    check_grads(tanh, order=2, modes=["rev"])(0.5 + 0.2j)


@pytest.mark.parametrize("x", [-400.0, 400.0, 1e300])
@pytest.mark.parametrize("function", [tanh, logistic])
def test_derivatives_far_out_do_not_overflow(function, x):
    assert grad(function)(x) == grad(grad(function))(x) == 0.0


def test_a_kernel_must_have_its_four_methods():
    class Half(Kernel):
        def forward(self, inputs):
            return inputs

    with pytest.raises(TypeError, match=r"adjoint.*linearise.*tangent"):
        Half()


def test_two_families_cannot_share_a_name():
    with pytest.raises(ValueError, match="a family of neuron types is called 'delay' already"):
        family("delay")(lambda argument: get_neuron_type("identity"))
    assert {"cells", "delay"} <= set(families())


@pytest.mark.parametrize("infinite", [math.inf, -math.inf])
def test_a_clamp_takes_infinity(infinite):
    assert clamp(infinite, 4.0) == math.copysign(4.0, infinite)
    assert math.isnan(clamp(math.nan, 4.0))
