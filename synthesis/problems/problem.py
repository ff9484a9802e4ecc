"""A problem: strings to learn from, to decide by and to report on, in units of its own.

Nothing that is decided looks at the strings of the report, and they are read once. Training sees
the beginnings of its strings only: what a machine does in the rest of them, and on the strings to
decide by, shows whether it has found the rule or drifts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from dmm.machine import Circuit

from .noise import is_contradictory, level_spacing, levelled
from .scales import grid_of, units_of
from .strings import Strings

__all__ = ["BEGINNING", "Problem", "Split", "answer_port", "split_strings"]

PER_SINK = 2  # numbers that one sink holds


def answer_port(number: int) -> tuple[str, str]:
    """Where a circuit puts an answer: the sink and its field.

    Examples
    --------
    >>> answer_port(0), answer_port(1), answer_port(2)
    (('output', 'dict-1'), ('output', 'dict-2'), ('output-2', 'dict-1'))
    """
    sink, field = divmod(number, PER_SINK)
    return f"output-{sink + 1}" if sink else "output", f"dict-{field + 1}"


BEGINNING = 2.0 / 3.0
"""Share of a training string that training sees."""

EARLY = 1.0 / 3.0
"""Share of the answers that have to be asked in the beginnings of strings."""

FEW_ANSWERS = 8
"""Different answers up to which each of them has to come in the beginnings."""

FEWEST = 5
"""With fewer strings than this, none is kept apart: they are cut in time instead."""

LONG = 60
"""Samples from which strings can be cut in time."""

MOSTLY_CLEAR = 0.75
"""Share of the answers that have to be near a level for the noise to be taken off."""

GAP = 0.02
"""Share of the samples between two parts of a series."""


@dataclass(frozen=True)
class Split:
    """Who sees which strings.

    Attributes
    ----------
    training, validation, report : Strings
        None where there is nothing to keep apart.
    how : str
        In words.

    Examples
    --------
    >>> from synthesis.tasks.streams import to_streams
    >>> x = np.arange(40.0).reshape(10, 4)
    >>> split = split_strings(Strings(to_streams(x), x.T[None], np.full(10, 4)), held_out=0.2)
    >>> split.how, split.report.numbers("stream-x")[:, -1]
    ('6 strings to train on, 2 to decide by, 2 for the report', array([35., 39.]))
    """

    training: Strings
    validation: Strings | None
    report: Strings | None
    how: str

    @cached_property
    def deciding(self) -> Strings:
        """All strings that decisions are made by: those of training and validation."""
        if self.validation is None:
            return self.training
        return self.training.joined(self.validation)


@dataclass(frozen=True)
class Problem:
    """What is asked, in units in which it is natural.

    Attributes
    ----------
    split : Split
        In scaled units.
    units : mapping of source to float
        A stream is its unit times the scaled one.
    answer_units : tuple of float, per output
    is_whole : tuple of bool, per output
        All answers are whole multiples of their unit.
    lookahead : int
        Samples that an answer may wait for.

    Examples
    --------
    >>> from synthesis.tasks.streams import to_streams
    >>> x = 30.0 * np.arange(1.0, 21.0).reshape(5, 4)
    >>> strings = Strings(to_streams(x), x.cumsum(axis=1).T[None], np.full(5, 4))
    >>> problem = Problem.of(strings)
    >>> problem.units, problem.answer_units, problem.is_whole, problem.n_outputs
    ({'stream-x': 30.0}, (30.0,), (True,), 1)
    """

    split: Split
    units: Mapping[str, float]
    answer_units: tuple[float, ...]
    is_whole: tuple[bool, ...]
    lookahead: int = 0

    @staticmethod
    def of(strings: Strings, *, lookahead: int = 0, held_out: float = 0.2) -> Problem:
        """A problem from a user's strings.

        Parameters
        ----------
        strings : Strings
        lookahead : int
        held_out : float
            Share of the strings for each of validation and report.
        """
        late = strings.later(lookahead)
        units, answer_units = units_of(late)
        whole = tuple(grid_of(answers) is not None for answers in late.answers)
        scaled = _scaled(late, units, answer_units)
        return Problem(split_strings(scaled, held_out), units, answer_units, whole, lookahead)

    def seen(self, change: Callable[[Strings], Strings]) -> Problem:
        """The same with every part of the strings changed in one way."""
        split, training = self.split, change(self.split.training)
        validation, report = (
            None if part is None else change(part) for part in (split.validation, split.report)
        )
        return replace(self, split=Split(training, validation, report, split.how))

    @cached_property
    def beginnings(self) -> Strings:
        """What training sees.

        Where answers come at the ends of strings, or one of few different ones only there, their
        beginnings tell little: then it sees whole strings, and fewer of them.
        """
        training = self.split.training
        begun = training.prefixes(BEGINNING)
        is_enough = begun.asked.sum() >= EARLY * training.asked.sum()
        if is_enough and not _keeps_an_answer_for_the_end(training, begun):
            return begun
        return training.select(np.arange(int(np.ceil(BEGINNING * len(training)))))

    @cached_property
    def is_contradictory(self) -> bool:
        """Whether the same streams are answered differently: then no machine is exact."""
        return is_contradictory(self.split.training)

    def cleaned(self) -> Problem | None:
        """The same without the noise of answers that lie about levels; None if there is none."""
        spacing = [level_spacing(answers) for answers in self.split.training.answers]
        if all(self.is_whole) or None in spacing:
            return None
        levels = np.array(spacing, dtype=float)

        def without_noise(strings: Strings) -> Strings:
            multiples = strings.answers / levels[:, None, None]
            return levelled(replace(strings, answers=multiples))

        clean = self.seen(without_noise)
        asked = self.split.training.asked.sum()
        if clean.split.training.asked.sum() < MOSTLY_CLEAR * asked:
            return None
        units = tuple(map(float, levels * self.answer_units))
        return replace(clean, answer_units=units, is_whole=(True,) * self.n_outputs)

    def taken_over(self, circuit: Circuit, other: Problem) -> Circuit:
        """A circuit for another problem of the same streams, in this one's units of answers."""
        pairs = zip(other.answer_units, self.answer_units, strict=True)
        return _rescaled(circuit, {}, [theirs / ours for theirs, ours in pairs])

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the neurons that emit the streams."""
        return tuple(self.units)

    @property
    def n_outputs(self) -> int:
        """How many numbers are asked per sample."""
        return len(self.answer_units)

    def in_own_units(self, strings: Strings) -> Strings:
        """Strings of this problem as they were given."""
        inverse = {name: 1.0 / unit for name, unit in self.units.items()}
        return _scaled(strings, inverse, tuple(1.0 / unit for unit in self.answer_units))

    def unscaled(self, circuit: Circuit) -> Circuit:
        """The circuit that does in the user's units what this one does in the problem's."""
        return _rescaled(circuit, self.units, self.answer_units)

    @property
    def counted(self) -> tuple[str, ...]:
        """The streams that are whole numbers."""
        training = self.split.training
        inside = training.inside()

        def is_counted(source: str) -> bool:
            values = training.numbers(source)[inside]
            return self.is_numeric(source) and np.array_equal(values, np.round(values))

        return tuple(filter(is_counted, self.sources))

    def restricted(self, sources: Collection[str]) -> Problem:
        """The same with some of its streams only; itself, with what it knows by now, for all."""
        if set(self.sources) <= set(sources):
            return self
        units = {source: unit for source, unit in self.units.items() if source in sources}
        return replace(self.seen(partial(Strings.restricted, sources=sources)), units=units)

    def is_numeric(self, source: str) -> bool:
        """Whether a stream is a plain number at every sample."""
        return not self.split.training.inputs.arrays[source][..., 1:].any()


def _scaled(
    strings: Strings, units: Mapping[str, float], answer_units: tuple[float, ...]
) -> Strings:
    arrays = {name: array / units[name] for name, array in strings.inputs.arrays.items()}
    answers = strings.answers / np.array(answer_units)[:, None, None]
    return replace(strings, inputs=replace(strings.inputs, arrays=arrays), answers=answers)


def _rescaled(
    circuit: Circuit, units: Mapping[str, float], answer_units: Sequence[float]
) -> Circuit:
    """The circuit that does in these units what this one does where all are 1."""
    answers = {answer_port(k): unit for k, unit in enumerate(answer_units)}
    wires = []
    for wire in circuit.wires:
        weight = wire.weight / units.get(wire.neuron_out, 1.0)
        weight *= answers.get((wire.neuron_in, wire.field_in), 1.0)
        wires.append(wire._replace(weight=weight))
    return Circuit(circuit.neurons, tuple(wires))


# -------------------- who sees what --------------------


def _keeps_an_answer_for_the_end(strings: Strings, begun: Strings) -> bool:
    """Whether answers are not always asked, and one of the few there are is in no beginning."""
    if strings.asked.sum() == len(strings.answers) * strings.lengths.sum():
        return False
    known, early = (np.unique(part.answers[part.asked]) for part in (strings, begun))
    return len(known) <= FEW_ANSWERS and len(early) < len(known)


def split_strings(strings: Strings, held_out: float) -> Split:
    """Strings to train on, to decide by and to report on; one long series is cut in time.

    The order of the strings decides: the first ones are trained on, the last ones reported.

    Examples
    --------
    >>> from synthesis.tasks.streams import to_streams
    >>> x = np.arange(100.0)[None]
    >>> split_strings(Strings(to_streams(x), x.T[None], np.array([100])), held_out=0.2).how
    'cut in time: samples 1 to 60 to train on, 63 to 80 to decide by, from 83 on for the report'
    """
    n = len(strings)
    apart = round(held_out * n)
    if n >= FEWEST and apart >= 1:
        parts = np.split(np.arange(n), [n - 2 * apart, n - apart])
        training, validation, report = map(strings.select, parts)
        how = (
            f"{len(training)} strings to train on, {len(validation)} to decide by, {apart} for the "
            "report"
        )
        return Split(training, validation, report, how)
    if strings.lengths.max(initial=0) < LONG:
        return Split(strings, None, None, "nothing was held out: all strings were trained on")
    # One series, or few: cut in time. Later parts are run from the beginning, so that memories
    # are what they would be; a gap keeps neighbours from telling on each other.
    ends = [round(share * strings.samples) for share in (1.0 - 2.0 * held_out, 1.0 - held_out)]
    gap = max(1, round(GAP * strings.samples))
    return Split(
        strings.cut(ends[0]),
        strings.cut(ends[1]).asked_from(ends[0] + gap),
        strings.asked_from(ends[1] + gap),
        f"cut in time: samples 1 to {ends[0]} to train on, {ends[0] + gap + 1} to {ends[1]} to "
        f"decide by, from {ends[1] + gap + 1} on for the report",
    )
