"""Whether values are of the types that a dataclass or named tuple declares for its fields.

A file can hold anything in any place; what has been checked here does not fail later, deep in a
computation, with an error that names no file.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from inspect import signature
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

__all__ = ["check_fields", "conforms"]


def check_fields(cls: type, items: Mapping[str, Any]) -> None:
    """Refuse what a class cannot be made of.

    Parameters
    ----------
    cls : dataclass or named tuple
    items : mapping of field to value

    Raises
    ------
    ValueError
        If there is a field that the class does not have, one that it needs is missing, or a value
        is not of the declared type.

    Examples
    --------
    >>> from .state import State
    >>> check_fields(State, {"parameters": 3})
    Traceback (most recent call last):
        ...
    ValueError: parameters is 3, which is no VValue
    """
    hints, needed = _fields(cls)
    for name in items:
        if name not in hints:
            raise ValueError(f"a {cls.__name__} has no {name!r:.60}")
    for name in needed:
        if name not in items:
            raise ValueError(f"the {cls.__name__} lacks {name}")
    for name, value in items.items():
        if not conforms(value, hints[name]):
            raise ValueError(f"{name} is {value!r:.60}, which is no {_called(hints[name])}")


@lru_cache(maxsize=256)
def _fields(cls: type) -> tuple[dict[str, Any], list[str]]:
    """Types of all fields, and names of those without a default."""
    parameters = signature(cls).parameters
    hints = get_type_hints(cls)
    needed = [name for name, field in parameters.items() if field.default is field.empty]
    return {name: hints.get(name, Any) for name in parameters}, needed


def conforms(value: Any, hint: Any) -> bool:
    """Whether a value is of a type; what the type leaves open passes.

    Lists come back from files as tuples, so a tuple passes for any sequence; a whole number passes
    for a real one.

    Examples
    --------
    >>> conforms((1, 2), tuple[int, ...]), conforms(True, int), conforms(1, float | None)
    (True, False, True)
    """
    if hint is Any:
        return True
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(conforms(value, option) for option in arguments)
    if origin is Literal:
        return value in arguments
    kind = origin or hint
    if kind is None or kind is type(None):
        return value is None
    if kind is float:
        return type(value) in (int, float)
    if not isinstance(kind, type):  # a type variable
        return True
    if issubclass(kind, np.ndarray):
        return isinstance(value, np.ndarray)
    if kind in (tuple, list, Sequence):
        return isinstance(value, (tuple, list)) and _all_conform(value, kind, arguments)
    if issubclass(kind, Mapping):
        of_value = arguments[1] if len(arguments) == 2 else Any
        return isinstance(value, Mapping) and all(conforms(v, of_value) for v in value.values())
    if getattr(kind, "_is_protocol", False):
        return True
    return type(value) is int if kind is int else isinstance(value, kind)


def _all_conform(values: Sequence[Any], kind: type, arguments: tuple[Any, ...]) -> bool:
    if not arguments:
        return True
    hints: Iterable[Any] = arguments
    if kind is not tuple or arguments[-1] is Ellipsis:
        hints = [arguments[0]] * len(values)
    elif len(arguments) != len(values):
        return False
    return all(map(conforms, values, hints))


def _called(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
