"""Every machine of the zoo shows its published (or derived) trace."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import grad

import vvalues as vv
from dmm import (
    Program,
    Session,
    compile_machine,
    run,
    streams_from_trees,
    text_streams,
    zoo,
)
from dmm.neurons.by_path.lists import as_list
from dmm.reference.engine import down_movement, initial_state, up_movement
from dmm.zoo.cells import GRU_PERIOD, LSTM_PERIOD
from vvalues import VValue


def present(tree):
    """Non-zero leaves."""
    return {path: leaf for path, leaf in tree.items() if leaf}


def numbers(values):
    return [VValue({vv.NUMBER: float(x)}) for x in values]


# -------------------- machines that hold their own matrix --------------------


def test_the_wave_travels_through_the_row_with_period_three():
    machine = zoo.wave()
    row = ("self", "single", "self", "delta")
    before = initial_state(machine).subtree(row)
    assert present(before) == {("update-1", "single"): 1.0}
    places = [present(outputs.subtree(row)) for outputs in run(machine, ticks=7).outputs]
    expected = [2, 3, 1, 2, 3, 1, 2]
    assert places == [{(f"update-{k}", "single"): 1.0} for k in expected]


WEIGHT = ("self", "accum", "self", "single")


def published_loss(outputs, machine):
    """``w**2 + 2 w**4``: the weight squared, before, in and after one more cycle."""
    matrix = outputs.subtree(("self", "single"))
    inputs = down_movement(matrix, outputs)
    after = up_movement(machine, inputs, {})
    squares = [
        outputs[("self", "single", *WEIGHT)],
        inputs[("self", "accum", *WEIGHT)],
        after[("self", "single", *WEIGHT)],
    ]
    return sum(x**2 for x in squares)


def test_the_derivative_through_the_self_modifying_matrix_is_ten():
    # Zygote says 6: it loses the path through the up movement (late-2022-julia-drafts).
    machine = zoo.wave()
    state = run(machine, ticks=4).outputs[-1]
    path = ("self", "single", *WEIGHT)
    for weight, published in [(1.0, 3.0), (1.01, 3.10130802), (0.99, 2.90129202)]:
        assert published_loss(state.at(path).set(weight), machine) == pytest.approx(published)
    gradient = grad(published_loss)(state, machine)
    assert gradient[path] == pytest.approx(10.0, abs=1e-12)


def test_a_whole_run_is_differentiable_with_respect_to_the_matrix_that_edits_itself():
    machine = zoo.wave()

    def loss(trainable):
        outputs = run(machine, ticks=3, trainable=trainable).outputs[-1]
        return vv.squared_norm(outputs.subtree(("self", "single")))

    gradient = grad(loss)(machine.trainable)
    for path in machine.trainable:
        nudge = vv.put(VValue(), path, 1e-6)
        slope = (loss(machine.trainable + nudge) - loss(machine.trainable - nudge)) / 2e-6
        assert gradient[path] == pytest.approx(slope, rel=1e-6)


def test_the_pure_oscillator_flips_its_weight():
    trace = run(zoo.pure_oscillator(), ticks=4)
    path = ("self", "b", "held-1", "single")
    assert [outputs[("self", "out", *path)] for outputs in trace.outputs] == [-1, 1, -1, 1]
    assert [inputs[("self", "b", *path)] for inputs in trace.inputs] == [-2, 2, -2, 2]


def test_the_soliton_wanders_with_period_five():
    outputs = run(zoo.pure_soliton(), ticks=11).outputs
    places = [present(tree.subtree(("self", "out", "self", "b"))) for tree in outputs]
    expected = [(k % 5) + 1 for k in range(1, 12)]
    assert places == [{(f"held-{k}", "single"): 1.0} for k in expected]


def test_the_clamped_row_survives_any_attack():
    attack = zoo.links("self.a <- held-1.single -5\nself.a <- self.out 7")
    machine = zoo.pure_machine(VValue({"held-1": {"single": 1.0}}), {1: attack})
    for outputs in run(machine, ticks=3).outputs:
        assert present(outputs.subtree(("self", "out", "self", "a"))) == {("self", "out"): 1.0}


def test_the_other_neurons_of_a_pure_machine_add_multiply_and_compare():
    machine = zoo.pure_machine(VValue(), {1: zoo.links("plus.a <- held-1.single 2")})
    extra = "\n".join(
        f"{name}.{port} <- held-1.single {weight}"
        for name in ("plus", "times-1", "max-1")
        for port, weight in (("a", 1), ("b", -3))
    )
    machine = machine.with_trainable(machine.trainable + zoo.links(extra))
    outputs = run(machine, ticks=2).outputs[-1]
    at = ("out", "plus", "a", "held-1", "single")
    assert [outputs[(name, *at)] for name in ("plus", "times-1", "max-1")] == [-4, -12, 2]


def test_layers_take_turns():
    one = zoo.links("a.dict <- x.stream")
    other = zoo.links("a.dict <- x.stream 10")
    machine = zoo.layers_in_turn([one, other], {"x": "stream", "a": "identity"})
    streams = streams_from_trees({"x": [numbers([1.0] * 6)]})
    seen = [inputs["a", "dict"] for inputs in run(machine, streams).inputs]
    assert seen == [0, 10, 1, 10, 1, 10]


# -------------------- the outside world --------------------


def test_asynchronous_accumulation_prints_the_published_sums():
    session = Session(zoo.asynchronous_accumulation())
    session.default("reader", {"step": 1})
    printed = []
    for tick in range(1, 20):
        if tick == 16:
            session.feed("reader", {"a": 1})
        session.step()
        printed.append(session.inputs.subtree(("printer", "dict-1")))
    assert printed[15:] == [
        VValue({"step": 14}),
        VValue({"step": 15}),
        VValue({"step": 15, "a": 1}),
        VValue({"step": 16, "a": 1}),
    ]


def test_the_event_log_lists_what_happened():
    machine = zoo.event_log()
    assert initial_state(machine)["log", "self", "end-list"] == 1.0
    events = [VValue(), VValue({"a": 1}), VValue(), VValue({"b": 2}), VValue()]
    log = (
        run(machine, streams_from_trees({"events": [events]})).outputs[-1].subtree(("log", "self"))
    )
    assert as_list(log) == [VValue({"b": 2}), VValue({"a": 1})]
    assert log == VValue({"this": {"b": 2}, "rest": {"this": {"a": 1}, "rest": {"end-list": 1}}})


def test_the_duplicate_detector_in_the_reference_engine():
    detector = zoo.duplicate_detector()
    trace = run(detector, text_streams("test string.", 126))
    seen = [
        (i["output", "dict-1", vv.NUMBER], i["output", "dict-2", vv.NUMBER]) for i in trace.inputs
    ]
    expected = 34 * [(0, 0)] + 30 * [(1, 0)] + 49 * [(2, 0)] + 10 * [(2, 1)] + 3 * [(2, 2)]
    assert seen == expected
    assert len(detector.trainable) + len(detector.fixed) == 11


# -------------------- patterns and cells --------------------


def test_fuzzy_if_chooses_and_mixes():
    a, b = VValue({"a": 1.0}), VValue({"b": 1.0})
    conditions = [1.0, 0.0, 0.25, 0.0, 0.0]
    streams = streams_from_trees(
        {"stream-if": [numbers(conditions)], "stream-1": [[a] * 5], "stream-2": [[b] * 5]}
    )
    seen = [i.subtree(("output", "dict-1")) for i in run(zoo.fuzzy_if(), streams).inputs]
    assert seen[2:] == [a, b, VValue({"a": 0.25, "b": 0.75})]


def test_the_counter_counts_letters_it_has_never_heard_of():
    counts = run(zoo.sparse_counter(), text_streams("abca", 10, period=1)).inputs[5]
    assert counts.subtree(("output", "dict-1")) == VValue({"a": 2, "b": 1, "c": 1})


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def random_gates(names, rng):
    return {name: tuple(float(x) for x in rng.standard_normal(3)) for name in names}


def fed_every(period, values):
    return streams_from_trees(
        {"x": [[n for x in values for n in numbers([x] + [0.0] * (period - 1))]]}
    )


def test_the_lstm_machine_is_an_lstm():
    rng = np.random.default_rng(0)
    weights = random_gates(("in", "forget", "out", "new"), rng)
    xs = rng.standard_normal(6)
    hidden = cell = 0.0
    expected = []
    for x in xs:
        drive = {g: a * x + u * hidden + b for g, (a, u, b) in weights.items()}
        cell = logistic(drive["forget"]) * cell + logistic(drive["in"]) * np.tanh(drive["new"])
        hidden = logistic(drive["out"]) * np.tanh(cell)
        expected.append(hidden)
    assert_cell(zoo.lstm(weights), LSTM_PERIOD, xs, expected)


def test_the_gru_machine_is_a_gru():
    rng = np.random.default_rng(1)
    weights = random_gates(("update", "reset", "new"), rng)
    xs = rng.standard_normal(6)
    hidden, expected = 0.0, []
    for x in xs:
        update, reset = (
            logistic(a * x + u * hidden + b) for a, u, b in (weights["update"], weights["reset"])
        )
        a, u, b = weights["new"]
        new = np.tanh(a * x + u * reset * hidden + b)
        hidden = update * hidden + (1.0 - update) * new
        expected.append(hidden)
    assert_cell(zoo.gru(weights), GRU_PERIOD, xs, expected)


def assert_cell(machine, period, xs, expected):
    """The hidden state after an entry arrives at the output one tick after the period."""
    # Two more entries, so that what follows the last one arrives within the run.
    program = compile_machine(machine, [("output", "dict-1")])
    assert isinstance(program, Program)
    streams = fed_every(period, [*xs, 0.0, 0.0])
    seen = program(machine.trainable, streams)[0, :, 0]
    found = seen[period + 1 :: period][: len(xs)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


# -------------------- growth and learning --------------------


def test_the_network_copies_a_part_of_itself():
    session = Session(zoo.self_copying())
    session.default("x", {"x": 1.0})
    for _ in range(12):
        session.step()
    matrix = session.matrix
    assert matrix["accum-1'1", "dict-1", "accum-1'1", "dict"] == 1.0  # internal link, copied
    assert matrix["accum-1'1", "dict-2", "x", "stream"] == 1.0  # incoming link, kept
    assert matrix["norm-1'1", "dict", "accum-1'1", "dict"] == 1.0
    assert matrix["output", "dict-1", "norm-1'1", "norm"] == 0.5  # outgoing link, scaled
    assert "accum-1'2" not in matrix  # once, although the condition still holds
    original, copy = (session["norm-1", "norm"], session["norm-1'1", "norm"])
    born = original - copy
    assert copy > 0 and born > 2.5
    session.step()
    assert session.inputs["output", "dict-1"] == original + 0.5 * copy


def learning_streams(rng, ticks, hold=6):
    """Two inputs that change every few ticks, and the target to learn."""
    x = np.repeat(rng.standard_normal((2, ticks // hold + 1)), hold, axis=1)[:, :ticks]
    target = 0.7 * x[0] - 0.4 * x[1]
    return streams_from_trees(
        {"x-1": [numbers(x[0])], "x-2": [numbers(x[1])], "target": [numbers(target)]}
    )


def test_fast_weights_learn_within_the_life_of_the_machine():
    machine = zoo.fast_weights(rate=0.1)
    streams = learning_streams(np.random.default_rng(0), 300)
    trace = run(machine, streams)
    cell = trace.outputs[-1].subtree(("self", "single", "cell", "dict"))
    assert cell["x-1", "stream"] == pytest.approx(0.7, abs=0.02)
    assert cell["x-2", "stream"] == pytest.approx(-0.4, abs=0.02)


def test_the_learning_rate_of_fast_weights_can_be_learned():
    machine = zoo.fast_weights(rate=0.05)
    streams = learning_streams(np.random.default_rng(0), 20)

    def loss(trainable):
        trace = run(machine, streams, trainable=trainable)
        return sum(inputs["output", "dict-1", vv.NUMBER] ** 2 for inputs in trace.inputs)

    gradient = grad(loss)(machine.trainable)
    path = ("change-1", "gate", "product-1", "dict")
    step = vv.restrict(VValue(), machine.trainable.support).at(path).set(1e-6)
    slope = (loss(machine.trainable + step) - loss(machine.trainable - step)) / 2e-6
    assert gradient[path] == pytest.approx(slope, rel=1e-6)
    assert gradient[path] < 0.0  # learning faster would help


def test_a_link_that_is_not_one_is_refused():
    with pytest.raises(ValueError, match=r"expected 'receiver\.field <- sender"):
        zoo.links("a.b <- c")
