"""Evolving layers: the fused evaluation against plain autograd, structure, bad input."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import elementwise_grad, grad
from autograd.test_util import check_grads
from hypothesis import assume, given

from synthesis.architectures.evolving import EvolvingModel
from synthesis.architectures.evolving.model import FusedNetwork
from synthesis.architectures.evolving.objective import EvolvingObjective
from synthesis.architectures.evolving.operations import (
    OPERATIONS,
    Operation,
    get_operations,
    register_operation,
)
from synthesis.architectures.evolving.structure import (
    add_operation,
    levels,
    operation_names,
    remove_operation,
    remove_unused,
    unread_operations,
    without_scales,
)
from synthesis.process.models import Model
from synthesis.tasks.regression import check_table
from tests.examples import examples
from vvalues import VValue, from_buffer, ravel
from vvalues.core.fused import complex_step
from vvalues.testing import check_fused

from ..networks import networks

SMOOTH = ("add", "subtract", "multiply", "square", "sin", "cos", "gate")
LAYER = "layer-1"


def product_network():
    return VValue(
        {
            LAYER: {
                "multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}, "log-scale": np.log(2.0)},
                "sin-2": {"value": {"multiply-1": 3.0, ":number": 0.5}},
                "output": {"y0": {":number": 0.25, "multiply-1": 4.0, "sin-2": 1.0, "x1": -1.0}},
            }
        }
    )


def is_tame(model, parameters, inputs):
    """Whether values stay where an absolute tolerance of 1e-10 means something."""
    with np.errstate(all="ignore"):
        run = model.run(parameters, inputs)
        gradient, adjoint = run.pullback(np.ones_like(run.outputs))
    arrays = (run.values, gradient, adjoint, *run.arguments)
    return all(np.all(np.isfinite(a)) and np.max(np.abs(a), initial=0) < 1e3 for a in arrays)


# -------------------- evaluation --------------------


def test_a_small_network_by_hand():
    x = np.array([[3.0, 4.0], [-1.0, 0.5]])
    product = x[:, 0] * x[:, 1] / 2.0
    expected = 0.25 + 4.0 * product + np.sin(3.0 * product + 0.5) - x[:, 1]
    np.testing.assert_allclose(EvolvingModel(2)(product_network(), x)[:, 0], expected, rtol=1e-14)


@examples(60)
@given(networks())
def test_fused_and_plain_agree_in_values_and_gradients(network):
    model, parameters, inputs = network
    assume(is_tame(model, parameters, inputs))
    g = np.random.default_rng(0).standard_normal((len(inputs), len(model.outputs[-1])))
    np.testing.assert_allclose(
        model(parameters, inputs), model.plain(parameters, inputs), atol=1e-10
    )

    def fused(p):
        return anp.sum(g * model(p, inputs))

    def plain(p):
        return anp.sum(g * model.plain(p, inputs))

    one, other = grad(fused)(parameters), grad(plain)(parameters)
    np.testing.assert_allclose(one.buffer, ravel(other), atol=1e-10)


@examples(30)
@given(networks())
def test_jacobian_gradient_and_directional_derivative_are_one_thing(network):
    model, parameters, inputs = network
    assume(is_tame(model, parameters, inputs))
    run = model.run(parameters, inputs)
    rng = np.random.default_rng(1)
    g, tangent = rng.standard_normal(run.outputs.shape), rng.standard_normal(parameters.size)
    jacobian = run.jacobian()
    assume(np.max(np.abs(jacobian), initial=0) < 1e3)
    gradient, adjoint = run.pullback(g)
    np.testing.assert_allclose(np.einsum("pos,so->p", jacobian, g), gradient, atol=1e-9)
    np.testing.assert_allclose(
        np.einsum("pos,p->so", jacobian, tangent), run.pushforward(tangent), atol=1e-9
    )
    by_inputs = rng.standard_normal(inputs.shape)
    moved = run.pushforward(np.zeros(parameters.size), by_inputs)
    inner = np.sum(adjoint[1 : 1 + inputs.shape[1]].T * by_inputs)
    np.testing.assert_allclose(np.sum(g * moved), inner, atol=1e-9)


@examples(15)
@given(networks(kinds=SMOOTH))
def test_both_modes_of_autograd(network):
    model, parameters, inputs = network
    assume(is_tame(model, parameters, inputs))
    trained = model.plan(parameters.support).trained
    moved = from_buffer(parameters.support, parameters.buffer * trained)
    frozen = parameters - moved  # what is not trained takes no part in a numerical derivative

    def fused(p, x):
        held = from_buffer(frozen.support, np.array(frozen.buffer))
        mask = trained.astype(float)
        return model(unmasked(held, p, mask), x)

    def unmasked(held, p, mask):
        from vvalues import map_leaves

        return held + map_leaves(lambda b: b * mask, p)

    check_grads(fused, modes=["fwd", "rev"], order=2)(moved, inputs)


@examples(30)
@given(networks(kinds=SMOOTH))
def test_the_derivatives_by_hand_belong_together(network):
    model, parameters, inputs = network
    assume(is_tame(model, parameters, inputs))
    plan = model.plan(parameters.support)
    check_fused(FusedNetwork(plan, inputs), parameters.buffer, free=plan.trained)
    vector = np.concatenate([parameters.buffer, inputs.ravel()])
    free = np.concatenate([plan.trained, np.ones(inputs.size, dtype=bool)])
    check_fused(FusedNetwork(plan), vector, free=free)


@pytest.mark.filterwarnings("ignore:Output seems independent of input")
@pytest.mark.parametrize("kind", OPERATIONS)
def test_operations_take_complex_rows(kind):
    operation = OPERATIONS[kind]
    rng = np.random.default_rng(4)
    rows = [rng.uniform(0.5, 2, 50) * rng.choice([-1, 1], 50) for _ in range(operation.arity)]
    value = operation.apply(*rows)
    for i in range(operation.arity):

        def by_one(x, i=i):
            return [*rows[:i], x, *rows[i + 1 :]]

        slope = complex_step(lambda x: operation.apply(*by_one(x)), rows[i], np.ones(50))
        np.testing.assert_allclose(slope, operation.partials(value, *rows)[i], atol=1e-12)
        for j in range(operation.arity):

            def partial(x, j=j):
                moved = by_one(x)
                return operation.partials(operation.apply(*moved), *moved)[j] + 0.0 * x

            bend = complex_step(partial, rows[i], np.ones(50))
            traced = elementwise_grad(elementwise_grad(operation.traced, j), i)
            np.testing.assert_allclose(bend, 0.0 * bend + traced(*rows), atol=1e-12)


@pytest.mark.parametrize("kind", OPERATIONS)
def test_partials_are_those_of_the_traced_operation(kind):
    operation = OPERATIONS[kind]
    rng = np.random.default_rng(3)
    rows = [rng.uniform(-2, 2, 50) for _ in range(operation.arity)]
    value = operation.apply(*rows)
    np.testing.assert_allclose(value, operation.traced(*rows), atol=1e-14)
    for i, partial in enumerate(operation.partials(value, *rows)):
        np.testing.assert_allclose(
            partial, elementwise_grad(operation.traced, i)(*rows), atol=1e-10
        )


@pytest.mark.parametrize("kind", ["divide", "log"])
def test_protected_operations_are_zero_where_they_are_undefined(kind):
    operation = OPERATIONS[kind]
    rows = [np.array([2.0])] * (operation.arity - 1) + [np.array([0.0])]
    value = operation.apply(*rows)
    assert value == 0.0
    assert all(np.all(np.isfinite(p)) for p in operation.partials(value, *rows))


def test_exp_is_cut_off_before_it_overflows():
    assert np.isfinite(OPERATIONS["exp"].apply(np.array([1e6]))).all()


def test_links_and_scales_have_a_gradient_only_where_they_are_trained():
    x = np.random.default_rng(0).standard_normal((20, 2))
    for trains_links in (False, True):
        model = EvolvingModel(2, trains_links=trains_links)
        gradient = grad(lambda p, m=model: anp.sum(m(p, x) ** 2))(product_network())
        assert gradient[LAYER, "multiply-1", "log-scale"] == 0.0
        assert (gradient[LAYER, "sin-2", "value", "multiply-1"] != 0.0) == trains_links
        assert gradient[LAYER, "sin-2", "value", ":number"] != 0.0


def test_plain_has_second_derivatives():
    x = np.random.default_rng(0).standard_normal((4, 2))
    model = EvolvingModel(2, trains_links=True)
    check_grads(
        lambda p: anp.sum(model.plain(p.at((LAYER, "multiply-1", "log-scale")).set(2.0), x))
    )(product_network())


def test_it_is_a_model():
    assert isinstance(EvolvingModel(2), Model)


# -------------------- running scale --------------------


def test_running_scale_makes_values_of_root_mean_square_one_whatever_the_batch():
    rng = np.random.default_rng(0)
    model, x = EvolvingModel(2), 5.0 * rng.standard_normal((500, 2))
    parameters = model.with_scales(product_network(), x)
    run = model.run(parameters, x)
    row = run.plan.rows[LAYER, "multiply-1"]
    assert np.mean(run.values[row] ** 2) == pytest.approx(1.0)
    alone = model(parameters, x[:1])  # the seed's normalisation would give +-1 here
    np.testing.assert_allclose(alone, model(parameters, x)[:1], rtol=1e-12)


def test_an_absent_scale_is_a_scale_of_zero():
    model, x = EvolvingModel(2), np.random.default_rng(1).standard_normal((6, 2))
    tree = product_network()
    at = (LAYER, "multiply-1", "log-scale")
    without, zero = tree.at(at).remove(), tree.at(at).set(0.0)
    np.testing.assert_array_equal(model(without, x), model(zero, x))
    assert np.isfinite(model(0.0 * tree, x)).all()


def test_running_scale_remembers():
    x = np.ones((3, 2))
    old = product_network()
    new = EvolvingModel(2).with_scales(old, x, decay=0.75)
    mean_square = 0.75 * np.exp(2 * old[LAYER, "multiply-1", "log-scale"]) + 0.25
    assert new[LAYER, "multiply-1", "log-scale"] == pytest.approx(np.log(mean_square) / 2)


# -------------------- structure --------------------


def test_index_zero_is_an_input_like_any_other():
    """Defects 1, 3 and 4 of the seed: readers of x0 and of the first operation are seen."""
    tree, first = add_operation(VValue(), LAYER, "add", ["x0", "x0"])
    tree, second = add_operation(tree, LAYER, "multiply", [first, 2.0])
    assert unread_operations(tree.support, LAYER) == (second,)
    assert tree[LAYER, first, "first", "x0"] == 1.0


def test_nothing_is_renumbered_when_an_operation_goes():
    """Defect 5: references to inputs and to later operations stay what they are."""
    tree = VValue()
    for arguments in (["x0", "x1"], ["x1", "x1"], ["add-2", "x1"]):
        tree, _ = add_operation(tree, LAYER, "add", arguments)
    smaller = remove_operation(tree, LAYER, "add-1")
    assert operation_names(smaller.support, LAYER) == ("add-2", "add-3")
    assert smaller[LAYER, "add-3"] == tree[LAYER, "add-3"]
    _, name = add_operation(smaller, LAYER, "add", ["x0", "x0"])
    assert name == "add-4"


def test_a_scalar_factor_starts_at_one():
    """Defect 9: from 0, with an output weight of 0, a product would never move."""
    assert OPERATIONS["multiply"].start == 1.0


def test_levels_hold_what_can_be_evaluated_at_once():
    tree = VValue()
    for arguments in (["x0", "x1"], ["x1", "x1"], ["add-1", "add-2"]):
        tree, _ = add_operation(tree, LAYER, "add", arguments)
    assert levels(tree.support, LAYER, ["x0", "x1"]) == [["add-1", "add-2"], ["add-3"]]


@examples(25)
@given(networks())
def test_removing_what_is_unused_changes_no_prediction(network):
    model, parameters, inputs = network
    assume(is_tame(model, parameters, inputs))
    some = [p for p in parameters.support.paths if len(p) == 4 and p[1] == "output"][::2]
    for path in some:
        parameters = parameters.at(path).set(0.0)
    smaller = remove_unused(parameters)
    assert smaller.size <= parameters.size
    np.testing.assert_allclose(model(smaller, inputs), model(parameters, inputs), atol=1e-10)


@examples(25)
@given(networks())
def test_scales_can_be_taken_into_the_links(network):
    model, parameters, inputs = network
    assume(is_tame(model, parameters, inputs))
    folded = without_scales(parameters)
    assert all(value == 0.0 for path, value in folded.items() if path[2:] == ("log-scale",))
    assert folded.size <= parameters.size
    np.testing.assert_allclose(model(folded, inputs), model(parameters, inputs), atol=1e-10)


# -------------------- bad input --------------------

ONE_LINK = {"first": {"x0": 1}, "second": {"x1": 1}}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"power-1": ONE_LINK}, "layer-1/power-1/first/x0: 'power-1' is no operation"),
        ({"add-x": ONE_LINK}, "'add-x' is no operation"),
        ({"add-1": {"third": {"x0": 1}}}, "add has no argument 'third'"),
        ({"add-1": {"first": {"x9": 1}}}, "layer-1/add-1/first/x9: 'x9' is neither"),
        ({"add-1": {"first": {"x0": {"x1": 1}}}}, "has 5 keys"),
        ({"add-1": 3.0}, "has 2 keys"),
        ({"add-1": {"first": {"add-2": 1}}, "add-2": {"first": {"add-1": 1}}}, "in a circle"),
        ({"add-1": {"first": np.ones(2)}}, "layer-1/add-1/first is an array"),
        ({"output": {"y9": 1.0}}, "layer-1/output/y9 is no part of this network"),
        ({"output": {"y0": {"z": 1.0}}}, "layer-1/output/y0/z reads something"),
    ],
)
def test_a_malformed_tree_is_refused_with_its_path(tree, message):
    model = EvolvingModel(2)
    with pytest.raises(ValueError, match=message):
        model(VValue({LAYER: tree}), np.ones((3, 2)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"operations": ()}, "the set of operations is empty"),
        ({"operations": ("add", "power")}, "unknown operation 'power'; known operations: add"),
        ({"inputs": 0}, "inputs is 0"),
        ({"inputs": ["a", "a"]}, "'a' occurs twice"),
        ({"inputs": ["add-1"]}, "'add-1' is reserved"),
        ({"hidden": (0,)}, "hidden is 0"),
    ],
)
def test_a_senseless_model_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        EvolvingModel(**{"inputs": 2, **arguments})


def test_inputs_of_the_wrong_width_are_refused():
    with pytest.raises(ValueError, match=r"shape \(3, 1\); expected \(samples, 2\)"):
        EvolvingModel(2)(product_network(), np.ones((3, 1)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1.0, np.nan]], "row 0, column b is nan"),
        ([[1.0, 2.0], [np.inf, 0.0]], "row 1, column a is inf"),
        (np.zeros((0, 2)), "no rows"),
        ([[1.0]], r"shape \(1, 1\)"),
        ([["x", "y"]], "not a table of numbers"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(table, message):
    with pytest.raises(ValueError, match=message):
        check_table(table, ("a", "b"), "inputs")


def test_warnings_about_data():
    x = np.random.default_rng(0).standard_normal((10, 2))
    model = EvolvingModel(2)
    with pytest.warns(UserWarning, match="without variance.*: x1"):
        EvolvingObjective(model, x * [1.0, 0.0], x[:, 0])
    with pytest.warns(UserWarning, match="2 samples determine fewer"):
        EvolvingObjective(model, x[:2], x[:2, 0])
    objective = EvolvingObjective(model, x[:4], x[:4, 0])
    with pytest.warns(UserWarning, match="4 target values for 5 trained parameters"):
        assert objective.warn_if_underdetermined(product_network())
    with pytest.raises(ValueError, match="10 rows and targets 9"):
        EvolvingObjective(model, x, x[:9, 0])


def test_a_kind_of_ones_own():
    cube = Operation(
        "cube",
        ("value",),
        lambda a: a**3,
        lambda v, a: (3 * a * a,),
        lambda a: a**3,
        "{}³",
        "{}**3",
    )
    register_operation(cube)
    try:
        tree, _ = add_operation(
            VValue({LAYER: {"output": {"y0": {"cube-1": 1.0}}}}), LAYER, "cube", ["x0"]
        )
        assert EvolvingModel(1, operations=["cube"])(tree, np.array([[2.0]]))[0, 0] == 8.0
    finally:
        del OPERATIONS["cube"]
    with pytest.raises(ValueError, match="lower-case word"):
        register_operation(cube.__class__("a-b", *list(vars(cube).values())[1:]))
    assert [o.kind for o in get_operations(["add", "add"])] == ["add"]
