"""The 62 tasks of the MIPS benchmark as plain programs.

Strings are uniform and independent, of 10 samples (20 where the last five and more are asked),
least significant digits first.

References
----------
Michaud et al., "Opening the AI black box: program synthesis via mechanistic interpretability",
arXiv:2402.05110; github ejmichaud/neural-verification.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from .task import BITS, Drawn, Program, Step, Task, answered, digits, drawn_symbols, wholes

__all__ = ["MIPS"]

LENGTH = 10
BELOW_100 = wholes(0, 99)
SIGNED = wholes(-100, 99)
FORCES = wholes(-10, 10)

MIPS: dict[str, Task] = {}


def enter(
    name: str,
    alphabet: Mapping[str, tuple[float, ...]] | tuple[float, ...],
    program: Program,
    *,
    length: int = LENGTH,
    draw: Callable[[np.random.Generator, int, int], Drawn] | None = None,
    is_longer: bool = True,
) -> None:
    """Enter a task; an alphabet alone is that of the stream ``x``."""
    streams = alphabet if isinstance(alphabet, Mapping) else {"x": alphabet}
    draw = draw or drawn_symbols(program, streams)
    MIPS[name] = Task(name, "mips", streams, length, draw, program, is_longer)


def pair(values: tuple[float, ...]) -> dict[str, tuple[float, ...]]:
    """Two streams of the same values."""
    return {"x": values, "y": values}


def of_now(answer: Callable[..., float]) -> Program:
    """A function of this sample."""
    return Program(lambda state, *now: (state, float(answer(*now))), kind="none")


def of_last(samples: int, answer: Callable[..., float], kind: str = "finite") -> Program:
    """A function of the last samples, the latest one first; zeros before the first."""

    def step(past, x):
        window = (x, *past)
        return window[:-1], float(answer(*window))

    return Program(step, (0.0,) * (samples - 1), kind)


def folded(fold: Callable[..., float], start: float | None = 0.0, kind: str = "finite") -> Program:
    """A state that is the answer."""

    def step(state, *now):
        state = float(fold(state, *now))
        return state, state

    return Program(step, start, kind)


# -------------------- digits and bits --------------------


def addition(base: int) -> Step:
    """Digits of the sum of two numbers, the carry being the state."""

    def step(carry, x, y):
        carry, digit = divmod(x + y + carry, base)
        return carry, digit

    return step


for _base in range(2, 8):
    _name = "Binary_Addition" if _base == 2 else f"Base_{_base}_Addition"
    enter(_name, pair(digits(_base)), Program(addition(_base), 0.0))

enter("Bitwise_Xor", pair(BITS), of_now(lambda x, y: x != y))
enter("Bitwise_Or", pair(BITS), of_now(max))
enter("Bitwise_And", pair(BITS), of_now(min))
enter("Bitwise_Not", BITS, of_now(lambda x: 1.0 - x))

for _n in (2, 3, 4):
    enter(f"Parity_Last{_n}", BITS, of_last(_n, lambda *last: sum(last) % 2))
enter("Parity_All", BITS, folded(lambda odd, x: (odd + x) % 2))
enter("Parity_Zeros", BITS, folded(lambda odd, x: (odd + 1.0 - x) % 2))
enter("Evens_Counter", digits(10), folded(lambda n, x: n + (x % 2 == 0), kind="counter"))

# -------------------- sums, delays, differences --------------------

enter("Sum_All", BELOW_100, folded(lambda total, x: total + x, kind="linear"))
for _n in range(2, 8):
    enter(
        f"Sum_Last{_n}",
        BELOW_100,
        of_last(_n, lambda *last: sum(last), "linear"),
        length=LENGTH if _n < 5 else 20,
    )
enter("Current_Number", BELOW_100, of_now(lambda x: x))
for _n in range(1, 6):
    enter(
        f"Prev{_n}",
        BELOW_100,
        of_last(_n + 1, lambda *last: last[-1], "linear"),
        length=LENGTH if _n < 5 else 20,
    )
enter("Previous_Equals_Current", digits(8), of_last(2, lambda x, past: x == past))
enter("Diff_Last2", SIGNED, of_last(2, lambda x, past: x - past, "linear"))
enter("Abs_Diff", SIGNED, of_last(2, lambda x, past: abs(x - past)))
enter("Abs_Current", SIGNED, of_now(abs))
enter("Diff_Abs_Values", SIGNED, of_last(2, lambda x, past: abs(x) - abs(past)))

# -------------------- what was seen so far --------------------

enter("Min_Seen", digits(10), folded(min, float("inf")))
enter("Max_Seen", BELOW_100, folded(max, -float("inf")))


def majority(most: int) -> Program:
    """The most frequent number so far, the lower one of equals."""

    def step(counts, x):
        counts = tuple(n + (value == x) for value, n in enumerate(counts))
        return counts, float(counts.index(max(counts)))

    return Program(step, (0,) * (most + 1), "counter")


for _n in (1, 2, 3):
    enter(f"Majority_0_{_n}", digits(_n + 1), majority(_n))
enter("Evens_Detector", digits(10), of_now(lambda x: x % 2 == 0))
enter("Perfect_Square_Detector", digits(20), of_now(lambda x: x in (0.0, 1.0, 4.0, 9.0, 16.0)))


def begun_with_palindromes(program: Program) -> Callable[[np.random.Generator, int, int], Drawn]:
    """How strings are drawn that begin with a palindrome of 2 to 10 bits, random bits after it."""

    def string(rng: np.random.Generator, length: int) -> np.ndarray:
        first = int(rng.integers(2, LENGTH + 1))
        half = rng.choice(BITS, (first + 1) // 2)
        palindrome = np.concatenate([half, half[: first // 2][::-1]])
        return np.concatenate([palindrome, rng.choice(BITS, length)])[:length]

    def draw(rng: np.random.Generator, strings: int, length: int) -> Drawn:
        column = [string(rng, length) for _ in range(strings)]
        return {"x": column}, [answered(program, {"x": bits}) for bits in column]

    return draw


def palindrome_step(past, x):
    """1 where the bits so far read the same backwards."""
    bits = (*past, x)
    return bits, float(bits == bits[::-1])


_palindrome = Program(palindrome_step, (), "stack")
enter(
    "Bit_Palindrome",
    BITS,
    _palindrome,
    draw=begun_with_palindromes(_palindrome),
    is_longer=False,
)


def brackets_step(depth, x):
    """Open brackets (0 opens, 1 closes); None once there was one too few."""
    if depth is not None:
        depth += 1 - 2 * int(x)
        depth = None if depth < 0 else depth
    return depth, float(depth == 0)


enter("Balanced_Parenthesis", BITS, Program(brackets_step, 0, "counter"))


# -------------------- positions, patterns, remainders --------------------

enter(
    "Parity_Bits_Mod2",
    BITS,
    Program(lambda odd, x: (1.0 - odd, odd), 0.0),
)
enter("Alternating_Last3", BITS, of_last(3, lambda x, y, z: x != y != z))
enter("Alternating_Last4", BITS, of_last(4, lambda x, y, z, w: x != y and y != z and z != w))
enter("Bit_Shift_Right", BITS, of_last(2, lambda x, past: past, "linear"))
enter("Bit_Dot_Prod_Mod2", pair(BITS), folded(lambda odd, x, y: (odd + x * y) % 2))


def division(divisor: int) -> Program:
    """Quotient bits of a long division, the remainder being the state."""

    def step(remainder, x):
        quotient, remainder = divmod(2.0 * remainder + x, divisor)
        return remainder, quotient

    return Program(step, 0.0)


for _n in (3, 5, 7):
    enter(f"Div_{_n}", BITS, division(_n))


def modulus(n: int) -> Callable[[float, float], float]:
    """How a running sum modulo n goes on."""
    return lambda total, x: (total + x) % n


for _n in range(3, 9):
    enter(f"Add_Mod_{_n}", digits(_n), folded(modulus(_n)))


def dithering_step(rest, x):
    """By how much the whole fifteens of the sum so far grow."""
    whole, rest = divmod(rest + x, 15.0)
    return rest, whole


enter("Dithering", digits(16), Program(dithering_step, 0.0))


# -------------------- bodies under forces --------------------


def newton(force: Callable[..., float]) -> Program:
    """Position of a body of mass 1; the force may depend on where it was."""

    def step(state, x):
        position, speed = state
        speed += force(x, position)
        return (position + speed, speed), position + speed

    return Program(step, (0.0, 0.0), "linear")


enter("Newton_Freebody", FORCES, newton(lambda x, position: x))
enter("Newton_Gravity", FORCES, newton(lambda x, position: x - 1.0))
enter("Newton_Spring", FORCES, newton(lambda x, position: x - position))


def magnetic_step(state, x, y):
    """Position of a body in the plane whose speed a field turns."""
    (a, b), (u, v) = state
    u, v = u + x - v, v + y + u
    return ((a + u, b + v), (u, v)), (a + u, b + v)


enter(
    "Newton_Magnetic",
    pair(FORCES),
    Program(magnetic_step, ((0.0, 0.0), (0.0, 0.0)), "linear"),
    is_longer=False,
)
