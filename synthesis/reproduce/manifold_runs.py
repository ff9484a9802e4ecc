"""Long trainings of manifolds that can be interrupted: records and a checkpoint in a folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from vvalues import VValue
from vvalues.files import write_atomically

from ..architectures.manifold import Manifold, Start
from ..architectures.manifold.objective import ManifoldObjective
from ..architectures.manifold.saved import described
from ..architectures.manifold.training import (
    ManifoldSearch,
    ManifoldSettings,
    ManifoldState,
)
from ..process.checkpoint import load_checkpoint, save_checkpoint
from ..process.process import events
from ..process.records import to_jsonl
from ..tasks.digits import Digits, load_mnist, small_digits

__all__ = ["Run", "digits", "mnist_run", "task_described", "trained"]

N_NEURONS = 1000


class Run(NamedTuple):
    """A training that has ended.

    Attributes
    ----------
    model : Manifold
    before, after : VValue
        Parameters.
    rows : list of dict
        Records, with figures where they were measured.
    """

    model: Any
    before: VValue
    after: VValue
    rows: list[dict[str, Any]]


def trained(
    name: str,
    objective: ManifoldObjective,
    settings: ManifoldSettings,
    seed: int,
    out: Path,
    *,
    measure: Callable[[VValue], Mapping[str, float]] | None = None,
    every: int = 10,
) -> Run:
    """Train, or go on where ``out/NAME.checkpoint`` ends.

    Parameters
    ----------
    objective : ManifoldObjective
        The checkpoint remembers the fields of its task, if that is a dataclass.
    measure : callable, parameters -> figures, optional
        Asked every ``every`` segments and at the end.

    Raises
    ------
    ValueError
        If the checkpoint is of another training, or its records are not beside it.
    """
    out.mkdir(parents=True, exist_ok=True)
    search = ManifoldSearch.of(objective, settings)
    start = state = search.start(np.random.default_rng(seed))
    files = out / f"{name}.jsonl", out / f"{name}.checkpoint"
    made = _made(objective, settings, seed)
    rows: list[dict[str, Any]] = []
    if files[1].exists():
        state, known = load_checkpoint(files[1], [ManifoldState])
        other = [key for key in sorted(made | known) if made.get(key) != known.get(key)]
        if other:
            raise ValueError(
                f"{files[1]} is of another training (another {', '.join(other)}); delete it or "
                "choose another out"
            )
        rows = _records(files[0], state.step, settings.segment)
    spent = rows[-1]["seconds"] if rows else 0.0
    began = time.process_time()
    for count, event in enumerate(events(search, state), len(rows) + 1):
        state = event.state
        row = event.records[0].to_dict()
        is_done = state.is_done
        if measure is not None and (count % every == 0 or is_done):
            row |= measure(state.parameters)
        row["seconds"] = spent + time.process_time() - began
        rows.append(row)
        if count % every == 0 or is_done:
            write_atomically(files[0], to_jsonl(rows))
            save_checkpoint(files[1], state, made)
    return Run(objective.model, start.parameters, state.parameters, rows)


def _made(objective: ManifoldObjective, settings: ManifoldSettings, seed: int) -> dict[str, Any]:
    """What a training is determined by; JSON-compatible."""
    made: dict[str, Any] = {
        "seed": seed,
        "settings": repr(settings),
        "task": task_described(objective.task),
    }
    if isinstance(objective.model, Manifold):
        made["manifold"] = described(objective.model)
    if objective.cost is not None:
        made["cost"] = repr(objective.cost)
    return made


def task_described(task: Any) -> dict[str, Any]:
    """A task's kind and settings; arrays of data by shape and checksum. JSON-compatible.

    Examples
    --------
    >>> from synthesis.tasks.sums import SumsAndDifferences
    >>> task_described(SumsAndDifferences(batch_size=7))
    {'kind': 'SumsAndDifferences', 'batch_size': 7, 'n_test': 20000}
    """
    names = [item.name for item in fields(task)] if is_dataclass(task) else []
    return {"kind": type(task).__name__} | {name: _plain(getattr(task, name)) for name in names}


def _plain(setting: Any) -> Any:
    if isinstance(setting, np.ndarray):
        checksum = crc32(np.ascontiguousarray(setting).data)
        return f"{setting.dtype} {setting.shape}, crc32 {checksum:08x}"
    return setting if isinstance(setting, (str, int, float, type(None))) else repr(setting)


def _records(file: Path, step: int, segment: int) -> list[dict[str, Any]]:
    """The records up to a step, one per segment."""
    n = -(-step // segment)
    try:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        rows = [row for row in map(json.loads, lines) if row["step"] <= step]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file}: no records of a training: {error!r}") from None
    if len(rows) != n:
        checkpoint = file.with_suffix(".checkpoint").name
        raise ValueError(
            f"{file}: {len(rows)} of the {n} records up to step {step:,}, where {checkpoint} ends: "
            f"restore it, or delete {checkpoint} to train again"
        )
    return rows


def digits() -> tuple[Digits, float]:
    """MNIST and the width of its images, or scikit-learn's digits where it is absent."""
    try:
        return load_mnist().with_batch_size(50), 28.0
    except FileNotFoundError:
        return small_digits().with_batch_size(50), 8.0


def mnist_run(mode: str, steps: int, budget: float, seed: int, out: Path) -> Run:
    """A manifold of 1,000 neurons on MNIST (fewer on the small digits).

    Parameters
    ----------
    mode : {"source", "default"}
        Source: shared weights, squared outputs, the source's loss, ink between 0 and 1. Default:
        link weights, linear outputs, soft count steered to the budget, standardised ink.
    steps : int
        Of a batch of 50.
    budget : float
        Share of cells to come down to (default mode).
    """
    task, period = digits()
    n_hidden = (N_NEURONS if task.n_pixels == 784 else 200) - task.n_pixels - task.n_classes
    sizes = task.n_pixels, n_hidden, task.n_classes
    name = f"dynamic-manifold-{mode}-{steps}"
    if mode == "source":
        task = task.as_ink()
        model = Manifold(*sizes, period=period, squared=True, start=Start.mnist())
        settings = ManifoldSettings.source_mnist(steps)
    else:
        name += f"-{budget:g}"
        model = Manifold(*sizes, period=period, link_weights=True, start=Start.linked_mnist())
        settings = ManifoldSettings.default_mnist(steps, budget)
    objective = ManifoldObjective(model, task)
    return trained(
        name + (f"-seed-{seed}" if seed else ""), objective, settings, seed, out,
        measure=lambda parameters: task.evaluate(model, parameters),
    )  # fmt: skip
