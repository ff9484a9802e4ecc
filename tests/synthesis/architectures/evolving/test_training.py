"""The loop of evolving layers: what it reaches, that it resumes to the bit, ensembles."""

from __future__ import annotations

import doctest
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from synthesis.architectures.evolving import EvolvingModel
from synthesis.architectures.evolving.process import (
    Ensemble,
    EvolvingSettings,
    EvolvingTraining,
    over_seeds,
    train,
)
from synthesis.process.process import events
from synthesis.process.records import to_jsonl
from synthesis.tasks.regression import small_experiment

SHORT = EvolvingSettings(epochs=24, steps=100, rate=0.02)
TINY = EvolvingSettings(epochs=6, steps=20, largest=3)


def products(seed, samples=2000, **options):
    return small_experiment(np.random.default_rng([seed, 1]), samples=samples, **options)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [0, 1])
def test_the_small_experiment_is_solved_and_the_index_zero_defect_prevents_it(seed):
    """A third of the full run; `reproduce evolving-layers` does five seeds in full."""
    task, model = products(seed), EvolvingModel(4, 2)
    good, _ = train(model, task, seed, SHORT)
    assert task.evaluate(model, good.parameters)["held_out_loss"] <= 0.01
    defect = EvolvingSettings(epochs=24, steps=100, rate=0.02, index_zero_defect=True)
    bad, _ = train(model, task, seed, defect)
    assert task.evaluate(model, bad.parameters)["expected_loss"] >= 1.0


@pytest.mark.heavy
def test_the_small_experiment_in_full():
    from synthesis.reproduce.evolving_layers import small_figures

    figures = small_figures(range(5))
    assert sum(row["held_out_loss"] <= 0.01 for row in figures["corrected"]) >= 4
    assert all(row["expected_loss"] >= 1.0 for row in figures["index-0 defect"])


@pytest.mark.heavy
def test_with_distractors_pruning_beats_no_pruning_and_a_perceptron_as_large():
    from synthesis.reproduce.evolving_layers import distractor_figures

    figures = distractor_figures(range(5), noise=0.0)
    error = {
        name: np.median([row["held_out_loss"] for row in rows]) for name, rows in figures.items()
    }
    assert error["corrected"] < error["no pruning"]
    assert error["corrected"] < error["perceptron"]
    leaves = [row["leaves"] for row in figures["corrected"]]
    assert min(row["leaves"] for row in figures["perceptron"]) >= max(leaves)


@pytest.mark.parametrize("pruning", ["contribution", "loss", "none"])
def test_pruning_keeps_the_number_of_operations_down(pruning):
    settings = EvolvingSettings(epochs=6, steps=20, largest=2, added=2, pruning=pruning)
    model = EvolvingModel(4, 2, hidden=(3,))
    training = EvolvingTraining.of(model, products(0, samples=100), 0, settings)
    whole = [event.state for event in events(training, training.start(training.rng))]
    assert whole[-1].phase == "done"
    most = max(model.count_operations(state.parameters) for state in whole)
    assert most <= (10 if pruning == "none" else 4)


def test_records_tell_what_happened():
    state, records = train(EvolvingModel(4, 2), products(0, samples=50), 3, TINY)
    assert [r.event for r in records] == ["train", "evolve"] * 5 + ["train"]
    assert records[-1].step == 6 * 20
    assert to_jsonl(records).count("\n") == len(records)
    assert state.best_loss == min(r.loss for r in records if r.event == "train")
    assert len(state.front) >= 1


def test_the_same_seed_gives_the_same_network_on_any_executor():
    task, model = products(0, samples=50), EvolvingModel(4, 2)
    job = partial(train, model, task, settings=TINY)
    here = over_seeds(job, [0, 1])
    with ThreadPoolExecutor(2) as executor:
        there = over_seeds(job, [0, 1], executor)
    assert [s.parameters for s, _ in here] == [s.parameters for s, _ in there]
    assert here[0][0].parameters != here[1][0].parameters


def test_an_ensemble_predicts_the_mean_and_knows_its_spread():
    task, model = products(0, samples=50), EvolvingModel(4, 2)
    rng = np.random.default_rng(0)
    members = tuple(model.initial(rng) for _ in range(3))
    ensemble = Ensemble(model, members)
    each = [model(member, task.inputs) for member in members]
    np.testing.assert_allclose(ensemble(task.inputs), np.mean(each, axis=0))
    np.testing.assert_allclose(ensemble.spread(task.inputs), np.std(each, axis=0))


def test_divergence_names_its_epoch():
    wild = EvolvingSettings(epochs=2, steps=3, rate=1e200, last_rate=1e200)
    with pytest.raises(ValueError, match="training diverged in epoch 1"):
        train(EvolvingModel(4, 2), products(0, samples=50), 0, wild)


def test_fewer_samples_than_parameters_are_warned_of():
    with pytest.warns(UserWarning, match="trained parameters"):
        train(EvolvingModel(4, 2), products(0, samples=6), 0, TINY)


@pytest.mark.thorough
def test_the_examples_of_the_page():
    page = Path(__file__).parents[4] / "docs" / "evolving-layers.md"
    result = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert result.attempted > 15
    assert result.failed == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pruning": "often"}, "pruning is 'often'"),
        ({"epochs": 0}, "epochs is 0"),
        ({"rate": 0.0}, "rate"),
        ({"largest": float("nan")}, "largest is nan"),
        ({"held_out": 1.0}, "held_out"),
    ],
)
def test_senseless_settings_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        EvolvingSettings(**arguments)
