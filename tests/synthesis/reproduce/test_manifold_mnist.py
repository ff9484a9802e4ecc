"""A manifold on MNIST and its weights alone, from end to end with very few steps."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synthesis.reproduce import get
from synthesis.reproduce.manifold import weights_alone
from synthesis.tasks import Digits


@pytest.fixture
def tiny(monkeypatch):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 784), dtype=np.uint8)
    labels = np.arange(60) % 10
    digits = Digits("tiny", images, labels, images[:20], labels[:20], batch_size=10)
    split = Digits.validation_split
    monkeypatch.setattr(Digits, "validation_split", lambda self, n=20: split(self, n))
    monkeypatch.setattr(weights_alone, "mnist_or_why_not", lambda report, heading: digits)
    for name, value in {
        "STEPS": 4, "FINISHING_STEPS": 6, "N_HIDDEN": 12, "BATCH": 10, "MOST": 300,
        "WAYS": (weights_alone.Way(0.05, 0.003), weights_alone.Way(0.05, 0.03)), "SEEDS": (1, 2),
    }.items():  # fmt: skip
        monkeypatch.setattr(weights_alone, name, value)
    return digits


def test_a_way_is_chosen_and_confirmed(tiny, tmp_path):
    figures = get("manifold-mnist")(True, tmp_path)
    assert json.loads((tmp_path / "manifold-mnist.json").read_text()) == figures
    assert list(figures["validation"]) == [str(way) for way in weights_alone.WAYS]
    for seed in (1, 2):
        found = figures[f"test images, seed {seed}"]
        assert 0 < found["links"] + found["biases"] <= 300
    text = (tmp_path / "manifold-mnist.md").read_text()
    assert "Choice" in text and "Test images" in text


def test_what_is_there_is_not_done_again(tiny, tmp_path, monkeypatch):
    figures = get("manifold-mnist")(True, tmp_path)
    for name in ("_manifold", "trained_alone"):
        monkeypatch.setattr(weights_alone, name, None)
    assert get("manifold-mnist")(True, tmp_path) == figures


def test_the_test_images_are_read_for_the_chosen_way_alone(tiny, tmp_path, monkeypatch):
    seen = []
    accuracy = Digits.accuracy

    def noted(self, model, parameters):
        seen.append(self.test_images is tiny.test_images)
        return accuracy(self, model, parameters)

    monkeypatch.setattr(Digits, "accuracy", noted)
    get("manifold-mnist")(True, tmp_path)
    assert seen == [False] * 4 + [True] * 2


@pytest.mark.parametrize("most", [None, 40, 10**6])
def test_the_weights_alone_are_trained(most):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 784), dtype=np.uint8)
    digits = Digits("tiny", images, np.arange(60) % 10, images[:20], np.arange(20) % 10)
    model = weights_alone.Manifold(784, 4, 10, period=28.0, link_weights=True)
    network, found = weights_alone.network_of(model, model.initial(rng))
    after = weights_alone.trained_alone(network, found, digits, 0.01, 4, rng, most)
    assert after.support == found.support
    assert digits.loss(network(after, digits.as_inputs(images)), digits.labels) < digits.loss(
        network(found, digits.as_inputs(images)), digits.labels
    )
    assert np.count_nonzero(after.buffer) <= (most or found.size)
