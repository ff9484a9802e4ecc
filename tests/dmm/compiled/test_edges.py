"""The compiled engine at the edges: what is not finite, other types of weights, several threads."""

from __future__ import annotations

import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

import vvalues as vv
from dmm import Machine, Program, ReferenceProgram, Streams, text_streams
from dmm.machine.files import links, machine_of
from tests.dmm.machines import random_machine
from tests.marks import thorough
from vvalues import VValue

STREAMS = text_streams(["ab", "ba"], 12, period=3)
OVERFLOWS = 1e200
CLOCK = "timer.timer <- timer.timer\ninput.timer <- timer.timer\n"


def calm_and_wild(*, in_a_cycle):
    """Two numbers: one of a path that overflows, one of a path that does not."""
    cycle = "norm-2.dict <- identity-2.dict\nidentity-2.dict <- norm-2.norm 0.5\n"
    cycle += "dot-1.dict-1 <- norm-2.norm\n"
    return machine_of(
        {
            "input": "input",
            "timer": "timer",
            "accum-1": "accum",
            "norm-1": "norm",
            "norm-2": "norm",
            "identity-2": "identity",
            "dot-1": "dot_free",
            "dot-2": "dot_free",
            "accum-3": "accum",
            "output": "output",
        },
        fixed=CLOCK + "accum-1.dict-1 <- accum-1.dict\naccum-3.dict-1 <- accum-3.dict",
        trainable="accum-1.dict-2 <- input.char 0.7\n"
        "norm-1.dict <- accum-1.dict 0.9\n"
        f"dot-1.dict-1 <- norm-1.norm {OVERFLOWS}\n"
        f"dot-1.dict-2 <- norm-1.norm {OVERFLOWS}\n"
        "accum-3.dict-2 <- dot-1.dot 2.0\n"
        f"dot-2.dict-1 <- accum-3.dict {OVERFLOWS}\n"
        "dot-2.dict-2 <- accum-3.dict 1.0\n"
        "output.dict-1 <- dot-2.dot 1.0\n"
        "norm-2.dict <- norm-1.norm 0.3\n"
        "output.dict-2 <- norm-2.norm 0.5\n" + (cycle if in_a_cycle else ""),
    )


@contextmanager
def overflowing():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("in_a_cycle", [False, True])
@pytest.mark.parametrize("recompute", [False, 4])
def test_an_overflow_reaches_only_what_depends_on_it(in_a_cycle, recompute):
    machine = calm_and_wild(in_a_cycle=in_a_cycle)
    observed = (("output", "dict-1"), ("output", "dict-2"))
    program = Program(machine, observed, recompute=recompute)
    reference = ReferenceProgram(machine, observed)
    weights = machine.trainable.buffer
    with overflowing():
        values = program(machine.trainable, STREAMS)
        expected = reference(machine.trainable, STREAMS)
        traced = program.trace(machine.trainable, STREAMS)[..., 0]
        jacobian_values, jacobian = program.jacobian(weights, STREAMS)
    assert not np.all(np.isfinite(expected[0]))
    assert np.all(np.isfinite(expected[1])) and np.any(expected[1] > 0.1)
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    np.testing.assert_allclose(traced, expected, rtol=1e-12)
    np.testing.assert_allclose(jacobian_values, expected, rtol=1e-12)
    alone = Program(machine, observed[1:])  # without the neurons that overflow
    want = alone.jacobian(weights, STREAMS)[1][:, 0]
    assert np.any(want)
    np.testing.assert_allclose(jacobian[:, 1], want, rtol=1e-12)


def test_links_between_finite_neurons_keep_their_gradient_beside_an_overflow():
    machine = machine_of(
        {"input": "input", "timer": "timer", "norm": "norm", "square": "square", "output": "output"}
        | {"identity": "identity"},
        fixed=CLOCK,
        trainable="norm.dict <- input.char 0.5\n"
        "square.dict <- norm.norm 1e200\n"
        "identity.dict <- norm.norm 2.0\n"
        "output.dict-1 <- identity.dict 1.0\n"
        "output.dict-2 <- square.dict 1.0\n",
    )
    program = Program(machine, (("output", "dict-1"), ("output", "dict-2")))
    path = ("output", "dict-1", "identity", "dict")
    with overflowing():
        found = grad(lambda v: anp.sum(program(v, STREAMS)[0]))(machine.trainable)
    alone = Program(machine, (("output", "dict-1"),))
    want = grad(lambda v: anp.sum(alone(v, STREAMS)))(machine.trainable)
    assert want[path] > 0
    assert found[path] == pytest.approx(want[path], rel=1e-12)


