"""Gradient of the published 140-tick loss by four programs, in one run.

``python -m benchmarks.detector_gradient [--full] [--only NAME]``

The work is the task loss of a layered machine of 1,486 trainable links on "test string.". Each
program runs in a process of its own, so that memory can be compared. ``--full`` lets the naive
nested-dict version run all 140 ticks (a minute or more, about 1 GB) instead of 14.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

from .measure import (
    count_tape_nodes,
    machine_line,
    markdown_table,
    median_seconds,
    resident_mb,
    write_result,
)

TEXT, TICKS, NAIVE_TICKS = "test string.", 140, 14


def _problem(ticks):
    import numpy as np

    from dmm import compile_machine, layered_space, text_streams
    from dmm.zoo import duplicate_detector

    machine = layered_space(np.random.default_rng(0))
    streams = text_streams(TEXT, ticks)
    detector = duplicate_detector()
    targets = compile_machine(detector)(detector.trainable, streams)
    return machine, streams, targets


def _varied(trainable):
    """The weights again and again, minutely different: a program remembers its last run."""
    from itertools import count

    return (trainable * (1.0 + 1e-15 * k) for k in count())


def _measure(forward, gradient, *, repeats=15, nodes=True):
    """Figures of one program; ``gradient`` returns (loss, Euclidean norm of the gradient)."""
    imported = resident_mb()
    start = time.process_time()
    loss, norm = gradient()
    first = time.process_time() - start
    return {
        "loss": float(loss),
        "norm": float(norm),
        "first": first,
        "forward": median_seconds(forward, repeats),
        "gradient": median_seconds(gradient, repeats) if repeats > 1 else first,
        "nodes": count_tape_nodes(gradient) if nodes else None,
        "mb": resident_mb(),
        "mb_above_import": resident_mb() - imported,
    }


def compiled(ticks):
    """Our compiled engine."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    from dmm import compile_machine
    from vvalues import l2_norm

    machine, streams, targets = _problem(ticks)
    program = compile_machine(machine, engine="numpy")
    weights = _varied(machine.trainable)

    def loss(trainable):
        return anp.sum((program(trainable, streams) - targets) ** 2)

    def gradient():
        value, g = value_and_grad(loss)(next(weights))
        return value, l2_norm(g)

    return _measure(lambda: loss(next(weights)), gradient)


def reference(ticks):
    """Our reference engine: the literal two-stroke cycle on V-values."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    from dmm import ReferenceProgram
    from dmm.compiled import OUTPUT
    from vvalues import l2_norm

    machine, streams, targets = _problem(ticks)
    program = ReferenceProgram(machine, OUTPUT)

    def loss(trainable):
        return anp.sum((program(trainable, streams) - targets) ** 2)

    def gradient():
        value, g = value_and_grad(loss)(machine.trainable)
        return value, l2_norm(g)

    return _measure(lambda: loss(machine.trainable), gradient, repeats=1)


def naive(ticks):
    """Nested dicts of scalars differentiated by autograd, leaf by leaf."""
    from autograd import value_and_grad

    from .naive_dicts import make_loss, norm_of

    machine, _, targets = _problem(ticks)
    loss = make_loss(machine, TEXT, ticks, targets)
    weights = machine.trainable.to_dict()

    def gradient():
        value, g = value_and_grad(loss)(weights)
        return value, norm_of(g)

    return _measure(lambda: loss(weights), gradient, repeats=1)


def jax(ticks):
    """Jitted JAX: dense matrix, ``lax.scan`` over the ticks, float64."""
    from .jax_scan import make_loss_and_gradient

    machine, streams, targets = _problem(ticks)
    forward, gradient = make_loss_and_gradient(machine, streams, targets)
    return _measure(forward, gradient, nodes=False)


PROGRAMS = {"compiled": compiled, "reference": reference, "naive": naive, "jax": jax}


def _in_own_process(name, ticks):
    command = [sys.executable, "-m", "benchmarks.detector_gradient", "--only", name, str(ticks)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    return json.loads(done.stdout)


def _row(name, ticks, figures):
    if isinstance(figures, str):
        return [PROGRAMS[name].__doc__, ticks, f"skipped: {figures}", *[""] * 7]
    ms = {key: f"{1e3 * figures[key]:.2f}" for key in ("forward", "gradient", "first")}
    ratio = f"{figures['gradient'] / figures['forward']:.1f}"
    memory = f"{figures['mb']:.0f} ({figures['mb_above_import']:.0f})"
    nodes = figures["nodes"] if figures["nodes"] is not None else "-"
    loss = f"{figures['loss']:.6f}, {figures['norm']:.5f}"
    title = PROGRAMS[name].__doc__.rstrip(".")
    return [title, ticks, ms["forward"], ms["gradient"], ratio, ms["first"], nodes, memory, loss]


def _training():
    """Seconds for 2,500 Adam steps, as in the published run."""
    import numpy as np

    from dmm import layered_space, text_streams
    from synthesis.optimize.objective import MachineObjective
    from synthesis.optimize.optimizers import adam, chain, l1
    from synthesis.process.models import MachineModel
    from synthesis.tasks import get_task

    machine = layered_space(np.random.default_rng(0))
    streams = text_streams(TEXT, TICKS)
    targets = get_task("duplicate-detector").specification(streams)
    objective = MachineObjective(MachineModel(machine), streams, targets)
    optimizer = chain(l1(0.001), adam(0.001))
    parameters, state = machine.trainable, optimizer.init(machine.trainable)
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(2500):
        loss, gradient = objective.gradient(parameters)
        step, state = optimizer.update(gradient, state, parameters)
        parameters = parameters + step
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    return (
        f"2,500 Adam steps of the published run (random start, exact gradient): {wall:.1f} s wall, "
        f"{cpu:.1f} s process time, last loss {loss:.3f}; published: about 31 hours."
    )


def main():
    """Measure all programs and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", nargs=2, metavar=("NAME", "TICKS"))
    options = parser.parse_args()
    if options.only:
        print(json.dumps(PROGRAMS[options.only[0]](int(options.only[1]))))
        return
    header = ["program", "ticks", "forward ms", "gradient ms", "ratio", "first gradient ms"]
    header += ["tape nodes", "peak MB (above import)", "loss, gradient norm"]
    naive_ticks = TICKS if options.full else NAIVE_TICKS
    plan = [("compiled", TICKS), ("jax", TICKS), ("reference", TICKS)]
    plan += [("compiled", naive_ticks), ("naive", naive_ticks)]
    rows = [_row(name, ticks, _in_own_process(name, ticks)) for name, ticks in plan]
    text = "\n\n".join(
        [
            "# Gradient of the duplicate detector's loss, 1,486 links",
            machine_line(),
            markdown_table(header, rows),
            _training(),
        ]
    )
    write_result("detector_gradient", text)


if __name__ == "__main__":
    main()
