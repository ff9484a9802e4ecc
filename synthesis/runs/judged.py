"""Runs that are there: what their folders hold, shown and judged without going on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from dmm import load_machine
from dmm.show import RENDERINGS
from vvalues.core.paths import printable

from ..architectures.manifold import ManifoldTraining
from ..architectures.manifold.saved import shown as manifold_shown
from ..loop.loop import Loop
from ..process.checkpoint import is_checkpoint, read_identity
from ..process.process import StoredProcess
from ..process.state import State
from ..show.outcome import figures_of, model_shown, outcome_text
from .experiments import experiment_of
from .stored import CHECKPOINT, read_state

__all__ = ["figures_of_run", "is_run", "shown", "stored_run"]


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


def shown(path: str | os.PathLike, rendering: str | None = None) -> str:
    """What a run has found, in text.

    Parameters
    ----------
    path : folder of a run, or a checkpoint
    rendering : str, optional
        A name in `dmm.show.RENDERINGS`, for machines and what can be read as one.

    Raises
    ------
    ValueError
        As `stored_run`, or if a rendering is asked of what is no machine.
    """
    file = _checkpoint(path)
    identity = read_identity(file).get("identity") if file.is_file() else None
    name = identity.get("process") if isinstance(identity, dict) else None
    if name == ManifoldTraining.name:
        return manifold_shown(file, None if rendering is None else RENDERINGS[rendering])
    process, state = stored_run(path)
    if isinstance(process, Loop):
        found = file.parent / "machine.json"
        model = process.search.model
        machine = load_machine(found) if found.is_file() else model.machine(state.parameters)
        return RENDERINGS[rendering or "table"](machine)
    if rendering is not None:
        raise ValueError(
            f"{printable(str(path))}: a run of {name!r} is no machine; show it without --as"
        )
    return f"after {state.step:,} steps: {outcome_text(model_shown(process), state.parameters)}"
