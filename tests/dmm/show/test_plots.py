"""Plots take and return Axes; signs show without colour."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from dmm import text_streams
from dmm.show import draw, heat_map, side_by_side, trace
from dmm.zoo import duplicate_detector
from tests.dmm.show.rendered import MACHINES, published_machine
from tests.marks import thorough

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.patches import PathPatch, Rectangle  # noqa: E402


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_a_heat_map_shows_keys_by_ticks():
    values = trace(duplicate_detector(), text_streams("a b", 30), "accum/dict")
    ax = heat_map(values)
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), values.values.T)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["' '", "a", "b"]
    assert ax.get_xlim() == (0.5, 30.5)
    assert image.get_clim() == (-1.0, 1.0)
    assert [text.get_text() for text in ax.texts] == ["1", "1", "1"]
    assert ax.get_title(loc="left") == "accum/dict of duplicate-detector on 'a b'"


def test_negative_values_are_hatched():
    machine = duplicate_detector().with_trainable(-1.0 * duplicate_detector().trainable)
    values = trace(machine, text_streams("ab", 20), "accum/dict")
    hatched = [p for p in heat_map(values).patches if isinstance(p, Rectangle) and p.get_hatch()]
    assert [(p.get_x(), p.get_y(), p.get_width()) for p in hatched] == [
        (1.5, -0.5, 19.0),
        (11.5, 0.5, 9.0),
    ]


def test_a_given_axes_is_used_and_returned():
    _, ax = plt.subplots()
    values = trace(duplicate_detector(), text_streams("ab", 20), "norm/norm")
    assert heat_map(values, ax, limit=3.0) is ax
    assert ax.images[0].get_clim() == (-3.0, 3.0)


def test_an_empty_stream_can_be_shown():
    values = trace(duplicate_detector(), text_streams("ab", 5), "output/dict-2")
    assert heat_map(values).images[0].get_array().shape == (1, 5)


def test_two_machines_side_by_side_share_their_scale():
    streams = text_streams("test string.", 140)
    axes = side_by_side(
        published_machine(), duplicate_detector(), streams, "accum-1-2/dict", "accum/dict"
    )
    assert len(axes) == 2
    assert {ax.images[0].get_clim() for ax in axes} == {(-3.0, 3.0)}
    axes = side_by_side(published_machine(), duplicate_detector(), streams, "output/dict-1")
    assert [ax.get_title(loc="left").split()[2] for ax in axes] == [
        "sparse20",
        "duplicate-detector",
    ]


@pytest.mark.parametrize(
    "name", ["published", "handcrafted", "empty", *thorough("dense", "recurrent")]
)
def test_every_machine_can_be_drawn(name):
    ax = draw(MACHINES[name]())
    ax.figure.canvas.draw()
    assert not ax.axison


def test_negative_links_are_dashed_and_hard_ones_double():
    ax = draw(published_machine())
    curves = [p for p in ax.patches if type(p) is PathPatch]
    assert len(curves) == 22 + 3
    dashed = [p for p in curves if p.get_linestyle() != "solid"]
    assert len(dashed) == sum(link.weight < 0 for link in published_machine().links())


def test_drawing_on_given_axes_keeps_the_figure():
    figure, ax = plt.subplots(figsize=(5, 3))
    assert draw(published_machine(), ax) is ax
    assert figure.get_size_inches().tolist() == [5, 3]
    draw(published_machine(), ax, resize=True)
    assert figure.get_size_inches().tolist() != [5, 3]


def test_a_missing_matplotlib_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"matplotlib is not installed.*extra 'plot'"):
        draw(published_machine())


def test_sizes_are_drawn_in_place_of_weights():
    machine = duplicate_detector()
    paths = machine.trainable.support.paths
    ax = draw(machine, sizes={path: float(i) for i, path in enumerate(paths)})
    texts = [text.get_text() for text in ax.texts]
    assert f"{paths[3][1]} 3" in texts and "dict-2 +1.000" not in texts
    lines = [patch for patch in ax.patches if isinstance(patch, PathPatch) and not patch.get_fill()]
    soft = [
        patch
        for patch in lines
        if patch.get_edgecolor()[:2] == pytest.approx((176 / 255, 69 / 255))
    ]
    assert len(soft) == len(paths)
    widths, alphas = zip(
        *sorted((p.get_linewidth(), p.get_edgecolor()[3]) for p in soft), strict=True
    )
    assert sorted(alphas) == list(alphas) and alphas[0] == 0.25 and alphas[-1] == 1.0
    assert len(set(widths)) == len(paths)
