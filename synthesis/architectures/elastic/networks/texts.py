"""What several networks read side by side: their texts in one array, a place in each."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np

from ....tasks.successions import Phase

__all__ = ["Texts"]


class Texts:
    """The texts of all networks, phase after phase; a text that ends begins again.

    Parameters
    ----------
    phases : sequence (networks) of sequences of Phase
        Alphabet and characters per cycle are the same in all.

    Attributes
    ----------
    alphabet : str
    length : int
        Characters per cycle.

    Raises
    ------
    ValueError
        If there are no networks, one is without phases, or tasks have different alphabets or
        lengths.

    Examples
    --------
    >>> from synthesis.tasks import Phase, easy_task
    >>> rng = np.random.default_rng(0)
    >>> phases = (Phase(easy_task(rng, 400), cycles=4),)
    >>> texts = Texts([phases, phases])
    >>> texts.alphabet, texts.length
    ('()ab', 40)
    """

    def __init__(self, phases: Sequence[Sequence[Phase]]) -> None:
        _check_phases(phases)
        task = phases[0][0].task
        self.alphabet, self.length = task.alphabet, task.length
        self._codes = np.concatenate([phase.task.codes for plan in phases for phase in plan])
        self._switches = _switches(phases)
        self._window = np.arange(self.length + 1)[:, None]
        self._begin(len(phases))

    def _begin(self, n: int) -> None:
        self._at, self._starts, self._ends = (np.zeros(n, dtype=np.intp) for _ in range(3))

    def __len__(self) -> int:
        """Number of networks."""
        return len(self._at)

    def opened(self, cycle: int, at: np.ndarray) -> Texts:
        """The same texts after so many cycles, at these places."""
        texts = copy(self)
        texts._begin(len(self))
        for begun in sorted(self._switches):
            if begun < cycle:
                for network, start, end in self._switches[begun]:
                    texts._starts[network], texts._ends[network] = start, end
        texts._at = texts._starts + at
        return texts

    @property
    def at(self) -> np.ndarray:
        """Places in the texts, (networks,)."""
        return self._at - self._starts

    def read(self, cycle: int) -> tuple[np.ndarray, np.ndarray]:
        """The next characters of every network, and whose texts have just begun again.

        Returns
        -------
        symbols : array of int (length + 1, networks)
        begun : array of int
            Those networks.
        """
        for network, start, end in self._switches.get(cycle, ()):
            self._at[network] = self._starts[network] = start
            self._ends[network] = end
        begun = np.flatnonzero(self._at + (self.length + 1) >= self._ends)
        self._at[begun] = self._starts[begun]
        symbols = self._codes[self._at + self._window]
        self._at += self.length
        return symbols, begun


def _check_phases(phases: Sequence[Sequence[Phase]]) -> None:
    kinds = set()
    for i, plan in enumerate(phases):
        if not plan:
            raise ValueError(f"phases: network {i} has none")
        kinds |= {(phase.task.alphabet, phase.task.length) for phase in plan}
    if not kinds:
        raise ValueError("phases: there are none; expected those of at least one network")
    if len(kinds) > 1:
        raise ValueError(f"phases: tasks of different alphabets or lengths: {sorted(kinds)}")


def _switches(phases: Sequence[Sequence[Phase]]) -> dict[int, list[tuple[int, int, int]]]:
    """By cycle: the networks that begin a phase then, with start and end of their text."""
    switches: dict[int, list[tuple[int, int, int]]] = {}
    start = 0
    for network, plan in enumerate(phases):
        cycle = 0
        for phase in plan:
            end = start + len(phase.task.codes)
            switches.setdefault(cycle, []).append((network, start, end))
            start, cycle = end, cycle + phase.cycles
    return switches
