"""Runs that are there: what their folders hold, shown and judged without going on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dmm import Machine, load_machine
from dmm.show import PICTURES, RENDERINGS, count, equations
from vvalues.core.paths import printable
from vvalues.files import MEMORY, Budget, read_bytes

from ..architectures.manifold import ManifoldTraining
from ..architectures.manifold.saved import shown as manifold_shown
from ..fit.fitted import Fitted, is_fitted
from ..loop.loop import Loop
from ..process.checkpoint import is_checkpoint, read_identity
from ..process.process import StoredProcess
from ..process.records import Record, read_jsonl
from ..process.state import State
from ..show.film import FILM, film
from ..show.outcome import figures_of, model_shown, outcome_text
from .experiments import experiment_of
from .stored import CHECKPOINT, RECORDS, read_state

__all__ = ["HOW", "figures_of_run", "is_run", "shown", "stored_run"]

HOW: Mapping[str, Callable[[Machine], str | bytes]] = {**RENDERINGS, **PICTURES}
"""Everything a machine can be shown as."""

EQUATIONS, TABLE = "equations", "table"


def is_run(path: str | os.PathLike) -> bool:
    """Whether a path is the folder of a run, or its checkpoint."""
    path = Path(path)
    return path.is_dir() or (path.is_file() and is_checkpoint(path))


def _checkpoint(path: str | os.PathLike) -> Path:
    path = Path(path)
    return path / CHECKPOINT if path.is_dir() else path


def stored_run(path: str | os.PathLike) -> tuple[StoredProcess, State]:
    """The process of a run in a folder, or of a checkpoint, and where it stands.

    Raises
    ------
    ValueError
        If there is none, or its process cannot be made again from the file alone.
    """
    file = _checkpoint(path)
    if not file.is_file():
        raise ValueError(f"{printable(str(path))}: no {CHECKPOINT} here; no run to look at")
    process, state, _ = read_state(file)
    return process, state


def figures_of_run(path: str | os.PathLike, task: str | None = None) -> dict[str, Any]:
    """Figures of what a run has found so far.

    Parameters
    ----------
    path : folder of a run, or a checkpoint
    task : str, optional
        Another task to judge it by, ``NAME:TASK`` of an experiment; the run's own when omitted.

    Raises
    ------
    ValueError
        As `stored_run`, or for an unknown task.
    """
    process, state = stored_run(path)
    if task is None:
        return figures_of(process.outcome(state, []))
    experiment, name = experiment_of(task)
    asked: Any = experiment.task(name)
    asked = asked[-1].task if isinstance(asked, tuple) else asked  # phases of texts
    return asked.evaluate(model_shown(process), state.parameters)


def shown(path: str | os.PathLike, rendering: str | None = None) -> str | bytes:
    """What lies in a file or a folder, in text (or, of `dmm.show.PICTURES`, in bytes).

    Parameters
    ----------
    path : a machine, the folder of a run or of a fit, or a checkpoint
    rendering : str, optional
        A name in `HOW`, for machines and what can be read as one; ``"film"`` for the records of a
        run of the loop.

    Raises
    ------
    ValueError
        As `stored_run`, or if a rendering is asked of what has none.
    """
    if is_fitted(path) and rendering != FILM:
        return _fit_shown(Fitted.load(path), rendering)
    if is_run(path):
        return _run_shown(path, rendering)
    if rendering == FILM:
        raise ValueError(f"{printable(str(path))}: --as film is of the folder of a run")
    return HOW[rendering or TABLE](load_machine(path))


def _fit_shown(fitted: Fitted, rendering: str | None) -> str | bytes:
    """In samples, and by the names of somebody's streams, where it is told in samples."""
    if rendering == EQUATIONS:
        return fitted.equations
    if rendering is None:
        return f"{fitted.equations}\n\n{RENDERINGS[TABLE](fitted.machine)}"
    return HOW[rendering](fitted.machine)


def _run_shown(path: str | os.PathLike, rendering: str | None) -> str | bytes:
    file = _checkpoint(path)
    identity = read_identity(file).get("identity") if file.is_file() else None
    name = identity.get("process") if isinstance(identity, dict) else None
    if rendering == FILM and name not in (None, "loop"):
        raise ValueError(f"{printable(str(path))}: a film is of a run of the loop, not of {name!r}")
    if name == ManifoldTraining.name:
        return manifold_shown(file, None if rendering is None else HOW[rendering])
    process, state = stored_run(path)
    if isinstance(process, Loop):
        found = file.parent / "machine.json"
        model = process.search.model
        machine = load_machine(found) if found.is_file() else model.machine(state.parameters)
        if rendering == FILM:
            return _film(file.parent, process, machine)
        return HOW[rendering or TABLE](machine)
    if rendering is not None:
        raise ValueError(
            f"{printable(str(path))}: a run of {name!r} is no machine; show it without --as"
        )
    return f"after {state.step:,} steps: {outcome_text(model_shown(process), state.parameters)}"


def _film(folder: Path, process: Loop, machine: Machine) -> str:
    """The records of a run, as far as they have been written, as a film."""
    file = folder / RECORDS
    where = printable(str(file))
    data = read_bytes(file, MEMORY) if file.is_file() else b""
    whole = data[: data.rfind(b"\n") + 1]  # a run at work may be in the middle of a line
    try:
        flat = read_jsonl(whole, where, Budget(where, len(whole), MEMORY))
        records = [Record.from_dict(each).to_dict() for each in flat]
        task, space = process.task.name, process.search.model.space
        first, last = (records[i]["links"] if records else 0 for i in (0, -1))
        lead = (
            f"A synthesis, unattended: {count(len(records), 'record')}, from "
            f"{count(first, 'link')} to {count(last, 'link')}."
        )
        title = f"{task}, seed {process.seed}"
        return film(records, space, title, lead, equations(machine))
    except ValueError as error:
        text = str(error)
        raise ValueError(text if where in text else f"{where}: {text}") from None
