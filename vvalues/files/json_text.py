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

from ..core.paths import Path, format_path
from ..core.tree import Leaf, VValue, from_leaves
from .plain import ARRAY, from_plain, from_plain_leaf, plain_items, to_plain
from .reading import MEMORY, Budget, parse_object, parse_path, path_price

__all__ = ["DEEPEST_NESTING", "from_json", "json_bytes", "to_json", "to_json_bytes"]

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
    return json.dumps(_document(tree), indent=indent, ensure_ascii=False, allow_nan=False)


def to_json_bytes(tree: VValue) -> bytes:
    """The content of a JSON file: indented text in UTF-8, or ASCII where a key needs it."""
    return json_bytes(_document(tree), indent=1)


def json_bytes(document: Any, *, indent: int | None = None) -> bytes:
    """JSON text with a new line at its end, in UTF-8, or in ASCII where a str needs it.

    Raises
    ------
    ValueError
        If a number is not finite.

    Examples
    --------
    >>> json_bytes({"a": [1, 2.5]}).decode().strip()
    '{"a": [1, 2.5]}'
    """
    text = json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, which only JSON can escape
        escaped = json.dumps(document, indent=indent, ensure_ascii=True, allow_nan=False)
        return (escaped + "\n").encode("ascii")


def _document(tree: VValue) -> dict[str, Any]:
    document: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if tree.support.depth > DEEPEST_NESTING or any(ARRAY in path for path in tree):
        document["leaves"] = [[list(path), leaf] for path, leaf in plain_items(tree)]
    else:
        document["tree"] = to_plain(tree)
    return document


def from_json(text: bytes | str, where: str = "JSON text", memory: int = MEMORY) -> VValue:
    """Inverse of `to_json`; a plain nested object of numbers is accepted as well.

    Parameters
    ----------
    text : str, or bytes in UTF-8
    where : str
        What the text is, for messages: a file name, say.
    memory : int
        Bytes that reading may take, see `vvalues.files.reading`.

    Raises
    ------
    ValueError
        For malformed JSON, a key that occurs twice, another format or version, a leaf that is
        not a finite number, or text that needs too much memory.

    Examples
    --------
    >>> from_json('{"n1": {"in": 2}}')
    VValue({'n1': {'in': 2.0}})
    """
    budget = Budget(where, len(text), memory)
    document = parse_object(text, where, budget)
    if document.get("format") != FORMAT:
        return from_plain(document, where, budget)
    if document.get("version") != VERSION:
        raise ValueError(
            f"{where} has version {document.get('version')!r:.60} of the V-value format; "
            f"this library reads version {VERSION}"
        )
    if "leaves" in document:
        return from_leaves(dict(_listed_leaves(document["leaves"], where, budget)))
    return from_plain(document.get("tree"), where, budget)


def _listed_leaves(entries: Any, where: str, budget: Budget) -> Iterable[tuple[Path, Leaf]]:
    seen: set[Path] = set()
    for i, entry in enumerate(entries if isinstance(entries, list) else [entries]):
        if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], list)):
            raise ValueError(
                f"{where}: entry {i} of leaves is {entry!r:.40}; expected [[keys], number]"
            )
        keys, leaf = entry
        budget.spend(path_price(len(keys)))
        path = parse_path(keys, f"{where}: entry {i} of leaves")
        if path in seen:
            raise ValueError(f"{where}: two leaves are at {format_path(path)}")
        seen.add(path)
        yield path, from_plain_leaf(leaf, f"{where}: {format_path(path)}")
