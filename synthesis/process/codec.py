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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from vvalues import Support, VValue, format_path, from_buffer
from vvalues.files import Budget, parse_shape, parse_support

from .hints import check_fields

__all__ = ["Writer", "from_plain", "to_plain", "types_in"]

TREE, ARRAY, NUMBER, OF = "$tree", "$array", "$number", "$of"
ARRAY_KINDS = "bifu"
_KINDS = ("|b1", "|i1", "|u1", *(f"<{kind}{size}" for kind in "fiu" for size in (2, 4, 8)))
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


def from_plain(
    value: Any, types: Iterable[type], supports: Any = (), budget: Budget | None = None
) -> Any:
    """Inverse of `Writer.plain`.

    Parameters
    ----------
    value : JSON-compatible object
    types : iterable of classes
        Dataclasses and named tuples that may be made; their fields must be of the declared types.
    supports : list
        The table of supports, as read from JSON.
    budget : Budget, optional
        Memory that the supports may take; that of a small file when omitted.

    Raises
    ------
    ValueError
        If something is malformed; the message says where in the object, and what is wrong.
    """
    budget = Budget("the table of supports", 0) if budget is None else budget
    table = [parse_support(plain, f"supports/{i}", budget) for i, plain in enumerate(supports)]
    return _Reader({cls.__name__: cls for cls in types}, table).value(value, ())


class _Reader:
    def __init__(self, types: Mapping[str, type], supports: Sequence[Support]) -> None:
        self.types = types
        self.supports = supports
        self.marks = {
            TREE: (self._tree, {TREE, "data"}),
            ARRAY: (self._array, {ARRAY, "data"}),
            NUMBER: (self._number, {NUMBER}),
            OF: (self._named, None),
        }

    def value(self, value: Any, where: tuple[str, ...]) -> Any:
        if isinstance(value, list):
            return tuple(self.value(item, (*where, str(i))) for i, item in enumerate(value))
        if not isinstance(value, dict):
            return value
        mark = next((key for key in value if key.startswith("$")), None)
        if mark is None:
            return {key: self.value(item, (*where, key)) for key, item in value.items()}
        try:
            if mark not in self.marks:
                raise ValueError(f"{mark!r:.60} is no mark of this format")
            read, keys = self.marks[mark]
            if keys is not None and value.keys() != keys:
                raise ValueError(f"expected the keys {', '.join(sorted(keys))}")
            return read(value, where)
        except _At:
            raise
        except ValueError as error:
            raise _At(f"{format_path(where)}: {error}") from None

    def _tree(self, value: dict, where: tuple[str, ...]) -> VValue:
        at = value[TREE]
        if type(at) is not int or not 0 <= at < len(self.supports):
            raise ValueError(f"there is no support {at!r:.60}, but {len(self.supports)}")
        support = self.supports[at]
        return from_buffer(support, _numbers(value["data"], "<f8", support.size))

    def _array(self, value: dict, where: tuple[str, ...]) -> np.ndarray:
        head = value[ARRAY]
        if not (isinstance(head, list) and len(head) == 2 and head[0] in _KINDS):
            raise ValueError(f"no array of {head!r:.60}")
        shape = parse_shape(head[1], "array")
        return _numbers(value["data"], head[0], math.prod(shape)).reshape(shape)

    def _number(self, value: dict, where: tuple[str, ...]) -> float:
        if value[NUMBER] not in ("inf", "-inf", "nan"):
            raise ValueError(f"{value[NUMBER]!r:.60} is none of inf, -inf, nan")
        return float(value[NUMBER])

    def _named(self, value: dict, where: tuple[str, ...]) -> Any:
        name = value[OF]
        cls = self.types.get(name) if isinstance(name, str) else None
        if cls is None:
            raise ValueError(f"it is a {name!r:.60}, which does not belong here")
        items = {key: self.value(item, (*where, key)) for key, item in value.items() if key != OF}
        check_fields(cls, items)
        return cls(**items)


class _At(ValueError):
    """An error that says already where it happened."""


def _numbers(text: Any, kind: str, count: int) -> np.ndarray:
    if not isinstance(text, str):
        raise ValueError(f"data is {text!r:.60}, which is no base64 text")
    data = base64.b64decode(text, validate=True)
    size = np.dtype(kind).itemsize
    if len(data) != count * size:
        raise ValueError(f"{len(data)} bytes where {count} numbers of {size} bytes belong")
    found = np.frombuffer(data, dtype=kind)
    return found.astype(found.dtype.newbyteorder("="))
