"""Whether a machine answers like another one on every string of a finite alphabet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..machine import Circuit, Machine, Pace
from .automata import Alphabet, Automaton
from .boxes import WINDOWS, Undecided, box_side
from .definite import side_of
from .exploration import STATES
from .sides import Answer, AutomatonSide, Side

__all__ = ["Counterexample", "Proof", "prove"]

AGREE = "Proved: the answers agree on all strings, however long"

TOLERANCE = 1e-9
MOST_OF_AUTOMATON = 1_000
"""States of an automaton that may be finite; one that counts beside the machine has more."""


@dataclass(frozen=True)
class Counterexample:
    """A string on which two sides differ; there is no shorter one.

    Attributes
    ----------
    streams : mapping of source to tuple of float
        A number per sample.
    sample : int
        Whose answer differs, from 0.
    given, asked : tuple of float
        What the machine answers and what the other side does, per output; None where it asks
        nothing.

    Examples
    --------
    >>> from dmm.machine import Wire
    >>> from dmm.proof import Transducer
    >>> echo = Circuit({"x": "stream", "output": "output"},
    ...                [Wire("output", "dict-1", "x", "stream")])
    >>> prove(echo, Transducer(lambda past, x: (x, past)), {"x": (0, 1)}).counterexample
    Counterexample(streams={'x': (1.0,)}, sample=0, given=(1.0,), asked=(0.0,))
    """

    streams: Mapping[str, tuple[float, ...]]
    sample: int
    given: Answer
    asked: Answer

    def __str__(self) -> str:
        told = "; ".join(
            f"{name} = {', '.join(f'{number:g}' for number in numbers)}"
            for name, numbers in self.streams.items()
        )
        return (
            f"on {told} the answer to sample {self.sample} is {_told(self.given)}, and "
            f"{_told(self.asked)} is asked"
        )


def _told(answer: Answer) -> str:
    return ", ".join("nothing" if one is None else f"{one:.12g}" for one in answer)


@dataclass(frozen=True)
class Proof:
    """What a search through all pairs of states has shown.

    Attributes
    ----------
    verdict : "proved", "refuted" or "open"
    sentence : str
    states : int
        Pairs of states that were visited.
    length : int
        Samples up to which every string was compared; where the verdict is "proved", longer ones
        lead to no other states.
    counterexample : Counterexample, optional

    Examples
    --------
    >>> from dmm.machine import Wire
    >>> from dmm.proof import Transducer
    >>> echo = Circuit({"x": "stream", "output": "output"},
    ...                [Wire("output", "dict-1", "x", "stream")])
    >>> proof = prove(echo, Transducer(lambda past, x: (x, x)), {"x": (0, 1)})
    >>> proof.verdict, proof.states, proof.length
    ('proved', 2, 2)
    """

    verdict: str
    sentence: str
    states: int
    length: int
    counterexample: Counterexample | None = None

    def __str__(self) -> str:
        return self.sentence

    @property
    def is_proved(self) -> bool:
        """Whether the answers agree on every string, of whatever length."""
        return self.verdict == "proved"


def prove(
    machine: Machine | Circuit,
    other: Machine | Circuit | Automaton,
    alphabet: Mapping[str, Sequence[float]],
    *,
    pace: Pace | None = None,
    other_pace: Pace | None = None,
    observed: Sequence[tuple[str, str]] | None = None,
    tolerance: float = TOLERANCE,
    limit: int = STATES,
) -> Proof:
    """Decide whether a machine answers like another side, for strings of every length.

    Parameters
    ----------
    machine : Machine or Circuit
    other : Machine, Circuit or Automaton
        An automaton is a `dmm.proof.Mealy`, a `dmm.proof.Transducer`, or anything else with a
        ``start`` and a ``step``; its step takes the numbers in the order of ``alphabet``.
    alphabet : mapping of source neuron to values
        A symbol is any combination of them.
    pace, other_pace : Pace, optional
        When samples meet ticks; those in the metadata of the machines when omitted. A machine
        without one that takes a sample per tick and answers ``n`` ticks later has ``Pace(1, n)``.
    observed : sequence of (neuron, input field), optional
        Where a machine answers, an output each; all linked fields of its sinks when omitted.
    tolerance : float
        How far answers may be apart. States are never rounded.
    limit : int
        States after which the search gives up.

    Returns
    -------
    Proof
        Its verdict is "open" if there are more states than the limit, and they cannot be told to be
        alike: the machine counts without bound beside an automaton that does so too, or its
        rounding errors do.

    Raises
    ------
    ValueError
        If a machine lacks a pace or a source of the alphabet, cannot be compiled, or the two sides
        differ in the number of their outputs.

    Notes
    -----
    Breadth first over pairs of states. Those of a machine are the bits of all outputs that matter,
    or, of one without loops, the last few samples; what one side answers earlier than the other is
    part of the pair. After every string it is also seen what comes out when nothing more is fed, so
    that the last answers count. What is proved holds in floating point, as `Stepper` rounds.

    Where an automaton of few states is met and the machine has more than the limit, what it counts
    is followed in intervals, all numbers beyond a window in one (see `dmm.proof.boxes`).

    Examples
    --------
    >>> from dmm.machine import Wire
    >>> from dmm.proof import Transducer
    >>> delay = Circuit({"x": "stream", "output": "output"},
    ...                 [Wire("output", "dict-1", "x", "stream", lag=1)])
    >>> print(prove(delay, Transducer(lambda past, x: (x, past)), {"x": (0, 1)}))
    Proved: the answers agree on all strings, however long (3 states).
    >>> print(prove(delay, Transducer(lambda past, x: (x, x)), {"x": (0, 1)}))
    Refuted: on x = 1 the answer to sample 0 is 0, and 1 is asked.
    >>> wires = [Wire("sum", "dict-1", "sum", "dict", lag=1), Wire("sum", "dict-2", "x", "stream"),
    ...          Wire("few", "left", "sum", "dict"),
    ...          Wire("output", "dict-1", "few", "true-channel")]
    >>> neurons = {"x": "stream", "sum": "accum", "few": "less_or_equal", "output": "output"}
    >>> none_yet = Transducer(lambda seen, x: (seen or x > 0, float(not (seen or x > 0))))
    >>> print(prove(Circuit(neurons, wires), none_yet, {"x": (0, 1)}, limit=500))  # it counts on
    Proved: the answers agree on all strings, however long (21 states, numbers beyond 4 as one).
    """
    symbols = Alphabet(alphabet)
    one = side_of(machine, symbols, pace, observed, limit)
    if isinstance(other, (Machine, Circuit)):
        two = side_of(other, symbols, other_pace, observed, limit)
        return _Search(one, two, symbols, tolerance, limit).proof()
    automaton = AutomatonSide(other, symbols)
    proof = _Search(one, automaton, symbols, tolerance, limit).proof()
    if proof.verdict != "open" or len(automaton) > MOST_OF_AUTOMATON:
        return proof
    for window in WINDOWS:
        with suppress(Undecided):
            boxes = box_side(machine, symbols, pace, observed, window)
            found = _Search(boxes, automaton, symbols, tolerance, limit).proof()
            if found.is_proved:
                how = f"{found.states} states, numbers beyond {window:g} as one"
                return replace(found, sentence=f"{AGREE} ({how}).")
    return proof


class _Pair(NamedTuple):
    """States of both sides, and answers of the earlier one that wait for the other."""

    one: int
    two: int
    due: tuple[Answer, ...] = ()


class _Difference(NamedTuple):
    """Answers that differ, and to how many samples before the last one that was fed."""

    before: int
    given: Answer
    asked: Answer


@dataclass
class _Search:
    one: Side
    two: Side
    alphabet: Alphabet
    tolerance: float
    limit: int

    def proof(self) -> Proof:
        origins: dict[_Pair, tuple[_Pair, int] | None] = {_Pair(0, 0): None}
        frontier, length = [_Pair(0, 0)], 0
        while frontier:
            following = []
            for pair in frontier:
                for symbol, after, difference in self._moves(pair):
                    is_new = after not in origins
                    if difference is None and is_new:
                        difference = self._difference_at_end(after)
                    if difference is not None:
                        way = [*_way(origins, pair), symbol]
                        return self._refuted(way, difference, len(origins))
                    if is_new:
                        origins[after] = pair, symbol
                        following.append(after)
                        if len(origins) > self.limit:
                            return self._open(len(origins), length)
            frontier = following
            length += 1
        n = len(origins)
        size = "1 state" if n == 1 else f"{n} states"
        return Proof("proved", f"{AGREE} ({size}).", n, length)

    def _refuted(self, way: list[int], difference: _Difference, states: int) -> Proof:
        symbols = [self.alphabet.symbols[symbol] for symbol in way]
        streams = dict(zip(self.alphabet.streams, zip(*symbols, strict=True), strict=True))
        sample = len(way) - 1 - difference.before
        found = Counterexample(streams, sample, difference.given, difference.asked)
        return Proof("refuted", f"Refuted: {found}.", states, len(way) - 1, found)

    def _open(self, states: int, length: int) -> Proof:
        sentence = (
            f"Open: {states} states are not all; the answers agree on all strings of up to "
            f"{length} samples."
        )
        return Proof("open", sentence, states, length)

    # -------------------- one step --------------------

    def _moves(self, pair: _Pair) -> Iterator[tuple[int, _Pair, _Difference | None]]:
        for symbol in range(len(self.alphabet)):
            two = self.two.move(pair.two, symbol)
            one = None if two is None else self.one.move(pair.one, symbol)
            if one is None or two is None:
                continue
            answers = (one.answer, two.answer)
            early, late = answers if self._is_one_earlier else answers[::-1]
            due = pair.due if early is None else (*pair.due, early)
            difference = None
            if late is not None:
                difference = self._difference(late, due[0], len(due) - 1)
                due = due[1:]
            yield symbol, _Pair(one.state, two.state, due), difference

    def _difference_at_end(self, pair: _Pair) -> _Difference | None:
        """What differs if the string ends here."""
        one, two = self.one.rest(pair.one), self.two.rest(pair.two)
        early, late = (one, two) if self._is_one_earlier else (two, one)
        early = (*pair.due, *early)
        for i, (later, earlier) in enumerate(zip(late, early, strict=True)):
            difference = self._difference(later, earlier, len(late) - 1 - i)
            if difference is not None:
                return difference
        return None

    # -------------------- answers --------------------

    @property
    def _is_one_earlier(self) -> bool:
        return self.one.late < self.two.late

    def _difference(self, late: Answer, early: Answer, before: int) -> _Difference | None:
        given, asked = (early, late) if self._is_one_earlier else (late, early)
        if len(given) != len(asked):
            raise ValueError(
                f"the machine has {len(given)} outputs, and the other side answers with "
                f"{len(asked)}; say which ports are observed"
            )
        if all(self._agree(x, y) for x, y in zip(given, asked, strict=True)):
            return None
        return _Difference(before, given, asked)

    def _agree(self, given: float | None, asked: float | None) -> bool:
        if given == asked or given is None or asked is None:
            return True
        return bool(np.isnan(given) and np.isnan(asked)) or abs(given - asked) <= self.tolerance


def _way(origins: Mapping[_Pair, tuple[_Pair, int] | None], pair: _Pair) -> list[int]:
    """The symbols that lead to a pair."""
    way = []
    origin = origins[pair]
    while origin is not None:
        pair, symbol = origin
        way.append(symbol)
        origin = origins[pair]
    return way[::-1]
