"""What the data never ask for is named, and so are memories that grow too large."""

from __future__ import annotations

import numpy as np
import pytest

from dmm.machine import Circuit, Wire
from synthesis.verdicts import out_of_reach, outgrown
from tests.synthesis.samples import candidate_of, strings_of
from tests.synthesis.verdicts.machines import NEURONS, accumulator


def of_one(kind, one, other, port):
    """A circuit of one neuron that reads the stream and a constant 2."""
    wires = [
        Wire("n", one, "stream-x", "stream"),
        Wire("n", other, "const_1", "const_1", 2.0),
        Wire("output", "dict-1", "n", port),
    ]
    return candidate_of(Circuit({**NEURONS, "n": kind}, wires))


def samples(*numbers):
    return strings_of({"x": np.tile(np.array(numbers), (3, 4))})


PRODUCT = ("dot", "dict-1", "dict-2", "dot")
STEP = ("less_or_equal", "left", "right", "false-channel")
COMPARISON = ("compare", "dict-1", "dict-2", "true")


@pytest.mark.parametrize(
    ("neuron", "numbers", "expected"),
    [
        (PRODUCT, (0.5, 1.6), ["the product n is limited to 4, and these data reach 3.2"]),
        (PRODUCT, (0.5, 2.0), []),
        (PRODUCT, (0.5, 9.0), []),
        (STEP, (0.0, 1.0), ["the step n never changes on these data"]),
        (STEP, (1.0, 3.0), []),
        (COMPARISON, (3.0, 5.0), ["in the comparison n the first is always larger"]),
        (COMPARISON, (0.5, 1.0), ["in the comparison n the first is always smaller"]),
        (COMPARISON, (1.0, 3.0), []),
    ],
)
def test_what_the_data_never_reach_is_said(neuron, numbers, expected):
    assert out_of_reach(of_one(*neuron), samples(*numbers)) == expected


def test_a_machine_without_such_neurons_has_nothing_out_of_reach():
    assert out_of_reach(candidate_of(accumulator()), samples(1.0, 2.0)) == []


def doubling():
    """A memory that doubles at every sample, from the first number on, and is not answered."""
    wires = [
        Wire("n", "dict-1", "n", "dict", 2.0, 1),
        Wire("n", "dict-2", "stream-x", "stream"),
        Wire("flag", "left", "n", "dict"),
        Wire("output", "dict-1", "flag", "false-channel"),
    ]
    return candidate_of(Circuit({**NEURONS, "n": "accum", "flag": "less_or_equal"}, wires))


def test_a_hidden_memory_that_is_no_longer_exact_is_noticed():
    assert outgrown(doubling(), strings_of({"x": np.ones((2, 50))})) is None
    first = outgrown(doubling(), strings_of({"x": np.ones((2, 80))}))
    assert first == 53


def test_a_memory_that_only_adds_up_stays_exact():
    assert outgrown(candidate_of(accumulator()), samples(1.0, 2.0)) is None


def test_what_is_held_in_cells_is_no_memory_that_grows():
    """Cells hold what they were given; an address that grows without a bound is noticed."""
    wires = [
        Wire("n", "dict-1", "n", "dict", 2.0, 1),
        Wire("n", "dict-2", "stream-x", "stream"),
        Wire("table", "number", "stream-x", "stream"),
        Wire("table", "to", "n", "dict"),
        Wire("table", "from", "stream-x", "stream"),
        Wire("table", "cells", "table", "cells", lag=1),
        Wire("output", "dict-1", "table", "number"),
    ]
    table = candidate_of(Circuit({**NEURONS, "n": "accum", "table": "cells(9)"}, wires))
    assert outgrown(table, strings_of({"x": np.ones((2, 50))})) is None
    assert outgrown(table, strings_of({"x": np.ones((2, 80))})) == 53


def test_what_is_emitted_between_two_samples_does_not_count():
    """Division by three: in ticks that no answer comes from, its loop doubles without a bound."""
    wires = [
        Wire("y", "left", "stream-x", "stream"),
        Wire("y", "left", "rest", "dict", 1.0, 1),
        Wire("y", "right", "const_1", "const_1", 2.5),
        Wire("rest", "dict-1", "rest", "dict", 2.0, 1),
        Wire("rest", "dict-2", "stream-x", "stream", 2.0),
        Wire("rest", "dict-2", "y", "false-channel", -6.0),
        Wire("output", "dict-1", "y", "false-channel"),
    ]
    divider = candidate_of(Circuit({**NEURONS, "y": "less_or_equal", "rest": "accum"}, wires))
    bits = np.random.default_rng(0).integers(0, 2, (3, 200)).astype(float)
    assert outgrown(divider, strings_of({"x": bits})) is None
