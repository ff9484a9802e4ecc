"""The compiled engine agrees with the reference engine, in values and in all derivatives."""

from __future__ import annotations

import warnings

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from autograd.extend import vspace
from autograd.test_util import check_grads
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from dmm import (
    Machine,
    Program,
    ReferenceProgram,
    compile_machine,
    load_machine,
    neuron_type,
    streams_from_trees,
    text_streams,
    zoo,
)
from dmm.neurons import Sum, number
from dmm.zoo import duplicate_detector
from tests.dmm.machines import (
    Case,
    array_cases,
    cases,
    library_cases,
    random_machine,
    self_loop_cases,
    superfluid_cases,
    types_with_kernel,
)
from tests.examples import examples
from vvalues import VValue
from vvalues.core.tree import from_leaves

TOLERANCE = 1e-10
ACCUMULATORS_STOPPED = (("accum", "dict-1"),)


def weighted_sum(program, weights):
    def loss(trainable, streams):
        return anp.sum(weights * program(trainable, streams) ** 2)

    return loss


def assert_engines_agree(case: Case, stopped=()):
    machine, streams = case.machine, case.streams
    compiled = compile_machine(machine, case.observed, stopped=stopped)
    reference = ReferenceProgram(machine, case.observed, stopped)
    assert isinstance(compiled, Program)
    expected = reference(machine.trainable, streams)
    values = compiled(machine.trainable, streams)
    assert values.shape == expected.shape
    scale = 1.0 + np.max(np.abs(expected), initial=0.0)
    np.testing.assert_allclose(values, expected, rtol=0, atol=TOLERANCE * scale)

    weights = case.rng.standard_normal(values.shape)
    with warnings.catch_warnings():  # a machine without links depends on nothing
        warnings.filterwarnings("ignore", message="Output seems independent")
        exact = grad(weighted_sum(reference, weights))(machine.trainable, streams)
        found = grad(weighted_sum(compiled, weights))(machine.trainable, streams)
    scale = 1.0 + vv.max_norm(exact)
    assert vv.max_norm(found - exact) <= TOLERANCE * scale


@given(cases())
def test_agrees_on_acyclic_machines(case):
    assert_engines_agree(case)


@given(cases(is_cyclic=True))
def test_agrees_on_cyclic_machines(case):
    assert_engines_agree(case)


@given(library_cases())
def test_agrees_on_every_neuron_type_of_the_library(case):
    assert_engines_agree(case)


def test_the_library_has_kernels_for_most_types():
    assert set(types_with_kernel()) >= {"gate", "multiplexer", "sigmoid", "less_or_equal", "dot100"}


@given(self_loop_cases())
def test_agrees_on_self_links_of_any_weight(case):
    assert_engines_agree(case)


@given(superfluid_cases())
@examples(50)
def test_agrees_on_superfluid_machines(case):
    assert_engines_agree(case)


@given(array_cases())
@examples(50)
def test_agrees_on_streams_with_array_leaves(case):
    assert_engines_agree(case)


def hessian_product(program, case, weights, direction):
    """``(sum of weights * values ** 2)'' direction`` with respect to the trainable matrix."""

    def slope(trainable):
        gradient = grad(weighted_sum(program, weights))(trainable, case.streams)
        return vv.inner(gradient, direction)

    return grad(slope)(case.machine.trainable)


@given(st.one_of(cases(is_cyclic=True, max_ticks=5), superfluid_cases(max_ticks=3)))
@examples(25)
def test_second_order_products_agree(case):
    machine, observed = case.machine, case.observed
    programs = compile_machine(machine, observed), ReferenceProgram(machine, observed)
    weights = case.rng.standard_normal((2, case.streams.ticks, len(case.streams)))
    support = machine.trainable.support
    direction = vv.from_buffer(support, case.rng.standard_normal(support.size))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Output seems independent")
        found, exact = (hessian_product(p, case, weights, direction) for p in programs)
    assert vv.max_norm(found - exact) <= TOLERANCE * (1.0 + vv.max_norm(exact))


