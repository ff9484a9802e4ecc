"""Movies of waves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dmm.show.style import ORANGE

from ...process.checks import check_whole
from ..films import save_frames
from .arguments import check_positions

__all__ = ["wave_movie"]


def wave_movie(
    positions: np.ndarray,
    fired: Sequence[np.ndarray],
    file: str | Path,
    steps_per_frame: int = 10,
    frames_per_second: int = 12,
) -> Path:
    """Who fires, over time: a movie of a raster's layer.

    Parameters
    ----------
    positions : array (n, dimensions)
        The first two coordinates are drawn; units on a line are drawn on a level one.
    fired : sequence of arrays of indices, one per step
    file : path, ``.gif`` or ``.html``
    steps_per_frame : int
        All units that fire in so many steps share a frame.
    """
    check_whole("steps_per_frame", steps_per_frame, 1)
    points = check_positions(positions)[:, :2]
    if points.shape[1] == 1:
        points = np.column_stack([points, np.zeros(len(points))])
    if any(len(step) and np.max(step) >= len(points) for step in fired):
        raise ValueError(f"fired names units beyond the {len(points)} positions given")
    starts = list(range(0, len(fired), steps_per_frame))

    def draw(axes: Any, start: int) -> None:
        active = np.unique(np.concatenate([*fired[start : start + steps_per_frame]]).astype(int))
        axes.scatter(*points.T, s=4, color="#c3c9d1")
        axes.scatter(*points[active].T, s=9, color=ORANGE)
        axes.set(title=f"step {start}", aspect="equal", xticks=[], yticks=[])

    return save_frames(file, starts, draw, frames_per_second)
