"""Checkpoints: the whole state of a run in one file, written atomically, bit for bit.

A checkpoint is JSON with a version and holds no code; `synthesis.process.codec` says how values
are written. One file serves every process: the state may be any dataclass.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vvalues.files import write_atomically

from .codec import Writer, from_plain

__all__ = ["is_checkpoint", "load_checkpoint", "read_identity", "save_checkpoint"]

FORMAT = "synthesis-checkpoint"
VERSION = 2


def save_checkpoint(file: str | os.PathLike, state: Any, run: Mapping[str, Any]) -> None:
    """Write a checkpoint.

    Parameters
    ----------
    file : path
    state : dataclass
        See `synthesis.process.codec` for what it may hold.
    run : mapping
        What else is needed to go on: identity of the process, number of records
        (JSON-compatible).

    Raises
    ------
    TypeError
        If the state holds something that cannot be kept.
    """
    writer = Writer()
    head = {"format": FORMAT, "version": VERSION, "run": dict(run), "state": writer.plain(state)}
    text = json.dumps(head, allow_nan=False, ensure_ascii=False)
    write_atomically(file, f'{text[:-1]}, "supports": {writer.table()}}}\n')


def is_checkpoint(file: str | os.PathLike) -> bool:
    """Whether a file begins as checkpoints do; nothing more of it is read."""
    with open(file, encoding="utf-8", errors="replace") as stream:
        return f'"{FORMAT}"' in stream.read(80)


def read_identity(file: str | os.PathLike) -> dict[str, Any]:
    """What a checkpoint says of its run: the mapping given to `save_checkpoint`.

    Raises
    ------
    ValueError
        If the file is no checkpoint of this version; the message names it.
    """
    return _document(file)["run"]


def load_checkpoint(file: str | os.PathLike, types: Iterable[type]) -> tuple[Any, dict[str, Any]]:
    """Read a checkpoint.

    Parameters
    ----------
    file : path
    types : iterable of classes
        Dataclasses and named tuples that the state may be made of.

    Returns
    -------
    state, run : as they were given to `save_checkpoint`

    Raises
    ------
    ValueError
        If the file is no checkpoint of this version, or malformed; the message names it.
    """
    document = _document(file)
    try:
        return from_plain(document["state"], types, document["supports"]), document["run"]
    except ValueError as error:
        raise ValueError(f"{os.fspath(file)}: {error}") from None


def _document(file: str | os.PathLike) -> dict[str, Any]:
    where = os.fspath(file)
    try:
        document = json.loads(Path(file).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{where}: not a checkpoint: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"{where}: not a checkpoint of this program")
    if document.get("version") != VERSION:
        raise ValueError(
            f"{where}: checkpoint version {document.get('version')!r}; "
            f"this library reads version {VERSION}"
        )
    for key, kind in (("run", dict), ("state", dict), ("supports", list)):
        if not isinstance(document.get(key), kind):
            raise ValueError(f"{where}: checkpoint is incomplete: {key}")
    return document
