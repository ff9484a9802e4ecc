"""Simplification of formulas by sympy, each result checked against the network (extra ``formula``).

Protected operations are not what their plain names say everywhere: a logarithm is of the absolute
value, a quotient by zero is zero. So every candidate is evaluated on samples first, and what does
not agree with the network is never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from vvalues import VValue

from ...tasks.regression import check_table
from .formula import Apply, Expression, Input, formulas, size, text
from .model import EvolvingModel

__all__ = ["Simplified", "simplified", "sympy_size", "to_sympy"]

TOLERANCE = 1e-9  # of the largest prediction
TOO_LARGE = 150  # nodes; sympy's simplification takes minutes beyond
LARGEST_DENOMINATOR = 12


class Simplified(NamedTuple):
    """A formula of one output.

    Attributes
    ----------
    text : str
    size : int
        Operations, inputs and constants.
    expression : sympy expression, or None where no candidate agreed with the network

    Examples
    --------
    >>> print("y0 =", Simplified("2*x0*x1", size=5, expression=None).text)
    y0 = 2*x0*x1
    """

    text: str
    size: int
    expression: Any


def _sympy() -> Any:
    try:
        import sympy
    except ImportError:
        raise ModuleNotFoundError(
            "simplified formulas need sympy: install the extra 'formula' (or use formula.to_text)"
        ) from None
    return sympy


def simplified(model: EvolvingModel, parameters: VValue, inputs: Any) -> dict[str, Simplified]:
    """The shortest formula of every output that agrees with the network on all samples.

    Parameters
    ----------
    model : EvolvingModel
    parameters : VValue
    inputs : array (samples, inputs)
        Samples to check on; use as many as there are.

    Returns
    -------
    dict, output -> Simplified; the plain formula where sympy finds nothing that agrees

    Raises
    ------
    ModuleNotFoundError
        If sympy is not installed.
    ValueError
        If a sample is not finite.

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel
    >>> from vvalues import VValue
    >>> product = {"multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}}}
    >>> tree = VValue({"layer-1": {**product, "output": {"y0": {"multiply-1": 2}}}})
    >>> x = np.random.default_rng(0).normal(size=(20, 2))
    >>> simplified(EvolvingModel(2, 1), tree, x)["y0"].text
    '2*x0*x1'
    """
    sympy = _sympy()
    table = check_table(inputs, model.inputs, "inputs")
    predictions = model.run(parameters, table).outputs
    found = {}
    for column, (name, expression) in enumerate(formulas(model, parameters).items()):
        plain = Simplified(text(expression), size(expression), None)
        candidates = [
            Simplified(_text(e), sympy_size(e), e)
            for e in _candidates(sympy, expression)
            if _agrees(sympy, e, model.inputs, table, predictions[:, column])
        ]
        found[name] = min(candidates, key=lambda c: (c.size, len(c.text)), default=plain)
    return found


def _text(expression: Any) -> str:
    """As sympy writes it, but 3.39 in place of 3.3900000000000001."""
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):
        def _print_Float(self, number: Any) -> str:
            return f"{float(number):.10g}"

    return Printer().doprint(expression)


def _candidates(sympy: Any, expression: Expression) -> Iterator[Any]:
    for is_protected in (False, True):
        start = to_sympy(expression, is_protected=is_protected)
        yield start
        for rewrite in _rewrites(sympy, sympy_size(start)):
            try:
                yield rewrite(start)
            except (NotImplementedError, ValueError, TypeError, RecursionError):
                continue  # sympy could not; the other candidates remain


def _rewrites(sympy: Any, n_nodes: int) -> list[Callable[[Any], Any]]:
    from sympy.simplify.fu import fu

    rewrites: list[Callable[[Any], Any]] = [sympy.expand, sympy.factor_terms]
    if n_nodes <= TOO_LARGE:
        rewrites += [
            sympy.simplify,
            sympy.trigsimp,
            fu,  # trigonometric rules that `simplify` does not try
            lambda e: sympy.simplify(sympy.expand(e)),
        ]
    return rewrites


def _agrees(
    sympy: Any, expression: Any, names: tuple[str, ...], table: np.ndarray, values: np.ndarray
) -> bool:
    symbols = [sympy.Symbol(name, real=True) for name in names]
    function = sympy.lambdify(symbols, expression, "numpy")
    with np.errstate(all="ignore"):
        result = np.asarray(function(*table.T)) + np.zeros(len(table))
    if np.iscomplexobj(result) or not np.all(np.isfinite(result)):
        return False
    return bool(np.max(np.abs(result - values)) <= TOLERANCE * max(np.max(np.abs(values)), 1e-300))


# -------------------- conversion --------------------


def to_sympy(expression: Expression, *, is_protected: bool = True) -> Any:
    """An expression as one of sympy.

    Parameters
    ----------
    is_protected : bool
        Whether a logarithm is written as that of the absolute value.

    Examples
    --------
    >>> from synthesis.architectures.evolving import Apply, Input, Sum
    >>> x = Sum(0.0, ((1.0, Input("x")),))
    >>> to_sympy(Sum(1.0, ((2.0, Apply("multiply", (x, x))),)))
    2*x**2 + 1
    """
    sympy = _sympy()
    if isinstance(expression, Input):
        return sympy.Symbol(expression.name, real=True)
    if isinstance(expression, Apply):
        arguments = [to_sympy(a, is_protected=is_protected) for a in expression.arguments]
        return _applied(sympy, expression.kind, arguments, is_protected)
    terms = [
        _number(sympy, weight) * to_sympy(part, is_protected=is_protected)
        for weight, part in expression.terms
    ]
    return sympy.Add(_number(sympy, expression.constant), *terms)


def _applied(sympy: Any, kind: str, a: list[Any], is_protected: bool) -> Any:
    functions: dict[str, Callable[[], Any]] = {
        "add": lambda: a[0] + a[1],
        "subtract": lambda: a[0] - a[1],
        "multiply": lambda: a[0] * a[1],
        "divide": lambda: a[0] / a[1],
        "square": lambda: a[0] ** 2,
        "sin": lambda: sympy.sin(a[0]),
        "cos": lambda: sympy.cos(a[0]),
        "exp": lambda: sympy.exp(a[0]),
        "log": lambda: sympy.log(sympy.Abs(a[0]) if is_protected else a[0]),
        "relu": lambda: sympy.Max(a[0], 0),
        "max": lambda: sympy.Max(*a),
        "min": lambda: sympy.Min(*a),
        "gate": lambda: a[1] / (1 + sympy.exp(-a[0])),
    }
    if kind not in functions:
        raise ValueError(f"operation {kind!r} has no spelling in sympy")
    return functions[kind]()


def _number(sympy: Any, value: float) -> Any:
    """A simple fraction or multiple of pi where the number is one up to rounding."""
    for unit, factor in ((1.0, sympy.Integer(1)), (np.pi, sympy.pi)):
        simple = Fraction(value / unit).limit_denominator(LARGEST_DENOMINATOR)
        if abs(float(simple) * unit - value) <= 1e-14 * max(abs(value), 1e-3):
            return sympy.Rational(simple.numerator, simple.denominator) * factor
    return sympy.Float(value, 17)


def sympy_size(expression: Any) -> int:
    """Nodes of a sympy expression, sums and products counted as operations on two parts.

    Examples
    --------
    >>> import sympy
    >>> sympy_size(sympy.sympify("2*x*y + 1"))
    7
    """
    if not expression.args:
        return 1
    inside = sum(sympy_size(part) for part in expression.args)
    if expression.is_Pow and expression.args[1] == _sympy().Rational(1, 2):
        return 1 + sympy_size(expression.args[0])
    is_sum = expression.is_Add or expression.is_Mul
    return inside + (len(expression.args) - 1 if is_sum else 1)
