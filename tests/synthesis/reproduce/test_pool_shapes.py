"""Pools and input layers of other shapes, from end to end with few sensors and steps."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synthesis.architectures.self_organised.growth import PoolingSettings
from synthesis.reproduce import get, pool_shapes


def test_all_shapes_are_reported_and_measured_once(monkeypatch, tmp_path):
    monkeypatch.setattr(pool_shapes, "QUICK_STEPS", 20)
    monkeypatch.setattr(
        pool_shapes, "PoolingSettings",
        lambda **options: PoolingSettings(
            **{"n_sensors": 80, "n_units": 6, "side": 7.0, **options}
        ),
    )  # fmt: skip
    monkeypatch.setattr(pool_shapes, "LARGE_SIDE", 10.0)
    figures = get("pool-shapes")(False, tmp_path)
    assert json.loads((tmp_path / "pool-shapes.json").read_text()) == figures
    assert list(figures["input layers"]) == list(pool_shapes.LAYERS)
    assert all(row["times longer than wide"] >= 1 for row in figures["stretched kernels"].values())
    text = (tmp_path / "pool-shapes.md").read_text()
    assert "10, 163 sensors, 20 steps" in text
    monkeypatch.setattr(pool_shapes, "Pooling", None)
    assert get("pool-shapes")(False, tmp_path) == figures


@pytest.mark.parametrize("name", pool_shapes.LAYERS)
def test_layers_have_the_area_that_is_asked(name):
    layer = pool_shapes.layer_of(pool_shapes.LAYERS[name], 49.0)
    assert layer.area == pytest.approx(49.0)
    assert layer.contains(layer.sample(20, np.random.default_rng(0))).all()
