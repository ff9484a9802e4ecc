"""Solutions of differential equations on trees are scipy's; gradients by four ways agree."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, make_jvp
from autograd.test_util import check_grads
from scipy import integrate

import vvalues as vv
from tests.marks import thorough
from vvalues import VValue
from vvalues.solvers import solve_ivp
from vvalues.testing import assert_trees_close

START = VValue({"prey": 1.2, "predator": {"young": 0.5, "old": 0.3}})
RATES = VValue({"birth": 1.1, "meet": 0.6, "age": 0.5, "death": 0.4})
TIMES, SHORT = np.linspace(0.0, 3.0, 7), (0.0, 0.4, 0.8)
EXPLICIT, IMPLICIT = ("RK45", "DOP853", "RK23"), ("Radau", "BDF", "LSODA")
TIGHT = {"rtol": 1e-9, "atol": 1e-11}


def slope(t, state, rates, season=0.0):
    prey, young, old = state["prey"], state["predator", "young"], state["predator", "old"]
    eaten = rates["meet"] * prey * old
    return VValue(
        {
            "prey": prey * (rates["birth"] + season * anp.sin(t)) - eaten,
            "predator": {
                "young": eaten - rates["age"] * young,
                "old": rates["age"] * young - rates["death"] * old,
            },
        }
    )


def fit(start, rates, season=0.3, times=TIMES, **options):
    states = solve_ivp(slope, start, times, rates, season, **{**TIGHT, **options}).states
    return anp.sum(states["prey"] ** 2) + anp.sum(anp.sin(states["predator", "old"]))


def differences(function, tree, step=1e-5):
    def along(i):
        unit = vv.from_buffer(tree.support, step * np.eye(tree.size)[i])
        ahead, behind = function(tree + unit), function(tree - unit)
        further, back = function(tree + 2 * unit), function(tree - 2 * unit)
        return (8 * (ahead - behind) - (further - back)) / (12 * step)

    return vv.from_buffer(tree.support, np.array([along(i) for i in range(tree.size)]))


@pytest.mark.parametrize("method", ["RK45", "LSODA", *thorough("DOP853", "RK23", "Radau", "BDF")])
def test_the_solution_is_scipys(method):
    ours = solve_ivp(slope, START, TIMES, RATES, 0.3, method=method, **TIGHT)

    def flat(t, y):
        return vv.ravel(slope(t, vv.unravel(y, START.support), RATES, 0.3))

    theirs = integrate.solve_ivp(
        flat, (0, 3), vv.ravel(START), rtol=1e-11, atol=1e-13, method="DOP853", t_eval=TIMES
    )
    states = vv.unstack(ours.states)
    assert states[0] == START
    for state, expected in zip(states, theirs.y.T, strict=True):
        assert vv.ravel(state) == pytest.approx(expected, rel=1e-6)
    assert ours.n_steps > 1 and ours.n_evaluations > 10
    assert ours.states["prey"].shape == (7,)


WAYS = [
    *(("RK45", "auto"), ("RK45", "unrolled"), ("RK45", "continuous"), ("DOP853", "forward")),
    *(
        pytest.param(*way, marks=pytest.mark.thorough)
        for way in (("DOP853", "auto"), ("RK23", "auto"), ("LSODA", "forward"))
    ),
    # Each is solved by all implicit methods below; what goes back is the same for all of them.
    *(
        pytest.param(method, "continuous", marks=[] if method == "LSODA" else pytest.mark.thorough)
        for method in IMPLICIT
    ),
]


@pytest.fixture(scope="module")
def wanted():
    """Gradients by start, rates and season, by differences of a very exact solution."""
    exact = {"times": SHORT, "method": "DOP853", "rtol": 1e-12, "atol": 1e-14}
    ahead, behind = (fit(START, RATES, 0.3 + s, **exact) for s in (1e-4, -1e-4))
    return (
        differences(lambda v: fit(v, RATES, **exact), START),
        differences(lambda v: fit(START, v, **exact), RATES),
        (ahead - behind) / 2e-4,
    )


@pytest.mark.parametrize(("method", "gradient"), WAYS)
def test_gradients_are_those_of_differences(wanted, method, gradient):
    rtol = 1e-10 if (method, gradient) == ("DOP853", "auto") else 1e-6
    options = {"method": method, "gradient": gradient, "times": SHORT, "rtol": rtol}
    options["atol"] = 1e-2 * rtol
    by_start, by_rates, by_season = (grad(fit, i)(START, RATES, 0.3, **options) for i in range(3))
    tolerance = 1e-6 if rtol < 1e-9 else 1e-4
    assert_trees_close(by_start, wanted[0], rtol=tolerance, atol=tolerance)
    assert_trees_close(by_rates, wanted[1], rtol=tolerance, atol=tolerance)
    assert by_season == pytest.approx(wanted[2], rel=tolerance)
    push = make_jvp(lambda v: fit(START, v, **options))(RATES)
    assert push(RATES)[1] == pytest.approx(vv.inner(wanted[1], RATES), rel=tolerance)


def test_the_discrete_gradient_is_exact_for_the_steps_taken():
    coarse = {"rtol": 1e-2, "atol": 1e-3, "times": SHORT}
    discrete = grad(fit, 1)(START, RATES, gradient="discrete", **coarse)
    unrolled = grad(fit, 1)(START, RATES, gradient="unrolled", **coarse)
    apart = grad(fit, 1)(START, RATES, gradient="discrete", batched=False, **coarse)
    assert_trees_close(discrete, unrolled, rtol=1e-11)
    assert_trees_close(discrete, apart, rtol=1e-11)
    pushed = [
        make_jvp(lambda v, b=b: fit(START, v, gradient="discrete", batched=b, **coarse))(RATES)(
            RATES
        )[1]
        for b in (None, False)
    ]
    assert pushed == pytest.approx([vv.inner(discrete, RATES)] * 2, rel=1e-11)


def test_second_derivatives_are_unrolled_by_themselves():
    np.random.seed(0)  # noqa: NPY002  (autograd's checker draws its probes from here)
    few = {"times": TIMES[:2], "rtol": 1e-4, "atol": 1e-6, "first_step": 0.25, "max_step": 0.25}
    check_grads(lambda s, r: fit(s, r, **few), (0, 1), order=2)(START, RATES)
    with pytest.raises(NotImplementedError, match="gradient='unrolled'"):
        grad(lambda v: grad(fit, 1)(START, v, gradient="discrete", **few)["age"])(RATES)


def test_what_is_not_elementwise_is_found_out():
    def mixing(t, state, rates):
        return state * (-rates["meet"] * vv.sum_leaves(state))

    def end(rates, **options):
        return vv.sum_leaves(solve_ivp(mixing, START, TIMES[:3], rates, **TIGHT, **options).states)

    assert_trees_close(grad(end)(RATES), differences(end, RATES), rtol=1e-6, atol=1e-8)
    with pytest.raises(ValueError, match="batched=False"):
        grad(lambda r: end(r, batched=True))(RATES)


def turning(t, state, matrix):
    """Of array leaves: a matrix on one, elements of another by index, a sum along the leaf."""
    x, y = state["x"], state["y"]
    slopes = {"x": matrix @ x - 0.1 * t * x * y[1], "y": anp.stack([y[1] * x[0], -y[0] * x[2]])}
    return VValue({**slopes, "z": anp.sum(x**2, axis=0) - state["z"]})


def in_rows(t, state, matrix):
    """The same matrix with the batch as first axis."""
    return VValue({"x": state["x"] @ matrix.T, "y": -state["y"], "z": state["z"] * t})


@pytest.mark.parametrize("slope", [turning, in_rows])
def test_slopes_of_array_leaves_have_one_tape(slope):
    start = VValue({"x": np.array([1.0, 2.0, 0.5]), "y": np.array([0.3, -0.2]), "z": 0.1})
    matrix = np.array([[0.1, 1.0, 0.0], [-1.0, 0.2, 0.3], [0.0, -0.4, -0.1]])
    calls = []

    def counted(t, state, matrix):
        calls.append(np.shape(t))
        return slope(t, state, matrix)

    def loss(start, matrix, batched=None):
        states = solve_ivp(counted, start, (0.0, 0.4, 1.0), matrix, batched=batched).states
        return vv.squared_norm(states)

    loss(start, matrix)
    steps = len(calls)
    together = [grad(loss, i)(start, matrix) for i in (0, 1)]
    assert calls.count(()) == 3 * steps  # a gradient calls it for the steps, and for no stage
    apart = [grad(loss, i)(start, matrix, False) for i in (0, 1)]
    assert_trees_close(together[0], apart[0], rtol=1e-11)
    np.testing.assert_allclose(together[1], apart[1], rtol=1e-11)
    pushed = make_jvp(lambda m: loss(start, m))(matrix)(matrix)[1]
    assert pushed == pytest.approx(np.vdot(apart[1], matrix), rel=1e-11)
    by_start = differences(lambda v: loss(v, matrix), start)
    assert_trees_close(apart[0], by_start, rtol=1e-4, atol=1e-4)


def test_array_leaves_arrays_as_parameters_and_time_backwards():
    start = VValue({"x": np.array([1.0, 2.0]), "y": 0.5})

    def coupled(t, state, matrix):
        return VValue({"x": matrix @ state["x"], "y": state["y"] * t})

    def loss(start, matrix, times=(0.0, 0.5, 1.0)):
        states = solve_ivp(coupled, start, times, matrix, **TIGHT).states
        return anp.sum(states["x"] ** 2) + states["y"][-1]

    matrix = np.array([[0.1, 1.0], [-1.0, 0.2]])
    by_start, by_matrix = grad(loss)(start, matrix), grad(loss, 1)(start, matrix)
    assert_trees_close(by_start, differences(lambda v: loss(v, matrix), start), rtol=1e-6)
    step = np.zeros((2, 2))
    step[0, 1] = 1e-5
    change = (loss(start, matrix + step) - loss(start, matrix - step)) / 2e-5
    assert by_matrix[0, 1] == pytest.approx(change, rel=1e-6)
    end = vv.unstack(solve_ivp(coupled, start, (0, 1), matrix, **TIGHT).states)[-1]
    back = vv.unstack(solve_ivp(coupled, end, (1, 0), matrix, **TIGHT).states)[-1]
    assert_trees_close(back, start, rtol=1e-7)
    backwards = grad(lambda v: loss(v, matrix, (1.0, 0.5, 0.0)))(end)
    expected = differences(lambda v: loss(v, matrix, (1.0, 0.5, 0.0)), end)
    assert_trees_close(backwards, expected, rtol=1e-6)


def test_callbacks_and_progress(capsys):
    seen = []
    found = solve_ivp(
        slope, START, TIMES, RATES, callback=lambda t, state: seen.append((t, state)), progress=True
    )
    assert len(seen) == found.n_steps and seen[-1][0] == 3.0
    assert seen[-1][1] == vv.unstack(found.states)[-1]
    assert "solve_ivp: t = 3 of 3" in capsys.readouterr().err


REFUSED = {
    "a method that is none": ({"method": "Euler"}, "expected one of 'RK23'"),
    "a gradient that is none": ({"gradient": "exact"}, "'discrete'"),
    "steps of an implicit method": ({"method": "BDF", "gradient": "discrete"}, "'continuous'"),
    "one time": ({"times": [0.0]}, "at least two numbers"),
    "times in disorder": ({"times": [0.0, 2.0, 1.0]}, "all rising or all falling"),
    "a start that is no tree": ({"start": 1.0}, "expected a VValue"),
    "a slope that is no tree": ({"slope": lambda t, v: 1.0}, "slope at t = 0 is float"),
    "a slope elsewhere": ({"slope": lambda t, v: VValue({"z": 1})}, "explicit zero there"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_the_remedy(name):
    changed, words = REFUSED[name]
    given = {"slope": lambda t, v: -1.0 * v, "start": START, "times": [0.0, 1.0], **changed}
    with pytest.raises((TypeError, ValueError), match=words):
        solve_ivp(given.pop("slope"), given.pop("start"), given.pop("times"), **given)


def test_a_slope_that_closes_over_what_is_differentiated_is_refused():
    def loss(rates):
        states = solve_ivp(lambda t, state: state * rates["age"], START, [0.0, 1.0]).states
        return vv.sum_leaves(states)

    with pytest.raises(TypeError, match="as a parameter"):
        grad(loss)(RATES)


def test_one_jacobian_solves_once_and_the_next_one_anew():
    calls = []

    def counted(t, state, rates):
        calls.append(t)
        return state * (-rates["age"] * factor)

    def end(rates):
        return vv.unstack(solve_ivp(counted, START, [0.0, 1.0], rates).states)[-1]

    factor = 1.0
    by_column = vv.jacobian(end, mode="forward")(RATES)
    n_forward = len(calls)
    by_row = vv.jacobian(end, mode="reverse")(RATES)
    assert n_forward < 2.5 * (len(calls) - n_forward)  # of four columns, not of one
    assert np.allclose(by_column.dense(), by_row.dense(), rtol=1e-12)
    factor = 2.0
    changed = vv.jacobian(end, mode="forward")(RATES)
    assert not np.allclose(changed.dense(), by_column.dense(), rtol=0.1)


def test_a_solution_that_explodes_says_where():
    with pytest.raises(RuntimeError, match=r"RK45 failed at t = 0\.\d+"):
        solve_ivp(lambda t, v: v * v * v, VValue({"a": 1.0}), [0.0, 1.0])
