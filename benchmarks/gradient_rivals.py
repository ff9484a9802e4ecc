"""Gradients of layered machines: ours by numpy and by the fast kernels, and two programs in JAX.

    python -m benchmarks.gradient_rivals           # the cells that take seconds
    python -m benchmarks.gradient_rivals --full    # all that fit into memory

The work is the gradient of the summed squared difference to the handcrafted detector. Both JAX
programs are jitted, float64: a dense scan over the ticks, and *our* algorithm (all ticks of a level
in one product, accumulators as cumulative sums) on our plan. Times are process time, medians of
interleaved repetitions, one thread. The limit is the arithmetic of the live links at the rate of a
large matrix product, measured in the same run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from itertools import count

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import numpy as np

from dmm import compile_machine, layered_space, text_streams, zoo

from .jax_layers import layers_gradient, scan_gradient
from .measure import machine_line, markdown_table, write_result

COPIES = (2, 4, 8)  # neurons of a type per layer: 1,486, 5,366 and 20,326 links
TICKS = (140, 1000, 10_000)
BATCHES = (1, 8, 64, 512)
QUICK = 36_000  # copies * ticks * strings of the cells that take seconds
LARGEST = 8 * 140 * 512  # of those that fit into some gigabytes
ROUNDS = 7


def strings(n, ticks):
    """A batch of short strings over up to nine letters."""
    rng = np.random.default_rng(n)
    texts = ["test string."]
    while len(texts) < n:
        texts.append("".join(rng.choice(list("abcdefgh"), rng.integers(4, 11))) + ".")
    return text_streams(texts, ticks)


def ours(machine, streams, targets, engine):
    """A gradient by one of our engines; the weights vary minutely, for a run is remembered."""
    bound = compile_machine(machine, engine=engine).bind(streams)
    weights = np.array(machine.trainable.buffer)
    varied = count()

    def gradient():
        now = weights * (1.0 + 1e-15 * next(varied))
        error = bound.forward(now) - targets
        return bound.pullback(now, 2.0 * error)

    return gradient


def rate():
    """Flops per second of process time in a product of 1,000 x 1,000 matrices."""
    one = np.random.default_rng(0).standard_normal((1000, 1000))
    times = []
    for _ in range(5):
        begun = time.process_time()
        one @ one
        times.append(time.process_time() - begun)
    return 2e9 / statistics.median(times)


def flops(plan, streams):
    """Multiplications and additions of a gradient: forward, back, and the sum for every weight."""
    keys = streams.arrays["input"].shape[2] - 1
    tables = [table for b in (*plan.blocks, plan.sink) for table in (b.outer, b.inner)]
    links = sum(len(table.link) + keys * len(table.key_link) for table in tables)
    return 3 * 2 * links * streams.ticks * len(streams)


def medians(contenders):
    """Milliseconds of process time of each, one after the other, round by round."""
    for contender in contenders:
        contender()
    times = [[] for _ in contenders]
    for _ in range(ROUNDS):
        for contender, own in zip(contenders, times, strict=True):
            begun = time.process_time()
            contender()
            own.append(time.process_time() - begun)
    return [1e3 * statistics.median(own) for own in times]


def row(copies, ticks, batch, speed):
    """One line of the table."""
    machine = layered_space(np.random.default_rng(0), copies=copies)
    streams = strings(batch, ticks)
    detector = zoo.duplicate_detector()
    targets = compile_machine(detector, engine="numpy")(detector.trainable, streams)
    plan = compile_machine(machine, engine="numpy").plan
    contenders = [
        ours(machine, streams, targets, "numpy"),
        ours(machine, streams, targets, "fast"),
        scan_gradient(machine, streams, targets),
        layers_gradient(machine, streams, targets),
    ]
    expected = contenders[0]()
    scale = np.abs(expected).max()
    for contender in contenders[1:]:
        np.testing.assert_allclose(contender() / scale, expected / scale, rtol=0, atol=1e-9)
    numpy_ms, fast_ms, scan_ms, layers_ms = medians(contenders)
    limit = 1e3 * flops(plan, streams) / speed
    return [
        f"{machine.trainable.size:,}",
        f"{ticks:,}",
        batch,
        *(f"{ms:.2f}" for ms in (numpy_ms, fast_ms, scan_ms, layers_ms, limit)),
        f"{numpy_ms / fast_ms:.1f}",
        f"{scan_ms / fast_ms:.1f}",
        f"{layers_ms / fast_ms:.1f}",
        f"{fast_ms / limit:.1f}",
    ]


HEADER = ["links", "ticks", "strings", "numpy", "fast", "JAX scan", "JAX layers", "limit"]
HEADER += ["numpy / fast", "scan / fast", "layers / fast", "fast / limit"]


def main():
    """Measure the cells, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--full", action="store_true", help="all cells that fit into memory")
    most = LARGEST if parser.parse_args().full else QUICK
    cells = [(c, t, b) for c in COPIES for t in TICKS for b in BATCHES if c * t * b <= most]
    speed, rows = rate(), []
    for cell in cells:
        rows.append(row(*cell, speed))
        print(rows[-1], flush=True)
    text = [
        "# Gradients of layered machines, milliseconds",
        f"{machine_line()}, {ROUNDS} interleaved rounds; load {os.getloadavg()[0]:.1f}; a matrix "
        f"product runs at {speed / 1e9:.0f} GFLOP/s.",
        markdown_table(HEADER, rows),
    ]
    write_result("gradient_rivals", "\n\n".join(text))


if __name__ == "__main__":
    main()
