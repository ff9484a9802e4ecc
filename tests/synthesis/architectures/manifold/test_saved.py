"""Saved manifolds: the same model again, and an adjacency in text that says what lives."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synthesis.architectures.manifold import Manifold, Start
from synthesis.architectures.manifold.objective import ManifoldObjective
from synthesis.architectures.manifold.process import ManifoldSettings
from synthesis.architectures.manifold.saved import adjacency_text, described, manifold_of
from synthesis.cli import main
from synthesis.process.checkpoint import is_checkpoint
from synthesis.reproduce.manifold_runs import trained
from synthesis.tasks.drawn import SumsAndDifferences

MODELS = [
    Manifold(5, 16, 4, squared=True),
    Manifold(5, 3, 4, link_weights=True, start=Start.wide_toy(), engine="dense"),
    Manifold(64, 40, 10, period=8.0, link_weights=True),
]


@pytest.mark.parametrize("model", MODELS)
def test_a_described_model_is_the_same_model(model):
    again = manifold_of(json.loads(json.dumps(described(model))))
    assert described(again) == described(model) == json.loads(json.dumps(described(model)))
    tree = model.initial(np.random.default_rng(0))
    np.testing.assert_array_equal(again.initial(np.random.default_rng(0)).buffer, tree.buffer)
    inputs = np.random.default_rng(1).standard_normal((3, model.layout.n_inputs))
    np.testing.assert_array_equal(again(tree, inputs), model(tree, inputs))


@pytest.mark.parametrize("model", MODELS)
def test_text_has_a_sign_per_link(model):
    tree = model.initial(np.random.default_rng(0))
    links = model.links(tree)
    head, *rows = adjacency_text(model, tree, width=200).splitlines()
    assert head.startswith(f"{links.n_links:,} of {model.layout.n_cells:,} links")
    found = {
        (row, column): sign
        for row, line in enumerate(rows)
        for column, sign in enumerate(line.partition("|")[2])
        if sign in "+-"
    }
    expected = zip(links.schedule.rows.tolist(), links.schedule.columns.tolist(), strict=True)
    signs = ["+" if s > 0 else "-" for s in np.asarray(links.strengths)]
    assert found == dict(zip(expected, signs, strict=True))


def test_large_matrices_are_shaded_in_blocks():
    model = MODELS[2]
    tree = model.initial(np.random.default_rng(0))
    head, *rows = adjacency_text(model, tree, width=26).splitlines()
    assert "a character is 8 neurons down and 4 across" in head
    assert len(rows) == 7
    matrix = np.zeros((56, 104), dtype=bool)
    links = model.links(tree)
    matrix[links.schedule.rows, links.schedule.columns] = True
    lives = matrix.reshape(7, 8, 26, 4).any(axis=(1, 3))
    drawn = [line.partition("|")[2].ljust(26) for line in rows]
    np.testing.assert_array_equal(lives, [[c != " " for c in line] for line in drawn])


def toy_run(folder):
    task = SumsAndDifferences()
    settings = ManifoldSettings(**{**vars(ManifoldSettings.default_toy()), "steps": 20,
                                   "segment": 10})  # fmt: skip
    model = Manifold(5, 16, 4, link_weights=True, start=Start.wide_toy())
    return trained("toy", ManifoldObjective(model, task), settings, 3, folder)


@pytest.fixture
def checkpoint(tmp_path):
    return toy_run(tmp_path), tmp_path / "toy.checkpoint"


def test_a_finished_training_is_not_run_again(checkpoint):
    run, file = checkpoint
    written = file.read_bytes()
    again = toy_run(file.parent)
    assert again.rows == run.rows
    assert file.read_bytes() == written
    np.testing.assert_array_equal(again.after.buffer, run.after.buffer)


def test_show_draws_the_adjacency_before_and_after(checkpoint, capsys):
    run, file = checkpoint
    assert is_checkpoint(file)
    assert main(["show", str(file)]) == 0
    shown = capsys.readouterr().out
    assert f"before: {adjacency_text(run.model, run.before)}" in shown
    assert f"after 20 steps: {adjacency_text(run.model, run.after)}" in shown


def test_show_reads_the_found_network_as_a_machine(checkpoint, capsys):
    _, file = checkpoint
    assert main(["show", str(file), "--as", "equations"]) == 0
    assert "output-3" in capsys.readouterr().out


def test_a_checkpoint_of_something_else_is_one_clear_line(checkpoint, capsys):
    _, file = checkpoint
    file.write_text(file.read_text().replace('"manifold": {', '"something": {'))
    assert main(["show", str(file)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(file) in error
    assert "not of a dynamic manifold" in error
