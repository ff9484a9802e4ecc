"""One process at a time works in a folder."""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from pathlib import Path
from typing import IO

from vvalues.core.paths import printable

__all__ = ["LOCK", "FolderLock"]

LOCK = ".lock"


class FolderLock:
    """Held from its making until it is released, or its process ends in whatever way.

    The system forgets the lock of a process that was killed; the file ``.lock`` stays, and means
    nothing by itself.

    Parameters
    ----------
    folder : Path
        It exists.

    Raises
    ------
    BlockingIOError
        If the folder is locked already; the message names it, and the process that holds it.
    """

    def __init__(self, folder: Path) -> None:
        stream: IO[str] = open(folder / LOCK, "a+", encoding="ascii", errors="replace")
        self._stream: IO[str] | None = stream
        try:
            _lock(stream)
        except BlockingIOError:
            stream.seek(0)
            holder = printable(stream.read(40).strip()) or "unknown"
            self.release()
            raise BlockingIOError(
                f"{printable(str(folder))}: another process (number {holder}) works here; wait "
                "for its end, or choose another folder"
            ) from None
        except OSError as error:
            warnings.warn(
                f"{printable(str(folder))} cannot be locked ({error.strerror}); see to it that no "
                "other process works there",
                stacklevel=4,
            )
            return
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n")
        stream.flush()

    def release(self) -> None:
        """Let others work in the folder."""
        if self._stream is not None:
            with suppress(OSError):  # a full disk: what could not be written is no loss
                self._stream.close()
        self._stream = None


def _lock(stream: IO[str]) -> None:
    """Lock an open file at once, or raise BlockingIOError."""
    try:
        import fcntl
    except ImportError:
        import msvcrt  # on Windows

        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except PermissionError as error:
            raise BlockingIOError(*error.args) from None
    else:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
