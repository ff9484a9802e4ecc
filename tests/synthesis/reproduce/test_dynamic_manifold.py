"""The reproduction's report from end to end, with very few steps."""

import json

import numpy as np
import pytest

from synthesis import reproduce
from synthesis.architectures.manifold.settings import ManifoldSettings
from synthesis.reproduce.manifold import dynamic_manifold, manifold_costs
from synthesis.tasks.digits import Digits


def tiny_digits():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 16), dtype=np.uint8)
    labels = np.arange(60) % 3
    return Digits("tiny digits", images, labels, images[:20], labels[:20], 3, batch_size=10), 4.0


@pytest.fixture
def tiny(monkeypatch):
    """Every training of the reproduction in 20 steps, on a few images."""
    for name in ("source_toy", "default_toy", "source_mnist", "default_mnist"):
        made = getattr(ManifoldSettings, name)()
        few = {"steps": 20, "segment": 10}
        settings = ManifoldSettings(**{**vars(made), **few})
        monkeypatch.setattr(ManifoldSettings, name, lambda *_, settings=settings: settings)
    monkeypatch.setattr(dynamic_manifold, "digits", tiny_digits)
    measured = manifold_costs.measured_here
    monkeypatch.setattr(
        manifold_costs, "measured_here", lambda n, rng, largest=60: measured(n, rng, 60)
    )
    monkeypatch.setattr(
        manifold_costs, "step_figures",
        lambda: {f"{name}_{what}": 1.0 for name in ("source", "sparse", "dense")
                 for what in ("ms", "density")},
    )  # fmt: skip
    monkeypatch.setattr(dynamic_manifold, "_sequences", lambda report, steps: None)
    monkeypatch.setattr(manifold_costs, "SPARED_STEPS", 10)


@pytest.mark.thorough
def test_the_report_is_written(tiny, tmp_path):
    pytest.importorskip("matplotlib")
    figures = reproduce.get("dynamic-manifold")(False, tmp_path)
    assert figures["machine, largest difference"] < 1e-10
    assert 0 <= figures["tiny digits, default"]["accuracy"] <= 100
    text = (tmp_path / "dynamic-manifold.md").read_text()
    for heading in ("source mode", "default mode", "Cost model", "tiny digits", "matrix machine"):
        assert heading in text
    assert json.loads((tmp_path / "dynamic-manifold.json").read_text()) == figures
    pictures = {file.name for file in tmp_path.glob("*.png")}
    assert "dynamic-manifold-toy-source-adjacency.png" in pictures
    assert "dynamic-manifold-mnist-front.png" in pictures


def test_memory_and_recurrence_are_reported():
    rows = dict(dynamic_manifold.sequence_figures(3))
    assert set(rows) == {"memory neurons, latch", "recurrence, echo of 2 steps"}
    assert all(row["test_loss"] > 0 for row in rows.values())
