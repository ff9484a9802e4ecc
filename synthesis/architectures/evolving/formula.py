"""An evolving network as something to read: a formula, a tree, a Python function.

`formulas` gives expressions, `text` and `size` say what they look like, `to_tree` and `to_python`
render a whole network, and `simplified` (extra ``formula``: sympy) makes the shortest formula that
still gives the network's own predictions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple, Union

import numpy as np

from vvalues import NUMBER, VValue

from .model import EvolvingModel
from .operations import OPERATIONS
from .structure import OUTPUT, SCALE, layer_name, levels, operation_of

__all__ = [
    "Apply",
    "Expression",
    "Input",
    "Sum",
    "evaluate",
    "formulas",
    "size",
    "text",
    "to_python",
    "to_text",
    "to_tree",
]

DIGITS = 6


class Input(NamedTuple):
    """An input column.

    Examples
    --------
    >>> text(Sum(0.0, ((3.0, Input("x")),)))
    '3·x'
    """

    name: str


class Apply(NamedTuple):
    """An operation on expressions.

    Examples
    --------
    >>> x = Sum(0.0, ((1.0, Input("x")),))
    >>> text(Apply("multiply", (x, Sum(1.0, ((2.0, Apply("sin", (x,))),)))))
    'x·(2·sin(x) + 1)'
    """

    kind: str
    arguments: tuple[Sum, ...]


class Sum(NamedTuple):
    """``constant + sum of weight * part``.

    Examples
    --------
    >>> text(Sum(0.5, ((2.0, Input("x")), (-1.0, Input("y")))))
    '2·x - y + 0.5'
    """

    constant: float
    terms: tuple[tuple[float, Input | Apply], ...]


Expression = Union[Input, Apply, Sum]  # noqa: UP007  (evaluated at run time on Python 3.10)


# -------------------- from a network --------------------


def formulas(model: EvolvingModel, parameters: VValue) -> dict[str, Sum]:
    """The expression of every output.

    Parameters
    ----------
    model : EvolvingModel
    parameters : VValue

    Returns
    -------
    dict, output -> Sum; running scales are taken into the weights

    Raises
    ------
    ValueError
        If the parameters are no network of this model.

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel
    >>> from vvalues import VValue
    >>> product = {"multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}}}
    >>> tree = VValue({"layer-1": {**product, "output": {"y0": {"multiply-1": 2}}}})
    >>> text(formulas(EvolvingModel(2, 1), tree)["y0"])
    '2·x0·x1'
    """
    model.plan(parameters.support)  # says what is wrong, with the path
    sources: dict[str, tuple[float, Expression]] = {n: (1.0, Input(n)) for n in model.inputs}
    outputs: dict[str, Sum] = {}
    for number, names in enumerate(model.outputs, start=1):
        layer = layer_name(number)
        for name in (n for level in levels(parameters.support, layer, sources) for n in level):
            fields = operation_of(name).arguments
            arguments = tuple(_sum(parameters, (layer, name, f), sources) for f in fields)
            factor = math.exp(-float(parameters[layer, name, SCALE]))
            sources[name] = (factor, Apply(operation_of(name).kind, arguments))
        outputs = {name: _sum(parameters, (layer, OUTPUT, name), sources) for name in names}
        sources = {name: (1.0, outputs[name]) for name in names}
    return outputs


def _sum(
    parameters: VValue, field: tuple[str, ...], sources: dict[str, tuple[float, Expression]]
) -> Sum:
    own = (*field, NUMBER)
    constant = float(parameters[own])
    terms: list[tuple[float, Input | Apply]] = []
    for path, weight in parameters.subtree(field).items():
        if not path or weight == 0.0:
            continue
        factor, part = sources[path[0]]
        if isinstance(part, Sum):  # an output of the layer before: linear in linear
            constant += float(weight) * part.constant
            terms += [(float(weight) * w, inner) for w, inner in part.terms]
        else:
            terms.append((float(weight) * factor, part))
    return Sum(constant, tuple(terms))


# -------------------- as text --------------------


def text(expression: Expression, digits: int = DIGITS) -> str:
    """An expression for people.

    Examples
    --------
    >>> text(Sum(-1.0, ((2.0, Apply("sin", (Sum(0.0, ((1.0, Input("x")),)),))),)))
    '2·sin(x) - 1'
    """
    return _spelled(expression, digits)[0]


SUM, PRODUCT, ATOM = 1, 2, 3  # how tightly a text binds


def _spelled(expression: Expression, digits: int) -> tuple[str, int]:
    """Text of an expression, and how tightly it binds."""
    if isinstance(expression, Input):
        return expression.name, ATOM
    if isinstance(expression, Sum):
        return _sum_spelled(expression, digits)
    operation = OPERATIONS[expression.kind]
    arguments = [
        _bracketed(_spelled(argument, digits), needed)
        for argument, needed in zip(expression.arguments, operation.needs, strict=False)
    ]
    return operation.text.format(*arguments), operation.binds


def _bracketed(spelled: tuple[str, int], needed: int) -> str:
    shown, binds = spelled
    return shown if binds >= needed else f"({shown})"


def _sum_spelled(expression: Sum, digits: int) -> tuple[str, int]:
    parts = [_term_spelled(weight, part, digits) for weight, part in expression.terms]
    if expression.constant != 0.0 or not parts:
        is_negative = expression.constant < 0
        parts.append((f"{expression.constant:.{digits}g}", SUM if is_negative else ATOM))
    if len(parts) == 1:
        return parts[0]
    shown = parts[0][0]
    for part, _ in parts[1:]:
        shown += f" - {part[1:]}" if part.startswith("-") else f" + {part}"
    return shown, SUM


def _term_spelled(weight: float, part: Input | Apply, digits: int) -> tuple[str, int]:
    spelled = _spelled(part, digits)
    if weight == 1.0:
        return spelled
    factor = "-" if weight == -1.0 else f"{weight:.{digits}g}·"
    return factor + _bracketed(spelled, PRODUCT), SUM if weight < 0 else PRODUCT


def to_text(model: EvolvingModel, parameters: VValue, digits: int = DIGITS) -> str:
    """One line per output: ``y0 = ...``.

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel
    >>> from synthesis.architectures.evolving.structure import add_operation
    >>> from vvalues import VValue
    >>> model = EvolvingModel(["a", "b"], ["y"], operations=["multiply"])
    >>> tree = VValue({"layer-1": {"output": {"y": {"a": 1.0}}}})
    >>> tree, name = add_operation(tree, "layer-1", "multiply", ["a", "b"])
    >>> tree = tree + VValue({"layer-1": {"output": {"y": {name: 2.0}}}})
    >>> print(to_text(model, tree))
    y = a + 2·a·b
    """
    found = formulas(model, parameters)
    return "\n".join(f"{name} = {text(expression, digits)}" for name, expression in found.items())


def size(expression: Expression) -> int:
    """Number of operations, inputs and constants; weights of 1 and constants of 0 are free.

    The same count as the length of a program in genetic programming: every node of the tree.

    Examples
    --------
    >>> size(Sum(1.0, ((2.0, Input("x")),)))
    5
    """
    if isinstance(expression, Input):
        return 1
    if isinstance(expression, Apply):
        return 1 + sum(size(argument) for argument in expression.arguments)
    parts = [size(part) + (0 if weight == 1.0 else 2) for weight, part in expression.terms]
    if expression.constant != 0.0 or not parts:
        parts.append(1)
    return sum(parts) + len(parts) - 1


# -------------------- as a tree --------------------


def to_tree(model: EvolvingModel, parameters: VValue, digits: int = DIGITS) -> str:
    """Every output as a tree of operations, weights beside the branches.

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel
    >>> from vvalues import VValue
    >>> product = {"multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}}}
    >>> tree = VValue({"layer-1": {**product, "output": {"y0": {"multiply-1": 2}}}})
    >>> print(to_tree(EvolvingModel(2, 1), tree))
    y0
    └─ 2 · multiply
       ├─ first
       │  └─ x0
       └─ second
          └─ x1
    """
    lines: list[str] = []
    for name, expression in formulas(model, parameters).items():
        lines.append(name)
        lines += _branches(expression, "", digits)
    return "\n".join(lines)


def _branches(expression: Sum, indent: str, digits: int) -> Iterator[str]:
    parts: list[tuple[float, Any]] = list(expression.terms)
    if expression.constant != 0.0 or not parts:
        parts.append((expression.constant, None))
    for i, (weight, part) in enumerate(parts):
        is_last = i == len(parts) - 1
        shown = f"{weight:.{digits}g}"
        if part is not None:
            head = part.kind if isinstance(part, Apply) else part.name
            shown = head if weight == 1.0 else f"{shown} · {head}"
        yield f"{indent}{'└─ ' if is_last else '├─ '}{shown}"
        if isinstance(part, Apply):
            below = indent + ("   " if is_last else "│  ")
            fields = OPERATIONS[part.kind].arguments
            for k, (field, argument) in enumerate(zip(fields, part.arguments, strict=True)):
                end = k == len(fields) - 1
                yield f"{below}{'└─ ' if end else '├─ '}{field}"
                yield from _branches(argument, below + ("   " if end else "│  "), digits)


# -------------------- as Python --------------------

HELPERS = {
    "divide": (
        "def divide(a, b):\n"
        "    is_zero = np.abs(b) < 1e-9\n"
        "    return np.where(is_zero, 0.0, a / np.where(is_zero, 1.0, b))\n"
    ),
    "log": (
        "def log(a):\n"
        "    size = np.abs(a)\n"
        "    return np.where(size < 1e-9, 0.0, np.log(np.maximum(size, 1e-9)))\n"
    ),
    "gate": "def gate(a, b):\n    return (0.5 + 0.5 * np.tanh(0.5 * a)) * b\n",
}


def to_python(model: EvolvingModel, parameters: VValue, name: str = "network") -> str:
    """Source of a function of the input columns that returns the outputs; needs numpy only.

    Notes
    -----
    Numbers are written with all their digits: the function gives the network's predictions up to
    the order of additions. Input names that are no Python names get an underscore for each odd
    character.

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel
    >>> from vvalues import VValue
    >>> product = {"multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}}}
    >>> tree = VValue({"layer-1": {**product, "output": {"y0": {"multiply-1": 2}}}})
    >>> names = {}
    >>> exec(to_python(EvolvingModel(2, 1), tree), names)
    >>> names["network"](np.array([3.0]), np.array([4.0]))
    array([24.])
    """
    found = formulas(model, parameters)
    writer = _PythonWriter()
    results = [writer.sum(expression) for expression in found.values()]
    arguments = ", ".join(_identifier(n) for n in model.inputs)
    parts = ["import numpy as np\n"]
    parts += [f"\n\n{HELPERS[kind]}" for kind in HELPERS if kind in writer.kinds]
    returned = results[0] if len(results) == 1 else f"({', '.join(results)})"
    parts.append(f'\n\ndef {name}({arguments}):\n    """Outputs: {"; ".join(found)}."""\n')
    parts += [f"    {line}\n" for line in writer.lines]
    parts.append(f"    return {returned}\n")
    return "".join(parts)


class _PythonWriter:
    """One assignment per operation; what is read twice is computed once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.kinds: set[str] = set()
        self.names: dict[Apply, str] = {}

    def sum(self, expression: Sum) -> str:
        parts = [
            self.part(part) if weight == 1.0 else f"{weight!r} * {self.part(part)}"
            for weight, part in expression.terms
        ]
        if expression.constant != 0.0 or not parts:
            parts.append(repr(expression.constant))
        return " + ".join(parts)

    def part(self, part: Input | Apply) -> str:
        if isinstance(part, Input):
            return _identifier(part.name)
        if part not in self.names:
            arguments = []
            for argument in part.arguments:
                shown = self.sum(argument)
                is_simple = len(argument.terms) + (argument.constant != 0.0) <= 1
                arguments.append(shown if is_simple else f"({shown})")
            self.kinds.add(part.kind)
            self.names[part] = f"v{len(self.names) + 1}"
            value = OPERATIONS[part.kind].python.format(*arguments)
            self.lines.append(f"{self.names[part]} = {value}")
        return self.names[part]


def _identifier(name: str) -> str:
    clean = "".join(c if c.isalnum() else "_" for c in name)
    return clean if clean.isidentifier() else f"_{clean}"


def evaluate(expression: Expression, columns: dict[str, np.ndarray]) -> np.ndarray:
    """Value of an expression on columns of inputs, by the operations' own kernels.

    Examples
    --------
    >>> x = Sum(0.0, ((1.0, Input("x")),))
    >>> evaluate(Sum(1.0, ((2.0, Apply("multiply", (x, x))),)), {"x": np.array([1.0, 3.0])})
    array([ 3., 19.])
    """
    if isinstance(expression, Input):
        return columns[expression.name]
    if isinstance(expression, Apply):
        arguments = [evaluate(argument, columns) for argument in expression.arguments]
        return OPERATIONS[expression.kind].apply(*arguments)
    total = np.full(np.shape(next(iter(columns.values()))), expression.constant)
    for weight, part in expression.terms:
        total = total + weight * evaluate(part, columns)
    return total
