"""Interrupted commands end at once and in one line, whatever they are doing.

A handler that raises `KeyboardInterrupt` would raise it in the middle of an import, of a lock being
taken, or where exceptions are swallowed. This one ends the process on the spot. Nothing is lost by
it: whatever a run has written can be resumed from, as after the process has been killed.

Nothing is imported here that takes time: this is the first that a command does.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

__all__ = ["advise", "end_quietly", "is_command", "is_script"]

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_advice = ""


def is_command() -> bool:
    """Whether this process is ``dmm`` or ``python -m synthesis``, and just about to begin."""
    given = sys.orig_argv
    program = sys.argv[0] if sys.argv else ""
    if program in given and is_script(program):
        return True  # processes that it starts have its argv, but were given other words
    module = given[given.index("-m") + 1 :][:1] if "-m" in given else []
    return program == "-m" and module in (["synthesis"], ["synthesis.reproduce"])


def is_script(program: str) -> bool:
    """Whether this is the script ``dmm``, wherever it is installed."""
    return os.path.basename(program) in ("dmm", "dmm.exe")


def end_quietly() -> None:
    """From now on, let interrupts end this process without a traceback.

    Signals that are ignored (those of a command in the background) stay so.
    """
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def advise(text: str) -> None:
    """What an interrupted command says: how to go on, say."""
    global _advice
    _advice = text


def _end(number: int, frame: FrameType | None) -> None:
    end_children()
    said = f": {_advice}" if _advice else ""
    try:
        os.write(2, f"\nsynthesis: interrupted{said}\n".encode())
    finally:
        os._exit(128 + number)


def end_children() -> None:
    """End the processes that this one has started, if any."""
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None:
        for child in multiprocessing.active_children():
            child.terminate()
