"""Convolution and pooling: what plain loops give, and derivatives of both modes to order 2."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, make_jvp
from autograd.test_util import check_grads
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.convolutional.convolution import (
    convolve,
    convolve_transposed,
    correlate,
    overlaid,
    patches,
    pooled,
)

CLOSE = {"rtol": 1e-10, "atol": 1e-10}


@st.composite
def shapes(draw):
    """Shapes of pictures and filters, and a padding, where filters fit."""
    channels, filters, n = (draw(st.integers(1, 3)) for _ in range(3))
    padding = draw(st.integers(0, 2))
    height, width = (draw(st.integers(1, 5)) for _ in range(2))
    rows, columns = (draw(st.integers(1, size + 2 * padding)) for size in (height, width))
    return (channels, height, width, n), (channels, rows, columns, filters), padding


@st.composite
def cases(draw):
    """Pictures x, filters w and maps g of `shapes`, with their padding."""
    pictures, filters, padding = draw(shapes())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x, w = rng.standard_normal(pictures), rng.standard_normal(filters)
    down, across = (pictures[i] + 2 * padding - filters[i] + 1 for i in (1, 2))
    return x, w, rng.standard_normal((filters[3], down, across, pictures[3])), padding


def looped(x, w, padding):
    """The definition, number by number."""
    channels, height, width, n = x.shape
    _, rows, columns, filters = w.shape
    maps = np.zeros(
        (filters, height + 2 * padding - rows + 1, width + 2 * padding - columns + 1, n)
    )
    for f, down, across, i in np.ndindex(*maps.shape):
        for c, row, column in np.ndindex(channels, rows, columns):
            y, z = down + row - padding, across + column - padding
            if 0 <= y < height and 0 <= z < width:
                maps[f, down, across, i] += x[c, y, z, i] * w[c, row, column, f]
    return maps


@given(cases())
def test_a_convolution_is_that_of_a_plain_loop(case):
    x, w, _, padding = case
    np.testing.assert_allclose(convolve(x, w, padding), looped(x, w, padding), **CLOSE)


@given(cases())
def test_the_three_operations_are_derivatives_of_one_form(case):
    x, w, g, padding = case
    form = np.sum(looped(x, w, padding) * g)
    np.testing.assert_allclose(np.sum(convolve_transposed(g, w, padding) * x), form, **CLOSE)
    np.testing.assert_allclose(np.sum(correlate(x, g, padding) * w), form, **CLOSE)


@given(cases())
def test_patches_and_overlaid_are_transposed(case):
    x, w, _, padding = case
    seen = patches(x, *w.shape[1:3], padding)
    other = np.random.default_rng(0).standard_normal(seen.shape)
    np.testing.assert_allclose(np.sum(seen * other), np.sum(x * overlaid(other, padding)), **CLOSE)


@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("operation", [convolve, convolve_transposed, correlate])
def test_derivatives_of_both_modes_to_order_2(operation, padding):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 4, 5, 3)), rng.standard_normal((2, 3, 2, 2))
    maps = np.asarray(convolve(x, w, padding))
    one, other = {
        convolve: (x, w), convolve_transposed: (maps, w), correlate: (x, maps),
    }[operation]  # fmt: skip
    check_grads(lambda a, b: operation(a, b, padding), modes=["fwd", "rev"], order=2)(one, other)


@given(cases())
def test_derivatives_of_a_curved_function_are_finite_differences(case):
    x, w, g, padding = case
    rng, step = np.random.default_rng(1), 1e-5
    along = rng.standard_normal(w.shape)

    def function(filters):
        return anp.sum(anp.tanh(convolve(x, filters, padding)) * g)

    slope = np.sum(grad(function)(w) * along)
    np.testing.assert_allclose(make_jvp(function)(w)(along)[1], slope, rtol=1e-9, atol=1e-9)
    ahead, behind = w + step * along, w - step * along
    difference = (function(ahead) - function(behind)) / (2 * step)
    np.testing.assert_allclose(slope, difference, rtol=1e-5, atol=1e-6 * g.size)
    curvature = grad(lambda filters: anp.sum(grad(function)(filters) * along))(w)
    differences = (grad(function)(ahead) - grad(function)(behind)) / (2 * step)
    np.testing.assert_allclose(curvature, differences, rtol=1e-4, atol=1e-5 * g.size)


def test_complex_filters_are_taken_as_they_are():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 4, 4, 1)), rng.standard_normal((2, 2, 2, 3))
    both = convolve(x, w + 2j * w, 1)
    np.testing.assert_allclose(both, (1 + 2j) * convolve(x, w, 1), **CLOSE)


# -------------------- pooling --------------------


def pooled_by_loops(x, size, kind):
    channels, height, width, n = x.shape
    found = np.empty((channels, height // size, width // size, n))
    for c, i, j, k in np.ndindex(*found.shape):
        of_block = x[c, i * size : (i + 1) * size, j * size : (j + 1) * size, k]
        found[c, i, j, k] = of_block.max() if kind == "max" else of_block.mean()
    return found


@pytest.mark.parametrize("kind", ["max", "mean"])
@given(cases(), st.integers(1, 3))
def test_pooling_is_that_of_plain_loops(kind, case, size):
    x = case[0]
    np.testing.assert_allclose(pooled(x, size, kind), pooled_by_loops(x, size, kind), **CLOSE)


@pytest.mark.parametrize("kind", ["max", "mean"])
def test_derivatives_of_pooling(kind):
    # Distinct numbers, a whole apart: no step of a finite difference crosses a kink.
    x = np.random.default_rng(0).permutation(2 * 5 * 4 * 2).reshape(2, 5, 4, 2) / 1.0
    check_grads(lambda x: anp.sin(pooled(x, 2, kind)), modes=["fwd", "rev"], order=2)(x)


def test_equal_numbers_of_a_block_share_its_derivative():
    gradient = grad(lambda x: anp.sum(pooled(x, 2, "max")))(np.zeros((1, 2, 2, 1)))
    np.testing.assert_array_equal(gradient, np.full((1, 2, 2, 1), 0.25))


# -------------------- what is wrong --------------------


@pytest.mark.parametrize(("pictures", "filters", "message"), [
    ((2, 4, 4, 1), (1, 3, 3, 5), "are for pictures of 1 channels; these have 2"),
    ((1, 4, 4, 1), (1, 5, 3, 5), "filters of 5 x 3 do not fit in pictures of 4 x 4"),
])  # fmt: skip
def test_filters_that_do_not_fit_are_refused(pictures, filters, message):
    with pytest.raises(ValueError, match=message):
        convolve(np.ones(pictures), np.ones(filters))
