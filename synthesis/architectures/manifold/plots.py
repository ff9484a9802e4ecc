"""Pictures of manifolds: the adjacency matrix as the seed draws it, and curves of a training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dmm.show import new_axes, pyplot
from vvalues import VValue

from .model import Manifold

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["adjacency", "curves", "front", "receptive_field", "show"]

PANELS = {
    "objective": "objective loss",
    "flow": "flow loss",
    "density": "share of cells that are links",
    "accuracy": "accuracy on all test images, %",
}


def adjacency(model: Any, parameters: VValue) -> np.ndarray:
    """The adjacency matrix, (neurons, neurons): strength from column to row, NaN where not allowed.

    Rows and columns are all neurons in order: inputs, hidden, outputs.
    """
    layout = model.layout
    n = layout.n_inputs + layout.n_rows
    matrix = np.full((n, n), np.nan)
    rows, columns = layout.all_cells()
    matrix[layout.n_inputs + rows, columns] = 0.0
    links = model.links(parameters)
    schedule = links.schedule
    matrix[layout.n_inputs + schedule.rows, schedule.columns] = np.asarray(links.strengths)
    return matrix


def show(
    model: Any, *parameters: VValue, titles: Sequence[str] = (), axes: Any = None
) -> Sequence[Axes]:
    """Draw the adjacency at one or more parameters side by side, as before and after training.

    Rows receive, columns send; red is positive, blue negative, grey is no allowed cell. Colour
    grows with the root of the strength, so that weak links can be seen. Lines part inputs, hidden
    neurons and outputs.

    Parameters
    ----------
    model : Manifold, or a model over time
    *parameters : VValue
    titles : sequence of str, optional
    axes : Axes, one per parameters, optional
    """
    if axes is None:
        count = len(parameters)
        figure, found = pyplot().subplots(1, count, figsize=(5 * count, 3.6), squeeze=False)
        axes = found[0]
        figure.set_layout_engine("constrained")
    layout = model.layout
    for i, (tree, ax) in enumerate(zip(parameters, axes, strict=True)):
        matrix = adjacency(model, tree)[layout.n_inputs :, : layout.n_columns]
        ax.set_facecolor("0.85")
        colour = np.sign(matrix) * np.sqrt(np.abs(matrix))
        ax.imshow(colour, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
        ax.locator_params(integer=True)
        ax.axvline(layout.n_inputs - 0.5, color="0.3", lw=0.8)
        ax.axhline(layout.n_hidden - 0.5, color="0.3", lw=0.8)
        n_links = int(np.sum(np.nan_to_num(matrix) != 0))
        name = f"{titles[i]}: " if i < len(titles) else ""
        ax.set_title(f"{name}{n_links:,} of {layout.n_cells:,} links", fontsize="medium")
        ax.set(xlabel="sending neuron: inputs | hidden", ylabel="outputs | hidden: receiving")
    return axes


def receptive_field(model: Manifold, parameters: VValue, width: int) -> np.ndarray:
    """How strongly every input pixel is read in all, as an image of this width."""
    layout = model.layout
    if layout.n_inputs % width:
        raise ValueError(f"width is {width}; it does not divide the {layout.n_inputs} inputs")
    links = model.links(parameters)
    columns, size = links.schedule.columns, np.abs(np.asarray(links.strengths))
    total = np.bincount(columns, weights=size, minlength=layout.n_columns)
    return total[: layout.n_inputs].reshape(-1, width)


def curves(records: Iterable[Mapping[str, Any]], axes: Any = None) -> Any:
    """Objective, flow, share of links and accuracy over steps, below each other.

    Parameters
    ----------
    records : dicts of a training (``record.to_dict()``), with ``accuracy`` where it was measured
    """
    rows = list(records)
    names = [name for name in PANELS if any(row.get(name) for row in rows)]
    if axes is None:
        figure, found = pyplot().subplots(
            len(names), 1, sharex=True, figsize=(7, 1.9 * len(names)), squeeze=False
        )
        figure.set_layout_engine("constrained")
        axes = found[:, 0]
    for name, ax in zip(names, axes, strict=True):
        points = [(row["step"], row[name]) for row in rows if row.get(name) is not None]
        ax.plot(*zip(*points, strict=True), lw=1.2)
        ax.set_title(PANELS[name], fontsize="medium", loc="left")
        if name in ("objective", "flow") and min(p[1] for p in points) > 0:
            ax.set_yscale("log")
    axes[-1].set_xlabel("step")
    return axes


def front(points: Mapping[str, Iterable[tuple[float, float]]], ax: Axes | None = None) -> Axes:
    """Accuracy against links, a line per kind of run.

    Parameters
    ----------
    points : name -> (links, accuracy in percent) of several networks
    """
    if ax is None:
        ax = new_axes(7, 4)
    for name, pairs in points.items():
        ordered = sorted(pairs)
        ax.plot(*zip(*ordered, strict=True), "o-", ms=4, lw=1, label=name)
    ax.set(xscale="log", xlabel="links", ylabel="accuracy on all test images, %")
    ax.legend()
    return ax
