"""Sample equations: what operations look like, and what things are called."""

from __future__ import annotations

import pytest

from dmm.machine.circuits import Circuit, Wire
from dmm.show.algebra import sample_equations

SOURCES = {"stream-x": "stream", "stream-y": "stream", "const_1": "const_1", "output": "output"}
Y = {("output", "dict-1"): "y"}


def said(types, wires, names=Y):
    return sample_equations(Circuit({**SOURCES, **types}, [Wire(*wire) for wire in wires]), names)


def of_one(kind, port, *inputs):
    """The equation of one neuron that the output reads."""
    wires = [("n", *wire) for wire in inputs]
    return said({"n": kind}, [*wires, ("output", "dict-1", "n", port)])


X, OTHER, ONE = ("stream-x", "stream"), ("stream-y", "stream"), ("const_1", "const_1")


@pytest.mark.parametrize(
    ("kind", "port", "inputs", "expected"),
    [
        ("norm", "norm", [("dict", *X)], "y = max_norm(x)"),
        ("compare", "true", [("dict-1", *X)], "y = relu(x)"),
        ("compare", "true", [("dict-1", *X), ("dict-2", *OTHER)], "y = relu(x - y2)"),
        ("compare", "true", [("dict-1", *X, -1.0)], "y = relu(-x)"),
        ("dot", "dot", [("dict-1", *X), ("dict-2", *OTHER)], "y = clip4(<x, y2>)"),
        ("dot_free", "dot", [("dict-1", *X), ("dict-2", *OTHER)], "y = <x, y2>"),
        ("less_or_equal", "false-channel", [("left", *X), ("right", *ONE, 2.5)], "y = (x > 2.5)"),
        ("less_or_equal", "true-channel", [("left", *X), ("right", *ONE, 2.5)], "y = (x <= 2.5)"),
        (
            "multiplexer",
            "dict",
            [("gate", *OTHER), ("dict-1", *X), ("dict-2", *ONE, 2.0)],
            "y = (x if y2 else 2)",
        ),
    ],
)
def test_what_one_neuron_looks_like(kind, port, inputs, expected):
    assert of_one(kind, port, *inputs) == expected


@pytest.mark.parametrize(
    ("kind", "port", "inputs", "expected"),
    [
        ("accum", "dict", [("dict-2", *X), ("dict-1", "n", "dict", 1.0, 1)], "y = y[t-1] + x"),
        (
            "accum",
            "dict",
            [("dict-2", *X, 0.1), ("dict-1", "n", "dict", 0.9, 1)],
            "y = 0.9 y[t-1] + 0.1 x",
        ),
        (
            "multiplexer",
            "dict",
            [("gate", *OTHER), ("dict-1", *X), ("dict-2", "n", "dict", 1.0, 1)],
            "y = (x if y2 else y[t-1])",
        ),
        (
            "running_max",
            "best",
            [("number", *X), ("best", "n", "best", 1.0, 1)],
            "y = max(x, y[t-1])",
        ),
        (
            "cells(9)",
            "number",
            [
                *[("number", *X), ("to", *OTHER), ("from", *ONE, 3.0)],
                ("cells", "n", "cells", 1.0, 1),
            ],
            "y = cells[y2 <- x][3]",
        ),
    ],
)
def test_memories_refer_to_the_sample_before(kind, port, inputs, expected):
    assert of_one(kind, port, *inputs) == expected


# -------------------- sums and lags --------------------


def test_lags_are_samples():
    wires = [
        ("output", "dict-1", *X, weight, lag) for weight, lag in ((1.0, 0), (-1.0, 1), (0.5, 4))
    ]
    assert said({}, wires) == "y = x - x[t-1] + 0.5 x[t-4]"


def test_constants_are_numbers():
    assert (
        said({}, [("output", "dict-1", *X, 2.0), ("output", "dict-1", *ONE, -3.0)]) == "y = 2 x - 3"
    )
    assert said({}, [("output", "dict-1", *ONE, 0.25)]) == "y = 0.25"


def test_a_constant_of_some_samples_ago_says_since_when_it_is_there():
    wires = [("output", "dict-1", *X), ("output", "dict-1", *ONE, -2.0, 3)]
    assert said({}, wires) == "y = x - 2 (t >= 3)"
    held = [("n", "gate", *ONE, 1.0, 13), ("n", "dict-1", *X), ("output", "dict-1", "n", "dict")]
    assert said({"n": "multiplexer"}, held) == "y = (x if (t >= 13) else 0)"


