"""A suite of stream programs, each defined by a small machine written by hand.

The handcrafted machine is the specification: it says exactly what is asked at every tick, delays
included. All tasks share one generator of event streams and, by kind, one of two search spaces:
layered (memory in accumulators only) or with feedback.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dmm import Machine, Streams, machine_from_matrix
from vvalues import VValue
from vvalues.core.tree import from_leaves

from .base import StreamTask, named_space, targets_of_machine
from .generators import Sequences, constant, letters, numbers, random_streams

__all__ = ["PROGRAMS", "SUITE", "StreamProgram", "wire"]

PERIODS = (1, 2, 5)
TICKS = 100
HELD_OUT_TICKS = 400
N_STRINGS = 8
LAYERED, RECURRENT = "layered-4x2", "recurrent-1"
OBSERVED = (("output", "dict-1"),)
HELD_OUT_SEED = 20260


# -------------------- machines written as text --------------------

_LINK = re.compile(r"(\S+)\.(\S+)\s*<-\s*(\S+)\.(\S+)(?:\s+(\S+))?$")


def wire(text: str, name: str = "machine") -> Machine:
    """A machine from its links; neuron types are read from the names, weights default to 1.

    Raises
    ------
    ValueError
        If a line is no link; the message shows it.

    Examples
    --------
    >>> len(wire("norm.dict <- stream-x.stream\\noutput.dict-1 <- norm.norm -2").trainable)
    2
    """
    links = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _LINK.match(line)
        if match is None:
            raise ValueError(
                f"{line!r} is no link; expected: receiver.field <- sender.field [weight]"
            )
        *path, weight = match.groups()
        links[tuple(path)] = float(weight or 1.0)
    return machine_from_matrix(from_leaves(links), name=name)


# -------------------- programs --------------------


@dataclass(frozen=True)
class StreamProgram:
    r"""What makes a task of the suite.

    Attributes
    ----------
    name, summary : str
    sources : mapping of stream neuron to how its events are drawn (or a constant)
    links : str
        The handcrafted machine (see `wire`).
    ticks : int
    periods : sequence of int
        Ticks between events; every string has one of these. Close events make counts large, distant
        ones show the delays.
    space : str
        Name of the search space.

    Examples
    --------
    >>> program = StreamProgram(
    ...     "sum", "the sum so far", {"stream-x": numbers([1.0, 2.0])},
    ...     "accum.dict-2 <- stream-x.stream\noutput.dict-1 <- accum.dict", ticks=12, periods=[4])
    >>> streams, targets = program.task().batch(np.random.default_rng(0))
    >>> targets[0, :, 0]
    array([0., 0., 2., 2., 2., 2., 4., 4., 4., 4., 6., 6.])
    """

    name: str
    summary: str
    sources: Mapping[str, Sequences | VValue]
    links: str
    ticks: int = TICKS
    periods: Sequence[int] = PERIODS
    space: str = LAYERED

    def machine(self) -> Machine:
        """The handcrafted machine."""
        return wire(self.links, self.name)

    def task(self) -> StreamTask:
        """The task "do what the handcrafted machine does"."""
        return StreamTask(
            name=self.name,
            summary=self.summary,
            draw=lambda rng: self._streams(rng, N_STRINGS, self.ticks),
            specification=targets_of_machine(self.machine(), OBSERVED),
            held_out_streams=self._held_out,
            space=named_space(self.space, self._sources()),
            observed=OBSERVED,
            sources=self._sources(),
        )

    def _streams(self, rng: np.random.Generator, strings: int, ticks: int) -> Streams:
        return random_streams(rng, self.sources, strings=strings, ticks=ticks, periods=self.periods)

    def _held_out(self) -> list[Streams]:
        rng = np.random.default_rng([HELD_OUT_SEED, len(self.name)])
        return [self._streams(rng, 4, self.ticks), self._streams(rng, 4, HELD_OUT_TICKS)]

    def _sources(self) -> tuple[tuple[str, str], ...]:
        return (*((name, "stream") for name in self.sources), ("const_1", "const_1"))


TEXT = letters("abcd.", [0.25, 0.25, 0.2, 0.1, 0.2])
BRACKETS = letters("()x", [0.42, 0.42, 0.16])

BRACKET_SOURCES: Mapping[str, Sequences | VValue] = {
    "stream-text": BRACKETS,
    "stream-open": constant({"(": 1.0}),
    "stream-close": constant({")": 1.0}),
}
DEPTH = """
    dot.dict-1 <- stream-text.stream
    dot.dict-2 <- stream-open.stream
    dot.dict-2 <- stream-close.stream -1
    accum.dict-2 <- dot.dot
