"""Sweeps: many runs over tasks, settings and seeds, on any executor.

By default every run has a process of its own on this computer. Any
`concurrent.futures.Executor` can be given instead; with `dask_executor` the runs go to a Dask
cluster. A run that fails, or whose process is killed, is a row of the result like any other.
"""

from __future__ import annotations

import math
import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    as_completed,
)
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue

from ..loop.loop import Loop, Result
from ..loop.route import Settings
from ..process.process import Outcome, StoredProcess, carried_out
from ..tasks import StreamTask, get_task
from .catalogue import is_experiment
from .cluster import dask_executor
from .processes import ProcessPerCall
from .run import Run
from .sweep_result import COLUMNS, MemberOutcome, SweepResult

__all__ = ["Member", "SweepResult", "dask_executor", "parse_seeds", "run_member", "sweep"]

BETWEEN_TABLES = 1.0  # seconds

Progress = Callable[[dict[str, Any], int, int], None]


@dataclass(frozen=True)
class Member:
    """One run of a sweep.

    Attributes
    ----------
    task : name of a task or of an experiment (``NAME[:TASK]``), or a StreamTask
        A name reaches every process; a task of your own only if it can be pickled.
    seed : int
    settings : Settings
    setting : str
        Label of the settings; empty if the sweep has only one.
    folder : str or None
        Run directory; nothing is written without one.
    steps : int, optional
        Of an experiment; its own when omitted.

    Examples
    --------
    >>> row = Member("modulo-3", seed=7, settings=Settings()).row(status="done", links=5)
    >>> {name: value for name, value in row.items() if value}
    {'task': 'modulo-3', 'seed': 7, 'status': 'done', 'links': 5}
    """

    task: str | StreamTask
    seed: int
    settings: Settings
    setting: str = ""
    folder: str | None = None
    steps: int | None = None

    def row(self, **known: Any) -> dict[str, Any]:
        """A row of the result with what is known of the member."""
        name = self.task if isinstance(self.task, str) else self.task.name
        mine = {"task": name, "setting": self.setting, "seed": self.seed, "folder": self.folder}
        return {**dict.fromkeys(COLUMNS), **mine, **known}


def sweep(
    tasks: str | StreamTask | Iterable[str | StreamTask],
    seeds: Iterable[int],
    settings: Settings | Mapping[str, Settings] | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    out: str | os.PathLike | None = None,
    progress: Progress | None = None,
    steps: int | None = None,
) -> SweepResult:
    """Run the unattended loop, or an experiment, for every task, setting and seed.

    Parameters
    ----------
    tasks : one or several names of tasks or experiments (``NAME[:TASK]``), or StreamTasks
    seeds : iterable of int
    settings : Settings, or mapping of label to Settings, optional
    executor : concurrent.futures.Executor, optional
        Where to run; a process per run when omitted. If it breaks down (a killed process takes a
        whole process pool with it), runs without a result go on in processes of their own.
    workers : int, optional
        Processes at a time, without an executor of your own; one per usable core when omitted.
    out : folder, optional
        Every member writes its run directory to ``out/TASK-SEED`` (``out/SETTING/TASK-SEED`` with
        several settings), and the table of this call grows in ``out/sweep.txt``, ``.csv``,
        ``.json``. A member whose directory has a checkpoint already goes on from there, so an
        interrupted sweep is resumed by the same call.
    progress : callable (row, number done, number of members) -> None, optional
        Called after each member.
    steps : int, optional
        Of experiments; their own when omitted.

    Returns
    -------
    SweepResult

    Raises
    ------
    ValueError
        For an unknown task (before anything is started), no seeds, or ``workers`` below 1.

    Examples
    --------
    ``print(sweep("duplicate-detector", range(10), workers=2).table())``
    """
    members = _members(tasks, seeds, settings, out, steps)
    outcomes: dict[int, MemberOutcome] = {}
    written = -math.inf

    def note(i: int, outcome: MemberOutcome) -> None:
        nonlocal written
        outcomes[i] = outcome
        # The table is written as a whole: not after each of a thousand short runs.
        if out is not None and time.monotonic() - written >= BETWEEN_TABLES:
            _gathered(outcomes).save(out)
            written = time.monotonic()
        if progress is not None:
            progress(outcome.row, len(outcomes), len(members))

    left: Sequence[int] = range(len(members))
    try:
        if executor is not None:
            left = _carry_out(executor, members, left, note)
        if left:
            _in_own_processes(workers, members, left, note)
    finally:
        if out is not None and outcomes:
            _gathered(outcomes).save(out)
    return _gathered(outcomes)


