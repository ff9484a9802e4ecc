"""A machine as a graph: Mermaid and DOT text, a networkx graph, and pictures in files.

The texts need no dependency. In all of them the sign of a weight is a line style (solid ``+``,
dashed ``-``), hardness a double or thick line, size a width; colour only repeats the sign.
"""

from __future__ import annotations

import io
import os
import shutil
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from vvalues.files import write_atomically

from ..machine.machine import Link, Machine
from .diagnostics import Pair, diagnose
from .labels import plain, unique_labels, weight_text
from .plots import draw, imported
from .reading import largest_weight, shown_layers, shown_links
from .style import BLUE, ORANGE, STYLE
from .svg import svg_graph

if TYPE_CHECKING:
    import networkx

__all__ = ["save_graph", "to_dot", "to_mermaid", "to_networkx", "to_pdf", "to_svg"]

NAME_CELLS = 40


class Arrow(NamedTuple):
    """One link, or a pair that acts as one."""

    sender: str
    receiver: str
    text: str
    weight: float
    is_fixed: bool


def _arrows(machine: Machine, links: Iterable[Link]) -> list[Arrow]:
    """Pairs on a neuron that subtracts its fields become one arrow of their joint weight."""
    partner: dict[tuple[str, ...], Pair] = {}
    for pair in diagnose(machine).pairs:
        if pair.effect == "one link" and not (pair.first.is_fixed or pair.second.is_fixed):
            partner[pair.first.path] = partner[pair.second.path] = pair
    shown = {link.path for link in links if not link.is_fixed}
    arrows = []
    for link in links:
        weight, label = link.weight, f"{plain(link.field_in)} {weight_text(link.weight)}"
        found = None if link.is_fixed else partner.get(link.path)
        if found is not None and {found.first.path, found.second.path} <= shown:
            if link.path == found.second.path:
                continue  # drawn with the first one
            weight = found.first.weight - found.second.weight
            label = f"pair {weight_text(weight)}"
        arrows.append(Arrow(link.neuron_out, link.neuron_in, label, weight, link.is_fixed))
    return arrows


def _nodes(machine: Machine, links: Iterable[Link], n_hidden: int) -> dict[str, str]:
    """Neurons in the order of reading, with the names of their nodes."""
    order = [neuron for layer in shown_layers(machine, links, n_hidden) for neuron in layer]
    return {neuron: f"n{i}" for i, neuron in enumerate(order)}


# -------------------- texts --------------------


def to_mermaid(machine: Machine) -> str:
    """The machine as a Mermaid flowchart: hard links thick, negative ones dotted.

    ``pair w`` is two links that act as one of weight ``w`` into ``dict-1 - dict-2``. Beyond 60
    links the 40 largest are drawn.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> print("\\n".join(to_mermaid(duplicate_detector()).splitlines()[:4]))
    flowchart LR
      n0["timer<br/>timer"]
      n1["input<br/>input"]
      n2["const_1<br/>const_1"]
    """
    links, n_hidden = shown_links(machine)
    names = unique_labels(machine.neurons, NAME_CELLS)
    nodes = _nodes(machine, links, n_hidden)
    lines = ["flowchart LR"]
    for neuron, node in nodes.items():
        type_name = _for_mermaid(plain(machine.neurons[neuron]))
        lines.append(f'  {node}["{_for_mermaid(names[neuron])}<br/>{type_name}"]')
    for arrow in _arrows(machine, links):
        line = "-.->" if arrow.weight < 0 else "==>" if arrow.is_fixed else "-->"
        text = _for_mermaid(arrow.text) + (" hard" if arrow.is_fixed else "")
        lines.append(f'  {nodes[arrow.sender]} {line}|"{text}"| {nodes[arrow.receiver]}')
    if n_hidden:
        lines.append(f"  %% … {n_hidden:,} more links")
    return "\n".join(lines)


def _for_mermaid(text: str) -> str:
    """Whatever could end the string or become markup is written as a character code."""
    return "".join(c if c.isalnum() or c in " .,-_+…" else f"#{ord(c)};" for c in text)


def to_dot(machine: Machine) -> str:
    """The machine in the DOT language of Graphviz: hard links double, negative ones dashed.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> print(to_dot(duplicate_detector()).splitlines()[-2])
      n0 -> n0 [label="timer +1.000", penwidth=2.50, color="#1a5fa8:invis:#1a5fa8"];
    """
    links, n_hidden = shown_links(machine)
    names = unique_labels(machine.neurons, NAME_CELLS)
    nodes = _nodes(machine, links, n_hidden)
    lines = [
        f'digraph "{_for_dot(plain(machine.name))}" {{',
        '  graph [rankdir=LR, fontname="sans-serif"];',
        '  node [shape=box, style=rounded, fontname="sans-serif"];',
        '  edge [fontname="sans-serif", fontsize=10];',
    ]
    for neuron, node in nodes.items():
        type_name = _for_dot(plain(machine.neurons[neuron]))
        lines.append(f'  {node} [label="{_for_dot(names[neuron])}\\n{type_name}"];')
    arrows = _arrows(machine, links)
    largest = largest_weight(arrows)
    for arrow in arrows:
        color = ORANGE if arrow.weight < 0 else BLUE
        color = f"{color}:invis:{color}" if arrow.is_fixed else color
        look = f'label="{_for_dot(arrow.text)}", '
        look += f'penwidth={0.5 + 2 * abs(arrow.weight) / largest:.2f}, color="{color}"'
        look += ", style=dashed, arrowhead=empty" if arrow.weight < 0 else ""
        lines.append(f"  {nodes[arrow.sender]} -> {nodes[arrow.receiver]} [{look}];")
    if n_hidden:
        lines.append(f'  graph [label="… {n_hidden:,} more links"];')
    return "\n".join([*lines, "}"])


