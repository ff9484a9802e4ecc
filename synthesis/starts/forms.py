"""Forms: how an answer is made of streams that are known.

A form is found on numbers - streams as rows, answers as a vector - and built as signals of a
circuit. Rows are numbered by whoever looks for the form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .signals import Builder, Signal

__all__ = ["TOLERANCE", "Case", "Form", "Gap", "Kinked", "Sum", "Threshold"]

TOLERANCE = 1e-9
"""Two numbers are the same if they differ by less than this share of the largest."""

SignalOf = Callable[[int], Signal]


@dataclass(frozen=True)
class Gap:
    """A number that the data leave free between two bounds.

    Attributes
    ----------
    value, low, high : float
        What was chosen, and where it may lie without changing an answer.
    is_settled : bool
        The choice is forced (the data lie on a grid and the bounds are neighbours on it), or a
        number so simple that it lies between bounds so narrow by no accident.
    """

    value: float
    low: float
    high: float
    is_settled: bool


class Form(Protocol):
    """How an answer is made of streams."""

    @property
    def rows(self) -> tuple[int, ...]:
        """Rows that it reads."""
        ...

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Numbers in it that the data do not determine."""
        ...

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """The answer as a signal of a circuit."""
        ...


def _one() -> Signal:
    return Signal.of("const_1", "const_1")


def _total(rows: Sequence[int], weights: Sequence[float], signal_of: SignalOf) -> Signal:
    total = Signal({})
    for row, weight in zip(rows, weights, strict=True):
        total = total + weight * signal_of(row)
    return total


@dataclass(frozen=True)
class Sum:
    """``sum of weight * row + constant``."""

    rows: tuple[int, ...]
    weights: tuple[float, ...]
    constant: float = 0.0
    gaps: tuple[Gap, ...] = ()

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """The sum: wires alone."""
        return _total(self.rows, self.weights, signal_of) + self.constant * _one()


@dataclass(frozen=True)
class Kinked:
    """A piecewise linear function of one sum.

    Attributes
    ----------
    rows, weights
        The sum ``u``.
    slope, constant : float
        ``slope * u + constant`` below the first kink.
    kinks : tuple of (place, change)
        ``change * max(0, u - place)`` is added.
    """

    rows: tuple[int, ...]
    weights: tuple[float, ...]
    slope: float
    constant: float
    kinks: tuple[tuple[float, float], ...]
    gaps: tuple[Gap, ...] = ()

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """A comparison per kink."""
        total = _total(self.rows, self.weights, signal_of)
        signal = self.slope * total + self.constant * _one()
        for place, change in self.kinks:
            neuron = builder.neuron("compare", dict_1=total, dict_2=place * _one())
            signal = signal + change * Signal.of(neuron, "true")
        return signal


@dataclass(frozen=True)
class Threshold:
    """1 where a sum exceeds a bound, else 0."""

    rows: tuple[int, ...]
    weights: tuple[float, ...]
    bound: float
    gaps: tuple[Gap, ...] = ()

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """A step."""
        total = _total(self.rows, self.weights, signal_of)
        # On its false channel: the true one is 1 where nothing has arrived yet.
        neuron = builder.neuron("less_or_equal", left=total, right=self.bound * _one())
        return Signal.of(neuron, "false-channel")


@dataclass(frozen=True)
class Case:
    """One form where a flag is 1, another where it is 0."""

    flag: int
    one: Form
    other: Form

    @property
    def rows(self) -> tuple[int, ...]:
        """Rows that it reads, each once."""
        return tuple(dict.fromkeys((self.flag, *self.one.rows, *self.other.rows)))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Those of its parts."""
        return self.one.gaps + self.other.gaps

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """A multiplexer: ``gate * dict-1 + (1 - gate) * dict-2``."""
        neuron = builder.neuron(
            "multiplexer",
            gate=signal_of(self.flag),
            dict_1=self.one.signal(builder, signal_of),
            dict_2=self.other.signal(builder, signal_of),
        )
        return Signal.of(neuron, "dict")
