"""The tasks of the public suites once more, from whole strings rather than step by step."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import groupby, pairwise

import numpy as np

__all__ = ["FOLLOWED", "PREFIXES"]

PREFIXES: dict[str, Callable] = {}
"""From everything so far, a tuple of numbers per stream, to the answer."""


def number(bits, base=2) -> int:
    """The least significant digit first."""
    return sum(int(digit) * base**i for i, digit in enumerate(bits))


def padded(x, n) -> tuple:
    """The last numbers, zeros before the first."""
    return ((0,) * n + tuple(x))[-n:]


for base in range(2, 8):
    name = "Binary_Addition" if base == 2 else f"Base_{base}_Addition"
    PREFIXES[name] = lambda x, y, base=base: (
        (number(x, base) + number(y, base)) // base ** (len(x) - 1) % base
    )
PREFIXES["Bitwise_Xor"] = lambda x, y: int(x[-1]) ^ int(y[-1])
PREFIXES["Bitwise_Or"] = lambda x, y: int(x[-1]) | int(y[-1])
PREFIXES["Bitwise_And"] = lambda x, y: int(x[-1]) & int(y[-1])
PREFIXES["Bitwise_Not"] = lambda x: int(not x[-1])
PREFIXES["Parity_All"] = lambda x: x.count(1) % 2
PREFIXES["Parity_Zeros"] = lambda x: x.count(0) % 2
PREFIXES["Evens_Counter"] = lambda x: sum(x.count(even) for even in (0, 2, 4, 6, 8))
PREFIXES["Sum_All"] = sum
for last in range(2, 8):
    PREFIXES[f"Sum_Last{last}"] = lambda x, last=last: sum(x[-last:])
    PREFIXES[f"Parity_Last{last}"] = lambda x, last=last: x[-last:].count(1) % 2
    PREFIXES[f"Prev{last - 1}"] = lambda x, last=last: padded(x, last)[0]
for unused in ("Parity_Last5", "Parity_Last6", "Parity_Last7", "Prev6"):
    del PREFIXES[unused]
PREFIXES["Current_Number"] = lambda x: x[-1]
PREFIXES["Previous_Equals_Current"] = lambda x: len(set(padded(x, 2))) == 1
PREFIXES["Diff_Last2"] = lambda x: -float(np.diff(padded(x, 2)[::-1])[0])
PREFIXES["Abs_Diff"] = lambda x: float(np.ptp(padded(x, 2)))
PREFIXES["Abs_Current"] = lambda x: max(x[-1], -x[-1])
PREFIXES["Diff_Abs_Values"] = lambda x: float(np.diff(np.abs(padded(x, 2)))[0])
PREFIXES["Min_Seen"] = min
PREFIXES["Max_Seen"] = max
for most in (1, 2, 3):
    PREFIXES[f"Majority_0_{most}"] = lambda x: min(
        Counter(x), key=lambda value: (-x.count(value), value)
    )
PREFIXES["Evens_Detector"] = lambda x: x[-1] in (0, 2, 4, 6, 8)
PREFIXES["Perfect_Square_Detector"] = lambda x: float(np.sqrt(x[-1])).is_integer()
PREFIXES["Bit_Palindrome"] = lambda x: all(a == b for a, b in zip(x, reversed(x), strict=True))


def is_balanced(x) -> bool:
    """Pairs of brackets are taken out until none is left."""
    text = "".join("()"[int(bit)] for bit in x)
    while "()" in text:
        text = text.replace("()", "")
    return not text


PREFIXES["Balanced_Parenthesis"] = is_balanced
PREFIXES["Parity_Bits_Mod2"] = lambda x: (len(x) - 1) % 2
PREFIXES["Alternating_Last3"] = lambda x: padded(x, 3) in ((0, 1, 0), (1, 0, 1))
PREFIXES["Alternating_Last4"] = lambda x: padded(x, 4) in ((0, 1, 0, 1), (1, 0, 1, 0))
PREFIXES["Bit_Shift_Right"] = lambda x: padded(x, 2)[0]
PREFIXES["Bit_Dot_Prod_Mod2"] = lambda x, y: np.dot(x, y) % 2
for divisor in (3, 5, 7):
    PREFIXES[f"Div_{divisor}"] = lambda x, divisor=divisor: number(x[::-1]) // divisor % 2
for modulus in range(3, 9):
    PREFIXES[f"Add_Mod_{modulus}"] = lambda x, modulus=modulus: sum(x) % modulus
PREFIXES["Dithering"] = lambda x: sum(x) // 15 - sum(x[:-1]) // 15


def positions(forces) -> float:
    """Where a body is that every force has moved ever since."""
    return sum((len(forces) - i) * force for i, force in enumerate(forces))


PREFIXES["Newton_Freebody"] = positions
PREFIXES["Newton_Gravity"] = lambda x: positions([force - 1 for force in x])
PREFIXES["Newton_Spring"] = lambda x: sum(
    (1, 1, 0, -1, -1, 0)[(len(x) - 1 - i) % 6] * force for i, force in enumerate(x)
)


def magnetic(x, y):
    """In the complex plane the field turns the speed by adding its product with i."""
    speeds = [
        sum((1 + 1j) ** (t - k) * (x[k] + 1j * y[k]) for k in range(t + 1)) for t in range(len(x))
    ]
    return sum(speeds).real, sum(speeds).imag


PREFIXES["Newton_Magnetic"] = magnetic

# -------------------- Tomita, life, regular tasks --------------------


def word(x) -> str:
    """Bits as text."""
    return "".join(str(int(bit)) for bit in x)


def has_odd_runs(x) -> bool:
    """An odd run of ones, and an odd run of zeros right after it."""
    runs = [(bit, len(list(run)) % 2) for bit, run in groupby(word(x))]
    return any(one == ("1", 1) and other == ("0", 1) for one, other in pairwise(runs))


PREFIXES["tomita_1"] = lambda x: re.fullmatch("1*", word(x)) is not None
PREFIXES["tomita_2"] = lambda x: re.fullmatch("(10)*", word(x)) is not None
PREFIXES["tomita_3"] = lambda x: not has_odd_runs(x)
PREFIXES["tomita_4"] = lambda x: "000" not in word(x)
PREFIXES["tomita_5"] = lambda x: x.count(0) % 2 == x.count(1) % 2 == 0
PREFIXES["tomita_6"] = lambda x: (x.count(0) - x.count(1)) % 3 == 0
PREFIXES["tomita_7"] = lambda x: re.fullmatch("0*1*0*1*", word(x)) is not None


def lives(*cells) -> bool:
    """The published rule on a grid of three times three."""
    grid = np.array([column[-1] for column in cells]).reshape(3, 3)
    return bool(grid.sum() == 3 or (grid.sum() == 4 and grid[1, 1]))


PREFIXES["life"] = lives
PREFIXES["even_pairs"] = lambda x: sum(a != b for a, b in pairwise(x)) % 2
PREFIXES["parity_check"] = lambda x: word(x).count("1") % 2
PREFIXES["cycle_navigation"] = lambda x: (x.count(1) - x.count(-1)) % 5


def arithmetic(x, plus, minus, times):
    """Python's own value of the expression so far; nothing after an operator."""
    text = ""
    for digit, *flags in zip(x, plus, minus, times, strict=True):
        text += "+-*"[flags.index(1)] if any(flags) else str(int(digit))
    return eval(text) % 5 if text[-1].isdigit() else np.nan


