"""Automata that answer at every sample (Mealy machines) as tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dmm.machine.wiring import reach

__all__ = ["UNKNOWN", "Mealy"]

UNKNOWN = -1


@dataclass(frozen=True)
class Mealy:
    """A finite automaton that answers at every sample.

    Attributes
    ----------
    following : int array (states, symbols)
        The state that follows; -1 where no string tells.
    answers : float array (states, symbols)
        What is answered; NaN where no string tells.

    It begins in state 0.

    Examples
    --------
    >>> parity = Mealy(np.array([[0, 1], [1, 0]]), np.array([[0.0, 1.0], [1.0, 0.0]]))
    >>> states, answers = parity.run(np.array([[1, 0, 1]]))
    >>> states.tolist(), answers.tolist()
    ([[1, 1, 0]], [[1.0, 1.0, 0.0]])
    """

    following: np.ndarray
    answers: np.ndarray

    def __len__(self) -> int:
        """Number of states."""
        return len(self.following)

    def run(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """States after every sample, and answers.

        Parameters
        ----------
        symbols : int array (strings, samples)
            -1 beyond the end of a string.

        Returns
        -------
        states : int array (strings, samples)
            -1 from where it is not known on.
        answers : float array (strings, samples)
        """
        states = np.full(symbols.shape, UNKNOWN)
        answers = np.full(symbols.shape, np.nan)
        state = np.zeros(len(symbols), dtype=int)
        for t in range(symbols.shape[1]):
            is_known = (state >= 0) & (symbols[:, t] >= 0)
            here = state[is_known], symbols[is_known, t]
            answers[is_known, t] = self.answers[here]
            state = np.full(len(symbols), UNKNOWN)
            state[is_known] = self.following[here]
            states[:, t] = state
        return states, answers

    def steps(self, symbols: np.ndarray) -> np.ndarray:
        """How often every transition is taken on strings, int array (states, symbols)."""
        after, _ = self.run(symbols)
        before = np.concatenate([np.zeros_like(after[:, :1]), after[:, :-1]], axis=1)
        is_known = (before >= 0) & (symbols >= 0)
        found = np.zeros(self.following.shape, dtype=int)
        np.add.at(found, (before[is_known], symbols[is_known]), 1)
        return found

    def minimal(self) -> Mealy:
        """The same behaviour with the fewest states, reachable ones only.

        What is not known counts as a behaviour of its own.
        """
        block = self._blocks()
        first = np.unique(block, return_index=True)[1]
        following = np.where(self.following >= 0, block[self.following], UNKNOWN)[first]
        order = reach([int(block[0])], lambda old: following[old][following[old] >= 0].tolist())
        names = {UNKNOWN: UNKNOWN, **{old: new for new, old in enumerate(order)}}
        renamed = [[names[old] for old in row] for row in following[order].tolist()]
        return Mealy(np.array(renamed), self.answers[first[order]])

    def _blocks(self) -> np.ndarray:
        """Which states behave alike: the coarsest partition that transitions respect."""
        told = np.nan_to_num(self.answers, nan=np.inf)
        _, block = np.unique(told, axis=0, return_inverse=True)
        block = np.ravel(block)
        while True:
            after = np.where(self.following >= 0, block[self.following], UNKNOWN)
            _, finer = np.unique(np.column_stack([block, after]), axis=0, return_inverse=True)
            finer = np.ravel(finer)
            if finer.max() == block.max():
                return block
            block = finer
