"""Tests that need no answers: much longer strings, all states there are, a changed future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dmm.compiled import Reason, lower
from dmm.proof import Reachable, reachable

from ..problems import Strings, answer_port, evened_out, strung_together
from .trial import NEAR, Candidate, answers_of

__all__ = ["all_states", "hears_the_future", "long_evened_out", "long_strings", "stress"]

TIMES = 10
"""How many times as long as the longest training string."""

MOST = 12  # strings
GROWTH = 1.25  # what is larger than this times its former size has grown

UNHEARD = 6.0
"""Growth over ten times the length that a random walk, which goes with the root, does not show."""


def long_strings(strings: Strings, rng: np.random.Generator) -> Strings:
    """Training inputs strung together, ten times as long as the longest.

    Examples
    --------
    >>> from synthesis.tasks.streams import to_streams
    >>> strings = Strings(to_streams([[1.0, 2.0]]), np.zeros((1, 2, 1)), np.array([2]))
    >>> long_strings(strings, np.random.default_rng(0)).samples
    20
    """
    order = rng.permutation(len(strings))[:MOST]
    return strung_together(strings.select(order), rng, TIMES)


def long_evened_out(strings: Strings, rng: np.random.Generator) -> Strings | None:
    """Strings as long, in which what is rare is frequent; None where nothing is (see `evened_out`).

    Examples
    --------
    >>> from synthesis.tasks.streams import to_streams
    >>> strings = Strings(to_streams([[1.0, 2.0, 2.0, 2.0]]), np.zeros((1, 4, 1)), np.array([4]))
    >>> long_evened_out(strings, np.random.default_rng(0)).samples
    40
    """
    return evened_out(strings, rng, min(len(strings), MOST), TIMES)


def stress(
    candidate: Candidate, strings: Strings, long: Strings, is_whole: tuple[bool, ...]
) -> str:
    """What is wrong with a machine's answers on long strings, in words; empty if nothing is.

    Parameters
    ----------
    candidate : Candidate
        Right on ``strings``.
    strings, long : Strings
        Training strings, and those of `long_strings`.
    is_whole : per output, whether all answers asked are whole

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> from synthesis.tasks.streams import to_streams
    >>> doubling = Circuit({"stream-x": "stream", "sum": "accum", "output": "output"},
    ...                    [Wire("sum", "dict-1", "sum", "dict", 2.0, lag=1),
    ...                     Wire("sum", "dict-2", "stream-x", "stream"),
    ...                     Wire("output", "dict-1", "sum", "dict")])
    >>> strings = Strings(to_streams(np.ones((1, 120))), np.zeros((1, 120, 1)), np.array([120]))
    >>> long = long_strings(strings, np.random.default_rng(0))
    >>> stress(Candidate(*doubling.lowered()), strings, long, is_whole=(True,))
    'the answer does not stay finite on strings 10 times as long'
    """
    n = len(is_whole)
    short, answers = answers_of(candidate, strings, n), answers_of(candidate, long, n)
    for k, whole in enumerate(is_whole):
        name = f"answer {k + 1}" if n > 1 else "the answer"
        if np.isnan(answers[k]).any():
            return f"{name} does not stay finite on strings {TIMES} times as long"
        if whole and np.abs(answers[k] - np.round(answers[k])).max() > NEAR:
            return f"{name} does not stay whole on strings {TIMES} times as long"
        inside = strings.inside().T
        half = strings.samples // 2
        early = _size(short[k, :half], inside[:half])
        late = _size(short[k, half:], inside[half:])
        end = _size(answers[k, -strings.samples :], np.True_)
        if late <= GROWTH * early and end > UNHEARD * max(early, late):
            return f"{name} grows on strings {TIMES} times as long, and did not before"
    return ""


def _size(values: np.ndarray, inside: np.ndarray | np.bool_) -> float:
    """Root of the mean square: what wanders without a bound grows by it, too."""
    found = values[inside]
    return float(np.sqrt(np.mean(found**2))) if found.size else 0.0


MOST_SYMBOLS = 64
MOST_STATES = 2_000


def all_states(candidate: Candidate, strings: Strings, n_outputs: int) -> Reachable | None:
    """Every state that a machine can be in on streams of the values that the strings hold.

    Parameters
    ----------
    candidate : Candidate
    strings : Strings
        Numbers; their values, in any combination, are what is fed.
    n_outputs : int

    Returns
    -------
    Reachable, or None
        None where values or states are too many to visit (as those of a memory with addresses
        are), streams hold more than numbers, or only the reference engine can run the machine.

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> from synthesis.tasks.streams import to_streams
    >>> late = Circuit({"stream-x": "stream", "output": "output"},
    ...                [Wire("output", "dict-1", "stream-x", "stream", lag=1)])
    >>> strings = Strings(to_streams([[0.0, 1.0, 1.0]]), np.zeros((1, 3, 1)), np.array([3]))
    >>> found = all_states(Candidate(*late.lowered()), strings, 1)
    >>> found.states, found.answers
    (5, ((0.0, 1.0),))
    """
    lowered = lower(candidate.machine)
    if isinstance(lowered, Reason) or not lowered.is_stepwise:
        return None
    values = {}
    for name, array in strings.inputs.arrays.items():
        if array[..., 1:].any():
            return None
        if name in candidate.machine.neurons:
            values[name] = np.unique(strings.numbers(name)[strings.inside()]).tolist()
    if not values or np.prod([float(len(column)) for column in values.values()]) > MOST_SYMBOLS:
        return None
    ports = [answer_port(k) for k in range(n_outputs)]
    found = reachable(
        candidate.machine, values, pace=candidate.pace, observed=ports, limit=MOST_STATES
    )
    return found if found.is_closed else None


def hears_the_future(
    candidate: Candidate, strings: Strings, n_outputs: int, rng: np.random.Generator
) -> bool:
    """Whether an answer changes when only later inputs do.

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> from synthesis.tasks.streams import to_streams
    >>> echo = Circuit({"stream-x": "stream", "output": "output"},
    ...                [Wire("output", "dict-1", "stream-x", "stream")])
    >>> machine, pace = echo.lowered()
    >>> x, rng = np.arange(1.0, 7.0)[None], np.random.default_rng(0)
    >>> strings = Strings(to_streams(x), x.T[None], np.array([6]))
    >>> late = Candidate(machine, pace._replace(delay=2))  # it answers with the sample after
    >>> hears_the_future(Candidate(machine, pace), strings, 1, rng)
    False
    >>> hears_the_future(late, strings, 1, rng)
    True
    """
    middle = strings.samples // 2
    if not middle:
        return False
    inputs = strings.inputs
    arrays = {}
    for name, array in inputs.arrays.items():
        changed = np.array(array)
        changed[middle:] = rng.permutation(changed[middle:].ravel()).reshape(changed[middle:].shape)
        changed[middle:] += rng.standard_normal(changed[middle:].shape) * (changed[middle:] != 0)
        arrays[name] = changed
    future = replace(strings, inputs=replace(inputs, arrays=arrays))
    one = answers_of(candidate, strings, n_outputs)[:, :middle]
    two = answers_of(candidate, future, n_outputs)[:, :middle]
    return not np.array_equal(one, two, equal_nan=True)
