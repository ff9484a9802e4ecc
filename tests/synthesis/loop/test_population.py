"""Populations of recurrent machines: lanes do not disturb each other, state resumes to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dmm import recurrent_space
from synthesis.edits import ablation_losses
from synthesis.loop import Loop, Settings, prepare, search_events
from synthesis.loop.contest import Contest
from synthesis.loop.trainer import PopulationMemory, PopulationTrainer, member, stacked
from synthesis.process.checkpoint import load_checkpoint, save_checkpoint
from synthesis.tasks import get_task

TASK = get_task("gated-accumulator@recurrent-1")
BRIEF = Settings.of(
    common={"rescues": 0, "contest": {"steps": 10}},
    population={"starts": 3, "steps": 20, "strings": 4, "unit": 10},
)


@pytest.fixture(scope="module")
def prepared():
    return prepare(TASK, 0, BRIEF)


def trainer(search, **options):
    support = search.model.space.trainable.support
    return PopulationTrainer(search.model, support, search.batches, 0.03, 50, **options)


def test_a_recurrent_space_starts_with_a_population(prepared):
    loop, state = prepared
    search = loop.search
    assert state.phase == "population"
    assert len(search.batches) == 32
    assert all(len(streams) == 2 for streams, _ in search.batches)


def test_mixtures_begin_as_what_their_space_says(prepared):
    loop = Loop.of(get_task("gated-accumulator@leaning-2"), 0, BRIEF)
    support = loop.search.model.space.trainable.support
    rows = BRIEF.population.first_weights(loop.search, np.random.default_rng(0))
    own = (
        ("cell-1", ":function", "functions", "accum"),
        ("cell-2", ":function", "functions", "norm"),
    )
    is_own = np.array([path in own for path in support.paths])
    assert is_own.sum() == 2 and rows.shape == (3, support.size)
    assert np.all(np.abs(rows[:, is_own] - 1.0) < 0.5) and np.all(np.abs(rows[:, ~is_own]) < 0.5)
    assert np.abs(rows[0] - rows[1]).max() > 0.1
    assert prepared[0].search.fresh is None  # other spaces scatter around 0


def test_lanes_are_trained_as_if_alone(prepared):
    search = prepared[0].search
    weights = 0.1 * np.random.default_rng(3).standard_normal((2, search.model.space.trainable.size))
    train = trainer(search)
    together = train.advance(train.start(weights), 10, np.random.default_rng(1))
    for i in range(2):
        alone = train.advance(train.start(weights[i : i + 1]), 10, np.random.default_rng(1))
        np.testing.assert_allclose(
            member(together.weights, i).buffer, member(alone.weights, 0).buffer, atol=1e-9
        )


def test_a_lane_that_runs_off_returns_to_its_last_good_weights(prepared):
    search = prepared[0].search
    n = search.model.space.trainable.size
    rng = np.random.default_rng(3)
    train = trainer(search)
    start = train.start(0.1 * rng.standard_normal((1, n)))
    ran_off = start._replace(weights=start.weights * 1e6)
    after = train.advance(ran_off._replace(best=start.best * 1e-30), 1, rng)
    assert np.abs(after.weights.buffer - start.weights.buffer).max() < 0.1
    assert after.factor["000"] == pytest.approx(0.5, rel=0.01)


def test_masked_links_stay_zero(prepared):
    search = prepared[0].search
    n = search.model.space.trainable.size
    mask = np.random.default_rng(0).random((2, n)) < 0.5
    train = trainer(search, mask=mask, l1=0.1)
    start = train.start(0.1 * np.ones((2, n)) * mask)
    after = train.advance(start, 5, np.random.default_rng(0))
    assert not np.any(after.weights.buffer.reshape(2, n)[~mask])


def test_stacking_is_the_inverse_of_taking_a_member():
    support = recurrent_space(np.random.default_rng(0)).trainable.support
    weights = np.arange(2.0 * support.size).reshape(2, support.size)
    tree = stacked(support, weights)
    assert member(tree, 1).support is support
    np.testing.assert_array_equal(member(tree, 1).buffer, weights[1])


def test_a_contest_drops_what_its_mask_and_penalty_say(prepared):
    loop, state = prepared
    search = loop.search
    mask = np.ones((2, state.parameters.size), dtype=bool)
    mask[1, ::2] = False
    contest = Contest(rate=0.01, steps=3)
    l1, rng = np.zeros(2), np.random.default_rng(0)
    variants, losses = contest.variants(
        search.model, search.objective, search.batches, state.parameters, mask, l1, rng
    )
    assert len(variants[1]) <= mask[1].sum()
    assert losses.shape == (2,)
    assert ablation_losses(search.objective, state.parameters).shape == (state.parameters.size,)


def test_a_population_resumes_to_the_bit(tmp_path, prepared):
    loop, state = prepared
    events = search_events(loop, state)
    whole = [event.state for event, _ in zip(events, range(4), strict=False)]
    save_checkpoint(tmp_path / "c.json", whole[0], {})
    resumed, _ = load_checkpoint(tmp_path / "c.json", loop.types)
    assert isinstance(resumed.memory, PopulationMemory)
    loop.check_state(resumed)
    states = [e.state for e, _ in zip(search_events(loop, resumed), range(3), strict=False)]
    for ours, expected in zip(states, whole[1:], strict=True):
        assert ours.phase == expected.phase
        assert ours.parameters.buffer.tobytes() == expected.parameters.buffer.tobytes()


@pytest.mark.parametrize("name", ["weights", "best"])
def test_a_memory_of_another_number_of_members_is_refused(prepared, name):
    loop, state = prepared
    memory = next(search_events(loop, state)).state.memory
    one = member(memory.weights, 0).buffer[None]
    smaller = {"weights": stacked(state.parameters.support, one), "best": memory.weights}[name]
    strange = replace(state, memory=memory._replace(**{name: smaller}))
    with pytest.raises(ValueError, match=f"memory/{name} does not fit 3 members"):
        loop.check_state(strange)


def test_a_population_is_made_of_trees(prepared):
    search = prepared[0].search
    train = trainer(search)
    start = train.start(np.zeros((2, search.model.space.trainable.size)))
    assert isinstance(start, PopulationMemory)
    assert start.best.support.paths == (("000",), ("001",))


@pytest.mark.heavy
def test_the_prior_free_machine_ends_in_nine_links():
    from synthesis.loop import synthesize

    outcome = synthesize(
        get_task("duplicate-detector@recurrent-1"), seed=0, settings=Settings(seconds=900)
    )
    assert len(outcome.parameters) <= 10
    assert outcome.figures["held_out_loss"] <= 1e-8
