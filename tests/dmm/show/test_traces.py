"""Traces of streams as arrays and tables."""

from __future__ import annotations

import numpy as np
import pytest

from dmm import Machine, neuron_type, run, text_streams
from dmm.show.traces import trace, trace_table
from dmm.zoo import duplicate_detector
from tests.dmm.show.rendered import hostile_machine, published_machine

TABLE = """\
tick  accum/dict                    output/dict-2
                     .        a        :number
   1      0          0        0           0
   2      0          0        1           0
  12      1          0        1           0
  22      1          1        1           0
  24      1          1        1           1
  32      1          2        1           1
  34      1          2        1           2"""


def test_the_handcrafted_machine_has_its_published_trace():
    streams = text_streams("test string.", 155)
    values = trace(duplicate_detector(), streams, "output/dict-1")
    assert values.is_input and values.keys == ((),) and values.ticks == 155
    assert values.key_labels == [":number"]
    assert (1 + np.flatnonzero(np.diff(values.values[:, 0], prepend=0.0))).tolist() == [
        35,
        65,
        145,
        155,
    ]
    assert values.label == "output/dict-1 of duplicate-detector on 'test string.'"


def test_keys_are_columns():
    values = trace(duplicate_detector(), text_streams("ab", 15), ("accum", "dict"))
    assert values.keys == (("a",), ("b",))
    assert values.values[-1].tolist() == [1.0, 1.0]
    assert values.values[1].tolist() == [1.0, 0.0]


def test_the_table():
    text = trace_table(
        duplicate_detector(), text_streams("a .", 34), ["accum/dict", "output/dict-2"]
    )
    assert text.replace("' '", "   ") == TABLE


def test_all_ticks_on_request_and_long_tables_are_cut():
    streams = text_streams("abc", 30)
    text = trace_table(duplicate_detector(), streams, ["output/dict-1"], changes_only=False)
    assert len(text.split("\n")) == 2 + 30
    text = trace_table(
        duplicate_detector(), text_streams("abc", 100), ["output/dict-1"], changes_only=False
    )
    assert text.endswith("… 40 more lines")


def test_many_keys_are_cut():
    streams = text_streams("abcdefghijklmnopqrst", 100, period=1)
    assert "… 8 more keys" in trace_table(duplicate_detector(), streams, ["accum/dict"])


def test_a_trace_prints_as_its_table():
    values = trace(duplicate_detector(), text_streams("aa", 16), "norm/norm")
    assert str(values).split("\n")[-1].split() == ["13", "2"]


def test_traces_are_those_of_the_reference_engine():
    streams = text_streams(["x", "tea."], 25, period=3)
    values = trace(published_machine(), streams, "norm-2-1/norm", string=1)
    expected = run(published_machine(), streams, string=1).outputs
    found = [tree.get(("norm-2-1", "norm", ":number")) for tree in expected]
    np.testing.assert_array_equal(values.values[:, 0], found)


def test_a_field_of_both_sides_can_be_chosen():
    streams = text_streams("a", 5)
    out = trace(duplicate_detector(), streams, "timer/timer")
    read = trace(duplicate_detector(), streams, "timer/timer", side="input")
    assert out.values[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert read.values[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_silence_is_a_trace_too():
    values = trace(duplicate_detector(), text_streams("a", 1), "accum/dict")
    assert values.keys == ()
    assert str(values).split("\n")[-1].split() == ["1", "0"]


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ("nobody/x", r"expected 'neuron/field' with a neuron of this machine \(timer, input"),
        ("norm", "expected 'neuron/field'"),
        ("norm/false", "'norm' reads dict and writes norm"),
    ],
)
def test_unknown_ports_are_named(port, message):
    with pytest.raises(ValueError, match=message):
        trace(duplicate_detector(), text_streams("a", 3), port)


def test_an_unknown_side_is_refused():
    with pytest.raises(ValueError, match="side is 'left'; expected 'input' or 'output'"):
        trace(duplicate_detector(), text_streams("a", 3), "norm/norm", side="left")


def test_hostile_names_print_on_one_line():
    machine = hostile_machine()
    ports = [(name, "dict") for name in machine.neurons if name not in ("input", "output")]
    text = trace_table(machine, text_streams("a\n", 12, period=2), ports)
    assert all(line.isprintable() for line in text.split("\n"))


@neuron_type("test-array", writes=["array"])
def array(inputs):
    from vvalues import VValue

    return {"array": VValue({"a": np.ones(3)})}


def test_streams_of_arrays_are_refused():
    machine = Machine({"x": "test-array"})
    with pytest.raises(ValueError, match="x/array carries an array at a; a trace shows scalar"):
        trace(machine, None, "x/array", ticks=2)
