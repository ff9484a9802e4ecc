"""The fifteen tasks of "Neural networks and the Chomsky hierarchy".

The four regular ones answer every sample, so that they are plain programs. The others are asked
after the string: it is followed by a sample whose ``end`` is 1, and by as many empty samples as the
answer is long. Tokens are numbers: digits are themselves, other tokens as in the original code.

References
----------
Deletang et al., "Neural networks and the Chomsky hierarchy", ICLR 2023, arXiv:2207.02098; github
google-deepmind/neural_networks_chomsky_hierarchy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import isqrt

import numpy as np

from .task import BITS, Drawn, Program, Task, answered, digits, drawn_symbols, wholes

__all__ = ["CHOMSKY"]

LENGTH = 20
LONGEST = 500
"""As in the original test, whose strings are up to so long."""

MODULUS = 5

TOKEN = {"+": 5, "-": 6, "(": 7, ")": 8, "x": 9, "=": 10}
"""Of expressions, besides the digits."""

SEPARATOR, STOP = 2, 2
"""Between two numbers, and after the end of an answer."""

POP = 2
"""Tokens that push a 0 and a 1 follow it."""

CHOMSKY: dict[str, Task] = {}

# -------------------- regular: an answer to every sample --------------------


def even_pairs_step(first, x):
    """1 where the first symbol differs from the last."""
    first = x if first is None else first
    return first, float(first != x)


def parity_step(odd, x):
    """Number of ones modulo 2."""
    odd = (odd + x) % 2
    return odd, odd


def cycle_step(position, x):
    """Where steps of -1, 0 and 1 have led on a circle of 5."""
    position = (position + x) % MODULUS
    return position, position


def arithmetic_step(state, x, plus, minus, times):
    """Value modulo 5 of an expression without brackets, asked after numbers only.

    Operators and numbers take turns; the state is the sum of finished terms, the factor that waits
    for the next number, and whether that is due.
    """
    total, term, is_number_due = state
    if is_number_due:
        if plus or minus or times:
            return None
        term = (term * x) % MODULUS
        return (total, term, False), (total + term) % MODULUS
    if plus + minus + times != 1 or x:
        return None
    if not times:
        total, term = (total + term) % MODULUS, -1.0 if minus else 1.0
    return (total, term, True), None


def draw_arithmetic(program: Program, rng: np.random.Generator, strings: int, length: int) -> Drawn:
    """Numbers and operators in turn; an odd number of samples."""
    length -= length % 2 == 0
    x = rng.choice(digits(MODULUS), (strings, length))
    x[:, 1::2] = 0.0
    operator = rng.integers(1, 4, (strings, length))
    operator[:, ::2] = 0
    streams = {"x": x, "plus": operator == 1, "minus": operator == 2, "times": operator == 3}
    columns = {name: list(column.astype(float)) for name, column in streams.items()}
    return columns, [
        answered(program, {name: column[s] for name, column in columns.items()})
        for s in range(strings)
    ]


def enter_regular(name: str, alphabet: dict[str, tuple[float, ...]], program: Program) -> None:
    """Enter a task that answers every sample."""
    draw = drawn_symbols(program, alphabet)
    CHOMSKY[name] = Task(name, "chomsky", alphabet, LENGTH, draw, program, longest=LONGEST)


enter_regular("even_pairs", {"x": BITS}, Program(even_pairs_step, None))
enter_regular("parity_check", {"x": BITS}, Program(parity_step, 0.0))
enter_regular("cycle_navigation", {"x": wholes(-1, 1)}, Program(cycle_step, 0.0))

_arithmetic = Program(arithmetic_step, (0.0, 1.0, True))
CHOMSKY["modular_arithmetic"] = Task(
    "modular_arithmetic",
    "chomsky",
    {"x": digits(MODULUS), "plus": BITS, "minus": BITS, "times": BITS},
    LENGTH,
    partial(draw_arithmetic, _arithmetic),
    _arithmetic,
    longest=LONGEST,
)

# -------------------- others: the answer follows the string --------------------

Numbers = Sequence[int]
Case = Callable[[np.random.Generator, int], tuple[Numbers, Numbers]]
"""A string of a length, and the answer to it."""


def followed(string: Numbers, answer: Numbers) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Streams and answers of a string that is answered in the empty samples after its end."""
    samples = len(string) + 1 + len(answer)
    x, end, asked = np.zeros(samples), np.zeros(samples), np.full(samples, np.nan)
    x[: len(string)] = string
    end[len(string)] = 1.0
    asked[len(string) + 1 :] = answer
    return {"x": x, "end": end}, asked


def draw_cases(
    case: Case, shortest: int, rng: np.random.Generator, strings: int, length: int
) -> Drawn:
    """Strings of all lengths up to one."""
    drawn = [followed(*case(rng, int(rng.integers(shortest, length + 1)))) for _ in range(strings)]
    streams = {name: [streams[name] for streams, _ in drawn] for name in ("x", "end")}
    return streams, [asked for _, asked in drawn]


def bits(rng: np.random.Generator, length: int) -> list[int]:
    """Random bits."""
    return [int(bit) for bit in rng.integers(0, 2, length)]


