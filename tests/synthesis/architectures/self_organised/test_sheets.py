"""Kernels, sheets of spiking units, competition, polygons, wiring."""

import numpy as np
import pytest
from autograd import grad
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures import Perceptron
from synthesis.architectures.self_organised import (
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
from tests.examples import examples
from vvalues import VValue, from_buffer, restrict
from vvalues.testing import check_tree_gradients

seeds = st.integers(0, 2**32 - 1)


# -------------------- kernels --------------------


def test_kernel_excites_near_and_inhibits_far():
    kernel = LateralKernel(5.0, 2.0, 2.0, 6.0).matrix(np.array([[0.0, 0], [1, 0], [4, 0], [9, 0]]))
    assert kernel[0].tolist() == pytest.approx([0.0, 5.0, 0.0, -2.0 * np.exp(-0.9)])
    np.testing.assert_array_equal(kernel, kernel.T)


def test_a_stretched_kernel_reaches_further_along_the_first_axis():
    kernel = LateralKernel(5.0, 2.0, 2.0, 6.0, stretch=4.0)  # an ellipse of half axes 4 and 1
    here = np.zeros((1, 2))
    places = np.array([[3.9, 0.0], [4.1, 0.0], [0.0, 0.9], [0.0, 1.1]])
    assert kernel.between(here, places)[0].tolist() == [5.0, 0.0, 5.0, 0.0]
    round_one = LateralKernel(5.0, 2.0, 2.0, 6.0)
    pressed = places / np.array([2.0, 0.5])
    np.testing.assert_allclose(kernel.between(here, places), round_one.between(here, pressed))
    with pytest.raises(ValueError, match=r"needs positions \(n, 2\)"):
        kernel.matrix(np.zeros((3, 3)))


@pytest.mark.parametrize("arguments, message", [
    ((5, 2, 7, 6), "inner radius 7 is above the outer radius 6"),
    ((5, 2, 2, np.inf), "outer radius is inf"),
    ((5, 2, 2, np.nan), "outer radius is nan"),
    ((np.nan, 2, 2, 6), "excitation is nan"),
    ((5, np.inf, 2, 6), "inhibition is inf"),
    ((5, 2, 0, 6), "inner radius is 0"),
    ((5, 2, 2, 6, 0), "decay is 0"),
    ((5, 2, 2, 6, 10, 0), "stretch is 0"),
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


@examples(25)
@given(seeds, st.floats(0.0, 60.0), st.floats(0.0, 30.0), st.floats(1.0, 12.0))
def test_potentials_stay_finite_whatever_the_kernel(seed, excitation, inhibition, side):
    rng = np.random.default_rng(seed)
    kernel = LateralKernel(excitation, inhibition, 2.0, 5.0)
    sheet = IzhikevichSheet(scattered(60, side, rng), kernel, rng, noise=8.0)
    for _ in range(300):
        sheet.step()
    assert np.isfinite(sheet.v).all()
    assert np.isfinite(sheet.u).all()
    assert np.abs(sheet.u).max() < 2000.0
    sheet.kernel[:] = 0.0  # left alone, every unit comes back and fires again
    for _ in range(600):
        sheet.step()
    assert np.unique(np.concatenate([sheet.step() for _ in range(400)])).size == 60


@pytest.mark.thorough
def test_a_dense_sheet_goes_on_firing():
    """Potentials of this sheet once overflowed: 633 of 1,500 were NaN after 600 steps."""
    rng = np.random.default_rng(0)
    sheet = IzhikevichSheet(scattered(1500, 14.0, rng), LateralKernel(5, 2, 2, 6), rng)
    fired = [sheet.step() for _ in range(1200)]
    assert np.isfinite(sheet.v).all()
    assert np.unique(np.concatenate(fired[600:])).size > 1400


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
    mask = np.zeros(100, dtype=bool)
    mask[[7, 70]] = True
    sheet.silence(mask)
    assert sheet.silent.tolist() == [7, 70]
    sheet.silence([])
    assert not sheet.silent.size
    for units, message in (
        (np.array([100]), "unit 100 is not among 0 to 99"),
        (np.array([3, -1]), "unit -1 is not among 0 to 99"),
        (mask[:50], r"mask of shape \(50,\); expected \(100,\)"),
        (np.array([1.5]), "array of float64"),
    ):
        with pytest.raises(ValueError, match=message):
            sheet.silence(units)


def test_bad_sheets_are_refused():
    rng, kernel, places = np.random.default_rng(0), LateralKernel(5, 2, 2, 6), np.zeros((1, 2))
    with pytest.raises(ValueError, match="recovery is 'slow'"):
        IzhikevichSheet(places, kernel, rng, recovery="slow")
    with pytest.raises(ValueError, match="at most 1 ms"):
        LeakySheet(places, kernel, rng, milliseconds=2.0)
    with pytest.raises(ValueError, match="tau is 0"):
        LeakySheet(places, kernel, rng, tau=0.0)
    for noise in (np.nan, np.inf, -1.0):
        with pytest.raises(ValueError, match=f"noise is {noise}"):
            IzhikevichSheet(places, kernel, rng, noise=noise)
        with pytest.raises(ValueError, match=f"noise is {noise}"):
            LeakySheet(places, kernel, rng, noise=noise)
    with pytest.raises(ValueError, match="side is inf"):
        scattered(3, np.inf, rng)
    for sheet in (IzhikevichSheet(places, kernel, rng), LeakySheet(places, kernel, rng)):
        with pytest.raises(ValueError, match=r"drive has shape \(2,\)"):
            sheet.step(np.zeros(2))
        with pytest.raises(ValueError, match="drive is not finite"):
            sheet.step(np.array([np.nan]))


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


def test_units_that_traces_depress_can_win_again():
    """Losers were once left without any weight: 17 of 20 after 200 ms."""
    rng = np.random.default_rng(0)
    layer = CompetitiveLayer(40, 5, 1, rng, rate=1.0, threshold=40.0, trace=5.0)
    winners = set()
    for i in range(2000):
        layer.threshold[:] = 40.0
        layer.threshold[i // 400] = 0.0
        y = layer.step(rng.permutation(40)[:20], 1.0)
        winners |= set(np.flatnonzero(y).tolist())
        assert layer.weights.mean(axis=0).min() >= 0.05 * 2.5
    assert winners == {0, 1, 2, 3, 4}


def test_bad_layers_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="k is 7; from 1 to 6"):
        CompetitiveLayer(5, 6, 7, rng)
    with pytest.raises(ValueError, match="trace is 0"):
        CompetitiveLayer(5, 6, 1, rng, trace=0)
    with pytest.raises(ValueError, match="n_inputs is 0"):
        WinnerLayer(0, 6, rng)
    with pytest.raises(ValueError, match="rate is nan"):
        WinnerLayer(5, 6, rng, rate=np.nan)
    for option in ("rate", "threshold", "threshold_rate", "trace", "depression"):
        with pytest.raises(ValueError, match=f"{option} is inf"):
            CompetitiveLayer(5, 6, 1, rng, **{option: np.inf})


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


@given(seeds, st.integers(3, 12), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_area_does_not_depend_on_the_place(seed, n, x, y):
    corners = star(seed, n)
    at_home = Polygon(corners).area
    assert Polygon(corners + np.array([x, y])).area == pytest.approx(at_home, rel=1e-6)
    triangles = [0.5 * np.linalg.det([corners[i], corners[(i + 1) % n]]) for i in range(n)]
    assert at_home == pytest.approx(abs(sum(triangles)))


def test_a_sliver_is_not_sampled_for_ever():
    sliver = Polygon([(0, 0), (1e5, 1e5), (1e5, 1e5 + 1e-4)])
    with pytest.raises(ValueError, match="fills only 5e-10 of its bounding box"):
        sliver.sample(1, np.random.default_rng(0))
    level = Polygon([(0, 0), (1e5, 0), (1e5, 1e-4)])
    assert level.contains(level.sample(5, np.random.default_rng(0))).all()
    with pytest.raises(ValueError, match=r"points have shape \(2,\)"):
        sliver.contains(np.zeros(2))


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


@examples(15)
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
    fine = VValue({"layer-1": {"y": {"inputs": {"a": 1.0}}}})
    for inputs in (np.ones((3, 2)), np.ones(1)):
        with pytest.raises(ValueError, match=r"inputs have shape .* expected \(n, 1\)"):
            model(fine, inputs)
    deep = WiredNetwork([["a"], ["h"], ["y"]])
    tree = deep.initial(np.random.default_rng(0))
    assert deep.hidden(tree, np.ones((4, 1)), 1).shape == (4, 1)
    for layer in (0, 2, 5, -1):
        with pytest.raises(ValueError, match=f"layer is {layer}; hidden layers are 1 to 1"):
            deep.hidden(tree, np.ones((4, 1)), layer)
    with pytest.raises(ValueError, match="weights have shape"):
        wiring_tree("layer-1", ["y"], ["a"], np.ones((2, 1)))


# -------------------- readout --------------------


def test_wirings_have_the_sizes_asked():
    rng = np.random.default_rng(0)
    positions, sizes = scattered(50, 5.0, rng), np.array([1, 7, 50])
    for wiring in (disc_wiring(positions, sizes, rng), random_wiring(50, sizes, rng)):
        assert wiring.sum(axis=0).tolist() == sizes.tolist()
    for wrong, message in (
        ([3, 0], "unit 1 is to read 0 of 50"),
        ([51], "unit 0 is to read 51 of 50"),
        ([-1], "unit 0 is to read -1 of 50"),
        ([2.5], "sizes are float64"),
    ):
        with pytest.raises(ValueError, match=message):
            disc_wiring(positions, np.array(wrong), rng)
        with pytest.raises(ValueError, match=message):
            random_wiring(50, np.array(wrong), rng)


def test_pixels_lie_under_their_sensors():
    places = np.array([[0.0, 0.0], [9.9, 0.0], [0.0, 10.0], [5.1, 5.1]])
    found = pixels_under(places, (2, 2), (np.zeros(2), np.full(2, 10.0)))
    assert found.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="outside the extent"):
        pixels_under(places, (2, 2), (np.zeros(2), np.full(2, 5.0)))
    with pytest.raises(ValueError, match="not finite"):
        pixels_under(np.array([[np.nan, 1.0]]), (2, 2), (np.zeros(2), np.full(2, 5.0)))
    with pytest.raises(ValueError, match="columns is 0"):
        pixels_under(places, (2, 0), (np.zeros(2), np.full(2, 10.0)))
    with pytest.raises(ValueError, match="has no area"):
        pixels_under(places, (2, 2), (np.zeros(2), np.full(2, np.nan)))


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
    with pytest.raises(ValueError, match="a class from 0 on"):
        fit_readout(features, labels - 1)
    with pytest.raises(ValueError, match="features are not finite"):
        fit_readout(np.full((90, 2), np.nan), labels)
