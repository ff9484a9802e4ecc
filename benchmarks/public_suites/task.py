"""What a task of a public suite is: an alphabet, a plain program, and how its strings are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = [
    "BITS",
    "Drawn",
    "Program",
    "Step",
    "Task",
    "answered",
    "digits",
    "drawn_symbols",
    "wholes",
]

Step = Callable[..., tuple[Any, Any]]
"""From the state and a number per stream to the next state and the answer: a number, a tuple of
several, or None where nothing is asked."""

Drawn = tuple[Mapping[str, Sequence[np.ndarray]], Sequence[np.ndarray]]
"""Per stream, and for the answers, an array for every string; NaN where nothing is asked."""


@dataclass(frozen=True)
class Program:
    """A definition that answers every sample.

    Attributes
    ----------
    step : Step
    start : hashable
        State before the first sample.
    kind : str
        ``"none"``, ``"linear"``, ``"finite"``, ``"counter"`` or ``"stack"``: what the state is.
    """

    step: Step
    start: Any = 0
    kind: str = "finite"


@dataclass(frozen=True)
class Task:
    """A task of a public suite.

    Attributes
    ----------
    name, suite : str
    alphabet : mapping of stream to the values it takes
    length : int
        Samples of a string to learn from.
    draw : callable
        From a generator, a number of strings and a length to what is drawn.
    program : Program, optional
        None where answers come after the string only.
    is_longer : bool
        Whether longer strings make sense.
    longest : int, optional
        Samples of the longer ones; ten times those to learn from when omitted.
    """

    name: str
    suite: str
    alphabet: Mapping[str, tuple[float, ...]]
    length: int
    draw: Callable[[np.random.Generator, int, int], Drawn]
    program: Program | None = None
    is_longer: bool = True
    longest: int | None = None


def wholes(low: int, high: int) -> tuple[float, ...]:
    """Whole numbers from low to high, both included."""
    return tuple(float(value) for value in range(low, high + 1))


def digits(base: int) -> tuple[float, ...]:
    """Digits of a base."""
    return wholes(0, base - 1)


BITS = digits(2)


def answered(program: Program, streams: Mapping[str, np.ndarray]) -> np.ndarray:
    """Answers of a program to one string.

    Parameters
    ----------
    program : Program
    streams : mapping of stream to array (samples,)

    Returns
    -------
    array (samples,) or (samples, outputs)
        NaN where nothing is asked.

    Examples
    --------
    >>> total = Program(lambda total, x: (total + x, total + x))
    >>> answered(total, {"x": np.array([1.0, 2.0, 3.0])})
    array([1., 3., 6.])
    """
    state, answers = program.start, []
    for numbers in zip(*streams.values(), strict=True):
        state, answer = program.step(state, *map(float, numbers))
        answers.append(np.nan if answer is None else answer)
    return np.array(answers, dtype=float)


def drawn_symbols(
    program: Program, alphabet: Mapping[str, tuple[float, ...]]
) -> Callable[[np.random.Generator, int, int], Drawn]:
    """How strings of independent, uniform symbols are drawn."""

    def draw(rng: np.random.Generator, strings: int, length: int) -> Drawn:
        streams = {
            name: list(rng.choice(values, (strings, length))) for name, values in alphabet.items()
        }
        return streams, [
            answered(program, {name: column[s] for name, column in streams.items()})
            for s in range(strings)
        ]

    return draw
