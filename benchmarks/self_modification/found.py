"""What the unattended loop makes of random self-modifying machines, on tasks of learning."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from dmm import Machine, compile_machine, zoo
from dmm.show.rules import learning_rules
from synthesis.loop import Loop, Settings
from synthesis.process.process import carried_out
from synthesis.tasks import StreamTask
from synthesis.tasks.streams.learning import (
    ASKED,
    PERIOD,
    Lesson,
    associations,
    learning_task,
    linear_maps,
    unknown_codes,
)

from ..measure import RESULTS, machine_line, markdown_table, write_result

__all__ = ["EXPERIMENTS", "measure"]

RATES = (0.05, 0.08, 0.1, 0.12, 0.15, 0.18, 0.2, 0.22, 0.25, 0.28, 0.31, 0.35, 0.4)
LEAKS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08)


@dataclass(frozen=True)
class Figure:
    """What else is measured of a machine: on other strings than those of the task.

    Attributes
    ----------
    title : str
    lesson : callable (rng, strings=) -> Lesson
    of : callable
        From squared errors, (periods, strings), to the figure.
    text : str
        How it is written.
    """

    title: str
    lesson: Callable[..., Lesson]
    of: Callable[[np.ndarray], float]
    text: str

    def __call__(self, machine: Machine) -> str:
        """The figure of a machine, on 256 strings."""
        task = learning_task("figure", "", self.lesson, strings=256)
        streams, targets = task.batch(np.random.default_rng(1))
        said = compile_machine(machine, task.observed)(machine.trainable, streams)
        return format(self.of((said - targets)[0, ASKED::PERIOD] ** 2), self.text)


def _at_ten_times(lesson: Callable[..., Lesson]) -> Figure:
    """For lessons ten times as long."""
    return Figure(
        "error at ten times the length", lesson, lambda squares: float(squares[-1].mean()), ".1e"
    )


def _two_maps(rng: np.random.Generator, *, strings: int) -> Lesson:
    """A map for 30 pairs, and another one for 30 more."""
    parts = [linear_maps(rng, strings=strings) for _ in range(2)]
    return Lesson(*(np.concatenate(pair) for pair in zip(*parts, strict=True)))


def _recovery(squares: np.ndarray) -> float:
    """Pairs after the jump until the error is a tenth of that at the jump, interpolated."""
    errors = np.log(squares[len(squares) // 2 :].mean(axis=1))
    goal = errors[0] - np.log(10.0)
    below = np.flatnonzero(errors < goal)
    if not below.size:
        return float("inf")
    k = int(below[0])
    return k - float((goal - errors[k]) / (errors[k - 1] - errors[k]))


@dataclass(frozen=True)
class Experiment:
    """A task, how it is searched, and what the outcome is held beside.

    Attributes
    ----------
    title : str
    lesson : callable (rng, strings=) -> Lesson
    figure : Figure, optional
        A further column of the table.
    settings : mapping
        Changes of `Settings.for_learners`.
    space : mapping
        Arguments of `learning_task`.
    rivals : callable, optional
        Handcrafted machines; the best one on the held-out strings is the measure.
    """

    title: str
    lesson: Callable[..., Lesson]
    figure: Figure | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)
    rivals: Callable[[], Iterable[Machine]] | None = None


def _delta_rules(inputs: int, leaks: tuple[float, ...] = (0.0,)) -> list[Machine]:
    return [zoo.delta_rule(inputs, rate=rate, leak=leak) for rate in RATES for leak in leaks]


WHOLE = {"dense": {"first_life": 1.0}}
"""For lives that are asked at their end only."""

EXPERIMENTS: Mapping[str, Experiment] = {
    "regression": Experiment(
        "Online regression: an unknown linear map of three numbers, 30 pairs",
        linear_maps,
        _at_ten_times(partial(linear_maps, periods=300)),
        rivals=partial(_delta_rules, 3),
    ),
    "regression-6": Experiment(
        "Online regression: an unknown linear map of six numbers, 40 pairs",
        partial(linear_maps, inputs=6, periods=40),
        _at_ten_times(partial(linear_maps, inputs=6, periods=400)),
        rivals=partial(_delta_rules, 6),
    ),
    "noise": Experiment(
        "Online regression of three numbers, 5 % noise on the answers",
        partial(linear_maps, noise=0.05 * 3**0.5),
        rivals=partial(_delta_rules, 3),
    ),
    "normalised": Experiment(
        "Online regression of three numbers, with normalised inputs offered to the rules",
        linear_maps,
        _at_ten_times(partial(linear_maps, periods=300)),
        space={"is_normalised": True},
        rivals=partial(_delta_rules, 3),
    ),
    "jumps": Experiment(
        "The same with a map that jumps once, 40 pairs",
        partial(linear_maps, periods=40, jumps=1),
        Figure("pairs to a tenth of the error after a jump", _two_maps, _recovery, ".1f"),
        rivals=partial(_delta_rules, 3, LEAKS),
        settings={"remove": {"factor": 1.005}},
    ),
    "associations": Experiment(
        "One-shot association: four orthonormal keys, shown once, then asked",
        associations,
        settings=WHOLE,
        rivals=lambda: [zoo.hebb_rule()],
    ),
    "associations-8": Experiment(
        "One-shot association: five orthonormal keys of eight dimensions",
        partial(associations, pairs=5, inputs=8),
        settings=WHOLE,
        rivals=lambda: [zoo.hebb_rule(8)],
    ),
    "random-keys": Experiment(
        "One-shot association: five random keys of eight dimensions",
        partial(associations, pairs=5, inputs=8, are_orthonormal=False),
        settings=WHOLE,
        rivals=lambda: [zoo.hebb_rule(8), *(zoo.delta_rule(8, rate=r) for r in (0.5, 0.8, 1.0))],
    ),
    "codes": Experiment(
        "An unknown code of four letters",
        unknown_codes,
        rivals=lambda: [zoo.delta_rule(4, rate=1.0)],
    ),
}


def measure(name: str, seeds: Iterable[int], strings: int, workers: int) -> None:
    """Synthesize one machine per seed; what has been found so far is written as a table.

    Rows of other seeds are kept, so that a table can be made in parts.
    """
    experiment = EXPERIMENTS[name]
    task = _task(name, strings)
    rival, best = min(
        ((_held_out(task, machine), machine) for machine in experiment.rivals()),
        key=lambda pair: pair[0],
    )
    seeds = list(seeds)
    by_hand = _by_hand(experiment, best, rival)
    rows = _kept(name, seeds)
    with ProcessPoolExecutor(workers) as pool:
        for row in pool.map(partial(_row, name, strings, rival), seeds):
            rows = sorted([*rows, row], key=lambda known: int(known[0]))
            print(*row, flush=True)
            _write(name, experiment, strings, [by_hand, *rows])


def _kept(name: str, seeds: list[int]) -> list[tuple[Any, ...]]:
    """Rows of the table as it is, but for those of these seeds."""
    file = RESULTS / f"{_result_name(name)}.md"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    return [row for row in cells if row[0].isdigit() and int(row[0]) not in seeds]


def _result_name(name: str) -> str:
    return f"self_modification_{name.replace('-', '_')}"


def _by_hand(experiment: Experiment, machine: Machine, error: float) -> tuple[object, ...]:
    """The row of the best machine by hand."""
    figure = "-" if experiment.figure is None else experiment.figure(machine)
    rule = "; ".join(learning_rules(machine))
    return ("by hand", "-", len(machine.trainable), rule, f"{error:.3g}", "1.000", figure, "-")


def _task(name: str, strings: int) -> StreamTask:
    experiment = EXPERIMENTS[name]
    return learning_task(
        name, experiment.title, experiment.lesson, strings=strings, **experiment.space
    )


def _write(name: str, experiment: Experiment, strings: int, rows: list[tuple[object, ...]]) -> None:
    header = (
        "seed", "links at first", "in the end", "rule", "held-out error", "best by hand, times",
        experiment.figure.title if experiment.figure else "-", "CPU s",
    )  # fmt: skip
    text = "\n".join(
        (
            f"# {experiment.title}",
            "",
            "Mean squared error of an answer on 256 held-out strings; the first row is the best",
            f"rule by hand. Trained on {strings} strings, confirmed on five times as many, and",
            f"judged by as many others. {machine_line()}.",
            "",
            markdown_table(header, rows),
            "",
            f"`python -m benchmarks.self_modification {name} --strings {strings}`",
        )
    )
    write_result(_result_name(name), text)


def _row(name: str, strings: int, rival: float, seed: int) -> tuple[object, ...]:
    experiment, task = EXPERIMENTS[name], _task(name, strings)
    start = time.process_time()
    loop = Loop.of(task, seed, Settings.for_learners(**experiment.settings))
    result = loop.outcome(*carried_out(loop, loop.rng, loop.seconds))
    seconds = time.process_time() - start
    error = _held_out(task, result.machine)
    return (
        seed,
        len(loop.search.model.space.trainable),
        len(result.machine.trainable),
        _rule_text(result.machine),
        f"{error:.3g}",
        f"{error / rival:.3f}" if rival > 1e-20 else "-",
        "-" if experiment.figure is None else experiment.figure(result.machine),
        f"{seconds:.0f}",
    )


def _rule_text(machine: Machine) -> str:
    """The rule, and what else is linked that says how the machine predicts."""
    inside = [
        f"{link.neuron_in} <- {link.weight:.3g} {link.neuron_out}"
        for link in machine.links()
        if link.neuron_in.startswith("cell") and not link.is_fixed
    ]
    return "; ".join([*learning_rules(machine), *inside]) or "nothing"


def _held_out(task: StreamTask, machine: Machine) -> float:
    """Mean squared error of an answer on the held-out strings."""
    example = task.held_out[0]
    said = compile_machine(machine, task.observed)(machine.trainable, example.inputs)
    return float(np.nanmean((said - example.targets) ** 2))