def test_what_is_finite_is_computed_as_ever():
    """The look at the signals changes no bit where all of them are finite."""
    machine = random_machine(np.random.default_rng(3), 8, 0.5, is_cyclic=True, scale=0.3)
    program = Program(machine, (("output", "dict-1"),))
    bound = program.bind(STREAMS)
    _, state = bound.state(machine.trainable.buffer)
    assert not state.signals.is_wild


# -------------------- weights of other types --------------------


@pytest.mark.parametrize("kind", [int, bool, np.float32, np.int8])
def test_weights_of_other_types_do_not_change_the_streams(kind):
    machine = Machine(
        {"input": "input", "timer": "timer", "norm": "norm", "output": "output"},
        links(CLOCK + "output.dict-1 <- norm.norm 0.7"),
        links("norm.dict <- input.char 1.0\noutput.dict-2 <- norm.norm 1.0"),
    )
    program = Program(machine, (("output", "dict-1"), ("output", "dict-2")))
    weights = np.ones(2)
    expected = program.evaluate(weights, STREAMS)
    assert np.any((expected != 0) & (expected != 1))
    found = program.evaluate(weights.astype(kind), STREAMS)
    assert found.dtype == expected.dtype and np.array_equal(found, expected)
    exact = program.jacobian(weights, STREAMS)[1]
    assert np.array_equal(program.jacobian(weights.astype(kind), STREAMS)[1], exact)


def test_weights_that_are_no_numbers_are_refused():
    program = Program(calm_and_wild(in_a_cycle=False), (("output", "dict-2"),))
    with pytest.raises(ValueError, match="weights are of type object; expected numbers"):
        program.evaluate(np.ones(program.support.size, dtype=object), STREAMS)


# -------------------- initial streams --------------------


@pytest.mark.parametrize(
    "initial", [{"norm": {"norm": {"a": 0.7}}}, {"norm": {"norm": np.array([0.7])}}]
)
def test_what_is_emitted_first_to_a_number_is_a_number(initial):
    with pytest.raises(ValueError, match=r"initial outputs: norm/norm.* is no number"):
        Machine({"norm": "norm"}, initial=VValue(initial))
    assert Machine({"norm": "norm"}, initial=VValue({"norm": {"norm": 0.7}})).initial


# -------------------- streams --------------------


def test_streams_cannot_be_changed_once_they_are_made():
    array = np.ones((3, 1, 1))
    streams = Streams((((),),), {"input": array}, 3)
    array[...] = 7.0
    assert np.all(streams.arrays["input"] == 1.0)
    with pytest.raises(ValueError, match="read-only"):
        streams.arrays["input"][...] = 2.0
    with pytest.raises(TypeError):
        streams.arrays["other"] = array
    again = pickle.loads(pickle.dumps(streams))
    assert np.array_equal(again.arrays["input"], streams.arrays["input"])
    assert not again.arrays["input"].flags.writeable


# -------------------- threads --------------------


@contextmanager
def restless():
    """Threads take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize("is_cyclic", [*thorough(False), True])
def test_threads_that_share_a_program_get_right_answers(is_cyclic):
    machine = random_machine(np.random.default_rng(5), 6, 0.5, is_cyclic=is_cyclic, scale=0.4)
    program = Program(machine, (("output", "dict-1"), ("output", "dict-2")))

    def slope(v):
        return grad(lambda w: anp.sum(program(w, STREAMS) ** 2))(v)

    def curvature(v, scale):
        return grad(grad(lambda t: anp.sum(program(vv.scale(v, t), STREAMS) ** 2)))(scale)

    points = [machine.trainable * (1.0 + 0.05 * i) for i in range(8)]
    expected = [(slope(v), curvature(v, 0.1)) for v in points]

    def work(i):
        return [(slope(points[i]), curvature(points[i], 0.1)) for _ in range(6)]

    with restless(), ThreadPoolExecutor(8) as threads:
        found = list(threads.map(work, range(8)))
    for want, answers in zip(expected, found, strict=True):
        for gradient, second in answers:
            assert gradient == want[0]
            assert second == want[1]


def test_what_one_thread_has_bound_is_refused_in_another():
    machine = random_machine(np.random.default_rng(5), 4, 0.5, is_cyclic=False)
    program = Program(machine, (("output", "dict-1"),))
    bound = program.bind(STREAMS)
    bound.forward(machine.trainable.buffer)
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(bound.forward, machine.trainable.buffer)
        with pytest.raises(RuntimeError, match="is for one thread"):
            future.result()
