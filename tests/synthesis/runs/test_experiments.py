"""The experiments by name: they are what the catalogue lists, and say what is wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synthesis.cli import main
from synthesis.runs.catalogue import EXPERIMENT_NAMES, process_of
from synthesis.runs.experiments import EXPERIMENTS, experiment_of
from synthesis.tasks import bars_task, task_of
from synthesis.tasks.descriptions import described


def test_the_catalogue_names_them_all():
    assert tuple(EXPERIMENTS) == EXPERIMENT_NAMES


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name not in ("spiking", "grown")])
def test_its_words_make_the_same_process(name):
    process = EXPERIMENTS[name].process(3, steps=4)
    assert process_of(json.loads(json.dumps(process.identity))).identity == process.identity


def test_a_list_of_what_there_is(capsys):
    assert main(["run", "--list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in (*EXPERIMENTS, "duplicate-detector"))


def test_a_network_can_be_judged_by_another_task(tmp_path, capsys):
    out = str(tmp_path / "run")
    assert main(["run", "elastic:easy", "--steps", "4", "--out", out]) == 0
    capsys.readouterr()
    assert main(["evaluate", out, "--task", "elastic:hard", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["held_out_loss"] > 40.0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run"], "NAME[:TASK], or --list"),
        (["run", "elastic:what"], "unknown task 'what'; known here: easy, hard"),
        (["run", "elastic", "--space", "recurrent-1"], "--space is of the unattended loop"),
        (["run", "elastic", "--set", "dense.steps=3"], "--set is of the unattended loop"),
        (["sweep", "perceptron:what"], "unknown task 'what'"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(words, message, capsys):
    assert main(words) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1


def test_an_unknown_experiment_is_refused():
    with pytest.raises(ValueError, match="unknown experiment 'what'; known ones: perceptron"):
        experiment_of("what:easy")


def test_images_seen_by_sensors_can_be_seen_again():
    task = bars_task(np.random.default_rng(0), 40).seen_by(np.array([3, 3, 60]))
    again = task_of(json.loads(json.dumps(described(task))))
    np.testing.assert_array_equal(
        again.batch(np.random.default_rng(1))[0], task.batch(np.random.default_rng(1))[0]
    )
