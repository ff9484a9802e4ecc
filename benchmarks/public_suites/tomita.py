"""The seven grammars of Tomita: is the string of bits so far in the language.

References
----------
M. Tomita, "Dynamic construction of finite-state automata from examples using hill-climbing", Proc.
Cognitive Science Society, 1982.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from .task import BITS, Drawn, Program, Task, answered

__all__ = ["TOMITA"]

LENGTH = 20

Table = Mapping[int, tuple[int, int]]
"""Next states after a 0 and after a 1; what is missing is dead."""

DEAD = -1

GRAMMARS: dict[str, tuple[Table, set[int]]] = {
    # 1*
    "tomita_1": ({0: (DEAD, 0)}, {0}),
    # (10)*
    "tomita_2": ({0: (DEAD, 1), 1: (0, DEAD)}, {0}),
    # No odd run of ones with an odd run of zeros after it: even ones, odd ones, then even and odd
    # zeros after odd ones; odd zeros may not end there.
    "tomita_3": ({0: (0, 1), 1: (2, 0), 2: (3, DEAD), 3: (2, 1)}, {0, 1, 3}),
    # No 000: zeros at the end so far.
    "tomita_4": ({0: (1, 0), 1: (2, 0), 2: (DEAD, 0)}, {0, 1, 2}),
    # Even numbers of zeros and of ones: parities as bits of the state.
    "tomita_5": ({0: (1, 2), 1: (0, 3), 2: (3, 0), 3: (2, 1)}, {0}),
    # Zeros less ones divisible by 3.
    "tomita_6": ({0: (1, 2), 1: (2, 0), 2: (0, 1)}, {0}),
    # 0*1*0*1*: runs so far.
    "tomita_7": ({0: (0, 1), 1: (2, 1), 2: (2, 3), 3: (DEAD, 3)}, {0, 1, 2, 3}),
}


def grammar(table: Table, accepting: set[int]) -> Program:
    """A program that says whether a state accepts."""

    def step(state, x):
        if state != DEAD:
            state = table[state][int(x)]
        return state, float(state in accepting)

    return Program(step)


def string(table: Table, rng: np.random.Generator, length: int) -> np.ndarray:
    """Bits that keep out of the dead state; half of the strings leave at a random sample."""
    leaving = int(rng.integers(length)) if rng.random() < 0.5 else length
    state, bits = 0, []
    for sample in range(length):
        following = table[state] if state != DEAD else (DEAD, DEAD)
        alive = [bit for bit, after in enumerate(following) if after != DEAD]
        wanted = alive if sample != leaving else [bit for bit in (0, 1) if bit not in alive]
        bit = int(rng.choice(wanted or [0, 1]))
        state = following[bit]
        bits.append(float(bit))
    return np.array(bits)


def draw(
    table: Table, program: Program, rng: np.random.Generator, strings: int, length: int
) -> Drawn:
    """Strings of one grammar."""
    column = [string(table, rng, length) for _ in range(strings)]
    return {"x": column}, [answered(program, {"x": bits}) for bits in column]


TOMITA: dict[str, Task] = {}
for _name, (_table, _accepting) in GRAMMARS.items():
    _program = grammar(_table, _accepting)
    TOMITA[_name] = Task(
        _name, "tomita", {"x": BITS}, LENGTH, partial(draw, _table, _program), _program
    )
