"""What every loader does first: a file is hostile until it has been read.

* *Memory*: reading may take `MEMORY` bytes and `PER_BYTE` more for every byte of the file; what a
  file would need is worked out before it is allocated. A loader's argument ``memory`` allows more.
* *Depth*: JSON is nested `DEPTH` deep at most.
* *Meaning*: a key stands once in an object, numbers are finite, counts and shapes are whole
  numbers that fit together.

Whatever is wrong is a ValueError that names the file and the place in it.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from itertools import chain
from math import prod
from operator import lt
from typing import Any

from ..core.paths import NUMBER, Path, as_path, format_path, printable
from ..core.support import Support

__all__ = [
    "DEPTH",
    "MEMORY",
    "Budget",
    "Shape",
    "parse_json",
    "parse_object",
    "parse_path",
    "parse_shape",
    "parse_support",
    "path_price",
    "read_bytes",
]

MEMORY = 128 * 2**20
"""Bytes that reading any file may take."""

PER_BYTE = 24
"""Further bytes that reading may take for every byte of the file."""

DEPTH = 200
"""How deep JSON may be nested."""

Shape = tuple[int, ...]

_AXES = 32  # as many as every numpy has
_PER_KEY = 8  # bytes of a key in a path
_ELEMENTS = 2**48  # of an array: more than any memory holds
_DIGITS = 1_000  # of a whole number: int() takes quadratic time
# What the parser makes of one character, in bytes, at most: a pair of key and value, an entry of a
# list, an empty object, an empty list (measured on CPython 3.10 to 3.13).
_PER_CHARACTER = {":": 240, ",": 72, "{": 72, "[": 72}


class Budget:
    """The memory that reading one file may still take.

    Parameters
    ----------
    where : str
        What is being read, for the message.
    size : int
        Of the file, in bytes.
    memory : int
        Bytes that may be taken beyond `PER_BYTE` for each of these.

    Examples
    --------
    >>> budget = Budget("weights.json", size=1_000, memory=1_000_000)
    >>> budget.spend(900_000)
    >>> budget.left
    124000
    >>> budget.spend(200_000)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: weights.json needs more than the 1 MB that reading a file of its size may take; ...
    """

    def __init__(self, where: str, size: int, memory: int = MEMORY) -> None:
        self.where = where
        self.granted = self.left = memory + PER_BYTE * size

    def spend(self, amount: int) -> None:
        """Take some bytes.

        Raises
        ------
        ValueError
            If there are not so many left.
        """
        self.left -= amount
        if self.left < 0:
            raise ValueError(
                f"{self.where} needs more than the {self.granted / 2**20:.0f} MB that reading a "
                "file of its size may take; if you trust it, give the loader a larger memory="
            )


def read_bytes(file: str | os.PathLike, memory: int = MEMORY) -> bytes:
    """The content of a file; of one that never ends, no more than ``memory`` bytes are read.

    Raises
    ------
    ValueError
        If the file is larger.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> from vvalues.files import write_atomically
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder, "small"), b"abc")
    ...     read_bytes(Path(folder, "small"))
    b'abc'
    """
    with open(file, "rb") as stream:
        data = stream.read(memory + 1)
    if len(data) > memory:
        raise ValueError(
            f"{printable(os.fspath(file))} holds more than {memory / 2**20:.0f} MB; if you trust "
            "it, give the loader a larger memory="
        )
    return data


# -------------------- JSON --------------------


def parse_json(data: bytes | str, where: str, budget: Budget | None = None) -> Any:
    """The value of JSON text.

    Parameters
    ----------
    data : bytes (UTF-8) or str
    where : str
        What the text is, for messages: a file name, say.
    budget : Budget, optional
        One for a file of this size when omitted.

    Raises
    ------
    ValueError
        If it is not JSON, nested too deeply, needs too much memory, holds a key twice in one
        object or a number that is not finite; the message starts with ``where``.

    Examples
    --------
    >>> parse_json('{"a": [1, 2]}', "weights.json")
    {'a': [1, 2]}
    >>> parse_json('{"a": 1, "a": 2}', "weights.json")
    Traceback (most recent call last):
        ...
    ValueError: weights.json: the key 'a' occurs twice in one object
    """
    budget = Budget(where, len(data)) if budget is None else budget
    text = _decoded(data, where, budget)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise ValueError(f"{where}: the key {twice!r:.60} occurs twice in one object")
        return found

    def whole_number(digits: str) -> int:
        if len(digits) > _DIGITS:
            raise ValueError(f"{where} holds a whole number of {len(digits)} digits")
        return int(digits)

    try:
        document = json.loads(text, object_pairs_hook=unique, parse_int=whole_number)
    except json.JSONDecodeError as error:
        raise ValueError(f"{where} is not JSON: {error}") from None
    except RecursionError:
        raise _too_deep(where) from None
    _check_contents(document, where)
    return document


def parse_object(data: bytes | str, where: str, budget: Budget | None = None) -> dict[str, Any]:
    """As `parse_json`, of what must be an object.

    Raises
    ------
    ValueError
        As `parse_json`, and if the value is not an object.

    Examples
    --------
    >>> parse_object("[1]", "weights.json")
    Traceback (most recent call last):
        ...
    ValueError: weights.json: expected an object, not list
    """
    document = parse_json(data, where, budget)
    if not isinstance(document, dict):
        raise ValueError(f"{where}: expected an object, not {type(document).__name__}")
    return document


def _decoded(data: bytes | str, where: str, budget: Budget) -> str:
    """The text, after its price has been found affordable."""
    width = 1 if data.isascii() else 4  # bytes that Python takes for a character
    budget.spend(2 * width * len(data))
    for mark, price in _PER_CHARACTER.items():
        n_marks = data.count(mark) if isinstance(data, str) else data.count(mark.encode())
        budget.spend(price * n_marks)
    try:
        return data if isinstance(data, str) else data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{where} is not UTF-8 text, so not JSON: {error}") from None


def _check_contents(document: Any, where: str) -> None:
    """Depth, and numbers; without recursion, and without looking at each element of long lists."""
    level = [document]
    depth = 0
    while level:
        depth += 1
        if depth > DEPTH:
            raise _too_deep(where)
        below: list[Any] = []
        for node in level:
            children = node.values() if isinstance(node, dict) else node
            kinds = set(map(type, children)) if isinstance(node, (dict, list)) else set()
            if float in kinds and not all(math.isfinite(x) for x in children if type(x) is float):
                raise _not_finite(document, where)
            if dict in kinds or list in kinds:
                below += [child for child in children if isinstance(child, (dict, list))]
        level = below


def _too_deep(where: str) -> ValueError:
    return ValueError(
        f"{where} is nested too deeply (more than {DEPTH} levels); V-values that deep are written "
        'as {"leaves": [[path, number], …]}'
    )


def _not_finite(document: Any, where: str) -> ValueError:
    """The complaint about the first number that is not finite, with its path."""
    stack: list[tuple[Path, Any]] = [((), document)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, float) and not math.isfinite(node):
            return ValueError(
                f"{where}: {format_path(path)} is {node}, expected a finite number of double "
                "precision"
            )
        if isinstance(node, (dict, list)):
            items = node.items() if isinstance(node, dict) else enumerate(node)
            stack += reversed([((*path, str(key)), child) for key, child in items])
    raise AssertionError("there is such a number")


# -------------------- shapes --------------------


def parse_shape(value: Any, where: str) -> Shape:
    """The shape of an array, from JSON.

    Raises
    ------
    ValueError
        If it is not a list of at most 32 whole numbers >= 0, or is larger than any memory.

    Examples
    --------
    >>> parse_shape([2, 3], "leaf w")
    (2, 3)
    >>> parse_shape([2, -3], "leaf w")
    Traceback (most recent call last):
        ...
    ValueError: leaf w: the shape [2, -3] is not a list of at most 32 whole numbers >= 0
    """
    is_shape = isinstance(value, list) and len(value) <= _AXES
    if not (is_shape and all(type(n) is int and n >= 0 for n in value)):
        raise ValueError(
            f"{where}: the shape {value!r:.60} is not a list of at most {_AXES} whole numbers >= 0"
        )
    if prod(max(n, 1) for n in value) > _ELEMENTS:
        raise ValueError(f"{where}: there is no array of the shape {value!r:.60}")
    return tuple(value)


# -------------------- paths and supports --------------------


def parse_path(keys: Any, where: str) -> Path:
    """The path of a leaf, from JSON.

    Raises
    ------
    ValueError
        If it is not a list of str keys; the message starts with ``where``.
    """
    if not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
        raise ValueError(f"{where} is {keys!r:.60}; expected a list of keys")
    try:
        return as_path(keys)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def parse_support(plain: Any, where: str, budget: Budget) -> Support:
    """A support from JSON: ``{"paths": [[key, ...], ...], "shapes": [shape, ...] or null}``.

    Raises
    ------
    ValueError
        If it is malformed, the paths are not in canonical order, or it needs too much memory.

    Examples
    --------
    >>> plain = {"paths": [["layer", "b"], ["layer", "w"]], "shapes": [[], [2, 3]]}
    >>> parse_support(plain, "weights.json", Budget("weights.json", 100))
    Support(2 leaves: layer/b, layer/w)
    >>> plain["paths"].reverse()
    >>> parse_support(plain, "weights.json", Budget("weights.json", 100))
    Traceback (most recent call last):
        ...
    ValueError: weights.json: the paths are not in canonical order
    """
    paths = plain.get("paths") if isinstance(plain, dict) else None
    if not isinstance(paths, list) or "shapes" not in plain:
        raise ValueError(f"{where}: expected an object of paths and shapes")
    found = _parse_paths(paths, where, budget)
    if not all(map(lt, found, found[1:])):
        raise ValueError(f"{where}: the paths are not in canonical order")
    shapes = plain["shapes"]
    if shapes is not None:
        if not isinstance(shapes, list) or len(shapes) != len(paths):
            count = len(shapes) if isinstance(shapes, list) else repr(shapes)[:60]
            raise ValueError(f"{where}: {count} shapes for {len(paths)} paths")
        shapes = [parse_shape(shape, where) for shape in shapes]
        if sum(map(prod, shapes)) > _ELEMENTS:
            raise ValueError(f"{where}: the shapes are larger than any memory")
    return Support.of(found, shapes, is_sorted=True)


def _parse_paths(paths: list[Any], where: str, budget: Budget) -> list[Path]:
    """All at once where nothing is wrong: there may be a million."""
    if set(map(type, paths)) <= {list}:
        budget.spend(len(paths) * path_price(0) + _PER_KEY * sum(map(len, paths)))
        if set(map(type, chain.from_iterable(paths))) <= {str}:
            found = list(map(tuple, paths))
            if not any(NUMBER in path for path in found):
                return found
    return [parse_path(keys, f"{where}: path {i}") for i, keys in enumerate(paths)]


def path_price(n_keys: int) -> int:
    """Bytes of a path of so many keys and of its entry in a table."""
    return 160 + _PER_KEY * n_keys
