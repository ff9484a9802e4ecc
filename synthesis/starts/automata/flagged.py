"""Numbers for states under which each value of a flag has a short function of its own.

Where an input is 0 or 1, the next state may be one function of the state where it is 1 and another
where it is 0: a choice between the two. Their sum with the flag as one function would have the
pieces of both, and some more to lead from one to the other.
"""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import numpy as np

from ..composition.kinks import function_of
from .codes import ALL_ORDERS, Coding, Table, pieces_of
from .mealy import Mealy

__all__ = ["flagged_codings"]

SHORT_LIST = 60
"""Codes of fewest pieces whose functions are counted in wires."""

WIDEST = 4
"""The largest number of a state."""

FOLDS = 2
MOST = 6
"""Pieces of a function."""

MANY = 99
"""Wires of what is no function with few pieces."""


def flagged_codings(automaton: Mealy, values: np.ndarray, most: int) -> list[Coding]:
    """The best codes by a flag, the fewest wires first; none where no input is a flag.

    Parameters
    ----------
    automaton : Mealy
        Of few states: all of their small numbers are looked at.
    values : float array (symbols, inputs)
        Whole numbers that the symbols are.
    most : int

    Examples
    --------
    >>> following = np.array([[0, 1], [2, 0], [3, 4], [2, 1], [4, 4]])  # no odd run of ones before
    >>> accepts = np.array([1.0, 1.0, 0.0, 1.0, 0.0])[following]        # an odd run of zeros
    >>> [best] = flagged_codings(Mealy(following, accepts), np.array([[0.0], [1.0]]), most=1)
    >>> best.codes, best.flag, best.pieces
    (array([ 0., -1., -4.,  2., -2.]), 0, 4)
    """
    if len(automaton) > ALL_ORDERS:
        return []
    found: dict[bytes, tuple[int, Coding]] = {}
    for flag, column in enumerate(values.T):
        if set(column.tolist()) == {0.0, 1.0}:
            table = _FlaggedTable(automaton, values, flag)
            for codes in table.few(_small_codes(len(automaton))):
                wires, coding = table.coded(codes)
                if wires < MANY:
                    found.setdefault(coding.codes.tobytes(), (wires, coding))
    return [coding for _, coding in sorted(found.values(), key=lambda item: item[0])][:most]


class _FlaggedTable(Table):
    """The known entries, those of the next state apart by the value of a flag."""

    def __init__(self, automaton: Mealy, values: np.ndarray, flag: int) -> None:
        super().__init__(automaton, values)
        self.flag = flag
        is_on = values[self.next_at[:, 1], flag] == 1.0
        self.sides = (self.next_at[is_on], self.next_at[~is_on])
        is_other = np.arange(values.shape[1]) != flag
        self.others = list(dict.fromkeys(map(tuple, is_other * np.array(self.weights))))

    def counts(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As those of a `Table`, but the best weights are chosen for each side already."""
        following = sum(self._pieces(codes, side).min(axis=0) for side in self.sides)
        state, symbol = self.told_at.T
        after = codes[:, self.after[state, symbol]]
        told = np.broadcast_to(self.told[state, symbol], after.shape)
        return np.asarray(following)[None], pieces_of(after, told)[None]

    def few(self, codes: np.ndarray) -> np.ndarray:
        """The codes of fewest pieces."""
        return codes[np.argsort(self.pieces(codes), kind="stable")[:SHORT_LIST]]

    def coded(self, codes: np.ndarray) -> tuple[int, Coding]:
        """The wires that codes take, with a relay for every neuron in a row, and the coding."""
        (on, weights), (off, weights_off) = (self._best_sum(codes, side) for side in self.sides)
        state, symbol = self.told_at.T
        answer = _size(codes[self.after[state, symbol]], self.told[state, symbol])
        pieces = int(self.pieces(codes[None])[0])
        answer_weights = (0.0,) * len(weights)
        coding = Coding(codes + 0.0, weights, answer_weights, pieces, self.flag, weights_off)
        wires = on.wires + off.wires + answer.wires
        return wires + max(on.depth, off.depth), coding

    def _pieces(self, codes: np.ndarray, side: np.ndarray) -> np.ndarray:
        """Pieces of the next state where the flag has one value, (weights, codes)."""
        state, symbol = side.T
        goal = codes[:, self.after[state, symbol]]
        sums = (codes[:, state] + (self.values @ w)[symbol] for w in self.others)
        return np.array([pieces_of(total, goal) for total in sums])

    def _best_sum(self, codes: np.ndarray, side: np.ndarray) -> tuple[_Size, tuple[float, ...]]:
        """The fewest wires of the next state where the flag has one value, and the weights."""
        state, symbol = side.T
        goal = codes[self.after[state, symbol]]
        found = [(_size(codes[state] + (self.values @ w)[symbol], goal), w) for w in self.others]
        return min(found, key=lambda item: item[0])


def _small_codes(states: int) -> np.ndarray:
    """All different small whole numbers, 0 for the first state."""
    others = [number for number in range(-WIDEST, WIDEST + 1) if number]
    return np.array([(0, *chosen) for chosen in permutations(others, states - 1)], dtype=float)


class _Size(NamedTuple):
    """What a function of a sum takes: wires, and neurons one behind the other."""

    wires: int
    depth: int = 0


def _size(sums: np.ndarray, goals: np.ndarray) -> _Size:
    if not np.ptp(goals):
        return _Size(int(goals[0] != 0.0))
    pieces = function_of(sums, goals, MOST, has_steps=True, folds=FOLDS)
    if pieces is None:
        return _Size(MANY)
    return _Size(pieces.wires(1), len(pieces.folds) + bool(pieces.kinks or pieces.steps))
