"""A run in a folder: any process, with its checkpoint, records and outcome."""

from __future__ import annotations

import os
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


class Run:
    """One run of a process, and its folder.

    Make one with `Run.new` or `Run.resumed`, iterate over `events`, then `finish`.

    Attributes
    ----------
    folder : Path
    process : StoredProcess
    state : State
    records : list of Record
    """

    def __init__(
        self, folder: Path, process: StoredProcess, state: State, records: list[Record]
    ) -> None:
        self.folder = folder
        self.process = process
        self.state = state
        self.records = records

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
        return cls(folder, process, state, _kept_records(folder / RECORDS, run["n_records"]))

    def events(self) -> Iterator[Event]:
        """Run to the end, with a checkpoint after every unit of work."""
        for event in events(self.process, self.state, self.process.seconds):
            self.state = event.state
            self.records += event.records
            with open(self.folder / RECORDS, "a", encoding="utf-8") as stream:
                stream.write(to_jsonl(event.records))
            self._save()
            yield event

    def _save(self) -> None:
        """Write the checkpoint; records beyond its count belong to work that is done again."""
        run = {"identity": self.process.identity, "n_records": len(self.records)}
        save_checkpoint(self.folder / CHECKPOINT, self.state, run)

    def finish(self) -> Outcome:
        """Write what was found; return it."""
        outcome = self.process.outcome(self.state, self.records)
        write_outcome(self.folder, self.process, outcome)
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
    """The records that the checkpoint knows of; the file is cut to them."""
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)[:count]
    file.write_text("".join(lines), encoding="utf-8")
    return [Record.from_dict(flat) for flat in read_jsonl("".join(lines))]
