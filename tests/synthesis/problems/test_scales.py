"""Streams and answers that are added to each other have one unit."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.problems.scales import units_of
from tests.synthesis.samples import strings_of


def drawn(high=1.0, strings=10, samples=20, seed=0):
    return np.random.default_rng(seed).uniform(0.0, high, (strings, samples))


def balance(paid, owed):
    """What is left; nothing is taken where it does not suffice."""
    left, found = np.zeros(len(paid)), []
    for come, go in zip(paid.T, owed.T, strict=True):
        left = left + come
        left = np.where(go <= left, left - go, left)
        found.append(left)
    return np.stack(found, axis=1)


@pytest.mark.parametrize("scale", [0.001, 1.0, 30.0, 1000.0])
@pytest.mark.parametrize("answer_scale", [0.02, 1.0, 7.0])
def test_answers_that_add_up_a_stream_have_its_unit(scale, answer_scale):
    paid, owed = scale * drawn(2.0), scale * drawn(4.0, seed=1)
    strings = strings_of({"paid": paid, "owed": owed}, answer_scale * balance(paid, owed))
    units, (own,) = units_of(strings)
    assert units["stream-paid"] == units["stream-owed"]
    assert own == pytest.approx(answer_scale * units["stream-paid"], rel=1e-6)


def test_amounts_in_cents_and_what_is_left_of_them_have_one_unit():
    """The sum is of too many cents for its own grid to be told."""
    paid, owed = drawn(2.0).round(2), drawn(4.0, seed=1).round(2)
    paid[0, 0] = 40.0
    strings = strings_of({"paid": paid, "owed": owed}, balance(paid, owed))
    units, answer_units = units_of(strings)
    assert [*units.values(), *answer_units] == pytest.approx([0.01] * 3)


def test_numbers_of_another_kind_keep_their_unit():
    strings = strings_of({"volts": 1e-3 * drawn(), "hertz": 1e6 * drawn(seed=1)}, drawn(seed=2))
    units, answer_units = units_of(strings)
    assert units["stream-hertz"] == pytest.approx(1e9 * units["stream-volts"])
    assert answer_units == (1.0,)


def test_flags_and_few_whole_numbers_lend_no_unit():
    flag = np.round(drawn())
    strings = strings_of({"flag": 5.0 * flag}, np.cumsum(0.3 * flag + 0.01 * drawn(), axis=1))
    units, (own,) = units_of(strings)
    assert units == {"stream-flag": 5.0}
    assert np.log10(own) == pytest.approx(round(np.log10(own)))
