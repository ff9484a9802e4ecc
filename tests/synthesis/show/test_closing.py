"""The last words of a run: no more is claimed than was seen, and errors have one unit."""

from __future__ import annotations

import pytest

from dmm.zoo import duplicate_detector
from synthesis.loop import Result
from synthesis.process.records import Front, Record
from synthesis.show.closing import closing_words, errors_of_an_answer, verdict_in_words

RECORDS = [
    Record("train", "dense", 50, 3.0, 1486, 9.0),
    Record("simplify", "simplify", 5392, 0.0, 8, 8.0),
]


def ended(loss, figures):
    machine = duplicate_detector()
    return Result(machine.trainable, loss, figures, RECORDS, machine, Front())


@pytest.mark.parametrize(
    ("loss", "figures", "words"),
    [
        (0.0, {"held_out_loss": 0.0}, "and on strings held out"),
        (0.0, {"held_out_loss": 3.0}, "not on those held out"),
        (0.0, {"held_out_loss": float("inf")}, "not on those held out"),
        (0.0, {}, "nothing was held out"),
        (0.0, {"held_out_loss": float("nan")}, "not on those held out"),
        (2.0, {"held_out_loss": 0.0}, "Not exact"),
        (float("nan"), {"held_out_loss": 0.0}, "Not exact"),
    ],
)
def test_nothing_is_exact_that_was_not_seen_to_be(loss, figures, words):
    assert words in verdict_in_words(ended(loss, figures))


def test_errors_are_in_the_unit_of_the_answers():
    found = errors_of_an_answer(
        {"held_out_loss": 90.0, "held_out_max_element": 9.0, "held_out_per_element": 4.0, "x": 5.0}
    )
    assert list(found.values()) == [2.0, 3.0, 5.0]


def test_it_ends_with_the_verdict_the_equations_the_links_and_the_seconds():
    text = closing_words(ended(0.0, {"held_out_loss": 0.0, "held_out_per_element": 0.0}), 61.4)
    assert text.startswith("Exact")
    assert "output.dict-1 = relu(m - 1)" in text
    assert "8 links of 1,486 are left after 5,392 steps; this took 61 seconds" in text
    assert "held-out strings: typical error of one answer (root of the mean square) 0" in text
