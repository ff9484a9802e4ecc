"""Forms: compositions whose constants are still open, in order of size.

A library (`synthesis.architectures.evolving.library`) holds compositions with a few fixed constants
inside; a rational or an exponential with odd constants is near none of them. A form says only where
constants are, and what they do there; `fitted` in the module beside finds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, combinations_with_replacement
from typing import NamedTuple

import numpy as np

from ..operations import OPERATIONS

__all__ = ["Argument", "Form", "Term", "count_constants", "size", "small_forms"]

Constant = str | float
"""A number, or what an open one does: "rate", "frequency", "power", "shift", "phase", "mix"."""


class Term(NamedTuple):
    """An operation on sums of terms, or an input.

    Attributes
    ----------
    kind : str
        Kind of operation; "" for an input.
    arguments : tuple of Argument
    column : int
        Number of the input.

    Examples
    --------
    >>> x = Term("", column=0)
    >>> Term("sin", (Argument(((x, 2.0),)),)).kind
    'sin'
    """

    kind: str
    arguments: tuple[Argument, ...] = ()
    column: int = -1


class Argument(NamedTuple):
    """An argument: weighted terms and a number.

    Attributes
    ----------
    parts : tuple of (Term, constant)
    number : constant

    Examples
    --------
    >>> Argument(((Term("", column=0), 2.0),), number=0.5)
    Argument(parts=((Term(kind='', arguments=(), column=0), 2.0),), number=0.5)
    """

    parts: tuple[tuple[Term, Constant], ...]
    number: Constant = 0.0


Form = tuple[Term, ...]
"""Terms whose linear combination, with a bias, is to give the targets."""


def _constants(term: Term) -> Iterator[Constant]:
    """Of a term, from the inside out: the order in which constants are numbered."""
    for argument in term.arguments:
        for part, weight in argument.parts:
            yield from _constants(part)
            yield weight
        yield argument.number


def count_constants(form: Form) -> int:
    """Open constants of a form.

    Examples
    --------
    >>> x = Term("", column=0)
    >>> count_constants((Term("sin", (Argument(((x, "frequency"),), "phase"),)),))
    2
    """
    return sum(isinstance(constant, str) for term in form for constant in _constants(term))


@lru_cache(maxsize=100_000)
def _size(term: Term) -> float:
    if not term.kind:
        return 1.0
    inside = sum(_size(part) for argument in term.arguments for part, _ in argument.parts)
    return 1.0 + inside


def size(form: Form) -> float:
    """Operations and inputs, one for every term, and one half for every constant (as a library)."""
    return sum(_size(term) + 1.0 for term in form) + 0.5 * count_constants(form)


# -------------------- what forms are made of --------------------


def _of(term: Term, weight: Constant = 1.0, number: Constant = 0.0) -> Argument:
    return Argument(((term, weight),), number)


def _product(one: Term, other: Term) -> Term:
    return Term("multiply", (_of(one), _of(other)))


def _functions(kinds: frozenset[str], *terms: Term) -> list[Term]:
    """Every function of a sum of terms, with constants where the linear output has none."""
    first, *others = terms
    mixed = tuple((other, "mix") for other in others)
    found = {
        "divide": Argument(((first, 1.0), *mixed), "shift"),
        "exp": Argument(tuple((term, "rate") for term in terms)),
        "sin": Argument(tuple((term, "frequency") for term in terms), "phase"),
        "log": Argument(((first, 1.0), *mixed), "shift"),
    }
    one = Argument((), 1.0)
    return [
        Term(kind, (one, argument) if kind == "divide" else (argument,))
        for kind, argument in found.items()
        if kind in kinds
    ]


def small_forms(inputs: np.ndarray, kinds: Iterable[str], most: int) -> list[Form]:
    """Forms of some kinds of operations, small ones first.

    Parameters
    ----------
    inputs : array (samples, inputs)
        Powers are of positive inputs only.
    kinds : sequence of str
        Used are divide, exp, sin and log, with multiply.
    most : int
        So many at the most.

    Examples
    --------
    >>> found = small_forms(np.ones((3, 1)) + np.eye(3)[:, :1], ["multiply", "exp"], 100)
    >>> [term.kind for term in found[0]]
    ['exp']
    """
    known = frozenset(kinds) & OPERATIONS.keys()
    plain = [Term("", column=i) for i in range(inputs.shape[1]) if np.ptp(inputs[:, i]) > 0]
    multiplies = "multiply" in known
    squares = list(combinations_with_replacement(plain, 2)) if multiplies else []
    monomials = [*plain, *(_product(*pair) for pair in squares)]
    logs = [
        Term("log", (_of(x),))
        for x in plain
        if {"exp", "log"} <= known and np.min(inputs[:, x.column]) > 0
    ]
    powers = [Term("exp", (_of(log, "power"),)) for log in logs]
    towers = [
        Term("exp", (_of(_product(x, log), "power"),)) for x in plain for log in logs if multiplies
    ]
    entries = [*monomials, *powers]
    simple = [*powers, *(f for entry in entries for f in _functions(known, entry))]
    joint = [f for pair in combinations(monomials, 2) for f in _functions(known, *pair)]
    nested = [f for inner in simple for f in _functions(known, inner)]
    singles = [*simple, *joint, *nested, *towers]
    if multiplies:
        singles += [_product(e, f) for e in entries for f in (*simple, *joint, *nested)]
        singles += [_product(*pair) for pair in combinations_with_replacement(simple, 2)]
    return _smallest(list(dict.fromkeys(singles)), [*monomials, *simple, *joint], most)


def _smallest(singles: Sequence[Term], others: Sequence[Term], most: int) -> list[Form]:
    """Forms of one single term, and of two others, that have open constants; the smallest first.

    Sizes and constants of terms add up, so that only forms that are wanted are put together.
    """
    first, second = np.triu_indices(len(others), 1)
    (one, constants), (other, more) = (
        np.reshape([(size((term,)), count_constants((term,))) for term in terms], (-1, 2)).T
        for terms in (singles, others)
    )
    sizes = np.concatenate([one, other[first] + other[second]])
    is_open = np.concatenate([constants, more[first] + more[second]]) > 0
    order = np.argsort(np.where(is_open, sizes, np.inf), kind="stable")[: min(most, is_open.sum())]
    pairs = np.stack([first, second], axis=1)
    return [
        (singles[i],) if i < len(singles) else tuple(others[k] for k in pairs[i - len(singles)])
        for i in order
    ]