@given(
    st.one_of(cases(is_cyclic=True), self_loop_cases(), array_cases()),
    st.one_of(st.just(True), st.integers(1, 20)),
)
@examples(50)
def test_computing_segments_again_changes_nothing(case, length):
    machine = case.machine
    whole = compile_machine(machine, case.observed)
    cut = compile_machine(machine, case.observed, recompute=length)
    weights = whole.flatten(machine.trainable)
    g = case.rng.standard_normal(whole.evaluate(weights, case.streams).shape)
    direction = case.rng.standard_normal(weights.shape)

    def derivatives(program):
        bound = program.bind(case.streams)
        yield bound.forward(weights)
        yield bound.pullback(weights, g)
        yield bound.pushforward(weights, direction)
        yield bound.jacobian(weights)[1]
        yield from program.stream_gradient(weights, g, case.streams).values()

    for one, other in zip(derivatives(whole), derivatives(cut), strict=True):
        scale = 1.0 + np.abs(one).max(initial=0.0)
        np.testing.assert_allclose(other, one, rtol=0, atol=TOLERANCE * scale)


@given(st.one_of(array_cases(max_ticks=4), cases(is_cyclic=True, max_ticks=6)))
@examples(30)
def test_the_gradient_of_the_streams_is_the_derivative_along_them(case):
    program = compile_machine(case.machine, case.observed)
    weights, streams = program.flatten(case.machine.trainable), case.streams
    values = program.evaluate(weights, streams)
    g = case.rng.standard_normal(values.shape)
    gradient = program.stream_gradient(weights, g, streams)
    # Keys a string does not have must stay zero; move what is there.
    moved = {n: case.rng.standard_normal(a.shape) * (a != 0) for n, a in streams.arrays.items()}

    def at(step):
        arrays = {n: a + step * moved[n] for n, a in streams.arrays.items()}
        shifted = type(streams)(streams.keys, arrays, streams.ticks, streams.labels, streams.shapes)
        return np.sum(g * program.evaluate(weights, shifted))

    slope = (at(1e-6) - at(-1e-6)) / 2e-6
    expected = sum(np.sum(gradient[n] * moved[n]) for n in moved)
    assert slope == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_a_fresh_forward_pass_elsewhere_does_not_spoil_a_gradient():
    machine = random_machine(np.random.default_rng(2), 6, 0.8, is_cyclic=True, scale=0.3)
    program = compile_machine(machine)
    one, other = (text_streams(text, 20) for text in ("ab.", "ba."))

    def loss(trainable):
        return anp.sum(program(trainable, one) ** 2) + anp.sum(program(trainable, other) ** 2)

    parts = [
        grad(lambda w, s=s: anp.sum(program(w, s) ** 2))(machine.trainable) for s in (one, other)
    ]
    assert vv.max_norm(grad(loss)(machine.trainable) - parts[0] - parts[1]) < 1e-10


@pytest.mark.parametrize("recompute", [False, True])
def test_arrays_changed_in_place_are_not_mistaken_for_old_ones(recompute):
    machine = random_machine(np.random.default_rng(2), 6, 0.8, is_cyclic=True, scale=0.3)
    program = compile_machine(machine, recompute=recompute, engine="numpy")
    streams = text_streams("ab.", 20)
    weights = np.array(machine.trainable.buffer)
    values = program.evaluate(weights, streams)
    expected = values.copy()
    values[...] = 7.0
    np.testing.assert_array_equal(program.evaluate(weights, streams), expected)
    weights *= 0.5
    fresh = compile_machine(machine, engine="numpy")
    np.testing.assert_array_equal(
        program.evaluate(weights, streams), fresh.evaluate(weights, streams)
    )


