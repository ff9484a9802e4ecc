"""Forms with open constants: what they are, their slopes, and constants that are found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.evolving import EvolvingModel, formulas
from synthesis.architectures.evolving.search import (
    Argument,
    SearchSettings,
    Term,
    count_constants,
    fitted,
    form_network,
    search_forms,
    small_forms,
    symbolic_search,
)
from synthesis.architectures.evolving.search.constants import Constants, values_and_slopes
from synthesis.architectures.evolving.search.form import size
from synthesis.tasks.formulas import EXPRESSIONS, INSIDE, NGUYEN, UNSEEN, formula_task
from tests.examples import examples
from tests.marks import thorough

KINDS = ("multiply", "divide", "exp", "sin", "log")
POINTS = np.random.default_rng(0).uniform(0.3, 2.0, (12, 2))
FORMS = small_forms(POINTS, KINDS, 4000)
X = Term("", column=0)


def test_forms_come_in_order_of_size_and_once():
    sizes = [size(form) for form in FORMS]
    assert sizes == sorted(sizes)
    assert len(set(FORMS)) == len(FORMS) == 4000
    assert all(count_constants(form) for form in FORMS)


def test_forms_are_made_of_the_kinds_there_are():
    for form in small_forms(POINTS, ("multiply", "sin"), 300):
        assert "exp" not in str(form) and "log" not in str(form) and "divide" not in str(form)
    assert small_forms(POINTS, ("add",), 300) == []
    negative = small_forms(-POINTS, KINDS, 4000)
    assert "'power'" in str(FORMS) and "'power'" not in str(negative)


@examples(60)
@given(st.integers(0, len(FORMS) - 1), st.integers(0, 2**32 - 1))
def test_slopes_are_those_of_finite_differences(number, seed):
    form = FORMS[number]
    constants = np.random.default_rng(seed).uniform(0.5, 1.5, (1, count_constants(form)))
    _, slopes = values_and_slopes(form, POINTS, constants)
    for k, inner in enumerate(slopes):
        for i, slope in inner.items():
            moved = np.repeat(constants, 2, axis=0)
            moved[:, i] += [1e-6, -1e-6]
            values = values_and_slopes(form, POINTS, moved)[0][k]
            difference = (values[0] - values[1]) / 2e-6
            np.testing.assert_allclose(slope[0], difference, rtol=1e-5, atol=1e-6)


@examples(60)
@given(st.integers(0, len(FORMS) - 1), st.integers(0, 2**32 - 1))
def test_a_form_as_a_network_is_the_form(number, seed):
    form, rng = FORMS[number], np.random.default_rng(seed)
    inner = rng.uniform(0.5, 1.5, count_constants(form))
    weights = rng.standard_normal((len(form) + 1, 2))
    values, _ = values_and_slopes(form, POINTS, inner[None])
    expected = weights[0] + sum(v[0][:, None] * w for v, w in zip(values, weights[1:], strict=True))
    model = EvolvingModel(2, 2, operations=KINDS, trains_links=True)
    network = form_network(model, form, Constants(inner, weights, 0.0))
    np.testing.assert_allclose(model(network, POINTS), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "name", ["Michaelis-Menten", "Korns-7", *thorough("Hill", "Keijzer-1", "Gauss")]
)
def test_laws_are_found_to_the_last_digit(name):
    task = formula_task({**INSIDE, **UNSEEN}[name], np.random.default_rng(3))
    found = search_forms(task.inputs, task.targets, KINDS, (0, 250))
    assert found is not None and found.is_exact
    model = EvolvingModel(1, 1, operations=KINDS, trains_links=True)
    assert task.evaluate(model, found.parameters)["held_out_r2"] > 1 - 1e-12


def test_two_outputs_share_the_constants_inside():
    x = POINTS[:, :1]
    y = np.exp(-1.7 * x) * [[2.0, -3.0]] + [[0.5, 1.0]]
    rate = Term("exp", (Argument(((X, "rate"),)),))
    constants = fitted((rate,), x, y, 1e-12)
    np.testing.assert_allclose(constants.inner, [-1.7], rtol=1e-9)
    np.testing.assert_allclose(constants.weights, [[0.5, 1.0], [2.0, -3.0]], rtol=1e-8)


def test_the_same_samples_give_the_same_constants_to_the_bit():
    y = np.sin(3 * POINTS[:, :1]) + POINTS[:, 1:]
    form = FORMS[1000]
    one, other = (fitted(form, POINTS, y, 1e-12) for _ in range(2))
    assert one.error == other.error
    np.testing.assert_array_equal(one.inner, other.inner)


@pytest.mark.thorough
def test_noise_is_not_called_exact():
    rng = np.random.default_rng(0)
    x = rng.uniform(0.1, 4.0, (40, 1))
    y = 2.0 * x / (1.3 + x) + 0.02 * rng.standard_normal(x.shape)
    found = search_forms(x, y, KINDS, (0, 60))
    assert found is not None and not found.is_exact
    model = EvolvingModel(1, 1, operations=KINDS, trains_links=True)
    assert np.mean((model(found.parameters, x) - 2.0 * x / (1.3 + x)) ** 2) < 0.01**2


def test_few_samples_prove_nothing():
    x = POINTS[:6, :1]
    assert search_forms(x, np.sin(x), KINDS, (0, 60)) is None
    with pytest.raises(ValueError, match="1 samples cannot settle the weights of 1 terms"):
        fitted((Term("exp", (Argument(((X, "rate"),)),)),), x[:1], x[:1], 1e-12)


def test_the_whole_search_finds_a_quotient():
    x = POINTS[:, :1]
    settings = SearchSettings(operations=("multiply", "divide"), depth=1, forms=20)
    model, found = symbolic_search(x, 1.7 / ((x - 0.4) ** 2 + 0.3), settings)
    assert found.is_exact
    assert model.count_operations(found.parameters) == 2
    further = np.linspace(-1.0, 3.0, 20)[:, None]
    expected = 1.7 / ((further - 0.4) ** 2 + 0.3)
    np.testing.assert_allclose(model(found.parameters, further), expected, rtol=1e-9)


# -------------------- the suite and what counts as found --------------------


@pytest.mark.parametrize("name", [*NGUYEN, *INSIDE, *UNSEEN])
def test_spellings_are_those_of_the_functions(name):
    sympy = pytest.importorskip("sympy")
    formula = {**NGUYEN, **INSIDE, **UNSEEN}[name]
    names = [f"x{i}" for i in range(formula.n_inputs)]
    spelled = sympy.lambdify(sympy.symbols(names), EXPRESSIONS[name], "numpy")
    x = np.random.default_rng(0).uniform(formula.low, formula.high, (formula.n_inputs, 30))
    np.testing.assert_allclose(spelled(*x), formula.function(*x), rtol=1e-12, atol=1e-13)


@pytest.mark.thorough
def test_a_near_formula_is_not_the_same_one():
    pytest.importorskip("sympy")
    from synthesis.architectures.evolving.formula_equality import is_same_formula

    task = formula_task(INSIDE["Hill"], np.random.default_rng(3))
    found = search_forms(task.inputs, task.targets, KINDS, (0, 250))
    model = EvolvingModel(1, 1, operations=KINDS, trains_links=True)
    assert found is not None
    formula = formulas(model, found.parameters)["y0"]
    assert is_same_formula(formula, EXPRESSIONS["Hill"], ["x0"], positive=True)
    for other in (
        "3.1*x0**2.3/(1.7**2.3 + x0**2.3) + 0.001",
        "3.1*x0**2.3001/(1.7**2.3001 + x0**2.3001)",
        "3.1*x0**2.3/(1.7**2.3 + x0**2.3) + 0.001*sin(x0)",
        "3.1*x0**2.3/(1.701**2.3 + x0**2.3)",
    ):
        assert not is_same_formula(formula, other, ["x0"], positive=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2*sin(x0)*cos(x1)", "sin(x0 + x1) + sin(x0 - x1)"),
        ("2.2*cos(2.6*x0 + 0.4)", "2.2*sin(2.6*x0 + 1.9707963267948966)"),
        ("x0**x1", "exp(x1*log(x0))"),
        ("log(x0*(1 + x1))", "log(x0) + log(1 + x1)"),
        ("x0/(x0 + x1)", "1 - x1/(x0 + x1)"),
        ("exp(-(x0 - 1)**2/1.8)", "exp(-0.55555555555*x0**2 + 1.11111111111*x0)*exp(-1/1.8)"),
        ("0.3*sin(2*pi*x0)", "0.3*sin(6.283185307179586*x0)"),
    ],
)
def test_algebra_that_is_seen_through(one, other):
    pytest.importorskip("sympy")
    from synthesis.architectures.evolving.formula_equality import are_equal

    assert are_equal(one, other, ["x0", "x1"], positive=True)
    assert not are_equal(one, f"{other} + 0.01*x0", ["x0", "x1"], positive=True)
