"""The language of patterns: which leaves of a support are meant.

A pattern is spelled like a path that a display prints, with wildcards:

========== =======================================================
``*``      any characters of one key: ``accum-*``, ``*-norm``, ``*``
``?``      any one character of a key
``**``     any number of keys, none included
``:number`` at the end: the node's own scalar, not what hangs below
``\\``      the next character is meant literally
========== =======================================================

A pattern names nodes, and selects what is at them and below, as ``v[path]`` does. Besides a text,
a pattern may be a path (a tuple of keys, taken literally), a predicate of paths, a support or a
V-value (the leaves that it has; of a V-value, where it is not zero), or a list of patterns: any.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from ..core.kernels import leaf_magnitudes
from ..core.paths import NUMBER, Path, as_path, format_path, names_own_scalar, split_keys
from ..core.support import Support
from ..core.tracing import is_tree, unboxed

__all__ = ["Pattern", "escape_pattern", "is_selected", "matches", "selected"]

Pattern = Any
"""A text, a path, a predicate of paths, a Support, a VValue, or a list of these."""

# A path is matched as text: every key with its slashes and backslashes escaped, then a slash.
_CHARACTER = r"(?:[^/\\]|\\.)"
_WILD = {"*": f"{_CHARACTER}*", "?": _CHARACTER}


def escape_pattern(path: str | Iterable[str]) -> str:
    r"""The pattern that means one path (and what is below) literally.

    Examples
    --------
    >>> print(escape_pattern(("a*b", "c/d")))
    a\*b/c\/d
    """
    keys = as_path(path)
    return re.sub(r"([*?])", r"\\\1", format_path(keys)) if keys else "**"


@lru_cache(maxsize=4096)
def matches(pattern: str) -> Callable[[Path], bool]:
    """The predicate of paths that a text stands for.

    Raises
    ------
    ValueError
        If keys follow ``":number"``, or ``**`` is mixed with other characters in one key.

    Examples
    --------
    >>> matches("accum-*/**/dict")(("accum-1", "out", "dict", "x"))
    True
    """
    *keys, last = split_keys("**" if pattern == "(root)" else pattern)
    own_scalar = last == list(NUMBER)
    if list(NUMBER) in keys:
        raise ValueError(f"pattern {pattern!r} goes below {NUMBER!r}; that key holds a scalar only")
    parts = [_expression(key, pattern) for key in (keys if own_scalar else [*keys, last])]
    compiled = re.compile("".join(parts) + ("" if own_scalar else ".*"), re.DOTALL)
    return lambda path: compiled.fullmatch(_text(path)) is not None


def _text(path: Path) -> str:
    return "".join(key.replace("\\", "\\\\").replace("/", "\\/") + "/" for key in path)


def _expression(key: list[str], pattern: str) -> str:
    if key == ["*", "*"]:
        return f"(?:{_CHARACTER}*/)*"
    if ("*", "*") in pairwise(key):
        text = "".join(key)
        raise ValueError(f"pattern {pattern!r}: ** stands for whole keys, not inside {text!r}")
    return "".join(_WILD.get(c) or _literal(c[-1] if c != "\\" else "") for c in key) + "/"


def _literal(character: str) -> str:
    return re.escape("\\" + character if character in ("/", "\\") else character)


# -------------------- on a support --------------------


def selected(support: Support, *patterns: Pattern) -> Support:
    """The part of a support that any of some patterns selects; remembered for texts and paths.

    Raises
    ------
    TypeError
        If a pattern is none.

    Examples
    --------
    >>> from vvalues import VValue
    >>> support = VValue({"a": {"x": 0, "y": 0}, "b": {"x": 0}}).support
    >>> selected(support, "*/x").paths
    (('a', 'x'), ('b', 'x'))
    """
    known: dict[tuple, Support] = support.__dict__.setdefault("_selected", {})
    is_text = all(type(pattern) is str for pattern in patterns)
    if is_text and patterns in known:
        return known[patterns]
    keep = np.zeros(len(support), bool)
    for pattern in patterns:
        keep |= is_selected(support, pattern)
    part = support.where(keep)
    if is_text:
        known[patterns] = part
    return part


def is_selected(support: Support, pattern: Pattern) -> np.ndarray:
    """Which leaves of a support a pattern selects.

    Returns
    -------
    array of bool, of shape (len(support),)
    """
    if is_tree(pattern):
        mask = unboxed(pattern)
        pattern = mask.support.where(leaf_magnitudes(mask) > 0)
    if isinstance(pattern, Support):
        return np.array([path in pattern.index for path in support.paths], bool)
    if type(pattern) is tuple:
        return _literally(support, pattern)
    if isinstance(pattern, (list, set, frozenset)):
        every = [is_selected(support, one) for one in pattern]
        return np.any(every, axis=0) if every else np.zeros(len(support), bool)
    if isinstance(pattern, str):
        pattern = matches(pattern)
    if not callable(pattern):
        raise TypeError(
            f"pattern is {type(pattern).__name__} {pattern!r:.40}; expected a text, a tuple of "
            "keys, a predicate of paths, a Support, a VValue or a list of these"
        )
    return np.fromiter((bool(pattern(path)) for path in support.paths), bool, len(support))


def _literally(support: Support, path: Path) -> np.ndarray:
    keep = np.zeros(len(support), bool)
    first, last = support.leaf_range(as_path(path))
    if names_own_scalar(path):
        last = first + (as_path(path) in support)
    keep[first:last] = True
    return keep
