"""A run in a folder: any process, with its checkpoint, records and outcome."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from dmm import save_machine
from vvalues import save
from vvalues.core.paths import printable
from vvalues.files import MEMORY, append, write_atomically

from ..loop.loop import Loop, Result
from ..process.checkpoint import save_checkpoint
from ..process.codec import to_plain
from ..process.process import Event, Outcome, StoredProcess, events
from ..process.records import Record, to_jsonl
from ..process.state import State
from ..show.outcome import outcome_page
from ..show.report import report
from .lock import FolderLock
from .stored import CHECKPOINT, RECORDS, StoredRun, clear_left_overs, read_run

__all__ = ["CHECKPOINT", "RECORDS", "REPORT", "Run"]

MACHINE = "machine.json"
FRONT = "front"
REPORT = "report.html"
PARAMETERS = "parameters.npz"
FIGURES = "figures.json"

BETWEEN_CHECKPOINTS = 1.0  # seconds


class Run:
    """One run of a process, and its folder.

    Make one with `Run.new` or `Run.resumed` - `Run.of`, if either will do -, iterate over `events`,
    then `finish`. No other run works in the folder until this one is finished, closed (it is a
    context manager) or gone.

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

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from synthesis import get_task
    >>> from synthesis.loop import prepare
    >>> process, _ = prepare(get_task("modulo-3@layered-2x1"), seed=0)
    >>> with TemporaryDirectory() as folder:
    ...     with Run.new(folder, process) as run:
    ...         first = next(run.events())
    ...     with Run.resumed(folder) as run:
    ...         first.state.step, run.state.step
    (30, 30)
    """

    def __init__(self, folder: Path, stored: StoredRun, lock: FolderLock) -> None:
        self.folder = folder
        self.process: StoredProcess = stored.process
        self.state: State = stored.state
        self.records: list[Record] = stored.records
        self.seconds = stored.seconds
        self.limit = stored.process.seconds
        self.is_cut = False
        self.written: tuple[str, ...] = ()
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
            clear_left_overs(folder)
            run = cls(folder, StoredRun(process, state, [], 0.0), lock)
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
            return cls(folder, read_run(folder, process, memory), lock)
        except BaseException:
            lock.release()
            raise

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
                # Records first: a checkpoint must not count what could not be written.
                append(self.folder / RECORDS, to_jsonl(event.records).encode())
                self.is_cut = event.is_cut
                self.state = event.state
                self.records += event.records
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
        self.written = (*_write_outcome(self.folder, self.process, outcome), RECORDS)
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


def _write_outcome(folder: Path, process: StoredProcess, outcome: Outcome) -> tuple[str, ...]:
    """Machine, front and report of a synthesis; parameters, figures and report of anything else.

    Names of what was written.
    """
    if not (isinstance(process, Loop) and isinstance(outcome, Result)):
        save(outcome.parameters, folder / PARAMETERS)
        figures = {"training_loss": outcome.loss, **outcome.figures}
        write_atomically(folder / FIGURES, json.dumps(to_plain(figures), indent=1) + "\n")
        write_atomically(folder / REPORT, outcome_page(process, outcome))
        return PARAMETERS, FIGURES, REPORT
    save_machine(outcome.machine, folder / MACHINE)
    front = folder / FRONT
    front.mkdir(exist_ok=True)
    for member in outcome.front:
        machine = process.search.model.machine(member.parameters, name=f"{member.links}-links")
        save_machine(machine, front / f"{member.links:04d}-links.json")
    write_atomically(folder / REPORT, report(outcome, process.task, process.seed))
    return MACHINE, REPORT, f"{FRONT}/"
