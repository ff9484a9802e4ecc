"""Families of sparse binary networks elsewhere, from end to end with very few generations."""

from __future__ import annotations

import json

import pytest

from synthesis.reproduce import binary_tasks, get


@pytest.mark.thorough
def test_members_are_beside_random_draws(monkeypatch, tmp_path):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(binary_tasks, "MEMBERS", 2)
    monkeypatch.setattr(binary_tasks, "QUICK_GENERATIONS", 3)
    monkeypatch.setattr(binary_tasks, "SMALL_SIZES", (64, 16, 10))
    monkeypatch.setattr(binary_tasks, "SMALL_KEPT", (6, 4))
    names = list(get("binary-tasks")(False, tmp_path))
    figures = json.loads((tmp_path / "binary-tasks.json").read_text())
    assert list(figures) == names
    for name in ("cart-pole", "mountain car", "digits of 8 x 8 pixels"):
        found = figures[name]
        assert found["evolved"]["zeros"] == found["random draws"]["zeros"]
        assert found["evolved"]["mean_overlap"] > found["random draws"]["mean_overlap"]
    assert figures["mountain car"]["evolved"]["largest"] <= 200
    text = (tmp_path / "binary-tasks.md").read_text()
    assert "## Mountain car" in text and "after 3 generations" in text
