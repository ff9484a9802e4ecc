"""A second self-organised layer, from end to end with few units and images."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from synthesis.reproduce import deeper_stacks, get
from synthesis.tasks import Digits


@pytest.fixture
def tiny(monkeypatch):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 784), dtype=np.uint8)
    digits = Digits("tiny", images, np.arange(40) % 10, images[:20], np.arange(20) % 10)
    monkeypatch.setattr(deeper_stacks, "mnist_or_why_not", lambda report, heading: digits)
    few = replace(deeper_stacks.READOUT_LAYER, n_units=12)
    monkeypatch.setattr(deeper_stacks, "READOUT_LAYER", few)
    monkeypatch.setattr(deeper_stacks, "QUICK_MILLISECONDS", 30)
    monkeypatch.setattr(deeper_stacks, "QUICK_IMAGES", 20)


def test_depth_and_width_are_beside_one_another(tiny, tmp_path):
    figures = get("deeper-stacks")(False, tmp_path)
    assert json.loads((tmp_path / "deeper-stacks.json").read_text()) == figures
    found = figures["readout, seed 0"]
    assert found["first layer, number"] == found["second layer alone, random, number"] == 12
    assert found["both layers, same-step Hebb, number"] == found["one wide layer, number"] == 24
    assert "both layers, traces of 20 ms" in (tmp_path / "deeper-stacks.md").read_text()


def test_the_rule_of_the_second_layer_is_chosen_on_images_kept_apart(tiny, tmp_path):
    figures = get("deeper-stacks")(False, tmp_path)
    found, chosen = figures["readout, seed 0"], figures["chosen on images kept apart"]
    apart = {rule: found[f"both layers, {rule}, kept apart"] for rule in deeper_stacks.RULES}
    assert apart[chosen] == max(apart.values())
    sets = deeper_stacks._sets(deeper_stacks.mnist_or_why_not(None, ""), 20)
    train, kept_apart, test = (images for images, _ in sets.values())
    assert not (train[:, None] == kept_apart).all(axis=2).any()
    assert len(train) == len(kept_apart) == len(test) == 20


def test_an_interrupted_run_goes_on(tiny, monkeypatch, tmp_path):
    figures = get("deeper-stacks")(False, tmp_path)
    monkeypatch.setattr(deeper_stacks, "Layers", None)
    assert get("deeper-stacks")(False, tmp_path) == figures


def test_fields_in_the_middle_are_counted():
    layers = deeper_stacks.Layers(8)
    positions, weights = layers.positions, layers.stack.weights[0]
    weights[...] = 0.0
    middle = np.argsort(np.abs(positions - deeper_stacks.SIDE / 2).max(axis=1))
    weights[middle[:10], 0] = weights[middle[:10], 1] = 1.0
    weights[middle[-1], 2] = 1.0  # at the border; five units read nothing
    found = layers.where()
    assert found["sensors a field"] == 7.0
    assert found["sensors in a field, %"] == pytest.approx(100 * 11 / len(positions))
    assert found["fields in the middle quarter, %"] == pytest.approx(200 / 3)


def test_a_second_layer_learns_from_winners_alone():
    layers = deeper_stacks.Layers(40)
    layers.stack.organise(200)
    before = layers.stack.weights[0].copy()
    taught = layers.taught(200, {"hebb": None, "traces": 20.0})
    np.testing.assert_array_equal(layers.stack.weights[0], before)  # the first one stays
    again = deeper_stacks.Layers(40)
    again.stack.organise(200)
    np.testing.assert_array_equal(again.taught(200, {"hebb": None})["hebb"], taught["hebb"])
    assert (taught["hebb"] != taught["traces"]).any()


def test_second_responses_sharpen_what_is_largest():
    first, weights = np.array([[1.0, 2.0, 0.0]]), np.eye(3)
    y = deeper_stacks.second_responses(first, weights)[0]
    assert y.tolist() == [0.5, 2.0, 0.0]
    assert not deeper_stacks.second_responses(np.zeros((1, 3)), weights).any()
