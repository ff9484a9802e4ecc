"""A machine drawn as SVG, without any dependency.

Sign shows as solid or dashed line, hardness as a double line, size as width: colour is never the
only carrier.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

from ..machine.machine import Link, Machine
from .drawing import BOX_WIDTH, MARGIN, Box, arrange, curve
from .labels import plain, port_text, shorten, unique_labels, weight_text
from .reading import largest_weight

__all__ = ["Marks", "svg_graph"]

NAME_CELLS = 20
FIELD_CELLS = 9


class Marks(NamedTuple):
    """Numbers by which a script finds parts of a drawing again.

    Attributes
    ----------
    links : mapping of link to number
        Put on its group as ``data-link``.
    ports : mapping of (neuron, written field) to number
        Put on its label as ``data-stream``.
    """

    links: Mapping[Link, int]
    ports: Mapping[tuple[str, str], int]


NO_MARKS = Marks({}, {})


def svg_graph(machine: Machine, *, label: str = "", marks: Marks = NO_MARKS) -> str:
    """The machine as an ``<svg>`` element; colours come from the style sheet around it.

    Beyond 60 links the 40 largest are drawn.
    """
    drawing = arrange(machine)
    names = unique_labels(machine.neurons, NAME_CELLS)
    largest = largest_weight(link for link, _ in drawing.routes)
    size = f"{drawing.width:.0f} {drawing.height:.0f}"
    title = label or f"Graph of the machine {plain(machine.name)}"
    parts = [
        f'<svg class="dmm-graph" viewBox="0 0 {size}" width="{drawing.width:.0f}" '
        f'height="{drawing.height:.0f}" style="--width:{drawing.width:.0f}px" role="img" '
        f'aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg">'
    ]
    parts += [_edge(link, boxes, largest, marks) for link, boxes in drawing.routes]
    parts += [_box(machine, box, names, marks) for box in drawing.boxes.values()]
    if drawing.n_hidden:
        more = f"… {drawing.n_hidden:,} more links"
        parts.append(_text(MARGIN, drawing.height - 8, more, "kind"))
    return "\n".join([*parts, "</svg>"])


def _edge(link: Link, boxes: list[Box], largest: float, marks: Marks) -> str:
    pieces = curve(link, boxes)
    path = "".join(letter + " ".join(f"{x:.1f} {y:.1f}" for x, y in p) for letter, p in pieces)
    end = pieces[-1][1][-1]
    sign = "neg" if link.weight < 0 else "pos"
    thickness = 0.8 + 2.2 * min(abs(link.weight) / largest, 1.0)
    arrow = f"M{end[0]:.1f} {end[1] - 4:.1f}l7 4l-7 4z"
    text = f"{port_text(link.path[2:])} → {port_text(link.path[:2])}  {weight_text(link.weight)}"
    text += " (hard)" if link.is_fixed else ""
    lines = [f'<path class="line" d="{path}" stroke-width="{thickness:.2f}"/>']
    if link.is_fixed:  # a double line: a thick one with a gap down its middle
        lines = [
            f'<path class="line" d="{path}" stroke-width="{thickness + 2:.2f}"/>',
            f'<path class="gap" d="{path}" stroke-width="{max(thickness - 0.6, 1):.2f}"/>',
        ]
    return (
        f'<g class="edge {sign}"{_mark("link", marks.links.get(link))}>'
        f"<title>{escape(text)}</title>{''.join(lines)}"
        f'<path class="tip" d="{arrow}"/></g>'
    )


def _box(machine: Machine, box: Box, names: dict[str, str], marks: Marks) -> str:
    name = box.neuron or ""
    type_name = plain(machine.neurons[name])
    full = f"{plain(name)} ({type_name})"
    parts = [
        f'<g class="box"><title>{escape(full)}</title>',
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{BOX_WIDTH:.0f}" '
        f'height="{box.height:.1f}" rx="6"/>',
        _text(box.x + 9, box.y + 15, names[name], "name"),
        _text(box.x + 9, box.y + 28, shorten(type_name, NAME_CELLS), "kind"),
    ]
    for i, link in enumerate(box.rows):
        text = f"{shorten(plain(link.field_in), FIELD_CELLS)} {weight_text(link.weight)}"
        parts.append(_text(box.x + 9, box.row_y(i) + 4, text, "in"))
    for i, port in enumerate(box.ports):
        text = shorten(plain(port), FIELD_CELLS)
        mark = _mark("stream", marks.ports.get((name, port)))
        parts.append(_text(box.x + BOX_WIDTH - 9, box.row_y(i) + 4, text, "out", mark))
    return "".join([*parts, "</g>"])


def _mark(name: str, number: int | None) -> str:
    return "" if number is None else f' data-{name}="{number}"'


def _text(x: float, y: float, text: str, role: str, mark: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{role}"{mark}>{escape(text)}</text>'
