"""JSON of V-values: canonical order, a version, no NaN."""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from .paths import NUMBER, format_path, natural_key
from .tree import VValue

__all__ = ["from_json", "from_plain", "load", "save", "to_json", "to_plain", "write_atomically"]

FORMAT = "vvalue"
VERSION = 1
_ARRAY = ":array"


def to_plain(tree: VValue) -> dict[str, Any]:
    """Nested dict of plain Python numbers in natural key order; array leaves become
    ``{":array": [shape, elements]}``.

    Raises
    ------
    ValueError
        If a leaf is NaN or infinite (JSON has no such numbers); the message names the path.
    """
    if not np.all(np.isfinite(tree.buffer)):
        for path, leaf in tree.items():
            if not np.all(np.isfinite(leaf)):
                raise ValueError(
                    f"leaf at {format_path(path)} is {leaf}; JSON holds finite numbers only"
                )
    root: dict[str, Any] = {}
    for path, leaf in sorted(tree.items(), key=lambda item: natural_key(item[0])):
        value: Any = leaf
        if isinstance(leaf, np.ndarray):
            value = {_ARRAY: [list(leaf.shape), leaf.ravel().tolist()]}
        node = root
        for key in path[:-1]:
            child = node.setdefault(key, {})
            if not isinstance(child, dict) or _ARRAY in child:
                child = node[key] = {NUMBER: child}
            node = child
        node[path[-1] if path else NUMBER] = value
    return root


def from_plain(data: Any, where: str = "V-value") -> VValue:
    """Inverse of `to_plain`, strict about leaves.

    Raises
    ------
    ValueError
        For anything but nested objects of finite numbers; the message starts with ``where`` and
        names the path.
    """
    if not isinstance(data, dict):
        raise ValueError(f"{where}: expected an object of keys, not {type(data).__name__}")
    leaves: dict[tuple[str, ...], Any] = {}
    stack: list[tuple[tuple[str, ...], Any]] = [((), data)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict) and _ARRAY not in node:
            for key, child in node.items():
                if key == NUMBER and isinstance(child, dict) and _ARRAY not in child:
                    raise ValueError(f"{where}: {format_path((*path, key))} must hold a number")
                stack.append((path if key == NUMBER else (*path, key), child))
        else:
            leaves[path] = _finite(node, f"{where}: {format_path(path)}")
    from .tree import from_leaves

    return from_leaves(leaves)


def _finite(node: Any, where: str) -> Any:
    if isinstance(node, dict):
        try:
            shape, elements = node[_ARRAY]
            return np.array([_finite(x, where) for x in elements], dtype=float).reshape(shape)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{where} is not a valid array leaf: {error}") from None
    if isinstance(node, bool) or not isinstance(node, (int, float)):
        raise ValueError(f"{where} is {node!r:.40}, not a real number")
    if not math.isfinite(node):
        raise ValueError(f"{where} is {node}, expected a finite number")
    return float(node)


def to_json(tree: VValue, *, indent: int | None = None) -> str:
    """Canonical JSON text: format, version, natural key order; float64 survives exactly.

    Examples
    --------
    >>> to_json(VValue({"n10": 1, "n2": 2.5}))
    '{"format": "vvalue", "version": 1, "tree": {"n2": 2.5, "n10": 1.0}}'
    """
    document = {"format": FORMAT, "version": VERSION, "tree": to_plain(tree)}
    return json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False)


def from_json(text: str, where: str = "JSON text") -> VValue:
    """Inverse of `to_json`; a plain nested object of numbers is accepted as well.

    Raises
    ------
    ValueError
        For malformed JSON, another format or version, or a leaf that is not a finite number.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{where} is not JSON: {error}") from None
    if isinstance(document, dict) and document.get("format") == FORMAT:
        if document.get("version") != VERSION:
            raise ValueError(
                f"{where} has version {document.get('version')!r} of the V-value format; "
                f"this library reads version {VERSION}"
            )
        document = document.get("tree")
    return from_plain(document, where)


def save(tree: VValue, file: str | os.PathLike) -> None:
    """Write a V-value as JSON, atomically."""
    write_atomically(file, to_json(tree, indent=1) + "\n")


def load(file: str | os.PathLike) -> VValue:
    """Read a V-value from a JSON file; errors name the file."""
    return from_json(FilePath(file).read_text(encoding="utf-8"), str(file))


def write_atomically(file: str | os.PathLike, data: str | bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never half of it."""
    target = FilePath(file)
    payload = data.encode("utf-8") if isinstance(data, str) else data
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(payload)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
