"""Forms: how an answer is made of streams that are known.

A form is found on numbers - streams as rows, answers as a vector - and built as signals of a
circuit. Rows are numbered by whoever looks for the form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from ..proposal import Gap
from ..signals import Builder, Signal
from .atoms import choice_signal, constant, exceeds_signal, relu_signal

__all__ = [
    "TOLERANCE",
    "Case",
    "Extreme",
    "Form",
    "Gated",
    "Kinked",
    "Plus",
    "Staircase",
    "Sum",
    "Threshold",
]

TOLERANCE = 1e-9
"""Two numbers are the same if they differ by less than this share of the largest."""

SignalOf = Callable[[int], Signal]
Own = TypeVar("Own", bound="_OfASum")


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

    def renumbered(self, numbers: Sequence[int]) -> Form:
        """The same over other numbers: row ``i`` is now called ``numbers[i]``."""
        ...


@dataclass(frozen=True)
class _OfASum:
    """A form that reads one weighted sum of rows."""

    rows: tuple[int, ...]
    weights: tuple[float, ...]

    def total(self, signal_of: SignalOf) -> Signal:
        """The sum."""
        weighted = zip(self.rows, self.weights, strict=True)
        return sum((weight * signal_of(row) for row, weight in weighted), Signal({}))

    def renumbered(self: Own, numbers: Sequence[int]) -> Own:
        """The same over other numbers of rows."""
        return replace(self, rows=tuple(numbers[row] for row in self.rows))


@dataclass(frozen=True)
class Sum(_OfASum):
    """``sum of weight * row + constant``."""

    constant: float = 0.0
    gaps: tuple[Gap, ...] = ()

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """The sum: wires alone."""
        return self.total(signal_of) + constant(self.constant)


@dataclass(frozen=True)
class Kinked(_OfASum):
    """A piecewise linear function of one sum, with kinks and steps.

    Attributes
    ----------
    rows, weights
        A sum.
    slope, constant : float
        ``slope * u + constant`` below the first kink.
    kinks : tuple of (place, change)
        ``change * max(0, u - place)`` is added.
    steps : tuple of (place, change)
        ``change`` is added where ``u`` exceeds the place.
    folds : tuple of float
        ``u`` is the sum, its distance from the first of these, the distance of that from the next.
    """

    slope: float
    constant: float
    kinks: tuple[tuple[float, float], ...]
    steps: tuple[tuple[float, float], ...] = ()
    folds: tuple[float, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """A norm per fold, a comparison per kink or step."""
        total = self.total(signal_of)
        for centre in self.folds:
            total = Signal.of(builder.neuron("norm", dict=total - constant(centre)), "norm")
        signal = self.slope * total + constant(self.constant)
        for place, change in self.kinks:
            signal = signal + change * relu_signal(builder, total, constant(place))
        for place, change in self.steps:
            signal = signal + change * exceeds_signal(builder, total, constant(place))
        return signal


@dataclass(frozen=True)
class Threshold(_OfASum):
    """1 where a sum exceeds a bound, else 0."""

    bound: float
    gaps: tuple[Gap, ...] = ()

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """A step."""
        return exceeds_signal(builder, self.total(signal_of), constant(self.bound))


@dataclass(frozen=True)
class Staircase:
    """A constant, and what every bound that is exceeded adds to it.

    Attributes
    ----------
    steps : tuple of Threshold
    heights : tuple of float
    constant : float
    """

    steps: tuple[Threshold, ...]
    heights: tuple[float, ...]
    constant: float

    @property
    def rows(self) -> tuple[int, ...]:
        """Rows that it reads, each once."""
        return tuple(dict.fromkeys(row for step in self.steps for row in step.rows))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Those of its steps."""
        return tuple(gap for step in self.steps for gap in step.gaps)

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """A step for each, added up by wires."""
        steps = zip(self.steps, self.heights, strict=True)
        added = (height * step.signal(builder, signal_of) for step, height in steps)
        return sum(added, constant(self.constant))

    def renumbered(self, numbers: Sequence[int]) -> Staircase:
        """The same over other numbers of rows."""
        return replace(self, steps=tuple(step.renumbered(numbers) for step in self.steps))


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
        gate, one = signal_of(self.flag), self.one.signal(builder, signal_of)
        return choice_signal(builder, gate, one, self.other.signal(builder, signal_of))

    def renumbered(self, numbers: Sequence[int]) -> Case:
        """The same over other numbers of rows."""
        one, other = self.one.renumbered(numbers), self.other.renumbered(numbers)
        return Case(numbers[self.flag], one, other)


@dataclass(frozen=True)
class Gated:
    """One stream while a sum exceeds a bound, another while it does not."""

    gate: Threshold
    one: int
    other: int

    @property
    def rows(self) -> tuple[int, ...]:
        """Rows that it reads, each once."""
        return tuple(dict.fromkeys((*self.gate.rows, self.one, self.other)))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Those of the gate."""
        return self.gate.gaps

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """A multiplexer behind a step."""
        gate = self.gate.signal(builder, signal_of)
        return choice_signal(builder, gate, signal_of(self.one), signal_of(self.other))

    def renumbered(self, numbers: Sequence[int]) -> Gated:
        """The same over other numbers of rows."""
        return Gated(self.gate.renumbered(numbers), numbers[self.one], numbers[self.other])


@dataclass(frozen=True)
class Extreme:
    """The larger (or the smaller) of a stream and a multiple of another plus a constant."""

    rows: tuple[int, int]
    weight: float
    constant: float
    is_larger: bool
    gaps: tuple[Gap, ...] = ()

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """A comparison."""
        one = signal_of(self.rows[0])
        other = self.weight * signal_of(self.rows[1]) + constant(self.constant)
        sign = 1.0 if self.is_larger else -1.0
        pair = (other, one) if self.is_larger else (one, other)
        return one + sign * relu_signal(builder, *pair)

    def renumbered(self, numbers: Sequence[int]) -> Extreme:
        """The same over other numbers of rows."""
        return replace(self, rows=(numbers[self.rows[0]], numbers[self.rows[1]]))


@dataclass(frozen=True)
class Plus:
    """A stream and a form, added."""

    row: int
    form: Form

    @property
    def rows(self) -> tuple[int, ...]:
        """Rows that it reads, each once."""
        return tuple(dict.fromkeys((self.row, *self.form.rows)))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Those of the form."""
        return self.form.gaps

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        """Wires alone, beside those of the form."""
        return signal_of(self.row) + self.form.signal(builder, signal_of)

    def renumbered(self, numbers: Sequence[int]) -> Plus:
        """The same over other numbers of rows."""
        return Plus(numbers[self.row], self.form.renumbered(numbers))
