"""The fast engine equals the numpy engine to 1e-12; the reference engine is the judge of both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from autograd import grad
from hypothesis import given
from hypothesis import strategies as st

from dmm import compile_machine, layered_space, text_streams
from dmm.compiled.fast import Tables
from dmm.compiled.lowering import lower
from dmm.compiled.plan import make_plan
from dmm.machine import Machine, fixed_links, links
from dmm.zoo import duplicate_detector
from tests.dmm.machines import TEXTS, Case, array_cases, cases, library_cases, self_loop_cases
from tests.examples import examples
from vvalues.core.tree import from_leaves

pytest.importorskip("numba", reason="the fast engine is numba's (extra fast)")

EXACT = 1e-12


def close(one, other):
    """To 1e-12 of the largest number."""
    np.testing.assert_allclose(
        one, other, rtol=0.0, atol=EXACT * max(1.0, np.abs(other).max(initial=0.0))
    )


def both(case):
    """The program by the fast and by the numpy engine."""
    engines = ("fast", "numpy")
    return [compile_machine(case.machine, case.observed, engine=engine) for engine in engines]


def check(case):
    """Values, gradient and Jacobian at the machine's weights; values for several machines."""
    fast, slow = both(case)
    rng = case.rng
    weights = np.array(case.machine.trainable.buffer)
    values = slow.evaluate(weights, case.streams)
    close(fast.evaluate(weights, case.streams), values)
    g = rng.standard_normal(values.shape)
    ours, theirs = (program.bind(case.streams) for program in (fast, slow))
    close(ours.pullback(weights, g), theirs.pullback(weights, g))
    for one, other in zip(ours.jacobian(weights), theirs.jacobian(weights), strict=True):
        close(one, other)
    several = np.stack([weights, 0.9 * weights, 0.5 * weights])
    close(fast.evaluate(several, case.streams), slow.evaluate(several, case.streams))
    g = rng.standard_normal((3, *values.shape))
    close(ours.forward(several), theirs.forward(several))
    close(ours.pullback(several, g), theirs.pullback(several, g))


@pytest.mark.parametrize(
    "kind",
    [
        cases(),
        cases(is_cyclic=True),
        self_loop_cases(),
        array_cases(types=("accum", "norm", "dot", "compare")),
        library_cases(types=("accum", "dot100", "dot_free", "identity", "norm", "register")),
    ],
    ids=["layered", "cyclic", "self-loops", "arrays and initial states", "library"],
)
def test_equal_to_numpy(kind):
    @given(kind)
    def property_holds(case):
        check(case)

    property_holds()


@given(cases(is_cyclic=True, max_ticks=6))
def test_equal_to_the_reference(case):
    fast, _ = both(case)
    judge = compile_machine(case.machine, case.observed, engine="reference")
    values = judge(case.machine.trainable, case.streams)
    close(fast(case.machine.trainable, case.streams), values)
    g = case.rng.standard_normal(values.shape)

    def loss(program):
        return lambda trainable: np.sum(g * program(trainable, case.streams))

    ours, theirs = (grad(loss(program))(case.machine.trainable) for program in (fast, judge))
    close(ours.buffer, theirs.buffer)


@given(cases(), st.integers(1, 20))
def test_any_number_of_strings(case, strings):
    streams = text_streams([TEXTS[i % len(TEXTS)] for i in range(strings)], 9, period=2)
    check(replace(case, streams=streams))


@examples(6)
@given(cases())
def test_one_string_by_itself_and_among_others(case):
    """One string has registers of one number, several have eight."""
    bound = []
    check(replace(case, streams=text_streams(TEXTS[:1], 9, period=2)))
    for texts in (TEXTS[:1], TEXTS[:3]):
        streams = text_streams(texts, 9, period=2)
        bound.append(both(replace(case, streams=streams))[0].bind(streams))
    weights = np.array(case.machine.trainable.buffer)
    alone, among = (one.forward(weights) for one in bound)
    close(alone[..., 0], among[..., 0])


@given(cases(is_cyclic=True))
def test_second_derivatives_come_from_numpy(case):
    fast, slow = both(case)
    weights = np.array(case.machine.trainable.buffer)
    direction = case.rng.standard_normal(weights.shape)

    def curvature(program):
        def slope(w):
            return grad(lambda v: np.sum(program.evaluate(v, case.streams) ** 2))(w)

        return grad(lambda w: np.sum(slope(w) * direction))(weights)

    close(curvature(fast), curvature(slow))


def test_ties_share_the_derivative():
    """Keys of equal size, and the norm of nothing at all."""
    neurons = {name: name.split("-")[0] for name in ("accum-1", "norm-1", "input", "timer")}
    neurons["output"] = "output"
    trainable = links("""
        accum-1.dict-2 <- input.char
        norm-1.dict <- accum-1.dict 0.7
        output.dict-1 <- norm-1.norm
    """)
    machine = Machine(neurons, from_leaves(fixed_links(neurons)), trainable)
    case = Case(machine, text_streams(["ab.", "aabb."], 12))
    check(case)
    fast, _ = both(case)
    weights = np.array(trainable.buffer)
    slopes = fast.jacobian(weights, case.streams)[1]
    assert np.all(slopes[..., -1] >= 0.0) and np.any(slopes > 0.0)


