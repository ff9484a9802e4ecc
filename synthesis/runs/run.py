"""A run in a directory: checkpoint, records, machine and report files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dmm import (Machine, load_machine, save_machine)
from vvalues.files import write_atomically

from ..process.checkpoint import (load_checkpoint, save_checkpoint)
from ..loop.loop import (Event, Result, prepare, result, search_events)
from ..loop.phases import Search
from ..process.records import (Record, read_jsonl, to_jsonl)
from ..show.report import report
from ..loop.settings import Settings
from ..process.state import SearchState
from ..tasks import (StreamTask, get_task)

__all__ = ["Run"]

CHECKPOINT = "checkpoint.json"
RECORDS = "records.jsonl"
MACHINE = "machine.json"
START = "start.json"
REPORT = "report.html"
FRONT = "front"


class Run:
    """One run and its directory.

    Make one with `Run.new` or `Run.resumed`, iterate over `events`, then `finish`.
    """

    def __init__(
        self,
        folder: Path,
        task: StreamTask,
        seed: int,
        search: Search,
        state: SearchState,
        records: list[Record | dict[str, Any]],
    ) -> None:
        self.folder = folder
        self.task = task
        self.seed = seed
        self.search = search
        self.state = state
        self.records = records

    @classmethod
    def new(
        cls,
        folder: str | os.PathLike,
        task: StreamTask,
        seed: int,
        settings: Settings | None = None,
        start: Machine | None = None,
    ) -> Run:
        """Begin a run in a new or empty directory.

        Raises
        ------
        FileExistsError
            If the directory already holds a run; nothing is overwritten.
        """
        folder = Path(folder)
        for name in (CHECKPOINT, MACHINE):
            if (folder / name).exists():
                raise FileExistsError(
                    f"{folder}: holds a run already ({name}); choose another --out, or resume it"
                )
        search, state = prepare(task, seed, settings, start)
        folder.mkdir(parents=True, exist_ok=True)
        if start is not None:
            save_machine(start, folder / START)
        run = cls(folder, task, seed, search, state, [])
        run.save()
        return run

    @classmethod
    def resumed(cls, folder: str | os.PathLike) -> Run:
        """Go on with the run in a directory.

        Raises
        ------
        ValueError
            If there is no checkpoint, or it is malformed.
        """
        folder = Path(folder)
        if not (folder / CHECKPOINT).is_file():
            raise ValueError(f"{folder}: no {CHECKPOINT} here; nothing to resume")
        state, run = load_checkpoint(folder / CHECKPOINT)
        start = load_machine(folder / START) if (folder / START).is_file() else None
        task = get_task(run["task"])
        search, _ = prepare(task, run["seed"], Settings(**run["settings"]), start)
        records: list[Any] = []
        if (folder / RECORDS).is_file():
            # Records after the last checkpoint belong to work that will be done again.
            text = (folder / RECORDS).read_text(encoding="utf-8")
            records = read_jsonl(text)[: run["n_records"]]
        return cls(folder, task, run["seed"], search, state, records)

    def events(self) -> Iterator[Event]:
        """Run to the end, with a checkpoint after every unit of work."""
        for event in search_events(self.search, self.state):
            self.state = event.state
            self.records += event.records
            self.save()
            yield event

    def save(self) -> None:
        """Write records and checkpoint; an interruption in between loses nothing."""
        write_atomically(self.folder / RECORDS, to_jsonl(self.records))
        run = {
            "task": self.task.name,
            "seed": self.seed,
            "settings": asdict(self.search.settings),
            "n_records": len(self.records),
        }
        save_checkpoint(self.folder / CHECKPOINT, self.state, run)

    def finish(self) -> Result:
        """Write machine, front and report; return the outcome."""
        outcome = result(self.task, self.search, self.state, self.records)  # type: ignore[arg-type]
        save_machine(outcome.machine, self.folder / MACHINE)
        front = self.folder / FRONT
        front.mkdir(exist_ok=True)
        for member in outcome.front:
            machine = self.search.model.machine(member.parameters, name=f"{member.links}-links")
            save_machine(machine, front / f"{member.links:04d}-links.json")
        write_atomically(self.folder / REPORT, report(outcome, self.task, self.seed))
        return outcome
