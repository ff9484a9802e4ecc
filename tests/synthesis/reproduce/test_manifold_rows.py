"""Digits read row by row, from end to end with very few steps."""

from __future__ import annotations

import json

import pytest

from synthesis.reproduce import get
from synthesis.reproduce.manifold import row_by_row


def test_every_kind_is_reported(monkeypatch, tmp_path):
    pytest.importorskip("sklearn")
    for name, value in {"QUICK_STEPS": 3, "N_HIDDEN": 5, "N_FEEDBACK": 3}.items():
        monkeypatch.setattr(row_by_row, name, value)
    figures = get("manifold-rows")(False, tmp_path)
    assert json.loads((tmp_path / "manifold-rows.json").read_text()) == figures
    found = figures["accuracy, seed 0"]
    for kind in row_by_row.KINDS:
        assert 0 <= found[kind] <= 100 and found[f"{kind}, links"] >= 10
    assert "without memory" in (tmp_path / "manifold-rows.md").read_text()
