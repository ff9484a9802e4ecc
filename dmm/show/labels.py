"""Names, weights and constants as one line of text, whatever a user has called a neuron.

Names come from files and users: they may hold line breaks, quotes, markup, direction overrides or
two hundred characters. Everything printed for people passes through here first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from vvalues import VValue, format_path

__all__ = [
    "constant_text",
    "count",
    "number_text",
    "pad",
    "plain",
    "port_text",
    "shorten",
    "unique_labels",
    "weight_text",
    "width",
]


def plain(text: str) -> str:
    r"""A text on one line: what does not print is written as its escape.

    Examples
    --------
    >>> print(plain("two\nlines"))
    two\nlines
    >>> plain("")
    "''"
    """
    if text.isprintable() and text:
        return text
    escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return "".join(escaped) or "''"


def width(text: str) -> int:
    """Number of terminal cells; wide characters take two, combining marks none.

    Examples
    --------
    >>> width("abc"), width("\N{FIRE}"), width("e\N{COMBINING ACUTE ACCENT}")
    (3, 2, 1)
    """
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, cells: int) -> str:
    """A text followed by spaces up to a number of terminal cells."""
    return text + " " * (cells - width(text))


def shorten(text: str, cells: int) -> str:
    """At most so many cells; what is left out of the middle becomes an ellipsis.

    The end stays visible, because that is where generated names differ.

    Examples
    --------
    >>> shorten("accumulator-12-copy-3", 12)
    'accum…copy-3'
    """
    if width(text) <= cells:
        return text
    tail = cells // 2
    head = cells - 1 - tail
    return f"{_prefix(text, head)}…{_prefix(text[::-1], tail)[::-1]}"


def _prefix(text: str, cells: int) -> str:
    taken = 0
    for i, character in enumerate(text):
        taken += _cells(character)
        if taken > cells:
            return text[:i]
    return text


def port_text(port: Sequence[str]) -> str:
    """A port, or the first two keys of a path, as ``neuron.field``."""
    return f"{plain(port[0])}.{plain(port[1])}"


def unique_labels(names: Iterable[str], cells: int) -> dict[str, str]:
    """A short printable label for every name; equal ones get a number.

    Examples
    --------
    >>> unique_labels(["a" * 30 + "x" + "a" * 30, "a" * 61], 9)["a" * 61]
    'aaaa…aaaa~2'
    """
    labels: dict[str, str] = {}
    used: dict[str, int] = {}
    for name in names:
        label = shorten(plain(name), cells)
        used[label] = used.get(label, 0) + 1
        labels[name] = label if used[label] == 1 else f"{label}~{used[label]}"
    return labels


def count(n: int, noun: str) -> str:
    """A number with its noun.

    Examples
    --------
    >>> count(1, "link"), count(1486, "link")
    ('1 link', '1,486 links')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def weight_text(weight: float) -> str:
    """A weight with its sign: three decimals, or an exponent where they would say nothing.

    Examples
    --------
    >>> weight_text(0.76140845), weight_text(-1), weight_text(2e-5)
    ('+0.761', '-1.000', '+2.0e-05')
    """
    if weight == 0 or 0.0005 <= abs(weight) < 9999.5:
        return f"{weight:+.3f}"
    return f"{weight:+.1e}"


def number_text(x: float) -> str:
    """An unsigned way to write a number: integers bare, otherwise as `weight_text`.

    Examples
    --------
    >>> number_text(1.0), number_text(0.88653), number_text(-2.5)
    ('1', '0.887', '-2.500')
    """
    if np.isfinite(x) and x == int(x) and abs(x) < 1e6:
        return str(int(x))
    return weight_text(x).removeprefix("+")


def constant_text(value: VValue, limit: int = 3) -> str:
    """A constant stream: a bare number, or its first entries in braces.

    Examples
    --------
    >>> constant_text(VValue({".": 1.0})), constant_text(VValue())
    ('{".": 1}', '0')
    """
    leaves = list(value.items())
    if not leaves:
        return "0"
    if [path for path, _ in leaves] == [()]:
        return _leaf_text(leaves[0][1])
    shown = [f'"{plain(format_path(path))}": {_leaf_text(leaf)}' for path, leaf in leaves[:limit]]
    if len(leaves) > limit:
        shown.append(f"… {len(leaves) - limit:,} more")
    return "{" + ", ".join(shown) + "}"


def _leaf_text(leaf: float | np.ndarray) -> str:
    return f"array{leaf.shape}" if isinstance(leaf, np.ndarray) else number_text(leaf)
