"""Tasks: what their handcrafted machines say, and users' own streams."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis import Synthesizer, Task
from synthesis.loop import Settings
from synthesis.tasks import get_task, task_names
from synthesis.tasks.streams import task_from_streams, to_streams
from synthesis.tasks.streams.suite import wire

LETTERS = {"(": 1.0, ")": -1.0}


@pytest.mark.parametrize("name", task_names())
def test_every_task_is_whole(name):
    task = get_task(name)
    inputs, targets = task.batch(np.random.default_rng(0))
    assert targets.shape == (len(task.observed), inputs.ticks, len(inputs))
    assert np.any(targets != 0)
    again, _ = task.batch(np.random.default_rng(0))
    assert all(np.array_equal(inputs.arrays[k], again.arrays[k]) for k in inputs.arrays)
    model = task.model(np.random.default_rng(1))
    figures = task.evaluate(model, model.initial(np.random.default_rng(1)))
    assert set(figures) == {"held_out_loss", "held_out_max_element", "held_out_per_element"}
    assert task.summary


def events_of(task, string=0, seed=0):
    """Events of a random string as (tick, {source: tree}), and the targets."""
    inputs, targets = task.batch(np.random.default_rng(seed))
    trees = {source: inputs.trees(source, string) for source in inputs.arrays}
    return trees, targets[0, :, string]


def letters(stream):
    return [next(iter(tree.to_dict()), None) if tree else None for tree in stream]


def test_the_end_of_text_counter_counts_stops():
    trees, targets = events_of(get_task("end-of-text-counter"))
    counts = np.cumsum([letter == "." for letter in letters(trees["stream-text"])])
    np.testing.assert_allclose(targets[3:], counts[:-3])


def test_the_bracket_depth_is_the_depth():
    trees, targets = events_of(get_task("bracket-depth"))
    depth = np.cumsum([LETTERS.get(letter, 0.0) for letter in letters(trees["stream-text"])])
    np.testing.assert_allclose(targets[3:], depth[:-3])


def test_the_first_occurrence_is_marked_once_per_letter():
    trees, targets = events_of(get_task("first-occurrence"), string=2)
    seen = {letter for letter in letters(trees["stream-text"])[:-3] if letter}
    assert targets.sum() == len(seen)


def test_the_running_maximum_never_falls():
    trees, targets = events_of(get_task("running-maximum"))
    values = [tree.to_dict().get(":number", 0.0) for tree in trees["stream-x"]]
    np.testing.assert_allclose(targets[3:], np.maximum.accumulate(values)[:-3])


@pytest.mark.parametrize(("name", "modulus"), [("parity", 2), ("modulo-3", 3)])
def test_counters_count_modulo(name, modulus):
    trees, targets = events_of(get_task(name))
    ones = np.cumsum([tree.to_dict().get(":number", 0.0) for tree in trees["stream-x"]])
    np.testing.assert_allclose(targets[3:], ones[:-3] % modulus)


def test_the_aba_spotter_spots_aba():
    trees, targets = events_of(get_task("aba-spotter"))
    text = "".join(letters(trees["stream-text"]))
    expected = [text[max(i - 2, 0) : i + 1] == "aba" for i in range(len(text))]
    np.testing.assert_allclose(targets[3:], expected[:-3])


def test_a_task_moves_to_another_space_by_name():
    task = get_task("duplicate-detector@layered-2x1")
    assert task.name == "duplicate-detector@layered-2x1"
    assert len(task.space(np.random.default_rng(0)).trainable) < 100
    with pytest.raises(ValueError, match="unknown space 'cubic'"):
        get_task("duplicate-detector@cubic")


def test_a_line_that_is_no_link_is_shown():
    with pytest.raises(ValueError, match="no link"):
        wire("norm.dict = input.char")


# -------------------- users' own streams --------------------


def test_streams_come_from_texts_numbers_and_mappings():
    assert to_streams(["ab", "ba"]).arrays["stream-x"].shape == (2, 2, 3)
    numbers = to_streams(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(numbers.arrays["stream-x"][:, 1, 0], [3.0, 4.0, 5.0])
    mixed = to_streams({"a": [[{"k": 2.0}, 1.0]], "b": [["x", "y"]]})
    assert sorted(mixed.arrays) == ["stream-a", "stream-b"]


@pytest.mark.parametrize(
    ("inputs", "targets", "options", "expected"),
    [
        ([[1.0, object()]], [[0, 0]], {}, "string 0, tick 1"),
        ([[1.0, np.inf]], [[0, 0]], {}, "finite"),
        ([[1.0, 2.0]], [[0, 0, 0]], {}, r"expected \(strings, ticks"),
        ([[1.0, 2.0]], np.zeros((1, 2, 3)), {}, "a machine has 2"),
        ([[1.0, 2.0]], [[0, np.inf]], {}, "infinite"),
        ([[1.0, 2.0]], [[0, 1]], {"delay": 0}, "delay is 0"),
        ([[1.0, 2.0]], [[0, 1]], {"held_out": 1.0}, "no string is left"),
        ([[1.0], [1.0, 2.0]], [[0], [1]], {}, "must agree"),
    ],
)
def test_streams_that_do_not_fit_are_refused(inputs, targets, options, expected):
    with pytest.raises(ValueError, match=expected):
        task_from_streams(inputs, targets, **options)


def test_nothing_is_asked_where_a_target_is_nan():
    task = Task.from_streams([[1.0, 2.0]], [[np.nan, 5.0]], delay=1, held_out=0.0)
    _, targets = task.batch(np.random.default_rng(0))
    np.testing.assert_array_equal(targets[0, :, 0], [np.nan, np.nan, 5.0])
    model = task.model(np.random.default_rng(0))
    nothing = 0.0 * model.initial(np.random.default_rng(0))
    assert task.objective(model, np.random.default_rng(0)).loss(nothing) == 25.0
    assert task.evaluate(model, nothing)["held_out_loss"] == 25.0


def test_a_users_streams_become_a_machine():
    rng = np.random.default_rng(0)
    x = rng.choice([0.0, 1.0, 2.0], size=(8, 25))
    targets = np.cumsum(x, axis=1)
    quick = Settings.of(
        dense={"steps": 200}, bite={"steps": 20, "fraction": 0.3}, judge={"regrowths": 0}
    )
    synthesizer = Synthesizer(delay=2, space="layered-2x1", settings=quick).fit(x, targets)
    assert len(synthesizer.machine_.trainable) <= 3
    np.testing.assert_allclose(synthesizer.predict(x), targets, atol=1e-6)
    assert len(synthesizer.pareto_) >= 1
    assert synthesizer.figures_["held_out_per_element"] < 1e-10


def test_the_estimator_has_scikit_learns_manners():
    synthesizer = Synthesizer(seed=3)
    assert synthesizer.get_params()["seed"] == 3
    assert synthesizer.set_params(delay=2).delay == 2
    with pytest.raises(ValueError, match="'nope' is no parameter"):
        synthesizer.set_params(nope=1)
    with pytest.raises(AttributeError, match="fit"):
        synthesizer.predict([[1.0]])
