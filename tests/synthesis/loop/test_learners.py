"""The loop on machines that change themselves: growing lives, trials, what is alive."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from dmm import zoo
from dmm.show.rules import learning_rules
from synthesis.loop import Loop, Settings, synthesize
from synthesis.loop.search import Counts, SearchState
from synthesis.optimize.descent import SHRINKAGE, ClippedAdam, trained
from synthesis.optimize.objective import MachineObjective
from synthesis.tasks.streams.learning import associations, learning_task, linear_maps
from vvalues import from_buffer
from vvalues.core.tree import from_leaves

RNG = np.random.default_rng


@pytest.fixture(scope="module")
def task():
    lesson = partial(linear_maps, inputs=2, periods=6)
    return learning_task("maps", "", lesson, strings=4, rules=1, leaks=0)


@pytest.fixture(scope="module")
def objective(task):
    return MachineObjective(task.model(RNG(0)), *task.batch(RNG(1)))


def test_the_beginning_of_a_loss_is_what_the_first_ticks_add_to_it(task, objective):
    parameters = 0.1 * objective.model.initial(RNG(0))
    half = objective.begin(0.5)
    said = objective.model(parameters, objective.inputs)
    _, targets = task.batch(RNG(1))
    error = np.nan_to_num(said - targets)[:, :15]
    assert half.inputs.ticks == 15
    assert half.loss(parameters) == pytest.approx(np.sum(error**2) / 4)
    assert objective.begin(1.0) is objective
    assert objective.begin(0.5) is half


def test_what_runs_off_shrinks(objective):
    parameters = 50.0 * objective.model.initial(RNG(0))
    moved, _ = trained(objective, parameters, ClippedAdam().optimizer(0.0), (), 1)
    assert moved == SHRINKAGE * parameters


def test_links_of_a_rule_without_a_way_to_the_matrix_are_dead(objective):
    support = objective.model.space.trainable.support
    assert objective.living(support) is support
    without = support.where(np.array([path[1] != "delta" for path in support.paths]))
    living = objective.living(without)
    assert {path[0] for path in living.paths} == {"cell-1"}


def test_links_of_a_rule_that_lacks_a_factor_are_dead(objective):
    support = objective.model.space.trainable.support
    without = support.where(np.array([path[1] != "pre" for path in support.paths]))
    assert {path[0] for path in objective.living(without).paths} == {"cell-1"}


def test_of_several_starts_the_best_goes_on(task):
    dense = {"steps": 1, "trial_steps": 1, "first_life": 1.0}
    still = {"descent": {"rate": 1e-12}}
    losses = {}
    for trials in (0, 3):
        settings = Settings.for_learners(dense={**dense, "trials": trials}, common=still)
        loop = Loop.of(task, 0, settings)
        state, _ = loop.advance(loop.start(loop.rng))
        losses[trials] = state.loss
        again, _ = loop.advance(loop.start(loop.rng))
        assert again.parameters == state.parameters
    assert losses[3] < losses[0]


def test_further_strings_are_drawn_where_the_settings_ask_for_them(task):
    with_further, without = (
        Loop.of(task, 0, Settings.of(confirm={"batches": n})).search for n in (3, 0)
    )
    assert without.further is None
    sizes = [len(objective.inputs) for objective in with_further.further]
    assert sizes == [12, 12]
    first, other = (objective.inputs.arrays["x-1"] for objective in with_further.further)
    assert not np.any(np.isin(first, other))
    np.testing.assert_array_equal(  # the training strings are the same in any case
        with_further.objective.inputs.arrays["x-1"], without.objective.inputs.arrays["x-1"]
    )


def confirmed(task, weights, **settings):
    """The weights after the phase of confirmation, and the state before the judgement."""
    loop = Loop.of(task, 0, Settings.for_learners(**settings))
    machine = replace(zoo.delta_rule(inputs=2), trainable=weights)
    loss = loop.search.objective.loss(machine.trainable)
    state = SearchState(machine.trainable, loss, phase="confirm").after(loop.rng)
    while state.phase == "confirm":
        state, _ = loop.advance(state)
    return loop, state


def test_what_is_good_for_few_strings_only_is_not_confirmed():
    lesson = partial(linear_maps, inputs=2, periods=10)
    task = learning_task("maps", "", lesson, strings=16, rules=1, leaks=0)
    rule = zoo.delta_rule(inputs=2).trainable
    besides = {("rule-1", "gate", "x-1", "stream"): 0.05, ("cell-1", "dict", "x-2", "stream"): 0.1}
    loop, state = confirmed(task, rule + from_leaves(besides))
    assert state.phase == "judge"
    assert set(state.parameters.support.paths) == set(rule.support.paths)
    # What is needed stays: the loss is that of a rule that learns, on strings it never saw.
    never, _ = confirmed(task, 0.0 * rule)
    assert loop.search.rating(state) < 0.5 * never.search.further.judged.loss(0.0 * rule)


def test_a_second_start_competes_unless_the_first_machine_is_exact(task):
    loop = Loop.of(task, 0, Settings.for_learners())
    judge = loop.settings.judge
    state = SearchState(loop.search.model.initial(loop.rng), 1.0, best_loss=1.0)
    word, state = judge.following(loop.search, state)
    assert word == "fresh start"
    assert judge.following(loop.search, state)[0] == "enough"
    exact = replace(state, counts=Counts(), best_loss=0.0)
    assert judge.following(loop.search, exact)[0] == "enough"


@pytest.mark.thorough
def test_hebbs_rule_is_found():
    task = learning_task(
        "keys", "", partial(associations, pairs=2, inputs=2), strings=8, rules=1, leaks=0
    )
    settings = Settings.for_learners(dense={"first_life": 1.0, "steps": 120})
    result = synthesize(task, 0, settings)
    assert learning_rules(result.machine) == ["W += 1 y x clock-3"]
    assert result.figures["held_out_max_element"] < 1e-24


@pytest.mark.heavy
def test_the_delta_rule_is_found():
    task = learning_task("maps", "", partial(linear_maps, inputs=2), strings=48, rules=1, leaks=0)
    result = synthesize(task, 0, Settings.for_learners())
    (rule,) = learning_rules(result.machine)
    assert rule.endswith("(y - p) x clock-3")
    longer = learning_task("longer", "", partial(linear_maps, inputs=2, periods=300), strings=8)
    streams, targets = longer.batch(RNG(2))
    said = longer.model(RNG(0))(from_buffer_on(longer, result), streams)
    assert np.nanmax((said - targets)[:, -25:] ** 2) < 1e-20


def from_buffer_on(task, result):
    """The weights of a result for the space of another task with the same neurons."""
    weights = dict(result.machine.trainable.items())
    support = task.space(RNG(0)).trainable.support
    return from_buffer(support, np.array([weights.get(path, 0.0) for path in support.paths]))
