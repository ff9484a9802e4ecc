"""Two learners beside the library, on the same strings: state merging alone, and lags."""

from __future__ import annotations

import importlib.util
import multiprocessing
from collections.abc import Callable, Mapping
from queue import Empty

import numpy as np

from ..hidden_state.rivals import merged_states, rows, windows
from .measuring import STRINGS, drawn_long, plain, share_right
from .task import Task

__all__ = ["RIVALS", "rivals_of"]

SECONDS = 60.0
"""After which a rival has found nothing."""

Learner = Callable[[Mapping[str, np.ndarray], np.ndarray, Mapping[str, np.ndarray]], np.ndarray]


def least_squares(streams, answers, fresh):
    """A linear function of eight samples of every stream and a constant."""

    def features(given):
        table = rows(windows(given))
        return np.concatenate([table, np.ones((len(table), 1))], axis=1)

    flat = answers.reshape(-1, *answers.shape[2:])
    weights = np.linalg.lstsq(features(streams), flat, rcond=None)[0]
    return (features(fresh) @ weights).reshape(len(next(iter(fresh.values()))), -1, *flat.shape[1:])


RIVALS: dict[str, tuple[Learner, str]] = {
    "state merging": (merged_states, "aalpy"),
    "least squares on lags": (least_squares, "numpy"),
}
"""Learners, and the package that each needs."""


def _right(name: str, task: Task, seed: int, queue: multiprocessing.Queue) -> None:
    """In a process of its own: the share of right answers on long strings."""
    learner, _ = RIVALS[name]
    streams, answers = plain(task.draw(np.random.default_rng(seed), STRINGS, task.length))
    fresh, wanted = drawn_long(task, seed)
    queue.put(share_right(learner(streams, answers, fresh), wanted))


def rivals_of(task: Task, seed: int) -> dict[str, float | None]:
    """Share of right answers of each rival, on strings as long as those the library is judged on.

    None where it has no answer in time, or cannot learn such a task: answers that are not asked
    everywhere and, for state merging, several outputs.
    """
    found: dict[str, float | None] = {}
    _, answers = plain(task.draw(np.random.default_rng(seed), 2, task.length))
    for name, (_, package) in RIVALS.items():
        if importlib.util.find_spec(package) is None:
            continue
        is_masked = isinstance(answers, list) or bool(np.isnan(answers).any())
        is_wide = not is_masked and np.ndim(answers) > 2
        if is_masked or (is_wide and name == "state merging"):
            found[name] = None
            continue
        found[name] = _in_time(name, task, seed)
    return found


def _in_time(name: str, task: Task, seed: int) -> float | None:
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    job = context.Process(target=_right, args=(name, task, seed, queue))
    job.start()
    try:
        return queue.get(timeout=SECONDS)
    except Empty:
        job.terminate()
        return None
    finally:
        job.join()
