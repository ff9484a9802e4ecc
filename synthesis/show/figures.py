"""Figures of one machine on a task: what ``evaluate`` prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

import vvalues as vv
from dmm import Machine, compile_machine, text_streams
from vvalues import format_path

from ..tasks import StreamTask
from ..tasks.streams import PUBLISHED_TEXT, PUBLISHED_TICKS, Example

__all__ = ["evaluate_machine", "figures_table"]


TEXT_SOURCE = "input"


def evaluate_machine(
    machine: Machine, task: StreamTask, text: str | None = None, ticks: int | None = None
) -> dict[str, Any]:
    """Figures of a machine on one text, or on a task's held-out strings where it reads no text.

    Parameters
    ----------
    machine : Machine
    task : StreamTask
    text, ticks : str and int, optional
        The published ones when omitted.

    Returns
    -------
    dict
        ``task_loss`` (squared error summed over outputs and ticks), ``max_element_loss`` (largest
        squared error of one output at one tick), ``links_trainable``, ``links_fixed``,
        ``l1_norm``, ``l2_norm_squared``, and what it was tried on: ``text`` or ``strings``, and
        ``ticks``.

    Raises
    ------
    ValueError
        If the machine's ports are not those of the task, it is not finite on a string, or a text
        is given for a task that reads none.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> from synthesis import get_task
    >>> task = get_task("duplicate-detector")
    >>> figures = evaluate_machine(duplicate_detector(), task, "aabb.", 90)
    >>> figures["task_loss"], figures["links_trainable"]
    (0.0, 8)
    """
    _check_ports(machine, task)
    examples, tried_on = _strings(task, text, ticks)
    program = compile_machine(machine, task.observed)
    errors = []
    for example in examples:
        with np.errstate(all="ignore"):
            error = (program(machine.trainable, example.inputs) - example.targets) ** 2
        if not np.all(np.isfinite(error)):
            tick = int(np.argmin(np.isfinite(error).all(axis=(0, 2)))) + 1
            on = "the held-out strings" if text is None else repr(text)
            raise ValueError(f"machine {machine.name!r} overflows on {on} at tick {tick}")
        errors.append(error)
    return {
        "task_loss": float(sum(np.sum(error) for error in errors)),
        "max_element_loss": float(max(np.max(error) for error in errors)),
        "links_trainable": len(machine.trainable),
        "links_fixed": len(machine.fixed),
        "l1_norm": float(vv.l1_norm(machine.trainable)),
        "l2_norm_squared": float(vv.squared_norm(machine.trainable)),
        **tried_on,
    }


def _strings(
    task: StreamTask, text: str | None, ticks: int | None
) -> tuple[Sequence[Example], dict[str, Any]]:
    """What a machine is tried on, and the same in words."""
    if TEXT_SOURCE in dict(task.sources):
        text = PUBLISHED_TEXT if text is None else text
        streams = text_streams(text, PUBLISHED_TICKS if ticks is None else ticks)
        return [task.example(streams)], {"text": text, "ticks": streams.ticks}
    if text is not None or ticks is not None:
        raise ValueError(
            f"task {task.name!r} reads no text; leave out --text and --ticks: its own held-out "
            "strings are used"
        )
    n_strings = sum(len(example.inputs) for example in task.held_out)
    longest = max(example.inputs.ticks for example in task.held_out)
    return task.held_out, {"strings": n_strings, "ticks": longest}


def _check_ports(machine: Machine, task: StreamTask) -> None:
    """Raise ValueError if a machine reads other streams than a task has, or answers elsewhere."""
    links = [*machine.fixed, *machine.trainable]
    expected = list(dict(task.sources))
    read = {path[2]: None for path in links if machine.type_of(path[2]).is_source}
    unknown = [neuron for neuron in read if neuron not in expected]
    if unknown:
        raise ValueError(
            f"machine {machine.name!r} reads the streams {_quoted(read)}; task {task.name!r} has "
            f"{_quoted(expected)}: it is a machine for another task"
        )
    asked = [tuple(port) for port in task.observed]
    if not any(path[:2] in asked for path in links):
        raise ValueError(
            f"machine {machine.name!r} answers on none of the ports that task {task.name!r} asks: "
            f"{', '.join(map(format_path, asked))}"
        )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def figures_table(figures: dict[str, Any]) -> str:
    """Figures as aligned text, one a line.

    Examples
    --------
    >>> print(figures_table({"task_loss": 0.0, "links_trainable": 8}))
    task_loss        0
    links_trainable  8
    """
    width = max(map(len, figures), default=0)
    return "\n".join(f"{name:<{width}}  {_shown(value)}" for name, value in figures.items())


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.8g}"
    return repr(value) if isinstance(value, str) else str(value)
