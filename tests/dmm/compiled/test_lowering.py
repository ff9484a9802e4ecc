"""What the compiled engine makes of a machine before it plans, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

import vvalues as vv
from dmm import (
    Machine,
    Program,
    compile_machine,
    declare_coercion,
    neuron_type,
    recurrent_space,
    superfluid_space,
    text_streams,
    zoo,
)
from dmm.compiled import Lowered, Reason, lower, make_plan
from dmm.neurons import Field, repertoire
from vvalues.core.tree import from_leaves


def test_a_machine_of_elementary_neurons_stays_as_it_is():
    machine = recurrent_space(np.random.default_rng(0))
    lowered = lower(machine, [("accum", "dict-1")])
    assert isinstance(lowered, Lowered)
    assert lowered.machine is lowered.original is machine
    assert lowered.stopped == {("accum", "dict-1")}
    np.testing.assert_array_equal(lowered.origin, np.arange(len(machine.trainable)))


def test_superfluid_neurons_become_elementary_and_share_weights():
    machine = superfluid_space(np.random.default_rng(0), 2, types=("accum", "norm"))
    name = machine.neurons["cell-1"]
    lowered = lower(machine, [(name, "dict")])
    assert isinstance(lowered, Lowered)
    assert not any(repertoire(type_name) for type_name in lowered.machine.neurons.values())
    assert {field for _, field in lowered.stopped} == {"dict"}
    weights = np.array([weight for _, weight in machine.trainable.items()])
    found = np.array([weight for _, weight in lowered.machine.trainable.items()])
    np.testing.assert_array_equal(found, weights[lowered.origin])
    plan = make_plan(lowered, [("output", "dict-1")])
    assert plan.shares_weights and plan.n_weights == machine.trainable.size
    assert plan.trainable[1].max() < plan.n_weights


@neuron_type("plain for lowering", reads=["dict"], writes=["dict"])
def plain(inputs):
    return {"dict": inputs.subtree("dict")}


@neuron_type("ruler for lowering", writes=[Field("length", kind="metres for lowering")])
def ruler(inputs):
    return {"length": 1.0}


declare_coercion("metres for lowering", "tree", lambda stream: stream)


def with_link(machine: Machine, *path: str) -> Machine:
    return machine.with_trainable(machine.trainable + from_leaves({path: 1.0}))


def fluid(mixture: str, link: str) -> Machine:
    return zoo.machine_of({"a": f"superfluid({mixture})", "b": "accum"}, trainable=link)


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        (
            zoo.editable({"best": "selection", "output": "output"}),
            "the network matrix is held by self/single",
        ),
        (
            Machine({"a": "plain for lowering", "b": "delay(2)"}),
            "neuron types without a vectorised kernel: delay(2), plain for lowering",
        ),
        (
            zoo.machine_of(
                {"a": "ruler for lowering", "b": "accum"}, trainable="b.dict-1 <- a.length"
            ),
            "the link b/dict-1/a/length is coerced from 'metres for lowering' to 'tree'",
        ),
        (
            with_link(zoo.duplicate_detector(), "input", "timer", "norm", "norm"),
            "what 'input' reads depends on the trainable link input/timer/norm/norm",
        ),
        (
            fluid("accum,cons", ""),
            "superfluid(accum,cons) mixes cons, which has no vectorised kernel",
        ),
        (
            fluid("accum", "b.dict-1 <- a.:function"),
            "the link b/dict-1/a/:function sends functions to an ordinary field",
        ),
        (
            fluid("accum", "a.:function <- b.dict"),
            "the link a/:function/b/dict sends an ordinary stream to :function",
        ),
    ],
)
def test_what_is_left_to_the_reference_engine_and_why(machine, reason):
    found = lower(machine)
    assert isinstance(found, Reason) and found == reason
    with pytest.warns(UserWarning, match="runs on the reference engine"):
        assert compile_machine(machine, []).engine == "reference"
    with pytest.raises(ValueError, match="take a ReferenceProgram"):
        Program(machine, [])


def test_a_program_is_made_of_a_machine_or_of_a_lowered_one():
    machine, streams = recurrent_space(np.random.default_rng(0)), text_streams("ab.", 9)
    observed, stopped = [("output", "dict-1")], [("accum", "dict-1")]
    one = Program(machine, observed, stopped)
    other = Program(lower(machine, stopped), observed)
    weights, g = machine.trainable.buffer, np.ones((1, 9, 1))
    gradients = [p.bind(streams).pullback(weights, g) for p in (one, other)]
    np.testing.assert_array_equal(*gradients)
    assert np.any(gradients[0] != Program(machine, observed).bind(streams).pullback(weights, g))


def test_a_link_without_effect_into_the_clockwork_is_no_reason():
    """``norm`` writes no ``dict``, so nothing arrives at the timer of the input."""
    detector = zoo.duplicate_detector()
    machine = with_link(detector, "input", "timer", "norm", "dict")
    program, streams = compile_machine(machine), text_streams("aab.", 40)
    assert isinstance(program, Program) and not program.live.all()
    expected = compile_machine(detector)(detector.trainable, streams)
    np.testing.assert_array_equal(program(machine.trainable, streams), expected)
    assert vv.max_norm(machine.trainable) == 1.0
