"""Milliseconds of processor time per simulated step: pooling, tissue, waves, binary families.

``python -m benchmarks.growth_steps`` writes ``benchmarks/results/growth_steps.md``.
"""

from __future__ import annotations

import platform
import time
from pathlib import Path

import numpy as np

from synthesis.architectures.binary import BinaryFamily, FamilyObjective, NeuronStrategy
from synthesis.architectures.self_organised import Polygon
from synthesis.architectures.self_organised.growth import Pooling, Tissue
from synthesis.architectures.self_organised.spiking import (
    SpikingStack,
    leaky_retina,
    published_layers,
)
from synthesis.reproduce.tables import table

RESULT = Path(__file__).parent / "results" / "growth_steps.md"


def milliseconds(run, steps: int) -> float:
    """Processor time of a run, per step."""
    start = time.process_time()
    run(steps)
    return 1e3 * (time.process_time() - start) / steps


def main() -> None:
    """Measure and write."""
    rng = np.random.default_rng(0)
    pooling = Pooling(np.random.default_rng(0))
    pooling.advance(1000)
    per_step = milliseconds(pooling.advance, 10_000)
    rows: list[list[object]] = [
        ["pooling, 1,500 sensors, 400 units", per_step, f"110,000 steps: {110 * per_step:.1f} s"]
    ]
    tissue = Tissue(Polygon([(0, 0), (20, 0), (20, 20), (0, 20)]), np.random.default_rng(0))
    rows.append(["tissue in a square of 20, first 20,000 steps", milliseconds(tissue.grow, 20_000),
                 f"{tissue.n} cells at the end"])  # fmt: skip
    stack = SpikingStack(leaky_retina(rng), published_layers(), rng)

    def wave(steps: int) -> None:
        stack.run(steps * 0.1)

    rows.append(["leaky stack of 1,600, 300, 400 units", milliseconds(wave, 3000),
                 "a step is 0.1 ms"])  # fmt: skip
    family = BinaryFamily([784, 256, 10], [75, 112])
    scores, labels = family.initial(rng), rng.integers(10, size=256)
    objective = FamilyObjective(family, rng.standard_normal((256, 784)), labels)
    source = NeuronStrategy()

    def generations(steps: int) -> None:
        for _ in range(steps):
            source(objective, scores, rng)

    rows.append(["family 784-256-10, one generation", milliseconds(generations, 5),
                 "64 alternatives to each of 266 neurons, 256 images"])  # fmt: skip
    text = "\n\n".join([
        "# Steps of growth, waves and families",
        f"`python -m benchmarks.growth_steps`; Python {platform.python_version()}, numpy "
        f"{np.__version__}, one BLAS thread, processor time.",
        table(["what", "ms per step", ""], rows),
    ])  # fmt: skip
    print(text)
    RESULT.write_text(text + "\n")


if __name__ == "__main__":
    main()
