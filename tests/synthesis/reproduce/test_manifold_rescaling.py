"""Rescaled strengths beside strengths as they are, from end to end with very few steps."""

from __future__ import annotations

import json

from synthesis.reproduce import get
from synthesis.reproduce.manifold import rescaling


def test_both_ways_are_reported(monkeypatch, tmp_path):
    monkeypatch.setattr(rescaling, "STEPS", 10)
    figures = get("manifold-rescaling")(False, tmp_path)
    assert json.loads((tmp_path / "manifold-rescaling.json").read_text()) == figures
    found = figures["toy, seed 0"]
    for mode in rescaling.MODES:
        errors = [found[f"{mode}, {way}: error"] for way in ("rescaled", "as it is")]
        assert errors[0] != errors[1] and min(errors) > 0
    assert "as it is" in (tmp_path / "manifold-rescaling.md").read_text()
