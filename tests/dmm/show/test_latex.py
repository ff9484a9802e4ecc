"""Equations in LaTeX: golden texts, and that whatever a machine holds can be set."""

from __future__ import annotations

import re

import pytest

from dmm import Machine, get_neuron_type
from dmm.machine import fixed_links
from dmm.show import equations, to_latex
from tests.dmm.machines import library_types
from tests.dmm.show.rendered import MACHINES
from vvalues.core.tree import from_leaves

PUBLISHED = r"""
\begin{align*}
a(t) &= \sum_{s \leq t} 0.761\,\mathrm{char}(s-1) \\
m(t) &= \left\Vert 0.680\,a(t-1) - 0.504\,\mathrm{char}(t-1)\right\Vert_{\infty} \\
d(t) &= \operatorname{clip}_{4}\left\langle 0.685\,a(t-1) + 0.518\,\mathrm{char}(t-1),\, 1.290\,\mathrm{eos}\right\rangle \\
\mathrm{output.dict{-}1}(t) &= -1.257\,\max\left(0,\, 0.790 - 0.508\,m(t-2)\right) + 1.070\,\max\left(0,\, 1.203\,m(t-2)\right) && (t \geq 4) \\
\mathrm{output.dict{-}2}(t) &= 1.086\,\max\left(0,\, 1.369\,d(t-2)\right)
\end{align*}"""  # noqa: E501

SMALL_RECURRENT = r"""
\begin{align*}
a_{1}(t) &= a_{1}(t-1) - 0.500\,a_{2}(t-1) + \mathrm{stream}(t-1) \\
a_{2}(t) &= 0.250\,a_{1}(t-1) \\
m(t) &= \left\Vert 2\,a_{2}(t-1)\right\Vert_{\infty} \\
a_{3}(t) &= 0.900\,a_{3}(t-1) + 0.100\,\mathrm{const\_1} \\
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


@pytest.mark.parametrize("name", [*library_types(), "delay(2)"])
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


def test_a_large_machine_is_written_if_asked():
    machine = MACHINES["recurrent"]()
    assert rendered_without_error(to_latex(machine, limit=None)) > 5
