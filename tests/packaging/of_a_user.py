"""What users write, with types throughout: it runs, and mypy --strict and pyright accept it.

It imports nothing but doors. Continuous integration runs and checks it beside an installed wheel,
outside of the repository.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from dmm import Link, Machine, compile_machine, neuron_type, run, save_machine, text_streams
from dmm.zoo import duplicate_detector
from synthesis import Settings, StreamTask, Synthesizer, get_task
from synthesis.optimize import adam
from vvalues import (
    LinearMap,
    VValue,
    gradient,
    hessian,
    inner,
    map_leaves,
    put,
    restrict,
    select,
    squared_norm,
    subtree,
)
from vvalues.solvers import Outcome, minimize
from vvalues.testing import check_tree_gradients


def distance(tree: VValue) -> float:
    """How far from where it should be; the sort of function that gradients are taken of."""
    target = VValue({"x": 1.0, "y": {"z": 2.0}})
    return squared_norm(tree - target)


def trees() -> float:
    """Gradients, patterns and solvers."""
    start = VValue({"x": 0.0, "y": {"z": 0.0}})
    slope: VValue = gradient(distance)(start)
    assert slope["y", "z"] == -4.0
    check_tree_gradients(distance, start)
    found: Outcome = minimize(distance, start, method="L-BFGS-B")
    moved = map_leaves(lambda leaf: leaf * leaf, select(found.x, "y/**"))
    curvature: LinearMap = hessian(distance)(start)
    assert curvature.shape == (2, 2) and curvature.dense().shape == (2, 2)
    optimizer = adam(0.1)
    state = optimizer.init(start)
    step, state = optimizer.update(slope, state, start)
    return float(inner(restrict(step, start.support), moved))


def machines() -> int:
    """A machine by hand with a neuron of one's own, on both engines."""

    @neuron_type("halved", reads=["dict"], writes=["dict"])
    def halved(inputs: VValue) -> dict[str, VValue]:
        return {"dict": subtree(inputs, "dict") * 0.5}

    zoo = duplicate_detector()
    link = Link("half", "dict", "input", "char", 1.0)
    machine = Machine(
        {**zoo.neurons, "half": "halved"}, zoo.fixed, put(zoo.trainable, link.path, link.weight)
    )
    trace = run(machine, text_streams("ab", 3))
    program = compile_machine(zoo)
    answers = program(zoo.trainable, text_streams("abba.", 60))
    print(zoo.show("equations"), len(trace))
    return int(answers.shape[1])


def synthesizers() -> str:
    """A machine found for one's own streams."""
    x = np.random.default_rng(0).integers(0, 5, (20, 8)).astype(float)
    model = Synthesizer(effort="quick", verbose=0).fit({"x": x}, np.cumsum(x, axis=1))
    settings: Settings = Settings.of(dense={"steps": 10})
    task: StreamTask = get_task("modulo-3")
    assert model.verdict_.is_exact and settings.dense.steps == 10 and task.name == "modulo-3"
    with TemporaryDirectory() as folder:
        save_machine(model.machine_, Path(folder) / "found.json")
    return str(model.equations_)


if __name__ == "__main__":
    print(trees(), machines(), synthesizers())
