"""The film of a manifold's training, with very few steps; interrupted, it goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthesis.architectures.manifold import ManifoldSettings
from synthesis.reproduce import get
from synthesis.reproduce.manifold import movie


@pytest.mark.thorough
def test_the_film_is_made_and_what_is_there_is_not_made_again(monkeypatch, tmp_path):
    pytest.importorskip("matplotlib")
    for name in ("source_toy", "default_toy"):
        made = replace(getattr(ManifoldSettings, name)(), steps=600)
        monkeypatch.setattr(ManifoldSettings, name, lambda made=made: made)
    monkeypatch.setattr(movie, "FRAMES", 2)
    figures = get("manifold-film")(False, tmp_path)
    text = (tmp_path / "manifold-film.md").read_text()
    assert "toy, source mode" in text and "Nothing: all parts have been run." in text
    assert figures["toy, source mode, seed 0"]["steps between snapshots"] == 50
    names = {file.name for file in tmp_path.iterdir()}
    assert {f"manifold-film-toy-{mode}.{ending}" for mode in ("source", "default")
            for ending in ("gif", "html", "png")} <= names  # fmt: skip

    def fail(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(movie, "snapshots", fail)
    assert get("manifold-film")(False, tmp_path) == figures
    assert (tmp_path / "manifold-film.md").read_text() == text