def _gathered(outcomes: Mapping[int, MemberOutcome]) -> SweepResult:
    return SweepResult(tuple(outcomes[i] for i in sorted(outcomes)))


# -------------------- members --------------------


def _members(
    tasks: str | StreamTask | Iterable[str | StreamTask],
    seeds: Iterable[int],
    settings: Settings | Mapping[str, Settings] | None,
    out: str | os.PathLike | None,
    steps: int | None,
) -> list[Member]:
    named = settings if isinstance(settings, Mapping) else {"": settings or Settings()}
    for label in named:
        if label in (".", "..") or set(label) & set("/\\:"):
            raise ValueError(f"setting label {label!r} cannot name a folder")
    chosen = list(dict.fromkeys(seeds))
    if not chosen:
        raise ValueError("no seeds: a sweep needs at least one")
    members = []
    for task in [tasks] if isinstance(tasks, (str, StreamTask)) else tasks:
        name = _checked_name(task).replace(":", "-")
        for label, own in named.items():
            for seed in chosen:
                folder = None if out is None else str(Path(out) / label / f"{name}-{seed}")
                members.append(Member(task, seed, own, label, folder, steps))
    return members


def _checked_name(task: str | StreamTask) -> str:
    """The name of a task or an experiment, if there is one."""
    if isinstance(task, StreamTask):
        return task.name
    if is_experiment(task):
        from .experiments import experiment_of  # all architectures, which machines do not need

        experiment, chosen = experiment_of(task)
        experiment.check(chosen)
        return task
    return get_task(task).name


def run_member(member: Member) -> MemberOutcome:
    """One run from beginning to end, in this process; an exception becomes a failed outcome.

    Examples
    --------
    >>> outcome = run_member(Member("no-such-task", seed=0, settings=Settings()))
    >>> outcome.row["status"], outcome.row["error"].partition(";")[0]
    ('failed', "ValueError: unknown task 'no-such-task'")
    """
    begun, cpu_begun = time.perf_counter(), time.thread_time()

    def spent() -> dict[str, float]:
        return {
            "seconds": time.perf_counter() - begun,
            "cpu_seconds": time.thread_time() - cpu_begun,
        }

    try:
        result = _result(member)
    except Exception as error:
        return _failed(member, error, "failed", **spent())
    known = {name: value for name, value in result.figures.items() if name in COLUMNS}
    others = {name: value for name, value in result.figures.items() if name not in COLUMNS}
    row = member.row(
        status="done",
        links=_n_links(result.parameters),
        loss=result.loss,
        steps=result.records[-1].step if result.records else None,
        figures=", ".join(f"{name} {value:.4g}" for name, value in others.items()) or None,
        **spent(),
        **known,
    )
    return MemberOutcome(row, result.machine if isinstance(result, Result) else None)


def _n_links(parameters: VValue) -> int:
    """Leaves; of arrays the elements that are not zero."""
    is_scalar = parameters.support.shapes is None
    return len(parameters) if is_scalar else int(np.count_nonzero(parameters.buffer))


def _result(member: Member) -> Outcome:
    process = _process(member)
    if member.folder is None:
        return process.outcome(*carried_out(process, process.rng, process.seconds))
    # Where a run is already, it goes on; one of another task, seed or settings is refused.
    with Run.of(member.folder, process) as run:
        return run.to_end().finish()


