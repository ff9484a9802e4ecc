"""A car on a hill, and the imitation of a rule that brings it up."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.tasks.worlds import MountainCar, MountainCarImitation, swing


def test_the_car_gets_up_by_swinging_alone():
    world, rng = MountainCar(), np.random.default_rng(0)
    assert world.episodes(swing, 50, rng).max() < world.limit
    for side in (0, 1):
        lengths = world.episodes(lambda states, s=side: np.full(len(states), s), 20, rng)
        assert (lengths == world.limit).all()


def test_a_step_on_the_hill_is_the_textbook_one():
    """Against a car whose pushes and slopes are added up by hand."""
    states = np.array([[-0.5, 0.01], [0.3, -0.02]])
    moved = MountainCar().step(states, np.array([1, 0]))
    for (x, speed), push, after in zip(states, (0.001, -0.001), moved, strict=True):
        faster = speed + push - 0.0025 * np.cos(3 * x)
        np.testing.assert_allclose(after, [x + faster, faster], rtol=1e-12)


def test_the_wall_takes_all_speed_and_speed_has_a_bound():
    world = MountainCar()
    at_wall = world.step(np.array([[-1.19, -0.05]]), np.array([0]))[0]
    np.testing.assert_array_equal(at_wall, [world.wall, 0.0])
    assert world.step(np.array([[0.0, 0.0699]]), np.array([1]))[0, 1] <= world.fastest


def test_swinging_is_imitated_and_judged_by_arrival():
    task = MountainCarImitation(np.random.default_rng(0), n=500)
    inputs, actions = task.batch(np.random.default_rng(1))
    np.testing.assert_array_equal(actions, swing(inputs * task.scale))
    taught = task.evaluate(lambda parameters, x: np.eye(2)[swing(x * task.scale)], None)
    assert taught["agreement"] == 1.0 and taught["mean_steps"] < 150
    stubborn = task.evaluate(lambda parameters, x: np.tile([0.0, 1.0], (len(x), 1)), None)
    assert stubborn["mean_steps"] == 200.0


@pytest.mark.parametrize("options, message", [
    ({"n": 0}, "n is 0"),
    ({"disturbed": 2.0}, "disturbed is 2"),
    ({"batch_size": 0}, "batch_size is 0"),
])  # fmt: skip
def test_numbers_that_make_no_imitation(options, message):
    with pytest.raises(ValueError, match=message):
        MountainCarImitation(np.random.default_rng(0), **options)
