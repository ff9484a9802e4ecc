"""Pooling layers judged by what no stop rule asks for: after so many steps, by shape, at any size.

Source: arXiv:1906.01039, whose runs end when nine of ten fields are small.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..architectures.self_organised import SYNAPSE, disc_wiring, random_wiring
from ..architectures.self_organised.growth import Pooling, PoolingSettings, spreads
from .tables import Report, table

__all__ = ["pool_figures", "reproduce"]

STEPS, STOPS = 200_000, 4
ROUND = 1.25  # a field at most so much more spread out than a disc is round
RADII = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``pools.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 to 2 and eight radii (about three minutes on one core); otherwise seed 0 and one.
    out : Path
    """
    report = Report("pools", "Pooling layers without a stop rule", out, full)
    _say_shapes(report, range(3) if full else range(1))
    _say_pools(report, RADII if full else RADII[:1])
    return report.figures


def pool_figures(weights: np.ndarray, positions: np.ndarray) -> dict[str, float]:
    """Of all units, whatever the size of their fields."""
    synapses = weights >= SYNAPSE
    found = spreads(weights, positions)
    return {
        "mean size": float(synapses.sum(axis=0).mean()),
        "round, %": 100.0 * float(np.mean(found <= ROUND)),
        "median spread": float(np.nanmedian(found)),
        "coverage": float(synapses.any(axis=1).mean()),
    }


def _say_shapes(report: Report, seeds: range) -> None:
    """Fields at fixed steps, beside discs and random wiring of the same sizes."""
    rows: list[list[Any]] = []
    for seed in seeds:
        rng = np.random.default_rng([seed, 13])
        pooling = Pooling(np.random.default_rng(seed))
        for _ in range(STOPS):
            pooling.advance(STEPS // STOPS)
            figures = pool_figures(pooling.weights, pooling.positions)
            rows.append([f"seed {seed}", f"{pooling.steps:,} steps", *figures.values()])
        sizes = (pooling.weights >= SYNAPSE).sum(axis=0)
        wirings = {
            "discs": disc_wiring(pooling.positions, sizes, rng),
            "random": random_wiring(len(pooling.positions), sizes, rng),
        }
        for name, wiring in wirings.items():
            shown = pool_figures(wiring.astype(float), pooling.positions)
            rows.append([f"seed {seed}", name, *shown.values()])
    report.keep("shapes", rows)
    report.say(
        "## Shapes of the fields",
        f"Published constants, after fixed numbers of steps. All {PoolingSettings().n_units} units "
        "count, small or not. Spread: mean distance of a field's sensors to their centroid over "
        f"that of as many sensors nearest to it; round: at most {ROUND}. Discs and random wiring "
        "have the sizes of the last line above them.",
        table(["", "", *figures], rows),
    )


def _say_pools(report: Report, radii: tuple[float, ...]) -> None:
    """Pools of other sizes: the outer radius of the kernel."""
    rows = []
    for outer in radii:
        pooling = Pooling(np.random.default_rng(0), PoolingSettings(outer=outer))
        pooling.advance(STEPS)
        figures = pool_figures(pooling.weights, pooling.positions)
        rows.append([f"{outer:g}", *figures.values()])
    report.keep("pool sizes", rows)
    report.say(
        "## Pools of other sizes",
        f"The outer radius of the kernel sets the size of a pool (6 above). Seed 0, {STEPS:,} "
        "steps, the other constants as published.",
        table(["outer radius", *figures], rows),
    )
