"""Pooling organised by noise; tissue that grows, buds and heals."""

import doctest
from copy import deepcopy
from functools import cache
from pathlib import Path

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import value_and_grad
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.self_organised import (
    IzhikevichSheet,
    Polygon,
    disc_wiring,
    random_wiring,
)
from synthesis.architectures.self_organised.growth import (
    Pooling,
    PoolingSettings,
    Tissue,
    TissueSettings,
    anatomy,
    elongations,
    grown_network,
    pooled_features,
    pooling_tree,
    receptive_fields,
    spreads,
    tissue_tree,
    wiring,
)
from synthesis.optimize.optimizers import adam, sgd
from synthesis.reproduce import get
from synthesis.reproduce.growth import damaged
from synthesis.weight_space import Categorical, PullTowards, freeze, invariant_path
from tests.examples import examples
from vvalues import from_buffer

from .test_sheets import star


def winding(corners, points):
    """How often the corners go round every point, by the angles between them: not by crossings."""
    to = corners[None] - points[:, None]
    after = np.roll(to, -1, axis=1)
    cross = to[..., 0] * after[..., 1] - to[..., 1] * after[..., 0]
    return np.abs(np.arctan2(cross, (to * after).sum(axis=-1)).sum(axis=1)) / (2 * np.pi)


SQUARE = Polygon([(0, 0), (8, 0), (8, 8), (0, 8)])


# -------------------- pooling --------------------


@pytest.fixture(scope="module")
def organised():
    """A small sheet with silent sensors after 25,000 ms."""
    settings = PoolingSettings(n_sensors=300, n_units=20, side=12.0, small=130, silent=0.2)
    pooling = Pooling(np.random.default_rng(0), settings)
    return pooling, list(pooling.organise(25_000, organised=0.8))


def test_a_small_sheet_organises_itself(organised):
    pooling, reviews = organised
    assert reviews[0].fields.organised < reviews[-1].fields.organised
    fields = reviews[-1].fields
    assert fields.organised >= 6
    assert fields.coverage > 0.5
    assert fields.mean_distance < 3.5  # of all sensors: 4.6
    np.testing.assert_allclose(pooling.weights.mean(axis=0), 2.5)


def test_runs_repeat_to_the_bit_and_go_on():
    settings = PoolingSettings(n_sensors=80, n_units=6, side=7.0)
    one, other = (Pooling(np.random.default_rng(5), settings) for _ in range(2))
    one.advance(1500)
    for _ in range(3):
        other.advance(500)
    np.testing.assert_array_equal(one.weights, other.weights)
    np.testing.assert_array_equal(one.layer.threshold, other.layer.threshold)


def test_silent_sensors_lose_their_synapses(organised):
    pooling, _ = organised
    assert np.count_nonzero(~pooling.live) == 60
    synapses = pooling.weights >= 0.1
    small = synapses.sum(axis=0) < 130
    assert synapses[:, small][~pooling.live].mean() < 0.1 * synapses[:, small].mean()


def test_discs_have_spread_one_and_random_fields_have_more():
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 28, (1500, 2))
    sizes = rng.integers(60, 160, 40)
    discs = spreads(disc_wiring(positions, sizes, rng).astype(float), positions)
    random = spreads(random_wiring(1500, sizes, rng).astype(float), positions)
    # A disc at the edge is cut off, so its centroid is not the sensor it was drawn around.
    assert discs.min() > 1 - 1e-12 and np.median(discs) < 1.05
    assert random.min() > 2.0
    assert np.isnan(spreads(np.zeros((1500, 1)), positions)[0])


def test_length_over_width_is_that_of_the_ellipse_whichever_way_it_lies():
    rng = np.random.default_rng(0)
    positions = rng.uniform(-1, 1, (20_000, 2))
    for turn in (0.0, 0.7):
        cosine, sine = np.cos(turn), np.sin(turn)
        x, y = (positions @ np.array([[cosine, -sine], [sine, cosine]])).T
        ellipse = (x / 0.6) ** 2 + (y / 0.2) ** 2 < 1
        found = elongations(ellipse[:, None].astype(float), positions)
        assert found[0] == pytest.approx(3, rel=0.05)
    assert np.isnan(elongations(np.zeros((20_000, 1)), positions)[0])


def test_figures_of_known_fields():
    positions = np.array([[0.0, 0], [2, 0], [9, 9], [5, 5]])
    weights = np.array([[1.0, 1], [1, 1], [0, 1], [0, 1]])
    found = receptive_fields(weights, positions, small=3)
    assert found == (1, 2.0, 0.5, 1.0)
    live = np.array([True, True, False, False])
    assert receptive_fields(weights, positions, 3, live).coverage == 1.0
    assert receptive_fields(weights, positions, 3, np.zeros(4, dtype=bool)).coverage == 0.0


