"""Equations in LaTeX: golden texts, and that whatever a machine holds can be set."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dmm import Machine, get_neuron_type, run
from dmm.machine import fixed_links
from dmm.machine.streams import Streams
from dmm.show import equations, to_latex
from tests.dmm.machines import library_types
from tests.dmm.show.rendered import MACHINES, exact_machines
from tests.marks import thorough
from vvalues.core.tree import from_leaves

PUBLISHED = r"""
\begin{align*}
a(t) &= \sum_{s \leq t} 0.761\,\mathrm{char}(s-1) \\
m(t) &= \left\Vert 0.680\,a(t-1) - 0.504\,\mathrm{char}(t-1)\right\Vert_{\infty} \\
d(t) &= \operatorname{clip}_{4}\left\langle 0.685\,a(t-1) + 0.518\,\mathrm{char}(t-1),\, 1.290\,\mathrm{eos}(t-1)\right\rangle \\
\mathrm{output.dict{-}1}(t) &= -1.257\,\max\left(0,\, 0.790 - 0.508\,m(t-2)\right) + 1.070\,\max\left(0,\, 1.203\,m(t-2)\right) && (t \geq 4) \\
\mathrm{output.dict{-}2}(t) &= 1.086\,\max\left(0,\, 1.369\,d(t-2)\right)
\end{align*}"""  # noqa: E501

SMALL_RECURRENT = r"""
\begin{align*}
a_{1}(t) &= a_{1}(t-1) - 0.500\,a_{2}(t-1) + \mathrm{stream}(t-1) \\
a_{2}(t) &= 0.250\,a_{1}(t-1) \\
m(t) &= \left\Vert 2\,a_{2}(t-1)\right\Vert_{\infty} \\
a_{3}(t) &= 0.900\,a_{3}(t-1) + 0.100\,\mathrm{const\_1}(t-1) \\
\mathrm{output.dict{-}1}(t) &= m(t-1) \\
\mathrm{output.dict{-}2}(t) &= -3\,a_{3}(t-1)
\end{align*}"""


@pytest.mark.parametrize(
    ("name", "text"), [("published", PUBLISHED), ("small recurrent", SMALL_RECURRENT)]
)
def test_golden_texts(name, text):
    assert to_latex(MACHINES[name]()).endswith(text)
    assert MACHINES[name]().latex() == to_latex(MACHINES[name]())


def test_what_symbols_mean_and_how_they_were_checked_stands_in_comments():
    comments = [line[2:] for line in to_latex(MACHINES["published"]()).splitlines() if "% " in line]
    assert comments[0] == "char : input.char, input stream"
    assert comments[-1].startswith("checked on random streams: largest relative difference")


def one_of(name: str) -> Machine:
    """A neuron of a type, everything that it reads and writes in use."""
    kind = get_neuron_type(name)
    links = {
        ("n", field.name, "stream", "stream"): 2e-5 if i else -0.5
        for i, field in enumerate(kind.reads)
    }
    for field in kind.writes:
        links["output", "dict-1", "n", field.name] = 1.0
    neurons = {"stream": "stream", "n": name, "output": "output"}
    return Machine(neurons, from_leaves(fixed_links(neurons)), from_leaves(links))


def rendered_without_error(latex: str) -> int:
    """Lines of an ``align*`` environment that matplotlib could set; it knows no alignment."""
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("path")
    body = latex.partition("\\begin{align*}\n")[2].partition("\n\\end{align*}")[0]
    lines = [line.replace("&", "") for line in body.split(" \\\\\n")]
    for line in lines:
        parser.parse(f"${line}$")
    return len(lines)


SEVERAL = ("accum", "compare", "dot", "event_list", "linear_combination", "plasticity", "cells(2)")


@pytest.mark.parametrize(
    "name",
    [*SEVERAL, *thorough("delay(2)", *(n for n in library_types() if n not in SEVERAL))],
)
def test_equations_of_every_type_can_be_set(name):
    latex = to_latex(one_of(name))
    if "no equations" not in latex:
        assert rendered_without_error(latex)


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_can_be_set_and_has_as_many_equations_as_in_text(name):
    machine = MACHINES[name]()
    latex = to_latex(machine)
    assert all(line.startswith("%") for line in latex.partition("\\begin")[0].splitlines())
    if name in ("empty", "no links", "dense", "recurrent"):
        assert latex.startswith("% no equations") and "\n" not in latex
        return
    assert rendered_without_error(latex) == len(
        re.findall(r"^\S.* = ", equations(machine).partition("\n\n")[0], re.MULTILINE)
    )


@pytest.mark.thorough
def test_a_large_machine_is_written_if_asked():
    machine = MACHINES["recurrent"]()
    assert rendered_without_error(to_latex(machine, limit=None)) > 5


# -------------------- computed --------------------

KEYS = ((), ("a",), (".",))
SYNTAX = (
    (r"\left\Vert ", "norm("),
    (r"\right\Vert_{\infty}", ")"),
    (r"\operatorname{clip}_{4}\left\langle ", "clip("),
    (r"\right\rangle", ")"),
    (r"\max\left(0,\, ", "relu("),
    (r"\operatorname{number}\left(", "number("),
    (r"\left(", "("),
    (r"\right)", ")"),
    (r",\, ", ", "),
    (r"\,", " * "),
)
TIMED = re.compile(r"(\\mathrm\{[^}]*\}|[a-z](?:_\{\d+\})?)\(([ts]-\d+)\)")
TOTAL = re.compile(r"\\sum_\{s \\leq t\} (.*)")


def plain_name(latex: str) -> str:
    """A name as it stands in the legend."""
    name = latex.replace(r"\mathrm", "").translate(NO_BRACES)
    return name if r"\_" in latex else name.replace("_", "")


def in_python(latex: str) -> str:
    """A right side as an expression of Python: as a reader would compute it."""
    for theirs, ours in SYNTAX:
        latex = latex.replace(theirs, ours)
    latex = TIMED.sub(lambda found: f"value({plain_name(found[1])!r}, {found[2]})", latex)
    return TOTAL.sub(r"sum(\1 for s in range(1, t + 1))", latex)


NO_BRACES = str.maketrans("", "", "{}\\")


def column(x: np.ndarray) -> np.ndarray:
    """A number as a stream."""
    return np.array([x, *[0.0] * (len(KEYS) - 1)])


FUNCTIONS = {
    "norm": lambda x: column(np.abs(x).max()),
    "clip": lambda x, y: column(np.clip(x @ y, -4, 4)),
    "relu": lambda x: column(max(0.0, (x if np.ndim(x) else column(x))[0])),
    "number": lambda x: column(x[0]),
}


def port_of(label: str) -> tuple[str, str]:
    neuron, _, field = label.rpartition(".")
    return neuron, field


@pytest.mark.parametrize(
    "machine",
    [*exact_machines()[:4], *exact_machines()[-4:], MACHINES["small recurrent"]()],
    ids=lambda machine: "",
)
def test_what_is_written_is_what_the_machine_does(machine):
    """Coefficients of these machines have three decimals at most, so nothing was rounded away."""
    rng = np.random.default_rng(0)
    sources = [n for n in machine.neurons if machine.type_of(n).is_source]
    arrays = {name: rng.integers(-3, 4, (12, 1, len(KEYS))).astype(float) for name in sources}
    trace = run(machine, Streams((KEYS,), arrays, 12))

    def stream(trees, port, t):
        tree = trees[t - 1].subtree(port) if t >= 1 else None
        leaves = {} if tree is None else dict(tree.items())
        return np.array([leaves.get(key, 0.0) for key in KEYS])

    latex = to_latex(machine)
    legend = dict(re.findall(r"^% (\w+) *: ([^,\s]+)", latex, re.MULTILINE))

    def value(name, t):
        sign = -1.0 if legend[name].startswith("-") else 1.0
        return sign * stream(trace.outputs, port_of(legend[name].lstrip("-")), t)

    body = latex.partition("\\begin{align*}\n")[2].partition("\n\\end{align*}")[0]
    n_checked = 0
    for line in body.split(" \\\\\n"):
        left, _, right = line.partition("(t) &= ")
        right, _, since = right.partition(" && (t \\geq ")
        name = plain_name(left)
        expression = in_python(right)
        for t in range(int(since.rstrip(")") or 1), 13):
            found = eval(expression, {"value": value, "t": t, "sum": sum, **FUNCTIONS})
            is_input = name not in legend
            wanted = stream(trace.inputs, port_of(name), t) if is_input else value(name, t)
            np.testing.assert_allclose(found, wanted, atol=1e-9, err_msg=f"{line} at tick {t}")
            n_checked += 1
    assert n_checked > 12
