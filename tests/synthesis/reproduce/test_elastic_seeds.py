"""Easy and hard over many seeds, young neurons protected or not; on a few cycles."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synthesis import reproduce
from synthesis.reproduce.elastic import twenty_seeds
from synthesis.reproduce.elastic.elastic_experiments import ALL
from synthesis.reproduce.tables import Report


@pytest.mark.thorough
def test_every_experiment_is_reported_and_the_seeds_are_compared(monkeypatch, tmp_path):
    monkeypatch.setattr(twenty_seeds, "QUICK_CYCLES", 40)
    figures = reproduce.get("elastic-seeds")(False, tmp_path)
    assert json.loads((tmp_path / "elastic-seeds.json").read_text()) == figures
    assert set(figures) == set(twenty_seeds.NAMES) <= set(ALL)
    assert np.shape(figures["paper, easy"]["losses"]) == (1, len(twenty_seeds.QUICK_SEEDS))
    for name, kinds in {"corrected, hard": 1, "pairs, hard": 3}.items():
        (sizes,) = figures[name]["neurons"]
        assert figures[name]["leaves"] == [n * (kinds * n + 10) + 4 for n in sizes]
    text = (tmp_path / "elastic-seeds.md").read_text()
    assert "Nothing: all have been run." in text and "seed by seed" in text


def test_it_is_counted_when_seeds_learn(tmp_path):
    report = Report("elastic-seeds", "title", tmp_path, full=False)
    losses = np.array([[50.0, 11, 11, 13], [50, 13, 13, 11], [50, 14, 14, 14]])
    found = {"cycles": np.array([0, 20, 40, 60]), "losses": losses}
    twenty_seeds._say_when(report, {"pairs, hard": found, "pairs, easy": found})
    text = (tmp_path / "elastic-seeds.md").read_text()
    assert "|  | seeds | 10 | 20 | 30 | 40 | 50 | 60 | at some time |" in text
    assert "| pairs, hard | 3 | 0 | 1 | 1 | 1 | 1 | 1 | 2 |" in text and "easy" not in text


def test_seeds_are_compared_one_by_one():
    ends = {
        "corrected, hard": {0: ([3.0, 2.0], [4, 5]), 1: ([9.0, 1.0], [6, 9])},
        "protection 1000, hard": {0: ([1.0, 2.5], [5, 6])},
    }

    class Runs:
        def result(self, name, seeds):
            if seeds.start not in ends.get(name, {}):
                return None
            losses, sizes = ends[name][seeds.start]
            return {"losses": np.array(losses)[:, None], "sizes": np.array(sizes)[:, None]}

    name = "protection 1000, hard"
    found = twenty_seeds._compared(Runs(), name, "hard", [range(1), range(1, 2)])
    assert found == [name, "1 of 2", "-0.750 (-1.375 to -0.125)", "1.0 (1.0 to 1.0)"]
    assert twenty_seeds._compared(Runs(), "pairs, hard", "hard", [range(1)]) == []
