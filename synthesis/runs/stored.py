"""What the folder of a run holds, read again: its process, its last state, its records."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from vvalues.core.paths import printable
from vvalues.files import MEMORY, Budget, left_overs, read_bytes, write_atomically

from ..process.checkpoint import load_checkpoint, read_identity
from ..process.process import StoredProcess
from ..process.records import Record, read_jsonl
from ..process.state import State
from .catalogue import process_of

__all__ = ["CHECKPOINT", "RECORDS", "StoredRun", "clear_left_overs", "read_run", "read_state"]

CHECKPOINT = "checkpoint.json"
RECORDS = "records.jsonl"


class StoredRun(NamedTuple):
    """A run as its folder knows it.

    Attributes
    ----------
    process : StoredProcess
    state : State
        The last one.
    records : list of Record
        Up to that state.
    seconds : float
        Process time spent on it.
    """

    process: StoredProcess
    state: State
    records: list[Record]
    seconds: float


def read_state(
    file: Path, process: StoredProcess | None = None, memory: int = MEMORY
) -> tuple[StoredProcess, State, dict[str, Any]]:
    """The process of a checkpoint, its state, and what else the checkpoint says of its run.

    Raises
    ------
    ValueError
        If the checkpoint is malformed, of another process, or of one that cannot be made again
        from the file alone; the message names the file.
    """
    where = printable(str(file))
    run = read_identity(file, memory=memory)
    identity = run.get("identity")
    if not isinstance(identity, dict):
        raise ValueError(f"{where}: the run has no identity")
    try:
        process = process_of(identity) if process is None else process
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    _check_same(where, identity, process.identity)
    state, _ = load_checkpoint(file, process.types, memory=memory)
    _check_state(where, process, state)
    return process, state, run


def read_run(folder: Path, process: StoredProcess | None, memory: int) -> StoredRun:
    """What is known of the run in a folder; what a killed process has left over is cleared away.

    Raises
    ------
    ValueError
        As `read_state`, or if records are missing.
    """
    file = folder / CHECKPOINT
    where = printable(str(file))
    process, state, run = read_state(file, process, memory)
    n_records, seconds = run.get("n_records"), run.get("seconds", 0.0)
    if type(n_records) is not int or n_records < 0:
        raise ValueError(f"{where}: n_records is {n_records!r:.60}; expected a whole number >= 0")
    if type(seconds) not in (int, float):
        raise ValueError(f"{where}: seconds are {seconds!r:.60}; expected a number")
    clear_left_overs(folder)
    records = _kept_records(folder / RECORDS, n_records, memory)
    return StoredRun(process, state, records, seconds)


def clear_left_overs(folder: Path) -> None:
    """Remove what a process that was killed while it wrote has left in the folder of its run."""
    for left_over in left_overs(folder):
        with suppress(OSError):
            left_over.unlink()


def _check_same(where: str, stored: Any, given: Any, path: str = "") -> None:
    """Refuse a checkpoint of another process; the message names the first difference."""
    if stored == given:
        return
    if isinstance(stored, dict) and isinstance(given, dict):
        for key in {**stored, **given}:
            _check_same(where, stored.get(key), given.get(key), f"{path}.{key}".lstrip("."))
    raise ValueError(
        f"{where}: is of another run: its {printable(path)} is {stored!r:.80}, not {given!r:.80}; "
        "choose another folder"
    )


def _check_state(where: str, process: StoredProcess, state: Any) -> None:
    """Refuse a state that is none of this process, if the process can tell."""
    check = getattr(process, "check_state", None)
    try:
        if not isinstance(state, process.types[:1]):
            raise ValueError(f"it holds a {type(state).__name__}, not a state of this process")
        if check is not None:
            check(state)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _kept_records(file: Path, count: int, memory: int) -> list[Record]:
    """The records that the checkpoint knows of; the file is cut to them."""
    where = printable(str(file))
    data = read_bytes(file, memory) if file.is_file() else b""
    lines = data.split(b"\n")[:-1]  # the last one has not been written to its end
    if len(lines) < count:
        raise ValueError(
            f"{where}: has {len(lines)} of the {count} records up to {CHECKPOINT}: restore it, or "
            "delete the folder to run again"
        )
    kept = b"".join(line + b"\n" for line in lines[:count])
    flat = read_jsonl(kept, where, Budget(where, len(data), memory))
    if len(flat) < count:
        raise ValueError(f"{where}: {count - len(flat)} of the first {count} lines are empty")
    try:
        records = list(map(Record.from_dict, flat))
    except ValueError as error:
        raise ValueError(f"{where}: no records of a run: {error}") from None
    if kept != data:
        write_atomically(file, kept)
    return records
