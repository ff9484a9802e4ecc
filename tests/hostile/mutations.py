"""Damaged and hostile variants of files, drawn from a generator: the same seed, the same files."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from synthesis.process.checkpoint import sealed

__all__ = ["as_if_whole", "mutated"]

Generator = np.random.Generator

TOKENS = [
    b"1e999", b"-1e999", b"NaN", b"Infinity", b"1" * 400, b"1" * 5000, b"-0", b"0.0", b"1e-400",
    b"null", b"true", b"[]", b"{}", b'""', b'"\\ud800"', b"{", b"[", b"}", b"]", b",", b":", b'"',
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"[" * 300, b'{"a":' * 300, b"\\u0000", b"\x1b[31m",
]  # fmt: skip

VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2**31, 2**63, 2**200, -(2**63), 0.5, -0.0, 1e308, -1e-320,
    "", "x", "0", "nan", "\x1b[31mred", "\u202e", "\ud800", "a" * 3000, [], {}, [[]], [{}], [0],
    [-1], [2**40, 2**40], [[[]]], {"": 0}, {":array": [[2], [1.0]]}, {":array": 3}, {":number": 1},
    {":number": {"a": 1}}, {"$of": "Popen"}, {"$tree": 0}, {"$tree": -1, "data": ""},
    {"$array": ["<f8", [2**40]], "data": ""}, {"$number": "inf"}, {"$number": 1}, {"$x": 1},
    "delay(1000000000)", "delay(03)", "superfluid(" * 500, "superfluid(norm)",
]  # fmt: skip


def mutated(rng: Generator, seeds: list[bytes]) -> bytes:
    """One of the files, with one to four changes of bytes or of meaning."""
    data = seeds[rng.integers(len(seeds))]
    if rng.random() < 0.08:
        data = _damaged_archive(rng, data) if data[:2] == b"PK" else data
    for _ in range(rng.integers(1, 5)):
        is_text = data[:1] in b"{["
        if is_text and rng.random() < 0.6:
            data = _changed_document(rng, data)
        elif data[:2] == b"PK" and rng.random() < 0.6:
            data = _damaged_archive(rng, data)
        else:
            data = BYTES[rng.integers(len(BYTES))](rng, data, seeds)
    return data


# -------------------- bytes --------------------


def _span(rng: Generator, data: bytes, longest: int = 40) -> tuple[int, int]:
    start = int(rng.integers(len(data) + 1))
    return start, min(len(data), start + int(rng.integers(1, longest)))


def _flipped(rng: Generator, data: bytes, seeds: list[bytes]) -> bytes:
    if not data:
        return data
    out = bytearray(data)
    for _ in range(rng.integers(1, 6)):
        out[rng.integers(len(out))] ^= 1 << int(rng.integers(8))
    return bytes(out)


def _cut(rng: Generator, data: bytes, seeds: list[bytes]) -> bytes:
    i, j = _span(rng, data)
    return data[:i] + data[j:]


def _truncated(rng: Generator, data: bytes, seeds: list[bytes]) -> bytes:
    return data[: rng.integers(len(data) + 1)]


def _repeated(rng: Generator, data: bytes, seeds: list[bytes]) -> bytes:
    i, j = _span(rng, data)
    return data[:j] + data[i:j] * int(rng.integers(1, 30)) + data[j:]


def _spliced(rng: Generator, data: bytes, seeds: list[bytes]) -> bytes:
    other = seeds[rng.integers(len(seeds))]
    i, j = _span(rng, data)
    k, m = _span(rng, other, 200)
    return data[:i] + other[k:m] + data[j:]


def _inserted(rng: Generator, data: bytes, seeds: list[bytes]) -> bytes:
    i, j = _span(rng, data, 8)
    return data[:i] + TOKENS[rng.integers(len(TOKENS))] + data[j:]


def _noise(rng: Generator, data: bytes, seeds: list[bytes]) -> bytes:
    i, j = _span(rng, data)
    return data[:i] + rng.bytes(j - i) + data[j:]


BYTES: list[Callable[[Generator, bytes, list[bytes]], bytes]] = [
    _flipped, _cut, _truncated, _repeated, _spliced, _inserted, _noise,
]  # fmt: skip


# -------------------- documents --------------------


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            keys: Any = list(node)
        else:
            keys = range(len(node)) if isinstance(node, list) else ()
        for key in keys:
            yield node, key
            stack.append(node[key])


def _changed_document(rng: Generator, data: bytes) -> bytes:
    """JSON with a node replaced, removed, renamed, moved or doubled; of JSON lines, in one line."""
    lines = data.split(b"\n") if data.count(b"\n{") > 1 else [data]
    i = int(rng.integers(len(lines)))
    try:
        document = json.loads(lines[i])
        places = list(_places(document))
    except (ValueError, RecursionError):
        return data
    if not places:
        return data
    container, key = places[rng.integers(len(places))]
    other, other_key = places[rng.integers(len(places))]
    how = rng.integers(6)
    if how == 0:
        del container[key]
    elif how == 1 and isinstance(container, dict):
        container[["", "$of", ":number", ":array", "\x1b", "zz"][rng.integers(6)]] = container.pop(
            key
        )
    elif how == 2:
        container[key] = copy.deepcopy(other[other_key])
    elif how == 3 and isinstance(container, list):
        container.extend(copy.deepcopy(container[:20]))
    else:
        container[key] = copy.deepcopy(VALUES[rng.integers(len(VALUES))])
    try:
        lines[i] = json.dumps(document).encode()
    except (ValueError, RecursionError):
        return data
    if how == 5:  # a key twice
        lines[i] = lines[i].replace(b"}", b', "name": 1, "name": 2}', 1)
    return b"\n".join(lines)


# -------------------- archives --------------------


def _damaged_archive(rng: Generator, data: bytes) -> bytes:
    """An archive that is whole, but for what it holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except Exception:
        return data
    names = list(members)
    if not names:
        return data
    name = names[rng.integers(len(names))]
    content = members[name]
    how = rng.integers(6)
    if how == 0:
        members.pop(name)
    elif how == 1:
        members[name] = content + bytes(int(rng.integers(1, 10**6)))
    elif how == 2:
        members["../" + name] = content
    elif how == 3 and b"}" in content[:200]:
        claim = b"%d" % rng.integers(-5, 10**15)
        start = content.index(b"'shape': (") + 10 if b"'shape': (" in content else 0
        members[name] = content[:start] + claim + content[start:]
    elif how == 4 and name == "structure.npy":
        head, text = content[:128], content[128:]
        text = _changed_document(rng, text)
        members[name] = _header(len(text)) + text if rng.random() < 0.8 else head + text
    else:
        members[name] = BYTES[rng.integers(len(BYTES))](rng, content, [content])
    stream = io.BytesIO()
    kinds = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    with zipfile.ZipFile(stream, "w", kinds[rng.choice(4, p=[0.4, 0.5, 0.05, 0.05])]) as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return stream.getvalue()


def _header(length: int) -> bytes:
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({length},), }}"
    return b"\x93NUMPY\x01\x00v\x00" + text.ljust(117).encode() + b"\n"


def as_if_whole(checkpoint: bytes) -> bytes:
    """A changed checkpoint with the right checksum: whatever it says has to be looked at."""
    return sealed(checkpoint.rpartition(b', "checksum"')[0] or checkpoint)
