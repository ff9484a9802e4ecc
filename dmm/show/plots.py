"""Plots of machines and of what they do; every function takes and returns matplotlib ``Axes``.

matplotlib comes with the extra ``plot`` and is imported when a plot is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..machine.machine import Link, Machine
from ..machine.streams import Streams
from .axes import new_axes, pyplot
from .drawing import BOX_WIDTH, MARGIN, Box, Drawing, arrange, curve
from .labels import plain, shorten, unique_labels, weight_text
from .traces import PortLike, StreamTrace, trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw", "heat_map", "side_by_side"]

POSITIVE, NEGATIVE, INK, MUTED = "#1a5fa8", "#b04508", "#1d242e", "#57616e"
POINTS = 0.62  # size of a point of text in units of the drawing, at one unit per 1/90 inch
INCH = 90.0


# -------------------- what a machine does --------------------


def heat_map(values: StreamTrace, ax: Axes | None = None, *, limit: float | None = None) -> Axes:
    """A stream over time: keys from top to bottom, ticks from left to right.

    Blue is positive, orange and hatched is negative, white is zero; the last value of every key is
    written at the end of its row.

    Parameters
    ----------
    values : StreamTrace
        What `dmm.show.traces.trace` returned.
    ax : Axes, optional
    limit : float, optional
        Value of the strongest colour; the largest value that occurs when omitted.
    """
    from matplotlib.colors import LinearSegmentedColormap

    n_keys = max(len(values.keys), 1)
    if ax is None:
        ax = new_axes(9, 1.2 + 0.3 * n_keys)
    assert ax is not None
    colours = LinearSegmentedColormap.from_list("dmm", [NEGATIVE, "#ffffff", POSITIVE])
    bound = limit or float(np.max(np.abs(values.values), initial=0.0)) or 1.0
    grid = values.values.T if values.keys else np.zeros((1, values.ticks))
    image = ax.imshow(
        grid,
        aspect="auto",
        interpolation="nearest",
        cmap=colours,
        vmin=-bound,
        vmax=bound,
        extent=(0.5, values.ticks + 0.5, n_keys - 0.5, -0.5),
    )
    _hatch_negative(ax, grid)
    ax.set_yticks(range(len(values.keys)), [_safe(key) for key in values.key_labels])
    ax.set_xlabel("tick")
    ax.set_title(_safe(values.label), fontsize="medium", loc="left")
    for i, row in enumerate(grid[: len(values.keys)]):
        ax.annotate(
            f"{row[-1]:.3g}",
            (1.0, i),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
            color=MUTED,
        )
    bar = ax.figure.colorbar(image, ax=ax, pad=0.08, fraction=0.03)
    bar.outline.set_visible(False)
    return ax


def _hatch_negative(ax: Axes, grid: np.ndarray) -> None:
    """So that a sign shows without its colour."""
    if not np.any(grid < 0):
        return
    from matplotlib.patches import Rectangle

    for i, row in enumerate(grid):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], row < 0, [False]])))
        for start, stop in edges.reshape(-1, 2):
            ax.add_patch(
                Rectangle(
                    (start + 0.5, i - 0.5),
                    stop - start,
                    1.0,
                    fill=False,
                    hatch="////",
                    edgecolor=MUTED,
                    linewidth=0,
                )
            )


def side_by_side(
    one: Machine,
    other: Machine,
    streams: Streams,
    port: PortLike,
    other_port: PortLike | None = None,
    *,
    string: int = 0,
    axes: Sequence[Axes] | None = None,
) -> Sequence[Axes]:
    """Two machines on the same string, one heat map below the other with one colour scale.

    Parameters
    ----------
    one, other : Machine
    streams : Streams
    port : "neuron/field" or (neuron, field)
        See `dmm.show.traces.trace`.
    other_port : port, optional
        That of the other machine, if it has another name there.
    string : int
        Which string of the streams.
    axes : two Axes, optional
    """
    traces = [
        trace(one, streams, port, string=string),
        trace(other, streams, port if other_port is None else other_port, string=string),
    ]
    if axes is None:
        n_keys = sum(max(len(t.keys), 1) for t in traces)
        size = (9, 2.2 + 0.3 * n_keys)
        axes = pyplot().subplots(nrows=2, sharex=True, figsize=size, layout="constrained")[1]
    bound = max(float(np.max(np.abs(t.values), initial=0.0)) for t in traces)
    for values, ax in zip(traces, axes, strict=True):
        heat_map(values, ax, limit=bound or None)
    axes[0].set_xlabel("")
    return axes


def _safe(text: str) -> str:
    """Dollar signs start mathematics in matplotlib."""
    return plain(text).replace("$", r"\$")


# -------------------- the machine itself --------------------


def draw(machine: Machine, ax: Axes | None = None, *, resize: bool = False) -> Axes:
    """Draw a machine: a box per neuron, a curve per link; beyond 60 links the 40 largest.

    Positive links are solid, negative ones dashed, hard ones double.

    Parameters
    ----------
    machine : Machine
    ax : Axes, optional
        Its figure keeps its size, and the text is scaled to it, unless ``resize``.
    resize : bool
        Give the figure the size of the drawing.
    """
    drawing = arrange(machine)
    width, height = max(drawing.width, 1.0), max(drawing.height, 1.0)
    if ax is None:
        ax = pyplot().subplots(figsize=(width / INCH, height / INCH))[1]
        ax.set_position((0, 0, 1, 1))
    elif resize:
        figure = ax.get_figure(root=True)
        assert figure is not None
        figure.set_size_inches(width / INCH, height / INCH)
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    ax.set_aspect("equal")
    ax.axis("off")
    extent = ax.get_window_extent()
    scale = min(extent.width / width, extent.height / height) / ax.figure.dpi * INCH
    largest = max((abs(link.weight) for link, _ in drawing.routes), default=1.0) or 1.0
    for link, boxes in drawing.routes:
        _draw_link(ax, link, boxes, largest, scale)
    _draw_boxes(ax, machine, drawing, scale)
    if drawing.n_hidden:
        text = f"… {drawing.n_hidden:,} more links"
        ax.text(MARGIN, height - 8, text, fontsize=9 * scale, color=MUTED)
    return ax


def _draw_link(ax: Axes, link: Link, boxes: list[Box], largest: float, scale: float) -> None:
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    codes = {"M": Path.MOVETO, "L": Path.LINETO, "C": Path.CURVE4}
    pieces = curve(link, boxes)
    points = [point for _, piece in pieces for point in piece]
    path = Path(points, [codes[letter] for letter, piece in pieces for _ in piece])
    color = NEGATIVE if link.weight < 0 else POSITIVE
    width = (0.6 + 1.6 * min(abs(link.weight) / largest, 1.0)) * scale
    style = (0, (4, 2.6)) if link.weight < 0 else "solid"
    look: dict[str, Any] = {"fill": False, "linestyle": style, "capstyle": "butt"}
    if link.is_fixed:
        ax.add_patch(PathPatch(path, edgecolor=color, linewidth=width + 1.6 * scale, **look))
        gap: dict[str, Any] = {"fill": False, "linewidth": max(width - 0.6 * scale, 0.6 * scale)}
        ax.add_patch(PathPatch(path, edgecolor="white", **gap))
    else:
        ax.add_patch(PathPatch(path, edgecolor=color, linewidth=width, **look))
    x, y = points[-1]
    ax.add_patch(Polygon([(x, y - 4), (x + 7, y), (x, y + 4)], color=color, linewidth=0))


def _draw_boxes(ax: Axes, machine: Machine, drawing: Drawing, scale: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    names = unique_labels(machine.neurons, 20)
    small: dict[str, Any] = {"fontsize": 11 * POINTS * scale, "family": "monospace", "va": "center"}
    for neuron, box in drawing.boxes.items():
        ax.add_patch(
            FancyBboxPatch(
                (box.x + 4, box.y + 4),
                BOX_WIDTH - 8,
                box.height - 8,
                boxstyle="round,pad=4",
                facecolor="white",
                edgecolor="#b9b6ad",
                linewidth=0.9 * scale,
            )
        )
        ax.text(box.x + 9, box.y + 12, _safe(names[neuron]), color=INK, weight="bold", **small)
        type_name = _safe(shorten(plain(machine.neurons[neuron]), 20))
        ax.text(box.x + 9, box.y + 25, type_name, color=MUTED, **small)
        for i, link in enumerate(box.rows):
            text = f"{shorten(plain(link.field_in), 9)} {weight_text(link.weight)}"
            ax.text(box.x + 9, box.row_y(i), _safe(text), color=INK, **small)
        for i, port in enumerate(box.ports):
            text = _safe(shorten(plain(port), 9))
            x = box.x + BOX_WIDTH - 9
            ax.text(x, box.row_y(i), text, color=MUTED, ha="right", **small)
