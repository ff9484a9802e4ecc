"""Symbolic search: libraries, selection, rounding, and formulas found from samples."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from synthesis.architectures.evolving import EvolvingModel
from synthesis.architectures.evolving.formula import to_text
from synthesis.architectures.evolving.library import Recipe, grow_library, starts
from synthesis.architectures.evolving.objective import EvolvingObjective
from synthesis.architectures.evolving.search.rounding import (
    rounded,
    simple_numbers,
    without_spare_operations,
)
from synthesis.architectures.evolving.search.selection import choices, fit
from synthesis.architectures.evolving.search.symbolic import (
    SearchSettings,
    as_network,
    search,
    symbolic_search,
)
from synthesis.tasks.formulas import CONSTANTS, NGUYEN, formula_task
from tests.marks import thorough
from vvalues import VValue


def samples(n=20, columns=1):
    return np.random.default_rng(0).uniform(0.1, 2.0, (n, columns))


# -------------------- libraries --------------------


def test_a_library_of_products_holds_every_monomial_once():
    x = samples()
    library = grow_library(x, ["multiply"], depth=2)
    np.testing.assert_allclose(library.values, np.array([x[:, 0] ** k for k in range(1, 5)]))
    assert library.recipes[0] == Recipe("", ((0, 1.0, 0.0),))
    assert list(library.sizes) == [1.0, 3.0, 5.0, 7.0]


def test_a_library_is_what_its_recipes_say():
    from synthesis.architectures.evolving.operations import OPERATIONS

    x = samples(columns=2)
    library = grow_library(x, ["divide", "log"], depth=2)
    for values, (kind, arguments) in zip(library.values, library.recipes, strict=True):
        if not kind:
            expected = x[:, arguments[0][0]]
        else:
            rows = [w * library.values[i] + c for i, w, c in arguments]
            expected = OPERATIONS[kind].apply(*rows)
        np.testing.assert_allclose(values, expected, rtol=1e-12)
    assert np.all(np.ptp(library.values, axis=1) > 0)


def test_constant_columns_are_left_out():
    x = np.column_stack([samples()[:, 0], np.ones(20)])
    library = grow_library(x, ["multiply"], depth=1)
    assert {i for recipe in library.recipes if not recipe.kind for i, _, _ in recipe.arguments} == {
        0
    }


def test_equal_and_huge_columns_do_not_confuse_the_recipes():
    x = samples()[:, 0]
    inputs = np.column_stack([x, 1e8 * np.sin(x), x, x[::-1]])
    y = (x * x[::-1])[:, None]
    library = grow_library(inputs, ["multiply"], depth=2)
    model = EvolvingModel(4, operations=["multiply"], trains_links=True)
    (best, *_) = choices(library, y)
    assert best.is_exact
    np.testing.assert_allclose(model(as_network(model, library, best), inputs), y, atol=1e-10)


def test_starts_go_from_few_operations_to_many():
    sets = starts(["add", "multiply", "sin", "exp"])
    assert sets[0] == ("multiply",)
    assert sets[-1] == ("add", "multiply", "sin", "exp")
    assert len(set(sets)) == len(sets) == 8
    assert starts(["sin"]) == [("sin",)]
    with pytest.raises(ValueError, match="set of operations is empty"):
        starts([])


# -------------------- selection --------------------


def test_fit_is_least_squares_with_honest_press():
    rng = np.random.default_rng(0)
    x, y = samples(), rng.standard_normal((20, 1))
    library = grow_library(x, ["multiply"], depth=2)
    choice = fit(library, (0, 1), y)
    matrix = np.column_stack([np.ones(20), x[:, 0], x[:, 0] ** 2])
    expected = np.linalg.lstsq(matrix, y, rcond=None)[0]
    np.testing.assert_allclose(choice.weights, expected, rtol=1e-9)
    left_out = [
        y[i]
        - matrix[i] @ np.linalg.lstsq(np.delete(matrix, i, 0), np.delete(y, i, 0), rcond=None)[0]
        for i in range(20)
    ]
    total = np.linalg.norm(y - y.mean())
    assert choice.press == pytest.approx(np.linalg.norm(left_out) / total, rel=1e-8)


def test_many_entries_on_few_samples_are_no_exact_find():
    x = samples(12)
    y = np.random.default_rng(1).standard_normal((12, 1))
    library = grow_library(x, ["multiply", "sin", "exp"], depth=2)
    assert not any(choice.is_exact for choice in choices(library, y))


@pytest.mark.parametrize(
    ("function", "kinds"),
    [
        (lambda x: 3 * np.sin(x) - 1, ["sin"]),
        pytest.param(
            lambda x: np.sin(x * x) * np.log(x + 1),
            ["multiply", "sin", "log"],
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            lambda x: np.sin(x) + 0.1 * np.sin(x * x),
            ["multiply", "sin"],
            marks=pytest.mark.thorough,
        ),
        (lambda x: x**5 - x**2 + 2 * x, ["multiply"]),
    ],
)
def test_sparse_combinations_are_found(function, kinds):
    x = samples()
    library = grow_library(x, kinds)
    (best, *_) = choices(library, function(x))
    assert best.is_exact
    assert len(best.entries) <= 3
    model = EvolvingModel(1, operations=kinds, trains_links=True)
    np.testing.assert_allclose(model(as_network(model, library, best), x), function(x), atol=1e-12)


# -------------------- rounding --------------------


def test_simple_numbers_are_near_or_one():
    assert simple_numbers(0.3334)[0] == 1.0
    assert 1 / 3 in simple_numbers(0.3334)
    assert np.pi / 2 in simple_numbers(1.5708)
    assert simple_numbers(0.0) == [0.0]


def test_rounding_settles_a_free_scale_and_drops_zeros():
    x = samples()
    model = EvolvingModel(1, operations=["exp", "log"], trains_links=True)
    objective = EvolvingObjective(model, x, x**0.426)
    tree = {
        "layer-1": {
            "log-1": {"value": {"x0": 1.3}},
            "exp-2": {"value": {"log-1": 0.426, ":number": 1e-14}},
            "output": {"y0": {"exp-2": 1.3**-0.426, ":number": 1e-15}},
        }
    }
    simple = rounded(objective, VValue(tree), 1e-20)
    assert to_text(model, simple) == "y0 = exp(0.426·log|x0|)"


def test_an_operation_of_zeros_does_not_vanish_under_its_reader():
    x = samples()
    model = EvolvingModel(1, operations=["cos"], trains_links=True)
    objective = EvolvingObjective(model, x, np.ones_like(x))
    tree = {"cos-1": {"value": {"x0": 0.0}}, "output": {"y0": {":number": 0.0, "cos-1": 1.0}}}
    simple = rounded(objective, VValue({"layer-1": tree}), 1e-20)
    assert objective.loss(simple) <= 1e-20


def test_operations_that_others_can_stand_in_for_go():
    """Three products of which one is a copy and one a multiple; the error may not rise."""
    x = samples(40, 2)
    model = EvolvingModel(2, operations=["multiply"])
    objective = EvolvingObjective(model, x, 3 * x[:, 0] * x[:, 1])
    product = {"first": {"x0": 1}, "second": {"x1": 1}}
    tree = VValue(
        {
            "layer-1": {
                "multiply-1": product,
                "multiply-2": product,
                "multiply-3": {"first": {"multiply-1": 1}, "second": 2.0},
                "output": {
                    "y0": {":number": 0, "multiply-1": 1, "multiply-2": 1, "multiply-3": 0.5}
                },
            }
        }
    )
    small = without_spare_operations(objective, tree, 1e-20)
    assert model.count_operations(small) == 1
    assert objective.loss(small) <= 1e-20
    needed = without_spare_operations(objective, small, 1e-20)
    assert needed == small


def test_the_only_operation_may_go():
    x = samples()
    objective = EvolvingObjective(EvolvingModel(1, operations=["sin"]), x, np.full((20, 1), 3.0))
    tree = VValue({"layer-1": {"sin-1": {"value": {"x0": 1.0}}, "output": {"y0": {"sin-1": 1.0}}}})
    assert not without_spare_operations(objective, tree, 100.0)
    assert without_spare_operations(objective, tree, 1e-3) == tree


def test_nothing_is_rounded_that_matters():
    x = samples()
    model = EvolvingModel(1, operations=["add"], trains_links=True)
    objective = EvolvingObjective(model, x, 1.23456789 * x)
    tree = VValue({"layer-1": {"output": {"y0": {"x0": 1.23456789, ":number": 0.0}}}})
    assert rounded(objective, tree, 1e-20) == tree


# -------------------- whole searches --------------------

QUICK = SearchSettings(operations=("add", "multiply", "sin", "log"), depth=2, forms=50)


@pytest.mark.parametrize(
    "name",
    [
        "Nguyen-1",
        *thorough("Nguyen-12", "Nguyen-2", "Nguyen-9"),
    ],
)
def test_formulas_are_recovered_from_twenty_samples(name):
    task = formula_task(NGUYEN[name], np.random.default_rng(7))
    model, found = symbolic_search(task.inputs, task.targets, QUICK)
    assert found.is_exact
    assert task.evaluate(model, found.parameters)["held_out_r2"] > 0.999999


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("Nguyen-4", ("multiply",)),
        ("Nguyen-8", ("multiply", "exp", "log")),
        ("Nguyen-11", ("multiply", "exp", "log")),
    ],
)
def test_one_set_of_operations_suffices(name, kinds):
    task = formula_task(NGUYEN[name], np.random.default_rng(7))
    assert search(task.inputs, task.targets, SearchSettings(), kinds).is_exact


def test_constants_are_trained():
    task = formula_task(CONSTANTS["Constant-6"], np.random.default_rng(7))
    found = search(task.inputs, task.targets, SearchSettings(), ("exp", "log"))
    assert found.is_exact
    assert to_text(EvolvingModel(1), found.parameters) == "y0 = exp(0.426·log|x0|)"


@pytest.mark.thorough
def test_several_outputs_share_operations():
    x = samples(30, 2)
    product = x[:, 0] * x[:, 1]
    y = np.column_stack([product + x[:, 0], 2 * product - 1])
    model, found = symbolic_search(x, y, SearchSettings(operations=("multiply", "sin"), depth=2))
    assert found.is_exact
    assert model.count_operations(found.parameters) == 1


@pytest.mark.thorough
def test_the_result_does_not_depend_on_the_executor():
    task = formula_task(NGUYEN["Nguyen-1"], np.random.default_rng(3))
    few = replace(QUICK, operations=("multiply", "sin"), polished=10)
    _, alone = symbolic_search(task.inputs, task.targets, few)
    with ThreadPoolExecutor(2) as executor:
        _, together = symbolic_search(task.inputs, task.targets, few, executor)
    assert alone.parameters == together.parameters
    assert alone.kinds == together.kinds


def test_noise_gives_a_small_formula_that_is_not_called_exact():
    rng = np.random.default_rng(0)
    x = samples(60)
    y = np.sin(x) + 0.01 * rng.standard_normal(x.shape)
    settings = SearchSettings(
        operations=("add", "multiply", "sin"), depth=2, polished=10, terms=3, forms=50
    )
    model, found = symbolic_search(x, y, settings)
    assert not found.is_exact
    assert np.mean((model(found.parameters, x) - np.sin(x)) ** 2) < 0.01**2


def test_a_constant_target_is_a_constant():
    x = samples()
    model, found = symbolic_search(x, np.full(20, 2.5), QUICK)
    assert found.is_exact
    assert to_text(model, found.parameters) == "y0 = 2.5"


def test_bad_tables_are_refused():
    x = samples()
    with pytest.raises(ValueError, match="row 3, column y0 is nan"):
        symbolic_search(x, np.where(np.arange(20)[:, None] == 3, np.nan, x))
    with pytest.raises(ValueError, match="set of operations is empty"):
        symbolic_search(x, x, SearchSettings(operations=()))
    with pytest.raises(ValueError, match="depth is 0"):
        SearchSettings(depth=0)
    with pytest.warns(UserWarning, match="without variance"):
        symbolic_search(np.column_stack([x, np.ones(20)]), x, QUICK)
