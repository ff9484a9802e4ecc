"""What networks side by side go on from: what they read, and where they stand in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np

from ....tasks.successions import Phase

__all__ = ["Deleted", "Member", "Standing", "Texts"]

# -------------------- where they stand --------------------


class Deleted(NamedTuple):
    """A deleted neuron, for inheritance: its links of every kind, and who was where."""

    numbers: tuple[int, ...]
    place: int
    row: np.ndarray
    column: np.ndarray
    input: np.ndarray
    output: np.ndarray
    bias: float


class Member(NamedTuple):
    """What a network has besides its arrays.

    Attributes
    ----------
    rng : mapping
        State of its generator.
    numbers, born : tuples of int
        Numbers of its neurons, and the cycles they came in.
    next_number : int
    deleted : Deleted, optional

    Examples
    --------
    >>> Member({}, numbers=(1, 3), born=(0, 20), next_number=4).numbers
    (1, 3)
    """

    rng: Mapping[str, Any]
    numbers: tuple[int, ...]
    born: tuple[int, ...]
    next_number: int
    deleted: Deleted | None = None


class Standing(NamedTuple):
    """Where all networks stand, in arrays: what a `NetworkTrainer` goes on from.

    Attributes
    ----------
    cycles : int
        Cycles so far.
    parameters, memory : arrays (networks, rows, capacity)
        The memory is the optimizer's: sums (means, in mode "outgoing-norm") of squared gradients.
    hidden : array (networks, capacity)
    smooth : array (networks,)
        Running mean of the loss of a cycle, nats summed over its characters.
    at : array of int (networks,)
        Places in the texts.
    members : tuple (networks,) of Member

    Examples
    --------
    >>> from synthesis.tasks import Phase, easy_task
    >>> rng = np.random.default_rng(0)
    >>> phases = (Phase(easy_task(rng, 400), cycles=4),)
    >>> from synthesis.architectures.elastic import ElasticSettings, NetworkTrainer
    >>> from synthesis.architectures.elastic.networks import Texts
    >>> trainer = NetworkTrainer.begun(ElasticSettings.of("paper"), Texts([phases]), [rng], 3)
    >>> standing = trainer.standing()
    >>> standing.cycles, standing.parameters.shape, standing.sizes
    (0, (1, 19, 8), array([3]))
    """

    cycles: int
    parameters: np.ndarray
    memory: np.ndarray
    hidden: np.ndarray
    smooth: np.ndarray
    at: np.ndarray
    members: tuple[Member, ...]

    @property
    def sizes(self) -> np.ndarray:
        """Numbers of neurons, array of int (networks,)."""
        return np.array([len(member.numbers) for member in self.members])


# -------------------- what they read --------------------


class Texts:
    """The texts of all networks in one array, phase after phase; one that ends begins again.

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
