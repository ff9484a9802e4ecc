"""Stacks of spiking layers: waves, wiring, encoding, mirrored decoders."""

import numpy as np
import pytest
from autograd import grad

from synthesis.architectures.self_organised import LateralKernel, LeakySheet, Polygon, scattered
from synthesis.architectures.self_organised.growth import anatomy, wiring
from synthesis.architectures.self_organised.movies import wave_movie
from synthesis.architectures.self_organised.spiking import (
    Encoding,
    LayerSettings,
    MirrorLayer,
    SpikingAutoencoder,
    SpikingStack,
    autoencoder_tree,
    izhikevich_retina,
    leaky_retina,
    level_trains,
    mean_responses,
    published_layers,
    spiking_network,
    stack_tree,
    wave_figures,
)


@pytest.mark.thorough
def test_the_published_retina_has_waves_that_reach_the_upper_layers():
    rng = np.random.default_rng(0)
    stack = SpikingStack(leaky_retina(rng), published_layers(), rng)
    raster = stack.run(60.0)
    waves = wave_figures(stack.retina.positions, raster.fired[0])
    assert waves.spread < 4.0
    assert waves.spread_of_all == pytest.approx(7.6, abs=0.3)
    assert 0.05 < waves.silent < 0.6
    assert np.unique(np.concatenate(raster.fired[1])).size > 100
    assert np.unique(np.concatenate(raster.fired[2])).size > 10
    assert [len(steps) for steps in raster.fired] == [600] * 3
    assert raster.fired[2][0].size == 0


def small_stack(seed=0, **options):
    rng = np.random.default_rng(seed)
    layer = LayerSettings(12, winners=2, **{"threshold": 20.0, **options})
    return SpikingStack(leaky_retina(rng, n=150, side=7.0), [layer], rng)


def test_runs_repeat_to_the_bit():
    one, other = small_stack(), small_stack()
    one.run(30.0)
    other.organise(30.0)
    np.testing.assert_array_equal(one.weights[0], other.weights[0])
    assert not np.array_equal(one.weights[0], small_stack(1).weights[0])


def test_a_frozen_stack_does_not_learn():
    stack = small_stack()
    before = stack.weights[0].copy()
    stack.run(20.0, learn=False)
    np.testing.assert_array_equal(stack.weights[0], before)
    stack.run(60.0)
    assert not np.array_equal(stack.weights[0], before)


def test_learning_makes_fields_compact():
    """Sensors a unit reads strongly lie closer together than sensors at large."""
    stack = small_stack()
    stack.organise(1500.0)
    positions, weights = stack.retina.positions, stack.weights[0]
    spreads = []
    for column in weights.T:
        strongest = positions[np.argsort(column)[-20:]]
        spreads.append(np.linalg.norm(strongest - strongest.mean(axis=0), axis=1).mean())
    at_large = np.linalg.norm(positions - positions.mean(axis=0), axis=1).mean()
    assert np.median(spreads) < 0.75 * at_large


def test_any_geometry_and_any_number_of_layers():
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * rng.random(120)
    ring = np.stack([4 * np.cos(angle), 4 * np.sin(angle), rng.random(120)], axis=1)
    layers = [LayerSettings(10), LayerSettings(8), LayerSettings(6), LayerSettings(4, kernel=None)]
    stack = SpikingStack(leaky_retina(rng, ring), layers, rng)
    raster = stack.run(10.0)
    assert len(raster.fired) == 5
    assert [w.shape for w in stack.weights] == [(120, 10), (10, 8), (8, 6), (6, 4)]
    triangle = Polygon([(0, 0), (14, 0), (7, 12)]).sample(400, rng)
    deep = [
        LayerSettings(80, winners=8, threshold=30.0, trace=5.0),
        LayerSettings(60, winners=8, threshold=10.0),
        LayerSettings(40, winners=8, threshold=10.0, kernel=None),
    ]
    raster = SpikingStack(leaky_retina(rng, triangle), deep, rng).run(60.0)
    assert min(np.unique(np.concatenate(fired)).size for fired in raster.fired) > 10
    inside = Polygon([(0, 0), (6, 0), (3, 6)]).sample(90, rng)
    other = SpikingStack(izhikevich_retina(rng, inside), [LayerSettings(5, trace=3.0)], rng)
    assert len(other.run(50.0).fired[0]) == 50


