"""Kernels, sheets of spiking units, competition, polygons, wiring."""

import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesis.architectures import Perceptron
from synthesis.architectures.spatial import (
    CompetitiveLayer,
    IzhikevichSheet,
    LateralKernel,
    LeakySheet,
    Polygon,
    WinnerLayer,
    WiredNetwork,
    disc_wiring,
    fit_readout,
    numbered,
    pixels_under,
    random_wiring,
    scattered,
    wiring_tree,
)
from vvalues import VValue, from_buffer, restrict
from vvalues.testing import check_tree_gradients

seeds = st.integers(0, 2**32 - 1)


# -------------------- kernels --------------------


def test_kernel_excites_near_and_inhibits_far():
    kernel = LateralKernel(5.0, 2.0, 2.0, 6.0).matrix(np.array([[0.0, 0], [1, 0], [4, 0], [9, 0]]))
    assert kernel[0].tolist() == pytest.approx([0.0, 5.0, 0.0, -2.0 * np.exp(-0.9)])
    np.testing.assert_array_equal(kernel, kernel.T)


@pytest.mark.parametrize("arguments, message", [
    ((5, 2, 7, 6), "inner radius 7 is above the outer radius 6"),
    ((5, 2, 0, 6), "inner radius is 0"),
    ((5, 2, 2, 6, 0), "decay is 0"),
])  # fmt: skip
def test_impossible_kernels_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LateralKernel(*arguments)


@pytest.mark.parametrize("positions, message", [
    (np.empty((0, 2)), "at least one cell"),
    (np.zeros(3), "one point per row"),
    (np.array([[0.0, np.nan]]), "not finite"),
])  # fmt: skip
def test_impossible_positions_are_refused(positions, message):
    with pytest.raises(ValueError, match=message):
        LateralKernel(5, 2, 2, 6).matrix(positions)
    with pytest.raises(ValueError, match="0 cells"):
        scattered(0, 1.0, np.random.default_rng(0))


# -------------------- sheets against plain references --------------------


def plain_izhikevich(sheet, noise, steps):
    """The published loop, line by line."""
    v, u, found = sheet.v.copy(), sheet.u.copy(), []
    for row in noise[:steps]:
        fired = np.flatnonzero(v >= 30)
        v[fired] = sheet.c[fired]
        u[fired] = u[fired] + sheet.d[fired]
        current = row + sheet.kernel[:, fired].sum(axis=1)
        v = v + 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current)
        v = v + 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current)
        u = u + 0.02 * (0.2 * v - u)
        found.append(fired)
    return v, u, found


