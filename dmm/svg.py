"""A machine drawn as inline SVG, without any dependency.

Every neuron is a box; every link has a row of its own in the box that receives it, so that field
and weight are text in a fixed place and no labels can collide. Sign shows as solid or dashed line,
hardness as a double line, size as width: colour is never the only carrier.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from .labels import plain, shorten, unique_labels, weight_text
from .machine import Link, Machine
from .reading import layers, shown_links

__all__ = ["Box", "Drawing", "arrange", "svg_graph"]

Point = tuple[float, float]

ROW = 17.0
HEADER = 34.0
BOX_WIDTH = 176.0
LAYER_GAP = 64.0
BOX_GAP = 22.0
LANE = 12.0  # height of a link that passes a layer between the boxes
MARGIN = 28.0
NAME_CELLS = 20
FIELD_CELLS = 9
SWEEPS = 6


@dataclass
class Box:
    """A neuron, or (``neuron`` is None) the lane of a link that passes a layer."""

    neuron: str | None
    layer: int
    height: float = LANE
    rows: list[Link] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    def row_y(self, i: int) -> float:
        """Height of the i-th row of inputs (or port of outputs)."""
        return self.y + HEADER + ROW * (i + 0.5)


@dataclass
class Drawing:
    """Boxes with their places, and for every link the points it passes."""

    boxes: dict[str, Box]
    routes: list[tuple[Link, list[Box]]]  # the boxes from sender to receiver, lanes between
    width: float
    height: float
    n_hidden: int


def arrange(machine: Machine) -> Drawing:
    """Place the neurons of a machine in layers from left to right."""
    links, n_hidden = shown_links(machine)
    linked = {name for link in links for name in (link.neuron_in, link.neuron_out)}
    columns = [[n for n in layer if n in linked or not n_hidden] for layer in layers(machine)]
    columns = [column for column in columns if column]
    boxes = {n: Box(n, i) for i, column in enumerate(columns) for n in column}
    for link in links:
        boxes[link.neuron_in].rows.append(link)
        ports = boxes[link.neuron_out].ports
        if link.field_out not in ports:
            ports.append(link.field_out)
    for box in boxes.values():
        box.ports.sort()
        box.height = HEADER + ROW * max(len(box.rows), len(box.ports)) + 6
    stacks = [[boxes[n] for n in column] for column in columns]
    routes = _routes(links, boxes, stacks)
    _order(stacks, routes)
    width, height = _place(stacks)
    return Drawing(boxes, routes, width, height, n_hidden)


def _routes(
    links: list[Link], boxes: dict[str, Box], stacks: list[list[Box]]
) -> list[tuple[Link, list[Box]]]:
    """Links from one output to one neuron share their lanes."""
    lanes: dict[tuple[str, ...], list[Box]] = {}
    routes = []
    for link in links:
        sender, receiver = boxes[link.neuron_out], boxes[link.neuron_in]
        bundle = (*link.path[2:], link.neuron_in)
        if bundle not in lanes:
            lanes[bundle] = [Box(None, i) for i in range(sender.layer + 1, receiver.layer)]
            for lane in lanes[bundle]:
                stacks[lane.layer].append(lane)
        routes.append((link, [sender, *lanes[bundle], receiver]))
    return routes


def _order(stacks: list[list[Box]], routes: list[tuple[Link, list[Box]]]) -> None:
    """Fewer crossings: every box at the mean place of its neighbours, forwards and backwards."""
    before: dict[int, list[Box]] = defaultdict(list)
    after: dict[int, list[Box]] = defaultdict(list)
    for _, boxes in routes:
        for one, other in pairwise(boxes):
            if one.layer < other.layer:
                before[id(other)].append(one)
                after[id(one)].append(other)
    place = {id(box): i / len(stack) for stack in stacks for i, box in enumerate(stack)}
    for sweep in range(SWEEPS):
        neighbours = before if sweep % 2 == 0 else after
        for stack in stacks if sweep % 2 == 0 else stacks[::-1]:
            for box in stack:
                found = [place[id(n)] for n in neighbours[id(box)]]
                if found:
                    place[id(box)] = sum(found) / len(found)
            stack.sort(key=lambda box: place[id(box)])
            place.update({id(box): (i + 0.5) / len(stack) for i, box in enumerate(stack)})


def _place(stacks: list[list[Box]]) -> Point:
    heights = [sum(b.height + BOX_GAP for b in stack) - BOX_GAP for stack in stacks]
    tallest = max(heights, default=0.0)
    for i, (stack, height) in enumerate(zip(stacks, heights, strict=True)):
        y = MARGIN + (tallest - height) / 2
        for box in stack:
            box.x, box.y = MARGIN + i * (BOX_WIDTH + LAYER_GAP), y
            y += box.height + BOX_GAP
    width = 2 * MARGIN + len(stacks) * (BOX_WIDTH + LAYER_GAP) - LAYER_GAP
    return max(width, 2 * MARGIN), tallest + 2 * MARGIN


# -------------------- writing it down --------------------


def svg_graph(machine: Machine, *, label: str = "") -> str:
    """The machine as an ``<svg>`` element; colours come from the style sheet around it.

    Beyond 60 links the 40 largest are drawn.
    """
    drawing = arrange(machine)
    names = unique_labels(machine.neurons, NAME_CELLS)
    largest = max((abs(link.weight) for link, _ in drawing.routes), default=1.0) or 1.0
    size = f"{drawing.width:.0f} {drawing.height:.0f}"
    title = label or f"Graph of the machine {plain(machine.name)}"
    parts = [
        f'<svg class="dmm-graph" viewBox="0 0 {size}" width="{drawing.width:.0f}" '
        f'height="{drawing.height:.0f}" style="--width:{drawing.width:.0f}px" role="img" '
        f'aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg">'
    ]
    parts += [_edge(link, boxes, largest) for link, boxes in drawing.routes]
    parts += [_box(machine, box, names) for box in drawing.boxes.values()]
    return "\n".join([*parts, "</svg>"])


def _edge(link: Link, boxes: list[Box], largest: float) -> str:
    sender, receiver = boxes[0], boxes[-1]
    start = sender.x + BOX_WIDTH, sender.row_y(sender.ports.index(link.field_out))
    row = next(i for i, other in enumerate(receiver.rows) if other is link)
    end = receiver.x - 7, receiver.row_y(row)
    if receiver.layer > sender.layer:
        path = _forward(start, boxes[1:-1], end)
    else:
        path = _backward(start, end, min(sender.y, receiver.y) - 9)
    sign = "neg" if link.weight < 0 else "pos"
    thickness = 0.8 + 2.2 * min(abs(link.weight) / largest, 1.0)
    arrow = f"M{end[0]:.1f} {end[1] - 4:.1f}l7 4l-7 4z"
    text = f"{_port(link.path[2:])} → {_port(link.path[:2])}  {weight_text(link.weight)}"
    text += " (hard)" if link.is_fixed else ""
    lines = [f'<path class="line" d="{path}" stroke-width="{thickness:.2f}"/>']
    if link.is_fixed:  # a double line: a thick one with a gap down its middle
        lines = [
            f'<path class="line" d="{path}" stroke-width="{thickness + 2:.2f}"/>',
            f'<path class="gap" d="{path}" stroke-width="{max(thickness - 0.6, 1):.2f}"/>',
        ]
    return (
        f'<g class="edge {sign}"><title>{escape(text)}</title>{"".join(lines)}'
        f'<path class="tip" d="{arrow}"/></g>'
    )


def _forward(start: Point, lanes: list[Box], end: Point) -> str:
    path = f"M{start[0]:.1f} {start[1]:.1f}"
    x, y = start
    for lane in lanes:
        path += _bend(x, y, lane.x, lane.middle) + f"H{lane.x + BOX_WIDTH:.1f}"
        x, y = lane.x + BOX_WIDTH, lane.middle
    return path + _bend(x, y, *end)


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    half = (x + to_x) / 2
    return f"C{half:.1f} {y:.1f} {half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"


def _backward(start: Point, end: Point, top: float) -> str:
    """Out to the right, back above both boxes, in from the left."""
    (x, y), (to_x, to_y) = start, end
    return (
        f"M{x:.1f} {y:.1f}C{x + 26:.1f} {y:.1f} {x + 26:.1f} {top:.1f} {x - 10:.1f} {top:.1f}"
        f"H{to_x + 10:.1f}C{to_x - 20:.1f} {top:.1f} {to_x - 20:.1f} {to_y:.1f} "
        f"{to_x:.1f} {to_y:.1f}"
    )


def _box(machine: Machine, box: Box, names: dict[str, str]) -> str:
    name = box.neuron or ""
    kind = plain(machine.neurons[name])
    full = f"{plain(name)} ({kind})"
    parts = [
        f'<g class="box"><title>{escape(full)}</title>',
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{BOX_WIDTH:.0f}" '
        f'height="{box.height:.1f}" rx="6"/>',
        _text(box.x + 9, box.y + 15, names[name], "name"),
        _text(box.x + 9, box.y + 28, shorten(kind, NAME_CELLS), "kind"),
    ]
    for i, link in enumerate(box.rows):
        text = f"{shorten(plain(link.field_in), FIELD_CELLS)} {weight_text(link.weight)}"
        parts.append(_text(box.x + 9, box.row_y(i) + 4, text, "in"))
    for i, port in enumerate(box.ports):
        text = shorten(plain(port), FIELD_CELLS)
        parts.append(_text(box.x + BOX_WIDTH - 9, box.row_y(i) + 4, text, "out"))
    return "".join([*parts, "</g>"])


def _text(x: float, y: float, text: str, role: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{role}">{escape(text)}</text>'


def _port(port: tuple[str, ...]) -> str:
    return f"{plain(port[0])}.{plain(port[1])}"