def test_a_drive_makes_its_sensors_fire():
    stack = small_stack()
    drive = np.where(stack.retina.positions[:, 0] < 3.5, 20.0, -2000.0)
    raster = stack.run(20.0, drive)
    fired = np.concatenate(raster.fired[0])
    assert (stack.retina.positions[fired, 0] < 3.5).mean() > 0.95


def test_units_depressed_by_traces_keep_weights():
    rng = np.random.default_rng(1)
    retina = leaky_retina(rng, n=100, side=5.0)
    stack = SpikingStack(retina, [LayerSettings(20, trace=5.0)], np.random.default_rng(1))
    stack.organise(200.0)
    assert stack.weights[0].mean(axis=0).min() > 0.1


@pytest.mark.thorough
def test_a_dense_izhikevich_retina_stays_finite():
    retina = izhikevich_retina(np.random.default_rng(0), kernel=LateralKernel(8, 3, 2, 5))
    for _ in range(300):
        retina.step()
    assert np.isfinite(retina.v).all()


def test_figures_of_known_rasters():
    positions = np.array([[0.0, 0], [2, 0], [10, 0]])
    none, pair = np.empty(0, dtype=int), np.array([0, 1])
    found = wave_figures(positions, [none, pair, np.array([2]), none])
    assert found.spread == 1.0
    assert found.silent == 0.5
    assert (found.mean_firing, found.most_firing) == (0.75, 2)
    with pytest.raises(ValueError, match="no step"):
        wave_figures(positions, [])


def test_bad_stacks_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="only the last one may be so"):
        SpikingStack(leaky_retina(rng, n=9), [LayerSettings(3, kernel=None), LayerSettings(2)], rng)
    with pytest.raises(ValueError, match="k is 5"):
        SpikingStack(leaky_retina(rng, n=9), [LayerSettings(3, winners=5)], rng)
    with pytest.raises(ValueError, match="less than one step"):
        small_stack().run(0.01)
    with pytest.raises(ValueError, match="0 cells"):
        leaky_retina(rng, n=0)
    for option in ("side", "rate", "threshold", "trace"):
        with pytest.raises(ValueError, match=f"{option} is nan"):
            LayerSettings(3, **{option: np.nan})
    with pytest.raises(ValueError, match="n_units is 0"):
        LayerSettings(0)
    with pytest.raises(ValueError, match="milliseconds is nan"):
        small_stack().organise(np.nan)
    with pytest.raises(ValueError, match=r"drive has shape \(3,\); .* \(150,\)"):
        small_stack().run(1.0, np.zeros(3))
    with pytest.raises(ValueError, match="unit 3 is not among 0 to 2"):
        wave_figures(np.zeros((3, 2)), [np.array([3])])


# -------------------- images --------------------


def test_trains_are_those_of_single_units():
    encoding = Encoding(milliseconds=25, current=8.0)
    trains = level_trains(encoding)
    assert trains.shape == (25, 256)
    assert not trains[:, 0].any()
    rates = trains.sum(axis=0)
    assert rates[255] >= rates[128] >= rates[32]
    for level in (40, 200):
        lonely = LeakySheet(
            np.zeros((1, 1)), LateralKernel(0, 0, 1, 1), np.random.default_rng(0),
            noise=0.0, milliseconds=1.0,
        )  # fmt: skip
        lonely.reset[:] = 0.0
        drive = np.array([8.0 * level / 255])
        expected = [lonely.step(drive).size == 1 for _ in range(25)]
        assert trains[:, level].tolist() == expected


