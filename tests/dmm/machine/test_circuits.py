"""Circuits in samples do in ticks what they say, whatever the pace, and never look ahead."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dmm import compile_machine, get_neuron_type, streams_from_trees
from dmm.machine.circuits import Circuit, Pace, Wire
from tests.examples import examples
from vvalues import NUMBER, VValue, assemble

SAMPLES = 7
TYPES = ("accum", "norm", "compare", "dot", "gate", "identity", "relu", "less_or_equal")


def simulated(circuit, inputs):
    """The circuit, sample by sample: (samples,) of what the sink reads on ``dict-1``."""
    order, done = [], set()
    while len(order) < len(circuit.neurons):
        for name in circuit.neurons:
            before = {w.neuron_out for w in circuit.wires if w.neuron_in == name and not w.lag}
            if name not in done and before <= done:
                order.append(name)
                done.add(name)
    history, answers = [], []
    for t in range(SAMPLES):
        now = {}
        for name in order:
            kind = get_neuron_type(circuit.neurons[name])
            fields = {}
            for wire in circuit.wires:
                if wire.neuron_in != name:
                    continue
                past = now if not wire.lag else (history[t - wire.lag] if t >= wire.lag else {})
                sent = past.get((wire.neuron_out, wire.field_out), VValue())
                known = fields.get(wire.field_in, VValue())
                fields[wire.field_in] = known + wire.weight * sent
            tree = assemble(fields) if fields else VValue()
            if not kind.writes:
                answers.append(float(fields.get("dict-1", VValue()).get(NUMBER, 0.0)))
            elif kind.is_source:
                now[name, "stream"] = VValue({NUMBER: inputs[name][t]})
            else:
                for field, value in kind.activation(tree).items():
                    is_tree = isinstance(value, VValue)
                    now[name, field] = value if is_tree else VValue({NUMBER: float(value)})
        history.append(now)
    return np.array(answers)


def run(machine, pace, inputs, sink="output"):
    trees = {
        name: [[VValue({NUMBER: x}) for x in values for _ in range(pace.ticks)]]
        for name, values in inputs.items()
    }
    ticks = pace.of(SAMPLES - 1) + 1
    trees = {
        name: [batch[0] + [VValue()] * (ticks - len(batch[0]))] for name, batch in trees.items()
    }
    program = compile_machine(machine, [(sink, "dict-1")])
    answers = program(machine.trainable, streams_from_trees(trees))[0, :, 0]
    return np.array([answers[pace.of(t)] for t in range(SAMPLES)])


@st.composite
def circuits(draw):
    """Random circuits: forward wires of any lag, backward ones of lag 1 or 2."""
    names = ["stream-a", "stream-b", "const_1"]
    neurons = {"stream-a": "stream", "stream-b": "stream", "const_1": "const_1"}
    for i in range(draw(st.integers(1, 5))):
        neurons[f"n{i}"] = draw(st.sampled_from(TYPES))
        names.append(f"n{i}")
    neurons["output"] = "output"
    wires = []
    weights = st.sampled_from([1.0, -1.0, 0.5, 0.25, -0.75])
    for position, name in enumerate([*names[3:], "output"], 3):
        reads = get_neuron_type(neurons[name]).reads
        for field in reads if name != "output" else reads[:1]:
            for _ in range(draw(st.integers(1, 2))):
                back = name != "output" and draw(st.integers(0, 3)) == 0
                pool = names[position:] if back else names[:position]
                sender = draw(st.sampled_from(pool or names[:position]))
                ports = get_neuron_type(neurons[sender]).writes
                port = draw(st.sampled_from(ports)).name
                lag = draw(st.integers(1, 2) if back else st.sampled_from([0, 0, 0, 1, 2]))
                wires.append(Wire(name, field.name, sender, port, draw(weights), lag))
    return Circuit(neurons, wires)


@given(circuit=circuits(), seed=st.integers(0, 99), more=st.integers(0, 2))
@examples(150)
def test_a_circuit_and_its_machine_agree_at_every_pace(circuit, seed, more):
    rng = np.random.default_rng(seed)
    inputs = {name: rng.integers(-3, 4, SAMPLES) / 2.0 for name in ("stream-a", "stream-b")}
    expected = simulated(circuit, inputs)
    assume(np.all(np.abs(expected) < 1e6))
    machine, pace = circuit.lowered(circuit.least_ticks() + more)
    np.testing.assert_allclose(run(machine, pace, inputs), expected, atol=1e-9)


def test_a_short_way_waits_for_a_long_one():
    """Parity through three norms, and the bit itself: a loop of three ticks a sample."""
    kinds = {"accum": "accum", "step": "less_or_equal", "one": "norm", "two": "norm", "six": "norm"}
    ends = {"stream-a": "stream", "stream-b": "stream", "const_1": "const_1"}
    neurons = {**ends, **kinds, "output": "output", "output-2": "output"}
    wires = [
        *(Wire(*port, "accum", "dict", lag=1) for port in (("accum", "dict-1"), ("step", "left"))),
        *(Wire(*port, "stream-a", "stream") for port in (("accum", "dict-1"), ("step", "left"))),
        Wire("step", "right", "const_1", "const_1", 1.5),
        Wire("accum", "dict-2", "step", "false-channel", -2.0),
        Wire("one", "dict", "accum", "dict"),
        Wire("two", "dict", "one", "norm"),
        Wire("six", "dict", "two", "norm"),
        Wire("output", "dict-1", "six", "norm"),
        Wire("output-2", "dict-1", "stream-a", "stream"),
    ]
    bits = np.random.default_rng(0).integers(0, 2, SAMPLES).astype(float)
    machine, pace = Circuit(neurons, wires).lowered()
    inputs = {"stream-a": bits, "stream-b": bits}
    np.testing.assert_array_equal(run(machine, pace, inputs), bits.cumsum() % 2)
    np.testing.assert_array_equal(run(machine, pace, inputs, "output-2"), bits)


@given(circuit=circuits(), seed=st.integers(0, 99), data=st.data())
@examples(150)
def test_all_sinks_answer_to_the_same_sample(circuit, seed, data):
    rng = np.random.default_rng(seed)
    inputs = {name: rng.integers(-3, 4, SAMPLES) / 2.0 for name in ("stream-a", "stream-b")}
    neuron = data.draw(st.sampled_from([n for n in circuit.neurons if n[0] == "n"]))
    field = data.draw(st.sampled_from(get_neuron_type(circuit.neurons[neuron]).writes)).name
    others = [wire for wire in circuit.wires if wire.neuron_in != "output"]
    expected = simulated(
        Circuit(circuit.neurons, [*others, Wire("output", "dict-1", neuron, field)]), inputs
    )
    assume(np.all(np.abs(expected) < 1e6))
    second = Wire("output-2", "dict-1", neuron, field)
    both = Circuit({**circuit.neurons, "output-2": "output"}, [*circuit.wires, second])
    machine, pace = both.lowered()
    found = run(machine, pace, inputs, "output-2")
    np.testing.assert_allclose(found, expected, atol=1e-9)


@given(circuit=circuits(), seed=st.integers(0, 99), cut=st.integers(1, SAMPLES - 1))
@examples(50)
def test_later_samples_change_no_earlier_answer(circuit, seed, cut):
    rng = np.random.default_rng(seed)
    inputs = {name: rng.standard_normal(SAMPLES) for name in ("stream-a", "stream-b")}
    other = {
        name: np.concatenate([values[:cut], rng.standard_normal(SAMPLES - cut)])
        for name, values in inputs.items()
    }
    machine, pace = circuit.lowered()
    one, two = run(machine, pace, inputs), run(machine, pace, other)
    np.testing.assert_array_equal(one[:cut], two[:cut])


@given(circuit=circuits(), more=st.integers(0, 2))
@examples(50)
def test_the_circuit_of_a_lowered_machine_is_the_circuit(circuit, more):
    machine, pace = circuit.lowered(circuit.least_ticks() + more)
    assert Pace.of_machine(machine) == pace

    def merged(wires):
        total = {}
        for wire in wires:
            key = (*wire[:4], wire.lag)
            total[key] = total.get(key, 0.0) + wire.weight
        return total

    hearing = {"stream-a", "stream-b"}
    for _ in circuit.neurons:
        hearing |= {wire.neuron_in for wire in circuit.wires if wire.neuron_out in hearing}

    def of_streams(wires):  # what hears no stream has no samples to belong to
        return {key: weight for key, weight in merged(wires).items() if key[2] in hearing}

    assert of_streams(Circuit.of(machine).wires) == of_streams(circuit.wires)


def test_relays_of_one_port_are_shared():
    wires = [Wire("output", "dict-1", "stream-x", "stream", 1.0, lag) for lag in (0, 1, 3)]
    machine, pace = Circuit({"stream-x": "stream", "output": "output"}, wires).lowered()
    assert pace == Pace(1, 1)
    assert len(machine.fixed) == 3 and len(machine.trainable) == 3


def test_times_do_not_depend_on_weights_nor_on_what_was_lowered_before():
    neurons = {"stream-x": "stream", "output": "output"}

    def lowered(weight):
        wires = [Wire("output", "dict-1", "stream-x", "stream", weight, lag) for lag in (0, 1, 3)]
        return Circuit(neurons, wires).lowered()

    (machine, pace), (other, other_pace) = lowered(2.0), lowered(0.5)
    assert other_pace == pace and other.metadata == machine.metadata
    assert other.trainable == 0.25 * machine.trainable
    machine.metadata["samples"]["ready"]["relay-1"] = 99  # a user's own business
    again, _ = lowered(2.0)
    assert again.metadata == other.metadata and again.trainable == machine.trainable


def test_an_accumulator_keeps_its_own_fixed_link():
    wires = [
        Wire("sum", "dict-2", "stream-x", "stream"),
        Wire("sum", "dict-1", "sum", "dict", 1.0, 1),
        Wire("output", "dict-1", "sum", "dict"),
    ]
    neurons = {"stream-x": "stream", "sum": "accum", "output": "output"}
    machine, pace = Circuit(neurons, wires).lowered()
    assert pace == Pace(1, 2)
    assert dict(machine.fixed.items()) == {("sum", "dict-1", "sum", "dict"): 1.0}


@pytest.mark.parametrize(
    ("wires", "message"),
    [
        ([Wire("output", "dict-1", "what", "dict")], "there is no neuron 'what'"),
        ([Wire("output", "dict-9", "a", "dict")], "'output' does not read 'dict-9'"),
        ([Wire("output", "dict-1", "a", "norm")], "'a' does not write 'norm'"),
        ([Wire("output", "dict-1", "a", "dict", 1.0, -1)], "the lag is -1 samples"),
        ([Wire("a", "dict-1", "a", "dict")], "wires without lag form a cycle"),
    ],
)
def test_what_is_no_circuit_is_refused(wires, message):
    with pytest.raises(ValueError, match=message):
        Circuit({"a": "accum", "output": "output"}, wires)


def test_too_few_ticks_are_refused():
    wires = [
        Wire("a", "dict-1", "b", "dict", 1.0, 1),
        Wire("b", "dict-1", "a", "dict"),
        Wire("output", "dict-1", "b", "dict"),
    ]
    circuit = Circuit({"a": "accum", "b": "accum", "output": "output"}, wires)
    assert circuit.least_ticks() == 2
    with pytest.raises(ValueError, match="ticks is 1; this circuit needs 2 at least"):
        circuit.lowered(1)
    assert pickle.loads(pickle.dumps(circuit)).lowered()[1] == circuit.lowered()[1]


# -------------------- without a wire --------------------


def counter_and_echo():
    """Two answers: a running sum through a norm, and the stream."""
    wires = [
        Wire("norm", "dict", "stream-x", "stream"),
        Wire("accum", "dict-2", "norm", "norm"),
        Wire("accum", "dict-1", "accum", "dict", lag=1),
        Wire("output", "dict-1", "accum", "dict"),
        Wire("output", "dict-2", "stream-x", "stream"),
    ]
    neurons = {"stream-x": "stream", "norm": "norm", "accum": "accum", "output": "output"}
    return Circuit(neurons, wires)


def test_without_a_wire_what_reaches_no_answer_is_gone():
    circuit = counter_and_echo()
    less = circuit.without(circuit.wires[3])
    assert dict(less.neurons) == {"stream-x": "stream", "output": "output"}
    assert less.wires == (circuit.wires[4],)
    assert less.without(less.wires[0]) is None


def test_without_a_wire_the_rest_stays():
    circuit = counter_and_echo()
    less = circuit.without(circuit.wires[2])
    assert dict(less.neurons) == dict(circuit.neurons)
    assert less.wires == tuple(wire for wire in circuit.wires if wire is not circuit.wires[2])


@given(circuit=circuits(), data=st.data())
@examples(50)
def test_without_is_a_circuit_with_fewer_wires(circuit, data):
    assume(circuit.wires)
    wire = data.draw(st.sampled_from(circuit.wires))
    less = circuit.without(wire)
    if less is None:
        assert all(other is wire for other in circuit.wires if other.neuron_in == "output")
        return
    assert sum(other is wire for other in less.wires) == 0
    assert len(less.wires) < len(circuit.wires)
    read = {other.neuron_out for other in less.wires}
    for name, kind in less.neurons.items():  # whatever is there is heard, or is a stream
        assert name in read or name == "output" or get_neuron_type(kind).is_source
