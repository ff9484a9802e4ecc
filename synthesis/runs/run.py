"""A run in a folder: any process, with its checkpoint, records and outcome."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from vvalues.core.paths import printable
from vvalues.files import (
    MEMORY,
    Budget,
    append,
    naming,
    read_bytes,
    temporary_prefix,
    write_atomically,
)

from ..process.checkpoint import load_checkpoint, read_identity, save_checkpoint
from ..process.process import Event, Outcome, StoredProcess, events
from ..process.records import Record, read_jsonl, to_jsonl
from ..process.state import State
from .catalogue import process_of
from .files import MACHINE, PARAMETERS, write_outcome
from .lock import FolderLock

__all__ = ["CHECKPOINT", "RECORDS", "Run"]

CHECKPOINT = "checkpoint.json"
RECORDS = "records.jsonl"


class Run:
    """One run of a process, and its folder.

    Make one with `Run.new` or `Run.resumed`, iterate over `events`, then `finish`. No other run
    works in the folder until it is finished, closed (it is a context manager) or gone.

    Attributes
    ----------
    folder : Path
    process : StoredProcess
    state : State
    records : list of Record
    """

    def __init__(
        self,
        folder: Path,
        process: StoredProcess,
        state: State,
        records: list[Record],
        lock: FolderLock,
    ) -> None:
        self.folder = folder
        self.process = process
        self.state = state
        self.records = records
        self._lock = lock

    @classmethod
    def new(cls, folder: str | os.PathLike, process: StoredProcess) -> Run:
        """Begin a run in a new or empty folder.

        Raises
        ------
        FileExistsError
            If the folder holds a run already; nothing is overwritten.
        BlockingIOError
            If another run works there.
        """
        folder = Path(folder)
        _check_empty(folder)
        state = process.start(process.rng)
        folder.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(folder)
        try:
            _check_empty(folder)  # another run may have been faster
            run = cls(folder, process, state, [], lock)
            write_atomically(folder / RECORDS, b"")
            run._save()
        except BaseException:
            lock.release()
            raise
        return run

    @classmethod
    def resumed(
        cls,
        folder: str | os.PathLike,
        process: StoredProcess | None = None,
        *,
        memory: int = MEMORY,
    ) -> Run:
        """Go on with the run in a folder.

        Parameters
        ----------
        folder : path
        process : StoredProcess, optional
            Needed for processes of your own; those of this library are made again.
        memory : int
            Bytes that reading a file may take, beyond a multiple of its size (see
            `vvalues.files.reading`).

        Raises
        ------
        ValueError
            If there is no checkpoint, it is malformed, or it is of another process.
        BlockingIOError
            If another run works there.
        """
        folder = Path(folder)
        if not (folder / CHECKPOINT).is_file():
            where = printable(str(folder))
            raise ValueError(f"{where}: no {CHECKPOINT} here; nothing to resume")
        lock = FolderLock(folder)
        try:
            return cls(folder, *_stored(folder, process, memory), lock)
        except BaseException:
            lock.release()
            raise

    def events(self) -> Iterator[Event]:
        """Run to the end, with a checkpoint after every unit of work."""
        for event in events(self.process, self.state, self.process.seconds):
            self.state = event.state
            self.records += event.records
            append(self.folder / RECORDS, to_jsonl(event.records).encode())
            self._save()
            yield event

    def _save(self) -> None:
        """Write the checkpoint; records beyond its count belong to work that is done again."""
        run = {"identity": self.process.identity, "n_records": len(self.records)}
        save_checkpoint(self.folder / CHECKPOINT, self.state, run)

    def finish(self) -> Outcome:
        """Write what was found; return it."""
        outcome = self.process.outcome(self.state, self.records)
        with naming(self.folder):
            write_outcome(self.folder, self.process, outcome)
        self.close()
        return outcome

    def close(self) -> None:
        """Let others work in the folder."""
        self._lock.release()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check_empty(folder: Path) -> None:
    for name in (CHECKPOINT, MACHINE, PARAMETERS):
        if (folder / name).exists():
            raise FileExistsError(
                f"{printable(str(folder))}: holds a run already ({name}); choose another --out, "
                "or resume it"
            )


# -------------------- what a folder holds --------------------


def _stored(
    folder: Path, process: StoredProcess | None, memory: int
) -> tuple[StoredProcess, State, list[Record]]:
    """The process of a run, its last state and its records; leftovers are cleared away."""
    file = folder / CHECKPOINT
    where = printable(str(file))
    run = read_identity(file, memory=memory)
    identity, n_records = run.get("identity"), run.get("n_records")
    if not isinstance(identity, dict):
        raise ValueError(f"{where}: the run has no identity")
    if type(n_records) is not int or n_records < 0:
        raise ValueError(f"{where}: n_records is {n_records!r:.60}; expected a whole number >= 0")
    try:
        process = process_of(identity) if process is None else process
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    _check_same(where, identity, process.identity)
    state, _ = load_checkpoint(file, process.types, memory=memory)
    _check_state(where, process, state)
    for name in (CHECKPOINT, RECORDS):
        for left_over in folder.glob(f"{temporary_prefix(folder / name)}*"):
            with suppress(OSError):
                left_over.unlink()
    return process, state, _kept_records(folder / RECORDS, n_records, memory)


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
    if not file.is_file():
        return []
    where = printable(str(file))
    data = read_bytes(file, memory)
    lines = data.split(b"\n")[:-1]  # the last one has not been written to its end
    if len(lines) < count:
        raise ValueError(
            f"{where}: holds {len(lines)} of the {count} records that the checkpoint knows of; "
            "delete the file to go on without them"
        )
    kept = b"".join(line + b"\n" for line in lines[:count])
    flat = read_jsonl(kept, where, Budget(where, len(data), memory))
    if len(flat) < count:
        raise ValueError(f"{where}: {count - len(flat)} of the first {count} lines are empty")
    try:
        records = list(map(Record.from_dict, flat))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    if kept != data:
        write_atomically(file, kept)
    return records
