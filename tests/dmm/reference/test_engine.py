"""The reference engine: strokes, errors that name the place, kinds, growth, inner machines."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import vvalues as vv
from dmm import (
    Field,
    Machine,
    Session,
    compile_machine,
    declare_coercion,
    machine_neuron,
    neuron_type,
    run,
    streams_from_trees,
    text_streams,
    zoo,
)
from dmm.neurons import Sum
from dmm.reference.engine import (
    active_neurons,
    down_movement,
    network_matrix,
    two_stroke_cycle,
    up_movement,
)
from vvalues import VValue


def test_a_cycle_is_down_then_up():
    detector = zoo.duplicate_detector()
    outputs = VValue({"accum": {"dict": {"a": 2.0}}, "input": {"char": {"a": 1.0}}})
    inputs = down_movement(detector.matrix, outputs)
    assert inputs["norm", "dict"] == VValue({"a": 2.0})
    after = up_movement(detector, inputs, {})
    assert after["accum", "dict"] == VValue({"a": 3.0})
    assert two_stroke_cycle(detector, detector.matrix, outputs, {}) == (inputs, after)


def test_runs_need_a_length():
    with pytest.raises(ValueError, match="ticks is missing"):
        run(zoo.duplicate_detector())
    assert len(run(zoo.duplicate_detector(), text_streams("a", 9), 4).inputs) == 4


# -------------------- errors --------------------


def test_a_shape_that_does_not_fit_names_tick_and_link():
    machine = zoo.machine_of(
        {"x": "stream", "y": "stream", "norm": "norm"},
        trainable="norm.dict <- x.stream\nnorm.dict <- y.stream",
    )
    one, other = VValue({"a": np.ones(2)}), VValue({"a": np.ones(3)})
    sources = {"x": [one], "y": [other]}
    outputs = up_movement(machine, VValue(), sources)
    with pytest.raises(
        ValueError, match=r"down movement at tick 1: .*\(3,\).*y/stream/a.*norm/dict/a"
    ):
        two_stroke_cycle(machine, machine.matrix, outputs, sources, (), 1)


def test_an_activation_that_fails_names_neuron_type_and_tick():
    machine = zoo.machine_of(
        {"x": "stream", "y": "stream", "sum": "accum"},
        trainable="sum.dict-1 <- x.stream\nsum.dict-2 <- y.stream",
    )
    outputs = up_movement(
        machine, VValue(), {"x": [VValue({"a": np.ones(2)})], "y": [VValue({"a": np.ones(3)})]}
    )
    with pytest.raises(ValueError, match=r"neuron 'sum' \(accum\) at tick 0: .*a"):
        two_stroke_cycle(machine, machine.matrix, outputs, {})


def test_an_undeclared_output_is_refused():
    @neuron_type("leaky-for-test", writes=["dict"])
    def leaky(inputs):
        return {"dict": 1.0, "drip": 1.0}

    machine = Machine({"n": "leaky-for-test"})
    with pytest.raises(ValueError, match=r"'n' .* emits the field 'drip'; its type declares dict"):
        run(machine, ticks=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"initial": VValue({"accum": 1.0})}, "accum has 1 keys; expected neuron / field"),
        ({"initial": VValue({"foo": {"dict": 1.0}})}, "names the neuron 'foo'"),
        ({"initial": VValue({"accum": {"norm": 1.0}})}, r"'accum' \(accum\) writes dict"),
        ({"matrix_port": ("foo", "dict")}, "matrix_port foo/dict: the machine has no neuron"),
        ({"matrix_port": ("accum", "foo")}, r"matrix_port accum/foo: 'accum' .* writes dict"),
        (
            {"trainable": VValue({"accum": {"dict-1": {"accum": {"dict": np.ones(2)}}}})},
            r"accum/dict-1/accum/dict is an array of shape \(2,\); a link has one number",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Machine({"accum": "accum"}, **options)


# -------------------- initial outputs --------------------


def test_initial_outputs_are_read_at_the_first_tick():
    machine = Machine(
        {"accum": "accum", "output": "output"},
        trainable=zoo.links("accum.dict-1 <- accum.dict 0.5\noutput.dict-1 <- accum.dict"),
        initial=VValue({"accum": {"dict": {vv.NUMBER: 8.0, "a": 4.0}}}),
    )
    seen = [inputs["output", "dict-1", "a"] for inputs in run(machine, ticks=3).inputs]
    assert seen == [4.0, 2.0, 1.0]
    streams = streams_from_trees({"nobody": [[VValue()] * 3]})
    values = compile_machine(machine)(machine.trainable, streams)
    assert values[0, :, 0].tolist() == [8.0, 4.0, 2.0]


def test_a_superfluid_neuron_keeps_its_function_until_a_link_changes_it():
    mixture = "superfluid(identity,square)"
    machine = zoo.machine_of(
        {
            "x": "stream",
            "functions": "functions(identity,square)",
            "cell": mixture,
            "other": mixture,
        },
        fixed="cell.:function <- cell.:function\nother.:function <- other.:function",
        trainable="""
            cell.:function <- functions.identity 2
            other.:function <- functions.square 3
            cell.dict <- x.stream
        """,
    )
    session = Session(machine)
    session.default("x", {"a": 5.0})
    session.step(4)
    assert session["cell", "dict", "a"] == 10.0
    assert session["cell", ":function"] == VValue({"identity": 2.0})
    copy = zoo.links("cell.:function <- other.:function")
    session.send(copy)
    session.step()
    session.send(-copy)  # the link was there for one tick: the cell is now 2 x + 3 x**2
    session.step(3)
    assert session["cell", ":function"] == VValue({"identity": 2.0, "square": 3.0})
    assert session["cell", "dict", "a"] == 10.0 + 75.0


# -------------------- kinds --------------------


@pytest.fixture(scope="module")
def metres():
    """A kind of its own, with a source and a sink."""

    @neuron_type("ruler-for-test", writes=[Field("length", kind="metres for test")])
    def ruler(inputs):
        return {"length": 2.0}

    @neuron_type(
        "feet-for-test",
        reads=[Field("length", kind="feet for test")],
        writes=["dict"],
        kernel=Sum(),
    )
    def feet(inputs):
        return {"dict": inputs.subtree("length")}


def test_streams_of_different_kinds_do_not_mix_unless_declared(metres):
    neurons = {"ruler": "ruler-for-test", "feet": "feet-for-test", "norm": "norm"}
    with pytest.raises(
        ValueError, match=r"norm/dict/ruler/length leads from .*'metres for test'.*'tree'"
    ):
        Machine(neurons, zoo.links("norm.dict <- ruler.length"))
    link = zoo.links("feet.length <- ruler.length 0.5")
    with pytest.raises(ValueError, match="declare_coercion"):
        Machine(neurons, link)
    declare_coercion("metres for test", "feet for test", lambda tree: 3.0 * tree)
    machine = Machine(neurons, link + zoo.links("norm.dict <- feet.dict"))
    assert run(machine, ticks=2).outputs[-1]["feet", "dict"] == 3.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        program = compile_machine(machine, [("norm", "dict")])
    assert program.engine == "reference"
    assert "feet/length/ruler/length is coerced" in str(caught[0].message)


def test_coercions_are_declared_once(metres):
    with pytest.raises(ValueError, match="need no coercion"):
        declare_coercion("tree", "tree", lambda tree: tree)
    declare_coercion("a for test", "b for test", abs)
    declare_coercion("a for test", "b for test", abs)
    with pytest.raises(ValueError, match="declared already"):
        declare_coercion("a for test", "b for test", len)


# -------------------- growth --------------------


def test_only_neurons_with_a_row_are_active_where_the_machine_holds_its_matrix():
    machine = zoo.editable({"accum-1": "accum", "const_1": "const_1"})
    active = active_neurons(machine, machine.matrix)
    assert set(active) == {"self", "direct", "const_1"}
    grown = machine.matrix + zoo.links("norm-7.dict <- const_1.const_1 0")
    assert active_neurons(machine, grown)["norm-7"] == "norm"  # a row of weight 0 is a row
    assert active_neurons(zoo.duplicate_detector(), VValue()) == dict(
        zoo.duplicate_detector().neurons
    )


def test_unconnected_neurons_cost_nothing():
    machine = zoo.editable({f"accum-{k}": "accum" for k in range(50)})
    assert set(run(machine, ticks=3).outputs[-1].support.paths) == {
        (("self", "single", *path)) for path in machine.matrix
    }


def test_the_matrix_is_external_or_an_output():
    wave, detector = zoo.wave(), zoo.duplicate_detector()
    assert network_matrix(detector, VValue()) == detector.matrix
    assert network_matrix(wave, VValue({"self": {"single": {"a": 1.0}}})) == VValue({"a": 1.0})


# -------------------- a machine as a neuron --------------------


def test_a_hierarchical_neuron_runs_its_machine_in_its_own_time():
    inner = zoo.machine_of(
        {"in": "stream", "sum": "accum", "output": "output"},
        fixed="sum.dict-1 <- sum.dict",
        trainable="sum.dict-2 <- in.stream\noutput.dict-1 <- sum.dict",
    )
    machine_neuron(
        "four times for test",
        inner,
        reads={"dict": "in"},
        writes={"dict": ("output", "dict-1")},
        inner_ticks=4,
    )
    outer = zoo.machine_of(
        {"x": "stream", "sum": "four times for test", "output": "output"},
        fixed="sum.:state <- sum.:state",
        trainable="sum.dict <- x.stream 2\noutput.dict-1 <- sum.dict",
    )
    streams = streams_from_trees({"x": [[VValue({vv.NUMBER: 1.0})] * 5]})
    with pytest.warns(UserWarning, match="without a vectorised kernel: four times for test"):
        program = compile_machine(outer)
    values = program(outer.trainable, streams)[0, :, 0]
    # One outer tick is four inner ones: the inner output lags two inner ticks behind its input.
    assert values.tolist() == [0, 0, 4, 12, 20]


def test_an_inner_machine_may_edit_itself():
    machine_neuron(
        "wave for test", zoo.wave(), reads={}, writes={"row": ("self", "accum")}, inner_ticks=2
    )
    machine = zoo.machine_of({"n": "wave for test"}, fixed="n.:state <- n.:state")
    rows = [tree.subtree(("n", "row", "self", "delta")) for tree in run(machine, ticks=3).outputs]
    places = [[path[0] for path, leaf in row.items() if leaf] for row in rows]
    assert places == [["update-2"], ["update-1"], ["update-3"]]
