"""The two character problems: what the texts are, their entropies, bad input."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from synthesis.process.models import Task
from synthesis.tasks.characters import CharacterTask, easy_task, encode, hard_task, text_task
from synthesis.tasks.successions import easy_hard_easy


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_easy_text_is_groups_of_ab():
    task = easy_task(rng(), 3000)
    text = task.decode(task.codes)
    assert re.fullmatch(r"(\((ab)+\))+", text)
    pairs = [len(group) // 2 for group in re.findall(r"\(([ab]+)\)", text)]
    assert len(pairs) == 3000
    assert abs(np.mean(pairs) - 2.5) < 0.12


@pytest.mark.parametrize("letters", [6, 5, 1])
def test_a_group_of_the_hard_text_is_the_one_before_reversed_with_one_letter_flipped(letters):
    task = hard_task(rng(), 500, letters)
    groups = re.findall(r"\(([ab]+)\)", task.decode(task.codes))
    assert len(groups) == 500 and {len(group) for group in groups} == {letters}
    flips = np.zeros(letters)
    for before, after in pairwise(groups):
        different = [i for i in range(letters) if before[::-1][i] != after[i]]
        assert len(different) == 1
        flips[different] += 1
    assert np.all(np.abs(flips / 499 - 1 / letters) < 0.08)


def test_the_hard_text_begins_as_in_the_source():
    assert hard_task(rng(), 20).decode(hard_task(rng(), 20).codes).startswith("(abbaab)")
    assert len(hard_task(rng()).codes) == 1_200_008


def test_the_least_losses_are_entropies():
    assert easy_task(rng(), 50).floor_per_cycle == pytest.approx(9.6144, abs=1e-4)
    assert hard_task(rng(), 50).floor_per_cycle == pytest.approx(8.9588, abs=1e-4)
    assert hard_task(rng(), 50, 5).floor_per_cycle == pytest.approx(9.1968, abs=1e-4)


def test_the_least_loss_of_the_easy_text_is_reached_by_the_true_probabilities():
    """Coded by hand: after an opening parenthesis or an a nothing is open, after a b there is."""
    task = easy_task(rng(), 20_000)
    codes = task.codes.astype(int)
    after_b = codes[:-1] == encode("b")[0]
    closes = codes[1:] == encode(")")[0]
    nats = np.where(after_b, np.where(closes, -np.log(0.4), -np.log(0.6)), 0.0)
    assert np.mean(nats) * 40 == pytest.approx(task.floor_per_cycle, rel=0.01)


def test_the_same_generator_gives_the_same_text():
    np.testing.assert_array_equal(hard_task(rng(3), 40).codes, hard_task(rng(3), 40).codes)
    assert not np.array_equal(easy_task(rng(3), 40).codes, easy_task(rng(4), 40).codes)


def test_easy_hard_easy_has_three_thirds_and_the_same_easy_text_twice():
    first, middle, last = easy_hard_easy(rng(), 100, 60)
    assert [phase.cycles for phase in (first, middle, last)] == [33, 33, 34]
    assert first.task.codes is last.task.codes
    assert [phase.task.name for phase in (first, middle, last)] == ["easy", "hard", "easy"]


def test_it_is_a_task_and_a_batch_is_a_cycle():
    task = easy_task(rng(), 100)
    assert isinstance(task, Task)
    inputs, targets = task.batch(rng())
    assert inputs.shape == targets.shape == (40,)
    np.testing.assert_array_equal(inputs[1:], targets[:-1])
    assert float(task.loss(np.zeros((40, 4)), targets)) == pytest.approx(40 * np.log(4))


def test_a_text_of_ones_own():
    task = text_task("hello world, hello moon. " * 40, length=10)
    assert task.alphabet == " ,.dehlmnorw"
    assert task.decode(task.codes[:5]) == "hello"
    assert len(task.held_out) == 100


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: encode("(abc)"), r"text has 'c' at position 3; the alphabet is '\(\)ab'"),
        (lambda: encode(""), "text is empty"),
        (lambda: encode("a", "aa"), "alphabet is 'aa'"),
        (lambda: text_task(""), "text is empty"),
        (
            lambda: replace(easy_task(rng(), groups=20), codes=np.full(99, 4)),
            "codes have 4 at position 0; the alphabet",
        ),
        (
            lambda: replace(easy_task(rng(), groups=20), held_out=np.full(99, -1)),
            "held_out have -1 at position 0",
        ),
        (
            lambda: replace(easy_task(rng(), groups=20), codes=np.zeros(99)),
            "codes are of type float64",
        ),
        (lambda: easy_task(rng(), repeat=1.2), r"repeat is 1\.2; a probability"),
        (lambda: easy_task(rng(), repeat=1.0), "a group would never end"),
        (lambda: easy_task(rng(), groups=1), "groups is 1"),
        (lambda: hard_task(rng(), letters=0), "letters is 0"),
        (lambda: text_task("short"), "a text of 4 characters; a cycle reads 40"),
        (lambda: text_task("ab" * 90, held_out=2.0), r"held_out is 2\.0"),
        (lambda: CharacterTask("t", "t", encode("ab"), encode("ab"), length=0), "length is 0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
