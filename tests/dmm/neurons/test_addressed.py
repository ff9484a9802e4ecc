"""Memories with addresses: what they hold, their derivatives, and where only the reference runs."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from autograd.test_util import check_grads
from hypothesis import given, settings
from hypothesis import strategies as st

from dmm import Machine, Streams, compile_machine
from dmm.compiled import Program, Reason, Stepper, lower
from dmm.machine import Circuit, Wire
from vvalues import VValue
from vvalues.core import from_leaves

PORTS = ("number", "to", "from")
OBSERVED = [("output", "dict-1")]
seeds = st.integers(0, 2**32 - 1)


def table(cells: int = 3, ticks: int | None = None, wires: tuple[Wire, ...] = ()) -> Machine:
    """One memory that is fed by a stream per port."""
    neurons = {**dict.fromkeys(PORTS, "stream"), "table": f"cells({cells})", "output": "output"}
    fed = [Wire("table", port, port, "stream") for port in PORTS]
    own = Wire("table", "cells", "table", "cells", lag=1)
    read = Wire("output", "dict-1", "table", "number")
    return Circuit(neurons, [*fed, own, read, *wires]).lowered(ticks)[0]


def drawn(rng: np.random.Generator, ticks: int, strings: int = 2, most: int = 4) -> Streams:
    """Random numbers and addresses, some of them nowhere and some beyond ``most - 1`` cells."""
    arrays = {port: rng.uniform(-0.9, most + 0.4, (ticks, strings, 1)) for port in PORTS}
    arrays["number"] = rng.standard_normal((ticks, strings, 1))
    return Streams((((),),) * strings, arrays, ticks)


def held(streams: Streams, cells: int) -> np.ndarray:
    """What a dictionary per string recalls, (ticks, strings)."""
    out = np.zeros((streams.ticks, len(streams)))
    for s in range(len(streams)):
        kept: dict[float, float] = {}
        for t in range(streams.ticks):
            x, to, at = (streams.arrays[port][t, s, 0] for port in PORTS)
            to, at = np.floor(to + 0.5), np.floor(at + 0.5)
            if to <= cells:
                kept[to] = x
            out[t, s] = np.nan if at > cells else kept.get(at, 0.0) if at >= 1 else 0.0
    return out


# -------------------- what it holds --------------------


@given(seeds, st.integers(1, 5), st.integers(1, 12))
def test_it_is_a_table_of_numbers(seed, cells, ticks):
    streams = drawn(np.random.default_rng(seed), ticks)
    program = compile_machine(table(cells), OBSERVED)
    assert isinstance(program, Program)
    # Streams take a tick to the memory, and what it emits one to the sink.
    found = program(program.machine.trainable, streams)[0]
    np.testing.assert_array_equal(found[2:], held(streams, cells)[:-2])
    assert not found[:2].any()


@given(seeds, st.integers(1, 3), st.integers(1, 9))
@settings(max_examples=15)
def test_the_engines_agree_whatever_the_pace(seed, pace, ticks):
    machine = table(3, pace)
    streams = drawn(np.random.default_rng(seed), ticks)
    compiled, reference = (
        compile_machine(machine, OBSERVED, engine=engine) for engine in (None, "reference")
    )
    assert compiled.plan.machine.neurons["table"] == f"unrolled cells(3) of {pace}"
    np.testing.assert_array_equal(
        compiled(machine.trainable, streams), reference(machine.trainable, streams)
    )


def test_without_its_link_it_holds_nothing():
    machine = table()
    forgetful = Machine(machine.neurons, trainable=machine.trainable)
    streams = drawn(np.random.default_rng(0), 12)
    compiled, reference = (
        compile_machine(forgetful, OBSERVED, engine=engine) for engine in (None, "reference")
    )
    assert isinstance(compiled, Program)
    np.testing.assert_array_equal(
        compiled(forgetful.trainable, streams), reference(forgetful.trainable, streams)
    )


# -------------------- derivatives --------------------


@given(seeds, st.sampled_from([1, 2]))
@settings(max_examples=15)
def test_gradients_are_those_of_the_reference(seed, pace):
    machine = table(3, pace)
    streams = drawn(np.random.default_rng(seed), 7, most=3)  # all that is read is a number

    def loss(engine):
        program = compile_machine(machine, OBSERVED, engine=engine)
        return lambda trainable: anp.sum(anp.sin(program(trainable, streams)) ** 2)

    compiled, reference = (grad(loss(engine))(machine.trainable) for engine in (None, "reference"))
    assert sorted(path for path, leaf in (compiled - reference).items() if abs(leaf) > 1e-12) == []


def test_both_modes_to_second_order():
    """Weights of addresses are moved by steps too small to reach another cell."""
    machine = table(5)
    program = compile_machine(machine, OBSERVED)
    rng = np.random.default_rng(1)
    arrays = {port: rng.integers(0, 6, (9, 2, 1)).astype(float) for port in PORTS}
    arrays["number"] = rng.standard_normal((9, 2, 1))
    streams = Streams((((),),) * 2, arrays, 9)
    weights = np.asarray(program.flatten(machine.trainable))
    check_grads(lambda w: program.evaluate(w, streams), order=2)(weights)


def test_an_input_may_pass_no_gradient():
    machine = table(3)
    streams = drawn(np.random.default_rng(4), 7, most=3)
    stopped = [("cells(3)", "number")]

    def slope(engine):
        program = compile_machine(machine, OBSERVED, stopped=stopped, engine=engine)
        return grad(lambda trainable: anp.sum(program(trainable, streams) ** 2))(machine.trainable)

    compiled, reference = slope(None), slope("reference")
    assert compiled["table", "number", "number", "stream"] == 0.0
    assert compiled["output", "dict-1", "table", "number"] != 0.0
    assert sorted(path for path, leaf in (compiled - reference).items() if abs(leaf) > 1e-12) == []


def test_the_gradient_by_the_numbers_goes_to_where_they_came_from():
    program = compile_machine(table(2), OBSERVED)
    columns = {"number": [5.0, 6.0, 0.0, 0.0], "to": [1, 2, 0, 0], "from": [0, 1, 1, 2]}
    arrays = {port: np.array(column, float)[:, None, None] for port, column in columns.items()}
    longer = {port: np.pad(x, ((0, 2), (0, 0), (0, 0))) for port, x in arrays.items()}
    streams = Streams((((),),), longer, 6)
    weights = np.asarray(program.flatten(program.machine.trainable))
    g = np.arange(6.0).reshape(1, 6, 1)
    back = program.stream_gradient(weights, g, streams)
    # Read at the samples 1, 2 (the first number) and 3 (the second), seen two ticks later.
    assert back["number"][:, 0, 0].tolist() == [3.0 + 4.0, 5.0, 0.0, 0.0, 0.0, 0.0]
    assert not back["to"].any() and not back["from"].any()


# -------------------- where it cannot be taken into its neuron --------------------


def refused(machine: Machine) -> str:
    lowered = lower(machine)
    assert isinstance(lowered, Reason)
    return str(lowered)


def test_a_memory_that_others_read_or_write_is_left_to_the_reference():
    machine = table()
    with_reader = machine.trainable + from_leaves({("output", "dict-2", "table", "cells"): 1.0})
    text = "the memory table/cells is not linked to itself alone"
    assert refused(Machine(machine.neurons, machine.fixed, with_reader)) == text
    half = from_leaves({("table", "cells", "table", "cells"): 0.5})
    assert refused(Machine(machine.neurons, half, machine.trainable)) == text
    fed = machine.fixed + from_leaves({("table", "cells", "number", "stream"): 1.0})
    assert refused(Machine(machine.neurons, fed, machine.trainable)) == text
    begun = VValue({"table": {"cells": {"1": 3.0}}})
    started = Machine(machine.neurons, machine.fixed, machine.trainable, initial=begun)
    assert refused(started) == "the memory at 'table' begins with something"


def test_what_is_recalled_may_decide_what_is_read_on_the_reference_only():
    machine = table(wires=(Wire("table", "from", "table", "number", lag=1),))
    assert refused(machine) == "what 'table' recalls decides what it is given"
    streams = drawn(np.random.default_rng(2), 6)
    with pytest.warns(UserWarning, match="runs on the reference engine"):
        program = compile_machine(machine, OBSERVED)
    assert program(machine.trainable, streams).shape == (1, 6, 2)


def test_its_states_are_not_visited():
    with pytest.raises(ValueError, match="too many states to visit"):
        Stepper(table(), OBSERVED, drawn(np.random.default_rng(0), 1), tick=0)


def test_recomputing_changes_nothing():
    machine, streams = table(), drawn(np.random.default_rng(3), 90)
    one, other = (compile_machine(machine, OBSERVED, recompute=flag) for flag in (False, 4))
    np.testing.assert_array_equal(
        one(machine.trainable, streams), other(machine.trainable, streams)
    )
