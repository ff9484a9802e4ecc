"""The equations of a machine in LaTeX, every symbol with its time."""

from __future__ import annotations

from functools import partial

from ...machine.machine import Machine
from ...neurons.spelling import Linear, Symbol, latex_name
from ..labels import count, number_text, plain, unique_labels
from ..reading import LIMIT
from .equations import NAME_CELLS, derive, legend
from .expressions import sum_text
from .simplify import Equation, System

__all__ = ["to_latex"]


def to_latex(machine: Machine, *, limit: int | None = LIMIT) -> str:
    r"""The equations of `equations` as an ``align*`` environment of amsmath.

    ``a(t)`` is what ``a`` holds after tick ``t``; before the first tick everything is zero,
    constants too, unless a comment says otherwise. What the symbols stand for, and how the
    equations were checked, are comments in front.

    Parameters
    ----------
    machine : Machine
    limit : int or None
        Of a machine with more links than this, nothing but a comment is written.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> print("\n".join(to_latex(duplicate_detector()).splitlines()[-6:-3]))
    a(t) &= \sum_{s \leq t} \mathrm{char}(s-1) \\
    m(t) &= \left\Vert a(t-1)\right\Vert_{\infty} \\
    d(t) &= \operatorname{clip}_{4}\left\langle a(t-1),\, \mathrm{eos}(t-1)\right\rangle \\
    """
    n_links = len(machine.fixed) + len(machine.trainable)
    if limit is not None and n_links > limit:
        return f"% no equations: {count(n_links, 'link')}, more than the {limit} that people read"
    system = derive(machine) if n_links else System()
    if not system.equations:
        return "% no equations: the machine emits nothing"
    neurons = unique_labels(machine.neurons, NAME_CELLS)
    lines = [_line(equation, system, neurons) for equation in system.equations]
    comments = [f"% {line}" for line in legend(machine, system, neurons) if "delay k" not in line]
    body = " \\\\\n".join(lines)
    return "\n".join([*comments, "\\begin{align*}", body, "\\end{align*}"])


def _line(equation: Equation, system: System, neurons: dict[str, str]) -> str:
    if equation.is_input:
        left = _name(f"{neurons[equation.port[0]]}.{plain(equation.port[1])}")
    else:
        left = _name(system.names[equation.port])
    time = "s" if equation.is_sum else "t"
    right = _text(equation.right, partial(_symbol, system=system, time=time))
    if equation.is_sum:
        is_several = len(equation.right.terms) + bool(equation.right.constant) > 1
        right = rf"\left({right}\right)" if is_several else right
        right = rf"\sum_{{s \leq t}} {right}"
    since = rf" && (t \geq {equation.valid_from})" if equation.valid_from > 1 else ""
    return f"{left}(t) &= {right}{since}"


def _text(expression: Linear, symbol: partial[str]) -> str:
    terms = []
    for atom, coefficient in expression.terms:
        if isinstance(atom, Symbol):
            terms.append((symbol(atom), coefficient))
        else:
            arguments = [_text(part, symbol) for part in atom.arguments]
            terms.append((atom.function.latex(arguments), coefficient))
    return sum_text(terms, expression.constant, _number, times=r"\,")


def _symbol(symbol: Symbol, system: System, time: str) -> str:
    name = f"{_name(system.names[symbol.port])}({time}-{symbol.delay})"
    return rf"\operatorname{{number}}\left({name}\right)" if symbol.is_number else name


def _name(name: str) -> str:
    """A letter with its number as an index; upright where it is more than a letter."""
    letter, digits = name[:1], name[1:]
    if letter.isalpha() and letter.isascii() and (not digits or digits.isdecimal()):
        return f"{letter}_{{{digits}}}" if digits else letter
    return rf"\mathrm{{{latex_name(name)}}}"


def _number(x: float) -> str:
    mantissa, _, exponent = number_text(x).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa
