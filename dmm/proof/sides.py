"""The two sides of a comparison: states as numbers from 0, and answers some samples late.

A side is fed symbols by their position in an alphabet. Whatever its states are, they are told apart
exactly: those of a machine by the bits of everything that matters in it, never rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..compiled import Stepper
from ..machine import Circuit, Machine, Pace
from .automata import Alphabet, Automaton

__all__ = [
    "Answer",
    "AutomatonSide",
    "MachineSide",
    "Move",
    "Side",
    "check_sources",
    "paced",
    "ports_of",
]

Answer = tuple[float | None, ...]
"""A number per output; None where nothing is asked."""

BATCH = 20_000
"""States times symbols that are stepped at once."""


class Move(NamedTuple):
    """Where a symbol leads: the next state, and the answer that it brings out, if any yet."""

    state: int
    answer: Answer | None


class Side(Protocol):
    """States are numbered in the order in which they are found; the first one is 0.

    Attributes
    ----------
    late : int
        How many samples later an answer comes out.
    """

    late: int

    def move(self, state: int, symbol: int) -> Move | None:
        """Feed a symbol; None if no string goes on like this."""
        ...

    def rest(self, state: int) -> tuple[Answer, ...]:
        """The answers that come out if the string ends here."""
        ...


class AutomatonSide:
    """An automaton or a plain function; its answers come at once."""

    late = 0

    def __init__(self, automaton: Automaton, alphabet: Alphabet) -> None:
        self._step, self._symbols = automaton.step, alphabet.symbols
        self._numbers: dict[Any, int] = {automaton.start: 0}
        self._states: list[Any] = [automaton.start]
        self._moves: dict[tuple[int, int], Move | None] = {}

    def __len__(self) -> int:
        """States that were met."""
        return len(self._states)

    def move(self, state: int, symbol: int) -> Move | None:
        """As `Side.move`."""
        known = state, symbol
        if known not in self._moves:
            self._moves[known] = self._moved(state, symbol)
        return self._moves[known]

    def rest(self, state: int) -> tuple[Answer, ...]:
        """As `Side.rest`: none, as they are never late."""
        return ()

    def _moved(self, state: int, symbol: int) -> Move | None:
        found = self._step(self._states[state], *self._symbols[symbol])
        if found is None:
            return None
        following, answer = found
        number = self._numbers.setdefault(following, len(self._states))
        if number == len(self._states):
            self._states.append(following)
        numbers = answer if isinstance(answer, (tuple, list)) else (answer,)
        return Move(number, tuple(_asked(one) for one in numbers))


def _asked(answer: Any) -> float | None:
    return None if answer is None or np.isnan(answer) else float(answer)


def paced(machine: Machine | Circuit, pace: Pace | None) -> tuple[Machine, Pace]:
    """A machine, and its own pace where none is given.

    Raises
    ------
    ValueError
        If there is no pace, or no such pace.
    """
    if isinstance(machine, Circuit):
        machine, own = machine.lowered()
        pace = own if pace is None else pace
    pace = Pace.of_machine(machine) if pace is None else pace
    if pace.ticks < 1 or pace.delay < 0:
        raise ValueError(f"pace is {pace}; expected at least 1 tick and no negative delay")
    return machine, pace


def check_sources(machine: Machine, streams: Collection[str]) -> None:
    """Raise ValueError unless streams are sources of a machine."""
    sources = [name for name in machine.neurons if machine.type_of(name).is_source]
    for name in streams:
        if name not in sources:
            raise ValueError(f"the machine has no source {name!r}; it has {sources}")


def ports_of(machine: Machine) -> list[tuple[str, str]]:
    """What a machine answers: the linked input fields of its sinks, in natural order.

    Raises
    ------
    ValueError
        If there are none.
    """
    ports = dict.fromkeys(
        (k.neuron_in, k.field_in)
        for k in machine.links()
        if not machine.type_of(k.neuron_in).writes
    )
    if not ports:
        raise ValueError(f"machine {machine.name!r} has no sink that reads anything")
    return list(ports)


class MachineSide:
    """A machine, its states as the bits of all outputs that matter.

    Parameters
    ----------
    machine, alphabet, pace, observed : as of `dmm.proof.prove`
    stepper : callable
        Makes what moves states on, in place of `Stepper`.
    """

    def __init__(
        self,
        machine: Machine | Circuit,
        alphabet: Alphabet,
        pace: Pace | None = None,
        observed: Sequence[tuple[str, str]] | None = None,
        stepper: Callable[..., Stepper] = Stepper,
    ) -> None:
        machine, pace = paced(machine, pace)
        check_sources(machine, alphabet.streams)
        self.late, tick = divmod(pace.delay, pace.ticks)
        ports = ports_of(machine) if observed is None else observed
        self._stepper = stepper(machine, ports, alphabet.held(pace.ticks), tick)
        self._silence = stepper(machine, ports, alphabet.silence(pace.ticks), tick)
        self._batch = max(1, BATCH // len(alphabet))
        self._rows: list[np.ndarray] = []
        # Before its first answer is out a machine says things that are no answers: such states
        # are told apart by how many samples they have seen.
        self._seen: list[int] = []
        self._numbers: dict[tuple[int, bytes], int] = {}
        self._moves: list[list[Move]] = []
        self._rests: list[tuple[Answer, ...]] = []
        self._numbered(0, self._stepper.start)

    def move(self, state: int, symbol: int) -> Move:
        """As `Side.move`."""
        while state >= len(self._moves):
            self._expand()
        return self._moves[state][symbol]

    def rest(self, state: int) -> tuple[Answer, ...]:
        """As `Side.rest`."""
        while self.late and state >= len(self._rests):
            self._end()
        return self._rests[state] if self.late else ()

    def _numbered(self, seen: int, row: np.ndarray) -> int:
        number = self._numbers.setdefault((seen, row.tobytes()), len(self._rows))
        if number == len(self._rows):
            self._rows.append(row)
            self._seen.append(seen)
        return number

    def _expand(self) -> None:
        """Feed every symbol in the next batch of states."""
        first = len(self._moves)
        states, observed = self._stepper.step(np.array(self._rows[first : first + self._batch]))
        answers = observed.tolist()
        for i, following in enumerate(states):
            seen = self._seen[first + i]
            after = min(seen + 1, self.late)
            self._moves.append(
                [
                    Move(self._numbered(after, row), tuple(said) if seen == self.late else None)
                    for row, said in zip(following, answers[i], strict=True)
                ]
            )

    def _end(self) -> None:
        """Feed nothing in the next batch of states."""
        first = len(self._rests)
        states = np.array(self._rows[first : first + BATCH])
        said = []
        for _ in range(self.late):
            following, observed = self._silence.step(states)
            states = following[:, 0]
            said.append(observed[:, 0].tolist())
        for i, answers in enumerate(zip(*said, strict=True)):
            early = self.late - self._seen[first + i]
            self._rests.append(tuple(map(tuple, answers[early:])))
