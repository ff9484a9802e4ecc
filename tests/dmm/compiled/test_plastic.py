"""Machines that hold their own matrix: the compiled engine agrees with the reference engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dmm import (
    Machine,
    ReferenceProgram,
    Streams,
    compile_machine,
    streams_from_trees,
    text_streams,
    zoo,
)
from dmm.compiled import Reason
from dmm.compiled.plastic import PlasticProgram, arranged, strokes, supports_of
from dmm.machine import links
from dmm.testing import random_life
from tests.dmm.lives import (
    agree,
    assert_engines_agree,
    assert_second_order_agrees,
    gradient,
    with_fixed,
)
from tests.dmm.machines import Case
from vvalues import VValue
from vvalues.testing import check_fused


@pytest.fixture(params=["few", pytest.param("many", marks=pytest.mark.thorough)])
def way_of_moving(request, monkeypatch):
    """Moving links as a table of products, as in small machines, and as arrays."""
    monkeypatch.setattr(strokes, "FEW", 10**9 if request.param == "few" else 0)


def test_random_machines_agree_with_the_reference_engine(way_of_moving):
    agree(6, seed=0)


@pytest.mark.heavy
def test_five_hundred_random_machines_agree_with_the_reference_engine(way_of_moving):
    agree(500, seed=1)


def test_the_random_machines_do_change_themselves():
    moving = 0
    for i in range(20):
        case = random_life(np.random.default_rng([0, i]))
        supports = supports_of(case.machine, case.streams)
        if not isinstance(supports, Reason):
            moving += bool(arranged(supports, case.observed).moving.row.size)
    assert moving > 5


# -------------------- the machines of the zoo --------------------


def learning_streams(rng: np.random.Generator, ticks: int, strings: int):
    """Numbers and a linear function of them, another one in every string."""
    arrays: dict = {"x-1": [], "x-2": [], "target": []}
    for _ in range(strings):
        x, weights = rng.standard_normal((ticks, 2)), rng.standard_normal(2)
        columns = zip(arrays, (*x.T, x @ weights), strict=True)
        for name, column in columns:
            arrays[name].append([VValue({":number": float(number)}) for number in column])
    return streams_from_trees(arrays)


@pytest.fixture(scope="module")
def learner() -> Case:
    streams = learning_streams(np.random.default_rng(0), 12, 3)
    return Case(zoo.fast_weights(rate=0.1), streams, (("output", "dict-1"),))


def kept(machine: Machine) -> Machine:
    """The machine with its matrix kept by a fixed link."""
    return with_fixed(machine, "self.accum <- self.single")


@pytest.mark.parametrize("change", [lambda machine: machine, kept])
def test_a_machine_that_learns(learner, change):
    case = replace(learner, machine=change(learner.machine))
    assert isinstance(compile_machine(case.machine, case.observed), PlasticProgram)
    assert_engines_agree(case)
    assert_engines_agree(case, stopped=[("identity", "dict")])
    assert_engines_agree(case, stopped=[("accumulator", "accum")])


@pytest.mark.parametrize("change", [lambda machine: machine, kept])
def test_both_ways_of_moving_links_agree_and_leave_nothing_behind(learner, change, monkeypatch):
    machine = change(learner.machine)
    weights, g = np.array(machine.trainable.buffer), np.ones((1, 12, 3))
    found = []
    for few in (0, 10**9):
        monkeypatch.setattr(strokes, "FEW", few)
        bound = PlasticProgram(machine, learner.observed).bind(learner.streams)
        first, other, again = (
            (bound.forward(scale * weights), bound.pullback(scale * weights, g))
            for scale in (1.0, 0.5, 1.0)
        )
        assert np.abs(other[0] - first[0]).max() > 0.01
        for ours, expected in zip(again, first, strict=True):
            np.testing.assert_array_equal(ours, expected)
        found.append(first)
    for ours, expected in zip(*found, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)


def test_only_links_that_are_edited_move_when_the_matrix_is_kept(learner):
    supports = supports_of(kept(learner.machine), learner.streams)
    assert supports.changing == {("cell", "dict", f"x-{k}", "stream") for k in (1, 2)}
    assert supports.keeper == ("self", "accum", "self", "single")
    everything = supports_of(learner.machine, learner.streams)
    assert everything.changing == set(learner.machine.matrix.support.paths)


def test_a_keeper_that_starts_elsewhere_keeps_nothing(learner):
    machine = kept(learner.machine)
    more = VValue({"self": {"single": links("self.accum <- self.single -0.5")}})
    case = replace(learner, machine=replace(machine, initial=machine.initial + more))
    assert supports_of(case.machine, case.streams).keeper is None
    assert_engines_agree(case)


@pytest.mark.parametrize("change", [lambda machine: machine, kept])
def test_derivatives_of_both_orders(learner, change):
    machine = change(learner.machine)
    streams = learning_streams(np.random.default_rng(5), 6, 2)
    bound = PlasticProgram(machine, learner.observed).bind(streams)
    check_fused(bound, np.array(machine.trainable.buffer), np.random.default_rng(1))


def test_second_order_products_agree(learner):
    streams = learning_streams(np.random.default_rng(2), 6, 2)
    assert_second_order_agrees(replace(learner, streams=streams))


def test_the_jacobian_is_that_of_reverse_mode(learner):
    program = PlasticProgram(learner.machine, learner.observed)
    weights = np.array(learner.machine.trainable.buffer)
    values, jacobian = program.jacobian(weights, learner.streams)
    g = np.random.default_rng(4).standard_normal(values.shape)
    pulled = program.bind(learner.streams).pullback(weights, g)
    np.testing.assert_allclose(np.tensordot(jacobian, g, 3), pulled, rtol=0, atol=1e-11)


def test_several_weight_vectors_at_once(learner):
    program = PlasticProgram(learner.machine, learner.observed)
    rows = np.array(learner.machine.trainable.buffer) * np.array([[1.0], [0.9]])
    together = program.evaluate(rows, learner.streams)
    for row, values in zip(rows, together, strict=True):
        np.testing.assert_array_equal(program.evaluate(row, learner.streams), values)


def test_waves_and_live_edits():
    wave = zoo.wave()
    watched = replace(
        wave,
        neurons={**wave.neurons, "norm-1": "norm", "output": "output"},
        trainable=wave.trainable
        + links("norm-1.dict <- self.single\noutput.dict-1 <- norm-1.norm"),
    )
    empty = streams_from_trees({"x": [[VValue()] * 9]})
    assert_engines_agree(Case(watched, empty))
    machine = zoo.editable(
        {"x": "stream", "output": "output"}, links("output.dict-1 <- x.stream 0.5")
    )
    grown = links("identity-9.dict <- x.stream 2\noutput.dict-2 <- identity-9.dict 3")
    fragments = [VValue(), grown, VValue(), links("output.dict-1 <- x.stream -1"), *[VValue()] * 5]
    numbers = [VValue({":number": 1.0 + t, "a": 2.0}) for t in range(9)]
    streams = streams_from_trees({"x": [numbers], "direct": [fragments]})
    assert_engines_agree(Case(machine, streams))
    values = PlasticProgram(machine, [("output", "dict-2")])(machine.trainable, streams)
    assert np.count_nonzero(values) > 0  # the neuron that a row has made


def test_a_machine_that_reads_text_by_a_timer(learner):
    neurons = {"input": "input", "timer": "timer", "norm-1": "norm", "output": "output"}
    text = """
        timer.timer <- timer.timer
        input.timer <- timer.timer
        norm-1.dict <- input.char
        output.dict-1 <- norm-1.norm 0.5
        output.dict-2 <- input.char
    """
    machine = zoo.editable({**neurons, "stream": "stream"}, links(text))
    fragments = [links("norm-1.dict <- input.char 0.5") if t == 2 else VValue() for t in range(9)]
    read = text_streams("a.b", 9, period=2)
    edits = streams_from_trees({"direct": [fragments]})
    keys = (*read.keys[0], *edits.keys[0][1:])
    arrays = {
        "input": np.pad(read.arrays["input"], ((0, 0), (0, 0), (0, edits.columns - 1))),
        "direct": np.pad(edits.arrays["direct"], ((0, 0), (0, 0), (read.columns - 1, 0))),
    }
    assert_engines_agree(Case(machine, Streams((keys,), arrays, 9)))


ZOO = (
    *(zoo.wave, zoo.editable, zoo.self_copying, zoo.fast_weights, zoo.delta_rule, zoo.hebb_rule),
    *(zoo.reward_rule, zoo.novelty_rule, zoo.pure_oscillator, zoo.pure_soliton),
)


@pytest.mark.parametrize("made", ZOO)
def test_machines_of_the_zoo_that_hold_their_matrix_are_compiled(made):
    machine = made()
    assert isinstance(compile_machine(machine, []), PlasticProgram)


# -------------------- machines outside --------------------


def test_a_type_without_a_kernel_is_named():
    machine = zoo.editable({"best": "selection", "output": "output"})
    with pytest.warns(UserWarning, match=r"self/single.*without a vectorised kernel: selection"):
        program = compile_machine(machine)
    assert isinstance(program, ReferenceProgram)
    with pytest.raises(ValueError, match="take a ReferenceProgram"):
        PlasticProgram(machine, [("output", "dict-1")])


OUTSIDE = {
    "which is no link": VValue({"output": {"dict-1": 1.0}}),
    "unknown type 'nobody'": links("nobody-1.dict <- x.stream"),
    "no vectorised kernel": links("selection-1.losses <- x.stream"),
    "from the tick on when it is made": links("const_1-1.dict <- x.stream"),
    "has no row from the start": links("sigmoid-1.number <- x.stream"),
}


@pytest.mark.parametrize("reason", OUTSIDE)
def test_streams_that_lead_outside_say_why(reason):
    machine = zoo.editable({"x": "stream", "output": "output"})
    streams = streams_from_trees({"direct": [[OUTSIDE[reason], *[VValue()] * 3]]})
    assert reason in str(supports_of(machine, streams))


def test_streams_that_lead_outside_run_on_the_reference_engine():
    machine = zoo.editable(
        {"x": "stream", "output": "output", "sigmoid-1": "sigmoid"},
        links("output.dict-1 <- sigmoid-1.number 0.5"),
    )
    late = links("sigmoid-1.number <- x.stream")
    ones = [VValue({":number": 1.0})] * 6
    streams = streams_from_trees({"direct": [[late, *[VValue()] * 5]], "x": [ones]})
    program = compile_machine(machine)
    assert isinstance(program, PlasticProgram)
    with pytest.warns(UserWarning, match="has no row from the start"):
        values = program(machine.trainable, streams)
    reference = ReferenceProgram(machine, program.observed)
    np.testing.assert_array_equal(values, reference(machine.trainable, streams))
    assert np.any(values)
    weights = np.ones(values.shape)
    case = Case(machine, streams)
    assert gradient(program, case, weights) == gradient(reference, case, weights)
