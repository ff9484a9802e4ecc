"""Two tanks in a row: a simulation of what is hidden, from the pump and the lower level alone.

``python -m benchmarks.tanks [--seeds N]``

Water is pumped into the upper tank, runs out of it into the lower one, and from there away, by
Torricelli's law. The upper tank overflows, in part into the lower one; the sensor of the lower
level ends at 10. As in a hydraulic bench there are 1,024 samples to learn from, of one random sum
of sines, and 1,024 of another one to be simulated beside the pump; of these levels the first 50
are known. The noise of the sensor has a standard deviation of 0.05.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from synthesis.forecast import FAMILIES, Forecaster
from synthesis.likelihoods import Gaussian

from .measure import machine_line, markdown_table, write_result

SAMPLES, KNOWN = 1024, 50
SINES = 59
LEAST, MOST = 0.5, 6.1
"""Of the pump."""

FULL = 10.0
"""Height of the tanks, and the end of the sensor's range."""

NOISE = 0.05
STEPS, STEP = 8, 0.5
"""Euler steps per sample, and their length."""

OUT_OF_UPPER, PUMPED, INTO_LOWER, OUT_OF_LOWER, SPILLED = 0.055, 0.045, 0.055, 0.05, 0.6


def pumped(rng: np.random.Generator) -> np.ndarray:
    """A sum of sines with random phases, (samples,)."""
    turns = 2.0 * np.pi * np.arange(SAMPLES)[:, None] / SAMPLES * np.arange(1, SINES + 1)
    waves = np.cos(turns + rng.uniform(0.0, 2.0 * np.pi, SINES)).sum(axis=1)
    return LEAST + (MOST - LEAST) * (waves - waves.min()) / np.ptp(waves)


def levels(pump: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What the sensor of the lower tank says, (samples,)."""
    upper, lower, seen = 6.0, 5.0, []
    for flow in pump:
        for _ in range(STEPS):
            rising = PUMPED * flow - OUT_OF_UPPER * np.sqrt(upper)
            over = SPILLED * max(rising, 0.0) if upper >= FULL else 0.0
            falling = OUT_OF_LOWER * np.sqrt(lower)
            lower += STEP * (INTO_LOWER * np.sqrt(upper) + over - falling)
            upper += STEP * rising
            upper, lower = (min(max(level, 0.0), FULL) for level in (upper, lower))
        seen.append(lower)
    return np.minimum(seen + NOISE * rng.standard_normal(len(seen)), FULL)


WAYS: dict[str, dict[str, Any]] = {
    "lags, no bound": {"families": FAMILIES[:1], "likelihood": Gaussian()},
    "everything, no bound": {"likelihood": Gaussian()},
    "defaults": {},
}


def rows(seed: int) -> Iterator[list[object]]:
    """Every way on the tanks of a seed."""
    rng = np.random.default_rng(seed)
    (pump, level), (other, wanted) = ((p, levels(p, rng)) for p in (pumped(rng), pumped(rng)))
    for name, options in WAYS.items():
        start = time.process_time()
        model = Forecaster(aim="free run", **options).fit(level, {"pump": pump})
        seconds = time.process_time() - start
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run = model.forecast(
                SAMPLES - KNOWN,
                {"pump": other[KNOWN:]},
                series=wanted[:KNOWN],
                past={"pump": other[:KNOWN]},
                draws=0,
            ).mean
        off = np.sqrt(np.mean((run - wanted[KNOWN:]) ** 2))
        shown = "; ".join(model.equations_.splitlines())
        yield [
            seed,
            name,
            f"**{off:.3f}**",
            f"{wanted.std():.2f}",
            model.report_.links,
            f"{seconds:.1f}",
            f"`{shown}`",
        ]


def main() -> None:
    """Try every seed, print and keep the table after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    head = ["seed", "way", "rms error of the run", "level's deviation", "links", "seconds", "found"]
    table: list[list[object]] = []
    for seed in range(parser.parse_args().seeds):
        table += rows(seed)
        lines = ["# Two tanks", "", machine_line(), "", markdown_table(head, table), ""]
        write_result("tanks", "\n".join(lines))


if __name__ == "__main__":
    main()
