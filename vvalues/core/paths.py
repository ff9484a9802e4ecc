"""Paths: tuples of string keys, their order, and their spelling for people.

A path is a tuple of ``str`` keys; the empty tuple is the root. Two orders are used:

* the *canonical* order of a support is plain tuple order, because it is fast and makes every
  subtree one contiguous run of the buffer;
* the *natural* order of displays and files sorts ``n2`` before ``n10``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

__all__ = [
    "NUMBER",
    "Path",
    "as_path",
    "format_path",
    "names_own_scalar",
    "natural_key",
    "no_spelling",
    "parse_path",
]

Path = tuple[str, ...]

NUMBER = ":number"
"""Reserved key for the scalar that sits at an inner node."""

_DIGITS = re.compile(r"(\d+)")


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

    Examples
    --------
    >>> print(format_path(("norm-2-1", "dict")))
    norm-2-1/dict
    >>> format_path(())
    '(root)'
    """
    keys = tuple(path)
    if not keys:
        return "(root)"
    return "/".join(key.replace("\\", "\\\\").replace("/", "\\/") or "\\0" for key in keys)


def parse_path(text: str) -> Path:
    r"""Inverse of `format_path`.

    Examples
    --------
    >>> parse_path("a/b\\/c")
    ('a', 'b/c')
    >>> parse_path("(root)")
    ()
    """
    if text == "(root)":
        return ()
    keys: list[str] = []
    key = ""
    characters = iter(text)
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            key += "" if following == "0" else following
        elif character == "/":
            keys.append(key)
            key = ""
        else:
            key += character
    keys.append(key)
    return tuple(keys)


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
    keys = parse_path(key)
    if keys != (key,) and holds(keys):
        path = ", ".join(f'"{part}"' for part in keys)
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


def _natural_parts(key: str) -> tuple:
    # Text at even places, digits at odd ones; the key itself breaks ties such as "01" and "1".
    parts = _DIGITS.split(key)
    parts[1::2] = [int(digits) for digits in parts[1::2]]  # type: ignore[misc]
    return tuple(parts), key
