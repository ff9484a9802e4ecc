"""Pictures and movies of growth. Every function takes ``Axes`` (or makes them) and returns them.

Matplotlib is imported when a picture is made, not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from dmm.show import new_axes
from dmm.show.style import BLUE, ORANGE, PALE

from ....process.checks import check_whole
from ...films import save_frames
from ...wired import SYNAPSE
from ..arguments import check_positions
from .pooling import Pooling
from .tissue import Tissue

__all__ = ["growth_movie", "receptive_field_grid", "tissue_picture"]


def tissue_picture(tissue: Tissue, axes: Any = None, unit: int | None = None) -> Any:
    """Cells (dots) and budded units (triangles) in their polygon; one unit's field if asked."""
    axes = new_axes(4.4, 4.4) if axes is None else axes
    corners = np.vstack([tissue.polygon.corners, tissue.polygon.corners[:1]])
    axes.plot(*corners.T, color="black", lw=1.0)
    axes.scatter(*tissue.positions.T, s=7, color=PALE, label="cells")
    if tissue.unit_names:
        axes.scatter(*tissue.unit_positions.T, s=16, marker="^", color=BLUE, label="units")
    if unit is not None:
        field = tissue.positions[tissue.weights[:, unit] >= SYNAPSE]
        axes.scatter(*field.T, s=9, color=ORANGE, label="one unit's field")
    stage = tissue.stage
    axes.set(
        title=f"{stage.steps:,} ms: {stage.cells:,} cells, {stage.units} units", aspect="equal"
    )
    axes.legend(loc="upper right", fontsize="small")
    return axes


def receptive_field_grid(
    layer: Pooling | np.ndarray,
    axes: Any = None,
    units: int = 12,
    *,
    positions: np.ndarray | None = None,
) -> Any:
    """Fields of the units that read fewest sensors, each in its own corner of one picture.

    Parameters
    ----------
    layer : Pooling, or array of weights (sensors, units)
        Of a `spiking.SpikingStack`'s first layer or a `WiredNetwork`'s matrices, for instance.
    axes : Axes, optional
    units : int
        How many are shown.
    positions : array (sensors, 2), optional
        Of the sensors; needed with weights.
    """
    check_whole("units", units, 1)
    if isinstance(layer, Pooling):
        weights, places = layer.weights, layer.positions
        title = f"Receptive fields after {layer.steps:,} ms"
    elif positions is None:
        raise ValueError("positions are missing: weights alone do not say where the sensors are")
    else:
        weights, places, title = layer, check_positions(positions)[:, :2], "Receptive fields"
        if len(weights) != len(places):
            raise ValueError(f"{len(places)} positions, but weights for {len(weights)} sensors")
    axes = new_axes(6.4, 4.8) if axes is None else axes
    sizes = (weights >= SYNAPSE).sum(axis=0)
    chosen = np.argsort(np.where(sizes > 0, sizes, np.inf), kind="stable")[:units]
    span = np.ptp(places, axis=0).max() * 1.1
    columns = int(np.ceil(np.sqrt(units * 4 / 3)))
    for i, unit in enumerate(chosen):
        shifted = places + span * np.array([i % columns, -(i // columns)])
        field = weights[:, unit] >= SYNAPSE
        axes.scatter(*shifted[~field].T, s=0.5, color=PALE, linewidths=0)
        axes.scatter(*shifted[field].T, s=3, color=ORANGE, linewidths=0)
    axes.set(title=title, aspect="equal")
    axes.set_axis_off()
    return axes


def growth_movie(
    tissue: Tissue, file: str | Path, stops: Iterable[int], frames_per_second: int = 6
) -> Path:
    """Let a tissue grow and keep a picture at every stop (a number of steps).

    Parameters
    ----------
    file : path
        ``.gif`` (needs Pillow, which comes with matplotlib) or ``.html`` (one self-contained page).
    """

    def frame(axes: Any, stop: int) -> None:
        tissue.grow(max(0, stop - tissue.steps))
        tissue_picture(tissue, axes)

    return save_frames(file, list(stops), frame, frames_per_second)
