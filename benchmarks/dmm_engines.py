"""The compiled engine side by side with itself, with the reference engine and with jitted JAX.

    python benchmarks/dmm_engines.py            # the cross through the middle of the grid, minutes
    python benchmarks/dmm_engines.py --full     # every combination of ticks, copies and batch

Prints tables and writes them to ``benchmarks/results/dmm_engines.md``. Times are medians of process
CPU time on one BLAS thread; memory is the peak of what Python and numpy allocate during the first
gradient on streams that are bound already (tracemalloc). Every gradient is that of the summed
squared difference to the handcrafted detector.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import tracemalloc
from collections.abc import Callable
from itertools import count
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import autograd
import autograd.numpy as anp
import numpy as np

from dmm import (
    Machine,
    Streams,
    compile_machine,
    layered_space,
    recurrent_space,
    run,
    text_streams,
    zoo,
)
from vvalues import from_buffer
from vvalues.core.support import Support

RESULTS = Path(__file__).parent / "results" / "dmm_engines.md"
TICKS = (35, 70, 140, 280, 560, 1120)
COPIES = (2, 4, 8)
BATCHES = (1, 8, 64)
MIDDLE = (140, 2, 1)  # ticks, copies, batch of the cross
LARGEST = 140 * 8**2 * 64  # ticks * copies**2 * batch of the full grid: what stays below 1 GB or so


# -------------------- what is measured --------------------


def strings(n: int, ticks: int) -> Streams:
    """A batch of short strings over up to nine letters."""
    rng = np.random.default_rng(n)
    texts = ["test string."]
    while len(texts) < n:
        texts.append("".join(rng.choice(list("abcdefgh"), rng.integers(4, 11))) + ".")
    return text_streams(texts, ticks)


def targets(streams: Streams) -> np.ndarray:
    """What the handcrafted detector answers."""
    detector = zoo.duplicate_detector()
    return compile_machine(detector)(detector.trainable, streams)


def median_time(function: Callable[[], object], *, budget: float = 0.6, least: int = 3) -> float:
    """Median CPU seconds of a call, after one call to warm up."""
    function()
    times: list[float] = []
    begun = time.perf_counter()
    while len(times) < least or (time.perf_counter() - begun < budget and len(times) < 200):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return float(np.median(times))


def peak_memory(function: Callable[[], object]) -> float:
    """Peak MB allocated during a call."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def fresh(weights: np.ndarray) -> Callable[[], np.ndarray]:
    """Weights that are never quite the same: a program knows the ones it has just seen."""
    step = count(1)
    return lambda: weights * (1.0 + 1e-13 * next(step))


class Measured:
    """Forward, gradient and memory of one machine on one batch."""

    def __init__(self, machine: Machine, streams: Streams, *, recompute: bool = False) -> None:
        target = targets(streams)
        weights = np.array(machine.trainable.buffer)

        def build():
            program = compile_machine(machine, recompute=recompute, engine="numpy")

            def loss(w):
                return anp.sum((program.evaluate(w, streams) - target) ** 2)

            return program, loss

        def fresh_gradient():
            autograd.value_and_grad(build()[1])(weights.copy())

        start = time.process_time()
        fresh_gradient()
        self.first = time.process_time() - start
        program, loss = build()
        program.bind(streams)
        self.memory = peak_memory(lambda: autograd.value_and_grad(loss)(weights.copy()))
        self.live = int(program.live.sum())
        self.loss = float(loss(weights))
        new = fresh(weights)
        self.forward = median_time(lambda: program.evaluate(new(), streams))
        self.gradient = median_time(lambda: autograd.value_and_grad(loss)(new()))

    @property
    def ratio(self) -> float:
        """Gradient time over forward time."""
        return self.gradient / self.forward


# -------------------- tables --------------------