def test_scalar_ports_stop_keys_inside_cycles_too():
    # A sum that reads whole streams and writes a number, and one that reads numbers only.
    @neuron_type("out for test", reads=["dict"], writes=["n/:number"], kernel=Sum())
    def number_of_a_stream(inputs):
        return {"n": number(inputs, "dict")}

    @neuron_type("in for test", reads=["n/:number"], writes=["dict"], kernel=Sum())
    def stream_of_a_number(inputs):
        return {"dict": number(inputs, "n")}

    machine = zoo.machine_of(
        {
            "stream": "stream",
            "a": "out for test",
            "b": "in for test",
            "c": "accum",
            "output": "output",
        },
        trainable="""
            a.dict <- stream.stream 0.5
            a.dict <- c.dict 0.7
            b.n <- a.n 0.3
            b.n <- c.dict -0.4
            c.dict-1 <- a.n 0.6
            c.dict-1 <- b.dict 0.9
            c.dict-2 <- stream.stream 0.8
            output.dict-1 <- c.dict
            output.dict-2 <- b.dict
        """,
    )
    entry = VValue({vv.NUMBER: 1.0, "k": 2.0})
    case = Case(machine, streams_from_trees({"stream": [[entry] * 6]}))
    assert_engines_agree(case)
    exact = ReferenceProgram(machine, case.observed).trace(machine.trainable, case.streams)
    found = compile_machine(machine).trace(machine.trainable, case.streams)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-12)
    assert np.any(exact[0, ..., 1:])
    assert not np.any(exact[1, ..., 1:])


def test_weights_of_the_wrong_number_are_refused():
    program = compile_machine(duplicate_detector())
    with pytest.raises(ValueError, match=r"weights have shape \(3,\); this program needs \(8,\)"):
        program.evaluate(np.zeros(3), text_streams("ab", 3))


def test_a_machine_whose_clockwork_is_trainable_runs_on_the_reference_engine():
    detector = duplicate_detector()
    links = dict(detector.trainable.items())
    links["input", "timer", "timer", "timer"] = 0.0
    machine = Machine(detector.neurons, detector.fixed, from_leaves(links))
    with pytest.warns(UserWarning, match="input.*timer/timer"):
        assert compile_machine(machine).engine == "reference"


@given(cases(is_cyclic=True), st.booleans())
@examples(30)
def test_agrees_with_a_stopped_path(case, also_norm):
    assert_engines_agree(case, ACCUMULATORS_STOPPED + ((("norm", "dict"),) if also_norm else ()))


@given(cases(is_cyclic=True, max_ticks=6), st.integers(0, 99))
@examples(30)
def test_derivatives_to_second_order(case, seed):
    program = compile_machine(case.machine, case.observed)
    np.random.seed(seed)  # noqa: NPY002  (autograd's checker draws from here)
    weights = program.flatten(case.machine.trainable)
    # A mild amplitude keeps the finite differences of the checker on one side of every kink.
    check_grads(lambda w: program.evaluate(w, case.streams))(0.1 * weights)


@given(cases(is_cyclic=True))
@examples(30)
def test_jacobian_is_the_transpose_of_the_gradient(case):
    program = compile_machine(case.machine, case.observed)
    weights = program.flatten(case.machine.trainable)
    values, jacobian = program.jacobian(weights, case.streams)
    np.testing.assert_array_equal(values, program.evaluate(weights, case.streams))
    g = case.rng.standard_normal(values.shape)
    pulled = grad(lambda w: anp.sum(g * program.evaluate(w, case.streams)))(weights)
    projected = np.tensordot(jacobian, g, 3)
    np.testing.assert_allclose(
        projected, pulled, rtol=1e-9, atol=1e-9 * (1 + np.abs(pulled).max(initial=0))
    )


@given(cases(is_cyclic=True), st.integers(2, 4))
@examples(30)
def test_a_batch_of_machines_is_the_machines_one_by_one(case, n_machines):
    program = compile_machine(case.machine, case.observed)
    weights = 0.4 * case.rng.standard_normal((n_machines, program.support.size))
    together = program.evaluate(weights, case.streams)
    for row, one in zip(weights, together, strict=True):
        np.testing.assert_allclose(one, program.evaluate(row, case.streams), atol=1e-9)
    g = case.rng.standard_normal(together.shape)
    gradient = grad(lambda w: anp.sum(g * program.evaluate(w, case.streams)))(weights)
    for row, cotangent, pulled in zip(weights, g, gradient, strict=True):
        alone = grad(lambda w, c=cotangent: anp.sum(c * program.evaluate(w, case.streams)))(row)
        np.testing.assert_allclose(pulled, alone, rtol=1e-8, atol=1e-8)


