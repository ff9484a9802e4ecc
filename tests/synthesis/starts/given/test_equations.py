"""Equations read back are the circuits that they were written of."""

from __future__ import annotations

import numpy as np
import pytest

from dmm.show.algebra import sample_equations
from synthesis.starts.given import circuit_of_equations
from synthesis.starts.given.expressions import Apply, Name, Number, Sum, parsed
from tests.synthesis.samples import said, strings_of

ANSWER = {("output", "dict-1"): "y"}


@pytest.mark.parametrize(
    "text",
    [
        "y = x",
        "y = 0.5 x[t-3] - x + 2",
        "y = y[t-1] + x",
        "y = -y[t-2] + 2 y[t-1] + x - 1",
        "y = max_norm(max_norm(x + x[t-1] + x[t-2] - 1) - 1)",
        "s = (x + z + s[t-1] > 1.5)\ny = s[t-1] + x + z - 2 s",
        "y = max(x, y[t-1])",
        "y = <x, z>",
        "y = clip4(<x, z>)",
        "m = max_norm(x)\ny = m - 3 (m <= 1.5) + (m > z)",
        "y = (0 if z else x + y[t-1])",
        "a = a[t-1] - 2 x + 1\nm = max((0 > a), m[t-1])\ny = (0 if (a > 0) else 1 - m)",
        "a = a[t-1] + z[t-1]\nr = relu(1 - 2 a + r[t-1])\ny = cells[r[t-1] + 1 <- x][r]",
        "y = -4 y[t-1] - 4 x + 5 relu(x + y[t-1]) - 5 relu(x + y[t-1] - 4)",
    ],
)
def test_what_is_read_is_written_again(text):
    circuit = circuit_of_equations(text, ["x", "z"], ["y"])
    assert sample_equations(circuit, ANSWER) == text


def answered(text, outputs=("y",), **streams):
    circuit = circuit_of_equations(text, list(streams), list(outputs))
    nothing = [np.zeros((1, len(next(iter(streams.values())))))] * len(outputs)
    strings = strings_of({name: [values] for name, values in streams.items()}, *nothing)
    return said(circuit, strings)[:, 0].tolist()


def test_what_is_read_answers_as_it_says():
    x, z = [1.0, -2.0, 3.0, 0.0], [0.0, 1.0, 1.0, 0.0]
    assert answered("y = 2 * x / 4 + abs(x)", x=x) == [[1.5, 1.0, 4.5, 0.0]]
    assert answered("y = max(x, z)", x=x, z=z) == [[1.0, 1.0, 3.0, 0.0]]
    assert answered("y = (x <= z)", x=x, z=z) == [[0.0, 1.0, 0.0, 1.0]]
    assert answered("y = (x if z else z[t-1])", x=x, z=z) == [[0.0, -2.0, 3.0, 1.0]]
    assert answered("half = x - z\ny = half + half[t-1]", x=x, z=z) == [[1.0, -2.0, -1.0, 2.0]]


def test_names_may_be_read_before_they_are_made():
    both = "a = b[t-1] + x\nb = a[t-1] - 1"
    assert answered(both, ["a", "b"], x=[1.0, 1.0, 1.0]) == [[1.0, 0.0, 1.0], [-1.0, 0.0, -1.0]]


def test_numbers_multiply_and_add_up():
    assert parsed("y = 2 3 x - 4 2")["y"] == Sum(((6.0, Name("x")), (-8.0, Number(1.0))))
    assert parsed("y = (a > 2 b[t-1])")["y"] == Apply(">", (Name("a"), Sum(((2.0, Name("b", 1)),))))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x + 1", "expected 'name = expression'"),
        ("y = x\ny = x", "'y' has an equation already"),
        ("y = x z", "a product of two streams is written <one, other>"),
        ("y = x / z", "divided by a number other than 0 only"),
        ("y = x / 0", "divided by a number other than 0 only"),
        ("y = sin(x)", "no function is called 'sin'; known: relu"),
        ("y = max(x)", "max takes 2 arguments"),
        ("y = (x", "expected '\\)' before the end"),
        ("y = x ? 2", "'\\?' has no meaning here"),
        ("y = x) + 1", "'\\)' was not expected"),
        ("y = + x", "expected a number or a name before '\\+'"),
        ("y = w", "nothing is called 'w'; there are x, z"),
        ("x = z", "that is a stream"),
        ("a = b + 1\nb = a + 1\ny = b", "in the same sample|form a cycle"),
        ("y = clip4(x)", "clip4 is of a product"),
    ],
)
def test_what_cannot_be_read_is_said(text, message):
    with pytest.raises(ValueError, match=message):
        circuit_of_equations(text, ["x", "z"], ["y"])