def _process(member: Member) -> StoredProcess:
    if isinstance(member.task, str) and is_experiment(member.task):
        from .experiments import experiment_of

        experiment, name = experiment_of(member.task)
        return experiment.process(member.seed, name, member.steps)
    task = get_task(member.task) if isinstance(member.task, str) else member.task
    return Loop.of(task, member.seed, member.settings)


def _failed(
    member: Member, error: BaseException, status: str = "failed", **spent: float
) -> MemberOutcome:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    row = member.row(status=status, error=text, **spent)
    return MemberOutcome(row, traceback="".join(traceback.format_exception(error)))


# -------------------- where they run --------------------


def _carry_out(
    executor: Executor,
    members: Sequence[Member],
    indices: Sequence[int],
    note: Callable[[int, MemberOutcome], None],
) -> list[int]:
    """Run members on an executor that may break down; returns those it took down with it."""
    lost: list[int] = []
    for i, future in _futures(executor, members, indices):
        if isinstance(_error(future), BrokenExecutor):
            lost.append(i)
        else:
            note(i, _outcome(members[i], future))
    return sorted(lost)


def _in_own_processes(
    workers: int | None,
    members: Sequence[Member],
    indices: Sequence[int],
    note: Callable[[int, MemberOutcome], None],
) -> None:
    """Run members in a process each; here a lost process is the end of its own member only."""
    executor = ProcessPerCall(workers)
    try:
        for i, future in _futures(executor, members, indices):
            note(i, _outcome(members[i], future))
    except BaseException:  # an interruption above all: do not wait for the rest
        executor.stop()
        raise
    executor.shutdown()


def _outcome(member: Member, future: Future[MemberOutcome]) -> MemberOutcome:
    """What a member delivered; where it could not, what its executor says."""
    error = _error(future)
    if error is None:
        return future.result()
    # A cluster has a class of its own for it, which we do not import for its name alone.
    is_killed = isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
    return _failed(member, error, "killed" if is_killed else "failed")


def _error(future: Future[MemberOutcome]) -> BaseException | None:
    """Why there is no outcome; a cluster that is shut down cancels what it was given."""
    if future.cancelled():
        return CancelledError("cancelled by the executor")
    return future.exception()


def _futures(
    executor: Executor, members: Sequence[Member], indices: Sequence[int]
) -> Iterator[tuple[int, Future[MemberOutcome]]]:
    """Members and their futures, as they complete; one that cannot be submitted comes first."""
    futures: dict[Future[MemberOutcome], int] = {}
    for i in indices:
        try:
            future = executor.submit(run_member, members[i])
        except Exception as error:
            future = Future()
            future.set_exception(error)
        futures[future] = i
    try:
        for future in as_completed(futures):
            yield futures[future], future
    finally:
        for future in futures:
            future.cancel()


# -------------------- seeds as text --------------------


def parse_seeds(text: str) -> list[int]:
    """Seeds from text: ranges ``START:STOP[:STEP]`` without STOP, and single numbers, by commas.

    Raises
    ------
    ValueError
        If the text is not of that form, or means no seed at all.

    Examples
    --------
    >>> parse_seeds("0:4"), parse_seeds("7"), parse_seeds("1,10:16:2")
    ([0, 1, 2, 3], [7], [1, 10, 12, 14])
    """
    seeds: list[int] = []
    for part in text.split(","):
        numbers = part.strip().split(":")
        if len(numbers) > 3 or not all(number.isdecimal() for number in numbers):
            raise ValueError(
                f"seeds {text!r}: {part.strip()!r} is not a number or START:STOP[:STEP] "
                "(whole numbers >= 0)"
            )
        bounds = [int(number) for number in numbers]
        if len(bounds) == 3 and bounds[2] == 0:
            raise ValueError(f"seeds {text!r}: the step of {part.strip()!r} is 0")
        seeds += bounds if len(bounds) == 1 else range(*bounds)
    if not seeds:
        raise ValueError(f"seeds {text!r} are none: STOP must be above START")
    return list(dict.fromkeys(seeds))
