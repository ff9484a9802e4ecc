"""Movies: frames drawn one after the other into a GIF or a self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..process.checks import check_whole

__all__ = ["save_frames"]


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