def test_responses_are_means_over_time():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (7, 9), dtype=np.uint8)
    pixels, weights = rng.integers(9, size=20), rng.random((20, 4))
    encoding = Encoding(milliseconds=12)
    trains = level_trains(encoding)
    expected = np.zeros((7, 4))
    for train in trains:
        y = np.maximum(train[images[:, pixels]] @ weights - 0.5, 0.0)
        top = np.maximum(y.max(axis=1, keepdims=True), 1e-30)
        expected += y * y / top / 12
    found = mean_responses(images, pixels, weights, 0.5, encoding, chunk=3)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="expected bytes"):
        mean_responses(images / 255.0, pixels, weights)
    with pytest.raises(ValueError, match="20 sensors, but weights for 19"):
        mean_responses(images, pixels, weights[:19])
    with pytest.raises(ValueError, match="chunk is -1"):
        mean_responses(images, pixels, weights, chunk=-1)
    with pytest.raises(ValueError, match="unit 9 is not among 0 to 8"):
        mean_responses(images, np.full(20, 9), weights)
    with pytest.raises(ValueError, match=r"thresholds have shape \(3,\)"):
        mean_responses(images, pixels, weights, np.zeros(3))
    with pytest.raises(ValueError, match="a row of pixels per image"):
        mean_responses(images.reshape(7, 3, 3), pixels, weights)


@pytest.mark.parametrize("change, message", [
    ({"milliseconds": 0}, "milliseconds is 0"),
    ({"current": 0.0}, "current is 0.0"),
    ({"sharpness": -1.0}, "sharpness is -1"),
])  # fmt: skip
def test_bad_encodings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Encoding(**change)


# -------------------- decoders, trees, movies --------------------


def test_a_mirrored_layer_learns_what_fires_with_a_unit():
    layer = MirrorLayer(3, 20, np.random.default_rng(0))
    means = layer.weights.mean(axis=1)
    patch, y = np.arange(5), np.array([0.0, 4.0, 0.0])
    for _ in range(200):
        layer.learn(y, patch, 0.1)
    np.testing.assert_allclose(layer.weights.mean(axis=1), means)
    found = layer.reconstruct(y)
    assert found[patch].min() > 3 * found[5:].max()
    np.testing.assert_allclose(layer.reconstruct(np.array([1.0, 0, 0])), layer.weights[0])


def test_an_autoencoder_decodes_patches_better_after_waves():
    rng = np.random.default_rng(0)
    coder = SpikingAutoencoder(small_stack(kernel=None), rng)
    positions = coder.stack.retina.positions

    def similarity():
        found = []
        for centre in scattered(40, 7.0, np.random.default_rng(1)):
            patch = np.linalg.norm(positions - centre, axis=1) < 2.0
            active = np.flatnonzero(patch)
            if coder.encode(active).any():
                found.append(np.corrcoef(coder.reconstruct(active), patch)[0, 1])
        return np.mean(found)

    before = similarity()
    coder.organise(800.0)
    assert similarity() > before + 0.15
    with pytest.raises(ValueError, match="no layer above"):
        SpikingAutoencoder(SpikingStack(leaky_retina(rng, n=9), [], rng), rng)


