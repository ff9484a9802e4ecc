"""Gradients of layered machines: ours by numpy and by the fast kernels, and two programs in JAX.

    python -m benchmarks.gradient_rivals           # the cells that take seconds
    python -m benchmarks.gradient_rivals --full    # those that take minutes too
    python -m benchmarks.gradient_rivals --most 3e6    # up to a size of one's own

Small cells come first. What the file ``--kept`` (beside the table) holds already is read, not
measured again, so that the table can be made in pieces; a fresh file measures all of it.

The work is the gradient of the summed squared difference to the handcrafted detector. Both JAX
programs are jitted, float64: a dense scan over the ticks, and *our* algorithm (all ticks of a level
in one product, accumulators as cumulative sums) on our plan. Times are process time, medians of
interleaved repetitions, one thread. The limit is the arithmetic of the live links at the rate of a
large matrix product, measured in the same rounds; the fastest one counts. A second table has our
two engines alone: values, gradient and Jacobian of eight strings, and the values of sixteen
machines at once. Values come in two kinds: with all that derivatives need kept, and alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from functools import partial
from itertools import count
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import numpy as np

from dmm import compile_machine, layered_space, recurrent_space, text_streams, zoo
from dmm.compiled.fast.side_by_side import LARGE

from .jax_layers import layers_gradient, scan_gradient
from .measure import RESULTS, machine_line, markdown_table, write_result

COPIES = (2, 4, 8)  # neurons of a type per layer: 1,486, 5,366 and 20,326 links
TICKS = (140, 1000, 10_000)
BATCHES = (1, 8, 64, 512)
QUICK = 80_000  # copies squared * ticks * strings of the cells that take seconds
LARGEST = 1_300_000  # of those that take minutes, in some gigabytes
ROUNDS, FEW_ROUNDS = 7, 3  # of quick cells, and of the others
SEVERAL = 16  # machines at once
PRODUCT = 2e9  # flops of the large product


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


def large_product():
    """The contender that shows what the hardware does: `PRODUCT` flops and nothing else."""
    one = np.random.default_rng(0).standard_normal((1000, 1000))
    return lambda: one @ one


def flops(plan, streams):
    """Multiplications and additions of a gradient: forward, back, and the sum for every weight."""
    keys = streams.arrays["input"].shape[2] - 1
    tables = [table for b in (*plan.blocks, plan.sink) for table in (b.outer, b.inner)]
    links = sum(len(table.link) + keys * len(table.key_link) for table in tables)
    return 3 * 2 * links * streams.ticks * len(streams)


def medians(contenders, rounds=ROUNDS):
    """Milliseconds of process time of each, one after the other, round by round."""
    for contender in contenders:
        contender()
    times = [[] for _ in contenders]
    for _ in range(rounds):
        for contender, own in zip(contenders, times, strict=True):
            begun = time.process_time()
            contender()
            own.append(time.process_time() - begun)
    return [1e3 * statistics.median(own) for own in times]


def cell(copies, ticks, batch):
    """What is measured in one cell of the table."""
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
    rounds = ROUNDS if size(copies, ticks, batch) <= QUICK else FEW_ROUNDS
    *all_ms, product_ms = medians([*contenders, large_product()], rounds)
    return {
        "links": machine.trainable.size,
        "ticks": ticks,
        "strings": batch,
        "ms": all_ms,
        "chosen": "numpy" if batch == 1 and len(plan.links) >= LARGE else "fast",
        "flops": flops(plan, streams),
        "product ms": product_ms,
    }


def line(found, product_ms):
    """A cell as a line of the table, given the time of the large product."""
    numpy_ms, fast_ms, scan_ms, layers_ms = found["ms"]
    limit = product_ms * found["flops"] / PRODUCT
    chosen_ms = {"numpy": numpy_ms, "fast": fast_ms}[found["chosen"]]
    return [
        f"{found['links']:,}",
        f"{found['ticks']:,}",
        found["strings"],
        *(f"{ms:.2f}" for ms in (*found["ms"], limit)),
        found["chosen"],
        f"{numpy_ms / fast_ms:.1f}",
        *(f"{ms / chosen_ms:.2f}" for ms in (scan_ms, layers_ms)),
        f"{chosen_ms / limit:.1f}",
    ]


def size(copies, ticks, batch):
    """What the time of the dense scan goes by."""
    return copies**2 * ticks * batch


def engines(name, machine):
    """Lines of the second table: what our engines take for eight strings, on one machine."""
    streams, rng = strings(8, 140), np.random.default_rng(0)
    weights = np.array(machine.trainable.buffer)
    programs = [compile_machine(machine, engine=engine) for engine in ("numpy", "fast")]
    bound = [program.bind(streams) for program in programs]
    g = rng.standard_normal(bound[0].forward(weights).shape)
    varied = count()

    def now():
        return weights * (1.0 + 1e-15 * next(varied))

    def values_and_gradient(b):
        w = now()
        b.forward(w)
        b.pullback(w, g)

    work = {
        "values, all kept for derivatives": lambda b: b.forward(now()),
        "values": lambda b: b.values(now()),
        f"values of {SEVERAL} machines": lambda b: b.values(np.stack([now()] * SEVERAL)),
        "values and gradient": values_and_gradient,
        "Jacobian": lambda b: b.jacobian(now()),
    }
    for what, function in work.items():
        slow, fast = medians([partial(function, b) for b in bound], FEW_ROUNDS)
        yield [name, what, f"{slow:.2f}", f"{fast:.2f}", f"{slow / fast:.1f}"]


HEADER = ["links", "ticks", "strings", "numpy", "fast", "JAX scan", "JAX layers", "limit"]
HEADER += ["chosen", "numpy / fast", "scan / chosen", "layers / chosen", "chosen / limit"]


def main():
    """Measure the cells, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--full", action="store_true", help="those that take minutes too")
    parser.add_argument("--most", type=float, help="copies squared * ticks * strings of a cell")
    parser.add_argument("--kept", type=Path, default=RESULTS / "gradient_rivals.json")
    options = parser.parse_args()
    most = options.most or (LARGEST if options.full else QUICK)
    every = [(c, t, b) for c in COPIES for t in TICKS for b in BATCHES]
    kept = json.loads(options.kept.read_text()) if options.kept.is_file() else {}
    options.kept.parent.mkdir(parents=True, exist_ok=True)
    if "engines" not in kept:
        rng = np.random.default_rng(0)
        machines = {"layered, 1,486 links": layered_space(rng), "recurrent": recurrent_space(rng)}
        kept["engines"] = [one for each in machines.items() for one in engines(*each)]
    for sizes in sorted((one for one in every if size(*one) <= most), key=lambda one: size(*one)):
        name = " ".join(map(str, sizes))
        if name not in kept:
            kept[name] = cell(*sizes) | {"load": round(os.getloadavg()[0], 1)}
            options.kept.write_text(json.dumps(kept, indent=1))
            print(kept[name], flush=True)
    report(kept, every)


def report(kept, every):
    """Print and keep the tables of what is measured."""
    names = [" ".join(map(str, sizes)) for sizes in every]
    found = [kept[name] for name in names if name in kept]
    product_ms = min(one["product ms"] for one in found)
    rows = [line(one, product_ms) for one in found]
    loads = [one["load"] for one in found]
    text = [
        "# Gradients of layered machines, milliseconds",
        f"{machine_line()}, {ROUNDS} interleaved rounds ({FEW_ROUNDS} of large cells); load "
        f"{min(loads):.0f} to {max(loads):.0f}; a large product runs at "
        f"{PRODUCT / product_ms / 1e6:.0f} GFLOP/s. Chosen: the engine that a program takes by "
        f"default. Left out: {len(every) - len(rows)} larger cells, for time and memory.",
        markdown_table(HEADER, rows),
        "## Our engines alone, 8 strings, 140 ticks",
        markdown_table(["machine", "work", "numpy", "fast", "numpy / fast"], kept["engines"]),
    ]
    write_result("gradient_rivals", "\n\n".join(text))


if __name__ == "__main__":
    main()
