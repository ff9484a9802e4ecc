"""Pools of other shapes, on input layers of other shapes, and of the sizes that take longer.

Source: arXiv:1906.01039, "a wide-range of input-layer geometries", "different pool-sizes and
shapes".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..architectures.self_organised import Polygon
from ..architectures.self_organised.growth import Pooling, PoolingSettings, elongations
from .growth import SHAPES
from .pools import STEPS, pool_figures
from .tables import Report, figures_table

__all__ = ["layer_of", "reproduce"]

LAYERS: Mapping[str, Any] = {
    **SHAPES,
    "strip, 4 to 1": [(0, 0), (4, 0), (4, 1), (0, 1)],
    "cross": [(1, 0), (2, 0), (2, 1), (3, 1), (3, 2), (2, 2), (2, 3), (1, 3), (1, 2), (0, 2),
              (0, 1), (1, 1)],
}  # fmt: skip
STRETCHES = (1.0, 2.0, 3.0)
LONGER = {5.0: 400_000, 4.0: 800_000, 3.0: 800_000}  # outer radius to steps
LARGE, LARGE_SIDE = 10.0, 40.0  # a kernel that is large for the published sheet, and a larger one
QUICK_STEPS = 5_000


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``pool-shapes.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        200,000 steps and more, seed 0 (about eight minutes on one core; interrupted, the same
        command goes on with what ``pool-shapes.json`` lacks); otherwise 5,000.
    out : Path
    """
    report = Report("pool-shapes", "Pools and input layers of other shapes", out, full)
    report.resume()
    steps = STEPS if full else QUICK_STEPS
    _say_layers(report, steps)
    _say_stretched(report, steps)
    _say_sizes(report, full)
    return report.figures


def layer_of(corners: Any, area: float) -> Polygon:
    """The polygon of this shape and area.

    Examples
    --------
    >>> round(layer_of(LAYERS["cross"], 784.0).area, 6)
    784.0
    """
    points = np.asarray(corners, dtype=np.float64)
    return Polygon(points * np.sqrt(area / Polygon(points).area))


def _figures(settings: PoolingSettings, steps: int, corners: Any = None) -> dict[str, float]:
    """A pooling layer of seed 0 after some steps; in a square, or on sensors in a polygon."""
    rng = np.random.default_rng(0)
    positions = None
    if corners is not None:
        positions = layer_of(corners, settings.side**2).sample(settings.n_sensors, rng)
    pooling = Pooling(rng, settings, positions)
    pooling.advance(steps)
    long = elongations(pooling.weights, pooling.positions)
    return {
        **pool_figures(pooling.weights, pooling.positions),
        "times longer than wide": float(np.nanmedian(long)),
    }


def _say_layers(report: Report, steps: int) -> None:
    settings = PoolingSettings()
    jobs = {name: partial(_figures, settings, steps, shape) for name, shape in LAYERS.items()}
    found = report.each("input layers", jobs)
    report.say(
        "## Input layers of other shapes",
        f"{settings.n_sensors:,} sensors in polygons of the published area, all else as published; "
        f"seed 0, {steps:,} steps, all {settings.n_units} units count. Round: as in `pools`. The "
        "ratio of length to width is the median over the fields' own principal axes.",
        figures_table("sensors in", found),
    )


def _say_stretched(report: Report, steps: int) -> None:
    jobs = {
        f"{stretch:g}": partial(_figures, PoolingSettings(stretch=stretch), steps)
        for stretch in STRETCHES
    }
    found = report.each("stretched kernels", jobs)
    report.say(
        "## Pools that are longer than wide",
        "The kernel reaches so many times further along one axis than along the other, over the "
        f"same area; the published square, seed 0, {steps:,} steps.",
        figures_table("stretch of the kernel", found),
    )


def _say_sizes(report: Report, full: bool) -> None:
    jobs = {}
    for outer, longer in LONGER.items():
        steps = longer if full else QUICK_STEPS
        jobs[f"{outer:g}, {steps:,} steps"] = partial(_figures, PoolingSettings(outer=outer), steps)
    n_sensors = round(PoolingSettings().n_sensors * (LARGE_SIDE / PoolingSettings().side) ** 2)
    large = PoolingSettings(n_sensors=n_sensors, side=LARGE_SIDE, outer=LARGE)
    steps = STEPS if full else QUICK_STEPS
    jobs[f"{LARGE:g}, {n_sensors:,} sensors, {steps:,} steps"] = partial(_figures, large, steps)
    found = report.each("sizes", jobs)
    report.say(
        "## Small pools given longer, large pools on a larger sheet",
        f"`pools` has all radii at {STEPS:,} steps of the published sheet. Smaller waves are "
        f"rarer and teach less each; a sheet of side {LARGE_SIDE:g} has the published density.",
        figures_table("outer radius", found),
    )