PREFIXES["modular_arithmetic"] = arithmetic

# -------------------- tasks whose answers follow --------------------

FOLLOWED: dict[str, Callable] = {}
"""From the tokens of a string to the answer."""

CHARACTERS = "01234+-()x="


def text_of(tokens) -> str:
    """Tokens as they are written."""
    return "".join(CHARACTERS[token] for token in tokens)


def solved(tokens):
    """The only digit that makes an equation true."""
    left, right = text_of(tokens).split("=")
    (digit,) = (d for d in range(5) if eval(left.replace("x", f"({d})")) % 5 == int(right))
    return [digit]


def stacked(tokens):
    """A list of what lies on the stack; pops of nothing do nothing."""
    stack: list[int] = []
    for token in tokens:
        if token == 2:
            del stack[-1:]
        else:
            stack.append(token % 3 if token > 2 else token)
    return [*reversed(stack), 2]


def numbers(tokens) -> tuple[int, int]:
    """What stands before and after the separator."""
    where = tokens.index(2)
    return number(tokens[:where]), number(tokens[where + 1 :])


def binary(value: int) -> list[int]:
    """Least significant first, and a stop."""
    return [value >> i & 1 for i in range(value.bit_length())] + [2]


def square_root(tokens):
    """Found by trying, most significant bit first."""
    value, width = number(tokens[::-1]), (len(tokens) + 1) // 2
    root = max(r for r in range(2**width) if r * r <= value)
    return [int(bit) for bit in format(root, f"0{width}b")]


def missing(tokens):
    """The other half knows what is left out."""
    half = len(tokens) // 2
    place = tokens.index(2)
    return [tokens[(place + half) % (2 * half)]]


FOLLOWED["modular_arithmetic_brackets"] = lambda tokens: [eval(text_of(tokens)) % 5]
FOLLOWED["solve_equation"] = solved
FOLLOWED["reverse_string"] = lambda tokens: list(reversed(tokens))
FOLLOWED["stack_manipulation"] = stacked
FOLLOWED["binary_addition"] = lambda tokens: binary(sum(numbers(tokens)))
FOLLOWED["binary_multiplication"] = lambda tokens: binary(int(np.prod(numbers(tokens))))
FOLLOWED["bucket_sort"] = lambda tokens: [s for s in range(5) for _ in range(tokens.count(s))]
FOLLOWED["compute_sqrt"] = square_root
FOLLOWED["duplicate_string"] = lambda tokens: tokens * 2
FOLLOWED["missing_duplicate_string"] = missing
FOLLOWED["odds_first"] = lambda tokens: (
    [t for i, t in enumerate(tokens) if i % 2] + [t for i, t in enumerate(tokens) if not i % 2]
)
