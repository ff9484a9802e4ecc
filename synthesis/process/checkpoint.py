"""Checkpoints: the whole state of a run in one file, written atomically, bit for bit.

A checkpoint is JSON with a version and holds no code; `synthesis.process.codec` says how values
are written. One file serves every process: the state may be any dataclass. Its last member is a
checksum of all that stands before it: a digit that a disk has changed is found out, not gone on
from.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from vvalues.core.paths import printable
from vvalues.files import MEMORY, Budget, parse_object, read_bytes, write_atomically

from .codec import Writer, from_plain

__all__ = ["is_checkpoint", "load_checkpoint", "made_again", "read_identity", "save_checkpoint"]

FORMAT = "synthesis-checkpoint"
VERSION = 3
CHECKSUM = re.compile(rb', "checksum": (\d{1,10})\}\s*\Z')


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

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from synthesis.process import State
    >>> from vvalues import VValue
    >>> with TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder, "run"), State(VValue({"a": 0.1})), {"seed": 7})
    ...     state, run = load_checkpoint(Path(folder, "run"), [State])
    >>> state.parameters, run
    (VValue({'a': 0.1}), {'seed': 7})
    """
    writer = Writer()
    head = {"format": FORMAT, "version": VERSION, "run": dict(run), "state": writer.plain(state)}
    text = json.dumps(head, allow_nan=False, ensure_ascii=False)
    write_atomically(file, sealed(f'{text[:-1]}, "supports": {writer.table()}'.encode()))


def sealed(body: bytes) -> bytes:
    """A checkpoint whose object is open yet, ended by its checksum (CRC-32).

    Examples
    --------
    >>> sealed(b'{"format": "synthesis-checkpoint"')
    b'{"format": "synthesis-checkpoint", "checksum": 178740650}\\n'
    """
    return b'%b, "checksum": %d}\n' % (body, zlib.crc32(body))


def is_checkpoint(file: str | os.PathLike) -> bool:
    """Whether a file begins as checkpoints do; nothing more of it is read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from synthesis.process import State
    >>> from vvalues import VValue
    >>> with TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder, "run"), State(VValue({"a": 0.1})), {"seed": 7})
    ...     written = Path(folder, "notes").write_text("no checkpoint")
    ...     is_checkpoint(Path(folder, "run")), is_checkpoint(Path(folder, "notes"))
    (True, False)
    """
    with open(file, encoding="utf-8", errors="replace") as stream:
        return f'"{FORMAT}"' in stream.read(80)


def read_identity(file: str | os.PathLike, *, memory: int = MEMORY) -> dict[str, Any]:
    """What a checkpoint says of its run: the mapping given to `save_checkpoint`.

    Raises
    ------
    ValueError
        If the file is no checkpoint of this version, or too large (see `load_checkpoint`); the
        message names it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from synthesis.process import State
    >>> from vvalues import VValue
    >>> with TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder, "run"), State(VValue({"a": 0.1})), {"seed": 7})
    ...     read_identity(Path(folder, "run"))
    {'seed': 7}
    """
    return _document(file, memory)[0]["run"]


@contextmanager
def made_again() -> Iterator[None]:
    """Whatever making something of an identity raises is a ValueError.

    What a file says goes to many constructors, which take their caller's word for its types.
    """
    try:
        yield
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ValueError(f"the identity of the run is malformed: {error!r:.120}") from error


def load_checkpoint(
    file: str | os.PathLike, types: Iterable[type], *, memory: int = MEMORY
) -> tuple[Any, dict[str, Any]]:
    """Read a checkpoint.

    Parameters
    ----------
    file : path
    types : iterable of classes
        Dataclasses and named tuples that the state may be made of.
    memory : int
        Bytes that reading may take, beyond a multiple of the file's size (see
        `vvalues.files.reading`); allow more for files that you trust.

    Returns
    -------
    state, run : as they were given to `save_checkpoint`

    Raises
    ------
    ValueError
        If the file is no checkpoint of this version, damaged, malformed or too large; the message
        names it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from synthesis.process import State
    >>> from vvalues import VValue
    >>> with TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder, "run"), State(VValue({"a": 0.1}), loss=0.5), {})
    ...     load_checkpoint(Path(folder, "run"), [State])[0].loss
    0.5
    """
    document, budget = _document(file, memory)
    try:
        state = from_plain(document["state"], types, document["supports"], budget)
    except ValueError as error:
        text = str(error)
        where = budget.where
        raise ValueError(text if text.startswith(where) else f"{where}: {text}") from None
    return state, document["run"]


def _document(file: str | os.PathLike, memory: int) -> tuple[dict[str, Any], Budget]:
    where = printable(os.fspath(file))
    data = read_bytes(file, memory)
    budget = Budget(where, len(data), memory)
    document = parse_object(data, where, budget)
    if document.get("format") != FORMAT:
        raise ValueError(f"{where}: not a checkpoint of this program")
    if document.get("version") != VERSION:
        raise ValueError(
            f"{where}: checkpoint version {document.get('version')!r:.60}; "
            f"this library reads version {VERSION}"
        )
    seal = CHECKSUM.search(data, max(len(data) - 64, 0))
    if seal is None or zlib.crc32(data[: seal.start()]) != int(seal[1]):
        raise ValueError(
            f"{where}: damaged: the checksum at its end is not that of its text; put back a copy "
            "of it, or begin the run anew"
        )
    for key, kind in (("run", dict), ("state", dict), ("supports", list)):
        if not isinstance(document.get(key), kind):
            raise ValueError(f"{where}: checkpoint is incomplete: {key}")
    return document, budget
