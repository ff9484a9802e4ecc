"""Images read row by row: the same pixels, judged after the last row."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.optimize.losses import cross_entropies
from synthesis.process import Task
from synthesis.tasks import DigitRows, Digits

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 12), dtype=np.uint8)
DIGITS = Digits("tiny", IMAGES, np.arange(30) % 3, IMAGES[:9], np.arange(9) % 3, 3, batch_size=5)


class Totals:
    """Logits after every row: running sums of its first three pixels."""

    def __call__(self, parameters, inputs):
        return np.cumsum(inputs[:, :, :3], axis=1)


def test_rows_are_the_pixels_in_their_order():
    task = DigitRows(DIGITS, 4)
    assert isinstance(task, Task)
    sequences, labels = task.batch(np.random.default_rng(1))
    pixels, same = DIGITS.batch(np.random.default_rng(1))
    assert sequences.shape == (5, 3, 4)
    np.testing.assert_array_equal(sequences.reshape(5, 12), pixels)
    np.testing.assert_array_equal(labels, same)


def test_it_is_judged_after_the_last_row():
    task = DigitRows(DIGITS, 4)
    predictions = RNG.standard_normal((9, 3, 3))
    expected = np.mean(cross_entropies(predictions[:, -1], DIGITS.test_labels))
    assert task.loss(predictions, DIGITS.test_labels) == pytest.approx(expected)
    changed = predictions + np.array([1.0, 1.0, 0.0])[:, None] * RNG.standard_normal((9, 3, 3))
    assert task.loss(changed, DIGITS.test_labels) == pytest.approx(expected)
    totals = task.rows(task.digits.as_inputs(DIGITS.test_images))[:, :, :3].sum(axis=1)
    right = 100 * np.mean(np.argmax(totals, axis=1) == DIGITS.test_labels)
    assert task.evaluate(Totals(), None) == {"accuracy": pytest.approx(right)}


def test_without_memory_the_last_row_is_left():
    left = DigitRows(DIGITS, 4).last_row()
    inputs, _ = left.batch(np.random.default_rng(2))
    whole, _ = DIGITS.batch(np.random.default_rng(2))
    np.testing.assert_array_equal(inputs, whole[:, 8:])


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="width is 5; the 12 pixels of tiny"):
        DigitRows(DIGITS, 5)
    with pytest.raises(ValueError, match=r"need \(n, rows, 3\): a model over time"):
        DigitRows(DIGITS, 4).loss(np.zeros((9, 3)), DIGITS.test_labels)
    with pytest.raises(ValueError, match="width"):
        DigitRows(DIGITS, 0)
