"""Pictures of families. Every function takes ``Axes`` (or makes them) and returns them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial.distance import squareform

from dmm.show import new_axes
from vvalues import VValue

from .model import overlaps
from .walks import Halfway

__all__ = ["overlap_matrix", "unit_fields", "walk_curve"]


def overlap_matrix(members: Sequence[VValue], axes: Any = None) -> Any:
    """Share of connections that every two members have in common."""
    axes = new_axes(4.6, 4.0) if axes is None else axes
    n = len(members)
    shared = squareform(overlaps(members)) + np.eye(n)
    image = axes.imshow(shared, vmin=0, vmax=1, cmap="Blues")
    axes.figure.colorbar(image, ax=axes, label="shared connections")
    axes.set(title=f"Overlap of {n} members", xlabel="member", ylabel="member")
    return axes


def unit_fields(
    weights: np.ndarray, shape: tuple[int, int], axes: Any = None, units: int = 12
) -> Any:
    """Connections (inputs, units) of some first-layer units as images of this shape."""
    axes = new_axes(6.4, 4.8) if axes is None else axes
    rows, columns = shape
    across = int(np.ceil(np.sqrt(units * 4 / 3)))
    down = -(-units // across)
    canvas = np.full((down * (rows + 2), across * (columns + 2)), np.nan)
    for i in range(min(units, weights.shape[1])):
        top, left = i // across * (rows + 2), i % across * (columns + 2)
        canvas[top : top + rows, left : left + columns] = weights[:, i].reshape(shape)
    size = np.nanmax(np.abs(canvas))
    axes.imshow(canvas, cmap="PuOr_r", vmin=-size, vmax=size)
    axes.set_axis_off()
    axes.set(title="Excitatory and inhibitory connections of some hidden units")
    return axes


def walk_curve(walk: Sequence[Halfway], scores: Sequence[float], axes: Any = None) -> Any:
    """A walk between two families: overlap with both ends, and the members' score in percent."""
    axes = new_axes(6.0, 3.6) if axes is None else axes
    share = [point.share for point in walk]
    axes.plot(share, scores, "-", label="test accuracy")
    axes.plot(share, [100 * p.to_first for p in walk], "--", label="overlap with the first family")
    axes.plot(share, [100 * p.to_second for p in walk], "-.", label="overlap with the second")
    axes.set(title="A walk between two families", xlabel="position", ylabel="%", ylim=(0, 100))
    axes.grid(alpha=0.3)
    axes.legend()
    return axes
