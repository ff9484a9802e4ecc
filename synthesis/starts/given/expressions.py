"""Equations as text, read into expressions: what `dmm.show.algebra.sample_equations` writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Apply", "Expression", "Name", "Number", "Sum", "parsed"]

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)|(?P<name>[A-Za-z_][\w.]*)"
    r"|(?P<lag>\[t(?:-\d+)?\])|(?P<sign><-|<=|[-+*/()<>,\[\]]))"
)

FUNCTIONS = {"relu": 1, "max_norm": 1, "abs": 1, "max": 2, "clip4": 1}
"""Functions that are written with their name, and how many arguments they have."""

WORDS = ("if", "else")


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Name:
    """What has a name, some samples ago."""

    name: str
    lag: int = 0


@dataclass(frozen=True)
class Sum:
    """Terms, each with a factor."""

    terms: tuple[tuple[float, Expression], ...]


@dataclass(frozen=True)
class Apply:
    """A function of expressions; operators are functions, too."""

    function: str
    arguments: tuple[Expression, ...]


Expression: TypeAlias = "Number | Name | Sum | Apply"


def parsed(text: str) -> dict[str, Expression]:
    """The expression behind every name.

    Parameters
    ----------
    text : str
        An equation per line.

    Raises
    ------
    ValueError
        If a line is no equation, or a name has two.

    Examples
    --------
    >>> parsed("y = y[t-1] + 2 x")
    {'y': Sum(terms=((1.0, Name(name='y', lag=1)), (2.0, Name(name='x', lag=0))))}
    """
    found: dict[str, Expression] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, _, body = (part.strip() for part in line.partition("="))
        if line.count("=") != 1 + line.count("<=") or not re.fullmatch(r"[A-Za-z_][\w.]*", name):
            raise ValueError(f"equation {line.strip()!r}: expected 'name = expression'")
        if name in found:
            raise ValueError(f"equation {line.strip()!r}: {name!r} has an equation already")
        found[name] = _Reader(body).whole()
    return found


class _Reader:
    """Reads one expression, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text.rstrip()):
            match = TOKEN.match(text, place)
            if match is None:
                raise self._error(f"{text[place:].strip()[:1]!r} has no meaning here")
            kind = match.lastgroup or ""
            self.tokens.append((kind, match[kind]))
            place = match.end()
        self.place = 0

    def whole(self) -> Expression:
        """All of the text."""
        found = self.sum()
        if self.place < len(self.tokens):
            raise self._error(f"{self._next()!r} was not expected")
        return found

    # -------------------- tokens --------------------

    def _next(self, kind: str = "") -> str:
        """The next token, if it is of this kind; empty at the end."""
        if self.place == len(self.tokens):
            return ""
        found, text = self.tokens[self.place]
        return text if not kind or found == kind else ""

    def _takes(self, *texts: str) -> str:
        """The next token if it is one of these, which is taken; else nothing."""
        text = self._next()
        if text not in texts:
            return ""
        self.place += 1
        return text

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            raise self._error(f"expected {text!r} before {self._ahead()}")

    def _ahead(self) -> str:
        return repr(self._next()) if self._next() else "the end"

    def _error(self, what: str) -> ValueError:
        return ValueError(f"expression {self.text!r}: {what}")

    # -------------------- sums and products --------------------

    def sum(self) -> Expression:
        """Terms with signs between them."""
        sign = -1.0 if self._takes("-") else 1.0
        terms = [self._term(sign)]
        while operator := self._takes("+", "-"):
            terms.append(self._term(1.0 if operator == "+" else -1.0))
        factor, only = terms[0]
        return only if len(terms) == 1 and factor == 1.0 else Sum(tuple(terms))

    def _term(self, sign: float) -> tuple[float, Expression]:
        """A number times at most one thing that is none."""
        factor, found = sign, None
        while True:
            one = self._factor()
            if isinstance(one, Number):
                factor *= one.value
            elif found is None:
                found = one
            else:
                raise self._error("a product of two streams is written <one, other>")
            while self._takes("/"):
                by = self._factor()
                if not isinstance(by, Number) or not by.value:
                    raise self._error("a stream can be divided by a number other than 0 only")
                factor /= by.value
            if not self._takes("*") and not self._begins_factor():
                return factor, Number(1.0) if found is None else found

    def _begins_factor(self) -> bool:
        """Whether a factor follows; ``>`` ends a product, ``<`` begins one."""
        if self._next("name"):
            return self._next() not in WORDS
        return bool(self._next("number")) or self._next() in ("(", "<")

    def _factor(self) -> Expression:
        if number := self._next("number"):
            self.place += 1
            return Number(float(number))
        if self._takes("("):
            found = self._inside()
            self._expect(")")
            return found
        if self._takes("<"):
            one = self.sum()
            self._expect(",")
            other = self.sum()
            self._expect(">")
            return Apply("product", (one, other))
        name = self._next("name")
        if not name or name in WORDS:
            raise self._error(f"expected a number or a name before {self._ahead()}")
        self.place += 1
        return self._named(name)

    def _inside(self) -> Expression:
        """What stands in parentheses: a sum, a comparison or a choice."""
        one = self.sum()
        if operator := self._takes(">", "<="):
            return Apply(operator, (one, self.sum()))
        if self._takes("if"):
            gate = self.sum()
            self._expect("else")
            return Apply("if", (gate, one, self.sum()))
        return one

    def _named(self, name: str) -> Expression:
        if self._takes("("):
            if name not in FUNCTIONS:
                raise self._error(f"no function is called {name!r}; known: {', '.join(FUNCTIONS)}")
            arguments = [self.sum()]
            while self._takes(","):
                arguments.append(self.sum())
            self._expect(")")
            if len(arguments) != FUNCTIONS[name]:
                raise self._error(f"{name} takes {FUNCTIONS[name]} arguments")
            return Apply(name, tuple(arguments))
        if self._takes("["):  # cells[to <- put][from]
            to = self.sum()
            self._expect("<-")
            put = self.sum()
            self._expect("]")
            self._expect("[")
            found = Apply(name, (put, to, self.sum()))
            self._expect("]")
            return found
        if lag := self._next("lag"):
            self.place += 1
            return Name(name, int(lag[3:-1] or 0) if "-" in lag else 0)
        return Name(name)