def test_what_is_read_twice_is_written_once():
    wires = [
        ("n", "dict", *X),
        ("p", "dict-1", "n", "norm"),
        ("p", "dict-2", "n", "norm"),
        ("output", "dict-1", "p", "dot"),
    ]
    lines = said({"n": "norm", "p": "dot_free"}, wires).split("\n")
    assert lines == ["m = max_norm(x)", "y = <m, m>"]


def test_nothing_is_read_before_it_is_made():
    wires = [
        ("last", "dict", "first", "norm"),
        ("last", "dict", "first", "norm", 1.0, 1),
        ("first", "dict", *X),
        ("output", "dict-1", "last", "norm"),
        ("output", "dict-2", "first", "norm"),
    ]
    names = {("output", "dict-1"): "one", ("output", "dict-2"): "two"}
    lines = said({"last": "norm", "first": "norm"}, wires, names).split("\n")
    assert lines == ["two = max_norm(x)", "one = max_norm(two + two[t-1])"]


def test_long_expressions_get_a_line_of_their_own():
    many = [("n", "dict", *X, 1.0, lag) for lag in range(12)]
    lines = said({"n": "norm"}, [*many, ("output", "dict-1", "n", "norm")]).split("\n")
    assert len(lines) == 2
    assert lines[1] == "y = m"


# -------------------- names --------------------


def test_names_of_streams_are_kept_and_neurons_give_way():
    """A stream that is called as an accumulator would be keeps its name."""
    names = {("output", "dict-1"): "y", ("output", "dict-2"): "twice"}
    wires = [
        Wire("accum", "dict-2", "stream-a", "stream"),
        Wire("accum", "dict-1", "accum", "dict", 1.0, 1),
        Wire("output", "dict-1", "accum", "dict", 1.0, 1),
        Wire("output", "dict-2", "accum", "dict", 2.0),
    ]
    circuit = Circuit({"stream-a": "stream", "accum": "accum", "output": "output"}, wires)
    lines = sample_equations(circuit, names).split("\n")
    assert lines == ["a2 = a2[t-1] + a", "y = a2[t-1]", "twice = 2 a2"]


def test_a_stream_that_is_called_as_the_answer_gives_way():
    assert said({}, [("output", "dict-1", *OTHER)]) == "y = y2"


def test_names_that_are_given_are_used():
    names = {("output", "dict-1"): "pressure", ("stream-x", "stream"): "valve"}
    assert said({}, [("output", "dict-1", *X, 2.0, 1)], names) == "pressure = 2 valve[t-1]"
    assert said({}, [("output", "dict-1", *X)], None) == "output.dict-1 = x"


def test_names_that_are_given_are_not_changed():
    names = dict(Y)
    said({}, [("output", "dict-1", *X)], names)
    assert names == Y


def test_two_neurons_never_share_a_name():
    wires = [
        Wire("a", "dict-2", "stream-x", "stream"),
        Wire("a", "dict-1", "a", "dict", 1.0, 1),
        Wire("b", "dict-2", "a", "dict"),
        Wire("b", "dict-1", "b", "dict", 0.5, 1),
        Wire("output", "dict-1", "b", "dict"),
    ]
    circuit = Circuit({"stream-x": "stream", "a": "accum", "b": "accum", "output": "output"}, wires)
    lines = sample_equations(circuit, Y).split("\n")
    assert lines == ["a = a[t-1] + x", "y = 0.5 y[t-1] + a"]
    read_later = (*circuit.wires[:4], Wire("output", "dict-1", "b", "dict", 1.0, 1))
    lines = sample_equations(Circuit(circuit.neurons, read_later), Y).split("\n")
    assert lines == ["a = a[t-1] + x", "a2 = 0.5 a2[t-1] + a", "y = a2[t-1]"]


def test_two_answers_that_are_the_same_have_a_line_each():
    names = {("output", "dict-1"): "one", ("output", "dict-2"): "two"}
    wires = [
        ("n", "dict-2", *X),
        ("n", "dict-1", "n", "dict", 1.0, 1),
        ("output", "dict-1", "n", "dict"),
        ("output", "dict-2", "n", "dict"),
    ]
    lines = said({"n": "accum"}, wires, names).split("\n")
    assert lines == ["one = one[t-1] + x", "two = one"]


def test_the_same_circuit_reads_the_same():
    circuits = [
        Circuit(SOURCES, [Wire("output", "dict-1", *X), Wire("output", "dict-1", *OTHER, -1.0)])
        for _ in range(2)
    ]
    one, other = (sample_equations(circuit, Y) for circuit in circuits)
    assert one == other