def table(title: str, columns: list[str], rows: list[list[object]]) -> str:
    """A Markdown table."""
    lines = [f"## {title}", "", "| " + " | ".join(columns) + " |", "|" + "--:|" * len(columns)]
    lines += ["| " + " | ".join(map(spelled, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def spelled(value: object) -> str:
    """An entry of a table: floats with three digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def exponent(figures: dict[int, float]) -> float:
    """Slope of the logarithms of size -> figure."""
    return float(np.polyfit(np.log(list(figures)), np.log(list(figures.values())), 1)[0])


GRID_COLUMNS = [
    "T", "copies", "links", "batch", "forward ms", "gradient ms", "per string ms", "ratio", "MB"
]  # fmt: skip


def layered(full: bool) -> str:
    """Ticks, width and batch of the layered space."""
    middle_ticks, middle_copies, middle_batch = MIDDLE
    grid = [
        (t, c, b)
        for t in TICKS
        for c in COPIES
        for b in BATCHES
        if (full and t * c**2 * b <= LARGEST)
        or (c == middle_copies and b == middle_batch)
        or (t == middle_ticks and b == middle_batch)
        or (t == middle_ticks and c == middle_copies)
    ]
    left_out = "" if full else " Other combinations: --full."
    rows: list[list[object]] = []
    by_ticks: dict[int, float] = {}
    by_links: dict[int, float] = {}
    memory: dict[int, float] = {}
    for ticks, copies, batch in grid:
        machine = layered_space(np.random.default_rng(0), copies=copies)
        one = Measured(machine, strings(batch, ticks))
        rows.append(
            [ticks, copies, len(machine.trainable), batch, 1e3 * one.forward, 1e3 * one.gradient,
             1e3 * one.gradient / batch, one.ratio, one.memory]
        )  # fmt: skip
        print(rows[-1], flush=True)
        if (copies, batch) == (middle_copies, middle_batch):
            by_ticks[ticks], memory[ticks] = one.gradient, one.memory
        if (ticks, batch) == (middle_ticks, middle_batch):
            by_links[len(machine.trainable)] = one.gradient
    ratios = [float(str(row[7])) for row in rows]
    return table("Layered space", GRID_COLUMNS, rows) + (
        f"\nGrowth exponents of the gradient: {exponent(by_ticks):.2f} in ticks (memory "
        f"{exponent(memory):.2f}), {exponent(by_links):.2f} in links. Largest ratio "
        f"{max(ratios):.2f}.{left_out}\n"
    )


def published_recurrent(copies: int) -> Machine:
    """The published fully recurrent machine: every field name of every neuron, read or not."""
    space = recurrent_space(np.random.default_rng(0), copies)
    fields = ("dict", "dict-1", "dict-2", "norm", "dot", "true", "false")
    hidden = [n for n in space.neurons if n.split("-")[0] in ("accum", "norm", "dot", "compare")]
    ports = [(n, f) for n in hidden for f in fields]
    senders = [("input", "char"), ("eos", "char"), ("const_1", "const_1"), *ports]
    receivers = [*ports, ("output", "dict-1"), ("output", "dict-2")]
    support = Support.of([(*r, *s) for r in receivers for s in senders])
    weights = 0.05 * np.random.default_rng(1).standard_normal(support.size)
    return space.with_trainable(from_buffer(support, weights))


def recurrent() -> str:
    """Cycles: the published sizes, batches, long runs in little memory."""
    columns = [
        "machine", "links", "live", "T", "batch", "forward ms", "gradient ms", "ratio", "MB"
    ]  # fmt: skip
    rows: list[list[object]] = []
    ticks_of: dict[int, float] = {}

    def measure(name: str, machine: Machine, ticks: int, batch: int, **options: bool) -> Measured:
        one = Measured(machine, strings(batch, ticks), **options)
        rows.append([name, len(machine.trainable), one.live, ticks, batch, 1e3 * one.forward,
                     1e3 * one.gradient, one.ratio, one.memory])  # fmt: skip
        print(rows[-1], flush=True)
        return one

    measure("published, 1 copy", published_recurrent(1), 140, 1)
    measure("published, 5 copies", published_recurrent(5), 140, 1)
    for copies in (1, 2, 5):
        space = recurrent_space(np.random.default_rng(0), copies, 0.05)
        measure(spelled_copies(copies), space, 140, 1)
    for batch in BATCHES[1:]:
        measure("1 copy", recurrent_space(np.random.default_rng(0), 1, 0.05), 140, batch)
    for ticks in TICKS:
        space = recurrent_space(np.random.default_rng(0), 1, 0.05)
        ticks_of[ticks] = measure("1 copy", space, ticks, 1).gradient
    text = table("Fully recurrent", columns, rows)
    text += "\n(The published programs counted the two links of the clock too: 932 and 20,308.)\n"
    text += f"\nGrowth exponent in ticks: {exponent(ticks_of):.2f}.\n"
    return text + "\n" + eight_seeds() + "\n" + segments()


def spelled_copies(n: int) -> str:
    """In words, such as "5 copies"."""
    return "1 copy" if n == 1 else f"{n} copies"


def eight_seeds() -> str:
    """What a recurrent synthesis does at every step: 8 machines on 2 strings."""
    rows: list[list[object]] = []
    for copies, reference in ((1, 5.5), (2, 7.3), (5, 14.7)):
        program = compile_machine(recurrent_space(np.random.default_rng(0), copies))
        streams = strings(2, 140)
        target = targets(streams)
        weights = 0.1 * np.random.default_rng(1).standard_normal((8, program.support.size))

        def loss(w, program=program, streams=streams, target=target):
            return anp.sum((program.evaluate(w, streams) - target) ** 2)

        new = fresh(weights)
        gradient = median_time(lambda: autograd.value_and_grad(loss)(new()))  # noqa: B023
        forward = median_time(lambda: program.evaluate(new(), streams))  # noqa: B023
        rows.append([copies, program.support.size, 1e3 * forward, 1e3 * gradient,
                     gradient / forward, reference])  # fmt: skip
        print(rows[-1], flush=True)
    columns = ["copies", "links", "forward ms", "gradient ms", "ratio", "specialised numpy ms"]
    return table("8 machines x 2 strings, T = 140", columns, rows) + (
        "\nThe last column is a program written for this one machine "
        "(another run, see the synthesis recipes).\n"
    )


def segments() -> str:
    """Memory and time with and without computing segments again."""
    rows: list[list[object]] = []
    stored: dict[bool, dict[int, float]] = {False: {}, True: {}}
    for ticks in (140, 560, 2240, 8960):
        machine = recurrent_space(np.random.default_rng(0), 1, 0.05)
        pair = [Measured(machine, strings(4, ticks), recompute=flag) for flag in (False, True)]
        for flag, one in zip((False, True), pair, strict=True):
            stored[flag][ticks] = one.memory
        rows.append([ticks, 1e3 * pair[0].gradient, 1e3 * pair[1].gradient, pair[0].memory,
                     pair[1].memory])  # fmt: skip
        print(rows[-1], flush=True)
    columns = ["T", "stored: ms", "recomputed: ms", "stored: MB", "recomputed: MB"]
    return table("Segments computed again (72 links, 4 strings)", columns, rows) + (
        f"\nMemory exponents: {exponent(stored[False]):.2f} stored, {exponent(stored[True]):.2f} "
        "recomputed (what remains linear are the observed numbers and their gradient).\n"
    )


def reference_engine() -> str:
    """The judge is slow."""
    machine, streams = layered_space(np.random.default_rng(0)), strings(1, 35)
    slow = median_time(lambda: run(machine, streams), budget=0.0, least=1)
    fast = Measured(machine, streams)
    return table(
        "Reference engine, layered, T = 35, forward",
        ["reference s", "compiled ms", "times"],
        [[slow, 1e3 * fast.forward, slow / fast.forward]],
    )


# -------------------- JAX --------------------


def jax_side_by_side() -> str:
    """The same layered machine, dense, as a jitted scan in float64, in the same process."""
    try:
        import jax
    except ImportError:
        return "## JAX\n\nNot installed.\n"
    jax.config.update("jax_enable_x64", True)
    rows: list[list[object]] = []
    warm_up = jax.jit(lambda x: x + 1.0)  # starting the backend is not compilation
    warm_up(1.0).block_until_ready()
    for copies in COPIES:
        machine = layered_space(np.random.default_rng(0), copies=copies)
        streams = strings(1, 140)
        start = time.process_time()
        gradient = jax_gradient(machine, streams)
        weights = np.array(machine.trainable.buffer)
        loss, slope = gradient(weights)
        slope.block_until_ready()
        first = time.process_time() - start
        ours = Measured(machine, streams)
        if abs(float(loss) - ours.loss) > 1e-8 * ours.loss:
            raise AssertionError(f"JAX finds the loss {float(loss)}, we find {ours.loss}")
        jax_time = median_time(lambda: gradient(weights)[1].block_until_ready())  # noqa: B023
        rows.append([len(machine.trainable), 1e3 * ours.gradient, 1e3 * jax_time,
                     jax_time / ours.gradient, 1e3 * ours.first, 1e3 * first,
                     first / ours.first])  # fmt: skip
        print(rows[-1], flush=True)
    columns = ["links", "gradient ms", "JAX ms", "JAX / ours", "first call ms", "JAX first ms",
               "JAX / ours, first"]  # fmt: skip
    title = f"Jitted JAX {jax.__version__} (lax.scan, dense, float64), layered, T = 140, batch 1"
    return table(title, columns, rows)


def jax_gradient(machine: Machine, streams: Streams):
    """A jitted function: flat weights -> (loss, gradient)."""
    import jax
    import jax.numpy as jnp

    index = dense_index(machine)
    n_rows, n_slots, width = index["n_rows"], index["n_slots"], streams.columns
    text = jnp.array(streams.arrays["input"][:, 0])
    goal = jnp.array(targets(streams)[:, :, 0])
    const = np.zeros((2, width))
    const[0, 0] = 1.0  # const_1
    const[1, streams.keys[0].index((".",))] = 1.0  # eos
    n = index["n"]

    def up(rows, accum):
        norm = jnp.max(jnp.abs(rows[n : 2 * n]), axis=1)
        product = jnp.sum(rows[2 * n : 3 * n] * rows[3 * n : 4 * n], axis=1)
        dot = jnp.clip(product, -4.0, 4.0)
        difference = rows[4 * n : 5 * n, 0] - rows[5 * n : 6 * n, 0]
        numbers = jnp.concatenate([norm, dot, jax.nn.relu(difference), jax.nn.relu(-difference)])
        scalars = jnp.zeros((4 * n, width)).at[:, 0].set(numbers)
        return accum + rows[:n], scalars

    @jax.jit
    def loss(weights):
        matrix = jnp.zeros((n_rows, n_slots)).at[index["row"], index["slot"]].set(weights)

        def tick(state, now):
            rows = matrix @ state
            accum, scalars = up(rows, state[3 : 3 + n])
            return jnp.concatenate([now[None], jnp.array(const), accum, scalars]), rows[-2:, 0]

        _, seen = jax.lax.scan(tick, jnp.zeros((n_slots, width)), text)
        return jnp.sum((seen.T - goal) ** 2)

    return jax.jit(jax.value_and_grad(loss))


def dense_index(machine: Machine) -> dict:
    """Dense numbering of a layered machine: rows and slots by type."""
    hidden = {kind: [] for kind in ("accum", "norm", "dot", "compare")}
    for neuron, kind in machine.neurons.items():
        if kind in hidden:
            hidden[kind].append(neuron)
    slots = [("input", "char"), ("const_1", "const_1"), ("eos", "char")]
    for kind, field in (
        ("accum", "dict"), ("norm", "norm"), ("dot", "dot"),
        ("compare", "true"), ("compare", "false"),
    ):  # fmt: skip
        slots += [(name, field) for name in hidden[kind]]
    rows = []
    for kind, field in (
        ("accum", "dict-2"), ("norm", "dict"), ("dot", "dict-1"), ("dot", "dict-2"),
        ("compare", "dict-1"), ("compare", "dict-2"),
    ):  # fmt: skip
        rows += [(name, field) for name in hidden[kind]]
    rows += [("output", "dict-1"), ("output", "dict-2")]
    paths = machine.trainable.support.paths
    return {
        "n": len(hidden["accum"]),
        "n_rows": len(rows),
        "n_slots": len(slots),
        "row": np.array([rows.index(path[:2]) for path in paths]),
        "slot": np.array([slots.index(path[2:]) for path in paths]),
    }


def main() -> None:
    """Run everything, print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="every combination of the grid")
    arguments = parser.parse_args()
    parts = [
        "# Engines of dataflow matrix machines\n",
        f"Written by `benchmarks/dmm_engines.py{' --full' if arguments.full else ''}`. Python "
        f"{platform.python_version()}, numpy {np.__version__}, one thread; medians of process CPU "
        "time. MB: peak allocated by the first gradient on bound streams.\n",
        jax_side_by_side(),
        layered(arguments.full),
        recurrent(),
        reference_engine(),
    ]
    text = "\n".join(parts)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
