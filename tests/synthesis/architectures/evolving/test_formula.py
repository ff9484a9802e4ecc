"""Formulas, trees and Python of evolving networks; simplification never changes what is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given

from synthesis.architectures.evolving import EvolvingModel
from synthesis.architectures.evolving.formula import (
    Apply,
    Input,
    Sum,
    evaluate,
    formulas,
    size,
    text,
    to_python,
    to_text,
    to_tree,
)
from tests.examples import examples
from vvalues import VValue

from ..networks import networks

LAYER = "layer-1"


def example():
    """y0 = 2 x0 x1 - sin(3 x0 x1 + 0.5) + 0.25, by way of a running scale of 2."""
    return EvolvingModel(2), VValue(
        {
            LAYER: {
                "multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}, "log-scale": np.log(2.0)},
                "sin-2": {"value": {"multiply-1": 6.0, ":number": 0.5}},
                "output": {"y0": {":number": 0.25, "multiply-1": 4.0, "sin-2": -1.0, "x1": 0.0}},
            }
        }
    )


def is_tame(model, parameters, inputs):
    run = model.run(parameters, inputs)
    return np.all(np.isfinite(run.values)) and np.max(np.abs(run.values)) < 1e4


def test_text_of_a_network():
    assert to_text(*example()) == "y0 = 2·x0·x1 - sin(3·x0·x1 + 0.5) + 0.25"


def test_tree_of_a_network():
    product = ["├─ first", "│  └─ x0", "└─ second", "   └─ x1"]
    assert to_tree(*example()).splitlines() == [
        "y0",
        "├─ 2 · multiply",
        *("│  " + line for line in product),
        "├─ -1 · sin",
        "│  └─ value",
        "│     ├─ 3 · multiply",
        *("│     │  " + line for line in product),
        "│     └─ 0.5",
        "└─ 0.25",
    ]


def test_size_counts_every_node():
    model, parameters = example()
    # 2 * (x * y) - sin(3 * (x * y) + 0.5) + 0.25, with -1 * sin counted as a product
    assert size(formulas(model, parameters)["y0"]) == 5 + 1 + 2 + 1 + 7 + 1 + 1


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Sum(0.0, ()), "0"),
        (Sum(-2.0, ((-1.0, Input("x")),)), "-x - 2"),
        (Apply("square", (Sum(0.0, ((2.0, Input("x")),)),)), "(2·x)²"),
        (Apply("square", (Sum(0.0, ((1.0, Input("x")),)),)), "x²"),
        (Apply("multiply", (Sum(-3.0, ()), Sum(1.0, ((1.0, Input("x")),)))), "(-3)·(x + 1)"),
        (Apply("divide", (Sum(1.0, ()), Sum(0.0, ((2.0, Input("x")),)))), "1 / (2·x)"),
        (Apply("gate", (Sum(1.0, ((1.0, Input("x")),)), Sum(2.0, ()))), "gate(x + 1; 2)"),
        (Apply("max", (Sum(0.0, ((-1.0, Input("x")),)), Sum(0.0, ()))), "max(-x, 0)"),
        (Sum(0.0, ((2.0, Apply("add", (Sum(1.0, ()), Sum(-1.0, ())))),)), "2·(1 + (-1))"),
    ],
)
def test_brackets_are_where_they_are_needed(expression, expected):
    assert text(expression) == expected


@examples(40)
@given(networks())
def test_formula_and_python_give_the_predictions(network):
    model, parameters, inputs = network
    with np.errstate(all="ignore"):
        assume(is_tame(model, parameters, inputs))
        predictions = model(parameters, inputs)
        columns = dict(zip(model.inputs, inputs.T, strict=True))
        by_formula = [evaluate(e, columns) for e in formulas(model, parameters).values()]
        namespace: dict = {}
        exec(to_python(model, parameters), namespace)
        result = namespace["network"](*inputs.T)
    by_python = result if isinstance(result, tuple) else (result,)
    for column, (one, other) in enumerate(zip(by_formula, by_python, strict=True)):
        np.testing.assert_allclose(one, predictions[:, column], rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(other + np.zeros(len(inputs)), one, rtol=1e-7, atol=1e-8)


def test_python_of_odd_input_names():
    model = EvolvingModel(["a b", "2nd"])
    parameters = VValue({LAYER: {"output": {"y0": {"a b": 1.5, "2nd": 1.0}}}})
    namespace: dict = {}
    exec(to_python(model, parameters, name="f"), namespace)
    assert namespace["f"](2.0, 3.0) == 6.0


def test_layers_are_composed():
    model = EvolvingModel(1, hidden=(1,))
    parameters = VValue(
        {
            LAYER: {"output": {"h1.0": {"x0": 2.0, ":number": 1.0}}},
            "layer-2": {"output": {"y0": {"h1.0": 3.0}}},
        }
    )
    assert to_text(model, parameters) == "y0 = 6·x0 + 3"


# -------------------- simplification --------------------


@pytest.fixture
def simplified():
    pytest.importorskip("sympy", reason="the extra 'formula' is not installed")
    from synthesis.architectures.evolving.formula_simplify import simplified

    return simplified


def one_output(operations, **tree):
    model = EvolvingModel(2, operations=operations)
    return model, VValue({LAYER: tree})


def test_a_formula_is_shortened(simplified):
    model, parameters = one_output(
        ["exp", "log"],
        **{"log-1": {"value": {"x0": 1}}, "exp-2": {"value": {"log-1": 0.5}}},
        output={"y0": {"exp-2": 3.0, "x1": 1.0}},
    )
    x = np.random.default_rng(0).uniform(0.1, 2, (30, 2))
    (found,) = simplified(model, parameters, x).values()
    assert found.text == "3*sqrt(x0) + x1"
    assert found.size == 6


def test_numbers_are_written_as_short_as_they_are(simplified):
    model, parameters = one_output(["add"], output={"y0": {"x0": 3.39, ":number": 2 / 3}})
    x = np.random.default_rng(0).uniform(0.1, 2, (30, 2))
    assert simplified(model, parameters, x)["y0"].text == "3.39*x0 + 2/3"


def test_absolute_values_stay_where_samples_need_them(simplified):
    model, parameters = one_output(
        ["log"], **{"log-1": {"value": {"x0": 1}}}, output={"y0": {"log-1": 1.0}}
    )
    x = np.random.default_rng(0).uniform(0.1, 2, (30, 2))
    assert simplified(model, parameters, x)["y0"].text == "log(x0)"
    assert simplified(model, parameters, -x)["y0"].text == "log(Abs(x0))"


def test_a_protected_quotient_is_not_passed_off_as_a_plain_one(simplified):
    """x0 / x0 is 1 for sympy, but the network gives 0 at 0: the plain formula is shown."""
    ratio = {"divide-1": {"first": {"x0": 1}, "second": {"x0": 1}}}
    model, parameters = one_output(["divide"], **ratio, output={"y0": {"divide-1": 1.0}})
    x = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert simplified(model, parameters, x)["y0"].text == "x0 / x0"
    assert simplified(model, parameters, x[:1])["y0"].text == "1"


@examples(8)
@given(network=networks(kinds=("add", "multiply", "relu", "max", "gate"), hidden=((),)))
def test_what_is_shown_agrees_with_the_network(network):
    sympy = pytest.importorskip("sympy")
    from synthesis.architectures.evolving.formula_simplify import simplified

    model, parameters, inputs = network
    assume(is_tame(model, parameters, inputs) and len(parameters) < 25)
    predictions = model(parameters, inputs)
    for column, found in enumerate(simplified(model, parameters, inputs).values()):
        if found.expression is None:
            continue
        symbols = [sympy.Symbol(name, real=True) for name in model.inputs]
        values = [
            float(found.expression.subs(dict(zip(symbols, map(float, row), strict=True))))
            for row in inputs
        ]
        np.testing.assert_allclose(values, predictions[:, column], rtol=1e-7, atol=1e-8)


def test_without_sympy_the_remedy_is_named(monkeypatch):
    import sys

    from synthesis.architectures.evolving import formula_simplify

    monkeypatch.setitem(sys.modules, "sympy", None)
    model, parameters = example()
    with pytest.raises(ModuleNotFoundError, match="extra 'formula'"):
        formula_simplify.simplified(model, parameters, np.ones((2, 2)))
