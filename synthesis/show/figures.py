"""Figures of one machine on one string: what ``evaluate`` prints."""

from __future__ import annotations

from typing import Any

import numpy as np

import vvalues as vv
from dmm import Machine, compile_machine, text_streams

from ..tasks import StreamTask

__all__ = ["evaluate_machine", "figures_table"]


def evaluate_machine(machine: Machine, task: StreamTask, text: str, ticks: int) -> dict[str, Any]:
    """Figures of a machine on one text.

    Returns
    -------
    dict
        ``task_loss`` (squared error summed over outputs and ticks), ``max_element_loss`` (largest
        squared error of one output at one tick), ``links_trainable``, ``links_fixed``,
        ``l1_norm``, ``l2_norm_squared``, ``text``, ``ticks``.

    Raises
    ------
    ValueError
        If the machine lacks a port that the task observes, or is not finite on the text.
    """
    streams = text_streams(text, ticks)
    program = compile_machine(machine, task.observed)
    with np.errstate(all="ignore"):
        error = (program(machine.trainable, streams) - task.specification(streams)) ** 2
    if not np.all(np.isfinite(error)):
        tick = int(np.argmin(np.isfinite(error).all(axis=(0, 2)))) + 1
        raise ValueError(f"machine {machine.name!r} overflows on {text!r} at tick {tick}")
    return {
        "task_loss": float(np.sum(error)),
        "max_element_loss": float(np.max(error)),
        "links_trainable": len(machine.trainable),
        "links_fixed": len(machine.fixed),
        "l1_norm": float(vv.l1_norm(machine.trainable)),
        "l2_norm_squared": float(vv.squared_norm(machine.trainable)),
        "text": text,
        "ticks": ticks,
    }


def figures_table(figures: dict[str, Any]) -> str:
    """Figures as aligned text, one a line."""
    width = max(map(len, figures), default=0)
    return "\n".join(f"{name:<{width}}  {_shown(value)}" for name, value in figures.items())


def _shown(value: Any) -> str:
    return (
        f"{value:.8g}"
        if isinstance(value, float)
        else repr(value)
        if isinstance(value, str)
        else str(value)
    )
