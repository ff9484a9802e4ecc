"""A run in a folder: any process, with its checkpoint, records and outcome."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..process.checkpoint import load_checkpoint, read_identity, save_checkpoint
from ..process.process import Event, Outcome, StoredProcess, events
from ..process.records import Record, read_jsonl, to_jsonl
from ..process.state import State
from .catalogue import process_of
from .files import MACHINE, PARAMETERS, write_outcome

__all__ = ["CHECKPOINT", "RECORDS", "Run"]

CHECKPOINT = "checkpoint.json"
RECORDS = "records.jsonl"
BETWEEN_CHECKPOINTS = 1.0  # seconds


class Run:
    """One run of a process, and its folder.

    Make one with `Run.new` or `Run.resumed` - `Run.of`, if either will do -, iterate over `events`,
    then `finish`.

    Attributes
    ----------
    folder : Path
    process : StoredProcess
    state : State
    records : list of Record
    seconds : float
        Process time spent on it, over all resumptions.
    limit : float
        Wall-clock limit of `events`, in seconds; that of the process unless it is changed.
    is_cut : bool
        Whether that limit ended the run. The outcome is then the best so far, and the checkpoint
        is the one that the run can be resumed from.
    written : tuple of str
        Names of the files that hold what was found, once it is finished.
    """

    def __init__(
        self,
        folder: Path,
        process: StoredProcess,
        state: State,
        records: list[Record],
        seconds: float = 0.0,
    ) -> None:
        self.folder = folder
        self.process = process
        self.state = state
        self.records = records
        self.seconds = seconds
        self.limit = process.seconds
        self.is_cut = False
        self.written: tuple[str, ...] = ()

    @classmethod
    def new(cls, folder: str | os.PathLike, process: StoredProcess) -> Run:
        """Begin a run in a new or empty folder.

        Raises
        ------
        FileExistsError
            If the folder holds a run already; nothing is overwritten.
        """
        folder = Path(folder)
        for name in (CHECKPOINT, MACHINE, PARAMETERS):
            if (folder / name).exists():
                raise FileExistsError(
                    f"{folder}: holds a run already ({name}); choose another --out, or resume it"
                )
        run = cls(folder, process, process.start(process.rng), [])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RECORDS).write_bytes(b"")
        run._save()
        return run

    @classmethod
    def resumed(cls, folder: str | os.PathLike, process: StoredProcess | None = None) -> Run:
        """Go on with the run in a folder.

        Parameters
        ----------
        folder : path
        process : StoredProcess, optional
            Needed for processes of your own; those of this library are made again.

        Raises
        ------
        ValueError
            If there is no checkpoint, it is malformed, or it is of another process.
        """
        folder = Path(folder)
        file = folder / CHECKPOINT
        if not file.is_file():
            raise ValueError(f"{folder}: no {CHECKPOINT} here; nothing to resume")
        run = read_identity(file)
        identity = run.get("identity", {})
        if process is None:
            process = process_of(identity)
        _check_same(file, identity, process.identity)
        state, _ = load_checkpoint(file, process.types)
        records = _kept_records(folder / RECORDS, run["n_records"])
        return cls(folder, process, state, records, run.get("seconds", 0.0))

    @classmethod
    def of(cls, folder: str | os.PathLike, process: StoredProcess) -> Run:
        """The run of a process in a folder: the one that is there, or a new one.

        Raises
        ------
        ValueError
            If the folder holds a run of another process, which is not touched.
        """
        is_there = (Path(folder) / CHECKPOINT).is_file()
        return cls.resumed(folder, process) if is_there else cls.new(folder, process)

    def events(self) -> Iterator[Event]:
        """Run to the end, with a checkpoint after a unit of work, but not one every moment.

        However the iteration ends, the last checkpoint is of the last event.
        """
        began, saved = time.process_time(), time.monotonic()
        is_saved = True
        try:
            for event in events(self.process, self.state, self.limit):
                if event.is_cut and not is_saved:
                    self._save()
                    is_saved = True
                self.is_cut = event.is_cut
                self.state = event.state
                self.records += event.records
                with open(self.folder / RECORDS, "a", encoding="utf-8") as stream:
                    stream.write(to_jsonl(event.records))
                self.seconds += time.process_time() - began
                if not self.is_cut:
                    is_saved = time.monotonic() - saved >= BETWEEN_CHECKPOINTS
                    if is_saved:
                        self._save()
                        saved = time.monotonic()
                yield event
                began = time.process_time()
        finally:
            if not is_saved:
                self._save()

    def to_end(self) -> Run:
        """Go on to the end; the run itself."""
        for _ in self.events():
            pass
        return self

    def _save(self) -> None:
        """Write the checkpoint; records beyond its count belong to work that is done again."""
        run = {
            "identity": self.process.identity,
            "n_records": len(self.records),
            "seconds": self.seconds,
        }
        save_checkpoint(self.folder / CHECKPOINT, self.state, run)

    def finish(self) -> Outcome:
        """Write what was found; return it."""
        outcome = self.process.outcome(self.state, self.records)
        self.written = (*write_outcome(self.folder, self.process, outcome), RECORDS)
        return outcome


def _check_same(file: Path, stored: Any, given: Any, where: str = "") -> None:
    """Refuse a checkpoint of another process; the message names the first difference."""
    if stored == given:
        return
    if isinstance(stored, dict) and isinstance(given, dict):
        for key in {**stored, **given}:
            _check_same(file, stored.get(key), given.get(key), f"{where}.{key}".lstrip("."))
    raise ValueError(
        f"{file}: is of another run: its {where} is {stored!r:.80}, not {given!r:.80}; choose "
        "another folder"
    )


def _kept_records(file: Path, count: int) -> list[Record]:
    """The records that the checkpoint knows of; the file is cut to them.

    Raises
    ------
    ValueError
        If there are fewer, or one is malformed; the message names the file.
    """
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    lines = text.splitlines(keepends=True)[:count]
    if len(lines) < count:
        raise ValueError(
            f"{file}: has {len(lines)} of the {count} records up to {CHECKPOINT}: restore it, or "
            "delete the folder to run again"
        )
    try:
        records = [Record.from_dict(flat) for flat in read_jsonl("".join(lines))]
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{file}: no records of a run: {error}") from None
    file.write_text("".join(lines), encoding="utf-8")
    return records
