"""V-values as JSON text: in canonical order, with a version, without NaN.

Two spellings, one reader for both::

    {"format": "vvalue", "version": 1, "tree": {"a": {":number": 5.0, "b": 2.0}}}
    {"format": "vvalue", "version": 1, "leaves": [[["a"], 5.0], [["a", "b"], 2.0]]}

The second is written for trees deeper than `DEEPEST_NESTING`, which most JSON readers cannot follow
when nested, and for trees that use the reserved key ``":array"``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..core.paths import Path, as_path, format_path
from ..core.tree import Leaf, VValue, from_leaves
from .plain import ARRAY, from_plain, from_plain_leaf, plain_items, to_plain

__all__ = ["DEEPEST_NESTING", "from_json", "to_json", "to_json_bytes"]

FORMAT = "vvalue"
VERSION = 1
DEEPEST_NESTING = 100


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


def to_json_bytes(tree: VValue) -> bytes:
    """The content of a JSON file: indented text in UTF-8, or ASCII where a key needs it."""
    text = _dumped(tree, 1, ensure_ascii=False) + "\n"
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # a key with half a surrogate pair, which only JSON can escape
        return (_dumped(tree, 1, ensure_ascii=True) + "\n").encode("ascii")


def _dumped(tree: VValue, indent: int | None, *, ensure_ascii: bool) -> str:
    document: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if tree.support.depth > DEEPEST_NESTING or any(ARRAY in path for path in tree):
        document["leaves"] = [[list(path), leaf] for path, leaf in plain_items(tree)]
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
        yield path, from_plain_leaf(leaf, f"{where}: {format_path(path)}")
