"""A cycle of an elastic network by four programs: fused on one or ten networks, on the tree, plain.

``python -m benchmarks.elastic_cycle``

The work is 40 characters of the hard problem: forward, cross-entropy, truncated backpropagation;
for the trainers also the step of Adagrad and the rules of growth.
"""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from autograd import value_and_grad

from synthesis.architectures.elastic import ElasticNetwork, ElasticSettings, ElasticTraining
from synthesis.architectures.elastic.arrays import capacity_for
from synthesis.architectures.elastic.cycle import Cycle
from synthesis.architectures.elastic.networks import NetworkTrainer, Texts
from synthesis.architectures.elastic.process import step
from synthesis.tasks import Phase, hard_task

from .measure import count_tape_nodes, machine_line, markdown_table, median_seconds, write_result

REPEATED = 50
QUIET = ElasticSettings(add_probability=0.0, delete_probability=0.0, spontaneous=0.0)
"""Rules that are asked in every cycle and never change anything: the size stays."""


def main() -> None:
    """Measure and write ``benchmarks/results/elastic_cycle.md``."""
    header = ["program", "neurons", "networks", "ms per cycle", "ms per network", "tape nodes"]
    rows = []
    for n in (8, 30, 99):
        rows += [
            _row("fused gradient, arrays", n, 1, _arrays(n, 1)),
            _row("fused gradient, arrays", n, 10, _arrays(n, 10)),
            _row("whole training cycle, side by side", n, 1, _side_by_side(n, 1)),
            _row("whole training cycle, side by side", n, 10, _side_by_side(n, 10)),
            _row("whole training cycle, one tree", n, 1, _tree(n)),
            _row("fused gradient, autograd primitive", n, 1, _primitive(n), True),
            _row("plain autograd, step by step", n, 1, _plain(n), True),
        ]
    text = (
        "# A cycle of 40 characters of an elastic network\n\n"
        f"{machine_line()}\n\n{markdown_table(header, rows)}\n\n"
        f"Loss and gradient of the last two agree to {_difference():.0e} (largest difference of an "
        "element, 30 neurons, relative to the largest element)."
    )
    write_result("elastic_cycle", text)


def _row(
    program: str, neurons: int, networks: int, call: Callable[[], object], tape: bool = False
) -> list[object]:
    def repeated() -> None:
        for _ in range(REPEATED):
            call()

    few = program.startswith("plain")
    seconds = median_seconds(call if few else repeated) / (1 if few else REPEATED)
    milliseconds = 1e3 * seconds
    nodes = str(count_tape_nodes(call)) if tape else "-"
    return [
        program,
        neurons,
        networks,
        f"{milliseconds:.3f}",
        f"{milliseconds / networks:.3f}",
        nodes,
    ]


def _problem(n: int):
    rng = np.random.default_rng(0)
    model = ElasticNetwork(settings=QUIET)
    return model, model.initial(rng, n), rng.integers(4, size=41)


def _arrays(n: int, networks: int) -> Callable[[], object]:
    model, tree, symbols = _problem(n)
    capacity = capacity_for(n, 4)
    packed = np.stack([model.layout(tree.support).pack(tree, capacity)] * networks)
    cycle = Cycle(networks, capacity, 4, 40)
    hidden, columns = np.zeros((networks, capacity)), np.stack([symbols] * networks, axis=1)
    return lambda: cycle(packed, hidden, columns)


def _side_by_side(n: int, networks: int) -> Callable[[], object]:
    rngs = [np.random.default_rng(i) for i in range(networks)]
    phases = [(Phase(hard_task(np.random.default_rng(i), 2000), 10**6),) for i in range(networks)]
    return NetworkTrainer.begun(QUIET, Texts(phases), rngs, n).step


def _tree(n: int) -> Callable[[], object]:
    model, _, symbols = _problem(n)
    rng = np.random.default_rng(0)
    phases = (Phase(hard_task(np.random.default_rng(0), 2000), 10**6),)
    state = ElasticTraining(model, phases, size=n).start(rng)
    return lambda: step(model, state, symbols, rng)


def _primitive(n: int) -> Callable[[], object]:
    model, tree, symbols = _problem(n)
    gradient = value_and_grad(model.loss)
    return lambda: gradient(tree, symbols)


def _plain(n: int) -> Callable[[], object]:
    model, tree, symbols = _problem(n)
    gradient = value_and_grad(model.plain_loss)
    return lambda: gradient(tree, symbols)


def _difference() -> float:
    model, tree, symbols = _problem(30)
    tree = 10.0 * tree
    _, fused = value_and_grad(model.loss)(tree, symbols)
    _, plain = value_and_grad(model.plain_loss)(tree, symbols)
    return float(np.abs(fused.buffer - plain.buffer).max() / np.abs(plain.buffer).max())


if __name__ == "__main__":
    main()
