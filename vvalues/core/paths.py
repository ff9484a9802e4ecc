"""Paths: tuples of string keys, their order, and their spelling for people.

A path is a tuple of ``str`` keys; the empty tuple is the root. Two orders are used:

* the *canonical* order of a support is plain tuple order, because it is fast and makes every
  subtree one contiguous run of the buffer;
* the *natural* order of displays and files sorts ``n2`` before ``n10``.

Keys may come from files, so what is printed shows characters that are not printable (which could
steer a terminal) by their numbers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

__all__ = [
    "NUMBER",
    "Path",
    "as_path",
    "format_path",
    "names_own_scalar",
    "natural_key",
    "no_spelling",
    "parse_path",
    "printable",
    "split_keys",
]

Path = tuple[str, ...]

NUMBER = ":number"
"""Reserved key for the scalar that sits at an inner node."""

_DIGITS = re.compile(r"(\d+)")
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}


def as_path(path: str | Iterable[str]) -> Path:
    """Normalise a key or a sequence of keys to a path.

    A ``str`` is always *one* key (a stream may well have the key ``"/"``); spelled paths go
    through `parse_path`. The reserved key ``":number"`` names the node it stands in, so it is
    dropped.

    Raises
    ------
    TypeError
        If a key is not a ``str``.
    ValueError
        If keys follow ``":number"``.

    Examples
    --------
    >>> as_path("a"), as_path(["a", "b"]), as_path(("a", ":number"))
    (('a',), ('a', 'b'), ('a',))
    """
    if type(path) is str:
        return () if path == NUMBER else (path,)
    keys = _keys(path)
    for key in keys:
        if not isinstance(key, str):
            raise TypeError(
                f"path {keys!r} has the key {key!r} of type {type(key).__name__}; "
                "keys of a V-value are str: convert it with str(key)"
            )
    if keys and keys[-1] == NUMBER:
        keys = keys[:-1]
    if NUMBER in keys:
        raise ValueError(
            f"path {format_path(keys)} goes below {NUMBER!r}; that key holds a scalar only"
        )
    return keys


def names_own_scalar(path: str | Iterable[str]) -> bool:
    """Whether a path ends in ``":number"``: the scalar of a node, not what hangs below it.

    Examples
    --------
    >>> names_own_scalar(("a", ":number")), names_own_scalar("a")
    (True, False)
    """
    return path == NUMBER if type(path) is str else _keys(path)[-1:] == (NUMBER,)


def _keys(path: str | Iterable[str]) -> tuple:
    if isinstance(path, str):
        return (path,)
    try:
        return tuple(path)
    except TypeError:
        raise TypeError(
            f"path {path!r} is {type(path).__name__}; expected a key (str) or a tuple of keys"
        ) from None


def format_path(path: Iterable[str]) -> str:
    r"""Spell a path for people: keys joined by ``/``; ``/`` and ``\`` inside a key are escaped.

    Characters that are not printable are shown as `printable` shows them.

    Examples
    --------
    >>> print(format_path(("norm-2-1", "dict")))
    norm-2-1/dict
    >>> print(format_path(("a/b", "bell\a")))
    a\/b/bell\x07
    >>> format_path(())
    '(root)'
    """
    keys = tuple(path)
    if not keys:
        return "(root)"
    return "/".join(_spelled(key) or "\\0" for key in keys)


def _spelled(key: str) -> str:
    return printable(key.replace("\\", "\\\\").replace("/", "\\/"))


def printable(text: str) -> str:
    r"""Text without characters that are not printable: these are shown by their numbers.

    Examples
    --------
    >>> print(printable("red \x1b[31m"), printable("two\nlines"))
    red \x1b[31m two\x0alines
    """
    return text if text.isprintable() else "".join(map(_printable_character, text))


def _printable_character(character: str) -> str:
    if character.isprintable():
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def parse_path(text: str) -> Path:
    r"""Inverse of `format_path`.

    Raises
    ------
    ValueError
        If ``\x``, ``\u`` or ``\U`` is not followed by the number of a character.

    Examples
    --------
    >>> parse_path("a/b\\/c")
    ('a', 'b/c')
    >>> parse_path("(root)")
    ()
    """
    if text == "(root)":
        return ()
    return tuple("".join(c.removeprefix("\\") for c in key) for key in split_keys(text))


def split_keys(text: str) -> list[list[str]]:
    """The keys of a spelling, each a list of characters; an escaped one keeps its backslash."""
    keys: list[list[str]] = [[]]
    characters = iter(text)
    for character in characters:
        if character == "\\":
            keys[-1].append("\\" + _unescaped(next(characters, ""), characters))
        elif character == "/":
            keys.append([])
        else:
            keys[-1].append(character)
    return keys


def _unescaped(mark: str, following: Iterator[str]) -> str:
    """What a backslash and the characters after it stand for."""
    if mark not in _HEX_DIGITS:
        return "" if mark == "0" else mark
    count = _HEX_DIGITS[mark]
    digits = "".join(islice(following, count))
    number = int(digits, 16) if re.fullmatch(r"[0-9a-fA-F]+", digits) else sys.maxunicode + 1
    if len(digits) < count or number > sys.maxunicode:
        raise ValueError(
            f"the path holds \\{mark}{digits}; expected the number of a character, "
            f"{count} hexadecimal digits"
        )
    return chr(number)


def no_spelling(key: str | Iterable[str], holds: Callable[[Path], bool]) -> None:
    r"""Refuse a key that is not there but spells a path that is: what a display has printed.

    A key may contain a slash (a stream may well have the key ``"m/s"``), and an absent key is zero;
    but who writes ``v["b/c"]`` where there is a path ``b/c`` means ``v["b", "c"]``, and must not
    get a silent 0. Where there is neither, both are 0.

    Parameters
    ----------
    key : what was looked up and is absent; only a ``str`` can be a spelling
    holds : path -> bool
        Whether anything is at or below a path.

    Raises
    ------
    ValueError
        If the text spells a path that is there; it names that path.

    Examples
    --------
    >>> no_spelling("m/s", holds=lambda path: False)
    >>> no_spelling("b/c", holds=lambda path: path == ("b", "c"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: there is no key 'b/c' here, but the path that it spells: write v["b", "c"], ...
    """
    if type(key) is not str or not ("/" in key or "\\" in key):
        return
    try:
        keys = parse_path(key)
    except ValueError:  # no display prints this
        return
    if keys != (key,) and holds(keys):
        path = ", ".join(f'"{printable(part)}"' for part in keys)
        raise ValueError(
            f"there is no key {key!r} here, but the path that it spells: write v[{path}], or "
            f"v[parse_path({key!r})]; for a key with a slash, v[({key!r},)]"
        )


def natural_key(path: str | Iterable[str]) -> tuple:
    """Sort key that orders digits inside keys as numbers: ``n2`` before ``n10``.

    Examples
    --------
    >>> sorted(["n10", "n2", "n1"], key=natural_key)
    ['n1', 'n2', 'n10']
    """
    keys = (path,) if isinstance(path, str) else path
    return tuple(_natural_parts(key) for key in keys)


@lru_cache(10_000)  # the same keys stand in many paths
def _natural_parts(key: str) -> tuple:
    # Text at even places, digits at odd ones; the key itself breaks ties such as "01" and "1".
    # Digits are compared by length, then as text: a key may hold more of them than int() takes.
    parts: list[Any] = _DIGITS.split(key)
    parts[1::2] = [(len(digits), digits) for digits in (d.lstrip("0") for d in parts[1::2])]
    return tuple(parts), key
