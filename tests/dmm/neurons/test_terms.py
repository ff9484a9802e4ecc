"""Neurons that say what they do in terms of elements: terms and activation agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from dmm import get_neuron_type
from dmm.compiled.plastic.supports import elements_of
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


def table_of(neuron_type, inputs):
    """The table of the terms, the numbers it reads, and what it writes where."""
    elements = {name: elements_of(tree) for name, tree in inputs.items()}
    terms = list(neuron_type.terms({name: set(own) for name, own in elements.items()}))
    read = sorted({factor for term in terms for factor in term.factors})
    written = sorted({(term.field, term.element) for term in terms})
    table = TermTable(
        [written.index((term.field, term.element)) for term in terms],
        [[read.index(factor) for factor in term.factors] for term in terms],
    )
    x = np.array([elements[field].get(element, 0.0) for field, element in read])
    return table, x[:, None], written


@pytest.mark.parametrize("name", NAMES)
def test_terms_are_what_the_activation_does(name):
    neuron_type = get_neuron_type(name)
    inputs = inputs_of(neuron_type)
    expected = neuron_type.activation(VValue(dict(inputs)))
    table, x, written = table_of(neuron_type, inputs)
    found = dict(zip(written, table.forward(x)[:, 0], strict=True))
    for field in neuron_type.writes:
        wanted = elements_of(VValue({"s": expected[field.name]})["s"])
        own = {element: value for (name, element), value in found.items() if name == field.name}
        for element in {*wanted, *own}:
            assert own.get(element, 0.0) == pytest.approx(wanted.get(element, 0.0)), element


@pytest.mark.parametrize("name", NAMES)
def test_adjoint_is_the_transpose_of_tangent_and_both_are_derivatives(name):
    neuron_type = get_neuron_type(name)
    table, x, written = table_of(neuron_type, inputs_of(neuron_type))
    rng = np.random.default_rng(0)
    moved, g = rng.standard_normal(x.shape), rng.standard_normal((len(written), 1))
    partials = table.linearise(x)
    tangent = table.tangent(partials, moved)
    assert np.sum(g * tangent) == pytest.approx(np.sum(table.adjoint(partials, g) * moved))
    exact = table.forward(x + 1e-30j * moved).imag / 1e-30
    np.testing.assert_allclose(tangent, exact, atol=1e-12)


def test_a_term_without_factors_is_the_number_one():
    table, x = TermTable([0, 0], [[], [0]]), np.array([[0.5]])
    assert table.forward(x) == [[1.5]]
    assert table.adjoint(table.linearise(x), x) == [[0.5]]
    assert table.tangent(table.linearise(x), x) == [[0.5]]


@examples(100)
@given(st.integers(0, 2**32 - 1))
def test_a_table_adds_up_products(seed):
    rng = np.random.default_rng(seed)
    n_inputs, n_outputs, n_terms = rng.integers(1, 6, 3)
    targets = [*range(n_outputs), *rng.integers(n_outputs, size=n_terms)]
    factors = [rng.integers(n_inputs, size=rng.integers(0, 4)).tolist() for _ in targets]
    # All inputs are read by some term.
    factors[0] = [*factors[0], *range(n_inputs)]
    x = rng.standard_normal((n_inputs, 2, 3))
    expected = np.zeros((n_outputs, 2, 3))
    for target, entries in zip(targets, factors, strict=True):
        expected[target] += np.prod([x[i] for i in entries], axis=0) if entries else 1.0
    table = TermTable(targets, factors)
    np.testing.assert_allclose(table.forward(x), expected, atol=1e-12)
    moved, g = rng.standard_normal(x.shape), rng.standard_normal(expected.shape)
    partials = table.linearise(x)
    tangent = table.tangent(partials, moved)
    exact = table.forward(x + 1e-30j * moved).imag / 1e-30
    np.testing.assert_allclose(tangent, exact, atol=1e-11)
    assert np.sum(g * tangent) == pytest.approx(
        np.sum(table.adjoint(partials, g) * moved), abs=1e-11
    )


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
