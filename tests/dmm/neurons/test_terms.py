"""Neurons that say what they do in terms of elements: terms and activation agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from dmm import get_neuron_type
from dmm.compiled.plastic.following import elements_of
from dmm.neurons import TermTable, contraction
from tests.examples import examples
from vvalues import VValue
from vvalues.testing import check_tree_gradients

NAMES = (
    "cons", "delay(1)", "delay(3)", "first", "gate", "label(a/b,c)", "label(a,a)",
    "linear_combination", "mask_multiply", "matrix_product", "plasticity", "rest",
)  # fmt: skip

STREAMS = {
    "number": VValue({":number": 2.0}),
    "tree": VValue({":number": -1.0, "this": {"a": 3.0}, "rest": {"this": {"b": 0.5}}, "x": 4.0}),
    "line": VValue({"1": {"a": 1.0}, "2": {":number": 3.0}, "3": {"b": 2.0}, "4": {"c": 1.0}}),
    "part": VValue({"this": 2.0, "rest": {"this": {"b": -3.0}}}),
}


def inputs_of(neuron_type) -> dict[str, VValue]:
    kinds = {"gate": "number", "line": "line", "mask": "part", "post": "part", "left": "part"}
    return {
        field.name: STREAMS["number" if field.is_scalar else kinds.get(field.name, "tree")]
        for field in neuron_type.reads
    }


def table(targets, factors, n_inputs):
    """A table of terms over so many inputs, behind which the number 1 stands."""
    most = max(1, *map(len, factors))
    full = [[*entries, *[n_inputs] * (most - len(entries))] for entries in factors]
    return TermTable(np.array(targets), np.array(full), n_inputs)


def behind(x, number):
    """Inputs with the number that is behind them."""
    return np.concatenate([x, np.full((*x.shape[:-1], 1), number)], axis=-1)


def placed(values, places, size):
    """Values at their places in a vector of zeros."""
    out = np.zeros((*values.shape[:-1], size), values.dtype)
    out[..., places] = values
    return out


def table_of(neuron_type, inputs):
    """The table of the terms, the numbers it reads, and what it writes where."""
    elements = {name: elements_of(tree) for name, tree in inputs.items()}
    terms = list(neuron_type.terms({name: set(own) for name, own in elements.items()}))
    read = sorted({factor for term in terms for factor in term.factors})
    written = sorted({(term.field, term.element) for term in terms})
    found = table(
        [written.index((term.field, term.element)) for term in terms],
        [[read.index(factor) for factor in term.factors] for term in terms],
        len(read),
    )
    return found, np.array([elements[f].get(element, 0.0) for f, element in read]), written


def assert_derivatives_are_right(own, x, n_outputs, rng):
    """The tangent is the derivative, the adjoint its transpose."""
    moved, g = rng.standard_normal(x.shape), rng.standard_normal((*x.shape[:-1], n_outputs))
    partials = own.linearise(behind(x, 1.0))
    tangent = placed(own.tangent(partials, behind(moved, 0.0)), own.moved, n_outputs)
    exact = own.forward(behind(x + 1e-30j * moved, 1.0)).imag / 1e-30
    np.testing.assert_allclose(tangent, exact, atol=1e-11)
    back = placed(own.adjoint(partials, g), own.inputs, x.shape[-1])
    assert np.sum(g * tangent) == pytest.approx(np.sum(back * moved), abs=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_terms_are_what_the_activation_does(name):
    neuron_type = get_neuron_type(name)
    inputs = inputs_of(neuron_type)
    expected = neuron_type.activation(VValue(dict(inputs)))
    own, x, written = table_of(neuron_type, inputs)
    assert own.outputs.tolist() == list(range(len(written)))
    found = dict(zip(written, own.forward(behind(x, 1.0)), strict=True))
    for field in neuron_type.writes:
        wanted = elements_of(VValue({"s": expected[field.name]})["s"])
        own = {element: value for (name, element), value in found.items() if name == field.name}
        for element in {*wanted, *own}:
            assert own.get(element, 0.0) == pytest.approx(wanted.get(element, 0.0)), element


@pytest.mark.parametrize("name", NAMES)
def test_adjoint_is_the_transpose_of_tangent_and_both_are_derivatives(name):
    neuron_type = get_neuron_type(name)
    own, x, written = table_of(neuron_type, inputs_of(neuron_type))
    assert_derivatives_are_right(own, x, len(written), np.random.default_rng(0))


def test_a_term_without_factors_is_the_number_one():
    own, x = table([0, 0], [[], [0]], 1), np.array([0.5, 1.0])
    assert own.forward(x) == [1.5]
    assert own.adjoint(own.linearise(x), x[:1]) == [0.5]
    assert own.tangent(own.linearise(x), np.array([0.5, 0.0])) == [0.5]


@examples(100)
@given(st.integers(0, 2**32 - 1))
def test_a_table_adds_up_products(seed):
    rng = np.random.default_rng(seed)
    n_inputs, n_outputs, n_terms = rng.integers(1, 6, 3)
    targets = [*range(n_outputs), *rng.integers(n_outputs, size=n_terms)]
    factors = [rng.integers(n_inputs, size=rng.integers(0, 4)).tolist() for _ in targets]
    x = rng.standard_normal((2, 3, n_inputs))
    expected = np.zeros((2, 3, n_outputs))
    for target, entries in zip(targets, factors, strict=True):
        expected[..., target] += np.prod([x[..., i] for i in entries], axis=0) if entries else 1.0
    own = table(targets, factors, n_inputs)
    np.testing.assert_allclose(own.forward(behind(x, 1.0)), expected, atol=1e-12)
    assert_derivatives_are_right(own, x, n_outputs, rng)


def test_array_leaves_are_no_activities():
    with pytest.raises(ValueError, match="pre has an array leaf"):
        list(
            get_neuron_type("plasticity").terms(
                {"gate": {()}, "post": {("a",)}, "pre": {("b", 0)}, "mask": {("a", "b")}}
            )
        )


@pytest.mark.parametrize("argument", ["", "a//b", "a,", ":number"])
def test_labels_are_paths(argument):
    with pytest.raises(ValueError, match="labels are paths with commas"):
        get_neuron_type(f"label({argument})")


@pytest.mark.parametrize("name", ["linear_combination", "mask_multiply"])
@pytest.mark.parametrize("leaf", [("a", 0), (0,)])
def test_a_mask_of_arrays_is_refused(name, leaf):
    with pytest.raises(ValueError, match="the mask has an array leaf"):
        list(get_neuron_type(name).terms({"mask": [leaf], "main": [("a",)]}))


def test_a_contraction_is_a_matrix_product_with_gradients():
    rng = np.random.default_rng(0)
    one, two = rng.standard_normal((3, 2)), rng.standard_normal((2, 4))

    def tree(matrix, rows, columns):
        return VValue(
            {row: dict(zip(columns, of, strict=True)) for row, of in zip(rows, matrix, strict=True)}
        )

    left, right = tree(one, "abc", "xy"), tree(two, "xy", "uvwz")
    assert vv.max_norm(contraction(left, right) - tree(one @ two, "abc", "uvwz")) < 1e-12
    check_tree_gradients(contraction, left, right)


@pytest.mark.parametrize("name", ["left", "right"])
def test_a_matrix_of_arrays_is_refused(name):
    elements = {"left": [("a",)], "right": [("a",)], name: [("a", 0)]}
    with pytest.raises(ValueError, match=f"{name} has an array leaf"):
        list(get_neuron_type("matrix_product").terms(elements))
