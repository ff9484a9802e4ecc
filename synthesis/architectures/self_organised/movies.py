"""Movies: frames drawn one after the other into a GIF or a self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dmm.show.style import ORANGE

from ...process.checks import check_whole
from .arguments import check_positions

__all__ = ["save_frames", "wave_movie"]


def save_frames(
    file: str | Path,
    frames: Sequence[Any],
    draw: Callable[[Any, Any], None],
    frames_per_second: int = 10,
    size: tuple[float, float] = (4.4, 4.4),
) -> Path:
    """Draw every frame on cleared axes and write the movie.

    Parameters
    ----------
    file : path ending in ``.gif`` or ``.html``
    frames : sequence
        Given to ``draw`` one after the other.
    draw : callable, (axes, frame) -> None
    frames_per_second : int
    size : (width, height) in inches

    Raises
    ------
    ValueError
        For another ending, or without frames.
    """
    path = Path(file)
    if path.suffix not in (".gif", ".html"):
        raise ValueError(f"movie {path.name!r}: the ending must be .gif or .html")
    check_whole("frames_per_second", frames_per_second, 1)
    if not len(frames):
        raise ValueError("a movie needs at least one frame")
    from matplotlib.animation import FuncAnimation, HTMLWriter, PillowWriter
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()

    def update(frame: Any) -> list[Any]:
        axes.clear()
        draw(axes, frame)
        return []

    movie = FuncAnimation(figure, update, frames=frames, init_func=list, blit=False)
    writer: Any = PillowWriter(fps=frames_per_second)
    if path.suffix == ".html":
        writer = HTMLWriter(fps=frames_per_second, embed_frames=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    movie.save(path, writer=writer, dpi=70)
    return path


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
