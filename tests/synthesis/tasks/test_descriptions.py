"""Tasks in words: the same task again, and nothing that only looks like it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from synthesis.tasks.characters import easy_task, hard_task, text_task
from synthesis.tasks.descriptions import described, task_of
from synthesis.tasks.digits import Digits
from synthesis.tasks.drawn import Echo, Latch, SumsAndDifferences
from synthesis.tasks.regression import small_experiment
from synthesis.tasks.successions import easy_hard_easy
from synthesis.tasks.worlds import CartPole, CartPoleImitation, MountainCarImitation


def rng(seed=3):
    return np.random.default_rng([seed, 1])


TASKS = {
    "sums": lambda: SumsAndDifferences(batch_size=7, n_test=50),
    "echo": lambda: Echo(delay=3),
    "latch": lambda: Latch(chance=0.3),
    "easy": lambda: easy_task(rng(), 90, repeat=0.5),
    "hard": lambda: hard_task(rng(), 90, letters=5),
    "third phase": lambda: easy_hard_easy(rng(), 9, 90)[2].task,
    "products": lambda: small_experiment(rng(), samples=40, distractors=2, noise=0.1),
    "cart-pole": lambda: CartPoleImitation(rng(), n=100, batch_size=8),
    "mountain-car": lambda: MountainCarImitation(rng(), n=100, batch_size=8),
}


@pytest.mark.parametrize("name", TASKS)
def test_a_described_task_is_the_same_task(name):
    task = TASKS[name]()
    words = json.loads(json.dumps(described(task)))
    again = task_of(words)
    assert described(again) == words
    for one, other in zip(again.batch(rng(5)), task.batch(rng(5)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_mnist_and_the_small_digits_are_read_again():
    pytest.importorskip("sklearn", reason="the small digits come with scikit-learn")
    from synthesis.tasks.digits import small_digits

    task = small_digits().with_batch_size(20).as_ink()
    again = task_of(json.loads(json.dumps(described(task))))
    assert (again.batch_size, again.mean, again.largest_pixel) == (20, 0.0, 16.0)
    np.testing.assert_array_equal(again.images, task.images)
    for other in (task.only([0, 1]), task.permuted(rng()), task.shortened(50, 50)):
        with pytest.raises(ValueError, match=r"is not the same when it is made again: its \w+ is"):
            task_of(described(other))


def test_data_are_told_apart_by_their_checksum():
    images, labels = np.zeros((4, 9), dtype=np.uint8), np.arange(4) % 2
    task = Digits("few", images, labels, images, labels, 2)
    other = Digits("few", images + 1, labels, images, labels, 2)
    words = described(task)
    assert words == described(replace(task, labels=labels.copy()))
    assert {k for k in words if words[k] != described(other)[k]} == {"images"}
    assert described(task.as_ink())["mean"] == 0.0


def test_an_origin_that_does_not_fit_the_data_is_found_out():
    task = hard_task(rng(), 90)
    with pytest.raises(ValueError, match="not the same when it is made again: its codes is"):
        task_of(described(replace(task, codes=task.codes[::-1].copy())))


@pytest.mark.parametrize(
    "task",
    [text_task("abab" * 200), CartPoleImitation(rng(), n=50, world=CartPole(gravity=1.6))],
    ids=["a text of one's own", "another world"],
)
def test_what_has_no_origin_is_told(task):
    with pytest.raises(ValueError, match="cannot be made again from its description"):
        task_of(described(task))
