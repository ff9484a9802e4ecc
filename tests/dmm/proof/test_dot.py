"""Automata are read from the graphs that other programs write."""

from __future__ import annotations

import numpy as np
import pytest

from dmm.machine import Circuit, Wire
from dmm.proof import automaton_from_dot, prove

MEALY = """
digraph learned {
s0 [label="s0"];
s1 [label="s1"];
s0 -> s0  [label="0/0"];
s0 -> s1  [label="1/1"];
s1 -> s1  [label="0/1"];
s1 -> s0  [label="1/0"];
__start0 [label="", shape=none];
__start0 -> s0  [label=""];
}
"""

MOORE = """digraph { // numbers of ones modulo two
  a [label="even|0"]; b [label="odd|1"];
  a -> a [label=0] a -> b [label=1] b -> b [label=0] b -> a [label=1]
}"""

ACCEPTOR = """digraph { rankdir=LR; node [shape=circle];
  "q 1" [shape=doublecircle];
  start -> "q 0";  /* no label */
  "q 0" -> "q 0" [label="0"]; "q 0" -> "q 1" [label="1"];
  "q 1" -> "q 1" [label="0"]; "q 1" -> "q 0" [label="1"];
}"""


def run(automaton, string):
    state, answers = automaton.start, []
    for symbol in string:
        state, answer = automaton.step(state, symbol)
        answers.append(answer)
    return answers


@pytest.mark.parametrize("text", [MEALY, MOORE, ACCEPTOR])
def test_all_ways_to_draw_an_automaton_are_read(text):
    bits = np.random.default_rng(0).integers(0, 2, 30).astype(float)
    assert run(automaton_from_dot(text), bits) == (bits.cumsum() % 2).tolist()


def test_a_machine_is_proved_to_be_a_graph():
    wires = [
        Wire("norm", "dict", "stream-x", "stream"),
        Wire("norm", "dict", "norm", "norm", -1.0, 1),
        Wire("output", "dict-1", "norm", "norm"),
    ]
    parity = Circuit({"stream-x": "stream", "norm": "norm", "output": "output"}, wires)
    for text, verdict in ((MEALY, "proved"), (MEALY.replace("1/0", "1/1"), "refuted")):
        proof = prove(parity, automaton_from_dot(text), {"stream-x": [0.0, 1.0]})
        assert proof.verdict == verdict


def test_it_begins_where_it_is_said_to_begin():
    edges = 'a -> b [label="1/0"]; b -> a [label="1/1"];'
    assert automaton_from_dot(f"digraph {{ {edges} }}").start == "a"
    assert automaton_from_dot(f"digraph {{ here -> b; {edges} }}").start == "b"


def test_several_numbers_are_several_streams_or_answers():
    found = automaton_from_dot('digraph { a -> a [label="(1, -2.5)/0, 3"]; }')
    assert found.step("a", 1.0, -2.5) == ("a", (0.0, 3.0))
    assert found.step("a", 1.0, 1.0) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no edge with a label"),
        ("digraph { a -> b; }", "no edge with a label"),
        ('digraph { a -> b [label="x/0"]; }', "edge a -> b: 'x' is no number"),
        ('digraph { a -> b [label="1/y"]; }', "edge a -> b, answer: 'y' is no number"),
        (
            'digraph { a -> a [label="1/0"]; a -> b [label="1/1"]; }',
            "state 'a': the input 1 leads to two states",
        ),
    ],
)
def test_what_is_no_automaton_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        automaton_from_dot(text)
