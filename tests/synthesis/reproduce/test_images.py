"""The reproductions on images from end to end, with very few steps and images."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synthesis.architectures.convolutional import FilterLayer
from synthesis.reproduce.paths import (
    colour_images,
    convolutions,
    million_weights,
    robustness,
    single_links,
    tickets,
)
from synthesis.tasks import Digits

FEW = 120


@pytest.fixture
def tiny(monkeypatch):
    """As many images as the reproductions need, a few steps of everything."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3 * FEW, 784), dtype=np.uint8)
    labels = np.arange(3 * FEW) % 10
    digits = Digits("tiny", images, labels, images[:FEW], labels[:FEW], batch_size=10)
    split = Digits.validation_split
    monkeypatch.setattr(Digits, "validation_split", lambda self, n=FEW: split(self, n))
    for module in (convolutions, million_weights, robustness, single_links, tickets):
        monkeypatch.setattr(module, "load_mnist", lambda: digits)
    return digits


def figures_of(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


@pytest.mark.thorough
def test_convolutional_networks_are_damaged_recovered_and_sparsified(tiny, monkeypatch, tmp_path):
    for name, value in {
        "STEPS": dict.fromkeys(convolutions.STEPS, 200), "UNLABELLED": FEW, "BATCH": 10,
        "ROUNDS": 2, "RATES": (0.01,), "RECOVERIES": ((1.0, 0.1), (4.0, 0.1)),
        "PATHS": ((4.0, 0.1),), "LAYERS": (FilterLayer(4, 5, pool=3),),
        "LARGE": (FilterLayer(2, 3, pool=4),), "LARGE_DENSE": FilterLayer(3, 0),
    }.items():  # fmt: skip
        monkeypatch.setattr(convolutions, name, value)
    figures = convolutions.reproduce(False, tmp_path)
    assert figures_of(tmp_path, "convolutions") == figures
    network = figures["network, seed 0"]
    assert set(convolutions.METHODS) < set(network)
    assert all(0 <= value <= 100 for value in network.values())
    assert figures["ratio"] > 1.0
    text = (tmp_path / "convolutions.md").read_text()
    for heading in ("A million weights", "Choices", "Damage and recovery", "Asked and reached"):
        assert f"## {heading}" in text


def test_damage_is_what_it_is_called(tiny, monkeypatch):
    monkeypatch.setattr(convolutions, "UNLABELLED", FEW)
    of = convolutions.Experiment(tiny, 0.01, 0)
    weights, random, worst = of.damages(of.start).values()
    filters = np.concatenate([weights[name, "weights"].ravel() for name in of.model.layers[:-1]])
    assert np.mean(filters) == pytest.approx(0.75, abs=0.02)
    assert not weights[of.model.layers[-1], "weights"].any()
    for damage in (random, worst):
        assert [int(damage[name, "bias"].sum()) for name in of.model.layers] == [6, 12, 0]


@pytest.mark.thorough
def test_robustness_along_the_path_is_reported(tiny, monkeypatch, tmp_path):
    monkeypatch.setattr(
        robustness, "trained_perceptron", lambda model, digits, steps, rng: model.initial(rng)
    )
    monkeypatch.setattr(robustness, "STORED", FEW)
    monkeypatch.setattr(robustness, "STEPS", 20)
    monkeypatch.setattr(robustness, "STRENGTHS", (0.0, 1.0))
    figures = robustness.reproduce(False, tmp_path)
    assert figures_of(tmp_path, "robustness") == figures
    assert len(figures["validation"]) == 3
    found = figures["robustness, seed 0"]
    assert found["before: clean"] >= found["before: one-step attack"]
    assert "one-step attack" in (tmp_path / "robustness.md").read_text()


def test_single_links_are_cut_and_recovered(tiny, monkeypatch, tmp_path):
    for name, value in {
        "STEPS": dict.fromkeys(convolutions.STEPS, 200), "UNLABELLED": FEW, "BATCH": 10,
        "LAYERS": (FilterLayer(4, 5, pool=3),),
    }.items():  # fmt: skip
        monkeypatch.setattr(convolutions, name, value)
    monkeypatch.setattr(single_links, "CUTS", (1, 3))
    monkeypatch.setattr(single_links, "ALONE", 2)
    monkeypatch.setattr(single_links, "FIRST_STEPS", (0.02, 0.1))
    figures = single_links.reproduce(False, tmp_path)
    assert figures_of(tmp_path, "single-links") == figures
    found = figures["links, seed 0"]
    worst, random = (found[f"{name}, damaged: distance"] for name in ("the 3 worst", "3 at random"))
    assert worst > random
    assert found["the 3 worst, recovered: distance"] < worst
    assert "worst, number 2 alone" in (tmp_path / "single-links.md").read_text()
    assert [len(distances) for distances in figures["validation"].values()] == [2, 2]
    monkeypatch.setattr(single_links, "_ranked", None)
    assert single_links.reproduce(False, tmp_path) == figures  # nothing is done twice


@pytest.mark.thorough
def test_the_ticket_has_the_rate_that_is_best_on_images_kept_apart(tiny, monkeypatch, tmp_path):
    for name, value in {
        "STEPS": dict.fromkeys(convolutions.STEPS, 200), "UNLABELLED": FEW, "BATCH": 10,
        "LAYERS": (FilterLayer(4, 5, pool=3),), "ROUNDS": 2,
    }.items():  # fmt: skip
        monkeypatch.setattr(convolutions, name, value)
    monkeypatch.setattr(tickets, "RATES", (1e-6, 0.01))
    figures = tickets.reproduce(False, tmp_path)
    assert figures_of(tmp_path, "tickets") == figures
    best = max(figures["validation"], key=figures["validation"].get)
    assert f"at rate {best}" in (tmp_path / "tickets.md").read_text()
    found = figures["ticket, seed 0"]
    size = convolutions.Experiment(tiny, 0.1, 0).start.size
    assert found["weights left"] == size - round(convolutions.SPARSITY * size)
    monkeypatch.setattr(convolutions, "lottery_ticket", None)
    assert tickets.reproduce(False, tmp_path) == figures  # nothing is done twice


@pytest.mark.thorough
def test_a_network_like_vgg_on_colour_images(monkeypatch, tmp_path):
    monkeypatch.delenv(colour_images.FOLDER_VARIABLE, raising=False)
    few = {"UNLABELLED": 60, "BATCH": 5, "STEPS": dict.fromkeys(convolutions.STEPS, 200)}
    for name, value in few.items():
        monkeypatch.setattr(convolutions, name, value)
    monkeypatch.setattr(colour_images, "N_IMAGES", 200)
    monkeypatch.setattr(colour_images, "N_APART", 60)
    monkeypatch.setattr(colour_images, "BATCH", 5)
    monkeypatch.setattr(colour_images, "RATES", (1e-9, 0.01))
    layers = (FilterLayer(4, 3, padding=1, pool=4), FilterLayer(4, 3, pool=2), FilterLayer(4, 0))
    monkeypatch.setattr(colour_images, "NETWORKS", {"tiny": layers})
    figures = colour_images.reproduce(False, tmp_path)
    assert figures_of(tmp_path, "colour-images") == figures
    found = figures["tiny, seed 0, recovery"]
    assert sum("recovered" in name for name in found) == 3
    assert figures["tiny, seed 0"]["weights"] == 3 * 36 + 4 + 4 * 36 + 4 + 4 * 36 + 4 + 40 + 10
    text = (tmp_path / "colour-images.md").read_text()
    assert "drawn by" in text and "95% zeros, path, settled" in text
    monkeypatch.setattr(convolutions, "learn", None)
    assert colour_images.reproduce(False, tmp_path) == figures  # nothing is done twice


def test_a_series_of_tasks_is_learned_by_every_method(tiny, monkeypatch, tmp_path):
    monkeypatch.setattr(million_weights, "HIDDEN", (12,))
    monkeypatch.setattr(million_weights, "STORED", 10)
    figures = million_weights.reproduce(False, tmp_path)
    assert figures_of(tmp_path, "million-weights") == figures
    for name in million_weights.METHODS:
        assert [len(after) for after in figures[name]] == [1, 2, 3, 4, 5]
    firsts = [figures[name][0] for name in million_weights.METHODS]
    assert firsts[0] == firsts[1] == firsts[2]  # the first task is learned by all alike
    text = (tmp_path / "million-weights.md").read_text()
    assert "784-12-10, 9,550 weights" in text and "8 and 9" in text
    monkeypatch.setattr(million_weights, "continual_sequence", None)
    assert million_weights.reproduce(False, tmp_path) == figures  # nothing is done twice
