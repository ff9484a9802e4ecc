"""Plots of paths and circuits. Every function takes an ``Axes`` (or makes one) and returns it.

Matplotlib is imported when a plot is made, not before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dmm import Machine
from dmm.show.axes import new_axes
from vvalues import VValue

from .path import Waypoint

__all__ = [
    "accuracy_along",
    "distance_along",
    "drift_per_step",
    "pruning_curve",
    "recovery_curves",
    "sparsity_curves",
    "vulnerability_graph",
]

LINE_STYLES = ("-", "--", "-.", ":")


def _axes(axes: Any, title: str, x: str, y: str) -> Any:
    if axes is None:
        axes = new_axes(6.0, 3.6)
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.grid(alpha=0.3)
    return axes


def accuracy_along(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    axes: Any = None,
    *,
    title: str = "Accuracy along the path",
    x: str = "position on the path",
) -> Any:
    """Test accuracy in percent against position, one line per name: ``{name: (x, accuracy)}``."""
    axes = _axes(axes, title, x, "test accuracy, %")
    for i, (name, (positions, accuracies)) in enumerate(curves.items()):
        axes.plot(positions, accuracies, LINE_STYLES[i % 4], label=name)
    axes.legend()
    return axes


def drift_per_step(curves: Mapping[str, Sequence[float]], axes: Any = None) -> Any:
    """Movement of the outputs at every step, logarithmic: ``{name: drifts}``."""
    axes = _axes(axes, "Output drift per step of equal length", "step", "drift of the outputs")
    for i, (name, drifts) in enumerate(curves.items()):
        axes.semilogy(np.arange(1, len(drifts) + 1), drifts, LINE_STYLES[i % 4], label=name)
    axes.legend()
    return axes


def distance_along(path: Sequence[Waypoint], axes: Any = None, *, figure: str = "") -> Any:
    """Distance from the start against length of the path; a figure of the waypoints beside it."""
    axes = _axes(axes, "Distance", "length of the path", "Euclidean distance")
    lengths = [waypoint.length for waypoint in path]
    axes.plot(lengths, [waypoint.distance for waypoint in path], label="from the start")
    if figure:
        values = [waypoint.figures[figure] for waypoint in path]
        axes.plot(lengths, values, "--", label=figure.replace("_", " "))
    axes.legend()
    return axes


def sparsity_curves(
    sparsities: Sequence[float], accuracies: Mapping[str, Sequence[float]], axes: Any = None
) -> Any:
    """Test accuracy against share of zeros, one line per method."""
    axes = _axes(axes, "Sparse networks", "zeros, %", "test accuracy, %")
    for i, (name, values) in enumerate(accuracies.items()):
        axes.plot(100 * np.asarray(sparsities), values, "o" + LINE_STYLES[i % 4], label=name)
    axes.legend()
    return axes


def recovery_curves(paths: Mapping[str, Sequence[Waypoint]], axes: Any = None) -> Any:
    """Accuracy during recovery from damage: waypoints with the figure ``accuracy``."""
    axes = _axes(axes, "Damage and recovery", "steps after the damage", "test accuracy, %")
    for i, (name, path) in enumerate(paths.items()):
        steps = [waypoint.step for waypoint in path]
        values = [waypoint.figures["accuracy"] for waypoint in path]
        axes.plot(steps, values, LINE_STYLES[i % 4], label=name)
    axes.legend()
    return axes


def pruning_curve(
    links: Sequence[int], losses: Mapping[str, Sequence[float]], axes: Any = None
) -> Any:
    """Losses of ever smaller machines against their number of links, both logarithmic."""
    axes = _axes(axes, "Links along an invariant path", "trainable links", "loss")
    for i, (name, values) in enumerate(losses.items()):
        positive = [value for value in values if value > 1e-9]
        floor = min(positive, default=1.0) / 10.0  # zero has no place on a logarithmic axis
        axes.loglog(links, np.maximum(values, floor), LINE_STYLES[i % 4], label=name)
    axes.invert_xaxis()
    axes.legend()
    return axes


# -------------------- a circuit as a graph --------------------


def vulnerability_graph(machine: Machine, scores: VValue, axes: Any = None) -> Any:
    """A circuit drawn from left to right, each link as wide and dark as it is vulnerable.

    Parameters
    ----------
    machine : Machine
    scores : VValue on the support of its trainable links
        See `circuits.vulnerability_map`; drawn in proportion to the square root.
    axes : Axes, optional
    """
    axes = _axes(axes, f"Vulnerability of {machine.name}", "", "")
    axes.grid(visible=False)
    axes.set_axis_off()
    places = _places(machine)
    largest = max(float(np.max(scores.buffer, initial=0.0)), 1e-300)
    seen: dict[tuple[str, str], int] = {}
    for (receiver, field, sender, _), score in scores.items():
        share = float(np.sqrt(max(score, 0.0) / largest))
        bend = seen.setdefault((sender, receiver), 0)
        seen[sender, receiver] += 1
        _arrow(axes, places[sender], places[receiver], share, bend, f"{field}\n{score:.3g}")
    for name, (x, y) in places.items():
        box = {"boxstyle": "round", "facecolor": "white", "edgecolor": "0.4"}
        axes.text(x, y, name, ha="center", va="center", fontsize=8, bbox=box, zorder=3)
    xs, ys = zip(*places.values(), strict=True)
    axes.set(xlim=(min(xs) - 0.4, max(xs) + 0.4), ylim=(min(ys) - 0.5, max(ys) + 0.5))
    return axes


def _arrow(
    axes: Any,
    start: tuple[float, float],
    end: tuple[float, float],
    share: float,
    bend: int,
    label: str,
) -> None:
    properties = {
        "arrowstyle": "-|>",
        "linewidth": 0.6 + 4.0 * share,
        "color": (0.75 * share + 0.2, 0.2, 0.2, 0.35 + 0.6 * share),
        "connectionstyle": f"arc3,rad={0.12 + 0.2 * bend}",
        "shrinkA": 18,
        "shrinkB": 18,
    }
    axes.annotate("", end, start, arrowprops=properties)
    x, y = (0.5 * (a + b) for a, b in zip(start, end, strict=True))
    axes.text(x, y - 0.12 - 0.2 * bend, label, fontsize=6, ha="center", color="0.25")


def _places(machine: Machine) -> dict[str, tuple[float, float]]:
    """Columns by longest way from a source (self-links apart), rows in order of appearance."""
    wires = {(path[2], path[0]) for path in machine.trainable.support.paths if path[0] != path[2]}
    names = sorted({name for wire in wires for name in wire})
    column = dict.fromkeys(names, 0)
    for _ in names:  # as many rounds as the longest way can have; loops stop growing there
        for sender, receiver in sorted(wires):
            column[receiver] = min(max(column[receiver], column[sender] + 1), len(names))
    ranks = {rank: i for i, rank in enumerate(sorted(set(column.values())))}
    places: dict[str, tuple[float, float]] = {}
    for rank, i in ranks.items():
        members = [name for name in names if column[name] == rank]
        # Neighbouring inner columns at different heights: links that skip one pass between.
        is_inner = 0 < i < len(ranks) - 1
        lift = (0.55 if i % 2 else -0.55) if is_inner else 0.0
        for j, name in enumerate(members):
            places[name] = (float(i), 0.5 * (len(members) - 1) - j + lift)
    return places