@pytest.mark.parametrize("change, message", [
    ({"silent": 1.5}, "silent is 1.5; a probability"),
    ({"n_sensors": 0}, "n_sensors is 0"),
    ({"silent": 1.0, "n_sensors": 9}, "silent is 1.0: none of 9 sensors would be left"),
    ({"excitation": np.nan}, "excitation is nan"),
    ({"side": np.inf}, "side is inf"),
    ({"outer": np.inf}, "outer radius is inf"),
    ({"review": 2.5}, "review is 2.5"),
    ({"outer": 1.0}, "inner radius 2.0 is above the outer radius 1.0"),
])  # fmt: skip
def test_bad_pooling_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Pooling(np.random.default_rng(0), PoolingSettings(**change))


# -------------------- tissue --------------------


@examples(25)
@given(st.integers(0, 2**32 - 1), st.integers(3, 9), st.integers(0, 12))
def test_growth_keeps_its_limits_in_any_polygon(seed, corners, hayflick):
    polygon = Polygon(star(seed, corners) * 1.5)
    if polygon.area < np.pi:
        return
    rng = np.random.default_rng(seed)
    tissue = Tissue(polygon, rng, TissueSettings(hayflick=hayflick))
    for stage in tissue.stages(300, 1200):
        np.testing.assert_allclose(winding(polygon.corners, tissue.positions), 1.0)
        assert tissue.hayflick.min() >= 0
        assert tissue.clock.min() >= 0
        assert stage.cells <= 2**hayflick
        if stage.units:
            np.testing.assert_allclose(tissue.weights.mean(axis=0), 2.5)
            assert tissue.weights.shape == (stage.cells, stage.units)
    assert len(set(tissue.names)) == tissue.n
    centre = tissue.positions[0].copy()
    if tissue.n > 1 and np.linalg.norm(tissue.positions - centre, axis=1).max() > 1.0:
        removed = tissue.wound(centre, 1.0)
        assert removed >= 1
        tissue.grow(200)
        np.testing.assert_allclose(winding(polygon.corners, tissue.positions), 1.0)
        assert tissue.hayflick.min() >= 0


def test_inside_is_where_the_corners_wind_round():
    rng = np.random.default_rng(0)
    for n in (3, 5, 9):
        polygon = Polygon(star(n, n))
        points = 12.0 * rng.random((300, 2)) - 6.0
        inside = winding(polygon.corners, points) > 0.5
        np.testing.assert_array_equal(polygon.contains(points), inside)
        assert 0 < inside.sum() < 300


@cache
def grown_once(steps, seed):
    tissue = Tissue(SQUARE, np.random.default_rng(seed))
    tissue.grow(steps)
    return tissue


def grown(steps=9000, seed=0):
    """A tissue of its own, which may grow on."""
    return deepcopy(grown_once(steps, seed))


@pytest.mark.thorough
def test_growth_ends_at_a_stable_number():
    tissue = grown()
    cells = tissue.n
    assert 120 < cells < 320
    tissue.grow(4000)
    assert tissue.n == cells
    assert len(tissue.unit_names) > 10


def test_the_kernel_grows_with_the_tissue():
    tissue = grown(2500)
    assert tissue.n > 64  # the matrix was enlarged on the way
    expected = tissue.kernel_of.matrix(tissue.positions)
    np.testing.assert_allclose(tissue._kernel[: tissue.n, : tissue.n], expected, atol=1e-12)
    near = np.linalg.norm(tissue.positions - tissue.positions[3], axis=1) <= 1.0
    assert tissue.neighbours()[3] == near.sum()


@pytest.mark.thorough
@pytest.mark.parametrize("change", [{"radius": 0.5}, {"sparse": 10, "crowded": 20}])
def test_cells_of_a_dense_tissue_go_on_firing(change):
    """Their potentials once became NaN."""
    tissue = Tissue(SQUARE, np.random.default_rng(0), TissueSettings(**change, noise=5.0))
    tissue.grow(3000)
    assert tissue.n > 250
    assert np.isfinite(tissue.v).all()
    fired = np.concatenate([tissue._fire() for _ in range(400)])
    assert np.unique(fired).size > 0.9 * tissue.n


