"""All suites by name."""

from __future__ import annotations

from .chomsky import CHOMSKY
from .life import LIFE
from .mips import MIPS
from .task import Task
from .tomita import TOMITA

__all__ = ["SUITES", "TASKS"]

SUITES: dict[str, dict[str, Task]] = {
    "mips": MIPS,
    "tomita": TOMITA,
    "chomsky": CHOMSKY,
    "life": LIFE,
}

TASKS: dict[str, Task] = {name: task for suite in SUITES.values() for name, task in suite.items()}
