"""What sources emit: clocks that skip and wait, constants and starts with keys of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from autograd import grad
from autograd.tracer import getval

import vvalues as vv
from dmm import (
    Machine,
    Program,
    ReferenceProgram,
    compile_machine,
    neuron_type,
    superfluid_space,
    text_streams,
)
from dmm.machine.files import machine_of
from tests.dmm.machines import random_machine
from vvalues import VValue

STREAMS = text_streams(["abcab", "cca"], 11, period=2)
OBSERVED = [("output", "dict-1"), ("output", "dict-2")]


@neuron_type("named constant for test", writes=["dict"])
def named_constant(inputs):
    """A constant with keys that no stream has, one of them an array."""
    return {"dict": {"z": 2.0, "pair": np.array([0.5, -3.0]), "a": -1.0}}


@neuron_type("late reader for test", reads=["timer/:number"], writes=["char"], is_source=True)
def late_reader(inputs, stream):
    """A source that says by itself which entry it emits: the one before, at odd times."""
    t = int(getval(inputs["timer", ":number"]))
    return {"char": stream[t - 1] if t % 2 == 1 and t <= len(stream) else VValue()}


def machine(clock: str, extra: str = "", reader: str = "input", **more: str) -> Machine:
    neurons = {
        "timer": "timer",
        "input": reader,
        "constant": "named constant for test",
        "accum": "accum",
        "norm": "norm",
        "output": "output",
        **more,
    }
    return machine_of(
        neurons,
        fixed="timer.timer <- timer.timer\naccum.dict-1 <- accum.dict\n" + clock,
        trainable="accum.dict-2 <- input.char 0.7\n"
        "norm.dict <- accum.dict 0.3\n"
        "output.dict-1 <- norm.norm 0.9\n"
        "output.dict-2 <- accum.dict -0.4\n" + extra,
    )


def assert_engines_agree(tested, streams=STREAMS):
    compiled = compile_machine(tested, OBSERVED, engine="numpy")
    plain = ReferenceProgram(tested, OBSERVED)
    assert isinstance(compiled, Program)
    values, expected = (program(tested.trainable, streams) for program in (compiled, plain))
    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-12)
    slopes = [
        grad(lambda w, p=p: np.sum(p(w, streams) ** 2))(tested.trainable)
        for p in (compiled, plain)
    ]  # fmt: skip
    assert vv.max_norm(slopes[0] - slopes[1]) <= 1e-9 * (1.0 + vv.max_norm(slopes[1]))
    return values


@pytest.mark.parametrize("speed", [1.0, 2.0, 3.0, 0.5, -1.0, 0.0])
def test_a_clock_may_skip_wait_or_run_backwards(speed):
    values = assert_engines_agree(machine(f"input.timer <- timer.timer {speed}\n"))
    assert np.ptp(values) > 0.0  # backwards the first entry is read before the clock ticks


def test_a_source_that_chooses_its_entries_itself():
    clock = "input.timer <- timer.timer\n"
    values = assert_engines_agree(machine(clock, reader="late reader for test"))
    assert np.ptp(values) > 0.0


def test_the_gradient_of_a_stream_that_is_not_always_read():
    tested = machine("input.timer <- timer.timer 0.5\n")
    program = compile_machine(tested, OBSERVED, engine="numpy")
    weights = program.flatten(tested.trainable)
    g = np.random.default_rng(0).standard_normal(program.evaluate(weights, STREAMS).shape)
    (found,) = program.stream_gradient(weights, g, STREAMS).values()
    array, step = STREAMS.arrays["input"], 1e-6
    for place in np.ndindex(array.shape):
        ends = []
        for sign in (1.0, -1.0):
            moved = np.array(array)
            moved[place] += sign * step
            shifted = type(STREAMS)(STREAMS.keys, {"input": moved}, STREAMS.ticks)
            ends.append(np.sum(g * program.evaluate(weights, shifted)))
        is_there = place[2] <= len(STREAMS.keys[place[1]]) - 1
        if is_there:
            assert found[place] == pytest.approx((ends[0] - ends[1]) / (2.0 * step), abs=1e-5)


@pytest.mark.parametrize("initial", [{}, {"accum": {"dict": {"y": 4.0, "pair": np.ones(2)}}}])
@pytest.mark.parametrize("extra", ["", "accum.dict-2 <- constant.dict 0.2\n"])
def test_keys_of_constants_and_starts_that_no_stream_has(initial, extra):
    tested = machine("input.timer <- timer.timer\n", extra)
    tested = Machine(
        tested.neurons, tested.fixed, tested.trainable, initial=VValue(initial)
    )  # fmt: skip
    assert_engines_agree(tested)


# -------------------- a program that is bound --------------------


@pytest.fixture
def bound():
    tested = random_machine(np.random.default_rng(2), 6, 0.8, is_cyclic=True, scale=0.3)
    program = compile_machine(tested, OBSERVED, engine="numpy")
    return tested, program, np.array(tested.trainable.buffer)


def test_a_run_of_other_streams_does_not_spoil_a_gradient(bound):
    _, program, weights = bound
    one, other = (program.bind(text_streams(text, 20)) for text in ("ab.", "ba."))
    g = np.ones(one.forward(weights).shape)
    fresh = program.bind(text_streams("ab.", 20)).pullback(weights, g)
    one.forward(weights)
    other.forward(weights)
    np.testing.assert_array_equal(one.pullback(weights, g), fresh)


def test_directions_of_several_machines_are_those_of_each(bound):
    _, program, weights = bound
    rng = np.random.default_rng(0)
    on = program.bind(text_streams(["ab.", "ba."], 12))
    several = weights + 0.1 * rng.standard_normal((3, len(weights)))
    directions = rng.standard_normal(several.shape)
    expected = [on.pushforward(w, d) for w, d in zip(several, directions, strict=True)]
    np.testing.assert_array_equal(on.pushforward(several, directions), expected)
    with pytest.raises(ValueError, match="weights have shape"):
        on.forward(several[None])
    with pytest.raises(ValueError):
        on.pushforward(several, directions[:2])


@pytest.mark.parametrize("kind", [np.float32, np.complex128])
def test_weights_of_another_type_are_run_anew(bound, kind):
    _, program, weights = bound
    on = program.bind(text_streams("ab.", 12))
    rounded = weights.astype(np.float32).astype(np.float64)
    plain = on.forward(rounded)
    other = on.forward(rounded.astype(kind))
    assert other.dtype == np.result_type(kind, np.float64)
    np.testing.assert_allclose(other, plain, rtol=1e-12)


# -------------------- starts of mixtures, clocks of several neurons --------------------


@pytest.mark.parametrize(
    "initial",
    [
        {"cell-1": {":function": {"accum": 0.7, "norm": -0.4}}},
        {"cell-1": {"dict": {"a": 2.0, "q": -1.0}}, "cell-2": {"norm": 3.0}},
    ],
)
def test_what_mixtures_emit_first_is_heard(initial):
    rng = np.random.default_rng(1)
    space = superfluid_space(rng, 2, 0.3, types=["accum", "norm"])
    begun = replace(space, initial=VValue(initial))
    values = []
    for tested in (space, begun):
        found = compile_machine(tested, OBSERVED, engine="numpy")(tested.trainable, STREAMS)
        expected = ReferenceProgram(tested, OBSERVED)(tested.trainable, STREAMS)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
        values.append(found)
    assert np.abs(values[0] - values[1]).max() > 1e-3


def test_a_clock_may_go_through_other_neurons():
    clock = "half.dict <- timer.timer 0.5\ninput.timer <- half.dict\n"
    assert np.ptp(assert_engines_agree(machine(clock, half="identity"))) > 0.0
