"""Networks of areas at length: kept, gone on with, reported; on a few cycles."""

from __future__ import annotations

import json

import pytest

from synthesis import reproduce
from synthesis.reproduce.elastic import networks_of_areas


@pytest.mark.thorough
def test_every_network_is_reported_and_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(networks_of_areas, "QUICK_CYCLES", {"easy": 30, "hard": 20})
    figures = reproduce.get("elastic-areas")(False, tmp_path)
    assert json.loads((tmp_path / "elastic-areas.json").read_text()) == figures
    assert len(figures) == 2 * len(networks_of_areas.NETWORKS)
    found = figures["areas of 4 neurons, hard, seed 0"]
    assert found["neurons"] == 4 * found["areas"] >= 4
    assert 9 < found["loss"] < 56
    text = (tmp_path / "elastic-areas.md").read_text()
    assert "Nothing: all have been run." in text and "easy 9.614" in text

    def fail(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(networks_of_areas.ElasticTraining, "advance", fail)
    again = reproduce.get("elastic-areas")(False, tmp_path)
    assert [row["loss"] for row in again.values()] == pytest.approx(
        [row["loss"] for row in figures.values()]
    )
