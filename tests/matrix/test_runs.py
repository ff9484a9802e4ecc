"""Runs of every architecture: broken off and resumed, and by the same commands."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from synthesis.cli import main
from synthesis.loop import Loop, Settings
from synthesis.runs import Run
from synthesis.runs.experiments import EXPERIMENTS
from synthesis.runs.sweep import sweep
from synthesis.tasks import get_task
from tests.matrix.cells import works_on_all

EXPERIMENT = {
    "perceptron": ("perceptron", 8),
    "convolutional network": ("convolutional", 8),
    "elastic network": ("elastic", 8),
    "modulated network": ("modulated", 8),
    "network of areas": ("areas", 8),
    "residual network": ("residual", 8),
    "manifold, shared weights": ("manifold", 8),
    "manifold, link weights": ("manifold-linked", 8),
    "manifold over time": ("manifold-over-time", 4),
    "found network": ("found-network", 8),
    "evolving network": ("evolving", 3),
    "binary scores": ("binary-scores", 4),
    "binary network": ("binary-network", 8),
    "spiking network": ("spiking", 4),
    "grown network": ("grown", 4),
}
"""By architecture: the experiment, and how many of its steps are enough here."""

MACHINE = "delayed-echo@layered-3x2"
QUICK = Settings.of(seconds=0.05)


def process_of_case(case):
    if case.name not in EXPERIMENT:
        return Loop.of(get_task(MACHINE), 0)
    name, steps = EXPERIMENT[case.name]
    process = EXPERIMENTS[name].process(0, steps=steps)
    return replace(process, every=2) if hasattr(process, "every") else process


def after(run, units):
    """A run after so many units of work, or at its end."""
    for count, _ in enumerate(run.events(), start=1):
        if count == units:
            break
    return run


SLOW = ("spiking network", "grown network")


@works_on_all("checkpoint, resume", thorough=SLOW)
def test_a_run_that_was_broken_off_goes_on_to_the_bit(case, folder):
    process = process_of_case(case)
    whole = after(Run.new(folder / "whole", process), 3)
    after(Run.new(folder / "broken", process), 1)
    resumed = after(Run.resumed(folder / "broken"), 2)
    assert resumed.process is not process
    assert resumed.state.parameters.support is whole.state.parameters.support
    np.testing.assert_array_equal(resumed.state.parameters.buffer, whole.state.parameters.buffer)
    assert resumed.state.rng == whole.state.rng and resumed.state.step == whole.state.step
    assert getattr(resumed.state, "moments", ()) == getattr(whole.state, "moments", ())


def arguments(case):
    """What stands behind ``run`` and ``sweep``, and the same for the function of a sweep."""
    if case.name not in EXPERIMENT:
        return [MACHINE, "--seconds", "0.05"], MACHINE, {"settings": QUICK}
    name, steps = EXPERIMENT[case.name]
    return [name, "--steps", str(steps)], name, {"steps": steps}


@works_on_all(
    "run, sweep, evaluate, show",
    thorough=(
        *(*SLOW, "binary scores", "binary network", "residual network", "modulated network"),
        *("network of areas", "manifold, link weights", "manifold over time", "found network"),
    ),
)
def test_the_same_commands_serve_every_architecture(case, folder, capsys):
    words, name, options = arguments(case)
    out = folder / "run"
    assert main(["run", *words, "--seed", "1", "--out", str(out)]) == 0
    assert f"written to {out}" in capsys.readouterr().out
    assert (out / "records.jsonl").read_text().count("\n") > 0
    assert (out / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert main(["resume", str(out)]) == 0
    capsys.readouterr()
    assert main(["evaluate", str(out), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures and all(np.isfinite(list(figures.values())))
    assert main(["show", str(out)]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 3
    with ThreadPoolExecutor(1) as executor:
        found = sweep(name, [0, 1], executor=executor, out=folder / "sweep", **options)
    assert found.summary() == "2 members: 2 done"
    one, other = found.rows
    assert one["loss"] != other["loss"] and one["links"] > 0