def expression(rng: np.random.Generator, length: int) -> tuple[str, int]:
    """A bracketed expression of so many tokens, and its value modulo 5."""
    if length < 5:
        digit = int(rng.integers(MODULUS))
        text = {1: "{}", 2: "-{}", 3: "({})", 4: "(-{})"}[length].format(digit)
        return text, (-digit if "-" in text else digit) % MODULUS
    left = int(rng.integers(1, length - 3))
    one, value = expression(rng, left)
    two, other = expression(rng, length - 3 - left)
    if rng.integers(2):
        return f"({one}-{two})", (value - other) % MODULUS
    return f"({one}+{two})", (value + other) % MODULUS


def tokens(text: str) -> list[int]:
    """Tokens of an expression or equation."""
    return [TOKEN[c] if c in TOKEN else int(c) for c in text]


def modular_arithmetic_brackets(rng, length):
    """Value modulo 5 of an expression with brackets, + and -."""
    text, value = expression(rng, length)
    return tokens(text), [value]


def solve_equation(rng, length):
    """The digit that stands behind the x in ``expression = value``."""
    text, value = expression(rng, length - 2)
    place = int(rng.choice([i for i, c in enumerate(text) if c.isdigit()]))
    return tokens(f"{text[:place]}x{text[place + 1 :]}={value}"), [int(text[place])]


def reverse_string(rng, length):
    """The string backwards."""
    string = bits(rng, length)
    return string, string[::-1]


def stack_manipulation(rng, length):
    """A stack from its bottom, then pops and pushes: the stack from its top, and a stop."""
    if length == 1:
        stack, actions = bits(rng, 1), []
    else:
        stack = bits(rng, int(rng.integers(1, length)))
        actions = [int(action) for action in rng.integers(POP, POP + 3, length - len(stack))]
    left = list(stack)
    for action in actions:
        if action == POP:
            left = left[:-1]
        else:
            left.append(action - POP - 1)
    return [*stack, *actions], [*left[::-1], STOP]


def little_endian(number: int) -> list[int]:
    """Binary digits, the least significant first."""
    return [int(bit) for bit in f"{number:b}"[::-1]]


def two_numbers(rng: np.random.Generator, length: int) -> tuple[list[int], int, int]:
    """Two positive numbers with a separator between them, and what they are."""
    first = int(rng.integers(1, length - 1))
    found, written = [], []
    for n_bits in (first, length - 1 - first):
        digits_ = bits(rng, n_bits)
        if not any(digits_):
            digits_[int(rng.integers(n_bits))] = 1
        written.append(digits_)
        found.append(sum(bit << i for i, bit in enumerate(digits_)))
    return [*written[0], SEPARATOR, *written[1]], found[0], found[1]


def binary_addition(rng, length):
    """The sum of two numbers, least significant first, and a stop."""
    string, one, two = two_numbers(rng, length)
    return string, [*little_endian(one + two), STOP]


def binary_multiplication(rng, length):
    """The product of two numbers, least significant first, and a stop."""
    string, one, two = two_numbers(rng, length)
    return string, [*little_endian(one * two), STOP]


def bucket_sort(rng, length):
    """The symbols 0 to 4 of a string, sorted."""
    string = [int(symbol) for symbol in rng.integers(0, 5, length)]
    return string, sorted(string)


def compute_sqrt(rng, length):
    """The floor of the square root, most significant first; half as long as the number."""
    string = bits(rng, length)
    root = isqrt(int("".join(map(str, string)), 2))
    return string, [int(bit) for bit in f"{root:b}".zfill((length + 1) // 2)]


def duplicate_string(rng, length):
    """The string twice."""
    string = bits(rng, length)
    return string, [*string, *string]


def missing_duplicate_string(rng, length):
    """A string twice with a bit left out (2), and a 3 where the length is odd: that bit."""
    half = bits(rng, length // 2)
    string = [*half, *half]
    place = int(rng.integers(len(string)))
    missing, string[place] = string[place], 2
    return [*string, *[3] * (length % 2)], [missing]


def odds_first(rng, length):
    """Symbols at the places 1, 3, 5 ..., then those at 0, 2, 4 ..."""
    string = bits(rng, length)
    return string, [*string[1::2], *string[::2]]


CASES: dict[Case, tuple[int, tuple[float, ...]]] = {
    modular_arithmetic_brackets: (1, wholes(0, TOKEN[")"])),
    reverse_string: (1, BITS),
    solve_equation: (3, wholes(0, TOKEN["="])),
    stack_manipulation: (1, wholes(0, POP + 2)),
    binary_addition: (3, wholes(0, SEPARATOR)),
    binary_multiplication: (3, wholes(0, SEPARATOR)),
    bucket_sort: (1, digits(5)),
    compute_sqrt: (1, BITS),
    duplicate_string: (1, BITS),
    missing_duplicate_string: (2, wholes(0, 3)),
    odds_first: (1, BITS),
}
"""Shortest strings, and tokens."""

for _case, (_shortest, _tokens) in CASES.items():
    _name = _case.__name__
    CHOMSKY[_name] = Task(
        _name,
        "chomsky",
        {"x": _tokens, "end": BITS},
        LENGTH,
        partial(draw_cases, _case, _shortest),
        longest=LONGEST,
    )
