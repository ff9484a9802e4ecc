"""How a neuron type is written down: in equations, and in programs of other languages.

An equation is made of expressions. An expression is a `Linear` combination of atoms plus a number.
An atom is a `Symbol` - an output port some ticks ago - or a `Call` of a `Function` on expressions.
All are immutable and hashable, so that equal atoms add up. What is done with them - simplified,
checked against the machine, printed - is the business of `dmm.show.algebra`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Union

import numpy as np

from .fields import Field

__all__ = [
    "SHARED_FUNCTIONS",
    "Call",
    "Function",
    "Linear",
    "Port",
    "Spelling",
    "Symbol",
    "as_number",
    "call",
    "latex_call",
    "latex_name",
    "on_every_element",
    "python_number",
    "python_scalar",
    "python_stream",
]

Port = tuple[str, str]
"""(neuron, field)."""

Atom = Union["Symbol", "Call"]

SHARED_FUNCTIONS = (
    *("acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "cos", "cosh"),
    *("exp", "expm1", "floor", "hypot", "log", "log10", "log1p", "log2", "pow", "sin", "sinh"),
    *("sqrt", "tan", "tanh", "trunc"),
)
"""What C's ``math.h`` and JavaScript's ``Math`` call by the same names."""

LATEX_CHARACTERS = {
    **{c: f"\\{c}" for c in "{}$&#%_"},
    "\\": "\\backslash ",
    "^": "\\wedge ",
    "~": "\\sim ",
    "-": "{-}",
    " ": "\\ ",
}
"""What these characters of a name are in the mathematics of LaTeX."""

NEGLIGIBLE = 1e-13
"""Coefficients that cancel to this fraction of what was added up are dropped."""


@dataclass(frozen=True)
class Spelling:
    """How neurons of one type are written.

    Attributes
    ----------
    letter : str
        What outputs are called in equations; like the type where it is empty.
    equation : callable, optional
        Takes an expression (`Linear`) per read field and returns one per written field. A type
        without one is written as a function of its inputs.
    is_inlined : bool
        Whether an output is short enough to be written out where it is read, without a name.
    python : str
        Body of the function ``fire(read, stream, tick)`` in a stand-alone program:
        ``read("field")`` is an input stream, a dict of path -> number; ``stream`` the external
        stream of a source; what it returns is ``{field: stream}``. At hand are ``math`` and the
        functions of `dmm.show.export.pieces`: ``scalar``, ``number``, ``add``, ``scale``,
        ``subtree``, ``below``, ``largest``, ``dot_product``. Empty: no program can have the type.
    calls : tuple of str
        Names of further types that the body uses, as ``FUNCTIONS[name](read, stream, tick)``.
    portable : str
        The same for programs that hold streams as arrays, in the words that C and JavaScript
        share: ``in0``, ``in1``, ... are the read fields, ``out0``, ... the written ones, arrays
        of ``width`` numbers, the ``:number`` first. A field that is a number has zeros behind it,
        and so has every output before. Variables are declared as ``double`` or ``int``; at hand
        are `SHARED_FUNCTIONS`, and ``fmax``, ``fmin``, ``fabs``. Empty: no such program can have
        the type.

    Examples
    --------
    >>> from dmm.neurons import get_neuron_type
    >>> spelling = get_neuron_type("compare").spelling
    >>> print(spelling.letter, spelling.portable, sep=": ")
    r: out0[0] = fmax(0.0, in0[0] - in1[0]);
    out1[0] = fmax(0.0, in1[0] - in0[0]);
    """

    letter: str = ""
    equation: Callable[..., Sequence[Linear]] | None = None
    is_inlined: bool = False
    python: str = ""
    calls: tuple[str, ...] = ()
    portable: str = ""


# -------------------- expressions --------------------


@dataclass(frozen=True)
class Symbol:
    """What a port emitted some ticks ago; with ``is_number``, only its ``:number``."""

    port: Port
    delay: int
    is_number: bool = False


@dataclass(frozen=True)
class Linear:
    """A sum of coefficients times atoms, plus a number.

    Examples
    --------
    >>> x = Linear(((Symbol(("x", "stream"), 0), 1.0),), constant=1.0)
    >>> x + x * -0.25
    Linear(terms=((Symbol(port=('x', 'stream'), delay=0, is_number=False), 0.75),), constant=0.75)
    """

    terms: tuple[tuple[Atom, float], ...] = ()
    constant: float = 0.0

    @staticmethod
    def of(terms: Iterable[tuple[Atom, float]], constant: float = 0.0) -> Linear:
        """Equal atoms are added up, in the order of their first appearance."""
        total: dict[Atom, float] = {}
        size: dict[Atom, float] = {}
        for atom, coefficient in terms:
            total[atom] = total.get(atom, 0.0) + coefficient
            size[atom] = max(size.get(atom, 0.0), abs(coefficient))
        kept = {a: c for a, c in total.items() if abs(c) > NEGLIGIBLE * size[a]}
        return Linear(tuple(kept.items()), constant)

    def __add__(self, other: Linear) -> Linear:
        constant = self.constant + other.constant
        if abs(constant) <= NEGLIGIBLE * abs(self.constant):
            constant = 0.0
        return Linear.of((*self.terms, *other.terms), constant)

    def __mul__(self, factor: float) -> Linear:
        terms = tuple((atom, factor * c) for atom, c in self.terms)
        return Linear.of(terms, factor * self.constant)

    @property
    def is_negative(self) -> bool:
        """Whether it starts with a minus sign."""
        return (self.terms[0][1] if self.terms else self.constant) < 0

    def upright(self) -> tuple[Linear, int]:
        """Itself or its negative, whichever starts without a minus sign; and the sign."""
        return (self * -1.0, -1) if self.is_negative else (self, 1)

    def sums(self) -> Iterator[Linear]:
        """Itself, and all sums inside its calls."""
        yield self
        for atom, _ in self.terms:
            if isinstance(atom, Call):
                for argument in atom.arguments:
                    yield from argument.sums()

    def symbols(self) -> Iterator[Symbol]:
        """All symbols, those inside calls included."""
        for atom, _ in self.terms:
            if isinstance(atom, Symbol):
                yield atom
            else:
                for argument in atom.arguments:
                    yield from argument.symbols()

    def n_atoms(self) -> int:
        """Number of atoms at all depths."""
        return sum(len(one.terms) for one in self.sums())


@dataclass(frozen=True)
class Call:
    """A function of expressions."""

    function: Function
    arguments: tuple[Linear, ...]


@dataclass(frozen=True)
class Function(ABC):
    r"""What a call prints as, and what it computes on the streams of a run.

    Examples
    --------
    >>> from dmm.neurons.comparisons import Relu
    >>> print(Relu().text(["x - 1"]), "is", Relu().latex(["x - 1"]))
    relu(x - 1) is \max\left(0,\, x - 1\right)
    """

    @abstractmethod
    def text(self, arguments: list[str]) -> str:
        """The call with its arguments written out."""

    def latex(self, arguments: list[str]) -> str:
        """The call in LaTeX; the name of the class, where it does not say better."""
        return latex_call(type(self).__name__, arguments)

    @abstractmethod
    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        """The call at all ticks, from arguments of shape (ticks, keys); column 0 is ``:number``."""


def call(function: Function, *arguments: Linear) -> Linear:
    """A call of a function that maps zero to zero, as an expression.

    Examples
    --------
    >>> from dmm.neurons.comparisons import Relu
    >>> x = Linear(((Symbol(("x", "stream"), 0), 1.0),))
    >>> call(Relu(), x).n_atoms(), call(Relu(), Linear())  # the call and what it is of; nothing
    (2, Linear(terms=(), constant=0.0))
    """
    if any(not a.terms and not a.constant for a in arguments):
        return Linear()
    return Linear(((Call(function, arguments), 1.0),))


def latex_call(name: str, arguments: list[str], index: str = "") -> str:
    r"""A function of expressions in LaTeX.

    Examples
    --------
    >>> print(latex_call("less_or_equal", ["x"], "true"))
    \operatorname{less\_or\_equal}_{\mathrm{true}}\left(x\right)
    """
    under = f"_{{\\mathrm{{{latex_name(index)}}}}}" if index else ""
    inside = ",\\, ".join(arguments)
    return f"\\operatorname{{{latex_name(name)}}}{under}\\left({inside}\\right)"


def latex_name(name: str) -> str:
    r"""A name as LaTeX prints it in upright letters.

    Examples
    --------
    >>> print(latex_name("dict-1_a"))
    dict{-}1\_a
    """
    return "".join(LATEX_CHARACTERS.get(c, c) for c in name)


def as_number(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A number per tick as streams without keys, of the shape of ``like``."""
    out = np.zeros_like(like)
    out[:, 0] = values
    return out


# -------------------- pieces of Python --------------------


def python_number(x: float) -> str:
    """A number as it stands in a program."""
    return repr(float(x)) if math.isfinite(x) else f"float({str(float(x))!r})"


def on_every_element(statement: str) -> str:
    """A portable body: a statement for every element ``k``."""
    return f"for (int k = 0; k < width; k++) {{\n    {statement}\n}}"


def python_scalar(field: Field) -> str:
    """The ``:number`` of an input field in a program."""
    return f"scalar(read({field.name!a}))"


def python_stream(field: Field) -> str:
    """An input field in a program, as a stream; without its keys if only the number is read."""
    stream = f"read({field.name!a})"
    return f"number({stream})" if field.is_scalar else stream
