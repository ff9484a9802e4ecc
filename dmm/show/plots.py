"""Plots of machines and of what they do; every function takes and returns matplotlib ``Axes``.

matplotlib comes with the extra ``plot`` and is imported when a plot is made.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vvalues import Path

from ..machine.machine import Link, Machine
from ..machine.streams import Streams
from .drawing import BOX_WIDTH, MARGIN, Box, Drawing, arrange, curve
from .labels import plain, shorten, unique_labels, weight_text
from .reading import largest_weight
from .style import BLUE, EDGE, INK, MUTED, ORANGE
from .traces import PortLike, StreamTrace, trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw", "heat_map", "imported", "new_axes", "pyplot", "side_by_side"]

POINTS = 0.62  # size of a point of text in units of the drawing, at one unit per 1/90 inch
INCH = 90.0


# -------------------- figures --------------------


def imported(module: str, extra: str) -> Any:
    """A module of a package that is no hard dependency.

    Raises
    ------
    ImportError
        If the package is not installed; the message says what to install.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{module.split('.')[0]} is not installed; it comes with the extra {extra!r}: "
            f"pip install 'dataflow-matrix-machines[{extra}]'"
        ) from error


def pyplot() -> Any:
    """The module ``matplotlib.pyplot``, see `imported`.

    Examples
    --------
    >>> figure, (left, right) = pyplot().subplots(1, 2)
    >>> len(figure.axes)
    2
    """
    return imported("matplotlib.pyplot", "plot")


def new_axes(width: float, height: float) -> Any:
    """Axes of a figure of their own, in inches.

    Examples
    --------
    >>> new_axes(6.0, 2.5).figure.get_size_inches()
    array([6. , 2.5])
    """
    return pyplot().subplots(figsize=(width, height), layout="constrained")[1]


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

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> held = trace(duplicate_detector(), text_streams("abba.", 50), "accum/dict")
    >>> [label.get_text() for label in heat_map(held).get_yticklabels()]
    ['.', 'a', 'b']
    """
    from matplotlib.colors import LinearSegmentedColormap

    n_keys = max(len(values.keys), 1)
    if ax is None:
        ax = new_axes(9, 1.2 + 0.3 * n_keys)
    assert ax is not None
    colours = LinearSegmentedColormap.from_list("dmm", [ORANGE, "#ffffff", BLUE])
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

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector, sparse_counter
    >>> machines = duplicate_detector(), sparse_counter()
    >>> pair = side_by_side(*machines, text_streams("aab.", 40), "accum/dict")
    >>> [ax.get_title(loc="left") for ax in pair]
    ["accum/dict of duplicate-detector on 'aab.'", "accum/dict of sparse-counter on 'aab.'"]
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


def draw(
    machine: Machine,
    ax: Axes | None = None,
    *,
    resize: bool = False,
    sizes: Mapping[Path, float] | None = None,
) -> Axes:
    """Draw a machine: a box per neuron, a curve per link; beyond 60 links the 40 largest.

    Positive links are solid, negative ones dashed, hard ones double.

    Parameters
    ----------
    machine : Machine
    ax : Axes, optional
        Its figure keeps its size, and the text is scaled to it, unless ``resize``.
    resize : bool
        Give the figure the size of the drawing.
    sizes : mapping of the path of a trainable link to a number, optional
        Not negative; shown in place of the weights, as text and - their square roots - as width
        and darkness.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> ax = draw(duplicate_detector(), resize=True)
    >>> ax.figure.get_size_inches().round(1)  # and ax.figure.savefig("detector.png")
    array([13.2,  3.9])
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
    look = _weights_look(drawing) if sizes is None else _sizes_look(sizes)
    for link, boxes in drawing.routes:
        _draw_link(ax, link, boxes, look(link), scale)
    _draw_boxes(ax, machine, drawing, look, scale)
    if drawing.n_hidden:
        text = f"… {drawing.n_hidden:,} more links"
        ax.text(MARGIN, height - 8, text, fontsize=9 * scale, color=MUTED)
    return ax


class Look(NamedTuple):
    """How a link is drawn."""

    color: Any
    width: float  # in points, where the drawing has its own size
    text: str


def _weights_look(drawing: Drawing) -> Callable[[Link], Look]:
    largest = largest_weight(link for link, _ in drawing.routes)

    def look(link: Link) -> Look:
        color = ORANGE if link.weight < 0 else BLUE
        width = 0.6 + 1.6 * min(abs(link.weight) / largest, 1.0)
        return Look(color, width, weight_text(link.weight))

    return look


def _sizes_look(sizes: Mapping[Path, float]) -> Callable[[Link], Look]:
    from matplotlib.colors import to_rgba

    largest = max(sizes.values(), default=0.0) or 1.0

    def look(link: Link) -> Look:
        if link.is_fixed or link.path not in sizes:
            return Look(EDGE, 0.6, "")
        share = (max(sizes[link.path], 0.0) / largest) ** 0.5
        color = to_rgba(ORANGE, 0.25 + 0.75 * share)
        return Look(color, 0.6 + 4.0 * share, f"{sizes[link.path]:.3g}")

    return look


def _draw_link(ax: Axes, link: Link, boxes: list[Box], look: Look, scale: float) -> None:
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path as Outline

    codes = {"M": Outline.MOVETO, "L": Outline.LINETO, "C": Outline.CURVE4}
    pieces = curve(link, boxes)
    points = [point for _, piece in pieces for point in piece]
    path = Outline(points, [codes[letter] for letter, piece in pieces for _ in piece])
    width = look.width * scale
    style = (0, (4, 2.6)) if link.weight < 0 else "solid"
    line: dict[str, Any] = {"fill": False, "linestyle": style, "capstyle": "butt"}
    line["edgecolor"] = look.color
    if link.is_fixed:
        ax.add_patch(PathPatch(path, linewidth=width + 1.6 * scale, **line))
        gap: dict[str, Any] = {"fill": False, "linewidth": max(width - 0.6 * scale, 0.6 * scale)}
        ax.add_patch(PathPatch(path, edgecolor="white", **gap))
    else:
        ax.add_patch(PathPatch(path, linewidth=width, **line))
    x, y = points[-1]
    ax.add_patch(Polygon([(x, y - 4), (x + 7, y), (x, y + 4)], color=look.color, linewidth=0))


def _draw_boxes(
    ax: Axes, machine: Machine, drawing: Drawing, look: Callable[[Link], Look], scale: float
) -> None:
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
                edgecolor=EDGE,
                linewidth=0.9 * scale,
            )
        )
        ax.text(box.x + 9, box.y + 12, _safe(names[neuron]), color=INK, weight="bold", **small)
        type_name = _safe(shorten(plain(machine.neurons[neuron]), 20))
        ax.text(box.x + 9, box.y + 25, type_name, color=MUTED, **small)
        for i, link in enumerate(box.rows):
            text = f"{shorten(plain(link.field_in), 9)} {look(link).text}"
            ax.text(box.x + 9, box.row_y(i), _safe(text), color=INK, **small)
        for i, port in enumerate(box.ports):
            text = _safe(shorten(plain(port), 9))
            x = box.x + BOX_WIDTH - 9
            ax.text(x, box.row_y(i), text, color=MUTED, ha="right", **small)
