"""How arguments and results lie in flat arrays: trees by their support, arrays by their shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

from ..core.bridges import ravel, unravel
from ..core.kernels import align
from ..core.paths import format_path
from ..core.structure import restrict
from ..core.support import Support
from ..core.tracing import is_tree, support_of
from ..core.tree import VValue, unchecked
from ..patterns.language import Pattern, selected
from ..patterns.selecting import partition, positions_in

__all__ = ["Layout", "layout_of", "only", "with_argument"]


@dataclass(frozen=True)
class Layout:
    """The order of the elements of a tree, an array or a number in a flat array.

    Attributes
    ----------
    support : Support, or None for an array or a number
    shape : tuple of int
        Of the array; ``()`` is a number.
    """

    support: Support | None
    shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        return int(np.prod(self.shape)) if self.support is None else self.support.size

    def __str__(self) -> str:
        if self.support is not None:
            return f"{self.size} elements of a tree"
        return f"an array {self.shape}" if self.shape else "a number"

    def flat(self, value: Any) -> Any:
        """The value as a flat array; leaves of a tree outside are left out. May be traced."""
        if self.support is None:
            return anp.reshape(value, (self.size,))
        return ravel(value, self.support)

    def plain(self, value: Any) -> np.ndarray:
        """As `flat`, for a value that is not traced; possibly a view."""
        if self.support is None:
            return np.reshape(value, self.size)
        return align(value, self.support)

    def value(self, flat: Any) -> Any:
        """Inverse of `flat`; may be traced."""
        if self.support is not None:
            return unravel(flat, self.support)
        return anp.reshape(flat, self.shape) if self.shape else flat[0]

    def cotangent(self, flat: np.ndarray) -> Any:
        """As `value`, for a fresh array that nobody else has."""
        if self.support is not None:
            return unchecked(self.support, flat)
        return flat.reshape(self.shape) if self.shape else flat[0]

    def require(self, value: Any, name: str) -> Any:
        """A value of this layout, or an error that names the argument.

        Raises
        ------
        TypeError, ValueError
            If it is of another kind or shape, or a tree has more than the layout: its element
            there would be lost.
        """
        if (self.support is not None) != is_tree(value):
            raise TypeError(f"{name} is {type(value).__name__} {value!r:.40}; expected {self}")
        if self.support is None:
            if anp.shape(value) != self.shape:
                raise ValueError(f"{name} has shape {anp.shape(value)}; expected {self}")
            return value
        inside = support_of(value)
        if inside is not self.support and type(value) is VValue:
            for path, leaf in value.items():
                if path not in self.support.index and np.any(leaf):
                    raise ValueError(
                        f"{name} has {leaf!r:.40} at {format_path(path)}, where the map has "
                        "nothing: select(v, J.columns.support), or differentiate at a point that "
                        "has this path"
                    )
        return value

    def fixed(self, value: Any, name: str) -> Any:
        """A value as `require` wants it, a tree on this support; may be traced."""
        self.require(value, name)
        if self.support is None or support_of(value) is self.support:
            return value
        return restrict(value, self.support)

    def part(self, pattern: Pattern) -> tuple[Layout, np.ndarray]:
        """The elements that a pattern selects, and where they are; ``...`` is all of them."""
        if pattern is Ellipsis or (isinstance(pattern, slice) and pattern == slice(None)):
            return self, np.arange(self.size)
        if self.support is None:
            raise TypeError(f"pattern {pattern!r:.40} selects paths, and this side is {self}: ...")
        return Layout(selected(self.support, pattern)), positions_in(self.support, pattern)


def layout_of(value: Any, what: str) -> Layout:
    """The layout of a tree, an array or a number, traced or not.

    Raises
    ------
    TypeError
        If it is none of them.
    """
    if is_tree(value):
        return Layout(support_of(value))
    if isinstance(value, (list, tuple, dict)):
        raise TypeError(
            f"{what} is {type(value).__name__}; expected a VValue, an array or a number"
        )
    plain = getval(value)  # a box has a shape only if what is inside has one, and a float has none
    if isinstance(plain, (Real, np.ndarray)) or hasattr(plain, "shape"):
        return Layout(None, np.shape(plain))
    raise TypeError(
        f"{what} is {type(value).__name__} {value!r:.40}; expected a VValue, an array or a number"
    )


def with_argument(
    function: Callable, arguments: tuple, argnum: int
) -> tuple[Callable[[Any], Any], Any]:
    """The function of one argument, the others as they are; and that argument.

    Raises
    ------
    ValueError
        If there is no such argument.
    """
    if not -len(arguments) <= argnum < len(arguments):
        raise ValueError(f"argnum is {argnum}; the function was given {len(arguments)} arguments")
    argnum %= len(arguments)
    x = arguments[argnum]
    x = float(x) if isinstance(x, int) else x

    def of_one(value: Any) -> Any:
        result = function(*arguments[:argnum], value, *arguments[argnum + 1 :])
        layout_of(result, "the value of the function")
        return result

    return of_one, x


def only(function: Callable, x: Any, patterns: tuple[Pattern, ...]) -> tuple[Callable, Any]:
    """The function of the selected leaves, the others as they are; and these leaves."""
    if not patterns:
        return function, x
    part, rest = partition(x, list(patterns))
    return lambda chosen: function(chosen + rest), part
