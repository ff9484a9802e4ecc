"""What a start sees of a problem."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.problems import Problem
from synthesis.starts.composition.known import Bent, Cut, Floored, Known, Leaky, Past
from tests.synthesis.samples import strings_of

FEW = 6


@pytest.mark.parametrize("first", [4, 20])
def test_the_few_strings_of_the_bank_are_not_all_answered_alike_where_others_are_not(first):
    x = np.zeros((60, 8))
    x[first:] = np.random.default_rng(0).integers(0, 2, (60 - first, 8))
    known = Known(Problem.of(strings_of({"x": x}, x)), ("accum",), 20, 1, FEW)
    told = known.few_wanted(0)
    assert set(told) == {0.0, 1.0}
    assert len(known.bank.values[0]) == FEW
    np.testing.assert_array_equal(known.few_rows(known.inputs(), 0)[0], told)


def test_streams_beside_the_bank_are_the_same_on_its_few_strings():
    x = np.random.default_rng(1).standard_normal((20, 8))
    known = Known(Problem.of(strings_of({"x": x}, x)), ("accum", "compare"), 20, 1, FEW)
    while known.bank.grow():
        pass
    first, last = known.inputs()[0], len(known.bank) - 1
    streams = [Past(first, 2), Leaky(last, 0.5, first), Floored(last, 0.1), Cut(first, 0.3)]
    streams += [Bent(known.add(Past(last, 1)), -1.0)]
    numbers = [known.add(stream) for stream in streams]
    assert numbers == [known.add(stream) for stream in streams]
    whole = [known.values(number)[known.few][known.asked[0][known.few]] for number in numbers]
    np.testing.assert_array_equal(known.few_rows(numbers, 0), whole)