def test_a_tissue_fires_like_a_sheet():
    """One step function: the same cells, state and noise give the same spikes."""
    tissue = Tissue(SQUARE, np.random.default_rng(0))
    tissue.grow(2000)
    sheet = IzhikevichSheet(tissue.positions, tissue.kernel_of, np.random.default_rng(0), noise=3.0)
    n = tissue.n
    sheet.v, sheet.u = tissue.v.copy(), tissue.u.copy()
    sheet.c, sheet.d = tissue.c, tissue.d
    sheet._noise._rng, tissue.rng = np.random.default_rng(1), np.random.default_rng(1)
    sheet.kernel = tissue._kernel[:n, :n].copy()
    fired = 0
    for _ in range(300):
        one, other = tissue._fire(), sheet.step()
        np.testing.assert_array_equal(one, other)
        fired += one.size
    assert fired > 100
    np.testing.assert_allclose(sheet.v, tissue.v, rtol=1e-9)


@pytest.mark.thorough
def test_a_wound_closes_and_units_bud_again():
    tissue = grown()
    centre = np.array([4.0, 4.0])

    def inside():
        return int((np.linalg.norm(tissue.positions - centre, axis=1) < 2.0).sum())

    before, units = inside(), len(tissue.unit_names)
    assert tissue.wound(centre, 2.0) == before
    assert inside() == 0
    assert len(tissue.unit_names) < units
    names = set(tissue.names)
    tissue.grow(3000)
    assert inside() > 0.3 * before
    assert names <= set(tissue.names)
    unhealed = grown()
    for _ in range(10):
        if unhealed.clock.max():
            unhealed.grow(1000)
    unhealed.wound(centre, 2.0, heal=False)
    cells = unhealed.n
    unhealed.grow(2000)
    assert unhealed.n == cells
    with pytest.raises(ValueError, match="would remove all"):
        tissue.wound(centre, 100.0)
    with pytest.raises(ValueError, match="radius of the wound is 0"):
        tissue.wound(centre, 0.0)
    for place in ((np.nan, 1.0), 3.0, (1.0, 2.0, 3.0)):
        with pytest.raises(ValueError, match="centre of the wound is"):
            tissue.wound(place, 1.0)
    with pytest.raises(ValueError, match="every is 0"):
        next(tissue.stages(0, 100))


@pytest.mark.parametrize("options, message", [
    ({"polygon": Polygon([(0, 0), (1, 0), (0, 1)])}, "polygon has area 0.5"),
    ({"seed": np.empty((0, 2))}, "at least one cell"),
    ({"seed": np.array([[9.0, 9.0]])}, r"seed cell at \(9, 9\) is outside"),
    ({"settings": {"budding": -0.1}}, "budding is -0.1"),
    ({"settings": {"hayflick": -1}}, "hayflick is -1"),
    ({"settings": {"radius": 0.0}}, "radius is 0.0"),
    ({"settings": {"most": 0}}, "most is 0"),
    ({"settings": {"noise": np.nan}}, "noise is nan"),
    ({"settings": {"outer": np.inf}}, "outer radius is inf"),
    ({"settings": {"excitation": np.inf}}, "excitation is inf"),
    ({"settings": {"clock": 2.5}}, "clock is 2.5"),
    ({"polygon": Polygon([(0, 0), (1e5, 1e5), (1e5, 1e5 + 1e-4)])}, "of its bounding box"),
])  # fmt: skip
def test_bad_tissues_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Tissue(
            options.get("polygon", SQUARE),
            np.random.default_rng(0),
            TissueSettings(**options.get("settings", {})),
            options.get("seed"),
        )


# -------------------- trees and networks --------------------


def test_a_tissue_is_a_tree_of_cells():
    tissue = grown(6000)
    tree = tissue_tree(tissue)
    name = tissue.names[7]
    assert tree["layer-0", name, "position"].tolist() == tissue.positions[7].tolist()
    assert tree["layer-0", name, "divisions-left"] == tissue.hayflick[7]
    assert anatomy(tree) + wiring(tree) == tree
    assert wiring(tree).size == int((tissue.weights >= 0.1).sum())
    before = set(tree.support.paths)
    tissue.wound(tissue.positions[7].copy(), 1.0)
    after = {path[1] for path in tissue_tree(tissue).support.paths if path[0] == "layer-0"}
    assert name not in after
    assert any(path[1] == name for path in before)
    alone = Tissue(SQUARE, np.random.default_rng(0))
    assert len(tissue_tree(alone)) == 3
    with pytest.raises(ValueError, match="no synapses yet"):
        grown_network(tissue_tree(alone), ["a"], np.random.default_rng(0))


class Halves:
    """Which half of the square is bright?"""

    def loss(self, predictions, targets):
        right = predictions[np.arange(len(targets)), targets]
        return anp.mean(anp.log(anp.sum(anp.exp(predictions), axis=1)) - right)

    def __init__(self, positions):
        self.right = positions[:, 0] > np.median(positions[:, 0])

    def batch(self, rng, n=64):
        labels = rng.integers(2, size=n)
        bright = self.right[None, :] == labels[:, None]
        return bright + rng.standard_normal(bright.shape), labels


