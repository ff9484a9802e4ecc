"""Pictures and movies of growth. Every function takes ``Axes`` (or makes them) and returns them.

Matplotlib is imported when a picture is made, not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from dmm.axes import new_axes

from .pooling import SYNAPSE, Pooling
from .tissue import Tissue

__all__ = ["growth_movie", "receptive_field_grid", "tissue_picture"]

BLUE, ORANGE, MUTED = "#1a5fa8", "#b04508", "#c3c9d1"


def tissue_picture(tissue: Tissue, axes: Any = None, unit: int | None = None) -> Any:
    """Cells (dots) and budded units (triangles) in their polygon; one unit's field if asked."""
    axes = new_axes(4.4, 4.4) if axes is None else axes
    corners = np.vstack([tissue.polygon.corners, tissue.polygon.corners[:1]])
    axes.plot(*corners.T, color="black", lw=1.0)
    axes.scatter(*tissue.positions.T, s=7, color=MUTED, label="cells")
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


def receptive_field_grid(pooling: Pooling, axes: Any = None, units: int = 12) -> Any:
    """Fields of some units, each in its own corner of one picture."""
    axes = new_axes(6.4, 4.8) if axes is None else axes
    sizes = (pooling.weights >= SYNAPSE).sum(axis=0)
    chosen = np.argsort(np.where(sizes > 0, sizes, np.inf), kind="stable")[:units]
    span = np.ptp(pooling.positions, axis=0).max() * 1.1
    columns = int(np.ceil(np.sqrt(units * 4 / 3)))
    for i, unit in enumerate(chosen):
        places = pooling.positions + span * np.array([i % columns, -(i // columns)])
        field = pooling.weights[:, unit] >= SYNAPSE
        axes.scatter(*places[~field].T, s=0.5, color=MUTED, linewidths=0)
        axes.scatter(*places[field].T, s=3, color=ORANGE, linewidths=0)
    axes.set(title=f"Receptive fields after {pooling.steps:,} ms", aspect="equal")
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
    from ..spatial.movies import save_frames

    def frame(axes: Any, stop: int) -> None:
        tissue.grow(max(0, stop - tissue.steps))
        tissue_picture(tissue, axes)

    return save_frames(file, list(stops), frame, frames_per_second)
