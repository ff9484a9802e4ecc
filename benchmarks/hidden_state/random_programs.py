"""Programs with hidden state that nobody thought of: drawn from a grammar, one from every seed.

``python -m benchmarks.hidden_state.random_programs`` prints the texts of the group.

Dropped and drawn again is what could not be learnt or is nothing to learn, judged by strings alone:
where an answer hardly changes or is one of the streams, and where leaving a part of the program out
would change the answers to fewer than a fifth of the strings that a learner is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np

from .drawing import Program, flags, levels, reals, wholes
from .measuring import TRAIN
from .random_parts import Answer, Condition, RandomProgram, Rule, Signal, State, Stream
from .random_rules import FAMILIES

__all__ = ["RANDOM", "is_worth_learning", "kinds_of", "program_of_seed", "random_program"]

SHOWS = 0.2
"""A part shows if without it the answers to this share of the strings differ."""

MOST_COMMON = 0.9
"""An answer is hardly an answer if a larger share of all of them is the same."""

STATE_NAMES = ("p", "q", "r")


# -------------------- streams --------------------


def random_streams(rng: np.random.Generator) -> tuple[Stream, ...]:
    """One to three streams: flags, levels, whole numbers and measured ones in any unit."""
    found: list[Stream] = []
    for name in "abc"[: 1 + rng.choice(3, p=(0.25, 0.45, 0.3))]:
        numbers = [s for s in found if not s.signal.is_flag]
        if numbers and rng.random() < 0.4:
            found.append(_like(numbers[0], name))
        else:
            kind = rng.choice(["flag", "level", "whole", "real"], p=(0.4, 0.2, 0.2, 0.2))
            found.append(STREAMS[kind](rng, name))
    return tuple(found)


def _like(stream: Stream, name: str) -> Stream:
    """Another stream of the same sort, so that the two can be compared."""
    old = stream.signal
    return Stream(Signal(name, old.low, old.high, old.step), stream.draw, stream.text)


def _flag(rng: np.random.Generator, name: str) -> Stream:
    share = float(rng.choice([0.15, 0.25, 0.4, 0.5, 0.6]))
    return Stream(Signal(name, is_flag=True), partial(flags, share=share), f"flag {share:g}")


def _level(rng: np.random.Generator, name: str) -> Stream:
    change = float(rng.choice([0.2, 0.3, 0.4]))
    return Stream(Signal(name, is_flag=True), partial(levels, change=change), f"level {change:g}")


def _whole(rng: np.random.Generator, name: str) -> Stream:
    low = int(rng.choice([0, 0, 1, -3]))
    high = low + int(rng.integers(2, 10))
    draw = partial(wholes, low=low, high=high)
    return Stream(Signal(name, low, high), draw, f"whole {low}..{high}")


def _real(rng: np.random.Generator, name: str) -> Stream:
    unit = 10.0 ** rng.integers(-3, 4)
    low, high = unit * np.array([(-1.0, 1.0), (0.0, 1.0), (0.0, 5.0), (2.0, 6.0)][rng.integers(4)])
    draw = partial(reals, low=low, high=high)
    return Stream(Signal(name, low, high, unit / 10.0), draw, f"real {low:g}..{high:g}")


STREAMS = {"flag": _flag, "level": _level, "whole": _whole, "real": _real}


# -------------------- conditions --------------------


def random_condition(rng: np.random.Generator, signals: Sequence[Signal]) -> Condition:
    """On one signal or two; the last signal is asked as often as all others together."""
    signal = signals[-1] if rng.random() < 0.5 else signals[rng.integers(len(signals))]
    first = _condition_on(rng, signal, signals)
    others = [other for other in signals if other != signal]
    if not others or rng.random() > 0.15:
        return first
    second = _condition_on(rng, others[rng.integers(len(others))], signals)
    return Condition(
        f"({first.text} and {second.text})", lambda now: first.holds(now) & second.holds(now)
    )


def _condition_on(rng: np.random.Generator, signal: Signal, signals: Sequence[Signal]) -> Condition:
    """Whether a flag is set, or how a number lies to a threshold or to another number."""
    name = signal.name
    if signal.is_flag:
        if rng.random() < 0.8:
            return Condition(name, lambda now: now[name] > 0.0)
        return Condition(f"not {name}", lambda now: now[name] == 0.0)
    others = [s.name for s in signals if s != signal and _compares(s, signal)]
    if others and rng.random() < 0.4:
        other = others[rng.integers(len(others))]
        return Condition(f"{name} > {other}", lambda now: now[name] > now[other])
    threshold = _threshold(rng, signal)
    if rng.random() < 0.6:
        return Condition(f"{name} > {threshold:g}", lambda now: now[name] > threshold)
    return Condition(f"{name} < {threshold:g}", lambda now: now[name] < threshold)


def _compares(one: Signal, other: Signal) -> bool:
    """Whether two signals are numbers of one unit and of places that overlap."""
    return (
        not one.is_flag
        and not other.is_flag
        and one.step == other.step
        and min(one.high, other.high) - max(one.low, other.low) >= 0.3 * max(one.width, other.width)
    )


def _threshold(rng: np.random.Generator, signal: Signal) -> float:
    """A round number well inside."""
    inside = signal.low + rng.uniform(0.2, 0.8) * signal.width
    return float(f"{signal.step * np.round(inside / signal.step) + 0.0:g}")


# -------------------- states --------------------


def random_state(rng: np.random.Generator, name: str, signals: Sequence[Signal]) -> State:
    """A state of any family; its conditions read some of the signals."""
    numbers = [signal for signal in signals if not signal.is_flag]
    families = [f for f, rules in FAMILIES.items() if numbers or not rules[0].reads_number]
    family = families[rng.integers(len(families))]
    rules = FAMILIES[family]
    rule = rules[rng.integers(len(rules))]
    conditions = tuple(random_condition(rng, signals) for _ in range(rule.conditions))
    constant = _constant(rng, rule)
    if not rule.reads_number:
        return State(_whole_state(name, family, constant), rule, conditions, constant=constant)
    number = numbers[rng.integers(len(numbers))]
    start = {"largest": number.low, "smallest": number.high}.get(rule.kind, 0.0)
    signal = _number_state(name, family, number)
    return State(signal, rule, conditions, number.name, constant, start)


def _constant(rng: np.random.Generator, rule: Rule) -> Any:
    if rule.kind == "automaton":
        size = int(rng.integers(3, 5))
        return tuple((int(row[0]), int(row[1])) for row in rng.integers(0, size, (size, 2)))
    return rule.constants[rng.integers(len(rule.constants))] if rule.constants else None


def _whole_state(name: str, family: str, constant: Any) -> Signal:
    """How a state that counts is read; what has no largest state is mostly below 6."""
    if family == "switch":
        return Signal(name, is_flag=True)
    if family == "automaton":
        return Signal(name, 0.0, len(constant) - 1.0)
    return Signal(name, 0.0, float(constant or 6.0))


def _number_state(name: str, family: str, number: Signal) -> Signal:
    """How a state that keeps numbers is read: where those lie, means nearer to their middle."""
    low, high = number.low, number.high
    if family == "mean":
        low, high = low + number.width / 4.0, high - number.width / 4.0
    elif family == "sum":
        low, high = min(3.0 * low, 0.0), max(3.0 * high, 0.0)
    return Signal(name, low, high, number.step)


# -------------------- answers --------------------


def random_answer(rng: np.random.Generator, signals: Sequence[Signal]) -> Answer:
    """The last of the signals, whether something holds of it, what it lets through, or a sum."""
    last = signals[-1]
    numbers = [signal for signal in signals[:-1] if not signal.is_flag]
    near = [s for s in numbers if 0.05 < s.width / last.width < 20.0 and not last.is_flag]
    kinds = ["state", "flag", *(["gated"] if numbers else []), *(["weighted"] if near else [])]
    kind = kinds[rng.integers(len(kinds))]
    if kind == "state":
        return Answer(kind, last.name, (), lambda now: now[last.name])
    if kind == "weighted":
        return _weighted(rng, last, near[rng.integers(len(near))])
    condition = random_condition(rng, signals)
    if kind == "flag":
        return Answer(kind, "1 if {0} else 0", (condition,), lambda now, c: 1.0 * c)
    return _gated(rng, condition, numbers)


def _weighted(rng: np.random.Generator, one: Signal, other: Signal) -> Answer:
    """Two numbers, each times a round weight."""
    first, second = rng.choice([-2.0, -1.0, 0.5, 1.0, 2.0, 3.0], 2)
    return Answer(
        "weighted",
        f"{first:g} * {one.name} {'-' if second < 0.0 else '+'} {abs(second):g} * {other.name}",
        (),
        lambda now: first * now[one.name] + second * now[other.name],
    )


def _gated(rng: np.random.Generator, condition: Condition, numbers: Sequence[Signal]) -> Answer:
    """A number where a condition holds, elsewhere another one of its unit or 0."""
    here = numbers[rng.integers(len(numbers))]
    name = here.name
    others = [s.name for s in numbers if s != here and _compares(s, here)]
    other = others[rng.integers(len(others))] if others else ""
    return Answer(
        "gated",
        f"{name} if {{0}} else {other or 0}",
        (condition,),
        lambda now, c: np.where(c, now[name], now[other] if other else 0.0),
    )


# -------------------- programs --------------------


def random_program(rng: np.random.Generator, n_states: int) -> RandomProgram:
    """Any program of the grammar with so many states, worth learning or not."""
    streams = random_streams(rng)
    signals = [stream.signal for stream in streams]
    states: list[State] = []
    for name in STATE_NAMES[:n_states]:
        states.append(random_state(rng, name, signals))
        signals.append(states[-1].signal)
    first = states[0]
    if len(states) > 1 and first.conditions and rng.random() < 0.25:
        back = random_condition(rng, [states[-1].signal])
        states[0] = replace(first, conditions=(*first.conditions[:-1], back))
    return RandomProgram(streams, tuple(states), random_answer(rng, signals))


def is_worth_learning(program: RandomProgram, rng: np.random.Generator) -> bool:
    """Whether strings show every part of a program and an answer that is not just a stream.

    Parameters
    ----------
    program : RandomProgram
    rng : Generator
        Draws as many strings as a learner is given.
    """
    columns, answers = program(rng, *TRAIN)
    counts = np.unique(answers, return_counts=True)[1]
    if counts.max() > MOST_COMMON * answers.size:
        return False
    if any(np.array_equal(answers, x) or np.array_equal(answers, 1 - x) for x in columns.values()):
        return False
    return all(
        np.mean(np.any(other.answers(columns) != answers, axis=1)) >= SHOWS
        for other in program.without_a_part()
    )


@cache
def program_of_seed(seed: int) -> RandomProgram:
    """The first program worth learning that a seed leads to."""
    rng = np.random.default_rng(seed)
    n_states = int(rng.choice([1, 2, 3], p=(0.4, 0.4, 0.2)))
    while True:
        program = random_program(rng, n_states)
        if is_worth_learning(program, rng):
            return program


def _of_seed(seed: int) -> Program:
    """The program, drawn when it is first run."""
    return lambda rng, strings, samples: program_of_seed(seed)(rng, strings, samples)


RANDOM: dict[str, Program] = {f"random_{seed:02d}": _of_seed(seed) for seed in range(40)}


def kinds_of(program: RandomProgram) -> list[str]:
    """What it is, in words: how many states, of which families, and what is shown."""
    families = {f for s in program.states for f, rules in FAMILIES.items() if s.rule in rules}
    n = len(program.states)
    return [f"{n} state{'s' if n > 1 else ''}", *sorted(families), f"shows: {program.answer.kind}"]


if __name__ == "__main__":
    for seed, name in enumerate(RANDOM):
        print(f"{name}: {program_of_seed(seed)}")