@given(st.one_of(cases(), cases(is_cyclic=True), self_loop_cases()), st.integers(0, 3))
def test_tables_stay_in_bounds(case, n_keys):
    plan = make_plan(lower(case.machine), case.observed)
    tables = Tables(plan, n_keys)
    n_entries = len(tables.entry_link)
    assert np.all(tables.entry_link <= len(plan.links))
    assert np.all(tables.back_link <= len(plan.links))
    assert np.all(tables.row_link < len(plan.links))
    for panels, places, entries in (
        (tables.panels, tables.links, n_entries),
        (tables.back, tables.followers, len(tables.back_link)),
    ):
        for width, n, first, entry, columns, *targets in panels.reshape(-1, 9).tolist():
            assert width in (1, 4) and first + n <= len(places)
            assert entry + width * n <= entries
            assert all(target + columns <= tables.stride for target in targets)
            assert np.all(places[first : first + n] + columns <= tables.stride)
    for first, last, target, columns in tables.rows.reshape(-1, 4).tolist():
        assert first <= last <= len(tables.row_links) and target + columns <= tables.stride
    written = [t for p in tables.panels.reshape(-1, 9).tolist() for t in p[5 : 5 + p[0]]]
    assert len(written) == len(set(written)), "a row is written once"


# -------------------- which engine --------------------


def test_the_engine_is_said_and_can_be_chosen():
    machine = duplicate_detector()
    assert compile_machine(machine).engine == "fast"
    for engine in ("fast", "numpy", "reference"):
        assert compile_machine(machine, engine=engine).engine == engine
    with pytest.raises(ValueError, match="engine is 'quick'; expected None, 'numpy'"):
        compile_machine(machine, engine="quick")


def test_what_the_fast_engine_leaves_to_numpy():
    machine = layered_space(np.random.default_rng(0))
    stopped = [("accum", "dict-1")]
    assert compile_machine(machine, stopped=stopped).engine == "numpy"
    assert compile_machine(machine, recompute=True).engine == "numpy"
    with pytest.raises(ValueError, match="engine is 'fast': inputs are stopped"):
        compile_machine(machine, stopped=stopped, engine="fast")


def test_one_string_of_a_large_machine_is_left_to_numpy_unless_asked_for(monkeypatch):
    from dmm.compiled.fast import ticking

    runs, run = [], ticking.run
    monkeypatch.setattr(ticking, "run", lambda *args: runs.append(run(*args)))
    machine = layered_space(np.random.default_rng(0), copies=6)
    streams = text_streams("aab.", 30)
    weights = np.array(machine.trainable.buffer)
    chosen, fast = (compile_machine(machine, engine=name).bind(streams) for name in (None, "fast"))
    values = chosen.forward(weights)
    g = np.ones(values.shape)
    gradient = chosen.pullback(weights, g)
    assert not runs
    close(fast.forward(weights), values)
    close(fast.pullback(weights, g), gradient)
    assert len(runs) == 1
    several = np.stack([weights, 0.5 * weights])
    close(chosen.forward(several)[0], values)
    assert len(runs) == 2, "several machines fill the lanes"


def test_streams_and_their_gradients_come_from_numpy():
    machine = duplicate_detector()
    streams = text_streams(["aa.", "abab."], 30)
    fast, slow = (compile_machine(machine, engine=engine) for engine in ("fast", "numpy"))
    close(fast.trace(machine.trainable, streams), slow.trace(machine.trainable, streams))
    weights = np.array(machine.trainable.buffer)
    g = np.ones(slow.evaluate(weights, streams).shape)
    ours, theirs = (program.stream_gradient(weights, g, streams) for program in (fast, slow))
    for name, gradient in theirs.items():
        close(ours[name], gradient)


def test_values_of_several_machines_leave_the_last_run_alone(monkeypatch):
    from dmm.compiled.fast import ticking

    runs, run = [], ticking.run
    monkeypatch.setattr(ticking, "run", lambda *args: runs.append(run(*args)))
    machine = layered_space(np.random.default_rng(0))
    streams = text_streams(["aab.", "ab."], 30)
    program = compile_machine(machine, engine="fast")
    weights = np.array(machine.trainable.buffer)
    several = np.stack([0.5 * weights, weights])
    values = program.evaluate(weights, streams)
    close(program.evaluate(several, streams)[1], values)
    program.bind(streams).pullback(weights, np.ones(values.shape))
    assert len(runs) == 2, "the run of one machine is kept, for the gradient"
    slopes = grad(lambda w: np.sum(program.evaluate(w, streams)))(several)
    assert len(runs) == 3, "autograd keeps that of several"
    numpy_program = compile_machine(machine, engine="numpy")
    close(slopes, grad(lambda w: np.sum(numpy_program.evaluate(w, streams)))(several))


def test_a_run_is_remembered_by_content():
    """Weights changed in place are other weights."""
    machine = duplicate_detector()
    streams = text_streams("aa.", 30)
    program = compile_machine(machine, engine="fast")
    weights = np.array(machine.trainable.buffer)
    before = program.evaluate(weights, streams)
    weights *= 0.5
    assert np.any(program.evaluate(weights, streams) != before)
