"""Easy and hard over many seeds, young neurons protected or not; on a few cycles."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synthesis import reproduce
from synthesis.reproduce.elastic import twenty_seeds
from synthesis.reproduce.elastic.elastic_experiments import EXPERIMENTS


@pytest.mark.thorough
def test_every_experiment_is_reported_and_the_seeds_are_compared(monkeypatch, tmp_path):
    monkeypatch.setattr(twenty_seeds, "QUICK_CYCLES", 40)
    figures = reproduce.get("elastic-seeds")(False, tmp_path)
    assert json.loads((tmp_path / "elastic-seeds.json").read_text()) == figures
    assert set(figures) == set(twenty_seeds.NAMES) <= set(EXPERIMENTS)
    assert np.shape(figures["paper, easy"]["losses"]) == (1, len(twenty_seeds.QUICK_SEEDS))
    text = (tmp_path / "elastic-seeds.md").read_text()
    assert "Nothing: all have been run." in text and "## Young neurons protected or not" in text


def test_seeds_are_compared_one_by_one():
    def result(losses, sizes):
        return {"losses": np.array(losses)[:, None], "sizes": np.array(sizes)[:, None]}

    plain, protected = result([3.0, 2.0, 9.0], [4, 5, 6]), result([1.0, 2.5, 6.0], [5, 6, 7])
    assert twenty_seeds._compared(plain, protected) == [
        "2 of 3",
        "-2.000 (-2.500 to -0.750)",
        "1.0 (1.0 to 1.0)",
    ]
