"""Saved manifolds: the same model again, and an adjacency in text that says what lives."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from synthesis.architectures.manifold import Manifold, Start
from synthesis.architectures.manifold.objective import ManifoldObjective
from synthesis.architectures.manifold.process import ManifoldTraining, model_of
from synthesis.architectures.manifold.saved import adjacency_text, load_manifold
from synthesis.architectures.manifold.settings import ManifoldSettings
from synthesis.cli import main
from synthesis.process.checkpoint import is_checkpoint
from synthesis.runs import Run
from synthesis.tasks.drawn import SumsAndDifferences
from tests.hostile.mutations import as_if_whole

MODELS = [
    Manifold(5, 16, 4, squared=True),
    Manifold(5, 3, 4, link_weights=True, start=Start.wide_toy(), engine="dense"),
    Manifold(64, 40, 10, period=8.0, link_weights=True),
]


@pytest.mark.parametrize("model", MODELS)
def test_a_described_model_is_the_same_model(model):
    again = model_of(json.loads(json.dumps(model.description)))
    assert again.description == model.description == json.loads(json.dumps(model.description))
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


@pytest.fixture
def checkpoint(tmp_path):
    settings = replace(ManifoldSettings.default_toy(), steps=20, segment=10)
    model = Manifold(5, 16, 4, link_weights=True, start=Start.wide_toy())
    training = ManifoldTraining.of(ManifoldObjective(model, SumsAndDifferences()), settings, 3)
    return Run.new(tmp_path / "toy", training).to_end(), tmp_path / "toy" / "checkpoint.json"


def test_a_saved_training_is_read_with_its_start(checkpoint):
    run, file = checkpoint
    saved = load_manifold(file)
    assert saved.step == 20 and saved.model.description == run.process.model.description
    assert saved.before == run.process.start(run.process.rng).parameters
    assert saved.after == run.state.parameters


def test_show_draws_the_adjacency_before_and_after(checkpoint, capsys):
    run, file = checkpoint
    assert is_checkpoint(file)
    assert main(["show", str(file)]) == 0
    shown = capsys.readouterr().out
    model, before = run.process.model, run.process.start(run.process.rng).parameters
    assert f"before: {adjacency_text(model, before)}" in shown
    assert f"after 20 steps: {adjacency_text(model, run.state.parameters)}" in shown


def test_show_reads_the_found_network_as_a_machine(checkpoint, capsys):
    _, file = checkpoint
    assert main(["show", str(file), "--as", "equations"]) == 0
    assert "output-3" in capsys.readouterr().out


def test_a_checkpoint_of_something_else_is_one_clear_line(checkpoint, capsys):
    _, file = checkpoint
    data = file.read_bytes()
    file.write_bytes(as_if_whole(data.replace(b'"process": "manifold"', b'"process": "something"')))
    assert main(["show", str(file)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(file) in error
    assert "process 'something' cannot be made again" in error
    with pytest.raises(ValueError, match="not of a dynamic manifold"):
        load_manifold(file)
