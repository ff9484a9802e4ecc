"""The outcome of a run as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dmm import Machine
from dmm.show import count, plain
from dmm.show import report as machine_report
from vvalues import format_path

from ..loop.search import Result
from ..process.models import MachineModel
from ..process.records import Record
from ..tasks import StreamTask
from ..verdicts import Verdict
from .closing import errors_of_an_answer, verdict_in_words
from .curves_svg import svg_curves

__all__ = ["answers_table", "fit_report", "report"]

SHOWN_TICKS = 30


def report(outcome: Result, task: StreamTask, seed: int) -> str:
    """What was asked, what was found, how it answers, what it cannot do without, and how to go on.

    Parameters
    ----------
    outcome : Result
    task : StreamTask
        Its first held-out string is shown with the machine's answers.
    seed : int
    """
    records = [r.to_dict() if isinstance(r, Record) else dict(r) for r in outcome.records]
    curves = svg_curves(records)
    return machine_report(
        outcome.machine,
        figures=_figures(outcome, records),
        lead=f"{verdict_in_words(outcome)} Task: {task.summary}. Found unattended by {task.name}, "
        f"seed {seed}.",
        texts={
            "Answers on a held-out string": _answers(outcome, task),
            "What it cannot do without": _removals(outcome, records),
            "To go on": _commands(task, seed),
        },
        sections={"Synthesis": curves} if curves else {},
    )


def fit_report(
    machine: Machine,
    verdict: Verdict,
    *,
    seconds: float,
    equations: str,
    front: str,
    answers: str,
    commands: Sequence[str],
) -> str:
    """What was found for a user's own streams: the verdict first, then what it rests on.

    Parameters
    ----------
    machine : Machine
    verdict : Verdict
    seconds : float
        What the fit took.
    equations : str
        In samples.
    front : str
        The machines to choose from, as a table.
    answers : str
        See `answers_table`.
    commands : sequence of str
        To go on.
    """
    figures = {name: str(errors) for name, errors in verdict.figures.items()}
    open_points = "\n".join(verdict.caveats) or "Nothing that was looked for."
    return machine_report(
        machine,
        figures={**figures, "seconds": round(seconds, 1)},
        lead=str(verdict),
        written=equations,
        texts={
            "What the data do not settle": open_points,
            "Answers on the last string": answers,
            "Machines to choose from": front,
            "To go on": "\n".join(commands),
        },
    )


def _figures(outcome: Result, records: list[dict[str, Any]]) -> dict[str, float | str]:
    first = int(records[0]["links"]) if records else 0
    figures: dict[str, float | str] = {
        "trainable links": f"{first:,} at the start, {len(outcome.parameters)} now",
        "training strings: loss (squared errors, summed)": outcome.loss,
    }
    for name, value in errors_of_an_answer(outcome.figures).items():
        figures[f"held-out strings: {name}"] = value
    for member in outcome.front:
        figures[f"Pareto front: least loss with {member.links} links"] = member.loss
    return figures


def _answers(outcome: Result, task: StreamTask) -> str:
    """Asked and answered on the first held-out string."""
    if not task.held_out:
        return "This task has no held-out strings."
    example = task.held_out[0]
    model = MachineModel(outcome.machine, observed=task.observed)
    with np.errstate(all="ignore"):
        answers = model(outcome.machine.trainable, example.inputs)[..., 0]
    ports = [format_path(port) for port in task.observed]
    table = answers_table(ports, example.targets[..., 0], answers, "tick")
    label = plain(example.inputs.labels[0]) if example.inputs.labels else ""
    return f"{label}\n\n{table}" if label else table


def answers_table(outputs: Sequence[str], asked: np.ndarray, answers: np.ndarray, step: str) -> str:
    """Asked and answered where something changes, as text.

    Parameters
    ----------
    outputs : sequence of str
    asked, answers : array of shape (outputs, steps)
    step : str
        What a column of the arrays is called: tick, or sample.
    """
    both = np.nan_to_num(np.round(np.concatenate([asked, answers]), 6))
    changes = np.flatnonzero(np.abs(np.diff(both, axis=1)).max(axis=0, initial=0.0)) + 1
    rows = [
        [
            str(t + 1),
            *(_number(x) for pair in zip(asked[:, t], answers[:, t], strict=True) for x in pair),
        ]
        for t in [0, *changes[:SHOWN_TICKS]]
    ]
    columns = [step, *("asked", "answered") * len(outputs)]
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    # Names stand above their two columns, so that a table of two outputs fits on a phone.
    names = [" " * widths[0]]
    for i, name in enumerate(map(plain, outputs)):
        widths[2 * i + 1] = max(widths[2 * i + 1], len(name) - widths[2 * i + 2] - 2)
        names.append(name.rjust(widths[2 * i + 1] + 2 + widths[2 * i + 2]))
    hidden = len(changes) - SHOWN_TICKS
    more = f"\n... {count(hidden, 'more change')} up to {step} {asked.shape[1]}"
    table = "\n".join(["  ".join(names), *(_padded(row, widths) for row in (columns, *rows))])
    return table + (more if hidden > 0 else "")


def _removals(outcome: Result, records: Iterable[Mapping[str, Any]]) -> str:
    """The loss without each link that is left, refitted, as it was measured last."""
    kept = {format_path(path) for path in outcome.parameters.support.paths}
    without: dict[str, float] = {}
    for record in records:
        if record["event"] == "back-out" and record.get("link") in kept:
            without[record["link"]] = record["loss_without"]
    if not without:
        return "No removal of a link that is left was tried."
    rows = [[f"{loss:.3g}", link] for link, loss in sorted(without.items(), key=lambda x: x[1])]
    return _aligned([["loss", "without the link, all others refitted"], *rows])


def _commands(task: StreamTask, seed: int) -> str:
    return "\n".join(
        [
            f"python -m synthesis evaluate machine.json --task {task.name}",
            "python -m synthesis show machine.json --as page --out page.html   # to play on",
            "python -m synthesis show machine.json --as equations   # or latex, table, python, c",
            f"python -m synthesis run {task.name} --seed {seed + 1}",
            f"python -m synthesis sweep {task.name} --seeds 0:10",
        ]
    )


def _number(value: float) -> str:
    return "-" if np.isnan(value) else f"{round(float(value), 4) + 0.0:g}"


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    widths[-1] = 0  # text, on the left
    return "\n".join(_padded(line, widths) for line in lines)


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
