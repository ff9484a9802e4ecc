"""What is asked: stream programs by name, tables, images, texts, drawn numbers.

`get_task` knows the stream programs, which the unattended loop is for; the other tasks serve models
of all kinds.
"""

from __future__ import annotations

from .bars import bars_task
from .characters import ALPHABET, CharacterTask, easy_task, encode, hard_task, text_task
from .colour import SHAPES, load_cifar, shapes_task
from .control import Imitation
from .descriptions import Origin, described, task_of
from .digits import Digits, find_mnist, load_mnist, small_digits
from .drawn import SQUARED_FLOOR, Echo, Latch, SumsAndDifferences
from .formulas import CONSTANTS, NGUYEN, Formula, formula_task
from .regression import RegressionTask, check_table, r_squared, small_experiment, table_task
from .rows import DigitRows
from .streams.base import Example, StreamTask, targets_of_machine
from .streams.duplicate_detector import DUPLICATE_DETECTOR
from .streams.suite import SUITE
from .successions import Phase, easy_hard_easy
from .worlds import (
    CartPole,
    CartPoleImitation,
    MountainCar,
    MountainCarImitation,
    controller,
    swing,
)

__all__ = [
    "ALPHABET",
    "CONSTANTS",
    "NGUYEN",
    "SHAPES",
    "SQUARED_FLOOR",
    "CartPole",
    "CartPoleImitation",
    "CharacterTask",
    "DigitRows",
    "Digits",
    "Echo",
    "Example",
    "Formula",
    "Imitation",
    "Latch",
    "MountainCar",
    "MountainCarImitation",
    "Origin",
    "Phase",
    "RegressionTask",
    "StreamTask",
    "SumsAndDifferences",
    "bars_task",
    "check_table",
    "controller",
    "described",
    "easy_hard_easy",
    "easy_task",
    "encode",
    "find_mnist",
    "formula_task",
    "get_task",
    "hard_task",
    "load_cifar",
    "load_mnist",
    "r_squared",
    "shapes_task",
    "small_digits",
    "small_experiment",
    "swing",
    "table_task",
    "targets_of_machine",
    "task_names",
    "task_of",
    "text_task",
]

_tasks = {task.name: task for task in (DUPLICATE_DETECTOR, *SUITE)}


def task_names() -> tuple[str, ...]:
    """Names of all stream tasks.

    Examples
    --------
    >>> "duplicate-detector" in task_names(), len(task_names())
    (True, 14)
    """
    return tuple(_tasks)


def get_task(name: str) -> StreamTask:
    """The stream task of this name; ``TASK@SPACE`` is a task in a search space of your choice.

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
