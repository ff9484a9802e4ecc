"""Neurons that say what they do in terms of elements: terms and activation agree."""

from __future__ import annotations

import numpy as np
import pytest

from dmm import get_neuron_type
from dmm.compiled.plastic.supports import elements_of
from dmm.neurons import Field, Stream, Term, TermsKernel
from vvalues import VValue

NAMES = (
    "cons", "delay(1)", "delay(3)", "first", "label(a/b,c)", "label(a,a)", "linear_combination",
    "mask_multiply", "plasticity", "rest",
)  # fmt: skip

STREAMS = {
    "number": VValue({":number": 2.0}),
    "tree": VValue({":number": -1.0, "this": {"a": 3.0}, "rest": {"this": {"b": 0.5}}, "x": 4.0}),
    "line": VValue({"1": {"a": 1.0}, "2": {":number": 3.0}, "3": {"b": 2.0}, "4": {"c": 1.0}}),
    "part": VValue({"this": 2.0, "rest": {"this": {"b": -3.0}}}),
}


def inputs_of(neuron_type) -> dict[str, VValue]:
    kinds = {"gate": "number", "line": "line", "mask": "part", "post": "part"}
    return {
        field.name: STREAMS["number" if field.is_scalar else kinds.get(field.name, "tree")]
        for field in neuron_type.reads
    }


def compiled(neuron_type, inputs):
    """The kernel of the terms, its input streams, and the columns of the elements."""
    elements = {name: set(elements_of(tree)) for name, tree in inputs.items()}
    terms = list(neuron_type.terms(elements))
    every = set().union(*elements.values(), {term.element for term in terms}) - {()}
    column = {element: i for i, element in enumerate(sorted(every))}
    kernel = TermsKernel(terms, neuron_type.reads, neuron_type.writes, column)
    streams = []
    for field in neuron_type.reads:
        keys = np.zeros((1, 1, len(column)))
        for element, number in elements_of(inputs[field.name]).items():
            if element:
                keys[..., column[element]] = number
        own = elements_of(inputs[field.name]).get((), 0.0)
        streams.append(Stream(np.full((1, 1), own), keys))
    return kernel, streams, column


@pytest.mark.parametrize("name", NAMES)
def test_terms_are_what_the_activation_does(name):
    neuron_type = get_neuron_type(name)
    inputs = inputs_of(neuron_type)
    expected = neuron_type.activation(VValue(dict(inputs)))
    kernel, streams, column = compiled(neuron_type, inputs)
    for field, found in zip(neuron_type.writes, kernel.forward(streams), strict=True):
        wanted = elements_of(VValue({"s": expected[field.name]})["s"])
        numbers = {(): float(found.number[0, 0])}
        numbers |= {element: float(found.keys[0, 0, i]) for element, i in column.items()}
        for element in {*wanted, *(e for e, x in numbers.items() if x)}:
            assert numbers[element] == pytest.approx(wanted.get(element, 0.0)), element


@pytest.mark.parametrize("name", NAMES)
def test_adjoint_is_the_transpose_of_tangent_and_both_are_derivatives(name):
    neuron_type = get_neuron_type(name)
    kernel, streams, _ = compiled(neuron_type, inputs_of(neuron_type))
    rng = np.random.default_rng(0)

    def random(like):
        return [
            Stream(rng.standard_normal((1, 1)), rng.standard_normal(s.keys.shape)) for s in like
        ]

    def inner(one, other):
        return sum(
            np.sum(a.number * b.number) + np.sum(a.keys * b.keys)
            for a, b in zip(one, other, strict=True)
        )

    moved, g = random(streams), random(kernel.forward(streams))
    partials = kernel.linearise(streams)
    tangent = kernel.tangent(partials, moved)
    assert inner(g, tangent) == pytest.approx(inner(kernel.adjoint(partials, g), moved))
    step = 1e-30j
    there = [Stream(s.number + step * d.number, s.keys + step * d.keys)
             for s, d in zip(streams, moved, strict=True)]  # fmt: skip
    for found, exact in zip(tangent, kernel.forward(there), strict=True):
        np.testing.assert_allclose(found.number, exact.number.imag / 1e-30, atol=1e-12)
        np.testing.assert_allclose(found.keys, exact.keys.imag / 1e-30, atol=1e-12)


def test_a_term_without_factors_is_the_number_one():
    terms = [Term("out", ("a",), ()), Term("out", ("a",), (("in", ("a",)),))]
    kernel = TermsKernel(terms, [Field("in")], [Field("out")], {("a",): 0})
    streams = [Stream(np.zeros((1, 1)), np.full((1, 1, 1), 0.5))]
    assert kernel.forward(streams)[0].keys[0, 0, 0] == 1.5
    assert kernel.adjoint(kernel.linearise(streams), streams)[0].keys[0, 0, 0] == 0.5


def test_terms_of_nothing_are_refused():
    with pytest.raises(ValueError, match="never emits anything"):
        TermsKernel([], [Field("in")], [Field("out")], {})


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
