"""Texts one after the other: tasks for so many cycles each, and what every cycle reads.

References
----------
T. Miconi, "Neural networks with differentiable structure", arXiv:1606.06216, section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .characters import CharacterTask, easy_task, hard_task
from .descriptions import described, task_of

__all__ = ["Phase", "cycles_of", "easy_hard_easy", "phases_described", "phases_of", "reading"]


@dataclass(frozen=True)
class Phase:
    """A task for so many cycles.

    Raises
    ------
    ValueError
        If there are not at least 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> easy, hard = easy_task(rng, 400), hard_task(rng, 400)
    >>> phases = Phase(easy, cycles=3), Phase(hard, cycles=2)
    >>> cycles_of(phases), [easy.decode(reading(phases, cycle, 0)[0][:7]) for cycle in (0, 3)]
    (5, ['(abab)(', '(abbaab'])
    """

    task: CharacterTask
    cycles: int

    def __post_init__(self) -> None:
        if self.cycles < 1:
            raise ValueError(f"cycles is {self.cycles}; a phase takes at least 1")


def easy_hard_easy(
    rng: np.random.Generator, cycles: int = 300_000, groups: int = 150_001
) -> tuple[Phase, ...]:
    """A third of the cycles easy, a third hard, and the same easy text again.

    Examples
    --------
    >>> phases = easy_hard_easy(np.random.default_rng(0), cycles=3_000, groups=400)
    >>> [(phase.task.name, phase.cycles) for phase in phases]
    [('easy', 1000), ('hard', 1000), ('easy', 1000)]
    """
    easy, hard = easy_task(rng, groups), hard_task(rng, groups)
    third = cycles // 3
    return Phase(easy, third), Phase(hard, third), Phase(replace(easy), cycles - 2 * third)


def reading(phases: Sequence[Phase], cycle: int, at: int) -> tuple[np.ndarray, int, bool]:
    """What a cycle reads: phase after phase, and a text that ends begins again.

    Parameters
    ----------
    phases : sequence of Phase
    cycle : int
        Cycles before this one.
    at : int
        Place in the text where the last one ended.

    Returns
    -------
    symbols : array of int (length + 1,)
    at : int
        Where this one ends.
    wraps : bool
        Whether the text has just begun again.
    """
    for phase in phases:
        if cycle < phase.cycles:
            break
        cycle -= phase.cycles
    codes, length = phase.task.codes, phase.task.length
    at = 0 if cycle == 0 else at
    wraps = at + length + 1 >= len(codes)
    at = 0 if wraps else at
    return codes[at : at + length + 1].astype(np.intp), at + length, wraps


def cycles_of(phases: Sequence[Phase]) -> int:
    """Cycles of all phases together."""
    return sum(phase.cycles for phase in phases)


def phases_described(phases: Sequence[Phase]) -> list[dict[str, Any]]:
    """Phases in words; JSON-compatible."""
    return [{"task": described(phase.task), "cycles": phase.cycles} for phase in phases]


def phases_of(descriptions: Sequence[Mapping[str, Any]]) -> tuple[Phase, ...]:
    """The phases of a description.

    Raises
    ------
    ValueError
        If a text cannot be drawn again.
    """
    return tuple(Phase(task_of(words["task"]), words["cycles"]) for words in descriptions)