@given(st.one_of(cases(is_cyclic=True), self_loop_cases(), array_cases()))
@examples(40)
def test_traces_with_all_keys_agree(case):
    machine, streams = case.machine, case.streams
    exact = ReferenceProgram(machine, case.observed).trace(machine.trainable, streams)
    scale = 1.0 + np.abs(exact).max(initial=0.0)
    for recompute in (False, True):
        program = compile_machine(machine, case.observed, recompute=recompute)
        found = program.trace(machine.trainable, streams)
        for b, keys in enumerate(streams.keys):  # constants may have columns of their own behind
            mine = np.s_[:, :, b, : len(keys)]
            np.testing.assert_allclose(found[mine], exact[mine], rtol=0, atol=TOLERANCE * scale)


def test_a_batch_of_strings_is_the_strings_one_by_one():
    machine = random_machine(np.random.default_rng(5), 6, 0.6, is_cyclic=False)
    program = compile_machine(machine)
    texts = ["test string.", "aabb.", "hello."]
    together = program(machine.trainable, text_streams(texts, 50))
    for b, text in enumerate(texts):
        alone = program(machine.trainable, text_streams(text, 50))
        np.testing.assert_allclose(together[:, :, b], alone[:, :, 0], atol=1e-10)


def test_an_exact_tie_has_the_same_subgradient_in_both_engines():
    # The handcrafted machine compares norm 1 with the constant 1: relu sits on its kink.
    assert_engines_agree(
        Case(duplicate_detector(), text_streams("aab.", 60), (("output", "dict-1"),))
    )


def test_links_that_cannot_matter_are_left_out_and_have_zero_gradient(julia_data):
    machine = load_machine(julia_data / "recurrent-932-initial-matrix.json")
    program = compile_machine(machine)
    assert program.live.sum() == 72
    streams = text_streams("test string.", 140)
    gradient = vv.ravel(grad(lambda w: anp.sum(program(w, streams) ** 2))(machine.trainable))
    assert not np.any(gradient[~program.live])
    assert np.count_nonzero(gradient[program.live]) > 50


def test_a_machine_with_many_links_costs_few_tape_nodes():
    machine = random_machine(np.random.default_rng(1), 8, 1.0, is_cyclic=False)
    program, streams = compile_machine(machine), text_streams("test string.", 140)
    with _tape() as count:
        grad(lambda w: anp.sum(program(w, streams) ** 2))(machine.trainable)
    assert count() <= 100


class _tape:
    """Counts the VJP nodes that are made inside the block."""

    def __enter__(self):
        from autograd.core import VJPNode

        self.node, self.n, self.original = VJPNode, 0, VJPNode.__init__

        def counted(node, *args):
            self.n += 1
            self.original(node, *args)

        VJPNode.__init__ = counted
        return lambda: self.n

    def __exit__(self, *_):
        self.node.__init__ = self.original


def test_without_a_kernel_the_reference_engine_runs_and_says_so():
    @neuron_type("double-for-test", reads=["dict"], writes=["dict"])
    def double(inputs):
        return {"dict": 2.0 * inputs.subtree("dict")}

    detector = duplicate_detector()
    links = dict(detector.trainable.items())
    del links["norm", "dict", "accum", "dict"]
    links["twice", "dict", "accum", "dict"] = 0.5
    links["norm", "dict", "twice", "dict"] = 1.0
    machine = Machine(
        {**detector.neurons, "twice": "double-for-test"}, detector.fixed, from_leaves(links)
    )
    with pytest.warns(UserWarning, match="double-for-test"):
        program = compile_machine(machine)
    assert program.engine == "reference"
    streams = text_streams("test string.", 70)
    values = program(machine.trainable, streams)
    assert values[0, :, 0].max() == 2.0  # one tick later than the detector, the same counts


def test_an_unknown_observed_port_is_refused():
    with pytest.raises(ValueError, match="no neuron 'nobody'"):
        compile_machine(duplicate_detector(), [("nobody", "dict")])
    with pytest.raises(ValueError, match="reads dict-1, dict-2"):
        compile_machine(duplicate_detector(), [("output", "dict")])


def test_the_output_space_is_an_ordinary_array():
    program = compile_machine(duplicate_detector())
    values = program(duplicate_detector().trainable, text_streams("ab", 3))
    assert vspace(values).shape == (2, 3, 1)
