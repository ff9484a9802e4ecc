"""Symbols, and what a machine is compared with: automata, which have a start and a step."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..machine import Streams

__all__ = ["Alphabet", "Automaton", "Mealy", "Transducer"]


class Alphabet:
    """Every combination of the values of some streams.

    Parameters
    ----------
    values : mapping of source neuron to sequence of float

    Raises
    ------
    ValueError
        If there is no stream, or one of them has no values or one that is not finite.
    """

    def __init__(self, values: Mapping[str, Sequence[float]]) -> None:
        if not values:
            raise ValueError("alphabet is empty; give the values of every stream")
        self.streams = tuple(values)
        columns = [tuple(map(float, column)) for column in values.values()]
        for name, column in zip(self.streams, columns, strict=True):
            if not column or not np.isfinite(column).all():
                raise ValueError(
                    f"alphabet: stream {name!r} has the values {column}; expected finite numbers, "
                    "one at least"
                )
        self.symbols = list(product(*(dict.fromkeys(column) for column in columns)))

    def __len__(self) -> int:
        """Number of symbols."""
        return len(self.symbols)

    def held(self, ticks: int) -> Streams:
        """A string per symbol, held for some ticks."""
        return self._held(np.array(self.symbols), ticks)

    def silence(self, ticks: int) -> Streams:
        """One string of zeros: what comes after the end."""
        return self._held(np.zeros((1, len(self.streams))), ticks)

    def _held(self, table: np.ndarray, ticks: int) -> Streams:
        arrays = {
            name: np.tile(table[:, i, None], (ticks, 1, 1)) for i, name in enumerate(self.streams)
        }
        return Streams((((),),) * len(table), arrays, ticks)


class Automaton(Protocol):
    """Anything with a start and a step.

    Examples
    --------
    >>> from dmm.proof import Transducer
    >>> automaton = Transducer(lambda total, x: (total + x, total + x))
    >>> automaton.step(automaton.start, 2.0)
    (2.0, 2.0)
    """

    @property
    def start(self) -> Any:
        """The state before the first sample; hashable, and equal states are one."""
        ...

    @property
    def step(self) -> Callable[..., tuple[Any, Any] | None]:
        """From the state and a number per stream to the next state and the answer.

        The answer is a number, a tuple with one per output, or None (so may numbers be in a tuple)
        where nothing is asked. None in place of both: no string goes on like this.
        """
        ...


class Transducer(NamedTuple):
    """A plain Python function as an automaton.

    Examples
    --------
    >>> parity = Transducer(lambda odd, x: ((odd + x) % 2, (odd + x) % 2))
    >>> parity.step(parity.start, 1.0)
    (1.0, 1.0)
    """

    step: Callable[..., tuple[Any, Any] | None]
    start: Any = 0


@dataclass(frozen=True)
class Mealy:
    """A Mealy machine as a table.

    Parameters
    ----------
    table : mapping of state to mapping of symbol to (next state, answer)
        A symbol is a tuple with a number per stream. No string goes on with a symbol that a state
        does not have.
    start : hashable

    Raises
    ------
    ValueError
        If the start or a next state is not in the table.

    Examples
    --------
    >>> toggle = Mealy({"off": {(0.0,): ("off", 0), (1.0,): ("on", 1)},
    ...                 "on": {(0.0,): ("on", 1), (1.0,): ("off", 0)}}, "off")
    >>> toggle.step("off", 1.0)
    ('on', 1)
    """

    table: Mapping[Hashable, Mapping[tuple[float, ...], tuple[Hashable, Any]]]
    start: Hashable

    def __post_init__(self) -> None:
        if self.start not in self.table:
            raise ValueError(f"start is {self.start!r}, which is not a state of the table")
        for state, row in self.table.items():
            for symbol, (following, _) in row.items():
                if following not in self.table:
                    raise ValueError(
                        f"state {state!r}, symbol {symbol!r}: the next state {following!r} is not "
                        "in the table"
                    )

    def step(self, state: Hashable, *symbol: float) -> tuple[Hashable, Any] | None:
        """The next state and the answer; None where the state does not have the symbol."""
        return self.table[state].get(symbol)
