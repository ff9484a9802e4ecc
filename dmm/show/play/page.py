"""A machine to play with: one page without network, whose script is the machine's own program."""

from __future__ import annotations

from html import escape
from typing import Any

from ...machine.machine import Machine
from ..algebra.equations import NAME_CELLS, derive, equations, written_equations
from ..algebra.latex import to_latex
from ..export.portable import javascript_of
from ..export.statements import Statements, statements
from ..frames import filled, frame
from ..labels import port_text, unique_labels
from ..reading import LIMIT, shown_links
from ..svg import Marks, svg_graph
from ..text import headline
from .closed import closed_page, time_bar

__all__ = ["play_page"]

ROOM = __package__
TICKS_OF_TEXT, TICKS_OF_NUMBERS = 140, 40
TEXT = "test string."
NUMBERS = (0, 0, 1, 0, 0, 0.5, 1, 1.5, 1, 0.5, 0, -0.5, -1, -0.5, 0, 1, 1, 1, 0, 0, 2, -2, 0, 0)
SHIFT = 7  # so that no two streams are alike at first
MOST_CHARTS = 8
MILLISECONDS = 220  # per tick while the page plays


def play_page(machine: Machine) -> str:
    """A self-contained HTML page on which a machine can be run, watched and damaged.

    The visitor types a text or draws numbers, steps or plays the ticks, sees what flows through
    the links and which equations are lit, switches links off and moves weights, and compares with
    the undamaged machine. Beyond 60 links the 40 largest are drawn and can be changed.

    Parameters
    ----------
    machine : Machine

    Raises
    ------
    ValueError
        As `to_javascript`: the page computes with the JavaScript program.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> len(play_page(duplicate_detector())) < 300_000
    True
    """
    written = statements(machine)
    rows, more = _links(written)
    pieces = {
        "BAR": time_bar("Time", "Tick"),
        "GRAPH": svg_graph(written.machine, marks=_marks(written)),
        "EQUATIONS": _equations(machine, written),
        "MORE": escape(more),
    }
    return closed_page(
        "machine",
        machine.name,
        headline(machine),
        filled(ROOM, "play.html", pieces),
        style=frame(ROOM, "play.css"),
        data=_data(machine, written, rows),
        scripts={
            "program": javascript_of(written, machine),
            "inputs": frame(ROOM, "inputs.js"),
            "script": frame(ROOM, "play.js"),
        },
    )


def _data(machine: Machine, written: Statements, rows: list[dict[str, Any]]) -> dict[str, Any]:
    reads_text = [machine.neurons[name] == "input" for name in written.interface.sources]
    return {
        "links": rows,
        "sources": [
            {"mode": "text" if is_text else "numbers", "text": TEXT, "numbers": _numbers(i)}
            for i, is_text in enumerate(reads_text)
        ],
        "ticks": TICKS_OF_TEXT if any(reads_text) else TICKS_OF_NUMBERS,
        "text": equations(machine),
        "latex": to_latex(machine),
        "most_charts": MOST_CHARTS,
        "milliseconds": MILLISECONDS,
    }


def _numbers(source: int) -> str:
    """What a source emits at first."""
    start = SHIFT * source % len(NUMBERS)
    return ", ".join(map(str, NUMBERS[start:] + NUMBERS[:start]))


def _marks(written: Statements) -> Marks:
    links = {row.link: i for i, row in enumerate(written.links)}
    ports = {
        (neuron, field): stream
        for (neuron, field, is_output), stream in written.streams.items()
        if is_output
    }
    return Marks(links, ports)


def _links(written: Statements) -> tuple[list[dict[str, Any]], str]:
    """The links that can be changed, and what is to be said of the others."""
    shown, n_hidden = shown_links(written.machine)
    index = {row.link: i for i, row in enumerate(written.links)}
    rows = [
        {
            "index": index[link],
            "label": f"{port_text(link.path[:2])} \N{LEFTWARDS ARROW} {port_text(link.path[2:])}",
            "is_fixed": link.is_fixed,
        }
        for link in shown
        if link in index
    ]
    if not n_hidden:
        return rows, ""
    return rows, f"The {len(rows)} largest links; {n_hidden:,} more are at work, but not listed."


def _equations(machine: Machine, written: Statements) -> str:
    """Equations as a list, each with the stream it speaks of; as a block if there are too many."""
    n_links = len(machine.fixed) + len(machine.trainable)
    system = derive(machine) if 0 < n_links <= LIMIT else None
    if system is None or not system.equations:
        return f'<pre id="equations">{escape(equations(machine))}</pre>'
    neurons = unique_labels(machine.neurons, NAME_CELLS)
    items = []
    for equation, (line, remarks) in zip(
        system.equations, written_equations(machine, system, neurons), strict=True
    ):
        stream = written.streams.get((*equation.port, not equation.is_input))
        sign = system.signs.get(equation.port, 1)
        mark = "" if stream is None else f' data-stream="{stream}" data-sign="{sign}"'
        items.append(
            f"<li{mark}><span>{escape(line)}</span> "
            f'<span class="remarks">{escape(remarks)}</span> <data></data></li>'
        )
    return f'<ol class="equations" id="equations">{"".join(items)}</ol>'
