"""Machines that copy parts of themselves: the compiled engine agrees with the reference engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dmm import ReferenceProgram, Streams, compile_machine, streams_from_trees, zoo
from dmm.compiled.plastic import PlasticProgram
from dmm.machine import links
from dmm.testing import random_copying_life
from tests.dmm.lives import (
    agree,
    assert_engines_agree,
    assert_second_order_agrees,
    gradient,
    is_compiled,
    with_fixed,
)
from tests.dmm.machines import Case
from vvalues import VValue
from vvalues.testing import check_fused

PORT = (("output", "dict-1"),)


def swinging(ticks: int, strings: int, seed: int = 0) -> Streams:
    """What rises above the threshold of `zoo.self_copying` and falls below it, now and then."""
    numbers = 2.0 * np.random.default_rng(seed).standard_normal((strings, ticks))
    return streams_from_trees({"x": [[VValue({"x": x}) for x in row] for row in numbers]})


def test_random_machines_that_copy_themselves():
    agree(4, 0, random_copying_life)


@pytest.mark.heavy
def test_three_hundred_random_machines_that_copy_themselves():
    agree(300, 1, random_copying_life)


@pytest.mark.thorough
def test_random_machines_do_make_copies():
    reserves = set()
    for i in range(40):
        machine, streams, observed = random_copying_life(np.random.default_rng([0, i]))
        program = PlasticProgram(machine, observed)
        if is_compiled(program, streams):
            reserves.add(program.bind(streams).reserve)
    assert len(reserves) > 2


def test_the_machine_of_the_zoo_copies_itself_as_often_as_it_is_told():
    machine, streams = zoo.self_copying(), swinging(24, 3)
    program = compile_machine(machine, PORT)
    assert isinstance(program, PlasticProgram)
    assert_engines_agree(Case(machine, streams, PORT))
    values = program(machine.trainable, streams)
    assert program.bind(streams).reserve == 2
    np.testing.assert_array_equal(values, program(machine.trainable, streams))
    grown = program.matrices(machine.trainable, streams)[0]
    assert ("norm-1'2", "dict", "accum-1'2", "dict") in grown


def test_derivatives_of_both_orders():
    # The number of a copy is a step of the first weight, which differences would cross.
    still = "copier.count <- copier.count\nself.accum <- self.single"
    machine = with_fixed(zoo.self_copying(), still)
    streams = swinging(12, 2, seed=1)
    program = PlasticProgram(machine, PORT)
    program(machine.trainable, streams)
    check_fused(program.bind(streams), np.array(machine.trainable.buffer), np.random.default_rng(1))
    assert_second_order_agrees(Case(machine, streams, PORT))


def test_several_weight_vectors_and_the_jacobian():
    machine, streams = zoo.self_copying(), swinging(16, 2)
    program = PlasticProgram(machine, PORT)
    own = np.array(machine.trainable.buffer)
    rows = own * np.array([[1.0], [0.9]])
    for row, values in zip(rows, program.evaluate(rows, streams), strict=True):
        np.testing.assert_array_equal(program.evaluate(row, streams), values)
    values, jacobian = program.jacobian(own, streams)
    g = np.random.default_rng(4).standard_normal(values.shape)
    pulled = program.bind(streams).pullback(own, g)
    np.testing.assert_allclose(np.tensordot(jacobian, g, 3), pulled, rtol=0, atol=1e-10)


def test_a_run_that_outgrows_its_arrays_leaves_the_others_as_they_were():
    machine, streams = zoo.self_copying(), swinging(16, 2)
    few, many = (scale * np.array(machine.trainable.buffer) for scale in (0.2, 1.0))
    program, g = PlasticProgram(machine, PORT), np.ones((1, 16, 2))
    small = program.bind(streams).bound
    values, slope = small.forward(few), small.pullback(few, g)
    program.evaluate(many, streams)
    assert program.bind(streams).bound is not small
    np.testing.assert_array_equal(small.forward(few), values)
    np.testing.assert_array_equal(small.pullback(few, g), slope)


def test_every_link_may_be_needed_by_a_copy_to_come():
    machine = zoo.self_copying()
    program = PlasticProgram(machine, PORT)
    assert program.live_on(swinging(6, 1)).all()


def test_a_fragment_can_make_the_copier():
    grown = """
        deep_copy-1.matrix <- self.single
        deep_copy-1.subgraph <- register-1.single
        deep_copy-1.trigger <- x.stream
        deep_copy-1.outgoing <- x.stream
        deep_copy-1.count <- deep_copy-1.count
        self.delta <- deep_copy-1.delta
    """
    base = links("register-1.single <- register-1.single\nnorm-1.dict <- x.stream")
    neurons = {"x": "stream", "norm-1": "norm", "output": "output", "register-1": "register"}
    machine = zoo.editable(neurons, base + links("output.dict-1 <- norm-1.norm"))
    members = VValue({"register-1": {"single": {"norm-1": 1.0}}})
    machine = replace(machine, initial=members)
    numbers = np.random.default_rng(0).standard_normal(12)
    streams = streams_from_trees(
        {
            "x": [[VValue({":number": x, "a": 2.0}) for x in numbers]],
            "direct": [[links(grown), *[VValue()] * 11]],
        }
    )
    assert_engines_agree(Case(machine, streams, PORT))
    program = PlasticProgram(machine, PORT)
    program(machine.trainable, streams)
    assert program.bind(streams).reserve > 2


# -------------------- what is left to the reference engine --------------------


def assert_left_to_the_reference(machine, streams, reason):
    program, reference = PlasticProgram(machine, PORT), ReferenceProgram(machine, PORT)
    with pytest.warns(UserWarning, match=reason):
        values = program(machine.trainable, streams)
    np.testing.assert_array_equal(values, reference(machine.trainable, streams))
    case, g = Case(machine, streams, PORT), np.ones(values.shape)
    exact = gradient(reference, case, g)
    assert gradient(program, case, g) == exact
    weights = np.array(machine.trainable.buffer)
    pulled = program.bind(streams).pullback(weights, 2.0 * values * g)
    np.testing.assert_array_equal(pulled, exact.buffer)
    with pytest.raises(ValueError, match=reason):
        program.matrices(machine.trainable, streams)


def test_a_copy_of_what_may_not_be_there():
    machine = zoo.self_copying()
    absent = replace(machine, initial=VValue({"subgraph": {"single": {"accum-1": 0.0}}}))
    assert_left_to_the_reference(
        absent, swinging(16, 1), "a copy begins while part of the subgraph is 0"
    )


def test_a_copy_of_a_number_beyond_all_bounds():
    machine = zoo.self_copying()
    late = replace(machine, initial=machine.initial + VValue({"copier": {"count": 5000.0}}))
    assert_left_to_the_reference(late, swinging(16, 1), "none of the copies 1 to 100")


def test_links_that_would_have_one_copy():
    machine = zoo.self_copying()
    twice = replace(
        machine,
        neurons={**machine.neurons, "accum-1'1": "accum"},
        trainable=machine.trainable + links("norm-1.dict <- accum-1'1.dict"),
    )
    assert_left_to_the_reference(twice, swinging(16, 1), "several links have the copy norm-1'1")
