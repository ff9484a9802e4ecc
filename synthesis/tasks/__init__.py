"""Tasks by name."""

from __future__ import annotations

from .streams.base import Example, StreamTask, targets_of_machine
from .streams.duplicate_detector import DUPLICATE_DETECTOR
from .streams.suite import SUITE

__all__ = ["Example", "StreamTask", "get_task", "targets_of_machine", "task_names"]

_tasks = {task.name: task for task in (DUPLICATE_DETECTOR, *SUITE)}


def task_names() -> tuple[str, ...]:
    """Names of all tasks."""
    return tuple(_tasks)


def get_task(name: str) -> StreamTask:
    """The task of this name; ``TASK@SPACE`` is a task in a search space of your choice.

    Raises
    ------
    ValueError
        If there is no such task or space; the message lists the known ones.

    Examples
    --------
    >>> get_task("duplicate-detector@recurrent-1").name
    'duplicate-detector@recurrent-1'
    """
    stem, separator, space = name.partition("@")
    if stem not in _tasks:
        raise ValueError(f"unknown task {stem!r}; known tasks: {', '.join(_tasks)}")
    return _tasks[stem].with_space(space) if separator else _tasks[stem]