def _for_dot(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")


def to_svg(machine: Machine) -> str:
    """The machine as a stand-alone SVG document, light and dark.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> to_svg(duplicate_detector())[:4]
    '<svg'
    """
    picture = svg_graph(machine)
    head, body = picture.split(">", 1)
    head = head.replace('class="dmm-graph"', 'class="dmm dmm-graph"')
    return f"{head}><style>{STYLE}</style>{body}\n"


# -------------------- graphs and pictures through extras --------------------


def to_pdf(machine: Machine) -> bytes:
    """The machine drawn as a page of PDF.

    Raises
    ------
    ImportError
        If matplotlib is not installed (extra ``plot``).

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> to_pdf(duplicate_detector())[:8]  # doctest: +SKIP
    b'%PDF-1.4'
    """
    page = io.BytesIO()
    _write_with_matplotlib(machine, page, "pdf")
    return page.getvalue()


def to_networkx(machine: Machine) -> networkx.MultiDiGraph:
    """All links as a networkx graph: edges run from sender to receiver.

    Nodes have the attribute ``kind``; edges ``field_in``, ``field_out``, ``weight`` and
    ``is_fixed``.

    Raises
    ------
    ImportError
        If networkx is not installed (extra ``graph``).

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> graph = to_networkx(duplicate_detector())  # doctest: +SKIP
    >>> graph.nodes["norm"], sorted(graph.predecessors("compare"))  # doctest: +SKIP
    ({'kind': 'norm'}, ['const_1', 'norm'])
    """
    networkx = imported("networkx", "graph")
    graph = networkx.MultiDiGraph(name=machine.name)
    for neuron, type_name in machine.neurons.items():
        graph.add_node(neuron, kind=type_name)
    for link in machine.links():
        graph.add_edge(
            link.neuron_out,
            link.neuron_in,
            field_in=link.field_in,
            field_out=link.field_out,
            weight=float(link.weight),
            is_fixed=link.is_fixed,
        )
    return graph


def save_graph(machine: Machine, file: str | os.PathLike, *, engine: str | None = None) -> FilePath:
    """Draw a machine into a file; the suffix (``.svg``, ``.png``, ``.pdf``) says how.

    Parameters
    ----------
    machine : Machine
    file : path
    engine : {"svg", "matplotlib", "graphviz"}, optional
        Our own layout written directly (SVG only) or through matplotlib, or Graphviz' layout.
        When omitted, the first of these that can write the file.

    Raises
    ------
    ImportError
        If the engine's package is not installed.
    ValueError
        For an unknown engine, or another suffix than ``.svg`` with the engine "svg".

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from dmm.zoo import duplicate_detector
    >>> with TemporaryDirectory() as folder:
    ...     save_graph(duplicate_detector(), Path(folder) / "detector.svg").name
    'detector.svg'
    """
    path = FilePath(file)
    suffix = path.suffix.lower().lstrip(".")
    if engine is None:
        engine = "svg" if suffix == "svg" else "matplotlib"
    writers: dict[str, Callable[[Machine, FilePath, str], None]] = {
        "svg": _write_svg,
        "matplotlib": _write_with_matplotlib,
        "graphviz": _write_with_graphviz,
    }
    if engine not in writers:
        raise ValueError(f"engine is {engine!r}; expected one of {', '.join(writers)}")
    writers[engine](machine, path, suffix)
    return path


def _write_svg(machine: Machine, path: FilePath, suffix: str) -> None:
    if suffix != "svg":
        raise ValueError(f"{path}: the engine 'svg' writes .svg files; use 'matplotlib'")
    write_atomically(path, to_svg(machine))


def _write_with_matplotlib(machine: Machine, file: FilePath | BinaryIO, suffix: str) -> None:
    figure = imported("matplotlib.figure", "plot").Figure()
    draw(machine, figure.add_axes((0, 0, 1, 1)), resize=True)
    with warnings.catch_warnings():  # of a character that no font has, a box is drawn
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        # Without a date the same machine gives the same file.
        metadata = {"CreationDate": None} if suffix == "pdf" else None
        figure.savefig(file, format=suffix or "png", dpi=144, metadata=metadata)


def _write_with_graphviz(machine: Machine, path: FilePath, suffix: str) -> None:
    graphviz = imported("graphviz", "graph")
    if shutil.which("dot") is None:
        raise ImportError("the program 'dot' of Graphviz is not installed; use another engine")
    path.write_bytes(graphviz.Source(to_dot(machine)).pipe(format=suffix or "svg"))
