"""V-values on disk: the suffix chooses the form; a file is replaced as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path as FilePath

from ..core.tree import VValue
from .json_text import from_json, to_json_bytes
from .npz import from_npz, to_npz

__all__ = ["load", "save", "write_atomically"]


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
        write_atomically(file, to_npz(tree))
    else:
        write_atomically(file, to_json_bytes(tree))


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
        return from_npz(FilePath(file).read_bytes(), str(file))
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
