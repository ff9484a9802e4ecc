"""Whether what was found is the task's program, for strings of every length."""

from __future__ import annotations

from typing import Any

from dmm import Machine
from dmm.proof import Proof, prove, prove_linear

from .task import Task

__all__ = ["proof_of"]

NEAR = 0.01
"""Whole answers are meant if the machine's are this near, as in the verdicts of the library."""

LIMIT = 20_000
"""Pairs of states that are visited."""


def proof_of(task: Task, machine: Machine) -> Proof | None:
    """The proof, or how far it came; None where the task has no program of samples.

    Linear tasks are proved over all numbers, others over the task's alphabet. A linear task's
    machine that is not linear itself is looked at over the alphabet, too.
    """
    if task.program is None:
        return None
    streams = {f"stream-{name}": values for name, values in task.alphabet.items()}
    # It may not hear all streams, and has no sources for those.
    neurons = {**dict.fromkeys(streams, "stream"), **machine.neurons}
    whole = Machine(neurons, machine.fixed, machine.trainable, metadata=machine.metadata)
    if task.program.kind == "linear":
        order = _numbers(task.program.start)
        try:
            return prove_linear(whole, task.program, list(streams), order=order)
        except ValueError:  # a neuron that is not linear
            pass
    return prove(whole, task.program, streams, tolerance=NEAR, limit=LIMIT)


def _numbers(state: Any) -> int:
    """How many numbers a state holds."""
    return sum(map(_numbers, state)) if isinstance(state, tuple) else 1
