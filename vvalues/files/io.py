"""Files of V-values: JSON in canonical order, with a version and without NaN; or npz.

Two spellings in JSON, one reader for both::

    {"format": "vvalue", "version": 1, "tree": {"a": {":number": 5.0, "b": 2.0}}}
    {"format": "vvalue", "version": 1, "leaves": [[["a"], 5.0], [["a", "b"], 2.0]]}

The second is written for trees deeper than `DEEPEST_NESTING`, which most JSON readers cannot follow
when nested, and for trees that use the reserved key ``":array"``.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from ..core.paths import NUMBER, Path, as_path, format_path, natural_key
from ..core.tree import Leaf, VValue, from_leaves
from . import npz

__all__ = [
    "DEEPEST_NESTING",
    "from_json",
    "from_plain",
    "load",
    "save",
    "to_json",
    "to_plain",
    "write_atomically",
]

FORMAT = "vvalue"
VERSION = 1
DEEPEST_NESTING = 100
_ARRAY = ":array"


# -------------------- plain Python objects --------------------


def to_plain(tree: VValue) -> dict[str, Any]:
    """Nested dict of plain Python numbers in natural key order.

    Returns
    -------
    dict; an array leaf becomes ``{":array": [shape, elements]}``

    Raises
    ------
    ValueError
        If a leaf is NaN or infinite (JSON has no such numbers), or a key is ``":array"``; the
        message names the path.

    Examples
    --------
    >>> to_plain(VValue({"n10": 1, "n2": np.zeros(2)}))
    {'n2': {':array': [[2], [0.0, 0.0]]}, 'n10': 1.0}
    """
    root: dict[str, Any] = {}
    for path, leaf in _in_natural_order(tree):
        if _ARRAY in path:
            raise ValueError(f"path {format_path(path)} has the key {_ARRAY!r}, reserved in files")
        node = root
        for key in path[:-1]:
            child = node.setdefault(key, {})
            if not isinstance(child, dict) or _ARRAY in child:
                child = node[key] = {NUMBER: child}
            node = child
        node[path[-1] if path else NUMBER] = _plain_leaf(leaf)
    return root


def _in_natural_order(tree: VValue) -> list[tuple[Path, Leaf]]:
    if not np.all(np.isfinite(tree.buffer)):
        for path, leaf in tree.items():
            if not np.all(np.isfinite(leaf)):
                raise ValueError(
                    f"leaf at {format_path(path)} is {leaf}; JSON holds finite numbers only "
                    "(npz files hold NaN as well)"
                )
    return sorted(tree.items(), key=lambda item: natural_key(item[0]))


def _plain_leaf(leaf: Leaf) -> Any:
    if isinstance(leaf, np.ndarray):
        return {_ARRAY: [list(leaf.shape), leaf.ravel().tolist()]}
    return leaf


def from_plain(data: Any, where: str = "V-value") -> VValue:
    """Inverse of `to_plain`, strict about leaves.

    Parameters
    ----------
    data : nested dict of numbers
    where : str
        What the data is, for messages: a file name, say.

    Raises
    ------
    ValueError
        For anything but nested objects of finite numbers; the message starts with ``where`` and
        names the path.

    Examples
    --------
    >>> from_plain({"a": {":number": 1, "b": 2}})
    VValue({'a': {':number': 1.0, 'b': 2.0}})
    """
    if not isinstance(data, dict):
        raise ValueError(f"{where}: expected an object of keys, not {type(data).__name__}")
    leaves: dict[Path, Leaf] = {}
    stack: list[tuple[Path, Any]] = [((), data)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict) and _ARRAY not in node:
            for key, child in node.items():
                if not isinstance(key, str):
                    raise ValueError(f"{where}: {format_path(path)} has the key {key!r}, not a str")
                if key == NUMBER and isinstance(child, dict) and _ARRAY not in child:
                    raise ValueError(f"{where}: {format_path((*path, key))} must hold a number")
                stack.append((path if key == NUMBER else (*path, key), child))
        else:
            leaves[path] = _finite_leaf(node, f"{where}: {format_path(path)}")
    return from_leaves(leaves)


def _finite_leaf(node: Any, where: str) -> Leaf:
    if not isinstance(node, dict):
        return _finite(node, where)
    try:
        shape, elements = node[_ARRAY]
        return np.array([_finite(x, where) for x in elements], dtype=float).reshape(shape)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where} is not a valid array leaf: {error}") from None


def _finite(node: Any, where: str) -> float:
    if isinstance(node, bool) or not isinstance(node, (int, float)):
        raise ValueError(f"{where} is {node!r:.40}, not a real number")
    try:
        number = float(node)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{where} is {node!r:.40}, expected a finite number of double precision")
    return number


# -------------------- JSON text --------------------


def to_json(tree: VValue, *, indent: int | None = None) -> str:
    """Canonical JSON text: format, version, natural key order; float64 survives exactly.

    Parameters
    ----------
    tree : VValue
    indent : int, optional
        As for ``json.dumps``.

    Raises
    ------
    ValueError
        If a leaf is NaN or infinite; the message names the path.

    Examples
    --------
    >>> to_json(VValue({"n10": 1, "n2": 2.5}))
    '{"format": "vvalue", "version": 1, "tree": {"n2": 2.5, "n10": 1.0}}'
    """
    return _dumped(tree, indent, ensure_ascii=False)


def _dumped(tree: VValue, indent: int | None, *, ensure_ascii: bool) -> str:
    document: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if tree.support.depth > DEEPEST_NESTING or any(_ARRAY in path for path in tree):
        document["leaves"] = [
            [list(path), _plain_leaf(leaf)] for path, leaf in _in_natural_order(tree)
        ]
    else:
        document["tree"] = to_plain(tree)
    return json.dumps(document, indent=indent, ensure_ascii=ensure_ascii, allow_nan=False)


def from_json(text: str, where: str = "JSON text") -> VValue:
    """Inverse of `to_json`; a plain nested object of numbers is accepted as well.

    Parameters
    ----------
    text : str
    where : str
        What the text is, for messages: a file name, say.

    Raises
    ------
    ValueError
        For malformed JSON, a key that occurs twice, another format or version, or a leaf that is
        not a finite number.

    Examples
    --------
    >>> from_json('{"n1": {"in": 2}}')
    VValue({'n1': {'in': 2.0}})
    """
    document = _parsed(text, where)
    if not (isinstance(document, dict) and document.get("format") == FORMAT):
        return from_plain(document, where)
    if document.get("version") != VERSION:
        raise ValueError(
            f"{where} has version {document.get('version')!r} of the V-value format; "
            f"this library reads version {VERSION}"
        )
    if "leaves" in document:
        return from_leaves(dict(_listed_leaves(document["leaves"], where)))
    return from_plain(document.get("tree"), where)


def _parsed(text: str, where: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise ValueError(f"{where}: the key {twice!r} occurs twice in one object")
        return found

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise ValueError(f"{where} is not JSON: {error}") from None
    except RecursionError:
        raise ValueError(
            f'{where} is nested too deeply; write deep trees as {{"leaves": [[path, number], …]}}'
        ) from None


def _listed_leaves(entries: Any, where: str) -> Iterable[tuple[Path, Leaf]]:
    seen: set[Path] = set()
    for i, entry in enumerate(entries if isinstance(entries, list) else [entries]):
        try:
            keys, leaf = entry
            path = as_path(keys if isinstance(keys, list) else None)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise ValueError(
                f"{where}: entry {i} of leaves is {entry!r:.40}; expected [[keys], number]"
            ) from None
        if path in seen:
            raise ValueError(f"{where}: two leaves are at {format_path(path)}")
        seen.add(path)
        yield path, _finite_leaf(leaf, f"{where}: {format_path(path)}")


# -------------------- files --------------------


def save(tree: VValue, file: str | os.PathLike) -> None:
    """Write a V-value, atomically: npz where the file is called so, JSON otherwise.

    Parameters
    ----------
    tree : VValue
    file : path; the suffix ``.npz`` chooses the binary form

    Raises
    ------
    ValueError
        If a leaf is NaN or infinite and the file is JSON; nothing is written then.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     save(VValue({"a": 1}), f"{folder}/v.npz")
    ...     load(f"{folder}/v.npz")
    VValue({'a': 1.0})
    """
    if FilePath(file).suffix == ".npz":
        write_atomically(file, npz.to_bytes(tree))
        return
    text = _dumped(tree, 1, ensure_ascii=False) + "\n"
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:  # a key with half a surrogate pair, which only JSON can escape
        data = (_dumped(tree, 1, ensure_ascii=True) + "\n").encode("ascii")
    write_atomically(file, data)


def load(file: str | os.PathLike) -> VValue:
    """Read a V-value from a file that `save` wrote, or from plain nested JSON.

    Raises
    ------
    ValueError
        If the file is neither; the message names the file and, for a bad leaf, its path.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_atomically(f"{folder}/v.json", '{"n1": {"in": 2}}')
    ...     load(f"{folder}/v.json")
    VValue({'n1': {'in': 2.0}})
    """
    if FilePath(file).suffix == ".npz":
        return npz.from_bytes(FilePath(file).read_bytes(), str(file))
    try:
        text = FilePath(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not UTF-8 text: {error}") from None
    return from_json(text, str(file))


def write_atomically(file: str | os.PathLike, data: str | bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never half of it.

    Parameters
    ----------
    file : path
    data : str (written as UTF-8) or bytes
    """
    target = FilePath(file)
    payload = data.encode("utf-8") if isinstance(data, str) else data
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(payload)
        os.replace(temporary, target)
    except BaseException:
        # An interruption may come just after the replacement; the file has gone then.
        FilePath(temporary).unlink(missing_ok=True)
        raise