def test_izhikevich_units_follow_the_published_loop():
    rng = np.random.default_rng(3)
    positions = scattered(80, 7.0, rng)
    kernel = LateralKernel(5, 2, 2, 6)
    sheet = IzhikevichSheet(positions, kernel, np.random.default_rng(4), noise=12.0)
    twin = np.random.default_rng(4)
    twin.random(80)
    noise = 12.0 * twin.standard_normal((64, 80))
    v, u, expected = plain_izhikevich(sheet, noise, 60)
    fired = [sheet.step() for _ in range(60)]
    assert sum(map(len, fired)) > 20
    for one, other in zip(fired, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(sheet.v, v, rtol=1e-9)
    np.testing.assert_allclose(sheet.u, u, rtol=1e-9)


def runge_kutta(slope, dt, y):
    k1 = dt * slope(y)
    k2 = dt * slope(y + 0.5 * k1)
    k3 = dt * slope(y + 0.5 * k2)
    k4 = dt * slope(y + k3)
    return y + (k1 + 2 * k2 + 2 * k3 + k4) / 6


def test_leaky_units_follow_the_published_loop():
    positions = scattered(60, 5.0, np.random.default_rng(0))
    sheet = LeakySheet(positions, LateralKernel(16, 3, 2, 5), np.random.default_rng(1))
    twin = np.random.default_rng(1)
    twin.standard_normal(60)
    noise = 3.0 * twin.standard_normal((64, 60))
    v, threshold, spikes = np.zeros(60), np.ones(60), np.zeros(60)
    total = 0
    for i in range(300):
        current = sheet.kernel @ spikes + noise[i // 10]
        v = runge_kutta(lambda y, c=current: -y / 2 + c, 0.1, v)
        threshold = runge_kutta(lambda y, h=spikes: (1 - y) * (1 - h) / 60 + 9 * h, 0.1, threshold)
        fired = v >= threshold
        v[fired] = sheet.reset[fired]
        spikes = fired.astype(float)
        np.testing.assert_array_equal(sheet.step(), np.flatnonzero(fired))
        total += fired.sum()
    assert total > 50
    np.testing.assert_allclose(sheet.v, v, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(sheet.threshold, threshold, rtol=1e-9)


def test_silent_units_never_fire():
    rng = np.random.default_rng(0)
    sheet = IzhikevichSheet(
        scattered(100, 8.0, rng), LateralKernel(5, 2, 2, 6), rng, noise=12.0, silent=np.arange(20)
    )
    fired = np.concatenate([sheet.step() for _ in range(200)])
    assert fired.size > 50
    assert fired.min() >= 20
    with pytest.raises(ValueError, match="not among 0 to 99"):
        sheet.silence(np.array([100]))


def test_bad_sheets_are_refused():
    rng, kernel, places = np.random.default_rng(0), LateralKernel(5, 2, 2, 6), np.zeros((1, 2))
    with pytest.raises(ValueError, match="recovery is 'slow'"):
        IzhikevichSheet(places, kernel, rng, recovery="slow")
    with pytest.raises(ValueError, match="at most 1 ms"):
        LeakySheet(places, kernel, rng, milliseconds=2.0)
    with pytest.raises(ValueError, match="tau is 0"):
        LeakySheet(places, kernel, rng, tau=0.0)


# -------------------- competition --------------------


def test_the_winner_learns_as_published():
    rng = np.random.default_rng(0)
    layer = WinnerLayer(40, 6, rng)
    for _ in range(30):
        weights, threshold = layer.weights.copy(), layer.threshold.copy()
        spikes = (np.random.default_rng(rng.integers(99)).random(40) < 0.9).astype(float)
        y = np.maximum(np.maximum(spikes @ weights, 0) - threshold, 0)
        j = int(y.argmax())
        if y[j] > 0:
            weights[:, j] += 0.1 * y[j] * spikes
            threshold[j] += 0.005 * y[j]
            weights[:, j] *= 2.5 / weights[:, j].mean()
        assert layer.step(np.flatnonzero(spikes)) == (j if y[j] > 0 else -1)
        np.testing.assert_allclose(layer.weights, weights, rtol=1e-10)
        np.testing.assert_allclose(layer.threshold, threshold, rtol=1e-10)
    assert layer.wins.sum() > 0
    layer.lower_thresholds()
    np.testing.assert_allclose(layer.threshold, layer.peak / 5)


@given(seeds, st.integers(1, 6), st.sampled_from([None, 3.0]))
def test_competition_keeps_means_and_bounds_winners(seed, k, trace):
    rng = np.random.default_rng(seed)
    layer = CompetitiveLayer(30, 6, k, rng, threshold=20.0, trace=trace)
    for _ in range(10):
        fired = np.flatnonzero(rng.random(30) < 0.5)
        y = layer.step(fired, 0.1)
        assert np.count_nonzero(y) <= k
        assert y.min() >= 0.0
        winners = np.flatnonzero(y)
        np.testing.assert_allclose(layer.weights[:, winners].mean(axis=0), 2.5)
        assert layer.weights.min() >= 0.0


def test_traces_prefer_inputs_that_come_before():
    rng = np.random.default_rng(0)
    layer = CompetitiveLayer(30, 1, 1, rng, rate=0.001, threshold=0.0, trace=2.0, depression=2.0)
    layer.threshold[:] = 20.0
    cause, response, after = np.arange(10), np.arange(10, 20), np.arange(20, 30)
    for _ in range(100):
        layer.threshold[:] = 1e9
        layer.step(cause, 1.0)
        layer.threshold[:] = 20.0
        layer.step(response, 1.0)
        layer.threshold[:] = 1e9
        layer.step(after, 1.0)
        for _ in range(10):
            layer.step(np.empty(0, dtype=int), 1.0)
    assert layer.weights[cause].mean() > 1.2 * layer.weights[after].mean()


def test_bad_layers_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="k is 7; from 1 to 6"):
        CompetitiveLayer(5, 6, 7, rng)
    with pytest.raises(ValueError, match="trace is 0"):
        CompetitiveLayer(5, 6, 1, rng, trace=0)
    with pytest.raises(ValueError, match="0 inputs"):
        WinnerLayer(0, 6, rng)


# -------------------- polygons --------------------


def star(seed, n):
    """A star-shaped polygon: simple by construction."""
    rng = np.random.default_rng(seed)
    angles = 2 * np.pi * (np.arange(n) + 0.8 * rng.random(n)) / n
    radius = 1.0 + 4.0 * rng.random(n)
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)


@given(seeds, st.integers(3, 12))
def test_star_shapes_are_polygons_and_samples_are_inside(seed, n):
    polygon = Polygon(star(seed, n))
    assert polygon.area > 0
    points = polygon.sample(20, np.random.default_rng(seed))
    assert polygon.contains(points).all()
    low, high = polygon.bounds
    assert not polygon.contains(np.array([low - 1.0, high + 1.0])).any()


@given(seeds, st.integers(4, 10), st.data())
def test_exchanged_corners_make_it_cross_itself(seed, n, data):
    corners = star(seed, n)
    radius = 3.0 * corners / np.linalg.norm(corners, axis=1, keepdims=True)
    i = data.draw(st.integers(0, n - 2))
    radius[[i, i + 1]] = radius[[i + 1, i]]  # corners of a convex polygon
    with pytest.raises(ValueError, match="crosses itself: edge"):
        Polygon(radius)


@pytest.mark.parametrize("corners, message", [
    ([(0, 0), (1, 0)], "at least three"),
    ([(0, 0), (1, 0), (1, 0), (0, 1)], "corners 1 and 2 coincide"),
    ([(0, 0), (1, 1), (2, 2)], "crosses itself|no area"),
    ([(0, 0), (1, 0), (np.nan, 1)], "not finite"),
    ([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)], "meets edge"),
])  # fmt: skip
def test_bad_polygons_are_refused(corners, message):
    with pytest.raises(ValueError, match=message):
        Polygon(corners)


