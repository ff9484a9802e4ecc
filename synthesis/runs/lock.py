"""One process at a time works in a folder."""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from pathlib import Path

from vvalues.core.paths import printable

__all__ = ["LOCK", "FolderLock"]

LOCK = ".lock"


class FolderLock:
    """Held from its making until it is released, is gone, or its process ends in whatever way.

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
        self._handle: int | None = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(self._handle)
        except BlockingIOError:
            holder = os.read(self._handle, 20).decode("ascii", "replace").strip()
            self.release()
            raise BlockingIOError(
                f"{printable(str(folder))}: another process (number {printable(holder)}) works "
                "here; wait for its end, or choose another folder"
            ) from None
        except OSError as error:
            warnings.warn(
                f"{printable(str(folder))} cannot be locked ({error.strerror}); see to it that no "
                "other process works there",
                stacklevel=4,
            )
            return
        with suppress(OSError):  # a full disk: the lock holds without the number
            os.ftruncate(self._handle, 0)
            os.write(self._handle, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let others work in the folder."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle = None

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None:
            self.release()


def _lock(handle: int) -> None:
    """Lock an open file at once, or raise BlockingIOError."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except PermissionError as error:
            raise BlockingIOError(*error.args) from None
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
