"""A manifold on MNIST and its weights alone, from end to end with very few steps."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synthesis.reproduce import get
from synthesis.reproduce.manifold import weights_alone
from synthesis.tasks import Digits


@pytest.fixture
def tiny(monkeypatch, few_digits):
    monkeypatch.setattr(weights_alone, "mnist_or_why_not", lambda report, heading: few_digits)
    for name, value in {
        "STEPS": 4, "FINISHING_STEPS": 6, "N_HIDDEN": 12, "BATCH": 10, "MOST": 300,
        "WAYS": (weights_alone.Way(0.05, 0.003), weights_alone.Way(0.05, 0.03)), "SEEDS": (1, 2),
    }.items():  # fmt: skip
        monkeypatch.setattr(weights_alone, name, value)
    return few_digits


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
def test_the_weights_alone_are_trained(few_digits, most):
    rng, digits = np.random.default_rng(0), few_digits
    model = weights_alone.Manifold(784, 4, 10, period=28.0, link_weights=True)
    network, found = weights_alone.network_of(model, model.initial(rng))
    after = weights_alone.trained_alone(network, found, digits, 0.01, 30, rng, most)
    assert after.support == found.support
    inputs = digits.as_inputs(digits.images)
    before, now = (digits.loss(network(tree, inputs), digits.labels) for tree in (found, after))
    assert now < before
    assert np.count_nonzero(after.buffer) <= (most or found.size)