@pytest.mark.thorough
def test_mirrored_layers_decode_from_the_top_down():
    rng = np.random.default_rng(1)
    alone = {"kernel": LateralKernel(0, 0, 1, 1), "drive": LateralKernel(1, 0, 0.01, 1)}
    layers = [
        LayerSettings(60, winners=8, threshold=20.0, **alone),
        LayerSettings(40, winners=3, threshold=1.0, kernel=None),
    ]
    stack = SpikingStack(izhikevich_retina(rng, n=400, side=10.0), layers, rng)
    coder = SpikingAutoencoder(stack, rng)
    positions = stack.retina.positions

    def similarity():
        found = []
        for centre in scattered(40, 10.0, np.random.default_rng(1)):
            patch = np.linalg.norm(positions - centre, axis=1) < 2.0
            if coder.encode(patch).any():
                found.append(np.corrcoef(coder.reconstruct(patch), patch)[0, 1])
        return np.mean(found)

    before = similarity()
    coder.organise(4000.0)
    assert similarity() > before + 0.15
    patch = np.flatnonzero(np.linalg.norm(positions - 5.0, axis=1) < 2.0)
    code = coder.encode(patch)
    assert 0 < np.count_nonzero(code) <= 3
    below = code @ coder.decoders[1].weights
    best = np.sort(np.argsort(below)[-8:])
    y = np.zeros(60)
    y[best] = (below[best] / below.max()) ** 4 * below[best]
    np.testing.assert_allclose(coder.reconstruct(patch), y @ coder.decoders[0].weights)
    with pytest.raises(ValueError, match="milliseconds is nan"):
        coder.organise(np.nan)
    with pytest.raises(ValueError, match=r"responses have shape \(3,\)"):
        coder.decode(np.zeros(3))
    with pytest.raises(ValueError, match="unit 400 is not among"):
        coder.encode(np.array([400]))
    tree = autoencoder_tree(coder)
    assert tree["layer-0", "cell-007", "position"].tolist() == positions[7].tolist()
    mirrored = {path: value for path, value in tree.items() if path[0].startswith("mirror")}
    assert len(mirrored) == sum(int((d.weights >= 0.1).sum()) for d in coder.decoders)
    path, value = next(iter(mirrored.items()))
    assert path[:3:2] == ("mirror-1", "inputs")
    cell, unit = (int(name.split("-")[1]) for name in path[1::2])
    assert value == coder.decoders[0].weights[unit, cell]
    assert wiring(tree) + anatomy(tree) == tree


def test_a_stack_is_a_tree_and_a_network_with_gradients():
    stack = small_stack()
    stack.organise(300.0)
    tree = stack_tree(stack)
    assert tree["layer-0", "cell-007", "position"].tolist() == stack.retina.positions[7].tolist()
    assert anatomy(tree) + wiring(tree) == tree
    assert wiring(tree).size == int((stack.weights[0] >= 0.1).sum())
    model, parameters = spiking_network(stack, ["a", "b"], np.random.default_rng(0))
    inputs = np.random.default_rng(1).random((5, 150))
    kept = np.where(stack.weights[0] >= 0.1, stack.weights[0], 0.0)
    np.testing.assert_allclose(
        model.hidden(parameters, inputs), np.tanh(inputs @ (kept / kept.sum(axis=0)))
    )
    gradient = grad(lambda p: (model(p, inputs) ** 2).sum())(parameters)
    assert gradient.size == parameters.size
    assert np.abs(gradient.buffer).max() > 0


def test_a_movie_of_waves(tmp_path):
    pytest.importorskip("matplotlib").use("Agg")
    stack = small_stack()
    raster = stack.run(10.0)
    file = wave_movie(stack.retina.positions, raster.fired[0], tmp_path / "waves.html", 25)
    assert "<img" in file.read_text() or "base64" in file.read_text()
    with pytest.raises(ValueError, match="steps_per_frame is 0"):
        wave_movie(stack.retina.positions, raster.fired[0], tmp_path / "waves.gif", 0)
    line = wave_movie(np.arange(3.0)[:, None], [np.array([1])] * 2, tmp_path / "line.gif", 1)
    assert line.read_bytes()[:4] == b"GIF8"
    with pytest.raises(ValueError, match="one point per row"):
        wave_movie(np.arange(3.0), [np.array([1])], tmp_path / "line.gif")
    with pytest.raises(ValueError, match="beyond the 3 positions"):
        wave_movie(np.zeros((3, 2)), [np.array([3])], tmp_path / "line.gif")