# -------------------- wired networks --------------------


def test_a_fully_wired_network_is_a_perceptron():
    rng = np.random.default_rng(0)
    dense = Perceptron([3, 4, 2], "tanh")
    parameters = from_buffer(dense.support, rng.standard_normal(dense.support.size))
    names = [numbered("in", 3), numbered("unit", 4), ("a", "b")]
    tree = VValue()
    for k, layer in enumerate(dense.layers):
        weights, bias = parameters[layer, "weights"], parameters[layer, "bias"]
        tree = tree + wiring_tree(layer, names[k + 1], names[k], weights)
        biases = {unit: {"bias": float(b)} for unit, b in zip(names[k + 1], bias, strict=True)}
        tree = tree + VValue({layer: biases})
    model = WiredNetwork(names, "tanh")
    inputs = rng.standard_normal((5, 3))
    np.testing.assert_allclose(model(tree, inputs), dense(parameters, inputs), rtol=1e-12)
    for one, layer in zip(model.matrices(tree), dense.layers, strict=True):
        np.testing.assert_array_equal(one, parameters[layer, "weights"])
    hidden = np.tanh(inputs @ parameters["layer-1", "weights"] + parameters["layer-1", "bias"])
    np.testing.assert_allclose(model.hidden(tree, inputs), hidden, rtol=1e-12)


@settings(max_examples=15)
@given(seeds)
def test_gradients_stay_on_the_wiring(seed):
    rng = np.random.default_rng(seed)
    model = WiredNetwork([numbered("in", 4), numbered("unit", 3), ["y"]])
    full = model.initial(rng)
    support = full.support.where(rng.random(full.size) < 0.6)
    tree, inputs = restrict(full, support), rng.standard_normal((3, 4))

    def loss(parameters):
        return (model(parameters, inputs) ** 2).sum()

    gradient = grad(loss)(tree)
    assert set(gradient.support.paths) <= set(support.paths)
    if support.size:
        check_tree_gradients(loss, tree)


def test_names_and_gains_are_checked():
    with pytest.raises(ValueError, match="none of them empty"):
        WiredNetwork([["a"], []])
    with pytest.raises(ValueError, match="'a' occurs twice"):
        WiredNetwork([["a", "a"], ["y"]])
    with pytest.raises(ValueError, match="2 gains for 1 layers"):
        WiredNetwork([["a"], ["y"]], gains=[1, 2])
    model = WiredNetwork([["a"], ["y"]])
    for tree, message in (
        ({"layer-2": {"y": {"inputs": {"a": 1.0}}}}, "layer-2/y/inputs/a: there is no 'layer-2'"),
        ({"layer-1": {"z": {"inputs": {"a": 1.0}}}}, "layer-1 has no such unit"),
        ({"layer-1": {"y": {"inputs": {"b": 1.0}}}}, "'b' is no source of layer-1"),
    ):
        with pytest.raises(ValueError, match=message):
            model(VValue(tree), np.ones((1, 1)))
    with pytest.raises(ValueError, match="weights have shape"):
        wiring_tree("layer-1", ["y"], ["a"], np.ones((2, 1)))


# -------------------- readout --------------------


def test_wirings_have_the_sizes_asked():
    rng = np.random.default_rng(0)
    positions, sizes = scattered(50, 5.0, rng), np.array([1, 7, 50])
    for wiring in (disc_wiring(positions, sizes, rng), random_wiring(50, sizes, rng)):
        assert wiring.sum(axis=0).tolist() == sizes.tolist()


def test_pixels_lie_under_their_sensors():
    places = np.array([[0.0, 0.0], [9.9, 0.0], [0.0, 10.0], [5.1, 5.1]])
    found = pixels_under(places, (2, 2), (np.zeros(2), np.full(2, 10.0)))
    assert found.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="outside the extent"):
        pixels_under(places, (2, 2), (np.zeros(2), np.full(2, 5.0)))


def test_a_readout_separates_what_is_separable():
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    features = np.eye(3)[labels] + 0.1 * rng.standard_normal((90, 3))
    features = np.hstack([features, np.ones((90, 1))])
    readout = fit_readout(features, labels)
    assert readout.accuracy(features, labels) == 100.0
    assert not readout.weights[3].any()
    with pytest.raises(ValueError, match="strength is 0"):
        fit_readout(features, labels, 0.0)
