"""Binary files of V-values: one npz archive with the buffer, the paths and the shapes.

Exact and fast where JSON is neither short nor allowed to hold NaN. The paths are JSON text inside
the archive (numpy's own strings are padded to the longest and lose trailing NULs); nothing is
pickled.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib

import numpy as np

from ..core.tree import VValue, from_buffer
from .reading import MEMORY, Budget, parse_json, parse_support

__all__ = ["from_npz", "to_npz"]

FORMAT = "vvalue-npz"
VERSION = 1


def to_npz(tree: VValue) -> bytes:
    """A V-value as the content of an npz file.

    Examples
    --------
    >>> from_npz(to_npz(VValue({"a": float("nan"), "b": np.zeros((2, 3))})))
    VValue({'a': nan, 'b': array(2, 3)})
    """
    structure = {
        "format": FORMAT,
        "version": VERSION,
        "paths": tree.support.paths,
        "shapes": tree.support.shapes,
    }
    text = np.frombuffer(json.dumps(structure).encode("ascii"), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, structure=text, buffer=tree.buffer.astype("<f8", copy=False))
    return stream.getvalue()


def from_npz(data: bytes, where: str = "npz data", memory: int = MEMORY) -> VValue:
    """Inverse of `to_npz`.

    Parameters
    ----------
    data : bytes
    where : str
        What the data is, for messages: a file name, say.
    memory : int
        Bytes that reading may take, see `vvalues.files.reading`.

    Raises
    ------
    ValueError
        If the data is not such an archive, needs too much memory, or its parts contradict each
        other; the message starts with ``where``.

    Examples
    --------
    >>> from_npz(to_npz(VValue({"w": np.ones(2), "b": 0.5})))
    VValue({'b': 0.5, 'w': array(2,)})
    """
    budget = Budget(where, len(data), memory)
    try:
        structure, buffer = _members(data, budget)
    except (*_DAMAGES, ValueError) as error:
        raise ValueError(f"{where} is not an npz file of a V-value: {error}") from None
    document = parse_json(structure.tobytes(), where, budget)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"{where} is not an npz file of a V-value")
    if document.get("version") != VERSION:
        raise ValueError(
            f"{where} has version {document.get('version')!r:.60} of the npz format; "
            f"this library reads version {VERSION}"
        )
    support = parse_support(document, f"{where} has a damaged structure", budget)
    if buffer.size != support.size:
        raise ValueError(
            f"{where} has a buffer of shape {buffer.shape} and type {buffer.dtype}; its paths need "
            f"{support.size} real numbers"
        )
    return from_buffer(support, buffer.astype(np.float64))


# -------------------- the archive, its headers before its data --------------------

_MEMBERS = {"structure.npy": "|u1", "buffer.npy": "<f8"}
_HEADER = re.compile(
    rb"\{'descr': '([|<>][a-z]\d)', 'fortran_order': False, 'shape': \((\d{1,18}),\), \} *\n"
)
_MAGIC = b"\x93NUMPY\x01\x00"
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    struct.error,
)
"""What `zipfile` raises for archives that are none."""


def _members(data: bytes, budget: Budget) -> tuple[np.ndarray, np.ndarray]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if sorted(member.filename for member in members) != sorted(_MEMBERS):
            raise ValueError(f"it does not hold exactly {' and '.join(_MEMBERS)}")
        for member in members:
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{member.filename} is compressed in an unusual way")
            budget.spend(2 * member.file_size)
        structure, buffer = (_vector(_content(archive, name), name) for name in _MEMBERS)
    return structure, buffer


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member, of which no more is decompressed than its header says it holds."""
    with archive.open(name) as stream:
        return stream.read(archive.getinfo(name).file_size)


def _vector(content: bytes, name: str) -> np.ndarray:
    """The one-dimensional array in a file as numpy writes it."""
    start = len(_MAGIC) + 2
    end = start + int.from_bytes(content[len(_MAGIC) : start], "little")
    header = _HEADER.fullmatch(content[start:end])
    if not content.startswith(_MAGIC) or header is None:
        raise ValueError(f"{name} has no header of a vector")
    kind, count = header[1].decode(), int(header[2])
    if kind != _MEMBERS[name] or len(content) - end != count * np.dtype(kind).itemsize:
        raise ValueError(
            f"{name} claims {count} numbers of type {kind} in {len(content) - end} bytes; expected "
            f"type {_MEMBERS[name]}"
        )
    return np.frombuffer(content, kind, count, end)