def test_a_grown_network_is_trained_and_walked_along_a_path():
    settings = PoolingSettings(n_sensors=150, n_units=12, side=9.0)
    pooling = Pooling(np.random.default_rng(1), settings)
    pooling.advance(4000)
    rng = np.random.default_rng(0)
    model, start = grown_network(pooling_tree(pooling), ["left", "right"], rng)
    task = Halves(pooling.positions)

    def loss(parameters, batch):
        return task.loss(model(parameters, batch[0]), batch[1])

    step = value_and_grad(loss)
    optimizer = adam(0.02)
    parameters, state = start, optimizer.init(start)
    losses = []
    for _ in range(40):
        value, gradient = step(parameters, task.batch(rng))
        change, state = optimizer.update(gradient, state, parameters)
        parameters = parameters + change
        losses.append(value)
    assert parameters.support is start.support
    assert np.mean(losses[-5:]) < 0.3 * np.mean(losses[:3])
    inputs, _ = task.batch(rng, 30)
    reference = freeze(model, parameters, inputs, Categorical())
    target = from_buffer(parameters.support, np.zeros(parameters.size))
    path = invariant_path(reference, parameters, PullTowards(target), sgd(0.01), steps=3, rng=rng)
    assert [waypoint.parameters.support is start.support for waypoint in path]


def test_features_of_the_published_readout():
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((40, 30))
    features = pooled_features(inputs, rng.random((30, 5)) < 0.4, rng)
    found = features(inputs)
    assert found.min() == 0.0
    assert found.max() == pytest.approx(np.tanh(1.0))
    np.testing.assert_allclose(features(inputs[:3] * 7.0 + 2.0), found[:3])
    inputs[7] = 0.1  # a blank image
    features = pooled_features(inputs, rng.random((30, 5)) < 0.4, rng)
    assert np.isfinite(features(inputs)).all()
    with pytest.raises(ValueError, match=r"shape \(30,\); expected a row of 30 sensors"):
        pooled_features(inputs[0], np.ones((30, 5), dtype=bool), rng)


@pytest.mark.thorough
def test_pictures_and_a_movie(tmp_path):
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    from synthesis.architectures.self_organised.growth import plots

    tissue = Tissue(SQUARE, np.random.default_rng(0))
    file = plots.growth_movie(tissue, tmp_path / "new" / "growth.gif", [0, 300, 2000])
    assert file.read_bytes()[:4] == b"GIF8"
    assert tissue.steps == 2000
    assert "2,000 ms" in plots.tissue_picture(tissue).get_title()
    pooling = Pooling(np.random.default_rng(0), PoolingSettings(50, 4, 5.0))
    one = plots.receptive_field_grid(pooling, units=3)
    assert "after 0 ms" in one.get_title()
    other = plots.receptive_field_grid(pooling.weights, units=3, positions=pooling.positions)
    for a, b in zip(one.collections, other.collections, strict=True):
        np.testing.assert_array_equal(a.get_offsets(), b.get_offsets())
    with pytest.raises(ValueError, match="positions are missing"):
        plots.receptive_field_grid(pooling.weights)
    with pytest.raises(ValueError, match="3 positions, but weights for 50"):
        plots.receptive_field_grid(pooling.weights, positions=np.zeros((3, 2)))
    plt.close("all")
    with pytest.raises(ValueError, match=r"must be .gif or .html"):
        plots.growth_movie(tissue, tmp_path / "growth.mp4", [1])


# -------------------- documentation and reproductions --------------------


def test_examples_of_the_page():
    page = Path(__file__).parents[4] / "docs" / "without-gradients.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 15
    assert found.failed == 0


@pytest.mark.parametrize("name", ["agnostic", "growth", "spiking"])
def test_reproductions_are_registered(name):
    assert get(name).__module__ == f"synthesis.reproduce.{name}"


def test_damage_leaves_the_original_alone():
    settings = PoolingSettings(n_sensors=100, n_units=5, side=8.0)
    pooling = Pooling(np.random.default_rng(0), settings)
    for kind in ("random", "hole"):
        hurt = damaged(pooling, kind, np.random.default_rng(1))
        assert np.count_nonzero(~hurt.live) == 20
        assert pooling.live.all()
    places = hurt.positions[~hurt.live]
    assert np.linalg.norm(places - places.mean(axis=0), axis=1).max() < 4.0


def test_only_organised_units_have_synapses_if_asked(organised):
    pooling, _ = organised
    small = wiring(pooling_tree(pooling, only_small=True))
    units = {path[1] for path in small.support.paths}
    assert len(units) == pooling.fields().organised
    assert units < {path[1] for path in wiring(pooling_tree(pooling)).support.paths}
