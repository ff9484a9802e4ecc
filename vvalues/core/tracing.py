"""What a value is behind autograd's boxes.

While a function is being differentiated its trees and numbers arrive boxed, possibly several times
over (one box per order of differentiation). Structure is never traced, so it may be read through
the boxes; elements may not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.builtins import isinstance as _isinstance
from autograd.tracer import isbox

from . import tree as _tree  # the module: it imports this one, and defines its names later

if TYPE_CHECKING:
    from .support import Support
    from .tree import VValue

__all__ = ["is_traced", "is_tree", "require_trees", "support_of", "unboxed"]


def is_traced(value: Any) -> bool:
    """Whether a value is being differentiated."""
    return isbox(value)


def is_tree(value: Any) -> bool:
    """Whether a value is a V-value, boxed or not."""
    return type(value) is _tree.VValue or _isinstance(value, _tree.VValue)


def unboxed(tree: Any, argument: str = "value") -> VValue:
    """The V-value inside any number of boxes.

    Raises
    ------
    TypeError
        If it is not a V-value; the message names the argument.
    """
    while isbox(tree):
        tree = tree._value
    if type(tree) is not _tree.VValue:
        require_trees(**{argument: tree})
    return tree


def support_of(tree: Any, argument: str = "value") -> Support:
    """The support of a V-value, boxed or not."""
    return unboxed(tree, argument).support


def require_trees(**arguments: Any) -> None:
    """Refuse anything but V-values: a container with boxes inside would lose its derivatives.

    Raises
    ------
    TypeError
        The message names the argument and the remedy.
    """
    for name, value in arguments.items():
        if type(value) is not _tree.VValue:
            raise TypeError(
                f"argument {name} is {type(value).__name__} {value!r:.60}; expected a VValue: "
                f"wrap it in VValue(...)"
            )
