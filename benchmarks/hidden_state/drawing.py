"""How streams are drawn and programs are run: the parts that the groups of programs share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

__all__ = [
    "Answers",
    "Program",
    "entering",
    "flags",
    "levels",
    "previous",
    "reals",
    "run",
    "wholes",
]

Answers = np.ndarray | dict[str, np.ndarray]
Program = Callable[[np.random.Generator, int, int], tuple[dict[str, np.ndarray], Answers]]
Entry = TypeVar("Entry", bound=Callable)


def entering(group: dict[str, Entry]) -> Callable[[Entry], Entry]:
    """A decorator that enters functions into a group, by their names."""

    def enter(function: Entry) -> Entry:
        group[function.__name__] = function
        return function

    return enter


def flags(rng: np.random.Generator, strings: int, samples: int, share: float = 0.5) -> np.ndarray:
    """Zeros and ones, drawn one by one, shape (strings, samples)."""
    return (rng.random((strings, samples)) < share).astype(float)


def levels(rng: np.random.Generator, strings: int, samples: int, change: float) -> np.ndarray:
    """Zeros and ones that keep their value until a change, shape (strings, samples)."""
    return np.cumsum(flags(rng, strings, samples, change), axis=1) % 2


def wholes(rng: np.random.Generator, strings: int, samples: int, low: int, high: int) -> np.ndarray:
    """Whole numbers from low to high, both included, shape (strings, samples)."""
    return rng.integers(low, high + 1, (strings, samples)).astype(float)


def reals(
    rng: np.random.Generator, strings: int, samples: int, low: float = -1.0, high: float = 1.0
) -> np.ndarray:
    """Uniform numbers, shape (strings, samples)."""
    return rng.uniform(low, high, (strings, samples))


def previous(stream: np.ndarray, ticks: int = 1) -> np.ndarray:
    """The stream some ticks ago, zero before it began."""
    held = np.zeros_like(stream)
    held[:, ticks:] = stream[:, :-ticks]
    return held


def run(
    step: Callable[..., tuple[Any, Any]], streams: Mapping[str, np.ndarray], state: Any = 0.0
) -> np.ndarray:
    """Answers of a program, one state per string.

    Parameters
    ----------
    step : callable
        From the state and one sample of every stream to the next state and the answer: a number,
        or a tuple for several outputs.
    streams : mapping of str to ndarray (strings, samples)
    state : object
        What every string begins with.

    Returns
    -------
    ndarray (strings, samples) or (strings, samples, outputs)

    Examples
    --------
    >>> run(lambda total, x: (total + x, total + x), {"x": np.array([[1.0, 2.0, 3.0]])})
    array([[1., 3., 6.]])
    """
    columns = list(streams.values())
    strings, samples = columns[0].shape
    answers = []
    for s in range(strings):
        now, row = state, []
        for t in range(samples):
            now, answer = step(now, *(float(column[s, t]) for column in columns))
            row.append(answer)
        answers.append(row)
    return np.array(answers, dtype=float)
