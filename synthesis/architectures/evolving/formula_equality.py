"""Whether a formula that was found is the one looked for, symbolically (extra ``formula``).

Near equality of values proves little: long interpolants pass it. Here both formulas are expanded
over one denominator into monomials of their variables, powers, exponentials and logarithms (sines
are exponentials), and every coefficient of the difference has to vanish. Numbers count as equal
when they agree to `DIGITS` digits: what was fitted to samples is exact up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .formula import Expression
from .formula_simplify import to_sympy

__all__ = ["are_equal", "is_same_formula"]

DIGITS = 7
SMALLEST = 1e-5  # of the largest coefficient: below this it is 0


def is_same_formula(
    found: Expression, wanted: str, names: Sequence[str], *, positive: bool = False
) -> bool:
    """Whether two formulas are one function by the rules of algebra.

    Parameters
    ----------
    found : Expression
        Of a network (`synthesis.architectures.evolving.formulas`).
    wanted : str
        In the spelling of sympy.
    names : sequence of str
        The inputs.
    positive : bool
        Whether inputs are above 0, so that powers and logarithms may be taken apart.

    Raises
    ------
    ModuleNotFoundError
        If sympy is not installed.

    Examples
    --------
    >>> from synthesis.architectures.evolving import Apply, Input, Sum
    >>> quotient = Apply("divide", (Sum(1.0, ()), Sum(1.3, ((1.0, Input("x0")),))))
    >>> found = Sum(2.0, ((-2.6, quotient),))  # 2 - 2.6 / (x0 + 1.3)
    >>> is_same_formula(found, "2*x0/(1.3 + x0)", ["x0"])
    True
    >>> is_same_formula(found, "2*x0/(1.301 + x0)", ["x0"])
    False
    """
    return are_equal(to_sympy(found, is_protected=False), wanted, names, positive=positive)


def are_equal(one: Any, other: Any, names: Sequence[str], *, positive: bool = False) -> bool:
    """The same for two expressions of sympy, or texts.

    Examples
    --------
    >>> are_equal("2*sin(x)*cos(x)", "sin(2*x)", ["x"])
    True
    """
    import sympy

    symbols = {name: sympy.Symbol(name, real=True, positive=positive or None) for name in names}
    plain = {symbol: symbols[symbol.name] for symbol in map(sympy.Symbol, names)}
    real = {sympy.Symbol(name, real=True): symbol for name, symbol in symbols.items()}
    one, other = (sympy.sympify(e).subs(plain).subs(real) for e in (one, other))
    top, below, other_top, other_below = (
        _coefficients(sympy, part, tuple(symbols.values()))
        for expression in (one, other)
        for part in _fraction(sympy, expression)
    )
    ours, theirs = _product(sympy, top, other_below), _product(sympy, other_top, below)
    largest = max(map(abs, theirs.values()))
    differences = (ours.get(key, 0.0) - theirs.get(key, 0.0) for key in ours.keys() | theirs)
    return all(abs(difference) <= SMALLEST * largest for difference in differences)


def _rounded(sympy: Any, expression: Any, digits: int) -> Any:
    """Every number but whole ones as a fraction of so many digits: those that agree are one."""
    numbers = {
        number: sympy.Rational(f"{float(number):.{digits - 1}e}")
        for number in expression.atoms(sympy.Number)
        if not number.is_Integer
    }
    return expression.xreplace(numbers)


def _fraction(sympy: Any, expression: Any) -> tuple[Any, Any]:
    """Numerator and denominator, without sines."""
    plain = sympy.expand_log(_rounded(sympy, expression, 2 * DIGITS), force=True)
    return sympy.fraction(sympy.together(plain.rewrite(sympy.exp)))


Polynomial = dict[tuple[Any, Any], complex]
"""Coefficients of monomials; a monomial is a product and the exponent of its one exponential."""


def _coefficients(sympy: Any, expression: Any, symbols: tuple[Any, ...]) -> Polynomial:
    found: Polynomial = {}
    for term in sympy.Add.make_args(sympy.expand(expression)):
        constant, key = _monomial(sympy, term, symbols)
        found[key] = found.get(key, 0.0) + constant
    return found


def _product(sympy: Any, one: Polynomial, other: Polynomial) -> Polynomial:
    """With numbers rounded before they meet, so that what cancels does so altogether."""
    found: Polynomial = {}
    for (rest, exponent), a in one.items():
        for (more, further), b in other.items():
            key = sympy.expand(rest * more), sympy.expand(exponent + further)
            found[key] = found.get(key, 0.0) + a * b
    return found


def _monomial(sympy: Any, term: Any, symbols: tuple[Any, ...]) -> tuple[complex, tuple[Any, Any]]:
    """The number in front of a product, and the product."""
    constant, exponent, rest = sympy.Integer(1), sympy.Integer(0), sympy.Integer(1)
    for factor in sympy.Mul.make_args(term):
        if isinstance(factor, sympy.exp):
            number, inside = sympy.expand(factor.args[0]).as_independent(*symbols, as_Add=True)
            constant, exponent = constant * sympy.exp(number), exponent + inside
        elif factor.has(*symbols):
            rest = rest * factor
        else:
            constant = constant * factor
    rest, exponent = (
        _rounded(sympy, sympy.expand(part).evalf(), DIGITS) for part in (rest, exponent)
    )
    return complex(constant.evalf()), (rest, exponent)