"""

_PROGRAMS = (
    StreamProgram(
        "end-of-text-counter",
        "how many full stops so far",
        {"stream-text": TEXT, "stream-stop": constant({".": 1.0})},
        """
        dot.dict-1 <- stream-text.stream
        dot.dict-2 <- stream-stop.stream
        accum.dict-2 <- dot.dot
        output.dict-1 <- accum.dict
        """,
    ),
    StreamProgram(
        "first-occurrence",
        "1 when a letter comes that has not been there before",
        {"stream-text": TEXT},
        """
        accum.dict-2 <- stream-text.stream
        norm.dict <- stream-text.stream
        dot.dict-1 <- stream-text.stream
        dot.dict-2 <- accum.dict
        compare.dict-1 <- norm.norm
        compare.dict-2 <- dot.dot
        output.dict-1 <- compare.true
        """,
    ),
    StreamProgram(
        "gated-accumulator",
        "sum of the numbers that come while the gate is open",
        {"stream-x": numbers([0.5, 1.0, 1.5, -1.0]), "stream-gate": numbers([0.0, 1.0])},
        """
        dot.dict-1 <- stream-x.stream
        dot.dict-2 <- stream-gate.stream
        accum.dict-2 <- dot.dot
        output.dict-1 <- accum.dict
        """,
    ),
    StreamProgram(
        "vowel-counter",
        "how many vowels so far",
        {
            "stream-text": letters("aeioubcd", [0.1] * 4 + [0.15] * 4),
            "stream-vowels": constant(dict.fromkeys("aeiou", 1.0)),
        },
        """
        dot.dict-1 <- stream-text.stream
        dot.dict-2 <- stream-vowels.stream
        accum.dict-2 <- dot.dot
        output.dict-1 <- accum.dict
        """,
    ),
    StreamProgram(
        "bracket-depth",
        "opening minus closing brackets so far",
        BRACKET_SOURCES,
        DEPTH
        + """
        output.dict-1 <- accum.dict
        """,
    ),
    StreamProgram(
        "brackets-alarm",
        "by how much closing brackets outnumber opening ones, summed over time",
        BRACKET_SOURCES,
        DEPTH
        + """
        compare.dict-2 <- accum.dict
        output.dict-1 <- compare.true
        """,
        ticks=160,  # in 100 a weak, clamped product of the counts is exact, and wrong beyond
    ),
    StreamProgram(
        "delayed-echo",
        "the number that came four ticks ago",
        {"stream-x": numbers([0.0, 0.5, 1.0, 2.0])},
        """
        norm-1.dict <- stream-x.stream
        norm-2.dict <- norm-1.norm
        norm-3.dict <- norm-2.norm
        output.dict-1 <- norm-3.norm
        """,
    ),
    StreamProgram(
        "count-difference",
        "count of the most frequent letter minus count of a",
        {
            "stream-text": letters("abc", [0.2, 0.4, 0.4]),
            "stream-a": constant({"a": 1.0}),
        },
        """
        accum.dict-2 <- stream-text.stream
        norm.dict <- accum.dict
        dot.dict-1 <- accum.dict
        dot.dict-2 <- stream-a.stream
        output.dict-1 <- norm.norm
        output.dict-1 <- dot.dot -1
        """,
    ),
    StreamProgram(
        "two-stream-comparator",
        "by how much the left stream has exceeded the right one, in sum",
        {
            "stream-left": numbers([0.5, 1.0, 2.0]),
            "stream-right": numbers([0.5, 1.0, 2.0]),
        },
        """
        compare.dict-1 <- stream-left.stream
        compare.dict-2 <- stream-right.stream
        accum.dict-2 <- compare.true
        output.dict-1 <- accum.dict
        """,
    ),
    StreamProgram(
        "aba-spotter",
        "1 when the last three letters were a, b, a",
        {
            "stream-text": letters("abc", [0.45, 0.4, 0.15]),
            "stream-a": constant({"a": 1.0}),
            "stream-b": constant({"b": 1.0}),
        },
        """
        dot-1.dict-1 <- stream-text.stream
        dot-1.dict-2 <- stream-a.stream
        dot-2.dict-1 <- stream-text.stream
        dot-2.dict-2 <- stream-b.stream
        norm.dict <- dot-1.dot
        dot-3.dict-1 <- norm.norm
        dot-3.dict-2 <- dot-2.dot
        dot-4.dict-1 <- dot-3.dot
        dot-4.dict-2 <- dot-1.dot
        output.dict-1 <- dot-4.dot
        """,
        ticks=60,
        periods=(1,),
    ),
    StreamProgram(
        "running-maximum",
        "the largest number so far",
        {"stream-x": numbers([0.5, 1.0, 1.5, 2.0, 2.5, 3.0])},
        """
        accum.dict-1 <- accum.dict
        accum.dict-2 <- compare.true
        compare.dict-1 <- stream-x.stream
        compare.dict-2 <- accum.dict
        output.dict-1 <- accum.dict
        """,
        periods=(3, 5),
        space=RECURRENT,
    ),
    StreamProgram(
        "parity",
        "number of ones so far, modulo 2",
        {"stream-x": numbers([0.0, 1.0])},
        """
        accum.dict-1 <- accum.dict
        accum.dict-2 <- dot.dot
        dot.dict-1 <- stream-x.stream
        dot.dict-2 <- const_1.const_1
        dot.dict-2 <- accum.dict -2
        output.dict-1 <- accum.dict
        """,
        ticks=60,
        periods=(3, 5),
        space=RECURRENT,
    ),
    StreamProgram(
        "modulo-3",
        "number of ones so far, modulo 3",
        {"stream-x": numbers([0.0, 1.0])},
        """
        accum.dict-1 <- accum.dict
        accum.dict-2 <- dot.dot
        compare.dict-1 <- accum.dict
        compare.dict-2 <- const_1.const_1
        dot.dict-1 <- stream-x.stream
        dot.dict-2 <- const_1.const_1
        dot.dict-2 <- compare.true -3
        output.dict-1 <- accum.dict
        """,
        ticks=60,
        periods=(4, 6),
        space=RECURRENT,
    ),
)

PROGRAMS = {program.name: program for program in _PROGRAMS}
"""Programs by name; ``PROGRAMS[name].machine()`` is the one written by hand."""

SUITE = tuple(program.task() for program in _PROGRAMS)
