"""Where everything goes in the picture of a machine: boxes in layers, links as smooth curves.

Every neuron is a box; every link has a row of its own in the box that receives it, so that field
and weight are text in a fixed place and no labels can collide. A link over several layers passes
between the boxes on a lane of its own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from ..machine.machine import Link, Machine
from .reading import shown_layers, shown_links

__all__ = ["BOX_WIDTH", "MARGIN", "Box", "Curve", "Drawing", "arrange", "curve", "row_of"]

Point = tuple[float, float]
Curve = list[tuple[str, list[Point]]]
"""Pieces of a path: ("M", [start]), ("L", [end]) or ("C", [control, control, end])."""

ROW = 17.0
HEADER = 34.0
BOX_WIDTH = 176.0
LAYER_GAP = 64.0
BOX_GAP = 22.0
LANE = 12.0  # height of a link that passes a layer between the boxes
MARGIN = 28.0
TIP = 7.0  # length of an arrow head
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
    """Place the neurons of a machine in layers from left to right.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> drawing = arrange(duplicate_detector())
    >>> len(drawing.boxes), drawing.width > drawing.height
    (9, True)
    """
    links, n_hidden = shown_links(machine)
    columns = shown_layers(machine, links, n_hidden)
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


# -------------------- curves --------------------


def row_of(link: Link, receiver: Box) -> int:
    """Which row of the receiving box a link ends at."""
    return next(i for i, other in enumerate(receiver.rows) if other is link)


def curve(link: Link, boxes: list[Box]) -> Curve:
    """The way of a link from its sender through its lanes to its row in the receiver."""
    sender, receiver = boxes[0], boxes[-1]
    start = sender.x + BOX_WIDTH, sender.row_y(sender.ports.index(link.field_out))
    end = receiver.x - TIP, receiver.row_y(row_of(link, receiver))
    if receiver.layer <= sender.layer:
        return _backward(start, end, min(sender.y, receiver.y) - 9)
    pieces: Curve = [("M", [start])]
    here = start
    for lane in boxes[1:-1]:
        pieces.append(_bend(here, (lane.x, lane.middle)))
        here = lane.x + BOX_WIDTH, lane.middle
        pieces.append(("L", [here]))
    return [*pieces, _bend(here, end)]


def _bend(start: Point, end: Point) -> tuple[str, list[Point]]:
    half = (start[0] + end[0]) / 2
    return "C", [(half, start[1]), (half, end[1]), end]


def _backward(start: Point, end: Point, top: float) -> Curve:
    """Out to the right, back above both boxes, in from the left."""
    (x, y), (to_x, to_y) = start, end
    return [
        ("M", [start]),
        ("C", [(x + 26, y), (x + 26, top), (x - 10, top)]),
        ("L", [(to_x + 10, top)]),
        ("C", [(to_x - 20, top), (to_x - 20, to_y), end]),
    ]
