"""How types are written: what a kernel says, what a card says instead, and the expressions."""

from __future__ import annotations

import numpy as np
import pytest

from dmm.neurons import (
    Compare,
    DotProduct,
    Elementwise,
    Field,
    Linear,
    MaxNorm,
    NeuronType,
    Spelling,
    StreamReader,
    Sum,
    get_neuron_type,
)
from dmm.neurons.spelling import Call, Symbol

X, Y = (Linear(((Symbol(("n", name), 1), 1.0),)) for name in "xy")
IN, OUT = (Field("x"), Field("y", is_scalar=True)), (Field("out"),)


def card(kernel=None, **options) -> NeuronType:
    return NeuronType("card for test", IN, OUT, lambda inputs: {}, kernel, **options)


def test_a_type_is_spelled_as_its_kernel_says_unless_it_says_so_itself():
    assert card(MaxNorm()).spelling.letter == "m"
    assert card(MaxNorm()).spelling.python == "return {'out': {(): largest(read('x'))}}"
    assert (
        card(Sum(2.0)).spelling.python
        == "return {'out': add(read('x'), number(read('y')), {(): 2.0})}"
    )
    own = Spelling(letter="q", python="return {}")
    assert card(MaxNorm(), spelling=own).spelling == own
    assert card().spelling == card(StreamReader()).spelling == Spelling()


@pytest.mark.parametrize(("kernel", "letter"), [(Sum(), "a"), (Sum(1.0), ""), (Compare(), "r")])
def test_sums_and_comparisons_are_short_enough_to_be_inlined(kernel, letter):
    writes = OUT if isinstance(kernel, Sum) else (Field("true"), Field("false"))
    spelling = kernel.spelling(IN, writes)
    assert spelling.is_inlined and spelling.letter == letter


def test_what_a_sum_and_a_comparison_add_up():
    (total,) = Sum(0.5).spelling(IN, OUT).equation(X, Y * -2.0)
    assert total == Linear((*X.terms, *(Y * -2.0).terms), 0.5)
    both = Compare().spelling(IN, (Field("true"), Field("false"))).equation(X, Y)
    inner = [atom.arguments[0] for output in both for atom, _ in output.terms]
    assert inner == [X + Y * -1.0, Y + X * -1.0]


def test_signs_are_pulled_out_of_norms_and_products():
    (norm,) = MaxNorm().spelling(IN[:1], OUT).equation(X * -3.0)
    ((atom, factor),) = norm.terms
    assert isinstance(atom, Call) and atom.arguments == (X * 3.0,) and factor == 1.0
    (dot,) = DotProduct(4.0).spelling(IN, OUT).equation(X * -1.0, Y)
    assert dot.terms[0][1] == -1.0
    assert DotProduct(4.0, is_soft=True).spelling(IN, OUT).equation is None


def test_a_function_of_nothing_is_nothing():
    assert MaxNorm().spelling(IN[:1], OUT).equation(Linear()) == [Linear()]


@pytest.mark.parametrize(
    ("function", "python"),
    [(np.arctan, "math.atan(x)"), (np.sin, "math.sin(x)"), (lambda x: 3.0 * x, "")],
)
def test_functions_of_numpy_are_known_by_what_they_are(function, python):
    assert Elementwise(function, function).python == python
    assert Elementwise(function, function, "3.0 * x").python == "3.0 * x"


def test_a_function_is_not_taken_for_its_namesake():
    def sin(x):
        return 2.0 * x

    assert Elementwise(sin, sin).python == ""
    assert Elementwise(sin, sin).spelling(IN[:1], OUT) == Spelling()


def test_a_mixture_names_the_types_its_program_calls():
    assert get_neuron_type("superfluid(accum,norm)").spelling.calls == ("accum", "norm")
