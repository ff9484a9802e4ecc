"""Plots of paths and circuits. Every function takes an ``Axes`` (or makes one) and returns it.

Matplotlib is imported when a plot is made, not before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dmm import Machine
from dmm.show import draw, new_axes
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
    if axes is None:
        axes = new_axes(12.0, 4.5)
    sizes = dict(zip(scores.support.paths, scores.buffer.tolist(), strict=True))
    draw(machine, axes, sizes=sizes)
    axes.set_title(f"Vulnerability of {machine.name}")
    return axes
