"""What a random program is made of: signals, conditions, states updated in turn, an answer.

A part can be taken out: a condition that never or always holds, a bound that is no bound, a state
that forgets what it was. What the answers are without a part shows whether the part matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

__all__ = ["Answer", "Condition", "RandomProgram", "Rule", "Signal", "State", "Stream"]

Now = Mapping[str, np.ndarray]
"""What every signal is at one sample, by name, one number per string."""


@dataclass(frozen=True)
class Signal:
    """A stream or a state, as conditions and answers read it.

    Attributes
    ----------
    name : str
    low, high : float
        Where its numbers lie, most of the time.
    step : float
        Thresholds are multiples of it, in the unit of the signal.
    is_flag : bool
    """

    name: str
    low: float = 0.0
    high: float = 1.0
    step: float = 1.0
    is_flag: bool = False

    @property
    def width(self) -> float:
        """How far its numbers lie apart."""
        return self.high - self.low


@dataclass(frozen=True)
class Stream:
    """An input: what it is called, how it is drawn, and that in words."""

    signal: Signal
    draw: Callable[[np.random.Generator, int, int], np.ndarray]
    text: str


@dataclass(frozen=True)
class Condition:
    """What holds or does not, at one sample, for each string."""

    text: str
    holds: Callable[[Now], np.ndarray]


NEVER = Condition("never", lambda now: np.array(False))
ALWAYS = Condition("always", lambda now: np.array(True))


@dataclass(frozen=True)
class Rule:
    """A sort of memory.

    Attributes
    ----------
    kind : str
        In one word.
    text : str
        The update, where {s} is the state, {x} a number that it reads, {k} its constant, and {0},
        {1} are its conditions.
    update : callable
        From the state before, the number, the constant and what of the conditions holds.
    conditions : int
        How many it has.
    reads_number : bool
    constants : tuple
        The constant is drawn from them; empty for rules without one.
    no_bound : float, optional
        Where the constant is a bound: what leaves it out.
    """

    kind: str
    text: str
    update: Callable[..., np.ndarray]
    conditions: int = 1
    reads_number: bool = False
    constants: tuple = ()
    no_bound: float | None = None


@dataclass(frozen=True)
class State:
    """A state variable: a rule, the signals that it reads, its constant, and where it begins."""

    signal: Signal
    rule: Rule
    conditions: tuple[Condition, ...]
    number: str = ""
    constant: Any = None
    start: float = 0.0

    def after(self, now: Now) -> np.ndarray:
        """The state after one sample."""
        held = [condition.holds(now) for condition in self.conditions]
        number = now[self.number] if self.number else None
        return self.rule.update(now[self.signal.name], number, self.constant, *held)

    def without_a_part(self) -> Iterator[State]:
        """The same state, every time with one part of its update taken out."""
        for place in range(len(self.conditions)):
            for other in (NEVER, ALWAYS):
                conditions = (*self.conditions[:place], other, *self.conditions[place + 1 :])
                yield replace(self, conditions=conditions)
        if self.rule.no_bound is not None:
            yield replace(self, constant=self.rule.no_bound)
        yield self._forgetful()

    def _forgetful(self) -> State:
        """The same update, but always from the state as it began."""

        def update(before: np.ndarray, *rest: Any) -> np.ndarray:
            return self.rule.update(np.full_like(before, self.start), *rest)

        return replace(self, rule=replace(self.rule, update=update))

    def __str__(self) -> str:
        name = self.signal.name
        conditions = [condition.text for condition in self.conditions]
        shown = self.rule.text.format(*conditions, s=name, x=self.number, k=self.constant)
        begins = f" ({name} = {self.start:g} at first)" if self.start else ""
        return f"{name} = {shown}{begins}"


@dataclass(frozen=True)
class Answer:
    """What is shown: its kind in one word, in words, its conditions, and how it is worked out."""

    kind: str
    text: str
    conditions: tuple[Condition, ...]
    value: Callable[..., np.ndarray]

    def at(self, now: Now) -> np.ndarray:
        """The answer at one sample."""
        answer = self.value(now, *(condition.holds(now) for condition in self.conditions))
        return np.broadcast_to(answer, len(next(iter(now.values())))).astype(float)

    def __str__(self) -> str:
        return f"y = {self.text.format(*(condition.text for condition in self.conditions))}"


@dataclass(frozen=True)
class RandomProgram:
    """Streams, states that are updated one after the other, and an answer.

    Calling it draws strings, as every program of the groups does. A condition that reads a state
    further on reads what that was at the sample before.
    """

    streams: tuple[Stream, ...]
    states: tuple[State, ...]
    answer: Answer

    def __call__(self, rng, strings, samples):
        """Streams and answers of fresh strings."""
        columns = {s.signal.name: s.draw(rng, strings, samples) for s in self.streams}
        return columns, self.answers(columns)

    def answers(self, columns: Now) -> np.ndarray:
        """The answers to given streams, both (strings, samples)."""
        return np.stack([self.answer.at(now) for now in self.course(columns)], axis=1)

    def course(self, columns: Now) -> Iterator[dict[str, np.ndarray]]:
        """All signals after the updates of every sample."""
        strings, samples = next(iter(columns.values())).shape
        states = {state.signal.name: np.full(strings, state.start) for state in self.states}
        for t in range(samples):
            now = {name: column[:, t] for name, column in columns.items()} | states
            for state in self.states:
                now[state.signal.name] = np.broadcast_to(state.after(now), strings)
            states = {name: now[name] for name in states}
            yield now

    def without_a_part(self) -> Iterator[RandomProgram]:
        """The same program, every time with one part taken out."""
        for place, state in enumerate(self.states):
            for other in state.without_a_part():
                states = (*self.states[:place], other, *self.states[place + 1 :])
                yield replace(self, states=states)
        for condition in (NEVER, ALWAYS) if self.answer.conditions else ():
            yield replace(self, answer=replace(self.answer, conditions=(condition,)))

    def __str__(self) -> str:
        streams = ", ".join(f"{stream.signal.name} {stream.text}" for stream in self.streams)
        return "; ".join([streams, *map(str, self.states), str(self.answer)])
