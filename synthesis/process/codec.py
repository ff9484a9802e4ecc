"""States and settings as JSON: any dataclass of V-values, arrays, numbers and text, and back.

Numbers survive to the bit: finite ones as JSON numbers, the others by name, the buffers of V-values
and arrays as base64 of little-endian bytes. The supports of V-values stand in a table of their own,
each once however many trees share it. Dataclasses and named tuples carry their class's name, and
only classes that the reader was given are made of it: a file never says what code to run.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from vvalues import Support, VValue, format_path, from_buffer

__all__ = ["Writer", "from_plain", "to_plain", "types_in"]

TREE, ARRAY, NUMBER, OF = "$tree", "$array", "$number", "$of"
ARRAY_KINDS = "bifu"
_texts: WeakKeyDictionary[Support, str] = WeakKeyDictionary()


# -------------------- to plain objects --------------------


class Writer:
    """Turns values into JSON-compatible objects, and collects the supports they need."""

    def __init__(self) -> None:
        self.supports: dict[Support, int] = {}

    def plain(self, value: Any) -> Any:
        """A JSON-compatible object for a value.

        Raises
        ------
        TypeError
            If it is, or contains, something that cannot be kept; the message names its type.
        """
        if isinstance(value, (str, bool)) or value is None:
            return value
        if isinstance(value, (int, np.integer)):
            return int(value)
        if isinstance(value, (float, np.floating)):
            return float(value) if math.isfinite(value) else {NUMBER: repr(float(value))}
        if isinstance(value, VValue):
            at = self.supports.setdefault(value.support, len(self.supports))
            return {TREE: at, "data": _base64(value.buffer)}
        if isinstance(value, np.ndarray) and value.dtype.kind in ARRAY_KINDS:
            kind = value.dtype.newbyteorder("<")
            return {ARRAY: [kind.str, list(value.shape)], "data": _base64(value)}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return self._named(value, value._fields)
        if is_dataclass(value) and not isinstance(value, type):
            return self._named(value, [item.name for item in fields(value) if item.init])
        if isinstance(value, (list, tuple)):
            return [self.plain(item) for item in value]
        if isinstance(value, Mapping) and not any(str(key).startswith("$") for key in value):
            return {_text(key): self.plain(item) for key, item in value.items()}
        raise TypeError(f"a checkpoint cannot keep a {type(value).__name__}: {value!r:.60}")

    def _named(self, value: Any, names: Iterable[str]) -> dict[str, Any]:
        found = {name: self.plain(getattr(value, name)) for name in names}
        return {OF: type(value).__name__, **found}

    def table(self) -> str:
        """JSON text of the supports, in the order of their numbers."""
        return "[" + ", ".join(map(_support_text, self.supports)) + "]"


def to_plain(value: Any) -> Any:
    """A JSON-compatible object for settings and the like: values without V-values.

    Examples
    --------
    >>> to_plain({"rate": 0.1, "bound": float("inf"), "sizes": (3, 4)})
    {'rate': 0.1, 'bound': {'$number': 'inf'}, 'sizes': [3, 4]}
    """
    return Writer().plain(value)


def types_in(value: Any) -> set[type]:
    """The dataclasses that a value is made of: those a reader needs to restore one like it."""
    if not is_dataclass(value) or isinstance(value, type):
        return set()
    parts = (types_in(getattr(value, item.name)) for item in fields(value))
    return {type(value)}.union(*parts)


def _text(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a checkpoint cannot keep the key {key!r}; keys are str")
    return key


def _base64(array: np.ndarray) -> str:
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return base64.b64encode(little.tobytes()).decode("ascii")


def _support_text(support: Support) -> str:
    """Worked out once per support: a run writes the same ones again and again."""
    text = _texts.get(support)
    if text is None:
        shapes = None if support.shapes is None else [list(shape) for shape in support.shapes]
        document = {"paths": [list(path) for path in support.paths], "shapes": shapes}
        text = _texts[support] = json.dumps(document, ensure_ascii=False)
    return text


# -------------------- and back --------------------


def from_plain(value: Any, types: Iterable[type], supports: Any = ()) -> Any:
    """Inverse of `Writer.plain`.

    Parameters
    ----------
    value : JSON-compatible object
    types : iterable of classes
        Dataclasses and named tuples that may be made.
    supports : list
        The table of supports, as read from JSON.

    Raises
    ------
    ValueError
        If something is malformed; the message says where in the object, and what is wrong.
    """
    return _Reader({cls.__name__: cls for cls in types}, supports).value(value, ())


class _Reader:
    def __init__(self, types: Mapping[str, type], supports: Any) -> None:
        self.types = types
        self.supports = [_support(plain, i) for i, plain in enumerate(supports)]

    def value(self, value: Any, where: tuple[str, ...]) -> Any:
        if isinstance(value, list):
            return tuple(self.value(item, (*where, str(i))) for i, item in enumerate(value))
        if not isinstance(value, dict):
            return value
        for mark, read in (
            (TREE, self._tree),
            (ARRAY, self._array),
            (NUMBER, self._number),
            (OF, self._named),
        ):
            if mark in value:
                try:
                    return read(value, where)
                except (KeyError, TypeError, ValueError, IndexError) as error:
                    raise _malformed(error, where) from None
        return {key: self.value(item, (*where, key)) for key, item in value.items()}

    def _tree(self, value: dict, where: tuple[str, ...]) -> VValue:
        support = self.supports[value[TREE]]
        return from_buffer(support, _numbers(value["data"], "<f8", support.size))

    def _array(self, value: dict, where: tuple[str, ...]) -> np.ndarray:
        kind, shape = value[ARRAY]
        if np.dtype(kind).kind not in ARRAY_KINDS or any(n < 0 for n in shape):
            raise ValueError(f"no array of {kind!r} and shape {shape}")
        return _numbers(value["data"], kind, math.prod(shape)).reshape(shape)

    def _number(self, value: dict, where: tuple[str, ...]) -> float:
        number = float(value[NUMBER])
        if math.isfinite(number):
            raise ValueError(f"{value[NUMBER]!r} is written as a plain number")
        return number

    def _named(self, value: dict, where: tuple[str, ...]) -> Any:
        cls = self.types.get(value[OF])
        if cls is None:
            raise ValueError(f"it is a {value[OF]!r}, which does not belong here")
        items = {key: item for key, item in value.items() if key != OF}
        return cls(**{key: self.value(item, (*where, key)) for key, item in items.items()})


def _malformed(error: Exception, where: tuple[str, ...]) -> ValueError:
    text = str(error)
    if isinstance(error, _At):
        return error
    return _At(f"{format_path(where)}: {text or type(error).__name__}")


class _At(ValueError):
    """An error that says already where it happened."""


def _support(plain: Any, i: int) -> Support:
    try:
        paths = [tuple(path) for path in plain["paths"]]
        shapes = plain["shapes"]
        if not all(isinstance(key, str) for path in paths for key in path):
            raise ValueError("keys are str")
        if shapes is not None and len(shapes) != len(paths):
            raise ValueError(f"{len(shapes)} shapes for {len(paths)} paths")
        return Support.of(paths, None if shapes is None else [tuple(shape) for shape in shapes])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"supports/{i}: {error or type(error).__name__}") from None


def _numbers(text: str, kind: str, count: int) -> np.ndarray:
    found = np.frombuffer(base64.b64decode(text, validate=True), dtype=kind)
    if found.size != count:
        raise ValueError(f"{found.size} numbers where {count} belong")
    return found.astype(found.dtype.newbyteorder("="))
