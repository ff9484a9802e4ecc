"""All states that a machine can be in, over a finite alphabet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..machine import Circuit, Machine, Pace
from .automata import Alphabet
from .sides import Answer, MachineSide

__all__ = ["Reachable", "reachable"]

STATES = 20_000
"""States that are visited before a search gives up."""


@dataclass(frozen=True)
class Reachable:
    """What a search for all states of a machine has found.

    Attributes
    ----------
    states : int
        That were found, told apart by the bits of all outputs that matter.
    is_closed : bool
        These are all: no string of the alphabet, however long, leads out of them.
    length : int
        Samples of the strings that were followed.
    answers : tuple of (float, float)
        The least and the largest answer that was met, per output; no other comes if it is closed.

    Examples
    --------
    >>> from dmm.machine import Wire
    >>> echo = Circuit({"x": "stream", "output": "output"},
    ...                [Wire("output", "dict-1", "x", "stream")])
    >>> found = reachable(echo, {"x": (0, 1, 2)})
    >>> found.states, found.answers
    (4, ((0.0, 2.0),))
    """

    states: int
    is_closed: bool
    length: int
    answers: tuple[tuple[float, float], ...]


def reachable(
    machine: Machine | Circuit,
    alphabet: Mapping[str, Sequence[float]],
    *,
    pace: Pace | None = None,
    observed: Sequence[tuple[str, str]] | None = None,
    limit: int = STATES,
) -> Reachable:
    """Visit the states of a machine, breadth first.

    Parameters
    ----------
    machine, alphabet, pace, observed, limit : as in `dmm.proof.prove`

    Raises
    ------
    ValueError
        As `dmm.proof.prove` does.

    Examples
    --------
    >>> from dmm.machine import Wire
    >>> delay = Circuit({"x": "stream", "output": "output"},
    ...                 [Wire("output", "dict-1", "x", "stream", lag=1)])
    >>> reachable(delay, {"x": (0, 1)})
    Reachable(states=5, is_closed=True, length=3, answers=((0.0, 1.0),))
    """
    symbols = Alphabet(alphabet)
    side = MachineSide(machine, symbols, pace, observed)
    found, frontier, length = {0}, [0], 0
    said: set[Answer] = set()
    while frontier and len(found) <= limit:
        following = []
        for state in frontier:
            for symbol in range(len(symbols)):
                after, answer = side.move(state, symbol)
                if answer is not None:
                    said.add(answer)
                if after not in found:
                    found.add(after)
                    following.append(after)
            if len(found) > limit:
                break
        else:
            length += 1
            frontier = following
    columns = np.array(list(said), dtype=float).T
    answers = tuple((float(column.min()), float(column.max())) for column in columns)
    return Reachable(len(found), not frontier, length, answers)
