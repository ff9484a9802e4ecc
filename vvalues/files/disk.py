"""V-values on disk: the suffix chooses the form; a file is replaced as a whole or not at all."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path as FilePath

from ..core.paths import printable
from ..core.tree import VValue
from .json_text import from_json, to_json_bytes
from .npz import from_npz, to_npz
from .reading import MEMORY, read_bytes

__all__ = ["append", "left_overs", "load", "naming", "save", "write_atomically"]

PART = re.compile(r"\..+\.part-[0-9a-f]{12}")
"""What files are called that `write_atomically` makes on the way to their targets."""


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
    written = to_npz if FilePath(file).suffix == ".npz" else to_json_bytes
    write_atomically(file, written(tree))


def load(file: str | os.PathLike, *, memory: int = MEMORY) -> VValue:
    """Read a V-value from a file that `save` wrote, or from plain nested JSON.

    Parameters
    ----------
    file : path
    memory : int
        Bytes that reading may take, beyond a multiple of the file's size (see
        `vvalues.files.reading`); allow more for files that you trust.

    Raises
    ------
    ValueError
        If the file is neither, or too large; the message names the file and, for a bad leaf, its
        path.
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
    read = from_npz if FilePath(file).suffix == ".npz" else from_json
    return read(read_bytes(file, memory), printable(os.fspath(file)), memory)


# -------------------- writing --------------------


def write_atomically(file: str | os.PathLike, data: str | bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never half of it.

    A file that is there keeps its permissions; a new one has those that the user's umask leaves.

    Parameters
    ----------
    file : path
    data : str (written as UTF-8) or bytes

    Raises
    ------
    OSError
        If it cannot be written; the error names the file, and the old content is still there.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder) / "page.html", "<p>whole, or not at all</p>")
    ...     [file.name for file in Path(folder).iterdir()]
    ['page.html']
    """
    target = FilePath(file)
    payload = data.encode("utf-8") if isinstance(data, str) else data
    temporary = target.parent / f".{target.name[:40]}.part-{os.urandom(6).hex()}"
    try:
        with naming(target):
            _write_new(temporary, payload, like=target)
            os.replace(temporary, target)
    except BaseException:
        # An interruption may come just after the replacement; the file has gone then.
        with suppress(OSError):
            temporary.unlink()
        raise


def left_overs(folder: FilePath) -> Iterator[FilePath]:
    """Files under a folder that processes, killed in `write_atomically`, have left half written.

    They can be deleted, unless somebody is writing there now.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name in (".machine.json.part-0123456789ab", "machine.json"):
    ...         _ = (Path(folder) / name).write_text("{")
    ...     [file.name for file in left_overs(Path(folder))]
    ['.machine.json.part-0123456789ab']
    """
    return (file for file in folder.rglob(".*.part-*") if PART.fullmatch(file.name))


def append(file: str | os.PathLike, data: bytes) -> None:
    """Write at the end of a file.

    Raises
    ------
    OSError
        If it cannot be written, or only in part; the error names the file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     append(Path(folder) / "log", b"one, ")
    ...     append(Path(folder) / "log", b"two")
    ...     print((Path(folder) / "log").read_text())
    one, two
    """
    with naming(file), open(file, "ab") as stream:
        stream.write(data)


@contextmanager
def naming(file: str | os.PathLike) -> Iterator[None]:
    """Let errors of the operating system name this file, whatever they name themselves.

    Examples
    --------
    >>> with naming("model.json"):
    ...     raise PermissionError(13, "Permission denied")
    Traceback (most recent call last):
        ...
    PermissionError: [Errno 13] Permission denied: 'model.json'
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), os.fspath(file)) from error


def _write_new(file: FilePath, payload: bytes, like: FilePath) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(handle, "wb") as stream:
        with suppress(FileNotFoundError):
            os.chmod(file, stat.S_IMODE(os.stat(like).st_mode))
        stream.write(payload)
