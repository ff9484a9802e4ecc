"""A machine on trial: run free on strings, from its own memory, and compared with what is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dmm import Machine, Streams, compile_machine
from dmm.machine import Pace

from ..problems import Strings, answer_port

__all__ = ["Candidate", "Errors", "answers_of", "errors_of", "fed"]


@dataclass(frozen=True)
class Candidate:
    """A machine and the pace at which it is fed and read.

    Attributes
    ----------
    machine : Machine
        Its answers are what sinks read at `answer_port`.
    pace : Pace
    origin : str
        Which start proposed it, and how.

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> echo = Circuit({"x": "stream", "output": "output"},
    ...                [Wire("output", "dict-1", "x", "stream")])
    >>> Candidate(*echo.lowered(), origin="by hand").pace
    Pace(ticks=1, delay=1)
    """

    machine: Machine
    pace: Pace
    origin: str = ""


def fed(streams: Streams, pace: Pace) -> Streams:
    """Samples as ticks: each held as long as the pace says, and ticks to answer the last one.

    Examples
    --------
    >>> from dmm.machine import Pace
    >>> from synthesis.tasks.streams import to_streams
    >>> fed(to_streams([[1.0, 2.0]]), Pace(ticks=2, delay=1)).arrays["stream-x"].ravel()
    array([1., 1., 2., 2., 0.])
    """
    arrays = {}
    ticks = streams.ticks * pace.ticks + pace.delay
    for name, array in streams.arrays.items():
        held = np.repeat(array, pace.ticks, axis=0)
        rest = np.zeros((ticks - len(held), *array.shape[1:]))
        arrays[name] = np.concatenate([held, rest])
    return replace(streams, arrays=arrays, ticks=ticks)


def answers_of(candidate: Candidate, strings: Strings, n_outputs: int) -> np.ndarray:
    """What a machine answers, (outputs, samples, strings); NaN where it is not finite.

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> from synthesis.tasks.streams import to_streams
    >>> late = Circuit({"stream-x": "stream", "output": "output"},
    ...                [Wire("output", "dict-1", "stream-x", "stream", lag=1)])
    >>> strings = Strings(to_streams([[1.0, 2.0, 3.0]]), np.zeros((1, 3, 1)), np.array([3]))
    >>> answers_of(Candidate(*late.lowered()), strings, 1).ravel()
    array([0., 1., 2.])
    """
    observed = [answer_port(k) for k in range(n_outputs)]
    machine, pace = candidate.machine, candidate.pace
    program = compile_machine(machine, observed)
    with np.errstate(all="ignore"):
        seen = program(machine.trainable, fed(strings.inputs, pace))
    ticks = pace.delay + pace.ticks * np.arange(strings.samples)
    answers = seen[:, ticks]
    return np.where(np.isfinite(answers), answers, np.nan)


@dataclass(frozen=True)
class Errors:
    """How far answers are from what is asked.

    Attributes
    ----------
    asked : int
        Numbers that are asked.
    mean_square : float
        Per asked number; infinite if an answer is not finite.
    largest : float
        Of one answer.
    right : float
        Share of answers that are right: to `NEAR` where whole numbers are asked, to `TOLERANCE` of
        the largest asked number elsewhere.
    determination : float
        R^2: 1 for right answers, 0 for the mean of what is asked.

    Examples
    --------
    >>> print(Errors(asked=40, mean_square=0.01, largest=0.5, right=0.9, determination=0.98))
    mean squared error 0.01, R^2 0.9800, 90 % right of 40 numbers
    """

    asked: int
    mean_square: float
    largest: float
    right: float
    determination: float

    def __str__(self) -> str:
        if not self.asked:
            return "nothing asked"
        return (
            f"mean squared error {self.mean_square:.3g}, R^2 {self.determination:.4f}, "
            f"{100.0 * self.right:.4g} % right of {self.asked} numbers"
        )


TOLERANCE = 1e-6
"""A number is right if it is this near, relative to the largest asked one."""

NEAR = 0.01
"""A whole number is meant if the answer is this near to it."""


def errors_of(
    answers: np.ndarray,
    strings: Strings,
    is_whole: tuple[bool, ...],
    units: tuple[float, ...] | None = None,
) -> Errors:
    """Compare answers with what is asked.

    Parameters
    ----------
    answers : array (outputs, samples, strings)
    strings : Strings
    is_whole : per output
        Whole multiples of the unit are asked.
    units : per output, optional
        1 when omitted.

    Examples
    --------
    >>> from synthesis.tasks.streams import to_streams
    >>> asked = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1)
    >>> strings = Strings(to_streams([[0.0] * 4]), asked, np.array([4]))
    >>> print(errors_of(asked + [[[0.0], [0.0], [0.0], [0.5]]], strings, is_whole=(True,)))
    mean squared error 0.0625, R^2 0.9500, 75 % right of 4 numbers
    """
    asked = strings.asked
    count = int(asked.sum())
    if not count:
        return Errors(0, 0.0, 0.0, 1.0, 1.0)
    wanted = np.where(asked, strings.answers, 0.0)
    error = np.where(asked, np.abs(np.nan_to_num(answers, nan=np.inf) - wanted), 0.0)
    unit = units or (1.0,) * len(is_whole)
    right = np.zeros(asked.shape, dtype=bool)
    for k, whole in enumerate(is_whole):
        scale = np.abs(wanted[k]).max(initial=0.0) or 1.0
        right[k] = error[k] <= (NEAR * unit[k] if whole else TOLERANCE * scale)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(np.sum(error**2) / count)
    spread = sum(
        float(np.sum((wanted[k][asked[k]] - wanted[k][asked[k]].mean()) ** 2))
        for k in range(len(wanted))
        if asked[k].any()
    )
    r2 = 1.0 - mean * count / spread if spread else (1.0 if mean == 0.0 else -np.inf)
    return Errors(count, mean, float(error.max()), float(right[asked].mean()), float(r2))
