"""Coordinates of states in which a linear machine is a small program.

The constant 1 is made a coordinate of every state, and all others begin with 0, as memories do.
Different phases share their coordinates, so that one matrix per letter does for all of them. What
is left is a choice of coordinates, in which small steps are taken while they save anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from .field import independent, inverse, reciprocal
from .realisation import Phase
from .series import Letter

__all__ = ["Linear", "linear_of"]

MOST_WAYS = 40
"""Ways through all phases that coordinates are carried along."""

MOST_BEGINNINGS = 4
"""The best choices of coordinates that are improved in small steps."""

Changes = tuple[np.ndarray, ...]
"""A matrix per phase, which states are multiplied by; the first new coordinate is 1."""


@dataclass(frozen=True)
class Linear:
    """A machine whose state is a row of residues: a 1, and numbers that begin with 0.

    Attributes
    ----------
    prime : int
    matrices : mapping of Letter to int array (numbers, numbers)
        A sample multiplies the state by their sum, each times the value of its letter.
    told : int array (numbers,)
        The answer is the state after the sample times this.

    Examples
    --------
    >>> matrices = {(): np.eye(2, dtype=int), (0,): np.array([[0, 1], [0, 0]])}
    >>> total = Linear(5, matrices, np.array([0, 1]))
    >>> total.run({(): np.ones((1, 3), dtype=int), (0,): np.array([[4, 4, 4]])})
    array([[4, 3, 2]])
    """

    prime: int
    matrices: Mapping[Letter, np.ndarray]
    told: np.ndarray

    def run(self, values: Mapping[Letter, np.ndarray]) -> np.ndarray:
        """Answers.

        Parameters
        ----------
        values : mapping of Letter to int array (strings, samples)

        Returns
        -------
        int array (strings, samples)
        """
        shape = next(iter(values.values())).shape
        state = np.zeros((shape[0], len(self.told)), dtype=np.int64)
        state[:, 0] = 1
        answers = np.zeros(shape, dtype=np.int64)
        for t in range(shape[1]):
            moved = np.zeros_like(state)
            for letter, matrix in self.matrices.items():
                moved += values[letter][:, t, None] * (state @ matrix % self.prime)
            state = moved % self.prime
            answers[:, t] = state @ self.told % self.prime
        return answers


def linear_of(
    phases: Sequence[Phase],
    prime: int,
    samples: Sequence[Mapping[Letter, int]],
    cost: Callable[[Linear], float],
) -> Linear | None:
    """One machine for all phases, in coordinates that cost little; None if phases contradict.

    Parameters
    ----------
    phases : sequence of Phase
    prime : int
    samples : sequence of mapping of Letter to int
        Different samples that there are, as values of letters.
    cost : Linear -> float

    Examples
    --------
    >>> times = Phase({(0,): np.array([[1, 3], [0, 1]]), (): np.array([[0, 0], [0, 0]])}, 0,
    ...               {(0,): 0, (): 1}, np.array([0, 1]), np.array([1, 0]))
    >>> large = lambda machine: float(np.sum(machine.matrices[0,] > 1))
    >>> linear_of([times], 5, [{(0,): 1, (): 1}], cost=large).matrices[0,]
    array([[1, 1],
           [0, 1]])
    """

    def chosen(changes: Changes) -> _Choice:
        machine = _machine(phases, changes, prime)
        return _Choice(changes, machine, np.inf if machine is None else cost(machine))

    begun = sorted(map(chosen, _begun(phases, prime, samples)), key=lambda choice: choice.cost)
    found = [_improved(choice, chosen, prime) for choice in begun[:MOST_BEGINNINGS]]
    return min(found, key=lambda choice: choice.cost).machine if found else None


@dataclass(frozen=True, eq=False)
class _Choice:
    """Coordinates, the machine in them, and what it costs."""

    changes: Changes
    machine: Linear | None
    cost: float


# -------------------- where to begin --------------------


def _begun(
    phases: Sequence[Phase], prime: int, samples: Sequence[Mapping[Letter, int]]
) -> Iterator[Changes]:
    """Coordinates that the way through all phases leaves as they are, for some samples."""
    width = max(map(len, phases))
    first = _with_constant(phases[0], width, prime)
    if len({len(phase) for phase in phases}) > 1:
        yield first, *(_with_constant(phase, width, prime) for phase in phases[1:])
        return
    backs = [_backs(phase, prime, samples) for phase in phases[:-1]]
    for chosen in islice(product(*backs), MOST_WAYS):
        changes, here = {0: first}, 0
        for back in chosen:
            following = phases[here].following
            changes[following] = back @ changes[here] % prime
            here = following
        if len(changes) == len(phases):
            yield tuple(changes[k] for k in range(len(phases)))


def _with_constant(phase: Phase, width: int, prime: int) -> np.ndarray:
    """Coordinates of which the first is 1, and the others are 0 at the state (1, 0, 0 ...)."""
    size = len(phase)
    candidates = np.vstack([phase.constant, np.eye(size, dtype=np.int64)])
    change = candidates[independent(candidates, prime)].T
    if phase.constant[0]:
        by = change[0, 1:] * reciprocal(phase.constant[0], prime)
        change[:, 1:] -= np.outer(phase.constant, by)
    return np.pad(change % prime, ((0, 0), (0, width - size)))


def _backs(
    phase: Phase, prime: int, samples: Sequence[Mapping[Letter, int]]
) -> Iterator[np.ndarray]:
    """What undoes a sample of a phase, for every one that can be undone."""
    for sample in samples:
        if sum(sample[letter] * one for letter, one in phase.ones.items()) % prime == 1:
            moves = sum(sample[letter] * m for letter, m in phase.matrices.items())
            back = inverse(np.asarray(moves), prime)
            if back is not None:
                yield back


# -------------------- small steps --------------------


def _improved(choice: _Choice, chosen: Callable[[Changes], _Choice], prime: int) -> _Choice:
    """Coordinates that no small step improves."""
    while True:
        steps = map(chosen, _steps(choice.changes, prime))
        least = min(steps, key=lambda step: step.cost, default=choice)
        if least.cost >= choice.cost:
            return choice
        choice = least


def _steps(changes: Changes, prime: int) -> Iterator[Changes]:
    """A coordinate scaled, or one added to another: in one phase, or in all of them."""
    width = changes[0].shape[1]
    groups: list[tuple[int, ...]] = [(k,) for k in range(len(changes))]
    if len(changes) > 1:
        groups.append(tuple(range(len(changes))))
    for group, target in product(groups, range(1, width)):
        for source, factor in product(range(width), range(1, prime)):
            if source == 0 and 0 in group:
                continue  # at first it would not be 0
            step = np.eye(width, dtype=np.int64)
            step[source, target] = factor
            yield tuple(
                change @ step % prime if k in group else change for k, change in enumerate(changes)
            )


def _machine(phases: Sequence[Phase], changes: Changes, prime: int) -> Linear | None:
    """The machine in these coordinates; None if phases contradict each other."""
    moves, told = [], []
    for phase, change in zip(phases, changes, strict=True):
        back = inverse(change[:, : len(phase)], prime)
        if back is None:
            return None
        back = np.pad(back, ((0, change.shape[1] - len(phase)), (0, 0)))
        onto = changes[phase.following]
        moves.append({b: back @ m % prime @ onto % prime for b, m in phase.matrices.items()})
        if phase.told is not None:
            told.append(back @ phase.told % prime)
    common = [one[()] for one in moves if () in one]
    nothing = np.zeros((changes[0].shape[1],) * 2, dtype=np.int64)
    matrices: dict[Letter, np.ndarray] = {(): common[0] if common else nothing}
    for phase, one in zip(phases, moves, strict=True):
        for letter, matrix in one.items():
            if letter:
                matrix = (matrix - phase.ones[letter] * matrices[()]) % prime
            if not np.array_equal(matrices.setdefault(letter, matrix), matrix):
                return None
    if any(not np.array_equal(told[0], other) for other in told[1:]):
        return None
    return Linear(prime, matrices, told[0])
