"""Binary files of V-values: one npz archive with the buffer, the paths and the shapes.

Exact and fast where JSON is neither short nor allowed to hold NaN. The paths are JSON text inside
the archive (numpy's own strings are padded to the longest and lose trailing NULs); nothing is
pickled.
"""

from __future__ import annotations

import io
import json
import zipfile
from math import prod
from operator import lt
from typing import Any

import numpy as np

from ..core.paths import as_path
from ..core.support import Support
from ..core.tree import VValue, from_buffer

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
    np.savez(stream, structure=text, buffer=tree.buffer)
    return stream.getvalue()


def from_npz(data: bytes, where: str = "npz data") -> VValue:
    """Inverse of `to_npz`.

    Raises
    ------
    ValueError
        If the data is not such an archive, or its parts contradict each other; the message starts
        with ``where``.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            structure = json.loads(archive["structure"].tobytes())
            buffer = archive["buffer"]
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, AttributeError) as error:
        raise ValueError(f"{where} is not an npz file of a V-value: {error}") from None
    if not isinstance(structure, dict) or structure.get("format") != FORMAT:
        raise ValueError(f"{where} is not an npz file of a V-value")
    if structure.get("version") != VERSION:
        raise ValueError(
            f"{where} has version {structure.get('version')!r} of the npz format; "
            f"this library reads version {VERSION}"
        )
    return _checked(structure, buffer, where)


def _checked(structure: dict[str, Any], buffer: np.ndarray, where: str) -> VValue:
    try:
        paths = [as_path(path) for path in structure["paths"]]
        shapes = structure["shapes"]
        if shapes is not None:
            shapes = [tuple(map(int, shape)) for shape in shapes]
        n_elements = len(paths) if shapes is None else sum(map(prod, shapes))
        if shapes is not None and len(shapes) != len(paths):
            raise ValueError(f"{len(shapes)} shapes for {len(paths)} paths")
        if not all(map(lt, paths, paths[1:])):
            raise ValueError("the paths are not in canonical order")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{where} has a damaged structure: {error}") from None
    if buffer.shape != (n_elements,) or buffer.dtype.kind != "f":
        raise ValueError(
            f"{where} has a buffer of shape {buffer.shape} and type {buffer.dtype}; its paths need "
            f"{n_elements} real numbers"
        )
    return from_buffer(Support.of(paths, shapes, is_sorted=True), buffer)
