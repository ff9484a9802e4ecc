"""Gradients of JAX and PyTorch are judged like our own: planted wrong ones are caught and named."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from vvalues.testing import check_pytree_gradients

# PyTorch warns of itself when its forward mode is first used.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")


# -------------------- JAX --------------------


@pytest.fixture
def jax():
    return pytest.importorskip("jax", reason="jax is not installed")


def layer(jax):
    jnp = jax.numpy
    x = jnp.asarray(np.linspace(-1.0, 1.0, 3))
    return lambda p: jnp.sum(jnp.tanh(p["layer"]["w"] @ x + p["layer"]["b"]) ** 2) * p["scales"][0]


def jax_point(jax):
    w = np.linspace(-0.4, 0.5, 6).reshape(2, 3)
    parts = {"w": jax.numpy.asarray(w), "b": jax.numpy.asarray([0.1, -0.2])}
    return {"layer": parts, "scales": [jax.numpy.asarray(1.5), jax.numpy.asarray(2.5)]}


@pytest.mark.parametrize("is_jitted", [False, True])
def test_jax_is_right_in_both_modes_to_second_order(jax, is_jitted):
    function = jax.jit(layer(jax)) if is_jitted else layer(jax)
    check_pytree_gradients(function, jax_point(jax), order=2, modes=("reverse", "forward"))


def test_a_jax_rule_with_one_wrong_sign_is_caught_and_named(jax):
    @jax.custom_vjp
    def double(x):
        return 2.0 * x

    double.defvjp(lambda x: (2.0 * x, None), lambda _, g: (-2.0 * g,))
    right = layer(jax)

    def wrong(p):
        return right({**p, "layer": {**p["layer"], "b": double(p["layer"]["b"])}})

    message = r"^wrong derivative of order 1 with respect to argument 0 \(2 of 10 coordinates\)\n"
    with pytest.raises(AssertionError, match=message + r"  layer/b\[0\]: reverse mode gives"):
        check_pytree_gradients(wrong, jax_point(jax))


def test_arguments_are_told_apart_and_whole_numbers_are_handed_on(jax):
    def function(p, q):
        return {"sum": p["x"] * q[0] ** p["power"], "array": q[0] * jax.numpy.ones(2)}

    point = {"x": jax.numpy.asarray(1.5), "power": 3}
    check_pytree_gradients(function, point, [jax.numpy.asarray(0.5)], order=2)
    stopped = lambda p, q: p["x"] * jax.lax.stop_gradient(q[0])  # noqa: E731
    with pytest.raises(AssertionError, match=r"argument 1 .*\n  0: reverse mode gives 0.0"):
        check_pytree_gradients(stopped, point, [jax.numpy.asarray(0.5)])


def test_a_kink_is_kept_clear_of(jax):
    function = lambda p: jax.numpy.sum(jax.numpy.abs(p))  # noqa: E731
    point = jax.numpy.asarray([0.0, -1.0])
    with pytest.raises(AssertionError, match="a kink"):
        check_pytree_gradients(function, point)
    check_pytree_gradients(function, point, kinks=[0.0])


def test_single_precision_arguments_are_probed_in_double(jax):
    point = {"x": jax.numpy.ones(3, dtype=np.float32) / 3}
    check_pytree_gradients(lambda p: jax.numpy.sum(p["x"] ** 3), point)
    assert point["x"].dtype == np.float32


# -------------------- PyTorch --------------------


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="torch is not installed")


def torch_layer(torch):
    x = torch.linspace(-1.0, 1.0, 3, dtype=torch.float64)
    return lambda p: (torch.tanh(p["layer"]["w"] @ x + p["layer"]["b"]) ** 2).sum() * p["scales"][0]


def torch_point(torch):
    parts = {"w": torch.linspace(-0.4, 0.5, 6).reshape(2, 3), "b": torch.tensor([0.1, -0.2])}
    return {"layer": parts, "scales": [torch.tensor(1.5), 2.5], "count": 3}


def test_torch_is_right_in_both_modes_to_second_order(torch):
    check_pytree_gradients(
        torch_layer(torch), torch_point(torch), order=2, modes=("reverse", "forward")
    )


def test_a_torch_function_that_forgets_a_factor_is_caught_and_named(torch):
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2.0 * x

        @staticmethod
        def backward(ctx, g):
            return g

    right = torch_layer(torch)

    def wrong(p):
        return right({**p, "layer": {**p["layer"], "b": Doubled.apply(p["layer"]["b"])}})

    with pytest.raises(AssertionError, match=r"\(2 of 10 coordinates\)\n  layer/b\[0\]: reverse"):
        check_pytree_gradients(wrong, torch_point(torch))


def test_torch_arguments_are_told_apart(torch):
    function = lambda p, q: p["x"].detach() * q  # noqa: E731
    with pytest.raises(AssertionError, match=r"argument 0 .*\n  x: reverse mode gives 0.0"):
        check_pytree_gradients(function, {"x": torch.tensor(2.0)}, torch.tensor(3.0))


# -------------------- neither --------------------


def test_without_a_leaf_of_theirs_nothing_is_guessed():
    with pytest.raises(TypeError, match="library='jax' or 'torch'"):
        check_pytree_gradients(lambda p: p["x"], {"x": 1.0})


def test_unknown_libraries_and_modes_are_refused():
    with pytest.raises(ValueError, match="library is 'mxnet'; expected one of jax, torch"):
        check_pytree_gradients(abs, {"x": 1.0}, library="mxnet")
    with pytest.raises(ValueError, match="mode is 'sideways'"):
        check_pytree_gradients(abs, {"x": 1.0}, modes=("sideways",))


@pytest.mark.parametrize("library", ["jax", "torch"])
def test_a_library_that_is_not_there_is_said_to_be_missing(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=library):
        check_pytree_gradients(abs, {"x": 1.0}, library=library)


def test_a_failing_check_shows_the_test_and_not_the_checker(torch):
    with pytest.raises(AssertionError) as caught:
        check_pytree_gradients(lambda x: x.detach() * 2.0, torch.tensor(1.0))
    assert {str(entry.path) for entry in caught.traceback.filter(caught)} == {__file__}
